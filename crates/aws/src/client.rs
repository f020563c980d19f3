//! Calling a service: the codec writes and reads, the SDK signs, sends and retries.
//!
//! Credentials, Region, endpoints, retry mode and timeouts come from the SDK's configuration. No
//! body is ever traced: requests and answers are hidden from the SDK's own tracing. The one exception,
//! answers when the SDK's switch `LOG_SENSITIVE_BODIES` is set, the program does not write down.

mod answer;
#[cfg(any(test, feature = "fuzzing"))]
pub mod answer_laws;
mod batches;
mod bucket_call;
mod clients;
mod clock;
mod endpoint;
mod failure;
mod flights;
mod http;
mod iam_changes;
#[cfg(test)]
mod lying_tests;
mod pace;
mod raw;
mod redact;
mod renewal;
mod retry;
#[cfg(test)]
mod tests;
mod web;

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{self, SigV4AuthScheme};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::service_clock_skew::ServiceClockSkewInterceptor;
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::defaults::{DefaultPluginParams, default_plugins};
use aws_smithy_runtime::client::http::connection_poisoning::ConnectionPoisoningInterceptor;
use aws_smithy_runtime::client::orchestrator::{AuthSchemeAndEndpointOrchestrationV2, invoke};
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::endpoint::SharedEndpointResolver;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::orchestrator::{Metadata, SensitiveOutput};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{
    RuntimePlugins, SharedRuntimePlugin, StaticRuntimePlugin,
};
use aws_smithy_runtime_api::client::ser_de::{SharedRequestSerializer, SharedResponseDeserializer};
use aws_smithy_types::config_bag::Layer;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{AccountId, KnownMap};

use crate::api::Api;
use crate::codec::Codec;
use crate::definition::ServiceFile;
use crate::model::{Operation, Service, Shape};
use answer::{AnswerLimit, LimitBearer};
pub(crate) use bucket_call::digest;
pub(crate) use clients::{Clients, Pacing};
use clock::ServiceClock;
use failure::not_in_the_program;
pub(crate) use http::BoundedClient;
pub(crate) use raw::{Missed, RawAnswer, RawClient, RawRequest};
use redact::{Answer, BodyHider, OperationCodec, Request};
use retry::RetryRule;
pub(crate) use web::Web;

/// The time that one attempt of a call that only reads may take.
const READ_ATTEMPT: Duration = Duration::from_secs(20);
/// The time that such a call may take with all its attempts and the waits between them.
const READ: Duration = Duration::from_secs(60);

/// A client of one service.
#[derive(Debug)]
pub(crate) struct Client {
    service: Service,
    file: &'static ServiceFile,
    codec: &'static Codec,
    /// The host that is called.
    host: String,
    clock: ServiceClock,
    /// The configuration that the endpoints of buckets follow from, of S3.
    buckets: Option<SdkConfig>,
    plugins: RuntimePlugins,
}

impl Client {
    /// A client with the SDK's configuration and a clock of its own.
    ///
    /// # Errors
    /// If the service's model is damaged or it has no endpoint for the configuration.
    pub(crate) fn new(service: Service, config: &SdkConfig) -> Result<Self, DriverError> {
        Self::with_clock(service, config, ServiceClock::default())
    }

    /// As [`Self::new`], with a clock that its answers set.
    fn with_clock(
        service: Service,
        config: &SdkConfig,
        clock: ServiceClock,
    ) -> Result<Self, DriverError> {
        let damaged = |problem: String| not_in_the_program(service.name(), problem);
        let codec = Codec::of(service).map_err(|error| damaged(error.to_string()))?;
        let file = service.file().map_err(|error| damaged(error.to_string()))?;
        let endpoint = endpoint::endpoint(service, &codec.model.metadata, config)?;
        let host = endpoint.host();
        let is_s3 = service == Service::S3;
        let own = Own {
            service: service.name(),
            signing_name: codec.model.metadata.signing_name.clone(),
            // The defaults of signing options are those of every service but S3: paths encoded twice
            // and normalized, the body's digest in the signature only.
            signing: if is_s3 { bucket_call::signing() } else { Default::default() },
            endpoint,
            clock: &clock,
        };
        let plugins = RuntimePlugins::new()
            .with_client_plugins(default_plugins_of(service.name(), config))
            .with_client_plugin(settings(own, config));
        let buckets = is_s3.then(|| config.clone());
        Ok(Self { service, file, codec, host, clock, buckets, plugins })
    }

    /// The input of a call, with the account that a bucket must belong to: one of another account, to which
    /// a name may have gone over, is refused by the service itself.
    ///
    /// Source: S3 User Guide, "Verifying bucket ownership with bucket owner condition".
    fn in_account(
        &self,
        operation: &str,
        mut input: KnownMap,
        account: Option<&AccountId>,
    ) -> KnownMap {
        let members = |operation: &Operation| {
            self.codec.model.shape(operation.input.as_deref()?).and_then(Shape::members)
        };
        let takes_owner = self.buckets.is_some()
            && self
                .codec
                .operation(operation)
                .ok()
                .and_then(members)
                .is_some_and(|members| members.contains_key(bucket_call::OWNER));
        if let (Some(account), true) = (account, takes_owner) {
            input.insert(bucket_call::OWNER.to_owned(), account.to_string().into());
        }
        input
    }

    /// The SDK's plugins for one operation, which has an endpoint of its own where one is given.
    fn operation_plugins(
        &self,
        operation: &'static Operation,
        endpoint: Option<endpoint::FixedEndpoint>,
    ) -> RuntimePlugins {
        let codec = OperationCodec { codec: self.codec, operation };
        let mut layer = Layer::new("operation");
        layer.store_put(SharedRequestSerializer::new(redact::Serializer));
        layer.store_put(SharedResponseDeserializer::new(codec));
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(SensitiveOutput);
        layer.store_put(Metadata::new(operation.name.as_str(), self.service.name()));
        layer.store_put(AnswerLimit::of(self.file, &operation.name));
        if operation.reads() {
            let timeouts = TimeoutConfig::builder()
                .operation_attempt_timeout(READ_ATTEMPT)
                .operation_timeout(READ);
            layer.store_put(timeouts.build());
        }
        let components = RuntimeComponentsBuilder::new("operation")
            .with_retry_classifier(RetryRule { reads: operation.reads() })
            .with_endpoint_resolver(endpoint.map(SharedEndpointResolver::new));
        let plugin = StaticRuntimePlugin::new()
            .with_config(layer.freeze())
            .with_runtime_components(components);
        self.plugins.clone().with_operation_plugin(SharedRuntimePlugin::new(plugin))
    }
}

#[async_trait]
impl Api for Client {
    async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let name = format!("{}:{operation}", self.service.name());
        let invalid = |error: crate::codec::CodecError| failure::unwritten(&name, &error);
        let operation = self.codec.operation(operation).map_err(invalid)?;
        let mut request = self.codec.request(operation, &input).map_err(invalid)?;
        let endpoint = match &self.buckets {
            Some(config) => {
                let bucket = bucket_call::bucket_of(&name, &input)?;
                let (model, operation) = (self.codec.model, (name.as_str(), operation));
                Some(bucket_call::address(operation, (model, config), bucket, &mut request)?)
            }
            None => None,
        };
        let host = endpoint.as_ref().map_or_else(|| self.host.clone(), |endpoint| endpoint.host());
        drop(input);
        tracing::debug!(operation = name, "call");
        let input = Input::erase(Request::new(request));
        let plugins = self.operation_plugins(operation, endpoint);
        let result = invoke(self.service.name(), &operation.name, input, &plugins).await;
        let outcome = match result {
            Ok(output) => output.downcast::<Answer>().map(Answer::into_inner).map_err(|_| {
                DriverError::new(ErrorKind::UnknownOutcome, &name, "the answer was lost")
            }),
            Err(error) if self.buckets.is_some() && failure::is_redirect(&error) => {
                Err(bucket_call::elsewhere(&name))
            }
            Err(error) => Err(failure::failed((&name, &host), operation.reads(), error)),
        };
        match &outcome {
            Ok(_) => tracing::debug!(operation = name, "answered"),
            Err(error) => {
                tracing::debug!(operation = name, kind = ?error.kind, code = error.code, "failed");
            }
        }
        outcome
    }

    fn now(&self) -> SystemTime {
        self.clock.now()
    }

    fn host(&self) -> String {
        self.host.clone()
    }
}

/// The SDK's own plugins for the clients of a service.
fn default_plugins_of(
    service: &str,
    config: &SdkConfig,
) -> impl IntoIterator<Item = SharedRuntimePlugin> {
    let region = config.region().map(ToString::to_string).unwrap_or_default();
    let params = DefaultPluginParams::new()
        .with_retry_partition_name(format!("{service}-{region}"))
        .with_behavior_version(BehaviorVersion::latest())
        .with_is_aws_sdk(true);
    default_plugins(params)
}

/// The settings that clients of one service have.
struct Own<'a> {
    service: &'static str,
    signing_name: String,
    signing: SigV4OperationSigningConfig,
    endpoint: endpoint::FixedEndpoint,
    clock: &'a ServiceClock,
}

/// The settings of every operation of a client.
fn settings(own: Own<'_>, config: &SdkConfig) -> SharedRuntimePlugin {
    let Own { service, signing_name, signing, endpoint, clock } = own;
    let mut layer = Layer::new("rstack");
    layer.store_put(AuthSchemeAndEndpointOrchestrationV2);
    if let Some(region) = config.region() {
        layer.store_put(region.clone());
        layer.store_put(SigningRegion::from(region.clone()));
    }
    layer.store_put(SigningName::from(signing_name));
    layer.store_put(signing);
    layer.store_put(ApiMetadata::new(service, env!("CARGO_PKG_VERSION")));
    if let Some(name) = config.app_name() {
        layer.store_put(name.clone());
    }
    if let Some(retry) = config.retry_config() {
        layer.store_put(retry.clone());
    }
    if let Some(timeout) = config.timeout_config() {
        layer.store_put(timeout.clone());
    }

    let schemes = StaticAuthSchemeOptionResolver::new(vec![sigv4::SCHEME_ID]);
    let mut components = RuntimeComponentsBuilder::new("rstack")
        .with_endpoint_resolver(Some(SharedEndpointResolver::new(endpoint)))
        .with_interceptor(SharedInterceptor::permanent(endpoint::NoParams))
        .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(schemes)))
        .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
        .with_interceptor(SharedInterceptor::permanent(ConnectionPoisoningInterceptor::new()))
        .with_interceptor(SharedInterceptor::permanent(RequestInfoInterceptor::new()))
        .with_interceptor(SharedInterceptor::permanent(UserAgentInterceptor::new()))
        .with_interceptor(SharedInterceptor::permanent(InvocationIdInterceptor::new()))
        .with_interceptor(SharedInterceptor::permanent(ServiceClockSkewInterceptor::new()))
        .with_interceptor(SharedInterceptor::permanent(clock.clone()))
        .with_interceptor(SharedInterceptor::permanent(LimitBearer))
        .with_interceptor(SharedInterceptor::permanent(BodyHider));
    if let Some(credentials) = config.credentials_provider() {
        components = components.with_identity_resolver(sigv4::SCHEME_ID, credentials);
    }
    if let Some(cache) = config.identity_cache() {
        components = components.with_identity_cache(Some(cache));
    }
    if let Some(client) = config.http_client() {
        components = components.with_http_client(Some(BoundedClient::over(client)));
    }
    if let Some(sleep) = config.sleep_impl() {
        components = components.with_sleep_impl(Some(sleep));
    }
    if let Some(time) = config.time_source() {
        components = components.with_time_source(Some(time));
    }
    let plugin =
        StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components);
    SharedRuntimePlugin::new(plugin)
}
