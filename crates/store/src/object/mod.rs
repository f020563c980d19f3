//! The backend in an object store: conditional writes, a lease that expires, a fencing token.
//!
//! Of each stack there are
//!
//! - `STACK/lease`: the holder, its fencing token and when it expires. Every holder has a higher token
//!   than the one before.
//! - `STACK/current`: the pointer to the present state and to the open run, with the kept states and
//!   the token of the holder that wrote it. Publishing a state and ending the run that led to it is
//!   one conditional write of this object.
//! - `STACK/state/SERIAL-TOKEN-DIGEST.json`: the states that the pointer names.
//! - `STACK/journal/RUN/NUMBER.json`: the records of a run. Each object is created, never replaced, so
//!   that two writers cannot write one number; concurrent appends share one object.
//!
//! A holder that takes over fences the one before: it writes its token to the pointer, so that no
//! earlier holder can publish or begin, and then a fence object at the end of the open run's journal,
//! so that none can append. A record that was acknowledged to the earlier holder is before the fence
//! and is read: a record is acknowledged when the pointer still has its writer's token after it was
//! written. None of this depends on clocks; a clock only decides when a lease may be taken over.
//! It does not fence a call to the cloud that an earlier holder has already announced: as after any
//! crash, recovery asks the cloud for its outcome.

mod clock;
mod current;
mod holding;
mod journal;
mod lease;
mod names;
mod objects;
mod store;

pub use clock::{Clock, SystemClock, Timestamp};
pub use store::ObjectStateStore;
