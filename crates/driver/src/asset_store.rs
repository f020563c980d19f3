//! A bucket: assets of apps are published into it. A transport of custom resources can take responses
//! through it.
//!
//! The bytes of an object are read in parts, so that no store has to hold a whole asset in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_model::{AccountId, AssetRole, Region, SecretString};

use crate::{DriverError, ErrorKind};

/// The qualifier of the CDK where an app does not choose one. Source: "Customize CDK bootstrapping",
/// AWS CDK v2 Developer Guide.
pub const DEFAULT_QUALIFIER: &str = "hnb659fds";

/// The bucket of assets that bootstrapping makes in an account and Region, or in what stands for them.
pub fn default_asset_bucket(account: &str, region: &str) -> String {
    format!("cdk-{DEFAULT_QUALIFIER}-assets-{account}-{region}")
}

/// The bucket that is meant, and the way to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BucketAccess {
    /// The Region of the bucket.
    pub region: Region,
    /// The bucket.
    pub bucket: String,
    /// The account that owns it. The bucket of any other one is refused in every call.
    pub owner: AccountId,
    /// The role that is assumed where it can be; else the caller's own credentials are used.
    pub role: Option<AssetRole>,
}

/// A bucket that is open, with a note for the user.
#[derive(Clone)]
pub struct OpenBucket {
    /// The bucket.
    pub store: Arc<dyn AssetStore>,
    /// Why the role of the access is not used, if it is not.
    pub note: Option<String>,
}

impl fmt::Debug for OpenBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenBucket").field("note", &self.note).finish_non_exhaustive()
    }
}

/// An object of a bucket, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectSummary {
    /// Its length in bytes.
    pub bytes: u64,
    /// The entity tag that the service gave it. It changes with the content.
    pub tag: Option<String>,
}

/// One version of an object. In a bucket that keeps no versions an object has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The ID of the version.
    pub id: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// The bytes of an object that is to be made. They can be read as often as it takes.
#[async_trait]
pub trait AssetContent: Send + Sync {
    /// The number of bytes.
    fn bytes(&self) -> u64;

    /// The bytes from an offset on: as many as are asked for, or all that there are.
    ///
    /// # Errors
    /// If they cannot be read, or are fewer than [`Self::bytes`] says.
    async fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>>;
}

/// Content that is in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct InMemory(pub Vec<u8>);

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory").field("bytes", &self.0.len()).finish()
    }
}

#[async_trait]
impl AssetContent for InMemory {
    fn bytes(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }

    async fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let end = start.saturating_add(length).min(self.0.len());
        Ok(self.0.get(start..end).unwrap_or_default().to_vec())
    }
}

/// The receiver of the progress of an upload: the bytes that were sent so far.
pub type Sent<'a> = &'a (dyn Fn(u64) + Send + Sync);

/// One bucket of a known owner.
#[async_trait]
pub trait AssetStore: Send + Sync {
    /// True if the bucket exists and belongs to its owner.
    ///
    /// # Errors
    /// [`ErrorKind::AccessDenied`] if it belongs to another account or
    /// may not be used; otherwise if the service cannot be asked.
    async fn exists(&self) -> Result<bool, DriverError>;

    /// Creates the bucket if there is none, and gives it what a bucket of assets has: encryption,
    /// versions, no public access, and a policy that refuses calls without TLS. Doing it again changes
    /// nothing.
    ///
    /// # Errors
    /// If a call is refused or fails.
    async fn make(&self) -> Result<(), DriverError>;

    /// The object of a key, if there is one.
    ///
    /// # Errors
    /// If the service cannot be asked, or refuses.
    async fn find(&self, key: &str) -> Result<Option<ObjectSummary>, DriverError>;

    /// Makes an object, and reports the bytes that were sent. A call that is dropped or fails leaves no
    /// object; what a service keeps of it is removed where that can be.
    ///
    /// # Errors
    /// If the content cannot be read, a call fails, or the object is not what was sent.
    async fn put(
        &self,
        key: &str,
        content_type: &str,
        content: &dyn AssetContent,
        sent: Sent<'_>,
    ) -> Result<ObjectSummary, DriverError>;

    /// The bytes of an object of at most `limit` bytes, if there is one.
    ///
    /// # Errors
    /// If it is longer, or the service cannot be asked, or refuses.
    async fn get(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, DriverError>;

    /// True if the bucket keeps every version of an object.
    ///
    /// # Errors
    /// If the service cannot be asked, or refuses, or the cloud has no versions.
    async fn keeps_versions(&self) -> Result<bool, DriverError> {
        Err(DriverError::new(ErrorKind::Unsupported, "versions", "this cloud has no versions"))
    }

    /// The versions of an object, the oldest first: of more than a thousand the newest ones. Delete markers
    /// are none.
    ///
    /// # Errors
    /// As [`Self::keeps_versions`].
    async fn versions(&self, _key: &str) -> Result<Vec<ObjectVersion>, DriverError> {
        Err(DriverError::new(ErrorKind::Unsupported, "versions", "this cloud has no versions"))
    }

    /// The bytes of a version of at most `limit` bytes, if there is one.
    ///
    /// # Errors
    /// If it is longer, or as [`Self::keeps_versions`].
    async fn get_version(
        &self,
        _key: &str,
        _version: &str,
        _limit: u64,
    ) -> Result<Option<Vec<u8>>, DriverError> {
        Err(DriverError::new(ErrorKind::Unsupported, "versions", "this cloud has no versions"))
    }

    /// Deletes an object with its versions, if there is one.
    ///
    /// # Errors
    /// If the service cannot be asked, or refuses.
    async fn delete(&self, key: &str) -> Result<(), DriverError>;

    /// The tags of the bucket; `None` if it does not exist.
    ///
    /// # Errors
    /// If the service cannot be asked, or refuses.
    async fn tags(&self) -> Result<Option<BTreeMap<String, String>>, DriverError> {
        Err(DriverError::new(ErrorKind::Unsupported, "tags", "this cloud has no tags of buckets"))
    }

    /// Adds a statement to the policy of the bucket that refuses to put objects, unless it has it.
    ///
    /// # Errors
    /// If a call is refused or fails.
    async fn refuse_puts(&self) -> Result<(), DriverError> {
        Err(DriverError::new(ErrorKind::Unsupported, "policy", "this cloud has no bucket policies"))
    }

    /// Deletes some objects of the bucket, with all their versions and delete markers: true if there are
    /// more, false if it is empty or does not exist.
    ///
    /// # Errors
    /// If a call is refused or fails, or an object is not deleted.
    async fn empty(&self) -> Result<bool, DriverError> {
        Err(DriverError::new(ErrorKind::Unsupported, "empty", "this cloud empties no buckets"))
    }

    /// A URL under which anyone who has it can put the object for some time, without credentials.
    ///
    /// # Errors
    /// If there are no credentials to sign it with, or the cloud has no such URLs.
    async fn put_url(&self, key: &str, valid: Duration) -> Result<SecretString, DriverError>;
}
