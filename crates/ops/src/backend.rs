//! The seam to the places where states are kept. Everything that this crate asks of one goes by these
//! names.

/// A place where states and journals are kept.
pub use rstack_store::StateBackend as Backend;

/// A stack's lease: what is read and recorded under it is read and recorded by no other process.
pub use rstack_store::Lease;

/// The process that holds a lease, for those that find the stack locked.
pub use rstack_store::LockHolder as Holder;

/// A stack's record: its state, and the journal of a run that is open.
pub use rstack_store::Stored as Record;
