//! Templates that were made to do harm, through the whole program with little memory: an error with its
//! place, never the program's end. What each bound is, `crates/template/tests/language/hostile.rs` says.

use std::process::Command;

use serde_json::json;

use crate::harness::Place;

/// Kilobytes of address space, of which the program's threads and files take half.
const MEMORY: &str = "1000000";

/// Runs the program with bounded memory and gives its exit code and what it said.
fn bounded(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let inner = place.command(arguments);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -v \"$0\"; exec \"$@\"", MEMORY]).arg(inner.get_program());
    command.args(inner.get_args()).env_clear().current_dir(place.path(""));
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn hostile_templates_are_refused() {
    let topic = "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: ";
    let bomb: String = (1..12)
        .map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", ")))
        .collect();
    let line = "{\"Ref\": \"Nothing\"}, ";
    for (name, text, code) in [
        ("deep", topic.to_owned() + &"[".repeat(100_000), "error[depth]"),
        ("bomb", format!("a0: &a0 [x, x]\n{bomb}"), "error[alias-bomb]"),
        (
            "join",
            format!("{topic}!Join [{}, [{}]]\n", "x".repeat(1 << 20), "a, ".repeat(10_000)),
            "error[size]",
        ),
        ("line", format!("{topic}[{}]\n", line.repeat(10_000)), "error[more]"),
        ("nul", format!("{topic}a\0b\n"), "error[syntax]"),
    ] {
        let place = Place::empty();
        place.write("template.yaml", &text);
        for arguments in
            [&["validate", "template.yaml"][..], &["plan", "template.yaml", "--sandbox"]]
        {
            let (exit, said) = bounded(&place, arguments);
            assert_eq!(exit, Some(1), "{name}: {said}");
            assert!(said.contains(code), "{name}: {said}");
            assert!(said.len() < 1 << 20, "{name}");
        }
    }
}

/// Each stack of a manifest refers to all its look-ups that were not made: the text is small, and all
/// pairs of them are not.
#[test]
fn a_manifest_with_many_stacks_and_many_lookups_is_refused() {
    let place = Place::empty();
    place.write("cdk.out/app.json", r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}"#);
    let stack = |number: usize| {
        let properties = json!({"templateFile": "app.json"});
        let stack = json!({"type": "aws:cloudformation:stack", "properties": properties});
        (format!("S{number}"), stack)
    };
    let stacks: serde_json::Map<String, serde_json::Value> = (0..1500).map(stack).collect();
    let lookup =
        |number: usize| json!({"key": format!("vpc-{number}"), "provider": "p", "props": {}});
    let missing: Vec<_> = (0..20_000).map(lookup).collect();
    let manifest = json!({"version": "36.0.0", "artifacts": stacks, "missing": missing});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    for arguments in [&["plan", "cdk.out", "--sandbox"][..], &["validate", "cdk.out"]] {
        let (exit, said) = bounded(&place, arguments);
        assert_eq!(exit, Some(1), "{said}");
        assert!(said.contains("error[missing-context]") && said.contains(" more"), "{said}");
        assert!(said.len() < 1 << 20, "{}", said.len());
    }
}

#[test]
fn a_file_that_is_too_large_or_in_another_encoding_is_reported() {
    let place = Place::empty();
    place.write_bytes("wide.yaml", b"\xff\xfeR\0");
    place.write_bytes("latin.yaml", b"a: b\nc: \xe9\n");
    let file = std::fs::File::create(place.path("large.yaml")).unwrap();
    file.set_len((48 << 20) + 1).unwrap();
    for (name, problem) in [
        ("wide.yaml", "it is UTF-16"),
        ("latin.yaml", "line 2 is not UTF-8 (byte 8)"),
        ("large.yaml", "more than 48 MiB"),
    ] {
        let ran = place.run(&["validate", name]).expect(1);
        assert!(ran.err.contains(problem) && ran.err.contains("hint"), "{}", ran.err);
    }
}
