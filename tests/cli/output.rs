//! Output that scripts read: outputs, JSON, exit codes, pipes.

use std::process::Stdio;

use serde_json::Value;

use crate::harness::Place;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn outputs_are_read_by_scripts() {
    let place = Place::streaming();
    place.sandbox(&["apply", "--yes"]).expect(0);
    let all = json(&place.sandbox(&["output", "--json"]).expect(0).out);
    let url = all["HlsUrl"].as_str().unwrap();
    assert!(url.starts_with("https://") && url.ends_with("/index.m3u8"), "{url}");
    for line in [&["output", "streaming", "HlsUrl"][..], &["output", "HlsUrl"]] {
        assert_eq!(place.sandbox(line).expect(0).out, format!("{url}\n"));
    }
    let one = place.sandbox(&["output", "streaming", "HlsUrl", "--json"]).expect(0);
    assert_eq!(json(&one.out), Value::from(url));
    let unknown = place.sandbox(&["output", "streaming", "HlsUr"]).expect(1);
    unknown.reports("unknown-output", &["`streaming`", "`HlsUr`", "hint: ", "ChannelArn, "]);
}

#[test]
fn json_is_one_document_and_a_run_one_line_for_each_event() {
    let place = Place::streaming();
    let applied = place.sandbox(&["apply", "--yes", "--json"]).expect(0);
    let lines: Vec<Value> = applied.out.lines().map(json).collect();
    let named = |name: &str| lines.iter().filter(|line| line["event"] == name).count();
    assert_eq!((named("run-started"), named("step-done"), named("run-ended")), (1, 9, 1));
    let last = lines.last().unwrap();
    assert_eq!(last["event"], "outputs");
    assert_eq!(last["outputs"]["ChannelId"], "streaming-live");

    for line in [&["show"][..], &["ls"], &["sandbox", "ls"], &["graph"], &["plan"], &["output"]] {
        let ran = place.sandbox(&[line, &["--json"]].concat()).expect(0);
        assert_ne!(json(&ran.out), Value::Null);
        assert!(ran.out.ends_with('\n') && !ran.out.ends_with("\n\n"), "{line:?}");
    }
    let listed = json(&place.sandbox(&["ls", "--json"]).expect(0).out);
    assert_eq!(listed[0]["stack"], "streaming");
    let graph = json(&place.sandbox(&["graph", "--json"]).expect(0).out);
    assert_eq!(graph["resources"][0]["address"], "CdnSecret");
    assert_eq!(graph["resources"][1]["needs"], Value::Array(Vec::new()));

    place.write("bad.yaml", "Resources:\n  A:\n    Type: AWS::S3::Bukket\n");
    let bad = place.run(&["validate", "bad.yaml", "--json"]).expect(1);
    let found = json(bad.out.lines().next().unwrap());
    assert_eq!(found["code"], "unknown-type", "{}", bad.out);
}

#[test]
fn the_graph_is_drawn_by_other_programs() {
    let place = Place::streaming();
    let dot = place.run(&["graph"]).expect(0).out;
    assert!(
        dot.starts_with("digraph stack {") && dot.contains("\"Distribution\" -> \"HlsEndpoint\"")
    );
    let mermaid = place.run(&["graph", "--format", "mermaid"]).expect(0).out;
    assert!(mermaid.starts_with("flowchart"), "{mermaid}");
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let place = Place::streaming();
    for line in [&["plan", "--sandbox"][..], &["man"], &["completions", "bash"]] {
        let mut command = place.command(line);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{line:?}");
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), "", "{line:?}");
    }
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let place = Place::streaming();
    assert!(!place.sandbox(&["plan"]).expect(0).out.contains('\u{1b}'));
    let mut command = place.command(&["plan", "--sandbox"]);
    command.env("CLICOLOR_FORCE", "1");
    assert!(crate::harness::ran(command).out.contains("\u{1b}["));
    let mut command = place.command(&["plan", "--sandbox", "--no-color"]);
    command.env("CLICOLOR_FORCE", "1");
    assert!(!crate::harness::ran(command).out.contains('\u{1b}'));
}
