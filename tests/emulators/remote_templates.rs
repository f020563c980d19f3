//! A nested stack whose template is an object in S3 of MiniStack: planned, applied, changed by another object,
//! read in one version, destroyed when the object is gone.

use rstack_model::Digest;
use serde_json::{Value, json};

use crate::account::{Account, changes};

const BUCKET: &str = "quickstart-templates";
const KEY: &str = "v1/a b/net.yaml";
const PARENT: &str = "Parameters:
  QSS3BucketName: {Type: String, Default: quickstart-templates}
  QSS3KeyPrefix: {Type: String, Default: v1/}
  Version: {Type: String, Default: ''}
Conditions:
  Pinned: !Not [!Equals [!Ref Version, '']]
Resources:
  Own: {Type: AWS::SSM::Parameter, Properties: {Name: /own, Type: String, Value: own}}
  Net:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub
        - https://${QSS3BucketName}.s3.${AWS::Region}.${AWS::URLSuffix}/${QSS3KeyPrefix}a%20b/net.yaml${Query}
        - Query: !If [Pinned, !Sub '?versionId=${Version}', '']
      Parameters: {Text: !GetAtt Own.Value}
      TimeoutInMinutes: 60
Outputs:
  Name: {Value: !GetAtt Net.Outputs.Name}
";

fn net(text: &str) -> String {
    format!(
        "Parameters: {{Text: {{Type: String}}}}\nResources:\n  Setting:\n    Type: AWS::SSM::Parameter\n    \
         Properties: {{Name: /net, Type: String, Value: !Sub '${{Text}} {text}'}}\nOutputs: {{Name: {{Value: !Ref Setting}}}}\n"
    )
}

fn template(plan: &Value) -> (&str, &str) {
    let template = &plan["templates"]["Net"];
    (template["address"].as_str().unwrap(), template["digest"].as_str().unwrap())
}

#[test]
fn a_nested_template_is_an_object_in_s3() {
    let account = Account::new();
    account.place.write("app.yaml", PARENT);
    let none = account.run(&["plan", "app.yaml"]).expect(1);
    none.reports("nested-stack", &["the template of `Net`", "s3:GetObject", "app.yaml:12:20"]);
    account.cloud(&["make_bucket", BUCKET]);
    account.cloud(&["put_text", BUCKET, KEY, &net("one")]);

    let plan = account.plan(&["app.yaml"]);
    let address = "https://quickstart-templates.s3.eu-west-1.amazonaws.com/v1/a%20b/net.yaml";
    let first = Digest::of(net("one").as_bytes());
    assert_eq!(template(&plan), (address, first.as_str()));
    assert_eq!(plan["creationLimits"], json!({"Net": 60}));
    let expected = json!({"Own": "create", "Net/Setting": "create"});
    assert_eq!(json!(changes(&plan)), expected);
    account.run(&["apply", "app.yaml", "--yes"]).expect(0);
    assert_eq!(account.cloud(&["parameter_value", "/net"]), "own one");
    account.expect_no_changes("app.yaml");

    // Another object under the same key is a change; a saved plan is carried out as it was made.
    account.run(&["plan", "app.yaml", "--out", "plan.json"]).expect(0);
    let versions = account.cloud(&["put_versions", BUCKET, KEY, &net("two"), &net("three")]);
    let plan = account.plan(&["app.yaml"]);
    assert_eq!(json!(changes(&plan))["Net/Setting"], "update");
    assert_ne!(template(&plan).1, first.as_str());
    assert!(plan["creationLimits"].is_null(), "the nested stack is there");
    account.run(&["apply", "plan.json", "--yes"]).expect(0);
    assert_eq!(account.cloud(&["parameter_value", "/net"]), "own one");

    // A version is read as it was put.
    let version = format!("Version={}", versions[0].as_str().unwrap());
    account.run(&["apply", "app.yaml", "--yes", "--parameter", &version]).expect(0);
    assert_eq!(account.cloud(&["parameter_value", "/net"]), "own two");
    account.run(&["apply", "app.yaml", "--yes", "--reset-parameters"]).expect(0);
    assert_eq!(account.cloud(&["parameter_value", "/net"]), "own three");

    // The state knows what there is.
    account.cloud(&["delete_text", BUCKET, KEY]);
    account.run(&["plan", "app.yaml"]).expect(1);
    account.run(&["destroy", "app", "--yes"]).expect(0);
    let gone = account.run(&["ls"]).expect(0);
    assert!(!gone.out.contains("app"), "{}", gone.out);
}
