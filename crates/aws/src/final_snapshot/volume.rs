//! Volumes of EC2, whose deletion takes no snapshot: it is taken first, and the volume deleted when it
//! is complete.
//!
//! The snapshot has the name as its tag `Name`, and the token of the operation as another one: an earlier
//! operation's snapshot may lack what was written to the volume since.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind, Finish, Step};
use rstack_model::{KnownMap, KnownValue};

use super::database::first;
use super::{Deletion, Snapshots, accepted, gone};
use crate::api::Api;
use crate::iam::{arguments, text_in};
use crate::ownership::OPERATION;

pub(super) const VOLUME: &str = "AWS::EC2::Volume";
const CREATE: &str = "ec2:CreateSnapshot";

/// The volumes of EC2.
pub(super) struct Volume {
    pub(super) api: Arc<dyn Api>,
}

/// A snapshot.
struct Taken {
    id: String,
    state: String,
    message: String,
}

impl Volume {
    /// The volume; `None` if it is gone.
    async fn volume(&self, id: &str) -> Result<Option<KnownMap>, DriverError> {
        let input = arguments([("VolumeIds", list([id]))]);
        let answer = match self.api.call("DescribeVolumes", input).await {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let volume = first(&answer, "Volumes").filter(|it| text_in(it, "State") != Some("deleted"));
        Ok(volume.cloned())
    }

    /// The snapshot that this operation has taken.
    async fn taken(&self, deletion: &Deletion<'_>) -> Result<Option<Taken>, DriverError> {
        let filter = |name: String, value: &str| {
            KnownValue::Map(arguments([("Name", name.into()), ("Values", list([value]))]))
        };
        let filters = vec![
            filter("volume-id".to_owned(), deletion.identifier),
            filter(format!("tag:{OPERATION}"), deletion.token),
        ];
        let input =
            arguments([("Filters", KnownValue::List(filters)), ("OwnerIds", list(["self"]))]);
        let answer = self.api.call("DescribeSnapshots", input).await?;
        Ok(first(&answer, "Snapshots").map(snapshot))
    }

    /// The snapshot of an ID; `None` while it is not visible yet.
    async fn snapshot(&self, id: &str) -> Result<Option<Taken>, DriverError> {
        let input = arguments([("SnapshotIds", list([id]))]);
        let answer = self.api.call_if_exists("DescribeSnapshots", input).await?;
        Ok(answer.and_then(|answer| first(&answer, "Snapshots").map(snapshot)))
    }

    async fn take(&self, deletion: &Deletion<'_>) -> Result<Step, DriverError> {
        let tag = |key: &str, value: &str| {
            KnownValue::Map(arguments([("Key", key.into()), ("Value", value.into())]))
        };
        let tags = vec![tag("Name", deletion.name.as_str()), tag(OPERATION, deletion.token)];
        let specification =
            arguments([("ResourceType", "snapshot".into()), ("Tags", KnownValue::List(tags))]);
        let input = arguments([
            ("VolumeId", deletion.identifier.into()),
            ("Description", format!("Final snapshot {}", deletion.name).into()),
            ("TagSpecifications", KnownValue::List(vec![KnownValue::Map(specification)])),
        ]);
        let answer = self.api.call("CreateSnapshot", input).await?;
        Ok(taking(deletion, &snapshot(&answer)))
    }

    /// Goes on with a snapshot: deletes the volume when it is complete.
    async fn follow(&self, deletion: &Deletion<'_>, taken: Taken) -> Result<Step, DriverError> {
        match taken.state.as_str() {
            "completed" => {}
            "error" => {
                let message = format!("the snapshot `{}` failed: {}", taken.id, taken.message);
                return Ok(failed(DriverError::new(ErrorKind::Conflict, CREATE, message)));
            }
            _ => return Ok(taking(deletion, &taken)),
        }
        let deleting = || {
            let waits_for = format!("volume `{}` to be deleted", deletion.identifier);
            accepted(deletion, &taken.id, waits_for)
        };
        match self.volume(deletion.identifier).await? {
            None => return Ok(gone(deletion, true)),
            Some(volume) if text_in(&volume, "State") == Some("deleting") => return Ok(deleting()),
            Some(_) => {}
        }
        let input = arguments([("VolumeId", deletion.identifier.into())]);
        match self.api.call("DeleteVolume", input).await {
            Ok(_) => Ok(deleting()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(gone(deletion, true)),
            // It was attached again: what is written to it since is in no snapshot.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(failed(error)),
            Err(error) => Err(error),
        }
    }
}

fn failed(error: DriverError) -> Step {
    Step::Done(Finish::Failed(Box::new(error)))
}

fn taking(deletion: &Deletion<'_>, taken: &Taken) -> Step {
    let waits_for = format!("snapshot `{}` ({}) to be complete", taken.id, deletion.name);
    accepted(deletion, &taken.id, waits_for)
}

fn snapshot(shown: &KnownMap) -> Taken {
    let text = |name: &str| text_in(shown, name).unwrap_or_default().to_owned();
    Taken { id: text("SnapshotId"), state: text("State"), message: text("StateMessage") }
}

fn list<const N: usize>(items: [&str; N]) -> KnownValue {
    KnownValue::List(items.into_iter().map(KnownValue::from).collect())
}

/// The instances that a volume is attached to.
fn attached_to(volume: &KnownMap) -> Vec<&str> {
    let attachments = volume.get("Attachments").and_then(KnownValue::as_list).unwrap_or_default();
    let attachments = attachments.iter().filter_map(KnownValue::as_map);
    attachments.filter_map(|attachment| text_in(attachment, "InstanceId")).collect()
}

#[async_trait]
impl Snapshots for Volume {
    async fn begin(&self, deletion: &Deletion<'_>) -> Result<Step, DriverError> {
        let taken = self.taken(deletion).await?;
        let Some(volume) = self.volume(deletion.identifier).await? else {
            return Ok(gone(deletion, taken.is_some()));
        };
        if let Some(taken) = taken {
            return self.follow(deletion, taken).await;
        }
        let instances = attached_to(&volume);
        if !instances.is_empty() {
            let message = format!(
                "volume `{}` is attached to {}; detach it before it is deleted",
                deletion.identifier,
                instances.join(", ")
            );
            return Err(DriverError::new(ErrorKind::DependencyNotReady, CREATE, message));
        }
        self.take(deletion).await
    }

    async fn poll(&self, deletion: &Deletion<'_>, detail: &str) -> Result<Step, DriverError> {
        match self.snapshot(detail).await? {
            Some(taken) => self.follow(deletion, taken).await,
            None => {
                let (id, state) = (detail.to_owned(), String::new());
                Ok(taking(deletion, &Taken { id, state, message: String::new() }))
            }
        }
    }

    async fn find(&self, deletion: &Deletion<'_>) -> Result<Option<Step>, DriverError> {
        let Some(taken) = self.taken(deletion).await? else { return Ok(None) };
        match self.volume(deletion.identifier).await? {
            None => Ok(Some(gone(deletion, true))),
            Some(_) => Ok(Some(taking(deletion, &taken))),
        }
    }
}
