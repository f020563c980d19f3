//! `Fn::ForEach`.

use rstack_model::desired::Desired;

use crate::support::{Outcome, outcome};

const HEAD: &str = "Transform: AWS::LanguageExtensions\nParameters:\n  Names: {Type: \
                    CommaDelimitedList, Default: 'one, two'}\n  Env: {Type: String, Default: test}\n  \
                    Key: {Type: String, NoEcho: true, Default: k}\n  Late: {Type: \
                    CommaDelimitedList}\nMappings: {M: {test: {names: [x, y]}}}\n";

fn with(rest: &str) -> Outcome {
    outcome(&format!("{HEAD}{rest}"), &[("Late", "z")])
}

fn desired(outcome: &Outcome) -> &Desired {
    let desired = outcome.evaluation.as_ref().and_then(|e| e.desired.as_ref());
    desired.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
}

#[test]
fn a_loop_repeats_resources_conditions_outputs_and_properties() {
    let text = "Conditions:\n  Fn::ForEach::Is: [N, !Ref Names, {'Is${N}': !Equals ['${N}', one]}]\n\
                Resources:\n  Fn::ForEach::Topics:\n    - Name\n    - !Ref Names\n    - 'T${Name}':\n        \
                Type: AWS::SNS::Topic\n        Condition: Is${Name}\n        Properties:\n          \
                TopicName: !Ref Name\n          DisplayName: !Sub '${Name}-${Env}-${AWS::Region}'\n  \
                D:\n    Type: AWS::CloudWatch::Dashboard\n    Properties:\n      DashboardBody: \
                x\nOutputs:\n  Fn::ForEach::Out:\n    - P\n    - [TopicArn, TopicName]\n    - 'One${P}': \
                {Value: !GetAtt 'Tone.${P}'}\n";
    let outcome = with(text);
    let desired = desired(&outcome);
    assert_eq!(desired.resources.len(), 2, "the condition of the second topic does not hold");
    assert_eq!(
        outcome.properties("Tone"),
        "{\"DisplayName\": \"one-test-eu-west-1\", \"TopicName\": \"one\"}"
    );
    assert_eq!(desired.outputs["OneTopicName"].value.to_string(), "‹Tone.TopicName›");
}

#[test]
fn loops_nest_and_take_their_values_from_parameters_mappings_and_texts() {
    let looped = |collection: &str| {
        let text = format!(
            "Resources:\n  Fn::ForEach::Outer:\n    - A\n    - {collection}\n    - \
             Fn::ForEach::Inner: [B, ['1', '2'], {{'T&{{A}}${{B}}': {{Type: AWS::SNS::Topic, \
             Properties: {{TopicName: '${{A}}${{B}}'}}}}}}]\n"
        );
        let outcome = with(&text);
        let ids = desired(&outcome).resources.keys().map(|id| id.as_str().to_owned());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(looped("[a-b, !Ref Env]"), "Tab1 Tab2 Ttest1 Ttest2");
    assert_eq!(looped("!Ref Names"), "Tone1 Tone2 Ttwo1 Ttwo2");
    assert_eq!(looped("!FindInMap [M, !Ref Env, names]"), "Tx1 Tx2 Ty1 Ty2");
    assert_eq!(looped("!Split [':', 'p:q']"), "Tp1 Tp2 Tq1 Tq2");
    assert_eq!(looped("{Ref: Late}"), "Tz1 Tz2");
    assert_eq!(looped("[]"), "");
}

#[test]
fn the_argument_of_a_function_may_be_an_identifier() {
    let text = "Resources:\n  Fn::ForEach::T: [N, !Ref Names, {'${N}': {Type: \
                AWS::SNS::Topic}}]\nOutputs:\n  Fn::ForEach::O:\n    - N\n    - !Ref Names\n    - \
                'O${N}': {Value: !Ref {Ref: N}}\n      'P${N}': {Value: {Ref: {Ref: N}}}\n      \
                'A${N}': {Value: {'Fn::GetAtt': [!Ref N, TopicName]}}\n";
    let outcome = with(text);
    let outputs = desired(&outcome).outputs.values().map(|o| o.value.to_string());
    let expected = ["‹one.TopicName›", "‹two.TopicName›", "‹one›", "‹two›", "‹one›", "‹two›"];
    assert_eq!(outputs.collect::<Vec<_>>(), expected);
}

#[test]
fn a_loop_inside_of_properties_makes_their_entries() {
    let text = "Resources:\n  T:\n    Type: AWS::SSM::Document\n    Properties:\n      Content:\n        \
                keep: '${N}'\n        Fn::ForEach::P: [N, !Ref Names, {'k${N}': {v: '${!N}${N}', n: \
                5}}]\n";
    assert_eq!(
        with(text).properties("T"),
        "{\"Content\": {\"keep\": \"${N}\", \"kone\": {\"n\": 5, \"v\": \"${!N}one\"}, \"ktwo\": \
         {\"n\": 5, \"v\": \"${!N}two\"}}}"
    );
}

#[test]
fn loops_that_cannot_be_carried_out_are_told_once() {
    let looped = |arguments: &str| {
        with(&format!(
            "Resources:\n  Fn::ForEach::L: {arguments}\nOutputs: {{O: {{Value: !Ref Tone}}}}"
        ))
    };
    let body = "{'T${N}': {Type: AWS::SNS::Topic}}";
    for (arguments, told) in [
        (format!("[N, !Ref Key, {body}]"), "loop@!Ref Key"),
        (format!("[N, !Ref Env, {body}]"), "loop@!Ref Env"),
        (format!("[N, !Ref AWS::Region, {body}]"), "unsupported@!Ref AWS::Region"),
        (format!("[N, !GetAtt A.B, {body}]"), "unsupported@!GetAtt A.B"),
        (format!("[N, !FindInMap [M, a, b], {body}]"), "loop@!FindInMap [M, a, b]"),
        (format!("[[], [a], {body}]"), "loop@[]"),
        ("[N, [a], []]".to_owned(), "loop@[]"),
        ("[N, [a]]".to_owned(), "loop@Fn::ForEach::L"),
        ("[N, [a, b], {T: {Type: AWS::SNS::Topic}}]".to_owned(), "duplicate-key@T"),
        (format!("[N, [a], {{'Fn::ForEach::M': [N, [b], {body}]}}]"), "loop@N"),
        ("[N, [a], {'T${N}': {'Fn::ForEach': x}}]".to_owned(), "loop@'Fn::ForEach'"),
    ] {
        assert_eq!(looped(&arguments).told(), [told], "{arguments}");
    }
    let late =
        outcome(&format!("{HEAD}Resources:\n  Fn::ForEach::L: [N, !Ref Late, {body}]\n"), &[]);
    assert_eq!(late.told(), ["missing-parameter-of-loop@!Ref Late"]);
    let plain = outcome(&format!("Resources:\n  Fn::ForEach::L: [N, [a], {body}]\n"), &[]);
    assert_eq!(plain.told(), ["needs-extensions@Fn::ForEach::L"]);
}

#[test]
fn a_condition_decides_what_a_loop_goes_through() {
    let text = "Conditions:\n  Test: !Equals [!Ref Env, test]\n  Some: !And [!Condition Test, !Not \
                [!Equals [!Ref Env, x]]]\nResources:\n  Fn::ForEach::T: [N, !If [Some, !Ref Names, \
                []], {'T${N}': {Type: AWS::SNS::Topic}}]\n  Fn::ForEach::S: [N, {'Fn::If': [Some, [], \
                !Ref Names]}, {'S${N}': {Type: AWS::SNS::Topic}}]\n";
    let outcome = with(text);
    let names: Vec<String> = desired(&outcome).resources.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["Tone", "Ttwo"]);
    for (condition, told) in [
        ("!If [Nope, [a], []]", "loop@Nope"),
        ("!If [Circle, [a], []]", "unsupported@!Condition Circle"),
        ("!If [Some]", "loop@!If [Some]"),
    ] {
        let conditions = "Conditions: {Circle: !Or [!Condition Circle, !Condition Circle]}\n";
        let body = "{'T${N}': {Type: AWS::SNS::Topic}}";
        let found =
            with(&format!("{conditions}Resources:\n  Fn::ForEach::T: [N, {condition}, {body}]\n"));
        assert_eq!(found.told(), [told], "{condition}");
    }
}

#[test]
fn multiplying_loops_are_refused_quickly() {
    let values: Vec<String> = (0..100).map(|i| i.to_string()).collect();
    let values = values.join(", ");
    for body in ["{}", "{'T${A}${B}${C}${D}': {Type: AWS::SNS::Topic}}"] {
        let text = ["D", "C", "B", "A"].iter().fold(body.to_owned(), |inner, name| {
            format!("{{'Fn::ForEach::{name}': [{name}, [{values}], {inner}]}}")
        });
        let outcome = with(&format!("Resources: {text}\n"));
        assert_eq!(outcome.diagnostics.len(), 1);
        assert!(outcome.diagnostics[0].message.contains("too large"));
    }
}
