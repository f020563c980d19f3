//! The HTTP client of all services and of the sources of credentials: its answers have bounds, and
//! it follows no redirect.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::answer::{self, AnswerLimit};

/// A client whose answers have bounds.
#[derive(Clone, Debug)]
pub(crate) struct BoundedClient(SharedHttpClient);

impl BoundedClient {
    /// The client with bounds on its answers.
    pub(crate) fn over(client: SharedHttpClient) -> Self {
        Self(client)
    }

    /// A client of HTTPS, with the certificates of the system and the proxies of the environment.
    pub(crate) fn https() -> Self {
        Self(Builder::new().build_with_connector_fn(|settings, components| {
            let tls = Provider::Rustls(CryptoMode::AwsLc);
            let mut builder = ConnectorBuilder::default().tls_provider(tls);
            builder.set_connector_settings(settings.cloned());
            builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            builder.set_proxy_config(Some(ProxyConfig::from_env()));
            builder.build()
        }))
    }
}

impl HttpClient for BoundedClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(BoundedConnector(self.0.http_connector(settings, components)))
    }
}

#[derive(Debug)]
struct BoundedConnector(SharedHttpConnector);

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let limit = request.extension::<AnswerLimit>().copied().unwrap_or_default();
        let answered = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let bounded = answer::bounded(answered.await?, limit);
            bounded.map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
