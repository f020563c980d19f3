//! The vocabulary of the journal.

use std::collections::BTreeMap;

use rstack_model::plan::{PlanBase, PlanMode, PlannedObject, StepId};
use rstack_model::state::{Environment, OutputState, ResourceState};
use rstack_model::{
    Address, Cursor, Digest, GivenValues, Identifier, Imports, ObjectKey, PhysicalId, ResourceType,
    SnapshotName, StackName, Token, ValueMap,
};
use serde::{Deserialize, Serialize};

/// The number of an operation in its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub u64);

impl std::fmt::Display for OperationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One record of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "a journal has one first record")]
pub enum Entry {
    /// A run begins. Always the first record, and only that.
    Begin {
        /// The purpose of the plan.
        mode: PlanMode,
        /// The state it was made from.
        base: PlanBase,
        /// Digest of the plan.
        plan_digest: Digest,
        /// The stack.
        stack: StackName,
        /// Where its objects live.
        environment: Environment,
        /// Digest of the template.
        template_digest: Option<Digest>,
        /// Parameter values; secret ones as references.
        parameters: ValueMap,
        /// The values that were given for parameters.
        #[serde(default, skip_serializing_if = "GivenValues::is_empty")]
        given: GivenValues,
        /// The exports of other stacks that the stack is to use.
        #[serde(default, skip_serializing_if = "Imports::is_empty")]
        imports: Imports,
        /// True if the stack must not be destroyed from then on.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        termination_protection: bool,
        /// True if the run leads back to a state that is itself the result of an apply that did not
        /// complete: then a rollback still leads to the state before that one.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keeps_former: bool,
    },
    /// An operation is going to be made. Durable before the first call of the operation.
    Intent(Box<Intent>),
    /// No object of the name that a create is going to use exists. Durable before the call that
    /// creates, for APIs that do not show who made an object.
    Absent {
        /// The operation.
        operation: OperationId,
    },
    /// The object of a create exists, or an update has ended in another object. Durable before
    /// anything is waited for.
    Effect {
        /// The operation.
        operation: OperationId,
        /// The object's primary identifier; its type is that of the intent.
        identifier: Identifier,
        /// The return value of `Ref` for it, as far as it is known by now.
        physical_id: PhysicalId,
    },
    /// Where an operation that goes on in the cloud is polled. Durable before it is waited for, so
    /// that the next process polls on and does not begin it again.
    Cursor {
        /// The operation.
        operation: OperationId,
        /// The kind of the polled operation: a create whose remaining calls an update makes is
        /// polled as that.
        kind: PolledKind,
        /// The cursor.
        cursor: Cursor,
    },
    /// An operation is finished.
    Done {
        /// The operation.
        operation: OperationId,
        /// Its outcome.
        outcome: Outcome,
    },
    /// An operation failed.
    Failed {
        /// The operation.
        operation: OperationId,
        /// Why.
        error: String,
        /// The effect, as far as it is known.
        effect: FailedEffect,
    },
    /// The outputs after a deploy; they replace all others.
    Outputs {
        /// By name.
        outputs: BTreeMap<String, OutputState>,
    },
    /// The run ended.
    End {
        /// The end of the run.
        end: JournalEnd,
    },
}

/// The intent of one operation, durable before its call is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Intent {
    /// The operation.
    pub operation: OperationId,
    /// The step of the plan.
    pub step: StepId,
    /// The resource.
    pub address: Address,
    /// Its type.
    pub resource_type: ResourceType,
    /// The action on the object.
    pub action: IntentAction,
    /// The idempotency token of the call.
    pub token: Token,
    /// Digest of what the call is made with; secrets as references.
    pub input_digest: Digest,
    /// The driver that makes the call.
    pub driver: String,
}

/// The action of an intent, with all that recovery needs to know of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum IntentAction {
    /// An object is created.
    Create {
        /// The name chosen for it, and the property that takes it, where the template names none.
        name: Option<(String, String)>,
        /// The object; attributes filled in, secrets as references.
        object: PlannedObject,
    },
    /// An object is changed.
    Update {
        /// The object.
        key: ObjectKey,
        /// The object that it is to become.
        object: PlannedObject,
    },
    /// The state takes over dependencies and policies; nothing is called.
    Record {
        /// The object.
        key: ObjectKey,
    },
    /// The resource's object, or a deposed one, is deleted.
    Delete {
        /// The object.
        key: ObjectKey,
        /// The final snapshot that the service takes of it before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        snapshot: Option<SnapshotName>,
    },
    /// The object leaves the state and stays where it is.
    Forget {
        /// The object.
        key: ObjectKey,
    },
    /// A deposed object becomes the resource's object again.
    Restore {
        /// The object.
        key: ObjectKey,
    },
}

impl IntentAction {
    /// The object that exists before the operation, if it is about one.
    pub fn key(&self) -> Option<&ObjectKey> {
        match self {
            Self::Create { .. } => None,
            Self::Update { key, .. }
            | Self::Record { key }
            | Self::Delete { key, .. }
            | Self::Forget { key }
            | Self::Restore { key } => Some(key),
        }
    }
}

/// The outcome of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The object is now this (create, update, record, restore).
    Object(Box<ResourceState>),
    /// The object is gone or forgotten (delete, forget).
    Gone,
}

/// The effect of a failed operation, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailedEffect {
    /// Certainly none.
    None,
    /// The object exists and is not as declared.
    Partial,
    /// The outcome is unknown: the cloud must be asked.
    Unknown,
}

/// The kind of operation that a cursor polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolledKind {
    /// A creation.
    Create,
    /// A change.
    Update,
    /// A deletion.
    Delete,
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalEnd {
    /// Every step succeeded.
    Succeeded,
    /// A step failed.
    Failed,
    /// The user asked to stop.
    Interrupted,
}
