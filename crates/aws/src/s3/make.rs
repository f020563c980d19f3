//! The bucket of assets, as bootstrapping makes it: private, encrypted, with versions, with a policy that
//! refuses calls without TLS, and a rule that removes what cut-off uploads left.
//!
//! Settings that a bucket has are not touched: `cdk bootstrap` may have made it, with its own.
//!
//! Source: "Bootstrap template", AWS CDK v2 Developer Guide, `StagingBucket`.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::Partition;
use serde_json::json;

use super::{ANSWER, Bucket, Call, if_found, xml};

pub(super) const XMLNS: &str = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

/// A setting of a bucket.
pub(super) struct Setting {
    /// The name in the query.
    query: &'static str,
    /// The operation that reads it.
    get: &'static str,
    /// The operation that writes it.
    put: &'static str,
}

const PUBLIC_ACCESS: Setting = Setting {
    query: "publicAccessBlock",
    get: "GetPublicAccessBlock",
    put: "PutPublicAccessBlock",
};
const ENCRYPTION: Setting =
    Setting { query: "encryption", get: "GetBucketEncryption", put: "PutBucketEncryption" };
pub(super) const POLICY: Setting =
    Setting { query: "policy", get: "GetBucketPolicy", put: "PutBucketPolicy" };
const LIFECYCLE: Setting = Setting {
    query: "lifecycle",
    get: "GetBucketLifecycleConfiguration",
    put: "PutBucketLifecycleConfiguration",
};
const VERSIONS: Setting =
    Setting { query: "versioning", get: "GetBucketVersioning", put: "PutBucketVersioning" };

impl Setting {
    /// The call that reads it.
    pub(super) fn read(&self) -> Call {
        Call::new(self.get, "GET", format!("/?{}", self.query))
    }
}

impl Bucket {
    /// Creates the bucket if there is none, and gives it the settings that it does not have.
    pub(super) async fn make_bucket(&self) -> Result<(), DriverError> {
        let found = if_found(self.ask(Call::new("HeadBucket", "HEAD", "/")).await)?;
        if found.is_none() {
            self.create().await?;
        }
        let blocks =
            ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
        let blocks = blocks.map(|name| format!("<{name}>true</{name}>")).concat();
        let block = format!(
            "<PublicAccessBlockConfiguration {XMLNS}>{blocks}</PublicAccessBlockConfiguration>"
        );
        self.set_if_absent(&PUBLIC_ACCESS, block).await?;
        let encryption = format!(
            "<ServerSideEncryptionConfiguration {XMLNS}><Rule><ApplyServerSideEncryptionByDefault>\
             <SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>\
             </ServerSideEncryptionConfiguration>"
        );
        self.set_if_absent(&ENCRYPTION, encryption).await?;
        self.set_if_absent(&POLICY, self.policy()).await?;
        let rule = format!(
            "<LifecycleConfiguration {XMLNS}><Rule><ID>CutOffUploads</ID><Filter><Prefix></Prefix></Filter>\
             <Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>1\
             </DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>"
        );
        self.set_if_absent(&LIFECYCLE, rule).await?;
        // The answer of a bucket without this setting is an empty one.
        let versions = self.ask(VERSIONS.read()).await?;
        if xml::text_of(&String::from_utf8_lossy(&versions.body), "Status").is_none() {
            let on = format!(
                "<VersioningConfiguration {XMLNS}><Status>Enabled</Status></VersioningConfiguration>"
            );
            self.set(&VERSIONS, on).await?;
        }
        Ok(())
    }

    async fn create(&self) -> Result<(), DriverError> {
        // The Region that S3 began with has no name in this place.
        let body = match self.access.region.as_str() {
            "us-east-1" => Vec::new(),
            region => format!(
                "<CreateBucketConfiguration {XMLNS}><LocationConstraint>{region}</LocationConstraint>\
                 </CreateBucketConfiguration>"
            )
            .into_bytes(),
        };
        let call = Call::new("CreateBucket", "PUT", "/");
        match self.call(call, Vec::new(), (body, ANSWER)).await {
            Ok(_) => Ok(()),
            Err(error) if error.has_code("BucketAlreadyOwnedByYou") => Ok(()),
            Err(error) if error.has_code("BucketAlreadyExists") => {
                Err(DriverError { kind: ErrorKind::AccessDenied { action: None }, ..error })
            }
            Err(error) => Err(error),
        }
    }

    /// The policy that refuses calls without TLS.
    fn policy(&self) -> String {
        let partition = Partition::of_region(&self.access.region);
        let arn = format!("arn:{partition}:s3:::{}", self.access.bucket);
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "AllowSSLRequestsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": [arn, format!("{arn}/*")],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }],
        })
        .to_string()
    }

    /// Gives the bucket a setting unless it has one.
    async fn set_if_absent(&self, setting: &Setting, body: String) -> Result<(), DriverError> {
        match if_found(self.ask(setting.read()).await)? {
            Some(_) => Ok(()),
            None => self.set(setting, body).await,
        }
    }

    pub(super) async fn set(&self, setting: &Setting, body: String) -> Result<(), DriverError> {
        // The service asks for a digest of these bodies beside the one that is signed.
        let headers = vec![
            ("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()),
            ("x-amz-checksum-sha256", crate::client::digest(body.as_bytes())),
        ];
        let put = Call::new(setting.put, "PUT", format!("/?{}", setting.query));
        self.call(put, headers, (body.into_bytes(), ANSWER)).await.map(|_| ())
    }
}
