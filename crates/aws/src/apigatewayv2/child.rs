//! Objects of an API that have no tags and whose IDs API Gateway chooses: integrations, routes and
//! deployments.
//!
//! The call that creates takes no token. The objects that say the same are listed before it, and their
//! IDs are durable: after an interruption the one that says the same and is not among them was made by
//! the call. Creations take turns, so that no other one of the run comes between the list and the
//! record.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UnsupportedProperty, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, PhysicalId};

use super::api::is_websocket;
use super::calls::{Gateway, Turns, missing, nameless};
use super::form::Form;
use crate::iam::{Fields, arguments, journal_failed, text_in};

/// The time between two questions about a deployment.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The beginning of the cursor of a creation; the IDs of the objects that say the same follow.
const BEGINS: &str = "create beside ";

/// An operation, and the name by which errors know it.
pub(super) struct Call {
    /// The operation.
    pub(super) operation: &'static str,
    /// The same with its service.
    pub(super) action: &'static str,
}

/// A kind of objects.
pub(super) struct Kind {
    /// The properties and the members of calls.
    pub(super) form: Form,
    /// The name in messages.
    pub(super) noun: &'static str,
    /// The member with the ID.
    pub(super) id: &'static str,
    /// The call that creates.
    pub(super) create: Call,
    /// The call that reads one.
    pub(super) get: Call,
    /// The operation that lists those of an API.
    pub(super) list: &'static str,
    /// The call that changes.
    pub(super) update: Call,
    /// The operation that deletes.
    pub(super) delete: &'static str,
    /// True if a description is that of the object which the members of a creation ask for.
    pub(super) is_same: fn(&Form, &KnownMap, &KnownMap) -> bool,
    /// True if an API has at most one such object.
    pub(super) is_unique: bool,
    /// The properties that cannot be declared.
    pub(super) unsupported: &'static [UnsupportedProperty],
    /// The property with the name of a stage that is given to a deployment.
    pub(super) stage: Option<&'static str>,
}

/// The driver of one kind. The physical ID is the ID, the identifier has that of the API before it.
pub(super) struct Child {
    gateway: Gateway,
    kind: &'static Kind,
    turns: Arc<Turns>,
}

/// An object, by its API and its ID.
struct Key {
    api: String,
    id: String,
}

/// The IDs in a cursor.
fn ids_in(cursor: &Cursor) -> Option<BTreeSet<&str>> {
    let ids = cursor.as_str().strip_prefix(BEGINS)?;
    Some(ids.split(',').filter(|id| !id.is_empty()).collect())
}

fn of_api(api: &str) -> KnownMap {
    arguments([("ApiId", api.into())])
}

impl Child {
    /// A driver that calls API Gateway.
    pub(super) fn new(gateway: Gateway, kind: &'static Kind, turns: Arc<Turns>) -> Self {
        Self { gateway, kind, turns }
    }

    fn key(&self, identifier: &Identifier) -> Result<Key, DriverError> {
        let Kind { noun, id, .. } = self.kind;
        match identifier.parts() {
            [api, id] => Ok(Key { api: api.clone(), id: id.clone() }),
            _ => {
                let message = format!("`{identifier}` names no {noun}: its form is `ApiId|{id}`");
                let kind = ErrorKind::Invalid { property: None };
                Err(DriverError::new(kind, self.kind.get.action, message))
            }
        }
    }

    fn input(&self, key: &Key) -> KnownMap {
        arguments([("ApiId", key.api.as_str().into()), (self.kind.id, key.id.as_str().into())])
    }

    fn named(&self, key: &Key, mut properties: KnownMap) -> Object {
        properties.insert("ApiId".to_owned(), key.api.as_str().into());
        Object {
            identifier: Identifier::new([key.api.clone(), key.id.clone()]),
            physical_id: PhysicalId::from(key.id.as_str()),
            properties,
            attributes: arguments([(self.kind.id, key.id.as_str().into())]),
        }
    }

    async fn look(&self, key: &Key) -> Result<Option<KnownMap>, DriverError> {
        self.gateway.call_if_exists(self.kind.get.operation, self.input(key)).await
    }

    async fn existing(&self, key: &Key) -> Result<KnownMap, DriverError> {
        let Kind { noun, get, .. } = self.kind;
        self.look(key).await?.ok_or_else(|| missing(noun, &key.id, get.action))
    }

    /// The object in the vocabulary of the template.
    fn object(
        &self,
        key: &Key,
        found: &KnownMap,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        Ok(self.named(key, self.kind.form.properties(found, declared)?))
    }

    fn id_of<'a>(&self, found: &'a KnownMap, action: &str) -> Result<&'a str, DriverError> {
        text_in(found, self.kind.id).ok_or_else(|| nameless(self.kind.noun, action))
    }

    /// The objects of an API that are as the members of a creation ask for.
    async fn alike(&self, api: &str, members: &KnownMap) -> Result<Vec<KnownMap>, DriverError> {
        let mut all = self.gateway.list(self.kind.list, of_api(api)).await?;
        all.retain(|found| (self.kind.is_same)(&self.kind.form, members, found));
        Ok(all)
    }

    /// Those of them that the operation of a request may have made; none if its call was never made.
    fn made<'a>(&self, alike: &'a [KnownMap], begun: Option<&Cursor>) -> Vec<&'a KnownMap> {
        let Some(before) = begun.and_then(ids_in) else { return Vec::new() };
        let is_new =
            |found: &&KnownMap| text_in(found, self.kind.id).is_some_and(|id| !before.contains(id));
        alike.iter().filter(is_new).collect()
    }

    /// True if the API of an object is one of WebSockets. Another answer matters to no update that
    /// takes nothing back.
    async fn is_websocket(&self, key: &Key) -> Result<bool, DriverError> {
        let api = self.gateway.call_if_exists("GetApi", of_api(&key.api)).await?;
        Ok(api.is_some_and(|api| is_websocket(&api)))
    }

    /// Gives the declared stage the deployment, if another stage was declared before.
    async fn give_to_stage(
        &self,
        key: &Key,
        [fields, before]: [Fields<'_>; 2],
    ) -> Result<(), DriverError> {
        let Some(property) = self.kind.stage else { return Ok(()) };
        let stage = fields.text(property)?;
        let Some(stage) = stage.filter(|stage| before.value(property) != Some(stage)) else {
            return Ok(());
        };
        let mut input = self.input(key);
        input.insert(property.to_owned(), stage);
        self.gateway.call("UpdateStage", input).await.map(drop)
    }
}

#[async_trait]
impl DirectDriver for Child {
    fn name(&self) -> &'static str {
        "native"
    }

    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        self.kind.unsupported
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let key = self.key(identifier)?;
        Ok(match self.look(&key).await? {
            Some(found) => Observed::Present(self.object(&key, &found, declared)?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let Kind { form, create, noun, .. } = self.kind;
        let fields = Fields::new(&request.properties, create.action);
        let api = fields.required_identifying("ApiId")?;
        let input = form.members(&request.properties, form.create, create.action)?;
        let conflict =
            |message: String| DriverError::new(ErrorKind::Conflict, create.action, message);
        let _turn = self.turns.take().await;
        let alike = self.alike(&api, &input).await?;
        if !self.made(&alike, request.begun.as_ref()).is_empty() {
            let message = format!("the {noun} was made by this operation");
            return Err(DriverError::new(ErrorKind::AlreadyExists, create.action, message));
        }
        if self.kind.is_unique && !alike.is_empty() {
            return Err(conflict(format!(
                "the API `{api}` has such a {noun} already, which was not made by this run; delete \
                 it, or leave this one out of the template"
            )));
        }
        let ids: Vec<&str> =
            alike.iter().filter_map(|found| text_in(found, self.kind.id)).collect();
        let begins = effects.begins(&Cursor::from(format!("{BEGINS}{}", ids.join(",")))).await;
        begins.map_err(|error| conflict(error.to_string()))?;
        let answer = self.gateway.call(create.operation, input).await?;
        let id = self.id_of(&answer, create.action)?.to_owned();
        let object = self.named(&Key { api, id }, request.properties.clone());
        let recorded = effects.created(&object.identifier, &object.physical_id).await;
        recorded.map_err(|error| journal_failed(create.action, &error))?;
        Ok(object)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let Kind { form, update, .. } = self.kind;
        let key = self.key(&request.identifier)?;
        let both = [&request.properties, &request.prior].map(|it| Fields::new(it, update.action));
        let found = self.existing(&key).await?;
        let takes_back = request.prior.keys().any(|name| !request.properties.contains_key(name));
        let websocket = takes_back && self.is_websocket(&key).await?;
        let mut input = form.changes(&found, both, websocket, update.action)?;
        if !input.is_empty() {
            input.extend(self.input(&key));
            self.gateway.call(update.operation, input).await?;
        }
        self.give_to_stage(&key, both).await?;
        self.object(&key, &self.existing(&key).await?, &request.properties)
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        if self.kind.stage.is_none() {
            return Ok(Progress::Done);
        }
        let key = self.key(identifier)?;
        let found = self.look(&key).await?;
        let status = |name: &str| found.as_ref().and_then(|found| text_in(found, name));
        match status("DeploymentStatus") {
            Some("PENDING") => {
                let waits_for = format!("deployment `{}`, which is pending", key.id);
                Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN })
            }
            Some("FAILED") => {
                let reason = status("DeploymentStatusMessage");
                let reason = reason.unwrap_or("API Gateway gives no reason");
                let message = format!("the deployment `{}` failed: {reason}", key.id);
                let kind = ErrorKind::Invalid { property: None };
                Err(DriverError::new(kind, self.kind.get.action, message))
            }
            Some(_) | None => Ok(Progress::Done),
        }
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let key = self.key(&request.identifier)?;
        self.gateway.delete(self.kind.delete, self.input(&key)).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let Kind { form, get, noun, .. } = self.kind;
        // The call that creates was never made.
        if request.begun.is_none() {
            return Ok(Found::Absent);
        }
        let api = Fields::new(&request.properties, get.action).required_identifying("ApiId")?;
        let members = form.members(&request.properties, form.create, get.action)?;
        let alike = self.alike(&api, &members).await?;
        Ok(match self.made(&alike, request.begun.as_ref()).as_slice() {
            [] => Found::Absent,
            [found] => {
                let id = self.id_of(found, get.action)?.to_owned();
                let object = self.object(&Key { api, id }, found, &request.properties)?;
                Found::Ours(Box::new(object))
            }
            several => {
                let count = several.len();
                let why = format!(
                    "{count} {noun}s that say the same were made since this operation began"
                );
                Found::Ambiguous { why }
            }
        })
    }
}
