//! The store on a real file system: damage, locks, recovery of what was cut off.
#![cfg(test)]

mod damage;
mod folding;
mod journal;
mod support;
