//! Files that a template includes: the transform `AWS::Include`.
//!
//! Nothing is read here. A template names the files that it needs; its caller reads them and parses
//! it again with their texts. Findings in an included file have places behind the end of the
//! template's own text, one file after the other. Source: "AWS::Include transform", AWS
//! CloudFormation Template Reference: entries beside the transform stay, and an included file
//! includes nothing.

use std::collections::BTreeMap;

use rstack_model::{Code, Diagnostic, Span};

use crate::diagnostics::Diagnostics;
use crate::syntax::{self, Entry, Node, NodeKind, Spanned};

/// The transform's name.
pub(crate) const INCLUDE: &str = "AWS::Include";
const FUNCTION: &str = "Fn::Transform";
const SECTION: &str = "Transform";

/// The number of files that one template may include.
const MAX_INCLUDES: usize = 100;

/// A file that was included, and where its text begins among the places of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// The location as the template has it.
    pub location: String,
    /// The place of its first character.
    pub base: usize,
    /// True if it is a template, of a nested stack.
    pub is_template: bool,
}

/// The outcome of including.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The files that are in the tree.
    pub(crate) included: Vec<Included>,
    /// The files whose text was not given.
    pub(crate) missing: Vec<Spanned<String>>,
}

impl Outcome {
    /// Moves all places.
    pub(crate) fn shift(&mut self, by: usize) {
        self.included.iter_mut().for_each(|file| file.base += by);
        for wanted in &mut self.missing {
            wanted.span = Span::new(wanted.span.start + by, wanted.span.end + by);
        }
    }
}

/// The tree with the files in it; `None` if that cannot be, which is reported.
pub(crate) fn expand<'t>(
    root: Node<'t>,
    text: &'t str,
    texts: &'t BTreeMap<String, String>,
    diagnostics: &mut Diagnostics,
) -> (Option<Node<'t>>, Outcome) {
    if !text.contains(INCLUDE) {
        return (Some(root), Outcome::default());
    }
    let mut includer =
        Includer { texts, end: text.len(), outcome: Outcome::default(), count: 0, diagnostics };
    let made = includer.node(root, true);
    (made.ok(), includer.outcome)
}

/// A mistake that has been reported, or a file that is missing.
struct Stopped;

struct Includer<'a, 't> {
    texts: &'t BTreeMap<String, String>,
    /// Where the next file begins.
    end: usize,
    outcome: Outcome,
    count: usize,
    diagnostics: &'a mut Diagnostics,
}

impl<'t> Includer<'_, 't> {
    fn wrong(&mut self, message: impl Into<String>, at: Span, help: &str) -> Stopped {
        let error = Diagnostic::error(Code::Include, message).at(at, "");
        self.diagnostics.push(error.help(help));
        Stopped
    }

    fn node(&mut self, node: Node<'t>, is_root: bool) -> Result<Node<'t>, Stopped> {
        let span = node.span;
        let kind = match node.kind {
            NodeKind::Scalar { .. } => node.kind,
            NodeKind::List(items) => {
                let items = items.into_iter().map(|item| self.node(item, false));
                NodeKind::List(items.collect::<Result<_, _>>()?)
            }
            NodeKind::Map(entries) => NodeKind::Map(self.entries(entries, is_root)?),
            NodeKind::Tagged(tagged) => {
                let (tag, inner) = *tagged;
                if tag.value == SECTION && is_include(&inner) {
                    return self.file(&inner);
                }
                NodeKind::Tagged(Box::new((tag, self.node(inner, false)?)))
            }
        };
        Ok(Node { kind, span })
    }

    /// The entries of a map, with those of the files that are included in it. What stands in the
    /// template itself comes before what is included.
    fn entries(
        &mut self,
        entries: Vec<Entry<'t>>,
        is_root: bool,
    ) -> Result<Vec<Entry<'t>>, Stopped> {
        let mut out: Vec<Entry<'t>> = Vec::new();
        let mut included = Vec::new();
        for Entry { key, value } in entries {
            let asks = key.value == FUNCTION || (is_root && key.value == SECTION);
            if asks && is_include(&value) {
                included.push(self.file(&value)?);
                continue;
            }
            match (is_root && key.value == SECTION, value.kind) {
                // Several transforms: the others stay.
                (true, NodeKind::List(items)) => {
                    let (files, rest): (Vec<_>, Vec<_>) = items.into_iter().partition(is_include);
                    for file in &files {
                        included.push(self.file(file)?);
                    }
                    let value = Node { kind: NodeKind::List(rest), span: value.span };
                    out.push(Entry { key, value });
                }
                (_, kind) => {
                    let value = Node { kind, span: value.span };
                    out.push(Entry { key, value: self.node(value, false)? });
                }
            }
        }
        for file in included {
            let span = file.span;
            let NodeKind::Map(entries) = file.kind else {
                let message =
                    format!("what is included here must be a map, found {}", file.words());
                return Err(self.wrong(
                    message,
                    span,
                    "put the transform in the place of the value",
                ));
            };
            for entry in entries {
                match out.iter_mut().find(|known| known.key.value == entry.key.value) {
                    Some(known) if is_root => join(known, entry),
                    _ => out.push(entry),
                }
            }
        }
        Ok(out)
    }

    /// The tree of the file that a transform names.
    fn file(&mut self, transform: &Node<'t>) -> Result<Node<'t>, Stopped> {
        let location = field(transform, "Parameters").and_then(|all| field(all, "Location"));
        let Some(location) = location else {
            let help = "write `Parameters: {Location: FILE}`";
            return Err(self.wrong("the transform names no `Location`", transform.span, help));
        };
        let at = location.span;
        let Some(name) = location.as_text() else {
            let help = "write the path of a file, relative to the template";
            return Err(self.wrong("the `Location` must be plain text", at, help));
        };
        if name.contains("://") {
            let message =
                format!("`{name}` is not a file of this machine, and no other is included");
            let help = "copy the file beside the template, and name it: `Location: FILE`";
            return Err(self.wrong(message, at, help));
        }
        self.count += 1;
        if self.count > MAX_INCLUDES {
            let message = format!("the template includes more than {MAX_INCLUDES} files");
            return Err(self.wrong(message, at, "put what belongs together into one file"));
        }
        let Some(text) = self.texts.get(name) else {
            self.outcome.missing.push(Spanned::new(name.to_owned(), at));
            return Err(Stopped);
        };
        let mut found = Diagnostics::default();
        let tree = syntax::parse(text, &mut found);
        let base = self.end;
        self.end = base + text.len();
        self.outcome.included.push(Included {
            location: name.to_owned(),
            base,
            is_template: false,
        });
        for diagnostic in found.into_sorted() {
            self.diagnostics.push(shifted(diagnostic, base));
        }
        let mut tree = tree.ok_or(Stopped)?;
        tree.shift(base);
        if let Some(inner) = nested(&tree) {
            let message = "a file that is included cannot include another one";
            return Err(self.wrong(message, inner, "include both in the template"));
        }
        Ok(tree)
    }
}

/// A section that stands in the template and in a file is both of them.
fn join<'t>(known: &mut Entry<'t>, more: Entry<'t>) {
    // Of anything else, what is in the template stands.
    if let (NodeKind::Map(entries), NodeKind::Map(more)) = (&mut known.value.kind, more.value.kind)
    {
        entries.extend(more);
    }
}

/// True if this is `{Name: AWS::Include, Parameters: …}`.
fn is_include(node: &Node<'_>) -> bool {
    field(node, "Name").and_then(Node::as_text) == Some(INCLUDE)
}

fn field<'n, 't>(node: &'n Node<'t>, name: &str) -> Option<&'n Node<'t>> {
    let entry = node.as_map()?.iter().find(|entry| entry.key.value == name)?;
    Some(&entry.value)
}

/// The place of a transform of this kind in a tree.
fn nested(node: &Node<'_>) -> Option<Span> {
    if is_include(node) {
        return Some(node.span);
    }
    match &node.kind {
        NodeKind::Scalar { .. } => None,
        NodeKind::List(items) => items.iter().find_map(nested),
        NodeKind::Map(entries) => entries.iter().find_map(|entry| nested(&entry.value)),
        NodeKind::Tagged(tagged) => nested(&tagged.1),
    }
}

/// A finding whose places are moved.
pub(crate) fn shifted(mut diagnostic: Diagnostic, base: usize) -> Diagnostic {
    for label in &mut diagnostic.labels {
        label.span = Span::new(label.span.start + base, label.span.end + base);
    }
    diagnostic
}
