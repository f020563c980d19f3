//! The part of a source that a diagnostic shows: safe to print, and narrow enough.
//!
//! A label that reaches over several lines is shown at its first line. Control characters are
//! written out, tabs become spaces, and long lines are cut around the label.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rstack_model::{Diagnostic, Label, without_signatures};

use super::position::Lines;
use crate::escape::escape;

/// Columns that line numbers and margins take.
const MARGIN: usize = 12;

/// The number of lines that a label may be away from the main one to be shown in the same excerpt.
const FAR: usize = 500;

/// The number of lines around a labelled one that keep their text, in case they are shown between
/// two.
const AROUND: usize = 2;

/// A label at its place in the excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Bytes of the excerpt's text, all in one line.
    pub(super) range: Range<usize>,
    /// The remark about it.
    pub(super) message: String,
}

/// Lines of the source in the form in which they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The lines.
    pub(super) text: String,
    /// The number of the first one, from 1.
    pub(super) first_line: usize,
    /// The labels, the main one first.
    pub(super) marks: Vec<Mark>,
    /// The labels that are too far away.
    pub(super) far: Vec<Label>,
}

impl Excerpt {
    /// The lines that the labels are in; `None` if there are no labels.
    pub(super) fn of(diagnostic: &Diagnostic, lines: &Lines<'_>, columns: usize) -> Option<Self> {
        let main = line_of(diagnostic.labels.first()?, lines);
        let (near, far): (Vec<Label>, Vec<Label>) = diagnostic
            .labels
            .iter()
            .cloned()
            .partition(|label| line_of(label, lines).abs_diff(main) <= FAR);
        let numbers: BTreeSet<usize> = near.iter().map(|label| line_of(label, lines)).collect();
        let (first, last) = (*numbers.first()?, *numbers.last()?);
        let limit = columns.saturating_sub(MARGIN).max(20);
        let mut text = String::new();
        let mut shown: BTreeMap<usize, (usize, ShownLine)> = BTreeMap::new();
        for number in first..=last {
            let around = number.saturating_sub(AROUND)..=number + AROUND;
            if numbers.range(around).next().is_some() {
                let line = ShownLine::of(number, &near, lines, limit);
                let start = text.len();
                text.push_str(&line.text);
                shown.insert(number, (start, line));
            }
            text.push('\n');
        }
        let marks = near.iter().map(|label| {
            let found = shown.get(&line_of(label, lines));
            let range = found.map_or(0..0, |(start, line)| {
                let range = line.range(label, lines);
                start + range.start..start + range.end
            });
            Mark { range, message: label.message.clone() }
        });
        Some(Self { first_line: first + 1, marks: marks.collect(), text, far })
    }
}

fn line_of(label: &Label, lines: &Lines<'_>) -> usize {
    lines.line_of(lines.clamp(label.span.start))
}

/// One line as shown, and where the characters of the source are in it.
struct ShownLine {
    text: String,
    /// Offset in the source and in `text` of every character shown, and of the end.
    offsets: Vec<(usize, usize)>,
}

impl ShownLine {
    /// The line with this number, cut to `limit` characters around the first label in it.
    fn of(number: usize, labels: &[Label], lines: &Lines<'_>, limit: usize) -> Self {
        let first = labels.iter().find(|label| line_of(label, lines) == number);
        let focus = first.map_or(0, |label| lines.clamp(label.span.start));
        let (start, source) = lines.line(number, focus);
        let at = focus.saturating_sub(start).min(source.len());
        let before = source.get(..at).unwrap_or(source);
        // A line is cut where its label begins behind two thirds of what is shown.
        let fits = source.chars().nth(limit).is_none();
        let behind = if fits { None } else { before.char_indices().nth_back(limit * 2 / 3 - 1) };
        let from = match behind {
            None => 0,
            Some(_) => before.char_indices().nth_back(limit / 3 - 1).map_or(0, |(from, _)| from),
        };
        let mut text = String::from(if from > 0 { "…" } else { "" });
        let mut offsets = Vec::new();
        let mut end = start + source.len();
        let mut cut = false;
        let rest = source.get(from..).unwrap_or_default();
        // A template may have an address that is signed: it lets its holder read what is there.
        let covered = without_signatures(source);
        let hidden = source.len() - rest.len();
        let skipped = source.get(..hidden).map_or(0, |before| before.chars().count());
        let shown = covered.chars().skip(skipped);
        for (i, ((offset, _), c)) in rest.char_indices().zip(shown).enumerate() {
            if i == limit {
                end = start + from + offset;
                cut = true;
                break;
            }
            offsets.push((start + from + offset, text.len()));
            match c {
                '\t' => text.push_str("    "),
                c => text.push_str(&escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        offsets.push((end, text.len()));
        text.push_str(if cut { "…" } else { "" });
        Self { text, offsets }
    }

    /// Where a label that begins in this line is shown.
    fn range(&self, label: &Label, lines: &Lines<'_>) -> Range<usize> {
        let place = |offset: usize| {
            let found = self.offsets.iter().find(|(source, _)| *source >= offset);
            found.or(self.offsets.last()).map_or(0, |(_, shown)| *shown)
        };
        let start = place(lines.clamp(label.span.start));
        let end = place(lines.clamp(label.span.end));
        start..end.max(start)
    }
}
