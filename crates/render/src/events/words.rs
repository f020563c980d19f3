//! The words for operations and runs.

use rstack_model::event::{RunEnd, StepLabel};
use rstack_model::plan::PlanMode;
use rstack_model::{Address, ErrorCode, SnapshotName};

use super::tracker::{Snapshot, Tracker};
use crate::digests::short;
use crate::duration::duration;
use crate::line::Line;
use crate::size::size;
use crate::style::Role;
use crate::table::columns;
use crate::value::LINE_MARK;
use crate::words::count;
use std::time::Duration;

/// The word for an operation that runs: `creating`.
pub(super) fn doing(operation: &str) -> &str {
    match operation {
        "create" => "creating",
        "update" => "updating",
        "record" => "recording",
        "delete" => "deleting",
        "forget" => "forgetting",
        "restore" => "restoring",
        other => other,
    }
}

/// The word for an operation that is done: `created`.
pub(super) fn done(operation: &str) -> &str {
    match operation {
        "create" => "created",
        "update" => "updated",
        "record" => "recorded",
        "delete" => "deleted",
        "forget" => "forgotten",
        "restore" => "restored",
        other => other,
    }
}

/// The colour of an operation.
pub(super) fn role(operation: &str) -> Role {
    match operation {
        "create" | "restore" => Role::Create,
        "update" => Role::Update,
        "delete" => Role::Delete,
        _ => Role::Dim,
    }
}

/// `Uploading 3 assets, 12.4 MiB`.
pub(super) fn assets_started(assets: usize, bytes: u64) -> Line {
    Line::of(Role::Name, "Uploading")
        .with(Role::Plain, &format!(": {}, {}", count(assets, "asset"), size(bytes)))
}

/// `  uploading  cdk.out/asset.1f2e  45 % of 12.4 MiB`.
pub(super) fn asset_sent(source: &str, sent: u64, bytes: u64) -> Line {
    let percent = u128::from(sent).saturating_mul(100).checked_div(u128::from(bytes));
    Line::of(Role::Create, "  uploading  ")
        .with(Role::Name, &short(source))
        .with(Role::Dim, &format!("  {} % of {}", percent.unwrap_or(100), size(bytes)))
}

/// `  uploaded   cdk.out/asset.1f2e  s3://bucket/1f2e.zip  12.4 MiB`.
pub(super) fn asset_published(source: &str, place: &str, bytes: u64) -> Line {
    Line::of(Role::Create, "  uploaded   ")
        .with(Role::Name, &short(source))
        .with(Role::Dim, &format!("  {}  {}", short(place), size(bytes)))
}

/// `Applying 12 steps`.
pub(super) fn run_started(mode: PlanMode, steps: usize) -> Line {
    let verb = match mode {
        PlanMode::Deploy => "Applying",
        PlanMode::Destroy => "Destroying",
        PlanMode::Rollback => "Rolling back",
    };
    Line::of(Role::Name, verb).with(Role::Plain, &format!(": {}", count(steps, "step")))
}

/// `Applied: 12 steps in 43 s`, and the final snapshots that the run has taken.
pub(super) fn run_ended(
    mode: PlanMode,
    end: RunEnd,
    tracker: &Tracker,
    now: Duration,
) -> Vec<Line> {
    let mut lines = vec![ended(mode, end, tracker, now)];
    if !tracker.snapshots.is_empty() {
        lines.push(Line::of(Role::Heading, "Final snapshots"));
        let rows: Vec<Vec<Line>> = tracker.snapshots.iter().map(row).collect();
        lines.extend(columns(&rows, 2));
    }
    lines
}

/// `  Db  AWS::RDS::DBInstance  live-db-0123456789ab`.
fn row(snapshot: &Snapshot) -> Vec<Line> {
    vec![
        Line::default(),
        Line::of(Role::Name, snapshot.address.as_str()),
        Line::plain(snapshot.resource_type.as_str()),
        Line::plain(snapshot.name.as_str()),
    ]
}

/// `Final snapshot of Db: live-db-0123456789ab`, outside of a run.
pub(super) fn snapshot_taken(address: &Address, snapshot: &SnapshotName) -> Line {
    Line::plain("Final snapshot of ")
        .with(Role::Name, address.as_str())
        .with(Role::Plain, &format!(": {snapshot}"))
}

/// `warning[snapshot-missing]: Db was gone …`.
pub(super) fn snapshot_missing(address: &Address, snapshot: &SnapshotName) -> Line {
    let text =
        format!(" was deleted by another caller: its final snapshot {snapshot} does not exist");
    warning(ErrorCode::SnapshotMissing).with(Role::Name, address.as_str()).with(Role::Plain, &text)
}

fn ended(mode: PlanMode, end: RunEnd, tracker: &Tracker, now: Duration) -> Line {
    let time = duration(now.saturating_sub(tracker.since));
    let Tracker { total, done, failed, interrupted, .. } = tracker;
    let mut progress = format!("{done} of {} done", count(*total, "step"));
    for (number, what) in [(failed, "failed"), (interrupted, "interrupted")] {
        if *number > 0 {
            progress.push_str(&format!(", {number} {what}"));
        }
    }
    match (end, mode) {
        (RunEnd::Succeeded, mode) => {
            let word = match mode {
                PlanMode::Deploy => "Applied",
                PlanMode::Destroy => "Destroyed",
                PlanMode::Rollback => "Rolled back",
            };
            let rest = format!(": {} in {time}", count(*done, "step"));
            Line::of(Role::Good, word).with(Role::Plain, &rest)
        }
        (RunEnd::Failed, mode) => {
            let word = match mode {
                PlanMode::Deploy => "Failed",
                PlanMode::Destroy => "Destroy failed",
                PlanMode::Rollback => "Rollback failed",
            };
            Line::of(Role::Warning, word).with(Role::Plain, &format!(": {progress}, after {time}"))
        }
        (RunEnd::Interrupted, _) => Line::of(Role::Warning, "Interrupted")
            .with(Role::Plain, &format!(": {progress}, after {time}")),
    }
}

/// `  creating after 12 s, waited for distribution E1 to be deployed`.
pub(super) fn interrupted(label: &StepLabel, took: Duration, waits_for: &str) -> Line {
    let doing = doing(label.operation);
    Line::of(Role::Dim, &format!("  {doing} after {}", duration(took)))
        .with(Role::Plain, &format!(", waited for {waits_for}"))
}

/// ``CDN` still settles: waits for distribution E1 to be deployed``.
pub(super) fn still_settling(address: &Address, waits_for: &str) -> Line {
    Line::of(Role::Name, address.as_str())
        .with(Role::Plain, &format!(" is not stable yet: waits for {waits_for}"))
}

/// `Asking again, attempt 3 failed: …`.
pub(super) fn asking_again(reason: &str, attempt: u32) -> Line {
    Line::of(Role::Update, "Asking again")
        .with(Role::Plain, &format!(", attempt {attempt} failed: {reason}"))
}

/// `Reading 9 objects`; nothing if there are none.
pub(super) fn observing(objects: usize) -> Option<Line> {
    (objects > 0).then(|| Line::plain(&format!("Reading {}", count(objects, "object"))))
}

/// `Stopping: …`.
pub(super) fn stopping(reason: &str) -> Line {
    Line::of(Role::Warning, "Stopping").with(Role::Plain, &format!(": {reason}"))
}

/// `warning: the output …`.
pub(super) fn output_failed(output: &str, error: &str) -> Line {
    warning(ErrorCode::OutputNotEvaluated)
        .with(Role::Plain, "the output ")
        .with(Role::Name, output)
        .with(Role::Plain, &format!(" cannot be evaluated and is left out: {error}"))
}

/// `warning: the version of …`.
pub(super) fn secret_unchecked(reference: &str, error: &str) -> Line {
    warning(ErrorCode::SecretUnchecked)
        .with(Role::Plain, "cannot check whether ")
        .with(Role::Secret, reference)
        .with(Role::Plain, &format!(" was rotated: {error}"))
}

/// `warning[CODE]: `.
fn warning(code: ErrorCode) -> Line {
    Line::of(Role::Warning, &format!("warning[{code}]")).with(Role::Plain, ": ")
}

/// An error text below a line: each of its lines indented, with a mark if there are several.
pub(super) fn error_lines(code: ErrorCode, error: &str, indent: usize) -> Vec<Line> {
    let error = format!("error[{code}]: {error}");
    let lines: Vec<&str> = error.trim_end().split('\n').collect();
    let mark = if lines.len() > 1 { LINE_MARK } else { "" };
    let margin = format!("{}{mark}", " ".repeat(indent));
    lines
        .into_iter()
        .map(|line| {
            Line::plain(&margin).with(Role::Delete, line.strip_suffix('\r').unwrap_or(line))
        })
        .collect()
}
