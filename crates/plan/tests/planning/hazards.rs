//! Plans that would lose something or come to a halt half-way, and do not.

use rstack_model::desired::{Desired, RemovalPolicy};
use rstack_model::plan::{
    Action, Certainty, Operation, OutputChange, Phase, Plan, Reason, ReplaceOrder,
};
use rstack_model::state::{DeposedObject, ResourceState, State};
use rstack_model::value::SecretReference;
use rstack_model::{Address, PropertyPath, Value};
use rstack_plan::{
    CheckedPlan, DestroyOptions, Fate, Observation, Observations, PlanError, PlanInput,
    PlanOptions, Violation, check, names_of_other_stack, plan, plan_destroy,
};
use serde_json::json as j;

use crate::support::{
    TestSchemas, applied, attribute, empty_state, faithful, json, plan_of, stack, thing,
};

fn made(desired: &Desired) -> State {
    let nothing = empty_state();
    applied(&plan_of(desired, &nothing, &faithful(&nothing)).unwrap(), &nothing)
}

fn planned(desired: &Desired, state: &State) -> Plan {
    plan_of(desired, state, &faithful(state)).unwrap()
}

fn action(plan: &Plan, id: &str) -> Action {
    plan.changes[&Address::from(id)].action
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|s| format!("{} {}", s.operation.name(), s.address)).collect()
}

fn top(name: &str) -> PropertyPath {
    PropertyPath::root().name(name)
}

fn seen(state: &State, id: &str, change: impl Fn(&mut rstack_model::ValueMap)) -> Observations {
    let mut observations = faithful(state);
    let Some(Observation::Present { properties, .. }) = observations.objects.get_mut(id) else {
        panic!("{id} is not present")
    };
    change(properties);
    observations
}

/// Deletes `allowed` first.
fn plan_allowing(desired: &Desired, state: &State, allowed: &[&str]) -> Result<Plan, PlanError> {
    let options = PlanOptions {
        delete_first: allowed.iter().map(|id| Address::from(*id)).collect(),
        ..PlanOptions::default()
    };
    let observations = faithful(state);
    plan(&PlanInput {
        desired,
        state,
        observations: &observations,
        schemas: &TestSchemas,
        options: &options,
    })
    .map(CheckedPlan::into_plan)
}

#[test]
fn a_left_over_object_that_its_policy_keeps_is_forgotten_and_not_deleted() {
    let mut desired = stack([("A", thing(json(j!({"Kind": 2}))))]);
    let mut state = made(&desired);
    let kept = ResourceState {
        identifier: "old".into(),
        physical_id: "old".into(),
        update_replace_policy: RemovalPolicy::Retain,
        ..state.resources["A"].clone()
    };
    state.deposed.push(DeposedObject { address: "A".into(), object: kept.clone() });
    assert_eq!(steps(&planned(&desired, &state)), ["forget A"]);
    let destroyed =
        plan_destroy(&state, &faithful(&state), &TestSchemas, &DestroyOptions::default()).unwrap();
    let mut left = steps(&destroyed);
    left.sort();
    assert_eq!(left, ["delete A", "forget A"]);
    // The policy may also be the template's of today.
    state.deposed[0].object.update_replace_policy = RemovalPolicy::Delete;
    assert_eq!(steps(&planned(&desired, &state)), ["delete A"]);
    desired.resources.get_mut("A").unwrap().update_replace_policy = RemovalPolicy::Retain;
    assert!(steps(&planned(&desired, &state)).contains(&"forget A".to_owned()));
    // And the checker does not take the planner's word for it.
    let mut tampered = planned(&desired, &state);
    for step in &mut tampered.steps {
        if let Operation::Forget(object) = &step.operation {
            step.operation = Operation::Delete(object.clone());
        }
    }
    let touched = Violation::RetainedTouched { address: "A".into() };
    assert!(check(&tampered, &TestSchemas).contains(&touched));
}

#[test]
fn drift_of_what_cannot_be_changed_in_place_is_shown_and_never_replaces() {
    let desired = stack([("A", thing(json(j!({"Kind": 1, "Size": 1}))))]);
    let state = made(&desired);
    let seen = seen(&state, "A", |p| {
        p.insert("Kind".into(), Value::from(2));
    });
    let plan = plan_of(&desired, &state, &seen).unwrap();
    assert_eq!(action(&plan, "A"), Action::NoOp);
    assert_eq!(plan.changes["A"].drift.len(), 1);
}

#[test]
fn what_was_added_elsewhere_is_drift_where_the_keys_or_elements_are_the_templates_own() {
    let desired = stack([("A", thing(json(j!({"Variables": {"A": "1"}, "Rules": []}))))]);
    let state = made(&desired);
    let seen = seen(&state, "A", |p| {
        let variables = j!({"A": "1", "EVIL": "x", "aws:tag": "theirs"});
        p.insert("Variables".into(), Value::from_json(variables));
        p.insert("Rules".into(), Value::from_json(j!(["0.0.0.0/0"])));
    });
    let plan = plan_of(&desired, &state, &seen).unwrap();
    let paths: Vec<String> = plan.changes["A"].drift.iter().map(|d| d.path.to_string()).collect();
    assert_eq!(paths, ["Rules", "Variables.EVIL"]);
    assert_eq!(action(&plan, "A"), Action::Update);
}

#[test]
fn a_map_of_which_only_write_only_parts_are_declared_is_no_drift_when_it_is_not_read() {
    let desired = stack([("A", thing(json(j!({"Password": {"Deep": "x"}, "Size": 1}))))]);
    let state = made(&desired);
    assert_eq!(planned(&desired, &state).steps, []);
}

#[test]
fn a_create_only_property_that_comes_inside_of_a_new_map_replaces() {
    let before = stack([("A", thing(json(j!({"Size": 1}))))]);
    let state = made(&before);
    let after = stack([("A", thing(json(j!({"Size": 1, "Network": {"Fixed": "v6"}}))))]);
    let plan = planned(&after, &state);
    assert_eq!(action(&plan, "A"), Action::Replace(ReplaceOrder::CreateFirst));
}

#[test]
fn a_replacement_that_is_only_possible_stays_possible_beside_a_sure_change() {
    let with = |path: &str, size: i64| {
        stack([
            ("A", thing(json(j!({"Path": path})))),
            (
                "B",
                thing(
                    [("Kind".into(), attribute("A", "Url")), ("Size".into(), size.into())].into(),
                ),
            ),
        ])
    };
    let state = made(&with("one", 1));
    let change = planned(&with("two", 2), &state).changes["B"].clone();
    assert_eq!(change.action, Action::Replace(ReplaceOrder::CreateFirst));
    assert_eq!(change.certainty, Certainty::Possible);
    assert!(change.reasons.contains(&Reason::PropertiesChanged), "{:?}", change.reasons);
    assert!(change.reasons.contains(&Reason::CreateOnly(top("Kind"))));
}

#[test]
fn another_type_under_the_same_name_is_no_collision() {
    let before = stack([("A", thing(json(j!({"Name": "n"}))))]);
    let state = made(&before);
    let mut after = before.clone();
    after.resources.get_mut("A").unwrap().resource_type = "Test::Other".into();
    let plan = planned(&after, &state);
    assert_eq!(action(&plan, "A"), Action::Replace(ReplaceOrder::CreateFirst));
}

#[test]
fn a_renamed_logical_id_cannot_take_the_name_of_the_object_it_leaves() {
    let state = made(&stack([("A", thing(json(j!({"Name": "n"}))))]));
    let renamed = stack([("B", thing(json(j!({"Name": "n"}))))]);
    let error = plan_of(&renamed, &state, &faithful(&state)).unwrap_err();
    let PlanError::NameOfOther { address, name, other, .. } = &error else { panic!("{error:?}") };
    assert_eq!((address.as_str(), name.text().as_str(), other.as_str()), ("B", "n", "A"));
    assert!(error.hint().unwrap().contains("renamed"));
    // An object that is gone from the cloud leaves its name.
    let mut gone = faithful(&state);
    gone.objects.insert("A".into(), Observation::Absent);
    let both = stack([("A", thing(json(j!({"Name": "n"}))))]);
    assert_eq!(action(&plan_of(&both, &state, &gone).unwrap(), "A"), Action::Create);
}

#[test]
fn a_new_object_takes_the_place_of_one_that_leaves_where_that_is_allowed() {
    let state = made(&stack([("A", thing(json(j!({"Name": "n"}))))]));
    let renamed = stack([("B", thing(json(j!({"Name": "n"}))))]);
    let plan = plan_allowing(&renamed, &state, &["B"]).unwrap();
    assert_eq!(steps(&plan), ["delete A", "create B"]);
    assert!(plan.steps.iter().all(|step| step.phase == Phase::Forward));
    assert_eq!(
        plan.changes["B"].reasons,
        [Reason::NotInState, Reason::TakesPlace { of: "A".into() }]
    );
    // The template may allow it, too.
    let mut by_template = renamed.clone();
    by_template.resources.get_mut("B").unwrap().delete_first = true;
    assert_eq!(steps(&planned(&by_template, &state)), ["delete A", "create B"]);
    // A policy that keeps the old object keeps its name.
    let mut kept = state.clone();
    kept.resources.get_mut("A").unwrap().deletion_policy = RemovalPolicy::Retain;
    let error = plan_allowing(&renamed, &kept, &["B"]).unwrap_err();
    assert!(matches!(error, PlanError::NameOfOther { fate: Fate::Retained, .. }), "{error:?}");
    // Nor does one that stays make room.
    let both =
        stack([("A", thing(json(j!({"Name": "n"})))), ("B", thing(json(j!({"Name": "n"}))))]);
    let error = plan_allowing(&both, &state, &["B"]).unwrap_err();
    assert!(matches!(error, PlanError::NameOfOther { fate: Fate::Stays, .. }), "{error:?}");
    assert!(!error.hint().unwrap().contains("--delete-first"), "{error:?}");
}

#[test]
fn users_of_an_object_that_leaves_first_are_attached_to_the_one_in_its_place() {
    let with = |id: &'static str| {
        let mut user = thing(json(j!({"Text": "attached"})));
        user.dependencies.insert(id.into());
        stack([(id, thing(json(j!({"Name": "n"})))), ("User", user)])
    };
    let state = made(&with("A"));
    let plan = plan_allowing(&with("B"), &state, &["B"]).unwrap();
    assert_eq!(steps(&plan), ["delete A", "create B", "update User"]);
    let reason = Reason::DependencyReplaced { dependency: "A".into() };
    assert!(plan.changes["User"].reasons.contains(&reason), "{:?}", plan.changes["User"]);
}

#[test]
fn an_object_has_a_name_that_no_object_of_another_stack_of_the_run_has() {
    let nothing = empty_state();
    let planned =
        |state: &State, resources| plan_of(&stack(resources), state, &faithful(state)).unwrap();
    let named = |name: &str| thing(json(j!({"Name": name})));
    let shared = |one: &Plan, other: &Plan| {
        let found = names_of_other_stack(one, other, &TestSchemas).into_iter();
        found.map(|it| format!("{} {}", it.address, it.other)).collect::<Vec<_>>()
    };
    let one = planned(&nothing, vec![("A", named("n")), ("B", named("m"))]);
    let other = planned(&nothing, vec![("C", named("n"))]);
    assert_eq!(shared(&one, &other), ["A C"]);
    // In another Region it is another name.
    let mut elsewhere = empty_state();
    elsewhere.environment.region = "us-east-1".into();
    assert_eq!(shared(&one, &planned(&elsewhere, vec![("C", named("n"))])), [""; 0]);
    // Two attributes of one name, in two stacks, are two values.
    let by_attribute = || {
        let properties = [("Label".to_owned(), attribute("Vpc", "Id"))].into();
        vec![("Vpc", thing(json(j!({})))), ("A", thing(properties))]
    };
    let (one, other) = (planned(&nothing, by_attribute()), planned(&nothing, by_attribute()));
    assert_eq!(shared(&one, &other), [""; 0]);
}

#[test]
fn an_object_cannot_be_given_the_name_of_another_one() {
    let named = |a: &'static str, b: &'static str| {
        stack([("A", thing(json(j!({"Label": a})))), ("B", thing(json(j!({"Label": b}))))])
    };
    let state = made(&named("a", "b"));
    assert_eq!(steps(&planned(&named("a", "c"), &state)), ["update B"]);
    let error = plan_of(&named("a", "a"), &state, &faithful(&state)).unwrap_err();
    let PlanError::NameOfOther { address, other, created, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((address.as_str(), other.as_str(), created), ("B", "A", &false));
}

#[test]
fn a_kept_object_whose_name_is_needed_is_an_error_even_if_deleting_first_is_allowed() {
    let before = stack([("A", thing(json(j!({"Name": "n", "Kind": 1}))))]);
    let state = made(&before);
    let mut after = stack([("A", thing(json(j!({"Name": "n", "Kind": 2}))))]);
    after.resources.get_mut("A").unwrap().update_replace_policy = RemovalPolicy::Retain;
    let error = plan_allowing(&after, &state, &["A"]).unwrap_err();
    assert!(matches!(error, PlanError::NameTaken { kept: true, .. }), "{error:?}");
}

/// `Used` has a fixed name and is replaced; `User` refers to it.
fn used_and_user(kind: i64, user: rstack_model::ValueMap) -> Desired {
    let mut user = user;
    user.insert("Url".into(), attribute("Used", "Arn"));
    stack([("Used", thing(json(j!({"Name": "n", "Kind": kind})))), ("User", thing(user))])
}

#[test]
fn users_that_stay_are_attached_again_to_what_is_deleted_and_made_anew() {
    let with = |kind: i64| {
        let mut user = thing(json(j!({"Text": "attached"})));
        user.dependencies.insert("Used".into());
        stack([("Used", thing(json(j!({"Name": "n", "Kind": kind})))), ("User", user)])
    };
    let state = made(&with(1));
    let plan = plan_allowing(&with(2), &state, &["Used"]).unwrap();
    assert_eq!(steps(&plan), ["delete Used", "create Used", "update User"]);
    let reason = Reason::DependencyReplaced { dependency: "Used".into() };
    assert_eq!(plan.changes["User"].reasons, [reason]);
}

#[test]
fn users_that_are_removed_go_before_what_is_deleted_first() {
    let state = made(&used_and_user(1, json(j!({}))));
    let after = stack([("Used", thing(json(j!({"Name": "n", "Kind": 2}))))]);
    let plan = plan_allowing(&after, &state, &["Used"]).unwrap();
    assert_eq!(steps(&plan), ["delete User", "delete Used", "create Used"]);
    assert!(plan.steps.iter().all(|step| step.phase == Phase::Forward));
}

#[test]
fn users_that_would_be_replaced_create_first_must_be_allowed_to_go_first_too() {
    let state = made(&used_and_user(1, json(j!({"Kind": 1}))));
    let after = used_and_user(2, json(j!({"Kind": 2})));
    let error = plan_allowing(&after, &state, &["Used"]).unwrap_err();
    assert!(
        matches!(&error, PlanError::ReferrerInTheWay { referrer, .. } if referrer.as_str() == "User")
    );
    let plan = plan_allowing(&after, &state, &["Used", "User"]).unwrap();
    assert_eq!(steps(&plan), ["delete User", "delete Used", "create Used", "create User"]);
}

#[test]
fn a_secret_parameter_replaces_where_it_stands_in_what_cannot_be_changed() {
    let parameter = SecretReference::Parameter("P".into());
    let elsewhere = SecretReference::SecretsManager(Box::new("s".into()));
    let desired = stack([
        ("A", thing([("Kind".into(), Value::secret(parameter.clone()))].into())),
        ("B", thing([("Text".into(), Value::secret(parameter.clone()))].into())),
        ("C", thing([("Kind".into(), Value::secret(elsewhere.clone()))].into())),
    ]);
    let at = |version: &str| {
        let versions = [parameter.to_string(), elsewhere.to_string()];
        versions.map(|text| (text, version.to_owned())).into_iter().collect()
    };
    let nothing = empty_state();
    let first = Observations { secret_versions: at("1"), ..faithful(&nothing) };
    let state = applied(&plan_of(&desired, &nothing, &first).unwrap(), &nothing);
    let again = Observations { secret_versions: at("1"), ..faithful(&state) };
    assert_eq!(plan_of(&desired, &state, &again).unwrap().steps, []);
    let rotated = Observations { secret_versions: at("2"), ..faithful(&state) };
    let plan = plan_of(&desired, &state, &rotated).unwrap();
    assert_eq!(action(&plan, "A"), Action::Replace(ReplaceOrder::CreateFirst));
    assert_eq!(action(&plan, "B"), Action::Update);
    assert_eq!(action(&plan, "C"), Action::NoOp);
}

#[test]
fn an_output_that_cannot_be_evaluated_stops_nothing_else() {
    let mut desired = stack([("A", thing(json(j!({"Size": 1}))))]);
    let state = made(&desired);
    let list = rstack_model::value::function::split("/", attribute("A", "Url")).unwrap();
    let value = rstack_model::value::function::select(9, list).unwrap();
    desired.outputs.insert(
        "Part".into(),
        rstack_model::desired::DesiredOutput { value, description: None, export: None },
    );
    let plan = planned(&desired, &state);
    assert!(plan.is_noop());
    let OutputChange { after: None, problem: Some(problem), .. } = &plan.outputs["Part"] else {
        panic!("{:?}", plan.outputs)
    };
    assert!(problem.contains("index 9"), "{problem}");
}

#[test]
fn all_name_conflicts_are_reported_at_once() {
    let with = |kind: i64| {
        let named = |name: &str| thing(json(j!({"Name": name, "Kind": kind})));
        stack([("A", named("a")), ("B", named("b"))])
    };
    let state = made(&with(1));
    let error = plan_of(&with(2), &state, &faithful(&state)).unwrap_err();
    assert!(matches!(&error, PlanError::Several(errors) if errors.len() == 2), "{error:?}");
    assert_eq!(error.parts().len(), 2);
    let hint = error.shared_hint().unwrap();
    assert!(hint.contains("--delete-first A --delete-first B"), "{hint}");
    let [first, _] = error.parts() else { panic!("{error:?}") };
    assert_eq!(first.parts(), std::slice::from_ref(first));
    assert_eq!(first.shared_hint(), None);
}
