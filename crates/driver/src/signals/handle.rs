//! The driver of wait condition handles. Nothing is made for one: it is the name of a place, and its
//! signals are removed with it.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_model::{Identifier, KnownMap, PhysicalId};

use super::{HANDLE_TYPE, SignalTransport};
use crate::{
    CreateRequest, DriverError, EffectSink, ErrorKind, Finish, Found, Object, Observed, Poll,
    Request, ResourceDriver, Step,
};

/// The driver of handles.
pub struct WaitConditionHandle {
    transport: Arc<dyn SignalTransport>,
}

impl WaitConditionHandle {
    /// The driver of the handles whose signals arrive there.
    pub fn new(transport: Arc<dyn SignalTransport>) -> Self {
        Self { transport }
    }

    fn object(identifier: Identifier, properties: KnownMap) -> Object {
        let physical_id = PhysicalId::from(identifier.only());
        let attributes = KnownMap::from([("Id".to_owned(), identifier.only().into())]);
        Object { identifier, physical_id, properties, attributes }
    }
}

#[async_trait]
impl ResourceDriver for WaitConditionHandle {
    fn name(&self) -> &'static str {
        "signals"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(Observed::Present(Self::object(identifier.clone(), declared.clone())))
    }

    async fn begin(&self, request: &Request, _: &dyn EffectSink) -> Result<Step, DriverError> {
        match request {
            Request::Create(request) => {
                let handle = self.transport.handle(&request.token).await;
                let handle = handle.map_err(|error| match error.kind {
                    // The place is missing, and no object is.
                    ErrorKind::NotFound => DriverError {
                        kind: ErrorKind::Invalid { property: None },
                        operation: format!("Create of {HANDLE_TYPE}"),
                        ..error
                    },
                    _ => error,
                })?;
                let identifier = Identifier::from(&PhysicalId::new(handle));
                Ok(Step::made(Self::object(identifier, request.properties.clone())))
            }
            Request::Update(request) => {
                Ok(Step::made(Self::object(request.identifier.clone(), request.properties.clone())))
            }
            Request::Delete(request) => {
                match self.transport.discard(request.identifier.only()).await {
                    Ok(()) => Ok(Step::Done(Finish::Gone)),
                    // Without their bucket there are no signals.
                    Err(error) if error.kind == ErrorKind::NotFound => Ok(Step::Done(Finish::Gone)),
                    Err(error) => Err(error),
                }
            }
            Request::DeleteWithSnapshot { .. } => Err(Request::takes_no_snapshot()),
        }
    }

    async fn poll(&self, _: &Poll) -> Result<Step, DriverError> {
        Ok(Step::Done(Finish::Stabilized))
    }

    /// The same operation makes the same handle again.
    async fn find(&self, _: &CreateRequest) -> Result<Found, DriverError> {
        Ok(Found::Absent)
    }
}
