//! The way to a handler and back: requests are delivered, and responses lie in a box until they are read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_model::state::Environment;
use rstack_model::{KnownMap, ResourceType, SecretString, Token};

use super::RequestType;
use crate::{AssetStore, DriverError, ErrorKind};

/// The handler that a `ServiceToken` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerArn {
    /// The ARN of a Lambda function, which is invoked asynchronously.
    Function(String),
    /// The ARN of an SNS topic, to which the request is published.
    Topic(String),
}

/// The kinds of objects of Lambda other than functions, as ARNs name them.
///
/// Source: "Resource types defined by AWS Lambda", Service Authorization Reference.
const OTHER_KINDS: [&str; 4] =
    ["capacity-provider", "code-signing-config", "event-source-mapping", "layer"];

impl HandlerArn {
    /// The handler of a service token; `None` if it is the ARN of something else. Lambda takes the ARN of a
    /// function without the word `function`, too.
    ///
    /// Source: Invoke, `FunctionName`, AWS Lambda API Reference.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (arn, _partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        if arn != "arn" || [region, account, resource].iter().any(|part| part.is_empty()) {
            return None;
        }
        match service {
            "lambda" if !OTHER_KINDS.contains(&resource) => Some(Self::Function(text.to_owned())),
            "sns" => Some(Self::Topic(text.to_owned())),
            _ => None,
        }
    }

    /// The log group that Lambda gives a function that names none; `None` for a topic.
    ///
    /// Source: "Sending Lambda function logs to CloudWatch Logs", AWS Lambda Developer Guide.
    pub fn log_group(&self) -> Option<String> {
        let Self::Function(arn) = self else { return None };
        let mut resource = arn.split(':').skip(5).skip_while(|part| *part == "function");
        Some(format!("/aws/lambda/{}", resource.next()?))
    }

    /// The ARN.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Function(arn) | Self::Topic(arn) => arn,
        }
    }
}

/// One request on its way to a handler.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The handler.
    pub handler: HandlerArn,
    /// The token of the operation, which is the request's ID and the key of its response.
    pub token: Token,
    /// The request as JSON text. It holds the secrets that the properties have, and a URL that lets
    /// its holder answer.
    pub body: SecretString,
    /// The kind of the request.
    pub request_type: RequestType,
    /// The type of the resource.
    pub resource_type: ResourceType,
    /// The ARN of the stack whose template declares it.
    pub stack_id: String,
    /// Its logical ID there.
    pub logical_id: String,
    /// The physical ID; `None` for a request that creates.
    pub physical_id: Option<String>,
    /// The properties, which the body has, too.
    pub properties: KnownMap,
    /// The attributes of the resource that the plan refers to. No handler learns of them; a simulation,
    /// which has no handler, answers with them.
    pub wanted: BTreeSet<String>,
}

/// The place of one response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseKey<'a> {
    /// The bucket; `None` in a cloud that keeps responses in a place of its own.
    pub bucket: Option<&'a str>,
    /// The token of the request.
    pub token: &'a Token,
}

/// The rules that the default security group of a VPC has from the beginning: everything from the group itself
/// comes in, and everything goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultRules {
    /// The group has them.
    Authorized,
    /// It does not.
    Revoked,
}

/// The way to the handlers of one cloud. A response is kept under the token of its request.
#[async_trait]
pub trait CustomTransport: Send + Sync {
    /// The place of the cloud, of which stack ARNs are formed.
    ///
    /// # Errors
    /// If it cannot be asked for.
    async fn environment(&self) -> Result<Environment, DriverError>;

    /// The time in seconds since 1970, by a clock that all processes share.
    fn now(&self) -> u64;

    /// The time to wait before a response is asked for that was waited for so long.
    fn pace(&self, waited: Duration) -> Duration {
        (waited / 10).clamp(Duration::from_secs(1), Duration::from_secs(15))
    }

    /// Looks whether a handler can take the request with this token now. Everything that the request depends
    /// on was made before it was asked for the first time.
    ///
    /// # Errors
    /// [`crate::ErrorKind::DependencyNotReady`] if it cannot yet.
    async fn ready(&self, _handler: &HandlerArn, _token: &Token) -> Result<(), DriverError> {
        Ok(())
    }

    /// The bucket for the responses to new requests; `None` in a cloud that keeps them in a place of its
    /// own.
    ///
    /// # Errors
    /// If it is not there, or cannot be used.
    async fn bucket(&self) -> Result<Option<String>, DriverError> {
        Ok(None)
    }

    /// A URL to which the response can be put for so long.
    ///
    /// # Errors
    /// If it cannot be formed.
    async fn url(&self, key: ResponseKey<'_>, valid: Duration)
    -> Result<SecretString, DriverError>;

    /// Delivers a request, once: the call is not repeated by anything below.
    ///
    /// # Errors
    /// If it was not delivered; [`crate::ErrorKind::UnknownOutcome`] and
    /// [`crate::ErrorKind::Transient`] if it may have been.
    async fn deliver(&self, delivery: &Delivery) -> Result<(), DriverError>;

    /// The response, as far as it has arrived; at most one byte more than
    /// [`MAX_RESPONSE`](super::MAX_RESPONSE). It stays where it is.
    ///
    /// # Errors
    /// If it cannot be determined.
    async fn response(&self, key: ResponseKey<'_>) -> Result<Option<Vec<u8>>, DriverError>;

    /// The last lines that a handler logged of a request since a time, in seconds since 1970; none if there are none, or
    /// they cannot be read. They may hold what the request held.
    async fn log_tail(&self, _handler: &HandlerArn, _since: u64, _token: &Token) -> Vec<String> {
        Vec::new()
    }

    /// True if what known code of the CDK does is done without its handler.
    fn does_built_in(&self) -> bool {
        true
    }

    /// A bucket of the account.
    ///
    /// # Errors
    /// If there are no credentials, or the cloud has no buckets.
    async fn open_bucket(&self, bucket: &str) -> Result<Arc<dyn AssetStore>, DriverError> {
        let message = format!("there is no way to the bucket `{bucket}` in this cloud");
        Err(DriverError::new(ErrorKind::Unsupported, "bucket", message))
    }

    /// Gives a security group of an account its default rules, or takes them away. Doing it again changes
    /// nothing.
    ///
    /// # Errors
    /// If a call is refused or fails.
    async fn default_rules(
        &self,
        group: &str,
        _account: &str,
        _rules: DefaultRules,
    ) -> Result<(), DriverError> {
        let message = format!("there is no way to the security group `{group}` in this cloud");
        Err(DriverError::new(ErrorKind::Unsupported, "security group", message))
    }

    /// Removes a response that is recorded.
    ///
    /// # Errors
    /// If it may still be there.
    async fn discard(&self, token: &Token) -> Result<(), DriverError>;
}
