//! Checks that need no parameter values, because evaluation stands on them.

mod cycle;
mod reference;

use rstack_model::Diagnostic;

use crate::diagnostics::Diagnostics;
use crate::syntax::Spanned;
use crate::template::Template;

pub(crate) use cycle::cycles;
pub(crate) use reference::is_custom;

/// The findings about an attribute whose name came out of a function.
pub(crate) fn attribute(
    template: &Template,
    logical_id: &Spanned<String>,
    name: &Spanned<String>,
) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    reference::attribute(template, logical_id, name, &mut diagnostics);
    diagnostics.into_sorted()
}

/// The findings about a name that `Ref` takes and that came out of a function.
pub(crate) fn reference(template: &Template, name: &Spanned<String>) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    reference::reference(template, name, &mut diagnostics);
    diagnostics.into_sorted()
}

/// Checks names and references.
pub(crate) fn check(template: &Template, diagnostics: &mut Diagnostics) {
    reference::check(template, diagnostics);
}
