//! One call of the protocol at a time, for tests of drivers that look at what each call does.

use async_trait::async_trait;
use rstack_model::{Cursor, Identifier, KnownMap, Token};

use crate::{
    CreateRequest, DeleteRequest, DriverError, ErrorKind, Finish, NoEffects, Object, OperationKind,
    Pending, Poll, Progress, Request, ResourceDriver, Step, UpdateRequest,
};

/// Calls of a driver whose operations name their object in the first step.
#[async_trait]
pub trait Calls {
    /// Begins a creation; the object as far as it is known then.
    ///
    /// # Errors
    /// As [`ResourceDriver::begin`].
    async fn create(&self, request: &CreateRequest) -> Result<Object, DriverError>;

    /// Begins a change; the object as far as it is known then.
    ///
    /// # Errors
    /// As [`ResourceDriver::begin`].
    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError>;

    /// Begins a deletion, or begins it again.
    ///
    /// # Errors
    /// As [`ResourceDriver::begin`].
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError>;

    /// Asks once whether an object has stabilized.
    ///
    /// # Errors
    /// As [`ResourceDriver::poll`].
    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError>;
}

fn object(step: Step) -> Result<Object, DriverError> {
    match step {
        Step::Done(Finish::Object(object))
        | Step::Pending(Pending { object: Some(object), .. }) => Ok(*object),
        Step::Done(Finish::Failed(error) | Finish::FailedForNow(error)) => Err(*error),
        Step::Done(Finish::Stabilized | Finish::Gone | Finish::Snapshotted(_))
        | Step::Pending(_) => {
            let message = "the step names no object";
            Err(DriverError::new(ErrorKind::Unsupported, "begin", message))
        }
    }
}

fn progress(step: Step) -> Progress {
    match step {
        Step::Done(_) => Progress::Done,
        Step::Pending(Pending { waits_for, ask_again_in, .. }) => {
            Progress::Pending { waits_for, ask_again_in }
        }
    }
}

#[async_trait]
impl Calls for dyn ResourceDriver {
    async fn create(&self, request: &CreateRequest) -> Result<Object, DriverError> {
        object(self.begin(&Request::Create(request.clone()), &NoEffects).await?)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        object(self.begin(&Request::Update(request.clone()), &NoEffects).await?)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        Ok(progress(self.begin(&Request::Delete(request.clone()), &NoEffects).await?))
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let poll = Poll {
            kind: OperationKind::Update,
            cursor: Cursor::from("settle"),
            identifier: Some(identifier.clone()),
            token: Token::from(""),
            declared: KnownMap::new(),
        };
        Ok(progress(self.poll(&poll).await?))
    }
}
