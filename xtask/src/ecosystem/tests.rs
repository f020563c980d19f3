//! Trials with commands of a few lines that answer as rstack does.
//!
//! The program is the shell: `sh plan …` runs the file `plan` of the folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;

/// Answers of a template that goes to the end.
const SOUND: [(&str, &str); 5] = [
    (
        "plan",
        r#"[ -e applied ] && a=no-op n=true || a=create n=false
        echo "{\"noop\":$n,\"changes\":[{\"action\":\"$a\"}]}""#,
    ),
    ("apply", "touch applied"),
    ("destroy", r#"echo '{"event":"step-done","operation":"forget","physicalId":"kept"}'"#),
    (
        "sandbox",
        r#"[ -e applied ] && echo '[{"type":"AWS::SNS::Topic","id":"kept"}]' || echo '[]'"#,
    ),
    ("ls", "echo '[]'"),
];

/// The verdict where one command does something else.
fn verdict(command: &str, does: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut commands = BTreeMap::from(SOUND);
    commands.insert(command, does);
    for (name, does) in commands {
        std::fs::write(folder.path().join(name), does).unwrap();
    }
    let template = Template {
        name: "a.yaml".into(),
        path: PathBuf::from("/a.yaml"),
        parameters: BTreeMap::new(),
        lint_ok: true,
    };
    let path = Path::new("/bin/sh");
    let program = Program { path, folder: folder.path(), template: &template };
    serde_json::to_string(&trial::trial(&program)).unwrap()
}

#[test]
fn a_template_that_goes_to_the_end_is_complete_although_an_object_is_retained() {
    let expected = r#"{"planned":{"actions":{"create":1},"life":"complete"}}"#;
    assert_eq!(verdict("ls", "echo '[]'"), expected);
}

#[test]
fn a_refusal_has_the_codes_of_its_errors() {
    let finding = r#"echo '{"severity":"error","code":"cycle"}' >&2"#;
    let warning = r#"echo '{"severity":"warning","code":"alias"}' >&2"#;
    let refused = format!("{finding}; {warning}; echo 'error[bad-state]: no' >&2; exit 1");
    assert_eq!(verdict("plan", &refused), r#"{"refused":["bad-state","cycle"]}"#);
    assert_eq!(verdict("plan", "echo error: no >&2; exit 1"), r#"{"refused":["no-code"]}"#);
}

#[test]
fn each_step_that_fails_is_named() {
    let life = |command: &str, does: &str| {
        let verdict = verdict(command, does);
        let life = verdict.strip_prefix(r#"{"planned":{"actions":{"create":1},"life":"#);
        life.and_then(|life| life.strip_suffix("}}")).unwrap_or(&verdict).to_owned()
    };
    let failed = r#"echo '{"event":"step-failed","type":"A::B::C","operation":"create"}'; exit 4"#;
    assert_eq!(life("apply", failed), r#"{"apply-failed":["A::B::C create"]}"#);
    assert_eq!(life("apply", "exit 5"), r#"{"apply-failed":["no-code"]}"#);
    let changes = r#"echo '{"noop":false,"changes":[{"action":"create"}]}'"#;
    assert_eq!(life("plan", changes), r#"{"second-plan-not-empty":{"create":1}}"#);
    let refused = format!("[ -e applied ] && exit 1; {changes}");
    assert_eq!(life("plan", &refused), r#"{"second-plan-refused":["no-code"]}"#);
    assert_eq!(life("destroy", "exit 5"), r#"{"destroy-failed":["no-code"]}"#);
    assert_eq!(life("destroy", "true"), r#"{"objects-left":{"AWS::SNS::Topic":1}}"#);
    assert_eq!(life("ls", "echo '[{}]'"), r#""state-left""#);
}

#[test]
fn a_crash_or_an_answer_of_another_form_is_broken() {
    for (command, does) in [
        ("plan", "kill -6 $$"),
        ("plan", "exit 101"),
        ("plan", "echo text"),
        ("apply", "echo \"thread 'main' panicked at x.rs:1\" >&2; exit 0"),
        ("sandbox", "exit 1"),
        ("ls", "echo '{}'"),
    ] {
        let verdict = verdict(command, does);
        assert!(verdict.starts_with(r#"{"broken":"#), "{command} {does}: {verdict}");
    }
}

#[test]
fn recorded_verdicts_are_read_as_they_are_written() {
    let path = in_workspace(RECORDED);
    let verdicts = read(&path).unwrap();
    assert!(verdicts.len() > 200, "only {} verdicts are recorded", verdicts.len());
    assert_eq!(written(&verdicts).unwrap(), std::fs::read_to_string(&path).unwrap());
    let stages = verdicts.values().map(verdict::Verdict::stage);
    assert!(stages.min() > Some(verdict::Stage::Broken), "a broken template is recorded");
}

#[test]
fn a_corpus_that_is_missing_or_empty_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(corpus::templates(&folder.path().join("absent"), &[]).is_err());
    assert!(corpus::templates(folder.path(), &[]).is_err());
    std::fs::write(folder.path().join("manifest.jsonl"), "").unwrap();
    assert!(corpus::templates(folder.path(), &[]).is_err());
}

#[test]
fn a_substitute_goes_before_the_value_of_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let row = r#"{"file":"templates/a.yaml","stub_params":{"Key":"stub","Number":1,"Other":"x"},
        "cfn_lint":{"verdict":"ok"}}"#;
    std::fs::write(folder.path().join("manifest.jsonl"), row.replace('\n', "")).unwrap();
    let substitutes = r#"[{"parameter":"Ke","template":"b.yaml","value":"b"},
        {"parameter":"Ke","value":"a"}]"#;
    let substitutes: Vec<_> = serde_json::from_str(substitutes).unwrap();
    let templates = corpus::templates(folder.path(), &substitutes).unwrap();
    let values: Vec<_> = templates[0].parameters.values().map(String::as_str).collect();
    assert_eq!(values, ["a", "1", "x"]);
}

#[test]
fn what_a_template_refers_to_is_put_into_the_sandbox_as_the_program_advises() {
    let advice = r#"{"severity":"error","code":"lookup","help":"`rstack sandbox put-secret a - --sandbox`"}"#;
    let plan = format!("[ -e put ] || {{ echo '{advice}' >&2; exit 1; }}; {}", SOUND[0].1);
    let folder = tempfile::tempdir().unwrap();
    let sandbox =
        r#"case $1 in put-secret) echo "$@" > put;; ls) echo '[{"type":"S","id":"a"}]';; esac"#;
    for (name, does) in SOUND.into_iter().filter(|(name, _)| !["plan", "sandbox"].contains(name)) {
        std::fs::write(folder.path().join(name), does).unwrap();
    }
    std::fs::write(folder.path().join("plan"), plan).unwrap();
    std::fs::write(folder.path().join("sandbox"), sandbox).unwrap();
    let text = "{{resolve:secretsmanager:a:SecretString:user}}";
    std::fs::write(folder.path().join("a.yaml"), text).unwrap();
    let template = Template {
        name: "a.yaml".into(),
        path: folder.path().join("a.yaml"),
        parameters: BTreeMap::new(),
        lint_ok: true,
    };
    let path = Path::new("/bin/sh");
    let program = Program { path, folder: folder.path(), template: &template };
    let verdict = serde_json::to_string(&trial::trial(&program)).unwrap();
    assert_eq!(verdict, r#"{"planned":{"actions":{"create":1},"life":"complete"}}"#);
    let put = std::fs::read_to_string(folder.path().join("put")).unwrap();
    assert!(put.starts_with(r#"put-secret a {"user":"a-value"} --sandbox"#), "{put}");
}
