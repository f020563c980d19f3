//! Updates that the `UpdatePolicy` of a resource governs: a plan that makes one is refused.

use std::collections::BTreeSet;

use rstack_catalog::governs;
use rstack_model::desired::Desired;
use rstack_model::plan::{Action, Plan};
use rstack_model::{Address, Code, Diagnostic, PathSegment, Span};
use rstack_template::Templates;

/// An entry of a resource's `UpdatePolicy`.
#[derive(Debug)]
struct Entry {
    address: Address,
    name: String,
    at: Span,
}

/// The update policies of a stack.
#[derive(Debug, Default)]
pub(super) struct UpdatePolicies(Vec<Entry>);

impl UpdatePolicies {
    /// Those of the resources of a stack.
    pub(super) fn of(templates: Templates<'_>, desired: &Desired) -> Self {
        let declared = desired.resources.keys().filter_map(|address| {
            let entries = &templates.resource(address)?.update_policy;
            Some(entries.iter().map(|entry| Entry {
                address: address.clone(),
                name: entry.value.clone(),
                at: entry.span,
            }))
        });
        Self(declared.flatten().collect())
    }

    /// The updates of a plan that they govern.
    pub(super) fn governed(&self, plan: &Plan) -> Vec<Diagnostic> {
        self.0.iter().filter_map(|entry| entry.finding(plan)).collect()
    }
}

impl Entry {
    fn finding(&self, plan: &Plan) -> Option<Diagnostic> {
        let Self { address, name, at } = self;
        let change = plan.changes.get(address)?;
        if !matches!(change.action, Action::Update | Action::Replace(_)) {
            return None;
        }
        let resource_type = change.resource_type.as_str();
        let changed = change.differences.iter().chain(&change.drift);
        let properties: BTreeSet<&str> = changed
            .filter_map(|difference| match difference.path.segments().first()? {
                PathSegment::Name(property) => Some(property.as_str()),
                PathSegment::Index(_) => None,
            })
            .filter(|property| governs(resource_type, name, property))
            .collect();
        let names: Vec<String> = properties.iter().map(|name| format!("`{name}`")).collect();
        if names.is_empty() {
            return None;
        }
        let message = format!(
            "`{address}` changes {}, which CloudFormation would carry out by `{name}`: rstack does not",
            names.join(" and ")
        );
        let help = "`--ignore-update-policy` changes it as if there were no policy";
        Some(Diagnostic::error(Code::UpdatePolicy, message).at(*at, "").help(help))
    }
}
