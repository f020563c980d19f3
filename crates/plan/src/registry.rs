//! Type definitions from the CloudFormation registry's schemas.

use std::sync::Arc;
use std::time::Duration;

use rstack_catalog::{
    DeletionProtection, Handler, Kind, Registry, SchemaPath, TypeSchema, UniqueName,
    is_meaningless, normal_text, refused_change, reserved_prefixes, service_default,
};
use rstack_model::{PathSegment, PropertyPath, ResourceType, UpdateKind, Value, ValueMap};

use crate::custom_type::CustomType;
use crate::type_definition::{Scalar, Schemas, TypeDefinition};

/// The type that waits for signals, and the time limit of the operation: longer than the longest `Timeout`
/// of 12 hours, which ends it.
const WAIT_CONDITION: &str = "AWS::CloudFormation::WaitCondition";
const WAIT_LIMIT: Duration = Duration::from_hours(13);

/// Looks types up in the registry that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct RegistrySchemas;

impl Schemas for RegistrySchemas {
    fn definition(&self, resource_type: &ResourceType) -> Option<Arc<dyn TypeDefinition>> {
        if resource_type.is_custom() {
            return Some(Arc::new(CustomType::of(resource_type)));
        }
        let schema = Registry::embedded().get(resource_type.as_str()).ok()??;
        Some(Arc::new(RegistryType(schema)))
    }
}

/// One type of the registry.
struct RegistryType(Arc<TypeSchema>);

impl RegistryType {
    /// The paths as properties that templates declare; `None` if the service sets one of them.
    fn declared(&self, paths: &[SchemaPath]) -> Option<Vec<PropertyPath>> {
        let paths = paths.iter().map(SchemaPath::concrete).collect::<Option<Vec<_>>>()?;
        let all = !paths.is_empty() && !paths.iter().any(|path| self.0.is_read_only(path));
        all.then_some(paths)
    }
}

impl TypeDefinition for RegistryType {
    fn update_kind(&self, path: &PropertyPath) -> UpdateKind {
        self.0.update_kind(path)
    }

    fn decided_update(
        &self,
        path: &PropertyPath,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Option<UpdateKind> {
        self.0.decided_update(path, before, after)
    }

    fn is_read_only(&self, path: &PropertyPath) -> bool {
        self.0.is_read_only(path)
    }

    fn is_write_only(&self, path: &PropertyPath) -> bool {
        self.0.is_write_only(path)
    }

    fn scalar(&self, path: &PropertyPath) -> Option<Scalar> {
        match self.0.node(path)?.kinds().as_slice() {
            [Kind::Boolean] => Some(Scalar::Boolean),
            [Kind::Integer] => Some(Scalar::Integer),
            [Kind::Number] => Some(Scalar::Number),
            // Where text is one of several kinds, CloudFormation sends the same text for each: a variable of
            // a function may be `true` or `'true'`.
            kinds if kinds.contains(&Kind::Text) => Some(Scalar::Text),
            _ => None,
        }
    }

    fn is_document(&self, path: &PropertyPath) -> bool {
        self.0.node(path).is_some_and(|node| self.0.is_document(node))
    }

    fn is_set(&self, path: &PropertyPath) -> bool {
        let tags = matches!(path.segments(), [PathSegment::Name(name)] if self.0.tag_property() == Some(name));
        self.0.is_set(path)
            || (tags && self.0.node(path).is_some_and(|n| n.kinds() == [Kind::List]))
    }

    fn is_open_map(&self, path: &PropertyPath) -> bool {
        self.0.node(path).is_some_and(|node| self.0.is_open_map(node))
    }

    fn ref_property(&self) -> Option<PropertyPath> {
        match self.declared(self.0.ref_identifier())?.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    fn fixed_properties(&self) -> Vec<PropertyPath> {
        self.0.refused_updates().iter().filter_map(SchemaPath::concrete).collect()
    }

    fn default_value(&self, path: &PropertyPath) -> Option<Value> {
        service_default(self.0.name(), path).map(Value::from_json)
    }

    fn refused_change(
        &self,
        before: &ValueMap,
        after: &ValueMap,
    ) -> Option<(&'static str, &'static str)> {
        refused_change(self.0.name(), before, after)
    }

    fn normal_text(&self, path: &PropertyPath, text: &str) -> Option<String> {
        normal_text(self.0.name(), path, text)
    }

    fn is_meaningless(&self, path: &PropertyPath, map: &ValueMap) -> bool {
        is_meaningless(self.0.name(), path, map)
    }

    fn reserved_prefixes(&self) -> &'static [&'static str] {
        reserved_prefixes(self.0.name())
    }

    fn unique_names(&self) -> &[UniqueName] {
        self.0.unique_names()
    }

    fn likely_names(&self) -> &[UniqueName] {
        self.0.likely_names()
    }

    fn unique_contents(&self) -> &[UniqueName] {
        self.0.unique_contents()
    }

    fn attribute_may_change(&self, attribute: &str, changed: &[&PropertyPath]) -> bool {
        self.0.attribute_may_change(attribute, changed)
    }

    fn is_stateful(&self) -> bool {
        self.0.is_stateful()
    }

    fn deletion_protection(&self, properties: &ValueMap) -> Option<DeletionProtection> {
        self.0.deletion_protection(properties)
    }

    fn time_limit(&self, operation: Handler) -> Option<Duration> {
        if self.0.name() == WAIT_CONDITION {
            return Some(WAIT_LIMIT);
        }
        let changing = [Handler::Create, Handler::Update, Handler::Delete];
        let longest = || changing.into_iter().filter_map(|other| self.0.time_limit(other)).max();
        let minutes = self.0.time_limit(operation).or_else(longest)?;
        Some(Duration::from_secs(minutes.saturating_mul(60)))
    }
}
