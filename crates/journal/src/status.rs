//! The one function that holds every legal transition of an operation.

use rstack_model::Identifier;

use crate::entry::{Entry, FailedEffect, IntentAction, Outcome};

/// The status of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its intent is durable; whether its call was made is not known.
    Open,
    /// Its object exists; whether it is as declared is not known.
    Effected(Identifier),
    /// It is finished.
    Done,
    /// It failed and left what is said.
    Failed(FailedEffect),
}

/// A record that cannot follow what stands before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an operation that is {status} cannot be followed by {entry}")]
pub struct IllegalTransition {
    /// The status.
    pub status: &'static str,
    /// The record.
    pub entry: &'static str,
}

fn word(status: Option<&Status>) -> &'static str {
    match status {
        None => "not begun",
        Some(Status::Open) => "open",
        Some(Status::Effected(_)) => "effected",
        Some(Status::Done) => "done",
        Some(Status::Failed(_)) => "failed",
    }
}

fn name(entry: &Entry) -> &'static str {
    match entry {
        Entry::Begin { .. } => "begin",
        Entry::Intent(_) => "an intent",
        Entry::Absent { .. } => "a proof of absence",
        Entry::Effect { .. } => "an effect",
        Entry::Cursor { .. } => "a cursor",
        Entry::Done { .. } => "done",
        Entry::Failed { .. } => "failed",
        Entry::Outputs { .. } => "outputs",
        Entry::End { .. } => "end",
    }
}

/// The status of an operation after one more record about it. `action` is what its intent says.
///
/// # Errors
/// [`IllegalTransition`] for every other record.
pub fn next_status(
    status: Option<&Status>,
    action: &IntentAction,
    entry: &Entry,
) -> Result<Status, IllegalTransition> {
    let creates = matches!(action, IntentAction::Create { .. });
    let updates = matches!(action, IntentAction::Update { .. });
    let calls = creates || updates || matches!(action, IntentAction::Delete { .. });
    let removes = matches!(action, IntentAction::Delete { .. } | IntentAction::Forget { .. });
    match (status, entry) {
        (None, Entry::Intent(_)) => Ok(Status::Open),
        (Some(Status::Open), Entry::Absent { .. }) if creates => Ok(Status::Open),
        (Some(known @ (Status::Open | Status::Effected(_))), Entry::Cursor { .. }) if calls => {
            Ok(known.clone())
        }
        (Some(Status::Failed(FailedEffect::Unknown)), Entry::Cursor { .. }) if calls => {
            Ok(Status::Failed(FailedEffect::Unknown))
        }
        (Some(Status::Open), Entry::Effect { identifier, .. }) if creates || updates => {
            Ok(Status::Effected(identifier.clone()))
        }
        // A create is done only after its effect was durable.
        (Some(Status::Effected(id)), Entry::Done { outcome: Outcome::Object(object), .. })
            if object.identifier == *id =>
        {
            Ok(Status::Done)
        }
        (Some(Status::Open), Entry::Done { outcome: Outcome::Object(_), .. })
            if !creates && !removes =>
        {
            Ok(Status::Done)
        }
        (Some(Status::Open), Entry::Done { outcome: Outcome::Gone, .. }) if removes => {
            Ok(Status::Done)
        }
        (Some(Status::Effected(_)), Entry::Failed { effect: FailedEffect::Partial, .. }) => {
            Ok(Status::Failed(FailedEffect::Partial))
        }
        // Without its effect no object is known to exist that could be partial.
        (Some(Status::Open), Entry::Failed { effect: FailedEffect::Partial, .. }) if creates => {
            Err(IllegalTransition { status: word(status), entry: "a partial effect" })
        }
        (Some(Status::Open), Entry::Failed { effect, .. }) => Ok(Status::Failed(*effect)),
        // Recovery asks the cloud about an operation that failed with an unknown effect.
        (Some(Status::Failed(FailedEffect::Unknown)), Entry::Effect { identifier, .. })
            if creates =>
        {
            Ok(Status::Effected(identifier.clone()))
        }
        (
            Some(Status::Failed(FailedEffect::Unknown)),
            Entry::Failed { effect: FailedEffect::None, .. },
        ) => Ok(Status::Failed(FailedEffect::None)),
        _ => Err(IllegalTransition { status: word(status), entry: name(entry) }),
    }
}
