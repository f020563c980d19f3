//! Texts without quotes that YAML 1.1, and so CloudFormation, reads as numbers or booleans.
//!
//! rstack keeps what is written, and the schema says what a property takes; a template that also
//! CloudFormation deploys needs quotes. Numbers are reported wherever a value counts; `yes`, `no`,
//! `on` and `off` where text is wanted, since rstack reads them as booleans, too.

use rstack_catalog::{Kind, Node as SchemaNode, Registry, TypeSchema};
use rstack_model::{Code, Diagnostic, Severity, Span};

use crate::diagnostics::Diagnostics;
use crate::syntax::{Entry, Meaning, Node, NodeKind, is_new_octal, meaning};

/// Functions of which an argument may be a value of any kind.
const ANY_KIND: [&str; 3] = ["Fn::ToJsonString", "Fn::Transform", "Fn::Select"];

/// Warns of the values of a template that CloudFormation reads otherwise than they are written.
pub(crate) fn unquoted(root: &Node<'_>, diagnostics: &mut Diagnostics) {
    let mut checker = Checker { diagnostics };
    for Entry { key, value } in entries(root) {
        match key.value.as_str() {
            "Parameters" => entries(value).for_each(|entry| checker.parameter(&entry.value)),
            "Mappings" | "Conditions" | "Rules" => checker.texts(value),
            "Outputs" => checker.outputs(value),
            "Resources" => checker.resources(value),
            // Nothing hangs on what else there is.
            _ => {}
        }
    }
}

fn entries<'n, 't>(node: &'n Node<'t>) -> impl Iterator<Item = &'n Entry<'t>> {
    node.as_map().into_iter().flatten()
}

/// The entries that a loop repeats; `None` for what is no loop.
fn repeated<'n, 't>(entry: &'n Entry<'t>) -> Option<&'n Node<'t>> {
    let is_loop = entry.key.value.starts_with("Fn::ForEach");
    entry.value.as_list().filter(|_| is_loop).and_then(|parts| parts.get(2))
}

/// The schema of a value.
#[derive(Clone, Copy)]
struct Wanted<'s> {
    schema: &'s TypeSchema,
    node: &'s SchemaNode,
}

impl<'s> Wanted<'s> {
    fn element(self) -> Option<Self> {
        let node = self.schema.element(self.node)?;
        Some(Self { node: self.schema.resolve(node), ..self })
    }

    fn property(self, name: &str) -> Option<Self> {
        let node = self.schema.property(self.node, name)?;
        Some(Self { node: self.schema.resolve(node), ..self })
    }
}

struct Checker<'a> {
    diagnostics: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn parameter(&mut self, parameter: &Node<'_>) {
        for Entry { key, value } in entries(parameter) {
            match key.value.as_str() {
                "Default" | "AllowedValues" => self.texts(value),
                "MinLength" | "MaxLength" | "MinValue" | "MaxValue" => self.values(value),
                _ => {}
            }
        }
    }

    fn outputs(&mut self, outputs: &Node<'_>) {
        for entry in entries(outputs) {
            if let Some(body) = repeated(entry) {
                self.outputs(body);
                continue;
            }
            let fields = entries(&entry.value);
            fields
                .filter(|field| field.key.value != "Description")
                .for_each(|f| self.texts(&f.value));
        }
    }

    fn resources(&mut self, resources: &Node<'_>) {
        for entry in entries(resources) {
            if let Some(body) = repeated(entry) {
                self.resources(body);
                continue;
            }
            let field = |name: &str| {
                entries(&entry.value).find(|field| field.key.value == name).map(|f| &f.value)
            };
            let Some(properties) = field("Properties") else { continue };
            // Most have no value that means something else.
            if !is_ambiguous(properties) {
                continue;
            }
            let kind = field("Type").and_then(Node::as_text).unwrap_or_default();
            let schema = Registry::embedded().get(kind).ok().flatten();
            let wanted = schema
                .as_ref()
                .map(|schema| Wanted { schema, node: schema.resolve(schema.root()) });
            self.property(wanted, properties);
        }
    }

    /// Everything in a node, where text is wanted.
    fn texts(&mut self, node: &Node<'_>) {
        each_bare(node, &mut |text, span| {
            self.number(text, span);
            self.word(text, span);
        });
    }

    /// Everything in a node, whatever is wanted.
    fn values(&mut self, node: &Node<'_>) {
        each_bare(node, &mut |text, span| self.number(text, span));
    }

    /// A value of a property, with its schema as far as there is one.
    fn property(&mut self, wanted: Option<Wanted<'_>>, node: &Node<'_>) {
        match &node.kind {
            NodeKind::Scalar { text, plain: true } => {
                let kinds = wanted.map(|wanted| wanted.node.kinds()).unwrap_or_default();
                let is_text = kinds.contains(&Kind::Text);
                if kinds.is_empty() || is_text {
                    self.number(text, node.span);
                } else if !is_same_number(text) {
                    self.wanted_number(text, node.span);
                }
                if is_text && !kinds.contains(&Kind::Boolean) {
                    self.word(text, node.span);
                }
            }
            NodeKind::Scalar { plain: false, .. } => {}
            NodeKind::List(items) => {
                let element = wanted.and_then(Wanted::element);
                items.iter().for_each(|item| self.property(element, item));
            }
            NodeKind::Tagged(tagged) => {
                let (tag, argument) = &**tagged;
                if argument.as_text().is_none() {
                    self.function(wanted, &format!("Fn::{}", tag.value), argument);
                }
            }
            NodeKind::Map(entries) => {
                if let [Entry { key, value }] = entries.as_slice()
                    && key.value.starts_with("Fn::")
                {
                    return self.function(wanted, &key.value, value);
                }
                for Entry { key, value } in entries {
                    let property = wanted.and_then(|wanted| wanted.property(&key.value));
                    self.property(property, value);
                }
            }
        }
    }

    /// The branches of `Fn::If` are values of the property; most other functions take texts.
    fn function(&mut self, wanted: Option<Wanted<'_>>, name: &str, argument: &Node<'_>) {
        if name == "Fn::If" {
            let branches = argument.as_list().into_iter().flatten().skip(1);
            branches.for_each(|branch| self.property(wanted, branch));
        } else if ANY_KIND.contains(&name) {
            self.values(argument);
        } else {
            self.texts(argument);
        }
    }

    fn number(&mut self, text: &str, span: Span) {
        let read = match meaning(text) {
            Meaning::Number(number) if number != text => format!("as the number {number}"),
            Meaning::Text if is_new_octal(text) => "as text, not as a number".to_owned(),
            Meaning::Number(_) | Meaning::Boolean(_) | Meaning::Text => return,
        };
        self.warn(text, &read, span);
    }

    /// A number where one is wanted: it counts what it is and not how it is written, which is in decimal.
    fn wanted_number(&mut self, text: &str, span: Span) {
        let Meaning::Number(number) = meaning(text) else { return self.number(text, span) };
        self.diagnostics.push_with(Severity::Warning, || {
            let message = format!("CloudFormation reads `{text}` as the number {number}");
            let help = format!("write the number in decimal: `{number}`");
            Diagnostic::warning(Code::YamlScalar, message).at(span, "").help(help)
        });
    }

    fn word(&mut self, text: &str, span: Span) {
        if let Meaning::Boolean(value) = meaning(text)
            && value.to_string() != text
        {
            self.warn(text, &format!("as the boolean {value}"), span);
        }
    }

    fn warn(&mut self, text: &str, read: &str, span: Span) {
        self.diagnostics.push_with(Severity::Warning, || {
            let message = format!("CloudFormation reads `{text}` {read}");
            let help = format!("put quotes around it if text is meant: `'{text}'`");
            Diagnostic::warning(Code::YamlScalar, message).at(span, "").help(help)
        });
    }
}

/// Calls `found` for every text in a node that has neither quotes nor a tag.
fn each_bare(node: &Node<'_>, found: &mut dyn FnMut(&str, Span)) {
    match &node.kind {
        NodeKind::Scalar { text, plain: true } => found(text, node.span),
        NodeKind::Scalar { plain: false, .. } => {}
        // A scalar behind a tag has no other meaning in YAML.
        NodeKind::Tagged(tagged) if tagged.1.as_text().is_some() => {}
        NodeKind::Tagged(tagged) => each_bare(&tagged.1, found),
        NodeKind::List(items) => items.iter().for_each(|item| each_bare(item, found)),
        NodeKind::Map(entries) => entries.iter().for_each(|e| each_bare(&e.value, found)),
    }
}

/// Recognizes a node with a value that may mean something else than it is written as.
fn is_ambiguous(node: &Node<'_>) -> bool {
    let mut found = false;
    each_bare(node, &mut |text, _| {
        found |= match meaning(text) {
            Meaning::Boolean(value) => value.to_string() != text,
            Meaning::Number(number) => number != text,
            Meaning::Text => is_new_octal(text),
        };
    });
    found
}

/// Recognizes a number that is the same in YAML 1.1 and in decimal, such as `0.50`.
fn is_same_number(text: &str) -> bool {
    let Meaning::Number(number) = meaning(text) else { return false };
    let value = |text: &str| text.parse::<f64>().ok();
    value(text).is_some() && value(text) == value(&number)
}
