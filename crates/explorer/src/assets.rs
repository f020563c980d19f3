//! The assets of a stack: uploads into the sandbox's bucket that pass the crash injector and the fault
//! injector, in parts between which a process can die, too.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use rstack_apply::{AssetSource, Engine, SourceError};
use rstack_driver::{
    AssetContent, AssetStore, BucketAccess, Cloud, DriverError, ObjectSummary, Sent,
};
use rstack_model::desired::Desired;
use rstack_model::state::Environment;
use rstack_model::{Asset, AssetPlace, AssetUpload, Digest, Packaging, ResourceType, SecretString};

use crate::cloud::Wire;
use crate::simulation::Simulation;

/// The bytes of every asset.
const CONTENT: &[u8] = b"the code of a function";

/// The most bytes of one part.
const PART: usize = 8;

/// The assets of the stack that has some. Both of its variants have the first one.
pub(crate) fn of_stack(environment: &Environment, is_changed: bool) -> Vec<Asset> {
    let Environment { account, region, .. } = environment;
    let asset = |key: &str| Asset {
        place: AssetPlace {
            region: region.clone(),
            bucket: format!("cdk-hnb659fds-assets-{account}-{region}"),
            key: key.to_owned(),
            role: None,
        },
        assembly: "cdk.out".to_owned(),
        source: key.to_owned(),
        packaging: Packaging::File,
        upload: None,
    };
    let keys: &[&str] = if is_changed { &["one", "two"] } else { &["one"] };
    keys.iter().map(|key| asset(key)).collect()
}

/// The desired stack, with what the buckets lack now.
pub(crate) async fn with_uploads(engine: &Engine, desired: &Desired) -> Result<Desired, String> {
    let mut desired = desired.clone();
    if desired.assets.is_empty() {
        return Ok(desired);
    }
    let environment = engine.cloud.identity().await.map_err(|error| error.to_string())?.environment;
    let places = desired.assets.iter().map(|asset| asset.place.clone()).collect();
    let missing = engine.missing_assets(&environment.account, &places).await;
    let missing = missing.map_err(|error| error.to_string())?.places;
    for asset in desired.assets.iter_mut().filter(|asset| missing.contains(&asset.place)) {
        let bytes = u64::try_from(CONTENT.len()).unwrap_or(u64::MAX);
        asset.upload = Some(AssetUpload { digest: Digest::of(CONTENT), files: 1, bytes });
    }
    Ok(desired)
}

/// The invariant of uploads: an object in the bucket is whole, and while the stack has objects its first
/// asset is there.
pub(crate) fn violations(
    simulation: &Simulation,
    assets: &[Asset],
    has_objects: bool,
) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    for (number, asset) in assets.iter().enumerate() {
        let AssetPlace { region, bucket, key, .. } = asset.place.clone();
        let owner = simulation.sandbox.environment().account.clone();
        let access = BucketAccess { region, bucket, owner, role: None };
        // The sandbox without faults answers at once.
        let found = async {
            let open = simulation.sandbox.bucket(&access).await?;
            open.store.get(&key, 1024).await
        };
        let found = found.now_or_never().ok_or("the bucket does not answer")?;
        match found.map_err(|error| error.to_string())? {
            Some(bytes) if bytes != CONTENT => out.push(format!("I7: `{key}` is not whole")),
            None if has_objects && number == 0 => {
                out.push(format!("I7: the stack has objects, and `{key}` is not there"));
            }
            Some(_) | None => {}
        }
    }
    Ok(out)
}

/// The content of every asset, as one process reads it.
pub(crate) struct Content(pub(crate) Arc<Wire>);

#[async_trait]
impl AssetSource for Content {
    async fn open(&self, _: &Asset) -> Result<Box<dyn AssetContent>, SourceError> {
        Ok(Box::new(Self(Arc::clone(&self.0))))
    }
}

#[async_trait]
impl AssetContent for Content {
    fn bytes(&self) -> u64 {
        u64::try_from(CONTENT.len()).unwrap_or(u64::MAX)
    }

    async fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.0.pass("part").await;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(CONTENT.len());
        let end = start.saturating_add(length.min(PART)).min(CONTENT.len());
        Ok(CONTENT.get(start..end).unwrap_or_default().to_vec())
    }
}

/// A bucket as one process sees it.
pub(crate) struct WatchedStore {
    pub(crate) inner: Arc<dyn AssetStore>,
    pub(crate) wire: Arc<Wire>,
}

/// The type that refusals of these calls would name.
fn bucket_type() -> ResourceType {
    ResourceType::from("AWS::S3::Bucket")
}

#[async_trait]
impl AssetStore for WatchedStore {
    async fn exists(&self) -> Result<bool, DriverError> {
        self.wire.ask("head-bucket", &bucket_type(), self.inner.exists()).await
    }

    async fn make(&self) -> Result<(), DriverError> {
        self.wire.send("make-bucket", self.inner.make()).await
    }

    async fn find(&self, key: &str) -> Result<Option<ObjectSummary>, DriverError> {
        self.wire.ask("head-object", &bucket_type(), self.inner.find(key)).await
    }

    async fn put(
        &self,
        key: &str,
        content_type: &str,
        content: &dyn AssetContent,
        sent: Sent<'_>,
    ) -> Result<ObjectSummary, DriverError> {
        let put = self.inner.put(key, content_type, content, sent);
        self.wire.send("put-object", put).await
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, DriverError> {
        self.wire.ask("get-object", &bucket_type(), self.inner.get(key, limit)).await
    }

    async fn delete(&self, key: &str) -> Result<(), DriverError> {
        self.wire.send("delete-object", self.inner.delete(key)).await
    }

    async fn put_url(&self, key: &str, valid: Duration) -> Result<SecretString, DriverError> {
        self.inner.put_url(key, valid).await
    }
}
