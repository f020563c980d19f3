//! Rollback of an incomplete apply.

use rustix::process::Signal;

use crate::harness::{Place, Ran};

const FAILING: &[&str] = &["apply", "live", "--yes", "--no-rollback"];
const BACK: &[&str] = &["rollback", "live", "--yes"];

/// A channel, an endpoint of it, and what else there is to be.
fn stack(channel: &str, seconds: u8, more: &str) -> String {
    format!(
        "Parameters:
  Password: {{Type: String, NoEcho: true, Default: first-password}}
Resources:
  Channel:
    Type: AWS::MediaPackage::Channel
    Properties: {{Id: {channel}}}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {{Description: for {channel}, SecretString: !Ref Password}}
  Endpoint:
    Type: AWS::MediaPackage::OriginEndpoint
    Properties:
      Id: {channel}-hls
      ChannelId: !Ref Channel
      HlsPackage: {{SegmentDurationSeconds: {seconds}}}
{more}Outputs:
  Url: {{Value: !GetAtt Endpoint.Url}}
"
    )
}

/// A channel that is made after the others, and whose name a foreign object has.
const TAKEN: &str = "  Taken:
    Type: AWS::MediaPackage::Channel
    DependsOn: Endpoint
    Properties: {Id: taken}
";

/// A place in which a foreign object has the name `taken`, and these stacks were applied, all of
/// them completely.
fn place(before: &[&str]) -> Place {
    let place = Place::empty();
    place.write(
        "stacks/other.yaml",
        &format!("Resources:\n{}", TAKEN.replace("    DependsOn: Endpoint\n", "")),
    );
    place.sandbox(&["apply", "other", "--yes"]).expect(0);
    for text in before {
        place.write("stacks/live.yaml", text);
        place.sandbox(&["apply", "live", "--yes"]).expect(0);
    }
    place
}

/// The objects in the sandbox.
fn objects(place: &Place) -> String {
    place.sandbox(&["sandbox", "ls"]).expect(0).out
}

/// The stack is what this template says.
#[track_caller]
fn is_as(place: &Place, text: &str) {
    place.write("stacks/live.yaml", text);
    let plan = place.sandbox(&["plan", "live", "--detailed-exitcode"]).expect(0);
    assert!(plan.out.contains("No changes."), "{}", plan.out);
}

#[track_caller]
fn refused(ran: Ran) {
    let ran = ran.expect(1);
    ran.reports("nothing-to-roll-back", &["`live`", "hint: "]);
}

#[test]
fn a_failed_apply_is_rolled_back_when_the_user_says_so() {
    // Changed in place, and replaced: the old objects are still there.
    for (channel, seconds) in [("one", 4), ("two", 6)] {
        let first = stack("one", 6, "");
        let place = place(&[&first]);
        let before = objects(&place);
        place.write("stacks/live.yaml", &stack(channel, seconds, TAKEN));
        let failed = place.sandbox(FAILING).expect(5);
        assert!(
            failed.err.contains("roll back with `rstack rollback live --sandbox`"),
            "{}",
            failed.err
        );
        // Again, with another template: the way leads back to what the last complete apply left.
        place.write("stacks/live.yaml", &stack("three", 3, TAKEN));
        place.sandbox(FAILING).expect(5);
        let password = &["-p", "Password=first-password"];
        let asked = place.sandbox(&[&BACK[..2], password].concat()).expect(1);
        assert!(asked.out.contains("Roll back stack live"), "{}", asked.out);
        assert!(asked.err.contains("error[confirmation-needed]"), "{}", asked.err);
        let back = place.sandbox(&[BACK, password].concat()).expect(0);
        assert!(back.out.contains("Url"), "{}", back.out);
        assert_eq!(objects(&place), before);
        is_as(&place, &first);
        refused(place.sandbox(BACK));
    }
}

#[test]
fn a_failed_creation_that_is_rolled_back_leaves_nothing() {
    let place = place(&[]);
    let before = objects(&place);
    place.write("stacks/live.yaml", &stack("one", 6, TAKEN));
    place.sandbox(FAILING).expect(5);
    place.sandbox(BACK).expect(0);
    assert_eq!(objects(&place), before);
    assert!(!place.path("state/sandbox/live.json").exists());
    let again = place.sandbox(BACK).expect(0);
    assert!(again.err.contains("nothing to roll back"), "{}", again.err);
}

#[test]
fn a_failed_apply_that_changed_nothing_leaves_nothing_to_roll_back() {
    let first = stack("one", 6, "");
    let place = place(&[&first]);
    place.write("stacks/live.yaml", &stack("one", 6, TAKEN));
    place.sandbox(FAILING).expect(5);
    let back = place.sandbox(&["rollback", "live"]).expect(0);
    assert!(back.out.contains("There is nothing to roll back."), "{}", back.out);
    refused(place.sandbox(BACK));
    is_as(&place, &first);
}

#[test]
fn the_value_that_a_secret_had_before_has_to_be_given() {
    let first = stack("one", 6, "");
    let place = place(&[&first]);
    let second = stack("one", 4, TAKEN).replace("for one", "for all");
    place.write("stacks/live.yaml", &second);
    let changed = &["--parameter", "Password=second-password"];
    place.sandbox(&[FAILING, changed].concat()).expect(5);
    let files = place.content();
    let missing = place.sandbox(BACK).expect(1);
    let facts = ["`Secret`", "`Password`", "`--parameter-from Password=FILE`"];
    missing.reports("secret-parameter-missing", &facts);
    let wrong = place.sandbox(&[BACK, &["-p", "Pasword=x"]].concat()).expect(1);
    wrong.reports("parameter-not-taken", &["`Pasword`"]);
    assert_eq!(place.content(), files, "nothing was changed");
    let other = place.sandbox(&[BACK, changed].concat()).expect(0);
    assert!(other.err.contains("differs from the former one of `Secret`"), "{}", other.err);
    assert!(
        !place
            .files()
            .values()
            .any(|file| contains(file, b"second-password") && !contains(file, b"NextToken")),
        "a secret was written"
    );
    // With the default the secret is changed back, and nothing else.
    place.write("stacks/live.yaml", &first);
    let plan = place.sandbox(&["plan", "live"]).expect(0);
    assert!(plan.out.contains("0 to create, 1 to update, 0 to replace"), "{}", plan.out);
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[test]
fn an_apply_that_was_killed_or_interrupted_is_rolled_back() {
    for signal in [Signal::KILL, Signal::INT] {
        let place = Place::streaming();
        place.sandbox(&["apply", "--yes"]).expect(0);
        let before = objects(&place);
        let apply = ["apply", "--yes", "-p", "StreamName=two"];
        let mut running = place.start_slow(&apply);
        running.wait_for("waiting    AWS::CloudFront::Distribution");
        running.signal(signal);
        running.end();
        let back = place.sandbox(&["rollback", "--yes"]).expect(0);
        assert!(back.err.contains("Rolled back"), "{}", back.err);
        assert_eq!(objects(&place), before);
        let plan = place.sandbox(&["plan", "--detailed-exitcode"]).expect(0);
        assert!(plan.out.contains("No changes."), "{}", plan.out);
    }
}

#[test]
fn a_rollback_that_is_cut_off_leads_both_ways() {
    for onwards in [false, true] {
        let place = Place::streaming();
        place.sandbox(&["apply", "--yes"]).expect(0);
        let before = objects(&place);
        let mut running = place.start_slow(&["apply", "--yes", "-p", "StreamName=two"]);
        running.wait_for("waiting    AWS::CloudFront::Distribution");
        running.signal(Signal::KILL);
        running.end();
        let mut running = place.start_slow(&["rollback", "--yes"]);
        running.wait_for("waiting    AWS::CloudFront::Distribution");
        running.signal(if onwards { Signal::KILL } else { Signal::TERM });
        let (code, said) = running.end();
        if !onwards {
            assert_eq!(code, Some(130), "{said}");
            assert!(said.contains("`rstack rollback streaming --sandbox` continues it"), "{said}");
            place.sandbox(&["rollback", "--yes"]).expect(0);
            assert_eq!(objects(&place), before);
            continue;
        }
        place.sandbox(&["apply", "--yes", "-p", "StreamName=two"]).expect(0);
        let plan = &["plan", "--detailed-exitcode", "-p", "StreamName=two"];
        place.sandbox(plan).expect(0);
        assert_eq!(objects(&place).lines().count(), before.lines().count());
    }
}

#[test]
fn what_a_rollback_leaves_in_the_cloud_is_named() {
    let place = Place::empty();
    place
        .write("other.yaml", "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: a}}}");
    // As Terraform calls it.
    place.sandbox(&["apply", "other.yaml", "--auto-approve"]).expect(0);
    let template = "Resources:\n  Kept: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, \
                    Properties: {TopicName: k}}\n  Taken: {Type: AWS::SNS::Topic, DependsOn: Kept, \
                    Properties: {TopicName: a}}\n";
    place.write("t.yaml", template);
    let failed = place.sandbox(&["apply", "t.yaml", "--yes"]).expect(4);
    for text in [
        "These objects of it stay, as their DeletionPolicy says",
        "  AWS::SNS::Topic  Kept  arn:aws:sns:eu-west-1:000000000000:k",
        "`DeletionPolicy: RetainExceptOnCreate`",
    ] {
        assert!(failed.err.contains(text), "{}", failed.err);
    }
    assert!(!failed.err.contains("as it was before"), "{}", failed.err);
    let again = place.sandbox(&["apply", "t.yaml", "--yes"]).expect(4);
    again.reports("object-exists", &["`Kept`", "has left it (`DeletionPolicy: Retain`)"]);
}
