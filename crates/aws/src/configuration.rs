//! The SDK's configuration: where it comes from, and how it is read again.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_types::app_name::AppName;
use rstack_model::Region;

use crate::client::BoundedClient;

/// The time that establishing a connection to a service may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The time that one attempt of a call may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
/// The most attempts of one call, whatever the configuration says.
const MAX_ATTEMPTS: u32 = 10;

/// The parts of the AWS configuration that the user chose for this run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The Region, before that of the environment and the profile.
    pub region: Option<Region>,
    /// The profile, before that of the environment.
    pub profile: Option<String>,
}

/// Where a configuration is read from. Reading it again asks for credentials that were renewed
/// meanwhile: by a sign-in, by another program.
#[async_trait]
pub(crate) trait Source: fmt::Debug + Send + Sync {
    /// Reads it as it is now.
    async fn load(&self) -> SdkConfig;
}

/// Environment, profiles, SSO, roles, instances: as every AWS tool.
#[async_trait]
impl Source for ConnectOptions {
    async fn load(&self) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(timeouts)
            .http_client(BoundedClient::https());
        if let Ok(name) = AppName::new("rstack") {
            loader = loader.app_name(name);
        }
        if let Some(region) = &self.region {
            loader = loader.region(aws_config::Region::new(region.as_str().to_owned()));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        bounded(loader.load().await)
    }
}

/// The configuration with a bounded number of attempts.
pub(crate) fn bounded(config: SdkConfig) -> SdkConfig {
    let retry = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    let attempts = retry.max_attempts().min(MAX_ATTEMPTS);
    config.into_builder().retry_config(retry.with_max_attempts(attempts)).build()
}
