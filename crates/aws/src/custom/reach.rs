//! The services through which the handlers of custom resources are reached.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use rstack_driver::{BucketAccess, DriverError, OpenBucket};
use rstack_model::Region;
use rstack_model::state::Environment;

use crate::api::Api;
use crate::client::Clients;
use crate::definition::Service;
use crate::{cloud, s3};

/// The services of an account, as far as handlers need them.
#[async_trait]
pub(crate) trait Reach: Send + Sync {
    /// A service in a Region.
    fn api(&self, service: Service, region: &str) -> Arc<dyn Api>;

    /// Opens a bucket.
    ///
    /// # Errors
    /// If there is no endpoint for it.
    async fn open(&self, access: &BucketAccess) -> Result<OpenBucket, DriverError>;

    /// The caller's account and Region.
    ///
    /// # Errors
    /// If the caller cannot be asked for.
    async fn environment(&self) -> Result<Environment, DriverError>;

    /// The time of the last change that this process made in IAM, if it made any.
    fn iam_changed(&self) -> Option<SystemTime>;

    /// The time, by the services' clock.
    fn now(&self) -> SystemTime;
}

/// The services of the caller's account.
pub(crate) struct AccountReach {
    pub(crate) clients: Arc<Clients>,
    pub(crate) region: Region,
}

#[async_trait]
impl Reach for AccountReach {
    fn api(&self, service: Service, region: &str) -> Arc<dyn Api> {
        match region == self.region.as_str() {
            true => self.clients.api(service),
            false => self.clients.in_region(&Region::new(region)).api(service),
        }
    }

    async fn open(&self, access: &BucketAccess) -> Result<OpenBucket, DriverError> {
        s3::open(&self.clients, access).await
    }

    async fn environment(&self) -> Result<Environment, DriverError> {
        let identity = cloud::identity(&self.clients, &self.region).await?;
        Ok(identity.environment)
    }

    fn iam_changed(&self) -> Option<SystemTime> {
        self.clients.iam_changed()
    }

    fn now(&self) -> SystemTime {
        self.clients.now()
    }
}
