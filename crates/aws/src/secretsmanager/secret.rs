//! `AWS::SecretsManager::Secret`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Removal, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath};

use super::changes::{change_replicas, change_settings, change_tags, declared_replicas};
use super::description::{Description, describe};
use super::restore::{instead, is_refused, scheduled};
use super::value::first_value;
use crate::api::Api;
use crate::iam::{
    Fields, add_own, arguments, create_tagged, declared_tags, journal_failed, text_in, with_nonce,
};
use crate::ownership::{RESOURCE, resource_of};

/// The time for which a deleted secret can be restored, in days: AWS's default.
const RECOVERY_DAYS: i64 = 30;

/// The time between two questions about replicas.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// The driver of secrets. The physical ID is the ARN.
pub(crate) struct Secret {
    api: Arc<dyn Api>,
}

impl Secret {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }
}

fn object(description: &Description, declared: &KnownMap) -> Result<Object, DriverError> {
    Ok(Object::named(
        description.arn()?.into(),
        description.properties(declared),
        description.attributes()?,
    ))
}

/// The update that gives a secret what its creation declares.
fn completing(request: &CreateRequest, physical_id: PhysicalId) -> UpdateRequest {
    UpdateRequest {
        identifier: Identifier::from(&physical_id),
        token: request.token.clone(),
        prior: KnownMap::new(),
        properties: request.properties.clone(),
    }
}

/// Deletes a secret, at once or with its recovery window.
async fn delete(api: &dyn Api, id: &str, purge: bool) -> Result<Progress, DriverError> {
    let how = match purge {
        true => ("ForceDeleteWithoutRecovery", true.into()),
        false => ("RecoveryWindowInDays", RECOVERY_DAYS.into()),
    };
    match api.call("DeleteSecret", arguments([("SecretId", id.into()), how])).await {
        Ok(_) => Ok(Progress::Done),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done),
        // What is scheduled is not scheduled again: a request that arrived twice did it.
        Err(error) if !purge && is_refused(&error) => match describe(api, id).await? {
            Some(found) if found.deletion().is_none() => Err(error),
            Some(_) | None => Ok(Progress::Done),
        },
        Err(error) => Err(error),
    }
}

/// Deletes at once what is scheduled for deletion. It is not documented whether that is taken for
/// such a secret; where it is refused the secret is restored first.
async fn purge_scheduled(api: &dyn Api, id: &str) -> Result<Progress, DriverError> {
    match delete(api, id, true).await {
        Err(error) if is_refused(&error) => {}
        answered => return answered,
    }
    match api.call("RestoreSecret", arguments([("SecretId", id.into())])).await {
        Ok(_) => delete(api, id, true).await,
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done),
        Err(error) => Err(error),
    }
}

/// The object as it was declared, without what is never read.
fn as_declared(arn: &str, declared: &KnownMap) -> Object {
    let mut properties = declared.clone();
    properties.remove("SecretString");
    properties.remove("GenerateSecretString");
    let attributes = arguments([("Id", arn.into())]);
    Object::named(arn.into(), properties, attributes)
}

#[async_trait]
impl DirectDriver for Secret {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NameRule { property: "Name", max_length: 512, separator: Separator::Hyphen })
    }

    /// The value is never read. A secret that is scheduled for deletion is deleted.
    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let found = describe(self.api.as_ref(), identifier.only()).await?;
        match found.filter(|found| found.deletion().is_none()) {
            Some(found) => {
                let object = object(&found, declared)?;
                Ok(Observed::Present(Object { identifier: identifier.clone(), ..object }))
            }
            None => Ok(Observed::Absent),
        }
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let operation = "secretsmanager:CreateSecret";
        let fields = Fields::new(&request.properties, operation);
        let name = fields.required_name("Name")?;
        let mut input = arguments([
            ("Name", name.as_str().into()),
            ("ClientRequestToken", request.token.as_str().into()),
        ]);
        for key in ["Description", "KmsKeyId", "Type"] {
            if let Some(value) = fields.text(key)? {
                input.insert(key.to_owned(), value);
            }
        }
        let replicas = declared_replicas(fields)?;
        if !replicas.is_empty() {
            let list = replicas.values().cloned().map(KnownValue::Map).collect();
            input.insert("AddReplicaRegions".to_owned(), KnownValue::List(list));
        }
        if let Some(value) = first_value(self.api.as_ref(), &request.properties).await? {
            input.insert("SecretString".to_owned(), value);
        }
        let mut tags = with_nonce(declared_tags(fields)?, &request.token);
        add_own(&mut tags, RESOURCE, &resource_of(request));
        let api = self.api.as_ref();
        let answer = match create_tagged(api, "CreateSecret", input, &tags).await {
            Ok(answer) => answer,
            Err(error) => {
                let physical_id = instead(api, request, &name, error, effects).await?;
                return self.update(&completing(request, physical_id)).await;
            }
        };
        let arn = text_in(&answer, "ARN").ok_or_else(|| {
            let message = "the answer does not hold the secret's ARN";
            DriverError::new(ErrorKind::UnknownOutcome, operation, message)
        })?;
        let recorded = effects.created_as(&arn.into()).await;
        recorded.map_err(|error| journal_failed(operation, &error))?;
        Ok(as_declared(arn, &request.properties))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let (api, id) = (self.api.as_ref(), request.identifier.only());
        let operation = "secretsmanager:UpdateSecret";
        let current = describe(api, id).await?.ok_or_else(|| {
            DriverError::new(ErrorKind::NotFound, operation, format!("there is no secret `{id}`"))
        })?;
        let completes = request.prior.is_empty();
        if let Some(date) = current.deletion() {
            let error = scheduled(current.text("Name").unwrap_or(id), date);
            // One that was just restored may not be seen so at once.
            let kind = if completes { ErrorKind::DependencyNotReady } else { error.kind.clone() };
            return Err(DriverError { kind, operation: operation.to_owned(), ..error });
        }
        change_settings(api, &current, request).await?;
        change_tags(api, &current, request).await?;
        change_replicas(api, &current, request).await?;
        Ok(as_declared(id, &request.properties))
    }

    /// Replicas go first. The secret can be restored for some time, unless it is to go for good.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let (api, id) = (self.api.as_ref(), request.identifier.only());
        let Some(found) = describe(api, id).await? else {
            return Ok(Progress::Done);
        };
        let purge = match request.removal {
            Removal::Recoverable => false,
            // A restored secret has values that were there before the run.
            Removal::Rollback => !found.was_restored(),
            Removal::Purge => true,
        };
        if found.deletion().is_some() {
            return if purge { purge_scheduled(api, id).await } else { Ok(Progress::Done) };
        }
        let replicas = found.replicas();
        if replicas.iter().any(|replica| replica.status.as_deref() == Some("InProgress")) {
            let waits_for = format!("the replicas of secret `{id}` to be made");
            return Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN });
        }
        if !replicas.is_empty() {
            let regions = replicas.iter().map(|replica| replica.region.as_str().into()).collect();
            let input = arguments([
                ("SecretId", id.into()),
                ("RemoveReplicaRegions", KnownValue::List(regions)),
            ]);
            let answer = api.call("RemoveRegionsFromReplication", input).await?;
            let left = answer.get("ReplicationStatus").and_then(KnownValue::as_list);
            if left.is_some_and(|left| !left.is_empty()) {
                let waits_for = format!("the replicas of secret `{id}` to be removed");
                return Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN });
            }
        }
        delete(api, id, purge).await
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let found = describe(self.api.as_ref(), identifier.only()).await?;
        for replica in found.iter().flat_map(Description::replicas) {
            match replica.status.as_deref() {
                Some("InProgress") => {
                    let region = replica.region;
                    let waits_for = format!("secret `{identifier}` to be replicated to {region}");
                    return Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN });
                }
                Some("Failed") => {
                    let property = Some(PropertyPath::root().name("ReplicaRegions"));
                    let why = replica.message.unwrap_or_else(|| "no reason given".to_owned());
                    let message = format!("replication to {} failed: {why}", replica.region);
                    return Err(DriverError::new(
                        ErrorKind::Invalid { property },
                        "secretsmanager:ReplicateSecretToRegions",
                        message,
                    ));
                }
                Some(_) | None => {}
            }
        }
        Ok(Progress::Done)
    }

    /// The token is the ID of the secret's first version, or of the one that a restored secret was
    /// given. A secret of the name that is going to be deleted was not made by an open create:
    /// creating it again restores it or says what is in the way.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let fields = Fields::new(&request.properties, "secretsmanager:DescribeSecret");
        let name = fields.required_name("Name")?;
        let found = describe(self.api.as_ref(), &name).await?;
        let Some(found) = found.filter(|found| found.deletion().is_none()) else {
            return Ok(Found::Absent);
        };
        // That no secret was in use under the name is proven just before one is restored.
        let restored = request.absence_proven && found.is_of(request);
        if restored || found.bears(request.token.as_str()) {
            return Ok(Found::Ours(Box::new(object(&found, &request.properties)?)));
        }
        Ok(Found::Ambiguous {
            why: format!(
                "a secret named `{name}` exists, and neither its versions nor its tags say that \
                 this operation made it"
            ),
        })
    }
}

#[cfg(test)]
mod deletion_tests;
#[cfg(test)]
mod tests;
