//! A state as JSON for programs. This is for reading: the state file has a form of its own.

use std::collections::BTreeMap;

use rstack_model::desired::RemovalPolicy;
use rstack_model::state::{Environment, ObjectStatus, OutputState, ResourceState, State};
use rstack_model::{Address, StackName, ValueMap};
use serde::Serialize;

use crate::json::{FORMAT, Shown, document};
use crate::parameters::given;

/// The state as a JSON document:
///
/// ```json
/// {"format": 2, "stack": "…", "lineage": "…", "serial": 3, "environment": {"account": "…", …},
///  "parameters": {…}, "given": {"Size": "large"},
///  "resources": [{"address": "…", "type": "AWS::…", "physicalId": "…", "status": "ready",
///    "properties": {…}, "attributes": {…}, "dependencies": ["…"], "deletionPolicy": "Delete",
///    "updateReplacePolicy": "Delete", "driver": "native"}],
///  "deposed": […],
///  "outputs": {"Url": {"value": "…", "description": "…", "export": "…"}},
///  "terminationProtection": true}
/// ```
///
/// `given` has the values that were given for parameters, as they were given; it is missing where there are
/// none. `terminationProtection` is there where it is on.
/// Secrets are `{"$secret": "{{resolve:…}}"}`.
///
/// # Errors
/// If the JSON writer fails, which it does not for states that were built or read by this program.
pub fn state_json(state: &State) -> Result<String, serde_json::Error> {
    document(&StateDocument {
        format: FORMAT,
        stack: &state.stack,
        lineage: state.lineage.as_str(),
        serial: state.serial.0,
        environment: &state.environment,
        parameters: shown(&state.parameters),
        given: state
            .given
            .iter()
            .map(|(name, value)| (name.as_str(), given(name, value)))
            .collect(),
        resources: state.resources.iter().map(|(id, o)| ObjectDocument::of(id, o)).collect(),
        deposed: state
            .deposed
            .iter()
            .map(|deposed| ObjectDocument::of(&deposed.address, &deposed.object))
            .collect(),
        outputs: state.outputs.iter().map(|(name, o)| (name.as_str(), output(o))).collect(),
        termination_protection: state.termination_protection,
    })
}

/// The objects of a state, or of one resource of it, as a JSON list of those that [`state_json`] has
/// under `resources` and `deposed`; the latter have `"deposed": true`.
///
/// # Errors
/// As [`state_json`].
pub fn resources_json(state: &State, id: Option<&Address>) -> Result<String, serde_json::Error> {
    let current = state.resources.iter().map(|(id, object)| (id, object, false));
    let deposed = state.deposed.iter().map(|d| (&d.address, &d.object, true));
    let wanted = current.chain(deposed).filter(|(found, ..)| id.is_none_or(|id| id == *found));
    let objects: Vec<ListedDocument<'_>> = wanted
        .map(|(id, object, deposed)| ListedDocument {
            deposed,
            object: ObjectDocument::of(id, object),
        })
        .collect();
    document(&objects)
}

#[derive(Serialize)]
struct ListedDocument<'a> {
    deposed: bool,
    #[serde(flatten)]
    object: ObjectDocument<'a>,
}

type ShownMap<'a> = BTreeMap<&'a str, Shown<'a>>;

fn shown(map: &ValueMap) -> ShownMap<'_> {
    map.iter().map(|(name, value)| (name.as_str(), Shown(value))).collect()
}

#[derive(Serialize)]
struct StateDocument<'a> {
    format: u32,
    stack: &'a StackName,
    lineage: &'a str,
    serial: u64,
    environment: &'a Environment,
    parameters: ShownMap<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    given: BTreeMap<&'a str, serde_json::Value>,
    resources: Vec<ObjectDocument<'a>>,
    deposed: Vec<ObjectDocument<'a>>,
    outputs: BTreeMap<&'a str, OutputDocument<'a>>,
    #[serde(rename = "terminationProtection", skip_serializing_if = "std::ops::Not::not")]
    termination_protection: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ObjectDocument<'a> {
    address: &'a Address,
    #[serde(rename = "type")]
    resource_type: &'a str,
    physical_id: &'a str,
    identifier: &'a [String],
    status: ObjectStatus,
    properties: ShownMap<'a>,
    attributes: ShownMap<'a>,
    dependencies: Vec<&'a Address>,
    deletion_policy: RemovalPolicy,
    update_replace_policy: RemovalPolicy,
    driver: &'a str,
}

impl<'a> ObjectDocument<'a> {
    fn of(address: &'a Address, object: &'a ResourceState) -> Self {
        Self {
            address,
            resource_type: object.resource_type.as_str(),
            physical_id: object.physical_id.as_str(),
            identifier: object.identifier.parts(),
            status: object.status,
            properties: shown(&object.properties),
            attributes: shown(&object.attributes),
            dependencies: object.dependencies.iter().collect(),
            deletion_policy: object.deletion_policy,
            update_replace_policy: object.update_replace_policy,
            driver: &object.driver,
        }
    }
}

#[derive(Serialize)]
struct OutputDocument<'a> {
    value: Shown<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<&'a str>,
}

fn output(output: &OutputState) -> OutputDocument<'_> {
    OutputDocument {
        value: Shown(&output.value),
        description: output.description.as_deref(),
        export: output.export.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::state;

    #[test]
    fn a_state_is_written_whole_and_safe_to_print() {
        let text = state_json(&state()).unwrap();
        assert!(!text.contains('\u{1b}'));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let cdn = serde_json::json!({
            "address": "CDN", "type": "AWS::CloudFront::Distribution",
            "physicalId": "E1\u{1b}[2J", "identifier": ["E1\u{1b}[2J"], "status": "partly-updated",
            "properties": {}, "attributes": {}, "dependencies": ["Channel"],
            "deletionPolicy": "Delete", "updateReplacePolicy": "Delete", "driver": "native",
        });
        assert_eq!(json["resources"][0], cdn);
        assert_eq!(json["deposed"][0]["physicalId"], "live-0");
        assert_eq!((&json["format"], &json["serial"]), (&2.into(), &7.into()));
    }
}
