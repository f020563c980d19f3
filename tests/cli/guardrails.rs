//! Rules from files are guardrails: they run, within their limits, or the command fails. What is
//! remembered of them is the user's own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use crate::harness::{Place, Ran, ran};

/// A template that is right but for what the rules say.
const TOPIC: &str = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n";

/// A rule that the template breaks.
const GUARD: &str = "rule TOPIC_HAS_NAME {\n  Resources.*[ Type == 'AWS::SNS::Topic' ].Properties.TopicName \
                     exists <<topics have names>>\n}\n";

/// A project file for machines on which everything takes long.
const PATIENT: &str = "[lint]\nbudget = 3600\n";

fn place() -> Place {
    let place = Place::empty();
    place.write("rstack.toml", PATIENT);
    place.write("topic.yaml", TOPIC);
    place.write("rules/names.guard", GUARD);
    place
}

/// The names of the remembered verdicts.
fn verdicts(place: &Place) -> Vec<String> {
    place.files().into_keys().filter(|name| name.ends_with(".verdict")).collect()
}

fn refused(place: &Place, arguments: &[&str]) -> String {
    let Ran { out, err, .. } = place.run(arguments).expect(1);
    assert!(!out.contains("is valid"), "{out}");
    err
}

#[test]
fn hostile_rules_end_within_their_limits_and_nothing_is_applied() {
    let place = place();
    let doubled: String =
        (1..40).map(|i| format!("s{i} := concat(\"\", [s{0}, s{0}])\n", i - 1)).collect();
    let bomb = format!(
        "package bomb\nimport rego.v1\ns0 := \"aaaaaaaa\"\n{doubled}violation contains v if {{\n  count(s39) > 0\n  \
         v := {{\"rule_id\": \"B\", \"severity\": \"error\", \"message\": \"m\"}}\n}}\n"
    );
    let deep = 20_000;
    let guard = format!(
        "rule DEEP {{\n{}Resources exists{}\n}}\n",
        "when Resources exists { ".repeat(deep),
        " }".repeat(deep)
    );
    let expression = format!("{}true{}", "(".repeat(50_000), ")".repeat(50_000));
    let cel = format!(
        r#"{{"rules": [{{"rule_id": "D", "severity": "ERROR", "expression": "{expression}", "message": "m"}}]}}"#
    );
    for (name, text, reason) in [
        ("bomb.rego", bomb, "it needs more than 512 MiB of memory"),
        ("deep.guard", guard, "it nests too deep"),
        ("deep.json", cel, "it nests too deep"),
    ] {
        place.write(name, &text);
        let apply = ["apply", "topic.yaml", "--yes", "--sandbox", "--rules", name];
        let told = refused(&place, &apply);
        let whole = format!(
            "the requested rules did not check `topic.yaml`: at the rules in `{name}`, {reason}"
        );
        assert!(told.contains(&whole), "{name}: {told}");
    }
    let sandbox = place.files().into_keys().find(|name| name.contains("topic.json"));
    assert_eq!(sandbox, None, "there is no state");
    assert_eq!(verdicts(&place), [""; 0]);
}

#[test]
fn rules_that_take_too_long_are_an_error() {
    let place = place();
    place.write("rstack.toml", "[lint]\nbudget = 1\n");
    let squares = "numbers.range(1, 100000)";
    place.write("loop.rego", &format!(
        "package l\nimport rego.v1\nviolation contains v if {{\n  some i in {squares}\n  some j in {squares}\n  \
         i * j == -1\n  v := {{\"rule_id\": \"L\", \"severity\": \"error\", \"message\": \"m\"}}\n}}\n"
    ));
    let told = refused(&place, &["validate", "topic.yaml", "--rules", "loop.rego"]);
    assert!(told.contains("error[rules-not-checked]") && told.contains(" 1 s"), "{told}");
}

#[test]
fn a_template_that_the_rules_do_not_see_is_not_valid() {
    let place = place();
    let text = format!("{TOPIC}Description: {}\n", "x".repeat((256 << 10) + 1));
    place.write("long.yaml", &text);
    place.write("more.yaml", "Properties: {DisplayName: a}\n");
    let include = "{Name: 'AWS::Include', Parameters: {Location: more.yaml}}";
    let including = format!(
        "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    'Fn::Transform': {include}\n"
    );
    place.write("including.yaml", &including);
    for (template, reason) in [
        ("long.yaml", "it has a text of more than 256 KiB"),
        ("including.yaml", "it includes files, whose text no rule sees"),
    ] {
        let told = refused(&place, &["validate", template, "--rules", "rules"]);
        assert!(told.contains(reason), "{told}");
        let plan = ["plan", template, "--rules", "rules", "--sandbox"];
        assert!(refused(&place, &plan).contains(reason));
        place.run(&["validate", template]).expect(0);
    }
    let strict = place.run(&["validate", "long.yaml", "--strict"]).expect(1);
    assert!(strict.err.contains("error[not-validated]"), "{}", strict.err);
}

#[test]
fn the_command_line_outweighs_the_project_file() {
    let place = place();
    let validate = ["validate", "topic.yaml", "--rules", "rules"];
    place
        .write("rstack.toml", &format!("{PATIENT}validator = false\nallow = ['TOPIC_HAS_NAME']\n"));
    let told = refused(&place, &validate);
    assert!(told.contains("error[TOPIC_HAS_NAME]"), "{told}");
    assert!(
        told.contains("leaves AWS's validator out (`validator = false`); the rules from"),
        "{told}"
    );
    assert!(
        told.contains("rstack.toml:4:10 allows `TOPIC_HAS_NAME`, which has no effect"),
        "{told}"
    );
    place.run(&[&validate[..], &["--allow", "TOPIC_HAS_NAME"]].concat()).expect(0);
    // A repository may allow what its own rules find.
    let own = "rules = ['rules']\nvalidator = false\n";
    place.write("rstack.toml", &format!("{PATIENT}{own}"));
    assert!(refused(&place, &["validate", "topic.yaml"]).contains("error[TOPIC_HAS_NAME]"));
    place.write("rstack.toml", &format!("{PATIENT}{own}allow = ['TOPIC_HAS_NAME']\n"));
    place.run(&["validate", "topic.yaml"]).expect(0);
    assert!(refused(&place, &validate).contains("error[TOPIC_HAS_NAME]"));
    let without = place.run(&["validate", "topic.yaml", "--no-lint"]);
    assert!(
        without.err.contains("the rules that `rstack.toml` names are not checked"),
        "{}",
        without.err
    );
    let both = place.run(&[&validate[..], &["--no-lint"]].concat()).expect(1);
    both.reports("invalid-arguments", &["--no-lint", "--rules"]);
}

#[test]
fn a_saved_plan_takes_no_rules() {
    let place = Place::empty();
    place.write("topic.yaml", TOPIC);
    place.write("rules/names.guard", GUARD);
    place.sandbox(&["plan", "topic.yaml", "--out", "saved.plan"]).expect(0);
    for arguments in [&["--rules", "rules"][..], &["--deny", "W3005"], &["--no-lint"]] {
        let apply = [&["apply", "saved.plan", "--yes", "--sandbox"], arguments].concat();
        let told = refused(&place, &apply);
        assert!(told.contains(&format!("a saved plan accepts no `{}`", arguments[0])), "{told}");
    }
}

#[test]
fn files_of_rules_that_cannot_be_read_are_an_error() {
    let place = place();
    place.write("empty/a.guard", " \n");
    place.write("long/a.guard", &"# long\n".repeat(200_000));
    place.write_bytes("bytes/a.rego", b"package a\n\xff\n");
    place.write("linked/a.guard", GUARD);
    symlink(place.path("rules"), place.path("linked/more")).unwrap();
    place.write("dangling/a.guard", GUARD);
    symlink(place.path("nowhere"), place.path("dangling/b.guard")).unwrap();
    std::fs::create_dir(place.path("pipe")).unwrap();
    let made = Command::new("mkfifo").arg(place.path("pipe/a.rego")).status().unwrap();
    assert!(made.success());
    for (rules, problem) in [
        ("empty", "`empty/a.guard` has no rules"),
        ("long", "`long/a.guard` is too long for rules: more than 1024 KiB"),
        ("bytes", "cannot read `bytes/a.rego`"),
        ("linked", "`linked/more` is a link to a folder"),
        ("dangling", "cannot read `dangling/b.guard`"),
        ("pipe", "`pipe/a.rego` is a FIFO, not a regular file"),
        ("pipe/a.rego", "`pipe/a.rego` is a FIFO, not a regular file"),
        ("nowhere", "cannot read `nowhere`"),
        ("topic.yaml", "`topic.yaml` has no rules"),
    ] {
        let told = refused(&place, &["validate", "topic.yaml", "--rules", rules]);
        assert!(told.contains(problem), "{rules}: {told}");
    }
    // What changes a mounted folder as a whole has hidden links.
    symlink(place.path("rules"), place.path("rules/..data")).unwrap();
    let told = refused(&place, &["validate", "topic.yaml", "--rules", "rules"]);
    assert!(told.contains("error[TOPIC_HAS_NAME]"), "{told}");
}

#[test]
fn a_remembered_verdict_counts_only_if_this_user_wrote_it() {
    let place = place();
    let validate = ["validate", "topic.yaml", "--rules", "rules", "-v"];
    let (started, unused) = ("starting the validator's process", "was not written by this user");
    let told = |code| place.run(&validate).expect(code).err;
    let first = told(1);
    assert!(first.contains(started), "{first}");
    let names = verdicts(&place);
    let [name] = names.as_slice() else { panic!("{names:?}") };
    // An unchanged template does not start it, neither for `validate` nor for a plan.
    assert!(!told(1).contains(started));
    let true_one = place.files().remove(name).unwrap();
    let mode = |mode| std::fs::set_permissions(place.path(name), PermissionsExt::from_mode(mode));
    mode(0o666).unwrap();
    let others = told(1);
    assert!(
        others.contains("other users have rights to it") && others.contains(started),
        "{others}"
    );
    mode(0o600).unwrap();
    // A verdict without findings, with the digest that anybody can compute, or another's code.
    let empty = br#"{"findings":[],"own":[],"own_rules":[]}"#;
    place.write_bytes(name, &[&true_one[..64], empty].concat());
    let forged = told(1);
    assert!(forged.contains(unused) && forged.contains(started), "{forged}");
    assert_eq!(place.files()[name], true_one, "the true one is there again");
    // A link to a folder of another place.
    std::fs::rename(place.path(".cache/rstack"), place.path("elsewhere")).unwrap();
    symlink(place.path("elsewhere"), place.path(".cache/rstack")).unwrap();
    let linked = told(1);
    assert!(linked.contains("verdicts are not remembered") && linked.contains(started), "{linked}");
}

#[test]
fn a_plan_of_an_unchanged_template_does_not_start_the_validator() {
    let place = place();
    let plan = |arguments: &[&str]| {
        place.run(&[&["plan", "topic.yaml", "--sandbox", "-v"], arguments].concat()).expect(0).err
    };
    let started = "starting the validator's process";
    assert!(plan(&[]).contains(started));
    assert!(!plan(&[]).contains(started));
    assert!(!place.run(&["validate", "topic.yaml", "-v", "--region", "eu-west-1"]).err.is_empty());
    place.write("topic.yaml", &TOPIC.replace("Topic:", "Other:"));
    assert!(plan(&[]).contains(started));
}

#[test]
#[cfg(target_os = "linux")]
fn the_process_of_the_validator_can_open_nothing() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rstack"))
        .arg("__validator")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // A file of rules that is none is answered without loading anything else.
    let setup = r#"{"files":[{"name":"a","language":"guard","source":"project","text":"no"}],"built_in":false}"#;
    let asked = r#"{"text":"","parameters":{},"region":null}"#;
    write!(input, "{{\"memory\":2000000000,\"seconds\":7}}\n{setup}\n{asked}\n").unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let answer = lines.find(|line| !line.starts_with("{\"At\"")).unwrap();
    assert!(answer.contains("Failed") && answer.contains("it is not Guard"), "{answer}");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().take(2).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max open files"), ["0", "0"]);
    assert_eq!(limit("Max file size"), ["0", "0"]);
    assert_eq!(limit("Max core file size"), ["0", "0"]);
    assert_eq!(limit("Max data size"), ["2000000000", "2000000000"]);
    assert_ne!(limit("Max cpu time")[0], "unlimited");
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_rule_of_rego_that_finds_nothing_has_a_name_nevertheless() {
    let place = place();
    place.write("rules/none.rego", "package n\nimport rego.v1\nviolation contains v if {\n  input.resources.No\n  v := {\"rule_id\": \"NONE\", \"severity\": \"error\", \"message\": \"m\"}\n}\n");
    let validate = ["validate", "topic.yaml", "--rules", "rules", "--allow", "TOPIC_HAS_NAME"];
    place.run(&[&validate[..], &["--allow", "NONE"]].concat()).expect(0);
    let wrong = place.run(&[&validate[..], &["--allow", "NONEE"]].concat()).expect(1);
    wrong.reports("unknown-rule", &["`NONEE`"]);
    let again: Ran = ran(place.command(&validate)).expect(0);
    assert!(again.out.contains("topic.yaml is valid"), "{}", again.out);
}
