//! Values that only the cloud or another stack knows: asked once, not known until then.

use rstack_model::value::{Answers, Lookup, ParameterReference};
use rstack_model::{ResourceType, Value};
use rstack_template::ExternalValues;

use crate::support::{Outcome, outcome, outcome_in};

fn parameter(text: &str) -> Lookup {
    Lookup::Parameter(ParameterReference::parse(text).unwrap())
}

fn attribute(kind: &str, id: &str, attribute: &str) -> Lookup {
    let resource_type = ResourceType::from(kind);
    Lookup::Attribute { resource_type, id: id.into(), attribute: attribute.into() }
}

fn answered(text: &str, answers: &[(Lookup, Value)]) -> Outcome {
    let answers: Answers = answers.iter().cloned().collect();
    outcome_in(text, &[], &ExternalValues { answers, ..ExternalValues::default() })
}

fn asked(outcome: &Outcome) -> Vec<String> {
    let evaluation = outcome.evaluation.as_ref().unwrap();
    evaluation.lookups.keys().map(ToString::to_string).collect()
}

fn zones() -> (Lookup, Value) {
    (Lookup::Zones("eu-west-1".into()), Value::List(vec!["eu-west-1a".into(), "eu-west-1c".into()]))
}

const NETWORK: &str = "Parameters:
  Ami: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /ami:4}
  Nets: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /nets}
  Unused: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /unused}
Resources:
  D:
    Type: AWS::SSM::Document
    Properties:
      Content:
        Zone: !Select [1, !GetAZs '']
        Zones: !GetAZs {Ref: AWS::Region}
        Image: !Sub '<${Ami}>'
        Nets: !Join ['+', !Ref Nets]
        Plain: 'a{{resolve:ssm:/plain}}z'
        Secret: '{{resolve:ssm-secure:/secret:2}}'
";

#[test]
fn a_value_is_not_known_until_the_cloud_is_asked() {
    let open = answered(NETWORK, &[]);
    assert_eq!(open.told(), [""; 0]);
    assert_eq!(
        open.properties("D"),
        "{\"Content\": {\"Image\": \"<‹SSM parameter /ami:4›>\", \"Nets\": ‹SSM parameter \
         /nets joined with \"+\"›, \"Plain\": \"a‹SSM parameter /plain›z\", \"Secret\": \
         \"{{resolve:ssm-secure:/secret:2}}\", \"Zone\": ‹select 1 of Availability Zones of \
         eu-west-1›, \"Zones\": ‹Availability Zones of eu-west-1›}}"
    );
    assert_eq!(
        asked(&open),
        [
            "Availability Zones of eu-west-1",
            "SSM parameter /ami:4",
            "SSM parameter /nets",
            "SSM parameter /plain"
        ]
    );
    let known = answered(
        NETWORK,
        &[
            zones(),
            (parameter("/ami:4"), "ami-1".into()),
            (parameter("/nets"), "a, b".into()),
            (parameter("/plain"), "{{resolve:ssm:/other}}".into()),
        ],
    );
    assert_eq!(asked(&known), [""; 0]);
    assert_eq!(
        known.properties("D"),
        "{\"Content\": {\"Image\": \"<ami-1>\", \"Nets\": \"a+b\", \"Plain\": \
         \"a{{resolve:ssm:/other}}z\", \"Secret\": \"{{resolve:ssm-secure:/secret:2}}\", \"Zone\": \
         \"eu-west-1c\", \"Zones\": [\"eu-west-1a\", \"eu-west-1c\"]}}"
    );
}

#[test]
fn what_hangs_on_an_open_question_is_neither_decided_nor_a_mistake() {
    let text = "Parameters:
  P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /p}
Conditions:
  C: !Equals [!Ref P, 'yes']
  D: !And [!Condition C, !Equals [a, a]]
Mappings: {M: {k: {v: found}}}
Resources:
  A: {Type: AWS::SNS::Topic, Condition: C}
  B:
    Type: AWS::SSM::Document
    Properties:
      Content:
        If: !If [D, !GetAtt A.TopicName, none]
        Map: !FindInMap [M, !Ref P, v]
        Zones: !GetAZs {Ref: P}
        Nested: '{{resolve:ssm:/x}}'
";
    let open = answered(text, &[]);
    assert_eq!(open.told(), [""; 0]);
    let at = open.evaluation.as_ref().unwrap().lookups[&parameter("/x")];
    let place = text.get(at.start..at.end).unwrap();
    assert!(place.contains("{{resolve:ssm:/x}}") && !place.contains("Zones"), "{place}");
    let waiting = "‹SSM parameter /p›";
    assert_eq!(
        open.properties("B"),
        format!(
            "{{\"Content\": {{\"If\": {waiting}, \"Map\": {waiting}, \"Nested\": \"‹SSM \
             parameter /x›\", \"Zones\": {waiting}}}}}"
        )
    );
    let desired = open.evaluation.as_ref().unwrap().desired.as_ref().unwrap();
    assert_eq!(desired.resources.len(), 2);
    // An answer may lead to the next question, and to a mistake.
    let next = answered(text, &[(parameter("/p"), "k".into())]);
    assert_eq!(asked(&next), ["Availability Zones of k", "SSM parameter /x"]);
    let desired = next.evaluation.as_ref().unwrap().desired.as_ref().unwrap();
    assert_eq!(desired.resources.len(), 1);
    assert_eq!(answered(text, &[(parameter("/p"), "j".into())]).told(), ["mapping-key@!Ref P"]);
}

#[test]
fn names_and_answers_that_cannot_be_used_are_told() {
    let store = |kind: &str, name: &str| {
        format!(
            "Parameters:\n  P: {{Type: 'AWS::SSM::Parameter::Value<{kind}>', Default: '{name}'}}\n\
             Resources:\n  T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !Ref P}}}}\n"
        )
    };
    assert_eq!(answered(&store("Strin", "/p"), &[]).told().len(), 1);
    assert_eq!(answered(&store("String", "a b"), &[]).told(), ["parameter-value@P"]);
    let text = store("String", "/p");
    let reference = (parameter("/p"), "{{resolve:secretsmanager:x}}".into());
    assert_eq!(answered(&text, &[reference]).told(), ["lookup@P"]);
    let topic = |name: &str| {
        format!(
            "Resources:\n  S: {{Type: AWS::SNS::Topic}}\n  T: {{Type: AWS::SNS::Topic, \
             Properties: {{DisplayName: !Sub '{name}'}}}}\n"
        )
    };
    for (name, count) in [
        ("{{resolve:ssm:${S.TopicName}}}", 1),
        ("{{resolve:ssm:/p:x}}", 1),
        ("{{resolve:ssm-secure:/p q}}", 1),
        ("{{resolve:ssm-secure:/${S.TopicName}:1}}", 0),
    ] {
        let told = answered(&topic(name), &[]).told();
        assert_eq!(told.len(), count, "{name}: {told:?}");
        assert!(told.iter().all(|told| told.starts_with("dynamic-reference@")), "{told:?}");
    }
}

#[test]
fn an_output_of_another_stack_needs_no_export() {
    let text = |arguments: &str| {
        format!(
            "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName:\n        \
             Fn::GetStackOutput: {{{arguments}}}\n"
        )
    };
    let mut external = ExternalValues::default();
    let outputs = [("Vpc".to_owned(), "vpc-1".into())].into();
    external.outputs.insert(("net".into(), "eu-west-1".into()), outputs);
    let told = |arguments: &str| outcome_in(&text(arguments), &[], &external).told();
    let found = outcome_in(&text("StackName: net, OutputName: Vpc"), &[], &external);
    assert_eq!(found.properties("T"), "{\"TopicName\": \"vpc-1\"}");
    assert_eq!(told("StackName: !Ref AWS::StackName, OutputName: Vpc").len(), 1);
    for (arguments, code) in [
        ("StackName: net, OutputName: Vcp", "unknown-stack-output"),
        ("StackName: net, OutputName: Vpc, Region: us-east-1", "unknown-stack-output"),
        ("StackName: net", "function-arguments"),
        ("StackName: net, OutputName: Vpc, Rol: x", "function-arguments"),
        ("StackName: net, OutputName: Vpc, RoleArn: x", "function-value"),
        ("StackName: net, OutputName: Vpc, RoleArn: 'arn:aws:iam::x:role/r'", "function-value"),
        (
            "StackName: net, OutputName: Vpc, RoleArn: 'arn:aws:iam::111122223333:role/r'",
            "unknown-stack-output",
        ),
        ("StackName: net, OutputName: !Ref T", "function-value"),
    ] {
        let told = told(arguments);
        assert!(told[0].starts_with(code), "{arguments}: {told:?}");
    }
}

/// The outcome where the account can be asked for stacks that CloudFormation manages.
fn in_account(text: &str, answers: &[(Lookup, Value)]) -> Outcome {
    let mut external = ExternalValues { asks_account: true, ..ExternalValues::default() };
    external.exports.insert("known".into(), "of a state".into());
    external.outputs.insert(("net".into(), "eu-west-1".into()), [("A".into(), "a".into())].into());
    external.answers = answers.iter().cloned().collect();
    outcome_in(text, &[], &external)
}

fn texts<const N: usize>(texts: [(&str, &str); N]) -> Value {
    Value::Map(texts.map(|(name, text)| (name.to_owned(), Value::from(text))).into())
}

#[test]
fn an_export_that_no_state_has_is_asked_for() {
    let text = |name: &str| {
        format!(
            "Resources:\n  T: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: !ImportValue '{name}'}}}}\n"
        )
    };
    // A state comes first, and CloudFormation is not asked.
    let known = in_account(&text("known"), &[]);
    assert_eq!(known.properties("T"), "{\"DisplayName\": \"of a state\"}");
    assert_eq!(asked(&known), [""; 0]);
    let open = in_account(&text("far"), &[]);
    assert_eq!(open.told(), [""; 0]);
    assert_eq!(open.properties("T"), "{\"DisplayName\": ‹exports of CloudFormation›}");
    assert_eq!(asked(&open), ["exports of CloudFormation"]);

    let exports = (Lookup::Exports, texts([("far", "x"), ("known", "of CloudFormation")]));
    let found = in_account(&text("far"), std::slice::from_ref(&exports));
    assert_eq!(found.properties("T"), "{\"DisplayName\": \"x\"}");
    let desired = found.evaluation.as_ref().unwrap().desired.as_ref().unwrap();
    assert_eq!(desired.imports.keys().collect::<Vec<_>>(), ["far"]);
    let known = in_account(&text("known"), std::slice::from_ref(&exports));
    assert_eq!(known.properties("T"), "{\"DisplayName\": \"of a state\"}");
    for name in ["farr", "nowhere"] {
        let missing = in_account(&text(name), std::slice::from_ref(&exports));
        assert_eq!(missing.told().len(), 1);
        assert!(missing.told()[0].starts_with("unknown-export@"), "{:?}", missing.told());
    }
    let near = in_account(&text("farr"), &[exports]).diagnostics.remove(0).help.unwrap();
    assert!(near.contains("`far`"), "{near}");
    // Without an account it is a mistake at once.
    assert!(answered(&text("far"), &[]).told()[0].starts_with("unknown-export@"));
}

#[test]
fn an_output_of_a_stack_without_a_state_is_asked_for_in_its_region() {
    let text = |arguments: &str| {
        format!(
            "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName:\n        \
             Fn::GetStackOutput: {{{arguments}}}\n"
        )
    };
    let there = text("StackName: far, OutputName: B, Region: us-east-1");
    let lookup =
        Lookup::StackOutputs { stack: "far".into(), region: "us-east-1".into(), role: None };
    let open = in_account(&there, &[]);
    assert_eq!(open.told(), [""; 0]);
    assert_eq!(asked(&open), ["outputs of the stack far in us-east-1"]);
    let found = in_account(&there, &[(lookup.clone(), texts([("B", "b")]))]);
    assert_eq!(found.properties("T"), "{\"TopicName\": \"b\"}");
    for (answer, said) in [
        (texts([("C", "c")]), "the stack `far` has no output `B`"),
        (Value::Null, "no stack `far` is known in us-east-1"),
    ] {
        let told = in_account(&there, &[(lookup.clone(), answer)]).diagnostics.remove(0);
        assert_eq!(told.message, said);
    }
    let role = "arn:aws:iam::111122223333:role/r";
    let as_role = text(&format!("StackName: far, OutputName: B, RoleArn: '{role}'"));
    assert_eq!(
        asked(&in_account(&as_role, &[])),
        [format!("outputs of the stack far in eu-west-1, as {role}")]
    );
    let mut external = ExternalValues { asks_account: true, ..ExternalValues::default() };
    let there = ("111122223333".into(), "far".into(), "eu-west-1".into());
    external.accounts.insert(there, [("B".into(), "of a state".into())].into());
    let known = outcome_in(&as_role, &[], &external);
    assert_eq!(known.properties("T"), "{\"TopicName\": \"of a state\"}");
    assert_eq!(asked(&known), [""; 0]);
    // A stack of the states has the outputs that its state has.
    let known = in_account(&text("StackName: net, OutputName: B"), &[]);
    assert!(known.told()[0].starts_with("unknown-stack-output@"));
    assert_eq!(asked(&in_account(&text("StackName: net, OutputName: A"), &[])), [""; 0]);
}

#[test]
fn rules_ask_what_parameters_name() {
    let text = |assert: &str| {
        format!(
            "Parameters:\n  V: {{Type: 'AWS::EC2::VPC::Id', Default: vpc-1}}\n  S: {{Type: \
             'List<AWS::EC2::Subnet::Id>', Default: 'subnet-1, subnet-2'}}\n  N: {{Type: String, Default: \
             x}}\nRules:\n  R: {{Assertions: [{{Assert: {{{assert}}}}}]}}\nResources: {{}}\n"
        )
    };
    let same = "'Fn::EachMemberEquals': [{'Fn::ValueOf': [S, VpcId]}, {Ref: V}]";
    let all = "'Fn::EachMemberIn': [{'Fn::ValueOfAll': ['AWS::EC2::Subnet::Id', VpcId]}, \
               {'Fn::RefAll': 'AWS::EC2::VPC::Id'}]";
    let subnet = |id: &str| attribute("AWS::EC2::Subnet", id, "VpcId");
    for assert in [same, all] {
        let open = answered(&text(assert), &[]);
        assert_eq!(asked(&open), ["VpcId of subnet-1", "VpcId of subnet-2"]);
        assert_eq!(open.told(), [""; 0]);
        let vpcs = |second: &str| {
            [(subnet("subnet-1"), "vpc-1".into()), (subnet("subnet-2"), second.into())]
        };
        assert_eq!(answered(&text(assert), &vpcs("vpc-1")).told(), [""; 0]);
        assert!(answered(&text(assert), &vpcs("vpc-2")).told()[0].starts_with("rule@"));
    }
    let tag = "'Fn::Equals': [{'Fn::ValueOf': [V, Tags.Department]}, IT]";
    let department = attribute("AWS::EC2::VPC", "vpc-1", "Tags.Department");
    assert_eq!(answered(&text(tag), &[(department, "IT".into())]).told(), [""; 0]);
    for (assert, told) in [
        ("'Fn::Equals': [{'Fn::ValueOf': [V, Tags]}, x]", "function-value@Tags"),
        ("'Fn::Equals': [{'Fn::ValueOf': [V, VpcId]}, x]", "function-value@VpcId"),
        ("'Fn::Equals': [{'Fn::ValueOf': [N, VpcId]}, x]", "function-value@VpcId"),
        ("'Fn::Equals': [{'Fn::ValueOf': [W, VpcId]}, x]", "unresolved-reference@W"),
    ] {
        assert_eq!(outcome(&text(assert), &[]).told(), [told]);
    }
}
