//! `AWS::Lambda::Version`: the code and configuration of a function, as they are.
//!
//! Lambda numbers versions. The call that publishes makes no second version of what did not change: it
//! answers with the version that exists. The highest number before the call is durable, so that a
//! version with a higher one is that of the call.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue};

use super::calls::{CONCURRENCY, Lambda, Qualified, as_declared, meaning, waits};
use crate::api::Api;
use crate::iam::{Fields, arguments, journal_failed, text_in};
use crate::mapping::equivalent;

const CREATE: &str = "lambda:PublishVersion";
const READ: &str = "lambda:GetFunctionConfiguration";

/// The property with the runtime of a version.
const RUNTIME: &str = "RuntimePolicy";

/// The property with the environments of a version.
const SCALING: &str = "FunctionScalingConfig";
const BOUNDS: [&str; 2] = ["MaxExecutionEnvironments", "MinExecutionEnvironments"];

/// The beginning of the cursor of a creation; the highest number before the call follows.
const BEGINS: &str = "publish after ";

/// The most pages of versions that are read, at least 50 versions a page.
const MOST_PAGES: usize = 1000;

/// The driver of versions. The physical ID is the ARN with the number.
pub(crate) struct Version {
    lambda: Lambda,
}

fn number(version: &KnownMap) -> Option<u64> {
    text_in(version, "Version")?.parse().ok()
}

/// The highest number before the call, in a cursor.
fn highest_in(cursor: &Cursor) -> Option<u64> {
    cursor.as_str().strip_prefix(BEGINS)?.parse().ok()
}

fn arn_in<'a>(version: &'a KnownMap, action: &str) -> Result<&'a str, DriverError> {
    text_in(version, "FunctionArn").ok_or_else(|| {
        let message = "the answer does not name the version";
        DriverError::new(ErrorKind::UnknownOutcome, action, message)
    })
}

fn named(arn: &str, properties: KnownMap) -> Object {
    let version = Qualified::of_arn(arn).qualifier;
    let attributes = arguments([("FunctionArn", arn.into()), ("Version", version.into())]);
    Object::named(arn.into(), properties, attributes)
}

impl Version {
    /// A driver that calls Lambda.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { lambda: Lambda(api) }
    }

    async fn look(&self, key: &Qualified) -> Result<Option<KnownMap>, DriverError> {
        self.lambda.call_if_exists("GetFunctionConfiguration", key.input("Qualifier")).await
    }

    /// The numbered versions of a function.
    async fn versions(&self, function: &str) -> Result<Vec<KnownMap>, DriverError> {
        let mut input = arguments([("FunctionName", function.into())]);
        let mut versions = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.lambda.call("ListVersionsByFunction", input.clone()).await;
            let answer = answer.map_err(meaning)?;
            let page = answer.get("Versions").and_then(KnownValue::as_list).unwrap_or_default();
            let page = page.iter().filter_map(KnownValue::as_map);
            versions.extend(page.filter(|version| number(version).is_some()).cloned());
            let Some(next) = text_in(&answer, "NextMarker") else { return Ok(versions) };
            input.insert("Marker".to_owned(), next.into());
        }
        let message = format!("the list of versions has more than {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, "lambda:ListVersionsByFunction", message))
    }

    /// The versions that were published since the operation of a request began; `None` if its call
    /// was never made.
    async fn published(
        &self,
        request: &CreateRequest,
    ) -> Result<Option<Vec<KnownMap>>, DriverError> {
        let Some(before) = request.begun.as_ref().and_then(highest_in) else { return Ok(None) };
        let fields = Fields::new(&request.properties, CREATE);
        let mut versions = self.versions(&fields.required_identifying("FunctionName")?).await?;
        versions.retain(|version| number(version).is_some_and(|number| number > before));
        Ok(Some(versions))
    }

    /// The version in the vocabulary of the template.
    async fn object(&self, version: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
        let arn = arn_in(version, READ)?;
        let key = Qualified::of_arn(arn);
        let mut properties = KnownMap::new();
        for name in ["CodeSha256", "Description"] {
            properties.extend(version.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        properties.insert("FunctionName".to_owned(), as_declared(arn, declared));
        if declared.contains_key(CONCURRENCY) {
            let shown = self.lambda.concurrency_shown(&key).await?;
            properties.extend(shown.map(|shown| (CONCURRENCY.to_owned(), shown)));
        }
        if declared.contains_key(RUNTIME) {
            let input = key.input("Qualifier");
            let answer = self.lambda.call("GetRuntimeManagementConfig", input).await?;
            let mut shown = KnownMap::new();
            for name in ["RuntimeVersionArn", "UpdateRuntimeOn"] {
                shown.extend(answer.get(name).map(|value| (name.to_owned(), value.clone())));
            }
            properties.insert(RUNTIME.to_owned(), shown.into());
        }
        if declared.contains_key(SCALING) {
            let shown = self.scaling(&key).await?;
            properties.extend(shown.map(|shown| (SCALING.to_owned(), shown)));
        }
        Ok(named(arn, properties))
    }

    async fn scaling(&self, key: &Qualified) -> Result<Option<KnownValue>, DriverError> {
        let input = key.input("Qualifier");
        let answer = self.lambda.call_if_exists("GetFunctionScalingConfig", input).await?;
        Ok(answer.and_then(|answer| answer.get("RequestedFunctionScalingConfig").cloned()))
    }

    /// Gives a version the declared bounds of its environments, or takes back those that were declared
    /// before: without bounds there are none.
    async fn change_scaling(
        &self,
        key: &Qualified,
        wanted: Fields<'_>,
        prior: Fields<'_>,
    ) -> Result<(), DriverError> {
        let mut bounds = KnownMap::new();
        let declared = wanted.tree(SCALING)?;
        if declared.is_none() && prior.tree(SCALING)?.is_none() {
            return Ok(());
        }
        for name in BOUNDS {
            let bound = declared.map(|tree| tree.integer(name)).transpose()?.flatten();
            bounds.extend(bound.map(|bound| (name.to_owned(), bound.into())));
        }
        let bounds = KnownValue::Map(bounds);
        let current = self.scaling(key).await?.unwrap_or_else(|| KnownMap::new().into());
        if equivalent(&bounds, &current, &[]) {
            return Ok(());
        }
        let mut input = key.input("Qualifier");
        input.insert(SCALING.to_owned(), bounds);
        self.lambda.call("PutFunctionScalingConfig", input).await.map(drop).map_err(meaning)
    }

    /// Sets what the call that publishes does not take.
    async fn set(
        &self,
        key: &Qualified,
        fields: Fields<'_>,
        before: Fields<'_>,
    ) -> Result<(), DriverError> {
        if let Some(policy) = fields.tree(RUNTIME)?
            && before.tree(RUNTIME)?.is_none()
        {
            let mut input = key.input("Qualifier");
            for name in ["RuntimeVersionArn", "UpdateRuntimeOn"] {
                input.extend(policy.text(name)?.map(|text| (name.to_owned(), text)));
            }
            self.lambda.call("PutRuntimeManagementConfig", input).await.map_err(meaning)?;
        }
        self.lambda.change_concurrency(key, fields, before).await?;
        self.change_scaling(key, fields, before).await
    }
}

#[async_trait]
impl DirectDriver for Version {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.look(&Qualified::of_arn(identifier.only())).await? {
            Some(version) => Observed::Present(self.object(&version, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let function = fields.required_identifying("FunctionName")?;
        let mut input = arguments([("FunctionName", function.as_str().into())]);
        for name in ["CodeSha256", "Description"] {
            input.extend(fields.text(name)?.map(|text| (name.to_owned(), text)));
        }
        if self.published(request).await?.is_some_and(|made| !made.is_empty()) {
            let message = "the version was published by this operation";
            return Err(DriverError::new(ErrorKind::AlreadyExists, CREATE, message));
        }
        let versions = self.versions(&function).await?;
        let highest = versions.iter().filter_map(number).max().unwrap_or(0);
        let begins = effects.begins(&Cursor::from(format!("{BEGINS}{highest}"))).await;
        begins.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))?;
        let answer = self.lambda.call("PublishVersion", input).await.map_err(meaning)?;
        if number(&answer).is_some_and(|number| number <= highest) {
            let number = number(&answer).unwrap_or_default();
            let message = format!(
                "version {number} of the function `{function}` has this code and configuration \
                 already and was not made by this run; change the function, or import the version"
            );
            return Err(DriverError::new(ErrorKind::Conflict, CREATE, message));
        }
        let arn = arn_in(&answer, CREATE)?;
        let recorded = effects.created_as(&arn.into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let nothing = KnownMap::new();
        self.set(&Qualified::of_arn(arn), fields, Fields::new(&nothing, CREATE)).await?;
        Ok(named(arn, request.properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let action = "lambda:PutFunctionScalingConfig";
        let (fields, before) =
            (Fields::new(&request.properties, action), Fields::new(&request.prior, action));
        let key = Qualified::of_arn(request.identifier.only());
        self.set(&key, fields, before).await?;
        match self.look(&key).await? {
            Some(version) => self.object(&version, &request.properties).await,
            None => {
                let message = format!("the version `{}` does not exist", request.identifier);
                Err(DriverError::new(ErrorKind::NotFound, READ, message))
            }
        }
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let key = Qualified::of_arn(identifier.only());
        let Some(version) = self.look(&key).await? else {
            return Ok(waits("the visibility", &key));
        };
        match text_in(&version, "State") {
            Some("Pending") => Ok(waits("the state", &key)),
            Some("Failed") => {
                let reason = text_in(&version, "StateReason").unwrap_or("Lambda gives no reason");
                let message = format!("the version `{identifier}` failed: {reason}");
                let kind = ErrorKind::Invalid { property: None };
                Err(DriverError::new(kind, READ, message))
            }
            Some(_) | None => self.lambda.is_provided(&key).await,
        }
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let key = Qualified::of_arn(request.identifier.only());
        // Without a number the call would delete the function with all its versions.
        if key.qualifier.parse::<u64>().is_err() {
            let message = format!("`{}` names no version: it has no number", request.identifier);
            let kind = ErrorKind::Invalid { property: None };
            return Err(DriverError::new(kind, "lambda:DeleteFunction", message));
        }
        self.lambda.delete("DeleteFunction", key.input("Qualifier")).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let published = self.published(request).await?.unwrap_or_default();
        match published.as_slice() {
            [] => Ok(Found::Absent),
            [version] => {
                let object = self.object(version, &request.properties).await?;
                Ok(Found::Ours(Box::new(object)))
            }
            several => {
                let count = several.len();
                let why = format!("{count} versions were published since this operation began");
                Ok(Found::Ambiguous { why })
            }
        }
    }
}
