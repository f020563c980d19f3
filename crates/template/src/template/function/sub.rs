//! `Fn::Sub`: the text and its variables.

use rstack_model::{Code, Diagnostic, Span};

use super::{Reader, Reported};
use crate::syntax::{Node, Spanned};
use crate::template::{ExpressionKind, SubPart};

impl Reader<'_> {
    pub(super) fn sub(&mut self, node: &Node) -> Result<ExpressionKind, Reported> {
        let expected = "a text, or a text and a map of variables";
        if let Some(text) = node.as_text() {
            let parts = self.sub_parts(text, node.span)?;
            return Ok(ExpressionKind::Sub { parts, variables: Vec::new() });
        }
        let [text, map] = self.exactly("Fn::Sub", node, expected)?;
        let (Some(template), Some(entries)) = (text.as_text(), map.as_map()) else {
            return Err(self.shape("Fn::Sub", node.span, expected));
        };
        let parts = self.sub_parts(template, text.span)?;
        Ok(ExpressionKind::Sub { parts, variables: self.entries(entries) })
    }

    /// Cuts `a${B}c${!D}` into literal `a`, variable `B`, literal `c${D}`.
    fn sub_parts(&mut self, text: &str, span: Span) -> Result<Vec<SubPart>, Reported> {
        let places = Places::of(text, (self.text, self.base), span);
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            literal.push_str(before);
            let Some((name, behind)) = after.split_once('}') else {
                let message = "`${` is not closed with `}`, so that it stays as it is";
                self.report(Diagnostic::warning(Code::SubSyntax, message).at(span, ""));
                // Nor is any that follows.
                literal.push_str("${");
                rest = after;
                break;
            };
            let place = || places.place(text.len() - after.len(), name.trim());
            rest = behind;
            let name = name.trim();
            if let Some(kept) = name.strip_prefix('!') {
                literal.push_str(&format!("${{{kept}}}"));
                continue;
            }
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-');
            if name.is_empty() || !name.chars().all(legal) {
                let message = format!("`${{{name}}}` does not name a variable");
                let error = Diagnostic::error(Code::SubSyntax, message).at(place(), "");
                return Err(self.report(error.help("write `${!` for the characters `${`")));
            }
            if !literal.is_empty() {
                parts.push(SubPart::Literal(std::mem::take(&mut literal)));
            }
            parts.push(SubPart::Variable(Spanned::new(name.to_owned(), place())));
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(SubPart::Literal(literal));
        }
        Ok(parts)
    }
}

/// Where the `${…}` of a text stand in the source, which may write the text otherwise: with escapes,
/// folded, indented. What follows a `${` is written there as in the text if there are as many of them.
struct Places<'t> {
    source: &'t str,
    /// The place of the first character of the source.
    base: usize,
    whole: Span,
    /// For each `${` the offset behind it, in the text and in the source.
    behind: Vec<(usize, usize)>,
}

impl<'t> Places<'t> {
    fn of(text: &str, (source, base): (&'t str, usize), whole: Span) -> Self {
        let written = slice(source, base, whole.start, whole.end).unwrap_or_default();
        let offsets = |text: &str, base: usize| -> Vec<usize> {
            text.match_indices("${").map(|(at, found)| base + at + found.len()).collect()
        };
        let (meant, written) = (offsets(text, 0), offsets(written, whole.start));
        let behind = if meant.len() == written.len() {
            meant.into_iter().zip(written).collect()
        } else {
            Vec::new()
        };
        Self { source, base, whole, behind }
    }

    /// The place of the `${name}` whose name begins at an offset of the text; the whole text where it
    /// cannot be located.
    fn place(&self, offset: usize, name: &str) -> Span {
        let found = self.behind.binary_search_by_key(&offset, |(meant, _)| *meant).ok();
        let place = found.and_then(|index| {
            let (_, start) = self.behind.get(index)?;
            let rest = slice(self.source, self.base, *start, self.whole.end)?;
            let inside = rest.split_once('}')?.0;
            (inside.trim() == name).then(|| Span::new(start - "${".len(), start + inside.len() + 1))
        });
        place.unwrap_or(self.whole)
    }
}

/// The text between two places of a source whose first character has the place `base`.
fn slice(source: &str, base: usize, start: usize, end: usize) -> Option<&str> {
    source.get(start.checked_sub(base)?..end.checked_sub(base)?)
}
