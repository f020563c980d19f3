//! One client for each service, made when it is first needed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use aws_config::SdkConfig;
use rstack_driver::DriverError;
use rstack_model::{KnownMap, Region};

use super::Client;
use crate::api::Api;
use crate::model::Service;

/// The clients of one account and Region. All users of a service share its client, and with it
/// connections, credentials and the measure of retries.
#[derive(Debug)]
pub(crate) struct Clients {
    config: Arc<SdkConfig>,
    made: Mutex<BTreeMap<Service, Arc<LazyClient>>>,
}

impl Clients {
    /// Clients with the SDK's configuration.
    pub(crate) fn new(config: SdkConfig) -> Self {
        Self { config: Arc::new(config), made: Mutex::default() }
    }

    /// Clients with the same configuration in another Region.
    pub(crate) fn in_region(&self, region: &Region) -> Self {
        let region = aws_config::Region::new(region.as_str().to_owned());
        Self::new(self.config.to_builder().region(region).build())
    }

    /// A service to call. It costs nothing before the first call.
    pub(crate) fn api(&self, service: Service) -> Arc<dyn Api> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let client = made.entry(service).or_insert_with(|| {
            let config = Arc::clone(&self.config);
            Arc::new(LazyClient { service, config, client: OnceLock::new() })
        });
        Arc::<LazyClient>::clone(client)
    }
}

#[derive(Debug)]
struct LazyClient {
    service: Service,
    config: Arc<SdkConfig>,
    client: OnceLock<Result<Client, DriverError>>,
}

#[async_trait]
impl Api for LazyClient {
    async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let client = self.client.get_or_init(|| Client::new(self.service, &self.config));
        match client {
            Ok(client) => client.call(operation, input).await,
            Err(error) => Err(error.clone()),
        }
    }

    fn now(&self) -> SystemTime {
        let client = self.client.get().and_then(|client| client.as_ref().ok());
        client.map_or_else(SystemTime::now, Client::now)
    }
}
