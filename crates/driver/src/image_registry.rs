//! A registry of container images: those of apps are pushed into its repositories.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_model::{AccountId, AssetRole, Region, SecretString};

use crate::DriverError;

/// The registry that is meant, and the way to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegistryAccess {
    /// The Region of the registry.
    pub region: Region,
    /// The account that owns it.
    pub owner: AccountId,
    /// The role that is assumed where it can be; else the caller's own credentials are used.
    pub role: Option<AssetRole>,
}

/// A registry that is open, with a note for the user.
#[derive(Clone)]
pub struct OpenRegistry {
    /// The registry.
    pub registry: Arc<dyn ImageRegistry>,
    /// Why the role of the access is not used, if it is not.
    pub note: Option<String>,
}

impl fmt::Debug for OpenRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenRegistry").field("note", &self.note).finish_non_exhaustive()
    }
}

/// The credentials with which a program pushes images.
#[derive(Debug)]
pub struct RegistryLogin {
    /// The user.
    pub user: String,
    /// The password, which is valid for some hours.
    pub password: SecretString,
    /// The URL of the registry.
    pub endpoint: String,
}

/// The registry of one account and Region.
#[async_trait]
pub trait ImageRegistry: Send + Sync {
    /// The address of a repository, which images are pushed to; `None` if there is no such repository in the
    /// owner's account.
    ///
    /// # Errors
    /// If the service refuses or cannot be asked.
    async fn repository(&self, name: &str) -> Result<Option<String>, DriverError>;

    /// True if a repository has an image with this tag.
    ///
    /// # Errors
    /// If the service refuses or cannot be asked.
    async fn has(&self, repository: &str, tag: &str) -> Result<bool, DriverError>;

    /// The credentials for pushing; `None` in a cloud that takes images without their content
    /// ([`Self::record`]).
    ///
    /// # Errors
    /// If the service refuses or cannot be asked.
    async fn login(&self) -> Result<Option<RegistryLogin>, DriverError>;

    /// Takes an image without its content, in a cloud that runs none.
    ///
    /// # Errors
    /// If the cloud takes only images that are pushed.
    async fn record(&self, repository: &str, tag: &str) -> Result<(), DriverError>;
}
