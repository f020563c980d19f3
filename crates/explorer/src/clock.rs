//! Virtual time, and a run of a process in it.
//!
//! Nothing is left to chance: one task is polled until it waits, then time moves on to the next
//! moment at which something happens. The same process in the same simulation does the same.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::Clock;
use rstack_store::object::Timestamp;

use crate::crash_injector::{CrashInjector, lock};

/// Something that happens in the cloud by itself.
type Late = Pin<Box<dyn Future<Output = ()> + Send>>;

enum Due {
    Sleeper(Waker),
    Late(Late),
}

#[derive(Default)]
struct Inner {
    now: Duration,
    next: u64,
    due: BTreeMap<(Duration, u64), Due>,
}

/// The time of one simulation. Leases expire by it, too.
#[derive(Default)]
pub(crate) struct VirtualClock(Mutex<Inner>);

impl std::fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("VirtualClock").field(&lock(&self.0).now).finish()
    }
}

impl rstack_store::object::Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp(0).after(lock(&self.0).now)
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// The end of a process.
#[derive(Debug)]
pub(crate) enum Ended<T> {
    /// It completed.
    Done(T),
    /// It died.
    Died,
    /// It waits for what never comes.
    Stuck,
}

impl VirtualClock {
    fn add(&self, after: Duration, due: Due) {
        let mut inner = lock(&self.0);
        let number = inner.next;
        inner.next += 1;
        let at = inner.now.saturating_add(after);
        inner.due.insert((at, number), due);
    }

    /// Something is going to happen, whether or not its process is alive then.
    pub(crate) fn later(&self, after: Duration, work: Late) {
        self.add(after, Due::Late(work));
    }

    /// Moves to the next moment at which something happens; `false` if there is none.
    fn advance(&self) -> bool {
        let due = {
            let mut inner = lock(&self.0);
            let Some(((at, _), due)) = inner.due.pop_first() else { return false };
            inner.now = inner.now.max(at);
            due
        };
        match due {
            Due::Sleeper(waker) => waker.wake(),
            Due::Late(mut work) => {
                // A simulated service answers at once.
                let _ready = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            }
        }
        true
    }

    /// Lets this much time pass while no process runs.
    pub(crate) fn pass(&self, time: Duration) {
        let until = {
            let mut inner = lock(&self.0);
            // None is left of those who slept.
            inner.due.retain(|_, due| matches!(due, Due::Late(_)));
            inner.now.saturating_add(time)
        };
        while lock(&self.0).due.first_key_value().is_some_and(|((at, _), _)| *at <= until) {
            self.advance();
        }
        lock(&self.0).now = until;
    }

    /// The time that has passed.
    pub(crate) fn elapsed(&self) -> Duration {
        lock(&self.0).now
    }

    /// True if nothing is going to happen by itself any more: only sleepers are left.
    pub(crate) fn is_quiet(&self) -> bool {
        lock(&self.0).due.values().all(|due| matches!(due, Due::Sleeper(_)))
    }

    /// Runs a process to its end.
    pub(crate) fn run<T>(
        &self,
        injector: &CrashInjector,
        process: impl Future<Output = T>,
    ) -> Ended<T> {
        let mut process = pin!(process);
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        loop {
            flag.0.store(false, Ordering::Release);
            let polled = process.as_mut().poll(&mut context);
            match polled {
                _ if injector.is_dead() => return Ended::Died,
                Poll::Ready(done) => return Ended::Done(done),
                Poll::Pending => {}
            }
            while !flag.0.load(Ordering::Acquire) {
                if !self.advance() {
                    return Ended::Stuck;
                }
            }
        }
    }
}

struct Sleep<'a> {
    clock: &'a VirtualClock,
    duration: Duration,
    until: Option<Duration>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = lock(&self.clock.0).now;
        let until = self.until.unwrap_or(now.saturating_add(self.duration));
        self.until = Some(until);
        if now >= until {
            return Poll::Ready(());
        }
        let left = until.saturating_sub(now);
        self.clock.add(left, Due::Sleeper(context.waker().clone()));
        Poll::Pending
    }
}

#[async_trait]
impl Clock for VirtualClock {
    async fn sleep(&self, duration: Duration) {
        Sleep { clock: self, duration, until: None }.await;
    }
}
