//! `AWS::CloudFront::Function`.
//!
//! A function has two stages. Changes go to `DEVELOPMENT`; where `AutoPublish` is declared they
//! are then published to `LIVE`, and it is the live stage that is read, so that a publication that
//! did not come about shows.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath};

use super::absence::{proven, taken};
use super::service::{action, declared_name, is_missing, key, map, model, schema, text};
use super::versioned::{Versioned, still_in_use};
use super::{UNORDERED_BY, tags};
use crate::api::Api;
use crate::mapping::{Mapper, Rules, equivalent, in_declared_order};

/// The type.
pub(super) const TYPE: &str = "AWS::CloudFront::Function";

const DEVELOPMENT: &str = "DEVELOPMENT";
const LIVE: &str = "LIVE";

/// The driver of functions.
pub(super) struct Function {
    api: Arc<dyn Api>,
}

/// The name in a function's ARN, `arn:aws:cloudfront::111122223333:function/NAME`.
fn name_of(identifier: &Identifier) -> &str {
    let id = identifier.only();
    id.split_once(":function/").map_or(id, |(_, name)| name)
}

fn publishes(properties: &KnownMap) -> bool {
    match properties.get("AutoPublish") {
        Some(KnownValue::Bool(publish)) => *publish,
        Some(KnownValue::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

fn staged(name: &str, stage: &str) -> KnownMap {
    let mut input = key("Name", name);
    input.insert("Stage".to_owned(), KnownValue::from(stage));
    input
}

impl Function {
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    fn versioned<'a>(&'a self, name: &str) -> Versioned<'a> {
        Versioned {
            api: &*self.api,
            get: "DescribeFunction",
            get_input: staged(name, DEVELOPMENT),
            key: key("Name", name),
            // Of the code only the time of its last change can be seen.
            content: ["FunctionSummary", "FunctionMetadata"],
        }
    }

    /// The description of a stage; `None` if the function is not there.
    async fn describe(&self, name: &str, stage: &str) -> Result<Option<KnownMap>, DriverError> {
        match self.api.call("DescribeFunction", staged(name, stage)).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn code(&self, name: &str, stage: &str) -> Result<Option<KnownValue>, DriverError> {
        let answer = self.api.call("GetFunction", staged(name, stage)).await?;
        Ok(answer.get("FunctionCode").cloned())
    }

    async fn observe(
        &self,
        name: &str,
        declared: &KnownMap,
        tags: tags::Shown,
    ) -> Result<Option<Object>, DriverError> {
        let operation = "DescribeFunction";
        let Some(development) = self.describe(name, DEVELOPMENT).await? else { return Ok(None) };
        let (stage, shown) = if publishes(declared) {
            (LIVE, self.describe(name, LIVE).await?)
        } else {
            (DEVELOPMENT, Some(development.clone()))
        };
        let arn = arn(&development, operation)?;
        let mut properties = key("Name", name);
        if let Some(shown) = shown {
            let summary = map(&shown, "FunctionSummary", operation)?;
            let config = map(summary, "FunctionConfig", operation)?;
            let schema = schema(TYPE)?;
            if let Some(node) = schema.property(schema.root(), "FunctionConfig") {
                let config = mapper()?.from_members(config, &schema, node);
                properties.insert("FunctionConfig".to_owned(), KnownValue::Map(config));
            }
            let code = self.code(name, stage).await?;
            properties.extend(code.map(|code| ("FunctionCode".to_owned(), code)));
        }
        properties.extend(tags.property(&*self.api, arn, declared).await?);
        let attributes = KnownMap::from([
            ("FunctionARN".to_owned(), KnownValue::from(arn)),
            ("FunctionMetadata.FunctionARN".to_owned(), KnownValue::from(arn)),
            ("Stage".to_owned(), KnownValue::from(stage)),
        ]);
        Ok(Some(Object::named(
            PhysicalId::new(arn),
            in_declared_order(properties, declared, UNORDERED_BY),
            attributes,
        )))
    }

    /// True if the development stage has this configuration and code; `None` if the function is not
    /// there.
    async fn holds(&self, name: &str, content: &KnownMap) -> Result<Option<bool>, DriverError> {
        let Some(answer) = self.describe(name, DEVELOPMENT).await? else { return Ok(None) };
        let summary = map(&answer, "FunctionSummary", "DescribeFunction")?;
        let config = map(summary, "FunctionConfig", "DescribeFunction")?.clone();
        let mut observed = KnownMap::from([("FunctionConfig".to_owned(), config.into())]);
        let code = self.code(name, DEVELOPMENT).await?;
        observed.extend(code.map(|code| ("FunctionCode".to_owned(), code)));
        Ok(Some(equivalent(&content.clone().into(), &observed.into(), UNORDERED_BY)))
    }

    /// Reads back what was just written.
    async fn written(
        &self,
        name: &str,
        declared: &KnownMap,
        operation: &str,
    ) -> Result<Object, DriverError> {
        self.observe(name, declared, tags::Shown::AsDeclared).await?.ok_or_else(|| {
            let message = format!("the function `{name}` is not there after it was written");
            DriverError::new(ErrorKind::UnknownOutcome, action(operation), message)
        })
    }

    /// Copies the development stage to the live one, if that is declared. The version is read
    /// anew: an answer to `UpdateFunction` has it under a misspelt header, `ETtag`.
    async fn publish(
        &self,
        object: &Versioned<'_>,
        properties: &KnownMap,
    ) -> Result<(), DriverError> {
        if publishes(properties) {
            object.change("PublishFunction", KnownMap::new()).await?;
        }
        Ok(())
    }
}

fn mapper() -> Result<Mapper<'static>, DriverError> {
    let path = PropertyPath::root().name("FunctionConfig");
    Ok(Mapper::new(model()?, "FunctionConfig", &Rules::NONE).at(path))
}

fn arn<'a>(answer: &'a KnownMap, operation: &str) -> Result<&'a str, DriverError> {
    let summary = map(answer, "FunctionSummary", operation)?;
    text(map(summary, "FunctionMetadata", operation)?, "FunctionARN", operation)
}

/// The configuration and the code, as creating and changing take them.
fn content(properties: &KnownMap, operation: &'static str) -> Result<KnownMap, DriverError> {
    let missing = |property: &str| {
        let kind = ErrorKind::Invalid { property: Some(PropertyPath::root().name(property)) };
        DriverError::new(kind, action(operation), format!("`{property}` is missing"))
    };
    let config = properties.get("FunctionConfig").and_then(KnownValue::as_map);
    let config = config.ok_or_else(|| missing("FunctionConfig"))?;
    let code = properties.get("FunctionCode").ok_or_else(|| missing("FunctionCode"))?;
    let config =
        mapper()?.to_members(config).map_err(|error| error.for_operation(action(operation)))?;
    Ok(KnownMap::from([
        ("FunctionConfig".to_owned(), KnownValue::Map(config)),
        ("FunctionCode".to_owned(), code.clone()),
    ]))
}

#[async_trait]
impl DirectDriver for Function {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let found = self.observe(name_of(identifier), declared, tags::Shown::AsRead).await?;
        Ok(found.map_or(Observed::Absent, Observed::Present))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let operation = "CreateFunction";
        let mut input = content(&request.properties, operation)?;
        let name = declared_name(&request.properties, &PropertyPath::root(), operation)?;
        if !request.absence_proven {
            if self.describe(name, DEVELOPMENT).await?.is_some() {
                return Err(taken(operation, &format!("a function named `{name}`")));
            }
            proven(effects, operation).await?;
        }
        input.insert("Name".to_owned(), KnownValue::from(name));
        input.extend(tags::member(&request.properties).map(|tags| ("Tags".to_owned(), tags)));
        let made = self.api.call(operation, input).await?;
        let id = PhysicalId::new(arn(&made, operation)?);
        effects.created_as(&id).await.map_err(|error| {
            DriverError::new(ErrorKind::UnknownOutcome, action(operation), error.to_string())
        })?;
        self.publish(&self.versioned(name), &request.properties).await?;
        self.written(name, &request.properties, operation).await
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let operation = "UpdateFunction";
        let name = name_of(&request.identifier);
        let object = self.versioned(name);
        let input = content(&request.properties, operation)?;
        match object.change(operation, input.clone()).await {
            Ok(_) => {}
            // The request arrived twice, and the first of both has done it.
            Err(error)
                if error.kind == ErrorKind::Conflict
                    && self.holds(name, &input).await? == Some(true) => {}
            Err(error) => return Err(error),
        }
        self.publish(&object, &request.properties).await?;
        let arn = request.identifier.only();
        tags::update(&*self.api, arn, &request.prior, &request.properties).await?;
        self.written(name, &request.properties, operation).await
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let object = self.versioned(name_of(&request.identifier));
        match object.change("DeleteFunction", KnownMap::new()).await {
            Ok(_) => Ok(Progress::Done),
            Err(error) if is_missing(&error) => Ok(Progress::Done),
            Err(error) => Err(still_in_use(error)),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let operation = "DescribeFunction";
        let declared = content(&request.properties, "CreateFunction")?;
        let name = declared_name(&request.properties, &PropertyPath::root(), "CreateFunction")?;
        match self.holds(name, &declared).await? {
            None => return Ok(Found::Absent),
            Some(false) => {
                let why = format!("a function named `{name}` exists, but not as declared");
                return Ok(Found::Ambiguous { why });
            }
            Some(true) => {}
        }
        let found = self.written(name, &request.properties, operation).await?;
        Ok(Found::Ours(Box::new(found)))
    }
}
