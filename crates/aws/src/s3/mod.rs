//! The drivers of S3; and S3 as far as assets and custom resources need it: one bucket, its objects, and
//! the bucket of assets made as bootstrapping does.
//!
//! Every call about assets names the owner that the bucket must have (`x-amz-expected-bucket-owner`): the bucket of
//! another account is refused by the service itself.
//!
//! Source: Amazon S3 API Reference.

mod bucket;
mod bucket_policy;
mod empty;
mod make;
mod multipart;
mod object;
mod presign;
mod template;
mod versions;
pub(crate) mod xml;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use rstack_driver::{
    AssetContent, AssetStore, BucketAccess, DirectDriver, DriverError, ErrorKind, ObjectSummary,
    ObjectVersion, OpenBucket, Sent,
};
use rstack_model::{Region, ResourceType, SecretString};

use crate::api::Api;
use crate::client::{Clients, RawAnswer, RawClient, RawRequest};
use bucket::BucketDriver;
use bucket_policy::BucketPolicy;
pub(crate) use template::{object, template};

/// The driver of a type.
pub(crate) fn driver(
    resource_type: &ResourceType,
    api: &Arc<dyn Api>,
    region: &Region,
) -> Option<Arc<dyn DirectDriver>> {
    match resource_type.as_str() {
        "AWS::S3::Bucket" => Some(Arc::new(BucketDriver::new(Arc::clone(api), region.clone()))),
        "AWS::S3::BucketPolicy" => Some(Arc::new(BucketPolicy::new(Arc::clone(api)))),
        _ => None,
    }
}

/// The most bytes of an answer that is no object.
const ANSWER: u64 = 1 << 20;

/// A bucket.
pub(crate) struct Bucket {
    client: RawClient,
    access: BucketAccess,
    /// The URL of the bucket, without a slash at its end.
    url: String,
    config: Arc<SdkConfig>,
}

/// Opens a bucket: with its role if that can be assumed, else with the caller's own credentials.
///
/// # Errors
/// If there is no endpoint for the bucket.
pub(crate) async fn open(
    clients: &Clients,
    access: &BucketAccess,
) -> Result<OpenBucket, DriverError> {
    let caller = clients.configuration_in(&access.region);
    let (config, note) = match &access.role {
        None => (caller, None),
        Some(role) => {
            let builder = AssumeRoleProvider::builder(&role.arn).session_name("rstack-assets");
            let builder = match &role.external_id {
                Some(id) => builder.external_id(id),
                None => builder,
            };
            let provider = builder.configure(&caller).build().await;
            match provider.provide_credentials().await {
                Ok(_) => {
                    let provider = SharedCredentialsProvider::new(provider);
                    (caller.into_builder().credentials_provider(provider).build(), None)
                }
                Err(_) => {
                    let note = format!(
                        "the role `{}` cannot be assumed; the caller's own credentials are used for \
                         assets",
                        role.arn
                    );
                    (caller, Some(note))
                }
            }
        }
    };
    let (client, url) = clients.bucket(&config, &access.bucket)?;
    let (access, config) = (access.clone(), Arc::new(config));
    Ok(OpenBucket { store: Arc::new(Bucket { client, access, url, config }), note })
}

/// A path or query, with everything encoded but letters, digits, `-._~` and these characters.
fn encoded(text: &str, plain: &[u8]) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The path of an object behind that of its bucket.
fn path_of(key: &str) -> String {
    format!("/{}", encoded(key, b"/"))
}

/// The form of a request.
struct Call {
    operation: &'static str,
    method: &'static str,
    path: String,
    repeatable: bool,
}

impl Call {
    /// A call that can be repeated.
    fn new(operation: &'static str, method: &'static str, path: impl Into<String>) -> Self {
        Self { operation, method, path: path.into(), repeatable: true }
    }
}

impl Bucket {
    /// Makes a call in the name of the bucket's owner.
    async fn call(
        &self,
        call: Call,
        mut headers: Vec<(&'static str, String)>,
        (body, limit): (Vec<u8>, u64),
    ) -> Result<RawAnswer, DriverError> {
        headers.push(("x-amz-expected-bucket-owner", self.access.owner.to_string()));
        let Call { operation, method, path, repeatable } = call;
        let request = RawRequest { operation, method, path, headers, body, repeatable, limit };
        self.client.send(request).await
    }

    /// Makes a call without a body.
    async fn ask(&self, call: Call) -> Result<RawAnswer, DriverError> {
        self.call(call, Vec::new(), (Vec::new(), ANSWER)).await
    }
}

/// The answer, or nothing if the service does not find what is named.
fn if_found<T>(answer: Result<T, DriverError>) -> Result<Option<T>, DriverError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl AssetStore for Bucket {
    async fn exists(&self) -> Result<bool, DriverError> {
        let found = if_found(self.ask(Call::new("HeadBucket", "HEAD", "/")).await)?;
        Ok(found.is_some())
    }

    async fn make(&self) -> Result<(), DriverError> {
        self.make_bucket().await
    }

    async fn find(&self, key: &str) -> Result<Option<ObjectSummary>, DriverError> {
        self.head(key).await
    }

    async fn put(
        &self,
        key: &str,
        content_type: &str,
        content: &dyn AssetContent,
        sent: Sent<'_>,
    ) -> Result<ObjectSummary, DriverError> {
        self.put_object(key, content_type, (content, sent)).await
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, DriverError> {
        let call = Call::new("GetObject", "GET", path_of(key));
        let found = if_found(self.call(call, Vec::new(), (Vec::new(), limit)).await)?;
        Ok(found.map(|answer| answer.body))
    }

    async fn keeps_versions(&self) -> Result<bool, DriverError> {
        self.has_versioning().await
    }

    async fn versions(&self, key: &str) -> Result<Vec<ObjectVersion>, DriverError> {
        self.versions_of(key).await
    }

    async fn get_version(
        &self,
        key: &str,
        version: &str,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, DriverError> {
        let path = format!("{}?versionId={}", path_of(key), encoded(version, b""));
        let call = Call::new("GetObject", "GET", path);
        let found = if_found(self.call(call, Vec::new(), (Vec::new(), limit)).await)?;
        Ok(found.map(|answer| answer.body))
    }

    async fn delete(&self, key: &str) -> Result<(), DriverError> {
        self.delete_object(key).await
    }

    async fn tags(&self) -> Result<Option<BTreeMap<String, String>>, DriverError> {
        self.tags_of_bucket().await
    }

    async fn refuse_puts(&self) -> Result<(), DriverError> {
        self.deny_puts().await
    }

    async fn empty(&self) -> Result<bool, DriverError> {
        self.empty_page().await
    }

    async fn put_url(&self, key: &str, valid: Duration) -> Result<SecretString, DriverError> {
        presign::put_url(self, key, valid).await
    }
}

#[cfg(test)]
mod tests;
