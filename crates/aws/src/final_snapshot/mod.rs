//! Deletions with a final snapshot, by the services' own calls: the handlers behind Cloud Control take
//! no name for one.
//!
//! Every other operation of these types is the generic driver's.

mod database;
mod names;
#[cfg(test)]
mod tests;
mod volume;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, Finish, Found, NameRule, Observed,
    Pending, Poll, Request, ResourceDriver, Step, UnsupportedProperty,
};
use rstack_model::{Cursor, Identifier, KnownMap, ResourceType, SnapshotName};

use crate::api::Api;
use crate::definition::Service;
use database::Database;
use volume::Volume;

/// The beginning of the cursor of a deletion that the service has accepted.
const ACCEPTED: &str = "snapshot";
/// The beginning of the cursor of a deletion that waits until the object can be deleted.
const AWAITED: &str = "await";
/// The time between two questions: a snapshot takes minutes.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// One deletion with a final snapshot.
pub(crate) struct Deletion<'a> {
    pub(crate) identifier: &'a str,
    /// The name of the snapshot.
    pub(crate) name: &'a SnapshotName,
    /// The journaled token of the operation.
    pub(crate) token: &'a str,
    /// The properties declared for the object.
    pub(crate) declared: &'a KnownMap,
}

/// The service of a type that takes final snapshots.
#[async_trait]
trait Snapshots: Send + Sync {
    /// Begins a deletion, or goes on with one that was accepted.
    async fn begin(&self, deletion: &Deletion<'_>) -> Result<Step, DriverError>;

    /// The progress of a deletion that was accepted; `detail` is what [`accepted`] was given.
    async fn poll(&self, deletion: &Deletion<'_>, detail: &str) -> Result<Step, DriverError>;

    /// The progress of a deletion of which it is not known whether it was accepted; `None` if it was
    /// not.
    async fn find(&self, deletion: &Deletion<'_>) -> Result<Option<Step>, DriverError>;
}

/// The step of a deletion that the service has accepted, and that it does not take back. `detail` has
/// no spaces.
fn accepted(deletion: &Deletion<'_>, detail: &str, waits_for: String) -> Step {
    pending(format!("{ACCEPTED} {} {detail}", deletion.name), false, waits_for)
}

/// The step of a deletion that is sent when the object is ready for it.
fn awaited(deletion: &Deletion<'_>, waits_for: String) -> Step {
    pending(format!("{AWAITED} {}", deletion.name), true, waits_for)
}

fn pending(cursor: String, repeatable: bool, waits_for: String) -> Step {
    Step::Pending(Pending {
        object: None,
        usable: false,
        cursor: Cursor::new(cursor),
        repeatable,
        waits_for,
        ask_again_in: ASK_AGAIN,
    })
}

/// The end of a deletion whose object is gone.
fn gone(deletion: &Deletion<'_>, has_snapshot: bool) -> Step {
    Step::Done(match has_snapshot {
        true => Finish::Snapshotted(deletion.name.clone()),
        false => Finish::Gone,
    })
}

/// The driver of a type whose service takes final snapshots.
pub(crate) struct Snapshotting {
    inner: Arc<dyn ResourceDriver>,
    snapshots: Box<dyn Snapshots>,
}

impl Snapshotting {
    /// The driver of the type around the one of all other operations; that one, if the service of the
    /// type takes no final snapshots.
    pub(crate) fn around(
        inner: Arc<dyn ResourceDriver>,
        resource_type: &ResourceType,
        api: impl Fn(Service) -> Arc<dyn Api>,
    ) -> Arc<dyn ResourceDriver> {
        let snapshots: Box<dyn Snapshots> = match names::of(resource_type.as_str()) {
            Some(names) => Box::new(Database { api: api(names.service), names }),
            None if resource_type.as_str() == volume::VOLUME => {
                Box::new(Volume { api: api(Service::EC2) })
            }
            None => return inner,
        };
        Arc::new(Self { inner, snapshots })
    }
}

fn deletion<'a>(request: &'a DeleteRequest, name: &'a SnapshotName) -> Deletion<'a> {
    let DeleteRequest { identifier, token, prior, .. } = request;
    Deletion { identifier: identifier.only(), name, token: token.as_str(), declared: prior }
}

/// The kind of a cursor of these deletions, the snapshot's name and the detail.
fn parse(cursor: &Cursor) -> Option<(&str, SnapshotName, &str)> {
    let mut parts = cursor.as_str().split(' ');
    let (kind, name) = (parts.next()?, parts.next()?);
    let known = [ACCEPTED, AWAITED].contains(&kind);
    known.then(|| (kind, SnapshotName::from(name), parts.next().unwrap_or_default()))
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
                self.snapshots.begin(&deletion(request, snapshot)).await
            }
            Request::Create(_) | Request::Update(_) | Request::Delete(_) => {
                self.inner.begin(request, effects).await
            }
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        let (Some((kind, name, detail)), Some(identifier)) =
            (parse(&poll.cursor), &poll.identifier)
        else {
            return self.inner.poll(poll).await;
        };
        let (identifier, token) = (identifier.only(), poll.token.as_str());
        let deletion = Deletion { identifier, name: &name, token, declared: &poll.declared };
        match kind {
            AWAITED => self.snapshots.begin(&deletion).await,
            _ => self.snapshots.poll(&deletion, detail).await,
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        self.inner.find(request).await
    }

    async fn find_deletion(
        &self,
        request: &DeleteRequest,
        snapshot: &SnapshotName,
    ) -> Result<Option<Step>, DriverError> {
        self.snapshots.find(&deletion(request, snapshot)).await
    }
}
