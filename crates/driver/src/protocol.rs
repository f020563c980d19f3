//! One operation on one object, as the engine and a driver speak of it: begun once, then polled
//! until it is complete. Only the engine waits.

use std::time::Duration;

use rstack_model::{Cursor, Identifier, KnownMap, SnapshotName, Token};

use crate::{CreateRequest, DeleteRequest, DriverError, ErrorKind, Object, UpdateRequest};

/// An operation that is begun.
#[derive(Clone, Debug)]
pub enum Request {
    /// An object is created.
    Create(CreateRequest),
    /// An object is changed.
    Update(UpdateRequest),
    /// An object is deleted.
    Delete(DeleteRequest),
    /// An object is deleted after its service has taken a final snapshot of it. It may be begun again
    /// with the same snapshot, and goes on then. A driver never deletes the object without the snapshot,
    /// and refuses a name that the snapshot of another object has. A service that has accepted it does
    /// not take it back: its steps are not [`Pending::repeatable`].
    DeleteWithSnapshot {
        /// The deletion.
        request: DeleteRequest,
        /// The name of the snapshot.
        snapshot: SnapshotName,
    },
}

impl Request {
    /// The error of a driver whose service takes no final snapshots. Nothing was deleted.
    pub fn takes_no_snapshot() -> DriverError {
        let message = "the driver of this type takes no final snapshots; nothing was deleted";
        DriverError::new(ErrorKind::Unsupported, "delete with a final snapshot", message)
    }
}

/// The kind of the operation that is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// A creation.
    Create,
    /// A change.
    Update,
    /// A deletion.
    Delete,
}

/// A question about an operation that was begun, by this process or by one before it. It has all
/// that is durable of the operation, and no secret.
#[derive(Clone, Debug)]
pub struct Poll {
    /// The kind of the operation.
    pub kind: OperationKind,
    /// The cursor of the last [`Pending`] of the operation.
    pub cursor: Cursor,
    /// The object, as far as the operation has reported it.
    pub identifier: Option<Identifier>,
    /// The journaled token of the operation.
    pub token: Token,
    /// The properties declared for the object, secrets left empty.
    pub declared: KnownMap,
}

/// The progress of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// It goes on in the cloud.
    Pending(Pending),
    /// It is complete.
    Done(Finish),
}

/// An operation that goes on in the cloud. The engine makes what it says durable, waits, and polls.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The object, as soon as its identifier is known. An update may name another object than the
    /// one it was begun on: that one is deposed then.
    pub object: Option<Box<Object>>,
    /// True if others can use the object already: all its attributes are known and hold, as the
    /// domain name of a distribution does while that is deployed.
    pub usable: bool,
    /// Where the operation is polled. It is journaled and holds no secret.
    pub cursor: Cursor,
    /// True if the operation may be begun again instead of being polled on. One that may not is
    /// polled on by the next process.
    pub repeatable: bool,
    /// The condition it waits for, such as `distribution E123 to be deployed`.
    pub waits_for: String,
    /// The time to wait before polling. The first polls of a repeatable operation come sooner if it is
    /// brief.
    pub ask_again_in: Duration,
}

/// The outcome of a complete operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Finish {
    /// The object is this, and has stabilized.
    Object(Box<Object>),
    /// The object is as the operation reported before, and has stabilized.
    Stabilized,
    /// There is no object (any more). Of a deletion with a final snapshot it says that the object was
    /// gone without it.
    Gone,
    /// There is no object any more, and this final snapshot of it exists.
    Snapshotted(SnapshotName),
    /// The operation failed. An error of a poll never says that: it says that the outcome is unknown.
    Failed(Box<DriverError>),
    /// The operation failed for a reason that may pass, and may be begun anew, as another operation: a
    /// creation has made nothing.
    FailedForNow(Box<DriverError>),
}

impl Step {
    /// The step of an operation that is complete with this object.
    pub fn made(object: Object) -> Self {
        Self::Done(Finish::Object(Box::new(object)))
    }
}
