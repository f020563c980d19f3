//! Property trees of CloudFormation become members of API shapes, and back.
//!
//! No field is mapped by hand. The tree and the shape from the service's model are walked
//! together: what has the same name, but for the case of its letters, passes through; scalars take
//! the kind the other side wants; lists are wrapped in `Quantity` and `Items` where the shape has
//! these; lists of `Key` and `Value` become maps, and trees become JSON text. What is left (true
//! renames, defaults a request must spell out) stands in tables of [`Rules`], a few rows a type.
//! On the way back the type's schema leads: members it does not know are dropped.

mod document;
mod equivalence;
mod error;
mod from_members;
mod holding;
mod order;
mod rules;
mod scalar;
mod to_members;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use document::{read as json_tree, write as json_text};
pub(crate) use equivalence::equivalent;
pub(crate) use error::MappingError;
pub(crate) use holding::holds;
pub(crate) use order::in_declared_order;
pub(crate) use rules::{Fill, FillRow, NestedRow, Rules, ShapeRules, When};
pub(crate) use scalar::to_schema;

use rstack_catalog::{Kind, Node, TypeSchema};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use crate::model::{ServiceModel, ShapeKind};

/// A property as a text: a tree is its JSON.
///
/// # Errors
/// [`MappingError`] if it cannot be one.
pub(crate) fn text_of(value: &KnownValue, path: &PropertyPath) -> Result<KnownValue, MappingError> {
    let made = scalar::to_shape(&ShapeKind::String, value);
    made.map_err(|expected| MappingError::new(path, format!("must be {expected}")))
}

/// A text as the schema's node wants it; `None` if it says nothing there.
pub(crate) fn of_text(text: &KnownValue, schema: &TypeSchema, node: &Node) -> Option<KnownValue> {
    let kinds = schema.resolve(node).kinds();
    if kinds.contains(&Kind::Map) || kinds.contains(&Kind::List) {
        return Some(document::read(text));
    }
    scalar::to_schema(text, schema, node)
}

/// The mapping between one part of a type's property tree and one shape.
#[derive(Clone, Debug)]
pub(crate) struct Mapper<'a> {
    model: &'a ServiceModel,
    shape: &'a str,
    rules: &'static Rules,
    base: PropertyPath,
}

impl<'a> Mapper<'a> {
    /// The mapping to the shape of this name, which must be a structure.
    pub(crate) fn new(model: &'a ServiceModel, shape: &'a str, rules: &'static Rules) -> Self {
        Self { model, shape, rules, base: PropertyPath::root() }
    }

    /// Says where in the property tree the mapped part stands, for errors.
    #[must_use]
    pub(crate) fn at(self, base: PropertyPath) -> Self {
        Self { base, ..self }
    }

    /// The members of the shape that say what the properties say.
    ///
    /// # Errors
    /// [`MappingError`] if a property has no member, or has a value its member cannot take.
    pub(crate) fn to_members(&self, properties: &KnownMap) -> Result<KnownMap, MappingError> {
        to_members::structure(self, self.shape, properties, &self.base)
    }

    /// The properties that the members say, as far as the node of the schema knows them.
    #[expect(clippy::wrong_self_convention, reason = "the counterpart of `to_members`")]
    pub(crate) fn from_members(
        &self,
        members: &KnownMap,
        schema: &TypeSchema,
        node: &Node,
    ) -> KnownMap {
        from_members::structure(self, self.shape, members, schema, node)
    }
}
