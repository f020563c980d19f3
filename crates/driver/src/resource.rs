//! The driver of one resource type.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use rstack_model::{
    Address, Cursor, Identifier, KnownMap, PhysicalId, SnapshotName, StackName, Token,
};

use crate::{DriverError, NameRule, Object, Observed, Pending, Poll, Request, Step};

/// The journal could not take an effect. The call that follows must not be made.
#[derive(Debug, thiserror::Error)]
#[error("the journal cannot be written: {message}")]
pub struct SinkError {
    /// The failure of the write.
    pub message: String,
}

/// The place where a driver reports, before it goes on, that an object now exists.
#[async_trait]
pub trait EffectSink: Send + Sync {
    /// Makes durable that the object exists. A driver whose `create` makes more than one call
    /// calls this after the first one that creates, before the next.
    ///
    /// # Errors
    /// If it cannot be made durable; the driver stops and returns the error.
    async fn created(
        &self,
        identifier: &Identifier,
        physical_id: &PhysicalId,
    ) -> Result<(), SinkError>;

    /// As [`Self::created`], of an object whose `Ref` is its whole identifier.
    ///
    /// # Errors
    /// As [`Self::created`].
    async fn created_as(&self, physical_id: &PhysicalId) -> Result<(), SinkError> {
        self.created(&Identifier::from(physical_id), physical_id).await
    }

    /// Makes durable that the driver looked and that no object of this name exists. A driver that
    /// recognizes its objects by their names only calls this before the call that creates, and
    /// makes that call only after it: see [`CreateRequest::absence_proven`].
    ///
    /// # Errors
    /// If it cannot be made durable; the driver stops and returns the error.
    async fn absent(&self) -> Result<(), SinkError>;

    /// Makes durable that the call which begins an operation is about to be made, as the cursor under
    /// which the operation is found again. A driver whose API takes a token for a limited time, or whose
    /// call must not be made twice, calls this before that call: see [`CreateRequest::begun`] and
    /// [`Self::begun`].
    ///
    /// # Errors
    /// If it cannot be made durable; the driver stops and returns the error.
    async fn begins(&self, cursor: &Cursor) -> Result<(), SinkError>;

    /// The last cursor that was made durable for this operation; `None` before [`Self::begins`].
    fn begun(&self) -> Option<Cursor> {
        None
    }

    /// The attributes of the object that the plan refers to.
    fn wanted_attributes(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }
}

/// A sink that keeps nothing, for tests of drivers alone.
#[derive(Clone, Copy, Debug)]
pub struct NoEffects;

#[async_trait]
impl EffectSink for NoEffects {
    async fn created(&self, _: &Identifier, _: &PhysicalId) -> Result<(), SinkError> {
        Ok(())
    }

    async fn absent(&self) -> Result<(), SinkError> {
        Ok(())
    }

    async fn begins(&self, _: &Cursor) -> Result<(), SinkError> {
        Ok(())
    }
}

/// The request to create an object; it serves to recognise the object as ours later, too.
#[derive(Clone, Debug)]
pub struct CreateRequest {
    /// The stack.
    pub stack: StackName,
    /// The resource.
    pub address: Address,
    /// The journaled token of this operation: also the idempotency token where the API has one.
    pub token: Token,
    /// The wholly known properties, the chosen name among them.
    pub properties: KnownMap,
    /// True if [`EffectSink::absent`] was made durable for this operation. While it was not, the
    /// call that creates was never made: an object of that name belongs to another owner.
    pub absence_proven: bool,
    /// The last cursor that was made durable for this operation. While there is none, a driver that
    /// uses [`EffectSink::begins`] has not made the call that begins it.
    pub begun: Option<Cursor>,
}

/// The request to change an object.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// The object.
    pub identifier: Identifier,
    /// The journaled token of this operation.
    pub token: Token,
    /// The properties it was declared with before, secrets left empty: for what is no longer
    /// declared.
    pub prior: KnownMap,
    /// The wholly known properties it is to have.
    pub properties: KnownMap,
}

/// The extent of a deletion, where the service would keep something of the object for a while:
/// a secret, for its recovery window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The service may keep what it keeps by default.
    Recoverable,
    /// A failed run takes back an object that it has made itself and that has no users yet: nothing
    /// of it is kept. Anything that existed before the run, in whatever form, is kept.
    Rollback,
    /// The user asks that nothing is kept.
    Purge,
}

/// The request to delete an object.
#[derive(Clone, Debug)]
pub struct DeleteRequest {
    /// The object.
    pub identifier: Identifier,
    /// The journaled token of this operation.
    pub token: Token,
    /// The properties it was declared with, secrets left empty.
    pub prior: KnownMap,
    /// The extent of the deletion.
    pub removal: Removal,
}

/// The progress of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is finished.
    Done,
    /// It goes on in the cloud; ask again.
    Pending {
        /// The condition it waits for, such as `distribution E123 to be deployed`.
        waits_for: String,
        /// The time to wait before asking again.
        ask_again_in: Duration,
    },
}

/// The outcome of looking for the object of an open create.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// There is none: it may be created.
    Absent,
    /// It is there and it was made by this very operation.
    Ours(Box<Object>),
    /// The request of this operation is known to the cloud, and is polled on: the poll says if it
    /// made an object. No call of the create remains to be made.
    Begun(Box<Pending>),
    /// Something is there, and its maker cannot be determined.
    Ambiguous {
        /// The object that was found, and why its maker cannot be determined.
        why: String,
    },
}

/// A property of a type that its driver cannot carry out. A template that declares it is refused
/// before anything is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsupportedProperty {
    /// The top-level property.
    pub property: &'static str,
    /// The help that says what to declare instead.
    pub instead: &'static str,
}

/// The driver of one resource type. All mapping between the CloudFormation property tree and the
/// API lives here.
#[async_trait]
pub trait ResourceDriver: Send + Sync {
    /// The driver's name in states: `native`, `cloud-control`, `sandbox` or `none`.
    fn name(&self) -> &'static str;

    /// The rule for the names of objects that the template does not name.
    fn naming(&self) -> Option<NameRule> {
        None
    }

    /// The properties that the driver cannot carry out.
    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        &[]
    }

    /// The reason for which the service would refuse to delete an object now, as far as it can be seen
    /// without a change, such as the contents of a bucket.
    ///
    /// # Errors
    /// If it cannot be seen.
    async fn hindrance(&self, _identifier: &Identifier) -> Result<Option<String>, DriverError> {
        Ok(None)
    }

    /// Reads an object. `declared` are the properties last declared for it (with the secrets that
    /// are known, the others left empty), for types whose read needs more than the identifier.
    ///
    /// # Errors
    /// If it cannot be determined whether it exists, or what it is.
    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError>;

    /// Begins an operation. What is durable by the time of a call inside of it goes to `effects`.
    /// A creation is begun once; a change and a deletion may be begun again, with the same token or
    /// with another one, also while one goes on that is not known to the engine.
    ///
    /// # Errors
    /// If it failed, or may have failed; an effect that was reported to `effects` stays true.
    async fn begin(&self, request: &Request, effects: &dyn EffectSink)
    -> Result<Step, DriverError>;

    /// The progress of an operation that [`Self::begin`] or an earlier poll left pending. It may be
    /// asked again with the same cursor.
    ///
    /// # Errors
    /// If it cannot be determined. That the operation failed is
    /// [`Finish::Failed`](crate::Finish::Failed), and must be where the operation may not be begun
    /// again.
    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError>;

    /// Reverts the part of an interrupted update that is not on the object the state knows:
    /// `in_doubt` are the properties that the update was to give, `prior` those of the state,
    /// secrets left empty. An object with an identity of its own is nowhere else, and there is
    /// nothing to revert.
    ///
    /// # Errors
    /// If it failed, or may have failed.
    async fn revert_partial_update(
        &self,
        in_doubt: &KnownMap,
        prior: &KnownMap,
    ) -> Result<(), DriverError> {
        let _ = (in_doubt, prior);
        Ok(())
    }

    /// Looks for the object of a create of which it is not known whether it took effect.
    ///
    /// # Errors
    /// If it cannot be determined.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError>;

    /// The whole identifier of an object that the user names as the outcome of an open create. The user
    /// may name it by less.
    fn identify(&self, request: &CreateRequest, given: &Identifier) -> Identifier {
        let _ = request;
        given.clone()
    }

    /// The outcome of the operation with this token is durable: what the driver keeps of it outside of
    /// the journal may go. It is called once at most, and a failure has no consequence.
    ///
    /// # Errors
    /// If something of it may be left.
    async fn recorded(&self, token: &Token) -> Result<(), DriverError> {
        let _ = token;
        Ok(())
    }

    /// Looks for the deletion with a final snapshot of which it is not known whether it was begun: the
    /// step from which it is followed. `None` if its service has not accepted it: the object is as it
    /// was, or another caller has deleted it. Nothing is changed.
    ///
    /// # Errors
    /// If it cannot be determined.
    async fn find_deletion(
        &self,
        request: &DeleteRequest,
        snapshot: &SnapshotName,
    ) -> Result<Option<Step>, DriverError> {
        let _ = (request, snapshot);
        Ok(None)
    }
}
