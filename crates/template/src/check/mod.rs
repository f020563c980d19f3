//! Checks that need no parameter values, because evaluation stands on them.

mod cycle;
mod reference;

use crate::diagnostics::Diagnostics;
use crate::template::Template;

pub(crate) use cycle::cycles;
pub(crate) use reference::is_custom;

/// Checks names and references.
pub(crate) fn check(template: &Template, diagnostics: &mut Diagnostics) {
    reference::check(template, diagnostics);
}
