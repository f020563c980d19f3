//! The members of inputs and answers behind the names in the file of a type: names are equal but
//! for the case of their letters, and the names of objects have others in some operations.

use std::collections::BTreeMap;

use super::TypeDefinition;
#[cfg(test)]
use crate::model::Shape;
use crate::model::{Member, ServiceModel, ShapeKind};

/// The place of an object's name in an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NamePlace {
    /// The member.
    pub(crate) member: &'static str,
    /// True if the member is a list, of which the name is the one element.
    pub(crate) is_list: bool,
}

/// The entry of a name, whatever the case of its letters. An equal name comes first.
pub(crate) fn entry<'a, T>(
    members: &'a BTreeMap<String, T>,
    name: &str,
) -> Option<(&'a String, &'a T)> {
    let close = || members.iter().find(|(member, _)| member.eq_ignore_ascii_case(name));
    members.get_key_value(name).or_else(close)
}

impl TypeDefinition {
    /// The members that an operation takes; `None` if the model has none.
    pub(crate) fn taken(&self, operation: &str) -> Option<&'static BTreeMap<String, Member>> {
        let model = ServiceModel::of(self.service).ok()?;
        model.shape(model.operation(operation)?.input.as_deref()?)?.members()
    }

    /// The member that an operation takes under a name of the file.
    pub(crate) fn member_taken(&self, operation: &str, name: &str) -> Option<&'static str> {
        Some(entry(self.taken(operation)?, name)?.0)
    }

    /// The member in which an operation takes the name of an object; `None` if it takes no name: it
    /// shows all objects.
    pub(crate) fn name_place(&self, operation: &str, name: &str) -> Option<NamePlace> {
        let called = self.file.identifier.inputs.get(operation);
        let (member, found) = entry(self.taken(operation)?, called.map_or(name, String::as_str))?;
        let shape = ServiceModel::of(self.service).ok()?.shape(&found.shape)?;
        Some(NamePlace { member, is_list: matches!(shape.kind, ShapeKind::List { .. }) })
    }

    /// The shape of what an operation's answer holds in a member, or of the answer itself: the
    /// structure that describes an object, also where the member is a list of these.
    pub(crate) fn described(&self, operation: &str, within: Option<&str>) -> Option<&'static str> {
        let model = ServiceModel::of(self.service).ok()?;
        let whole = model.operation(operation)?.output.as_deref()?;
        let Some(member) = within else { return Some(whole) };
        let inner = model.shape(whole)?.members()?.get(member)?.shape.as_str();
        Some(match &model.shape(inner)?.kind {
            ShapeKind::List { member } => member.shape.as_str(),
            ShapeKind::Structure { .. }
            | ShapeKind::Map { .. }
            | ShapeKind::String
            | ShapeKind::Boolean
            | ShapeKind::Integer
            | ShapeKind::Long
            | ShapeKind::Float
            | ShapeKind::Double
            | ShapeKind::Timestamp
            | ShapeKind::Blob => inner,
        })
    }

    /// The members of a description in the answer of the reading operation.
    #[cfg(test)]
    pub(crate) fn shown(&self) -> Option<&'static BTreeMap<String, Member>> {
        let operations = &self.file.operations;
        let shape = self.described(&operations.read, operations.described.as_deref())?;
        ServiceModel::of(self.service).ok()?.shape(shape).and_then(Shape::members)
    }
}
