//! The simulation: a cloud, a disk and a clock, and the processes that run and die on them.

use std::collections::BTreeSet;
use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use rstack_apply::{CancellationToken, Engine, SecretParameters, SeededEntropy, Silent, Waiting};
use rstack_model::event::RunEnd;
use rstack_model::state::State;
use rstack_model::{Address, StackName};
use rstack_ops::{
    Applied, Deploy, Destroy, FrontEnd, Holder, Operations, OpsError, Review, Rollback, RolledBack,
    States, Verdict,
};
use rstack_plan::{CheckedPlan, DestroyOptions, PlanError, RegistrySchemas};
use rstack_sandbox::{SandboxCloud, SandboxOptions};
use rstack_store::{ObjectStateStore, StateBackend, StateStore, StoreError, Stored};

use crate::assets::{self, Content};
use crate::bucket::{self, WatchedBucket};
use crate::clock::{Ended, VirtualClock};
use crate::cloud::{Made, WatchedCloud, Wire};
use crate::crash_injector::{CrashInjector, lock};
use crate::crash_point::{CrashPoint, Pending, RunStep, Strike};
use crate::disk::SimulatedDisk;
use crate::disk_image::DiskImage;
use crate::fault_injection::{FaultInjector, FaultRates};
use crate::handlers::Handlers;
use crate::invariant;
use crate::signals::Senders;
use crate::stack::{self, Wanted};

pub(crate) const DIRECTORY: &str = "/state";
/// The time until the next process is started.
const UNTIL_NEXT: Duration = Duration::from_secs(1);

/// The time that a lease in an object store lasts.
const LEASE: Duration = Duration::from_secs(60);

/// The kind of store that states are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Files on a simulated disk.
    Files,
    /// Objects in memory, with a lease that expires.
    Objects,
}

/// The parts of a simulation that survive a process.
pub(crate) struct Simulation {
    pub(crate) sandbox: Arc<SandboxCloud>,
    pub(crate) image: Arc<DiskImage>,
    /// The objects, if states are in objects.
    bucket: Option<Arc<InMemory>>,
    pub(crate) made: Arc<Mutex<Made>>,
    pub(crate) handlers: Arc<Mutex<Handlers>>,
    pub(crate) senders: Arc<Mutex<Senders>>,
    clock: Arc<VirtualClock>,
    /// The number of processes so far: each has tokens of its own.
    processes: u64,
}

/// The settings of a process, and the faults that it suffers.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    pub(crate) parallelism: usize,
    pub(crate) in_parts: bool,
    pub(crate) rollback: bool,
    /// A verb and a type that are refused.
    pub(crate) refused: Option<(&'static str, &'static str)>,
    pub(crate) rates: FaultRates,
    pub(crate) seed: u64,
    pub(crate) point: Option<CrashPoint>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            parallelism: 1,
            in_parts: false,
            rollback: true,
            refused: None,
            rates: FaultRates::default(),
            seed: 0,
            point: None,
        }
    }
}

/// The outcome of a process.
#[derive(Debug)]
pub(crate) struct Life {
    /// The end or the error that it reported; `None` if it died before it could report any.
    pub(crate) report: Option<Result<RunEnd, String>>,
    pub(crate) died: bool,
    pub(crate) steps: Vec<RunStep>,
    /// The bytes and names that were not durable at its end.
    pub(crate) left: Pending,
    /// Invariants that it broke.
    pub(crate) violations: Vec<String>,
}

impl Simulation {
    pub(crate) fn new(seed: u64, store: Store, api_polls: u32) -> Result<Self, String> {
        let options = SandboxOptions { seed, api_polls, ..SandboxOptions::default() };
        let sandbox = SandboxCloud::open(None, "eu-west-1".into(), options);
        Ok(Self {
            sandbox: Arc::new(sandbox.map_err(|error| error.to_string())?),
            image: Arc::default(),
            bucket: (store == Store::Objects).then(|| Arc::new(InMemory::new())),
            made: Arc::default(),
            handlers: Arc::default(),
            senders: Arc::default(),
            clock: Arc::default(),
            processes: 0,
        })
    }

    /// Another simulation that is the same up to now. Nothing may be under way.
    pub(crate) fn fork(&self) -> Result<Self, String> {
        let sandbox = self.sandbox.fork().map_err(|error| error.to_string())?;
        Ok(Self {
            sandbox: Arc::new(sandbox),
            image: Arc::new(self.image.fork()),
            bucket: self.bucket.as_ref().map(|bucket| Arc::new(bucket.fork())),
            made: Arc::new(Mutex::new(lock(&self.made).clone())),
            handlers: Arc::new(Mutex::new(lock(&self.handlers).clone())),
            senders: Arc::new(Mutex::new(lock(&self.senders).clone())),
            clock: self.clock_of_fork(),
            processes: self.processes,
        })
    }

    /// The store, as a process sees it that only reads.
    pub(crate) fn store(&self) -> Result<StateStore, String> {
        self.store_of(&CrashInjector::new(Arc::clone(&self.image), None))
    }

    /// The records of a stack, as a process sees them that only reads. A simulated store answers at
    /// once.
    pub(crate) fn read(&self, stack: &StackName) -> Result<Stored, StoreError> {
        let injector = CrashInjector::new(Arc::clone(&self.image), None);
        let backend = self.backend(&injector).map_err(|problem| waits(&problem))?;
        let read = backend.read(stack).now_or_never();
        read.unwrap_or_else(|| Err(waits("it waits for ever")))
    }

    /// True if bytes were ever written to the disk, or are in an object.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let in_objects = self.bucket.as_ref().map(|objects| bucket::holds(objects, bytes));
        // What cannot be looked through is not taken for clean.
        self.image.holds(bytes) || in_objects.is_some_and(|found| found != Some(false))
    }

    fn backend(&self, injector: &Arc<CrashInjector>) -> Result<Box<dyn StateBackend>, String> {
        let Some(bucket) = &self.bucket else { return Ok(Box::new(self.store_of(injector)?)) };
        let watched = WatchedBucket { bucket: Arc::clone(bucket), injector: Arc::clone(injector) };
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

    pub(crate) fn store_of(&self, injector: &Arc<CrashInjector>) -> Result<StateStore, String> {
        let disk = SimulatedDisk { image: Arc::clone(&self.image), injector: Arc::clone(injector) };
        StateStore::on(Arc::new(disk), DIRECTORY).map_err(|error| error.to_string())
    }

    /// True if nothing is going to happen in the cloud by itself.
    pub(crate) fn is_quiet(&self) -> bool {
        self.clock.is_quiet()
    }

    /// The time that has passed.
    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Lets time pass while no process runs.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    /// The states as a process sees them.
    pub(crate) fn states(&self, injector: &Arc<CrashInjector>) -> Result<States, String> {
        let clock = Arc::clone(&self.clock) as Arc<dyn rstack_apply::Clock>;
        Ok(States { backend: Arc::from(self.backend(injector)?), clock })
    }

    /// Runs a process to its end, in the time of this simulation.
    pub(crate) fn run<T>(
        &self,
        injector: &CrashInjector,
        process: impl Future<Output = T>,
    ) -> Ended<T> {
        self.clock.run(injector, process)
    }

    /// Starts a new process.
    pub(crate) fn start(&mut self, point: Option<CrashPoint>) -> Arc<CrashInjector> {
        // The lease of one that died expires before the next one comes.
        let until = if self.bucket.is_some() { UNTIL_NEXT + LEASE } else { UNTIL_NEXT };
        self.clock.pass(until);
        self.processes += 1;
        CrashInjector::new(Arc::clone(&self.image), point)
    }

    /// The number of processes so far.
    pub(crate) fn processes(&self) -> u64 {
        self.processes
    }

    /// The process is at its end: the disk loses what its point says, or is as good as new.
    pub(crate) fn bury(&self, point: Option<CrashPoint>, died: bool) {
        let strike = point.map(|point| point.strike);
        if died {
            self.image.crash(match strike {
                Some(Strike::Before(left) | Strike::After(left)) => left,
                Some(Strike::Fail(_)) | None => crate::crash_point::Survival::ALL,
            });
        }
        if matches!(strike, Some(Strike::Fail(_))) {
            self.image.repair();
        }
    }

    /// The operations of a process, and its calls.
    pub(crate) fn operations(
        &self,
        injector: &Arc<CrashInjector>,
        conditions: &Conditions,
    ) -> Result<(Operations, Arc<Wire>), String> {
        let store = self.backend(injector)?;
        let mut faults = FaultInjector::new(conditions.rates, conditions.seed);
        faults.refused = conditions.refused.map(|(verb, name)| (verb, name.into()));
        let wire = Arc::new(Wire {
            sandbox: Arc::clone(&self.sandbox),
            clock: Arc::clone(&self.clock),
            image: Arc::clone(&self.image),
            injector: Arc::clone(injector),
            faults,
            made: Arc::clone(&self.made),
            handlers: Arc::clone(&self.handlers),
            senders: Arc::clone(&self.senders),
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
            slots: Default::default(),
            shown: Default::default(),
            waiting: Waiting::default(),
            cancel: CancellationToken::new(),
        };
        let environment = self.sandbox.environment().clone();
        let ops = Operations {
            engine,
            environment,
            backend: Arc::from(store),
            digests: rstack_ops::DigestSettings::least(),
        };
        Ok((ops, wire))
    }

    /// Runs a command from its beginning to its end or its death.
    pub(crate) fn live(
        &mut self,
        wanted: &Wanted,
        conditions: &Conditions,
    ) -> Result<Life, String> {
        let injector = self.start(conditions.point);
        let (ops, wire) = self.operations(&injector, conditions)?;
        let violations = Mutex::default();
        let front = Watcher {
            simulation: self,
            violations: &violations,
            rollback: conditions.rollback,
            wire: Arc::clone(&wire),
            engine: ops.engine.clone(),
        };
        let ended = self.clock.run(&injector, command(&ops, wanted, &front));
        let left = self.image.pending();
        let mut violations = violations.into_inner().unwrap_or_default();
        let reckless = std::mem::take(&mut *lock(&wire.reckless));
        let reckless = reckless.into_iter().filter(|_| conditions.parallelism == 1);
        violations.extend(reckless.map(|call| format!("called `{call}` on a failed disk")));
        let (report, died) = match ended {
            Ended::Done(Ok(end)) => (Some(Ok(end)), false),
            Ended::Done(Err(Stopped::Report(text))) => (Some(Err(text)), false),
            Ended::Done(Err(Stopped::Lost(lost))) => {
                (Some(Err(format!("secrets of {lost:?} are lost"))), false)
            }
            Ended::Done(Err(Stopped::NothingToRollBack)) => (Some(Ok(RunEnd::Succeeded)), false),
            Ended::Died => (None, true),
            Ended::Stuck => {
                violations.push("the process waits for ever".to_owned());
                (None, true)
            }
        };
        self.bury(conditions.point, died);
        Ok(Life { report, died, steps: injector.met(), left, violations })
    }
}

/// A store that does not do what a simulated one does.
fn waits(problem: &str) -> StoreError {
    StoreError::Damaged { location: DIRECTORY.into(), problem: problem.to_owned() }
}

/// The front end of a process: it looks at what is known after recovery, and agrees to every plan.
struct Watcher<'a> {
    simulation: &'a Simulation,
    violations: &'a Mutex<Vec<String>>,
    rollback: bool,
    wire: Arc<Wire>,
    engine: Engine,
}

/// Why a process did not begin.
enum Stopped {
    /// There was nothing to roll back.
    NothingToRollBack,
    /// Secrets that are shown once are lost: of these resources.
    Lost(BTreeSet<Address>),
    /// Something else, in words.
    Report(String),
}

impl From<OpsError> for Stopped {
    fn from(error: OpsError) -> Self {
        if matches!(error, OpsError::NothingToRollBack { .. }) {
            return Self::NothingToRollBack;
        }
        if let OpsError::Plan(error) = &error {
            let of = |part: &PlanError| match part {
                PlanError::SecretLost { of, .. } => of.clone(),
                _ => None,
            };
            let lost: Option<BTreeSet<Address>> = error.parts().iter().map(of).collect();
            if let Some(lost) = lost {
                return Self::Lost(lost);
            }
        }
        Self::Report(message_of(error))
    }
}

/// An error in words, with its sources.
pub(crate) fn message_of(error: impl Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

impl FrontEnd for Watcher<'_> {
    type Error = Stopped;

    fn opened(&self, state: Option<&State>, _: bool) -> Result<(), Stopped> {
        if self.simulation.is_quiet() {
            let unknown =
                invariant::nothing_unknown(self.simulation, state).map_err(Stopped::Report)?;
            lock(self.violations).extend(unknown);
        }
        Ok(())
    }

    async fn review(&self, _: &Review<'_>) -> Result<Verdict, Stopped> {
        Ok(Verdict::Proceed { waiting: Waiting::default(), rollback: self.rollback })
    }

    async fn publish(&self, plan: &CheckedPlan) -> Result<(), Stopped> {
        let content = Content(Arc::clone(&self.wire));
        let account = &plan.environment.account;
        let published = self.engine.publish(account, &plan.assets, &content).await;
        published.map_err(|error| Stopped::Report(error.to_string()))
    }
}

/// One command: the operation that the command line would call.
async fn command(
    ops: &Operations,
    wanted: &Wanted,
    front: &Watcher<'_>,
) -> Result<RunEnd, Stopped> {
    let stack = &stack::name().map_err(Stopped::Report)?;
    let (host, user) = ("host".to_owned(), "user".to_owned());
    let (command, since) = ("rstack apply".to_owned(), "now".to_owned());
    let id = format!("{}", front.simulation.processes).into();
    let holder = Holder { id, pid: 1, host, user, command, since };
    let applied = match wanted {
        Wanted::Stack(desired, options) => {
            let parameters = &SecretParameters::default();
            let desired = assets::with_uploads(&ops.engine, desired).await;
            let desired = &desired.map_err(Stopped::Report)?;
            let deploy = Deploy {
                desired,
                parameters,
                options,
                refresh: true,
                last_given: None,
                imported: None,
            };
            match rstack_ops::apply(ops, &deploy, &holder, front).await {
                // The user does what the hint says.
                Err(Stopped::Lost(of)) => {
                    let mut options = options.clone();
                    options.replace.extend(of);
                    let again = Deploy { options: &options, ..deploy };
                    rstack_ops::apply(ops, &again, &holder, front).await?
                }
                applied => applied?,
            }
        }
        Wanted::Nothing => {
            let options = DestroyOptions::default();
            rstack_ops::destroy(ops, &Destroy { stack, secrets: &[], options }, &holder, front)
                .await?
        }
        Wanted::Back(_) => {
            let asked = Rollback { stack, secrets: &[] };
            match rstack_ops::rollback(ops, &asked, &holder, front).await? {
                RolledBack::Planned(applied) => applied,
                RolledBack::NothingLeft => return Ok(RunEnd::Succeeded),
            }
        }
    };
    Ok(match applied {
        Applied::Ran(outcome) => outcome.end,
        Applied::Unchanged(_) | Applied::Stopped => RunEnd::Succeeded,
    })
}
