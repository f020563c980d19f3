//! Outputs of a flow, and sources beside the one that it was made with: names that are unique in the flow,
//! and a description with the transport apart.

use serde_json::{Map, Value, json};

use super::describe_source;
use crate::test::fake::REGION;
use crate::test::fake::account::{ACCOUNT, Account, Reply, refuse, text};

/// Members of an output that are described with its transport.
const TRANSPORT: [&str; 11] = [
    "CidrAllowList",
    "MaxLatency",
    "MinLatency",
    "NdiAudioReferenceLevel",
    "NdiOutputTimecodeSource",
    "NdiProgramName",
    "NdiSpeedHqQuality",
    "Protocol",
    "RemoteId",
    "SmoothingLatency",
    "StreamId",
];

/// The list of a kind, the member with the ARN and that with tags.
fn kind(operation: &str) -> (&'static str, &'static str, &'static str) {
    match operation.contains("Output") {
        true => ("Outputs", "OutputArn", "OutputTags"),
        false => ("Sources", "SourceArn", "SourceTags"),
    }
}

/// True if an operation is about an output, or a source beside the first.
pub(super) fn concerns(operation: &str, input: &Value, flow: &Value) -> bool {
    let first = flow["Source"]["SourceArn"] == input["SourceArn"];
    match operation {
        "AddFlowOutputs" | "UpdateFlowOutput" | "RemoveFlowOutput" | "AddFlowSources"
        | "RemoveFlowSource" => true,
        "UpdateFlowSource" => !first,
        _ => false,
    }
}

fn describe(shown: &mut Value, input: &Value, is_output: bool) {
    if !is_output {
        return describe_source(shown, input);
    }
    for (name, value) in input.as_object().unwrap() {
        let apart = ["FlowArn", "OutputArn", "OutputTags"].contains(&name.as_str());
        if TRANSPORT.contains(&name.as_str()) {
            shown["Transport"][name] = value.clone();
        } else if !apart {
            shown[name] = value.clone();
        }
    }
}

/// Carries out an operation on a flow that is there and in standby.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let (list, arn, tags) = kind(operation);
    let is_output = list == "Outputs";
    let number = account.next();
    let flow = account.flows.get_mut(&text(input, "FlowArn")).unwrap();
    let bad = |message: &str| Err(refuse(400, "BadRequestException", message));
    if operation.starts_with("Add") {
        let new = &input[list][0];
        if !is_output && flow["SourceFailoverConfig"]["State"] != "ENABLED" {
            return bad("failover is not enabled");
        }
        if !is_output && new["Protocol"] != flow["Source"]["Transport"]["Protocol"] {
            return bad("the protocol is another one");
        }
        let all = flow[list].as_array_mut().unwrap();
        if all.iter().any(|it| it["Name"] == new["Name"]) || flow["Source"]["Name"] == new["Name"] {
            return bad("the name is taken");
        }
        let name = text(new, "Name");
        let kind = if is_output { "output" } else { "source" };
        let id = format!("arn:aws:mediaconnect:{REGION}:{ACCOUNT}:{kind}:1-{number:012x}:{name}");
        let mut shown = json!({"Transport": {}});
        describe(&mut shown, new, is_output);
        shown[arn] = id.as_str().into();
        if !is_output {
            shown["IngestIp"] = format!("203.0.113.{}", number % 250).into();
        }
        flow[list].as_array_mut().unwrap().push(shown.clone());
        let given = new.get(tags).cloned().unwrap_or_else(|| Map::new().into());
        flow["tags of parts"][&id] = given;
        let answer = json!({"FlowArn": flow["FlowArn"], list: [shown]});
        account.note(if is_output { "output" } else { "source" }, &id);
        return Ok(answer);
    }
    let missing = || refuse(404, "NotFoundException", "it does not exist");
    let all = flow[list].as_array_mut().unwrap();
    let at = all.iter().position(|it| it[arn] == input[arn]).ok_or_else(missing)?;
    if operation.starts_with("Remove") {
        all.remove(at);
        flow["tags of parts"].as_object_mut().unwrap().remove(&text(input, arn));
    } else {
        describe(&mut all[at], input, is_output);
    }
    Ok(json!({}))
}

/// The tags of an output or a source.
pub(super) fn tags<'a>(account: &'a mut Account, arn: &str) -> Option<&'a mut Value> {
    account.flows.values_mut().find_map(|flow| flow["tags of parts"].get_mut(arn))
}

/// The ARNs of all outputs or sources that are resources of their own.
pub(in crate::test::fake) fn arns(account: &Account, list: &str) -> Vec<String> {
    let (_, arn, _) = kind(list);
    let all = account.flows.values().filter_map(|flow| flow[list].as_array()).flatten();
    all.map(|it| text(it, arn)).collect()
}
