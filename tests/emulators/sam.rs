//! Templates of the Serverless Application Model, through AWS's own translator: what is planned is what it
//! makes of them.

use crate::emulators::environment;
use crate::place::{Place, Ran, ran};

const TEMPLATE: &str = "Transform: AWS::Serverless-2016-10-31
Parameters:
  Secret: {Type: String, NoEcho: true, Default: canary-in-a-default}
  Stage: {Type: String, Default: dev}
Globals:
  Function: {Runtime: python3.13}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      CodeUri: {Bucket: code, Key: code.zip}
      Policies: [{SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}}]
      Environment: {Variables: {Secret: !Ref Secret, Queue: !Ref Queue, Stage: !Ref Stage}}
      Events:
        Get: {Type: Api, Properties: {Path: /x, Method: get}}
  Queue: {Type: AWS::SQS::Queue}
Outputs:
  Url: {Value: !Sub 'https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod/'}
";

fn run(place: &Place, arguments: &[&str]) -> Ran {
    let mut command = place.command(&[arguments, &["--sandbox"]].concat());
    command.env("RSTACK_SAM_PYTHON", environment().join("sam/bin/python"));
    command.env("RSTACK_PARAMETER_Secret", "canary-in-a-variable");
    ran(command)
}

#[test]
fn a_serverless_template_lives_as_what_the_translator_makes_of_it() {
    let place = Place::empty();
    place.write("app.yaml", TEMPLATE);
    run(&place, &["validate", "app.yaml"]).expect(0);
    let plan = run(&place, &["plan", "app.yaml"]).expect(0);
    for made in [
        "AWS::Lambda::Function Function",
        "AWS::IAM::Role FunctionRole",
        "AWS::ApiGateway::RestApi ServerlessRestApi",
        "AWS::ApiGateway::Stage ServerlessRestApiProdStage",
        "AWS::Lambda::Permission FunctionGetPermissionProd",
    ] {
        assert!(plan.out.contains(&format!("[+] {made}")), "{made}: {}", plan.out);
    }
    assert!(plan.out.contains("Plan: 7 to create"), "{}", plan.out);
    assert!(plan.out.contains("‹secret parameter Secret›"), "{}", plan.out);
    let applied = run(&place, &["apply", "app.yaml", "--yes"]).expect(0);
    assert!(applied.out.contains(".execute-api.eu-west-1.amazonaws.com/Prod/"), "{}", applied.out);
    run(&place, &["plan", "app.yaml", "--detailed-exitcode"]).expect(0);
    // A parameter decides what the translator makes.
    let other = run(&place, &["plan", "app.yaml", "--parameter", "Stage=live"]).expect(0);
    assert!(other.out.contains("1 to update"), "{}", other.out);
    run(&place, &["destroy", "app.yaml", "--yes"]).expect(0);
    // Every form of true makes a parameter a secret, for the translator too.
    let quoted = TEMPLATE.replace("NoEcho: true", "NoEcho: 'Yes'");
    let quoted = quoted.replace("Handler: index.handler", "Handler: !Sub '${Secret}.handler'");
    place.write("quoted.yaml", &quoted);
    let plan = run(&place, &["plan", "quoted.yaml"]);
    assert!(!(plan.out + &plan.err).contains("canary-in"), "a secret is shown");
    for (name, bytes) in place.files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("canary-in-a-variable"), "{name}");
        assert!(name.ends_with(".yaml") || !text.contains("canary-in-a-default"), "{name}");
    }
}

#[test]
fn mistakes_have_the_places_of_the_template() {
    let place = Place::empty();
    place.write("app.yaml", &TEMPLATE.replace("Handler:", "Handlr:"));
    let refused = run(&place, &["plan", "app.yaml"]).expect(1);
    refused.reports("serverless", &["app.yaml:8:3", "property Handlr not defined"]);
    // What is wrong in the result is shown where the template has the same.
    place.write(
        "app.yaml",
        &TEMPLATE
            .replace("{Type: AWS::SQS::Queue}", "{Type: AWS::SQS::Queue, Properties: {Delay: 3}}"),
    );
    let refused = run(&place, &["plan", "app.yaml"]).expect(1);
    refused.reports("unknown-property", &["app.yaml:17:47", "Delay: 3"]);
    // What only the result has is shown in the result.
    let stage = "Api: {Type: AWS::Serverless::Api, Properties: {StageName: s, Tags: {a: {b: c}}}}";
    place.write("app.yaml", &TEMPLATE.replace("  Queue:", &format!("  {stage}\n  Queue:")));
    let refused = run(&place, &["plan", "app.yaml"]).expect(1);
    refused.reports("property-kind", &["app.yaml (translated):"]);
    // The translator derives IDs: this is the function and its event.
    let event = "Get: {Type: SQS, Properties: {BatchSize: 3}}";
    let get = "Get: {Type: Api, Properties: {Path: /x, Method: get}}";
    place.write("app.yaml", &TEMPLATE.replace(get, event));
    let refused = run(&place, &["plan", "app.yaml"]).expect(1);
    refused.reports("serverless", &["[FunctionGet]", "app.yaml:8:3"]);
    place.write("app.yaml", &TEMPLATE.replace("{Type: String, Default: dev}", "{Type: String}"));
    let refused = run(&place, &["plan", "app.yaml"]).expect(1);
    refused.reports("missing-parameter", &["app.yaml:4:3"]);
    // What is wrong before it is translated is shown in the template, and nothing is translated.
    place.write("app.yaml", &format!("{TEMPLATE}Outputs: {{}}\n"));
    let refused = run(&place, &["plan", "app.yaml"]).expect(1);
    refused.reports("duplicate-key", &["app.yaml:20:1"]);
}

#[test]
fn without_the_translator_the_error_says_how_to_get_it() {
    let place = Place::empty();
    place.write("app.yaml", TEMPLATE);
    let with = |python: &std::path::Path| {
        let mut command = place.command(&["plan", "app.yaml", "--sandbox"]);
        command.env("RSTACK_SAM_PYTHON", python);
        ran(command).expect(1)
    };
    // The Python of the emulators has no translator.
    let none = with(&environment().join("bin/python"));
    none.reports("serverless", &["app.yaml:1:12", "pip install aws-sam-translator=="]);
    let none = with(&place.path("no-python"));
    none.reports("serverless", &["no-python", "cannot be started"]);
}

/// Local code is uploaded under the digest of its files, and a change of it is a change of the function.
#[test]
fn local_code_is_uploaded_before_the_function_is_made() {
    let place = Place::empty();
    let template = TEMPLATE.replace("{Bucket: code, Key: code.zip}", "src/");
    place.write("app.yaml", &template);
    let missing = run(&place, &["plan", "app.yaml"]).expect(1);
    missing.reports("serverless", &["app.yaml:12:16", "src"]);
    place.write("src/index.py", "handler = print\n");
    run(&place, &["bootstrap", "--yes"]).expect(0);
    let plan = run(&place, &["plan", "app.yaml"]).expect(0);
    assert!(plan.out.contains("1 asset to upload"), "{}", plan.out);
    run(&place, &["apply", "app.yaml", "--yes"]).expect(0);
    let again = run(&place, &["plan", "app.yaml", "--detailed-exitcode"]).expect(0);
    assert!(again.out.contains("1 asset is there already"), "{}", again.out);
    place.write("src/index.py", "handler = repr\n");
    let changed = run(&place, &["plan", "app.yaml"]).expect(0);
    assert!(changed.out.contains("[~] AWS::Lambda::Function Function"), "{}", changed.out);
    // The states beside the template are no part of the code: an apply does not change it.
    place.write("app.yaml", &template.replace("src/", "."));
    run(&place, &["apply", "app.yaml", "--yes"]).expect(0);
    let whole = run(&place, &["plan", "app.yaml", "--detailed-exitcode"]).expect(0);
    assert!(whole.out.contains("1 asset is there already"), "{}", whole.out);
    place.write("more.py", "handler = repr\n");
    let more = run(&place, &["plan", "app.yaml"]).expect(0);
    assert!(more.out.contains("[~] AWS::Lambda::Function Function"), "{}", more.out);
    // Code outside of the project is not read.
    place.write("app.yaml", &template.replace("src/", "../src"));
    run(&place, &["plan", "app.yaml"]).expect(1).reports("serverless", &["outside"]);
}

/// The number of errors with a code.
fn errors(ran: &Ran, code: &str) -> usize {
    ran.err.matches(&format!("error[{code}]")).count()
}

/// AWS's validator reads the template itself, and knows nothing of what the translator makes.
#[test]
fn references_to_what_the_translator_makes_are_no_mistakes() {
    let place = Place::empty();
    place.write("rstack.toml", "[lint]\nbudget = 600\n");
    let more = "  Kept:
    Type: AWS::SSM::Parameter
    DependsOn: FunctionAliaslive
    Properties: {Type: String, Value: !Ref Function.Version}
Outputs:
  Alias: {Value: !Ref Function.Alias}
  Both: {Value: !Sub '${Function.Alias} ${Function.Version}'}
  Stage: {Value: !Ref ServerlessRestApi.Stage}
  Role: {Value: !GetAtt FunctionRole.Arn}
";
    let template = TEMPLATE.replace("Outputs:\n", more);
    let alias = "AutoPublishAlias: live\n      CodeUri:";
    place.write("app.yaml", &template.replace("CodeUri:", alias));
    run(&place, &["plan", "app.yaml"]).expect(0);
    // The validator's translator refuses a deployment preference that is off.
    let off = "DeploymentPreference: {Enabled: false}\n      CodeUri:";
    place.write("app.yaml", &TEMPLATE.replace("CodeUri:", off));
    run(&place, &["plan", "app.yaml"]).expect(0);
    // A mistake is one error, where it was made: also in what the translator moves elsewhere.
    place.write("app.yaml", &TEMPLATE.replace("Queue: !Ref Queue,", "Queue: !Ref Nope,"));
    let refused = run(&place, &["plan", "app.yaml"]).expect(1);
    refused.reports("unresolved-reference", &["`Nope`", "app.yaml:14:"]);
    refused.reports("template-invalid", &["`app.yaml` has 1 error"]);
    place.write(
        "app.yaml",
        &TEMPLATE.replace("QueueName: !GetAtt Queue.QueueName", "QueueName: !Ref Nope"),
    );
    let refused = run(&place, &["plan", "app.yaml"]).expect(1);
    refused.reports("unresolved-reference", &["`Nope`", "app.yaml:13:"]);
    refused.reports("template-invalid", &["`app.yaml` has 1 error"]);
}

#[test]
fn a_function_with_an_ended_runtime_is_not_created() {
    let place = Place::empty();
    place.write("rstack.toml", "[lint]\nbudget = 600\n");
    let ended = TEMPLATE.replace("python3.13", "nodejs12.x");
    let own = TEMPLATE.replace("Handler:", "Runtime: nodejs12.x\n      Handler:");
    for (text, at) in [(&ended, "app.yaml:6:14"), (&own, "app.yaml:11:7")] {
        place.write("app.yaml", text);
        run(&place, &["validate", "app.yaml"]).expect(0);
        let refused = run(&place, &["plan", "app.yaml"]).expect(1);
        refused.reports("E2533", &[at]);
        assert_eq!(errors(&refused, "E2533"), 1, "{}", refused.err);
    }
    // One that exists and does not change stays.
    run(&place, &["apply", "app.yaml", "--yes", "--no-lint"]).expect(0);
    let kept = run(&place, &["plan", "app.yaml", "--detailed-exitcode"]).expect(0);
    assert!(kept.err.contains("warning[E2533]"), "{}", kept.err);
    let changed = own.replace("Stage: !Ref Stage", "Stage: other");
    place.write("app.yaml", &changed);
    run(&place, &["plan", "app.yaml"]).expect(1).reports("E2533", &["app.yaml:11:7"]);
}

/// Every property that `sam package` uploads a file for.
#[test]
fn local_files_of_other_types_are_uploaded() {
    let place = Place::empty();
    let template = "Transform: AWS::Serverless-2016-10-31
Resources:
  Graph:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      SchemaUri: ./api.graphql
      Auth: {Type: AWS_IAM}
      Functions:
        one:
          Runtime: {Name: APPSYNC_JS, Version: 1.0.0}
          DataSource: NONE
          CodeUri: one.js
      Resolvers:
        Query:
          two:
            Runtime: {Name: APPSYNC_JS, Version: 1.0.0}
            Pipeline: [one]
            CodeUri: two.js
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: !Sub 'arn:aws:iam::${AWS::AccountId}:role/function'
      Code: ./src
  Layer: {Type: AWS::Lambda::LayerVersion, Properties: {Content: src}}
  Rest: {Type: AWS::ApiGateway::RestApi, Properties: {BodyS3Location: rest.json}}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !Sub 'arn:aws:iam::${AWS::AccountId}:role/machine'
      DefinitionS3Location: machine.json
";
    place.write("app.yaml", template);
    run(&place, &["bootstrap", "--yes"]).expect(0);
    let missing = run(&place, &["plan", "app.yaml"]).expect(1);
    for at in ["6:18", "12:20", "18:22", "25:13", "26:66", "27:71", "32:29"] {
        assert!(missing.err.contains(&format!("app.yaml:{at}")), "{at}: {}", missing.err);
    }
    place.write("src/index.py", "handler = print\n");
    for file in ["api.graphql", "one.js", "two.js", "rest.json", "machine.json"] {
        place.write(file, "{}\n");
    }
    let plan = run(&place, &["plan", "app.yaml"]).expect(0);
    assert!(plan.out.contains("6 assets to upload"), "{}", plan.out);
    for line in [
        "DefinitionS3Location: \"s3://cdk-hnb659fds-assets-",
        "CodeS3Location: \"s3://cdk-hnb659fds-assets-",
        "Code:\n │   ├─ S3Bucket: \"cdk-hnb659fds-assets-",
        "Content:\n     ├─ S3Bucket: \"cdk-hnb659fds-assets-",
        "BodyS3Location:\n     ├─ Bucket: \"cdk-hnb659fds-assets-",
        "DefinitionS3Location:\n │   ├─ Bucket: \"cdk-hnb659fds-assets-",
    ] {
        assert!(plan.out.contains(line), "{line}: {}", plan.out);
    }
    run(&place, &["apply", "app.yaml", "--yes"]).expect(0);
    run(&place, &["plan", "app.yaml", "--detailed-exitcode"]).expect(0);
}

#[test]
fn an_application_of_the_repository_is_an_error_of_its_own() {
    let place = Place::empty();
    let application = "  App:
    Type: AWS::Serverless::Application
    Properties:
      Location: {ApplicationId: 'arn:aws:serverlessrepo:us-east-1:1:applications/a', SemanticVersion: 1.0.0}
      Parameters: {One: two}
  Other: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt App.Outputs.Name, Delay: 3}}
  Queue:";
    place.write("app.yaml", &TEMPLATE.replace("  Queue:", application));
    let refused = run(&place, &["plan", "app.yaml"]).expect(1);
    refused.reports("serverless", &["`App`", "app.yaml:17:3", "`Location: FILE`"]);
    refused.reports("unknown-property", &["app.yaml:22:", "`Delay`"]);
    refused.reports("template-invalid", &["`app.yaml` has 2 errors"]);
}
