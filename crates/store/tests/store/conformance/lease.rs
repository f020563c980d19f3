//! The lease in an object store, and what a damaged store is refused for.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use rstack_store::{StateBackend, StoreError};

use super::injector::{Strike, Struck};
use super::laws::named;
use super::place::{LEASE, ObjectPlace, Place};
use crate::support::{base, begin, create, stack, state};

async fn names(place: &ObjectPlace, folder: &str) -> Vec<String> {
    let found = place.memory.list(Some(&Path::from(folder)));
    found.map(|meta| meta.unwrap().location.to_string()).collect().await
}

async fn text(place: &ObjectPlace, path: &str) -> String {
    let bytes = place.memory.get(&Path::from(path)).await.unwrap().bytes().await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn put(place: &ObjectPlace, path: &str, text: String) {
    place.memory.put(&Path::from(path), PutPayload::from(text)).await.unwrap();
}

#[tokio::test]
async fn writing_renews_a_lease_when_half_of_its_time_has_passed() {
    let place = ObjectPlace::new();
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &named("one")).await.unwrap();
    assert_eq!(lease.renew_within(), Some(LEASE / 2));
    let journal = lease.begin(&begin(&state())).await.unwrap();
    let before = text(&place, "stacks/Live/lease").await;
    place.clock.pass(LEASE / 2 - Duration::from_millis(1));
    journal.append(&create(1, "A")).await.unwrap();
    assert_eq!(text(&place, "stacks/Live/lease").await, before, "it is not due");
    for number in 2..10 {
        place.clock.pass(LEASE / 2);
        journal.append(&create(number, "A")).await.unwrap();
        let locked = place.backend().acquire(&stack(), &named("two")).await.unwrap_err();
        assert!(matches!(locked, StoreError::Locked { .. }), "{locked}");
    }
    // While nothing is written it is renewed by the caller that waits.
    place.clock.pass(LEASE / 2);
    lease.renew().await.unwrap();
    place.clock.pass(LEASE - Duration::from_millis(1));
    assert!(place.backend().acquire(&stack(), &named("two")).await.is_err());
    place.clock.pass(Duration::from_millis(1));
    assert!(place.backend().acquire(&stack(), &named("two")).await.is_ok());
}

/// No other process was faster: the holder is still the last one, and goes on.
#[tokio::test]
async fn a_lease_that_expired_and_was_not_taken_over_goes_on() {
    let place = ObjectPlace::new();
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &named("one")).await.unwrap();
    let journal = lease.begin(&begin(&state())).await.unwrap();
    place.clock.pass(LEASE * 3);
    journal.append(&create(1, "A")).await.unwrap();
    lease.publish(state(), &base(&state())).await.unwrap();
}

/// A lost lease object does not give a token out again: the pointer remembers it.
#[tokio::test]
async fn tokens_are_higher_even_if_the_lease_object_is_lost() {
    let place = ObjectPlace::new();
    let backend = place.backend();
    let old = backend.acquire(&stack(), &named("one")).await.unwrap();
    place.memory.delete(&Path::from("stacks/Live/lease")).await.unwrap();
    let new = backend.acquire(&stack(), &named("two")).await.unwrap();
    assert!(new.fencing_token() > old.fencing_token());
    let lost = old.publish(state(), &base(&state())).await.unwrap_err();
    assert!(matches!(lost, StoreError::LeaseLost { .. }), "{lost}");
    new.publish(state(), &base(&state())).await.unwrap();
}

/// Records that queue up while an object is written are written in one.
#[tokio::test]
async fn concurrent_appends_share_objects() {
    let place = ObjectPlace::new();
    let store = Struck::new(&place.memory, usize::MAX, Strike::MeanwhileBefore);
    let backend = place.over(Arc::clone(&store) as Arc<dyn ObjectStore>);
    let lease = backend.acquire(&stack(), &named("one")).await.unwrap();
    let journal = lease.begin(&begin(&state())).await.unwrap();
    store.meanwhile(Box::new(|| Box::pin(tokio::task::yield_now())));
    store.strike_next();
    let entries: Vec<_> = (1..=50).map(|number| create(number, "A")).collect();
    futures_util::future::join_all(entries.iter().map(|entry| journal.append(entry))).await;
    assert_eq!(lease.read().await.unwrap().journal.unwrap().len(), 51);
    assert_eq!(names(&place, "stacks/Live/journal").await.len(), 3);
}

/// An append that is cancelled while its object is written leaves nothing undone for the next one,
/// whether the object was written or not.
#[tokio::test]
async fn a_cancelled_append_is_written_by_the_next_one() {
    for strike in [Strike::MeanwhileBefore, Strike::MeanwhileAfter] {
        let place = ObjectPlace::new();
        let store = Struck::new(&place.memory, usize::MAX, strike);
        let backend = place.over(Arc::clone(&store) as Arc<dyn ObjectStore>);
        let lease = backend.acquire(&stack(), &named("one")).await.unwrap();
        let journal = lease.begin(&begin(&state())).await.unwrap();
        store.meanwhile(Box::new(|| Box::pin(std::future::pending())));
        store.strike_next();
        let entry = create(1, "A");
        let mut append = Box::pin(journal.append(&entry));
        assert!(futures_util::poll!(append.as_mut()).is_pending());
        drop(append);
        journal.append(&create(2, "B")).await.unwrap();
        let found = lease.read().await.unwrap().journal.unwrap();
        assert_eq!(found, [begin(&state()), create(1, "A"), create(2, "B")], "{strike:?}");
    }
}

#[tokio::test]
async fn what_no_pointer_names_is_removed_with_the_next_state() {
    let place = ObjectPlace::new();
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &named("one")).await.unwrap();
    lease.begin(&begin(&state())).await.unwrap();
    place.cut_off().await;
    let theirs = "stacks/Live/state/00000001-00000009-000000000000.json";
    put(&place, theirs, "{}".to_owned()).await;
    let next = lease.publish(state(), &base(&state())).await.unwrap();
    assert!(names(&place, "stacks/Live/journal").await.is_empty());
    let left = names(&place, "stacks/Live/state").await;
    assert_eq!(left.len(), 2, "the state, and that of a later holder: {left:?}");
    assert!(left.iter().any(|name| name == theirs));
    assert_eq!(backend.read(&stack()).await.unwrap().state, Some(next));
}

/// A record that an earlier holder has written behind one of a later holder is not believed; nor is a
/// journal of which an object is missing or changed, or a state that was changed.
#[tokio::test]
async fn damage_is_refused() {
    let place = ObjectPlace::new();
    let backend = place.backend();
    let lease = backend.acquire(&stack(), &named("one")).await.unwrap();
    lease.publish(state(), &base(&state())).await.unwrap();
    place.die(lease).await;
    let lease = backend.acquire(&stack(), &named("two")).await.unwrap();
    let now = lease.read().await.unwrap().state.unwrap();
    let journal = lease.begin(&begin(&now)).await.unwrap();
    for number in 1..=3 {
        journal.append(&create(number, "A")).await.unwrap();
    }
    let records = names(&place, "stacks/Live/journal").await;
    assert_eq!(records.len(), 4);
    let refused = async |path: &str, bad: String, what: &str| {
        let whole = text(&place, path).await;
        assert_ne!(whole, bad);
        put(&place, path, bad).await;
        let error = backend.read(&stack()).await.unwrap_err();
        let found = error.to_string();
        assert!(found.contains(what) && found.contains("memory:stacks/Live/"), "{found}");
        put(&place, path, whole).await;
        backend.read(&stack()).await.unwrap();
    };
    let last = text(&place, &records[3]).await;
    assert!(last.starts_with("{\"format\":1,\"token\":2}"), "{last}");
    refused(&records[3], last.replace("\"token\":2}", "\"token\":1}"), "behind one of token 2")
        .await;
    refused(&records[3], last.replacen("\"format\":1", "\"format\":2", 1), "newer").await;
    refused(&records[2], last.replace("\"A\"", "\"B\""), "is damaged").await;
    refused(&records[3], last[..last.len() - 9].to_owned(), "a part of it is missing").await;
    let states = names(&place, "stacks/Live/state").await;
    let content = text(&place, &states[0]).await;
    refused(&states[0], content.replace("eu-west-1", "eu-west-2"), "checksum").await;
    let pointer = text(&place, "stacks/Live/current").await;
    refused("stacks/Live/current", pointer.replace("\"format\":1", "\"format\":2"), "format 2")
        .await;
    refused("stacks/Live/current", pointer.replace("\"serial\":1", "\"serial\":2"), "serial 2")
        .await;
    place.memory.delete(&Path::from(records[1].as_str())).await.unwrap();
    let error = backend.read(&stack()).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("00000001.json"), "{error}");
    assert!(matches!(lease.resume().await, Err(StoreError::Damaged { .. })));
}
