//! Services that take the final snapshot themselves: the deletion has its name.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind, Step};
use rstack_model::{KnownMap, KnownValue};

use super::names::Names;
use super::{Deletion, Snapshots, accepted, awaited, gone};
use crate::api::Api;
use crate::iam::{Fields, arguments, text_in};

/// Statuses of an object that is being deleted.
///
/// Sources: "Viewing Amazon RDS DB instance status", Amazon RDS User Guide; `Cluster`, Amazon Redshift
/// API Reference; `CacheCluster`, Amazon ElastiCache API Reference.
const GOING: [&str; 2] = ["deleting", "final-snapshot"];
/// The status of an object that is whole and at rest.
const AVAILABLE: &str = "available";
/// Parts of the statuses that an object leaves only if its user does something: no snapshot can be taken
/// of it.
///
/// Sources: as of [`GOING`].
const STUCK: [&str; 8] =
    ["error", "failed", "failure", "full", "inaccessible", "incompatible", "paused", "stopped"];

/// The service of one type.
pub(super) struct Database {
    pub(super) api: Arc<dyn Api>,
    pub(super) names: &'static Names,
}

/// The state of an object.
enum State {
    /// It does not exist.
    Absent,
    /// It is being deleted.
    Going,
    /// It has this status.
    Status(String),
}

impl Database {
    async fn state(&self, deletion: &Deletion<'_>) -> Result<State, DriverError> {
        let Names { describe, identifier, objects, status, .. } = self.names;
        let input = arguments([(identifier, deletion.identifier.into())]);
        let answer = match self.api.call(describe, input).await {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(State::Absent),
            Err(error) => return Err(error),
        };
        let Some(object) = first(&answer, objects) else { return Ok(State::Absent) };
        let status = text_in(object, status).unwrap_or_default();
        Ok(match GOING.contains(&status) {
            true => State::Going,
            false => State::Status(status.to_owned()),
        })
    }

    /// The object that the snapshot of the name is of; `None` if there is no such snapshot.
    async fn snapshot_of(&self, deletion: &Deletion<'_>) -> Result<Option<String>, DriverError> {
        let Names { snapshots, snapshot_name, listed, source, node, .. } = self.names;
        let input = arguments([(snapshot_name, deletion.name.as_str().into())]);
        let answer = match self.api.call(snapshots, input).await {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(snapshot) = first(&answer, listed) else { return Ok(None) };
        let of = text_in(snapshot, source).map(str::to_owned);
        let node = node.and_then(|node| text_in(snapshot, node));
        let of_node = || {
            let suffix = node?.get(deletion.identifier.len()..)?;
            let own = is(node?.get(..deletion.identifier.len())?, deletion.identifier);
            (own && suffix.starts_with('-')).then(|| deletion.identifier.to_owned())
        };
        Ok(Some(of.or_else(of_node).or(node.map(str::to_owned)).unwrap_or_default()))
    }

    async fn has_snapshot(&self, deletion: &Deletion<'_>) -> Result<bool, DriverError> {
        let of = self.snapshot_of(deletion).await?;
        Ok(of.is_some_and(|of| is(&of, deletion.identifier)))
    }

    async fn gone(&self, deletion: &Deletion<'_>) -> Result<Step, DriverError> {
        Ok(gone(deletion, self.has_snapshot(deletion).await?))
    }

    /// A refused deletion: it may be one that was accepted before, of an object that is busy, or of one
    /// of which no snapshot can be taken.
    async fn refused(
        &self,
        deletion: &Deletion<'_>,
        error: DriverError,
    ) -> Result<Step, DriverError> {
        let status = match self.state(deletion).await? {
            State::Absent => return self.gone(deletion).await,
            State::Going => return Ok(following(deletion)),
            State::Status(status) => status,
        };
        if status != AVAILABLE && self.has_snapshot(deletion).await? {
            return Ok(following(deletion));
        }
        let busy = error.kind == ErrorKind::Conflict
            && status != AVAILABLE
            && !STUCK.iter().any(|part| status.contains(part));
        if busy {
            let waits_for = format!("`{}` to be available: it is {status}", deletion.identifier);
            return Ok(awaited(deletion, waits_for));
        }
        let message = match error.kind {
            ErrorKind::AlreadyExists => {
                let of = self.snapshot_of(deletion).await?.unwrap_or_default();
                format!(
                    "there is a snapshot `{}` already, of `{of}`; delete or copy it, and try again",
                    deletion.name
                )
            }
            _ => format!("{} (its status is `{status}`)", error.message),
        };
        Err(DriverError { message, ..error })
    }
}

/// The step of a deletion that the service has accepted.
fn following(deletion: &Deletion<'_>) -> Step {
    let waits_for = format!("snapshot `{}`, and the deletion after it", deletion.name);
    accepted(deletion, "", waits_for)
}

/// Services write names in lower case.
fn is(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

/// The first entry of a list of an answer.
pub(super) fn first<'a>(answer: &'a KnownMap, list: &str) -> Option<&'a KnownMap> {
    answer.get(list).and_then(KnownValue::as_list)?.first().and_then(KnownValue::as_map)
}

#[async_trait]
impl Snapshots for Database {
    async fn begin(&self, deletion: &Deletion<'_>) -> Result<Step, DriverError> {
        match self.state(deletion).await? {
            State::Absent => return self.gone(deletion).await,
            State::Going => return Ok(following(deletion)),
            State::Status(_) => {}
        }
        let Names { delete, identifier, skip, snapshot, switches, .. } = self.names;
        let mut input = arguments([
            (identifier, deletion.identifier.into()),
            (snapshot, deletion.name.as_str().into()),
        ]);
        input.extend(skip.map(|member| (member.to_owned(), KnownValue::Bool(false))));
        let declared = Fields::new(deletion.declared, delete);
        for name in *switches {
            let value = declared.boolean(name)?;
            input.extend(value.map(|value| ((*name).to_owned(), KnownValue::Bool(value))));
        }
        match self.api.call(delete, input).await {
            Ok(_) => Ok(following(deletion)),
            Err(error) => match error.kind {
                ErrorKind::NotFound => self.gone(deletion).await,
                ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::Invalid { .. } => {
                    self.refused(deletion, error).await
                }
                ErrorKind::Throttled
                | ErrorKind::DependencyNotReady
                | ErrorKind::AccessDenied { .. }
                | ErrorKind::Credentials
                | ErrorKind::Transient
                | ErrorKind::Handler(_)
                | ErrorKind::Unreachable
                | ErrorKind::UnknownOutcome
                | ErrorKind::Unsupported => Err(error),
            },
        }
    }

    async fn poll(&self, deletion: &Deletion<'_>, _: &str) -> Result<Step, DriverError> {
        match self.state(deletion).await? {
            State::Absent => self.gone(deletion).await,
            State::Going | State::Status(_) => Ok(following(deletion)),
        }
    }

    async fn find(&self, deletion: &Deletion<'_>) -> Result<Option<Step>, DriverError> {
        let going = match self.state(deletion).await? {
            State::Absent => {
                let has = self.has_snapshot(deletion).await?;
                return Ok(has.then(|| gone(deletion, true)));
            }
            State::Going => true,
            State::Status(status) => status != AVAILABLE && self.has_snapshot(deletion).await?,
        };
        Ok(going.then(|| following(deletion)))
    }
}
