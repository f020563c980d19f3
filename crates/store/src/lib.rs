//! Where the states and journals of stacks are kept.
//!
//! A [`StateBackend`] keeps the last published state of each stack, the last ones before it, and the
//! journal of a run that is not published yet. A [`Lease`] is the right to write of one stack. Two
//! backends stand behind these traits: [`fs`], a directory, and [`object`], an object store. Damage is
//! refused with its name, never repaired silently.

mod backend;
mod content;
mod error;
pub mod fs;
mod holder;
mod key;
mod location;
#[cfg(feature = "object")]
pub mod object;
mod records;
mod secret_digest;
mod stored;

pub use backend::{JournalWriter, Lease, StateBackend};
pub use content::{Written, parse_state};
pub use error::{LeaseLoss, StoreError};
pub use fs::{LockedStack, StateStore};
pub use holder::{LockHolder, Unlocked};
pub use key::{DigestKey, keyed_digest};
pub use location::Location;
#[cfg(feature = "object")]
pub use object::ObjectStateStore;
pub use secret_digest::{Comparison, DigestCost, DigestError, SecretDigests};
pub use stored::{Stored, Version};
