//! Lookups of templates in the account, answered by moto: Availability Zones and attributes of
//! networks by EC2, plain and secret parameters by Systems Manager.

use serde_json::Value;

use crate::account::{Account, changes};

const TEMPLATE: &str = "Parameters:
  Title: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /live/title}
  Vpc: {Type: 'AWS::EC2::VPC::Id'}
  Subnet: {Type: 'AWS::EC2::Subnet::Id'}
  Group: {Type: String}
Rules:
  Network:
    Assertions:
      - Assert: {'Fn::Equals': [{'Fn::ValueOf': [Subnet, VpcId]}, {Ref: Vpc}]}
      - Assert: {'Fn::Equals': [{'Fn::ValueOf': [Vpc, DefaultSecurityGroup]}, {Ref: Group}]}
Resources:
  Plain:
    Type: AWS::MediaPackage::Channel
    Properties: {Id: plain, Description: !Sub '${Title} {{resolve:ssm:/live/place:1}}'}
  Secret:
    Type: AWS::MediaPackage::Channel
    Properties: {Id: secret, Description: '{{resolve:ssm-secure:/live/secret}}'}
Outputs:
  Zones: {Value: !Join [' ', !GetAZs '']}
  Far: {Value: !Select [0, !GetAZs us-west-2]}
";

const CANARY: &str = "canary-in-the-parameter-store";

#[test]
fn the_account_answers_and_a_secret_parameter_stays_a_reference() {
    let account = Account::new();
    account.place.write("live.yaml", TEMPLATE);
    account.cloud(&["parameter", "/live/title", "String", "Evening"]);
    account.cloud(&["parameter", "/live/place", "String", "Here"]);
    account.cloud(&["parameter", "/live/place", "String", "There"]);
    account.cloud(&["parameter", "/live/secret", "SecureString", CANARY]);
    let networks = account.cloud(&["networks"]);
    let given = |name: &str, key: &str| format!("{name}={}", networks[key].as_str().unwrap());
    let (vpc, subnet, group) =
        (given("Vpc", "vpc"), given("Subnet", "subnet"), given("Group", "group"));
    let with: [&str; 7] =
        ["live.yaml", "--parameter", &vpc, "--parameter", &subnet, "--parameter", &group];
    let run = |command: &[&str]| account.run(&[command, &with].concat());

    run(&["apply", "--yes"]).expect(0);
    let state = account.state("live");
    let description = &state["resources"]["Plain"]["properties"]["Description"];
    assert_eq!(description, "Evening Here");
    let zones = account.cloud(&["zones"]);
    let zones: Vec<&str> = zones.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(state["outputs"]["Zones"]["value"], zones.join(" "));
    assert_eq!(state["outputs"]["Far"]["value"], "us-west-2a");
    let text = state.to_string();
    assert!(text.contains("/live/secret") && !text.contains(CANARY));
    run(&["plan", "--detailed-exitcode"]).expect(0);

    // Another version behind an unchanged reference is a planned update; so is another plain value.
    account.cloud(&["parameter", "/live/secret", "SecureString", "another"]);
    account.cloud(&["parameter", "/live/title", "String", "Morning"]);
    let planned = changes(&account.plan(&with));
    assert_eq!(planned["Secret"], "update");
    assert_eq!(planned["Plain"], "update");

    // What is not there, and what is a secret where none is expected, is reported at its place.
    for (reference, said) in [
        ("{{resolve:ssm:/live/nothing}}", "/live/nothing"),
        ("{{resolve:ssm:/live/secret}}", "{{resolve:ssm-secure:/live/secret}}"),
    ] {
        let text = format!(
            "Resources:\n  C:\n    Type: AWS::MediaPackage::Channel\n    Properties: {{Id: c, \
             Description: '{reference}'}}\n"
        );
        account.place.write("wrong.yaml", &text);
        let told = account.run(&["plan", "wrong.yaml"]).expect(1).err;
        assert!(told.contains("error[lookup]") && told.contains(said), "{told}");
    }
}
