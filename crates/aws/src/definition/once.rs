//! Values that are made when they are first asked for and kept for the life of the program.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// One value for each key.
#[derive(Debug)]
pub(crate) struct Once<K, T: 'static>(Mutex<BTreeMap<K, &'static OnceLock<T>>>);

impl<K: Ord, T> Once<K, T> {
    /// No values yet.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// The value of a key. There are as many keys as the program has definitions, so what is kept
    /// is bounded. Values of other keys can be made at the same time, and within `make`.
    pub(crate) fn get(&self, key: K, make: impl FnOnce() -> T) -> &'static T {
        let slot: &'static OnceLock<T> = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry(key).or_insert_with(|| Box::leak(Box::default()))
        };
        slot.get_or_init(make)
    }
}
