//! The states that journals are folded into.

use std::collections::BTreeMap;

use rstack_journal::{
    Entry, FailedEffect, IntentAction, JournalEnd, JournalError, OperationId, PolledKind, fold,
};
use rstack_model::plan::{PlanMode, PlannedObject};
use rstack_model::state::{DeposedObject, ObjectStatus, ResourceState, State};
use rstack_model::{Importer, Imports, ValueMap};

use crate::support::{begin, create, effect, gone, intent, key, made, object, planned, state};

fn failed(operation: u64, effect: FailedEffect) -> Entry {
    Entry::Failed { operation: OperationId(operation), error: "no".into(), effect }
}

#[test]
fn a_create_that_is_done_is_current_and_the_old_object_waits() {
    let mut base = state();
    base.resources.insert("A".into(), object("old"));
    let outputs = Entry::Outputs { outputs: BTreeMap::new() };
    let end = Entry::End { end: JournalEnd::Succeeded };
    let folded = fold(
        &base,
        &[begin(&base), create(1, "A"), effect(1, "new"), made(1, "new"), outputs, end],
    )
    .unwrap();
    assert_eq!(folded.state.resources["A"].physical_id.as_str(), "new");
    assert_eq!(folded.state.deposed[0].object.physical_id.as_str(), "old");
    assert!(folded.open.is_empty() && folded.state.template_digest.is_some());
    let delete = IntentAction::Delete { key: key("old"), snapshot: None };
    let next = fold(
        &base,
        &[
            begin(&base),
            create(1, "A"),
            effect(1, "new"),
            made(1, "new"),
            intent(2, "A", delete),
            gone(2),
        ],
    );
    assert!(next.unwrap().state.deposed.is_empty());
}

#[test]
fn an_object_is_in_the_state_from_its_effect_on() {
    let base = state();
    let entries = [begin(&base), create(1, "A"), effect(1, "a")];
    let folded = fold(&base, &entries).unwrap();
    assert_eq!(folded.state.resources["A"].status, ObjectStatus::Incomplete);
    assert_eq!(folded.open[0].effect.as_ref().unwrap().only(), "a");
    assert_eq!(folded.state.template_digest, None, "the template is not in place yet");
    let opened = fold(&base, &entries[..2]).unwrap();
    assert!(opened.state.resources.is_empty());
    assert_eq!(opened.open[0].effect, None);
    let partial = fold(&base, &[&entries[..], &[failed(1, FailedEffect::Partial)]].concat());
    assert!(partial.unwrap().open.is_empty());
}

#[test]
fn an_unknown_outcome_stays_open_until_it_is_answered() {
    let base = state();
    let end = Entry::End { end: JournalEnd::Failed };
    let unknown = [begin(&base), create(1, "A"), failed(1, FailedEffect::Unknown), end];
    assert_eq!(fold(&base, &unknown).unwrap().open.len(), 1);
    let absent = [&unknown[..], &[failed(1, FailedEffect::None)]].concat();
    assert!(fold(&base, &absent).unwrap().open.is_empty());
    let found = [&unknown[..], &[effect(1, "a"), made(1, "a")]].concat();
    let folded = fold(&base, &found).unwrap();
    assert_eq!(folded.state.resources["A"].status, ObjectStatus::Ready);
    assert!(folded.open.is_empty());
}

#[test]
fn a_failed_update_marks_the_object_and_keeps_what_was_declared_before() {
    let mut base = state();
    base.resources.insert("A".into(), object("a"));
    let update = IntentAction::Update { key: key("a"), object: planned() };
    for (effect, status) in [
        (FailedEffect::None, ObjectStatus::Ready),
        (FailedEffect::Partial, ObjectStatus::PartlyUpdated),
        (FailedEffect::Unknown, ObjectStatus::PartlyUpdated),
    ] {
        let entries = [begin(&base), intent(1, "A", update.clone()), failed(1, effect)];
        assert_eq!(fold(&base, &entries).unwrap().state.resources["A"].status, status);
    }
}

#[test]
fn what_a_failed_update_was_to_make_is_remembered_once_and_until_one_succeeds() {
    let mut base = state();
    base.resources.insert("A".into(), object("a"));
    let properties = ValueMap::from([("Size".to_owned(), 7.into())]);
    let planned = PlannedObject { properties: properties.clone(), ..planned() };
    let update = IntentAction::Update { key: key("a"), object: planned };
    let cut_off = |n| [intent(n, "A", update.clone()), failed(n, FailedEffect::Partial)];
    let entries = [&[begin(&base)], &cut_off(1)[..], &cut_off(2)].concat();
    let state = fold(&base, &entries).unwrap().state;
    assert_eq!(state.resources["A"].in_doubt, [properties]);
    assert_eq!(state.resources["A"].properties, object("a").properties);
    let entries = [&entries[..], &[intent(3, "A", update.clone()), made(3, "a")]].concat();
    assert!(fold(&base, &entries).unwrap().state.resources["A"].in_doubt.is_empty());
}

/// A distribution is disabled before it is deleted: what is left of a deletion that failed on its
/// way is not as declared.
#[test]
fn a_deletion_that_failed_on_its_way_marks_the_object() {
    let mut base = state();
    base.resources.insert("A".into(), object("a"));
    let delete = |id: &str| IntentAction::Delete { key: key(id), snapshot: None };
    for (effect, status) in [
        (FailedEffect::None, ObjectStatus::Ready),
        (FailedEffect::Partial, ObjectStatus::PartlyUpdated),
    ] {
        let entries = [begin(&base), intent(1, "A", delete("a")), failed(1, effect)];
        assert_eq!(fold(&base, &entries).unwrap().state.resources["A"].status, status);
    }
    let other = [create(1, "A"), effect(1, "b"), made(1, "b"), intent(2, "A", delete("a"))];
    let entries = [&[begin(&base)], &other[..], &[failed(2, FailedEffect::Partial)]].concat();
    let state = fold(&base, &entries).unwrap().state;
    assert_eq!(state.resources["A"].status, ObjectStatus::Ready, "the new object is untouched");
}

#[test]
fn a_proof_of_absence_stays_with_its_operation() {
    let base = state();
    let absent = |operation| Entry::Absent { operation: OperationId(operation) };
    let entries = [begin(&base), create(1, "A"), create(2, "B"), absent(2)];
    let open = fold(&base, &entries).unwrap().open;
    let proven: Vec<bool> = open.iter().map(|open| open.absence_proven).collect();
    assert_eq!(proven, [false, true]);
    // Behind the effect, and for what creates nothing, it proves nothing.
    let late = [begin(&base), create(1, "A"), effect(1, "a"), absent(1)];
    assert!(matches!(fold(&base, &late), Err(JournalError::Illegal { .. })));
    let mut base = base;
    base.resources.insert("A".into(), object("a"));
    let update = IntentAction::Update { key: key("a"), object: planned() };
    let delete = IntentAction::Delete { key: key("a"), snapshot: None };
    for (action, may_end_elsewhere) in [(update, true), (delete, false)] {
        let begun = [begin(&base), intent(1, "A", action)];
        let unknown = [&begun[..], &[failed(1, FailedEffect::Unknown)]].concat();
        let elsewhere = (!may_end_elsewhere).then(|| (&begun[..], effect(1, "b")));
        let never = [(&begun[..], absent(1)), (&unknown[..], effect(1, "b"))];
        for (before, entry) in never.into_iter().chain(elsewhere) {
            let folded = fold(&base, &[before, &[entry]].concat());
            assert!(matches!(folded, Err(JournalError::Illegal { .. })), "{folded:?}");
        }
    }
}

#[test]
fn illegal_journals_have_names() {
    let base = state();
    let mut other = base.clone();
    other.serial = other.serial.next();
    let line = State { lineage: "another".into(), ..base.clone() };
    let mut place = base.clone();
    place.environment.region = "us-east-1".into();
    let delete = IntentAction::Delete { key: key("x"), snapshot: None };
    let cases: Vec<(Vec<Entry>, &str)> = vec![
        (vec![], "begin"),
        (vec![create(1, "A")], "begin"),
        (vec![begin(&base), begin(&base)], "begin"),
        (vec![begin(&other)], "serial"),
        (vec![begin(&line)], "another"),
        (vec![begin(&place)], "the journal was written over"),
        (vec![begin(&base), effect(1, "a")], "operation 1 has no intent"),
        (vec![begin(&base), create(1, "A"), create(1, "A")], "open"),
        (vec![begin(&base), create(1, "A"), made(1, "a")], "followed by done"),
        (vec![begin(&base), create(1, "A"), effect(1, "a"), made(1, "b")], "effected"),
        (vec![begin(&base), create(1, "A"), gone(1)], "open"),
        (vec![begin(&base), create(1, "A"), failed(1, FailedEffect::Partial)], "partial"),
        (vec![begin(&base), intent(1, "A", delete)], "has no object"),
        (
            vec![begin(&base), Entry::End { end: JournalEnd::Succeeded }, create(1, "A")],
            "behind the end",
        ),
    ];
    for (entries, word) in cases {
        let error = fold(&base, &entries).unwrap_err();
        let text = match &error {
            JournalError::Illegal { source, .. } => source.to_string(),
            other => other.to_string(),
        };
        assert!(text.contains(word), "{text} does not say {word}");
    }
}

/// A journal is folded into the state that it was written over, and into no other.
#[test]
fn a_journal_over_another_state_is_refused() {
    let base = state();
    let entries = [begin(&base), create(1, "A"), effect(1, "a")];
    let moved = State { serial: base.serial.next(), ..base.clone() };
    let other = State { lineage: rstack_model::Lineage::new("another"), ..base.clone() };
    let named = State { stack: rstack_model::StackName::parse("Other").unwrap(), ..base.clone() };
    let mut elsewhere = base;
    elsewhere.environment.region = "us-east-1".into();
    for state in [moved, other, named, elsewhere] {
        assert!(matches!(fold(&state, &entries), Err(JournalError::OtherBase { .. })));
    }
}

/// The record that a run begins with, for a plan of this mode.
fn begin_of(base: &State, mode: PlanMode, keeps: bool) -> Entry {
    match begin(base) {
        Entry::Begin { base, plan_digest, stack, environment, .. } => Entry::Begin {
            mode,
            base,
            plan_digest,
            stack,
            environment,
            template_digest: None,
            parameters: Default::default(),
            imports: Default::default(),
            given: Default::default(),
            termination_protection: false,
            keeps_former: keeps,
        },
        other => other,
    }
}

#[test]
fn the_state_of_the_last_complete_apply_is_kept_until_the_next_one() {
    use PlanMode::{Deploy, Destroy, Rollback};
    let mut whole = state();
    whole.resources.insert("A".into(), object("a"));
    let outputs = || Entry::Outputs { outputs: BTreeMap::new() };
    let end = |end| Entry::End { end };
    let former = |base: &State, mode, keeps, entries: &[Entry]| {
        let begun = [&[begin_of(base, mode, keeps)], entries].concat();
        fold(base, &begun).unwrap().state.former.map(|state| *state)
    };
    let failed = [end(JournalEnd::Failed)];
    let made = [outputs(), end(JournalEnd::Failed)];
    let all = [outputs(), end(JournalEnd::Succeeded)];
    assert_eq!(former(&whole, Deploy, false, &[]), Some(whole.clone()), "cut off");
    assert_eq!(former(&whole, Deploy, false, &failed), Some(whole.clone()));
    assert_eq!(former(&whole, Deploy, false, &made), None, "nothing is to be rolled back");
    let mut half = State { former: Some(Box::new(whole.clone())), ..whole.clone() };
    half.resources.insert("B".into(), object("b"));
    assert_eq!(former(&half, Deploy, false, &failed), Some(whole.clone()), "the last whole one");
    assert_eq!(former(&half, Deploy, false, &all), None);
    assert_eq!(former(&half, Rollback, false, &made), Some(whole.clone()), "not all is removed");
    assert_eq!(former(&half, Rollback, false, &all), None);
    assert_eq!(former(&half, Rollback, true, &all), Some(whole.clone()));
    assert_eq!(former(&half, Destroy, false, &failed), Some(whole.clone()), "nothing was done");
    let delete = IntentAction::Delete { key: key("b"), snapshot: None };
    let deleted = [intent(1, "B", delete), gone(1)];
    assert_eq!(former(&half, Destroy, false, &deleted), None);
    let bare = State { former: Some(Box::new(state())), ..half };
    assert_eq!(former(&bare, Destroy, false, &deleted), Some(state()));
}

/// An import of before is in use until the run that leaves it out has nothing left to do, and one that a
/// run brings from its beginning on.
#[test]
fn imports_are_in_use_from_the_beginning_of_a_run_to_its_end() {
    let used = |export: &str| {
        Imports::from([(export.to_owned(), [Importer::Resource("A".into())].into())])
    };
    let base = State { imports: used("old"), ..state() };
    let begun = |mode, new: &str| match begin_of(&base, mode, false) {
        Entry::Begin { base, plan_digest, stack, environment, .. } => Entry::Begin {
            mode,
            base,
            plan_digest,
            stack,
            environment,
            template_digest: None,
            parameters: Default::default(),
            given: Default::default(),
            imports: if new.is_empty() { Imports::new() } else { used(new) },
            termination_protection: true,
            keeps_former: false,
        },
        other => other,
    };
    let outputs = || Entry::Outputs { outputs: BTreeMap::new() };
    let end = |end| Entry::End { end };
    let names = |mode, new: &str, entries: &[Entry]| {
        let folded = fold(&base, &[&[begun(mode, new)], entries].concat()).unwrap();
        folded.state.imports.into_keys().collect::<Vec<_>>()
    };
    use PlanMode::{Deploy, Destroy, Rollback};
    assert_eq!(names(Deploy, "new", &[]), ["new", "old"], "cut off");
    assert_eq!(names(Deploy, "new", &[end(JournalEnd::Failed)]), ["new", "old"]);
    let cleanup_failed = [outputs(), end(JournalEnd::Failed)];
    assert_eq!(names(Deploy, "new", &cleanup_failed), ["new", "old"]);
    let all = [outputs(), end(JournalEnd::Succeeded)];
    assert_eq!(names(Deploy, "new", &all), ["new"]);
    assert_eq!(names(Rollback, "before", &all), ["before"]);
    assert_eq!(names(Destroy, "", &[end(JournalEnd::Succeeded)]), ["old"], "something is retained");
}

/// An old object that was to be taken back, or to go, is not what it was when that was cut off: the
/// operation that takes it back must make it so.
#[test]
fn what_was_done_to_an_old_object_half_way_is_not_forgotten() {
    let mut base = state();
    base.resources.insert("A".into(), object("new"));
    base.deposed.push(DeposedObject { address: "A".into(), object: object("old") });
    let update = IntentAction::Update { key: key("old"), object: planned() };
    for action in [update, IntentAction::Delete { key: key("old"), snapshot: None }] {
        let entries = [begin(&base), intent(1, "A", action), failed(1, FailedEffect::Partial)];
        let state = fold(&base, &entries).unwrap().state;
        assert_eq!(state.resources["A"].status, ObjectStatus::Ready);
        assert_eq!(state.deposed[0].object.status, ObjectStatus::PartlyUpdated);
    }
}

/// Objects of different types may have the same physical ID.
#[test]
fn an_old_object_goes_or_comes_back_for_its_own_resource_alone() {
    let mut base = state();
    for id in ["A", "B"] {
        base.resources.insert(id.into(), object("new"));
        for old in ["old", "older"] {
            base.deposed.push(DeposedObject { address: id.into(), object: object(old) });
        }
    }
    let deposed = |action, end| {
        let state = fold(&base, &[begin(&base), intent(1, "A", action), end]).unwrap().state;
        let names = |d: &DeposedObject| format!("{} {}", d.address, d.object.physical_id);
        state.deposed.iter().map(names).collect::<Vec<_>>()
    };
    let delete = IntentAction::Delete { key: key("old"), snapshot: None };
    assert_eq!(deposed(delete, gone(1)), ["A older", "B old", "B older"]);
    let restore = IntentAction::Restore { key: key("old") };
    assert_eq!(deposed(restore, made(1, "old")), ["A older", "B old", "B older", "A new"]);

    for id in ["C", "A"] {
        let key = key(if id == "A" { "none" } else { "old" });
        let action = IntentAction::Delete { key, snapshot: None };
        let error = fold(&base, &[begin(&base), intent(1, id, action)]).unwrap_err();
        assert!(matches!(error, JournalError::NoObject { .. }), "{error}");
    }
}

/// An update may end in another object: the one that it was begun on waits to be deleted. What a
/// cursor says is kept until the operation is complete.
#[test]
fn an_update_that_ends_in_another_object_deposes_the_old_one() {
    let mut base = state();
    base.resources.insert("A".into(), object("a"));
    let update = IntentAction::Update { key: key("a"), object: planned() };
    let kind = PolledKind::Update;
    let cursor = Entry::Cursor { operation: OperationId(1), kind, cursor: "there".into() };
    let begun = vec![begin(&base), intent(1, "A", update), cursor, effect(1, "b")];
    let folded = fold(&base, &begun).unwrap();
    assert_eq!(folded.open[0].cursor, Some((kind, "there".into())));
    assert_eq!(folded.state.deposed[0].object, object("a"));
    assert_eq!(folded.state.resources["A"].status, ObjectStatus::Incomplete);

    let other = fold(&base, &[&begun[..], &[made(1, "c")]].concat());
    assert!(matches!(other, Err(JournalError::Illegal { .. })), "{other:?}");
    let folded = fold(&base, &[&begun[..], &[made(1, "b")]].concat()).unwrap();
    let other = ResourceState { token: Some("token".into()), ..object("b") };
    assert_eq!((folded.open.len(), &folded.state.resources["A"]), (0, &other));
    assert_eq!(folded.state.deposed[0].object, object("a"));
}

/// It tells an object from an earlier one of the same identifier.
#[test]
fn an_object_keeps_the_token_of_the_operation_that_made_it() {
    let mut base = state();
    let before = ResourceState { token: Some("first".into()), ..object("a") };
    base.resources.insert("A".into(), before.clone());
    let update = IntentAction::Update { key: key("a"), object: planned() };
    let updated = [begin(&base), intent(1, "A", update), made(1, "a")];
    assert_eq!(fold(&base, &updated).unwrap().state.resources["A"], before);
    let delete = IntentAction::Delete { key: key("a"), snapshot: Some("s".into()) };
    let again = [
        begin(&base),
        intent(1, "A", delete),
        gone(1),
        create(2, "A"),
        effect(2, "a"),
        made(2, "a"),
    ];
    let state = fold(&base, &again).unwrap().state;
    assert_eq!(state.resources["A"].token, Some("token".into()));
}
