//! Findings of an evaluation, and the proof that a mistake has been reported.

use rstack_model::{Code, Diagnostic, Span};

use super::constraint::MATCHING_STEPS;
use crate::diagnostics::Diagnostics;

/// Proof that a mistake has been reported: only the function that reports one can make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reported(());

/// The findings of an evaluation.
pub(super) struct Findings {
    list: Diagnostics,
    /// True if reading the template has reported errors already.
    read_with_errors: bool,
    /// The number of steps that the patterns of parameters may still take.
    matching_steps: usize,
}

impl Findings {
    /// No findings yet, of a template that was read with or without errors.
    pub(super) fn new(read_with_errors: bool) -> Self {
        Self { list: Diagnostics::default(), read_with_errors, matching_steps: MATCHING_STEPS }
    }

    /// The number of steps that the patterns of parameters may still take.
    pub(super) fn matching_steps(&mut self) -> &mut usize {
        &mut self.matching_steps
    }

    /// Tells a mistake.
    pub(super) fn report(&mut self, mistake: Diagnostic) -> Reported {
        debug_assert!(mistake.is_error(), "a mistake is an error");
        self.list.push(mistake);
        Reported(())
    }

    /// Tells something that stops nothing.
    pub(super) fn warn(&mut self, warning: Diagnostic) {
        self.list.push(warning);
    }

    /// Reports something that stops nothing, once: a value may be evaluated for several purposes.
    pub(super) fn warn_once(&mut self, warning: Diagnostic) {
        if !self.list.contains(&warning) {
            self.list.push(warning);
        }
    }

    /// Something that is missing because reading the template has reported why. Should it not have,
    /// it is reported now.
    pub(super) fn told_before(&mut self, what: &str, at: Span) -> Reported {
        if !self.read_with_errors {
            let message = format!("{what} cannot be evaluated");
            self.list.push(Diagnostic::error(Code::NotEvaluated, message).at(at, ""));
        }
        Reported(())
    }

    /// True if reading the template has reported mistakes.
    pub(super) fn was_read_with_errors(&self) -> bool {
        self.read_with_errors
    }

    /// A mistake that the findings tell already.
    pub(super) fn reported_before(&self) -> Reported {
        debug_assert!(self.list.has_errors(), "there is an error");
        Reported(())
    }

    /// All findings so far, for the evaluation of the template of a nested stack that was read with or
    /// without errors.
    pub(super) fn take(&mut self, read_with_errors: bool) -> Self {
        let empty = Self { list: Diagnostics::default(), read_with_errors, matching_steps: 0 };
        let mut taken = std::mem::replace(self, empty);
        std::mem::swap(&mut taken.read_with_errors, &mut self.read_with_errors);
        taken
    }

    /// Takes the findings back after that evaluation.
    pub(super) fn give_back(&mut self, findings: Self) {
        self.list = findings.list;
        self.matching_steps = findings.matching_steps;
    }

    /// True if there is an error, here or from reading the template.
    pub(super) fn failed(&self) -> bool {
        self.read_with_errors || self.list.has_errors()
    }

    /// The findings in the order of the source.
    pub(super) fn into_sorted(self) -> Vec<Diagnostic> {
        self.list.into_sorted()
    }

    /// The list, for checks that add to it.
    pub(super) fn list(&mut self) -> &mut Diagnostics {
        &mut self.list
    }
}
