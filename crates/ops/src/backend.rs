//! The seam to the store of states. Everything that this crate asks of a store goes by these names,
//! so that another store can take their place.

/// The store: `stacks`, `read`, `lock`, `digest_key`.
pub use rstack_store::StateStore as Backend;

/// A stack's lease: what is read and recorded under it is read and recorded by no other process.
pub use rstack_store::LockedStack as Lease;

/// The process that holds a lease, for those that find the stack locked.
pub use rstack_store::LockHolder as Holder;

/// A stack's record: its state, and the journal of a run that is open.
pub use rstack_store::Stored as Record;
