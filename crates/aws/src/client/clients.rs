//! One client for each service, made when it is first needed, and anew with other credentials.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use rstack_driver::{CallInFlight, DriverError, ErrorKind};
use rstack_model::{AccountId, KnownMap, Region, WebAddress};

use super::batches::Batched;
use super::clock::ServiceClock;
use super::flights::Flights;
use super::iam_changes::IamChanges;
use super::pace::Pace;
use super::raw::RawClient;
use super::renewal::{Configuration, Renewal};
use super::web::Web;
use super::{Client, endpoint};
use crate::api::Api;
use crate::configuration::Source;
use crate::model::Service;

/// The name of a session of a role, which CloudTrail shows.
const SESSION: &str = "rstack";

/// The clients of one account and Region. All users of a service share its client, and with it
/// connections, credentials and the measure of retries.
#[derive(Debug)]
pub(crate) struct Clients {
    configuration: Arc<Configuration>,
    flights: Flights,
    clock: ServiceClock,
    pacing: Pacing,
    iam_changes: IamChanges,
    made: Mutex<BTreeMap<Service, Arc<Batched>>>,
}

/// The choice to keep the rates that services ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pacing {
    /// Calls begin at the rate of their service.
    Kept,
    /// Calls begin at once: the service is a fake.
    Off,
}

impl Clients {
    /// Clients with the SDK's configuration.
    pub(crate) fn new(config: SdkConfig, pacing: Pacing) -> Self {
        Self::of(Configuration::new(config, None), pacing)
    }

    /// Clients with a configuration that is read again when its credentials are refused.
    pub(crate) fn renewed_by(config: SdkConfig, source: Arc<dyn Source>) -> Self {
        Self::of(Configuration::new(config, Some(source)), Pacing::Kept)
    }

    fn of(configuration: Configuration, pacing: Pacing) -> Self {
        Self {
            configuration: Arc::new(configuration),
            flights: Flights::default(),
            clock: ServiceClock::default(),
            pacing,
            iam_changes: IamChanges::default(),
            made: Mutex::default(),
        }
    }

    /// Clients with the same configuration in another Region.
    pub(crate) fn in_region(&self, region: &Region) -> Self {
        let region = aws_config::Region::new(region.as_str().to_owned());
        let there = Self::of(self.configuration.in_region(region), self.pacing);
        let (flights, iam_changes) = (self.flights.clone(), self.iam_changes.clone());
        Self { flights, iam_changes, ..there }
    }

    /// Clients in a Region with the credentials of a role, which may be of another account.
    ///
    /// # Errors
    /// If the role cannot be assumed.
    pub(crate) async fn assuming(
        &self,
        role: &str,
        external_id: Option<&str>,
        region: &Region,
    ) -> Result<Self, DriverError> {
        let caller = self.configuration_in(region);
        let builder = AssumeRoleProvider::builder(role).session_name(SESSION);
        let builder = match external_id {
            Some(id) => builder.external_id(id),
            None => builder,
        };
        let provider = builder.configure(&caller).build().await;
        if let Err(error) = provider.provide_credentials().await {
            let operation = "sts:AssumeRole";
            let kind = ErrorKind::AccessDenied { action: Some(operation.to_owned()) };
            let mut message = format!("the role `{role}` cannot be assumed: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                message.push_str(&format!(": {error}"));
                cause = error.source();
            }
            return Err(DriverError::new(kind, operation, message));
        }
        let provider = SharedCredentialsProvider::new(provider);
        let config = caller.into_builder().credentials_provider(provider).build();
        let there = Self::new(config, self.pacing);
        Ok(Self { flights: self.flights.clone(), ..there })
    }

    /// Credentials of another account are not used from here on.
    pub(crate) fn belong_to(&self, account: &AccountId) {
        self.configuration.belong_to(account);
    }

    /// The account that they belong to, if it is known.
    pub(crate) fn account(&self) -> Option<AccountId> {
        self.configuration.account()
    }

    /// The time of the last change that was made in IAM, if one was.
    pub(crate) fn iam_changed(&self) -> Option<SystemTime> {
        self.iam_changes.last()
    }

    /// The time by the services' clock.
    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// The calls that have no answer yet, the oldest first.
    pub(crate) fn in_flight(&self) -> Vec<CallInFlight> {
        self.flights.open()
    }

    /// The configuration in a Region, with the credentials that hold now.
    pub(crate) fn configuration_in(&self, region: &Region) -> SdkConfig {
        let region = aws_config::Region::new(region.as_str().to_owned());
        self.configuration.current().config.to_builder().region(region).build()
    }

    /// A client of a bucket, and the bucket's URL.
    ///
    /// # Errors
    /// If there is no endpoint for it.
    pub(crate) fn bucket(
        &self,
        config: &SdkConfig,
        bucket: &str,
    ) -> Result<(RawClient, String), DriverError> {
        let endpoint = endpoint::of_bucket(config, bucket)?;
        let url = endpoint.url.trim_end_matches('/').to_owned();
        Ok((RawClient::of_s3(config, endpoint, (&self.clock, &self.flights)), url))
    }

    /// The bytes at an address of the web, at most `limit`.
    ///
    /// # Errors
    /// If there is nothing, it is longer, or the host refuses or cannot be reached.
    pub(crate) async fn web(
        &self,
        web: &Web,
        address: &WebAddress,
        limit: u64,
    ) -> Result<Vec<u8>, DriverError> {
        let config = &self.configuration.current().config;
        web.get((config, &self.flights), address, limit).await
    }

    /// A service to call. It costs nothing before the first call.
    pub(crate) fn api(&self, service: Service) -> Arc<dyn Api> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let client = made.entry(service).or_insert_with(|| {
            let configuration = Arc::clone(&self.configuration);
            let file = service.file().ok();
            let rate = file.and_then(|file| file.rate.as_ref());
            let rate = rate.filter(|_| self.pacing == Pacing::Kept);
            let batches = file.map(|file| file.batches.as_slice()).unwrap_or_default();
            let client = LazyClient {
                service,
                configuration,
                flights: self.flights.clone(),
                clock: self.clock.clone(),
                pace: rate.map(|rate| Pace::new(rate.per_second)),
                iam_changes: (service == Service::IAM).then(|| self.iam_changes.clone()),
                made: Mutex::default(),
            };
            Arc::new(Batched::new(Arc::new(client), batches))
        });
        Arc::<Batched>::clone(client)
    }
}

/// A client, and the number of the configuration it was made with.
#[derive(Clone, Debug)]
struct Made {
    number: u64,
    client: Result<Arc<Client>, DriverError>,
}

#[derive(Debug)]
struct LazyClient {
    service: Service,
    configuration: Arc<Configuration>,
    flights: Flights,
    /// The clock of all services, set by the first that is called.
    clock: ServiceClock,
    pace: Option<Pace>,
    /// The record of changes, of IAM alone.
    iam_changes: Option<IamChanges>,
    made: Mutex<Option<Made>>,
}

impl LazyClient {
    /// The client of the configuration that holds now.
    fn client(&self) -> Made {
        let loaded = self.configuration.current();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = made.as_ref().filter(|made| made.number == loaded.number) {
            return made.clone();
        }
        let clock = self.clock.clone();
        let client = Client::with_clock(self.service, &loaded.config, clock).map(Arc::new);
        made.insert(Made { number: loaded.number, client }).clone()
    }
}

#[async_trait]
impl Api for LazyClient {
    /// A call that was refused for its credentials had no effect: it is made again with others, if
    /// there are.
    async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let made = self.client();
        let client = made.client?;
        let name = format!("{}:{operation}", self.service.name());
        let _in_flight = self.flights.begin(name, client.host());
        if let Some(pace) = &self.pace {
            pace.turn().await;
        }
        let input = client.in_account(operation, input, self.configuration.account().as_ref());
        let answered = client.call(operation, input.clone()).await;
        if let Some(pace) = &self.pace {
            pace.heard(&answered);
        }
        if let Some(changes) = &self.iam_changes {
            changes.heard(operation, self.clock.now());
        }
        let error = match answered {
            Err(error) if error.kind == ErrorKind::Credentials => error,
            other => return other,
        };
        match self.configuration.renew(made.number).await {
            Renewal::Renewed => self.client().client?.call(operation, input).await,
            Renewal::Fixed => Err(error),
            Renewal::Useless(why) => {
                let message = format!("{}; the credentials cannot be used: {why}", error.message);
                Err(DriverError { message, ..error })
            }
        }
    }

    fn host(&self) -> String {
        self.client().client.map(|client| client.host()).unwrap_or_default()
    }

    fn now(&self) -> SystemTime {
        self.clock.now()
    }
}
