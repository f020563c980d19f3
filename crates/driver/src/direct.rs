//! Drivers of APIs that answer a call when it has been carried out: what remains to be waited for
//! is that the object stabilizes, or is gone. The contract of each call is that of [`ResourceDriver`],
//! where it has the same name; only what differs is described here.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_model::{Cursor, Identifier, KnownMap};

use crate::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Finish, Found, NameRule,
    Object, Observed, OperationKind, Pending, Poll, Progress, Removal, Request, ResourceDriver,
    Step, UnsupportedProperty, UpdateRequest,
};

/// The cursor of an object that stabilizes, as states and journals hold it.
const STABILIZE: &str = "settle";

/// The driver of one resource type whose API answers a call when it has been carried out.
/// [`Direct`] makes it a [`ResourceDriver`].
#[async_trait]
pub trait DirectDriver: Send + Sync {
    /// As [`ResourceDriver::name`].
    fn name(&self) -> &'static str;

    /// As [`ResourceDriver::naming`].
    fn naming(&self) -> Option<NameRule> {
        None
    }

    /// As [`ResourceDriver::unsupported`].
    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        &[]
    }

    /// As [`ResourceDriver::hindrance`].
    ///
    /// # Errors
    /// If it cannot be seen.
    async fn hindrance(&self, _identifier: &Identifier) -> Result<Option<String>, DriverError> {
        Ok(None)
    }

    /// As [`ResourceDriver::read`].
    ///
    /// # Errors
    /// If it cannot be determined whether it exists, or what it is.
    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError>;

    /// Creates an object.
    ///
    /// # Errors
    /// If it failed, or may have failed; an effect that was reported to `effects` stays true.
    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError>;

    /// Changes an object in place and reads it back. May be repeated with the same request.
    ///
    /// # Errors
    /// If it failed, or may have failed.
    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError>;

    /// As [`ResourceDriver::revert_partial_update`].
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

    /// Deletes an object. It is called again until it is [`Progress::Done`]; an object that does
    /// not exist is done.
    ///
    /// # Errors
    /// If it failed, or may have failed.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError>;

    /// The progress of an object that was created or changed towards being stable, so that others
    /// may use it.
    ///
    /// # Errors
    /// If it cannot be determined, or the object failed to stabilize.
    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let _ = identifier;
        Ok(Progress::Done)
    }

    /// True if others can use an object that is still stabilizing.
    fn is_usable_while_stabilizing(&self) -> bool {
        false
    }

    /// As [`ResourceDriver::find`].
    ///
    /// # Errors
    /// If it cannot be determined.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError>;
}

/// A [`DirectDriver`] as a driver of the protocol.
#[derive(Clone)]
pub struct Direct(pub Arc<dyn DirectDriver>);

/// The cursor of a deletion, which says how far the object is to be gone.
fn deleting(removal: Removal) -> Cursor {
    Cursor::from(match removal {
        Removal::Recoverable => "delete",
        Removal::Rollback => "delete-undo",
        Removal::Purge => "delete-purge",
    })
}

fn removal_of(cursor: &Cursor) -> Removal {
    [Removal::Rollback, Removal::Purge]
        .into_iter()
        .find(|removal| deleting(*removal) == *cursor)
        .unwrap_or(Removal::Recoverable)
}

impl Direct {
    /// The object was made or changed: the first poll asks whether it has stabilized.
    fn stabilizing(&self, object: Object) -> Step {
        Step::Pending(Pending {
            usable: self.0.is_usable_while_stabilizing(),
            object: Some(Box::new(object)),
            cursor: Cursor::from(STABILIZE),
            repeatable: true,
            waits_for: "it to settle".to_owned(),
            ask_again_in: std::time::Duration::ZERO,
        })
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Step, DriverError> {
        Ok(match self.0.delete(request).await? {
            Progress::Done => Step::Done(Finish::Gone),
            Progress::Pending { waits_for, ask_again_in } => Step::Pending(Pending {
                object: None,
                usable: false,
                cursor: deleting(request.removal),
                repeatable: true,
                waits_for,
                ask_again_in,
            }),
        })
    }
}

#[async_trait]
impl ResourceDriver for Direct {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn naming(&self) -> Option<NameRule> {
        self.0.naming()
    }

    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        self.0.unsupported()
    }

    async fn hindrance(&self, identifier: &Identifier) -> Result<Option<String>, DriverError> {
        self.0.hindrance(identifier).await
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        self.0.read(identifier, declared).await
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        match request {
            Request::Create(request) => {
                Ok(self.stabilizing(self.0.create(request, effects).await?))
            }
            Request::Update(request) => Ok(self.stabilizing(self.0.update(request).await?)),
            Request::Delete(request) => self.delete(request).await,
            Request::DeleteWithSnapshot { .. } => Err(Request::takes_no_snapshot()),
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        // A creation whose driver made durable that it begins, and that did not come to stabilizing,
        // has no request to follow: its object is looked for, and an update completes it.
        if poll.kind == OperationKind::Create && poll.cursor.as_str() != STABILIZE {
            let message = "the creation was interrupted: its object is looked for";
            return Err(DriverError::new(ErrorKind::NotFound, "create", message));
        }
        let Some(identifier) = &poll.identifier else { return Ok(Step::Done(Finish::Gone)) };
        if poll.kind == OperationKind::Delete {
            let request = DeleteRequest {
                identifier: identifier.clone(),
                token: poll.token.clone(),
                prior: poll.declared.clone(),
                removal: removal_of(&poll.cursor),
            };
            return self.delete(&request).await;
        }
        Ok(match self.0.stabilized(identifier).await? {
            Progress::Done => Step::Done(Finish::Stabilized),
            Progress::Pending { waits_for, ask_again_in } => Step::Pending(Pending {
                object: None,
                usable: self.0.is_usable_while_stabilizing(),
                cursor: Cursor::from(STABILIZE),
                repeatable: true,
                waits_for,
                ask_again_in,
            }),
        })
    }

    async fn revert_partial_update(
        &self,
        in_doubt: &KnownMap,
        prior: &KnownMap,
    ) -> Result<(), DriverError> {
        self.0.revert_partial_update(in_doubt, prior).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        self.0.find(request).await
    }
}
