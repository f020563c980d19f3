//! The way to the handlers of custom resources: Lambda functions and SNS topics take the requests, and a
//! bucket of the account takes the responses.
//!
//! A handler puts its response under a signed URL. The bucket is that of the CDK's assets, unless the user
//! names another one.
//!
//! Source: "CloudFormation custom resource request and response reference", AWS CloudFormation User
//! Guide; Lambda API reference, Invoke; SNS API reference, Publish.

mod built_in;
mod log;
mod reach;
mod signals;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use rstack_driver::custom::{
    CustomTransport, DefaultRules, Delivery, HandlerArn, MAX_RESPONSE, ResponseKey,
};
use rstack_driver::{AssetStore, BucketAccess, DriverError, ErrorKind, default_asset_bucket};
use rstack_model::state::Environment;
use rstack_model::{KnownMap, KnownValue, Region, SecretString, Token};
use tokio::sync::OnceCell;

pub(crate) use self::reach::{AccountReach, Reach};
use crate::definition::Service;
use crate::iam::{arguments, text_in};

/// The folder of the responses in the bucket.
const FOLDER: &str = "rstack/custom-resource-responses";

/// The time that a change of IAM takes to reach all of AWS, as far as a handler is kept back for it. IAM
/// gives none. CloudFormation's own roles and policies take as long to be complete.
///
/// Source: "Changes that I make are not always immediately visible", AWS IAM User Guide.
const PROPAGATION: Duration = Duration::from_secs(15);

/// The subject of a request that is published. Source: "Amazon SNS-backed custom resources", AWS
/// CloudFormation User Guide.
const SUBJECT: &str = "AWS CloudFormation custom resource request";

const INVOKE: &str = "lambda:Invoke";
const FUNCTION: &str = "lambda:GetFunctionConfiguration";

/// The handlers of one account in one Region.
pub(crate) struct Handlers {
    reach: Arc<dyn Reach>,
    region: Region,
    /// The bucket of responses that the user chose.
    chosen: Option<String>,
    /// True if what known code of the CDK does is done without its handler.
    does_built_in: bool,
    environment: OnceCell<Environment>,
    /// The bucket of responses, once it was seen to exist.
    bucket: OnceCell<String>,
    /// The open buckets, by name.
    open: tokio::sync::Mutex<BTreeMap<String, Arc<dyn AssetStore>>>,
    /// The times from which requests can be sent, as far as changes in IAM are concerned: those of each request
    /// are the ones before it was asked for, and no later ones keep it back.
    from: Mutex<BTreeMap<Token, Option<SystemTime>>>,
    /// The buckets of the responses that were asked for.
    asked: Mutex<BTreeMap<Token, String>>,
    /// The signals that were read, by their handles and versions.
    signals: tokio::sync::Mutex<BTreeMap<(String, String), Vec<u8>>>,
}

impl Handlers {
    /// The handlers that can be reached this way.
    pub(crate) fn new(reach: Arc<dyn Reach>, region: Region, chosen: Option<String>) -> Self {
        Self {
            reach,
            region,
            chosen,
            does_built_in: true,
            environment: OnceCell::new(),
            bucket: OnceCell::new(),
            open: tokio::sync::Mutex::default(),
            from: Mutex::default(),
            asked: Mutex::default(),
            signals: tokio::sync::Mutex::default(),
        }
    }

    /// The same, in which all handlers are asked, also those with known code.
    pub(crate) fn without_built_in(self) -> Self {
        Self { does_built_in: false, ..self }
    }

    fn asked(&self) -> MutexGuard<'_, BTreeMap<Token, String>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn place(&self) -> Result<&Environment, DriverError> {
        self.environment.get_or_try_init(|| self.reach.environment()).await
    }

    async fn store(&self, bucket: &str) -> Result<Arc<dyn AssetStore>, DriverError> {
        let mut open = self.open.lock().await;
        if let Some(store) = open.get(bucket) {
            return Ok(Arc::clone(store));
        }
        let access = BucketAccess {
            region: self.region.clone(),
            bucket: bucket.to_owned(),
            owner: self.place().await?.account.clone(),
            role: None,
        };
        let store = self.reach.open(&access).await?.store;
        open.insert(bucket.to_owned(), Arc::clone(&store));
        Ok(store)
    }

    /// The bucket for responses, which exists.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it does not, [`ErrorKind::AccessDenied`] if it is another account's.
    pub(crate) async fn response_bucket(&self) -> Result<String, DriverError> {
        let find = || async {
            let name = match &self.chosen {
                Some(chosen) => chosen.clone(),
                None => {
                    let Environment { account, region, .. } = self.place().await?;
                    default_asset_bucket(account.as_str(), region.as_str())
                }
            };
            if self.store(&name).await?.exists().await? {
                return Ok(name);
            }
            let message = format!(
                "the bucket `{name}`, to which the handlers of custom resources respond, does not exist"
            );
            Err(DriverError::new(ErrorKind::NotFound, "s3:HeadBucket", message))
        };
        self.bucket.get_or_try_init(find).await.cloned()
    }

    /// The time that is left until what was changed in IAM before a request holds everywhere.
    fn left_of_propagation(&self, token: &Token) -> Option<Duration> {
        let mut all = self.from.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = || self.reach.iam_changed().map(|changed| changed + PROPAGATION);
        let from = (*all.entry(token.clone()).or_insert_with(changed))?;
        from.duration_since(self.reach.now()).ok().filter(|left| !left.is_zero())
    }

    async fn function_is_ready(&self, arn: &str, token: &Token) -> Result<(), DriverError> {
        let left = self.left_of_propagation(token);
        let lambda = self.reach.api(Service::LAMBDA, region_of(arn));
        let input = arguments([("FunctionName", arn.into())]);
        let function = lambda.call("GetFunctionConfiguration", input).await.map_err(|error| {
            // A function that was made a moment ago may not be visible yet.
            let kind = match error.kind {
                ErrorKind::NotFound => ErrorKind::DependencyNotReady,
                other => other,
            };
            DriverError { kind, ..error }
        })?;
        let not_yet =
            |what: String| Err(DriverError::new(ErrorKind::DependencyNotReady, FUNCTION, what));
        match text_in(&function, "State") {
            Some("Pending") => return not_yet(format!("the function `{arn}` is not active yet")),
            Some("Failed") => {
                let why = text_in(&function, "StateReason").unwrap_or("Lambda gives no reason");
                let message = format!("the function `{arn}` failed to become active: {why}");
                let kind = ErrorKind::Invalid { property: None };
                return Err(DriverError::new(kind, FUNCTION, message));
            }
            Some(_) | None => {}
        }
        if text_in(&function, "LastUpdateStatus") == Some("InProgress") {
            return not_yet(format!("the function `{arn}` is being updated"));
        }
        match left {
            Some(left) => {
                not_yet("the last change of roles and policies to reach all of AWS".to_owned())
                    .map_err(|error| error.to_be_retried_after(left))
            }
            None => Ok(()),
        }
    }
}

/// The Region in an ARN.
fn region_of(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// The key of a response.
fn key_of(token: &Token) -> String {
    format!("{FOLDER}/{token}.json")
}

fn no_bucket(operation: &str) -> DriverError {
    let message = "the request does not say in which bucket its response is";
    DriverError::new(ErrorKind::Unsupported, operation, message)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[async_trait]
impl CustomTransport for Handlers {
    async fn environment(&self) -> Result<Environment, DriverError> {
        self.place().await.cloned()
    }

    fn now(&self) -> u64 {
        seconds(self.reach.now())
    }

    async fn ready(&self, handler: &HandlerArn, token: &Token) -> Result<(), DriverError> {
        match handler {
            HandlerArn::Function(arn) => self.function_is_ready(arn, token).await,
            HandlerArn::Topic(_) => Ok(()),
        }
    }

    async fn bucket(&self) -> Result<Option<String>, DriverError> {
        self.response_bucket().await.map(Some)
    }

    async fn url(
        &self,
        key: ResponseKey<'_>,
        valid: Duration,
    ) -> Result<SecretString, DriverError> {
        let bucket = key.bucket.ok_or_else(|| no_bucket("s3:PutObject"))?;
        self.store(bucket).await?.put_url(&key_of(key.token), valid).await
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DriverError> {
        let arn = delivery.handler.as_str();
        match &delivery.handler {
            HandlerArn::Function(_) => {
                // Bytes are base64 in the vocabulary of calls.
                let body = aws_smithy_types::base64::encode(delivery.body.expose());
                let body = KnownValue::Secret(SecretString::new(body));
                let input = arguments([
                    ("FunctionName", arn.into()),
                    ("InvocationType", "Event".into()),
                    ("Payload", body),
                ]);
                let lambda = self.reach.api(Service::LAMBDA, region_of(arn));
                let answer: KnownMap = lambda.call("Invoke", input).await?;
                // An asynchronous invocation is answered by no function.
                match answer.get("FunctionError") {
                    None => Ok(()),
                    Some(_) => {
                        let message = "the invocation was answered by the function itself";
                        Err(DriverError::new(ErrorKind::UnknownOutcome, INVOKE, message))
                    }
                }
            }
            HandlerArn::Topic(_) => {
                let input = arguments([
                    ("TopicArn", arn.into()),
                    ("Subject", SUBJECT.into()),
                    ("Message", KnownValue::Secret(delivery.body.clone())),
                ]);
                let sns = self.reach.api(Service::SNS, region_of(arn));
                sns.call("Publish", input).await.map(|_| ())
            }
        }
    }

    async fn response(&self, key: ResponseKey<'_>) -> Result<Option<Vec<u8>>, DriverError> {
        let bucket = key.bucket.ok_or_else(|| no_bucket("s3:GetObject"))?;
        self.asked().insert(key.token.clone(), bucket.to_owned());
        let (store, key) = (self.store(bucket).await?, key_of(key.token));
        let Some(found) = store.find(&key).await? else { return Ok(None) };
        let most = u64::try_from(MAX_RESPONSE).unwrap_or(u64::MAX);
        match found.bytes > most {
            // What is too long is not read.
            true => Ok(Some(vec![b' '; MAX_RESPONSE + 1])),
            false => store.get(&key, most).await,
        }
    }

    fn does_built_in(&self) -> bool {
        self.does_built_in
    }

    async fn open_bucket(&self, bucket: &str) -> Result<Arc<dyn AssetStore>, DriverError> {
        self.store(bucket).await
    }

    async fn default_rules(
        &self,
        group: &str,
        account: &str,
        rules: DefaultRules,
    ) -> Result<(), DriverError> {
        self.set_default_rules(group, account, rules).await
    }

    async fn log_tail(&self, handler: &HandlerArn, since: u64, token: &Token) -> Vec<String> {
        match handler {
            HandlerArn::Function(arn) => {
                log::tail(self.reach.as_ref(), arn, since, token.as_str()).await
            }
            HandlerArn::Topic(_) => Vec::new(),
        }
    }

    async fn discard(&self, token: &Token) -> Result<(), DriverError> {
        self.from.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
        let bucket = self.asked().remove(token);
        match bucket {
            Some(bucket) => self.store(&bucket).await?.delete(&key_of(token)).await,
            None => Ok(()),
        }
    }
}
