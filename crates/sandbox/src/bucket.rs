//! Buckets of the sandbox as apps publish assets into them. The bucket is an object of the inventory, or
//! the one that bootstrapping makes: every account is bootstrapped, unless the options say otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    AssetContent, AssetStore, BucketAccess, DriverError, ErrorKind, ObjectSummary, Sent,
};
use rstack_model::{AccountId, KnownMap, KnownValue, ResourceType, SecretString};
use serde_json::{Value as Json, json};

use crate::cloud::{ACCOUNT, Inner};
use crate::inventory::View;
use crate::put;
use crate::rules::Refusal;

const BUCKET: &str = "AWS::S3::Bucket";

/// The most bytes that are read of content at once.
const PART: usize = 8 << 20;

/// A bucket, from the sight of a caller.
pub(crate) struct SandboxBucket {
    pub(crate) cloud: Arc<Inner>,
    pub(crate) access: BucketAccess,
}

/// The account and the Region of the bucket that bootstrapping makes, by its name.
///
/// Source: "CDK bootstrapping", bootstrap template, AWS CDK v2 Developer Guide:
/// `cdk-QUALIFIER-assets-ACCOUNT-REGION`.
fn of_bootstrap(bucket: &str) -> Option<(&str, &str)> {
    let (qualifier, place) = bucket.strip_prefix("cdk-")?.split_once("-assets-")?;
    let (account, region) = place.split_once('-')?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && !qualifier.is_empty()).then_some((account, region))
}

/// The account in which the bucket exists, and its Region as far as the sandbox knows it: the name of a
/// bucket is unique in the world.
fn place(view: &View<'_>, bucket: &str, bootstrapped: bool) -> Option<(AccountId, Option<String>)> {
    for (scope, types) in &view.inventory.objects {
        if types.get(BUCKET).is_some_and(|buckets| buckets.contains_key(bucket)) {
            let account = scope.split_once('/').map_or(ACCOUNT, |(account, _)| account);
            return Some((AccountId::from(account), None));
        }
    }
    let (account, region) = of_bootstrap(bucket).filter(|_| bootstrapped)?;
    Some((AccountId::from(account), Some(region.to_owned())))
}

/// The account that owns the bucket, if it exists.
pub(crate) fn owner(view: &View<'_>, bucket: &str, bootstrapped: bool) -> Option<AccountId> {
    place(view, bucket, bootstrapped).map(|(owner, _)| owner)
}

impl SandboxBucket {
    /// True if the bucket exists; refuses one of another account or Region.
    async fn check(&self, operation: &str) -> Result<bool, DriverError> {
        let access = self.access.clone();
        let check = move |inner: &Inner, view: &mut View<'_>| {
            let caller = &inner.environment.account;
            let found = place(view, &access.bucket, inner.bootstrapped());
            let denied = |message: String| {
                let kind = ErrorKind::AccessDenied { action: None };
                Err(Refusal::new(kind, "AccessDenied", message))
            };
            match found {
                None => Ok(false),
                Some((owner, _)) if owner != access.owner || owner != *caller => {
                    denied(format!("the bucket `{}` belongs to another account", access.bucket))
                }
                Some((_, Some(region))) if region != access.region.as_str() => Err(Refusal::new(
                    ErrorKind::Invalid { property: None },
                    "PermanentRedirect",
                    format!("the bucket `{}` is in {region}", access.bucket),
                )),
                Some(_) => Ok(true),
            }
        };
        self.cloud.call(operation, check).await
    }

    /// Checks that the bucket exists before one of its objects is named.
    async fn there(&self, operation: &str) -> Result<(), DriverError> {
        if self.check(operation).await? {
            return Ok(());
        }
        let message = format!("the bucket `{}` does not exist", self.access.bucket);
        Err(Refusal::new(ErrorKind::NotFound, "NoSuchBucket", message).of(operation))
    }

    /// Begins a call: it takes its time, and it may fail.
    async fn begin(&self, operation: &str, object: &str) -> Result<(), DriverError> {
        let begun = self.cloud.fault_injector.begin(operation, object).await;
        let lost = begun.map_err(|refusal| refusal.of(operation))?;
        lost.answer(()).map_err(|refusal| refusal.of(operation))
    }
}

#[async_trait]
impl AssetStore for SandboxBucket {
    async fn exists(&self) -> Result<bool, DriverError> {
        let operation = "sandbox s3:HeadBucket";
        self.begin(operation, &self.access.bucket).await?;
        self.check(operation).await
    }

    async fn make(&self) -> Result<(), DriverError> {
        if self.exists().await? {
            return Ok(());
        }
        let operation = "sandbox s3:CreateBucket";
        let bucket = self.access.bucket.clone();
        let make = move |inner: &Inner, view: &mut View<'_>| {
            let document = json!({
                "BucketName": bucket,
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}},
                ]},
                "VersioningConfiguration": {"Status": "Enabled"},
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": true, "BlockPublicPolicy": true,
                    "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
                },
            });
            let properties = match KnownValue::from_json(document) {
                KnownValue::Map(properties) => properties,
                _ => KnownMap::new(),
            };
            let resource_type = ResourceType::from(BUCKET);
            let made = put::create(inner, view, (&resource_type, &bucket), properties);
            made.map(|_| ()).map_err(|error| {
                Refusal::new(ErrorKind::Conflict, "BucketAlreadyExists", error.to_string())
            })
        };
        self.cloud.call(operation, make).await
    }

    async fn find(&self, key: &str) -> Result<Option<ObjectSummary>, DriverError> {
        let operation = "sandbox s3:HeadObject";
        self.begin(operation, key).await?;
        self.there(operation).await?;
        self.cloud.objects.find(&self.access.bucket, key).map_err(|e| e.of_call(operation))
    }

    async fn put(
        &self,
        key: &str,
        _: &str,
        content: &dyn AssetContent,
        sent: Sent<'_>,
    ) -> Result<ObjectSummary, DriverError> {
        let operation = "sandbox s3:PutObject";
        self.begin(operation, key).await?;
        self.there(operation).await?;
        let failed = |error: std::io::Error| {
            let kind = ErrorKind::Invalid { property: None };
            DriverError::new(kind, operation, format!("the content cannot be read: {error}"))
        };
        let mut upload = self.cloud.objects.begin(&self.access.bucket, key);
        let (mut offset, all) = (0, content.bytes());
        while offset < all {
            let part = content.read(offset, PART).await.map_err(failed)?;
            if part.is_empty() {
                return Err(failed(std::io::ErrorKind::UnexpectedEof.into()));
            }
            offset = offset.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
            upload = upload.and_then(|upload| upload.add(&part));
            sent(offset);
        }
        let whole = upload.and_then(|upload| upload.publish());
        whole.map_err(|error| error.of_call(operation))
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, DriverError> {
        let operation = "sandbox s3:GetObject";
        self.begin(operation, key).await?;
        self.there(operation).await?;
        let found = self.cloud.objects.get(&self.access.bucket, key, limit);
        found.map_err(|error| error.of_call(operation))
    }

    async fn delete(&self, key: &str) -> Result<(), DriverError> {
        let operation = "sandbox s3:DeleteObject";
        self.begin(operation, key).await?;
        self.there(operation).await?;
        let deleted = self.cloud.objects.delete(&self.access.bucket, key);
        deleted.map_err(|error| error.of_call(operation))
    }

    async fn tags(&self) -> Result<Option<BTreeMap<String, String>>, DriverError> {
        let operation = "sandbox s3:GetBucketTagging";
        self.begin(operation, &self.access.bucket).await?;
        if !self.check(operation).await? {
            return Ok(None);
        }
        let bucket = self.access.bucket.clone();
        let read = move |_: &Inner, view: &mut View<'_>| {
            let found = view.get(&ResourceType::from(BUCKET), &bucket);
            let tags = found.and_then(|found| found.properties.get("Tags"));
            let tags = tags.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
            let text = |tag: &Json, name: &str| {
                tag.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
            };
            Ok(tags.iter().map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect())
        };
        self.cloud.call(operation, read).await.map(Some)
    }

    /// In the sandbox no other program puts objects.
    async fn refuse_puts(&self) -> Result<(), DriverError> {
        Ok(())
    }

    async fn empty(&self) -> Result<bool, DriverError> {
        let operation = "sandbox s3:DeleteObjects";
        self.begin(operation, &self.access.bucket).await?;
        let emptied = self.cloud.objects.empty(&self.access.bucket);
        emptied.map(|()| false).map_err(|error| error.of_call(operation))
    }

    async fn put_url(&self, _: &str, _: Duration) -> Result<SecretString, DriverError> {
        let message = "the sandbox has no network that a URL could lead into";
        Err(DriverError::new(ErrorKind::Unsupported, "sandbox s3:PutObject", message))
    }
}
