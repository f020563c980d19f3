//! YAML merge keys: `<<` puts the entries of other maps into a map.
//!
//! Sources: the type `merge` of YAML 1.1 (yaml.org/type/merge): what stands in the map itself wins,
//! then the earlier of several maps. CloudFormation takes no merge keys ("CloudFormation template
//! format", AWS CloudFormation User Guide); `aws cloudformation package` writes them out.

use std::collections::HashSet;

use rstack_model::{Code, Diagnostic, Span};

use super::node::{Entry, Node, NodeKind, Spanned};

/// A key of a map that is being read.
pub(super) enum Key {
    /// The name of an entry.
    Name(Spanned<String>),
    /// `<<`, and its place.
    Merge(Span),
}

/// A merge key and what is behind it.
pub(super) struct Merge<'t> {
    /// The place of the key.
    pub(super) place: Span,
    /// One map, or a list of maps.
    pub(super) node: Node<'t>,
}

/// Adds to a map the entries that its merge key names and that it does not have itself.
///
/// # Errors
/// If there are two merge keys, or one names something that is no map.
pub(super) fn merge<'t>(
    entries: &mut Vec<Entry<'t>>,
    merges: Vec<Merge<'t>>,
) -> Result<(), Box<Diagnostic>> {
    if let [first, second, ..] = merges.as_slice() {
        let error = Diagnostic::error(Code::DuplicateKey, "the key `<<` is in this map twice");
        let error = error.at(second.place, "again here").at(first.place, "first here");
        return Err(Box::new(error.help("write one `<<: [*first, *second]`")));
    }
    let mut known: HashSet<String> = HashSet::new();
    for Merge { node, .. } in merges {
        if known.is_empty() {
            known.extend(entries.iter().map(|entry| entry.key.value.clone()));
        }
        let maps = match node.kind {
            NodeKind::List(items) => items,
            NodeKind::Map(_) | NodeKind::Scalar { .. } | NodeKind::Tagged(_) => vec![node],
        };
        for map in maps {
            let (words, span) = (map.words(), map.span);
            let NodeKind::Map(more) = map.kind else {
                let message = format!("a merge key takes a map or a list of maps, found {words}");
                return Err(Box::new(Diagnostic::error(Code::MergeKey, message).at(span, "")));
            };
            // A key that is twice in the map that is merged is reported there.
            let new = more.into_iter().filter(|entry| known.insert(entry.key.value.clone()));
            entries.extend(new);
        }
    }
    Ok(())
}
