//! Findings as JSON, one object a line.

use rstack_model::{Diagnostic, Label, Severity};
use serde::Serialize;

use super::Source;
use super::position::{Lines, Position};
use crate::json::record;

/// One line of JSON for each finding. The fields of the place are those of the first label and
/// missing without one; `labels` are the others. Lines and columns count from 1, columns in
/// characters; the end is behind the last character.
///
/// ```json
/// {"severity": "error", "code": "unknown-property", "message": "…", "file": "stack.yaml",
///  "line": 12, "column": 5, "endLine": 12, "endColumn": 9, "label": "…",
///  "labels": [{"line": 3, "column": 1, "endLine": 3, "endColumn": 8, "label": "…"}],
///  "help": "…", "docs": "https://…"}
/// ```
///
/// # Errors
/// If the JSON writer fails, which it does not for diagnostics.
pub fn report_json(
    diagnostics: &[Diagnostic],
    source: Source<'_>,
) -> Result<String, serde_json::Error> {
    let lines = Lines::of(source.text);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let mut places = diagnostic.labels.iter().map(|label| Place::of(label, &lines));
        out.push_str(&record(&Finding {
            severity: diagnostic.severity,
            code: diagnostic.code.as_str(),
            message: &diagnostic.message,
            file: source.name,
            place: places.next(),
            labels: places.collect(),
            help: diagnostic.help.as_deref(),
            docs: diagnostic.docs.as_deref(),
        })?);
        out.push('\n');
    }
    Ok(out)
}

#[derive(Serialize)]
struct Finding<'a> {
    severity: Severity,
    code: &'a str,
    message: &'a str,
    file: &'a str,
    #[serde(flatten)]
    place: Option<Place<'a>>,
    labels: Vec<Place<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    docs: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    label: &'a str,
}

impl<'a> Place<'a> {
    fn of(label: &'a Label, lines: &Lines<'_>) -> Self {
        let Position { line, column } = lines.position(label.span.start);
        let end = lines.position(label.span.end.max(label.span.start));
        Self { line, column, end_line: end.line, end_column: end.column, label: &label.message }
    }
}
