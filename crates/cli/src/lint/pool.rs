//! Where the validator works: in processes that are started again for it, or, where commands run as a
//! library, in a thread. Several templates are checked at the same time by a few processes, each of
//! which loads its rules once.

use std::num::NonZeroUsize;
use std::panic;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use rstack_lint::{LintError, Verdict};

use super::cache::Cache;
use super::child::{Child, Crash, End};
use super::key::key;
use super::worker::{Asked, Limits, STACK, Setup, THREAD, check, load};

/// The most processes at a time: each takes some 300 MB.
const MOST: usize = 4;

/// The memory of a process, in bytes, its stack of 64 MiB among them. It needs 350 MB to begin with.
const MEMORY: u64 = 512 << 20;

/// The same where there are no rules from files: the largest templates take the validator's own rules
/// more.
const MEMORY_OF_BUILT_IN: u64 = 1 << 30;

/// The threads of a process: loading uses two.
const THREADS: u64 = 2;

/// The reason why there is no verdict.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The validator says so.
    Lint(LintError),
    /// It did not answer.
    Crash(Crash),
}

/// The outcome of a check.
pub(super) type Outcome = Result<Verdict, Failure>;

/// Where the validator works.
pub(super) struct Pool {
    shared: Arc<Shared>,
    queue: OnceLock<Sender<Job>>,
    several: bool,
}

/// The state that the threads share.
pub(super) struct Shared {
    /// The program that is started; without one the validator works in a thread.
    pub(super) program: Option<PathBuf>,
    pub(super) setup: Setup,
    pub(super) cache: Option<Cache>,
    pub(super) budget: Duration,
    /// For threads.
    loaded: OnceLock<Result<rstack_lint::Validator, LintError>>,
}

struct Job {
    asked: Asked,
    reply: SyncSender<Outcome>,
}

impl Pool {
    pub(super) fn new(
        program: Option<PathBuf>,
        setup: Setup,
        cache: Option<Cache>,
        budget: Duration,
    ) -> Self {
        let shared = Shared { program, setup, cache, budget, loaded: OnceLock::new() };
        Self { shared: Arc::new(shared), queue: OnceLock::new(), several: false }
    }

    /// Keeps processes for more than one template.
    pub(super) fn for_several(&mut self) {
        self.several = true;
    }

    pub(super) fn setup(&self) -> &Setup {
        &self.shared.setup
    }

    /// Begins a check. The outcome comes at the end of the budget at the latest, which begins when
    /// there is a process for it.
    pub(super) fn submit(&self, asked: Asked) -> Receiver<Outcome> {
        let (reply, outcome) = sync_channel(1);
        let queue = self.queue.get_or_init(|| self.start());
        // Without a thread the receiver is gone, which is what the asker sees.
        let _gone = queue.send(Job { asked, reply });
        outcome
    }

    fn start(&self) -> Sender<Job> {
        let (queue, jobs) = channel();
        let jobs = Arc::new(Mutex::new(jobs));
        let most = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST);
        for _ in 0..if self.several { most } else { 1 } {
            let (jobs, shared, keep) = (jobs.clone(), self.shared.clone(), self.several);
            let work = move || {
                let mut child = None;
                let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                while let Ok(Job { asked, reply }) = next() {
                    let outcome = shared.answer(asked, &mut child);
                    if !keep || outcome.is_err() {
                        child = None;
                    }
                    // The asker may have stopped waiting.
                    let _gone = reply.send(outcome);
                }
            };
            let builder = thread::Builder::new().name("validator-wait".to_owned());
            // With fewer threads the others do the work; with none there is no answer.
            let _fewer = builder.spawn(work);
        }
        queue
    }
}

impl Shared {
    /// The verdict, from memory if it is known. A new one is remembered.
    fn answer(self: &Arc<Self>, asked: Asked, child: &mut Option<Child>) -> Outcome {
        let key = key(&asked, &self.setup);
        if let Some(known) = key.as_ref().and_then(|key| self.cache.as_ref()?.get(key)) {
            return Ok(known);
        }
        let verdict = match &self.program {
            Some(program) => {
                let started = match child.take() {
                    Some(started) => Ok(started),
                    None => Child::start(program, self.limits(), &self.setup),
                };
                let started = started.map_err(|error| not_started(&error))?;
                child.insert(started).ask(&asked, self.budget).map_err(Failure::Crash)?
            }
            None => self.in_thread(asked)?,
        };
        let verdict = verdict.map_err(Failure::Lint)?;
        if let (Some(cache), Some(key)) = (&self.cache, &key) {
            cache.put(key, &verdict);
        }
        Ok(verdict)
    }

    fn limits(&self) -> Limits {
        let memory = if self.setup.files.is_empty() { MEMORY_OF_BUILT_IN } else { MEMORY };
        Limits { memory, seconds: self.budget.as_secs().max(1).saturating_mul(THREADS) }
    }

    /// A check in a thread, which runs on when its time is over: for commands as a library.
    fn in_thread(self: &Arc<Self>, asked: Asked) -> Result<Result<Verdict, LintError>, Failure> {
        hush();
        let (sender, verdict) = sync_channel(1);
        let shared = self.clone();
        let work = move || {
            let loaded = shared.loaded.get_or_init(|| load(&shared.setup.files, &mut |_| {}));
            let found = check(loaded, shared.setup.built_in, &asked, &mut |_| {});
            let _gone = sender.send(found);
        };
        let builder = thread::Builder::new().name(THREAD.to_owned()).stack_size(STACK);
        builder.spawn(work).map_err(|error| not_started(&error))?;
        verdict.recv_timeout(self.budget).map_err(|error| {
            let end = match error {
                RecvTimeoutError::Timeout => End::Budget(self.budget),
                RecvTimeoutError::Disconnected => End::Code(None),
            };
            Failure::Crash(Crash { end, at: Vec::new() })
        })
    }
}

fn not_started(error: &std::io::Error) -> Failure {
    Failure::Crash(Crash { end: End::NotStarted(error.to_string()), at: Vec::new() })
}

/// Keeps panics of a validator that works in a thread off the terminal: it has no answer then.
fn hush() {
    static HUSH: Once = Once::new();
    HUSH.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(THREAD) {
                usual(panic);
            }
        }));
    });
}
