//! An API that only accepts a request and is asked for its progress, as Cloud Control is: a
//! creation names its object when it is complete, and nothing may be sent twice.
//!
//! The request is carried out when it is accepted. What remains of its progress is in the cursor, so
//! that any process can poll on.

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, Direct, DirectDriver, DriverError, EffectSink, ErrorKind, Finish, Found,
    NameRule, NoEffects, Observed, OperationKind, Pending, Poll, Progress, Request, ResourceDriver,
    Step,
};
use rstack_model::{Cursor, Identifier, KnownMap};

use crate::driver::SandboxDriver;

/// A sandbox driver behind such an API.
pub(crate) struct Deferred {
    inner: SandboxDriver,
    polls: u32,
}

impl Deferred {
    pub(crate) fn new(inner: SandboxDriver, polls: u32) -> Self {
        Self { inner, polls }
    }

    fn pending(&self, kind: &str, left: u32) -> Step {
        Step::Pending(Pending {
            object: None,
            usable: false,
            cursor: Cursor::new(left.to_string()),
            repeatable: false,
            waits_for: format!("its {kind} to be complete"),
            ask_again_in: self.inner.ask_again_in(),
        })
    }

    /// The object of a request that is complete, or what it still waits for.
    async fn complete(&self, poll: &Poll) -> Result<Step, DriverError> {
        let object = match &poll.identifier {
            None => self.inner.made_with(&poll.token).await?,
            Some(identifier) => match self.inner.read(identifier, &poll.declared).await? {
                Observed::Present(object) => Some(object),
                Observed::Absent => None,
            },
        };
        let Some(object) = object else {
            let message = "the object is gone";
            let error = DriverError::new(ErrorKind::NotFound, self.inner.get(), message);
            return Ok(Step::Done(Finish::Failed(Box::new(error))));
        };
        Ok(match self.inner.stabilized(&object.identifier).await? {
            Progress::Done => Step::made(object),
            Progress::Pending { waits_for, ask_again_in } => Step::Pending(Pending {
                object: Some(Box::new(object)),
                usable: self.inner.is_usable_while_stabilizing(),
                cursor: Cursor::from("0"),
                repeatable: false,
                waits_for,
                ask_again_in,
            }),
        })
    }
}

fn word(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "creation",
        OperationKind::Update => "update",
        OperationKind::Delete => "deletion",
    }
}

#[async_trait]
impl ResourceDriver for Deferred {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn naming(&self) -> Option<NameRule> {
        self.inner.naming()
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        self.inner.read(identifier, declared).await
    }

    async fn begin(&self, request: &Request, _: &dyn EffectSink) -> Result<Step, DriverError> {
        let kind = match request {
            Request::Create(request) => {
                self.inner.create(request, &NoEffects).await?;
                OperationKind::Create
            }
            Request::Update(request) => {
                self.inner.update(request).await?;
                OperationKind::Update
            }
            Request::Delete(request) => {
                self.inner.delete(request).await?;
                OperationKind::Delete
            }
            Request::DeleteWithSnapshot { .. } => return Err(Request::takes_no_snapshot()),
        };
        Ok(self.pending(word(kind), self.polls))
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        let left: u32 = poll.cursor.as_str().parse().unwrap_or_default();
        if let Some(left) = left.checked_sub(1) {
            return Ok(self.pending(word(poll.kind), left));
        }
        match poll.kind {
            OperationKind::Create | OperationKind::Update => self.complete(poll).await,
            OperationKind::Delete => match self.inner.poll_delete(poll).await? {
                Progress::Done => Ok(Step::Done(Finish::Gone)),
                Progress::Pending { .. } => Ok(self.pending(word(poll.kind), 0)),
            },
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        self.inner.find(request).await
    }
}

/// The driver of a type behind the API that the sandbox is asked for.
pub(crate) fn driver(inner: SandboxDriver, polls: u32) -> std::sync::Arc<dyn ResourceDriver> {
    match polls {
        0 => std::sync::Arc::new(Direct(std::sync::Arc::new(inner))),
        _ => std::sync::Arc::new(Deferred::new(inner, polls)),
    }
}
