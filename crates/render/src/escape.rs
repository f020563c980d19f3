//! Text that rstack did not write itself, made safe for a terminal.
//!
//! Templates, clouds and error messages can hold characters that move the cursor, change colours
//! or reorder what is read. They are shown by their code point and never sent.

use std::borrow::Cow;

/// The text with control and invisible formatting characters written out: `\u{1b}`, `\n`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// JSON text with the characters that [`escape`] writes out as `\uXXXX`. Outside of JSON strings
/// only the line breaks of indentation occur, and these stay.
pub(crate) fn escape_json(json: String) -> String {
    let is_unsafe = |c: char| c != '\n' && is_unsafe(c);
    if !json.chars().any(is_unsafe) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Controls (C0, DEL, C1), bidirectional marks, and characters that are there and not seen.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_act_on_a_terminal_is_written_out() {
        assert_eq!(escape("\u{1b}[31mred\u{7}\u{9b}"), "\\u{1b}[31mred\\u{7}\\u{9b}");
        assert_eq!(
            escape("a\u{202e}b\u{2066}\u{200b}\r\n\t"),
            "a\\u{202e}b\\u{2066}\\u{200b}\\r\\n\\t"
        );
        assert!(matches!(escape("grün ‹CDN› 日本"), Cow::Borrowed(_)));
    }

    #[test]
    fn escaped_json_reads_back_as_the_same_text() {
        let text = "a\u{9b}\u{202e}\u{e0041}\u{1b}\n";
        let json = escape_json(serde_json::to_string_pretty(&[text]).unwrap());
        assert!(json.chars().all(|c| c == '\n' || !is_unsafe(c)), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text]);
    }
}
