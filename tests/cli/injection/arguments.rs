//! Injections in arguments, file names and environment variables.

use serde_json::json;

use super::{INJECTIONS, ascii, assert_inert, place, topics};
use crate::harness::{Place, Ran, ran};

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
        assert!(warned.err.contains("warning[log-filter]"), "{}", warned.err);
    }
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
