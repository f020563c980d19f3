//! Templates that were made to do harm: each is reported in a few words, and the work it makes is
//! bounded. Without one of the bounds a test takes all memory, or all time, or the whole stack.

use std::fmt::Write;

use proptest::prelude::*;
use rstack_model::{Code, Diagnostic};
use serde_json::{Value as Json, json};

use super::support::{Outcome, outcome};

#[path = "../../../../fuzz/fuzz_targets/address_laws.rs"]
mod address_laws;
#[path = "../../../../fuzz/fuzz_targets/assembly_laws.rs"]
mod assembly_laws;
#[path = "../../../../fuzz/fuzz_targets/laws.rs"]
mod laws;
#[path = "../../../../fuzz/fuzz_targets/parameter_laws.rs"]
mod parameter_laws;

fn codes(outcome: &Outcome) -> Vec<&str> {
    let mut codes: Vec<&str> = outcome.diagnostics.iter().map(|d| d.code.as_str()).collect();
    codes.dedup();
    codes
}

fn told(text: &str) -> Vec<String> {
    codes(&outcome(text, &[])).into_iter().map(str::to_owned).collect()
}

fn topic(name: Json) -> Json {
    json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}})
}

fn one_topic(name: Json) -> String {
    json!({"Resources": {"T": topic(name)}}).to_string()
}

#[test]
fn nesting_of_every_kind_ends_at_the_same_depth() {
    let deep = 100_000;
    let block: String = (0..2_000).fold(String::new(), |mut text, i| {
        let _ = writeln!(text, "{}a:", " ".repeat(i));
        text
    });
    for text in [
        "[".repeat(deep),
        "{".repeat(deep),
        "{a: ".repeat(deep),
        "{\"a\":".repeat(deep) + "1",
        "- ".repeat(deep),
        "? ".repeat(deep),
        "!Sub [".repeat(deep),
        "&a [".repeat(deep),
        "{\"Fn::If\": [C, ".repeat(deep),
        block,
    ] {
        assert_eq!(told(&text), ["depth"], "{}", &text[..20]);
    }
}

#[test]
fn lines_and_directives_are_counted() {
    for end in ["\n", "\r", "\r\n"] {
        assert_eq!(told(&end.repeat(3_000_001)), ["size"], "{end:?}");
        let directives = |number: usize| {
            let tags = format!("# why{end}{end}%TAG !a! tag:x,2000:{end}").repeat(number);
            format!("%YAML 1.2{end}{tags}---{end}{}", one_topic(json!("x")))
        };
        let most = outcome(&directives(1), &[]);
        assert!(most.diagnostics.is_empty(), "{:?}", most.diagnostics);
        let many = outcome(&directives(100), &[]);
        assert_eq!(codes(&many), ["size"], "{end:?}");
        let at = many.diagnostics[0].labels[0].span;
        assert_eq!(&directives(100)[at.start..at.end], "%TAG !a! tag:x,2000:");
    }
    assert_eq!(told(&"\r\n".repeat(3_000_000)), ["empty"], "one end of a line");
    for before in ["\u{feff}", "...\n", "a: b\n...\n"] {
        let text = format!("{before}{}---\n", "%TAG !a! tag:x,2000:\n".repeat(101));
        assert_eq!(told(&text), ["size"], "{before:?}");
    }
}

#[test]
fn aliases_are_paid_for_by_what_they_repeat() {
    let scalar = "x".repeat(1 << 20);
    let long = format!("a: &a {scalar}\nb: [{}]\n", "*a, ".repeat(100_000));
    assert_eq!(told(&long), ["alias", "alias-bomb"]);
    let anchors: String = (0..60).map(|i| format!("&a{i} [")).collect();
    let nested = format!("a: {anchors}{}", "x, ".repeat(10_000) + &"]".repeat(60));
    assert_eq!(told(&nested), ["alias-bomb"]);
}

#[test]
fn values_that_multiply_are_made_up_to_a_size() {
    let mut sub = json!("0123456789");
    let mut join = sub.clone();
    for _ in 0..15 {
        sub = json!({"Fn::Sub": ["${a}".repeat(1_000), {"a": sub}]});
    }
    for _ in 0..6 {
        join = json!({"Fn::Join": ["", [join, join, join, join]]});
    }
    assert_eq!(told(&one_topic(sub)), ["size"]);
    // Four times itself six times over, and what is made of that.
    let join = json!({"Fn::Join": ["x".repeat(1_000), {"Fn::Split": ["0", join]}]});
    let join = json!({"Fn::Join": ["x".repeat(10_000), {"Fn::Split": ["x", join]}]});
    assert_eq!(told(&one_topic(join)), ["size"]);
    let delimiter = json!({"Fn::Join": ["x".repeat(1 << 20), vec!["a"; 1_000]]});
    assert_eq!(told(&one_topic(delimiter)), ["size"]);
    let split = json!({"Fn::Select": [0, {"Fn::Split": ["x", "x".repeat(1 << 20)]}]});
    assert_eq!(told(&one_topic(split)), ["size"]);

    // Each is too large, and after some of them no more are made.
    let list = json!({"Fn::Select": [0, {"Ref": "P"}]});
    let resources: Json = (0..200).map(|i| (format!("T{i}"), topic(list.clone()))).collect();
    let parameters = json!({"P": {"Type": "CommaDelimitedList", "Default": "x,".repeat(300_000)}});
    let many = json!({"Parameters": parameters, "Resources": resources}).to_string();
    assert_eq!(outcome(&many, &[]).diagnostics.len(), 7);

    // Each is small enough, all of them together are not.
    let text = "x".repeat(1 << 20);
    let resources: Json =
        (0..1_000).map(|i| (format!("T{i}"), topic(json!({"Ref": "P"})))).collect();
    let parameters = json!({"P": {"Type": "String", "Default": text}});
    let many = json!({"Parameters": parameters, "Resources": resources}).to_string();
    let many = outcome(&many, &[]);
    let sizes = many.diagnostics.iter().filter(|d| d.code == Code::Size).count();
    assert_eq!(sizes, 1, "the limit is reported once");
    assert!(many.evaluation.unwrap().desired.is_none());
}

#[test]
fn a_variable_of_a_sub_is_evaluated_once() {
    // 8 to the power of 6 evaluations otherwise, each of which would be a value of its own.
    let mut value = json!({"Ref": "AWS::Region"});
    for _ in 0..6 {
        let first = json!({"Fn::Select": [0, {"Fn::Split": ["-", value]}]});
        value = json!({"Fn::Sub": ["${a}-".repeat(8), {"a": first}]});
    }
    let text = one_topic(json!({"Fn::Select": [0, {"Fn::Split": ["-", value]}]}));
    let outcome = outcome(&text, &[]);
    assert_eq!(outcome.properties("T"), r#"{"DisplayName": "eu"}"#);
}

#[test]
fn what_is_not_closed_is_looked_for_once() {
    let text = one_topic(json!({"Fn::Sub": "${".repeat(300_000)}));
    assert_eq!(told(&text), ["sub-syntax"]);
}

#[test]
fn chains_of_conditions_take_no_stack() {
    for step in [1, -1_i32] {
        let name = |i: i32| format!("C{:06}", if step > 0 { i } else { 20_000 - i });
        let mut conditions: serde_json::Map<String, Json> =
            (0..20_000).map(|i| (name(i), json!({"Condition": name(i + 1)}))).collect();
        conditions.insert(name(20_000), json!({"Fn::Equals": ["a", "a"]}));
        let mut template = json!({"Conditions": conditions, "Resources": {"T": topic(json!("x"))}});
        assert_eq!(told(&template.to_string()), Vec::<String>::new());
        template["Conditions"][name(20_000)] = json!({"Fn::Not": [{"Condition": name(0)}]});
        assert_eq!(told(&template.to_string()), ["cycle"]);
    }
}

#[test]
fn loops_are_paid_for_by_what_they_make() {
    let names: Vec<String> = (0..1_000).map(|i| i.to_string()).collect();
    let looped = |collection: Json, inner: Json| {
        let inside = json!({"Fn::ForEach::B": ["J", collection, inner]});
        let resources = json!({"Fn::ForEach::A": ["I", names, inside]});
        json!({"Transform": "AWS::LanguageExtensions", "Resources": resources}).to_string()
    };
    let body = json!({"T${I}x${J}": topic(json!("x"))});
    assert_eq!(told(&looped(json!(names), body.clone())), ["loop"]);
    assert_eq!(told(&looped(json!(names), json!({}))), ["loop"]);
    let long = json!(["x".repeat(100_000)]);
    assert_eq!(told(&looped(long, body)), ["loop"]);
}

#[test]
fn findings_are_told_up_to_a_number_and_texts_up_to_a_length() {
    let long = "k".repeat(100_000);
    let mut resources: serde_json::Map<String, Json> =
        (0..3_000).map(|i| (format!("T{i}"), topic(json!({"Ref": format!("T{i}x")})))).collect();
    resources.insert("U".into(), json!({"Type": long, "DependsOn": long}));
    let outcome = outcome(&json!({"Resources": resources}).to_string(), &[]);
    let of_parsing = outcome.diagnostics.iter().take_while(|d| d.code != Code::More).count();
    assert_eq!(of_parsing, 500);
    let more: Vec<&Diagnostic> =
        outcome.diagnostics.iter().filter(|d| d.code == Code::More).collect();
    assert_eq!(more[0].message, "… and 2502 more errors, which are not shown");
    let lengths = outcome.diagnostics.iter().map(|d| d.message.len());
    assert!(lengths.max().unwrap() < 3_000);
}

#[test]
fn a_long_circle_is_reported_in_short() {
    let resources: Json = (0..5_000)
        .map(|i| {
            (
                format!("T{i}"),
                json!({"Type": "AWS::SNS::Topic", "DependsOn": format!("T{}", (i + 1) % 5_000)}),
            )
        })
        .collect();
    let outcome = outcome(&json!({"Resources": resources}).to_string(), &[]);
    assert_eq!(codes(&outcome), ["cycle"]);
    assert_eq!(outcome.diagnostics[0].labels.len(), 10);
    assert!(outcome.diagnostics[0].message.contains("… (4990 more)"));
}

#[test]
fn patterns_and_allowed_values_are_checked_in_bounded_time() {
    let parameter = |fields: Json| {
        let parameter = json!({"P": fields});
        let template = json!({"Parameters": parameter, "Resources": {"T": topic(json!("x"))}});
        told(&template.to_string())
    };
    let of = |kind: &str, pattern: &str, value: &str| {
        parameter(json!({"Type": kind, "AllowedPattern": pattern, "Default": value}))
    };
    assert_eq!(of("String", "(a+)+", &("a".repeat(4_000) + "b")), ["parameter-value"]);
    assert_eq!(of("String", "a*", &"a".repeat(5_000)), ["parameter-value"]);
    assert_eq!(of("CommaDelimitedList", "a*", &"a,".repeat(5_000)), ["parameter-value"]);
    assert_eq!(of("String", "((a{1000}){1000}){1000}", "a"), ["pattern-not-checked"]);
    assert_eq!(of("String", &"(".repeat(1_000_000), "a"), ["pattern-not-checked"]);
    let many: Json = (0..1_000)
        .map(|i| (format!("P{i}"), json!({"Type": "String", "AllowedPattern": format!("(a?){{{}}}b", 500 + i), "Default": "b".repeat(1_000)})))
        .collect();
    let many = json!({"Parameters": many, "Resources": {"T": topic(json!("x"))}});
    let many = outcome(&many.to_string(), &[]);
    let checked = many.diagnostics.iter().filter(|d| d.code == Code::ParameterValue).count();
    assert!((1..100).contains(&checked), "{checked}");
    let values: Vec<String> = (0..30_000).map(|i| i.to_string()).collect();
    let list =
        json!({"Type": "CommaDelimitedList", "AllowedValues": values, "Default": values.join(",")});
    assert_eq!(parameter(list), Vec::<String>::new());
    let other = json!({"Type": "String", "AllowedValues": values, "Default": "x"});
    assert_eq!(parameter(other), ["parameter-value"]);
}

#[test]
fn a_file_that_is_no_text_is_reported() {
    assert_eq!(told("a\0b"), ["syntax"]);
    assert_eq!(told(r#"{"Description": "\ud800"}"#), ["syntax"]);
    assert_eq!(told(r#"{"Description": "\udc00\ud800"}"#), ["syntax"]);
    assert_eq!(told("\u{feff}"), ["empty"]);
    assert_eq!(told(&one_topic(json!({"Fn::Cidr": ["10.0.0.0/8", 1e9, 1]}))), ["function-value"]);
    let huge = one_topic(json!("@")).replace("\"@\"", "1e999999");
    assert_eq!(outcome(&huge, &[]).properties("T"), r#"{"DisplayName": "1e999999"}"#);
    assert_eq!(told(&" ".repeat(rstack_template::MAX_SIZE + 1)), ["size"]);
}

#[test]
fn what_fuzzing_has_found_holds() {
    let repeat = |folder: &str, check: fn(&str)| {
        let folder = format!("{}/../../fuzz/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut seeds = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            check(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
            seeds += 1;
        }
        assert!(seeds > 0, "{folder}");
    };
    repeat("seeds", laws::check);
    repeat("seeds-assembly", assembly_laws::check);
    repeat("seeds-parameters", parameter_laws::check);
    repeat("seeds-addresses", address_laws::check);
}

/// Without errors of its own, so that the values decide what the laws are checked on.
#[test]
fn the_template_of_the_parameter_laws_is_sound() {
    let outcome = outcome(parameter_laws::TEMPLATE, &[("Secret", "correct-horse-battery")]);
    assert!(!outcome.diagnostics.iter().any(Diagnostic::is_error), "{:?}", outcome.diagnostics);
}

proptest! {
    #[test]
    fn the_laws_of_manifests_and_parameters_hold(
        line in "(Text|Choice|Number|Texts|Numbers|Network|Stored|Secret|X)=[ -~]{0,30}",
        more in "(Texts|Numbers|Secret|Networks)=[a-z0-9,. $\\{\\}é-]{0,40}",
        json in "[\\{\\}\\[\\]\",:a1 ]{0,30}",
        host in "[a-z0-9.:@-]{0,20}(s3|s3-fips|)[.-](eu-west-1|dualstack|)[.]?(amazonaws.com|)",
        path in "(/[ -~é]{0,30}|)",
    ) {
        address_laws::check(&format!("https://{host}{path}\ns3://{host}{path}\n{host}{path}"));
        parameter_laws::check(&format!("{line}\n{more}\n"));
        assembly_laws::check(&json);
        let artifact = "{\"artifacts\": {\"A\": {\"type\": \"aws:cloudformation:stack\", ";
        assembly_laws::check(&format!("{artifact}\"properties\": {json}}}}}}}"));
    }
}
