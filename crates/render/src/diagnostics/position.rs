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

/// How many bytes of a line are counted at once.
const STRIDE: usize = 4096;

/// A text and where its lines begin.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// In long lines: offsets, and how many characters of their line are before them.
    counted: Vec<(usize, usize)>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text, which end with `\n` or `\r\n`.
    pub(super) fn of(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(breaks).collect();
        let mut counted = Vec::new();
        for (i, start) in starts.iter().enumerate() {
            let end = starts.get(i + 1).copied().unwrap_or(text.len());
            let (mut at, mut count) = (*start, 0);
            while end - at > STRIDE {
                let next = text.ceil_char_boundary(at + STRIDE);
                count += text.get(at..next).map_or(0, |part| part.chars().count());
                counted.push((next, count));
                at = next;
            }
        }
        Self { text, starts, counted }
    }

    /// The nearest offset that is a character's beginning or the end of the text.
    pub(super) fn clamp(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The number of the line an offset is in, from 0.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Where a line begins, and its text without the line break.
    pub(super) fn line(&self, number: usize) -> (usize, &'a str) {
        let start = self.starts.get(number).copied().unwrap_or(self.text.len());
        let end = self.starts.get(number + 1).copied().unwrap_or(self.text.len());
        let text = self.text.get(start..end).unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        (start, text.strip_suffix('\r').unwrap_or(text))
    }

    /// The line and column of an offset.
    pub(super) fn position(&self, offset: usize) -> Position {
        let offset = self.clamp(offset);
        let number = self.line_of(offset);
        let start = self.starts.get(number).copied().unwrap_or_default();
        let counted = self.counted.partition_point(|(at, _)| *at <= offset);
        let last = counted.checked_sub(1).and_then(|last| self.counted.get(last));
        let (from, count) = last.copied().filter(|(at, _)| *at > start).unwrap_or((start, 0));
        let rest = self.text.get(from..offset).unwrap_or_default();
        Position { line: number + 1, column: count + rest.chars().count() + 1 }
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
        assert_eq!(lines.line(0), (0, "ab"));
        assert_eq!(lines.line(1), (4, "日本x"));
        assert_eq!(lines.line(9), (12, ""));
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
