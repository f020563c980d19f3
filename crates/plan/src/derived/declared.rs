//! Derived changes of resources that are declared.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rstack_catalog::namespace;
use rstack_model::plan::{
    Action, Certainty, Change, Checked, Difference, Plan, PlannedObject, Reason, ReplaceOrder,
};
use rstack_model::state::{ObjectStatus, ResourceState};
use rstack_model::value::{Attribute, AttributeRef, Attributes, resolve_map};
use rstack_model::{Address, UpdateKind, Value, ValueMap};

use super::referrers::with_referrers;
use super::rotation::Rotation;
use super::{ByAddress, Derived, definition};
use crate::Violation;
use crate::compare::differences;
use crate::name::{taken, value_at};
use crate::name_conflicts::places;
use crate::order::dependencies_first;
use crate::resource_change::definition_of;
use crate::type_definition::{Schemas, TypeDefinition};

/// The derived changes of all declared resources, dependencies first.
pub(super) fn all(
    plan: &Plan,
    schemas: &dyn Schemas,
    out: &mut Vec<Violation>,
) -> ByAddress<Derived> {
    let declared = plan.changes.iter().filter_map(|(id, it)| Some((id, it.desired.as_ref()?)));
    let graph: BTreeMap<&Address, &BTreeSet<Address>> =
        declared.map(|(id, desired)| (id, &desired.dependencies)).collect();
    let Ok(order) = dependencies_first(&graph) else {
        out.push(Violation::Dependencies);
        return BTreeMap::new();
    };
    let mut later = Later::default();
    let mut derived = BTreeMap::new();
    for id in order {
        let Some(change) = plan.changes.get(id) else { continue };
        let Some(desired) = &change.desired else { continue };
        let definition = definition(schemas, change);
        let own = match &change.prior {
            None => new(definition.as_ref(), vec![Reason::NotInState]),
            Some(prior) => {
                let Ok(unchanged) = resolve_map(&desired.properties, &later) else {
                    out.push(Violation::NeverKnown {
                        address: id.clone(),
                        attribute: "a function".to_owned(),
                    });
                    continue;
                };
                let seen = Seen { change, desired, prior, unchanged };
                let own = seen.derived(definition.as_ref());
                let stateful = definition_of(schemas, prior).is_stateful();
                if prior.resource_type == change.resource_type {
                    own
                } else {
                    Derived { stateful, ..own }
                }
            }
        };
        later.insert(id, change, &own, definition.as_ref());
        derived.insert(id.clone(), own);
    }
    for (id, others) in places(&plan.changes, schemas) {
        let Some(own) = derived.get_mut(&id) else { continue };
        own.reasons.extend(others.into_iter().map(|of| Reason::TakesPlace { of }));
    }
    with_referrers(plan, &mut derived);
    derived
}

fn new(definition: &dyn TypeDefinition, reasons: Vec<Reason>) -> Derived {
    Derived {
        action: Action::Create,
        reasons,
        certainty: Certainty::Certain,
        differences: Vec::new(),
        stateful: definition.is_stateful(),
    }
}

/// A declared resource that has an object.
struct Seen<'a> {
    change: &'a Change,
    desired: &'a PlannedObject,
    prior: &'a ResourceState,
    /// The desired properties if no attribute of an object that stays changes.
    unchanged: ValueMap,
}

impl Seen<'_> {
    fn derived(&self, definition: &dyn TypeDefinition) -> Derived {
        let mut derived = if self.change.checked == Checked::Absent {
            new(definition, vec![Reason::Missing])
        } else if self.prior.resource_type != self.change.resource_type {
            let from = self.prior.resource_type.clone();
            let action = Action::Replace(ReplaceOrder::CreateFirst);
            Derived { action, ..new(definition, vec![Reason::TypeChanged { from }]) }
        } else {
            self.compared(definition)
        };
        self.asked_for(&mut derived);
        if let Action::Replace(order) = &mut derived.action
            && namespace(self.prior.resource_type.as_str())
                == namespace(self.change.resource_type.as_str())
            && taken(definition, &self.prior.properties, &self.desired.properties).is_some()
        {
            (*order, derived.certainty) = (ReplaceOrder::DeleteFirst, Certainty::Certain);
        }
        derived
    }

    /// The decision by what differs, was changed elsewhere, was rotated or did not complete.
    fn compared(&self, definition: &dyn TypeDefinition) -> Derived {
        let (prior, desired) = (self.prior, self.desired);
        let all = differences(definition, &prior.properties, &desired.properties);
        let sure = differences(definition, &prior.properties, &self.unchanged);
        let rotation = Rotation::of(definition, desired, prior);
        let unfinished = !prior.status.is_as_declared();
        let drifted = self.change.drift.iter().any(|it| !it.forces_replacement());
        let waits = all.first().filter(|_| sure.is_empty());
        let is_sure = !sure.is_empty() || drifted || !rotation.sent.is_empty() || unfinished;

        let mut reasons: Vec<Reason> = Vec::new();
        reasons.extend((!sure.is_empty()).then_some(Reason::PropertiesChanged));
        reasons.extend(waits.map(|it| Reason::MayChange(it.path.clone())));
        reasons.extend(drifted.then_some(Reason::Drift));
        let rotated = rotation.sent.into_iter();
        reasons.extend(rotated.map(|reference| Reason::SecretRotated { reference }));
        reasons.extend(unfinished.then_some(Reason::Incomplete));

        let fixed = |differences: &[Difference]| -> Vec<Reason> {
            let forced = differences.iter().filter(|it| it.update_kind == UpdateKind::Replaces);
            forced.map(|it| Reason::CreateOnly(it.path.clone())).collect()
        };
        let at = rotation.fixed.into_iter();
        let forced = [fixed(&sure), at.map(Reason::CreateOnly).collect()].concat();
        let perhaps = fixed(&all);
        let replaces = prior.status == ObjectStatus::Incomplete || !forced.is_empty();
        let replace = Action::Replace(ReplaceOrder::CreateFirst);
        let (action, certainty, more) = if replaces {
            (replace, Certainty::Certain, forced)
        } else if !perhaps.is_empty() {
            (replace, Certainty::Possible, perhaps)
        } else if is_sure || !all.is_empty() {
            let open = all.iter().filter(|it| it.update_kind == UpdateKind::MayReplace);
            let open = open.map(|it| Reason::MayReplace(it.path.clone())).collect();
            let certainty = if is_sure { Certainty::Certain } else { Certainty::Possible };
            (Action::Update, certainty, open)
        } else if self.is_recorded() {
            (Action::NoOp, Certainty::Certain, Vec::new())
        } else {
            (Action::Record, Certainty::Certain, vec![Reason::PoliciesChanged])
        };
        reasons.extend(more);
        let stateful = definition.is_stateful();
        Derived { action, reasons, certainty, differences: all, stateful }
    }

    /// True if the state has the policies and dependencies that are declared.
    fn is_recorded(&self) -> bool {
        let (prior, desired) = (self.prior, self.desired);
        (&prior.dependencies, prior.deletion_policy, prior.update_replace_policy)
            == (&desired.dependencies, desired.deletion_policy, desired.update_replace_policy)
    }

    /// Adds the reasons that cannot be derived, because they are in the reasons alone: the request
    /// of the user, which replaces the object, and the readopted object, which is the very object
    /// that the plan has.
    fn asked_for(&self, derived: &mut Derived) {
        let said = &self.change.reasons;
        if said.contains(&Reason::Requested) && derived.action != Action::Create {
            let less = |it: &Reason| matches!(it, Reason::MayReplace(_) | Reason::PoliciesChanged);
            derived.reasons.retain(|reason| !less(reason));
            derived.reasons.push(Reason::Requested);
            derived.certainty = Certainty::Certain;
            derived.action = Action::Replace(ReplaceOrder::CreateFirst);
        }
        if let Some(Reason::Readopted { .. }) = said.first() {
            // One that is as declared has a step only because it is readopted: the planner has it
            // as partly updated, and does not give that as a reason.
            if self.prior.status == ObjectStatus::PartlyUpdated
                && !said.contains(&Reason::Incomplete)
            {
                derived.reasons.retain(|reason| *reason != Reason::Incomplete);
            }
            let physical_id = self.prior.physical_id.clone();
            derived.reasons.insert(0, Reason::Readopted { physical_id });
        }
    }
}

/// The attributes that will be known, if none of an object that stays changes.
#[derive(Default)]
struct Later<'a> {
    stays: BTreeMap<&'a Address, &'a ResourceState>,
    /// The value of `Ref` for new objects, where it is a declared property.
    references: BTreeMap<&'a Address, Value>,
}

impl<'a> Later<'a> {
    fn insert(
        &mut self,
        id: &'a Address,
        change: &'a Change,
        derived: &Derived,
        definition: &dyn TypeDefinition,
    ) {
        let (is_new, certain) = match derived.action {
            Action::Create | Action::Replace(_) => {
                (true, derived.action == Action::Create || derived.certainty == Certainty::Certain)
            }
            Action::NoOp
            | Action::Update
            | Action::Record
            | Action::Delete
            | Action::Retain
            | Action::Forget
            | Action::Restore => (false, false),
        };
        if let Some(prior) = change.prior.as_ref().filter(|_| !certain) {
            self.stays.insert(id, prior);
        }
        let properties = change.desired.as_ref().map(|desired| &desired.properties);
        let path = definition.ref_property().filter(|_| is_new);
        let value = path.and_then(|path| value_at(properties?, &path));
        if let Some(value) = value.filter(|value| value.as_str().is_some()) {
            self.references.insert(id, value.clone());
        }
    }
}

impl Attributes for Later<'_> {
    fn attribute(&self, reference: &AttributeRef) -> Option<Value> {
        let declared = match reference.attribute {
            Attribute::Ref => self.references.get(&reference.address).cloned(),
            Attribute::Named(_) => None,
        };
        declared.or_else(|| self.stays.get(&reference.address)?.attribute(&reference.attribute))
    }
}
