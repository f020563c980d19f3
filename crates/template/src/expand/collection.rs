//! The values that a loop goes through: written out, or known from parameters and mappings.

use rstack_model::{Code, Diagnostic, Span, Value};

use super::variables::reference;
use super::{Expander, STEP, Stopped};
use crate::evaluate::{is_list, items};
use crate::syntax::{Entry, Node, NodeKind, scalar};

/// The number of conditions that may name each other, one the next: there is no circle of that many.
const MAX_CONDITIONS: usize = 64;

impl<'t> Expander<'_, 't> {
    /// The values of a collection, which take memory.
    pub(super) fn collection(&mut self, node: &Node<'t>) -> Result<Vec<String>, Stopped> {
        let values = self.values(node)?;
        let size = values.iter().map(|value| value.len() + size_of::<String>()).sum();
        self.spend(size, node.span)?;
        Ok(values)
    }

    fn values(&mut self, node: &Node<'t>) -> Result<Vec<String>, Stopped> {
        if let Some(items) = node.as_list() {
            return items.iter().map(|item| self.text(item)).collect();
        }
        if let Some(name) = reference(node) {
            // No pseudo parameter that is known before apply is a list.
            if name.starts_with("AWS::") {
                return Err(self.not_known(node.span));
            }
            let name = name.to_owned();
            let (kind, text) = self.parameter(&name, node.span)?;
            if is_list(&kind) {
                return Ok(items(&kind, &text).into_iter().map(str::to_owned).collect());
            }
            let message = format!("the parameter `{name}` of type `{kind}` is not a list");
            return Err(self.wrong(message, node.span));
        }
        match function(node) {
            Some(("FindInMap", arguments)) => self.found(arguments, node.span),
            Some(("Split", arguments)) => match arguments.as_list() {
                Some([delimiter, text]) => {
                    let (delimiter, text) = (self.text(delimiter)?, self.text(text)?);
                    if delimiter.is_empty() {
                        return Err(self.wrong("the delimiter is empty", node.span));
                    }
                    Ok(text.split(delimiter.as_str()).map(str::to_owned).collect())
                }
                _ => Err(self.wrong("`Fn::Split` takes a delimiter and a text", node.span)),
            },
            Some(("If", arguments)) => match arguments.as_list() {
                Some([condition, then, otherwise]) => {
                    let name = self.text(condition)?;
                    let holds = self.condition(&name, condition.span, MAX_CONDITIONS)?;
                    self.values(if holds { then } else { otherwise })
                }
                _ => {
                    let message = "`Fn::If` takes the name of a condition and two values";
                    Err(self.wrong(message, node.span))
                }
            },
            _ => Err(self.not_known(node.span)),
        }
    }

    /// The values at a place of a mapping.
    fn found(&mut self, arguments: &Node<'t>, at: Span) -> Result<Vec<String>, Stopped> {
        let (keys, default) = match arguments.as_list() {
            Some([map, top, second]) => ([map, top, second], None),
            Some([map, top, second, default]) => {
                ([map, top, second], find(default, "DefaultValue"))
            }
            Some(_) | None => {
                let message = "`Fn::FindInMap` takes the name of a map and two keys here";
                return Err(self.wrong(message, at));
            }
        };
        let [map, top, second] = keys;
        let path = ["Mappings".to_owned(), self.text(map)?, self.text(top)?, self.text(second)?];
        let mut node = self.root;
        for key in &path {
            match self.get(node, key, at)? {
                Some(inner) => node = inner,
                None => {
                    if let Some(default) = default {
                        return self.values(default);
                    }
                    let message = format!("there is no `{}` in this template", path.join("."));
                    return Err(self.wrong(message, at));
                }
            }
        }
        let Some(items) = node.as_list() else {
            return Err(self.wrong(format!("`{}` is not a list", path.join(".")), at));
        };
        items.iter().map(|item| self.text(item)).collect()
    }

    /// True if a condition holds, by parameters and pseudo parameters alone. `left` is how many more
    /// conditions may name each other.
    fn condition(&mut self, name: &str, at: Span, left: usize) -> Result<bool, Stopped> {
        let found = match self.get(self.root, "Conditions", at)? {
            Some(all) => self.get(all, name, at)?,
            None => None,
        };
        match found {
            Some(node) if left > 0 => self.holds(node, left),
            Some(_) => Err(self.not_known(at)),
            None => Err(self.wrong(format!("there is no condition `{name}`"), at)),
        }
    }

    fn holds(&mut self, node: &Node<'t>, left: usize) -> Result<bool, Stopped> {
        self.spend(STEP, node.span)?;
        let Some((name, argument)) = condition_function(node) else {
            return Err(self.not_known(node.span));
        };
        match (name, argument.as_list()) {
            ("Condition", None) => {
                let name = self.text(argument)?;
                self.condition(&name, argument.span, left - 1)
            }
            ("Equals", Some([a, b])) => Ok(self.text(a)? == self.text(b)?),
            ("Not", Some([inner])) => Ok(!self.holds(inner, left)?),
            ("And", Some(parts)) => {
                parts.iter().try_fold(true, |all, part| Ok(all & self.holds(part, left)?))
            }
            ("Or", Some(parts)) => {
                parts.iter().try_fold(false, |any, part| Ok(any | self.holds(part, left)?))
            }
            _ => Err(self.not_known(node.span)),
        }
    }

    /// A text that is known.
    fn text(&mut self, node: &Node<'t>) -> Result<String, Stopped> {
        if let Some(value) = self.variables.referred(node) {
            return Ok(value.to_owned());
        }
        if let Some(name) = reference(node) {
            let name = name.to_owned();
            let (kind, text) = self.parameter(&name, node.span)?;
            if is_list(&kind) {
                let message = format!("the parameter `{name}` is a list, and text is needed here");
                return Err(self.wrong(message, node.span));
            }
            return Ok(text);
        }
        match &node.kind {
            NodeKind::Scalar { text, plain } if !node.is_null() => {
                match self.variables.replaced(text) {
                    Some(text) => Ok(text),
                    None => Ok(scalar_text(text, *plain)),
                }
            }
            NodeKind::Scalar { .. }
            | NodeKind::List(_)
            | NodeKind::Map(_)
            | NodeKind::Tagged(_) => Err(self.not_known(node.span)),
        }
    }

    /// The type and the value of a parameter.
    fn parameter(&mut self, name: &str, at: Span) -> Result<(String, String), Stopped> {
        if name.starts_with("AWS::") {
            return self.pseudo(name, at).map(|text| ("String".to_owned(), text));
        }
        let declared = match self.get(self.root, "Parameters", at)? {
            Some(all) => self.get(all, name, at)?,
            None => None,
        };
        let Some(declared) = declared else { return Err(self.not_known(at)) };
        let field = |key: &str| match find(declared, key).map(|node| &node.kind) {
            Some(NodeKind::Scalar { text, plain }) => Some(scalar_text(text, *plain)),
            Some(NodeKind::List(_) | NodeKind::Map(_) | NodeKind::Tagged(_)) | None => None,
        };
        if field("NoEcho").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            let message = format!("a loop cannot go through the secret parameter `{name}`");
            return Err(self.wrong(message, at));
        }
        let kind = field("Type").unwrap_or_default();
        if kind.starts_with("AWS::SSM::Parameter::Value<") {
            return Err(self.not_known(at));
        }
        match self.reading.parameters.get(name).cloned().or_else(|| field("Default")) {
            Some(text) => Ok((kind, text)),
            None => {
                let message = format!("the loop needs a value of the parameter `{name}`");
                let error = Diagnostic::error(Code::MissingParameterOfLoop, message).at(at, "");
                let help = format!("give one with `--parameter {name}=VALUE`");
                Err(self.stop(error.help(help)))
            }
        }
    }

    /// The value of a pseudo parameter, which may be known only where the stack is to live.
    fn pseudo(&mut self, name: &str, at: Span) -> Result<String, Stopped> {
        if let Some(text) = self.reading.pseudo.get(name) {
            return Ok(text.clone());
        }
        if !self.reading.pseudo.is_empty() {
            return Err(self.not_known(at));
        }
        let message = format!("the loop needs `{name}`, which is known only in an account");
        let error = Diagnostic::error(Code::Loop, message).at(at, "");
        self.stop(error.help("give the values as a parameter"));
        Err(Stopped { needs_place: true })
    }

    /// The value of a key. Looking for it in a large map takes its part of what loops may take.
    fn get<'n>(
        &mut self,
        node: &'n Node<'t>,
        key: &str,
        at: Span,
    ) -> Result<Option<&'n Node<'t>>, Stopped> {
        self.spend(node.as_map().map_or(0, <[_]>::len), at)?;
        Ok(find(node, key))
    }

    fn not_known(&mut self, at: Span) -> Stopped {
        let message = "what a loop goes through must follow from the template and its parameters";
        let error = Diagnostic::error(Code::Unsupported, message).at(at, "");
        let help =
            "use a list, `Ref` to a list parameter, `Fn::If`, `Fn::FindInMap` or `Fn::Split`";
        self.stop(error.help(help))
    }
}

/// The text of a scalar's value, as parameters have it.
fn scalar_text(text: &str, plain: bool) -> String {
    if let Value::Bool(b) = scalar(text, plain) { b.to_string() } else { text.to_owned() }
}

fn find<'n, 't>(node: &'n Node<'t>, key: &str) -> Option<&'n Node<'t>> {
    let entry = node.as_map()?.iter().find(|entry| entry.key.value == key)?;
    Some(&entry.value)
}

/// A function's name without `Fn::`, and its argument.
fn function<'n, 't>(node: &'n Node<'t>) -> Option<(&'n str, &'n Node<'t>)> {
    if let Some((tag, argument)) = node.as_tagged() {
        return Some((tag.value.as_str(), argument));
    }
    match node.as_map()? {
        [Entry { key, value }] => Some((key.value.strip_prefix("Fn::")?, value)),
        _ => None,
    }
}

/// A function of a condition, and its argument.
fn condition_function<'n, 't>(node: &'n Node<'t>) -> Option<(&'n str, &'n Node<'t>)> {
    match node.as_map() {
        Some([Entry { key, value }]) if key.value == "Condition" => Some(("Condition", value)),
        _ => function(node),
    }
}
