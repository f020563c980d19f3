//! A run in an object store that is struck at every call: by a failure, a lost answer, a death, or by
//! another process that takes the lease over.

use std::sync::{Arc, Mutex};

use object_store::ObjectStore;
use rstack_journal::Entry;
use rstack_model::state::State;
use rstack_store::{Lease, ObjectStateStore, StateBackend, StoreError};

use super::injector::{Strike, Struck};
use super::laws::named;
use super::place::{LEASE, ObjectPlace, Place, StandingClock};
use crate::support::{base, begin, create, effect, made, object, stack, state};

/// More calls than any of the lives here makes.
const MOST: usize = 200;

/// The writes that were acknowledged to a life.
#[derive(Clone, Debug, Default)]
struct Told {
    /// The records that were acknowledged.
    records: Vec<Entry>,
    /// The state that was published last.
    state: Option<State>,
    /// True if a run was open when that was published.
    published: bool,
}

fn with(base: &State, id: &str) -> State {
    let mut next = base.clone();
    next.resources.insert(id.into(), object(id));
    next
}

/// The state that every life begins with.
async fn first(place: &ObjectPlace) -> State {
    let lease = place.backend().acquire(&stack(), &named("first")).await.unwrap();
    let first = lease.publish(with(&state(), "Z"), &base(&state())).await.unwrap();
    lease.release().await.unwrap();
    first
}

fn entries(state: &State) -> [Entry; 4] {
    [begin(state), create(1, "A"), effect(1, "a"), made(1, "a")]
}

/// A whole life: acquire, begin, append, publish, release. Each acknowledgement is recorded as it
/// comes.
async fn live(
    backend: &ObjectStateStore,
    first: &State,
    told: &Mutex<Told>,
) -> Result<(), StoreError> {
    let lease = backend.acquire(&stack(), &named("old")).await?;
    work(lease.as_ref(), first, told).await?;
    lease.release().await
}

async fn work(lease: &dyn Lease, first: &State, told: &Mutex<Told>) -> Result<(), StoreError> {
    lease.read().await?;
    let entries = entries(first);
    let journal = lease.begin(&entries[0]).await?;
    told.lock().unwrap().records.push(entries[0].clone());
    for entry in &entries[1..] {
        journal.append(entry).await?;
        told.lock().unwrap().records.push(entry.clone());
    }
    let next = lease.publish(with(first, "A"), &base(first)).await?;
    let mut told = told.lock().unwrap();
    (told.state, told.published) = (Some(next), true);
    Ok(())
}

/// A later process finds everything that was acknowledged, and nothing that was never written;
/// and it can finish.
async fn finish(backend: &dyn StateBackend, first: &State, told: &Told, why: &str) -> State {
    let lease = backend.acquire(&stack(), &named("new")).await.expect(why);
    let stored = lease.read().await.expect(why);
    let present = stored.state.expect(why);
    if told.published {
        assert_eq!(Some(&present), told.state.as_ref(), "{why}");
    }
    let last = match stored.journal {
        Some(records) => {
            assert_eq!(&present, first, "{why}");
            assert!(records.starts_with(&told.records), "{why}: {records:?}");
            assert!(entries(first).starts_with(&records), "{why}: {records:?}");
            let journal = lease.resume().await.expect(why);
            journal.append(&create(9, "B")).await.expect(why);
            let expected = [&records[..], &[create(9, "B")]].concat();
            assert_eq!(lease.read().await.expect(why).journal, Some(expected), "{why}");
            lease.publish(with(first, "B"), &base(first)).await.expect(why)
        }
        // The run was published, or never begun.
        None if present == *first => {
            assert!(told.records.is_empty(), "{why}");
            lease.publish(with(first, "B"), &base(first)).await.expect(why)
        }
        None => {
            assert_eq!(present.resources, with(first, "A").resources, "{why}");
            present
        }
    };
    let stored = lease.read().await.expect(why);
    assert_eq!((stored.state, stored.journal), (Some(last.clone()), None), "{why}");
    for version in backend.history(&stack()).await.expect(why) {
        assert!(version.content.is_ok(), "{why}: {version:?}");
    }
    last
}

/// Strikes a life at each of its calls in turn; how many there were.
async fn at_every_call(strike: Strike, survives: bool) -> usize {
    for at in 0..MOST {
        let place = ObjectPlace::new();
        let first = first(&place).await;
        let store = Struck::new(&place.memory, at, strike);
        let backend = place.over(Arc::clone(&store) as Arc<dyn ObjectStore>);
        let told = Mutex::default();
        let lived = live(&backend, &first, &told).await;
        let why = format!("{strike:?} at call {at}: {lived:?}");
        if !store.was_struck() {
            lived.expect(&why);
            return at;
        }
        // A write that failed is looked after. Only a read that fails is reported.
        if survives && let Err(error) = &lived {
            assert!(matches!(error, StoreError::Io { .. }), "{why}");
        }
        place.clock.pass(LEASE);
        let told = told.into_inner().unwrap();
        finish(place.backend().as_ref(), &first, &told, &why).await;
    }
    panic!("more than {MOST} calls");
}

#[tokio::test]
async fn a_call_that_fails_loses_nothing() {
    assert!(at_every_call(Strike::Fail, true).await > 20);
}

#[tokio::test]
async fn an_answer_that_is_lost_loses_nothing() {
    assert!(at_every_call(Strike::LoseAnswer, true).await > 20);
}

#[tokio::test]
async fn a_process_may_die_at_every_call() {
    assert!(at_every_call(Strike::DieBefore, false).await > 20);
    assert!(at_every_call(Strike::DieAfter, false).await > 20);
}

/// A write whose failure is reported, or whose answer is lost, is found to be made or is made again.
#[tokio::test]
async fn no_write_fails_for_one_lost_answer() {
    let (mut writes, mut survived) = (0, 0);
    for strike in [Strike::Fail, Strike::LoseAnswer] {
        for at in 0..MOST {
            let place = ObjectPlace::new();
            let first = first(&place).await;
            let store = Struck::new(&place.memory, at, strike);
            let backend = place.over(Arc::clone(&store) as Arc<dyn ObjectStore>);
            let told = Mutex::default();
            let lived = live(&backend, &first, &told).await;
            if !store.was_struck() {
                break;
            }
            match lived {
                Ok(()) => survived += 1,
                Err(StoreError::Io { operation, .. }) => {
                    assert_ne!(operation, "write", "{strike:?} at call {at}");
                }
                Err(error) => panic!("{strike:?} at call {at}: {error}"),
            }
            writes += 1;
        }
    }
    assert!(survived > 20 && writes > survived, "{survived} of {writes}");
}

/// The clocks of two machines.
#[derive(Clone, Copy, Debug)]
enum Clocks {
    /// They agree.
    Same,
    /// The other one is fast: a lease that its holder believes to have has expired there.
    Fast,
}

const FOLLOWED: [(Strike, Clocks); 4] = [
    (Strike::MeanwhileBefore, Clocks::Same),
    (Strike::MeanwhileAfter, Clocks::Same),
    (Strike::MeanwhileBefore, Clocks::Fast),
    (Strike::MeanwhileAfter, Clocks::Fast),
];

/// The backend of another process, for which the present lease has expired, and the clock that has to
/// pass for that.
fn other(place: &ObjectPlace, clocks: Clocks) -> (ObjectStateStore, Arc<StandingClock>) {
    let clock = match clocks {
        Clocks::Same => Arc::clone(&place.clock),
        Clocks::Fast => Arc::new(place.clock.copy()),
    };
    (place.by(&clock, Arc::clone(&place.memory) as Arc<dyn ObjectStore>), clock)
}

/// At every call of a holder whose lease has expired another one takes over and finishes. The first
/// one cannot write any more, and what it has published stays.
#[tokio::test]
async fn a_holder_may_be_followed_at_every_call() {
    for (strike, clocks) in FOLLOWED {
        let (mut lost, mut calls) = (0, 0);
        for at in 0..MOST {
            let place = ObjectPlace::new();
            let first = first(&place).await;
            let store = Struck::new(&place.memory, at, strike);
            let backend = place.over(Arc::clone(&store) as Arc<dyn ObjectStore>);
            let told = Arc::new(Mutex::new(Told::default()));
            let last = Last::default();
            {
                let (other, clock) = other(&place, clocks);
                let (told, last, first) = (Arc::clone(&told), Arc::clone(&last), first.clone());
                store.meanwhile(Box::new(move || {
                    Box::pin(async move {
                        clock.pass(LEASE);
                        let told = told.lock().unwrap().clone();
                        let state = finish(&other, &first, &told, "the other one").await;
                        *last.lock().unwrap() = Some((state, told));
                    })
                }));
            }
            let lived = live(&backend, &first, &told).await;
            let why = format!("{strike:?}, {clocks:?}, at call {at}: {lived:?}");
            if !store.was_struck() {
                lived.expect(&why);
                calls = at;
                break;
            }
            // At a listing or a removal nothing happens meanwhile.
            let Some((state, before)) = last.lock().unwrap().clone() else { continue };
            lost += usize::from(matches!(lived, Err(StoreError::LeaseLost { .. })));
            // What the other one left is what is there.
            let stored = place.backend().read(&stack()).await.expect(&why);
            assert_eq!((stored.state.as_ref(), stored.journal), (Some(&state), None), "{why}");
            // Of what was still acknowledged to the first one, only the record that was under way.
            let told = told.lock().unwrap().clone();
            assert!(told.records.len() <= before.records.len() + 1, "{why}");
            if told.published {
                assert_eq!(told.state.as_ref(), Some(&state), "{why}");
            }
            for version in place.backend().history(&stack()).await.expect(&why) {
                assert!(version.content.is_ok(), "{why}: {version:?}");
            }
        }
        assert!(calls > 20 && lost > 10, "{strike:?}, {clocks:?}: lost {lost} of {calls}");
    }
}

type Last = Arc<Mutex<Option<(State, Told)>>>;

/// At every call of a holder that takes over an open run, yet another one takes it over from there and
/// reads it. Whatever the one before still does: all that it is acknowledged has been read, and the
/// later one goes on with its journal as it has read it.
#[tokio::test]
async fn a_holder_may_be_followed_while_it_takes_over() {
    for (strike, clocks) in FOLLOWED {
        let mut calls = 0;
        for at in 0..MOST {
            let place = ObjectPlace::new();
            let first = first(&place).await;
            let lease = place.backend().acquire(&stack(), &named("dead")).await.unwrap();
            let journal = lease.begin(&begin(&first)).await.unwrap();
            journal.append(&create(1, "A")).await.unwrap();
            place.die(lease).await;
            let known = [begin(&first), create(1, "A")];

            let store = Struck::new(&place.memory, at, strike);
            let backend = place.over(Arc::clone(&store) as Arc<dyn ObjectStore>);
            let told = Mutex::new(Told { records: known.to_vec(), ..Told::default() });
            let later = Arc::new(Mutex::new(None));
            {
                let ((other, clock), later) = (other(&place, clocks), Arc::clone(&later));
                store.meanwhile(Box::new(move || {
                    Box::pin(async move {
                        clock.pass(LEASE);
                        let lease = other.acquire(&stack(), &named("new")).await.unwrap();
                        let read = lease.read().await.unwrap().journal.unwrap();
                        let journal = lease.resume().await.unwrap();
                        *later.lock().unwrap() = Some((lease, journal, read));
                    })
                }));
            }
            let lived = go_on(&backend, &told).await;
            let why = format!("{strike:?}, {clocks:?}, at call {at}: {lived:?}");
            if !store.was_struck() {
                lived.expect(&why);
                calls = at;
                break;
            }
            let told = told.into_inner().unwrap();
            let Some((lease, journal, read)) = later.lock().unwrap().take() else { continue };
            assert!(read.starts_with(&told.records), "{why}: {read:?}");
            journal.append(&create(9, "B")).await.expect(&why);
            let expected = [&read[..], &[create(9, "B")]].concat();
            assert_eq!(lease.read().await.expect(&why).journal, Some(expected), "{why}");
            let next = lease.publish(with(&first, "B"), &base(&first)).await.expect(&why);
            let stored = place.backend().read(&stack()).await.expect(&why);
            assert_eq!((stored.state, stored.journal), (Some(next), None), "{why}");
        }
        assert!(calls > 15, "{strike:?}, {clocks:?}: {calls}");
    }
}

/// Takes an open run over and goes on with it.
async fn go_on(backend: &ObjectStateStore, told: &Mutex<Told>) -> Result<(), StoreError> {
    let lease = backend.acquire(&stack(), &named("old")).await?;
    let journal = lease.resume().await?;
    for entry in [create(2, "B"), effect(2, "b"), made(2, "b")] {
        journal.append(&entry).await?;
        told.lock().unwrap().records.push(entry);
    }
    Ok(())
}
