//! The address of a service: its own endpoint rules, or the URL that the user configured.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::endpoint::{
    EndpointFuture, EndpointResolverParams, ResolveEndpoint,
};
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::endpoint::Endpoint;
use aws_smithy_types::{Document, Number};
use aws_types::service_config::ServiceConfigKey;
use rstack_driver::{DriverError, ErrorKind};
use serde_json::Value;

use crate::endpoint_rules::{EndpointSettings, RuleSet, ServiceEndpoint};
use crate::model::{Metadata, Service};

/// The endpoint of every call of a client, or of one call about a bucket.
#[derive(Debug)]
pub(super) struct FixedEndpoint(Endpoint);

impl FixedEndpoint {
    /// The endpoint that rules have given.
    pub(super) fn of(resolved: ServiceEndpoint) -> Self {
        Self(for_the_sdk(resolved))
    }

    /// The host of the endpoint, with its port if the URL has one.
    pub(super) fn host(&self) -> String {
        let url = self.0.url();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit('@').next().unwrap_or_default().to_owned()
    }
}

impl ResolveEndpoint for FixedEndpoint {
    fn resolve_endpoint<'a>(&'a self, _: &'a EndpointResolverParams) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(self.0.clone()))
    }
}

/// Gives every call the parameters without which the orchestrator asks for no endpoint.
#[derive(Debug)]
pub(super) struct NoParams;

#[dyn_dispatch_hint]
impl Intercept for NoParams {
    fn name(&self) -> &'static str {
        "NoEndpointParams"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(EndpointResolverParams::new(()));
        Ok(())
    }
}

/// The endpoint of a service.
///
/// # Errors
/// If the service's rules have none for the configuration.
pub(super) fn endpoint(
    service: Service,
    metadata: &Metadata,
    config: &SdkConfig,
) -> Result<FixedEndpoint, DriverError> {
    let settings = EndpointSettings {
        region: config.region().map(ToString::to_string),
        dual_stack: config.use_dual_stack(),
        fips: config.use_fips(),
        url: configured_url(&metadata.service_id, config),
        ..EndpointSettings::default()
    };
    let resolved = RuleSet::of(service).and_then(|rules| rules.resolve(&settings));
    let resolved = resolved.map_err(|error| {
        let message = format!("there is no endpoint: {error}");
        DriverError::new(ErrorKind::Invalid { property: None }, service.name(), message)
    })?;
    Ok(FixedEndpoint(for_the_sdk(resolved)))
}

/// The endpoint of a bucket. Under a URL that the user configured the bucket is a part of the path: an
/// emulator seldom has a host for each.
///
/// # Errors
/// If the rules have none for the configuration.
pub(super) fn of_bucket(config: &SdkConfig, bucket: &str) -> Result<ServiceEndpoint, DriverError> {
    let url = configured_url("S3", config);
    let settings = EndpointSettings {
        region: config.region().map(ToString::to_string),
        dual_stack: config.use_dual_stack(),
        fips: config.use_fips(),
        path_style: Some(url.is_some()),
        url,
        bucket: Some(bucket.to_owned()),
    };
    RuleSet::of(Service::S3).and_then(|rules| rules.resolve(&settings)).map_err(|error| {
        let message = format!("there is no endpoint: {error}");
        DriverError::new(ErrorKind::Invalid { property: None }, "s3", message)
    })
}

fn for_the_sdk(resolved: ServiceEndpoint) -> Endpoint {
    let builder = Endpoint::builder().url(resolved.url);
    let properties = resolved.properties.into_iter();
    properties
        .fold(builder, |builder, (name, value)| builder.property(name, document(value)))
        .build()
}

fn document(value: Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(value),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Document::Number(Number::PosInt(number)),
            (None, Some(number)) => Document::Number(Number::NegInt(number)),
            (None, None) => Document::Number(Number::Float(number.as_f64().unwrap_or_default())),
        },
        Value::String(text) => Document::String(text),
        Value::Array(items) => Document::Array(items.into_iter().map(document).collect()),
        Value::Object(map) => {
            let entries = map.into_iter().map(|(key, value)| (key, document(value)));
            Document::Object(entries.collect::<HashMap<_, _>>())
        }
    }
}

/// `AWS_ENDPOINT_URL_<SERVICE>` or the profile's `services` section, else `AWS_ENDPOINT_URL` or
/// the profile's `endpoint_url`; `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is honoured by the SDK.
fn configured_url(service_id: &str, config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service_id)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    let own = config.service_config().and_then(|services| services.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use aws_config::Region;
    use aws_types::service_config::LoadServiceConfig;

    use super::*;
    use crate::model::ServiceModel;

    /// An environment that has a URL for one service.
    #[derive(Debug)]
    struct OnlySecrets;

    impl LoadServiceConfig for OnlySecrets {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let asked = (key.service_id(), key.env(), key.profile());
            let known = ("Secrets Manager", "AWS_ENDPOINT_URL", "endpoint_url");
            (asked == known).then(|| "http://secrets.example".to_owned())
        }
    }

    fn metadata(service: Service) -> &'static Metadata {
        &ServiceModel::of(service).unwrap().metadata
    }

    #[test]
    fn a_services_own_url_comes_before_that_of_all() {
        let config = SdkConfig::builder()
            .region(Region::new("eu-west-1"))
            .endpoint_url("http://all.example")
            .service_config(OnlySecrets)
            .build();
        let url = |service| configured_url(&metadata(service).service_id, &config);
        assert_eq!(url(Service::SECRETSMANAGER).as_deref(), Some("http://secrets.example"));
        assert_eq!(url(Service::IAM).as_deref(), Some("http://all.example"));
        assert_eq!(configured_url("IAM", &SdkConfig::builder().build()), None);
        for &service in Service::ALL {
            let found = endpoint(service, metadata(service), &config).unwrap();
            let expected = url(service).unwrap();
            assert_eq!(found.0.url(), expected, "{service:?}");
        }
    }

    #[test]
    fn settings_that_the_rules_refuse_are_refused_with_their_reason() {
        let service = Service::MEDIAPACKAGE;
        let fips = SdkConfig::builder().region(Region::new("eu-west-1")).use_fips(true);
        let config = fips.endpoint_url("http://all.example").build();
        let error = endpoint(service, metadata(service), &config).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid { property: None });
        assert!(error.message.contains("FIPS and custom endpoint are not supported"), "{error}");
        let nowhere = endpoint(service, metadata(service), &SdkConfig::builder().build());
        assert!(nowhere.unwrap_err().message.contains("Missing Region"));
    }
}
