//! The life of the streaming stack in the sandbox.

use crate::harness::{Place, ran};

#[test]
fn a_name_that_is_taken_is_reported_and_nothing_is_left() {
    let place = Place::empty();
    let topic = "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    DeletionPolicy: Retain\n    \
                 Properties: {TopicName: a}\n";
    place.write("topic.yaml", topic);
    place.sandbox(&["apply", "topic.yaml", "--yes"]).expect(0);
    let retained = place.sandbox(&["destroy", "topic", "--yes"]).expect(0);
    assert!(retained.out.contains("stays in the cloud, no longer managed"), "{}", retained.out);
    let before = place.content();
    let refused = place.sandbox(&["apply", "topic.yaml", "--yes"]).expect(4);
    refused.reports("object-exists", &["`A`", "hint: "]);
    assert_eq!(place.content(), before);
    place.edit("topic.yaml", "TopicName: a", "TopicName: b");
    place.sandbox(&["apply", "topic.yaml", "--yes"]).expect(0);
}

#[test]
fn the_streaming_stack_is_made_changed_healed_and_destroyed() {
    let place = Place::streaming();
    let plan = place.sandbox(&["plan", "--detailed-exitcode"]).expect(2);
    assert!(plan.out.contains("Plan: 9 to create"), "{}", plan.out);
    let applied = place.sandbox(&["apply", "--yes"]).expect(0);
    assert!(applied.out.contains("streaming.HlsUrl = https://"), "{}", applied.out);
    let again = place.sandbox(&["plan", "--detailed-exitcode"]).expect(0);
    assert!(again.out.contains("No changes. 9 resources are as declared."), "{}", again.out);

    place.edit("stacks/streaming.yaml", "    Default: 6\n", "    Default: 4\n");
    place.edit("stacks/streaming.yaml", "Comment: !Sub Live stream", "Comment: !Sub New stream");
    let changed = place.sandbox(&["plan", "--compact"]).expect(0);
    assert!(
        changed.out.contains("Plan: 0 to create, 5 to update, 0 to replace"),
        "{}",
        changed.out
    );
    place.sandbox(&["apply", "--yes"]).expect(0);
    place.sandbox(&["plan", "--detailed-exitcode"]).expect(0);

    let endpoint = "AWS::MediaPackage::OriginEndpoint";
    place.sandbox(&["sandbox", "remove", endpoint, "streaming-live-mss"]).expect(0);
    let missing = place.sandbox(&["plan", "--compact"]).expect(0);
    assert!(missing.out.contains("Plan: 1 to create"), "{}", missing.out);
    place.sandbox(&["apply", "--yes"]).expect(0);

    place.sandbox(&["destroy", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
    assert!(!place.path("state/sandbox/streaming.json").exists());
}

#[test]
fn the_demo_runs_to_its_end() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = std::process::Command::new(root.join("scripts/demo"));
    command.arg(env!("CARGO_BIN_EXE_rstack")).env("NO_COLOR", "1");
    let demo = ran(command).expect(0);
    assert!(demo.out.contains("No changes. 9 resources are as declared."), "{}", demo.out);
    let end = demo.out.split("Nothing is left").nth(1).unwrap();
    assert!(end.contains("not applied"), "{end}");
}

#[test]
fn there_is_nothing_to_resolve_in_a_complete_stack() {
    let place = Place::streaming();
    place.sandbox(&["apply", "--yes"]).expect(0);
    let before = place.read("state/sandbox/streaming.json");
    let refused = place.sandbox(&["resolve", "streaming", "Channel", "--not-ours"]).expect(1);
    refused.reports("nothing-to-resolve", &["`Channel`"]);
    place.sandbox(&["settle", "streaming", "Channel"]).expect(1);
    let both = ["resolve", "streaming", "Channel", "--not-ours", "--ours", "x"];
    place.sandbox(&both).expect(1);
    assert_eq!(place.read("state/sandbox/streaming.json"), before);
}
