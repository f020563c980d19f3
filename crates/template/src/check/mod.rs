//! Checks that need no parameter values, because evaluation stands on them.

mod cycle;
mod reference;

use rstack_model::Diagnostic;

use crate::template::Template;

pub(crate) use cycle::cycles;
pub(crate) use reference::is_custom;

/// Checks names and references.
pub(crate) fn check(template: &Template, diagnostics: &mut Vec<Diagnostic>) {
    reference::check(template, diagnostics);
}
