//! Rules from files: those that are not evaluated are an error, and nothing of their files is shown.
#![cfg(test)]

use std::collections::BTreeMap;

use rstack_lint::{
    LintError, Question, RuleFile, RuleLanguage, RuleSource, Rules, Schemas, Validator, Verdict,
};

const TEMPLATE: &str = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n";

const VIOLATION: &str = r#"{"rule_id": "OURS", "severity": "error", "message": "m"}"#;

fn file(name: &str, text: &str) -> RuleFile {
    let (_, extension) = name.rsplit_once('.').unwrap();
    let language = RuleLanguage::of_extension(extension).unwrap();
    RuleFile { name: name.into(), language, source: RuleSource::CommandLine, text: text.into() }
}

fn rego(body: &str) -> RuleFile {
    file("a.rego", &format!("package ours\nimport rego.v1\n{body}\n"))
}

fn cel(rule: &str) -> RuleFile {
    file("a.json", &format!("{{\"rules\": [{rule}]}}"))
}

fn load(files: &[RuleFile]) -> Result<Rules, LintError> {
    Rules::load(files, &mut |_| {})
}

struct Checker {
    schemas: Option<Schemas>,
}

impl Checker {
    fn check(
        &mut self,
        files: &[RuleFile],
        text: &str,
        built_in: bool,
    ) -> Result<Verdict, LintError> {
        let rules = load(files)?;
        let schemas = self.schemas.take().unwrap_or_else(Schemas::load);
        let validator = Validator::new(schemas, rules);
        let parameters = BTreeMap::new();
        let question = Question { text, parameters: &parameters, region: None, built_in };
        let verdict = validator.check(&question, &mut |_| {});
        self.schemas = Some(validator.into_schemas());
        verdict
    }
}

#[test]
fn a_file_without_rules_is_an_error() {
    for (file, problem) in [
        (file("a.guard", "# nothing\n"), "`a.guard` has no rules: it has no `rule NAME"),
        (file("a.guard", "let x = 1\n"), "`a.guard` has no rules: it has no `rule NAME"),
        (cel(""), "`a.json` has no rules: its list `rules` is empty"),
        (file("a.rego", "import rego.v1\n"), "it needs one line `package NAME`"),
        // These are packages, and the engine would look for rules in none of them.
        (
            file("a.rego", "package\tours\nviolation contains v if { v := 1 }\n"),
            "it needs one line",
        ),
        (file("a.rego", "package ours # why\nimport rego.v1\n"), "it needs one line"),
        (file("a.rego", "package a\nx := `\npackage b\n`\n"), "it needs one line"),
    ] {
        let error = load(&[file]).err().unwrap();
        assert!(matches!(error, LintError::NoRules { .. }), "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn a_rule_with_the_name_of_a_built_in_one_is_an_error() {
    let guard = |name| file("a.guard", &format!("rule {name} {{ Resources exists }}\n"));
    let named = |id| {
        cel(&format!(
            r#"{{"rule_id": "{id}", "severity": "ERROR", "expression": "true", "message": "m"}}"#
        ))
    };
    // `E3010` is one of those that rstack does not report, `alias` one of its own.
    for file in [guard("W3005"), guard("alias"), named("E3010"), named("not-validated")] {
        let error = load(&[file]).err().unwrap();
        assert!(matches!(error, LintError::RuleName { .. }), "{error}");
    }
    let violation = VIOLATION.replace("OURS", "E3010");
    let rego = rego(&format!("violation contains {violation}"));
    let error = Checker { schemas: None }.check(&[rego], TEMPLATE, true).unwrap_err();
    assert!(matches!(error, LintError::RuleName { .. }), "{error}");
}

#[test]
fn a_file_that_is_no_rules_shows_nothing_of_itself() {
    let secret = "hunter2:x:0:0:hunter2,,,:/root\n";
    for name in ["a.guard", "a.json", "a.rego"] {
        let texts =
            [secret.to_owned(), format!("package hunter2\n{secret}"), format!("\"{secret}\"")];
        for text in texts {
            let error = load(&[file(name, &text)]).err().unwrap().to_string();
            assert!(!error.contains("hunter2") && error.contains(name), "{error}");
        }
    }
    let wrong =
        file("rules/a.rego", "package a\nimport rego.v1\nviolation contains v {\n  v := 1\n}\n");
    let error = load(&[wrong]).err().unwrap().to_string();
    assert!(error.starts_with("rules/a.rego:3:"), "{error}");
    let expression = |text: &str| {
        cel(&format!(
            r#"{{"rule_id": "A", "severity": "ERROR", "expression": "{text}", "message": "m"}}"#
        ))
    };
    for (text, problem) in [
        ("((( hunter2", "an `expression` is not CEL"),
        ("hunter2()", "an `expression` calls an unknown function"),
    ] {
        let error = load(&[expression(text)]).err().unwrap().to_string();
        assert!(error.contains(problem) && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_rule_that_fails_is_an_error() {
    let fails = r#"{"rule_id": "A", "severity": "ERROR", "expression": "resource.No.Such == 1",
        "resource_type": "AWS::SNS::Topic", "message": "m"}"#;
    let mut checker = Checker { schemas: None };
    for (file, problem) in [
        (rego("deny contains v if { v := 1 }"), "its package has no rule `violation`"),
        (rego(&format!("violation := {VIOLATION}")), "`violation` is not a set"),
        (rego("violation := [1] if false"), "`violation` is not a set"),
        (rego("violation contains {\"severity\": \"error\", \"message\": \"m\"}"), "no `rule_id`"),
        (rego("violation contains {\"rule_id\": \"A\", \"message\": \"m\"}"), "has no `severity`"),
        (rego("violation contains v if { v := f }\nf := 1\nf := 2"), "a.rego:5:1: a rule failed"),
        (cel(fails), "its `expression` cannot be evaluated to true or false"),
        (
            cel(&fails.replace("resource.No.Such == 1", "\\\"text\\\"")),
            "evaluated to true or false",
        ),
    ] {
        let error = checker.check(&[file], TEMPLATE, true).unwrap_err();
        assert!(matches!(error, LintError::RuleFailed { .. }), "{error}");
        assert!(error.to_string().contains(problem), "{problem}: {error}");
    }
}

#[test]
fn rules_that_do_not_see_all_of_a_template_are_an_error() {
    let rules = [file("a.guard", "rule OURS { Resources exists }\n")];
    let mut checker = Checker { schemas: None };
    let loops =
        "Transform: AWS::LanguageExtensions\nResources:\n  'Fn::ForEach::A':\n  - I\n  - [1]\n";
    for (text, problem) in [
        ("Resources: {A: [", "cannot read this template"),
        (loops, "cannot expand all of this template"),
    ] {
        for built_in in [true, false] {
            let error = checker.check(&rules, text, built_in).unwrap_err();
            assert!(matches!(error, LintError::NotEvaluated { .. }), "{error}");
            assert!(error.to_string().contains(problem), "{error}");
        }
        assert!(checker.check(&[], text, true).is_ok());
    }
}

#[test]
fn findings_of_rules_are_not_filtered_and_tell_where_they_are_from() {
    // The words with which the validator takes all other findings away, and the least severity.
    let words = "Error transforming template: m";
    let rego = |severity: &str| {
        rego(&format!(
            "violation contains v if {{\n  some name, _ in input.resources\n  v := {{\"rule_id\": \"A\", \
         \"severity\": \"{severity}\", \"message\": \"{words}\", \"resource_id\": name}}\n}}"
        ))
    };
    let guard = file("a.guard", "rule B { Resources.*.Properties.TopicName exists <<named>> }\n");
    let guard = RuleFile { source: RuleSource::Project, ..guard };
    let mut checker = Checker { schemas: None };
    for severity in ["error", "debug"] {
        for built_in in [true, false] {
            let files = [rego(severity), guard.clone()];
            let verdict = checker.check(&files, TEMPLATE, built_in).unwrap();
            let mut codes: Vec<&str> = verdict.own.iter().map(|d| d.code.as_str()).collect();
            codes.sort_unstable();
            assert_eq!(codes, ["A", "B"]);
            assert!(verdict.own.iter().all(|d| d.labels[0].span.start > 0));
            assert_eq!(verdict.findings.is_empty(), !built_in);
            let rules: Vec<_> = verdict.own_rules.iter().map(|r| (&*r.id, r.source)).collect();
            assert_eq!(rules, [("A", RuleSource::CommandLine), ("B", RuleSource::Project)]);
        }
    }
}
