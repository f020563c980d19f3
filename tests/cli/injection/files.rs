//! Injections in files of states, plans and rules.

use serde_json::json;

use super::{INJECTIONS, assert_inert};
use crate::harness::Place;

/// The files that a stack leaves, each with an injection in every text that it holds.
#[test]
fn no_damaged_file_acts_on_its_reader() {
    let place = Place::empty();
    place.write("stacks/inj.yaml", "Resources:\n  A: {Type: AWS::SNS::Topic}\n");
    place.sandbox(&["apply", "--yes"]).expect(0);
    place.edit("stacks/inj.yaml", "Topic}", "Topic, Properties: {DisplayName: b}}");
    place.sandbox(&["plan", "--out", "inj.plan"]).expect(0);
    let mut shown = 0;
    let state = "state/sandbox/inj.json";
    let of_state =
        [&["show"][..], &["ls"], &["state", "repair", "inj"], &["state", "push", "inj", state]];
    let of_cloud = [&["sandbox", "ls"][..], &["plan"]];
    let of_plan = [&["show", "inj.plan"][..], &["apply", "inj.plan", "--yes", "--json"]];
    let files: [(&str, &[&[&str]]); 3] = [
        (state, &of_state),
        ("state/sandbox/cloud/objects.json", &of_cloud),
        ("inj.plan", &of_plan),
    ];
    for (name, commands) in files {
        let sound = place.read(name);
        let lines = |text: &str| {
            let quoted = json!(text).to_string();
            let inner = quoted.trim_matches('"').replace('\\', "\\\\");
            // A key and a value of each kind, as JSON and as bytes that are none.
            [
                sound.replacen("\"lineage\":", &format!("{quoted}: 1, \"lineage\":"), 1),
                sound.replacen("\"AWS::SNS::Topic\"", &quoted, 1),
                sound.replacen("\"eu-west-1\"", &quoted, 1),
                sound.replacen('{', &format!("{{{quoted}: {quoted}, "), 1),
                sound.replacen("\"format\":", &format!("\"format\": {quoted}, \"x\":"), 1),
                format!("{inner}{sound}"),
                format!("{text}{sound}"),
            ]
        };
        for damaged in INJECTIONS.iter().flat_map(|text| lines(text)) {
            if damaged == sound {
                continue;
            }
            place.write_private(name, &damaged);
            for line in commands {
                let ran = place.sandbox(line);
                assert_inert(&format!("{} with {damaged}", line.join(" ")), &ran);
                shown += usize::from((ran.out + &ran.err).contains("INJ"));
            }
        }
        place.write_private(name, &sound);
    }
    assert!(shown > 2 * INJECTIONS.len(), "only {shown} outputs show an injection");
}

/// Messages of rules, and what is wrong with files of rules.
#[cfg(feature = "lint")]
#[test]
fn no_rule_acts_on_its_reader() {
    let place = Place::empty();
    // The validator has the time that it takes on a busy machine.
    place.write("rstack.toml", "[lint]\nbudget = 3600\n");
    place.write("t.yaml", "Resources:\n  A: {Type: AWS::SNS::Topic}\n");
    let rules = INJECTIONS.iter().enumerate().map(|(i, text)| {
        format!(
            "rule INJ{i} {{\n  Resources.*[ Type == 'AWS::SNS::Topic' ].Properties.TopicName \
             exists <<{text}>>\n}}\n"
        )
    });
    place.write("rules/all.guard", &rules.collect::<String>());
    for format in ["text", "json", "sarif"] {
        let line = ["validate", "t.yaml", "--rules", "rules", "--format", format];
        let ran = place.run(&line).expect(1);
        assert_inert(&line.join(" "), &ran);
        let shown = (ran.out + &ran.err).matches("INJ").count();
        assert!(shown >= INJECTIONS.len(), "only {shown} as {format}");
    }
    for (i, text) in INJECTIONS.iter().enumerate() {
        let files = [
            ("wrong/x.rego", format!("package x\n{text} {{")),
            ("wrong/x.guard", format!("rule {text} {{")),
            ("wrong/x.json", format!("{{\"{text}\": {text}")),
        ];
        // Each text in one kind of file: the validator's start takes long.
        let (path, rule) = &files[i % files.len()];
        place.write(path, rule);
        let ran = place.run(&["validate", "t.yaml", "--rules", path]);
        assert_inert(&format!("{path}: {rule}"), &ran);
        // The contents of a file of rules are in no message.
        assert!(!ran.err.contains("INJ") && ran.err.contains(path), "{}", ran.err);
    }
}
