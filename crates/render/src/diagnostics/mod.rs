//! Findings about a template, with the place they are about: as excerpts of the source, as one
//! line each, as JSON.

mod excerpt;
mod json;
mod position;
mod sarif;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use rstack_model::{Diagnostic, Label, Severity};

use self::excerpt::Excerpt;
pub use self::json::report_json;
use self::position::Lines;
pub use self::sarif::{RuleText, SarifLog};
use crate::escape::escape;
use crate::style::{Palette, View};
use crate::words::count;

/// The text that diagnostics are about.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name for people: the path of the file.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
    /// True if people are shown lines of the text; else they are shown places only.
    pub is_shown: bool,
}

/// Stands for the place of a finding until it is rendered: the renderer counts columns in what is
/// shown, the place has to say those of the source. No other text can hold this character.
const PLACE: &str = "\u{1}";

/// The findings in the manner of the Rust compiler: message, place, source lines with what is said
/// of them, help, and where to read more. Spans outside of the text are taken to its nearest place.
pub fn report(diagnostics: &[Diagnostic], source: Source<'_>, view: &View) -> String {
    let lines = Lines::of(source.text);
    let renderer = match view.palette {
        Palette::Plain => Renderer::plain(),
        Palette::Ansi => Renderer::styled(),
    }
    .term_width(view.columns());
    let texts: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| {
            let text = renderer.render(&[group(diagnostic, source, &lines, view)]);
            with_place(&text, &place(diagnostic, source, &lines)) + "\n"
        })
        .collect();
    texts.join("\n")
}

fn group<'a>(
    diagnostic: &Diagnostic,
    source: Source<'_>,
    lines: &Lines<'_>,
    view: &View,
) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Information => Level::INFO,
    };
    let title = level
        .primary_title(message(&diagnostic.message))
        .id(escape(diagnostic.code.as_str()).into_owned());
    let excerpt = Excerpt::of(diagnostic, lines, view.columns()).filter(|_| source.is_shown);
    let mut group = match excerpt {
        None => title.element(Origin::path(PLACE)),
        Some(excerpt) => {
            let annotations = excerpt.marks.into_iter().enumerate().map(|(i, mark)| {
                let kind = if i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                let label = message(&mark.message);
                kind.span(mark.range).label((!label.is_empty()).then_some(label))
            });
            let snippet = Snippet::source(excerpt.text)
                .path(PLACE)
                .line_start(excerpt.first_line)
                .annotations(annotations.collect::<Vec<_>>());
            let notes = excerpt.far.iter().map(|label| {
                let place = place_of(label, source, lines);
                Level::NOTE.message(message(&format!("{}: {place}", label.message)))
            });
            notes.fold(title.element(snippet), |group, note| group.element(note))
        }
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(message(help)));
    }
    if let Some(url) = &diagnostic.docs {
        group = group.element(Level::NOTE.with_name("docs").message(message(url)));
    }
    group
}

/// `stack.yaml:12:5`, or the name alone for a finding about no place.
fn place(diagnostic: &Diagnostic, source: Source<'_>, lines: &Lines<'_>) -> String {
    match diagnostic.labels.first() {
        Some(label) => place_of(label, source, lines),
        None => escape(source.name).into_owned(),
    }
}

fn place_of(label: &Label, source: Source<'_>, lines: &Lines<'_>) -> String {
    let at = lines.position(label.span.start);
    format!("{}:{}:{}", escape(source.name), at.line, at.column)
}

/// The text with the place where the renderer wrote its own idea of it.
fn with_place(text: &str, place: &str) -> String {
    let Some((before, after)) = text.split_once(PLACE) else { return text.to_owned() };
    let after = after.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    format!("{before}{place}{after}")
}

/// A message, which may have several lines.
fn message(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().split('\n').map(|line| escape(line.trim_end())).collect();
    lines.join("\n")
}

/// One line for each finding: `stack.yaml:12:5: error[unknown-property]: …`.
pub fn report_short(diagnostics: &[Diagnostic], source: Source<'_>) -> String {
    let lines = Lines::of(source.text);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let place = place(diagnostic, source, &lines);
        let severity = severity(diagnostic.severity);
        let code = escape(diagnostic.code.as_str());
        let message = escape(&diagnostic.message);
        out.push_str(&format!("{place}: {severity}[{code}]: {message}\n"));
    }
    out
}

/// `2 errors, 1 warning, 1 remark`; `None` if there are no findings.
pub fn tally(diagnostics: &[Diagnostic]) -> Option<String> {
    let kinds = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Information, "remark"),
    ];
    let parts: Vec<String> = kinds
        .iter()
        .map(|(severity, what)| {
            (diagnostics.iter().filter(|d| d.severity == *severity).count(), what)
        })
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| count(number, what))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "info",
    }
}

#[cfg(test)]
mod tests;
