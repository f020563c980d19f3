//! The canary run: every property, document, tag and output of a stack holds marked secrets, and every
//! byte that is written or printed is searched for them.

use crate::harness::Place;
use crate::secrets::{Haystack, run, run_with};

/// The secrets, each with the marks that are searched for. One is a part of another one, one has
/// several lines, one is a number.
const SECRETS: [(&str, &str, &[&str]); 4] = [
    ("Pw", "Canary1Head", &["Canary1Head"]),
    ("Long", "Canary1Head-Xy77\"\\/+&=%<é>-Canary2Tail", &["Xy77", "Canary2Tail"]),
    (
        "Pem",
        "-----BEGIN KEY-----\nCanary3MIIEvQIBADANBgkqh\nCanary4kiG9w0BAQEFAASC\n-----END KEY-----",
        &["Canary3MII", "Canary4kiG"],
    ),
    ("Pin", "90817263", &["90817263"]),
];

const STACK: &str = r#"
Parameters:
  Pw: {Type: String, NoEcho: true}
  Long: {Type: String, NoEcho: true}
  Pem: {Type: String, NoEcho: true}
  Pin: {Type: String, NoEcho: true}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Description: !Sub 'made with ${Pw} and ${Long}'
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal: {AWS: '111122223333'}
            Condition:
              StringEquals:
                sts:ExternalId: !Ref Long
                aws:PrincipalTag/pin: !Sub 'id-${Pin}!'
      Policies:
        - PolicyName: inline
          PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:*', Resource: !Sub 'arn:aws:s3:::${Pw}/*'}]}
      Tags: [{Key: a, Value: !Ref Pw}, {Key: b, Value: !Ref Long}]
  Stored:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Ref Pem, Description: one}
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        UserData:
          Fn::Base64: !Sub |
            #!/bin/sh
            login ${Pw} ${Long} ${Pin}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: json
      SecretString: !Sub '{"user": "admin", "key": "${Pw}", "pin": "${Pin}"}'
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Sub 'of ${Stored.Value}'}
Outputs:
  Pw: {Value: !Ref Pw}
  Long: {Value: !Sub 'x-${Long}-x'}
  Stored: {Value: !GetAtt Stored.Value}
"#;

#[test]
fn marked_secrets_in_every_place_are_written_and_printed_nowhere() {
    let place = Place::empty();
    place.write("vault.yaml", STACK);
    let variables: Vec<(String, &str)> =
        SECRETS.iter().map(|(name, text, _)| (format!("RSTACK_PARAMETER_{name}"), *text)).collect();
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let mut hay = Haystack(Vec::new());
    let mut with = |line: &[&str], code| run_with(&place, &mut hay, line, &variables, code);
    with(&["plan", "vault.yaml", "--full"], 0);
    with(&["plan", "vault.yaml", "--json"], 0);
    with(&["plan", "vault.yaml", "--out", "x.plan"], 0);
    with(&["show", "x.plan"], 0);
    with(&["apply", "x.plan", "--yes"], 0);
    with(&["plan", "vault.yaml", "--detailed-exitcode", "--full"], 0);
    with(&["plan", "vault.yaml", "--json"], 0);
    with(&["output", "vault"], 0);
    with(&["output", "vault", "Pw"], 0);
    with(&["show", "vault", "--full"], 0);
    with(&["show", "vault", "--json"], 0);
    with(&["state", "pull", "vault"], 0);
    // A change beside the secrets, one that fails half-way, and the way back.
    let changed = STACK.replace("Description: one", "Description: two");
    place.write("vault.yaml", &changed);
    with(&["plan", "vault.yaml", "--full"], 0);
    with(&["apply", "vault.yaml", "--yes", "--json"], 0);
    let broken = changed.replace(
        "Outputs:",
        "  Broken:\n    Type: AWS::SNS::Topic\n    DependsOn: Topic\n    Properties: {DisplayName: \
         '{{resolve:secretsmanager:json:SecretString:absent}}'}\nOutputs:",
    );
    place.write("vault.yaml", &broken);
    with(&["apply", "vault.yaml", "--yes"], 4);
    with(&["apply", "vault.yaml", "--yes", "--no-rollback"], 5);
    with(&["rollback", "vault", "--yes"], 0);
    with(&["destroy", "vault", "--yes"], 0);
    assert!(hay.0.iter().any(|(name, _)| name == "x.plan"));
    for (_, _, marks) in SECRETS {
        marks.iter().for_each(|mark| hay.lacks(mark));
    }
}

/// Places where a secret cannot be kept: names.
const NAMED: &str = "Parameters:
  Pw: {Type: String, NoEcho: true}
Resources:
  Channel:
    Type: AWS::MediaPackage::Channel
    Properties:
      Id: !Sub 'ch-${Pw}'
";

#[test]
fn a_secret_in_a_name_is_refused_at_its_place_unless_the_command_line_allows_it() {
    let place = Place::empty();
    place.write("named.yaml", NAMED);
    let mut hay = Haystack(Vec::new());
    let pw = [("RSTACK_PARAMETER_Pw", "CanaryName")];
    for command in ["plan", "apply"] {
        run_with(&place, &mut hay, &[command, "named.yaml"], &pw, 1);
        let ran = crate::harness::ran({
            let mut line = place.command(&[command, "named.yaml", "--sandbox"]);
            line.envs(pw);
            line
        });
        for fact in ["secret-in-name", "named.yaml:7:11", "`Id` of `Channel`"] {
            assert!(ran.err.contains(fact), "{}", ran.err);
        }
    }
    hay.lacks("CanaryName");
    assert!(!place.path("state/sandbox/named.json").exists(), "nothing was made");
    // Allowed, the sandbox shows what the service would show.
    let mut shown = Haystack(Vec::new());
    let apply = ["apply", "named.yaml", "--yes", "--allow", "secret-in-name"];
    run_with(&place, &mut shown, &apply, &pw, 0);
    assert!(place.read("state/sandbox/named.json").contains("ch-CanaryName"));
    // A project does not decide that.
    place.write("rstack.toml", "[lint]\nvalidator = false\nallow = [\"secret-in-name\"]\n");
    let refused = place.sandbox(&["validate", "named.yaml"]).expect(1);
    refused.reports("rule-not-allowed", &["rstack.toml:3:"]);
}

#[test]
fn names_that_repeat_a_secret_attribute_are_refused_too() {
    let place = Place::empty();
    place.write(
        "named.yaml",
        "Parameters:\n  Pw: {Type: String, NoEcho: true}\nResources:\n  Stored:\n    Type: \
         AWS::SSM::Parameter\n    Properties: {Type: String, Value: !Ref Pw}\n  Topic:\n    Type: \
         AWS::SNS::Topic\n    Properties: {TopicName: !Sub 'of-${Stored.Value}'}\n",
    );
    let refused = place.sandbox(&["plan", "named.yaml", "-p", "Pw=CanaryName"]).expect(1);
    refused.reports("secret-in-name", &["`Stored.Value`"]);
    let mut hay = Haystack(Vec::new());
    run(&place, &mut hay, &["validate", "named.yaml", "-p", "Pw=CanaryName"], 1);
    hay.lacks("CanaryName");
}
