//! The store on a real file system: damage, locks, recovery of what was cut off.
#![cfg(test)]

mod backup;
mod conformance;
mod damage;
mod disk;
mod durable;
mod folding;
mod format;
mod full_disk;
mod group_commit;
mod journal;
mod key;
mod lock;
mod meddling;
mod refused;
mod repair;
mod support;
