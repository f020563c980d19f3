//! From byte offsets to lines and columns. Every offset has a place: one behind the end is at the
//! end, one inside a character is at its beginning.

use serde::Serialize;

/// A place in a text as people count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Position {
    /// The line, from 1.
    pub(super) line: usize,
    /// The character in the line, from 1.
    pub(super) column: usize,
}

/// About how many bytes of the text are between two places that are remembered.
const STRIDE: usize = 4096;

/// A place that is remembered, so that counting need not begin at the start of the text.
#[derive(Clone, Copy, Debug, Default)]
struct Stop {
    offset: usize,
    /// The number of line breaks before it.
    line: usize,
    /// Where its line begins.
    start: usize,
    /// The number of characters of its line before it.
    column: usize,
}

/// A text, and places in it. Lines end with `\n` or `\r\n`.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    stops: Vec<Stop>,
}

impl<'a> Lines<'a> {
    /// Counts the lines of a text.
    pub(super) fn of(text: &'a str) -> Self {
        let mut stops = vec![Stop::default()];
        let mut at = Stop::default();
        while at.offset < text.len() {
            let next = text.ceil_char_boundary(at.offset.saturating_add(STRIDE));
            at = forward(text, at, next);
            stops.push(at);
        }
        Self { text, stops }
    }

    /// The nearest offset that is a character's beginning or the end of the text.
    pub(super) fn clamp(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }

    /// The position of an offset.
    fn at(&self, offset: usize) -> Stop {
        let offset = self.clamp(offset);
        let before = self.stops.partition_point(|stop| stop.offset <= offset).saturating_sub(1);
        forward(self.text, self.stops.get(before).copied().unwrap_or_default(), offset)
    }

    /// The number of the line an offset is in, from 0.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.at(offset).line
    }

    /// Where a line begins, and its text without the line break. Of a very long line the text ends
    /// somewhere behind the offset that is looked at.
    pub(super) fn line(&self, number: usize, near: usize) -> (usize, &'a str) {
        let before = self.stops.partition_point(|stop| stop.line < number).saturating_sub(1);
        let mut start = self.stops.get(before).copied().unwrap_or_default();
        while start.line < number {
            let rest = self.text.get(start.offset..).unwrap_or_default();
            let Some(length) = rest.find('\n') else { return (self.text.len(), "") };
            let offset = start.offset + length + 1;
            start = Stop { offset, line: start.line + 1, start: offset, column: 0 };
        }
        let near = self.clamp(near).max(start.start);
        let far = self.clamp(near.saturating_add(STRIDE));
        let length = self.text.get(near..far).and_then(|rest| rest.find('\n'));
        let end = length.map_or(far, |length| near + length);
        let text = self.text.get(start.start..end).unwrap_or_default();
        (start.start, text.strip_suffix('\r').unwrap_or(text))
    }

    /// The line and column of an offset.
    pub(super) fn position(&self, offset: usize) -> Position {
        let at = self.at(offset);
        Position { line: at.line + 1, column: at.column + 1 }
    }
}

/// The position of an offset behind a known one.
fn forward(text: &str, from: Stop, offset: usize) -> Stop {
    let passed = text.get(from.offset..offset).unwrap_or_default();
    let line = from.line + passed.bytes().filter(|byte| *byte == b'\n').count();
    match passed.rfind('\n') {
        Some(last) => {
            let start = from.offset + last + 1;
            let column = text.get(start..offset).map_or(0, |rest| rest.chars().count());
            Stop { offset, line, start, column }
        }
        None => Stop { offset, line, column: from.column + passed.chars().count(), ..from },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters_and_never_outside() {
        let lines = Lines::of("ab\r\n日本x\n");
        let at = |offset| {
            let Position { line, column } = lines.position(offset);
            (line, column)
        };
        assert_eq!([at(0), at(4), at(5), at(7), at(10)], [(1, 1), (2, 1), (2, 1), (2, 2), (2, 3)]);
        assert_eq!([at(12), at(usize::MAX)], [(3, 1), (3, 1)]);
        assert_eq!(lines.line(0, 0), (0, "ab"));
        assert_eq!(lines.line(1, 4), (4, "日本x"));
        assert_eq!(lines.line(9, 0), (12, ""));
    }

    #[test]
    fn columns_of_long_lines_are_the_same_wherever_counting_begins() {
        let text = format!("a\n{}\nb{}", "x日".repeat(5_000), "é".repeat(4_096));
        let lines = Lines::of(&text);
        for offset in (0..=text.len()).step_by(501).chain([2, 4_098, 20_001, 20_002, text.len()]) {
            let offset = lines.clamp(offset);
            let before = &text[..offset];
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            let line = before.matches('\n').count() + 1;
            assert_eq!(lines.position(offset), Position { line, column }, "{offset}");
        }
    }
}
