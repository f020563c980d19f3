//! Decisions of the planner, case by case.

use crate::support::{
    TestSchemas, applied, attribute, back_to, back_without, empty_state, faithful, json, observed,
    plan_of, stack, thing,
};
use rstack_model::desired::{DesiredOutput, RemovalPolicy};
use rstack_model::plan::{Action, Certainty, Operation, Phase, Plan, Reason, ReplaceOrder};
use rstack_model::state::{ObjectStatus, State};
use rstack_model::value::{AttributeRef, SecretReference};
use rstack_model::{Address, KnownValue, PropertyPath, Value};
use rstack_plan::{
    DestroyOptions, Observation, PlanError, PlanInput, PlanOptions, Violation, check, plan_destroy,
};
use serde_json::json as j;

pub(crate) fn action(plan: &Plan, id: &str) -> Action {
    plan.changes[&Address::from(id)].action
}

pub(crate) fn reasons(plan: &Plan, id: &str) -> Vec<Reason> {
    plan.changes[&Address::from(id)].reasons.clone()
}

pub(crate) fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|s| format!("{} {}", s.operation.name(), s.address)).collect()
}

/// A state made by applying the stack to nothing.
pub(crate) fn made(desired: &rstack_model::desired::Desired) -> State {
    let nothing = empty_state();
    applied(&plan_of(desired, &nothing, &faithful(&nothing)).unwrap(), &nothing)
}

#[test]
fn a_new_stack_is_created_dependencies_first_and_planned_again_is_a_noop() {
    let mut desired = stack([
        ("A", thing(json(j!({"Size": "5", "Tags": ["x", "y"]})))),
        ("B", thing([("Url".into(), attribute("A", "Url"))].into())),
    ]);
    desired.outputs.insert(
        "Url".into(),
        DesiredOutput { value: attribute("B", "Url"), description: None, export: None },
    );
    let nothing = empty_state();
    let plan = plan_of(&desired, &nothing, &faithful(&nothing)).unwrap();
    assert_eq!(steps(&plan), ["create A", "create B"]);
    assert_eq!(plan.outputs["Url"].after.as_ref().unwrap().value.to_string(), "‹B.Url›");
    let state = applied(&plan, &nothing);
    let again = plan_of(&desired, &state, &faithful(&state)).unwrap();
    assert_eq!(again.steps, []);
    assert_eq!(action(&again, "A"), Action::NoOp);
}

#[test]
fn equal_after_normalization_is_no_change() {
    let state = made(&stack([(
        "A",
        thing(json(j!({
            "Size": "5", "On": "true", "Text": 7, "Tags": ["x", "y"],
            "Doc": "{\"a\": [1]}", "Arn": "declared although read-only"
        }))),
    )]));
    let desired = stack([(
        "A",
        thing(json(j!({
            "Size": 5.0, "On": true, "Text": "7", "Tags": ["y", "x"],
            "Doc": {"a": [1]}, "Arn": "another", "Gone": null
        }))),
    )]);
    let plan = plan_of(&desired, &state, &faithful(&state)).unwrap();
    assert_eq!(action(&plan, "A"), Action::NoOp, "{:?}", plan.changes);
}

#[test]
fn a_changed_property_is_an_update_and_a_create_only_one_a_replacement() {
    let state = made(&stack([("A", thing(json(j!({"Size": 1, "Kind": "a"}))))]));
    let sized = stack([("A", thing(json(j!({"Size": 2, "Kind": "a"}))))]);
    let plan = plan_of(&sized, &state, &faithful(&state)).unwrap();
    assert_eq!((action(&plan, "A"), steps(&plan)), (Action::Update, vec!["update A".into()]));
    let other = stack([("A", thing(json(j!({"Size": 1, "Kind": "b"}))))]);
    let plan = plan_of(&other, &state, &faithful(&state)).unwrap();
    assert_eq!(action(&plan, "A"), Action::Replace(ReplaceOrder::CreateFirst));
    assert!(reasons(&plan, "A").contains(&Reason::CreateOnly(PropertyPath::root().name("Kind"))));
    assert_eq!(steps(&plan), ["create A", "delete A"]);
}

#[test]
fn the_users_of_a_replaced_resource_move_before_the_old_object_goes() {
    let users = |kind: &str| {
        stack([
            ("A", thing(json(j!({"Kind": kind})))),
            ("B", thing([("Arn2".into(), attribute("A", "Arn"))].into())),
        ])
    };
    let state = made(&users("a"));
    let plan = plan_of(&users("b"), &state, &faithful(&state)).unwrap();
    assert_eq!(steps(&plan), ["create A", "update B", "delete A"]);
    assert_eq!(plan.steps[2].phase, Phase::Cleanup);
    assert_eq!(plan.changes[&Address::from("B")].certainty, Certainty::Certain);
    let state = applied(&plan, &state);
    assert_eq!(state.deposed, []);
    assert!(plan_of(&users("b"), &state, &faithful(&state)).unwrap().is_noop());
}

#[test]
fn a_name_in_the_way_is_an_error_unless_the_old_object_may_go_first() {
    let named = |kind: &str| stack([("A", thing(json(j!({"Name": "n", "Kind": kind}))))]);
    let state = made(&named("a"));
    let error = plan_of(&named("b"), &state, &faithful(&state)).unwrap_err();
    assert!(matches!(error, PlanError::NameTaken { .. }), "{error}");
    assert!(error.hint().unwrap().contains("--delete-first A"));
    let mut allowed = named("b");
    allowed.resources.get_mut("A").unwrap().delete_first = true;
    let plan = plan_of(&allowed, &state, &faithful(&state)).unwrap();
    assert_eq!(steps(&plan), ["delete A", "create A"]);
    let options = PlanOptions { delete_first: ["A".into()].into(), ..PlanOptions::default() };
    let seen = faithful(&state);
    let desired = named("b");
    let input = PlanInput {
        desired: &desired,
        state: &state,
        observations: &seen,
        schemas: &TestSchemas,
        options: &options,
    };
    assert_eq!(steps(&rstack_plan::plan(&input).unwrap()), ["delete A", "create A"]);
}

#[test]
fn users_that_must_go_first_go_before_what_they_use() {
    let stack = |kind: &str| {
        let mut a = thing(json(j!({"Name": "a", "Kind": kind})));
        a.delete_first = true;
        let mut b = thing(json(j!({"Name": "b", "Kind": kind})));
        b.delete_first = true;
        b.dependencies.insert("A".into());
        stack([("A", a), ("B", b)])
    };
    let state = made(&stack("x"));
    let plan = plan_of(&stack("y"), &state, &faithful(&state)).unwrap();
    assert_eq!(steps(&plan), ["delete B", "delete A", "create A", "create B"]);
}

#[test]
fn an_attribute_that_may_change_makes_a_possible_update_and_only_then() {
    let users = |size: i64, path: &str| {
        stack([
            ("A", thing(json(j!({"Size": size, "Path": path})))),
            ("B", thing([("From".into(), attribute("A", "Url"))].into())),
        ])
    };
    let state = made(&users(1, "p"));
    let plan = plan_of(&users(2, "p"), &state, &faithful(&state)).unwrap();
    assert_eq!(action(&plan, "B"), Action::NoOp);
    let plan = plan_of(&users(1, "q"), &state, &faithful(&state)).unwrap();
    let b = &plan.changes[&Address::from("B")];
    assert_eq!((b.action, b.certainty), (Action::Update, Certainty::Possible));
    assert_eq!(b.reasons, [Reason::MayChange(PropertyPath::root().name("From"))]);
}

/// The users of an object that may turn out to stay may turn out to stay as they are, too.
#[test]
fn a_replacement_that_is_only_possible_makes_possible_changes() {
    let users = |path: &str| {
        stack([
            ("A", thing(json(j!({"Path": path})))),
            ("B", thing([("Kind".into(), attribute("A", "Url"))].into())),
            ("C", thing([("Kind".into(), attribute("B", "Arn"))].into())),
        ])
    };
    let state = made(&users("p"));
    let plan = plan_of(&users("q"), &state, &faithful(&state)).unwrap();
    for id in ["B", "C"] {
        let change = &plan.changes[&Address::from(id)];
        assert_eq!(change.action, Action::Replace(ReplaceOrder::CreateFirst));
        assert_eq!(change.certainty, Certainty::Possible, "{id}");
    }
    // With names in the way the old object goes first, whatever comes of it.
    let named = |path: &str| {
        let mut desired = users(path);
        desired.resources.remove("C");
        let b = desired.resources.get_mut("B").unwrap();
        b.properties.insert("Name".into(), "b".into());
        b.delete_first = true;
        desired
    };
    let state = made(&named("p"));
    let plan = plan_of(&named("q"), &state, &faithful(&state)).unwrap();
    assert_eq!(plan.changes[&Address::from("B")].certainty, Certainty::Certain);
}

/// The name is the physical ID: the new object has the old one's, and is another one.
#[test]
fn a_rollback_replaces_what_was_deleted_and_made_again_under_its_name() {
    let named = |kind: &str| {
        let mut a = thing(json(j!({"Name": "n", "Kind": kind})));
        a.delete_first = true;
        stack([("A", a)])
    };
    let base = made(&named("a"));
    let mut broken = applied(&plan_of(&named("b"), &base, &faithful(&base)).unwrap(), &base);
    let back = |now: &State| back_to(&base, now);
    assert_eq!(steps(&back(&broken)), ["delete A", "create A"]);
    // Its creation failed half-way, with properties that could be changed back.
    let a = broken.resources.get_mut("A").unwrap();
    a.properties = base.resources["A"].properties.clone();
    a.status = ObjectStatus::Incomplete;
    assert_eq!(steps(&back(&broken)), ["delete A", "create A"]);
}

/// Two applies replace an object and fail one after the other. The way back from the second one alone
/// leaves the first object where it is: the way back from both takes it back.
#[test]
fn a_rollback_to_a_state_that_is_itself_unfinished_deletes_nothing_that_is_needed_before_it() {
    let named = |kind: &str| stack([("A", thing(json(j!({"Kind": kind}))))]);
    let whole = made(&named("one"));
    let halfway = |kind: &str, from: &State| {
        let mut plan = plan_of(&named(kind), from, &faithful(from)).unwrap();
        plan.steps.retain(|step| step.phase == Phase::Forward);
        let former = Some(Box::new(whole.clone()));
        State { former, ..applied(&plan, from) }
    };
    let second = halfway("two", &whole);
    let third = halfway("three", &second);
    let id = |state: &State| state.resources["A"].physical_id.to_string();
    let back = back_to(&second, &third);
    assert_eq!(steps(&back), ["restore A", "delete A"]);
    let undone = State { former: second.former.clone(), ..applied(&back, &third) };
    assert_eq!((id(&undone), &undone.deposed), (id(&second), &second.deposed));
    let end = applied(&back_to(&whole, &undone), &undone);
    assert_eq!((id(&end), end.deposed.len()), (id(&whole), 0));
    let end = applied(&back_to(&whole, &third), &third);
    assert_eq!((id(&end), end.deposed.len()), (id(&whole), 0));
}

#[test]
fn a_rollback_makes_anew_what_was_deleted_behind_its_back() {
    let named = |size: u8, kind: &str| {
        let [a, b] = [json(j!({"Size": size})), json(j!({"Kind": kind}))].map(thing);
        stack([("A", a), ("B", b)])
    };
    let whole = made(&named(1, "one"));
    let mut plan = plan_of(&named(2, "two"), &whole, &faithful(&whole)).unwrap();
    plan.steps.retain(|step| step.phase == Phase::Forward);
    let broken = applied(&plan, &whole);
    let (a, b) = (&whole.resources["A"].physical_id, &whole.resources["B"].physical_id);
    let new = broken.resources["B"].physical_id.as_str();
    let back = |missing: &[(&str, &str)]| {
        let mut steps = steps(&back_without(&whole, &broken, missing));
        steps.sort();
        steps
    };
    assert_eq!(back(&[]), ["delete B", "restore B", "update A"]);
    assert_eq!(back(&[("B", new)]), ["delete B", "restore B", "update A"]);
    let a_is_gone = ["create A", "delete B", "forget A", "restore B"];
    assert_eq!(back(&[("A", a.as_str())]), a_is_gone);
    let both_are_gone = ["create B", "delete B", "forget B", "update A"];
    assert_eq!(back(&[("B", b.as_str()), ("B", new)]), both_are_gone);
}

#[test]
fn a_ref_that_returns_a_declared_name_is_known_before_apply() {
    let desired = stack([
        ("A", thing(json(j!({"Name": "mine"})))),
        ("B", thing([("Of".into(), Value::attribute(AttributeRef::reference("A".into())))].into())),
    ]);
    let nothing = empty_state();
    let plan = plan_of(&desired, &nothing, &faithful(&nothing)).unwrap();
    let b = plan.changes[&Address::from("B")].desired.as_ref().unwrap();
    assert_eq!(b.properties["Of"], Value::from("mine"));
    assert_eq!(steps(&plan), ["create A", "create B"]);
}

#[test]
fn drift_is_found_and_healed_and_what_is_not_declared_is_ignored() {
    let desired = stack([("A", thing(json(j!({"Size": 1, "Tags": ["x"], "Password": "p"}))))]);
    let state = made(&desired);
    let mut seen = faithful(&state);
    let Some(Observation::Present { properties, .. }) = seen.objects.get_mut("A") else {
        panic!("not present");
    };
    properties.insert("Size".into(), Value::from(9));
    properties.insert("Undeclared".into(), Value::from("x"));
    let plan = plan_of(&desired, &state, &seen).unwrap();
    assert_eq!((action(&plan, "A"), reasons(&plan, "A")), (Action::Update, vec![Reason::Drift]));
    let drift = &plan.changes[&Address::from("A")].drift;
    assert_eq!(drift.len(), 1);
    assert_eq!(drift[0].path.to_string(), "Size");
}

#[test]
fn an_object_that_is_gone_is_made_again() {
    let desired = stack([("A", thing(json(j!({"Size": 1}))))]);
    let state = made(&desired);
    let mut seen = faithful(&state);
    seen.objects.insert("A".into(), Observation::Absent);
    let plan = plan_of(&desired, &state, &seen).unwrap();
    assert_eq!((action(&plan, "A"), reasons(&plan, "A")), (Action::Create, vec![Reason::Missing]));
    assert_eq!(steps(&plan), ["forget A", "create A"]);
    let gone = plan_of(&stack([]), &state, &seen).unwrap();
    assert_eq!((action(&gone, "A"), steps(&gone)), (Action::Forget, vec!["forget A".into()]));
}

#[test]
fn what_cannot_be_read_is_never_taken_for_absent() {
    let desired = stack([("A", thing(json(j!({"Size": 1}))))]);
    let state = made(&desired);
    let mut seen = faithful(&state);
    seen.objects.insert("A".into(), Observation::Unchecked { reason: "denied".into() });
    let plan = plan_of(&desired, &state, &seen).unwrap();
    assert_eq!(action(&plan, "A"), Action::NoOp);
    let checked = &plan.changes[&Address::from("A")].checked;
    assert_eq!(*checked, rstack_model::plan::Checked::Unchecked("denied".into()));
}

#[test]
fn a_rotated_secret_behind_an_unchanged_reference_is_an_update() {
    let reference = SecretReference::SecretsManager(Box::new("name:SecretString:k".into()));
    let text = reference.to_string();
    let desired = stack([("A", thing([("Header".into(), Value::secret(reference))].into()))]);
    let nothing = empty_state();
    let mut seen = faithful(&nothing);
    seen.secret_versions.insert(text.clone(), "v1".into());
    let state = applied(&plan_of(&desired, &nothing, &seen).unwrap(), &nothing);
    let mut seen = faithful(&state);
    seen.secret_versions.insert(text.clone(), "v1".into());
    assert!(plan_of(&desired, &state, &seen).unwrap().is_noop());
    seen.secret_versions.insert(text.clone(), "v2".into());
    let plan = plan_of(&desired, &state, &seen).unwrap();
    assert_eq!(reasons(&plan, "A"), [Reason::SecretRotated { reference: text }]);
    assert_eq!(action(&plan, "A"), Action::Update);
}

#[test]
fn removed_resources_go_users_first_and_retained_ones_stay() {
    let mut kept = thing(json(j!({})));
    kept.deletion_policy = RemovalPolicy::Retain;
    let state = made(&stack([
        ("A", thing(json(j!({})))),
        ("B", thing([("Of".into(), attribute("A", "Arn"))].into())),
        ("K", kept),
    ]));
    let seen = faithful(&state);
    let plan = plan_of(&stack([]), &state, &seen).unwrap();
    let position = |text: &str| steps(&plan).iter().position(|s| s == text).unwrap();
    assert!(position("delete B") < position("delete A"));
    assert_eq!(action(&plan, "K"), Action::Retain);
    let destroy = plan_destroy(&state, &seen, &TestSchemas, &DestroyOptions::default()).unwrap();
    assert_eq!(check(&destroy, &TestSchemas), []);
    assert!(applied(&destroy, &state).resources.is_empty());
}

#[test]
fn a_policy_change_is_recorded_without_a_call() {
    let state = made(&stack([("A", thing(json(j!({}))))]));
    let mut kept = thing(json(j!({})));
    kept.deletion_policy = RemovalPolicy::Retain;
    let plan = plan_of(&stack([("A", kept)]), &state, &faithful(&state)).unwrap();
    assert_eq!((action(&plan, "A"), steps(&plan)), (Action::Record, vec!["record A".into()]));
}

#[test]
fn an_object_that_was_not_finished_is_made_anew_even_under_its_own_name() {
    let desired = stack([("A", thing(json(j!({"Name": "n"}))))]);
    let mut state = made(&desired);
    state.resources.get_mut("A").unwrap().status = ObjectStatus::Incomplete;
    let plan = plan_of(&desired, &state, &faithful(&state)).unwrap();
    assert_eq!(steps(&plan), ["delete A", "create A"]);
}

#[test]
fn left_over_objects_are_deleted() {
    let desired = stack([("A", thing(json(j!({}))))]);
    let mut state = made(&desired);
    let mut object = state.resources["A"].clone();
    object.identifier = "old".into();
    object.physical_id = "old".into();
    state.deposed.push(rstack_model::state::DeposedObject { address: "A".into(), object });
    let plan = plan_of(&desired, &state, &faithful(&state)).unwrap();
    assert_eq!(action(&plan, "A"), Action::NoOp);
    assert!(
        matches!(&plan.steps[0].operation, Operation::Delete(o) if o.physical_id.as_str() == "old")
    );
    assert!(applied(&plan, &state).deposed.is_empty());
}

#[test]
fn a_changed_type_is_a_replacement() {
    let state = made(&stack([("A", thing(json(j!({"Size": 1}))))]));
    let mut other = thing(json(j!({"Size": 1})));
    other.resource_type = "Test::Other".into();
    let plan = plan_of(&stack([("A", other)]), &state, &faithful(&state)).unwrap();
    assert_eq!(reasons(&plan, "A"), [Reason::TypeChanged { from: "Test::Thing".into() }]);
    assert_eq!(steps(&plan), ["create A", "delete A"]);
}

#[test]
fn a_secret_literal_that_is_observed_as_secret_is_compared_without_being_shown() {
    let desired = stack([("A", thing(json(j!({"Header": "plain"}))))]);
    let state = made(&desired);
    let mut seen = faithful(&state);
    let set = |seen: &mut rstack_plan::Observations, text: &str| {
        let secret = rstack_model::SecretString::new(text.into());
        let properties = [("Header".to_owned(), KnownValue::Secret(secret))].into();
        seen.objects.insert("A".into(), observed(&state.resources["A"], &properties));
    };
    set(&mut seen, "plain");
    assert!(plan_of(&desired, &state, &seen).unwrap().is_noop());
    set(&mut seen, "hunter2");
    let plan = plan_of(&desired, &state, &seen).unwrap();
    assert_eq!(action(&plan, "A"), Action::Update);
    assert!(!serde_json::to_string(&plan).unwrap().contains("hunter2"));
}

#[test]
fn the_checker_refuses_plans_that_were_tampered_with() {
    let desired = stack([
        ("A", thing(json(j!({})))),
        ("B", thing([("Of".into(), attribute("A", "Arn"))].into())),
    ]);
    // Beside the derivation of all steps, which no change of one fits.
    let breaks =
        |plan: &Plan| check(plan, &TestSchemas).into_iter().any(|it| it != Violation::Steps);
    let nothing = empty_state();
    let sound = plan_of(&desired, &nothing, &faithful(&nothing)).unwrap();
    let mut unordered = sound.clone();
    unordered.steps.reverse();
    assert!(breaks(&unordered));
    let mut loose = sound.clone();
    loose.steps[1].after.clear();
    assert!(breaks(&loose));
    let mut missing = sound.clone();
    missing.steps.remove(0);
    assert!(breaks(&missing));
    let mut dangling = sound.clone();
    dangling.changes.remove("A");
    assert!(breaks(&dangling));
    let mut twice = sound;
    let mut step = twice.steps[1].clone();
    step.id = rstack_model::plan::StepId(9);
    twice.steps.push(step);
    assert!(breaks(&twice));
}
