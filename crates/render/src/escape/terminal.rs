//! Text for a terminal.

use std::borrow::Cow;

use super::characters::{is_unsafe, write_out};

/// The text on one line, with control and invisible characters written out.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) { write_out(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// A whole output of several lines for a terminal: of controls, only line breaks are left, and the
/// sequences that select colours (`ESC [ … m`) if the output is `styled`.
pub fn terminal_text(text: &str, styled: bool) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && is_unsafe(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if styled { style(rest) } else { 0 };
        let length = if length > 0 {
            out.push_str(rest.get(..length).unwrap_or_default());
            length
        } else {
            if c != '\n' && is_unsafe(c) {
                write_out(c, &mut out)
            } else {
                out.push(c)
            }
            c.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Cow::Owned(out)
}

/// The bytes of the sequence that selects colours which the text begins with; 0 if it does not.
pub(super) fn style(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else { return 0 };
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';');
    match end {
        Some(end) if parameters.get(end..).is_some_and(|rest| rest.starts_with('m')) => end + 3,
        Some(_) | None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_invisible_characters_are_written_out() {
        assert_eq!(line("\u{1b}[31mred\u{7}\u{9b}"), "\\u{1b}[31mred\\u{7}\\u{9b}");
        let text = "a\u{202e}b\u{2066}\u{200b}\r\n\t\u{e0100}\u{fe00}";
        let shown = "a\\u{202e}b\\u{2066}\\u{200b}\\r\\n\\t\\u{e0100}\\u{fe00}";
        assert_eq!(line(text), shown);
        assert!(matches!(line("grün ‹CDN› 日本 ✔\u{fe0f}"), Cow::Borrowed(_)));
    }

    #[test]
    fn an_output_keeps_its_lines_and_colours_and_no_other_control() {
        let text = "a\n\u{1b}[1;31mb\u{1b}[0m\u{1b}]8;;http://x\u{1b}\\c\u{1b}[2J\u{1b}[31\r\n";
        let shown =
            "a\n\u{1b}[1;31mb\u{1b}[0m\\u{1b}]8;;http://x\\u{1b}\\c\\u{1b}[2J\\u{1b}[31\\r\n";
        assert_eq!(terminal_text(text, true), shown);
        assert_eq!(terminal_text("\u{1b}[31m\n", false), "\\u{1b}[31m\n");
        assert!(matches!(terminal_text("a\nb", false), Cow::Borrowed(_)));
    }
}
