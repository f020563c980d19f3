//! Derived changes of resources that are no longer declared.

use rstack_model::desired::RemovalPolicy;
use rstack_model::plan::{Action, Certainty, Change, Checked, PlanMode, Reason};

use super::Derived;
use crate::resource_change::definition_of;
use crate::type_definition::Schemas;

/// The change of an object that is to go; `None` if there is no object, so that the change is about
/// nothing.
pub(super) fn derived(mode: PlanMode, change: &Change, schemas: &dyn Schemas) -> Option<Derived> {
    let prior = change.prior.as_ref().filter(|_| change.desired.is_none())?;
    let mut reasons = vec![match mode {
        PlanMode::Deploy => Reason::NotInTemplate,
        PlanMode::Destroy => Reason::Destroy,
        PlanMode::Rollback => Reason::Rollback,
    }];
    let kept = match prior.deletion_policy {
        RemovalPolicy::Retain | RemovalPolicy::RetainExceptOnCreate => Action::Retain,
        RemovalPolicy::Delete | RemovalPolicy::Snapshot => Action::Delete,
    };
    let absent = change.checked == Checked::Absent;
    reasons.extend(absent.then_some(Reason::Missing));
    Some(Derived {
        action: if absent { Action::Forget } else { kept },
        reasons,
        certainty: Certainty::Certain,
        differences: Vec::new(),
        stateful: definition_of(schemas, prior).is_stateful(),
    })
}
