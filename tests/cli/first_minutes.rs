//! The first ten minutes of a user: file names, hints, files that are no templates, and templates
//! that are right in some account only.

use crate::harness::{Place, ran};

const TOPIC: &str = "Resources:\n  T: {Type: AWS::SNS::Topic}\n";

#[test]
fn a_file_with_a_name_of_its_own_is_a_stack() {
    let place = Place::empty();
    for (file, name) in [
        ("my_app.yaml", "my-app"),
        ("stacks/my.app.v2.yaml", "my-app-v2"),
        ("2024_live (copy).json", "stack-2024-live-copy"),
    ] {
        let text = if file.ends_with("json") {
            r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}"#
        } else {
            TOPIC
        };
        place.write(file, text);
        let plan = place.sandbox(&["plan", file]).expect(0);
        let note = format!("note: the stack is named `{name}`, ");
        assert_eq!(plan.err.lines().filter(|l| l.starts_with(&note)).count(), 1, "{}", plan.err);
        assert_eq!(plan.err.lines().count(), 1, "{}", plan.err);
        assert!(plan.out.starts_with(&format!("Stack {name} ")), "{}", plan.out);
        let json = place.sandbox(&["plan", file, "--json"]).expect(0);
        assert!(json.out.starts_with('{') && json.out.contains(name), "{}", json.out);
        place.sandbox(&["apply", file, "--yes"]).expect(0);
        // Its template and its name mean the same stack from now on.
        for stack in [file, name] {
            let list = place.sandbox(&["state", "list", stack]).expect(0);
            assert!(list.out.contains("AWS::SNS::Topic"), "{}", list.out);
        }
        place.sandbox(&["destroy", file, "--yes"]).expect(0);
        let named = place.sandbox(&["plan", file, "--stack-name", "other"]).expect(0);
        assert_eq!(named.err, "");
    }
}

#[test]
fn two_files_are_not_the_same_stack() {
    let place = Place::empty();
    place.write("my_app.yaml", TOPIC);
    place.write("my.app.yaml", TOPIC);
    place.write("my_app.json", "{}");
    let plan = place.sandbox(&["plan", "my_app.yaml"]).expect(1);
    let message = "error[stack-name-conflict]: `my_app.yaml` and `my.app.yaml` ";
    assert!(plan.err.starts_with(message), "{}", plan.err);
    assert!(plan.err.contains("`--stack-name`"), "{}", plan.err);
    place.sandbox(&["plan", "my_app.yaml", "--stack-name", "mine"]).expect(0);
    // What cannot be made into a name is refused as before.
    place.write("___.yaml", TOPIC);
    let none = place.sandbox(&["plan", "___.yaml"]).expect(1);
    none.reports("invalid-stack-name", &["`___`"]);
}

#[test]
fn a_plan_reports_all_mistakes_at_once() {
    let place = Place::empty();
    place.write(
        "stack.yaml",
        "Parameters:\n  P: {Type: String}\nResources:\n  Un: {Type: AWS::SNS::Topik}\n  A: {Type: \
         AWS::SNS::Topic, DependsOn: B, Properties: {Nope: 1, DisplayName: [x]}}\n  B: {Type: \
         AWS::SNS::Topic, DependsOn: A}\n  C: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref \
         Nothing}}\nOutputs:\n  O: {Value: !GetAtt Un.Arn}\n",
    );
    for command in ["plan", "apply"] {
        let ran = place.sandbox(&[command, "stack.yaml"]).expect(1);
        for code in [
            "missing-parameter",
            "unknown-type",
            "cycle",
            "unknown-property",
            "property-kind",
            "unresolved-reference",
        ] {
            let found = ran.err.matches(&format!("error[{code}]")).count();
            assert_eq!(found, 1, "{code}: {}", ran.err);
        }
        assert!(ran.err.contains("`stack.yaml` has 6 errors"), "{}", ran.err);
    }
}

#[test]
fn a_plan_with_mistakes_takes_secrets_from_where_they_are() {
    let place = Place::empty();
    place.write(
        "stack.yaml",
        "Parameters:\n  Given: {Type: String, NoEcho: true}\n  Open: {Type: String, NoEcho: \
         true}\nResources:\n  A: {Type: AWS::SNS::Topic, DependsOn: A}\n",
    );
    let mut command = place.command(&["plan", "stack.yaml", "--sandbox"]);
    command.env("RSTACK_PARAMETER_Given", "correct-horse");
    let plan = ran(command).expect(1);
    assert!(plan.err.contains("error[cycle]"), "{}", plan.err);
    plan.reports("missing-parameter", &["`Open`"]);
    assert!(!plan.err.contains("`Given`"), "{}", plan.err);
}

#[test]
fn no_hint_advises_the_sandbox_in_the_sandbox() {
    let place = Place::empty();
    for (name, kind) in [
        ("third", "My::Third::Party"),
        ("macro", "AWS::CloudFormation::Macro, Properties: {Name: x, FunctionName: y}"),
    ] {
        let file = format!("{name}.yaml");
        place.write(&file, &format!("Resources:\n  A: {{Type: {kind}}}\n"));
        let plan = place.sandbox(&["plan", &file]).expect(1);
        assert!(plan.err.contains("error[no-driver]"), "{}", plan.err);
        assert!(!plan.err.contains("--sandbox"), "{}", plan.err);
    }
    // A state of an account cannot be one of the sandbox.
    place.write("live.yaml", TOPIC);
    place.sandbox(&["apply", "live.yaml", "--yes"]).expect(0);
    let state = place.sandbox(&["state", "pull", "live"]).expect(0).out;
    place.write_private("pulled.json", &state);
    let wrong = place.run(&["state", "push", "live", "pulled.json"]).expect(1);
    wrong.reports("environment-mismatch", &["`--sandbox`"]);
    let plan = place.sandbox(&["plan", "lvie.yaml"]).expect(1);
    plan.reports("stack-not-found", &["`live.yaml`"]);
    let plan = place.sandbox(&["plan", "no/such/thing.yaml"]).expect(1);
    assert!(!plan.err.contains("give the path"), "{}", plan.err);
}

#[test]
fn what_is_no_stack_is_called_that() {
    let place = Place::streaming();
    place.write("notes.txt", "hello");
    place.write("docs/README.md", "");
    place.write("live.yaml", TOPIC);
    place.sandbox(&["plan", "live.yaml", "--out", "live.plan"]).expect(0);
    for (text, what) in [
        ("notes.txt", "the file is not a template"),
        ("docs/README.md", "the file is not a template"),
        ("docs", "it is a folder"),
        ("./no/such.yaml", "no such template and no stack of this name exists"),
        ("such.yaml", "no such template and no stack of this name exists"),
        ("no_such", "no stack has such a name"),
        ("live.plan", "it is a saved plan"),
    ] {
        for command in [&["output"][..], &["state", "list"], &["state", "pull"], &["show"]] {
            if command == ["show"] && text == "live.plan" {
                continue;
            }
            let line = [command, &[text]].concat();
            let ran = place.sandbox(&line).expect(1);
            let message = format!("error[not-a-stack]: `{text}` is not a stack: {what}\n");
            assert!(ran.err.starts_with(&message), "{line:?}: {}", ran.err);
            assert!(ran.err.contains("`rstack ls --sandbox` lists them"), "{}", ran.err);
        }
    }
    // A template that was never applied is one.
    let ran = place.sandbox(&["output", "live.yaml"]).expect(1);
    assert!(ran.err.contains("stack `live`"), "{}", ran.err);
}

#[test]
fn a_page_instead_of_a_template_is_called_that() {
    let place = Place::empty();
    let page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>a: b</title></head></html>\n";
    place.write("page.yaml", page);
    place.write("included.yaml", page);
    place.write(
        "stack.yaml",
        "Transform: {Name: AWS::Include, Parameters: {Location: included.yaml}}\nResources: {T: \
         {Type: AWS::SNS::Topic}}\n",
    );
    for file in ["page.yaml", "stack.yaml"] {
        for ran in [place.run(&["validate", file]), place.sandbox(&["plan", file])] {
            let ran = ran.expect(1);
            let message = "error[syntax]: the file is an HTML page, not a template";
            assert!(ran.err.starts_with(message), "{}", ran.err);
            assert_eq!(ran.err.matches("error[syntax]").count(), 1, "{}", ran.err);
        }
    }
}

#[test]
fn a_value_of_an_included_file_is_warned_of_and_not_quoted() {
    let place = Place::empty();
    let topic = "Resources:\n  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: 013571113}}\n";
    place.write("included.yaml", topic);
    place.write("plain.yaml", topic);
    place.write(
        "stack.yaml",
        "Transform: {Name: AWS::Include, Parameters: {Location: included.yaml}}\n",
    );
    let plain = place.run(&["validate", "plain.yaml"]).expect(0);
    assert!(plain.err.contains("CloudFormation reads `013571113` as"), "{}", plain.err);
    for format in ["text", "json", "sarif"] {
        let validate = place.run(&["validate", "stack.yaml", "--format", format]).expect(0);
        let all = format!("{}{}", validate.out, validate.err);
        assert!(all.contains("yaml-scalar") && all.contains("included.yaml"), "{all}");
        assert!(!all.contains("13571113"), "{all}");
    }
}

/// Templates that are right in an account that they name, and what is said of them where the
/// account is not known.
const BY_ACCOUNT: [(&str, &str); 6] = [
    (
        "mapping-key",
        "Mappings: {M: {'222222222222': {Name: a}}}\nResources:\n  T: {Type: AWS::SNS::Topic, \
         Properties: {TopicName: !FindInMap [M, !Ref AWS::AccountId, Name]}}\n",
    ),
    (
        "mapping-key",
        "Mappings: {M: {'222222222222': {Name: a}}, N: {'333333333333': {Name: \
         b}}}\nConditions: {C: !Equals [!Ref AWS::AccountId, '333333333333']}\nResources:\n  T: \
         {Type: AWS::SNS::Topic, Properties: {TopicName: !If [C, !FindInMap [N, !Ref \
         AWS::AccountId, Name], !FindInMap [M, !Ref AWS::AccountId, Name]]}}\n",
    ),
    (
        "loop",
        "Transform: AWS::LanguageExtensions\nMappings: {M: {'123456789012': {Names: \
         [a]}}}\nResources:\n  Fn::ForEach::L:\n    - X\n    - !FindInMap [M, !Ref AWS::AccountId, \
         Names]\n    - 'T${X}': {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref X}}\n",
    ),
    (
        "conditional-reference",
        "Conditions: {C: !Equals [!Ref AWS::AccountId, '222222222222']}\nResources:\n  A: {Type: \
         AWS::SNS::Topic, Condition: C}\n  B: {Type: AWS::SNS::Topic, Properties: {DisplayName: \
         !GetAtt A.TopicName}}\n",
    ),
    (
        "rule",
        "Rules: {R: {Assertions: [{Assert: !Equals [!Ref AWS::AccountId, \
         '222222222222']}]}}\nResources:\n  T: {Type: AWS::SNS::Topic}\n",
    ),
    (
        "conditional-reference",
        "Conditions: {C: !Equals [!Ref AWS::Region, us-east-1]}\nResources:\n  A: {Type: \
         AWS::SNS::Topic, Condition: C}\n  B: {Type: AWS::SNS::Topic, Properties: {DisplayName: \
         !GetAtt A.TopicName}}\n",
    ),
];

#[test]
fn validate_knows_no_account() {
    let place = Place::empty();
    for (code, text) in BY_ACCOUNT {
        place.write("stack.yaml", text);
        let validate = place.run(&["validate", "stack.yaml"]).expect(0);
        assert!(validate.err.contains(&format!("warning[{code}]")), "{}", validate.err);
        assert!(!validate.err.contains("error["), "{}", validate.err);
        // The sandbox is an account, and none of those.
        let plan = place.sandbox(&["plan", "stack.yaml"]).expect(1);
        assert!(plan.err.contains(&format!("error[{code}]")), "{}", plan.err);
    }
    let (code, by_region) = BY_ACCOUNT[5];
    place.write("stack.yaml", by_region);
    let chosen = place.run(&["validate", "stack.yaml", "--region", "eu-west-1"]).expect(1);
    assert!(chosen.err.contains(&format!("error[{code}]")), "{}", chosen.err);
}

#[test]
fn validate_refuses_what_is_wrong_in_every_account() {
    let place = Place::empty();
    for (code, text) in [
        (
            "mapping-key",
            "Mappings: {M: {'222222222222': {Name: a}}}\nResources:\n  T: {Type: AWS::SNS::Topic, \
             Properties: {TopicName: !FindInMap [M, !Ref AWS::AccountId, Nmae]}}\n",
        ),
        (
            "mapping-key",
            "Mappings: {M: {prod: {Name: '222222222222'}}}\nResources:\n  T: {Type: \
             AWS::SNS::Topic, Properties: {TopicName: !FindInMap [M, !Ref AWS::AccountId, \
             Name]}}\n",
        ),
        (
            "unknown-property",
            "Mappings: {M: {'222222222222': {Name: a}}}\nResources:\n  T: {Type: AWS::SNS::Topic, \
             Properties: {Nope: x, TopicName: !FindInMap [M, !Ref AWS::AccountId, Name]}}\n",
        ),
        (
            "unknown-property",
            "Transform: AWS::LanguageExtensions\nMappings: {M: {'123456789012': {Names: \
             [a]}}}\nResources:\n  Fn::ForEach::L:\n    - X\n    - !FindInMap [M, !Ref \
             AWS::AccountId, Names]\n    - 'T${X}': {Type: AWS::SNS::Topic, Properties: {Nope: x}}\n",
        ),
    ] {
        place.write("stack.yaml", text);
        let validate = place.run(&["validate", "stack.yaml"]).expect(1);
        assert!(validate.err.contains(&format!("error[{code}]")), "{text}: {}", validate.err);
    }
}
