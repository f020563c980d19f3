//! Laws of all values that are given for the parameters of a template, one `KEY=VALUE` a line.

use std::collections::BTreeMap;

use rstack_model::state::Environment;
use rstack_model::{Diagnostic, StackName};
use rstack_template::{Evaluation, ExternalValues, Inputs, Reading, evaluate, parse};

/// A template with parameters of every kind and constraint.
pub(crate) const TEMPLATE: &str = r#"
Transform: AWS::LanguageExtensions
Parameters:
  Text: {Type: String, Default: text, AllowedPattern: "[a-z0-9-]*", MinLength: 1, MaxLength: 20}
  Choice: {Type: String, Default: one, AllowedValues: [one, two, "3"]}
  Number: {Type: Number, Default: 1, MinValue: -5, MaxValue: 1e3}
  Texts: {Type: CommaDelimitedList, Default: "a, b"}
  Numbers: {Type: List<Number>, Default: "1,2"}
  Network: {Type: "AWS::EC2::VPC::Id", Default: vpc-1}
  Networks: {Type: "List<AWS::EC2::Subnet::Id>", Default: "subnet-1,subnet-2"}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /name}
  Secret: {Type: String, NoEcho: true, Default: "", MaxLength: 64}
Conditions:
  Many: !Equals [!Ref Choice, two]
Resources:
  Fn::ForEach::Each:
    - Name
    - !Ref Texts
    - T&{Name}:
        Type: AWS::SNS::Topic
        Properties: {DisplayName: !Sub "${Text} ${Number} ${Network}"}
  Group:
    Type: AWS::EC2::SecurityGroup
    Condition: Many
    Properties: {GroupDescription: !Join ["-", !Ref Numbers], GroupName: !Select [0, !Ref Networks]}
  Hidden:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: hidden, SecretString: !Sub "pre-${Secret}"}
"#;

/// The shortest secret that is looked for, in bytes: a shorter one may stand somewhere by chance.
const SHORTEST: usize = 12;

/// Checks all of it; fails if something does not hold.
pub(crate) fn check(text: &str) {
    let lines = text.lines().filter_map(|line| line.split_once('='));
    let given: BTreeMap<String, String> =
        lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let (first, found) = evaluated(&given);
    let (again, found_again) = evaluated(&given);
    assert_eq!(found, found_again, "evaluated twice, with different findings");
    let desired = |evaluation: &Option<Evaluation>| {
        let desired = evaluation.as_ref().and_then(|evaluation| evaluation.desired.clone());
        desired.map(|desired| format!("{desired:?}"))
    };
    assert_eq!(desired(&first), desired(&again), "evaluated twice, with two results");
    let failed = found.iter().any(Diagnostic::is_error);
    assert_eq!(desired(&first).is_none(), failed, "an error and a result, or neither");
    for label in found.iter().flat_map(|finding| &finding.labels) {
        let place = TEMPLATE.get(label.span.start..label.span.end);
        assert!(place.is_some(), "a finding about no part of the template");
    }
    let others = given.iter().filter(|(key, _)| *key != "Secret");
    let others: String = others.map(|(key, value)| format!("{key}={value}\n")).collect();
    let secret = given.get("Secret").map_or("", String::as_str);
    if secret.len() >= SHORTEST && !others.contains(secret) && !TEMPLATE.contains(secret) {
        let shown = format!("{found:?}{:?}", desired(&first));
        assert!(!shown.contains(secret), "a secret is shown: {shown}");
    }
}

fn evaluated(given: &BTreeMap<String, String>) -> (Option<Evaluation>, Vec<Diagnostic>) {
    let environment = Environment {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: true,
    };
    let stack = StackName::parse("fuzz").unwrap_or_else(|e| panic!("{e}"));
    let pseudo = Reading::place(&environment, &stack);
    let parsed = parse(TEMPLATE, &Reading { pseudo, ..Reading::with_parameters(given) });
    let external = ExternalValues::default();
    let inputs =
        Inputs { stack: &stack, environment: &environment, parameters: given, external: &external };
    let evaluation = parsed.template.as_ref().map(|template| evaluate(template, &inputs));
    let more = evaluation.iter().flat_map(|evaluation| evaluation.diagnostics.iter().cloned());
    let found = parsed.diagnostics.into_iter().chain(more).collect();
    (evaluation, found)
}
