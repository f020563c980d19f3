//! The validator's findings as users see them: their places, their texts, those that rstack says,
//! too.
#![cfg(test)]

use std::collections::BTreeMap;

use rstack_lint::{Question, Rules, Schemas, Subject, Validator, merge};
use rstack_model::state::Environment;
use rstack_model::{Diagnostic, Presence, Severity, StackName};
use rstack_template::{ExternalValues, Inputs, Reading, evaluate, parse};

/// The findings of rstack and the validator together, without remarks.
fn both(text: &str) -> Vec<Diagnostic> {
    let parameters = BTreeMap::new();
    let parsed = parse(text, &Reading::default());
    let environment = Environment {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: true,
    };
    let stack = StackName::parse("example").unwrap();
    let inputs = Inputs {
        stack: &stack,
        environment: &environment,
        parameters: &parameters,
        external: &ExternalValues::default(),
    };
    let mut all = parsed.diagnostics;
    let mut presence = Presence::default();
    if let Some(template) = parsed.template {
        let evaluation = evaluate(&template, &inputs);
        all.extend(evaluation.diagnostics);
        presence = evaluation.presence;
    }
    let question = Question { text, parameters: &parameters, region: None, built_in: true };
    merge(
        Subject { text, is_serverless: false, presence: &presence },
        &mut all,
        Validator::new(Schemas::load(), Rules::load(&[], &mut |_| {}).unwrap())
            .check(&question, &mut |_| {})
            .unwrap()
            .findings,
    );
    all.retain(|finding| finding.severity != Severity::Information);
    all
}

fn told(text: &str) -> Vec<String> {
    let place = |d: &Diagnostic| {
        d.labels.first().map_or("", |l| &text[l.span.start..l.span.end]).to_owned()
    };
    both(text).iter().map(|d| format!("{}@{}", d.code, place(d))).collect()
}

#[test]
fn a_circle_is_reported_once() {
    let text = "Resources:
  A: {Type: AWS::SNS::Topic, DependsOn: A}
  B:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Sub '${C}'
  C:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !GetAtt B.TopicName
";
    assert_eq!(told(text), ["cycle@A", "cycle@${C}"]);
}

#[test]
fn a_reference_to_what_is_left_out_is_reported_once() {
    let text = "Parameters: {Stage: {Type: String, Default: test}}
Conditions: {Live: !Equals [!Ref Stage, live]}
Resources:
  Q: {Type: AWS::SQS::Queue, Condition: Live}
  T:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Sub 'of ${Q.Arn}'
";
    assert_eq!(told(text), ["conditional-reference@${Q.Arn}"]);
}

#[test]
fn a_serverless_type_without_the_transform_is_reported_once() {
    let text = "Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: python3.13
      InlineCode: x
      Events: {E: {Type: Api, Properties: {Path: /, Method: get}}}
";
    assert_eq!(told(text), ["serverless@AWS::Serverless::Function"]);
}

#[test]
fn what_the_validator_cannot_read_is_no_second_mistake() {
    let text = "Resources:
  S:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !ImportValue vpc
      CidrBlock: !Select [0, !Cidr [10.0.0.0/16, 6]]
";
    assert_eq!(
        told(text),
        ["unknown-export@!ImportValue vpc", "function-arguments@!Cidr [10.0.0.0/16, 6]"]
    );
}

#[test]
fn a_mark_before_the_text_and_functions_of_rules_are_no_mistakes() {
    let text = "\u{feff}Parameters:
  V: {Type: 'AWS::EC2::VPC::Id', Default: vpc-12345678}
Rules:
  R: {Assertions: [{Assert: !Equals [!ValueOf [V, Tags.Owner], media]}]}
Resources:
  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref V, TopicNam: x}}
";
    assert_eq!(told(text), ["unknown-property@TopicNam"]);
    let found = both(text);
    assert_eq!(found[0].docs, None, "the repository of a schema is no documentation");
    let warned = "\u{feff}Parameters:\n  Unused: {Type: String, Default: a}\nResources:\n  \
                  T: {Type: AWS::SNS::Topic}\n";
    assert_eq!(told(warned)[0], "W2001@Unused");
}

/// A template whose mistakes are all in parts that are not in the stack.
const ABSENT: &str = "Parameters:
  Class: {Type: String, Default: none}
  Env: {Type: String, Default: dev}
Conditions:
  Db: !Not [!Equals [!Ref Class, none]]
  Prod: !Equals [!Ref Env, prod]
  Dev: !Equals [!Ref Env, dev]
Resources:
  T1: {Type: AWS::SNS::Topic, Condition: Dev}
  T2: {Type: AWS::SNS::Topic, DependsOn: [T1]}
  DB:
    Type: AWS::RDS::DBInstance
    Condition: Db
    Properties: {DBInstanceClass: !Ref Class, Engine: mysql, AllocatedStorage: '20'}
  I: {Type: AWS::EC2::Instance, Properties: {ImageId: !If [Prod, nonsense, ami-12345678]}}
  J:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: !If
        - Prod
        - nonsense
        - ami-12345678
  S:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: x
      PermissionModel: SERVICE_MANAGED
      AutoDeployment: {Enabled: true, RetainStacksOnAccountRemoval: false}
      TemplateBody: '{}'
      StackInstancesGroup:
        - Regions: [eu-west-1]
          DeploymentTargets: {OrganizationalUnitIds: [!If [Dev, ou-abcd-12345678, !Ref AWS::NoValue]]}
";

#[test]
fn what_is_not_in_the_stack_is_no_error() {
    let errors = |text: &str| {
        let all = both(text).into_iter().filter(Diagnostic::is_error);
        all.map(|it| format!("{}: {}", it.code, it.message)).collect::<Vec<_>>()
    };
    assert_eq!(errors(ABSENT), [""; 0]);
    let warned: Vec<Diagnostic> =
        both(ABSENT).into_iter().filter(|it| it.code.as_str() == "E1152").collect();
    assert_eq!(warned.len(), 2, "literals warn: {warned:#?}");
    let help = warned[0].help.as_deref().unwrap_or_default();
    assert!(help.contains("this part is not in the stack"), "{help}");
    let json = serde_json::json!({
        "Parameters": {"Env": {"Type": "String", "Default": "dev"}},
        "Conditions": {
            "Prod": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
            "Dev": {"Fn::Equals": [{"Ref": "Env"}, "dev"]}
        },
        "Resources": {
            "T1": {"Type": "AWS::SNS::Topic", "Condition": "Dev"},
            "T2": {"Type": "AWS::SNS::Topic", "DependsOn": ["T1"]},
            "DB": {
                "Type": "AWS::RDS::DBInstance", "Condition": "Prod",
                "Properties": {"DBInstanceClass": {"Ref": "Env"}, "Engine": "mysql", "AllocatedStorage": "20"}
            },
            "I": {
                "Type": "AWS::EC2::Instance",
                "Properties": {"ImageId": {"Fn::If": ["Prod", "nonsense", "ami-12345678"]}}
            }
        }
    });
    assert_eq!(errors(&json.to_string()), [""; 0]);
    assert_eq!(errors(&serde_json::to_string_pretty(&json).unwrap()), [""; 0]);
    let taken = ABSENT.replace("Default: dev", "Default: prod");
    let taken = errors(&taken);
    for rule in ["E1152: 'nonsense'", "E3005: 'T1'"] {
        assert!(taken.iter().any(|it| it.starts_with(rule)), "{rule}: {taken:?}");
    }
    let class = errors(&ABSENT.replace("Default: none", "Default: other"));
    assert!(class.iter().any(|it| it.starts_with("E3025")), "{class:?}");
}

#[test]
fn a_null_and_a_key_are_reported_once() {
    let text = "Resources:
  B:
    Type: AWS::S3::Bucket
    Properties:
      Tags:
        - {Key: a, Value: ~}
  F:
    Type: AWS::Lambda::Function
    Properties:
      Handler: a.b
      Runtime: python3.13
      Role: arn:aws:iam::111122223333:role/r
      Code: {ZipFile: x}
      Environment:
        Variables:
          T: x
";
    let all = both(text);
    let errors: Vec<&str> =
        all.iter().filter(|it| it.is_error()).map(|it| it.code.as_str()).collect();
    assert_eq!(errors, ["null-value", "property-pattern"], "{all:#?}");
}
