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
    assert!(plan.err.contains("Carry it out with: rstack apply x.plan"), "{}", plan.err);
    place
}

/// Demands that the plan is refused, and that nothing was changed.
#[track_caller]
fn refused(place: &Place, more: &[&str], error: &str) {
    let before = place.content();
    let ran = place.sandbox(&[&["apply", "x.plan", "--yes"], more].concat()).expect(1);
    assert!(ran.err.contains(error), "{}", ran.err);
    assert!(ran.err.contains("hint: "), "{}", ran.err);
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
    assert!(taken.err.contains("`x.plan` is a saved plan, not a template"), "{}", taken.err);

    // The template has moved on; the plan has not.
    place.edit("topic.yaml", "DisplayName: two", "DisplayName: three");
    let applied = place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
    assert!(applied.err.contains("Applied: 1 step"), "{}", applied.err);
    let next = place.sandbox(&["plan", "topic.yaml"]).expect(0);
    assert!(next.out.contains("[-] \"two\""), "{}", next.out);
    refused(&place, &[], "the plan was made from serial 1 of ");
}

#[test]
fn a_plan_is_refused_when_an_object_moved() {
    let place = saved();
    let id = "arn:aws:sns:eu-west-1:000000000000:a";
    place.sandbox(&["sandbox", "set", "AWS::SNS::Topic", id, "DisplayName", "else"]).expect(0);
    refused(&place, &[], "objects changed since the plan was made: `A` was changed");
    place.sandbox(&["sandbox", "remove", "AWS::SNS::Topic", id]).expect(0);
    refused(&place, &[], "objects changed since the plan was made: `A` ");
}

#[test]
fn a_plan_is_refused_elsewhere_and_with_other_wishes() {
    let place = saved();
    refused(&place, &["--region", "us-east-1"], "the plan is for the sandbox (eu-west-1)");
    refused(&place, &["--delete-first", "A"], "a saved plan takes no `--delete-first`");
    refused(&place, &["--no-refresh"], "a saved plan takes no `--no-refresh`");
    refused(&place, &["--stack-name", "b"], "a saved plan takes no `--stack-name`");
    refused(&place, &["--parameter", "A=b"], "takes no value for the parameter `A`");
    refused(&place, &["--state-dir", "other"], "the plan was made from serial 1 of ");
    place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
}

#[test]
fn a_plan_is_refused_when_its_stack_is_gone() {
    let place = saved();
    place.sandbox(&["destroy", "topic", "--yes"]).expect(0);
    refused(&place, &[], "the plan was made from serial 1 of ");
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
        refused(&place, &[], "error: `x.plan` is not a saved plan of this rstack: ");
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
    refused(&place, &[], "needs the value of the secret parameter `Key`");
    refused(
        &place,
        &["--parameter", "Key=two"],
        "the value of the secret parameter `Key` is not the one",
    );
    refused(&place, &["--parameter", "Key=one", "--parameter", "Plain=b"], "the parameter `Plain`");
    place.sandbox(&[&["apply", "x.plan", "--yes"][..], &key].concat()).expect(0);
    let plan = [&["plan", "topic.yaml", "--detailed-exitcode"][..], &key].concat();
    place.sandbox(&plan).expect(0);
}
