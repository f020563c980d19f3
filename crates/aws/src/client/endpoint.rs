//! Where a service is: its own endpoint rules, or the URL the user configured.

use std::fmt;

use aws_config::SdkConfig;
use aws_smithy_runtime::client::orchestrator::endpoints::StaticUriEndpointResolver;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::endpoint::{EndpointResolverParams, SharedEndpointResolver};
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{
    Intercept, SharedInterceptor, dyn_dispatch_hint,
};
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::service_config::ServiceConfigKey;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{Partition, Region};

use crate::model::Service;

/// A service's endpoint rules and what they are applied to.
pub(super) struct Endpoint {
    pub(super) resolver: SharedEndpointResolver,
    /// Gives every call what the rules are applied to.
    pub(super) params: SharedInterceptor,
}

/// Parameters of one service's endpoint rules.
#[derive(Debug)]
struct ParamsOf<P>(P);

#[dyn_dispatch_hint]
impl<P: Clone + fmt::Debug + Send + Sync + 'static> Intercept for ParamsOf<P> {
    fn name(&self) -> &'static str {
        "EndpointParams"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(EndpointResolverParams::new(self.0.clone()));
        Ok(())
    }
}

/// The rules of one service's crate.
macro_rules! rules {
    ($crate_name:ident, $settings:expr) => {{
        use $crate_name::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
        let settings: &Settings = $settings;
        let params = Params::builder()
            .set_region(settings.region.clone())
            .set_use_dual_stack(settings.dual_stack)
            .set_use_fips(settings.fips)
            .set_endpoint(settings.url.clone())
            .build();
        params.map(|params| Endpoint {
            resolver: DefaultResolver::new().into_shared_resolver(),
            params: SharedInterceptor::permanent(ParamsOf(params)),
        })
    }};
}

#[derive(Debug, PartialEq, Eq)]
struct Settings {
    region: Option<String>,
    dual_stack: Option<bool>,
    fips: Option<bool>,
    url: Option<String>,
}

/// The endpoint of a service.
///
/// # Errors
/// If the service's rules do not take the configuration.
pub(super) fn endpoint(service: Service, config: &SdkConfig) -> Result<Endpoint, DriverError> {
    let settings = Settings {
        region: config.region().map(ToString::to_string),
        dual_stack: config.use_dual_stack(),
        fips: config.use_fips(),
        url: configured_url(service, config),
    };
    let settings = &settings;
    let endpoint = match service {
        Service::CloudFront => rules!(aws_sdk_cloudfront, settings).map_err(|e| e.to_string()),
        Service::Ec2 | Service::Ssm => of_form(service, settings),
        Service::Iam => rules!(aws_sdk_iam, settings).map_err(|e| e.to_string()),
        Service::MediaPackage => rules!(aws_sdk_mediapackage, settings).map_err(|e| e.to_string()),
        Service::SecretsManager => {
            rules!(aws_sdk_secretsmanager, settings).map_err(|e| e.to_string())
        }
        Service::Sts => rules!(aws_sdk_sts, settings).map_err(|e| e.to_string()),
    };
    endpoint.map_err(|problem| {
        let message = format!("the endpoint cannot be told: {problem}");
        DriverError::new(ErrorKind::Invalid { property: None }, service.name(), message)
    })
}

/// The endpoint of a service whose crate is no part of the program: the configured URL, or the
/// form that the endpoints of nearly all services have.
fn of_form(service: Service, settings: &Settings) -> Result<Endpoint, String> {
    let url = match (&settings.url, &settings.region) {
        (Some(url), _) => url.clone(),
        (None, Some(region)) => {
            if settings.fips == Some(true) || settings.dual_stack == Some(true) {
                let name = service.name();
                let variable = format!("AWS_ENDPOINT_URL_{}", name.to_uppercase());
                return Err(format!(
                    "FIPS and dual-stack endpoints of {name} are not known; set {variable}"
                ));
            }
            let suffix = Partition::of_region(&Region::new(region.as_str())).url_suffix();
            format!("https://{}.{region}.{suffix}", service.name())
        }
        (None, None) => return Err("no Region is configured".to_owned()),
    };
    Ok(Endpoint {
        resolver: SharedEndpointResolver::new(StaticUriEndpointResolver::uri(url)),
        params: SharedInterceptor::permanent(ParamsOf(())),
    })
}

/// `AWS_ENDPOINT_URL_<SERVICE>` or the profile's `services` section, else `AWS_ENDPOINT_URL` or
/// the profile's `endpoint_url`; `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is honoured by the SDK.
fn configured_url(service: Service, config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service_id(service))
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    let own = config.service_config().and_then(|services| services.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

/// The name a service has in configuration.
fn service_id(service: Service) -> &'static str {
    match service {
        Service::CloudFront => "CloudFront",
        Service::Ec2 => "EC2",
        Service::Iam => "IAM",
        Service::MediaPackage => "MediaPackage",
        Service::SecretsManager => "Secrets Manager",
        Service::Ssm => "SSM",
        Service::Sts => "STS",
    }
}

#[cfg(test)]
mod tests {
    use aws_config::Region;
    use aws_types::service_config::LoadServiceConfig;

    use super::*;

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

    #[test]
    fn a_services_own_url_comes_before_that_of_all() {
        let config = SdkConfig::builder()
            .region(Region::new("eu-west-1"))
            .endpoint_url("http://all.example")
            .service_config(OnlySecrets)
            .build();
        let url = |service| configured_url(service, &config);
        assert_eq!(url(Service::SecretsManager).as_deref(), Some("http://secrets.example"));
        assert_eq!(url(Service::Iam).as_deref(), Some("http://all.example"));
        assert_eq!(configured_url(Service::Iam, &SdkConfig::builder().build()), None);
        for service in Service::ALL {
            assert!(endpoint(service, &config).is_ok(), "{service:?}");
        }
    }
}
