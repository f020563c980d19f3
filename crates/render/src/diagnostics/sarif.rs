//! Findings as a SARIF 2.1.0 log, as code scanning services take it: one run for all files.
//!
//! Source: the OASIS standard, and "SARIF support for code scanning" and "SARIF results exceed one or
//! more limits", GitHub Docs.

use std::collections::BTreeMap;

use rstack_model::{Diagnostic, Digest, FindingCode, Label, Severity};
use serde_json::{Map, Value, json};

use super::Source;
use super::position::Lines;
use crate::escape::Foreign;

/// The number of results that a run may have.
const MOST_RESULTS: usize = 25_000;
/// The number of places that are taken of a result.
const MOST_PLACES: usize = 100;
/// Stands for the directory that paths are relative to.
const ROOT: &str = "%SRCROOT%";

/// The texts about a kind of finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// It in few words.
    pub title: String,
    /// Its meaning and the next step for the user, in Markdown.
    pub markdown: Option<String>,
    /// Where more can be read: a URL.
    pub docs: Option<String>,
}

/// A kind of finding that was met: its place among the rules, and what its first finding says.
#[derive(Debug)]
struct Met {
    index: usize,
    severity: Severity,
    docs: Option<String>,
}

/// A log that files and their findings are added to.
#[derive(Debug, Default)]
pub struct SarifLog {
    artifacts: Vec<Value>,
    results: Vec<Value>,
    left_out: usize,
    /// The kinds of findings met so far.
    rules: BTreeMap<FindingCode, Met>,
    /// The number of times each fingerprint was met.
    fingerprints: BTreeMap<String, usize>,
}

impl SarifLog {
    /// Adds a file with its findings.
    pub fn add(&mut self, source: Source<'_>, diagnostics: &[Diagnostic]) {
        let place = artifact_location(source.name);
        let artifact = self.artifacts.len();
        self.artifacts.push(json!({"location": place, "encoding": "utf-8"}));
        let lines = Lines::of(source.text);
        for diagnostic in diagnostics {
            if self.results.len() == MOST_RESULTS {
                self.left_out += 1;
                continue;
            }
            let index = self.rules.len();
            let (severity, docs) = (diagnostic.severity, diagnostic.docs.clone());
            let rule = self.rules.entry(diagnostic.code.clone());
            let rule = rule.or_insert(Met { index, severity, docs }).index;
            let mut location = place.clone();
            if let Some(location) = location.as_object_mut() {
                location.insert("index".to_owned(), json!(artifact));
            }
            let fingerprint = self.fingerprint(diagnostic, source, &lines);
            self.results.push(result(diagnostic, rule, &location, &fingerprint, &lines));
        }
    }

    /// The log; `describe` says what is known of the kinds of findings in it.
    pub fn finish(self, version: &str, describe: impl Fn(&FindingCode) -> RuleText) -> Value {
        let mut rules: Vec<(FindingCode, Met)> = self.rules.into_iter().collect();
        rules.sort_by_key(|(_, met)| met.index);
        let rules: Vec<Value> = rules
            .into_iter()
            .map(|(code, met)| {
                let text = describe(&code);
                rule(&code, met.severity, RuleText { docs: text.docs.or(met.docs), ..text })
            })
            .collect();
        let mut invocation = json!({"executionSuccessful": true});
        if self.left_out > 0 {
            let text = format!("{} more findings are left out of this log", self.left_out);
            let note = json!([{"level": "warning", "message": {"text": text}}]);
            if let Some(invocation) = invocation.as_object_mut() {
                invocation.insert("toolExecutionNotifications".to_owned(), note);
            }
        }
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "rstack",
                    "semanticVersion": version,
                    "rules": rules,
                }},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {ROOT: {
                    "description": {"text": "the directory that rstack was started in"},
                }},
                "invocations": [invocation],
                "artifacts": self.artifacts,
                "results": self.results,
            }],
        })
    }

    /// The fingerprint of a finding, which stays when lines are added elsewhere in the file: the
    /// kind of finding, the file, the text of the line, and which one of those it is. Of a text
    /// that is not shown there is no line: a short one could be guessed from its digest.
    fn fingerprint(
        &mut self,
        diagnostic: &Diagnostic,
        source: Source<'_>,
        lines: &Lines<'_>,
    ) -> String {
        let name = source.name;
        let line = diagnostic.labels.first().filter(|_| source.is_shown).map_or("", |label| {
            let start = lines.clamp(label.span.start);
            lines.line(lines.line_of(start), start).1.trim()
        });
        let text = format!("{}\n{name}\n{line}", diagnostic.code);
        let digest = Digest::of(text.as_bytes());
        let short = digest.as_str().get(..16).unwrap_or_default().to_owned();
        let count = self.fingerprints.entry(short.clone()).or_default();
        *count += 1;
        format!("{short}:{count}")
    }
}

fn result(
    diagnostic: &Diagnostic,
    rule: usize,
    location: &Value,
    fingerprint: &str,
    lines: &Lines<'_>,
) -> Value {
    let mut text = Foreign(&diagnostic.message).sarif();
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!("\nhelp: {}", Foreign(help).sarif()));
    }
    let physical = |region: Value| json!({"physicalLocation": {"artifactLocation": location, "region": region}});
    // A finding about no place is about the file: services want a line nevertheless.
    let main =
        diagnostic.labels.first().map_or_else(|| json!({"startLine": 1}), |l| region(l, lines));
    let related: Vec<Value> = diagnostic
        .labels
        .iter()
        .skip(1)
        .take(MOST_PLACES)
        .enumerate()
        .map(|(i, label)| {
            let mut place = physical(region(label, lines));
            if let Some(place) = place.as_object_mut() {
                place.insert("id".to_owned(), json!(i));
                place
                    .insert("message".to_owned(), json!({"text": Foreign(&label.message).sarif()}));
            }
            place
        })
        .collect();
    json!({
        "ruleId": diagnostic.code.as_str(),
        "ruleIndex": rule,
        "level": level(diagnostic.severity),
        "message": {"text": text},
        "locations": [physical(main)],
        "relatedLocations": related,
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    })
}

/// A place; its end is behind its last character.
fn region(label: &Label, lines: &Lines<'_>) -> Value {
    let start = lines.position(label.span.start);
    let end = lines.position(label.span.end.max(label.span.start));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn rule(code: &FindingCode, severity: Severity, said: RuleText) -> Value {
    let mut rule = Map::new();
    rule.insert("id".to_owned(), json!(code.as_str()));
    let title = Foreign(&said.title);
    rule.insert("shortDescription".to_owned(), json!({"text": title.sarif()}));
    rule.insert("fullDescription".to_owned(), json!({"text": title.sarif()}));
    rule.insert("defaultConfiguration".to_owned(), json!({"level": level(severity)}));
    // A page is a text of rstack or its validator; a title can be a name that a rules file gives.
    let help = match &said.markdown {
        Some(page) => json!({"text": page, "markdown": page}),
        None => json!({"text": title.sarif(), "markdown": title.markdown()}),
    };
    rule.insert("help".to_owned(), help);
    if let Some(url) = said.docs {
        rule.insert("helpUri".to_owned(), json!(url));
    }
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "recommendation",
    };
    let properties = json!({"tags": ["cloudformation"], "problem.severity": severity});
    rule.insert("properties".to_owned(), properties);
    Value::Object(rule)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "note",
    }
}

/// A path as a URI: relative ones belong to the root.
fn artifact_location(path: &str) -> Value {
    let encoded: String = path
        .strip_prefix("./")
        .unwrap_or(path)
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    if encoded.starts_with('/') {
        json!({"uri": format!("file://{encoded}")})
    } else {
        json!({"uri": encoded, "uriBaseId": ROOT})
    }
}
