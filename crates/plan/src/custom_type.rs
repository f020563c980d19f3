//! The definition of custom resources: any property, every scalar as text, and an update that may end in
//! another object.

use std::time::Duration;

use rstack_catalog::{DeletionProtection, Handler, UniqueName};
use rstack_model::{BuiltIn, PropertyPath, ResourceType, UpdateKind, Value, ValueMap};

use crate::type_definition::{Scalar, TypeDefinition};

/// The time limit of every operation: longer than a handler may take, whose own limit ends it.
const TIME_LIMIT: Duration = Duration::from_mins(75);

/// A type whose objects a handler of the template's own makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CustomType {
    /// The property of which a change replaces the object, where it is known that an update always ends in
    /// another one: planned as a replacement, the old object is deleted before what it depends on.
    replaces: Option<&'static str>,
}

impl CustomType {
    /// The definition of a custom resource type.
    pub(crate) fn of(resource_type: &ResourceType) -> Self {
        let emptier = BuiltIn::S3AutoDeleteObjects;
        let is_emptier = resource_type.as_str() == emptier.resource_type();
        Self { replaces: is_emptier.then(|| emptier.subject()) }
    }
}

impl TypeDefinition for CustomType {
    /// The handler decides, when it is asked.
    fn update_kind(&self, path: &PropertyPath) -> UpdateKind {
        match (self.replaces, path.top()) {
            (Some(replaces), Some(top)) if top == replaces => UpdateKind::Replaces,
            _ => UpdateKind::InPlace,
        }
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

    /// A handler gets every scalar as text, so that `1` and `"1"` are the same.
    fn scalar(&self, _: &PropertyPath) -> Option<Scalar> {
        Some(Scalar::Text)
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

    fn ref_may_change(&self) -> bool {
        true
    }

    fn fixed_properties(&self) -> Vec<PropertyPath> {
        vec![PropertyPath::root().name("ServiceToken")]
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
        Some(TIME_LIMIT)
    }
}
