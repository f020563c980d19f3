//! Reading an address of the web: without credentials, over HTTPS alone, with bounds on its bytes and its time.
//!
//! Addresses come out of templates, and may be signed. A name that leads to this machine or to the addresses of
//! its own link, where clouds keep credentials, is not called; each address that an answer leads to is held to
//! the same rules. The SDK's tracing sees the host and neither path nor query.

use std::fmt;
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime::client::auth::no_auth::{NO_AUTH_SCHEME_ID, NoAuthScheme};
use aws_smithy_runtime::client::identity::no_auth::NoAuthIdentityResolver;
use aws_smithy_runtime::client::orchestrator::{AuthSchemeAndEndpointOrchestrationV2, invoke};
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::endpoint::SharedEndpointResolver;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, Output};
use aws_smithy_runtime_api::client::orchestrator::{
    HttpRequest, HttpResponse, Metadata, OrchestratorError, SensitiveOutput,
};
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_runtime_api::client::runtime_plugin::{
    RuntimePlugins, SharedRuntimePlugin, StaticRuntimePlugin,
};
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{AddressError, WebAddress};

use super::answer::{AnswerLimit, ImproperAnswer, LimitBearer};
use super::endpoint::{FixedEndpoint, NoParams};
use super::failure::{self, source_of};
use super::flights::Flights;
use super::redact::{Request, Serializer};
use super::retry::RetryRule;
use super::{BoundedClient, READ, READ_ATTEMPT, default_plugins_of};
use crate::endpoint_rules::ServiceEndpoint;
use crate::service_error::Refusal;

/// The operation, as errors name it.
const OPERATION: &str = "https:Get";
/// The answers in a row that lead to another address, at most.
const LEADS: usize = 5;
/// The time that establishing a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// The way to the web.
#[derive(Clone, Debug)]
pub(crate) enum Web {
    /// Over sockets, to names that lead away from this machine.
    Guarded,
    /// Through this client, whatever a name leads to.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests have no web"))]
    Through(SharedHttpClient),
}

impl Web {
    /// The bytes at an address, at most `limit`.
    ///
    /// # Errors
    /// If there is nothing, it is longer, or the host refuses or cannot be reached.
    pub(super) async fn get(
        &self,
        (config, flights): (&SdkConfig, &Flights),
        address: &WebAddress,
        limit: u64,
    ) -> Result<Vec<u8>, DriverError> {
        let mut at = address.clone();
        for _ in 0..LEADS {
            let _in_flight = flights.begin(OPERATION.to_owned(), at.host.clone());
            match self.ask(config, &at, limit).await? {
                Asked::Bytes(bytes) => return Ok(bytes),
                Asked::Elsewhere(location) => {
                    at = at.follow(&location).map_err(|error| led_astray(&at, error))?;
                }
            }
        }
        let message = format!("{} leads from one address to the next without end", address.host);
        Err(DriverError::new(ErrorKind::Unreachable, OPERATION, message))
    }

    async fn ask(
        &self,
        config: &SdkConfig,
        address: &WebAddress,
        limit: u64,
    ) -> Result<Asked, DriverError> {
        let client = match self {
            Self::Guarded => guarded(&address.host),
            Self::Through(client) => client.clone(),
        };
        let client = Aimed { client, address: address.clone() };
        let plugins = plugins(config, &address.host, client, limit);
        let request = HttpRequest::new(aws_smithy_types::body::SdkBody::empty());
        tracing::debug!(operation = OPERATION, host = address.host, "call");
        let input = Input::erase(Request::new(request));
        let error = match invoke("web", "Get", input, &plugins).await {
            Ok(output) => {
                let lost =
                    || DriverError::new(ErrorKind::Transient, OPERATION, "the answer was lost");
                return output.downcast::<Bytes>().map(|it| Asked::Bytes(it.0)).map_err(|_| lost());
            }
            Err(error) => error,
        };
        if let Some(ImproperAnswer::Redirect { onward: Some(onward), .. }) = source_of(&error) {
            return Ok(Asked::Elsewhere(onward.expose().to_owned()));
        }
        Err(failed(&address.host, limit, error))
    }
}

/// The answer of a host.
enum Asked {
    Bytes(Vec<u8>),
    Elsewhere(String),
}

/// The error of an answer that leads to where no template is read from.
fn led_astray(at: &WebAddress, error: AddressError) -> DriverError {
    let message = format!("{} leads to another address, which is not followed: {error}", at.host);
    DriverError::new(ErrorKind::Unreachable, OPERATION, message)
}

fn failed(host: &str, limit: u64, error: SdkError<Error, HttpResponse>) -> DriverError {
    if let Some(ImproperAnswer::TooLong { .. }) = source_of(&error) {
        let message = format!("{host} has more than {limit} bytes there");
        return DriverError::new(ErrorKind::Invalid { property: None }, OPERATION, message);
    }
    if source_of::<OwnMachine>(&error).is_some() {
        let message = format!("{host} is not called: {OwnMachine}");
        return DriverError::new(ErrorKind::Unsupported, OPERATION, message);
    }
    if let SdkError::ServiceError(refused) = &error
        && let Some(refusal) = refused.err().downcast_ref::<Refusal>()
    {
        let kind = match refusal.status {
            404 | 410 => ErrorKind::NotFound,
            401 | 403 => ErrorKind::AccessDenied { action: None },
            429 => ErrorKind::Throttled,
            500.. => ErrorKind::Transient,
            _ => ErrorKind::Invalid { property: None },
        };
        let message = format!("{host} answers HTTP {}", refusal.status);
        return DriverError::new(kind, OPERATION, message);
    }
    failure::failed((OPERATION, host), true, error)
}

/// The SDK's plugins for one request: retries, time limits and bounds are those of every other read.
fn plugins(config: &SdkConfig, host: &str, client: Aimed, limit: u64) -> RuntimePlugins {
    let mut layer = Layer::new("web");
    layer.store_put(AuthSchemeAndEndpointOrchestrationV2);
    layer.store_put(SharedRequestSerializer::new(Serializer));
    layer.store_put(SharedResponseDeserializer::new(Reader));
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SensitiveOutput);
    layer.store_put(Metadata::new("Get", "web"));
    layer.store_put(AnswerLimit::bytes(limit));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(READ_ATTEMPT)
        .operation_timeout(READ);
    layer.store_put(timeouts.build());
    if let Some(retry) = config.retry_config() {
        layer.store_put(retry.clone());
    }
    let url = format!("https://{host}");
    let endpoint = FixedEndpoint::of(ServiceEndpoint { url, properties: Default::default() });
    let schemes = StaticAuthSchemeOptionResolver::new(vec![NO_AUTH_SCHEME_ID]);
    let identity = SharedIdentityResolver::new(NoAuthIdentityResolver::new());
    let mut components = RuntimeComponentsBuilder::new("web")
        .with_endpoint_resolver(Some(SharedEndpointResolver::new(endpoint)))
        .with_interceptor(SharedInterceptor::permanent(NoParams))
        .with_interceptor(SharedInterceptor::permanent(LimitBearer))
        .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(schemes)))
        .with_auth_scheme(SharedAuthScheme::new(NoAuthScheme::new()))
        .with_identity_resolver(NO_AUTH_SCHEME_ID, identity)
        .with_retry_classifier(RetryRule { reads: true })
        .with_http_client(Some(BoundedClient::over(SharedHttpClient::new(client))));
    if let Some(sleep) = config.sleep_impl() {
        components = components.with_sleep_impl(Some(sleep));
    }
    if let Some(time) = config.time_source() {
        components = components.with_time_source(Some(time));
    }
    let plugin =
        StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components);
    RuntimePlugins::new()
        .with_client_plugins(default_plugins_of("web", config))
        .with_client_plugin(SharedRuntimePlugin::new(plugin))
}

/// The bytes of an answer.
struct Bytes(Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bytes(..)")
    }
}

/// Takes an answer as it is.
#[derive(Debug)]
struct Reader;

impl DeserializeResponse for Reader {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        _: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let status = response.status().as_u16();
        if status == 200 {
            let body = response.body().bytes().unwrap_or_default();
            return Ok(Output::erase(Bytes(body.to_vec())));
        }
        let refusal = Refusal { status, ..Refusal::default() };
        Err(OrchestratorError::operation(Error::erase(refusal)))
    }
}

/// A client of one address: the path and the query are put into the request when nothing traces it any more.
#[derive(Clone)]
struct Aimed {
    client: SharedHttpClient,
    address: WebAddress,
}

impl fmt::Debug for Aimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aimed(..)")
    }
}

impl HttpClient for Aimed {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(AimedConnector { connector, address: self.address.clone() })
    }
}

struct AimedConnector {
    connector: SharedHttpConnector,
    address: WebAddress,
}

impl fmt::Debug for AimedConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AimedConnector(..)")
    }
}

impl HttpConnector for AimedConnector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let agent = concat!("rstack/", env!("CARGO_PKG_VERSION"));
        let set = request.set_uri(self.address.expose());
        let agreed = request.headers_mut().try_insert("user-agent", agent);
        match (set, agreed) {
            (Ok(()), Ok(_)) => self.connector.call(request),
            // The error of the SDK quotes the address.
            (_, _) => HttpConnectorFuture::ready(Err(ConnectorError::user(
                "the address is not one".into(),
            ))),
        }
    }
}

/// A client that calls the host only where its name leads away from this machine.
fn guarded(host: &str) -> SharedHttpClient {
    let names = Names { guarded: host.to_owned() };
    Builder::new().build_with_connector_fn(move |settings, components| {
        let tls = Provider::Rustls(CryptoMode::AwsLc);
        let mut builder = ConnectorBuilder::default().tls_provider(tls);
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.set_proxy_config(Some(ProxyConfig::from_env()));
        builder.build_with_resolver(names.clone())
    })
}

/// A name that leads to this machine, or to an address of its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its name leads to this machine or its own link, where no template is read from")]
struct OwnMachine;

/// The names of hosts. That of a proxy is the user's own, and may lead anywhere.
#[derive(Clone, Debug)]
struct Names {
    guarded: String,
}

impl ResolveDns for Names {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let (name, is_guarded) = (name.to_owned(), name.eq_ignore_ascii_case(&self.guarded));
        DnsFuture::new(async move {
            let lookup = move || (name.as_str(), 0).to_socket_addrs();
            let found = tokio::task::spawn_blocking(lookup).await.map_err(ResolveDnsError::new)?;
            let found = found.map_err(ResolveDnsError::new)?.map(|address| address.ip());
            let allowed: Vec<IpAddr> =
                found.filter(|it| !is_guarded || is_elsewhere(*it)).collect();
            match allowed.is_empty() {
                true => Err(ResolveDnsError::new(OwnMachine)),
                false => Ok(allowed),
            }
        })
    }
}

/// True of an address that is neither this machine nor on its own link. The addresses of an organization's
/// network are: its templates may be there.
fn is_elsewhere(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, ..] = v4.octets();
            let is_shared = v4.octets() == [100, 100, 100, 200];
            !(v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || first == 0
                || is_shared)
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4() {
                return is_elsewhere(IpAddr::V4(v4));
            }
            let [first, second, ..] = v6.segments();
            // What clouds answer under in their own networks: `fd00:ec2::254`, `fd20:ce::254`.
            let is_of_cloud =
                (first, second) == (0xfd00, 0x0ec2) || (first, second) == (0xfd20, 0x00ce);
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unicast_link_local()
                || is_of_cloud)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_config::retry::RetryConfig;
    use aws_config::{BehaviorVersion, Region};
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    /// A web of pages: the status and the place that each leads to, or its bytes.
    #[derive(Clone, Debug)]
    struct Pages(&'static [(&'static str, u16, &'static str)], Arc<Mutex<Vec<String>>>);

    impl HttpClient for Pages {
        fn http_connector(
            &self,
            _: &HttpConnectorSettings,
            _: &RuntimeComponents,
        ) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Pages {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let uri = request.uri().to_owned();
            let names: Vec<&str> = request.headers().iter().map(|(name, _)| name).collect();
            let secret = ["authorization", "cookie", "x-amz-security-token"];
            assert!(!names.iter().any(|name| secret.contains(name)), "{names:?}");
            assert_eq!(request.method(), "GET");
            self.1.lock().unwrap().push(uri.clone());
            let found = self.0.iter().find(|(at, _, _)| *at == uri);
            let (status, text) = found.map_or((404, ""), |(_, status, text)| (*status, *text));
            let status = StatusCode::try_from(status).unwrap();
            let is_lead = status.as_u16() / 100 == 3;
            let body = if is_lead { SdkBody::empty() } else { SdkBody::from(text) };
            let mut answer = HttpResponse::new(status, body);
            if is_lead {
                answer.headers_mut().insert("location", text);
            }
            HttpConnectorFuture::ready(Ok(answer))
        }
    }

    async fn get(
        pages: &'static [(&'static str, u16, &'static str)],
        address: &str,
    ) -> (Result<String, DriverError>, Vec<String>) {
        let retry = RetryConfig::standard().with_initial_backoff(Duration::ZERO);
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .retry_config(retry)
            .build();
        let pages = Pages(pages, Arc::default());
        let web = Web::Through(SharedHttpClient::new(pages.clone()));
        let address = WebAddress::parse(address).unwrap();
        let got = web.get((&config, &Flights::default()), &address, 16).await;
        let calls = pages.1.lock().unwrap().clone();
        (got.map(|bytes| String::from_utf8(bytes).unwrap()), calls)
    }

    #[tokio::test]
    async fn an_address_is_read_without_credentials() {
        let pages = &[("https://a.example/t?token=SECRET", 200, "Resources: {}")];
        let (got, calls) = get(pages, "https://a.example/t?token=SECRET").await;
        assert_eq!(got.as_deref(), Ok("Resources: {}"));
        assert_eq!(calls.len(), 1);
    }

    #[tokio::test]
    async fn an_answer_leads_to_another_https_address_and_no_other() {
        let pages = &[
            ("https://a.example/t", 302, "https://b.example/u?sig=SECRET"),
            ("https://b.example/u?sig=SECRET", 307, "/v"),
            ("https://b.example/v", 200, "here"),
            ("https://a.example/http", 301, "http://a.example/t?sig=SECRET"),
            ("https://a.example/meta", 301, "https://169.254.169.254/latest"),
            ("https://a.example/round", 308, "/round"),
        ];
        assert_eq!(get(pages, "https://a.example/t").await.0.as_deref(), Ok("here"));
        for (address, calls, said) in [
            ("https://a.example/http", 1, "does not begin with `https://`"),
            ("https://a.example/meta", 1, "names this machine or a number"),
            ("https://a.example/round", LEADS, "without end"),
        ] {
            let (got, made) = get(pages, address).await;
            let error = got.unwrap_err();
            assert_eq!(
                (error.kind.clone(), made.len()),
                (ErrorKind::Unreachable, calls),
                "{error}"
            );
            assert!(error.to_string().contains(said), "{error}");
            assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_failure_names_the_host_and_never_the_query() {
        let pages = &[
            ("https://a.example/denied?token=SECRET", 403, "token=SECRET"),
            ("https://a.example/long?token=SECRET", 200, "more than sixteen bytes"),
            ("https://a.example/broken?token=SECRET", 503, ""),
            ("https://a.example/other?token=SECRET", 204, ""),
        ];
        let denied = ErrorKind::AccessDenied { action: None };
        for (path, kind, calls) in [
            ("denied", denied, 1),
            ("none", ErrorKind::NotFound, 1),
            ("long", ErrorKind::Invalid { property: None }, 1),
            ("broken", ErrorKind::Transient, 3),
            ("other", ErrorKind::Invalid { property: None }, 1),
        ] {
            let (got, made) = get(pages, &format!("https://a.example/{path}?token=SECRET")).await;
            let error = got.unwrap_err();
            assert_eq!((&error.kind, made.len()), (&kind, calls), "{error}");
            assert!(error.message.starts_with("a.example "), "{error}");
            assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        }
    }

    #[test]
    fn addresses_of_this_machine_and_its_link_are_not_called() {
        let is = |text: &str| is_elsewhere(text.parse().unwrap());
        for own in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "::ffff:127.0.0.1",
        ] {
            assert!(!is(own), "{own}");
        }
        for other in ["10.0.0.1", "192.168.1.1", "52.218.0.1", "2600:1f00::1", "fd12:3456::1"] {
            assert!(is(other), "{other}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_unless_it_is_a_proxy() {
        let names = Names { guarded: "localhost".to_owned() };
        assert!(names.resolve_dns("LOCALHOST").await.is_err());
        let proxy = Names { guarded: "other.example".to_owned() };
        assert!(!proxy.resolve_dns("localhost").await.unwrap().is_empty());
    }
}
