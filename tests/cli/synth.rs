//! CDK apps that are synthesized first: only on demand, in a bounded environment.

use rustix::process::Signal;

use crate::harness::{Place, Running, ran};

/// An app that writes one stack, whose topic has what the app was given for a name.
const APP: &str = r#"echo 'synthesizing' >&2
echo 'Resources: {}'
mkdir -p "$CDK_OUTDIR"
cat > "$CDK_OUTDIR/manifest.json" <<END
{"version": "36.0.0", "artifacts": {"Alerts": {"type": "aws:cloudformation:stack",
 "environment": "aws://unknown-account/unknown-region", "properties": {"templateFile": "a.json"}}}}
END
name=$(printf '%s' "$CDK_CONTEXT_JSON" | sed 's/.*"name":"\([a-z]*\)".*/\1/')
cat > "$CDK_OUTDIR/a.json" <<END
{"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "$name",
 "DisplayName": "secret:$AWS_SECRET_ACCESS_KEY$RSTACK_PARAMETER_Pw region:$CDK_DEFAULT_REGION"}}}}
END
"#;

fn place() -> Place {
    let place = Place::empty();
    place.write("app.sh", APP);
    place.write("cdk.json", r#"{"app": "sh app.sh", "context": {"name": "alerts"}}"#);
    place
}

#[test]
fn an_app_is_synthesized_on_demand_alone() {
    let place = place();
    // Without the demand nothing of the project is run.
    let refused = place.sandbox(&["plan", "cdk.out"]).expect(1);
    refused.reports("stack-not-found", &["cdk.out", "--synth"]);
    assert!(!place.path("cdk.out").exists());
    let mut command = place.command(&["plan", "--synth", "--sandbox", "--region", "eu-north-1"]);
    command.env("AWS_SECRET_ACCESS_KEY", "hunter2").env("RSTACK_PARAMETER_Pw", "hunter2");
    let plan = ran(command).expect(0);
    assert!(plan.out.starts_with("Stack Alerts ("), "{}", plan.out);
    assert!(plan.out.contains("TopicName: \"alerts\""), "{}", plan.out);
    assert!(plan.out.contains("\"secret: region:eu-north-1\""), "{}", plan.out);
    assert!(plan.err.contains("synth | synthesizing\n"), "{}", plan.err);
    assert!(!plan.err.contains("Resources"), "its standard output is not shown: {}", plan.err);
    // Each time anew, with the command of the command line, too, and with look-ups.
    // What the project says itself is above what was looked up for it.
    place.write("cdk.context.json", r#"{"name": "lookup"}"#);
    let plan = place.sandbox(&["plan", "cdk.out/Alerts", "--app", "sh app.sh"]).expect(0).out;
    assert!(plan.contains("TopicName: \"alerts\""), "{plan}");
    place.write("cdk.json", r#"{"app": "sh app.sh"}"#);
    let plan = place.sandbox(&["plan", "cdk.out/Alerts", "--synth"]).expect(0).out;
    assert!(plan.contains("TopicName: \"lookup\""), "{plan}");
    place.sandbox(&["apply", "--synth", "--yes"]).expect(0);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    let json = place.sandbox(&["plan", "--synth", "--json"]).expect(0).out;
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
}

#[test]
fn an_app_that_fails_or_writes_nothing_ends_the_command() {
    let place = place();
    let failed =
        place.sandbox(&["plan", "--app", "echo 'no such \u{1b}[31mconstruct' >&2; exit 7"]);
    let failed = failed.expect(1);
    failed.reports("synth-failed", &["exit status: 7", "synth | no such"]);
    assert!(!failed.err.contains('\u{1b}'), "{}", failed.err);
    place.sandbox(&["plan", "--app", "true"]).expect(1).reports("synth-failed", &["cdk.out"]);
    place
        .sandbox(&["plan", "--app", "kill -9 $$"])
        .expect(1)
        .reports("synth-failed", &["signal: 9"]);
    place.write("cdk.json", "{\"context\": {}}");
    place.sandbox(&["plan", "--synth"]).expect(1).reports("synth-failed", &["cdk.json", "--app"]);
    place.write("cdk.json", "[");
    place.sandbox(&["plan", "--synth"]).expect(1).reports("synth-failed", &["cdk.json"]);
    std::fs::remove_file(place.path("cdk.json")).unwrap();
    place.sandbox(&["plan", "--synth"]).expect(1).reports("synth-failed", &["cdk.json"]);
    assert!(!place.path("state").exists(), "nothing was planned");
}

/// An assembly that an earlier run left is not taken for the one that was asked for.
#[test]
fn an_app_that_leaves_an_old_assembly_ends_the_command() {
    let place = place();
    place.sandbox(&["plan", "--synth"]).expect(0);
    let stale = place.sandbox(&["plan", "--app", "true"]).expect(1);
    stale.reports("synth-failed", &["`true` did not write `cdk.out` anew"]);
    place.sandbox(&["plan", "--synth"]).expect(0);
}

/// The command that builds an app is run before it, and not for a command of the command line.
#[test]
fn an_app_is_built_first() {
    let place = place();
    place.write(
        "cdk.json",
        r#"{"build": "cp app.sh built.sh", "app": "sh built.sh", "context": {"name": "alerts"}}"#,
    );
    place.sandbox(&["plan", "--synth"]).expect(0);
    std::fs::remove_file(place.path("built.sh")).unwrap();
    place.sandbox(&["plan", "--app", "sh app.sh"]).expect(0);
    assert!(!place.path("built.sh").exists());
    place.write("cdk.json", r#"{"build": "exit 4", "app": "sh app.sh"}"#);
    let failed = place.sandbox(&["plan", "--synth"]).expect(1);
    failed.reports("synth-failed", &["exit 4", "exit status: 4"]);
}

/// A signal reaches the app, which is waited for.
#[test]
fn a_signal_is_passed_on_to_the_app() {
    for signal in [Signal::INT, Signal::TERM] {
        let place = place();
        let script = "trap 'kill $!; echo stopped >&2; exit 3' INT TERM; tail -f /dev/null & \
                      echo ready >&2; wait";
        let mut running = Running::start(place.command(&["plan", "--sandbox", "--app", script]));
        running.wait_for("synth | ready");
        running.signal(signal);
        let (code, said) = running.end();
        assert_eq!(code, Some(130), "{said}");
        assert!(said.contains("nothing was changed"), "{said}");
    }
}
