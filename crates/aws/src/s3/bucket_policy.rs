//! `AWS::S3::BucketPolicy`: the one policy of a bucket.
//!
//! The physical ID is the name of the bucket. Setting a policy replaces one that is there, so it is set
//! only after the proof that the bucket has none. A policy is known again by what it says.
//!
//! Source: S3 API reference, PutBucketPolicy, GetBucketPolicy and DeleteBucketPolicy.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue};

use crate::api::Api;
use crate::iam::{
    Fields, arguments, as_declared, decoded, is_partly_unknown, journal_failed, names_principal,
    required_document, same_document, text_in,
};

const CREATE: &str = "s3:PutBucketPolicy";

/// The property that holds the policy.
const DOCUMENT: &str = "PolicyDocument";

/// The driver of policies of buckets.
pub(crate) struct BucketPolicy {
    api: Arc<dyn Api>,
}

fn named(bucket: &str) -> KnownMap {
    arguments([("Bucket", bucket.into())])
}

fn object(bucket: &str, properties: KnownMap) -> Object {
    Object::named(bucket.into(), properties, KnownMap::new())
}

/// The properties, as a bucket shows them.
fn shown(bucket: &str, policy: KnownValue, declared: &KnownMap) -> KnownMap {
    let policy = as_declared(declared.get(DOCUMENT), policy);
    arguments([("Bucket", bucket.into()), (DOCUMENT, policy)])
}

/// The error of a call that sets a policy: one that passes, if the bucket, or a principal of the policy,
/// may have been made a moment ago.
fn not_yet_visible(error: DriverError, document: &KnownValue) -> DriverError {
    let principal = error.has_code("MalformedPolicy")
        && error.message.to_ascii_lowercase().contains("principal")
        && names_principal(document);
    if error.kind == ErrorKind::NotFound || principal {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

impl BucketPolicy {
    /// A driver that calls S3.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The policy of a bucket; `None` if it has none, or does not exist.
    async fn held(&self, bucket: &str) -> Result<Option<KnownValue>, DriverError> {
        let answer = self.api.call_if_exists("GetBucketPolicy", named(bucket)).await?;
        let text = answer.as_ref().and_then(|answer| text_in(answer, "Policy"));
        Ok(text.filter(|text| !text.trim().is_empty()).map(decoded))
    }

    async fn put(&self, bucket: &str, document: &KnownValue) -> Result<(), DriverError> {
        let mut input = named(bucket);
        input.insert("Policy".to_owned(), document.clone());
        let put = self.api.call("PutBucketPolicy", input).await;
        put.map(drop).map_err(|error| not_yet_visible(error, document))
    }
}

#[async_trait]
impl DirectDriver for BucketPolicy {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let bucket = identifier.only();
        Ok(match self.held(bucket).await? {
            Some(policy) => Observed::Present(object(bucket, shown(bucket, policy, declared))),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let bucket = fields.required_identifying("Bucket")?;
        let document = required_document(fields, DOCUMENT)?;
        if !request.absence_proven {
            if self.held(&bucket).await?.is_some() {
                let message = format!(
                    "the bucket `{bucket}` has a policy already, which was not put by this run; \
                     delete it if it is not needed, or leave this one out of the template"
                );
                return Err(DriverError::new(ErrorKind::Conflict, CREATE, message));
            }
            let proven = effects.absent().await;
            proven.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, CREATE, error.to_string())
            })?;
        }
        self.put(&bucket, &document).await?;
        let recorded = effects.created_as(&bucket.as_str().into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        Ok(object(&bucket, request.properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let bucket = request.identifier.only();
        let wanted = required_document(Fields::new(&request.properties, CREATE), DOCUMENT)?;
        let held = self.held(bucket).await?;
        if !held.is_some_and(|policy| same_document(&wanted, &policy)) {
            self.put(bucket, &wanted).await?;
        }
        Ok(object(bucket, request.properties.clone()))
    }

    /// A bucket that does not exist has no policy.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let input = named(request.identifier.only());
        self.api.call_if_exists("DeleteBucketPolicy", input).await?;
        Ok(Progress::Done)
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let fields = Fields::new(&request.properties, CREATE);
        let bucket = fields.required_identifying("Bucket")?;
        let declared = required_document(fields, DOCUMENT)?;
        let Some(policy) = self.held(&bucket).await? else { return Ok(Found::Absent) };
        // One with a secret that is not known cannot be compared: the proof has to do.
        let document = fields.value(DOCUMENT).unwrap_or(&declared);
        if same_document(&declared, &policy) || is_partly_unknown(document) {
            let properties = shown(&bucket, policy, &request.properties);
            return Ok(Found::Ours(Box::new(object(&bucket, properties))));
        }
        let why = format!("the bucket `{bucket}` has a policy, but not the declared one");
        Ok(Found::Ambiguous { why })
    }
}

#[cfg(test)]
mod tests {
    use rstack_driver::conformance::{Sample, check};
    use rstack_driver::{Cloud, NoEffects, Request};
    use rstack_model::{Region, StackName};
    use serde_json::{Value, json};

    use super::*;
    use crate::AwsCloud;
    use crate::test::fake::{FakeServices, REGION};
    use crate::test::scripted_api::known;

    const TOKEN: &str = "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3b";

    fn request(address: &str, properties: Value) -> Request {
        Request::Create(CreateRequest {
            stack: StackName::parse("Live").unwrap(),
            address: address.into(),
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
            properties: known(properties),
            absence_proven: false,
            begun: None,
        })
    }

    fn policy(sid: &str) -> Value {
        let statement = json!({"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "s3:*"});
        json!({"Bucket": "held", "PolicyDocument": {"Statement": [statement]}})
    }

    #[tokio::test]
    async fn it_passes_the_conformance_suite_and_leaves_that_of_others_alone() {
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let buckets = cloud.driver(&"AWS::S3::Bucket".into()).unwrap();
        let bucket = request("Bucket", json!({"BucketName": "held"}));
        buckets.begin(&bucket, &NoEffects).await.unwrap();
        let sample = Sample {
            resource_type: "AWS::S3::BucketPolicy".into(),
            stack: StackName::parse("Live").unwrap(),
            create: known(policy("one")),
            change: Some(known(policy("two"))),
            unread: Vec::new(),
            token: TOKEN.into(),
            missing: "nothing-here".into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{broken:?}");
        }
        let driver = cloud.driver(&sample.resource_type).unwrap();
        driver.begin(&request("Theirs", policy("theirs")), &NoEffects).await.unwrap();
        let ours = driver.begin(&request("Ours", policy("ours")), &NoEffects).await;
        let error = ours.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert!(error.message.contains("`held` has a policy already"), "{error}");
    }

    #[test]
    fn a_principal_that_may_just_have_been_made_is_waited_for() {
        let error = |code: &str, message: &str| {
            let error = DriverError::new(ErrorKind::Invalid { property: None }, CREATE, message);
            DriverError { code: Some(code.to_owned()), ..error }
        };
        let role = "arn:aws:iam::111122223333:role/new";
        let names = KnownValue::from_json(json!({"Statement": [{"Principal": {"AWS": role}}]}));
        let none = KnownValue::from_json(json!({"Statement": [{"Principal": "*"}]}));
        let kind =
            |error: DriverError, document: &KnownValue| not_yet_visible(error, document).kind;
        let unknown = || error("MalformedPolicy", "Invalid principal in policy");
        assert_eq!(kind(unknown(), &names), ErrorKind::DependencyNotReady);
        assert_eq!(kind(unknown(), &none), ErrorKind::Invalid { property: None });
        let other = error("MalformedPolicy", "Policy has invalid resource");
        assert_eq!(kind(other, &names), ErrorKind::Invalid { property: None });
    }
}
