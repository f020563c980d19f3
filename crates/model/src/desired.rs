//! The desired resources and outputs of a template, once its conditions are decided and its
//! intrinsics evaluated.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::asset::Asset;
use crate::digest::Digest;
use crate::id::{Address, ResourceType, StackName};
use crate::image::Image;
use crate::import::Imports;
use crate::parameter::GivenValues;
use crate::template_address::FetchedTemplate;
use crate::value::{Value, ValueMap};

/// The fate of an object that is no longer wanted.
///
/// Source: "DeletionPolicy attribute" and "UpdateReplacePolicy attribute", AWS CloudFormation
/// User Guide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemovalPolicy {
    /// It is deleted.
    #[default]
    Delete,
    /// It is kept and no longer managed.
    Retain,
    /// It is kept, except when its creation is rolled back.
    RetainExceptOnCreate,
    /// It is deleted after a snapshot was taken.
    Snapshot,
}

/// One declared resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DesiredResource {
    /// Its type.
    pub resource_type: ResourceType,
    /// Its properties, with what is not yet known deferred.
    pub properties: ValueMap,
    /// The resources it names in `Ref`, `Fn::GetAtt`, `Fn::Sub` or `DependsOn`.
    pub dependencies: BTreeSet<Address>,
    /// The fate of the object when the resource leaves the template.
    pub deletion_policy: RemovalPolicy,
    /// The fate of the old object when it is replaced.
    pub update_replace_policy: RemovalPolicy,
    /// True if `Metadata: {rstack: {Replacement: DeleteFirst}}` allows deleting the old object
    /// before the new one exists.
    pub delete_first: bool,
}

/// One declared output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DesiredOutput {
    /// Its value.
    pub value: Value,
    /// Its description in the template.
    pub description: Option<String>,
    /// The name it is exported under.
    pub export: Option<Value>,
}

/// A stack as its template asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// The stack.
    pub stack: StackName,
    /// Digest of the template's text.
    pub template_digest: Digest,
    /// Parameter values in use; secret ones as references.
    pub parameters: ValueMap,
    /// The values that were given for parameters, now or by an earlier apply.
    pub given: GivenValues,
    /// The parameters whose value is that of an earlier apply.
    pub kept: BTreeSet<String>,
    /// The resources whose condition holds.
    pub resources: BTreeMap<Address, DesiredResource>,
    /// The outputs whose condition holds.
    pub outputs: BTreeMap<String, DesiredOutput>,
    /// The exports of other stacks that it uses.
    pub imports: Imports,
    /// The placeholders for outputs of other stacks of the same run that are not known yet.
    pub awaits: BTreeSet<Address>,
    /// The files of the app that buckets have before the stack is changed.
    pub assets: Vec<Asset>,
    /// The container images of the app that repositories have before the stack is changed.
    pub images: Vec<Image>,
    /// The templates of nested stacks that were fetched.
    pub templates: BTreeMap<Address, FetchedTemplate>,
    /// The minutes within which nested stacks are to be created (`TimeoutInMinutes`).
    pub creation_limits: BTreeMap<Address, u32>,
}
