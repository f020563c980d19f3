//! Templates, saved plans and states that come through standard input or a pipe: read once, whole.

use std::io::Write;
use std::process::Stdio;

use crate::harness::{Place, Ran};

const TOPIC: &str = "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties: {TopicName: a}\n";

/// Runs the program with this text on standard input.
fn piped(place: &Place, arguments: &[&str], text: &[u8]) -> Ran {
    let mut command = place.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The program may end before it has read all of a text that is too long.
    let _gone = stdin.write_all(text);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_template_comes_through_standard_input() {
    let place = Place::empty();
    for name in ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        let valid = piped(&place, &["validate", name], TOPIC.as_bytes()).expect(0);
        assert!(valid.out.ends_with(" is valid\n"), "{}", valid.out);
        let line = ["plan", name, "--stack-name", "live", "--sandbox"];
        let plan = piped(&place, &line, TOPIC.as_bytes()).expect(0);
        assert!(plan.out.contains("[+] AWS::SNS::Topic A"), "{}", plan.out);
        let nameless = piped(&place, &["plan", name, "--sandbox"], TOPIC.as_bytes()).expect(1);
        nameless.reports("invalid-stack-name", &["`--stack-name`"]);
    }
    let wrong = piped(&place, &["validate", "-"], b"Resources: {A: {Type: AWS::SNS::Topik}}\n");
    assert!(wrong.expect(1).err.contains("--> stdin:1:23"));
    let empty = piped(&place, &["validate", "-"], b"").expect(1);
    assert!(empty.err.contains("error[empty]"), "{}", empty.err);
    let applied = ["apply", "-", "--stack-name", "live", "--sandbox", "--yes"];
    piped(&place, &applied, TOPIC.as_bytes()).expect(0);
}

#[test]
fn a_long_template_loses_nothing() {
    let place = Place::empty();
    let more = |i: usize| format!("  T{i}: {{Type: AWS::SNS::Topic}}\n");
    let text = format!("{TOPIC}{}", (0..5_000).map(more).collect::<String>());
    let line = ["plan", "-", "--stack-name", "live", "--sandbox", "--compact"];
    let plan = piped(&place, &line, text.as_bytes()).expect(0);
    assert!(plan.out.contains("Plan: 5001 to create"), "{}", plan.out.len());
    let large = vec![b' '; (48 << 20) + 1];
    let ran = piped(&place, &["validate", "-"], &large).expect(1);
    ran.reports("file-too-large", &["48 MiB"]);
}

#[test]
fn a_pipe_of_a_shell_is_read() {
    let place = Place::empty();
    place.write("topic.yaml", TOPIC);
    let program = place.command(&[]);
    // What a shell's `<(…)` makes: a pipe that is open under another number.
    let script = "cat topic.yaml | { exec 7<&0; \"$0\" validate /dev/fd/7 /dev/fd/7 < /dev/null; }";
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", script]).arg(program.get_program()).current_dir(place.path(""));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", place.path(""));
    let ran = crate::harness::ran(command).expect(0);
    assert_eq!(ran.out, "/dev/fd/7 is valid\n".repeat(2));
}

#[test]
fn includes_of_a_piped_template_begin_at_the_current_directory() {
    let place = Place::empty();
    place.write("parts/more.yaml", "M: {Type: AWS::SNS::Topic}\n");
    let include = |location: &str| {
        format!(
            "Resources:\n  Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: \
             {location}}}}}\n"
        )
    };
    piped(&place, &["validate", "-"], include("parts/more.yaml").as_bytes()).expect(0);
    let out = piped(&place, &["validate", "/dev/stdin"], include("../x").as_bytes()).expect(1);
    out.reports("include", &["../x"]);
}

#[test]
fn a_saved_plan_and_a_state_come_through_standard_input() {
    let place = Place::empty();
    place.write("topic.yaml", TOPIC);
    place.sandbox(&["plan", "topic.yaml", "--out", "x.plan"]).expect(0);
    let plan = std::fs::read(place.path("x.plan")).unwrap();
    let shown = piped(&place, &["show", "-"], &plan).expect(0);
    assert!(shown.out.contains("Plan: 1 to create"), "{}", shown.out);
    let taken = ["plan", "-", "--stack-name", "x", "--sandbox"];
    let taken = piped(&place, &taken, &plan).expect(1);
    taken.reports("not-a-stack", &["`-`"]);
    piped(&place, &["apply", "-", "--yes", "--sandbox"], &plan).expect(0);
    let state = place.sandbox(&["state", "pull", "topic"]).expect(0).out;
    let push = ["state", "push", "topic", "-", "--yes", "--sandbox"];
    piped(&place, &push, state.as_bytes()).expect(0);
    let endless = place.sandbox(&["state", "push", "topic", "/dev/zero", "--yes"]).expect(1);
    endless.reports("file-kind", &["`/dev/zero`"]);
}
