//! Types that stand for nothing in the cloud.

use async_trait::async_trait;
use rstack_model::{Identifier, KnownMap, PhysicalId, ResourceType};

use crate::{
    CreateRequest, DriverError, EffectSink, Finish, Found, Object, Observed, Poll, Request,
    ResourceDriver, Step,
};

/// The driver of `AWS::CDK::Metadata`, which is recorded, and nothing is called.
#[derive(Clone, Copy, Debug)]
pub struct Noop;

impl Noop {
    /// True if a type stands for nothing.
    pub fn serves(resource_type: &ResourceType) -> bool {
        resource_type.as_str() == "AWS::CDK::Metadata"
    }

    fn object(physical_id: PhysicalId, properties: KnownMap) -> Object {
        let identifier = Identifier::from(&physical_id);
        Object { identifier, physical_id, properties, attributes: KnownMap::new() }
    }
}

#[async_trait]
impl ResourceDriver for Noop {
    fn name(&self) -> &'static str {
        "none"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(Observed::Present(Self::object(identifier.only().into(), declared.clone())))
    }

    async fn begin(&self, request: &Request, _: &dyn EffectSink) -> Result<Step, DriverError> {
        Ok(match request {
            Request::Create(request) => {
                let id = PhysicalId::new(format!("{}-{}", request.stack, request.address));
                Step::made(Self::object(id, request.properties.clone()))
            }
            Request::Update(request) => {
                let id = request.identifier.only().into();
                Step::made(Self::object(id, request.properties.clone()))
            }
            Request::Delete(_) => Step::Done(Finish::Gone),
            Request::DeleteWithSnapshot { .. } => return Err(Request::takes_no_snapshot()),
        })
    }

    async fn poll(&self, _: &Poll) -> Result<Step, DriverError> {
        Ok(Step::Done(Finish::Stabilized))
    }

    async fn find(&self, _: &CreateRequest) -> Result<Found, DriverError> {
        Ok(Found::Absent)
    }
}
