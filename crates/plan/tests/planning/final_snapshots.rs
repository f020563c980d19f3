//! Objects that are deleted with a final snapshot, and those that are not.

use std::collections::BTreeSet;

use rstack_model::desired::{Desired, DesiredResource, RemovalPolicy};
use rstack_model::plan::{Operation, Plan};
use rstack_model::state::{DeposedObject, ObjectStatus, ResourceState, State};
use rstack_model::{SnapshotName, StackName, Token};
use rstack_plan::{
    CheckedPlan, DestroyOptions, Violation, check, plan_destroy, removal_of_replaced,
};
use serde_json::json as j;

use crate::cases::made;
use crate::support::{TestSchemas, back_to, faithful, json, plan_of, stack, thing};

/// A thing of this kind with this deletion policy and this update replace policy.
fn kept(kind: u8, deletion: RemovalPolicy, replacement: RemovalPolicy) -> DesiredResource {
    DesiredResource {
        deletion_policy: deletion,
        update_replace_policy: replacement,
        ..thing(json(j!({"Kind": kind})))
    }
}

fn destroyed(state: &State) -> Plan {
    let options = DestroyOptions::default();
    let plan = plan_destroy(state, &faithful(state), &TestSchemas, &options).unwrap();
    CheckedPlan::into_plan(plan)
}

fn planned(desired: &Desired, state: &State) -> Plan {
    plan_of(desired, state, &faithful(state)).unwrap()
}

/// The snapshots of the deletions of a plan; none for a deletion without one.
fn snapshots(plan: &Plan) -> Vec<Option<&SnapshotName>> {
    let deletions = plan.steps.iter().filter(|step| step.operation.deleted().is_some());
    deletions.map(|step| step.operation.final_snapshot()).collect()
}

use RemovalPolicy::{Delete, Snapshot};

#[test]
fn the_policy_in_force_decides() {
    for (deletion, replacement) in [(Snapshot, Delete), (Delete, Snapshot)] {
        let state = made(&stack([("A", kept(1, deletion, replacement))]));
        let gone = destroyed(&state);
        assert_eq!(snapshots(&gone)[0].is_some(), deletion == Snapshot);
        let left_out = planned(&stack([]), &state);
        assert_eq!(snapshots(&left_out)[0].is_some(), deletion == Snapshot);
        let replaced = planned(&stack([("A", kept(2, deletion, replacement))]), &state);
        assert_eq!(snapshots(&replaced)[0].is_some(), replacement == Snapshot);
        // The template's policy of today counts, too.
        let today = planned(&stack([("A", kept(2, Delete, Snapshot))]), &state);
        assert!(snapshots(&today)[0].is_some());
    }
}

#[test]
fn an_object_whose_creation_did_not_complete_has_none() {
    let mut state = made(&stack([("A", kept(1, Snapshot, Snapshot))]));
    state.resources.get_mut("A").unwrap().status = ObjectStatus::Incomplete;
    assert_eq!(snapshots(&destroyed(&state)), [None]);
    let replaced = planned(&stack([("A", kept(1, Snapshot, Snapshot))]), &state);
    assert_eq!(snapshots(&replaced), [None]);
    state.resources.get_mut("A").unwrap().status = ObjectStatus::PartlyUpdated;
    assert!(snapshots(&destroyed(&state))[0].is_some());
}

#[test]
fn deposed_objects_and_those_that_a_rollback_deletes_have_one() {
    let mut state = made(&stack([("A", kept(1, Delete, Snapshot))]));
    let old = ResourceState { identifier: "old".into(), ..state.resources["A"].clone() };
    state.deposed.push(DeposedObject { address: "A".into(), object: old });
    let desired = stack([("A", kept(1, Delete, Snapshot))]);
    assert!(snapshots(&planned(&desired, &state))[0].is_some());

    let nothing = crate::support::empty_state();
    let current = made(&stack([("A", kept(1, Snapshot, Delete))]));
    assert!(snapshots(&back_to(&nothing, &current))[0].is_some());
    let without = made(&stack([("A", kept(1, Delete, Snapshot))]));
    assert_eq!(snapshots(&back_to(&nothing, &without)), [None]);
}

#[test]
fn the_name_is_legal_and_follows_from_the_stack_the_resource_and_the_objects_token() {
    let object = |token: Option<&str>| {
        let mut object = made(&stack([("A", kept(1, Snapshot, Snapshot))])).resources["A"].clone();
        object.token = token.map(Token::from);
        object
    };
    let name = |stack: &str, address: &str, token: Option<&str>| {
        let stack = StackName::parse(stack).unwrap();
        let removal = removal_of_replaced(&stack, &address.into(), &object(token), None);
        removal.final_snapshot().unwrap().to_string()
    };
    let short = name("Live", "Db", Some("t1"));
    assert!(short.starts_with("live-db-"), "{short}");
    assert_eq!(short, name("Live", "Db", Some("t1")), "every plan has the same");
    let long = "Stack-".repeat(20);
    let (long, nested) = (name(&long[..119], &"Db".repeat(60), None), name("L", "Site/Db", None));
    let all = [
        short,
        name("Live", "Db", Some("t2")),
        name("Live", "Db", None),
        name("Live", "Db2", Some("t1")),
        name("Live2", "Db", Some("t1")),
        long,
        nested,
    ];
    for name in &all {
        assert!(name.len() <= 63, "{name}");
        assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
        assert!(!name.contains("--") && !name.ends_with('-'), "{name}");
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(name.chars().all(legal), "{name}");
    }
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
}

/// The checker does not take the planner's word for it: neither that there is a snapshot, nor its name.
#[test]
fn a_forged_plan_without_the_snapshot_is_refused() {
    let plan = destroyed(&made(&stack([("A", kept(1, Snapshot, Delete))])));
    let forged = |forge: &dyn Fn(Operation) -> Operation| {
        let mut plan = plan.clone();
        for step in &mut plan.steps {
            step.operation = forge(step.operation.clone());
        }
        check(&plan, &TestSchemas)
    };
    let left_out = forged(&|operation| match operation {
        Operation::DeleteWithSnapshot { object, .. } => Operation::Delete(object),
        other => other,
    });
    assert!(left_out.contains(&Violation::FinalSnapshot { address: "A".into() }), "{left_out:?}");
    let renamed = forged(&|operation| match operation {
        Operation::DeleteWithSnapshot { object, .. } => {
            Operation::DeleteWithSnapshot { object, snapshot: "another".into() }
        }
        other => other,
    });
    assert_eq!(renamed, [Violation::Steps]);
    let plain = destroyed(&made(&stack([("A", kept(1, Delete, Snapshot))])));
    let mut added = plain.clone();
    for step in &mut added.steps {
        if let Operation::Delete(object) = step.operation.clone() {
            step.operation = Operation::DeleteWithSnapshot { object, snapshot: "more".into() };
        }
    }
    let violation = Violation::FinalSnapshot { address: "A".into() };
    assert!(check(&added, &TestSchemas).contains(&violation));
}
