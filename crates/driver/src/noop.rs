//! Types that stand for nothing in the cloud.

use async_trait::async_trait;
use rstack_model::{Identifier, KnownMap, PhysicalId, ResourceType};

use crate::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, Found, Object, Observed, Progress,
    ResourceDriver, UpdateRequest,
};

/// The driver of `AWS::CDK::Metadata` and `AWS::CloudFormation::WaitConditionHandle`: they are
/// recorded and nothing is called.
#[derive(Clone, Copy, Debug)]
pub struct Noop;

impl Noop {
    /// Whether a type stands for nothing.
    pub fn serves(resource_type: &ResourceType) -> bool {
        matches!(
            resource_type.as_str(),
            "AWS::CDK::Metadata" | "AWS::CloudFormation::WaitConditionHandle"
        )
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

    async fn create(
        &self,
        request: &CreateRequest,
        _: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let id = PhysicalId::new(format!("{}-{}", request.stack, request.address));
        Ok(Self::object(id, request.properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        Ok(Self::object(request.identifier.only().into(), request.properties.clone()))
    }

    async fn delete(&self, _: &DeleteRequest) -> Result<Progress, DriverError> {
        Ok(Progress::Done)
    }

    async fn find(&self, _: &CreateRequest) -> Result<Found, DriverError> {
        Ok(Found::Absent)
    }
}
