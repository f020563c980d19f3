//! The state of a stack: what rstack made and how it was declared.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::desired::RemovalPolicy;
use crate::digest::Digest;
use crate::id::{
    AccountId, Address, Cursor, Lineage, Partition, PhysicalId, Region, ResourceType, Serial,
    StackName, Token,
};
use crate::import::Imports;
use crate::object_key::{Identifier, ObjectKey};
use crate::parameter::GivenValues;
use crate::value::{Attribute, AttributeRef, Attributes, Value, ValueMap};

/// The status of an object: true to its properties, or left by an operation that did not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectStatus {
    /// It was made or changed as declared.
    Ready,
    /// It is as declared, and still stabilizing: it was not waited for.
    #[serde(rename = "settling")]
    Stabilizing,
    /// It exists, but its creation did not complete; the next plan replaces it.
    Incomplete,
    /// It exists, but a change of it did not complete; the next plan updates it.
    PartlyUpdated,
}

impl ObjectStatus {
    /// True if the object is as its properties say.
    pub fn is_as_declared(self) -> bool {
        match self {
            Self::Ready | Self::Stabilizing => true,
            Self::Incomplete | Self::PartlyUpdated => false,
        }
    }
}

/// One object that rstack made for a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceState {
    /// Its type.
    pub resource_type: ResourceType,
    /// Its primary identifier, which names it among the objects of its type.
    pub identifier: Identifier,
    /// The return value of `Ref` for it.
    pub physical_id: PhysicalId,
    /// Its status: true to the properties or not.
    pub status: ObjectStatus,
    /// The properties as declared, attributes filled in, secrets as references.
    pub properties: ValueMap,
    /// The properties that interrupted updates were to give it, the oldest first. An object that is
    /// identified by where it is attached, such as an inline policy, may be attached there, too.
    #[serde(rename = "attempted", default, skip_serializing_if = "Vec::is_empty")]
    pub in_doubt: Vec<ValueMap>,
    /// The return values of `Fn::GetAtt`, by attribute name.
    pub attributes: ValueMap,
    /// The resources it depends on.
    pub dependencies: BTreeSet<Address>,
    /// The fate of the object when the resource leaves the template.
    pub deletion_policy: RemovalPolicy,
    /// The fate of the object when it is replaced.
    pub update_replace_policy: RemovalPolicy,
    /// The version each secret reference resolved to, by the reference's text.
    pub secret_versions: BTreeMap<String, String>,
    /// The driver that made it, such as `native` or `sandbox`.
    pub driver: String,
    /// The cursor of the poll that asks whether it has stabilized, as long as it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// The token of the operation that made it, which tells it from an earlier object of the same
    /// identifier; `None` for an object of a state that did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
}

/// An object that is still there although the resource has another one now, or none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeposedObject {
    /// The resource it was made for.
    pub address: Address,
    /// The object.
    pub object: ResourceState,
}

/// The value of one output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputState {
    /// The value; a secret stays a reference.
    pub value: Value,
    /// Its description in the template.
    pub description: Option<String>,
    /// The name it is exported under.
    pub export: Option<String>,
}

/// The account of the sandbox where no stack says another.
pub const SANDBOX_ACCOUNT: &str = "000000000000";

/// Where the objects of a state live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The AWS account; in the sandbox [`SANDBOX_ACCOUNT`] unless the stack says another.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The partition.
    pub partition: Partition,
    /// True if the cloud is the sandbox.
    pub sandbox: bool,
}

/// The state of one stack: its objects, parameters and outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The line of states this one belongs to.
    pub lineage: Lineage,
    /// Its number in that line.
    pub serial: Serial,
    /// The stack.
    pub stack: StackName,
    /// Where its objects live.
    pub environment: Environment,
    /// Digest of the template that was applied last.
    pub template_digest: Option<Digest>,
    /// The parameter values that were applied last; secret ones as references.
    pub parameters: ValueMap,
    /// The values that were given for parameters, by the last apply or an earlier one. Those of an apply
    /// that did not complete are among them.
    #[serde(default, skip_serializing_if = "GivenValues::is_empty")]
    pub given: GivenValues,
    /// The current object of each resource.
    pub resources: BTreeMap<Address, ResourceState>,
    /// Objects that wait to be deleted.
    pub deposed: Vec<DeposedObject>,
    /// The outputs.
    pub outputs: BTreeMap<String, OutputState>,
    /// The exports of other stacks that are in use. While an apply is not complete they are those
    /// of before and those that it brings.
    #[serde(default, skip_serializing_if = "Imports::is_empty")]
    pub imports: Imports,
    /// True if the stack must not be destroyed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub termination_protection: bool,
    /// The state that the last complete apply left, as long as a later one is not complete: a
    /// rollback leads to it. It has no former one itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Box<State>>,
}

impl State {
    /// The state of a stack of which nothing exists yet.
    pub fn empty(lineage: Lineage, stack: StackName, environment: Environment) -> Self {
        Self {
            lineage,
            serial: Serial(0),
            stack,
            environment,
            template_digest: None,
            parameters: ValueMap::new(),
            given: GivenValues::new(),
            resources: BTreeMap::new(),
            deposed: Vec::new(),
            outputs: BTreeMap::new(),
            imports: Imports::new(),
            termination_protection: false,
            former: None,
        }
    }

    /// True if no object of the stack exists.
    pub fn is_bare(&self) -> bool {
        self.resources.is_empty() && self.deposed.is_empty()
    }
}

impl ResourceState {
    /// The key that names the object.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(self.resource_type.clone(), self.identifier.clone())
    }

    /// True if it is the object of this key.
    pub fn is(&self, key: &ObjectKey) -> bool {
        self.identifier == key.identifier && self.resource_type == key.resource_type
    }

    /// True if both are the same object, whatever else is known of it.
    pub fn is_same_object(&self, other: &Self) -> bool {
        self.identifier == other.identifier && self.resource_type == other.resource_type
    }

    /// The value of one attribute; nested names are looked up whole, then segment by segment. Types return
    /// properties, too: what the service gave no value for is as it was declared. The attributes of a custom
    /// resource are those that its handler returned.
    pub fn attribute(&self, attribute: &Attribute) -> Option<Value> {
        match attribute {
            Attribute::Ref => Some(Value::from(self.physical_id.as_str())),
            Attribute::Named(name) => lookup(&self.attributes, name).or_else(|| {
                let declared = (!self.resource_type.is_custom()).then_some(&self.properties);
                declared.and_then(|declared| lookup(declared, name))
            }),
        }
    }
}

fn lookup(attributes: &ValueMap, name: &str) -> Option<Value> {
    if let Some(value) = attributes.get(name) {
        return Some(value.clone());
    }
    let (first, rest) = name.split_once('.')?;
    lookup(attributes.get(first)?.as_map()?, rest)
}

impl Attributes for BTreeMap<Address, ResourceState> {
    fn attribute(&self, reference: &AttributeRef) -> Option<Value> {
        self.get(&reference.address)?.attribute(&reference.attribute)
    }
}
