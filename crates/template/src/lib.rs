//! Template source text to a spanned tree, its checks, and the evaluation of its intrinsics.
//!
//! `text → syntax → expand → template → evaluate → desired`. Each stage adds its findings to one list of
//! diagnostics, so that one run tells everything that is wrong. Nothing here does I/O.

mod check;
mod diagnostics;
mod evaluate;
mod expand;
mod limits;
mod syntax;
mod template;

use std::collections::BTreeMap;

use rstack_model::Diagnostic;

use self::diagnostics::Diagnostics;
use self::syntax::Node;
use self::template::Dialect;

pub use diagnostics::bounded;
pub use evaluate::{Evaluation, Inputs, Outside, evaluate};
pub use limits::limits;
pub use syntax::{MAX_SIZE, Spanned};
pub use template::{
    Assertion, Condition, Expression, ExpressionKind, Mappings, Output, Parameter, Resource, Rule,
    SubPart, Template,
};

/// A template that was read, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The template, as far as it could be read.
    pub template: Option<Template>,
    /// What was found, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a template and checks what can be checked without evaluating it: its form, its
/// references, its resource types. The values given for parameters decide what its loops make.
pub fn parse(text: &str, parameters: &BTreeMap<String, String>) -> Parsed {
    let mut diagnostics = Diagnostics::default();
    let root = syntax::parse(text, &mut diagnostics);
    let template = root.and_then(|root| read(root, text, parameters, &mut diagnostics));
    Parsed { template, diagnostics: diagnostics.into_sorted() }
}

fn read(
    root: Node<'_>,
    text: &str,
    parameters: &BTreeMap<String, String>,
    diagnostics: &mut Diagnostics,
) -> Option<Template> {
    syntax::duplicate_keys(&root, diagnostics);
    let dialect = template::dialect(&root, diagnostics);
    let root = match dialect {
        Dialect::Plain => root,
        Dialect::Extended => expand::expand(&root, parameters, diagnostics).ok()?,
        Dialect::Foreign => return None,
    };
    let mut template = template::read(&root, text, dialect, diagnostics);
    check::check(&template, diagnostics);
    template.has_errors = diagnostics.has_errors();
    Some(template)
}
