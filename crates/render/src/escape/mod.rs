//! Text that rstack did not write itself, made safe for its reader.
//!
//! Templates, states, clouds, rules and file names can hold characters that move a cursor, change
//! colours or reorder what is read, lines that a workflow runner carries out, and markup. Each kind
//! of reader has a function here: a terminal, a log, Markdown, HTML, DOT, Mermaid, JSON, SARIF.
//!
//! [`Foreign`] carries one such text into an output. [`terminal_text`], [`log_text`] and
//! [`json_text`] take a whole output, and are the last that it passes before it is written: a text
//! that a caller forgot to escape cannot act there.

mod characters;
mod json;
mod log;
mod markup;
mod terminal;

use std::borrow::Cow;

pub use self::json::json_text;
pub use self::log::{log_text, would_act};
pub use self::terminal::terminal_text;

/// A text of foreign origin. It has no `Display`: where it is written the kind of reader is named.
#[derive(Clone, Copy, Debug)]
pub struct Foreign<'a>(pub &'a str);

impl<'a> Foreign<'a> {
    /// One line for a terminal: control and invisible characters written out, as `\u{1b}`, `\n`.
    pub fn terminal(self) -> Cow<'a, str> {
        terminal::line(self.0)
    }

    /// The lines for a terminal, with a mark in front of each but the first, so that none can pass
    /// for a line of rstack's own.
    pub fn terminal_lines(self) -> String {
        let mut lines = self.0.split('\n');
        let mut out = terminal::line(lines.next().unwrap_or_default()).into_owned();
        for line in lines {
            out.push_str(CONTINUED);
            // The mark takes the place of an indentation.
            out.push_str(&terminal::line(line.strip_prefix("  ").unwrap_or(line)));
        }
        out
    }

    /// One line for a log, that acts on no runner wherever it stands in a line; see [`log_text`].
    pub fn log(self) -> String {
        log_text(&self.terminal()).into_owned()
    }

    /// Inline Markdown: code that shows the text, in a paragraph and in the cell of a table.
    pub fn markdown(self) -> String {
        markup::markdown(self.0)
    }

    /// The content of an HTML element, or of an attribute in quotes.
    pub fn html(self) -> String {
        markup::html(self.0)
    }

    /// The inside of a quoted identifier of the DOT language. Different texts stay different.
    pub(crate) fn dot_name(self) -> String {
        markup::dot_name(self.0)
    }

    /// The inside of a quoted label of the DOT language.
    pub(crate) fn dot_label(self) -> String {
        markup::dot_label(self.0)
    }

    /// The inside of a quoted label of Mermaid.
    pub(crate) fn mermaid(self) -> String {
        markup::mermaid(self.0)
    }

    /// A plain-text message of SARIF, in which nothing is a link.
    pub(crate) fn sarif(self) -> String {
        markup::sarif(self.0)
    }
}

/// The break before a line that goes on with a text.
const CONTINUED: &str = "\n  | ";

/// One line for a terminal; [`Foreign::terminal`].
pub fn escape(text: &str) -> Cow<'_, str> {
    Foreign(text).terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_goes_on_cannot_pass_for_another_one() {
        let text = Foreign("2 problems:\n  first\nerror: second\u{1b}").terminal_lines();
        assert_eq!(text, "2 problems:\n  | first\n  | error: second\\u{1b}");
        assert_eq!(Foreign(" ::error::\n##[x]").log(), " \\u{3a}:error::\\n\\u{23}#[x]");
    }
}
