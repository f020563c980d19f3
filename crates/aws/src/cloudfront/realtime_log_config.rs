//! `AWS::CloudFront::RealtimeLogConfig`.
//!
//! Changes name no version: one that arrives twice does the same twice. A configuration has neither
//! tags nor a token. It is known again like a policy (`named`): by its name, by the durable proof that
//! the name was free, and by being configured as declared.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, Found, Object, Observed,
    Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath};

use super::UNORDERED_BY;
use super::absence::{proven, taken};
use super::service::{action, declared_name, is_missing, key, map, model, schema, text};
use super::versioned::still_in_use;
use crate::api::Api;
use crate::mapping::{Mapper, Rules, equivalent, in_declared_order};

/// The type.
pub(super) const TYPE: &str = "AWS::CloudFront::RealtimeLogConfig";

const OBJECT: &str = "RealtimeLogConfig";
const CREATE: &str = "CreateRealtimeLogConfig";
const GET: &str = "GetRealtimeLogConfig";
const UPDATE: &str = "UpdateRealtimeLogConfig";
const DELETE: &str = "DeleteRealtimeLogConfig";

/// The driver of real-time log configurations. The physical ID is the ARN.
pub(super) struct RealtimeLogConfig {
    api: Arc<dyn Api>,
}

impl RealtimeLogConfig {
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The configuration as the service describes it; `None` if it is not there.
    async fn get(&self, key: KnownMap) -> Result<Option<KnownMap>, DriverError> {
        match self.api.call(GET, key).await {
            Ok(answer) => map(&answer, OBJECT, GET).cloned().map(Some),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The declared properties as the creating operation takes them. The changing one takes the same.
fn members(properties: &KnownMap, operation: &'static str) -> Result<KnownMap, DriverError> {
    Mapper::new(model()?, "CreateRealtimeLogConfigRequest", &Rules::NONE)
        .to_members(properties)
        .map_err(|error| error.for_operation(action(operation)))
}

/// The configuration of a description.
fn object(
    found: &KnownMap,
    operation: &'static str,
    declared: &KnownMap,
) -> Result<Object, DriverError> {
    let (schema, arn) = (schema(TYPE)?, text(found, "ARN", operation)?);
    let shown = Mapper::new(model()?, OBJECT, &Rules::NONE);
    let mut properties = shown.from_members(found, &schema, schema.root());
    properties.remove("Arn");
    Ok(Object::named(
        PhysicalId::new(arn),
        in_declared_order(properties, declared, UNORDERED_BY),
        key("Arn", arn),
    ))
}

#[async_trait]
impl DirectDriver for RealtimeLogConfig {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.get(key("ARN", identifier.only())).await? {
            Some(found) => Observed::Present(object(&found, GET, declared)?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let input = members(&request.properties, CREATE)?;
        let name = declared_name(&input, &PropertyPath::root(), CREATE)?;
        if !request.absence_proven {
            if self.get(key("Name", name)).await?.is_some() {
                let what = format!("a real-time log configuration named `{name}`");
                return Err(taken(CREATE, &what));
            }
            proven(effects, CREATE).await?;
        }
        let answer = self.api.call(CREATE, input).await?;
        object(map(&answer, OBJECT, CREATE)?, CREATE, &request.properties)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let mut input = members(&request.properties, UPDATE)?;
        input.insert("ARN".to_owned(), request.identifier.only().into());
        let answer = self.api.call(UPDATE, input).await?;
        object(map(&answer, OBJECT, UPDATE)?, UPDATE, &request.properties)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        match self.api.call(DELETE, key("ARN", request.identifier.only())).await {
            Ok(_) => Ok(Progress::Done),
            Err(error) if is_missing(&error) => Ok(Progress::Done),
            Err(error) => Err(still_in_use(error)),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let declared = members(&request.properties, CREATE)?;
        let name = declared_name(&declared, &PropertyPath::root(), CREATE)?;
        let Some(found) = self.get(key("Name", name)).await? else { return Ok(Found::Absent) };
        let mut observed = found.clone();
        observed.remove("ARN");
        let (declared, observed) = (KnownValue::Map(declared.clone()), KnownValue::Map(observed));
        if equivalent(&declared, &observed, UNORDERED_BY) {
            let object = object(&found, GET, &request.properties)?;
            return Ok(Found::Ours(Box::new(object)));
        }
        let why = format!(
            "a real-time log configuration named `{name}` exists, but it is not configured as \
             declared"
        );
        Ok(Found::Ambiguous { why })
    }
}
