//! One line of styled text: the only way text reaches the output, so that everything is escaped.

use unicode_width::UnicodeWidthChar;

use crate::escape::escape;
use crate::style::{Palette, Role};

/// Text in styled pieces. It never holds a character that could act on a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pieces: Vec<(Role, String)>,
}

impl Line {
    /// The line with this text alone.
    pub(crate) fn of(role: Role, text: &str) -> Self {
        Self::default().with(role, text)
    }

    /// The line with this unstyled text.
    pub(crate) fn plain(text: &str) -> Self {
        Self::of(Role::Plain, text)
    }

    /// Adds text at the end.
    pub(crate) fn push(&mut self, role: Role, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = escape(text);
        match self.pieces.last_mut() {
            Some((last, piece)) if *last == role => piece.push_str(&text),
            Some(_) | None => self.pieces.push((role, text.into_owned())),
        }
    }

    /// This line with more text at its end.
    #[must_use]
    pub(crate) fn with(mut self, role: Role, text: &str) -> Self {
        self.push(role, text);
        self
    }

    /// Adds another line at the end.
    pub(crate) fn append(&mut self, other: Line) {
        for (role, text) in other.pieces {
            match self.pieces.last_mut() {
                Some((last, piece)) if *last == role => piece.push_str(&text),
                Some(_) | None => self.pieces.push((role, text)),
            }
        }
    }

    /// This line with another one at its end.
    #[must_use]
    pub(crate) fn then(mut self, other: Line) -> Self {
        self.append(other);
        self
    }

    /// Spaces up to this width.
    pub(crate) fn pad(&mut self, width: usize) {
        let missing = width.saturating_sub(self.width());
        self.push(Role::Plain, &" ".repeat(missing));
    }

    /// The text without its styles.
    pub(crate) fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Terminal columns it takes.
    pub(crate) fn width(&self) -> usize {
        self.pieces.iter().flat_map(|(_, text)| text.chars()).map(width_of).sum()
    }

    /// True if it has no text.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// At most `width` columns of it, with `…` where something was cut off.
    pub(crate) fn cut(&self, width: usize) -> Self {
        if self.width() <= width {
            return self.clone();
        }
        let mut out = Self::default();
        let mut left = width.saturating_sub(1);
        for (role, text) in &self.pieces {
            for c in text.chars() {
                let needed = width_of(c);
                if needed > left {
                    out.push(Role::Dim, if width == 0 { "" } else { "…" });
                    return out;
                }
                left -= needed;
                out.push(*role, c.encode_utf8(&mut [0; 4]));
            }
        }
        out
    }

    /// The line in pieces of at most `width` columns, broken at a space or behind a separator of
    /// names where there is one that is not too early.
    pub(crate) fn wrap(&self, width: usize) -> Vec<Self> {
        let width = width.max(2);
        let chars: Vec<(Role, char)> =
            self.pieces.iter().flat_map(|(role, text)| text.chars().map(|c| (*role, c))).collect();
        let mut out = Vec::new();
        let mut rest = chars.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(break_point(rest, width));
            let mut line = Self::default();
            for (role, c) in now {
                line.push(*role, c.encode_utf8(&mut [0; 4]));
            }
            out.push(line);
            let spaces = later.iter().take_while(|(_, c)| *c == ' ').count();
            rest = later.get(spaces..).unwrap_or_default();
        }
        if out.is_empty() {
            out.push(Self::default());
        }
        out
    }

    /// The text with its styles, without spaces at its end.
    pub(crate) fn paint(&self, palette: Palette) -> String {
        let visible = |(_, text): &&(Role, String)| !text.trim_end().is_empty();
        let last = self.pieces.iter().rposition(|piece| visible(&piece));
        let mut out = String::new();
        for (i, (role, text)) in self.pieces.iter().enumerate() {
            match last {
                Some(last) if i < last => out.push_str(&palette.paint(*role, text)),
                Some(last) if i == last => out.push_str(&palette.paint(*role, text.trim_end())),
                Some(_) | None => {}
            }
        }
        out
    }
}

/// The number of characters that go on a line of `width` columns: at least one.
fn break_point(chars: &[(Role, char)], width: usize) -> usize {
    let mut used = 0;
    let (mut space, mut separator) = (None, None);
    for (i, (_, c)) in chars.iter().enumerate() {
        used += width_of(*c);
        if used > width && *c == ' ' {
            return i.max(1);
        }
        if used > width {
            return space.or(separator).unwrap_or_else(|| i.max(1));
        }
        let late_enough = used * 3 > width;
        match c {
            ' ' if late_enough => space = Some(i + 1),
            '/' | ':' | ',' | '.' if late_enough => separator = Some(i + 1),
            _ => {}
        }
    }
    chars.len()
}

fn width_of(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The lines as text, each with a line break at its end.
pub(crate) fn join(lines: &[Line], palette: Palette) -> String {
    let mut out = String::new();
    for line in lines {
        out.push_str(&line.paint(palette));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_and_wrapping_count_columns_not_bytes() {
        let line = Line::of(Role::Name, "日本語").with(Role::Plain, "abc");
        assert_eq!(line.width(), 9);
        assert_eq!(line.cut(6).paint(Palette::Plain), "日本…");
        assert_eq!(line.cut(9), line);
        assert_eq!(line.cut(0).width(), 0);
        let wrapped: Vec<String> =
            line.wrap(4).iter().map(|part| part.paint(Palette::Plain)).collect();
        assert_eq!(wrapped, ["日本", "語ab", "c"]);
    }

    #[test]
    fn names_break_behind_their_separators() {
        let line = Line::plain("arn:aws:iam::111122223333:role/streaming-Role");
        let wrapped: Vec<String> =
            line.wrap(20).iter().map(|part| part.paint(Palette::Plain)).collect();
        assert_eq!(wrapped, ["arn:aws:iam::", "111122223333:role/", "streaming-Role"]);
    }

    #[test]
    fn colours_close_and_plain_text_has_none() {
        let line = Line::of(Role::Create, "[+]").with(Role::Plain, " x\u{1b}[0m  ");
        assert_eq!(line.paint(Palette::Ansi), "\u{1b}[32m[+]\u{1b}[0m x\\u{1b}[0m");
        assert_eq!(line.paint(Palette::Plain), "[+] x\\u{1b}[0m");
    }
}
