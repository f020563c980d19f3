//! The transforms a template asks for.

use rstack_model::{Code, Diagnostic, Span};

use super::section::{SERVERLESS, instead_of};
use crate::diagnostics::Diagnostics;
use crate::include::INCLUDE;
use crate::syntax::{Node, Spanned};

/// The transform whose functions are part of the language here.
const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";

/// The dialect of a template, by its transforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// It asks for none.
    Plain,
    /// It asks for the language extensions.
    Extended,
    /// It asks for the Serverless Application Model, at this place: AWS's translator reads it first.
    Serverless(Span),
    /// It asks for a transform that only CloudFormation carries out, which has been reported. What
    /// its text means is known to that transform alone.
    Foreign,
}

/// Reads `Transform`.
pub(crate) fn dialect(root: &Node, diagnostics: &mut Diagnostics) -> Dialect {
    let entry = root.as_map().into_iter().flatten().find(|entry| entry.key.value == "Transform");
    // A null has been reported.
    let Some(entry) = entry.filter(|entry| !entry.value.is_null()) else { return Dialect::Plain };
    let nodes = entry.value.as_list().unwrap_or(std::slice::from_ref(&entry.value));
    let mut dialect = Dialect::Plain;
    for node in nodes {
        match node.as_text() {
            Some(SERVERLESS) if dialect != Dialect::Foreign => {
                dialect = Dialect::Serverless(node.span);
            }
            Some(LANGUAGE_EXTENSIONS) if dialect == Dialect::Plain => dialect = Dialect::Extended,
            Some(LANGUAGE_EXTENSIONS) => {}
            // Without a file it includes nothing here; where it stands in the template, it does.
            Some(INCLUDE) => {}
            other => {
                dialect = Dialect::Foreign;
                let what = other
                    .map_or("this transform".to_owned(), |name| format!("the transform `{name}`"));
                diagnostics.push(foreign(&what, &entry.key, node));
            }
        }
    }
    dialect
}

fn foreign(what: &str, key: &Spanned<String>, node: &Node) -> Diagnostic {
    let message = format!("{what} is not supported");
    let error = Diagnostic::error(Code::Unsupported, message).at(node.span, "");
    error.help(instead_of(&key.value))
}

/// The error for a template of the Serverless Application Model that was not translated.
pub(crate) fn untranslated(at: Span) -> Diagnostic {
    let message = format!("the transform `{SERVERLESS}` is not supported here");
    Diagnostic::error(Code::Serverless, message).at(at, "").help(instead_of(SERVERLESS))
}
