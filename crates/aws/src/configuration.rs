//! The SDK's configuration: where it comes from, and how it is read again.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::app_name::AppName;
use aws_types::os_shim_internal::{Env, Fs};
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
    /// The bucket to which handlers of custom resources respond, instead of that of the CDK's assets.
    pub response_bucket: Option<String>,
    /// True if all handlers of custom resources are asked, also those with known code of the CDK.
    pub no_built_in: bool,
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
        let (fs, env) = (Fs::real(), Env::real());
        let chosen = retry_mode_is_chosen((&fs, &env), self.profile.as_deref()).await;
        bounded(loader.load().await, chosen)
    }
}

/// True if environment or profile say how calls are retried.
async fn retry_mode_is_chosen((fs, env): (&Fs, &Env), profile: Option<&str>) -> bool {
    let selected = profile.map(|name| name.to_owned().into());
    if env.get("AWS_RETRY_MODE").is_ok() {
        return true;
    }
    let files = EnvConfigFiles::default();
    let profiles = aws_config::profile::load(fs, env, &files, selected).await;
    // Files that cannot be read choose nothing: the credentials report them.
    profiles.is_ok_and(|profiles| profiles.get("retry_mode").is_some())
}

/// The configuration with a bounded number of attempts. Where the user chose no way to retry, it is
/// the adaptive one: once a service throttles, calls to it begin at a rate that adapts.
pub(crate) fn bounded(config: SdkConfig, mode_is_chosen: bool) -> SdkConfig {
    let loaded = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    let attempts = loaded.max_attempts().min(MAX_ATTEMPTS);
    let retry = if mode_is_chosen { loaded } else { RetryConfig::adaptive() };
    config.into_builder().retry_config(retry.with_max_attempts(attempts)).build()
}

#[cfg(test)]
mod tests {
    use aws_config::retry::RetryMode;

    use super::*;

    fn retry(config: SdkConfig, chosen: bool) -> RetryConfig {
        bounded(config, chosen).retry_config().cloned().unwrap()
    }

    #[test]
    fn calls_adapt_to_throttling_unless_the_user_chose_otherwise() {
        let of = |retry| SdkConfig::builder().retry_config(retry).build();
        let standard = RetryConfig::standard().with_max_attempts(50);
        let adapts = retry(of(standard.clone()), false);
        assert_eq!((adapts.mode(), adapts.max_attempts()), (RetryMode::Adaptive, MAX_ATTEMPTS));
        assert_eq!(retry(of(standard), true).mode(), RetryMode::Standard);
        assert_eq!(retry(SdkConfig::builder().build(), false).mode(), RetryMode::Adaptive);
    }

    #[tokio::test]
    async fn environment_and_profile_choose_the_retry_mode() {
        let config = "[default]\nregion = a\n[profile ci]\nretry_mode = standard\n";
        let fs = Fs::from_slice(&[("/config", config), ("/credentials", "")]);
        let files =
            [("AWS_CONFIG_FILE", "/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/credentials")];
        let env = Env::from_slice(&files);
        assert!(!retry_mode_is_chosen((&fs, &env), None).await);
        assert!(retry_mode_is_chosen((&fs, &env), Some("ci")).await);
        let named = Env::from_slice(&[files[0], files[1], ("AWS_RETRY_MODE", "standard")]);
        assert!(retry_mode_is_chosen((&fs, &named), None).await);
        let none = Fs::from_slice(&[]);
        assert!(!retry_mode_is_chosen((&none, &env), None).await);
    }
}
