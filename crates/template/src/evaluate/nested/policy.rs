//! The fate of the objects of a nested stack that leaves its parent: that of the nested stack.
//!
//! Source: "DeletionPolicy attribute", AWS CloudFormation User Guide: a nested stack that is retained keeps
//! all its objects.

use rstack_model::ValueMap;
use rstack_model::desired::{DesiredResource, RemovalPolicy};

use super::super::expression::Evaluator;
use super::super::finding::Reported;
use super::super::policy;
use crate::template::Resource;

/// The policy of a nested stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct StackPolicy(RemovalPolicy);

/// The policy of a nested stack. It is never replaced, and has no `UpdateReplacePolicy` that matters.
pub(super) fn of(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource,
    properties: &ValueMap,
) -> Result<StackPolicy, Reported> {
    let replaced = policy::update_replace(evaluator, resource, properties);
    let deleted = policy::deletion(evaluator, resource, properties)?;
    replaced.map(|_| StackPolicy(deleted))
}

impl StackPolicy {
    /// Gives a resource of the nested stack what follows from its policy.
    pub(super) fn apply(self, child: &mut DesiredResource) {
        let own = child.deletion_policy;
        child.deletion_policy = match (self.0, own) {
            (RemovalPolicy::Retain, _) => RemovalPolicy::Retain,
            (RemovalPolicy::RetainExceptOnCreate, RemovalPolicy::Retain) => own,
            (RemovalPolicy::RetainExceptOnCreate, _) => RemovalPolicy::RetainExceptOnCreate,
            (RemovalPolicy::Delete | RemovalPolicy::Snapshot, _) => own,
        };
    }
}
