//! The events of an apply: the engine emits them and renderers show them.

use std::time::Duration;

use serde::Serialize;

use crate::error_code::ErrorCode;
use crate::id::{Address, PhysicalId, ResourceType, SnapshotName};
use crate::plan::{PlanMode, StepId};

/// Which step an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepLabel {
    /// The step's number.
    pub step: StepId,
    /// The resource.
    pub address: Address,
    /// Its type.
    pub resource_type: ResourceType,
    /// The operation: `create`, `update`, `record`, `delete`, `forget` or `restore`.
    pub operation: &'static str,
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// Every step succeeded.
    Succeeded,
    /// A step failed; what was done is kept.
    Failed,
    /// The user asked to stop; what was done is kept.
    Interrupted,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// Objects are being read.
    Observing {
        /// The number of objects.
        objects: usize,
    },
    /// The version of a secret cannot be looked up: a rotation of it would not be noticed.
    SecretUnchecked {
        /// The reference.
        reference: String,
        /// Why not.
        error: String,
    },
    /// An object that was not waited for is still stabilizing. That is no difference.
    #[serde(rename = "still-settling")]
    StillStabilizing {
        /// The resource.
        address: Address,
        /// The condition it waits for.
        waits_for: String,
    },
    /// Assets are being uploaded, before the first step of a plan.
    AssetsStarted {
        /// The number of assets.
        assets: usize,
        /// The bytes of their files.
        bytes: u64,
    },
    /// A part of an asset was uploaded.
    AssetSent {
        /// The source.
        source: String,
        /// The bytes that were sent, of the file or the archive.
        sent: u64,
        /// All bytes of it.
        bytes: u64,
    },
    /// An asset was uploaded and is in its bucket.
    AssetPublished {
        /// The source.
        source: String,
        /// The place of the object.
        place: String,
        /// The bytes of the object.
        bytes: u64,
    },
    /// The cloud is asked again what it did not answer for some time, outside of any step.
    AskingAgain {
        /// Why.
        reason: String,
        /// The number of the attempt that failed, from 1.
        attempt: u32,
    },
    /// A plan's steps begin.
    RunStarted {
        /// The purpose of the plan.
        mode: PlanMode,
        /// The number of its steps.
        steps: usize,
    },
    /// A step's intent is durable and its call is being made.
    StepStarted {
        /// The step.
        label: StepLabel,
    },
    /// The object exists (or is going away) and stabilizes.
    StepWaiting {
        /// The step.
        label: StepLabel,
        /// The condition it waits for.
        waits_for: String,
    },
    /// A step has everything it needs and waits before its call until a rotated secret has
    /// propagated. Emitted repeatedly while it waits.
    #[serde(rename = "step-held")]
    StepAwaitingPropagation {
        /// The step.
        label: StepLabel,
        /// The condition it waits for.
        waits_for: String,
        /// The longest time that is left to wait.
        remaining: Duration,
    },
    /// A call failed in a way that passes, and will be made again.
    StepRetrying {
        /// The step.
        label: StepLabel,
        /// Why.
        reason: String,
        /// The number of the attempt that failed, from 1.
        attempt: u32,
    },
    /// A step turned out to have nothing to change.
    StepUnchanged {
        /// The step.
        label: StepLabel,
    },
    /// A step is done.
    StepDone {
        /// The step.
        label: StepLabel,
        /// The object it was done to.
        physical_id: PhysicalId,
    },
    /// An object is gone, and its final snapshot exists.
    SnapshotTaken {
        /// The resource.
        address: Address,
        /// The type of the object.
        resource_type: ResourceType,
        /// The snapshot.
        snapshot: SnapshotName,
    },
    /// An object that was to be deleted with a final snapshot is gone without it: it was deleted by
    /// another caller.
    SnapshotMissing {
        /// The resource.
        address: Address,
        /// The type of the object.
        resource_type: ResourceType,
        /// The snapshot that does not exist.
        snapshot: SnapshotName,
    },
    /// A step failed.
    StepFailed {
        /// The step.
        label: StepLabel,
        /// The code of the error.
        code: ErrorCode,
        /// The failure and the next step for the user.
        error: String,
    },
    /// The user asked to stop while a step waited. It did not fail, and is not done.
    StepInterrupted {
        /// The step.
        label: StepLabel,
        /// The condition it waited for.
        waits_for: String,
    },
    /// Nothing new is started any more; what runs is finished.
    Stopping {
        /// Why.
        reason: String,
    },
    /// Everything is made, but an output cannot be evaluated, and is left out.
    OutputFailed {
        /// The output.
        output: String,
        /// Why.
        error: String,
    },
    /// The steps of a plan have ended.
    RunEnded {
        /// The purpose of the plan.
        mode: PlanMode,
        /// The end of the run.
        end: RunEnd,
    },
}
