//! `rstack state`: what is known of a stack, and how it is changed without a cloud.

use rustix::process::Signal;

use crate::harness::{Place, snapshot};

const TOPICS: &str = "Resources:
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: a}}
  B: {Type: AWS::SNS::Topic, Properties: {TopicName: b}, DependsOn: A}
";

fn topics() -> Place {
    let place = Place::empty();
    place.write("stacks/topics.yaml", TOPICS);
    place.sandbox(&["apply", "--yes"]).expect(0);
    place
}

fn no_changes(place: &Place, stack: &str) {
    let plan = place.sandbox(&["plan", stack, "--detailed-exitcode"]).expect(0);
    assert!(plan.out.contains("No changes."), "{}", plan.out);
}

/// The output of a command, without times, users and lineages.
fn said(place: &Place, line: &[&str], code: i32) -> String {
    let ran = place.sandbox(line).expect(code);
    let text = format!("$ rstack {}\n{}{}\n", line.join(" "), ran.out, ran.err);
    text.lines().map(|line| scrubbed(line) + "\n").collect()
}

fn scrubbed(line: &str) -> String {
    let (line, copy) = match line.split_once("topics.backup/") {
        Some((before, _)) => (before, "topics.backup/[copy]"),
        None => (line, ""),
    };
    let words = line.split(' ').map(|word| {
        let time = word.len() == 20 && word.ends_with('Z') && word.contains('T');
        if time {
            "[time]"
        } else if word.contains('@') {
            "[user]"
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join(" ") + copy
}

#[test]
fn a_state_is_looked_at_and_edited() {
    let place = topics();
    let mut told = String::new();
    for (line, code) in [
        (&["state", "list"][..], 0),
        (&["state", "show", "topics", "B"], 0),
        (&["state", "show", "topics", "C"], 1),
        (&["state", "mv", "topics", "A", "B"], 1),
        (&["state", "mv", "topics", "C", "D"], 1),
        (&["state", "mv", "topics", "A", "not-one"], 1),
        (&["state", "mv", "topics", "A", "First"], 0),
        (&["state", "rm", "topics", "First", "Nope"], 1),
        (&["state", "rm", "topics", "First"], 1),
        (&["state", "rm", "topics", "First", "--yes"], 0),
        (&["state", "list", "topics"], 0),
        (&["state", "restore", "topics", "9"], 1),
        (&["state", "restore", "topics", "2", "--yes"], 0),
        (&["state", "history", "topics"], 0),
        (&["state", "history", "topics", "1"], 0),
        (&["state", "list", "nope"], 1),
        (&["state", "pull", "../nope"], 1),
        (&["state", "history", "../nope"], 1),
        (&["state", "repair", "topics"], 0),
        (&["state", "repair", "topics", "--accept-edit"], 1),
        (&["state", "unlock", "topics", "nope"], 0),
    ] {
        told.push_str(&said(&place, line, code));
    }
    snapshot("state", &told);
    place.write("stacks/topics.yaml", &TOPICS.replace("A:", "First:").replace(": A}", ": First}"));
    no_changes(&place, "topics");
    let shown = place.sandbox(&["state", "list", "--json"]).expect(0).out;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown[1]["address"], "First");
}

#[test]
fn a_resource_moves_between_stacks_and_a_move_that_was_cut_off_is_finished() {
    let place = topics();
    let before = place.read("state/sandbox/topics.json");
    let line = ["state", "mv", "topics", "A", "Moved", "--to-stack", "other"];
    let asked = place.sandbox(&line).expect(1);
    assert!(asked.err.contains("`B` of `topics` depend on `A`"), "{}", asked.err);
    let line = [&line[..], &["--yes"]].concat();
    place.sandbox(&line).expect(0);
    // The process died before the first stack knew.
    place.write("state/sandbox/topics.json", &before);
    let again = place.sandbox(&line).expect(0);
    assert!(again.err.contains("Moved `A` to `Moved` in the state of `other`."), "{}", again.err);
    place.write(
        "stacks/topics.yaml",
        &format!("{}{}", "Resources:\n", TOPICS.lines().nth(2).unwrap())
            .replace(", DependsOn: A", ""),
    );
    let moved = TOPICS.lines().nth(1).unwrap().replace("A:", "Moved:");
    place.write("stacks/other.yaml", &format!("Resources:\n{moved}\n"));
    no_changes(&place, "topics");
    no_changes(&place, "other");
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count(), 2);
}

#[test]
fn what_is_pushed_must_fit_or_be_forced_by_name() {
    let place = topics();
    place.sandbox(&["state", "pull", "topics", "old.json"]).expect(0);
    let pulled = place.sandbox(&["state", "pull", "topics"]).expect(0).out;
    assert_eq!(pulled, place.read("old.json"));
    place.sandbox(&["plan", "--out", "saved.plan"]).expect(0);
    place.sandbox(&["state", "push", "topics", "old.json", "--yes"]).expect(0);
    let moved = place.sandbox(&["apply", "saved.plan", "--yes"]).expect(1);
    moved.reports("plan-outdated", &["hint: "]);

    let edited = pulled.replace("\"account\": \"000000000000\"", "\"account\": \"000000000001\"");
    place.write("edited.json", &edited);
    let before = place.content();
    for (line, code) in [
        (&["old.json", "--yes"][..], "state-older"),
        (&["old.json", "--yes", "--force", "other"], "force-mismatch"),
        (&["edited.json", "--yes", "--force", "topics"], "state-damaged"),
        (&["stacks/topics.yaml", "--yes"], "state-damaged"),
        (&["nope.json", "--yes"], "file-not-read"),
        (&["old.json", "--force", "topics"], "confirmation-needed"),
    ] {
        let ran = place.sandbox(&[&["state", "push", "topics"], line].concat()).expect(1);
        ran.reports(code, &[]);
    }
    let cut = place.sandbox(&["state", "push", "topics", "edited.json"]).expect(1);
    assert!(cut.err.contains("take another copy"), "repair is not for this file: {}", cut.err);
    let other = place.sandbox(&["state", "push", "other", "old.json", "--yes"]).expect(1);
    assert!(other.err.contains("error[state-of-other-stack]"), "{}", other.err);
    let real = place.run(&["state", "push", "topics", "old.json", "--yes"]).expect(1);
    assert!(real.err.contains("error[environment-mismatch]"), "{}", real.err);
    assert_eq!(place.content(), before);

    place.sandbox(&["state", "push", "topics", "old.json", "--yes", "--force", "topics"]).expect(0);
    no_changes(&place, "topics");
    // Another line of states, after the stack was made anew.
    place.sandbox(&["destroy", "topics", "--yes"]).expect(0);
    place.sandbox(&["apply", "topics", "--yes"]).expect(0);
    let line = place.sandbox(&["state", "push", "topics", "old.json", "--yes"]).expect(1);
    assert!(line.err.contains("error[state-lineage]"), "{}", line.err);
}

/// A run that was killed is recovered by plan and apply, and by no edit.
#[test]
fn an_open_run_is_not_edited_away() {
    let place = Place::streaming();
    let mut running = place.start_slow(&["apply", "--yes"]);
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    let lock = place.read("state/sandbox/streaming.lock");
    let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
    let id = lock["id"].as_str().unwrap();
    let alive = place.sandbox(&["state", "unlock", "streaming", id]).expect(1);
    alive.reports("state-locked", &["`streaming`", &format!("lock ID {id}"), "hint: "]);
    running.signal(Signal::KILL);
    running.end();

    let other = place.sandbox(&["state", "unlock", "streaming", "nope"]).expect(1);
    other.reports("lock-mismatch", &[&format!("rstack state unlock streaming {id}")]);
    let dead = place.sandbox(&["state", "unlock", "streaming", id]).expect(0);
    assert!(dead.err.contains("ended without releasing the lock"), "{}", dead.err);
    place.sandbox(&["state", "pull", "streaming"]).expect(1);
    let before = place.content();
    for line in [
        &["mv", "streaming", "Channel", "X"][..],
        &["rm", "streaming", "Channel", "--yes"],
        &["restore", "streaming", "1", "--yes"],
    ] {
        let ran = place.sandbox(&[&["state"], line].concat()).expect(1);
        ran.reports("journal-open", &["hint: "]);
    }
    assert_eq!(place.content(), before);
    let repair = place.sandbox(&["state", "repair", "streaming"]).expect(1);
    assert!(repair.out.contains("records of an interrupted run"), "{}", repair.out);
    place.sandbox(&["apply", "--yes"]).expect(0);
}

/// The damaged record is the one that says that an object was made: the cloud is asked for it.
#[test]
fn a_damaged_journal_is_cut_only_when_asked_and_forgets_nothing() {
    let place = Place::streaming();
    let mut running = place.start_slow(&["apply", "--yes"]);
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::KILL);
    running.end();
    let name = "state/sandbox/streaming.journal";
    let text = place.read(name);
    let effect = text.lines().find(|line| line.contains("\"effect\"")).unwrap();
    let damaged = effect.replace("physical_id", "physicaL_id");
    place.write(name, &text.replace(effect, &damaged));
    for line in [&["plan"][..], &["apply", "--yes"], &["destroy", "--yes"]] {
        let ran = place.sandbox(line).expect(1);
        ran.reports("state-damaged", &["`state/sandbox/streaming.journal`"]);
    }
    let before = place.content();
    let found = place.sandbox(&["state", "repair", "streaming"]).expect(1);
    assert!(found.out.contains("--cut-journal"), "{}", found.out);
    assert!(!found.out.contains("FORGOTTEN"), "{}", found.out);
    place.sandbox(&["state", "repair", "streaming", "--cut-journal"]).expect(1);
    assert_eq!(place.content(), before);
    place.sandbox(&["state", "repair", "streaming", "--cut-journal", "--yes"]).expect(0);
    place.sandbox(&["apply", "--yes"]).expect(0);
    no_changes(&place, "streaming");
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count(), 9);
}

#[test]
fn a_state_that_was_edited_by_hand_is_shown_and_accepted_only_when_asked() {
    let place = topics();
    let name = "state/sandbox/topics.json";
    let whole = place.read(name);
    place.write(
        name,
        &whole.replace("\"deletion_policy\": \"Delete\"", "\"deletion_policy\": \"Retain\""),
    );
    let found = place.sandbox(&["state", "repair", "topics"]).expect(1);
    for text in [
        "but was changed: its checksum does not match.",
        "[-]         \"deletion_policy\": \"Delete\",",
        "[+]         \"deletion_policy\": \"Retain\",",
        "rstack state repair topics --accept-edit",
        "rstack state repair topics --restore 1",
    ] {
        assert!(found.out.contains(text), "{text}: {}", found.out);
    }
    place.sandbox(&["state", "repair", "topics", "--accept-edit"]).expect(1);
    place.sandbox(&["state", "repair", "topics", "--accept-edit", "--yes"]).expect(0);
    assert!(place.read(name).contains("Retain"));
    place.write(name, "");
    place.sandbox(&["state", "repair", "topics", "--restore", "1", "--yes"]).expect(0);
    no_changes(&place, "topics");
}

/// A journal that a dead writer left behind after its run was published, whole or damaged, is no
/// obstacle to mending the state, and is removed when it is asked for.
#[test]
fn a_stale_journal_is_no_obstacle_to_a_repair() {
    let place = Place::streaming();
    let (state, journal) = ("state/sandbox/streaming.json", "state/sandbox/streaming.journal");
    let mut running = place.start(&["apply", "--yes"], "deploy-polls=1,poll-ms=1000");
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    std::fs::hard_link(place.path(journal), place.path("left")).unwrap();
    assert_eq!(running.end().0, Some(0));
    let left = || std::fs::copy(place.path("left"), place.path(journal)).unwrap();
    left();
    place.edit(journal, "\"end\":\"succeeded\"", "\"end\":\"sUcceeded\"");
    place.sandbox(&["plan", "streaming"]).expect(1);
    let found = place.sandbox(&["state", "repair", "streaming"]).expect(1);
    assert!(found.out.contains("This journal is stale"), "{}", found.out);
    let cut = ["state", "repair", "streaming", "--cut-journal"];
    place.sandbox(&cut).expect(1);
    place.sandbox(&[&cut[..], &["--yes"]].concat()).expect(0);
    assert!(!place.path(journal).exists());
    no_changes(&place, "streaming");

    left();
    no_changes(&place, "streaming");
    place.edit(state, "\"serial\": 1,", "\"serial\": 7,");
    place.sandbox(&["state", "repair", "streaming", "--accept-edit", "--yes"]).expect(0);
    assert!(!place.path(journal).exists());
    no_changes(&place, "streaming");
}

/// A state of before was put back by hand while a run is open over a later one: what belongs together
/// is said, with the command that puts it together, and nothing is forgotten.
#[test]
fn a_base_mismatch_is_reported_and_repaired() {
    let place = Place::streaming();
    let (state, journal) = ("state/sandbox/streaming.json", "state/sandbox/streaming.journal");
    place.sandbox(&["apply", "--yes"]).expect(0);
    let first = place.read(state);
    place.sandbox(&["state", "restore", "streaming", "1", "--yes"]).expect(0);
    let second = place.read(state);
    let mut running = place.start_slow(&["destroy", "--yes"]);
    running.wait_for("waiting");
    running.signal(Signal::KILL);
    running.end();
    let records = place.read(journal);
    std::fs::copy(place.path(journal), place.path("left")).unwrap();

    place.write(state, &first);
    let plan = place.sandbox(&["plan"]).expect(1);
    plan.reports("journal-mismatch", &["`rstack state repair streaming"]);
    let found = place.sandbox(&["state", "repair", "streaming"]).expect(1);
    let told = "was written over serial 2, and the state is serial 1: they do not belong together.";
    assert!(found.out.contains(told), "{}", found.out);
    assert!(found.out.contains("rstack state repair streaming --restore 2"), "{}", found.out);
    place.sandbox(&["state", "repair", "streaming", "--restore", "2"]).expect(1);
    assert_eq!(place.read(state), first);
    place.sandbox(&["state", "repair", "streaming", "--restore", "2", "--yes"]).expect(0);
    assert_eq!((place.read(state), place.read(journal)), (second, records.clone()));
    place.sandbox(&["destroy", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count(), 0);

    // An old journal came back: only the user knows which of the two is the right one.
    place.sandbox(&["apply", "--yes"]).expect(0);
    let now = place.read(state);
    std::fs::copy(place.path("left"), place.path(journal)).unwrap();
    let found = place.sandbox(&["state", "repair", "streaming"]).expect(1);
    for text in [" of the line ", "If the journal is the right one", "If the state is the right"] {
        assert!(found.out.contains(text), "{text}: {}", found.out);
    }
    assert!(!found.out.contains("Nothing is damaged"), "{}", found.out);
    place.sandbox(&["state", "repair", "streaming", "--restore", "2", "--yes"]).expect(1);
    assert_eq!((place.read(state), place.read(journal)), (now, records));
}
