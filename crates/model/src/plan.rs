//! The plan: every change that apply will make, and nothing that it has to decide.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::asset::Asset;
use crate::desired::{DesiredOutput, RemovalPolicy};
use crate::digest::Digest;
use crate::id::{Address, Lineage, PhysicalId, ResourceType, Serial, SnapshotName, StackName};
use crate::image::Image;
use crate::import::Imports;
use crate::parameter::{FormerParameters, GivenValues};
use crate::path::PropertyPath;
use crate::state::{DeposedObject, Environment, ResourceState};
use crate::template_address::FetchedTemplate;
use crate::update::UpdateKind;
use crate::value::{Value, ValueMap};

/// The purpose of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanMode {
    /// To make the stack what its template says.
    Deploy,
    /// To delete the stack.
    Destroy,
    /// To go back to the state before a failed apply.
    Rollback,
}

/// The state a plan was made from. Apply refuses the plan when the state has moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanBase {
    /// Lineage of the state.
    pub lineage: Lineage,
    /// Serial of the state; 0 if there was none.
    pub serial: Serial,
}

/// Which object of a replaced resource goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplaceOrder {
    /// The new object is created before the old one is deleted.
    CreateFirst,
    /// The old object is deleted before the new one is created.
    DeleteFirst,
}

/// The action on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing.
    NoOp,
    /// An object is created.
    Create,
    /// The object is changed in place.
    Update,
    /// Only what the state says of it changes: its dependencies or policies. Nothing is called.
    Record,
    /// A new object takes the place of the old one.
    Replace(ReplaceOrder),
    /// The object is deleted.
    Delete,
    /// The object is kept and no longer managed.
    Retain,
    /// The object is gone already and only leaves the state.
    Forget,
    /// The object that a failed apply had replaced becomes the resource's object again.
    Restore,
}

impl Action {
    /// True if the action sends desired properties to an object.
    pub fn sends(self) -> bool {
        match self {
            Self::Create | Self::Update | Self::Replace(_) => true,
            Self::NoOp
            | Self::Record
            | Self::Delete
            | Self::Retain
            | Self::Forget
            | Self::Restore => false,
        }
    }
}

/// Why. For display and checks only: apply never looks at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The template has a resource the state has not.
    NotInState,
    /// The state has a resource the template has not.
    NotInTemplate,
    /// Properties differ from what was applied last.
    PropertiesChanged,
    /// A property that cannot be changed in place is changed.
    CreateOnly(PropertyPath),
    /// A property is changed in place that the service may refuse to change in place.
    MayReplace(PropertyPath),
    /// The user asked for a replacement.
    Requested,
    /// The resource has another type now.
    TypeChanged {
        /// The type it had.
        from: ResourceType,
    },
    /// The object is gone from the cloud.
    Missing,
    /// The object in the cloud is not what was applied last.
    Drift,
    /// The secret behind an unchanged reference has another version now.
    SecretRotated {
        /// The reference.
        reference: String,
    },
    /// Its policies or dependencies differ from what was applied last.
    PoliciesChanged,
    /// A property waits for an attribute that may change.
    MayChange(PropertyPath),
    /// A creation or change did not complete.
    Incomplete,
    /// The old object of a replacement that did not complete fits what is wanted, and becomes the
    /// resource's own again.
    Readopted {
        /// The object.
        physical_id: PhysicalId,
    },
    /// Something it depends on is deleted and made anew under the same name, and takes with it what
    /// was attached to it.
    DependencyReplaced {
        /// The resource it depends on.
        dependency: Address,
    },
    /// Its name or content is that of an object which is deleted first, as both cannot exist at once.
    TakesPlace {
        /// The resource of the object that is deleted.
        of: Address,
    },
    /// The stack is destroyed.
    Destroy,
    /// A failed apply is undone.
    Rollback,
}

/// The certainty that a change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// It will be made.
    Certain,
    /// It will be made if an attribute turns out to be another than before.
    Possible,
}

/// One property that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Where in the property tree.
    pub path: PropertyPath,
    /// The value before; `None` if there was none.
    pub before: Option<Value>,
    /// The value after; `None` if there will be none.
    pub after: Option<Value>,
    /// The effect that the change of this property has on the object.
    pub update_kind: UpdateKind,
}

impl Difference {
    /// True if the change of this property makes a new object necessary.
    pub fn forces_replacement(&self) -> bool {
        self.update_kind == UpdateKind::Replaces
    }
}

/// The check of an object in the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checked {
    /// It was read and compared; the digest of what was read, secrets left out.
    Read(Digest),
    /// It was looked for and is not there.
    Absent,
    /// There is nothing to look for yet.
    Nothing,
    /// It was not looked at, for this reason.
    Unchecked(String),
}

/// The change of one resource, and its reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The resource.
    pub address: Address,
    /// Its type.
    pub resource_type: ResourceType,
    /// The action.
    pub action: Action,
    /// The reasons for it.
    pub reasons: Vec<Reason>,
    /// The certainty that it happens.
    pub certainty: Certainty,
    /// Declared properties: prior against desired.
    pub differences: Vec<Difference>,
    /// Declared properties: prior against observed.
    pub drift: Vec<Difference>,
    /// The check of the object in the cloud.
    pub checked: Checked,
    /// True if the object holds data that is lost with it.
    pub stateful: bool,
    /// The object as the state and the cloud have it now.
    pub prior: Option<ResourceState>,
    /// The object that it is to become; `None` if it is to go.
    pub desired: Option<PlannedObject>,
}

/// The object that a resource is to have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedObject {
    /// The properties; what is not yet known is deferred.
    pub properties: ValueMap,
    /// The resources it depends on.
    pub dependencies: BTreeSet<Address>,
    /// The fate of the object when the resource leaves the template.
    pub deletion_policy: RemovalPolicy,
    /// The fate of the object when it is replaced.
    pub update_replace_policy: RemovalPolicy,
    /// The current version of each secret reference that could be looked up, by its text.
    pub secret_versions: BTreeMap<String, String>,
}

/// The number of a step in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u32);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The operation of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Create the object of [`Change::desired`]. The resource's object, if it has one, is deposed.
    Create,
    /// Change the object of [`Change::prior`] into that of [`Change::desired`].
    Update,
    /// Take the dependencies and policies of [`Change::desired`] into the state.
    Record,
    /// Delete this object, which is the resource's own or a deposed one.
    Delete(Box<ResourceState>),
    /// Have the service take a final snapshot of this object, and delete it.
    DeleteWithSnapshot {
        /// The object, which is the resource's own or a deposed one.
        object: Box<ResourceState>,
        /// The name of the snapshot.
        snapshot: SnapshotName,
    },
    /// Take this object out of the state and leave it in the cloud.
    Forget(Box<ResourceState>),
    /// Make this deposed object the resource's object again.
    Restore(Box<ResourceState>),
}

impl Operation {
    /// The word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Record => "record",
            Self::Delete(_) | Self::DeleteWithSnapshot { .. } => "delete",
            Self::Forget(_) => "forget",
            Self::Restore(_) => "restore",
        }
    }

    /// The object that is deleted, if the operation deletes one.
    pub fn deleted(&self) -> Option<&ResourceState> {
        match self {
            Self::Delete(object) | Self::DeleteWithSnapshot { object, .. } => Some(object),
            Self::Create | Self::Update | Self::Record | Self::Forget(_) | Self::Restore(_) => None,
        }
    }

    /// The object that the operation carries: the one that is deleted, forgotten or restored.
    pub fn object(&self) -> Option<&ResourceState> {
        match self {
            Self::Delete(object)
            | Self::DeleteWithSnapshot { object, .. }
            | Self::Forget(object)
            | Self::Restore(object) => Some(object),
            Self::Create | Self::Update | Self::Record => None,
        }
    }

    /// The name of the final snapshot, if the operation takes one.
    pub fn final_snapshot(&self) -> Option<&SnapshotName> {
        match self {
            Self::DeleteWithSnapshot { snapshot, .. } => Some(snapshot),
            Self::Create
            | Self::Update
            | Self::Record
            | Self::Delete(_)
            | Self::Forget(_)
            | Self::Restore(_) => None,
        }
    }
}

/// Which part of a run a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Creates and changes objects until the stack is as desired.
    Forward,
    /// Removes objects that are no longer wanted. Begins when every forward step has succeeded, so
    /// that until then everything can be rolled back.
    Cleanup,
}

/// One step of a plan: one journaled operation on one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// The resource.
    pub address: Address,
    /// Its operation.
    pub operation: Operation,
    /// Its phase.
    pub phase: Phase,
    /// The steps that must have succeeded before.
    pub after: BTreeSet<StepId>,
}

/// The change of one output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputChange {
    /// The value before; `None` if there was no such output.
    pub before: Option<Value>,
    /// The name it was exported under before.
    pub exported_before: Option<String>,
    /// The output after; `None` if there will be none.
    pub after: Option<DesiredOutput>,
    /// Why there will be none although the template declares it: its functions cannot take what
    /// attributes are. The stack is nevertheless as declared.
    pub problem: Option<String>,
}

impl OutputChange {
    /// True if the value differs, or the name that it is exported under.
    pub fn differs(&self) -> bool {
        let export = self.after.as_ref().and_then(|output| output.export.as_ref());
        let same_export = match (export, &self.exported_before) {
            (Some(Value::String(after)), Some(before)) => after == before,
            (after, before) => after.is_none() && before.is_none(),
        };
        !same_export || self.before.as_ref() != self.after.as_ref().map(|output| &output.value)
    }
}

/// The wait of a change before it sends a new version of a secret: other resources check what it
/// sends, take up the new version some time after it was made, and accept the version before it
/// meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropagationWait {
    /// The reference in the properties of the user.
    pub reference: String,
    /// The resources that check what the user sends.
    pub checked_by: BTreeSet<Address>,
    /// The longest they take.
    pub within_seconds: u64,
}

/// The termination protection of a stack, which keeps it from being destroyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// True if the stack is protected.
    pub before: bool,
    /// True if it is to be protected.
    pub after: bool,
}

impl Protection {
    /// True if the stack is not protected, and is not to be.
    pub fn is_off(&self) -> bool {
        !self.before && !self.after
    }

    /// True if it is turned on or off.
    pub fn differs(self) -> bool {
        self.before != self.after
    }
}

/// Everything that apply will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its purpose.
    pub mode: PlanMode,
    /// The stack.
    pub stack: StackName,
    /// Where its objects live.
    pub environment: Environment,
    /// The state it was made from.
    pub base: PlanBase,
    /// Digest of the template; `None` when it destroys.
    pub template_digest: Option<Digest>,
    /// Parameter values in use; secret ones as references.
    pub parameters: ValueMap,
    /// The values that were given for parameters, now or by an earlier apply.
    #[serde(default, skip_serializing_if = "GivenValues::is_empty")]
    pub given: GivenValues,
    /// The parameters whose value is that of an earlier apply.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kept: BTreeSet<String>,
    /// The parameters that the stack has now.
    #[serde(default, skip_serializing_if = "FormerParameters::is_empty")]
    pub former_parameters: FormerParameters,
    /// One entry for each resource of the template or the state.
    pub changes: BTreeMap<Address, Change>,
    /// Deposed objects of earlier applies, which this one deletes.
    pub deposed: Vec<DeposedObject>,
    /// The steps, in an order in which they can be done.
    pub steps: Vec<Step>,
    /// One entry for each output of the template or the state.
    pub outputs: BTreeMap<String, OutputChange>,
    /// The exports of other stacks that the stack is to use.
    #[serde(default, skip_serializing_if = "Imports::is_empty")]
    pub imports: Imports,
    /// The termination protection of the stack, before and after.
    #[serde(default, skip_serializing_if = "Protection::is_off")]
    pub termination_protection: Protection,
    /// The placeholders for outputs of other stacks of the same run, where their values are known only
    /// after those stacks are applied. A plan that waits for any is a preview: it is never carried out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub awaits: BTreeSet<Address>,
    /// The files of the app that buckets have before the first change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<Asset>,
    /// The container images of the app that repositories have before the first change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// The templates of nested stacks that were fetched.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<Address, FetchedTemplate>,
    /// The minutes within which nested stacks that are new are to be created: from the first operation on one
    /// of its resources to the last. One that takes longer fails.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub creation_limits: BTreeMap<Address, u32>,
    /// True if objects that services would keep for a while after a deletion are deleted at once.
    pub purge: bool,
    /// The waits of each change that sends a secret, should it send another version than before.
    #[serde(rename = "pick_ups", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub propagation_waits: BTreeMap<Address, Vec<PropagationWait>>,
}

impl Plan {
    /// True if applying it would change nothing: neither objects nor outputs nor the protection of the
    /// stack, and no asset is uploaded and no image built.
    pub fn is_noop(&self) -> bool {
        self.steps.is_empty()
            && self.assets.iter().all(|asset| asset.upload.is_none())
            && self.images.iter().all(|image| image.build.is_none())
            && self.outputs.values().all(|output| !output.differs())
            && !self.termination_protection.differs()
    }

    /// The number of resources whose planned action is wanted.
    pub fn count(&self, wanted: impl Fn(Action) -> bool) -> usize {
        self.changes.values().filter(|change| wanted(change.action)).count()
    }
}
