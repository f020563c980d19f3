//! Resource types as the planner sees them.

use std::sync::Arc;
use std::time::Duration;

use rstack_catalog::{DeletionProtection, Handler, UniqueName};
use rstack_model::{PropertyPath, ResourceType, UpdateKind, Value, ValueMap};

/// The kinds of scalars a schema distinguishes. CloudFormation takes each of them as text, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// True or false.
    Boolean,
    /// An integer.
    Integer,
    /// Any number.
    Number,
    /// Text.
    Text,
}

/// The definition of one resource type, as far as the planner needs it.
pub trait TypeDefinition: Send + Sync {
    /// The effect of a change at this path on the object.
    fn update_kind(&self, path: &PropertyPath) -> UpdateKind;
    /// The effect of this change of the property at exactly this path, where the service's rule
    /// decides it.
    fn decided_update(
        &self,
        path: &PropertyPath,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Option<UpdateKind>;
    /// True if the service alone sets this path: declared values are never compared.
    fn is_read_only(&self, path: &PropertyPath) -> bool;
    /// True if the service takes this path and never returns it.
    fn is_write_only(&self, path: &PropertyPath) -> bool;
    /// The kind of scalar at this path, if it is one.
    fn scalar(&self, path: &PropertyPath) -> Option<Scalar>;
    /// True if this path holds a free JSON document, written as a tree or as text.
    fn is_document(&self, path: &PropertyPath) -> bool;
    /// True if the order of the list at this path means nothing.
    fn is_set(&self, path: &PropertyPath) -> bool;
    /// True if the keys of the map at this path are the template's own: one that is not declared
    /// was added elsewhere.
    fn is_open_map(&self, path: &PropertyPath) -> bool;
    /// The declared property that `Ref` returns, if it is a declared one.
    fn ref_property(&self) -> Option<PropertyPath>;
    /// True if an update can end in another object, so that `Ref` is known only after it.
    fn ref_may_change(&self) -> bool {
        false
    }
    /// The properties that can neither be changed nor replace the object: a change of one is refused.
    fn fixed_properties(&self) -> Vec<PropertyPath> {
        Vec::new()
    }
    /// The value that the service gives the property at this path when it is not declared, where that is
    /// known.
    fn default_value(&self, _: &PropertyPath) -> Option<Value> {
        None
    }
    /// The property whose change the service refuses by its values, though it changes others in place, and its
    /// rule in words.
    fn refused_change(&self, _: &ValueMap, _: &ValueMap) -> Option<(&'static str, &'static str)> {
        None
    }
    /// The normal form of the text at this path, where the service takes several texts for one.
    fn normal_text(&self, _: &PropertyPath, _: &str) -> Option<String> {
        None
    }
    /// True if the property at this path means nothing beside the others of its map.
    fn is_meaningless(&self, _: &PropertyPath, _: &ValueMap) -> bool {
        false
    }
    /// The beginnings of names that the service refuses in upper and lower case.
    fn reserved_prefixes(&self) -> &'static [&'static str] {
        &[]
    }
    /// The names of which no two objects may have the same.
    fn unique_names(&self) -> &[UniqueName];
    /// The names of which it is not known whether two objects may have the same.
    fn likely_names(&self) -> &[UniqueName];
    /// The content of which no two objects may have the same, although it is no name of them.
    fn unique_contents(&self) -> &[UniqueName] {
        &[]
    }
    /// True if an attribute (`Fn::GetAtt` name) can change when an object is updated in place and
    /// these properties change.
    fn attribute_may_change(&self, attribute: &str, changed: &[&PropertyPath]) -> bool;
    /// True if the object holds data that is lost with it.
    fn is_stateful(&self) -> bool;
    /// The property that protects an object with these properties from deletion, if one does.
    fn deletion_protection(&self, properties: &ValueMap) -> Option<DeletionProtection>;
    /// The longest that the type's provider takes for an operation, where it says so. Where it says
    /// so of other operations only, it is the longest of those: to delete a distribution, CloudFront
    /// changes it first.
    fn time_limit(&self, operation: Handler) -> Option<Duration>;
}

/// Where the planner looks types up.
pub trait Schemas: Send + Sync {
    /// The definition of a type; `None` if the type is unknown.
    fn definition(&self, resource_type: &ResourceType) -> Option<Arc<dyn TypeDefinition>>;
}

/// A type without a schema: everything is updated in place and may change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnknownType;

impl TypeDefinition for UnknownType {
    fn update_kind(&self, _: &PropertyPath) -> UpdateKind {
        UpdateKind::InPlace
    }

    fn decided_update(
        &self,
        _: &PropertyPath,
        _: Option<&Value>,
        _: Option<&Value>,
    ) -> Option<UpdateKind> {
        None
    }

    fn is_read_only(&self, _: &PropertyPath) -> bool {
        false
    }

    fn is_write_only(&self, _: &PropertyPath) -> bool {
        false
    }

    fn scalar(&self, _: &PropertyPath) -> Option<Scalar> {
        None
    }

    fn is_document(&self, _: &PropertyPath) -> bool {
        false
    }

    fn is_set(&self, _: &PropertyPath) -> bool {
        false
    }

    fn is_open_map(&self, _: &PropertyPath) -> bool {
        false
    }

    fn ref_property(&self) -> Option<PropertyPath> {
        None
    }

    fn unique_names(&self) -> &[UniqueName] {
        &[]
    }

    fn likely_names(&self) -> &[UniqueName] {
        &[]
    }

    fn attribute_may_change(&self, _: &str, _: &[&PropertyPath]) -> bool {
        true
    }

    fn is_stateful(&self) -> bool {
        false
    }

    fn deletion_protection(&self, _: &ValueMap) -> Option<DeletionProtection> {
        None
    }

    fn time_limit(&self, _: Handler) -> Option<Duration> {
        None
    }
}
