//! `AWS::SecretsManager::SecretTargetAttachment`: the connection to a database, in the JSON of a secret.
//!
//! The physical ID is the ARN of the secret. The value is read, changed and put in memory, and nothing of
//! it is in an object, an event or a message: a secret with other entries than those of the target shows
//! no target at all. The token of the operation is the ID of the version that it makes, and an attachment
//! is made only after the proof that the secret names no other target.

mod contents;
mod target;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, SecretString, Token};
use serde_json::{Map, Value};

use self::contents::Contents;
use self::target::{DATABASE, KEYS, Target, Targets};
use super::secret_name::{is_going, secret_as_declared};
use crate::api::Api;
use crate::client::Clients;
use crate::definition::Service;
use crate::iam::{Fields, arguments, journal_failed, text_in};

const ATTACH: &str = "secretsmanager:PutSecretValue";
const READ: &str = "secretsmanager:GetSecretValue";

/// The driver of attachments.
pub(crate) struct TargetAttachment {
    api: Arc<dyn Api>,
    targets: Targets,
}

/// The current value of a secret.
struct Held {
    /// The ARN of the secret.
    arn: String,
    /// Its entries; `None` if it is no JSON object.
    contents: Option<Contents>,
}

fn object(arn: &str, properties: KnownMap) -> Object {
    Object::named(arn.into(), properties, arguments([("Id", arn.into())]))
}

/// The error of something that was made a moment ago.
fn not_yet(error: DriverError) -> DriverError {
    match error.kind == ErrorKind::NotFound {
        true => DriverError { kind: ErrorKind::DependencyNotReady, ..error },
        false => error,
    }
}

impl Held {
    /// The entries of a secret that must have some.
    fn entries(&mut self, secret: &str) -> Result<&mut Contents, DriverError> {
        self.contents.as_mut().ok_or_else(|| {
            let message = format!(
                "the value of the secret `{secret}` is no JSON object: give it one with `username` and \
                 `password`, to which the connection of the target is added"
            );
            DriverError::new(ErrorKind::Invalid { property: None }, ATTACH, message)
        })
    }
}

impl TargetAttachment {
    /// A driver that calls Secrets Manager, and the services of the targets.
    pub(crate) fn new(clients: &Clients) -> Self {
        Self { api: clients.api(Service::SECRETSMANAGER), targets: Targets::of(clients) }
    }

    /// The current value of a secret; `None` if there is no such secret, it has no value, or it is going
    /// to be deleted.
    async fn held(&self, secret: &str) -> Result<Option<Held>, DriverError> {
        let input = arguments([("SecretId", secret.into())]);
        let mut answer = match self.api.call("GetSecretValue", input).await {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::NotFound || is_going(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let text = match answer.remove("SecretString") {
            Some(KnownValue::Secret(text)) => Some(text),
            Some(KnownValue::String(text)) => Some(SecretString::new(text)),
            Some(_) | None => None,
        };
        let arn = text_in(&answer, "ARN").ok_or_else(|| {
            let message = "the answer does not name the secret";
            DriverError::new(ErrorKind::UnknownOutcome, READ, message)
        })?;
        let contents = text.as_ref().and_then(Contents::parse);
        Ok(Some(Held { arn: arn.to_owned(), contents }))
    }

    /// The value of a secret that must be there.
    async fn required(&self, secret: &str) -> Result<Held, DriverError> {
        self.held(secret).await?.ok_or_else(|| {
            let message = format!("the secret `{secret}` does not exist, or has no value");
            DriverError::new(ErrorKind::NotFound, READ, message)
        })
    }

    /// The entries of a target that must be there.
    async fn wanted(&self, target: &Target) -> Result<Map<String, Value>, DriverError> {
        self.targets.entries(target).await?.ok_or_else(|| {
            let message = "the target does not exist; see `TargetId` and `TargetType`";
            DriverError::new(ErrorKind::NotFound, ATTACH, message)
        })
    }

    /// Puts a value as a version whose ID is the token. A version of this ID is one that an attempt
    /// before has made.
    async fn put(&self, arn: &str, token: &Token, value: SecretString) -> Result<(), DriverError> {
        let input = arguments([
            ("SecretId", arn.into()),
            ("ClientRequestToken", token.as_str().into()),
            ("SecretString", KnownValue::Secret(value)),
        ]);
        match self.api.call("PutSecretValue", input).await {
            Err(error) if error.kind != ErrorKind::AlreadyExists => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// True if a secret names this target, as far as it names one.
fn names(contents: &Contents, target: &Target) -> bool {
    let name = target.key().and_then(|key| contents.text(key));
    name.is_some_and(|name| target.is_named(name))
}

/// True if a secret names a target, and another one.
fn names_another(contents: &Contents, target: &Target) -> bool {
    let identifiers = ["dbClusterIdentifier", "dbInstanceIdentifier", "namespaceName"];
    contents.has_one_of(&identifiers) && !names(contents, target)
}

#[async_trait]
impl DirectDriver for TargetAttachment {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let arn = identifier.only();
        let Some(held) = self.held(arn).await? else { return Ok(Observed::Absent) };
        let Some(contents) = held.contents.filter(|held| held.has_one_of(&KEYS)) else {
            return Ok(Observed::Absent);
        };
        let target = Target::declared(Fields::new(declared, READ))?;
        let attached = match self.targets.entries(&target).await {
            Ok(Some(entries)) => contents.has(&entries),
            // A target that is gone, or has no address now, is known by its name.
            Ok(None) => names(&contents, &target),
            Err(error) if error.kind == ErrorKind::DependencyNotReady => names(&contents, &target),
            Err(error) => return Err(error),
        };
        let mut properties = arguments([("SecretId", secret_as_declared(arn, declared))]);
        if attached {
            let own = ["TargetId", "TargetType"];
            let own = own.iter().filter_map(|name| declared.get_key_value(*name));
            properties.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        }
        Ok(Observed::Present(object(arn, properties)))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, ATTACH);
        let secret = fields.required_name("SecretId")?;
        let target = Target::declared(fields)?;
        let wanted = self.wanted(&target).await.map_err(not_yet)?;
        let mut held = self.required(&secret).await.map_err(not_yet)?;
        let arn = held.arn.clone();
        let contents = held.entries(&secret)?;
        if !request.absence_proven {
            if names_another(contents, &target) {
                let message = format!(
                    "the secret `{secret}` is attached to another target already; give each target a \
                     secret of its own, or remove the connection from the secret's JSON"
                );
                return Err(DriverError::new(ErrorKind::Conflict, ATTACH, message));
            }
            let proven = effects.absent().await;
            proven.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, ATTACH, error.to_string())
            })?;
        }
        if contents.change(&[], &wanted) {
            self.put(&arn, &request.token, contents.to_text()).await?;
        }
        let recorded = effects.created_as(&arn.as_str().into()).await;
        recorded.map_err(|error| journal_failed(ATTACH, &error))?;
        Ok(object(&arn, request.properties.clone()))
    }

    /// With nothing declared before, this completes a create.
    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let arn = request.identifier.only();
        let target = Target::declared(Fields::new(&request.properties, ATTACH))?;
        let wanted = self.wanted(&target).await.map_err(not_yet)?;
        let mut held = self.required(arn).await?;
        let contents = held.entries(arn)?;
        let before = Target::declared(Fields::new(&request.prior, ATTACH)).ok();
        let stale: &[&str] = match before {
            Some(before) if before != target => &KEYS,
            Some(_) | None => &[],
        };
        if contents.change(stale, &wanted) {
            self.put(arn, &request.token, contents.to_text()).await?;
        }
        Ok(object(arn, request.properties.clone()))
    }

    /// Takes the entries of the target out of the secret. The name of a database stays where the target
    /// has none: the secret had it from elsewhere.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let arn = request.identifier.only();
        let Some(held) = self.held(arn).await? else { return Ok(Progress::Done) };
        let Some(mut contents) = held.contents else { return Ok(Progress::Done) };
        let target = Target::declared(Fields::new(&request.prior, ATTACH))?;
        let entries = match self.targets.entries(&target).await {
            Ok(entries) => entries,
            Err(error) if error.kind == ErrorKind::DependencyNotReady => None,
            Err(error) => return Err(error),
        };
        // An update that was cut off may have put another target in its place.
        let is_of = |entries: &Map<String, Value>| contents.has(entries);
        let keeps = entries.is_some_and(|own| !own.contains_key(DATABASE) && is_of(&own));
        let keys: Vec<&str> = KEYS.into_iter().filter(|key| !(keeps && *key == DATABASE)).collect();
        if !contents.change(&keys, &Map::new()) {
            return Ok(Progress::Done);
        }
        match self.put(arn, &request.token, contents.to_text()).await {
            Err(error) if error.kind == ErrorKind::NotFound || is_going(&error) => {
                Ok(Progress::Done)
            }
            put => put.map(|()| Progress::Done),
        }
    }

    /// A secret with the entries of the target is attached to it, by the proof that it was to no other one.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let fields = Fields::new(&request.properties, READ);
        let secret = fields.required_name("SecretId")?;
        let target = Target::declared(fields)?;
        let Some(held) = self.held(&secret).await? else { return Ok(Found::Absent) };
        let Some(contents) = held.contents else { return Ok(Found::Absent) };
        let attached = match self.targets.entries(&target).await? {
            Some(entries) => contents.has(&entries),
            None => names(&contents, &target),
        };
        if !attached {
            return Ok(Found::Absent);
        }
        Ok(Found::Ours(Box::new(object(&held.arn, request.properties.clone()))))
    }
}
