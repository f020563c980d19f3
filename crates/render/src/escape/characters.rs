//! The characters that are not shown as themselves.

/// True for controls (C0, DEL, C1), bidirectional marks, and characters that are there and not
/// seen. The variation selectors 15 and 16 are left: they belong to emoji, and say only how one is
/// drawn.
pub(super) fn is_unsafe(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0d}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// True for the variation selectors that [`is_unsafe`] leaves. A comparison by the rules of a
/// language, such as .NET's `StartsWith`, takes no notice of them.
pub(super) fn is_ignored(c: char) -> bool {
    matches!(c, '\u{fe0e}'..='\u{fe0f}')
}

/// Writes a character by its code point, or by its usual name.
pub(super) fn write_out(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c => out.extend(c.escape_unicode()),
    }
}
