//! The effect that a change of a property has on its object: the one answer that the planner, the
//! sandbox and `rstack docs` share.
//!
//! The sources, the first that decides: an overlay, which names its source; the registry's
//! `createOnlyProperties` and `tagging`; "replacement" in AWS's service specification; a provider that
//! creates and cannot update, which replaces for every change; the registry's
//! `conditionalCreateOnlyProperties` and "some cases" in the specification.

use rstack_model::{PropertyPath, UpdateKind, Value};
use serde::Deserialize;

use crate::path::SchemaPath;
use crate::type_schema::{Handler, TypeSchema};
use crate::update_rule::UpdateRule;

/// Sources of update kinds beside the lists of the registry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct UpdateSources {
    overlay: Vec<Overlaid>,
    /// "Replacement" in the service specification, as far as the registry does not say it.
    replaces: Vec<SchemaPath>,
    /// "Some cases" in the service specification, as far as the registry does not say it.
    may_replace: Vec<SchemaPath>,
    /// True if the registry says that tags cannot be changed.
    tags_fixed: bool,
}

/// The update kind that an overlay gives a path.
#[derive(Clone, Debug, Deserialize)]
struct Overlaid {
    path: SchemaPath,
    kind: UpdateKind,
    rule: Option<UpdateRule>,
}

/// The operations of a type's provider, as the registry's `ProvisioningType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// The provider creates, updates and deletes.
    FullyMutable,
    /// The provider creates and deletes. Every change is a replacement.
    Immutable,
    /// The registry has no provider: CloudFormation itself makes the objects.
    NonProvisionable,
}

impl TypeSchema {
    /// The provisioning type.
    pub fn provisioning(&self) -> Provisioning {
        match (self.has_handler(Handler::Create), self.has_handler(Handler::Update)) {
            (true, true) => Provisioning::FullyMutable,
            (true, false) => Provisioning::Immutable,
            (false, _) => Provisioning::NonProvisionable,
        }
    }

    /// The effect of a change at a path, whatever the values are. [`TypeSchema::update_rule`] says
    /// more where a rule of the service is known.
    pub fn update_kind(&self, path: &PropertyPath) -> UpdateKind {
        let sources = &self.updates;
        let covered = |paths: &[SchemaPath]| paths.iter().any(|p| p.covers(path));
        if let Some(overlaid) = sources.overlay.iter().find(|o| o.path.covers(path)) {
            return overlaid.kind;
        }
        let fixed_tags = sources.tags_fixed
            && self.tag_property.as_ref().is_some_and(|property| property.covers(path));
        if covered(&self.create_only)
            || fixed_tags
            || covered(&sources.replaces)
            || self.provisioning() == Provisioning::Immutable
        {
            return UpdateKind::Replaces;
        }
        if covered(&self.conditional_create_only) || covered(&sources.may_replace) {
            return UpdateKind::MayReplace;
        }
        UpdateKind::InPlace
    }

    /// The properties of which the service refuses every change, and for which no object is replaced: a
    /// new value needs another resource.
    pub fn refused_updates(&self) -> &[SchemaPath] {
        &self.refused_updates
    }

    /// True if no update can change the path: it is given at creation, or the service refuses the change.
    pub fn is_fixed(&self, path: &PropertyPath) -> bool {
        self.is_create_only(path) || self.refused_updates.iter().any(|fixed| fixed.covers(path))
    }

    /// The service's rule for the property at exactly this path, which decides by the values before
    /// and after; `None` if none is known.
    pub fn update_rule(&self, path: &PropertyPath) -> Option<&UpdateRule> {
        let at = |overlaid: &&Overlaid| overlaid.path.concrete().as_ref() == Some(path);
        self.updates.overlay.iter().find(at)?.rule.as_ref()
    }

    /// The effect of a change from one value to another, where the service's rule for the property at
    /// exactly this path is known and decides it.
    pub fn decided_update(
        &self,
        path: &PropertyPath,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Option<UpdateKind> {
        self.update_rule(path)?.decide(before, after)
    }
}
