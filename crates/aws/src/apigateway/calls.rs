//! Calls to API Gateway: lists by pages, tags by ARN, and the meanings of its errors.

use std::sync::Arc;

use rstack_driver::{DriverError, EffectSink, ErrorKind, Progress};
use rstack_model::{KnownMap, KnownValue, Partition, Region};

use crate::api::Api;
use crate::iam::{TagChanges, Tags, arguments, text_in};
use crate::resource_tags::visible;

/// The most pages of a list that are read: more than an API or a Region can have.
///
/// Source: API Gateway developer guide, Quotas: at most some hundreds of each kind.
const MOST_PAGES: usize = 1000;

/// The items of a page, at most.
///
/// Source: API Gateway API reference, `GetRestApis`, `GetResources` and `GetDeployments`, `limit`.
const PAGE: i64 = 500;

/// API Gateway, as the drivers of this folder call it.
#[derive(Clone)]
pub(super) struct Gateway {
    api: Arc<dyn Api>,
    /// The ARN of all REST APIs.
    base: String,
}

/// The meaning of a failed call that creates or changes. What was made a moment ago may not be visible
/// yet, and one code stands for what exists, and for what another call changes at the same time.
///
/// Source: API Gateway API reference, `PutMethod`, Errors: 404 and 409; `ConflictException`: "retry the
/// request" for concurrent changes; terraform-provider-aws,
/// `internal/service/apigateway/method_settings.go`, its deletion: settings that are not there.
pub(super) fn meaning(mut error: DriverError) -> DriverError {
    let message = error.message.to_ascii_lowercase();
    // What a request is about was changed since it was read.
    let is_gone = message.contains("no method setting for this method");
    if error.kind == ErrorKind::NotFound || is_gone {
        error.kind = ErrorKind::DependencyNotReady;
    } else if error.has_code("ConflictException") {
        if message.contains("concurrent") || message.contains("try again") {
            error.kind = ErrorKind::DependencyNotReady;
        } else if message.contains("already") {
            error.kind = ErrorKind::AlreadyExists;
        }
    }
    error
}

/// The error that an object does not exist which a state knows.
pub(super) fn missing(noun: &str, name: &str, action: &str) -> DriverError {
    let message = format!("the {noun} `{name}` does not exist");
    DriverError::new(ErrorKind::NotFound, action, message)
}

/// The error that an answer does not name the object.
pub(super) fn nameless(noun: &str, action: &str) -> DriverError {
    let message = format!("the answer does not name the {noun}");
    DriverError::new(ErrorKind::UnknownOutcome, action, message)
}

/// The error that an identifier has another form.
pub(super) fn misnamed(noun: &str, identifier: &str, form: &str, action: &str) -> DriverError {
    let message = format!("`{identifier}` names no {noun}: its form is `{form}`");
    DriverError::new(ErrorKind::Invalid { property: None }, action, message)
}

/// Makes durable that there is no object of the name which the next call gives.
///
/// # Errors
/// If that fails.
pub(super) async fn prove_absence(
    effects: &dyn EffectSink,
    action: &'static str,
) -> Result<(), DriverError> {
    let proven = effects.absent().await;
    proven.map_err(|error| DriverError::new(ErrorKind::Conflict, action, error.to_string()))
}

impl Gateway {
    /// API Gateway in a Region.
    pub(super) fn new(api: Arc<dyn Api>, region: &Region) -> Self {
        // Source: API Gateway developer guide, Resource ARNs of API Gateway resources.
        let partition = Partition::of_region(region);
        Self { api, base: format!("arn:{partition}:apigateway:{region}::/restapis/") }
    }

    /// Calls an operation that creates or changes.
    ///
    /// # Errors
    /// As of [`Api::call`], with the [`meaning`] of this service.
    pub(super) async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        self.api.call(operation, input).await.map_err(meaning)
    }

    /// The answer; `None` if what it is about does not exist.
    ///
    /// # Errors
    /// As of [`Api::call`].
    pub(super) async fn call_if_exists(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<Option<KnownMap>, DriverError> {
        self.api.call_if_exists(operation, input).await
    }

    /// Calls an operation that makes a part of an object. A part that exists was made since the object was
    /// read, which is read again.
    ///
    /// # Errors
    /// As of [`Self::call`].
    pub(super) async fn call_once(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        self.call(operation, input).await.map_err(|mut error| {
            if error.kind == ErrorKind::AlreadyExists {
                error.kind = ErrorKind::DependencyNotReady;
            }
            error
        })
    }

    /// Calls an operation that deletes; what does not exist is gone.
    ///
    /// # Errors
    /// As of [`Self::call`].
    pub(super) async fn delete(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<Progress, DriverError> {
        match self.call_if_exists(operation, input).await {
            Ok(_) => Ok(Progress::Done),
            Err(error) => Err(meaning(error)),
        }
    }

    /// The items of all pages of a list; none if what is listed is in an API that does not exist.
    ///
    /// # Errors
    /// As of [`Api::call`], and if there is no end of pages.
    pub(super) async fn list(
        &self,
        operation: &'static str,
        mut input: KnownMap,
    ) -> Result<Vec<KnownMap>, DriverError> {
        let mut items = Vec::new();
        input.insert("limit".to_owned(), PAGE.into());
        for _ in 0..MOST_PAGES {
            let Some(answer) = self.call_if_exists(operation, input.clone()).await? else {
                return Ok(items);
            };
            let page = answer.get("items").and_then(KnownValue::as_list).unwrap_or_default();
            items.extend(page.iter().filter_map(KnownValue::as_map).cloned());
            let Some(next) = text_in(&answer, "position").filter(|next| !next.is_empty()) else {
                return Ok(items);
            };
            input.insert("position".to_owned(), next.into());
        }
        let message = format!("the list has more than {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, format!("apigateway:{operation}"), message))
    }

    /// Gives what has a path, such as `ID/stages/NAME`, the declared tags, by those it has.
    ///
    /// # Errors
    /// As of [`Self::call`].
    pub(super) async fn change_tags(
        &self,
        path: &str,
        [prior, wanted, current]: [&Tags; 3],
    ) -> Result<(), DriverError> {
        let TagChanges { set, remove } = TagChanges::between(prior, wanted, &visible(current));
        if !remove.is_empty() {
            let keys = KnownValue::List(remove.iter().map(|key| key.as_str().into()).collect());
            let input = arguments([("resourceArn", self.arn(path)), ("tagKeys", keys)]);
            self.call("UntagResource", input).await?;
        }
        self.set_tags(path, set).await
    }

    /// Adds tags to what has a path.
    ///
    /// # Errors
    /// As of [`Self::call`].
    pub(super) async fn set_tags(&self, path: &str, tags: Tags) -> Result<(), DriverError> {
        if tags.is_empty() {
            return Ok(());
        }
        let input = arguments([("resourceArn", self.arn(path)), ("tags", tags.into())]);
        self.call("TagResource", input).await.map(drop)
    }

    fn arn(&self, path: &str) -> KnownValue {
        format!("{}{path}", self.base).into()
    }
}
