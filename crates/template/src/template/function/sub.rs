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
            rest = behind;
            let name = name.trim();
            if let Some(kept) = name.strip_prefix('!') {
                literal.push_str(&format!("${{{kept}}}"));
                continue;
            }
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-');
            if name.is_empty() || !name.chars().all(legal) {
                let message = format!("`${{{name}}}` does not name a variable");
                let error = Diagnostic::error(Code::SubSyntax, message).at(span, "");
                return Err(self.report(error.help("write `${!` for the characters `${`")));
            }
            if !literal.is_empty() {
                parts.push(SubPart::Literal(std::mem::take(&mut literal)));
            }
            parts.push(SubPart::Variable(Spanned::new(name.to_owned(), span)));
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(SubPart::Literal(literal));
        }
        Ok(parts)
    }
}
