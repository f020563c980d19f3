//! The places of everything in a text, by JSON pointer (RFC 6901), with the long forms of functions.

use std::collections::BTreeMap;

use rstack_model::Span;

use super::long_form;
use crate::syntax::{Node, NodeKind};

/// The place of a value and of the key that it is under, if it is in a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) key: Option<Span>,
    pub(super) value: Span,
}

/// The places of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places(BTreeMap<String, Spot>);

impl Places {
    pub(super) fn of(root: &Node<'_>) -> Self {
        let mut places = Self::default();
        places.walk(root, &mut String::new(), None);
        places
    }

    pub(super) fn get(&self, pointer: &str) -> Option<Spot> {
        self.0.get(pointer).copied()
    }

    /// The pointer of the smallest thing that a place is in, and true if that is a key.
    pub(super) fn at(&self, place: Span) -> Option<(&str, bool)> {
        let within = |span: Span| span.start <= place.start && place.end <= span.end;
        let spots = self.0.iter().flat_map(|(pointer, spot)| {
            let key = spot.key.map(|key| (key, pointer.as_str(), true));
            key.into_iter().chain([(spot.value, pointer.as_str(), false)])
        });
        let around = spots.filter(|(span, ..)| within(*span));
        // Of a function and its argument, which can have one place, the deeper one.
        let smallest = around.min_by_key(|(span, pointer, _)| {
            (span.end - span.start, std::cmp::Reverse(pointer.len()))
        });
        smallest.map(|(_, pointer, is_key)| (pointer, is_key))
    }

    fn walk(&mut self, node: &Node<'_>, pointer: &mut String, key: Option<Span>) {
        self.0.insert(pointer.clone(), Spot { key, value: node.span });
        match &node.kind {
            NodeKind::Scalar { .. } => {}
            NodeKind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.below(item, pointer, &index.to_string(), None);
                }
            }
            NodeKind::Map(entries) => {
                for entry in entries {
                    self.below(&entry.value, pointer, &entry.key.value, Some(entry.key.span));
                }
            }
            NodeKind::Tagged(tagged) => {
                let (tag, argument) = &**tagged;
                let name = long_form(tag);
                self.below(argument, pointer, &name, Some(tag.span));
                if tag.value == "GetAtt" && argument.as_text().is_some() {
                    for part in ["0", "1"] {
                        let spot = Spot { key: None, value: argument.span };
                        self.0.insert(format!("{pointer}/{}/{part}", escaped(&name)), spot);
                    }
                }
            }
        }
    }

    fn below(&mut self, node: &Node<'_>, pointer: &mut String, name: &str, key: Option<Span>) {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&escaped(name));
        self.walk(node, pointer, key);
        pointer.truncate(length);
    }
}

/// A key as a part of a pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
