//! Values of functions: `Fn::Cidr`, imports, and those of the language extensions.

use std::collections::BTreeSet;

use rstack_model::Importer;

use crate::support::{Outcome, outcome, outcome_with};

/// Evaluates `Outputs: {O: {Value: …}}` beside a VPC, and returns the output or the findings.
fn output(transform: bool, value: &str) -> String {
    let text = template(transform, value);
    shown(&outcome(&text, &[]))
}

fn template(transform: bool, value: &str) -> String {
    let transform = if transform { "Transform: AWS::LanguageExtensions\n" } else { "" };
    format!(
        "{transform}Parameters:\n  L: {{Type: CommaDelimitedList, Default: 'a, b'}}\n  S: {{Type: \
         String, NoEcho: true, Default: hidden}}\n  P: {{Type: String, Default: 10.9.0.0/16}}\n\
         Mappings: {{M: {{a: {{b: c, list: [x, y]}}}}}}\nResources:\n  V:\n    Type: \
         AWS::EC2::VPC\n    Properties: {{CidrBlock: 10.0.0.0/16}}\nOutputs:\n  O:\n    Value: \
         {value}\n"
    )
}

fn shown(outcome: &Outcome) -> String {
    let desired = outcome.evaluation.as_ref().and_then(|e| e.desired.as_ref());
    desired.map_or_else(|| outcome.told().join(" "), |d| d.outputs["O"].value.to_string())
}

#[test]
fn cidr_cuts_known_blocks_now_and_others_later() {
    let plain = |value: &str| output(false, value);
    assert_eq!(plain("!Select [1, !Cidr [!Ref P, 2, 8]]"), "\"10.9.1.0/24\"");
    assert_eq!(plain("!Select [5, !Cidr [192.168.0.0/24, '6', '5']]"), "\"192.168.0.160/27\"");
    assert_eq!(plain("!Select [0, !Cidr ['fd00:1::/56', 1, 64]]"), "\"fd00:1::/64\"");
    assert_eq!(
        plain("!Select [0, !Cidr [!GetAtt V.CidrBlock, 1, 8]]"),
        "‹select 0 of V.CidrBlock cut into 1 blocks of 8 bits›"
    );
    assert_eq!(plain("!Select [0, !Cidr [a, 1, 8]]"), "function-value@!Cidr [a, 1, 8]");
    assert_eq!(plain("!Select [0, !Cidr [!Ref P, x, 8]]"), "function-value@x");
    assert_eq!(plain("!Select [0, !Cidr [!Ref S, 1, 8]]"), "function-value@!Cidr [!Ref S, 1, 8]");
    assert_eq!(plain("!Select [0, !Cidr [!Ref P, 1]]"), "function-arguments@!Cidr [!Ref P, 1]");
}

#[test]
fn extensions_need_their_transform() {
    for (value, place) in [("!Length [a]", "!Length"), ("!ToJsonString {a: b}", "!ToJsonString")] {
        assert_eq!(output(false, value), format!("needs-extensions@{place}"));
    }
    // Source: "Fn::FindInMap enhancements", AWS CloudFormation template reference.
    assert_eq!(output(false, "!FindInMap [M, x, b, {DefaultValue: d}]"), "\"d\"");
    let policy = "Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: !Ref AWS::Region}}";
    assert_eq!(outcome(policy, &[]).told(), ["needs-extensions@!Ref AWS::Region"]);
}

#[test]
fn length_counts_what_need_not_be_known() {
    let extended = |value: &str| output(true, value);
    assert_eq!(extended("!Length [a, !Ref V, !Ref AWS::NoValue]"), "2");
    assert_eq!(extended("!Length {Ref: L}"), "2");
    assert_eq!(extended("!Length {'Fn::FindInMap': [M, a, list]}"), "2");
    assert_eq!(extended("!Length a"), "function-value@!Length a");
    let unknown = "!Length {'Fn::GetAtt': V.Ipv6CidrBlocks}";
    assert_eq!(extended(unknown), format!("function-value@{unknown}"));
}

#[test]
fn json_text_keeps_the_order_of_the_source_and_what_is_not_known() {
    let extended = |value: &str| output(true, value);
    assert_eq!(
        extended(
            "!ToJsonString {z: 1, a: [true, 'x\"y', !Ref AWS::NoValue], n: !Ref AWS::NoValue}"
        ),
        r#""{\"z\":1,\"a\":[true,\"x\\\"y\"]}""#
    );
    assert_eq!(
        extended("!ToJsonString {v: !GetAtt V.VpcId, s: !Sub 'a\"${V}'}"),
        r#""{\"v\":\"‹V.VpcId›\",\"s\":\"a\\\"‹V›\"}""#
    );
    assert_eq!(extended("!ToJsonString {l: !Ref L}"), r#""{\"l\":[\"a\",\"b\"]}""#);
    assert_eq!(extended("!ToJsonString [!Ref S]"), "function-value@!Ref S");
}

#[test]
fn a_default_stands_where_a_mapping_has_no_key() {
    let extended = |value: &str| output(true, value);
    assert_eq!(extended("!FindInMap [M, a, b, {DefaultValue: d}]"), "\"c\"");
    assert_eq!(extended("!FindInMap [M, a, z, {DefaultValue: !Ref V}]"), "‹V›");
    assert_eq!(extended("!FindInMap [M, z, b, {DefaultValue: d}]"), "\"d\"");
    assert_eq!(extended("!FindInMap [!Select [0, [M]], !Join ['', [a]], b]"), "\"c\"");
    assert_eq!(extended("!FindInMap [M, a, z]"), "mapping-key@z");
    let wrong = "!FindInMap [M, a, z, {Default: d}]";
    assert_eq!(extended(wrong), "function-arguments@{Default: d}");
}

#[test]
fn policies_may_be_functions() {
    let text = "Transform: [AWS::LanguageExtensions]\nParameters: {P: {Type: String}}\nConditions: \
                {Keep: !Equals [!Ref P, prod]}\nResources:\n  T:\n    Type: AWS::SNS::Topic\n    \
                DeletionPolicy: !If [Keep, Retain, Delete]\n    UpdateReplacePolicy: !Ref P\n";
    let policy = |value: &str| {
        let outcome = outcome(text, &[("P", value)]);
        let desired = outcome.evaluation.as_ref().and_then(|e| e.desired.as_ref());
        desired.map_or_else(
            || outcome.told().join(" "),
            |d| {
                format!(
                    "{:?} {:?}",
                    d.resources["T"].deletion_policy, d.resources["T"].update_replace_policy
                )
            },
        )
    };
    assert_eq!(policy("Retain"), "Delete Retain");
    assert_eq!(policy("prod"), "policy@!Ref P");
    let resource = text.replace("!Ref P\n", "!Ref T\n");
    assert_eq!(outcome(&resource, &[("P", "a")]).told(), ["condition-reference@!Ref T"]);
}

#[test]
fn imports_are_what_other_stacks_export() {
    let exports = [("net-Vpc", "vpc-1")];
    let import = |value: &str| shown(&outcome_with(&template(false, value), &[], &exports));
    assert_eq!(import("!ImportValue net-Vpc"), "\"vpc-1\"");
    assert_eq!(
        import("!ImportValue {'Fn::Sub': 'net-${L}'}"),
        "function-value@!ImportValue {'Fn::Sub': 'net-${L}'}"
    );
    assert_eq!(import("!Sub ['${v}!', {v: !ImportValue {'Fn::Sub': net-Vpc}}]"), "\"vpc-1!\"");
    assert_eq!(import("!ImportValue net-Vpd"), "unknown-export@!ImportValue net-Vpd");
    assert_eq!(import("!ImportValue {Ref: V}"), "function-value@!ImportValue {Ref: V}");
}

#[test]
fn an_import_is_noted_with_the_places_that_use_it() {
    let text = "Conditions: {C: !Equals [!ImportValue cond, a]}\nResources:\n  A:\n    Type: \
                AWS::SNS::Topic\n    Properties: {DisplayName: !Sub ['${x}', {x: !ImportValue net}]}\n  B: \
                {Type: AWS::SNS::Topic, Condition: C, Properties: {DisplayName: !ImportValue used}}\n  D: \
                {Type: AWS::SNS::Topic, Properties: {DisplayName: !If [C, !ImportValue used, x]}}\nOutputs:\n  \
                O: {Value: !ImportValue net, Export: {Name: !ImportValue name}}\n";
    let imports = |cond: &str| {
        let exports = [("cond", cond), ("net", "n"), ("used", "u"), ("name", "m")];
        let outcome = outcome_with(text, &[], &exports);
        let desired = outcome.evaluation.and_then(|it| it.desired).unwrap();
        let places = |(export, places): (&String, &BTreeSet<Importer>)| {
            let places: Vec<String> = places.iter().map(ToString::to_string).collect();
            format!("{export}: {}", places.join(", "))
        };
        desired.imports.iter().map(places).collect::<Vec<_>>()
    };
    let always = ["cond: a condition", "name: output `O`", "net: resource `A`, output `O`"];
    assert_eq!(imports("b"), always);
    assert_eq!(imports("a"), [&always[..], &["used: resource `B`, resource `D`"]].concat());
}

#[test]
fn outputs_that_are_exported_under_one_name_are_an_error() {
    let text = |second: &str| {
        format!(
            "Parameters: {{P: {{Type: String, Default: one}}}}\nResources: {{T: {{Type: \
             AWS::SNS::Topic}}}}\nOutputs:\n  A: {{Value: a, Export: {{Name: one}}}}\n  B: {{Value: b, \
             Export: {{Name: {second}}}}}\n"
        )
    };
    assert_eq!(outcome(&text("!Ref P"), &[]).told(), ["export-name@!Ref P"]);
    assert_eq!(outcome(&text("two"), &[]).told(), [""; 0]);
}

#[test]
fn behaviour_that_cloudformation_alone_has_is_refused_where_it_would_matter() {
    let with = |resource: &str, key: &str| {
        let text = format!("Resources:\n  R:\n    Type: {resource}\n    {key}: {{}}\n");
        outcome(&text, &[]).told()
    };
    assert_eq!(with("AWS::SNS::Topic", "CreationPolicy"), ["no-effect@CreationPolicy"]);
    assert_eq!(with("AWS::EC2::Instance", "CreationPolicy"), ["unsupported@CreationPolicy"]);
    assert_eq!(with("AWS::Lambda::Alias", "UpdatePolicy")[0], "unsupported@UpdatePolicy");
}

#[test]
fn a_key_condition_in_json_is_warned_of() {
    let text = "Transform: AWS::LanguageExtensions\nResources: {T: {Type: AWS::SNS::Topic, Properties: \
                {DisplayName: !ToJsonString {Statement: [{Condition: {a: b}, c: d}]}}}}";
    let found = outcome(text, &[]);
    assert_eq!(found.told(), ["cloudformation-limit@Condition"]);
    let made = found.properties("T");
    assert!(made.contains("Condition"), "{made}");
}

#[test]
fn an_empty_name_is_none_where_one_is_made_up() {
    let text = "Parameters: {N: {Type: String, Default: ''}}\nResources:\n  B: {Type: AWS::S3::Bucket, \
                Properties: {BucketName: !Ref N}}\n";
    let found = outcome(text, &[]);
    assert_eq!(found.told(), ["no-effect@!Ref N"]);
    assert_eq!(found.properties("B"), "{}");
    assert_eq!(
        outcome(text, &[("N", "some-name")]).properties("B"),
        "{\"BucketName\": \"some-name\"}"
    );
    let queue =
        text.replace("AWS::S3::Bucket", "AWS::SQS::Queue").replace("BucketName", "QueueName");
    assert_eq!(outcome(&queue, &[]).told(), ["property-bounds@!Ref N"]);
}
