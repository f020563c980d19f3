//! Requests that no model of a service writes: those of S3, whose bodies are bytes and whose endpoints
//! depend on the bucket. Signing, retries, timeouts and bounds are those of every other call.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_smithy_runtime::client::orchestrator::invoke;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, Output};
use aws_smithy_runtime_api::client::orchestrator::{
    HttpRequest, HttpResponse, Metadata, OrchestratorError, SensitiveOutput,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{
    RuntimePlugins, SharedRuntimePlugin, StaticRuntimePlugin,
};
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_types::request_id::RequestId;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::Region;

use super::answer::{self, AnswerLimit, ImproperAnswer};
use super::bucket_call;
use super::clock::ServiceClock;
use super::endpoint::FixedEndpoint;
use super::failure;
use super::flights::Flights;
use super::redact::{Request, Serializer};
use super::retry::RetryRule;
use super::{Own, READ, READ_ATTEMPT, default_plugins_of, settings};
use crate::endpoint_rules::ServiceEndpoint;
use crate::s3::xml;
use crate::service_error::Refusal;

/// The time that one attempt of a call that sends many bytes may take: six mebibytes in that time are
/// some 84 kilobits a second.
const SEND_ATTEMPT: Duration = Duration::from_secs(600);

/// A request, and the rules for it.
#[derive(Clone, Debug)]
pub(crate) struct RawRequest {
    /// The operation, such as `HeadObject`.
    pub(crate) operation: &'static str,
    /// The method.
    pub(crate) method: &'static str,
    /// The path and the query behind the endpoint's, encoded.
    pub(crate) path: String,
    /// The headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// True if it may be sent again when it is not known what it did.
    pub(crate) repeatable: bool,
    /// The most bytes of the answer's body.
    pub(crate) limit: u64,
}

/// An answer that is a success.
pub(crate) struct RawAnswer {
    headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl std::fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawAnswer(..)")
    }
}

impl RawAnswer {
    /// The value of a header, whose name is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Why a request has no answer.
#[derive(Debug)]
pub(crate) enum Missed {
    /// The bucket is in another Region, which S3 may have named.
    Elsewhere {
        /// The Region.
        region: Option<Region>,
        /// The error of who does not ask there.
        error: DriverError,
    },
    /// The call failed.
    Failed(DriverError),
}

impl Missed {
    /// The error.
    pub(crate) fn into_error(self) -> DriverError {
        match self {
            Self::Elsewhere { error, .. } | Self::Failed(error) => error,
        }
    }
}

/// A client of one endpoint.
#[derive(Debug)]
pub(crate) struct RawClient {
    service: &'static str,
    host: String,
    flights: Flights,
    clock: ServiceClock,
    plugins: RuntimePlugins,
}

impl RawClient {
    /// A client of S3's endpoint with the SDK's configuration.
    pub(super) fn of_s3(
        config: &SdkConfig,
        endpoint: ServiceEndpoint,
        (clock, flights): (&ServiceClock, &Flights),
    ) -> Self {
        let service = "s3";
        let endpoint = FixedEndpoint::of(endpoint);
        let host = endpoint.host();
        let signing = bucket_call::signing();
        let own = Own { service, signing_name: service.to_owned(), signing, endpoint, clock };
        let plugins = RuntimePlugins::new()
            .with_client_plugins(default_plugins_of(service, config))
            .with_client_plugin(settings(own, config));
        Self { service, host, flights: flights.clone(), clock: clock.clone(), plugins }
    }

    /// The time by the service's clock.
    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`DriverError`] as of every call.
    pub(crate) async fn send(&self, request: RawRequest) -> Result<RawAnswer, DriverError> {
        self.try_send(request).await.map_err(Missed::into_error)
    }

    /// Sends a request to a bucket that may be in another Region.
    ///
    /// # Errors
    /// [`Missed`], as of every call.
    pub(crate) async fn try_send(&self, request: RawRequest) -> Result<RawAnswer, Missed> {
        let RawRequest { operation, method, path, headers, body, repeatable, limit } = request;
        let name = format!("{}:{operation}", self.service);
        let _in_flight = self.flights.begin(name.clone(), self.host.clone());
        let invalid = |problem: &str| {
            let kind = ErrorKind::Invalid { property: None };
            Missed::Failed(DriverError::new(kind, &name, problem))
        };
        let length = body.len();
        // A copy would double the memory of an upload.
        let mut written = HttpRequest::new(SdkBody::from(body));
        written.set_method(method).map_err(|_| invalid("the method is not one"))?;
        written.set_uri(path).map_err(|_| invalid("the path is not one"))?;
        for (header, value) in headers {
            let set = written.headers_mut().try_insert(header, value);
            set.map_err(|_| invalid("a header has characters that headers cannot have"))?;
        }
        if length > 0 || method == "PUT" || method == "POST" {
            let set = written.headers_mut().try_insert("content-length", length.to_string());
            set.map_err(|_| invalid("the length is not one"))?;
        }
        tracing::debug!(operation = name, "call");
        let input = Input::erase(Request::new(written));
        let plugins = self.operation_plugins(operation, repeatable, (limit, length == 0));
        let result = invoke(self.service, operation, input, &plugins).await;
        let outcome = match result {
            Ok(output) => output.downcast::<RawAnswer>().map_err(|_| {
                DriverError::new(ErrorKind::UnknownOutcome, &name, "the answer was lost")
            }),
            Err(error) => {
                if let Some(ImproperAnswer::Redirect { region, .. }) = failure::source_of(&error) {
                    let (region, error) = (region.clone(), bucket_call::elsewhere(&name));
                    return Err(Missed::Elsewhere { region, error });
                }
                Err(failure::failed((&name, &self.host), repeatable, error))
            }
        };
        match &outcome {
            Ok(_) => tracing::debug!(operation = name, "answered"),
            Err(error) => {
                tracing::debug!(operation = name, kind = ?error.kind, code = error.code, "failed");
            }
        }
        outcome.map_err(Missed::Failed)
    }

    fn operation_plugins(
        &self,
        operation: &'static str,
        repeatable: bool,
        (limit, is_short): (u64, bool),
    ) -> RuntimePlugins {
        let mut layer = Layer::new("operation");
        layer.store_put(SharedRequestSerializer::new(Serializer));
        layer.store_put(SharedResponseDeserializer::new(Reader));
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(SensitiveOutput);
        layer.store_put(Metadata::new(operation, self.service));
        layer.store_put(AnswerLimit::bytes(limit));
        let timeouts = TimeoutConfig::builder();
        let timeouts = match is_short {
            true => timeouts.operation_attempt_timeout(READ_ATTEMPT).operation_timeout(READ),
            false => timeouts.operation_attempt_timeout(SEND_ATTEMPT),
        };
        layer.store_put(timeouts.build());
        let components = RuntimeComponentsBuilder::new("operation")
            .with_retry_classifier(RetryRule { reads: repeatable });
        let plugin = StaticRuntimePlugin::new()
            .with_config(layer.freeze())
            .with_runtime_components(components);
        self.plugins.clone().with_operation_plugin(SharedRuntimePlugin::new(plugin))
    }
}

/// Takes answers as they are; what is no success is a refusal of S3's form.
#[derive(Debug)]
struct Reader;

impl DeserializeResponse for Reader {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        _: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        // An object may be a page; what is no service does not number its answers like S3.
        let is_numbered = bucket_call::request_id(response.headers()).is_some();
        if let Some(page) = answer::page(response).filter(|_| !is_numbered) {
            return Err(OrchestratorError::response(BoxError::from(page)));
        }
        let body = response.body().bytes().unwrap_or_default();
        if response.status().is_success() {
            let headers = response.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let answer = RawAnswer { headers: headers.collect(), body: body.to_vec() };
            return Ok(Output::erase(answer));
        }
        let status = response.status().as_u16();
        let text = String::from_utf8_lossy(body);
        // The answer to HEAD has no body: its status is all that there is.
        let of_status = match status {
            404 => Some("NotFound"),
            403 => Some("AccessDenied"),
            _ => None,
        };
        let code = xml::text_of(&text, "Code").or_else(|| of_status.map(str::to_owned));
        let region = answer::bucket_region(response);
        if let (Some(region), Some("AuthorizationHeaderMalformed")) = (region, code.as_deref()) {
            let (to, region) = ("another Region".to_owned(), Some(region));
            let elsewhere = ImproperAnswer::Redirect { to, region, onward: None };
            return Err(OrchestratorError::response(BoxError::from(elsewhere)));
        }
        let request_id = bucket_call::request_id(response.headers()).map(str::to_owned);
        let refusal = Refusal {
            status,
            code,
            message: xml::text_of(&text, "Message"),
            request_id: request_id.or_else(|| response.request_id().map(str::to_owned)),
        };
        Err(OrchestratorError::operation(Error::erase(refusal)))
    }
}
