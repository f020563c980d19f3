//! Loops: `Fn::ForEach`, entries of a map that are written once and repeated.
//!
//! A step from tree to tree, before the tree is read as a template: what a loop makes has the place
//! of what it was made from. Source: "Fn::ForEach", AWS CloudFormation User Guide.

mod collection;
mod variables;

use std::borrow::Cow;
use std::collections::HashMap;

use rstack_model::{Code, Diagnostic, Span};

use self::variables::Variables;
use crate::Reading;
use crate::diagnostics::Diagnostics;
use crate::syntax::{Entry, Node, NodeKind, Spanned};

/// The sections in which loops may stand.
const SECTIONS: [&str; 3] = ["Conditions", "Resources", "Outputs"];

/// The memory in bytes that the loops of one template may take; every step of one takes some.
const BUDGET: usize = 32 << 20;

/// About how many bytes a node or a turn takes besides its text.
const STEP: usize = 100;

/// A mistake that has been reported; the tree cannot be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopped {
    /// True if nothing is wrong but that a pseudo parameter is missing.
    pub(crate) needs_place: bool,
}

/// The tree without loops.
///
/// # Errors
/// If a loop cannot be carried out, which is reported.
pub(crate) fn expand<'t>(
    root: &Node<'t>,
    reading: &Reading,
    diagnostics: &mut Diagnostics,
) -> Result<Node<'t>, Stopped> {
    let Some(sections) = root.as_map() else { return Ok(root.clone()) };
    let mut expander =
        Expander { root, reading, variables: Variables::default(), made: 0, diagnostics };
    let mut entries = Vec::new();
    for Entry { key, value } in sections {
        let has_loops = SECTIONS.contains(&key.value.as_str());
        let value = if has_loops { expander.node(value)? } else { value.clone() };
        entries.push(Entry { key: key.clone(), value });
    }
    Ok(Node { kind: NodeKind::Map(entries), ..root.clone() })
}

struct Expander<'a, 't> {
    root: &'a Node<'t>,
    reading: &'a Reading,
    variables: Variables,
    made: usize,
    diagnostics: &'a mut Diagnostics,
}

impl<'t> Expander<'_, 't> {
    fn stop(&mut self, error: Diagnostic) -> Stopped {
        self.diagnostics.push(error);
        Stopped { needs_place: false }
    }

    fn wrong(&mut self, message: impl Into<String>, at: Span) -> Stopped {
        self.stop(Diagnostic::error(Code::Loop, message).at(at, ""))
    }

    fn spend(&mut self, amount: usize, at: Span) -> Result<(), Stopped> {
        self.made = self.made.saturating_add(amount);
        if self.made <= BUDGET {
            return Ok(());
        }
        let message = "the loops of this template make it too large";
        let error = Diagnostic::error(Code::Loop, message).at(at, "");
        Err(self.stop(error.help("let them go through fewer or shorter values")))
    }

    fn node(&mut self, node: &Node<'t>) -> Result<Node<'t>, Stopped> {
        if !self.variables.is_empty() {
            // A text is searched for identifiers, whether it holds one or not.
            self.spend(STEP + node.as_text().map_or(0, str::len), node.span)?;
        }
        if let Some(value) = self.variables.referred(node) {
            let kind = NodeKind::Scalar { text: Cow::Owned(value.to_owned()), plain: false };
            return self.made(Node { kind, span: node.span });
        }
        let kind = match &node.kind {
            NodeKind::Scalar { text, plain } => match self.variables.replaced(text) {
                Some(text) => NodeKind::Scalar { text: Cow::Owned(text), plain: false },
                None => NodeKind::Scalar { text: text.clone(), plain: *plain },
            },
            NodeKind::List(items) => {
                let items: Result<_, Stopped> = items.iter().map(|item| self.node(item)).collect();
                NodeKind::List(items?)
            }
            NodeKind::Map(entries) => NodeKind::Map(self.map(entries)?),
            NodeKind::Tagged(tagged) => {
                let (tag, argument) = &**tagged;
                NodeKind::Tagged(Box::new((tag.clone(), self.node(argument)?)))
            }
        };
        self.made(Node { kind, span: node.span })
    }

    /// A node of a loop, whose text takes memory of its own.
    fn made(&mut self, node: Node<'t>) -> Result<Node<'t>, Stopped> {
        if let NodeKind::Scalar { text: Cow::Owned(text), .. } = &node.kind {
            self.spend(text.len(), node.span)?;
        }
        Ok(node)
    }

    fn map(&mut self, entries: &[Entry<'t>]) -> Result<Vec<Entry<'t>>, Stopped> {
        let mut out = Vec::new();
        self.entries(entries, &mut out)?;
        if entries.iter().any(is_loop) {
            self.check_keys(&out)?;
        }
        Ok(out)
    }

    fn entries(&mut self, entries: &[Entry<'t>], out: &mut Vec<Entry<'t>>) -> Result<(), Stopped> {
        for entry in entries {
            if is_loop(entry) {
                self.repeat(entry, out)?;
                continue;
            }
            let Entry { key, value } = entry;
            let name = self.variables.replaced(&key.value).unwrap_or_else(|| key.value.clone());
            if !self.variables.is_empty() {
                self.spend(name.len(), key.span)?;
            }
            let value = self.node(value)?;
            out.push(Entry { key: Spanned::new(name, key.span), value });
        }
        Ok(())
    }

    /// Appends what a loop makes.
    fn repeat(&mut self, entry: &Entry<'t>, out: &mut Vec<Entry<'t>>) -> Result<(), Stopped> {
        let Entry { key, value } = entry;
        let parts = value.as_list().unwrap_or_default();
        let (Some("Fn::ForEach"), [name, collection, body]) = (loop_function(&key.value), parts)
        else {
            let message = "a loop is `Fn::ForEach::Name: [Identifier, [values], {entries}]`";
            return Err(self.wrong(message, key.span));
        };
        let identifier = match name.as_text() {
            Some(text) if is_name(text) => text,
            _ => {
                let message = "the identifier of a loop must be letters and digits";
                return Err(self.wrong(message, name.span));
            }
        };
        if self.variables.contains(identifier) {
            let message = format!("the loop around this one has the identifier `{identifier}` too");
            return Err(self.wrong(message, name.span));
        }
        let Some(body) = body.as_map() else {
            return Err(self.wrong("a loop repeats the entries of a map", body.span));
        };
        for item in self.collection(collection)? {
            self.spend(STEP + item.len(), key.span)?;
            self.variables.enter(identifier, item);
            let made = self.entries(body, out);
            self.variables.leave();
            made?;
        }
        Ok(())
    }

    fn check_keys(&mut self, entries: &[Entry<'t>]) -> Result<(), Stopped> {
        let mut seen: HashMap<&str, Span> = HashMap::with_capacity(entries.len());
        for Entry { key, .. } in entries {
            if let Some(first) = seen.insert(key.value.as_str(), key.span) {
                let message = format!("a loop makes the key `{}` twice", key.value);
                let error = Diagnostic::error(Code::DuplicateKey, message).at(key.span, "");
                let error = if first == key.span { error } else { error.at(first, "also here") };
                let help = "the key must hold the identifier: `Name${Identifier}`";
                return Err(self.stop(error.help(help)));
            }
        }
        Ok(())
    }
}

fn is_loop(entry: &Entry<'_>) -> bool {
    entry.key.value.starts_with("Fn::ForEach")
}

/// `Fn::ForEach` of `Fn::ForEach::Name`.
fn loop_function(key: &str) -> Option<&str> {
    key.rsplit_once("::").filter(|(_, name)| is_name(name)).map(|(function, _)| function)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric())
}
