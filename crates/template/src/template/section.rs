//! Walking a map whose keys are known: a section of the template or an entry of one.

use rstack_model::{Code, Diagnostic, Span, Value};

use super::Dialect;
use crate::diagnostics::Diagnostics;
use crate::syntax::{Entry, Node, NodeKind, Spanned, scalar};

/// Reads the parts of templates; what is wrong goes to the diagnostics.
pub(crate) struct Section<'a> {
    pub(crate) diagnostics: &'a mut Diagnostics,
    pub(crate) dialect: Dialect,
    /// The text that all places are in.
    pub(crate) text: &'a str,
    /// The place of the first character of that text.
    pub(crate) base: usize,
}

impl Section<'_> {
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The entries of a node that must be a map; none, with an error, if it is something else.
    pub(crate) fn entries<'n>(&mut self, node: &'n Node<'n>, what: &str) -> &'n [Entry<'n>] {
        if node.is_null() {
            return &[];
        }
        node.as_map().unwrap_or_else(|| {
            let message = format!("{what} must be a map, found {}", node.words());
            let error = Diagnostic::error(Code::Shape, message).at(node.span, "");
            self.report(match node.as_list() {
                Some(_) => error.help("a map has entries `Key: value`, without dashes"),
                None => error.help("a map has entries `Key: value`, indented under its name"),
            });
            &[]
        })
    }

    /// The text of a node; an error if it is something else.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        let text = node.as_text().filter(|_| !node.is_null());
        // A null has been reported.
        if text.is_none() && !node.is_null() {
            let message = format!("{what} must be text, found {}", node.words());
            self.report(Diagnostic::error(Code::Shape, message).at(node.span, ""));
        }
        text.map(|text| Spanned::new(text.to_owned(), node.span))
    }

    /// The text that a scalar's value has: of `yes` without quotes it is `true`.
    pub(crate) fn scalar_text(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        let written = self.text(node, what)?;
        let value = match &node.kind {
            NodeKind::Scalar { text, plain } => scalar(text, *plain),
            NodeKind::List(_) | NodeKind::Map(_) | NodeKind::Tagged(_) => return Some(written),
        };
        let text = if let Value::Bool(b) = value { b.to_string() } else { written.value };
        Some(Spanned::new(text, written.span))
    }

    /// A text, or a list of texts.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<Spanned<String>> {
        match node.as_list() {
            Some(items) => items.iter().filter_map(|item| self.text(item, what)).collect(),
            None => self.text(node, what).into_iter().collect(),
        }
    }

    /// A key that has no meaning here.
    pub(crate) fn unknown_key(&mut self, key: &Spanned<String>, place: &str, known: &[&str]) {
        let message = format!("unknown key `{}` in {place}", key.value);
        let mut error = Diagnostic::error(Code::UnknownKey, message).at(key.span, "");
        error = match self.diagnostics.suggestion(&key.value, known.iter().copied()) {
            Some(near) => error.help(near),
            None => error.help(format!("the keys are {}", known.join(", "))),
        };
        self.report(error);
    }

    /// A key that is missing from what has this name.
    pub(crate) fn missing(&mut self, name: &Spanned<String>, key: &str) {
        let message = format!("`{}` has no `{key}`", name.value);
        self.report(Diagnostic::error(Code::MissingKey, message).at(name.span, ""));
    }

    /// A loop in a template that does not ask for the transform that has loops.
    pub(crate) fn needs_extensions(&mut self, key: &Spanned<String>) {
        self.extension(&format!("`{}`", key.value), key.span);
    }

    /// Something that only the language extensions have, where the template does not ask for them.
    pub(crate) fn extension(&mut self, what: &str, at: Span) {
        let message = format!("{what} needs `Transform: AWS::LanguageExtensions`");
        self.report(Diagnostic::error(Code::NeedsExtensions, message).at(at, ""));
    }

    /// Something of CloudFormation that is not supported yet.
    pub(crate) fn unsupported(&mut self, key: &Spanned<String>, what: &str) {
        let message = format!("{what} is not supported yet");
        let error = Diagnostic::error(Code::Unsupported, message).at(key.span, "");
        self.report(error.help(instead_of(&key.value)));
    }
}

/// The transform of the Serverless Application Model.
pub(crate) const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// The text to write instead of something that is not supported yet.
pub(crate) fn instead_of(name: &str) -> &'static str {
    match name {
        SERVERLESS => {
            "AWS's translator carries it out for the template of a stack; for a template in it, run the \
             translator yourself and name its result"
        }
        "Transform" | "Fn::Transform" => {
            "only CloudFormation carries it out, in a change set; give rstack what \
             `aws cloudformation get-template --template-stage Processed` prints"
        }
        "Hooks" => "blue/green deployments are a matter of CloudFormation alone",
        _ if name.starts_with("Fn::") => "write its result out, or take it as a parameter",
        _ => "leave it out if the stack can do without it",
    }
}
