//! Which steps run, since when, and what each waits for: the state behind every display.

use std::collections::BTreeMap;
use std::time::Duration;

use rstack_model::event::{Event, StepLabel};
use rstack_model::plan::StepId;
use rstack_model::{Address, ResourceType, SnapshotName};

use crate::duration::duration;

/// A step that has begun and not ended.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) label: StepLabel,
    pub(super) since: Duration,
    /// The condition it waits for, or the reason why it tries again.
    pub(super) note: String,
    /// When it goes on at the latest, if it is held.
    pub(super) until: Option<Duration>,
    /// True if it turned out to have nothing to change.
    pub(super) unchanged: bool,
}

impl Running {
    /// ` · 9 min 43 s more` while it is held.
    pub(super) fn countdown(&self, now: Duration) -> String {
        self.until.map_or_else(String::new, |until| {
            format!(" · {} more", duration(until.saturating_sub(now)))
        })
    }
}

/// A step that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) took: Duration,
    pub(super) unchanged: bool,
}

/// The steps of one run after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracker {
    pub(super) total: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
    pub(super) interrupted: usize,
    pub(super) running: BTreeMap<StepId, Running>,
    pub(super) since: Duration,
    pub(super) stopping: bool,
    pub(super) active: bool,
    /// The final snapshots that the run has taken.
    pub(super) snapshots: Vec<Snapshot>,
    /// The assets that are being uploaded: the bytes that were sent, of how many.
    pub(super) uploads: BTreeMap<String, (u64, u64)>,
}

/// A final snapshot that was taken.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) address: Address,
    pub(super) resource_type: ResourceType,
    pub(super) name: SnapshotName,
}

impl Tracker {
    /// Takes an event that happened at `now`; says how a step went if this ends one.
    pub(super) fn apply(&mut self, event: &Event, now: Duration) -> Option<Ended> {
        match event {
            Event::Observing { .. } => None,
            Event::AssetsStarted { .. } => {
                self.uploads.clear();
                None
            }
            Event::AssetSent { source, sent, bytes } => {
                self.uploads.insert(source.clone(), (*sent, *bytes));
                None
            }
            Event::AssetPublished { source, .. } => {
                self.uploads.remove(source);
                None
            }
            Event::RunStarted { steps, .. } => {
                *self = Self { total: *steps, since: now, active: true, ..Self::default() };
                None
            }
            Event::StepStarted { label } => {
                self.step(label, now);
                None
            }
            Event::StepAwaitingPropagation { label, waits_for, remaining } => {
                let until = Some(now.saturating_add(*remaining));
                self.note(label, now, format!("waits for {waits_for}"), until);
                None
            }
            Event::StepWaiting { label, waits_for } => {
                self.note(label, now, format!("waits for {waits_for}"), None);
                None
            }
            Event::StepRetrying { label, reason, attempt } => {
                self.note(label, now, format!("attempt {attempt} failed: {reason}"), None);
                None
            }
            Event::StepUnchanged { label } => {
                self.step(label, now).unchanged = true;
                None
            }
            Event::StepDone { label, .. } => {
                self.done += 1;
                Some(self.end(label, now))
            }
            Event::StepFailed { label, .. } => {
                self.failed += 1;
                Some(self.end(label, now))
            }
            Event::StepInterrupted { label, .. } => {
                self.interrupted += 1;
                Some(self.end(label, now))
            }
            Event::Stopping { .. } => {
                self.stopping = true;
                None
            }
            Event::SnapshotTaken { address, resource_type, snapshot } => {
                let (address, resource_type) = (address.clone(), resource_type.clone());
                let name = snapshot.clone();
                self.snapshots.push(Snapshot { address, resource_type, name });
                None
            }
            Event::StillStabilizing { .. }
            | Event::SnapshotMissing { .. }
            | Event::AskingAgain { .. }
            | Event::SecretUnchecked { .. }
            | Event::OutputFailed { .. } => None,
            Event::RunEnded { .. } => {
                self.running.clear();
                self.active = false;
                None
            }
        }
    }

    fn note(&mut self, label: &StepLabel, now: Duration, note: String, until: Option<Duration>) {
        let step = self.step(label, now);
        (step.note, step.until) = (note, until);
    }

    fn step(&mut self, label: &StepLabel, now: Duration) -> &mut Running {
        // An update that ends in another object has a step for the old one, which no plan can know of.
        let others = self.running.keys().filter(|step| **step != label.step).count();
        let begun = self.done + self.failed + self.interrupted + others + 1;
        self.total = self.total.max(begun);
        self.running.entry(label.step).or_insert_with(|| Running {
            label: label.clone(),
            since: now,
            note: String::new(),
            until: None,
            unchanged: false,
        })
    }

    fn end(&mut self, label: &StepLabel, now: Duration) -> Ended {
        let step = self.running.remove(&label.step);
        let since = step.as_ref().map_or(now, |step| step.since);
        let took = now.saturating_sub(since);
        Ended { took, unchanged: step.is_some_and(|step| step.unchanged) }
    }
}
