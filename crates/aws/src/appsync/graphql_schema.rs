//! `AWS::AppSync::GraphQLSchema`: the schema of a GraphQL API.
//!
//! AppSync has no object for it: an API has one schema, which is set again to change it and goes with
//! the API. AppSync shows a schema in a form of its own, so that its text is compared with nothing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, PropertyPath};

use crate::api::Api;
use crate::iam::{Fields, arguments, text_in};

const START: &str = "appsync:StartSchemaCreation";
const STATUS: &str = "appsync:GetSchemaCreationStatus";

/// The end of the physical ID, behind the ID of the API.
///
/// Source: CloudFormation Template Reference, `AWS::AppSync::GraphQLSchema`, Return values.
const END: &str = "GraphQLSchema";

/// The time between two questions about a schema that is processed.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The driver of schemas.
pub(crate) struct GraphqlSchema {
    api: Arc<dyn Api>,
}

impl GraphqlSchema {
    /// A driver that calls AppSync.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The status of an API's schema, with its details; `None` if the API does not exist.
    async fn status(&self, api: &str) -> Result<Option<(String, String)>, DriverError> {
        let input = arguments([("apiId", api.into())]);
        match self.api.call("GetSchemaCreationStatus", input).await {
            Ok(answer) => {
                let text = |name: &str| text_in(&answer, name).unwrap_or_default().to_owned();
                Ok(Some((text("status"), text("details"))))
            }
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets the schema, which AppSync then processes.
    async fn start(&self, properties: &KnownMap) -> Result<Object, DriverError> {
        let fields = Fields::new(properties, START);
        let api = fields.required_name("ApiId")?;
        let definition = fields.required("Definition")?;
        let input = arguments([("apiId", api.as_str().into()), ("definition", definition)]);
        match self.api.call("StartSchemaCreation", input).await {
            Ok(_) => Ok(object(&api, properties.clone())),
            // The API was made a moment ago.
            Err(error) if error.kind == ErrorKind::NotFound => {
                Err(DriverError { kind: ErrorKind::DependencyNotReady, ..error })
            }
            Err(error) => Err(error),
        }
    }
}

fn object(api: &str, properties: KnownMap) -> Object {
    let id = format!("{api}{END}");
    let attributes = arguments([("Id", id.as_str().into())]);
    Object::named(id.as_str().into(), properties, attributes)
}

/// The ID of the API in an identifier.
fn api_of(identifier: &Identifier) -> &str {
    let id = identifier.only();
    id.strip_suffix(END).unwrap_or(id)
}

#[async_trait]
impl DirectDriver for GraphqlSchema {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let api = api_of(identifier);
        let status = self.status(api).await?;
        if status.is_none_or(|(status, _)| matches!(status.as_str(), "NOT_APPLICABLE" | "DELETING"))
        {
            return Ok(Observed::Absent);
        }
        let mut properties = arguments([("ApiId", api.into())]);
        if let Some(definition) = declared.get("Definition") {
            properties.insert("Definition".to_owned(), definition.clone());
        }
        Ok(Observed::Present(object(api, properties)))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        _: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        self.start(&request.properties).await
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        self.start(&request.properties).await
    }

    /// Nothing is called: the schema goes with its API.
    async fn delete(&self, _: &DeleteRequest) -> Result<Progress, DriverError> {
        Ok(Progress::Done)
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let api = api_of(identifier);
        let Some((status, details)) = self.status(api).await? else {
            let message = format!("the GraphQL API `{api}` does not exist any more");
            return Err(DriverError::new(ErrorKind::NotFound, STATUS, message));
        };
        match status.as_str() {
            "SUCCESS" | "ACTIVE" => Ok(Progress::Done),
            "FAILED" => {
                let property = Some(PropertyPath::root().name("Definition"));
                let message = format!("AppSync cannot use the schema: {details}");
                Err(DriverError::new(ErrorKind::Invalid { property }, STATUS, message))
            }
            _ => Ok(Progress::Pending {
                waits_for: format!("the schema of `{api}` to be processed"),
                ask_again_in: ASK_AGAIN,
            }),
        }
    }

    /// Setting the schema again changes nothing, so that it is always set again.
    async fn find(&self, _: &CreateRequest) -> Result<Found, DriverError> {
        Ok(Found::Absent)
    }
}
