//! `AWS::SecretsManager::ResourcePolicy`: the one policy of a secret.
//!
//! The physical ID is the ARN of the secret. Setting a policy replaces one that is there, so it is set
//! only after the proof that the secret has none. A policy is known again by what it says.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::secret_name::{is_going, secret_as_declared};
use crate::api::Api;
use crate::iam::{
    Fields, arguments, as_declared, decoded, is_partly_unknown, journal_failed, names_principal,
    required_document, same_document, text_in,
};

const CREATE: &str = "secretsmanager:PutResourcePolicy";
const READ: &str = "secretsmanager:GetResourcePolicy";

/// The property and the member.
const POLICY: &str = "ResourcePolicy";

/// The driver of policies of secrets.
pub(crate) struct ResourcePolicy {
    api: Arc<dyn Api>,
}

/// The answer about the policy of a secret.
struct Held {
    /// The ARN of the secret.
    arn: String,
    /// The policy, if it has one.
    policy: Option<KnownValue>,
}

fn named(secret: &str) -> KnownMap {
    arguments([("SecretId", secret.into())])
}

fn object(arn: &str, properties: KnownMap) -> Object {
    Object::named(arn.into(), properties, arguments([("Id", arn.into())]))
}

fn arn_in(answer: &KnownMap, action: &str) -> Result<String, DriverError> {
    text_in(answer, "ARN").map(str::to_owned).ok_or_else(|| {
        let message = "the answer does not name the secret";
        DriverError::new(ErrorKind::UnknownOutcome, action, message)
    })
}

impl ResourcePolicy {
    /// A driver that calls Secrets Manager.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The policy of a secret; `None` if there is no such secret.
    async fn held(&self, secret: &str) -> Result<Option<Held>, DriverError> {
        let answer = self.api.call_if_exists("GetResourcePolicy", named(secret)).await?;
        let Some(answer) = answer else { return Ok(None) };
        let policy = text_in(&answer, POLICY).filter(|text| !text.trim().is_empty());
        Ok(Some(Held { arn: arn_in(&answer, READ)?, policy: policy.map(decoded) }))
    }

    async fn put(&self, secret: &str, fields: Fields<'_>) -> Result<KnownMap, DriverError> {
        let mut input = named(secret);
        let document = required_document(fields, POLICY)?;
        input.insert(POLICY.to_owned(), document.clone());
        let blocks = fields.boolean("BlockPublicPolicy")?;
        input.extend(blocks.map(|blocks| ("BlockPublicPolicy".to_owned(), blocks.into())));
        let put = self.api.call("PutResourcePolicy", input).await;
        put.map_err(|error| not_yet_visible(error, &document))
    }
}

/// The error of a call that sets a policy: one that passes, if the secret, or a principal of the policy,
/// may have been made a moment ago.
fn not_yet_visible(error: DriverError, document: &KnownValue) -> DriverError {
    let principal = error.has_code("MalformedPolicyDocumentException") && names_principal(document);
    if error.kind == ErrorKind::NotFound || principal {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

/// The properties, as a secret shows them.
fn shown(held: &Held, policy: KnownValue, declared: &KnownMap) -> KnownMap {
    let secret = secret_as_declared(&held.arn, declared);
    let policy = as_declared(declared.get(POLICY), policy);
    arguments([("SecretId", secret), (POLICY, policy)])
}

#[async_trait]
impl DirectDriver for ResourcePolicy {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let Some(mut held) = self.held(identifier.only()).await? else {
            return Ok(Observed::Absent);
        };
        Ok(match held.policy.take() {
            Some(policy) => Observed::Present(object(&held.arn, shown(&held, policy, declared))),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let secret = fields.required_name("SecretId")?;
        required_document(fields, POLICY)?;
        if !request.absence_proven {
            let held = self.held(&secret).await?;
            if held.is_some_and(|held| held.policy.is_some()) {
                let message = format!(
                    "the secret `{secret}` has a policy already, which was not put by this run; \
                     \
                     delete it if it is not needed, or leave this one out of the template"
                );
                return Err(DriverError::new(ErrorKind::Conflict, CREATE, message));
            }
            let proven = effects.absent().await;
            proven.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, CREATE, error.to_string())
            })?;
        }
        let arn = arn_in(&self.put(&secret, fields).await?, CREATE)?;
        let recorded = effects.created_as(&arn.as_str().into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        Ok(object(&arn, request.properties.clone()))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let arn = request.identifier.only();
        let fields = Fields::new(&request.properties, CREATE);
        let wanted = required_document(fields, POLICY)?;
        let held = self.held(arn).await?.and_then(|held| held.policy);
        if !held.is_some_and(|policy| same_document(&wanted, &policy)) {
            self.put(arn, fields).await?;
        }
        Ok(object(arn, request.properties.clone()))
    }

    /// A secret that is going to be deleted takes its policy with it.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        match self.api.call("DeleteResourcePolicy", named(request.identifier.only())).await {
            Err(error) if error.kind == ErrorKind::NotFound || is_going(&error) => {
                Ok(Progress::Done)
            }
            other => other.map(|_| Progress::Done),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let fields = Fields::new(&request.properties, READ);
        let secret = fields.required_name("SecretId")?;
        let declared = required_document(fields, POLICY)?;
        let Some(mut held) = self.held(&secret).await? else { return Ok(Found::Absent) };
        let Some(policy) = held.policy.take() else { return Ok(Found::Absent) };
        // One with a secret that is not known cannot be compared: the proof has to do.
        let document = fields.value(POLICY).unwrap_or(&declared);
        if same_document(&declared, &policy) || is_partly_unknown(document) {
            let properties = shown(&held, policy, &request.properties);
            return Ok(Found::Ours(Box::new(object(&held.arn, properties))));
        }
        let why = format!("the secret `{secret}` has a policy, but not the declared one");
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

    fn request(resource_type: &str, properties: Value) -> Request {
        let request = CreateRequest {
            stack: StackName::parse("Live").unwrap(),
            address: resource_type.into(),
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
            properties: known(properties),
            absence_proven: false,
            begun: None,
        };
        Request::Create(request)
    }

    fn policy(sid: &str) -> Value {
        json!({"Statement": [{"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "*"}]})
    }

    #[tokio::test]
    async fn it_passes_the_conformance_suite_and_leaves_that_of_others_alone() {
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let secrets = cloud.driver(&"AWS::SecretsManager::Secret".into()).unwrap();
        let secret = request("Secret", json!({"Name": "db", "SecretString": "x"}));
        secrets.begin(&secret, &NoEffects).await.unwrap();
        let sample = Sample {
            resource_type: "AWS::SecretsManager::ResourcePolicy".into(),
            stack: StackName::parse("Live").unwrap(),
            create: known(json!({
                "SecretId": "db", "ResourcePolicy": policy("one"), "BlockPublicPolicy": true,
            })),
            change: Some(known(json!({"SecretId": "db", "ResourcePolicy": policy("two")}))),
            unread: vec!["BlockPublicPolicy".to_owned()],
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3b".into(),
            missing: "arn:aws:secretsmanager:eu-west-1:1:secret:nothing-AbCdEf".into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{broken:?}");
        }
        let driver = cloud.driver(&sample.resource_type).unwrap();
        let theirs = json!({"SecretId": "db", "ResourcePolicy": policy("theirs")});
        driver.begin(&request("Theirs", theirs), &NoEffects).await.unwrap();
        let ours = json!({"SecretId": "db", "ResourcePolicy": policy("ours")});
        let error = driver.begin(&request("Ours", ours), &NoEffects).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert!(error.message.contains("`db` has a policy already"), "{error}");
        assert_eq!(services.account().inventory()["AWS::SecretsManager::ResourcePolicy"].len(), 1);
    }
}
