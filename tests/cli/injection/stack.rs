//! Injections in a template: in what is shown of it, of its state, and of the cloud.

use serde_json::json;

use super::{INJECTIONS, ascii, assert_inert, inert, place, template, topics};
use crate::harness::Place;

#[test]
fn no_output_of_a_stack_acts_on_its_reader() {
    let place = place();
    let mut seen = Vec::new();
    let mut look = |lines: &[&[&str]]| {
        for line in lines {
            for json in [&[][..], &["--json"]] {
                let line = [line, json].concat();
                seen.push((line.join(" "), inert(&place, &line)));
            }
        }
    };
    look(&[&["validate", "stacks/inj.json", "-v"], &["plan"], &["plan", "--full"]]);
    look(&[&["plan", "--compact"], &["graph"], &["graph", "--format", "mermaid"]]);
    inert(&place, &["apply", "--yes"]);
    look(&[&["show"], &["show", "--full"], &["output"], &["state", "list"], &["sandbox", "ls"]]);
    look(&[&["state", "show", "inj", "P3"], &["state", "history", "inj"], &["ls"]]);
    place.write("stacks/inj.json", &ascii(&template("second")));
    look(&[&["plan"], &["plan", "--full"], &["plan", "--out", "inj.plan"]]);
    look(&[&["show", "inj.plan"], &["show", "inj.plan", "--full"]]);
    let set = ["sandbox", "set", "AWS::SSM::Parameter", "p1", "Value", INJECTIONS[1]];
    inert(&place, &set);
    look(&[&["plan"], &["plan", "--full"]]);
    inert(&place, &["apply", "--yes", "--json"]);
    look(&[&["output"], &["state", "repair", "inj"], &["state", "history", "inj", "1"]]);
    inert(&place, &["destroy", "--yes"]);
    for shown in ["plan", "plan --full --json", "show --full", "output", "output --json"] {
        let found = seen.iter().find(|(line, _)| line == shown).unwrap();
        assert!(found.1 >= INJECTIONS.len(), "`{shown}` shows {} of them", found.1);
    }
}

#[test]
fn findings_in_a_hostile_template_act_on_no_reader() {
    let place = Place::empty();
    for (i, text) in INJECTIONS.iter().enumerate() {
        let path = format!("t{i}.json");
        let wrong = json!({
            "Resources": {
                *text: {"Type": "AWS::SNS::Topic"},
                "A": {"Type": text, "Properties": {*text: text}},
                "B": {"Type": "AWS::SNS::Topic", "Properties": {*text: {"Ref": text}},
                      "DependsOn": text, "Condition": text, "DeletionPolicy": text},
                "C": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Sub": format!("${{{text}}}")},
                      "TopicName": {"Fn::GetAtt": ["B", text]}, "FifoTopic": text}},
            },
            "Outputs": {*text: {"Value": {"Fn::Nope": text}}},
            *text: text,
        });
        place.write(&path, &ascii(&wrong));
        let mut shown = 0;
        for format in ["text", "json", "sarif"] {
            let ran = place.run(&["validate", &path, "--format", format, "-v"]).expect(1);
            assert_inert(&format!("{path} as {format}"), &ran);
            shown += usize::from((ran.out + &ran.err).contains("INJ"));
        }
        assert_eq!(shown, 3, "{text:?}");
    }
}

#[test]
fn lines_of_a_property_have_a_mark_in_front() {
    let place = place();
    place.sandbox(&["apply", "--yes"]).expect(0);
    place.write("stacks/inj.json", &ascii(&template("second")));
    let plan = place.sandbox(&["plan", "--full"]).expect(0).out;
    for line in plan.lines().filter(|line| line.contains("::add-mask::")) {
        let before = line.split("::add-mask::").next().unwrap();
        let marked = before.trim_end().ends_with(['|', ']', '"', '\'']) || before.contains('"');
        assert!(marked, "{line}");
    }
    assert!(plan.contains("|   ::add-mask::INJ"), "{plan}");
}

#[test]
fn no_name_and_no_error_of_a_cloud_acts_on_its_reader() {
    let place = Place::empty();
    place.write("stacks/first.json", &ascii(&topics()));
    place.write("stacks/second.json", &ascii(&topics()));
    assert!(inert(&place, &["apply", "first", "--yes"]) >= INJECTIONS.len());
    inert(&place, &["state", "list", "first"]);
    inert(&place, &["sandbox", "ls"]);
    for json in [&[][..], &["--json"]] {
        let line = [&["apply", "second", "--yes"], json].concat();
        let refused = place.sandbox(&line).expect(4);
        assert_inert(&line.join(" "), &refused);
        let text = refused.out + &refused.err;
        assert!(text.contains("is that of an existing object"), "{text}");
    }
    assert!(inert(&place, &["destroy", "first", "--yes"]) >= INJECTIONS.len());
}
