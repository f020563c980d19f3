//! The schema of one resource type.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::{PathSegment, PropertyPath, UpdateKind};
use serde::Deserialize;

use crate::attribute_change::AttributeChange;
use crate::kept_set::is_kept_as_a_set;
use crate::kinds::Kind;
use crate::node::{Additional, Node};
use crate::path::SchemaPath;
use crate::unique_name::UniqueName;
use crate::update_kind::UpdateSources;

/// The handlers of a type's provider: the operations that it can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Handler {
    /// Create an object.
    Create,
    /// Read an object.
    Read,
    /// Change an object in place.
    Update,
    /// Delete an object.
    Delete,
    /// List the objects.
    List,
}

impl Handler {
    /// Its name in the registry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::List => "list",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Raw {
    type_name: String,
    #[serde(flatten)]
    root: Node,
    definitions: BTreeMap<String, Node>,
    primary_identifier: Vec<SchemaPath>,
    additional_identifiers: Vec<Vec<SchemaPath>>,
    create_only_properties: Vec<SchemaPath>,
    conditional_create_only_properties: Vec<SchemaPath>,
    read_only_properties: Vec<SchemaPath>,
    write_only_properties: Vec<SchemaPath>,
    declarable: Vec<SchemaPath>,
    updates: UpdateSources,
    attribute_changes: Vec<AttributeChange>,
    declared_attributes: Vec<String>,
    secret_attributes: Vec<String>,
    names: Vec<UniqueName>,
    likely_names: Vec<UniqueName>,
    unique_contents: Vec<UniqueName>,
    refused_updates: Vec<SchemaPath>,
    sets: Vec<SchemaPath>,
    tag_property: Option<SchemaPath>,
    handlers: BTreeSet<Handler>,
    time_limits: BTreeMap<Handler, u64>,
    ref_identifier: Vec<SchemaPath>,
    arn_template: Option<String>,
    stateful: bool,
}

/// The schema of one resource type.
#[derive(Debug)]
pub struct TypeSchema {
    name: String,
    root: Node,
    definitions: BTreeMap<String, Node>,
    primary_identifier: Vec<SchemaPath>,
    additional_identifiers: Vec<Vec<SchemaPath>>,
    pub(crate) create_only: Vec<SchemaPath>,
    pub(crate) conditional_create_only: Vec<SchemaPath>,
    read_only: Vec<SchemaPath>,
    write_only: Vec<SchemaPath>,
    pub(crate) declarable: Vec<SchemaPath>,
    pub(crate) updates: UpdateSources,
    pub(crate) attribute_changes: Vec<AttributeChange>,
    pub(crate) declared_attributes: Vec<String>,
    pub(crate) secret_attributes: Vec<String>,
    pub(crate) names: Vec<UniqueName>,
    pub(crate) likely_names: Vec<UniqueName>,
    pub(crate) unique_contents: Vec<UniqueName>,
    pub(crate) refused_updates: Vec<SchemaPath>,
    sets: Vec<SchemaPath>,
    pub(crate) tag_property: Option<SchemaPath>,
    handlers: BTreeSet<Handler>,
    time_limits: BTreeMap<Handler, u64>,
    ref_identifier: Vec<SchemaPath>,
    arn_template: Option<String>,
    stateful: bool,
}

/// The depth to which `$ref` may lead on without a property in between.
const MAX_REFS: usize = 32;

impl TypeSchema {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let raw: Raw = serde_json::from_slice(json)?;
        Ok(Self {
            name: raw.type_name,
            root: raw.root,
            definitions: raw.definitions,
            primary_identifier: raw.primary_identifier,
            additional_identifiers: raw.additional_identifiers,
            create_only: raw.create_only_properties,
            conditional_create_only: raw.conditional_create_only_properties,
            read_only: raw.read_only_properties,
            write_only: raw.write_only_properties,
            declarable: raw.declarable,
            updates: raw.updates,
            attribute_changes: raw.attribute_changes,
            declared_attributes: raw.declared_attributes,
            secret_attributes: raw.secret_attributes,
            names: raw.names,
            likely_names: raw.likely_names,
            unique_contents: raw.unique_contents.into_iter().map(UniqueName::as_content).collect(),
            refused_updates: raw.refused_updates,
            sets: raw.sets,
            tag_property: raw.tag_property,
            handlers: raw.handlers,
            time_limits: raw.time_limits,
            ref_identifier: raw.ref_identifier,
            arn_template: raw.arn_template,
            stateful: raw.stateful,
        })
    }

    /// The type's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The node of the property tree itself.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The paths whose values together name an object.
    pub fn primary_identifier(&self) -> &[SchemaPath] {
        &self.primary_identifier
    }

    /// Other groups of paths that name an object.
    pub fn additional_identifiers(&self) -> &[Vec<SchemaPath>] {
        &self.additional_identifiers
    }

    /// The paths that only the service sets: attributes.
    pub fn read_only(&self) -> &[SchemaPath] {
        &self.read_only
    }

    /// The paths that the service never returns.
    pub fn write_only(&self) -> &[SchemaPath] {
        &self.write_only
    }

    /// The paths whose value `Ref` returns.
    pub fn ref_identifier(&self) -> &[SchemaPath] {
        if self.ref_identifier.is_empty() { &self.primary_identifier } else { &self.ref_identifier }
    }

    /// The form of the type's ARNs, such as
    /// `arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}`.
    pub fn arn_template(&self) -> Option<&str> {
        self.arn_template.as_deref()
    }

    /// The top-level property that holds the tags.
    pub fn tag_property(&self) -> Option<&str> {
        self.tag_property.as_ref()?.segments().first().map(String::as_str)
    }

    /// True if objects of the type hold data that are lost with them.
    pub fn is_stateful(&self) -> bool {
        self.stateful
    }

    /// True if the type's provider can do this.
    pub fn has_handler(&self, handler: Handler) -> bool {
        self.handlers.contains(&handler)
    }

    /// The longest that the provider takes for this, in minutes, where the registry says it.
    pub fn time_limit(&self, handler: Handler) -> Option<u64> {
        self.time_limits.get(&handler).copied()
    }

    /// True if every change at the path is a replacement.
    pub fn is_create_only(&self, path: &PropertyPath) -> bool {
        self.update_kind(path) == UpdateKind::Replaces
    }

    /// The groups of properties of which exactly one is declared, as the service demands.
    pub fn alternatives(&self) -> impl Iterator<Item = &'static [&'static str]> {
        crate::service_rule::alternatives(self.name())
    }

    /// True if only the service sets the path.
    pub fn is_read_only(&self, path: &PropertyPath) -> bool {
        self.read_only.iter().any(|p| p.covers(path))
    }

    /// True if the service never returns the path.
    pub fn is_write_only(&self, path: &PropertyPath) -> bool {
        self.write_only.iter().any(|p| p.covers(path))
    }

    /// The node behind a `$ref`.
    pub fn resolve<'a>(&'a self, node: &'a Node) -> &'a Node {
        let mut node = node;
        for _ in 0..MAX_REFS {
            let Some(reference) = &node.reference else { return node };
            let name = reference.rsplit('/').next().unwrap_or_default();
            let Some(target) = self.definitions.get(name) else { return node };
            node = target;
        }
        node
    }

    /// The node of a property of a map, `None` if the map does not declare it.
    pub fn property<'a>(&'a self, node: &'a Node, name: &str) -> Option<&'a Node> {
        self.property_within(node, name, MAX_REFS)
    }

    fn property_within<'a>(&'a self, node: &'a Node, name: &str, depth: usize) -> Option<&'a Node> {
        let node = self.resolve(node);
        if let Some(found) = node.properties.get(name) {
            return Some(self.resolve(found));
        }
        let depth = depth.checked_sub(1)?;
        if let Some(found) = node.branches().find_map(|b| self.property_within(b, name, depth)) {
            return Some(found);
        }
        if let Some(found) = node.pattern_properties.values().next() {
            return Some(self.resolve(found));
        }
        match &node.additional_properties {
            Additional::Like(found) => Some(self.resolve(found)),
            Additional::Allowed(_) => None,
        }
    }

    /// The node of a list's elements.
    pub fn element<'a>(&'a self, node: &'a Node) -> Option<&'a Node> {
        let node = self.resolve(node);
        if let Some(items) = node.items() {
            return Some(self.resolve(items));
        }
        node.branches().find_map(|b| self.resolve(b).items()).map(|items| self.resolve(items))
    }

    /// The node at a path.
    pub fn node(&self, path: &PropertyPath) -> Option<&Node> {
        let mut node = &self.root;
        for segment in path.segments() {
            node = match segment {
                PathSegment::Name(name) => self.property(node, name)?,
                PathSegment::Index(_) => self.element(node)?,
            };
        }
        Some(self.resolve(node))
    }

    /// True if the node holds a free JSON document: a map that declares no properties.
    pub fn is_document(&self, node: &Node) -> bool {
        let node = self.resolve(node);
        let kinds = node.kinds();
        let declares = !node.properties.is_empty()
            || !node.pattern_properties.is_empty()
            || matches!(node.additional_properties, Additional::Like(_))
            || node.branches().next().is_some();
        kinds.contains(&Kind::Map) && !declares
    }

    /// True if the node is a map whose keys are not the schema's but the template's.
    pub fn is_open_map(&self, node: &Node) -> bool {
        let node = self.resolve(node);
        let open = !node.pattern_properties.is_empty()
            || matches!(node.additional_properties, Additional::Like(_));
        open && node.properties.is_empty() && node.branches().next().is_none()
    }

    /// True if the order of the list at the path means nothing.
    pub fn is_set(&self, path: &PropertyPath) -> bool {
        let exact = |p: &SchemaPath| {
            p.covers(path) && path.parent().is_some_and(|parent| !p.covers(&parent))
        };
        let last = path.segments().last();
        let a_list = !matches!(last, Some(PathSegment::Index(_)) | None);
        a_list
            && (self.sets.iter().any(exact)
                || is_kept_as_a_set(&self.name, path)
                || self.node(path).is_some_and(|node| node.insertion_order == Some(false)))
    }
}
