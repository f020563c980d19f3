//! The findings in one template: the number that is kept, and the length that their texts may have.
//!
//! The author of a template decides how much can be wrong with it, so that everything here has a
//! bound: the findings that are kept, the letters of a message, the searches for similar names.

use std::collections::BTreeMap;

use rstack_catalog::nearest;
use rstack_model::{Code, Diagnostic, Severity};

/// The number of findings of each severity that are kept; the others are counted.
const MAX_KEPT: usize = 500;

/// The number of bytes of a text that are kept.
const MAX_TEXT: usize = 2_000;

/// The number of pairs of letters that may be compared in search of similar names.
const MAX_COMPARED: usize = 30_000_000;

/// The findings of one stage.
#[derive(Debug)]
pub(crate) struct Diagnostics {
    kept: Vec<Diagnostic>,
    found: BTreeMap<Severity, usize>,
    /// The number of pairs of letters that may still be compared.
    comparisons: usize,
}

impl Default for Diagnostics {
    fn default() -> Self {
        Self { kept: Vec::new(), found: BTreeMap::new(), comparisons: MAX_COMPARED }
    }
}

impl Diagnostics {
    /// Takes a finding; beyond those that are kept it is only counted.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.push_with(diagnostic.severity, || diagnostic);
    }

    /// Takes a finding that is made only if it is kept.
    pub(crate) fn push_with(&mut self, severity: Severity, make: impl FnOnce() -> Diagnostic) {
        let found = self.found.entry(severity).or_default();
        *found += 1;
        if *found > MAX_KEPT {
            return;
        }
        let mut diagnostic = make();
        let labels = diagnostic.labels.iter_mut().map(|label| &mut label.message);
        for text in labels.chain(&mut diagnostic.help).chain([&mut diagnostic.message]) {
            shorten(text);
        }
        self.kept.push(diagnostic);
    }

    /// True if the finding is among those that are kept.
    pub(crate) fn contains(&self, finding: &Diagnostic) -> bool {
        self.kept.contains(finding)
    }

    /// True if there is an error.
    pub(crate) fn has_errors(&self) -> bool {
        self.found.contains_key(&Severity::Error)
    }

    /// `did you mean …?` with the name most like a word. After many searches there is none, and none
    /// for an error that is not shown.
    pub(crate) fn suggestion<'n>(
        &mut self,
        word: &str,
        names: impl Iterator<Item = &'n str>,
    ) -> Option<String> {
        if self.found.get(&Severity::Error).is_some_and(|found| *found >= MAX_KEPT) {
            return None;
        }
        let mut left = Some(self.comparisons);
        let within = |name: &&str| {
            left = left.and_then(|left| left.checked_sub(word.len().saturating_mul(name.len())));
            left.is_some()
        };
        let near = nearest(word, names.take_while(within));
        self.comparisons = left.unwrap_or(0);
        near.filter(|_| left.is_some()).map(|near| format!("did you mean `{near}`?"))
    }

    /// The findings in the order of the source, without repetitions.
    pub(crate) fn into_sorted(self) -> Vec<Diagnostic> {
        let mut kept = self.kept;
        kept.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
        kept.dedup();
        for (severity, found) in self.found {
            let Some(more) = found.checked_sub(MAX_KEPT).filter(|more| *more > 0) else { continue };
            let what = match severity {
                Severity::Error => "errors",
                Severity::Warning => "warnings",
                Severity::Information => "remarks",
            };
            let message = format!("… and {more} more {what}, which are not shown");
            kept.push(Diagnostic { severity, ..Diagnostic::error(Code::More, message) });
        }
        kept
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, findings: I) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}

/// Findings of others, with the same bounds.
pub fn bounded(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut bounded = Diagnostics::default();
    bounded.extend(found);
    bounded.into_sorted()
}

/// Cuts a text that is too long for a message.
fn shorten(text: &mut String) {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use rstack_model::Span;

    use super::*;

    #[test]
    fn beyond_a_number_findings_are_counted() {
        let mut found = Diagnostics::default();
        for at in (0..MAX_KEPT + 7).rev() {
            found.push(
                Diagnostic::error(Code::Key, "m").at(Span::new(at, at), "ü".repeat(MAX_TEXT)),
            );
        }
        found.push(Diagnostic::warning(Code::Alias, "w"));
        assert!(found.has_errors());
        let sorted = found.into_sorted();
        assert_eq!(sorted.len(), MAX_KEPT + 2);
        assert!(sorted.iter().all(|d| d.labels.iter().all(|l| l.message.len() <= MAX_TEXT + 3)));
        let last = sorted.last().unwrap();
        assert_eq!(last.message, "… and 7 more errors, which are not shown");
        assert_eq!(last.code, Code::More);
    }

    #[test]
    fn searches_for_similar_names_come_to_an_end() {
        let names: Vec<String> = (0..100).map(|i| format!("Resource{i}")).collect();
        let names = || names.iter().map(String::as_str);
        let mut found = Diagnostics { comparisons: 25_000, ..Diagnostics::default() };
        let said = found.suggestion("Resource77x", names());
        assert_eq!(said.as_deref(), Some("did you mean `Resource77`?"));
        assert!(found.suggestion("Resource77x", names()).is_some());
        assert_eq!(found.suggestion("Resource77x", names()), None);
        assert_eq!(found.suggestion("x", ["y"].into_iter()), None);
    }
}
