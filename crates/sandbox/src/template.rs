//! Templates at addresses: those that a user puts into the sandbox under an address, and the objects of its
//! buckets. The sandbox has no network: no other address is read.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{S3Address, TemplateAddress, shown_address};

use crate::SandboxError;
use crate::bucket;
use crate::cloud::{Inner, SandboxCloud};
use crate::inventory::View;
use crate::rules::Refusal;

/// The place of templates among the objects of buckets: no bucket has such a name.
const TEMPLATES: &str = "/templates";

const OPERATION: &str = "sandbox template";

/// The address without what is signed: it leads to the same template.
fn plain(address: &TemplateAddress) -> TemplateAddress {
    match address {
        TemplateAddress::Web(web) => TemplateAddress::parse(&shown_address(&web.expose()))
            .unwrap_or_else(|_| address.clone()),
        TemplateAddress::S3(_) => address.clone(),
    }
}

/// The name under which an address is kept. It holds no query that is signed.
fn key(address: &TemplateAddress) -> String {
    match plain(address) {
        TemplateAddress::S3(S3Address { bucket, key, version, .. }) => {
            let version = version.as_deref().unwrap_or_default();
            format!("s3 {bucket} {version} {key}")
        }
        TemplateAddress::Web(address) => shown_address(&address.expose()).into_owned(),
    }
}

impl SandboxCloud {
    /// Puts a template under an address, in the place of one that was put there before. A bucket of the sandbox
    /// need not exist.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn put_template(&self, address: &TemplateAddress, text: &[u8]) -> Result<(), SandboxError> {
        let upload = self.inner.objects.begin(TEMPLATES, &key(address));
        upload.and_then(|upload| upload.add(text)).and_then(|upload| upload.publish()).map(|_| ())
    }

    /// The bytes of a template at an address, at most `limit`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if nothing was put under the address and no bucket has the object.
    pub(crate) async fn template_at(
        &self,
        address: &TemplateAddress,
        limit: u64,
    ) -> Result<Vec<u8>, DriverError> {
        let inner = &self.inner;
        let fault = inner.fault_injector.begin(OPERATION, &key(address)).await;
        fault.and_then(|lost| lost.answer(())).map_err(|refusal| refusal.of(OPERATION))?;
        let get = |bucket: &str, key: &str| {
            let found = inner.objects.get(bucket, key, limit);
            found.map_err(|error| error.of_call(OPERATION))
        };
        if let Some(found) = get(TEMPLATES, &key(address))? {
            return Ok(found);
        }
        let none = |message: &str| DriverError::new(ErrorKind::NotFound, OPERATION, message);
        let TemplateAddress::S3(S3Address { bucket, key, version, .. }) = plain(address) else {
            return Err(none("the sandbox has no network, and no template was put there"));
        };
        if version.is_some() {
            return Err(none("the sandbox keeps no versions, and no template was put there"));
        }
        self.may_read(&bucket).await?;
        get(&bucket, &key)?.ok_or_else(|| none("there is no such object in the bucket"))
    }

    /// Refuses a bucket that does not exist, or belongs to another account.
    async fn may_read(&self, bucket: &str) -> Result<(), DriverError> {
        let bucket = bucket.to_owned();
        let check = move |inner: &Inner, view: &mut View<'_>| match bucket::owner(
            view,
            &bucket,
            inner.bootstrapped(),
        ) {
            None => {
                let message = format!("the bucket `{bucket}` does not exist in the sandbox");
                Err(Refusal::new(ErrorKind::NotFound, "NoSuchBucket", message))
            }
            Some(owner) if owner != inner.environment.account => {
                let message = format!("the bucket `{bucket}` belongs to another account");
                let kind = ErrorKind::AccessDenied { action: None };
                Err(Refusal::new(kind, "AccessDenied", message))
            }
            Some(_) => Ok(()),
        };
        self.inner.call(OPERATION, check).await
    }
}

#[cfg(test)]
mod tests {
    use crate::SandboxOptions;

    use super::*;

    fn address(text: &str) -> TemplateAddress {
        TemplateAddress::parse(text).unwrap()
    }

    #[tokio::test]
    async fn a_template_is_what_was_put_there_or_an_object_of_a_bucket() {
        let options = SandboxOptions::default();
        let cloud = SandboxCloud::open(None, "eu-west-1".into(), options).unwrap();
        let of_s3 = address("https://b-1.s3.eu-west-1.amazonaws.com/net.yaml");
        let of_web = address("https://example.com/net.yaml?token=secret");
        for (at, said) in [(&of_s3, "does not exist"), (&of_web, "no network")] {
            let error = cloud.template_at(at, 10).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotFound);
            assert!(error.message.contains(said), "{error}");
            cloud.put_template(at, b"first").unwrap();
            cloud.put_template(at, b"second").unwrap();
            assert_eq!(cloud.template_at(at, 10).await.unwrap(), b"second");
            assert!(cloud.template_at(at, 5).await.is_err(), "longer than the limit");
        }
        // Every form of an address is the same object, and a version is another one.
        let signed = address("https://b-1.s3.amazonaws.com/net.yaml?X-Amz-Signature=x");
        assert_eq!(cloud.template_at(&signed, 10).await.unwrap(), b"second");
        let same = address("https://s3.amazonaws.com/b-1/net.yaml");
        assert_eq!(cloud.template_at(&same, 10).await.unwrap(), b"second");
        let version = address("https://s3.amazonaws.com/b-1/net.yaml?versionId=1");
        let error = cloud.template_at(&version, 10).await.unwrap_err();
        assert!(error.message.contains("no versions"), "{error}");
        // The bucket of bootstrapping exists.
        let bucket = "cdk-hnb659fds-assets-000000000000-eu-west-1";
        let asset = address(&format!("https://s3.eu-west-1.amazonaws.com/{bucket}/a.json"));
        let error = cloud.template_at(&asset, 10).await.unwrap_err();
        assert!(error.message.contains("no such object"), "{error}");
        cloud.inner.objects.begin(bucket, "a.json").unwrap().add(b"x").unwrap().publish().unwrap();
        assert_eq!(cloud.template_at(&asset, 10).await.unwrap(), b"x");
        let other = address(&format!(
            "https://s3.amazonaws.com/{}/a.json",
            bucket.replace("000000000000", "111122223333")
        ));
        let error = cloud.template_at(&other, 10).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::AccessDenied { .. }), "{error}");
    }
}
