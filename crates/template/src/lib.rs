//! Template source text to a spanned tree, its checks, and the evaluation of its intrinsics.
//!
//! `text → syntax → template → evaluate → desired`. Each stage adds its findings to one list of
//! diagnostics, so that one run tells everything that is wrong. Nothing here does I/O.

mod check;
mod evaluate;
mod syntax;
mod template;

use rstack_model::Diagnostic;

pub use evaluate::{Evaluation, Inputs, evaluate};
pub use syntax::Spanned;
pub use template::{
    Condition, Expression, ExpressionKind, Mappings, Output, Parameter, Resource, SubPart, Template,
};

/// A template that was read, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The template, as far as it could be read.
    pub template: Option<Template>,
    /// What was found, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a template and checks what can be checked without parameter values: its form, its
/// references, its resource types.
pub fn parse(text: &str) -> Parsed {
    let (root, mut diagnostics) = syntax::parse(text);
    let Some(root) = root else { return Parsed { template: None, diagnostics } };
    syntax::duplicate_keys(&root, &mut diagnostics);
    let dialect = template::dialect(&root, &mut diagnostics);
    if dialect == template::Dialect::Foreign {
        return Parsed { template: None, diagnostics };
    }
    let mut template = template::read(&root, text, &mut diagnostics);
    check::check(&template, &mut diagnostics);
    template.has_errors = diagnostics.iter().any(Diagnostic::is_error);
    sort(&mut diagnostics);
    Parsed { template: Some(template), diagnostics }
}

/// Puts diagnostics in the order of the source and removes repetitions.
pub(crate) fn sort(diagnostics: &mut Vec<Diagnostic>) {
    let place = |d: &Diagnostic| d.labels.first().map(|label| label.span);
    diagnostics.sort_by_key(place);
    diagnostics.dedup();
}
