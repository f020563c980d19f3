//! The laws.

use std::collections::BTreeSet;

use rstack_journal::Entry;
use rstack_model::state::State;
use rstack_model::{LockId, Serial, StackName};
use rstack_store::{LockHolder, StoreError, Unlocked, keyed_digest, parse_state};

use super::place::Place;
use crate::support::{base, begin, create, effect, holder, made, object, stack, state};

pub(crate) fn named(id: &str) -> LockHolder {
    LockHolder { id: LockId::from(id), ..holder() }
}

/// A state that has one object of this name.
fn with(base: &State, id: &str) -> State {
    let mut next = base.clone();
    next.resources.insert(id.into(), object(id));
    next
}

fn is_lost<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::LeaseLost { .. })), "{result:?}");
}

pub(crate) async fn one_holder_at_a_time(place: &dyn Place) {
    let (first, second) = (place.backend(), place.backend());
    let lease = first.acquire(&stack(), &named("one")).await.unwrap();
    let refused = second.acquire(&stack(), &named("two")).await.unwrap_err();
    let StoreError::Locked { holder: Some(found), .. } = refused else { panic!("{refused}") };
    assert_eq!(found.id, LockId::from("one"));
    lease.verify().await.unwrap();
    lease.renew().await.unwrap();
    let token = lease.fencing_token();
    lease.release().await.unwrap();
    let lease = second.acquire(&stack(), &named("two")).await.unwrap();
    assert_eq!(lease.dead_holder(), None, "the first one gave its lease back");
    assert_eq!(lease.stack(), &stack());
    if let Some(token) = token {
        assert!(lease.fencing_token().unwrap() > token);
    }
}

pub(crate) async fn records_are_read_back_in_order(place: &dyn Place) {
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &holder()).await.unwrap();
    assert_eq!(lease.read().await.unwrap().journal, None);
    let entries = [begin(&state()), create(1, "A"), effect(1, "a"), made(1, "a")];
    let journal = lease.begin(&entries[0]).await.unwrap();
    for entry in &entries[1..] {
        journal.append(entry).await.unwrap();
    }
    journal.verify().await.unwrap();
    for stored in [lease.read().await, place.backend().read(&stack()).await] {
        let stored = stored.unwrap();
        assert_eq!(stored.journal.as_deref(), Some(&entries[..]));
        assert_eq!((stored.state, stored.torn), (None, false));
    }
    assert_eq!(backend.stacks().await.unwrap(), [stack()]);
}

pub(crate) async fn concurrent_appends_are_all_kept(place: &dyn Place) {
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &holder()).await.unwrap();
    let journal = lease.begin(&begin(&state())).await.unwrap();
    let entries: Vec<Entry> = (1..=50).map(|number| create(number, "A")).collect();
    let appends = entries.iter().map(|entry| journal.append(entry));
    for appended in futures_util::future::join_all(appends).await {
        appended.unwrap();
    }
    let found = lease.read().await.unwrap().journal.unwrap();
    let text = |entry: &Entry| serde_json::to_string(entry).unwrap();
    let found: BTreeSet<String> = found[1..].iter().map(text).collect();
    assert_eq!(found, entries.iter().map(text).collect());
}

pub(crate) async fn a_run_ends_with_the_state_it_led_to(place: &dyn Place) {
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &holder()).await.unwrap();
    lease.begin(&begin(&state())).await.unwrap();
    let first = lease.publish(with(&state(), "A"), &base(&state())).await.unwrap();
    assert_eq!(first.serial, Serial(1));
    let stored = place.backend().read(&stack()).await.unwrap();
    assert_eq!((stored.state.as_ref(), stored.journal), (Some(&first), None));
    assert_eq!(stored.written.unwrap().command, "rstack apply");
    let journal = lease.begin(&begin(&first)).await.unwrap();
    journal.append(&create(1, "B")).await.unwrap();
    let stored = lease.read().await.unwrap();
    assert_eq!((stored.state, stored.journal.unwrap().len()), (Some(first), 2));
}

pub(crate) async fn a_stale_state_is_refused(place: &dyn Place) {
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &holder()).await.unwrap();
    let first = lease.publish(state(), &base(&state())).await.unwrap();
    let second = lease.publish(with(&first, "A"), &base(&first)).await.unwrap();
    let other = State { lineage: "other".into(), ..second.clone() };
    for stale in [state(), first, other] {
        let refused = lease.publish(stale.clone(), &base(&stale)).await;
        assert!(matches!(refused, Err(StoreError::Moved { .. })), "{refused:?}");
        let refused = lease.retire(stale.clone(), &base(&stale)).await;
        assert!(matches!(refused, Err(StoreError::Moved { .. })), "{refused:?}");
    }
    assert_eq!(lease.read().await.unwrap().state, Some(second));
}

pub(crate) async fn an_open_run_is_not_passed_over(place: &dyn Place) {
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &holder()).await.unwrap();
    assert!(lease.resume().await.is_err(), "there is no run");
    lease.begin(&begin(&state())).await.unwrap();
    let open = |error: StoreError| assert!(matches!(error, StoreError::OpenJournal { .. }));
    open(lease.begin(&begin(&state())).await.unwrap_err());
    open(lease.revise(state(), &base(&state())).await.unwrap_err());
    open(lease.replace(state()).await.unwrap_err());
    assert_eq!(lease.read().await.unwrap().journal.unwrap(), [begin(&state())]);
}

pub(crate) async fn what_was_cut_off_is_dropped_and_the_run_goes_on(place: &dyn Place) {
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &named("one")).await.unwrap();
    let journal = lease.begin(&begin(&state())).await.unwrap();
    journal.append(&create(1, "A")).await.unwrap();
    drop(journal);
    place.cut_off().await;
    place.die(lease).await;
    let lease = backend.acquire(&stack(), &named("two")).await.unwrap();
    let known = [begin(&state()), create(1, "A")];
    assert_eq!(lease.read().await.unwrap().journal.unwrap(), known);
    let journal = lease.resume().await.unwrap();
    journal.append(&effect(1, "a")).await.unwrap();
    let stored = place.backend().read(&stack()).await.unwrap();
    assert_eq!(stored.journal.unwrap(), [&known[..], &[effect(1, "a")]].concat());
    assert!(!stored.torn);
    let next = lease.publish(with(&state(), "A"), &base(&state())).await.unwrap();
    let stored = place.backend().read(&stack()).await.unwrap();
    assert_eq!((stored.state, stored.journal), (Some(next), None));
}

pub(crate) async fn a_later_holder_sees_every_acknowledged_record(place: &dyn Place) {
    let backend = place.backend();
    let old = backend.acquire(&stack(), &named("old")).await.unwrap();
    let journal = old.begin(&begin(&state())).await.unwrap();
    journal.append(&create(1, "A")).await.unwrap();
    place.lose().await;
    let new = place.backend().acquire(&stack(), &named("new")).await.unwrap();
    is_lost(journal.append(&create(2, "B")).await);
    let seen = [begin(&state()), create(1, "A")];
    assert_eq!(new.read().await.unwrap().journal.unwrap(), seen);
    let journal = new.resume().await.unwrap();
    journal.append(&create(3, "C")).await.unwrap();
    let seen = [&seen[..], &[create(3, "C")]].concat();
    assert_eq!(new.read().await.unwrap().journal.unwrap(), seen);
}

pub(crate) async fn a_lost_lease_refuses_every_write(place: &dyn Place) {
    let backend = place.backend();
    let old = backend.acquire(&stack(), &named("old")).await.unwrap();
    let first = old.publish(with(&state(), "A"), &base(&state())).await.unwrap();
    let journal = old.begin(&begin(&first)).await.unwrap();
    place.lose().await;
    let new = place.backend().acquire(&stack(), &named("new")).await.unwrap();
    is_lost(journal.append(&create(2, "B")).await);
    is_lost(journal.append(&create(3, "C")).await);
    is_lost(journal.verify().await);
    is_lost(old.verify().await);
    is_lost(old.renew().await);
    is_lost(old.publish(first.clone(), &base(&first)).await);
    is_lost(old.retire(first.clone(), &base(&first)).await);
    is_lost(old.begin(&begin(&first)).await);
    is_lost(old.resume().await);
    is_lost(old.release().await);
    let stored = new.read().await.unwrap();
    assert_eq!((stored.state, stored.journal.unwrap()), (Some(first.clone()), vec![begin(&first)]));
    new.publish(with(&first, "B"), &base(&first)).await.unwrap();
}

pub(crate) async fn a_retired_stack_leaves_its_history(place: &dyn Place) {
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &holder()).await.unwrap();
    assert!(backend.history(&stack()).await.unwrap().is_empty());
    let first = lease.publish(with(&state(), "A"), &base(&state())).await.unwrap();
    lease.begin(&begin(&first)).await.unwrap();
    lease
        .retire(State { resources: Default::default(), ..first.clone() }, &base(&first))
        .await
        .unwrap();
    let stored = place.backend().read(&stack()).await.unwrap();
    assert_eq!((stored.state, stored.journal), (None, None));
    assert!(backend.stacks().await.unwrap().is_empty());
    let serials = |versions: &[rstack_store::Version]| -> Vec<u64> {
        versions.iter().map(|version| version.serial.0).collect()
    };
    let history = backend.history(&stack()).await.unwrap();
    assert_eq!(serials(&history), [2, 1]);
    assert_eq!(history[1].content.as_ref().unwrap().0, first);
    // It may be made again, as another one.
    let again = State { lineage: "again".into(), ..state() };
    let again = lease.publish(again.clone(), &base(&again)).await.unwrap();
    assert_eq!(again.serial, Serial(1));
    let history = backend.history(&stack()).await.unwrap();
    assert_eq!(serials(&history), [1, 2, 1]);
    assert_eq!(history[0].content.as_ref().unwrap().0, again);
}

pub(crate) async fn ten_states_are_kept(place: &dyn Place) {
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &holder()).await.unwrap();
    let mut last = state();
    for _ in 0..13 {
        last = lease.publish(last.clone(), &base(&last)).await.unwrap();
    }
    let history = backend.history(&stack()).await.unwrap();
    let serials: Vec<u64> = history.iter().map(|version| version.serial.0).collect();
    assert_eq!(serials, (4..=13).rev().collect::<Vec<u64>>());
    assert!(history.iter().all(|version| version.content.is_ok()));
}

pub(crate) async fn a_state_is_put_in_the_place_of_any_other(place: &dyn Place) {
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &holder()).await.unwrap();
    let first = lease.revise(state(), &base(&state())).await.unwrap();
    let other = State { lineage: "other".into(), serial: Serial(8), ..with(&first, "A") };
    let put = lease.replace(other.clone()).await.unwrap();
    assert_eq!((put.serial, &put.lineage), (Serial(9), &other.lineage));
    let put = lease.replace(first).await.unwrap();
    assert_eq!(put.serial, Serial(10));
    assert_eq!(lease.read().await.unwrap().state, Some(put));
}

pub(crate) async fn a_dead_holder_is_named_and_can_be_removed(place: &dyn Place) {
    let backend = place.backend();
    let id = |id: &str| LockId::from(id);
    assert_eq!(backend.unlock(&stack(), &id("one")).await.unwrap(), Unlocked::NotHeld);
    let lease = backend.acquire(&stack(), &named("one")).await.unwrap();
    let refused = backend.unlock(&stack(), &id("one")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Locked { .. }), "{refused}");
    place.die(lease).await;
    let other = backend.unlock(&stack(), &id("two")).await.unwrap();
    assert_eq!(other, Unlocked::Other(named("one")));
    let lease = backend.acquire(&stack(), &named("two")).await.unwrap();
    assert_eq!(lease.dead_holder(), Some(&named("one")));
    place.die(lease).await;
    let dead = backend.unlock(&stack(), &id("two")).await.unwrap();
    assert_eq!(dead, Unlocked::Dead(named("two")));
    assert_eq!(backend.unlock(&stack(), &id("two")).await.unwrap(), Unlocked::NotHeld);
    let lease = backend.acquire(&stack(), &named("three")).await.unwrap();
    assert_eq!(lease.dead_holder(), None);
}

pub(crate) async fn stacks_are_apart(place: &dyn Place) {
    let backend = place.backend();
    assert!(backend.stacks().await.unwrap().is_empty());
    let other = StackName::parse("Live-2").unwrap();
    let one = backend.acquire(&stack(), &named("one")).await.unwrap();
    let two = backend.acquire(&other, &named("two")).await.unwrap();
    let here = one.publish(state(), &base(&state())).await.unwrap();
    let there = State { stack: other.clone(), ..state() };
    let there = two.publish(there.clone(), &base(&there)).await.unwrap();
    assert_eq!(backend.stacks().await.unwrap(), [stack(), other.clone()]);
    assert_eq!(backend.read(&stack()).await.unwrap().state, Some(here.clone()));
    assert_eq!(backend.read(&other).await.unwrap().state, Some(there));
    one.retire(here.clone(), &base(&here)).await.unwrap();
    assert_eq!(backend.stacks().await.unwrap(), [other]);
}

pub(crate) async fn the_key_of_digests_stays(place: &dyn Place) {
    let secret = rstack_model::SecretString::new("secret".to_owned());
    let (one, two) = (place.backend(), place.backend());
    let digest = keyed_digest(&one.digest_key().await.unwrap(), &secret);
    assert_eq!(keyed_digest(&two.digest_key().await.unwrap(), &secret), digest);
    assert_eq!(digest.len(), 64);
}

/// The bytes of the present state are those that are kept, and a stack without an open run has a state.
pub(crate) async fn a_copy_is_the_present_state(place: &dyn Place) {
    let backend = place.backend();
    assert_eq!(backend.copy(&stack()).await.unwrap(), None);
    let lease = backend.acquire(&stack(), &holder()).await.unwrap();
    assert_eq!(lease.state_without_run().await.unwrap(), None);
    let first = lease.publish(with(&state(), "A"), &base(&state())).await.unwrap();
    let copy = || async { place.backend().copy(&stack()).await.unwrap().unwrap() };
    assert_eq!(parse_state("copy", &copy().await, &stack()).unwrap(), first);
    assert_eq!(lease.state_without_run().await.unwrap().as_ref(), Some(&first));
    let journal = lease.begin(&begin(&first)).await.unwrap();
    let open = lease.state_without_run().await;
    assert!(matches!(open, Err(StoreError::OpenJournal { .. })), "{open:?}");
    assert_eq!(parse_state("copy", &copy().await, &stack()).unwrap(), first);
    drop(journal);
    let second = lease.publish(with(&first, "B"), &base(&first)).await.unwrap();
    assert_eq!(parse_state("copy", &copy().await, &stack()).unwrap(), second);
    assert_eq!(lease.state_without_run().await.unwrap(), Some(second));
}
