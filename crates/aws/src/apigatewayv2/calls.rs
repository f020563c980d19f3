//! Calls to API Gateway: lists by pages, tags by ARN, and the meanings of its errors.

use std::sync::Arc;

use rstack_driver::{DriverError, ErrorKind, Progress};
use rstack_model::{AccountId, KnownMap, KnownValue, Partition, Region};
use tokio::sync::{Mutex, MutexGuard};

use crate::api::Api;
use crate::iam::{TagChanges, Tags, arguments, text_in};
use crate::resource_tags::visible;

/// The most pages of a list that are read: more than an API or a Region can have.
///
/// Source: API Gateway developer guide, Quotas: at most some hundreds of each kind.
const MOST_PAGES: usize = 1000;

/// The turns of creations of objects that have no tags and whose IDs API Gateway chooses. The list
/// before a call, the call and the record of its outcome are one turn, so that two equal objects of
/// one run cannot be taken for each other after an interruption.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<()>);

impl Turns {
    /// Waits for the turn, which lasts as long as the value.
    pub(crate) async fn take(&self) -> MutexGuard<'_, ()> {
        self.0.lock().await
    }
}

/// The place of objects, for their ARNs.
#[derive(Clone, Debug)]
pub(super) struct Place {
    region: Region,
    partition: Partition,
    account: Option<AccountId>,
}

impl Place {
    /// A Region of an account, if the account is known.
    pub(super) fn new(region: &Region, account: Option<AccountId>) -> Self {
        Self { region: region.clone(), partition: Partition::of_region(region), account }
    }

    /// The ARN of a path, such as `/apis/ID/stages/NAME`, by which tags are changed.
    ///
    /// Source: API Gateway developer guide, Resource ARNs of API Gateway resources.
    pub(super) fn arn(&self, path: &str) -> String {
        let Self { region, partition, .. } = self;
        format!("arn:{partition}:apigateway:{region}::{path}")
    }

    /// The ARN by which an API is invoked; `None` before the account is known.
    ///
    /// Source: API Gateway developer guide, Resource ARNs of API Gateway resources, execute-api.
    pub(super) fn execute_arn(&self, id: &str) -> Option<String> {
        let Self { region, partition, account } = self;
        let account = account.as_ref()?;
        Some(format!("arn:{partition}:execute-api:{region}:{account}:{id}"))
    }
}

/// API Gateway, as the drivers of this folder call it.
#[derive(Clone)]
pub(super) struct Gateway {
    /// The service.
    pub(super) api: Arc<dyn Api>,
    /// The place of its objects.
    pub(super) place: Place,
}

/// The meaning of a failed call that creates or changes. What was made a moment ago may not be visible
/// yet, and one code stands for what exists, and for what another call changes at the same time.
///
/// Source: API Gateway V2 API reference, `CreateRoute`, Errors: 404 and 409; API Gateway V2 API
/// reference, `ConflictException`: "try again later" for concurrent changes.
pub(super) fn meaning(mut error: DriverError) -> DriverError {
    let message = error.message.to_ascii_lowercase();
    if error.kind == ErrorKind::NotFound {
        error.kind = ErrorKind::DependencyNotReady;
    } else if error.has_code("ConflictException") {
        if message.contains("concurrent") || message.contains("try again") {
            error.kind = ErrorKind::DependencyNotReady;
        } else if message.contains("exist") {
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

impl Gateway {
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
        for _ in 0..MOST_PAGES {
            let Some(answer) = self.call_if_exists(operation, input.clone()).await? else {
                return Ok(items);
            };
            let page = answer.get("Items").and_then(KnownValue::as_list).unwrap_or_default();
            items.extend(page.iter().filter_map(KnownValue::as_map).cloned());
            let Some(next) = text_in(&answer, "NextToken").filter(|next| !next.is_empty()) else {
                return Ok(items);
            };
            input.insert("NextToken".to_owned(), next.into());
        }
        let message = format!("the list has more than {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, format!("apigatewayv2:{operation}"), message))
    }

    /// Gives what has a path the declared tags, by those it has.
    ///
    /// # Errors
    /// As of [`Self::call`].
    pub(super) async fn change_tags(
        &self,
        path: &str,
        [prior, wanted, current]: [&Tags; 3],
    ) -> Result<(), DriverError> {
        let TagChanges { set, remove } = TagChanges::between(prior, wanted, &visible(current));
        let arn = || ("ResourceArn", self.place.arn(path).into());
        if !remove.is_empty() {
            let keys = KnownValue::List(remove.iter().map(|key| key.as_str().into()).collect());
            self.call("UntagResource", arguments([arn(), ("TagKeys", keys)])).await?;
        }
        if !set.is_empty() {
            self.call("TagResource", arguments([arn(), ("Tags", set.into())])).await?;
        }
        Ok(())
    }
    /// Gives what has a path tags of rstack's own that it does not have.
    ///
    /// # Errors
    /// As of [`Self::call`].
    pub(super) async fn change_own_tags(
        &self,
        path: &str,
        own: &Tags,
        current: &Tags,
    ) -> Result<(), DriverError> {
        let mut lost = own.clone();
        lost.retain(|key, _| !current.contains_key(key));
        if lost.is_empty() {
            return Ok(());
        }
        let arn = self.place.arn(path);
        let input = arguments([("ResourceArn", arn.into()), ("Tags", lost.into())]);
        self.call("TagResource", input).await.map(drop)
    }
}
