//! Assets: which of them their buckets have, and the upload of the others before the first change.
//!
//! Nothing is journaled: an object appears in its bucket when all of it was sent, and not before, and
//! what is there is not sent again. An upload that was cut off is begun anew by the next run.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use rstack_driver::{
    AssetContent, BucketAccess, DriverError, ErrorKind, ObjectSummary, OpenBucket,
};
use rstack_model::event::Event;
use rstack_model::{AccountId, Asset, AssetPlace, ErrorCode, Packaging, Region};

use crate::CancellationToken;
use crate::Engine;

/// The number of assets that are uploaded at once. Each holds one part of its content in memory.
const AT_ONCE: usize = 4;

/// Why assets cannot be published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssetError {
    /// The bucket does not exist.
    #[error("the bucket `{bucket}` for the assets does not exist in account {owner}, {region}")]
    NoBucket {
        /// The bucket.
        bucket: String,
        /// The account of the stack.
        owner: AccountId,
        /// The Region.
        region: Region,
    },
    /// The bucket belongs to another account, or the caller may not use it.
    #[error(
        "the bucket `{bucket}` for the assets cannot be used: it belongs to another account than {owner}, \
         or the permission `s3:ListBucket` is missing ({error})"
    )]
    Refused {
        /// The bucket.
        bucket: String,
        /// The account of the stack.
        owner: AccountId,
        /// The answer of the service.
        error: DriverError,
    },
    /// A bucket cannot be asked.
    #[error("cannot ask for `{place}`: {error}")]
    Ask {
        /// The object, or the bucket.
        place: String,
        /// The answer of the service.
        error: DriverError,
    },
    /// An asset cannot be uploaded.
    #[error("cannot upload `{source_path}` to `{place}`: {error}")]
    Upload {
        /// The source.
        source_path: String,
        /// The place of the object.
        place: String,
        /// The answer of the service.
        error: DriverError,
    },
    /// The files of an asset cannot be read, or are not those of the plan.
    #[error("{}", .0.message)]
    Source(SourceError),
    /// A bucket no longer has an asset that it had when the plan was made.
    #[error("`{place}` is no longer there: the plan counts on it")]
    Gone {
        /// The place of the object.
        place: String,
    },
    /// The user asked to stop.
    #[error("stopped before all assets were uploaded; nothing of the stack was changed")]
    Interrupted,
}

/// Why the files of an asset cannot be uploaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// The code.
    pub code: ErrorCode,
    /// The failure, with the path.
    pub message: String,
    /// The advice that stands beside it.
    pub hint: Option<String>,
}

/// The files of assets.
#[async_trait]
pub trait AssetSource: Send + Sync {
    /// The content of an asset, packed if it is to be.
    ///
    /// # Errors
    /// If files cannot be read, or are not those of the plan.
    async fn open(&self, asset: &Asset) -> Result<Box<dyn AssetContent>, SourceError>;
}

/// The assets that buckets do not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingAssets {
    /// Their places.
    pub places: BTreeSet<AssetPlace>,
    /// Notes for the user, such as about a role that cannot be assumed.
    pub notes: BTreeSet<String>,
}

/// The buckets of a run, open.
type Buckets = BTreeMap<BucketAccess, OpenBucket>;

/// The way to the bucket of an asset.
fn access(place: &AssetPlace, owner: &AccountId) -> BucketAccess {
    BucketAccess {
        region: place.region.clone(),
        bucket: place.bucket.clone(),
        owner: owner.clone(),
        role: place.role.clone(),
    }
}

fn not_open(place: &AssetPlace) -> AssetError {
    let message = "the bucket was not opened";
    let error = DriverError::new(ErrorKind::Unsupported, "s3:HeadBucket", message);
    AssetError::Ask { place: place.to_string(), error }
}

impl Engine {
    /// The assets that are not in their buckets, which must belong to the account.
    ///
    /// # Errors
    /// [`AssetError`] if a bucket does not exist, belongs to another account, or cannot be asked.
    pub async fn missing_assets(
        &self,
        owner: &AccountId,
        places: &BTreeSet<AssetPlace>,
    ) -> Result<MissingAssets, AssetError> {
        let buckets = &self.open_buckets(owner, places).await?;
        let found: Vec<(&AssetPlace, bool)> = stream::iter(places)
            .map(|place| async move {
                let found = self.find_asset(buckets, owner, place).await?;
                Ok::<_, AssetError>((place, found.is_some()))
            })
            .buffered(self.parallelism.get())
            .try_collect()
            .await?;
        let missing = found.into_iter().filter(|(_, found)| !found);
        Ok(MissingAssets {
            places: missing.map(|(place, _)| place.clone()).collect(),
            notes: buckets.values().filter_map(|bucket| bucket.note.clone()).collect(),
        })
    }

    /// Uploads the assets of a plan that their buckets do not have, and checks that they have the others.
    ///
    /// # Errors
    /// [`AssetError`] if one cannot be uploaded. Others may have been: the next run finds them.
    pub async fn publish(
        &self,
        owner: &AccountId,
        assets: &[Asset],
        source: &dyn AssetSource,
    ) -> Result<(), AssetError> {
        if assets.is_empty() {
            return Ok(());
        }
        let places = assets.iter().map(|asset| asset.place.clone()).collect();
        let buckets = &self.open_buckets(owner, &places).await?;
        let uploads = || assets.iter().filter_map(|asset| asset.upload.as_ref());
        let bytes = uploads().map(|upload| upload.bytes).fold(0, u64::saturating_add);
        if uploads().next().is_some() {
            self.events.emit(Event::AssetsStarted { assets: uploads().count(), bytes });
        }
        let published = stream::iter(assets)
            .map(|asset| self.publish_one(buckets, owner, asset, source))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>();
        published.await.map(|_| ())
    }

    /// Opens the buckets of assets and checks that each exists and belongs to the account.
    async fn open_buckets(
        &self,
        owner: &AccountId,
        places: &BTreeSet<AssetPlace>,
    ) -> Result<Buckets, AssetError> {
        let all: BTreeSet<BucketAccess> = places.iter().map(|it| access(it, owner)).collect();
        let mut out = Buckets::new();
        for access in all {
            let ask = |error| match error {
                DriverError { kind: ErrorKind::AccessDenied { .. }, .. } => AssetError::Refused {
                    bucket: access.bucket.clone(),
                    owner: owner.clone(),
                    error,
                },
                error => AssetError::Ask { place: format!("s3://{}", access.bucket), error },
            };
            let open = self.cloud.bucket(&access).await.map_err(ask)?;
            let failed = |error: &DriverError, attempt| self.asking_again(error, attempt);
            if !self.ask(|| open.store.exists(), failed).await.map_err(ask)? {
                let BucketAccess { bucket, region, owner, .. } = access;
                return Err(AssetError::NoBucket { bucket, owner, region });
            }
            out.insert(access, open);
        }
        Ok(out)
    }

    async fn find_asset(
        &self,
        buckets: &Buckets,
        owner: &AccountId,
        place: &AssetPlace,
    ) -> Result<Option<ObjectSummary>, AssetError> {
        let open = buckets.get(&access(place, owner)).ok_or_else(|| not_open(place))?;
        let failed = |error: &DriverError, attempt| self.asking_again(error, attempt);
        let found = self.ask(|| open.store.find(&place.key), failed).await;
        found.map_err(|error| AssetError::Ask { place: place.to_string(), error })
    }

    async fn publish_one(
        &self,
        buckets: &Buckets,
        owner: &AccountId,
        asset: &Asset,
        source: &dyn AssetSource,
    ) -> Result<(), AssetError> {
        if self.cancel.is_cancelled() {
            return Err(AssetError::Interrupted);
        }
        let place = &asset.place;
        if self.find_asset(buckets, owner, place).await?.is_some() {
            return Ok(());
        }
        if asset.upload.is_none() {
            return Err(AssetError::Gone { place: place.to_string() });
        }
        let open = buckets.get(&access(place, owner)).ok_or_else(|| not_open(place))?;
        let content = source.open(asset).await.map_err(AssetError::Source)?;
        let bytes = content.bytes();
        let stoppable = Stoppable { content, cancel: self.cancel.clone() };
        let path = format!("{}/{}", asset.assembly, asset.source);
        let sent = |sent| {
            self.events.emit(Event::AssetSent { source: path.clone(), sent, bytes });
        };
        let put = || open.store.put(&place.key, content_type(asset), &stoppable, &sent);
        let failed = |error: &DriverError, attempt| self.asking_again(error, attempt);
        match self.persist(put, failed).await {
            Ok(_) => {
                let place = place.to_string();
                self.events.emit(Event::AssetPublished { source: path, place, bytes });
                Ok(())
            }
            Err(_) if self.cancel.is_cancelled() => Err(AssetError::Interrupted),
            Err(error) => {
                Err(AssetError::Upload { source_path: path, place: place.to_string(), error })
            }
        }
    }
}

/// The media type of an object, by the extension of its source.
fn content_type(asset: &Asset) -> &'static str {
    let extension = asset.source.rsplit_once('.').map(|(_, extension)| extension);
    match (asset.packaging, extension) {
        (Packaging::Zip, _) | (Packaging::File, Some("zip")) => "application/zip",
        (Packaging::File, Some("css")) => "text/css",
        (Packaging::File, Some("csv")) => "text/csv",
        (Packaging::File, Some("html")) => "text/html",
        (Packaging::File, Some("js")) => "text/javascript",
        (Packaging::File, Some("json")) => "application/json",
        (Packaging::File, Some("sh")) => "application/x-sh",
        (Packaging::File, Some("txt")) => "text/plain",
        (Packaging::File, Some("xml")) => "application/xml",
        (Packaging::File, Some("yaml" | "yml")) => "text/yaml",
        (Packaging::File, _) => "application/octet-stream",
    }
}

/// Content that ends in an error when the user asked to stop: the upload removes what it has sent, and returns.
struct Stoppable {
    content: Box<dyn AssetContent>,
    cancel: CancellationToken,
}

#[async_trait]
impl AssetContent for Stoppable {
    fn bytes(&self) -> u64 {
        self.content.bytes()
    }

    async fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("the user asked to stop"));
        }
        self.content.read(offset, length).await
    }
}
