//! JSON text.

use std::borrow::Cow;

use super::characters::is_unsafe;
use super::log::is_marker;

/// The same JSON with the characters that a terminal shows by their code point as `\uXXXX`, and
/// without a text that a workflow runner would carry out. Outside of JSON strings only the line
/// breaks of indentation occur, and these stay.
pub fn json_text(json: &str) -> Cow<'_, str> {
    let acts = |(at, c): (usize, char)| {
        (c != '\n' && is_unsafe(c)) || (c == '#' && json.get(at..).is_some_and(is_marker))
    };
    if !json.char_indices().any(acts) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for (at, c) in json.char_indices() {
        if acts((at, c)) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_json_reads_back_as_the_same_text() {
        let text = "a\u{9b}\u{202e}\u{e0041}\u{1b}\n###[error]#\u{fe0f}#vso[x] # ## ::error::";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let escaped = json_text(&json);
        assert!(escaped.chars().all(|c| c == '\n' || !is_unsafe(c)), "{escaped}");
        assert!(!escaped.contains("##["), "{escaped}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&escaped).unwrap(), [text]);
        assert!(matches!(json_text(&escaped), Cow::Borrowed(_)));
    }
}
