//! Runs that are interrupted: nothing is lost, nothing is made twice.

use std::path::Path;

use rustix::process::Signal;

use crate::harness::Place;

const APPLY: &[&str] = &["apply", "--yes"];

/// The next apply finishes the stack, with each object made once.
fn finishes(place: &Place) {
    place.sandbox(APPLY).expect(0);
    let again = place.sandbox(&["plan", "--detailed-exitcode"]).expect(0);
    assert!(again.out.contains("No changes. 9 resources are as declared."), "{}", again.out);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count(), 9);
    assert!(!place.path("state/sandbox/streaming.journal").exists());
}

#[test]
fn an_interrupt_ends_the_run_and_records_it() {
    let place = Place::streaming();
    let mut running = place.start_slow(APPLY);
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::INT);
    let (code, said) = running.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("Stopping: running steps finish and are recorded."), "{said}");
    assert!(said.contains("Interrupted: 8 of 9 steps done, 1 interrupted, after"), "{said}");
    assert!(!said.contains("failed"), "{said}");
    assert!(
        said.contains(
            "Interrupted. The completed steps are recorded; apply again to continue, or roll back"
        ),
        "{said}"
    );
    assert!(!place.path("state/sandbox/streaming.journal").exists());
    let listed = place.sandbox(&["ls"]).expect(0);
    assert!(listed.out.contains("9 resources, serial 1"), "{}", listed.out);
    finishes(&place);
}

#[test]
fn a_killed_run_is_recovered_by_the_next_command() {
    let place = Place::streaming();
    let mut running = place.start_slow(APPLY);
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::KILL);
    assert_eq!(running.end().0, None);
    assert!(place.path("state/sandbox/streaming.journal").exists());
    let listed = place.sandbox(&["ls"]).expect(0);
    assert!(listed.out.contains("new, a run is open"), "{}", listed.out);
    let shown = place.sandbox(&["show"]).expect(1);
    shown.reports("no-state", &["`streaming`"]);

    let plan = place.sandbox(&["plan"]).expect(0);
    assert!(plan.err.contains("An earlier run of `streaming` was interrupted."), "{}", plan.err);
    assert!(plan.err.contains("Recovered: the state records 9 objects."), "{}", plan.err);
    finishes(&place);
}

#[test]
fn a_second_interrupt_leaves_at_once() {
    let place = Place::streaming();
    // Calls that take minutes: what runs cannot be finished soon.
    let mut running = place.start(APPLY, "latency-ms=600000");
    running.wait_for("creating   ");
    running.signal(Signal::INT);
    running.wait_for("Stopping: running steps finish");
    running.signal(Signal::INT);
    let (code, said) = running.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("Exiting now. The next command recovers"), "{said}");
    assert!(place.path("state/sandbox/streaming.journal").exists());
    let applied = place.sandbox(APPLY).expect(0);
    assert!(
        applied.err.contains("An earlier run of `streaming` was interrupted."),
        "{}",
        applied.err
    );
    finishes(&place);
}

#[test]
fn a_killed_destroy_is_finished_by_the_next_one() {
    let place = Place::streaming();
    place.sandbox(APPLY).expect(0);
    let mut running = place.start_slow(&["destroy", "--yes"]);
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::KILL);
    assert_eq!(running.end().0, None);
    place.sandbox(&["destroy", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
    assert!(!place.path("state/sandbox/streaming.json").exists());
}

#[test]
fn what_a_bad_day_breaks_can_be_applied_again() {
    let place = Place::streaming();
    let mut codes = Vec::new();
    for seed in 0..6 {
        let mut command = place.command(&["apply", "--yes", "--sandbox"]);
        let sandbox_env = format!("faults=stormy,seed={seed},deploy-polls=0,poll-ms=0");
        command.env("RSTACK_SANDBOX", sandbox_env);
        let ran = crate::harness::ran(command);
        assert!([0, 4, 5].contains(&ran.code), "{}: {}", ran.code, ran.err);
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        codes.push(ran.code);
        if ran.code == 0 {
            break;
        }
    }
    assert!(!codes.is_empty());
    finishes(&place);
}

/// A stack of the one channel `x`.
fn channel(description: &str) -> String {
    format!(
        "Resources:\n  C:\n    Type: AWS::MediaPackage::Channel\n    \
         Properties: {{Id: x, Description: {description}}}\n"
    )
}

/// True if the journal holds the intent of an operation.
fn has_intent(journal: &Path) -> bool {
    std::fs::read_to_string(journal).is_ok_and(|text| text.contains("\"intent\""))
}

/// A run is killed when its intent is durable and its call has not been made, and another stack
/// makes an object of that name.
fn in_doubt() -> Place {
    let place = Place::empty();
    place.write("stacks/one.yaml", &channel("a"));
    place.write("stacks/two.yaml", &channel("b"));
    let mut running = place.start(&["apply", "one", "--yes"], "latency-ms=600000");
    let journal = place.path("state/sandbox/one.journal");
    running.until(|| has_intent(&journal));
    running.signal(Signal::KILL);
    running.end();
    place.sandbox(&["apply", "two", "--yes"]).expect(0);
    place
}

#[test]
fn the_user_resolves_what_the_cloud_cannot_tell() {
    for (decision, planned) in [("--not-ours", "1 to create"), ("--ours=x", "No changes.")] {
        let place = in_doubt();
        let stopped = place.sandbox(&["plan", "one"]).expect(1);
        assert!(
            stopped.err.contains("rstack resolve one C --not-ours --sandbox`"),
            "{}",
            stopped.err
        );
        place.sandbox(&["settle", "one", "C", decision]).expect(0);
        let plan = place.sandbox(&["plan", "one"]).expect(0);
        assert!(plan.out.contains(planned), "{decision}: {}", plan.out);
    }
}

/// A creation is looked for with the value of its secret: commands that need no template
/// take its value, too.
#[test]
fn a_secret_whose_creation_was_cut_off_is_looked_for_with_the_value_that_is_given() {
    let text = "Parameters:\n  Password: {Type: String, NoEcho: true}\nResources:\n  S:\n    \
                Type: AWS::SecretsManager::Secret\n    Properties: {SecretString: !Ref Password}\n";
    for command in ["destroy", "rollback"] {
        let place = Place::empty();
        place.write("stacks/one.yaml", text);
        let secret = &["--parameter", "Password=a-password"];
        let apply = [&["apply", "one", "--yes"], &secret[..]].concat();
        let mut running = place.start(&apply, "latency-ms=600000");
        let journal = place.path("state/sandbox/one.journal");
        running.until(|| has_intent(&journal));
        running.signal(Signal::KILL);
        running.end();
        let missing = place.sandbox(&[command, "one", "--yes"]).expect(1);
        missing.reports("secret-parameter-missing", &["--parameter Password=VALUE"]);
        place.sandbox(&[&[command, "one", "--yes"], &secret[..]].concat()).expect(0);
        assert!(!place.path("state/sandbox/one.json").exists());
        assert!(!journal.exists());
    }
}
