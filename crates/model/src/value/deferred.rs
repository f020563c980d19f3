//! Expressions over attributes that exist only after apply.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Lookup, SecretReference, Value};
use crate::id::Address;

/// Which attribute of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attribute {
    /// The return value of `Ref`: the physical ID.
    Ref,
    /// The return value of `Fn::GetAtt` for this name, which may be nested (`Endpoint.Address`).
    Named(String),
}

/// One attribute of one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttributeRef {
    /// The resource.
    pub address: Address,
    /// Its attribute.
    pub attribute: Attribute,
}

impl AttributeRef {
    /// A reference to the return value of `Ref` for this resource.
    pub fn reference(address: Address) -> Self {
        Self { address, attribute: Attribute::Ref }
    }

    /// A reference to the return value of `Fn::GetAtt` for this resource.
    pub fn named(address: Address, name: impl Into<String>) -> Self {
        Self { address, attribute: Attribute::Named(name.into()) }
    }
}

impl fmt::Display for AttributeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.attribute {
            Attribute::Ref => write!(f, "{}", self.address),
            Attribute::Named(name) => write!(f, "{}.{name}", self.address),
        }
    }
}

/// The rest of an intrinsic function whose arguments are not all known.
///
/// A plan carries these, so that apply can finish the evaluation without the template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deferred {
    /// `Ref` or `Fn::GetAtt`.
    Attribute(AttributeRef),
    /// A question that the cloud has not been asked: only where templates are evaluated without
    /// one. No plan has it.
    Lookup(Lookup),
    /// `Fn::Select` from a list not yet known.
    Select {
        /// Which element, counted from 0.
        index: usize,
        /// The list.
        list: Value,
    },
    /// `Fn::Split` of a text not yet known.
    Split {
        /// Where to cut.
        delimiter: String,
        /// The text.
        text: Value,
    },
    /// `Fn::Join` of a list not yet known.
    Join {
        /// The text between the elements.
        delimiter: String,
        /// The list.
        list: Value,
    },
    /// `Fn::Base64` of a text not yet known, or of one that holds a secret: then it is part of a
    /// [`Text`](super::Text) and is carried out together with the call.
    Base64(Value),
    /// `Fn::Cidr` of a block not yet known.
    Cidr {
        /// The block to cut up.
        block: Value,
        /// The number of blocks to cut from it.
        count: u16,
        /// The number of bits of an address that are left to each of them.
        bits: u8,
    },
}

impl Deferred {
    /// True if it waits for an attribute or a look-up, and not only for a secret.
    pub(super) fn has_unknown(&self) -> bool {
        match self {
            Self::Attribute(_) | Self::Lookup(_) => true,
            Self::Select { list: inner, .. }
            | Self::Split { text: inner, .. }
            | Self::Join { list: inner, .. }
            | Self::Base64(inner)
            | Self::Cidr { block: inner, .. } => inner.has_unknown(),
        }
    }

    /// The argument that the function is applied to, if it is a function.
    pub fn operand(&self) -> Option<&Value> {
        match self {
            Self::Attribute(_) | Self::Lookup(_) => None,
            Self::Select { list: inner, .. }
            | Self::Split { text: inner, .. }
            | Self::Join { list: inner, .. }
            | Self::Base64(inner)
            | Self::Cidr { block: inner, .. } => Some(inner),
        }
    }

    pub(super) fn visit_attributes<'a>(&'a self, found: &mut dyn FnMut(&'a AttributeRef)) {
        match self {
            Self::Attribute(reference) => found(reference),
            Self::Lookup(_) => {}
            Self::Select { list: inner, .. }
            | Self::Split { text: inner, .. }
            | Self::Join { list: inner, .. }
            | Self::Base64(inner)
            | Self::Cidr { block: inner, .. } => inner.visit_attributes(found),
        }
    }

    pub(super) fn visit_lookups<'a>(&'a self, found: &mut dyn FnMut(&'a Lookup)) {
        match self {
            Self::Attribute(_) => {}
            Self::Lookup(lookup) => found(lookup),
            Self::Select { list: inner, .. }
            | Self::Split { text: inner, .. }
            | Self::Join { list: inner, .. }
            | Self::Base64(inner)
            | Self::Cidr { block: inner, .. } => inner.visit_lookups(found),
        }
    }

    pub(super) fn visit_secrets<'a>(&'a self, found: &mut dyn FnMut(&'a SecretReference)) {
        match self {
            Self::Attribute(_) | Self::Lookup(_) => {}
            Self::Select { list: inner, .. }
            | Self::Split { text: inner, .. }
            | Self::Join { list: inner, .. }
            | Self::Base64(inner)
            | Self::Cidr { block: inner, .. } => inner.visit_secrets(found),
        }
    }
}

/// `‹CDN.DomainName›`, with the function around it where there is one.
impl fmt::Display for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(reference) => write!(f, "‹{reference}›"),
            Self::Lookup(lookup) => write!(f, "‹{lookup}›"),
            Self::Select { index, list } => write!(f, "‹select {index} of {}›", Bare(list)),
            Self::Split { delimiter, text } => {
                write!(f, "‹{} split at {}›", Bare(text), Value::from(delimiter.as_str()))
            }
            Self::Join { delimiter, list } => {
                write!(f, "‹{} joined with {}›", Bare(list), Value::from(delimiter.as_str()))
            }
            Self::Base64(inner) => write!(f, "‹base64 of {}›", Bare(inner)),
            Self::Cidr { block, count, bits } => {
                write!(f, "‹{} cut into {count} blocks of {bits} bits›", Bare(block))
            }
        }
    }
}

/// A value inside `‹…›`, without marks of its own.
struct Bare<'a>(&'a Value);

impl fmt::Display for Bare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let inner = text.strip_prefix('‹').and_then(|t| t.strip_suffix('›'));
        f.write_str(inner.filter(|t| !t.contains('‹')).unwrap_or(&text))
    }
}
