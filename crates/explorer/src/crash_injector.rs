//! The crash injector of one process: the steps it has taken, and the one at which it is struck.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::crash_point::{Act, CrashPoint, RunStep, Strike};
use crate::disk_image::DiskImage;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The verdict on one step of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It does what it is about to do.
    Go,
    /// It does it, and is dead when it is done.
    Last,
    /// It is dead, and does nothing.
    Dead,
}

#[derive(Debug, Default)]
struct Inner {
    met: Vec<RunStep>,
    dead: bool,
}

/// The crash injector of one process. What it does to disk and cloud goes through here.
#[derive(Debug)]
pub(crate) struct CrashInjector {
    image: Arc<DiskImage>,
    point: Option<CrashPoint>,
    inner: Mutex<Inner>,
}

impl CrashInjector {
    /// A process that is struck at a point, or never.
    pub(crate) fn new(image: Arc<DiskImage>, point: Option<CrashPoint>) -> Arc<Self> {
        Arc::new(Self { image, point, inner: Mutex::default() })
    }

    /// The process is about to do something.
    pub(crate) fn meet(&self, act: Act) -> Verdict {
        let mut inner = lock(&self.inner);
        if inner.dead {
            return Verdict::Dead;
        }
        let number = inner.met.len();
        inner.met.push(RunStep { act, pending: self.image.pending() });
        match self.point.filter(|point| point.step == number).map(|point| point.strike) {
            None => Verdict::Go,
            Some(Strike::Before(_)) => {
                inner.dead = true;
                Verdict::Dead
            }
            Some(Strike::After(_)) => Verdict::Last,
            Some(Strike::Fail(fault)) => {
                self.image.fail(fault);
                Verdict::Go
            }
        }
    }

    /// The process is dead.
    pub(crate) fn die(&self) {
        lock(&self.inner).dead = true;
    }

    pub(crate) fn is_dead(&self) -> bool {
        lock(&self.inner).dead
    }

    /// The steps it has taken, struck or not.
    pub(crate) fn met(&self) -> Vec<RunStep> {
        lock(&self.inner).met.clone()
    }
}
