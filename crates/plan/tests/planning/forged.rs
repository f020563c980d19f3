//! Plans of which one part says something else than what is done.

use proptest::prelude::*;
use rstack_model::plan::{
    Action, Certainty, Change, Checked, Difference, Plan, Reason, ReplaceOrder,
};
use rstack_model::state::{DeposedObject, State};
use rstack_model::value::SecretReference;
use rstack_model::{Address, PropertyPath, UpdateKind, Value};
use rstack_plan::{Observations, PlanInput, PlanOptions, Violation, check, contradictions, plan};
use serde_json::json as j;

use crate::laws::{apply_to, stacks};
use crate::support::{
    TestSchemas, applied, attribute, empty_state, faithful, json, plan_of, stack, thing,
};

const ACTIONS: [Action; 10] = [
    Action::NoOp,
    Action::Create,
    Action::Update,
    Action::Record,
    Action::Replace(ReplaceOrder::CreateFirst),
    Action::Replace(ReplaceOrder::DeleteFirst),
    Action::Delete,
    Action::Retain,
    Action::Forget,
    Action::Restore,
];

/// Every change of the plan with one part that says something else.
fn forgeries(plan: &Plan) -> Vec<(String, Plan)> {
    let mut out = Vec::new();
    for (id, change) in &plan.changes {
        for (what, forged) in forged_changes(change) {
            let mut plan = plan.clone();
            plan.changes.insert(id.clone(), forged);
            out.push((format!("{id}: {what}"), plan));
        }
    }
    out
}

fn forged_changes(change: &Change) -> Vec<(String, Change)> {
    let mut out = Vec::new();
    let mut forge = |what: &str, forge: &dyn Fn(&mut Change)| {
        let mut forged = change.clone();
        forge(&mut forged);
        if forged != *change {
            out.push((what.to_owned(), forged));
        }
    };
    for action in ACTIONS {
        forge(&format!("{action:?}"), &|it| it.action = action);
    }
    forge("address", &|it| it.address = "Other".into());
    forge("stateful", &|it| it.stateful = !it.stateful);
    forge("possible", &|it| it.certainty = Certainty::Possible);
    forge("certain", &|it| it.certainty = Certainty::Certain);
    forge("nothing to look for", &|it| it.checked = Checked::Nothing);
    forge("absent", &|it| it.checked = Checked::Absent);
    let path = PropertyPath::root().name("Size");
    for reason in [
        Reason::Drift,
        Reason::Incomplete,
        Reason::Missing,
        Reason::Destroy,
        Reason::Requested,
        Reason::CreateOnly(path.clone()),
        Reason::MayChange(path.clone()),
        Reason::MayReplace(path.clone()),
        Reason::DependencyReplaced { dependency: "A".into() },
        Reason::SecretRotated { reference: "{{resolve:secretsmanager:x}}".into() },
        Reason::Readopted { physical_id: "other".into() },
    ] {
        // That the user asked for a replacement is said by this reason alone.
        let asked = reason == Reason::Requested && matches!(change.action, Action::Replace(_));
        if !asked {
            forge(&format!("{reason:?} last"), &|it| it.reasons.push(reason.clone()));
        }
        forge(&format!("{reason:?} first"), &|it| it.reasons.insert(0, reason.clone()));
    }
    for i in 0..change.reasons.len() {
        forge("a reason less", &|it| drop(it.reasons.remove(i)));
    }
    let invented = Difference {
        path,
        before: Some(7.into()),
        after: Some(8.into()),
        update_kind: UpdateKind::InPlace,
    };
    forge("an invented difference", &|it| it.differences.push(invented.clone()));
    forge("invented drift", &|it| it.drift.push(invented.clone()));
    for i in 0..change.differences.len() {
        forge("a difference less", &|it| drop(it.differences.remove(i)));
        forge("another value after", &|it| it.differences[i].after = Some("harmless".into()));
        forge("another value before", &|it| it.differences[i].before = Some("harmless".into()));
        for kind in [UpdateKind::InPlace, UpdateKind::MayReplace, UpdateKind::Replaces] {
            forge("another update kind", &|it| it.differences[i].update_kind = kind);
        }
        forge("another place", &|it| it.differences[i].path = PropertyPath::root().name("X"));
    }
    for i in 0..change.drift.len() {
        forge("another former value", &|it| it.drift[i].before = Some("harmless".into()));
        forge("drift of another kind", &|it| it.drift[i].update_kind = UpdateKind::MayReplace);
        forge("drift elsewhere", &|it| it.drift[i].path = PropertyPath::root().name("X"));
    }
    let evil = |it: &mut Change, key: &str| {
        let desired = it.desired.as_mut();
        desired.map(|desired| desired.properties.insert(key.to_owned(), "evil".into()));
    };
    if change.prior.is_some() {
        // Of a new object the desired properties are what is shown.
        forge("another desired property", &|it| evil(it, "Evil"));
        forge("another desired value", &|it| evil(it, "Kind"));
    }
    out
}

/// Demands that every forgery is noticed.
#[track_caller]
fn noticed(plan: &Plan) {
    assert_eq!(check(plan, &TestSchemas), []);
    for (what, forged) in forgeries(plan) {
        assert!(!check(&forged, &TestSchemas).is_empty(), "{what} of {:?}", plan.changes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_forgery_of_a_random_plan_goes_unnoticed(first in stacks(), second in stacks()) {
        let state = apply_to(&first, &empty_state());
        noticed(&plan_of(&second, &state, &faithful(&state)).unwrap());
    }

    #[test]
    fn a_plan_agrees_with_the_state_that_it_was_made_from_alone(
        first in stacks(), second in stacks()
    ) {
        let state = apply_to(&first, &empty_state());
        let plan = plan_of(&second, &state, &faithful(&state)).unwrap();
        prop_assert_eq!(contradictions(&plan, &state), vec![]);
        for id in state.resources.keys() {
            let mut other = state.clone();
            let object = other.resources.get_mut(id).unwrap();
            object.physical_id = "other".into();
            prop_assert_ne!(contradictions(&plan, &other), vec![]);
            let mut other = state.clone();
            let object = other.resources.remove(id).unwrap();
            prop_assert_ne!(contradictions(&plan, &other), vec![]);
            let mut other = state.clone();
            other.deposed.push(DeposedObject { address: id.clone(), object });
            prop_assert_ne!(contradictions(&plan, &other), vec![]);
        }
    }
}

fn with(desired: &rstack_model::desired::Desired, state: &State, options: &PlanOptions) -> Plan {
    let observations = &faithful(state);
    let input = PlanInput { desired, state, observations, schemas: &TestSchemas, options };
    plan(&input).unwrap().into_plan()
}

#[test]
fn what_was_asked_for_is_shown_as_that_alone() {
    let desired = stack([
        ("A", thing(json(j!({"Name": "a", "Size": 1})))),
        ("B", thing([("Of".into(), attribute("A", "Arn"))].into())),
        ("C", thing(json(j!({"Size": 1})))),
    ]);
    let nothing = empty_state();
    let state = applied(&plan_of(&desired, &nothing, &faithful(&nothing)).unwrap(), &nothing);
    let options = PlanOptions {
        delete_first: ["A".into()].into(),
        replace: ["A".into(), "C".into()].into(),
        ..PlanOptions::default()
    };
    let plan = with(&desired, &state, &options);
    let first = Action::Replace(ReplaceOrder::DeleteFirst);
    assert_eq!(plan.changes[&Address::from("A")].action, first);
    let dependency = Address::from("A");
    assert!(
        plan.changes[&Address::from("B")]
            .reasons
            .contains(&Reason::DependencyReplaced { dependency })
    );
    noticed(&plan);
}

#[test]
fn a_rotation_is_neither_hidden_nor_invented() {
    let secret = SecretReference::Parameter("Key".to_owned());
    let text = secret.to_string();
    let value = Value::secret(secret);
    let desired = stack([("A", thing([("Password".into(), value)].into()))]);
    let nothing = empty_state();
    let seen = |state: &State, version: &str| Observations {
        secret_versions: [(text.clone(), version.to_owned())].into(),
        ..faithful(state)
    };
    let first = plan_of(&desired, &nothing, &seen(&nothing, "1")).unwrap();
    let state = applied(&first, &nothing);
    let plan = plan_of(&desired, &state, &seen(&state, "2")).unwrap();
    let reasons = &plan.changes[&Address::from("A")].reasons;
    assert_eq!(*reasons, [Reason::SecretRotated { reference: text.clone() }]);
    noticed(&plan);
    let mut hidden = plan;
    let change = hidden.changes.get_mut("A").unwrap();
    change.desired.as_mut().unwrap().secret_versions.insert(text.clone(), "1".to_owned());
    assert!(!check(&hidden, &TestSchemas).is_empty());
}

/// An object of another resource, or another object, is not deleted in the name of one that is shown.
#[test]
fn a_step_is_about_the_object_that_is_shown() {
    let desired = stack([("A", thing(json(j!({}))))]);
    let nothing = empty_state();
    let state = applied(&plan_of(&desired, &nothing, &faithful(&nothing)).unwrap(), &nothing);
    let mut plan = plan_of(&stack([]), &state, &faithful(&state)).unwrap();
    let [step] = plan.steps.as_mut_slice() else { panic!("{:?}", plan.steps) };
    let rstack_model::plan::Operation::Delete(object) = &mut step.operation else {
        panic!("{step:?}")
    };
    object.physical_id = "other".into();
    object.identifier = "other".into();
    let step = step.id;
    assert!(check(&plan, &TestSchemas).contains(&Violation::OtherObject { step }));
}
