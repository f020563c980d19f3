//! From lines and columns to byte offsets.

use rstack_model::Span;

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text.
    pub(crate) fn of(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The offset of a line and a column in characters, both from 1. What is outside of the text
    /// is taken to its nearest place.
    fn offset(&self, line: u32, column: u32) -> usize {
        let number = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(number) else { return self.text.len() };
        let end = self.starts.get(number + 1).map_or(self.text.len(), |next| next - 1);
        let line = self.text.get(*start..end).unwrap_or_default();
        let before = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        start + line.char_indices().nth(before).map_or(line.len(), |(at, _)| at)
    }

    /// The span between two places.
    pub(crate) fn span(&self, start: (u32, u32), end: (u32, u32)) -> Span {
        Span::new(self.offset(start.0, start.1), self.offset(end.0, end.1))
    }

    /// The number of the line that an offset is in.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// True if a line is in the block below another: all from the next one on are indented deeper.
    pub(crate) fn is_below(&self, line: usize, head: usize) -> bool {
        let Some(limit) = self.indentation(head) else { return false };
        let deeper = |line| self.indentation(line).is_none_or(|indentation| indentation > limit);
        head < line && (head + 1..=line).all(deeper)
    }

    /// The indentation of a line, in bytes; `None` for an empty one.
    fn indentation(&self, line: usize) -> Option<usize> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let text = self.text.get(start..)?;
        let text = text.split('\n').next().unwrap_or_default();
        let inner = text.trim_start();
        (!inner.is_empty()).then(|| text.len() - inner.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_and_nothing_is_outside() {
        let lines = Lines::of("ab\n日本x\n");
        assert_eq!(lines.span((1, 1), (1, 3)), Span::new(0, 2));
        assert_eq!(lines.span((2, 2), (2, 3)), Span::new(6, 9));
        assert_eq!(lines.span((0, 0), (9, 9)), Span::new(0, 11));
        assert_eq!(lines.span((1, 90), (2, u32::MAX)), Span::new(2, 10));
        assert_eq!((lines.line_of(0), lines.line_of(3), lines.line_of(99)), (1, 2, 3));
    }

    #[test]
    fn a_block_is_what_is_indented_deeper() {
        let lines = Lines::of("a:\n  b: 1\n\n  c:\n    d: 1\ne: 1\n");
        assert!(lines.is_below(2, 1) && lines.is_below(5, 1) && lines.is_below(5, 4));
        assert!(!lines.is_below(1, 1) && !lines.is_below(6, 1) && !lines.is_below(5, 2));
        assert!(!lines.is_below(1, 2) && !lines.is_below(9, 0));
    }
}
