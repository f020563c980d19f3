//! Saved plans: carried out as they are, or refused because something moved.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::harness::Place;

const TOPIC: &str = "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      \
                     TopicName: a\n      DisplayName: one\n";

/// A stack that is applied, with a saved plan of a change.
fn saved() -> Place {
    let place = Place::empty();
    place.write("topic.yaml", TOPIC);
    place.sandbox(&["apply", "topic.yaml", "--yes"]).expect(0);
    place.edit("topic.yaml", "DisplayName: one", "DisplayName: two");
    let plan = place.sandbox(&["plan", "topic.yaml", "--out", "x.plan"]).expect(0);
    assert!(plan.err.contains("Apply it with: rstack apply x.plan"), "{}", plan.err);
    place
}

/// Demands that the plan is refused with this code and fact, and that nothing was changed.
#[track_caller]
fn refused(place: &Place, more: &[&str], code: &str, fact: &str) {
    let before = place.content();
    let ran = place.sandbox(&[&["apply", "x.plan", "--yes"], more].concat()).expect(1);
    ran.reports(code, &[fact, "hint: "]);
    assert_eq!(place.content(), before);
}

#[test]
fn a_saved_plan_is_shown_and_carried_out_as_it_is() {
    let place = saved();
    let mode = std::fs::metadata(place.path("x.plan")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let shown = place.run(&["show", "x.plan"]).expect(0);
    assert!(shown.out.contains("Plan: 0 to create, 1 to update"), "{}", shown.out);
    let json: Value =
        serde_json::from_str(&place.run(&["show", "x.plan", "--json"]).expect(0).out).unwrap();
    assert_eq!(json["changes"][0]["properties"][0]["path"], "DisplayName");
    let taken = place.sandbox(&["plan", "x.plan"]).expect(1);
    taken.reports("not-a-stack", &["`x.plan`"]);

    // The template has moved on; the plan has not.
    place.edit("topic.yaml", "DisplayName: two", "DisplayName: three");
    let applied = place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
    assert!(applied.err.contains("Applied: 1 step"), "{}", applied.err);
    let next = place.sandbox(&["plan", "topic.yaml"]).expect(0);
    assert!(next.out.contains("[-] \"two\""), "{}", next.out);
    refused(&place, &[], "plan-outdated", "serial 1");
}

#[test]
fn a_plan_is_refused_when_an_object_moved() {
    let place = saved();
    let id = "arn:aws:sns:eu-west-1:000000000000:a";
    place.sandbox(&["sandbox", "set", "AWS::SNS::Topic", id, "DisplayName", "else"]).expect(0);
    refused(&place, &[], "plan-outdated", "`A`");
    place.sandbox(&["sandbox", "remove", "AWS::SNS::Topic", id]).expect(0);
    refused(&place, &[], "plan-outdated", "`A`");
}

#[test]
fn a_plan_is_refused_elsewhere_and_with_other_wishes() {
    let place = saved();
    refused(&place, &["--region", "us-east-1"], "environment-mismatch", "(eu-west-1)");
    refused(&place, &["--delete-first", "A"], "option-conflict", "`--delete-first`");
    refused(&place, &["--no-refresh"], "option-conflict", "`--no-refresh`");
    refused(&place, &["--stack-name", "b"], "option-conflict", "`--stack-name`");
    refused(&place, &["--parameter", "A=b"], "parameter-not-taken", "`A`");
    refused(&place, &["--state-dir", "other"], "plan-outdated", "serial 1");
    place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
}

#[test]
fn a_plan_is_refused_when_its_stack_is_gone() {
    let place = saved();
    place.sandbox(&["destroy", "topic", "--yes"]).expect(0);
    refused(&place, &[], "plan-outdated", "serial 1");
}

#[test]
fn a_damaged_plan_is_refused() {
    let place = saved();
    let whole = place.files().remove("x.plan").unwrap();
    let mut damaged: Vec<Vec<u8>> = [0, 15, 40, whole.len() / 2, whole.len() - 3]
        .iter()
        .map(|at| {
            let mut bytes = whole.clone();
            bytes[*at] ^= 1;
            bytes
        })
        .collect();
    damaged.push(whole[..whole.len() / 2].to_vec());
    for bytes in damaged {
        place.write_bytes("x.plan", &bytes);
        refused(&place, &[], "plan-unusable", "`x.plan`");
    }
    place.write_bytes("x.plan", &whole);
    place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
}

#[test]
fn secret_parameters_are_given_again_and_must_be_the_same() {
    let place = Place::empty();
    place.write(
        "topic.yaml",
        "Parameters:\n  Key: {Type: String, NoEcho: true}\n  Plain: {Type: String, Default: a}\n\
         Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: !Ref Key\n",
    );
    let key = ["--parameter", "Key=one"];
    place.sandbox(&[&["plan", "topic.yaml", "--out", "x.plan"][..], &key].concat()).expect(0);
    refused(&place, &[], "secret-parameter-missing", "`Key`");
    refused(&place, &["--parameter", "Key=two"], "secret-parameter-differs", "`Key`");
    refused(
        &place,
        &["--parameter", "Key=one", "--parameter", "Plain=b"],
        "parameter-not-taken",
        "`Plain`",
    );
    place.sandbox(&[&["apply", "x.plan", "--yes"][..], &key].concat()).expect(0);
    let plan = [&["plan", "topic.yaml", "--detailed-exitcode"][..], &key].concat();
    place.sandbox(&plan).expect(0);
}

/// Source: RFC 8410, sections 10.1 and 10.3: a key pair that is published, as OpenSSL writes it.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
    -----END PUBLIC KEY-----\n";
/// Another one: the base point, whose private part is of no interest here.
const OTHER: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAWGZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY=\n\
    -----END PUBLIC KEY-----\n";

fn set_mode(place: &Place, name: &str, mode: u32) {
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(place.path(name), mode).unwrap();
}

/// A place with a saved plan that is signed, and the keys.
fn signed() -> Place {
    let place = saved();
    place.write_private("plan.key", PRIVATE);
    for (name, text) in [("plan.pub", PUBLIC), ("other.pub", OTHER)] {
        place.write_private(name, text);
    }
    let plan = ["plan", "topic.yaml", "--out", "x.plan", "--sign", "plan.key"];
    let plan = place.sandbox(&plan).expect(0);
    assert!(plan.err.contains("Saved and signed: sha256:"), "{}", plan.err);
    place
}

fn digest(place: &Place) -> String {
    let shown = place.run(&["show", "x.plan"]).expect(0);
    let line = shown.out.lines().find_map(|line| line.strip_prefix("Digest: "));
    line.unwrap_or_else(|| panic!("{}", shown.out)).to_owned()
}

#[test]
fn a_signed_plan_is_verified() {
    let place = signed();
    refused(&place, &["--verify", "other.pub"], "plan-not-approved", "sha256:");
    refused(&place, &["--verify", "plan.key"], "key-unusable", "`plan.key`");
    refused(&place, &["--verify", "missing.pub"], "file-not-read", "`missing.pub`");
    refused(&place, &["--verify", "env:NONE"], "key-unusable", "`NONE`");
    let shown = place.run(&["show", "x.plan"]).expect(0);
    assert!(shown.out.contains(", not verified: give its public part"), "{}", shown.out);
    let shown = place.run(&["show", "x.plan", "--verify", "plan.pub"]).expect(0);
    assert!(shown.out.ends_with(", verified\n"), "{}", shown.out);
    let shown = place.run(&["show", "x.plan", "--verify", "plan.pub", "--json"]).expect(0);
    let json: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(json["saved"]["signature"]["verified"], true);
    place.run(&["show", "x.plan", "--verify", "other.pub"]).expect(1);
    // One of several keys suffices, and the plan of a topic that is signed is carried out.
    let keys = ["--verify", "other.pub", "--verify", "plan.pub"];
    place.sandbox(&[&["apply", "x.plan", "--yes"][..], &keys].concat()).expect(0);
}

#[test]
fn keys_come_from_environment_variables_too() {
    let place = saved();
    let plan = ["plan", "topic.yaml", "--sandbox", "--out", "x.plan", "--sign", "env:PLAN_KEY"];
    let mut command = place.command(&plan);
    command.env("PLAN_KEY", PRIVATE);
    let ran = crate::harness::ran(command).expect(0);
    assert!(!ran.out.contains("MC4CAQ") && !ran.err.contains("MC4CAQ"));
    let mut command =
        place.command(&["apply", "x.plan", "--sandbox", "--yes", "--verify", "env:PLAN_PUB"]);
    command.env("PLAN_PUB", PUBLIC);
    crate::harness::ran(command).expect(0);
}

#[test]
fn a_plan_that_is_not_signed_or_was_changed_is_not_verified() {
    let place = signed();
    let plan = place.read("x.plan");
    // A signature that was made of another plan.
    place.edit("topic.yaml", "DisplayName: two", "DisplayName: three");
    place.sandbox(&["plan", "topic.yaml", "--out", "x.plan"]).expect(0);
    refused(&place, &["--verify", "plan.pub"], "plan-not-approved", "signed");
    let mut other: Value = serde_json::from_str(&place.read("x.plan")).unwrap();
    let signed: Value = serde_json::from_str(&plan).unwrap();
    other["signature"] = signed["signature"].clone();
    place.write("x.plan", &other.to_string());
    refused(&place, &["--verify", "plan.pub"], "plan-not-approved", "sha256:");
    other["extra"] = "x".into();
    place.write("x.plan", &other.to_string());
    refused(&place, &["--verify", "plan.pub"], "plan-unusable", "`extra`");
}

#[test]
fn only_the_plan_with_the_approved_digest_is_carried_out() {
    let place = saved();
    let approved = digest(&place);
    let digits = approved.strip_prefix("sha256:").unwrap();
    assert_eq!(digits.len(), 64);
    let short = place.sandbox(&["apply", "x.plan", "--yes", "--digest", &digits[..12]]).expect(1);
    short.reports("invalid-arguments", &["`sha256:`", &digits[..12]]);
    place.edit("topic.yaml", "DisplayName: two", "DisplayName: three");
    let plan = place.sandbox(&["plan", "topic.yaml", "--out", "x.plan", "--json"]).expect(0);
    let json: Value = serde_json::from_str(&plan.out).unwrap();
    refused(&place, &["--digest", &approved], "plan-not-approved", "sha256:");
    let found = json["saved"]["digest"].as_str().unwrap();
    assert_eq!(found, digest(&place));
    place.sandbox(&["apply", "x.plan", "--yes", "--digest", found]).expect(0);
}

#[test]
fn a_plan_that_others_could_have_written_is_refused_unless_it_is_approved() {
    for mode in [0o666, 0o620] {
        let place = signed();
        let approved = digest(&place);
        set_mode(&place, "x.plan", mode);
        refused(&place, &[], "file-not-trusted", &format!("{mode:04o}"));
        refused(&place, &["--verify", "other.pub"], "plan-not-approved", "sha256:");
        assert_eq!(digest(&place), approved, "it can be looked at");
        place.sandbox(&["apply", "x.plan", "--yes", "--digest", &approved]).expect(0);
        let place = signed();
        set_mode(&place, "x.plan", mode);
        place.sandbox(&["apply", "x.plan", "--yes", "--verify", "plan.pub"]).expect(0);
        let place = saved();
        set_mode(&place, "x.plan", 0o644);
        place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
    }
}

#[test]
fn keys_that_others_can_use_are_refused() {
    let place = signed();
    set_mode(&place, "plan.pub", 0o666);
    refused(&place, &["--verify", "plan.pub"], "file-not-trusted", "0666");
    set_mode(&place, "plan.key", 0o640);
    let before = place.content();
    let sign = ["plan", "topic.yaml", "--out", "y.plan", "--sign", "plan.key"];
    let ran = place.sandbox(&sign).expect(1);
    ran.reports("file-not-trusted", &["`plan.key`", "0640", "chmod 600 plan.key"]);
    assert_eq!(place.content(), before);
    place.write_private("no.key", "hunter2");
    let sign = ["plan", "topic.yaml", "--out", "y.plan", "--sign", "no.key"];
    let ran = place.sandbox(&sign).expect(1);
    ran.reports("key-unusable", &["`no.key`"]);
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
}

#[test]
fn approval_is_for_saved_plans() {
    let place = signed();
    let ran = place.sandbox(&["apply", "topic.yaml", "--yes", "--verify", "plan.pub"]).expect(1);
    assert!(ran.err.contains("error[option-conflict]: `--verify`"), "{}", ran.err);
    let ran = place.sandbox(&["show", "topic", "--verify", "plan.pub"]).expect(1);
    assert!(ran.err.contains("error[option-conflict]: `--verify`"), "{}", ran.err);
    let ran = place.sandbox(&["plan", "topic.yaml", "--sign", "plan.key"]).expect(1);
    assert!(ran.err.contains("--out <FILE>"), "{}", ran.err);
}

/// The plan of the issue: it shows one change and makes another.
#[test]
fn a_forged_plan_is_neither_shown_nor_carried_out() {
    let place = saved();
    let mut file: Value = serde_json::from_str(&place.read("x.plan")).unwrap();
    let desired = &mut file["plan"]["changes"]["A"]["desired"]["properties"]["DisplayName"];
    assert_eq!(*desired, "two");
    *desired = "evil".into();
    let plan: rstack_model::plan::Plan = serde_json::from_value(file["plan"].clone()).unwrap();
    file["digest"] = rstack_model::Digest::of_json(&plan).unwrap().as_str().into();
    place.write("x.plan", &file.to_string());
    refused(&place, &[], "plan-unusable", "`A` (differences)");
    let shown = place.run(&["show", "x.plan"]).expect(1);
    shown.reports("plan-unusable", &["`A` (differences)"]);
    assert_eq!(shown.out, "");
}
