//! Messages about mistakes in YAML, by the text at their place: a reader says which token it
//! missed, people want to know which character to change.

use rstack_model::{Code, Diagnostic, Span};

use super::other_file::conflict;

/// The finding for a text that cannot be read: the reader's message, and where it stopped.
pub(super) fn problem(text: &str, message: &str, at: Span) -> Diagnostic {
    let place = Place::of(text, at.start);
    conflict(text)
        .or_else(|| tab(&place))
        .or_else(|| reserved(&place))
        .or_else(|| two_tags(&place))
        .or_else(|| colon(&place, message))
        .or_else(|| indentation(&place, message))
        .or_else(|| open_bracket(&place, message))
        .unwrap_or_else(|| {
            let error = Diagnostic::error(Code::Syntax, message).at(at, "here");
            match message {
                "invalid trailing content after single-quoted scalar" => error.help(
                    "write a single quote inside of single quotes twice, or use double quotes",
                ),
                "unclosed quote" => error.help("add the quote that closes the text"),
                _ if message.starts_with("unclosed bracket") => error.help("close the bracket"),
                _ => error.help(
                    "look here and above for a bracket or quote that is not closed, a missing \
                     colon, or a line that is indented otherwise than its neighbours",
                ),
            }
        })
}

/// Where the reader stopped: the line, what is before it and behind it.
struct Place<'t> {
    text: &'t str,
    at: usize,
    /// Where the line begins.
    start: usize,
    line: &'t str,
}

impl<'t> Place<'t> {
    fn of(text: &'t str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |found| found + 1);
        let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        Self { text, at, start, line }
    }

    fn before(&self) -> &'t str {
        self.text.get(self.start..self.at).unwrap_or_default()
    }

    fn behind(&self) -> &'t str {
        self.text.get(self.at..).and_then(|rest| rest.lines().next()).unwrap_or_default()
    }

    /// The line before that says something, with its place.
    fn line_above(&self) -> Option<(usize, &'t str)> {
        let mut end = self.start;
        while end > 0 {
            let above = self.text.get(..end - 1)?;
            let start = above.rfind('\n').map_or(0, |found| found + 1);
            let line = above.get(start..)?;
            if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
                return Some((start, line));
            }
            end = start;
        }
        None
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn error(message: impl Into<String>, at: Span, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::Syntax, message).at(at, "").help(help)
}

/// A tab where only spaces count.
fn tab(place: &Place<'_>) -> Option<Diagnostic> {
    let blank = place.line.get(..indent(place.line))?;
    let tab = blank.find('\t')?;
    let tabs = blank.get(tab..)?.chars().take_while(|c| *c == '\t').count();
    let at = Span::new(place.start + tab, place.start + tab + tabs);
    Some(error("a tab cannot indent YAML", at, "indent with spaces"))
}

/// A text that begins with a character that means something to YAML.
fn reserved(place: &Place<'_>) -> Option<Diagnostic> {
    let begins = |before: &str| {
        let before = before.trim_end();
        before.is_empty() || before.ends_with([':', '-', ',', '[', '{'])
    };
    // The reader stops at the character, or behind a `*` or `&` that no name follows.
    let sign = |at: usize| place.text.get(at..)?.chars().next();
    let (at, sign) = match sign(place.at).filter(|c| matches!(c, '@' | '`' | '%' | '*' | '&')) {
        Some(sign) => (place.at, sign),
        None => {
            let before = place.at.checked_sub(1)?;
            (before, sign(before).filter(|c| matches!(c, '*' | '&'))?)
        }
    };
    if !begins(place.text.get(place.start..at)?) {
        return None;
    }
    let rest = place.text.get(at..)?.lines().next()?;
    let word = rest.split([',', ']', '}', ' ']).next().unwrap_or(rest);
    let message = format!("text that begins with `{sign}` must be quoted");
    let at = Span::new(at, at + word.len().max(1));
    Some(error(message, at, format!("write `'{word}'`")))
}

/// A tag behind a tag: `!Ref !Sub …`.
fn two_tags(place: &Place<'_>) -> Option<Diagnostic> {
    let inner = place.behind().strip_prefix('!')?;
    let outer = place.before().trim_end().rsplit([' ', ':']).next()?.strip_prefix('!')?;
    let end = inner.find(' ').map_or(place.behind().len(), |found| found + 1);
    let long = match outer {
        "Ref" | "Condition" => outer.to_owned(),
        _ => format!("Fn::{outer}"),
    };
    let message = format!("`!{outer}` cannot be followed by another short form");
    let help = format!("write the outer function in its long form, `{long}:`, with this inside");
    Some(error(message, Span::new(place.at, place.at + end), help))
}

/// A colon where no key can be.
fn colon(place: &Place<'_>, message: &str) -> Option<Diagnostic> {
    if message.starts_with("simple key expected") {
        let blanks = indent(place.line);
        return Some(missing_colon(place.start + blanks, place.line.trim()));
    }
    if !message.starts_with("mapping values are not allowed") {
        return None;
    }
    let before = place.before();
    if let Some(found) = before.find(": ") {
        let value = place.start + found + 2;
        let blanks = indent(place.text.get(value..)?);
        let at = Span::new(value + blanks, place.start + place.line.trim_end().len());
        let message = "a text with a colon and a space in it must be quoted";
        return Some(error(message, at, "put quotes around the whole text"));
    }
    let (start, above) = place.line_above()?;
    let (blanks, said) = (indent(above), above.trim());
    let at = Span::new(start + blanks, start + blanks + said.len());
    if let Some(rest) = said.strip_prefix('-').filter(|rest| !rest.starts_with([' ', '-'])) {
        let message = "a dash that begins an element needs a space behind it";
        return Some(error(message, at, format!("write `- {rest}`")));
    }
    if !said.ends_with(':') && !said.contains(": ") {
        return Some(missing_colon(start + blanks, said));
    }
    None
}

fn missing_colon(start: usize, said: &str) -> Diagnostic {
    let help = match said.split_once(' ') {
        Some((key, value)) => format!("write `{key}: {}`", value.trim_start()),
        None => format!("write `{said}:`"),
    };
    let at = Span::new(start, start + said.len());
    error("a colon is missing in this line", at, help)
}

/// A line that is indented like none around it.
fn indentation(place: &Place<'_>, message: &str) -> Option<Diagnostic> {
    let wrong = message.starts_with("mapping values are not allowed")
        || message.contains("did not find expected key")
        || message.contains("did not find expected '-' indicator");
    let own = indent(place.line);
    if !wrong || place.before().trim_start().contains(' ') {
        return None;
    }
    // The indentations that a key can have here: those of the lines it is nested in.
    let mut possible = Vec::new();
    for line in place.text.get(..place.start)?.lines().rev() {
        let said = line.trim_start();
        if said.is_empty() || said.starts_with('#') {
            continue;
        }
        let depth = indent(line);
        if possible.last().is_none_or(|inner| depth < *inner) {
            possible.push(depth);
        }
    }
    let deepest = *possible.first()?;
    if possible.contains(&own) {
        return None;
    }
    let (start, above) = place.line_above()?;
    let wanted = possible.iter().min_by_key(|depth| depth.abs_diff(own)).unwrap_or(&deepest);
    let begin = place.start + own;
    let error = Diagnostic::error(Code::Syntax, "this line is indented like none around it")
        .at(Span::new(begin, place.start + place.line.trim_end().len()), "")
        .at(Span::new(start + indent(above), start + above.trim_end().len()), "the line above");
    let spaces = if *wanted == 1 { "space" } else { "spaces" };
    Some(error.help(format!("it has {own} spaces before it; perhaps {wanted} {spaces} were meant")))
}

/// A bracket that was opened and something else goes on.
fn open_bracket(place: &Place<'_>, message: &str) -> Option<Diagnostic> {
    if !message.contains("while parsing a flow") {
        return None;
    }
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote = None;
    let read = place.text.get(..place.at)?;
    let mut before = '\n';
    for (at, c) in read.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if !before.is_alphanumeric() => quote = Some(c),
            (None, '{' | '[') => open.push((at, c)),
            (None, '}' | ']') => {
                open.pop();
            }
            (None, _) => {}
        }
        before = c;
    }
    let (at, bracket) = open.pop()?;
    let closing = if bracket == '{' { '}' } else { ']' };
    let behind = place.text.get(place.at..)?.chars().next().map_or(0, char::len_utf8);
    let error = Diagnostic::error(Code::Syntax, format!("a comma or `{closing}` is missing"))
        .at(Span::new(place.at, place.at + behind), "expected before this")
        .at(Span::new(at, at + 1), "in what is opened here");
    Some(error.help(format!("add a comma between two entries, or `{closing}` behind the last")))
}
