//! What the planner needs to know of a type, from the CloudFormation registry's schemas.

use std::sync::Arc;

use rstack_catalog::{Kind, Registry, SchemaPath, TypeSchema};
use rstack_model::{PathSegment, PropertyPath, ResourceType};

use crate::facts::{Scalar, Schemas, TypeFacts};
use crate::stability::may_change;

/// Looks types up in the registry that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct RegistrySchemas;

impl Schemas for RegistrySchemas {
    fn facts(&self, resource_type: &ResourceType) -> Option<Arc<dyn TypeFacts>> {
        let schema = Registry::embedded().get(resource_type.as_str()).ok()??;
        Some(Arc::new(RegistryFacts(schema)))
    }
}

/// One type of the registry.
struct RegistryFacts(Arc<TypeSchema>);

/// Properties that name an object although the registry does not list them as identifiers.
const NESTED_NAMES: [(&str, &[&str]); 5] = [
    ("AWS::CloudFront::CachePolicy", &["CachePolicyConfig", "Name"]),
    ("AWS::CloudFront::KeyGroup", &["KeyGroupConfig", "Name"]),
    ("AWS::CloudFront::OriginAccessControl", &["OriginAccessControlConfig", "Name"]),
    ("AWS::CloudFront::OriginRequestPolicy", &["OriginRequestPolicyConfig", "Name"]),
    ("AWS::CloudFront::ResponseHeadersPolicy", &["ResponseHeadersPolicyConfig", "Name"]),
];

impl RegistryFacts {
    /// The paths as properties that templates declare; `None` if the service sets one of them.
    fn declared(&self, paths: &[SchemaPath]) -> Option<Vec<PropertyPath>> {
        let paths = paths.iter().map(SchemaPath::concrete).collect::<Option<Vec<_>>>()?;
        let all = !paths.is_empty() && !paths.iter().any(|path| self.0.is_read_only(path));
        all.then_some(paths)
    }
}

impl TypeFacts for RegistryFacts {
    fn forces_replacement(&self, path: &PropertyPath) -> bool {
        self.0.is_create_only(path)
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
            [Kind::Text] => Some(Scalar::Text),
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

    /// Identifiers that are declared, and by convention `Name` or `TypeName` where it cannot be
    /// changed in place.
    fn name_properties(&self) -> Vec<Vec<PropertyPath>> {
        let identifiers = std::iter::once(self.0.primary_identifier());
        let identifiers =
            identifiers.chain(self.0.additional_identifiers().iter().map(Vec::as_slice));
        let mut groups: Vec<Vec<PropertyPath>> =
            identifiers.filter_map(|paths| self.declared(paths)).collect();
        let short = self.0.name().rsplit("::").next().unwrap_or_default();
        for name in ["Name".to_owned(), format!("{short}Name")] {
            let path = PropertyPath::root().name(name.as_str());
            if self.0.node(&path).is_some() && self.0.is_create_only(&path) {
                groups.push(vec![path]);
            }
        }
        let nested = NESTED_NAMES.iter().filter(|(name, _)| *name == self.0.name());
        groups.extend(nested.map(|(_, segments)| {
            vec![segments.iter().fold(PropertyPath::root(), |path, name| path.name(*name))]
        }));
        groups.sort();
        groups.dedup();
        groups
    }

    fn attribute_may_change(&self, attribute: &str, changed: &[&PropertyPath]) -> bool {
        may_change(&self.0, attribute, changed)
    }

    fn is_stateful(&self) -> bool {
        self.0.is_stateful()
    }
}
