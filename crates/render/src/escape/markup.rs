//! Text inside of the languages that other programs draw.

use super::characters::{is_unsafe, write_out};
use super::log::is_marker;

/// Each character as `write` has it, unsafe ones by their code point.
fn each(text: &str, write: impl Fn(char, &mut String)) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            let mut code = String::new();
            write_out(c, &mut code);
            code.chars().for_each(|c| write(c, &mut out));
        } else {
            write(c, &mut out);
        }
    }
    out
}

/// Source: CommonMark 0.31, "Entity and numeric character references": a reference is text and never
/// a mark. GitHub notifies and links nothing inside of `code`.
pub(super) fn markdown(text: &str) -> String {
    let inner = each(text, |c, out| {
        if c.is_ascii_punctuation() {
            out.push_str(&format!("&#{};", u32::from(c)));
        } else {
            out.push(c);
        }
    });
    format!("<code>{inner}</code>")
}

/// Source: the HTML standard, 13.1.2.3 "Attributes" and 13.1.4 "Character references".
pub(super) fn html(text: &str) -> String {
    each(text, |c, out| match c {
        '&' | '<' | '>' | '"' | '\'' | '`' | '=' => out.push_str(&format!("&#{};", u32::from(c))),
        c => out.push(c),
    })
}

/// Source: Graphviz, "The DOT Language", on quoted strings: a backslash keeps the quote behind it.
pub(super) fn dot_name(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '"' => out.push_str("\\\""),
            // A name that has the text of an escape is another one than the escaped.
            '\\' => out.push_str("\\\\\\\\"),
            '#' if text.get(at..).is_some_and(is_marker) => out.push_str("\\\\u{23}"),
            c if is_unsafe(c) => {
                out.push('\\');
                write_out(c, &mut out);
            }
            c => out.push(c),
        }
    }
    out
}

/// Source: Graphviz, "escString" and "Node, Edge and Graph Attributes": labels know escapes and
/// character references.
pub(super) fn dot_label(text: &str) -> String {
    each(text, |c, out| match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '&' | '#' => out.push_str(&format!("&#{};", u32::from(c))),
        c => out.push(c),
    })
}

/// Source: Mermaid, "Flowcharts Syntax", on entity codes. Directives (`%%{`) and formulas (`$$`) are
/// looked for in labels, too.
pub(super) fn mermaid(text: &str) -> String {
    each(text, |c, out| match c {
        '"' | '#' | '&' | '<' | '>' | '`' | ';' | '\\' | '%' | '$' => {
            out.push_str(&format!("#{};", u32::from(c)));
        }
        c => out.push(c),
    })
}

/// Source: SARIF 2.1.0, 3.11.6 "Messages with embedded links": a backslash takes the meaning from a
/// bracket.
pub(super) fn sarif(text: &str) -> String {
    let has_link = text.contains("](");
    each(text, |c, out| match c {
        '[' | ']' | '\\' if has_link => {
            out.push('\\');
            out.push(c);
        }
        c => out.push(c),
    })
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;
    use crate::escape::escape;

    const TEXTS: [&str; 9] = [
        "plain",
        "a | b \\| c",
        "``` `x` \\` <b>&amp;</b> <!-- </code>",
        "[x](javascript:y) ![i](z) <https://x> @someone #1 **b** _i_ ~~s~~",
        "a\n\n# b\r\n- c\n\n| d |\n|---|",
        "\u{1b}]8;;http://x\u{1b}\\\u{202e}\u{9b}",
        "\"]; evil [label=\"\\N\\",
        "%%{init: {}}%% $$x$$ click n0 \"x\"; end",
        "##[error] ##vso[x] ::error::",
    ];

    /// The text of the only cell of a table's second row, and how many cells there are.
    fn cell(markdown: &str) -> (String, usize) {
        let mut cells = 0;
        let mut out = String::new();
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::TableCell) => cells += 1,
                Event::Text(text) if cells == 2 => out.push_str(&text),
                Event::InlineHtml(tag) => assert!(["<code>", "</code>"].contains(&&*tag), "{tag}"),
                Event::Start(Tag::Table(_) | Tag::TableHead | Tag::TableRow)
                | Event::End(_)
                | Event::Text(_) => {}
                other => panic!("{other:?} in {markdown}"),
            }
        }
        (out, cells)
    }

    #[test]
    fn markdown_parses_back_to_one_cell() {
        for text in TEXTS {
            let table = format!("| h |\n|---|\n| {} |\n", markdown(text));
            assert_eq!(cell(&table), (escape(text).into_owned(), 2), "{table}");
        }
    }

    #[test]
    fn html_is_text_alone_and_reads_back() {
        for text in TEXTS {
            let html = html(text);
            assert!(!html.contains(['<', '>', '"', '\'', '`', '=']), "{html}");
            let mut read = String::new();
            for (i, part) in html.split('&').enumerate() {
                let (code, rest) = if i == 0 { ("", part) } else { part.split_once(';').unwrap() };
                let code = code.strip_prefix('#').map(|code| code.parse().unwrap());
                read.extend(code.and_then(char::from_u32));
                read.push_str(rest);
            }
            assert_eq!(read, escape(text));
        }
    }

    /// The content of a quoted string of DOT, which must end with the text.
    fn dot_string(text: &str) -> String {
        let mut out = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            assert_ne!(c, '"', "{text}");
            match c {
                '\\' => match chars.next().expect("a backslash before the end") {
                    '"' => out.push('"'),
                    other => out.extend(['\\', other]),
                },
                c => out.push(c),
            }
        }
        out
    }

    #[test]
    fn a_quoted_string_of_dot_ends_where_it_should() {
        let mut names: Vec<String> = TEXTS.map(|text| dot_string(&dot_name(text))).into();
        names.extend(["\n", "\\n", "\\\\n"].map(|text| dot_string(&dot_name(text))));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        for text in TEXTS {
            dot_string(&dot_label(text));
            assert!(!log_acts(&dot_name(text)) && !log_acts(&dot_label(text)), "{text}");
        }
    }

    fn log_acts(text: &str) -> bool {
        text.char_indices().any(|(at, c)| c == '#' && is_marker(&text[at..]))
    }

    #[test]
    fn a_label_of_mermaid_has_no_mark_and_no_directive() {
        for text in TEXTS {
            let label = mermaid(text);
            assert!(!label.contains(['"', '<', '>', '`', '\\', '%', '$', '\n', '&']), "{label}");
            let references = label.matches('#').count();
            assert_eq!(references, label.matches(';').count(), "{label}");
        }
    }

    #[test]
    fn a_message_of_sarif_has_no_link() {
        assert_eq!(sarif("Tags[0] is wrong"), "Tags[0] is wrong");
        assert_eq!(sarif("[a](http://b)\u{1b}"), "\\[a\\](http://b)\\\\u{1b}");
    }
}
