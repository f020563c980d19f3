//! Files that the user asks for: regular files of the same kind are replaced, and nothing else.

use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::process::Command;

use crate::file_root::fifo;
use crate::harness::{Place, Ran};

const TOPIC: &str = "Resources:\n  A: {Type: AWS::SNS::Topic}\n";

fn place() -> Place {
    let place = Place::empty();
    place.write("topic.yaml", TOPIC);
    place.sandbox(&["apply", "topic.yaml", "--yes"]).expect(0);
    place
}

/// Runs a command that is refused.
#[track_caller]
fn refused(place: &Place, arguments: &[&str], error: &str) {
    let ran = place.sandbox(arguments).expect(1);
    assert!(ran.err.contains(error), "{arguments:?}: {}", ran.err);
}

#[test]
fn special_files_and_links_stay_what_they_are() {
    let place = place();
    fifo(&place.path("fifo"));
    symlink("target", place.path("link")).unwrap();
    symlink("topic.yaml", place.path("template-link")).unwrap();
    std::fs::create_dir(place.path("folder")).unwrap();
    for force in [&[][..], &["--force"]] {
        for (name, error) in [
            ("/dev/null", "it is a device"),
            ("/dev/stdout", "it is a stream"),
            ("-", "it is a stream"),
            ("/dev/fd/1", "it is a stream"),
            ("fifo", "it is a FIFO"),
            ("link", "it is a symbolic link"),
            ("template-link", "it is a symbolic link"),
            ("folder", "it is a directory"),
            ("folder/", "it is a directory"),
        ] {
            refused(&place, &[&["plan", "topic.yaml", "--out", name], force].concat(), error);
            refused(&place, &[&["state", "pull", "topic", name], force].concat(), error);
        }
    }
    assert!(!place.path("target").exists());
    let kind = |name: &str| std::fs::symlink_metadata(place.path(name)).unwrap().file_type();
    assert!(kind("fifo").is_fifo() && kind("link").is_symlink());
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn templates_states_and_journals_are_never_replaced() {
    let place = place();
    place.write("other.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources: [\n");
    place.write("cdk.json", "{\"Resources\": {}}");
    let formats = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/formats");
    for (from, to) in [("state-2.json", "pools.json"), ("journal-1", "run.journal")] {
        std::fs::copy(format!("{formats}/{from}"), place.path(to)).unwrap();
    }
    std::fs::create_dir_all(place.path("kept")).unwrap();
    std::fs::copy(place.path("state/sandbox/topic.json"), place.path("kept/topic.json")).unwrap();
    place.write("kept/topic.lock", "");
    let before = place.content();
    for force in [&[][..], &["--force"]] {
        for (name, error) in [
            ("topic.yaml", "is a template, which rstack does not replace"),
            ("other.yaml", "is a template, which rstack does not replace"),
            ("cdk.json", "is a template, which rstack does not replace"),
            ("pools.json", "is a state, which rstack does not replace"),
            ("kept/topic.json", "is a state, which rstack does not replace"),
            ("run.journal", "is a journal, which rstack does not replace"),
            ("state/sandbox/topic.json", "reserved in the state directory"),
            ("state/sandbox/cloud/objects.json", "reserved in the state directory"),
            ("state/sandbox/topic.backup/new", "reserved in the state directory"),
            ("state/new.json", "reserved in the state directory"),
            ("state/new.journal", "reserved in the state directory"),
            ("./state/../state/topic.lock", "reserved in the state directory"),
        ] {
            refused(&place, &[&["plan", "topic.yaml", "--out", name], force].concat(), error);
            refused(&place, &[&["state", "pull", "topic", name], force].concat(), error);
        }
    }
    assert_eq!(place.content(), before);
}

#[test]
fn the_same_kind_is_replaced_and_another_one_with_force() {
    let place = place();
    place.write("notes.txt", "mine");
    place.write("empty", "");
    let plan = |name: &str, force: &[&str]| {
        place.sandbox(&[&["plan", "topic.yaml", "--out", name], force].concat())
    };
    plan("x.plan", &[]).expect(0);
    let text = place.read("x.plan");
    place.write("x.plan", &text[..text.len() / 2]);
    plan("x.plan", &[]).expect(0);
    assert_eq!(place.read("x.plan"), text);
    plan("empty", &[]).expect(0);
    plan("state/x.plan", &[]).expect(0);
    let other = plan("notes.txt", &[]).expect(1);
    other.reports("file-exists", &["`notes.txt`"]);
    // The refusal comes before the work.
    assert!(!other.out.contains("Plan:"), "{}", other.out);
    assert_eq!(place.read("notes.txt"), "mine");
    plan("notes.txt", &["--force"]).expect(0);
    assert_eq!(place.read("notes.txt"), text);
    for name in ["x.plan", "empty", "notes.txt"] {
        let mode = std::fs::metadata(place.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }

    let pull = |name: &str| place.sandbox(&["state", "pull", "topic", name]);
    pull("copy.json").expect(0);
    pull("copy.json").expect(0);
    let plan_file = pull("x.plan").expect(1);
    plan_file.reports("file-exists", &["`x.plan`"]);
    // A newer copy, or one of another stack that had the name, is no copy of this state.
    place.sandbox(&["destroy", "topic", "--yes"]).expect(0);
    place.sandbox(&["apply", "topic.yaml", "--yes"]).expect(0);
    let foreign = pull("copy.json").expect(1);
    foreign.reports("file-exists", &["`copy.json`"]);
    let left: Vec<String> = place.files().into_keys().filter(|f| f.ends_with(".tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_folder_of_a_project_that_leads_elsewhere_takes_no_file() {
    let place = place();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), place.path("out")).unwrap();
    refused(&place, &["plan", "topic.yaml", "--out", "out/x.plan"], "outside of the project");
    refused(&place, &["state", "pull", "topic", "out/x.json"], "outside of the project");
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    // The user may name a folder anywhere.
    let named = elsewhere.path().join("x.plan");
    place.sandbox(&["plan", "topic.yaml", "--out", named.to_str().unwrap()]).expect(0);
    assert!(named.is_file());
}

/// `/sys` takes no file, not even of root.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_cannot_be_written_is_enough_to_plan() {
    let place = Place::empty();
    place.write("topic.yaml", TOPIC);
    let template = place.path("topic.yaml");
    let template = template.to_str().unwrap();
    let run = |line: &[&str]| {
        let mut command = place.command(line);
        command.current_dir("/sys");
        crate::harness::ran(command)
    };
    run(&["validate", template, "--no-lint"]).expect(0);
    run(&["graph", template]).expect(0);
    run(&["ls", "--sandbox"]).expect(0);
    let plan = run(&["plan", template, "--sandbox", "--no-lint"]).expect(0);
    assert!(plan.out.contains("Plan: 1 to create"), "{}", plan.out);
    let apply = run(&["apply", template, "--sandbox", "--yes", "--no-lint"]).expect(1);
    assert!(apply.err.contains("`state/sandbox`"), "{}", apply.err);
}

/// Opening a FIFO would wait for ever.
#[test]
fn special_files_among_the_states_are_refused_at_once() {
    let place = Place::empty();
    place.write("topic.yaml", TOPIC);
    place.sandbox(&["plan", "topic.yaml"]).expect(0);
    for name in
        ["topic.json", "topic.journal", "cloud/objects.json", "cloud/objects.json.sandbox-lock"]
    {
        let path = place.path("state/sandbox").join(name);
        let _absent = std::fs::remove_file(&path);
        fifo(&path);
        let ran = place.sandbox(&["plan", "topic.yaml"]).expect(1);
        let named = name.trim_end_matches(".sandbox-lock");
        let code = if name.starts_with("cloud/") { "sandbox-file" } else { "file-kind" };
        ran.reports(code, &[&format!("`state/sandbox/{named}`")]);
        std::fs::remove_file(path).unwrap();
    }
    std::fs::File::create(place.path("state/sandbox/cloud/objects.json"))
        .and_then(|file| file.set_len(1 << 40))
        .unwrap();
    let large = place.sandbox(&["plan", "topic.yaml"]).expect(1);
    large.reports("sandbox-file", &["`state/sandbox/cloud/objects.json`"]);
}

/// Runs the program with so many file descriptors at most.
fn bounded(place: &Place, files: u32, line: &[&str]) -> Ran {
    let inner = place.command(line);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -n \"$0\"; exec \"$@\"", &files.to_string()]);
    command.arg(inner.get_program()).args(inner.get_args());
    command.env_clear().current_dir(place.path(""));
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    crate::harness::ran(command)
}

#[test]
fn few_file_descriptors_are_an_error_and_no_panic() {
    let place = Place::empty();
    place.write("topic.yaml", TOPIC);
    let bounded = |files, line: &[&str]| bounded(&place, files, line);
    for files in 5..=32 {
        for line in
            [&["validate", "topic.yaml"][..], &["plan", "topic.yaml", "--out", "x", "--sandbox"]]
        {
            let ran = bounded(files, line);
            assert!(!ran.err.contains("panicked"), "{files}: {}", ran.err);
            assert!(ran.code == 0 || ran.err.contains("ulimit -n"), "{files}: {}", ran.err);
        }
    }
    bounded(32, &["plan", "topic.yaml", "--out", "x", "--sandbox"]).expect(0);
    // A run that cannot open a file in the middle has recorded what it has done.
    for files in [16, 17, 18, 20, 24, 32] {
        let ran = bounded(files, &["apply", "topic.yaml", "--yes", "--sandbox"]);
        assert!(!ran.err.contains("panicked"), "{files}: {}", ran.err);
        assert!(ran.code == 0 || ran.err.contains("Too many open files"), "{files}: {}", ran.err);
        assert!(!ran.err.contains("check the network"), "{files}: {}", ran.err);
        place.sandbox(&["apply", "topic.yaml", "--yes"]).expect(0);
        let all = place.sandbox(&["sandbox", "ls"]).expect(0).out;
        assert_eq!(all.lines().count(), 1, "{files}: {all}");
        place.sandbox(&["destroy", "topic", "--yes"]).expect(0);
    }
    bounded(32, &["apply", "topic.yaml", "--yes", "--sandbox"]).expect(0);
}

/// The validator's process needs descriptors, too: without them it is reported as not run.
#[cfg(feature = "lint")]
#[test]
fn few_file_descriptors_are_no_pass_of_the_validator() {
    let place = Place::empty();
    place.write("rstack.toml", "[lint]\nbudget = 3600\n");
    place.write("topic.yaml", TOPIC);
    place.write("all.guard", "rule ALL { Resources !empty }\n");
    for files in [16, 24, 32] {
        let alone = bounded(&place, files, &["validate", "topic.yaml"]).expect(0);
        let with = bounded(&place, files, &["validate", "topic.yaml", "--rules", "all.guard"]);
        assert!(!with.err.contains("panicked"), "{files}: {}", with.err);
        let started = !alone.err.contains("warning[not-validated]");
        assert_eq!(with.code == 0, started, "{files}: {}", with.err);
        assert!(started || with.err.contains("error[rules-not-checked]"), "{files}: {}", with.err);
        assert!(started || alone.err.contains("Too many open files"), "{files}: {}", alone.err);
        assert!(started || files < 32, "{files}: {}", alone.err);
    }
}
