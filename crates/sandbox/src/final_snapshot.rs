//! Final snapshots: a service takes one of an object that it is asked to delete, and deletes the object
//! when the snapshot is complete. The snapshot stays, as an object of a type of its own.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_catalog::{FinalSnapshot, NoFinalSnapshot};
use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Finish, Found, NameRule,
    Observed, Pending, Poll, Removal, Request, ResourceDriver, Step, UnsupportedProperty,
};
use rstack_model::{
    Cursor, Identifier, KnownMap, ObjectKey, ResourceType, SnapshotName, Token, Value, ValueMap,
};
use serde_json::Value as Json;

use crate::driver::SandboxDriver;
use crate::inventory::{StoredObject, View, key_of};
use crate::objects::Service;
use crate::redaction::JsonMap;
use crate::rules::{self, Refusal};
use crate::{SandboxCloud, SandboxError};

/// The properties of a snapshot: the type, the identifier and the token of the object it is of.
const SOURCE_TYPE: &str = "SourceType";
const SOURCE_IDENTIFIER: &str = "SourceIdentifier";
const SOURCE_TOKEN: &str = "SourceToken";
/// The properties that name the snapshots of templates.
const NAMES: [&str; 4] =
    ["DBClusterSnapshotIdentifier", "DBSnapshotIdentifier", "SnapshotIdentifier", "SnapshotName"];
/// The beginning of the cursor of a deletion with a snapshot; the number of polls before the service is
/// asked and the snapshot's name follow.
const CURSOR: &str = "snapshot";

/// The progress of a deletion with a snapshot.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The snapshot is being taken.
    Pending,
    /// The object is gone, and its snapshot exists.
    Taken,
    /// The object is gone, without this snapshot.
    Gone,
}

/// A final snapshot in the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The snapshot as an object of the sandbox.
    pub key: ObjectKey,
    /// The object that it was taken of.
    pub source: ObjectKey,
    /// The token of the operation that had made that object.
    pub source_token: Token,
}

impl SandboxCloud {
    /// The final snapshots that can be seen from the Region.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, SandboxError> {
        self.inner.with(|view| {
            let all = view.everything();
            all.filter_map(|(name, _, stored)| Snapshot::of(name, stored)).collect()
        })
    }
}

impl Snapshot {
    fn of(resource_type: &str, stored: &StoredObject) -> Option<Self> {
        let text = |name: &str| stored.properties.get(name).and_then(Json::as_str);
        let identifier = serde_json::from_str(text(SOURCE_IDENTIFIER)?).ok()?;
        Some(Self {
            key: ObjectKey::new(ResourceType::from(resource_type), stored.identifier.clone()),
            source: ObjectKey::new(ResourceType::from(text(SOURCE_TYPE)?), identifier),
            source_token: Token::from(text(SOURCE_TOKEN)?),
        })
    }

    /// True if it was taken of the object of this key, and of the one that exists if there is one.
    fn is_of(&self, source: &ObjectKey, existing: Option<&StoredObject>) -> bool {
        let same_object = existing.is_none_or(|it| it.token == self.source_token.as_str());
        self.source == *source && same_object
    }
}

impl Service<'_> {
    /// Deletes an object with a final snapshot, or continues to.
    pub(crate) fn delete_with_snapshot(
        &self,
        view: &mut View<'_>,
        request: &DeleteRequest,
        (rule, name): (&FinalSnapshot, &SnapshotName),
    ) -> Result<Progress, Refusal> {
        let key = key_of(&request.identifier);
        let own = self.has_snapshot(view, request, (rule, name));
        let snapshots = ResourceType::from(rule.snapshot_type);
        let Some(stored) = view.get(self.resource_type, &key) else {
            return Ok(if own { Progress::Taken } else { Progress::Gone });
        };
        if self.is_being_deleted(stored) {
            if !own {
                let message = format!("`{key}` is being deleted with another snapshot");
                return Err(Refusal::new(ErrorKind::Conflict, "InvalidState", message));
            }
            return Ok(self.advance_deletion(view, &key));
        }
        rules::unprotected(self.schema, &stored.properties)?;
        rules::before_delete(view, self.resource_type, &stored.physical_id)?;
        if let Some(NoFinalSnapshot { reason, .. }) = rule.exception(&declared(&stored.properties))
        {
            let message = format!("no final snapshot is taken of {reason}");
            let kind = ErrorKind::Invalid { property: None };
            return Err(Refusal::new(kind, "InvalidParameterCombination", message));
        }
        if is_taken(view, &snapshots, name) {
            let message = format!("there is a snapshot `{name}` already, of another object");
            return Err(Refusal::new(ErrorKind::AlreadyExists, "SnapshotAlreadyExists", message));
        }
        let identifier = serde_json::to_string(&request.identifier).unwrap_or_default();
        let properties = [
            (SOURCE_TYPE, self.resource_type.to_string()),
            (SOURCE_IDENTIFIER, identifier),
            (SOURCE_TOKEN, stored.token.clone()),
        ];
        let properties = properties.into_iter().map(|(name, text)| (name.to_owned(), text.into()));
        let snapshot = StoredObject {
            identifier: Identifier::from(name.as_str()),
            physical_id: name.to_string(),
            nonce: format!("{}/snapshot", stored.nonce),
            token: request.token.to_string(),
            properties: properties.collect(),
            attributes: JsonMap::default(),
            polls_left: 0,
            former: Vec::new(),
            disabled: false,
            unseen: 0,
            secret: None,
            versions: None,
        };
        view.insert(&snapshots, name.as_str(), snapshot);
        if let Some(stored) = view.get_mut(self.resource_type, &key) {
            stored.disabled = true;
            stored.polls_left = self.options.deploy_polls.saturating_add(1);
        }
        Ok(self.advance_deletion(view, &key))
    }

    /// Looks for a deletion with a final snapshot; `None` if it was not accepted.
    pub(crate) fn find_deletion(
        &self,
        view: &View<'_>,
        request: &DeleteRequest,
        of: (&FinalSnapshot, &SnapshotName),
    ) -> Option<Progress> {
        let own = self.has_snapshot(view, request, of);
        match view.get(self.resource_type, &key_of(&request.identifier)) {
            None if own => Some(Progress::Taken),
            Some(stored) if own && self.is_being_deleted(stored) => Some(Progress::Pending),
            None | Some(_) => None,
        }
    }

    /// True if there is a snapshot of this name of the object.
    fn has_snapshot(
        &self,
        view: &View<'_>,
        request: &DeleteRequest,
        (rule, name): (&FinalSnapshot, &SnapshotName),
    ) -> bool {
        let source = ObjectKey::new(self.resource_type.clone(), request.identifier.clone());
        let existing = view.get(&ResourceType::from(rule.snapshot_type), name.as_str());
        let snapshot = existing.and_then(|existing| Snapshot::of(rule.snapshot_type, existing));
        let stored = view.get(self.resource_type, &key_of(&request.identifier));
        snapshot.is_some_and(|snapshot| snapshot.is_of(&source, stored))
    }

    /// True if an object is being deleted with a final snapshot.
    pub(crate) fn is_being_deleted(&self, stored: &StoredObject) -> bool {
        stored.disabled && FinalSnapshot::of(self.resource_type.as_str()).is_some()
    }

    /// Counts one poll of an object that is being deleted; with the last one it is gone.
    pub(crate) fn advance_deletion(&self, view: &mut View<'_>, key: &str) -> Progress {
        if let Some(stored) = view.get_mut(self.resource_type, key) {
            stored.count_poll();
            if stored.polls_left > 0 {
                return Progress::Pending;
            }
        }
        view.remove(self.resource_type, key);
        Progress::Taken
    }
}

/// True if there is a snapshot of this name, taken before a deletion or by a template.
fn is_taken(view: &View<'_>, snapshots: &ResourceType, name: &SnapshotName) -> bool {
    let named = |stored: &StoredObject, property: &&str| {
        stored.properties.get(*property).and_then(Json::as_str) == Some(name.as_str())
    };
    view.all(snapshots).any(|(_, stored)| {
        stored.physical_id == name.as_str() || NAMES.iter().any(|property| named(stored, property))
    })
}

/// Properties as they are kept, in the form in which they are declared.
fn declared(properties: &JsonMap) -> ValueMap {
    let value = |(name, value): (&String, &Json)| (name.clone(), Value::from_json(value.clone()));
    properties.iter().map(value).collect()
}

/// The driver of a type whose service takes final snapshots: every other operation is that of `inner`.
pub(crate) struct Snapshotting {
    pub(crate) inner: Arc<dyn ResourceDriver>,
    pub(crate) service: SandboxDriver,
    pub(crate) rule: &'static FinalSnapshot,
    /// As in [`crate::SandboxOptions::api_polls`].
    pub(crate) polls: u32,
}

impl Snapshotting {
    fn pending(&self, left: u32, name: &SnapshotName) -> Step {
        Step::Pending(Pending {
            object: None,
            usable: false,
            cursor: Cursor::new(format!("{CURSOR} {left} {name}")),
            repeatable: false,
            waits_for: format!("snapshot {name} to be complete"),
            ask_again_in: self.service.ask_again_in(),
        })
    }

    async fn delete(
        &self,
        request: &DeleteRequest,
        name: &SnapshotName,
        left: u32,
    ) -> Result<Step, DriverError> {
        Ok(match self.service.delete_with_snapshot(request, (self.rule, name)).await? {
            Progress::Pending => self.pending(left, name),
            // An API that is polled says so when it is asked.
            Progress::Taken if left > 0 => self.pending(left, name),
            Progress::Taken => Step::Done(Finish::Snapshotted(name.clone())),
            Progress::Gone => Step::Done(Finish::Gone),
        })
    }
}

/// The polls that are left and the name in the cursor of a deletion with a snapshot.
fn parse(cursor: &Cursor) -> Option<(u32, SnapshotName)> {
    let mut parts = cursor.as_str().split(' ');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(CURSOR), Some(left), Some(name)) => Some((left.parse().ok()?, name.into())),
        _ => None,
    }
}

#[async_trait]
impl ResourceDriver for Snapshotting {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn naming(&self) -> Option<NameRule> {
        self.inner.naming()
    }

    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        self.inner.unsupported()
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        self.inner.read(identifier, declared).await
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        match request {
            Request::DeleteWithSnapshot { request, snapshot } => {
                self.delete(request, snapshot, self.polls).await
            }
            Request::Create(_) | Request::Update(_) | Request::Delete(_) => {
                self.inner.begin(request, effects).await
            }
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        let (Some((left, name)), Some(identifier)) = (parse(&poll.cursor), &poll.identifier) else {
            return self.inner.poll(poll).await;
        };
        if let Some(left) = left.checked_sub(1) {
            return Ok(self.pending(left, &name));
        }
        let request = DeleteRequest {
            identifier: identifier.clone(),
            token: poll.token.clone(),
            prior: poll.declared.clone(),
            removal: Removal::Recoverable,
        };
        self.delete(&request, &name, 0).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        self.inner.find(request).await
    }

    async fn find_deletion(
        &self,
        request: &DeleteRequest,
        snapshot: &SnapshotName,
    ) -> Result<Option<Step>, DriverError> {
        let found = self.service.find_deletion(request, (self.rule, snapshot)).await?;
        Ok(found.map(|progress| match progress {
            Progress::Pending => self.pending(0, snapshot),
            Progress::Taken => Step::Done(Finish::Snapshotted(snapshot.clone())),
            Progress::Gone => Step::Done(Finish::Gone),
        }))
    }
}
