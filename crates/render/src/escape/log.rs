//! Text for a log, which a workflow runner may read and act upon.
//!
//! It is not known which runner reads a log: a pipe leads from a container to it, or a shell. So a
//! text is made safe for all of them at once. Their rules, as their sources and manuals have them:
//!
//! - GitHub Actions: a line that begins with `::`, behind any blanks, or that holds `##[` anywhere
//!   (`ActionCommand.TryParseV2`, `TryParse` in `actions/runner`, `src/Runner.Common`). Lines end at
//!   LF, CR and both (`StreamReader.ReadLine`). .NET compares the marks by the rules of a language,
//!   which take no notice of invisible characters.
//! - Azure Pipelines: `##vso[` anywhere (`Command.TryParse` in `microsoft/azure-pipelines-agent`); a
//!   warning with the whole line for `##vso` alone (`WorkerCommandManager`); formats such as
//!   `##[group]` at the beginning ("Logging commands").
//! - TeamCity: `##teamcity[` ("Service messages").
//! - GitLab: `section_start:…` before CR and `ESC [0K` ("CI/CD job logs", custom collapsible
//!   sections); Travis CI folds likewise.
//! - Buildkite: `--- `, `+++ `, `~~~ ` and `^^^ +++` at the beginning of a line ("Managing log
//!   output").

use std::borrow::Cow;

use super::characters::{is_ignored, is_unsafe};
use super::terminal::style;

/// The beginnings of a line that Buildkite takes for the head of a group.
const GROUPS: [&str; 4] = ["--- ", "+++ ", "~~~ ", "^^^ +++"];

/// A whole output, in which no line is a command to a workflow runner: the character that would
/// make it one is written by its code point, `\u{3a}:error::`. Controls are the caller's part
/// ([`terminal_text`](super::terminal_text)).
pub fn log_text(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let begin = begins_command(line);
        let marks = line.match_indices('#').map(|(at, _)| at);
        let marks = marks.filter(|at| line.get(*at..).is_some_and(is_marker));
        for at in begin.into_iter().chain(marks).map(|at| line_start + at) {
            let rest = text.get(at..).unwrap_or_default();
            let Some(c) = rest.chars().next() else { continue };
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.extend(c.escape_unicode());
            copied = at + c.len_utf8();
        }
        line_start += line.len();
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// True if a log with this very text could make its runner act, or change what a log shows of other
/// lines. Line breaks of both kinds and tabs do not.
pub fn would_act(text: &str) -> bool {
    let text = text.replace("\r\n", "\n");
    let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    text.chars().any(acts) || matches!(log_text(&text), Cow::Owned(_))
}

/// The place where a line begins a command, if it does.
fn begins_command(line: &str) -> Option<usize> {
    let seen = line.trim_start_matches(is_ignored);
    if GROUPS.iter().any(|group| seen.starts_with(group)) {
        return Some(line.len() - seen.len());
    }
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let length = match style(rest) {
            0 if c.is_whitespace() || is_ignored(c) || is_unsafe(c) => c.len_utf8(),
            0 => break,
            length => length,
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    let mut seen = rest.chars().filter(|c| !is_ignored(*c) && !is_unsafe(*c));
    let is_command = seen.next() == Some(':') && seen.next() == Some(':');
    is_command.then(|| line.len() - rest.len())
}

/// True if the text begins with a mark that runners look for anywhere in a line.
pub(super) fn is_marker(text: &str) -> bool {
    let longest = "##teamcity[".len();
    let seen = text.chars().filter(|c| !is_ignored(*c) && !is_unsafe(*c));
    let seen: String = seen.take(longest).map(|c| c.to_ascii_lowercase()).collect();
    ["##[", "##vso", "##teamcity["].iter().any(|mark| seen.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_begins_a_command() {
        for (text, shown) in [
            ("::error file=x::y", "\\u{3a}:error file=x::y"),
            ("a\n \t\u{a0}::add-mask::x\nb", "a\n \t\u{a0}\\u{3a}:add-mask::x\nb"),
            ("\u{1b}[32m::stop-commands::x", "\u{1b}[32m\\u{3a}:stop-commands::x"),
            ("\u{fe0f}:\u{fe0f}:error::", "\u{fe0f}\\u{3a}\u{fe0f}:error::"),
            ("a ##[error]b", "a \\u{23}#[error]b"),
            ("###[error]##[x]", "#\\u{23}#[error]\\u{23}#[x]"),
            ("  ::a ##[b]", "  \\u{3a}:a \\u{23}#[b]"),
            (
                "x ##VSO[task.setvariable variable=a]b",
                "x \\u{23}#VSO[task.setvariable variable=a]b",
            ),
            ("##teamcity[x]", "\\u{23}#teamcity[x]"),
            ("#\u{fe0e}#[group]", "\\u{23}\u{fe0e}#[group]"),
            ("--- a\n+++ b", "\\u{2d}-- a\n\\u{2b}++ b"),
        ] {
            assert_eq!(log_text(text), shown);
            assert_eq!(log_text(shown), shown);
            assert!(would_act(text), "{text}");
        }
    }

    /// The rules of the runners once more, in the plainest form.
    fn acts(text: &str) -> bool {
        let text: String =
            text.chars().filter(|c| !('\u{fe00}'..='\u{fe0f}').contains(c)).collect();
        let lower = text.to_lowercase();
        ["##[", "##vso", "##teamcity[", "\u{1b}[0K"].iter().any(|mark| lower.contains(mark))
            || text.split(['\n', '\r']).any(|line| {
                line.trim_start().starts_with("::")
                    || line.starts_with("--- ")
                    || line.starts_with("^^^ +++")
            })
    }

    #[test]
    fn no_text_of_a_few_pieces_is_a_command_in_any_output() {
        const PIECES: [&str; 12] = [
            ":",
            "::",
            "#",
            "[",
            "vso",
            " ",
            "\n",
            "\r",
            "\u{fe0f}",
            "\u{1b}[0K",
            "--- ",
            "\u{200b}",
        ];
        let mut texts = vec![String::new()];
        let mut acting = 0;
        for _ in 0..5 {
            let more = |text: &String| PIECES.map(|piece| format!("{text}{piece}"));
            texts = texts.iter().flat_map(more).collect();
            for text in &texts {
                acting += usize::from(acts(text));
                let shown = crate::escape::terminal_text(text, true);
                let shown = log_text(&shown);
                assert!(!acts(&shown), "{text:?} is {shown:?}");
                assert_eq!(log_text(&shown), shown, "{text:?}");
                assert!(would_act(text) || !acts(text), "{text:?}");
                let json = serde_json::Value::from(text.as_str()).to_string();
                let escaped = crate::escape::json_text(&json);
                assert!(!acts(&escaped), "{text:?} is {escaped}");
                let read: String = serde_json::from_str(&escaped).unwrap();
                assert_eq!(&read, text);
            }
        }
        assert!(acting > 50_000, "only {acting} of the texts are commands");
    }

    #[test]
    fn everything_else_is_left_as_it_is() {
        for text in ["", "\n", "a::error::", "AWS::S3::Bucket ::x", "# ## ### a", "##", ":: "] {
            let acts = text == ":: ";
            assert_eq!(matches!(log_text(text), Cow::Owned(_)), acts, "{text:?}");
        }
        assert!(!would_act("-----BEGIN KEY-----\r\na\tb\r\n"));
        assert!(would_act("a\rb") && would_act("section_start:1:a\r\u{1b}[0K"));
    }
}
