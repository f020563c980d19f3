//! Loops: `Fn::ForEach`, entries of a map that are written once and repeated.
//!
//! A step from tree to tree, before the tree is read as a template: what a loop makes has the place
//! of what it was made from. Source: "Fn::ForEach", AWS CloudFormation User Guide.

mod collection;
mod variables;

use std::collections::{BTreeMap, HashMap};

use rstack_model::{Code, Diagnostic, Span};

use self::variables::Variables;
use crate::syntax::{Entry, Node, NodeKind, Spanned};

/// The sections in which loops may stand.
const SECTIONS: [&str; 3] = ["Conditions", "Resources", "Outputs"];

/// How many nodes and turns the loops of one template may make.
const BUDGET: usize = 100_000;

/// A mistake that has been told; the tree cannot be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopped;

/// The tree without loops.
///
/// # Errors
/// If a loop cannot be carried out, which is told.
pub(crate) fn expand(
    root: &Node,
    given: &BTreeMap<String, String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Node, Stopped> {
    let Some(sections) = root.as_map() else { return Ok(root.clone()) };
    let mut expander =
        Expander { root, given, variables: Variables::default(), made: 0, diagnostics };
    let mut entries = Vec::new();
    for Entry { key, value } in sections {
        let has_loops = SECTIONS.contains(&key.value.as_str());
        let value = if has_loops { expander.node(value)? } else { value.clone() };
        entries.push(Entry { key: key.clone(), value });
    }
    Ok(Node { kind: NodeKind::Map(entries), ..root.clone() })
}

struct Expander<'a> {
    root: &'a Node,
    given: &'a BTreeMap<String, String>,
    variables: Variables,
    made: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Expander<'_> {
    fn stop(&mut self, error: Diagnostic) -> Stopped {
        self.diagnostics.push(error);
        Stopped
    }

    fn wrong(&mut self, message: impl Into<String>, at: Span) -> Stopped {
        self.stop(Diagnostic::error(Code::Loop, message).at(at, ""))
    }

    fn spend(&mut self, amount: usize, at: Span) -> Result<(), Stopped> {
        self.made = self.made.saturating_add(amount);
        if self.made <= BUDGET {
            return Ok(());
        }
        Err(self.wrong("the loops of this template make it too large", at))
    }

    fn node(&mut self, node: &Node) -> Result<Node, Stopped> {
        if !self.variables.is_empty() {
            self.spend(1, node.span)?;
        }
        if let Some(value) = self.variables.referred(node) {
            let kind = NodeKind::Scalar { text: value.to_owned(), plain: false };
            return Ok(Node { kind, span: node.span, tag: None });
        }
        if node.tag.is_some() && !matches!(node.kind, NodeKind::Scalar { .. }) {
            // The argument of a function may be a `Ref` to an identifier.
            let argument = self.node(&Node { tag: None, ..node.clone() })?;
            return Ok(Node { kind: argument.kind, span: node.span, tag: node.tag.clone() });
        }
        let kind = match &node.kind {
            NodeKind::Scalar { text, plain } => match self.variables.replaced(text) {
                Some(text) => NodeKind::Scalar { text, plain: false },
                None => NodeKind::Scalar { text: text.clone(), plain: *plain },
            },
            NodeKind::List(items) => {
                let items: Result<_, Stopped> = items.iter().map(|item| self.node(item)).collect();
                NodeKind::List(items?)
            }
            NodeKind::Map(entries) => NodeKind::Map(self.map(entries)?),
        };
        Ok(Node { kind, span: node.span, tag: node.tag.clone() })
    }

    fn map(&mut self, entries: &[Entry]) -> Result<Vec<Entry>, Stopped> {
        let mut out = Vec::new();
        self.entries(entries, &mut out)?;
        if entries.iter().any(is_loop) {
            self.check_keys(&out)?;
        }
        Ok(out)
    }

    fn entries(&mut self, entries: &[Entry], out: &mut Vec<Entry>) -> Result<(), Stopped> {
        for entry in entries {
            if is_loop(entry) {
                self.repeat(entry, out)?;
                continue;
            }
            let Entry { key, value } = entry;
            let name = self.variables.replaced(&key.value).unwrap_or_else(|| key.value.clone());
            let value = self.node(value)?;
            out.push(Entry { key: Spanned::new(name, key.span), value });
        }
        Ok(())
    }

    /// Appends what a loop makes.
    fn repeat(&mut self, entry: &Entry, out: &mut Vec<Entry>) -> Result<(), Stopped> {
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
            self.spend(1, key.span)?;
            self.variables.enter(identifier, item);
            let made = self.entries(body, out);
            self.variables.leave();
            made?;
        }
        Ok(())
    }

    fn check_keys(&mut self, entries: &[Entry]) -> Result<(), Stopped> {
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

fn is_loop(entry: &Entry) -> bool {
    entry.key.value.starts_with("Fn::ForEach")
}

/// `Fn::ForEach` of `Fn::ForEach::Name`.
fn loop_function(key: &str) -> Option<&str> {
    key.rsplit_once("::").filter(|(_, name)| is_name(name)).map(|(function, _)| function)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric())
}
