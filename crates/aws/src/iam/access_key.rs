//! `AWS::IAM::AccessKey`.
//!
//! IAM shows the secret of a key in the answer to `CreateAccessKey` and never again. A key takes no token, no
//! name and no tags: one that was made by a call whose answer was lost looks like one of another maker.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue, PhysicalId, SecretString};

use super::fields::{Fields, arguments, journal_failed, part, text_in};
use super::service::{Iam, is_gone, items, not_yet_visible};
use crate::api::Api;

/// The cursor of a creation that is about to begin: the keys that its user has before.
const BEGINS: &str = "keys:";
const ACTIVE: &str = "Active";
const CREATE: &str = "iam:CreateAccessKey";

/// The driver of access keys. The physical ID is that of the key.
pub(crate) struct AccessKey {
    iam: Iam,
}

fn user(fields: Fields<'_>) -> Result<String, DriverError> {
    fields.required_identifying("UserName")
}

/// The key of a user, as the calls about it name it.
fn named(user: &str, key: &str) -> KnownMap {
    arguments([("UserName", user.into()), ("AccessKeyId", key.into())])
}

fn object(key: &str, properties: KnownMap, secret: SecretString) -> Object {
    let secret = ("SecretAccessKey", KnownValue::Secret(secret));
    Object::named(key.into(), properties, arguments([("Id", key.into()), secret]))
}

/// The secret of a key that was made before: it is not shown.
fn not_shown() -> SecretString {
    SecretString::new(String::new())
}

impl AccessKey {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { iam: Iam::new(api) }
    }

    /// The keys of a user; none if it does not exist.
    async fn keys(&self, user: &str) -> Result<Vec<KnownValue>, DriverError> {
        let pages =
            self.iam.pages("ListAccessKeys", arguments([("UserName", user.into())])).await?;
        let pages = pages.unwrap_or_default();
        Ok(pages.iter().flat_map(|page| items(page, "AccessKeyMetadata").to_vec()).collect())
    }

    async fn ids(&self, user: &str) -> Result<BTreeSet<String>, DriverError> {
        let keys = self.keys(user).await?;
        let id = |key: &KnownValue| Some(key.get("AccessKeyId")?.expose_str()?.to_owned());
        Ok(keys.iter().filter_map(id).collect())
    }

    /// The status of a key; `None` if there is no such key.
    async fn status(&self, user: &str, key: &str) -> Result<Option<KnownValue>, DriverError> {
        let keys = self.keys(user).await?;
        let is_it =
            |it: &&KnownValue| it.get("AccessKeyId").and_then(KnownValue::expose_str) == Some(key);
        let found = keys.iter().find(is_it);
        Ok(found.map(|it| it.get("Status").cloned().unwrap_or_else(|| ACTIVE.into())))
    }

    async fn set_status(
        &self,
        (user, key): (&str, &str),
        status: KnownValue,
    ) -> Result<(), DriverError> {
        let mut input = named(user, key);
        input.insert("Status".to_owned(), status);
        self.iam.call("UpdateAccessKey", input).await.map(drop)
    }
}

#[async_trait]
impl DirectDriver for AccessKey {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let (user, key) = (user(Fields::new(declared, "iam:ListAccessKeys"))?, identifier.only());
        let Some(status) = self.status(&user, key).await? else { return Ok(Observed::Absent) };
        // A serial number is declared and not sent.
        let mut properties = arguments([("UserName", user.into()), ("Status", status)]);
        properties.extend(declared.get("Serial").map(|it| ("Serial".to_owned(), it.clone())));
        Ok(Observed::Present(object(key, properties, not_shown())))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let (user, status) = (user(fields)?, fields.text("Status")?);
        let before: Vec<String> = self.ids(&user).await?.into_iter().collect();
        let begins = effects.begins(&Cursor::from(format!("{BEGINS}{}", before.join(",")))).await;
        begins.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))?;
        let input = arguments([("UserName", user.as_str().into())]);
        let answer = self.iam.call("CreateAccessKey", input).await.map_err(not_yet_visible)?;
        let made = part(&answer, "AccessKey", CREATE)?;
        let (id, secret) = (text_in(made, "AccessKeyId"), text_in(made, "SecretAccessKey"));
        let (Some(id), Some(secret)) = (id, secret) else {
            let message = "the answer names no key";
            return Err(DriverError::new(ErrorKind::UnknownOutcome, CREATE, message));
        };
        let recorded = effects.created_as(&PhysicalId::from(id)).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        if let Some(status) = status.filter(|status| status.expose_str() != Some(ACTIVE)) {
            self.set_status((&user, id), status).await.map_err(not_yet_visible)?;
        }
        let secret = SecretString::new(secret.to_owned());
        Ok(object(id, request.properties.clone(), secret))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, "iam:UpdateAccessKey");
        let (user, key) = (user(fields)?, request.identifier.only());
        let wanted = fields.text("Status")?.unwrap_or_else(|| ACTIVE.into());
        let current = self.status(&user, key).await?;
        // A key that was just made may not be listed yet: then this call says so.
        if current.as_ref() != Some(&wanted) {
            let changed = self.set_status((&user, key), wanted).await;
            let completes = request.prior.is_empty();
            changed.map_err(|error| if completes { not_yet_visible(error) } else { error })?;
        }
        Ok(object(key, request.properties.clone(), not_shown()))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let user = user(Fields::new(&request.prior, "iam:DeleteAccessKey"))?;
        let input = named(&user, request.identifier.only());
        self.iam.call_if_exists("DeleteAccessKey", input).await?;
        Ok(Progress::Done)
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        // The call that creates was never made.
        let Some(begun) = &request.begun else { return Ok(Found::Absent) };
        let user = user(Fields::new(&request.properties, "iam:ListAccessKeys"))?;
        let before = begun.as_str().strip_prefix(BEGINS).unwrap_or_default();
        let before: BTreeSet<&str> = before.split(',').collect();
        let now = match self.ids(&user).await {
            Ok(now) => now,
            Err(error) if is_gone(&error) => return Ok(Found::Absent),
            Err(error) => return Err(error),
        };
        let new: Vec<String> = now.into_iter().filter(|id| !before.contains(id.as_str())).collect();
        if new.is_empty() {
            return Ok(Found::Absent);
        }
        let why = format!(
            "the user `{user}` has the access key {} since this operation began, and a key does not say \
             who made it",
            new.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" and ")
        );
        Ok(Found::Ambiguous { why })
    }
}

#[cfg(test)]
mod tests;
