//! The fate of one process: which moments it has met, and at which it is struck.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::moment::{Act, Moment, Point, Strike};
use crate::platter::Platter;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a process that has met a moment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// It does what it is about to do.
    Go,
    /// It does it, and is dead when it is done.
    Last,
    /// It is dead, and does nothing.
    Dead,
}

#[derive(Debug, Default)]
struct Inner {
    met: Vec<Moment>,
    dead: bool,
}

/// The fate of one process. What it does to disk and cloud goes through here.
#[derive(Debug)]
pub(crate) struct Fate {
    platter: Arc<Platter>,
    point: Option<Point>,
    inner: Mutex<Inner>,
}

impl Fate {
    /// A process that is struck at a point, or never.
    pub(crate) fn new(platter: Arc<Platter>, point: Option<Point>) -> Arc<Self> {
        Arc::new(Self { platter, point, inner: Mutex::default() })
    }

    /// The process is about to do something.
    pub(crate) fn meet(&self, act: Act) -> Ruling {
        let mut inner = lock(&self.inner);
        if inner.dead {
            return Ruling::Dead;
        }
        let number = inner.met.len();
        inner.met.push(Moment { act, pending: self.platter.pending() });
        match self.point.filter(|point| point.moment == number).map(|point| point.strike) {
            None => Ruling::Go,
            Some(Strike::Before(_)) => {
                inner.dead = true;
                Ruling::Dead
            }
            Some(Strike::After(_)) => Ruling::Last,
            Some(Strike::Fail(fault)) => {
                self.platter.fail(fault);
                Ruling::Go
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

    /// The moments it has met.
    pub(crate) fn met(&self) -> Vec<Moment> {
        lock(&self.inner).met.clone()
    }
}
