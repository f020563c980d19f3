//! Edits of states, on files and in an object store.
#![cfg(test)]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use object_store::memory::InMemory;
use rstack_journal::{Entry, ReviseError};
use rstack_model::desired::RemovalPolicy;
use rstack_model::plan::{PlanBase, PlanMode};
use rstack_model::state::{Environment, ObjectStatus, ResourceState, State};
use rstack_model::{Address, Digest, Serial, StackName, ValueMap};
use rstack_ops::{
    EditError, EditFrontEnd, EditReview, Holder, Move, Record, Replacement, States, forget,
    move_resource, rename, replace_state,
};
use rstack_store::object::Timestamp;
use rstack_store::{ObjectStateStore, StateStore, StoreError};

const LEASE: Duration = Duration::from_secs(60);

/// The time that leases expire by. A sleep lasts until it has passed.
#[derive(Clone, Debug, Default)]
struct Time(Arc<AtomicU64>);

impl Time {
    fn pass(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl rstack_store::object::Clock for Time {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl rstack_apply::Clock for Time {
    async fn sleep(&self, duration: Duration) {
        let until = rstack_store::object::Clock::now(self).after(duration);
        while rstack_store::object::Clock::now(self) < until {
            tokio::task::yield_now().await;
        }
    }
}

struct Place {
    states: States,
    time: Time,
    _directory: Option<tempfile::TempDir>,
}

impl Place {
    fn files() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let backend = Arc::new(StateStore::open(directory.path()).unwrap());
        let time = Time::default();
        let states = States { backend, clock: Arc::new(time.clone()) };
        Self { states, time, _directory: Some(directory) }
    }

    fn objects() -> Self {
        let time = Time::default();
        let (store, clock) = (Arc::new(InMemory::new()), Arc::new(time.clone()));
        let backend = ObjectStateStore::new(store, "memory:", "stacks", clock).leasing_for(LEASE);
        let states = States { backend: Arc::new(backend), clock: Arc::new(time.clone()) };
        Self { states, time, _directory: None }
    }

    /// With a state of two resources, of which `B` depends on `A`.
    async fn filled(self) -> (Self, State) {
        let mut state = State::empty("lineage".into(), live(), environment("eu-west-1"));
        let base = PlanBase { lineage: state.lineage.clone(), serial: state.serial };
        state.resources.insert("A".into(), object("a", []));
        state.resources.insert("B".into(), object("b", ["A".into()]));
        let lease = self.states.backend.acquire(&live(), &holder()).await.unwrap();
        let state = lease.revise(state, &base).await.unwrap();
        lease.release().await.unwrap();
        (self, state)
    }

    async fn record(&self, stack: &StackName) -> Record {
        self.states.backend.read(stack).await.unwrap()
    }

    async fn state(&self, stack: &StackName) -> State {
        self.record(stack).await.state.unwrap()
    }
}

/// Runs a test on each kind of store.
fn on_both<T: Future<Output = ()>>(test: impl Fn(Place) -> T) {
    for place in [Place::files(), Place::objects()] {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(test(place));
    }
}

fn live() -> StackName {
    StackName::parse("Live").unwrap()
}

fn other() -> StackName {
    StackName::parse("Other").unwrap()
}

fn environment(region: &str) -> Environment {
    let (account, partition) = ("111122223333".into(), "aws".into());
    Environment { account, region: region.into(), partition, sandbox: false }
}

fn holder() -> Holder {
    let (host, user) = ("host".into(), "user".into());
    let (command, since) = ("test".into(), "now".into());
    Holder { id: "lock".into(), pid: 1, host, user, command, since }
}

fn object(id: &str, dependencies: impl IntoIterator<Item = Address>) -> ResourceState {
    ResourceState {
        resource_type: "Test::Thing".into(),
        identifier: id.into(),
        physical_id: id.into(),
        status: ObjectStatus::Ready,
        properties: ValueMap::new(),
        in_doubt: Vec::new(),
        attributes: ValueMap::new(),
        dependencies: dependencies.into_iter().collect(),
        deletion_policy: RemovalPolicy::Delete,
        update_replace_policy: RemovalPolicy::Delete,
        secret_versions: BTreeMap::new(),
        driver: "test".into(),
        cursor: None,
        token: None,
    }
}

/// A front end that notes the questions, and gives one answer to all.
struct Answers {
    answer: bool,
    asked: RefCell<Vec<String>>,
}

impl Answers {
    fn new(answer: bool) -> Self {
        Self { answer, asked: RefCell::default() }
    }
}

impl EditFrontEnd for Answers {
    type Error = EditError;

    async fn confirm(&self, edit: &EditReview<'_>) -> Result<bool, EditError> {
        let text = match edit {
            EditReview::Forget { taken, dependants, .. } => {
                let taken: Vec<&str> = taken.iter().map(|(id, _)| id.as_str()).collect();
                let users = dependants.iter().map(|(id, of)| format!("{id} of {of}"));
                format!("forget {taken:?} {:?}", users.collect::<Vec<_>>())
            }
            EditReview::Move { moved, dependants } => {
                format!("move {} {:?}", moved.address, dependants)
            }
            EditReview::Replace { present, new, .. } => {
                format!("replace {:?} by {}", present.map(|present| present.serial), new.serial)
            }
        };
        self.asked.borrow_mut().push(text);
        Ok(self.answer)
    }
}

/// Makes every edit there is.
async fn edit_all<F: EditFrontEnd<Error = EditError>>(
    place: &Place,
    state: &State,
    front: &F,
) -> Vec<Result<bool, EditError>> {
    let (stack, states, other) = (&live(), &place.states, &other());
    let (a, c, holder) = (&Address::from("A"), &Address::from("C"), &holder());
    let moved =
        Move { from: stack, address: a, to: other, new_address: c, lineage: "other".into() };
    let (location, given) = ("file".into(), Box::new(state.clone()));
    let given = Replacement::Given { state: given, location, force: false };
    let kept = Replacement::Kept(state.serial);
    let ids = BTreeSet::from([a.clone()]);
    vec![
        forget(states, stack, &ids, holder, front).await.map(|done| done.is_some()),
        move_resource(states, &moved, holder, front).await.map(|done| done.is_some()),
        replace_state(states, stack, (&given, false), holder, front).await.map(|it| it.is_some()),
        replace_state(states, stack, (&kept, false), holder, front).await.map(|it| it.is_some()),
    ]
}

#[test]
fn a_resource_is_renamed_and_forgotten() {
    on_both(async |place| {
        let (place, before) = place.filled().await;
        let (front, stack, states) = (Answers::new(true), live(), place.states.clone());
        let names = (&Address::from("A"), &Address::from("First"));
        let renamed = rename(&states, &stack, names, &holder(), &front).await.unwrap();
        assert_eq!(renamed.serial, Serial(2));
        assert_eq!(renamed.resources["First"], before.resources["A"]);
        assert!(renamed.resources["B"].dependencies.contains("First"));
        assert!(front.asked.take().is_empty(), "a rename forgets nothing");
        let names = (&Address::from("B"), &Address::from("First"));
        let taken = rename(&states, &stack, names, &holder(), &front).await;
        assert!(matches!(taken, Err(EditError::Revise(ReviseError::Exists { .. }))), "{taken:?}");

        let ids = BTreeSet::from(["First".into(), "None".into()]);
        let unknown = forget(&states, &stack, &ids, &holder(), &front).await;
        let Err(EditError::Revise(ReviseError::NoResource { .. })) = unknown else {
            panic!("{unknown:?}")
        };
        let ids = BTreeSet::from(["First".into()]);
        let forgotten = forget(&states, &stack, &ids, &holder(), &front).await.unwrap();
        assert_eq!(front.asked.take(), ["forget [\"First\"] [\"B of First\"]"]);
        assert_eq!(forgotten, Some(place.state(&stack).await));
        assert_eq!(place.state(&stack).await.resources.len(), 1);

        let none = forget(&states, &other(), &ids, &holder(), &front).await;
        assert!(matches!(none, Err(EditError::NoState { .. })), "{none:?}");
    });
}

#[test]
fn a_resource_moves_and_a_move_that_was_cut_off_is_finished() {
    on_both(async |place| {
        let (place, before) = place.filled().await;
        let (front, stack, to) = (Answers::new(true), live(), other());
        let (address, new_address) = (&"A".into(), &"Moved".into());
        let moved = Move { from: &stack, address, to: &to, new_address, lineage: "other".into() };
        let first = move_resource(&place.states, &moved, &holder(), &front).await.unwrap();
        assert_eq!(front.asked.take(), ["move A [Address(\"B\")]"]);
        assert_eq!(first, Some(place.state(&stack).await));
        let there = place.state(&to).await;
        assert_eq!(there.resources["Moved"].key(), before.resources["A"].key());
        assert_eq!((there.lineage.as_str(), there.serial), ("other", Serial(1)));

        // The process died before the first stack knew.
        let lease = place.states.backend.acquire(&stack, &holder()).await.unwrap();
        lease.replace(before).await.unwrap();
        lease.release().await.unwrap();
        move_resource(&place.states, &moved, &holder(), &front).await.unwrap();
        assert_eq!(place.state(&to).await, there, "it was there");
        assert!(!place.state(&stack).await.resources.contains_key("A"));

        // A stack of another Region takes none.
        let mut far = State::empty("far".into(), to.clone(), environment("us-east-1"));
        far.serial = there.serial;
        let lease = place.states.backend.acquire(&to, &holder()).await.unwrap();
        lease.replace(far).await.unwrap();
        lease.release().await.unwrap();
        let moved = Move { address: &"B".into(), ..moved };
        let refused = move_resource(&place.states, &moved, &holder(), &front).await;
        assert!(matches!(refused, Err(EditError::OtherEnvironment { .. })), "{refused:?}");
        assert!(place.state(&stack).await.resources.contains_key("B"));
    });
}

#[test]
fn a_state_is_replaced_by_one_that_fits() {
    on_both(async |place| {
        let (place, before) = place.filled().await;
        let (front, stack, states) = (Answers::new(true), live(), place.states.clone());
        let replace = async |replacement: &Replacement| {
            replace_state(&states, &stack, (replacement, false), &holder(), &front).await
        };
        let given = |state: State, force| {
            let (state, location) = (Box::new(state), "file".into());
            Replacement::Given { state, location, force }
        };
        let ids = BTreeSet::from(["B".into()]);
        forget(&states, &stack, &ids, &holder(), &front).await.unwrap();
        front.asked.take();

        let older = replace(&given(before.clone(), false)).await;
        assert!(matches!(older, Err(EditError::Older { .. })), "{older:?}");
        let line = replace(&given(State { lineage: "x".into(), ..before.clone() }, false)).await;
        assert!(matches!(line, Err(EditError::Lineage { .. })), "{line:?}");
        let far = State { environment: environment("us-east-1"), ..before.clone() };
        let far = replace(&given(far, true)).await;
        let Err(EditError::StateOfOtherEnvironment { .. }) = far else { panic!("{far:?}") };
        let none = replace(&Replacement::Kept(Serial(9))).await;
        assert!(matches!(none, Err(EditError::NotKept { .. })), "{none:?}");
        assert!(front.asked.take().is_empty(), "a refused edit asks nothing");

        let replaced = replace(&Replacement::Kept(Serial(1))).await.unwrap().unwrap();
        assert_eq!(front.asked.take(), ["replace Some(Serial(2)) by 1"]);
        assert_eq!((replaced.serial, replaced.kept_present), (Serial(1), true));
        assert_eq!(replaced.state, State { serial: Serial(3), ..before.clone() });
        let forced = replace(&given(before.clone(), true)).await.unwrap().unwrap();
        assert_eq!(place.state(&stack).await, forced.state);
        assert_eq!(forced.state.serial, Serial(4));
    });
}

#[test]
fn an_edit_that_is_declined_changes_nothing() {
    on_both(async |place| {
        let (place, state) = place.filled().await;
        for edit in edit_all(&place, &state, &Answers::new(false)).await {
            assert!(matches!(edit, Ok(false)), "{edit:?}");
        }
        assert_eq!(place.state(&live()).await, state);
        assert_eq!(place.record(&other()).await, Record::default());
    });
}

#[test]
fn an_open_run_refuses_every_edit() {
    on_both(async |place| {
        let (place, state) = place.filled().await;
        let lease = place.states.backend.acquire(&live(), &holder()).await.unwrap();
        let begin = Entry::Begin {
            mode: PlanMode::Deploy,
            base: PlanBase { lineage: state.lineage.clone(), serial: state.serial },
            plan_digest: Digest::of(b"plan"),
            stack: live(),
            environment: state.environment.clone(),
            template_digest: None,
            parameters: ValueMap::new(),
            imports: Default::default(),
            given: Default::default(),
            termination_protection: false,
            keeps_former: false,
        };
        drop(lease.begin(&begin).await.unwrap());
        lease.release().await.unwrap();
        let front = Answers::new(true);
        let mut edits = edit_all(&place, &state, &front).await;
        let names = (&Address::from("A"), &Address::from("C"));
        let renamed = rename(&place.states, &live(), names, &holder(), &front).await;
        edits.push(renamed.map(|_| true));
        for edit in edits {
            let Err(EditError::State(StoreError::OpenJournal { .. })) = edit else {
                panic!("{edit:?}")
            };
        }
        assert!(front.asked.take().is_empty(), "a refused edit asks nothing");
        let record = place.record(&live()).await;
        assert_eq!((record.state, record.journal), (Some(state), Some(vec![begin])));
        assert_eq!(place.record(&other()).await, Record::default());
    });
}

/// A user who takes longer than a lease lasts, while others try to take it.
struct Thinks<'a>(&'a Place, Cell<u32>);

impl EditFrontEnd for Thinks<'_> {
    type Error = EditError;

    async fn confirm(&self, _: &EditReview<'_>) -> Result<bool, EditError> {
        for _ in 0..10 {
            self.0.time.pass(LEASE / 4);
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            let other = self.0.states.backend.acquire(&live(), &holder()).await;
            let refused = matches!(other, Err(StoreError::Locked { .. }));
            self.1.set(self.1.get() + u32::from(refused));
        }
        Ok(true)
    }
}

#[test]
fn the_lease_is_renewed_while_the_user_thinks() {
    on_both(async |place| {
        let (place, state) = place.filled().await;
        let front = Thinks(&place, Cell::new(0));
        let ids = BTreeSet::from(["B".into()]);
        forget(&place.states, &live(), &ids, &holder(), &front).await.unwrap().unwrap();
        let kept = (&Replacement::Kept(state.serial), false);
        replace_state(&place.states, &live(), kept, &holder(), &front).await.unwrap().unwrap();
        let (from, to) = (live(), other());
        let (address, new_address) = (&"A".into(), &"A".into());
        let moved = Move { from: &from, address, to: &to, new_address, lineage: "other".into() };
        move_resource(&place.states, &moved, &holder(), &front).await.unwrap().unwrap();
        assert_eq!(front.1.get(), 30);
    });
}
