//! Signals, and streams without a reader. After each of them the next command finds out what
//! was under way and finishes it: nothing is lost, nothing is made twice.

use std::process::Stdio;

use rustix::process::Signal;

use crate::harness::{Place, Running, ran};

const APPLY: &[&str] = &["apply", "--yes"];
/// Calls that take minutes: what runs cannot be finished soon.
const HANGS: &str = "latency-ms=600000";

/// The next apply finishes the stack, with each object made once.
#[track_caller]
fn finishes(place: &Place) {
    place.sandbox(APPLY).expect(0);
    let again = place.sandbox(&["plan", "--detailed-exitcode"]).expect(0);
    assert!(again.out.contains("No changes. 9 resources are as declared."), "{}", again.out);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count(), 9);
    assert!(!place.path("state/sandbox/streaming.journal").exists());
}

#[track_caller]
fn ends(running: Running, code: Option<i32>) -> String {
    let (ended, said) = running.end();
    assert_eq!(ended, code, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn one_signal_of_any_kind_finishes_what_runs_and_records_it() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let place = Place::streaming();
        let mut running = place.start_slow(APPLY);
        running.wait_for("waiting    AWS::CloudFront::Distribution");
        running.signal(signal);
        let said = ends(running, Some(130));
        assert!(said.contains("Interrupted. The completed steps are recorded"), "{said}");
        assert!(!place.path("state/sandbox/streaming.journal").exists());
        finishes(&place);
    }
}

/// The cancellation of a job by a CI service: SIGINT, after 7.5 seconds SIGTERM, after
/// another 2.5 SIGKILL. At each of them everything is durable.
#[test]
fn a_job_that_is_cancelled_loses_nothing_at_any_of_its_three_signals() {
    for signals in 1..=3 {
        let place = Place::streaming();
        let mut running = place.start(APPLY, HANGS);
        running.wait_for("creating   ");
        running.signal(Signal::INT);
        running.wait_for("Stopping: running steps finish");
        let code = match signals {
            1 => {
                running.signal(Signal::KILL);
                None
            }
            2 => {
                running.signal(Signal::TERM);
                Some(130)
            }
            _ => {
                running.signal(Signal::TERM);
                running.wait_for("Exiting now.");
                running.signal(Signal::KILL);
                running.end();
                finishes(&place);
                continue;
            }
        };
        ends(running, code);
        assert!(place.path("state/sandbox/streaming.journal").exists());
        finishes(&place);
    }
}

/// A rollback within an apply is interrupted as every run is.
#[test]
fn a_signal_during_the_rollback_of_a_failed_apply_is_reported_as_an_interrupt() {
    let place = Place::streaming();
    let channel = "Resources:\n  C:\n    Type: AWS::MediaPackage::Channel\n    \
                   Properties: {Id: taken}\n";
    place.write("stacks/other.yaml", channel);
    place.sandbox(&["apply", "other", "--yes"]).expect(0);
    let more = "Resources:\n  Taken:\n    Type: AWS::MediaPackage::Channel\n    \
                DependsOn: Distribution\n    Properties: {Id: taken}\n";
    place.edit("stacks/streaming.yaml", "Resources:\n", more);
    let mut running = place.start(&["apply", "streaming", "--yes"], "deploy-polls=1,poll-ms=1000");
    running.wait_for("Rolling back");
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::INT);
    let said = ends(running, Some(130));
    assert!(said.contains("The rollback was interrupted."), "{said}");
    place.sandbox(&["rollback", "streaming", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count(), 1);
    assert!(!place.path("state/sandbox/streaming.json").exists());
}

#[test]
fn what_was_started_to_outlive_its_terminal_does() {
    let place = Place::streaming();
    let mut running = place.start_after("trap '' HUP", APPLY, "deploy-polls=1,poll-ms=1000");
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::HUP);
    let said = ends(running, Some(0));
    assert!(said.contains("Applied: 9 steps"), "{said}");
    finishes(&place);
}

/// A user who gave `--yes` has agreed: that no process reads the output changes nothing.
#[test]
fn output_without_a_reader_does_not_keep_an_apply_from_completing() {
    for json in [false, true] {
        let place = Place::streaming();
        let arguments: &[&str] = if json { &["--json"] } else { &[] };
        let mut command = place.command(&[APPLY, arguments, &["--sandbox"]].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(place.path("state/sandbox/streaming.json").exists());
        finishes(&place);
    }
    // Without `--yes` nothing is done, and that is no success.
    let place = Place::streaming();
    let mut command = place.command(&["apply", "--sandbox"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// A disk that is full of output is an error, and nothing has been begun.
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let place = Place::streaming();
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let mut command = place.command(&[APPLY, &["--sandbox"]].concat());
    command.stdout(full);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"));
    finishes(&place);
}

/// A terminal that is closed while a run is shown on it.
#[test]
fn a_terminal_that_is_closed_does_not_keep_an_apply_from_its_end() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let place = Place::streaming();
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = || std::fs::OpenOptions::new().read(true).write(true).open(&name).unwrap();
    let mut command = place.command(&[APPLY, &["--sandbox"]].concat());
    command.env("RSTACK_SANDBOX", "deploy-polls=1,poll-ms=1000").env("TERM", "xterm");
    let mut child = command.stdin(slave()).stdout(slave()).stderr(slave()).spawn().unwrap();
    drop(command);
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("Distribution") {
        let mut part = [0; 1024];
        let read = rustix::io::read(&master, &mut part).unwrap();
        shown.extend_from_slice(&part[..read]);
    }
    drop(master);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    finishes(&place);
}

#[test]
fn a_destroy_that_is_interrupted_is_finished_by_the_next_one() {
    let place = Place::streaming();
    place.sandbox(APPLY).expect(0);
    let mut running = place.start_slow(&["destroy", "--yes"]);
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::TERM);
    let said = ends(running, Some(130));
    assert!(said.contains("destroy again to continue"), "{said}");
    // Who has begun to destroy does not roll back; both other ways are open.
    let rollback = ran(place.command(&["rollback", "--sandbox"])).expect(1);
    rollback.reports("nothing-to-roll-back", &["`streaming`"]);
    place.sandbox(&["destroy", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}
