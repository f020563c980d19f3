//! Assets: uploaded once, a few at a time, and not at all after the user asked to stop.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_apply::{AssetError, AssetSource, CancellationToken, Engine, SourceError};
use rstack_driver::{
    AssetContent, AssetStore, BucketAccess, Cloud, DriverError, ErrorKind, Identity, InMemory,
    ObjectSummary, OpenBucket, ResourceDriver, SecretStore, Sent,
};
use rstack_model::value::Lookup;
use rstack_model::{
    AccountId, Asset, AssetPlace, AssetUpload, Digest, Packaging, Region, ResourceType,
    SecretString, Value,
};

use crate::bench::Bench;

/// A bucket in memory, and the calls that it gets.
#[derive(Default)]
struct Shelf {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    puts: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    /// The number of uploads that fail, each in a way that passes.
    fails: AtomicUsize,
    /// The token that is cancelled when the first part of an upload was sent.
    cancels: Mutex<Option<CancellationToken>>,
}

struct Bucket(Arc<Shelf>);

#[async_trait]
impl AssetStore for Bucket {
    async fn exists(&self) -> Result<bool, DriverError> {
        Ok(true)
    }

    async fn make(&self) -> Result<(), DriverError> {
        Ok(())
    }

    async fn find(&self, key: &str) -> Result<Option<ObjectSummary>, DriverError> {
        let objects = self.0.objects.lock().unwrap();
        Ok(objects.get(key).map(|it| ObjectSummary { bytes: it.len() as u64, tag: None }))
    }

    async fn put(
        &self,
        key: &str,
        _: &str,
        content: &dyn AssetContent,
        sent: Sent<'_>,
    ) -> Result<ObjectSummary, DriverError> {
        let shelf = &self.0;
        shelf.puts.fetch_add(1, Ordering::SeqCst);
        let open = shelf.open.fetch_add(1, Ordering::SeqCst) + 1;
        shelf.most_open.fetch_max(open, Ordering::SeqCst);
        let mut bytes = Vec::new();
        let whole = loop {
            if bytes.len() as u64 == content.bytes() {
                break Ok(());
            }
            match content.read(bytes.len() as u64, 1).await {
                Ok(part) => bytes.extend(part),
                Err(error) => {
                    let kind = ErrorKind::Invalid { property: None };
                    break Err(DriverError::new(kind, "s3:PutObject", error.to_string()));
                }
            }
            sent(bytes.len() as u64);
            if let Some(token) = shelf.cancels.lock().unwrap().take() {
                token.cancel();
            }
            tokio::task::yield_now().await;
        };
        shelf.open.fetch_sub(1, Ordering::SeqCst);
        whole?;
        let fails = |left: usize| left.checked_sub(1);
        if shelf.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(DriverError::new(ErrorKind::Transient, "s3:PutObject", "no"));
        }
        let summary = ObjectSummary { bytes: bytes.len() as u64, tag: None };
        shelf.objects.lock().unwrap().insert(key.to_owned(), bytes);
        Ok(summary)
    }

    async fn get(&self, key: &str, _: u64) -> Result<Option<Vec<u8>>, DriverError> {
        Ok(self.0.objects.lock().unwrap().get(key).cloned())
    }

    async fn delete(&self, key: &str) -> Result<(), DriverError> {
        self.0.objects.lock().unwrap().remove(key);
        Ok(())
    }

    async fn put_url(&self, _: &str, _: Duration) -> Result<SecretString, DriverError> {
        Err(DriverError::new(ErrorKind::Unsupported, "s3:PutObject", "no URL"))
    }
}

/// A cloud of one bucket.
struct Shelved(Arc<dyn Cloud>, Arc<Shelf>);

#[async_trait]
impl Cloud for Shelved {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.0.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        self.0.driver(resource_type)
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.0.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.0.secrets()
    }

    async fn bucket(&self, _: &BucketAccess) -> Result<OpenBucket, DriverError> {
        Ok(OpenBucket { store: Arc::new(Bucket(Arc::clone(&self.1))), note: None })
    }
}

/// Files of three bytes, by the names of the assets.
struct Files;

#[async_trait]
impl AssetSource for Files {
    async fn open(&self, asset: &Asset) -> Result<Box<dyn AssetContent>, SourceError> {
        Ok(Box::new(InMemory(asset.source.as_bytes().iter().copied().take(3).collect())))
    }
}

fn owner() -> AccountId {
    AccountId::from("000000000000")
}

fn assets(count: usize, upload: bool) -> Vec<Asset> {
    let asset = |number: usize| Asset {
        place: AssetPlace {
            region: Region::from("eu-west-1"),
            bucket: "bucket".to_owned(),
            key: format!("k{number}"),
            role: None,
        },
        assembly: "cdk.out".to_owned(),
        source: format!("asset.{number}"),
        packaging: Packaging::File,
        upload: upload.then(|| AssetUpload { digest: Digest::of(b""), files: 1, bytes: 3 }),
    };
    (0..count).map(asset).collect()
}

/// An engine over a bucket.
fn engine() -> (Engine, Arc<Shelf>) {
    let shelf = Arc::<Shelf>::default();
    let engine = Bench::new().engine();
    let cloud = Arc::new(Shelved(Arc::clone(&engine.cloud), Arc::clone(&shelf)));
    (Engine { cloud, ..engine }, shelf)
}

#[tokio::test]
async fn what_is_missing_is_uploaded_and_what_is_there_is_not() {
    let (engine, shelf) = engine();
    shelf.objects.lock().unwrap().insert("k1".to_owned(), b"old".to_vec());
    let assets = assets(3, true);
    let places = assets.iter().map(|asset| asset.place.clone()).collect();
    let missing = engine.missing_assets(&owner(), &places).await.unwrap();
    let keys: Vec<&str> = missing.places.iter().map(|place| place.key.as_str()).collect();
    assert_eq!(keys, ["k0", "k2"]);
    engine.publish(&owner(), &assets, &Files).await.unwrap();
    engine.publish(&owner(), &assets, &Files).await.unwrap();
    assert_eq!(shelf.puts.load(Ordering::SeqCst), 2);
    assert_eq!(shelf.objects.lock().unwrap()["k1"], b"old");
}

#[tokio::test]
async fn a_few_are_uploaded_at_a_time_and_failures_that_pass_are_made_good() {
    let (engine, shelf) = engine();
    shelf.fails.store(3, Ordering::SeqCst);
    engine.publish(&owner(), &assets(40, true), &Files).await.unwrap();
    assert_eq!(shelf.objects.lock().unwrap().len(), 40);
    assert_eq!(shelf.puts.load(Ordering::SeqCst), 43);
    assert_eq!(shelf.most_open.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn an_upload_ends_when_the_user_asked_to_stop() {
    let (engine, shelf) = engine();
    *shelf.cancels.lock().unwrap() = Some(engine.cancel.clone());
    let ended = engine.publish(&owner(), &assets(40, true), &Files).await;
    assert_eq!(ended, Err(AssetError::Interrupted));
    assert!(shelf.objects.lock().unwrap().is_empty(), "no half of an object");
    assert!(shelf.puts.load(Ordering::SeqCst) <= 4, "no further upload began");
    let again = Engine { cancel: CancellationToken::new(), ..engine };
    again.publish(&owner(), &assets(40, true), &Files).await.unwrap();
    assert_eq!(shelf.objects.lock().unwrap().len(), 40);
}

#[tokio::test]
async fn what_a_plan_counts_on_and_is_gone_is_named() {
    let (engine, _) = engine();
    let gone = engine.publish(&owner(), &assets(1, false), &Files).await;
    assert_eq!(gone, Err(AssetError::Gone { place: "s3://bucket/k0".to_owned() }));
}

#[tokio::test]
async fn content_in_memory_is_read_in_parts() {
    let content = InMemory(b"abc".to_vec());
    let read = async |offset, length| content.read(offset, length).await;
    assert_eq!(read(0, 2).await.unwrap(), b"ab");
    assert_eq!(read(2, 2).await.unwrap(), b"c");
    let nothing: io::Result<Vec<u8>> = read(9, 2).await;
    assert_eq!(nothing.unwrap(), b"");
}
