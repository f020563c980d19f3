//! A cloud, a disk and a clock, and the processes that live and die in them.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use rstack_apply::{
    ApplyError, ApplyOptions, Engine, SecretParameters, SeededEntropy, Silent, Stop, Waiting,
};
use rstack_model::StackName;
use rstack_model::event::RunEnd;
use rstack_model::plan::Plan;
use rstack_model::state::State;
use rstack_plan::RegistrySchemas;
use rstack_sandbox::{SandboxCloud, SandboxOptions};
use rstack_store::StoreError;
use rstack_store::{Lease, LockHolder, ObjectStateStore, StateBackend, StateStore, Stored};

use crate::bucket::{self, WatchedBucket};
use crate::clock::{Ended, VirtualClock};
use crate::cloud::{Made, WatchedCloud, Wire};
use crate::disk::SimulatedDisk;
use crate::fate::{Fate, lock};
use crate::invariant;
use crate::moment::{Moment, Pending, Point, Strike};
use crate::platter::Platter;
use crate::stack::{self, Wanted};
use crate::weather::{Odds, Weather};

pub(crate) const DIRECTORY: &str = "/state";
/// How long it takes until somebody starts the next process.
const UNTIL_NEXT: Duration = Duration::from_secs(1);

/// How long a lease in an object store lasts.
const LEASE: Duration = Duration::from_secs(60);

/// The kind of store that states are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Files on a simulated disk.
    Files,
    /// Objects in memory, with a lease that expires.
    Objects,
}

/// What survives a process.
pub(crate) struct World {
    pub(crate) sandbox: Arc<SandboxCloud>,
    pub(crate) platter: Arc<Platter>,
    /// The objects, if states are in objects.
    bucket: Option<Arc<InMemory>>,
    pub(crate) made: Arc<Mutex<Made>>,
    clock: Arc<VirtualClock>,
    /// How many processes there were: each has tokens of its own.
    processes: u64,
}

/// How a process works, and what it suffers.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    pub(crate) parallelism: usize,
    pub(crate) in_parts: bool,
    pub(crate) rollback: bool,
    /// A verb and a type that are refused.
    pub(crate) refused: Option<(&'static str, &'static str)>,
    pub(crate) odds: Odds,
    pub(crate) seed: u64,
    pub(crate) point: Option<Point>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            parallelism: 1,
            in_parts: false,
            rollback: true,
            refused: None,
            odds: Odds::default(),
            seed: 0,
            point: None,
        }
    }
}

/// What became of a process.
#[derive(Debug)]
pub(crate) struct Life {
    /// What it reported; `None` if it did not come to report anything.
    pub(crate) report: Option<Result<RunEnd, String>>,
    pub(crate) died: bool,
    pub(crate) moments: Vec<Moment>,
    /// What was not durable at its end.
    pub(crate) left: Pending,
    /// Invariants that it broke.
    pub(crate) violations: Vec<String>,
}

impl World {
    pub(crate) fn new(seed: u64, store: Store) -> Result<Self, String> {
        let options = SandboxOptions { seed, ..SandboxOptions::default() };
        let sandbox = SandboxCloud::open(None, "eu-west-1".into(), options);
        Ok(Self {
            sandbox: Arc::new(sandbox.map_err(|error| error.to_string())?),
            platter: Arc::default(),
            bucket: (store == Store::Objects).then(|| Arc::new(InMemory::new())),
            made: Arc::default(),
            clock: Arc::default(),
            processes: 0,
        })
    }

    /// Another world that is the same up to now. Nothing may be under way.
    pub(crate) fn fork(&self) -> Result<Self, String> {
        let sandbox = self.sandbox.fork().map_err(|error| error.to_string())?;
        Ok(Self {
            sandbox: Arc::new(sandbox),
            platter: Arc::new(self.platter.fork()),
            bucket: self.bucket.as_ref().map(|bucket| Arc::new(bucket.fork())),
            made: Arc::new(Mutex::new(lock(&self.made).clone())),
            clock: self.clock_of_fork(),
            processes: self.processes,
        })
    }

    /// The store, as somebody sees it who only looks.
    pub(crate) fn store(&self) -> Result<StateStore, String> {
        self.store_of(&Fate::new(Arc::clone(&self.platter), None))
    }

    /// What is stored of a stack, as somebody sees it who only looks. A simulated store answers at once.
    pub(crate) fn read(&self, stack: &StackName) -> Result<Stored, StoreError> {
        let fate = Fate::new(Arc::clone(&self.platter), None);
        let backend = self.backend(&fate).map_err(|problem| waits(&problem))?;
        let read = backend.read(stack).now_or_never();
        read.unwrap_or_else(|| Err(waits("it waits for ever")))
    }

    /// Whether bytes were ever written to the disk, or are in an object.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let in_objects = self.bucket.as_ref().map(|objects| bucket::holds(objects, bytes));
        // What cannot be looked through is not taken for clean.
        self.platter.holds(bytes) || in_objects.is_some_and(|found| found != Some(false))
    }

    fn backend(&self, fate: &Arc<Fate>) -> Result<Box<dyn StateBackend>, String> {
        let Some(bucket) = &self.bucket else { return Ok(Box::new(self.store_of(fate)?)) };
        let watched = WatchedBucket { bucket: Arc::clone(bucket), fate: Arc::clone(fate) };
        let clock = Arc::clone(&self.clock) as Arc<dyn rstack_store::object::Clock>;
        let store = Arc::new(watched) as Arc<dyn ObjectStore>;
        Ok(Box::new(ObjectStateStore::new(store, "memory:", "state", clock).leasing_for(LEASE)))
    }

    /// A clock that stands where this one does: leases go on.
    fn clock_of_fork(&self) -> Arc<VirtualClock> {
        let clock = VirtualClock::default();
        clock.pass(self.clock.elapsed());
        Arc::new(clock)
    }

    fn store_of(&self, fate: &Arc<Fate>) -> Result<StateStore, String> {
        let disk = SimulatedDisk { platter: Arc::clone(&self.platter), fate: Arc::clone(fate) };
        StateStore::on(Arc::new(disk), DIRECTORY).map_err(|error| error.to_string())
    }

    /// Whether nothing is going to happen in the cloud by itself.
    pub(crate) fn is_quiet(&self) -> bool {
        self.clock.is_quiet()
    }

    /// Lets time pass while no process runs.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    /// A new process, and the store as it sees it.
    pub(crate) fn process(
        &mut self,
        point: Option<Point>,
    ) -> Result<(StateStore, Arc<Fate>), String> {
        let fate = self.start(point);
        Ok((self.store_of(&fate)?, fate))
    }

    fn start(&mut self, point: Option<Point>) -> Arc<Fate> {
        // The lease of one that died expires before the next one comes.
        let until = if self.bucket.is_some() { UNTIL_NEXT + LEASE } else { UNTIL_NEXT };
        self.clock.pass(until);
        self.processes += 1;
        Fate::new(Arc::clone(&self.platter), point)
    }

    /// How many processes there were.
    pub(crate) fn processes(&self) -> u64 {
        self.processes
    }

    /// The process is at its end: the disk loses what its point says, or is as good as new.
    pub(crate) fn bury(&self, point: Option<Point>, died: bool) {
        let strike = point.map(|point| point.strike);
        if died {
            self.platter.crash(match strike {
                Some(Strike::Before(left) | Strike::After(left)) => left,
                Some(Strike::Fail(_)) | None => crate::moment::Survival::ALL,
            });
        }
        if matches!(strike, Some(Strike::Fail(_))) {
            self.platter.repair();
        }
    }

    /// Runs a command from its beginning to its end or its death: it takes the lock, recovers what
    /// an earlier one left open, plans, and applies.
    pub(crate) fn live(
        &mut self,
        wanted: &Wanted,
        conditions: &Conditions,
    ) -> Result<Life, String> {
        let fate = self.start(conditions.point);
        let store = self.backend(&fate)?;
        let mut weather = Weather::new(conditions.odds, conditions.seed);
        weather.refused = conditions.refused.map(|(verb, name)| (verb, name.into()));
        let wire = Arc::new(Wire {
            sandbox: Arc::clone(&self.sandbox),
            clock: Arc::clone(&self.clock),
            platter: Arc::clone(&self.platter),
            fate: Arc::clone(&fate),
            weather,
            made: Arc::clone(&self.made),
            in_parts: conditions.in_parts,
            reckless: Mutex::default(),
        });
        let engine = Engine {
            cloud: Arc::new(WatchedCloud(Arc::clone(&wire))),
            schemas: Arc::new(RegistrySchemas),
            clock: Arc::clone(&self.clock) as Arc<dyn rstack_apply::Clock>,
            entropy: Arc::new(SeededEntropy::new(conditions.seed ^ (self.processes << 32))),
            events: Arc::new(Silent),
            parallelism: NonZeroUsize::new(conditions.parallelism).unwrap_or(NonZeroUsize::MIN),
            waiting: Waiting::default(),
            stop: Stop::default(),
        };
        let violations = Mutex::default();
        let command =
            command(self, &engine, store.as_ref(), wanted, conditions.rollback, &violations);
        let ended = self.clock.run(&fate, command);
        let left = self.platter.pending();
        let mut violations = violations.into_inner().unwrap_or_default();
        let reckless = std::mem::take(&mut *lock(&wire.reckless));
        let reckless = reckless.into_iter().filter(|_| conditions.parallelism == 1);
        violations.extend(reckless.map(|call| format!("called `{call}` on a failed disk")));
        let (report, died) = match ended {
            Ended::Done(report) => (Some(report), false),
            Ended::Died => (None, true),
            Ended::Stuck => {
                violations.push("the process waits for ever".to_owned());
                (None, true)
            }
        };
        self.bury(conditions.point, died);
        Ok(Life { report, died, moments: fate.met(), left, violations })
    }
}

/// A store that does not do what a simulated one does.
fn waits(problem: &str) -> StoreError {
    StoreError::Damaged { location: DIRECTORY.into(), problem: problem.to_owned() }
}

async fn command(
    world: &World,
    engine: &Engine,
    store: &dyn StateBackend,
    wanted: &Wanted,
    rollback: bool,
    violations: &Mutex<Vec<String>>,
) -> Result<RunEnd, String> {
    let parameters = SecretParameters::default();
    let told = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        text
    };
    let name = stack::name()?;
    let (host, user) = ("host".to_owned(), "user".to_owned());
    let (command, since) = ("rstack apply".to_owned(), "now".to_owned());
    let id = format!("{}", world.processes).into();
    let holder = LockHolder { id, pid: 1, host, user, command, since };
    let lease = store.acquire(&name, &holder).await.map_err(|error| told(&error))?;
    let locked = lease.as_ref();
    let recovered = engine.recover(locked, &parameters).await.map_err(|error| told(&error))?;
    if world.is_quiet() {
        lock(violations).extend(invariant::nothing_unknown(world, recovered.as_ref())?);
    }
    let state = recovered.unwrap_or_else(|| {
        let environment = world.sandbox.environment().clone();
        State::empty(engine.entropy.lineage(), name, environment)
    });
    let plan = plan(engine, locked, &state, wanted).await.map_err(|error| told(&error))?;
    let Some(plan) = plan else {
        lease.release().await.map_err(|error| told(&error))?;
        return Ok(RunEnd::Succeeded);
    };
    let options = ApplyOptions { rollback };
    let outcome = engine.apply(locked, &plan, &parameters, options).await;
    let end = outcome.map(|outcome| outcome.end).map_err(|error| told(&error))?;
    lease.release().await.map_err(|error| told(&error))?;
    Ok(end)
}

/// The plan to what is wanted; `None` if there is nothing to roll back.
async fn plan(
    engine: &Engine,
    locked: &dyn Lease,
    state: &State,
    wanted: &Wanted,
) -> Result<Option<Plan>, ApplyError> {
    let parameters = SecretParameters::default();
    let observe = async |desired| {
        engine.observe(desired, state, &parameters).await.map_err(ApplyError::Cloud)
    };
    match wanted {
        Wanted::Stack(desired, options) => {
            let seen = observe(Some(desired.as_ref())).await?;
            Ok(Some(engine.plan(desired, state, &seen, options)?))
        }
        Wanted::Nothing => Ok(Some(engine.plan_destroy(state, &observe(None).await?)?)),
        Wanted::Back(_) if engine.forget_bare(locked, state).await? => Ok(None),
        Wanted::Back(_) => engine.plan_rollback(state).await,
    }
}
