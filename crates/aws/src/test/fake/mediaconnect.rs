//! MediaConnect's flows: names that are not unique, a source that is described with its transport
//! apart, changes and deletion in standby, and a moment until a flow is gone. Outputs, and sources beside
//! the first, come and go.

pub(super) mod attached;

use serde_json::{Map, Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, members, refuse, text};

/// Members of a source that are described with its transport.
const TRANSPORT: [&str; 11] = [
    "MaxBitrate",
    "MaxLatency",
    "MaxSyncBuffer",
    "MinLatency",
    "NdiSourceSettings",
    "Protocol",
    "SenderControlPort",
    "SenderIpAddress",
    "SourceListenerAddress",
    "SourceListenerPort",
    "StreamId",
];

const SETTINGS: [&str; 6] = [
    "EncodingConfig",
    "FlowSize",
    "Maintenance",
    "NdiConfig",
    "SourceFailoverConfig",
    "SourceMonitoringConfig",
];

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    match operation {
        "CreateFlow" => return create(account, input),
        "ListFlows" => return Ok(listed(account, input)),
        "ListTagsForResource" | "TagResource" | "UntagResource" => {
            return tags(account, operation, input);
        }
        _ => {}
    }
    let missing = || refuse(404, "NotFoundException", "it does not exist");
    let arn = text(input, "FlowArn");
    let flow = account.flows.get_mut(&arn).ok_or_else(missing)?;
    let status = text(flow, "Status");
    if operation == "DescribeFlow" {
        let mut shown = flow.clone();
        shown
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !["Tags", "tags of parts"].contains(&name.as_str()));
        if status == "DELETING" {
            account.flows.remove(&arn);
        }
        return Ok(json!({"Flow": shown}));
    }
    if status != "STANDBY" {
        return Err(refuse(400, "BadRequestException", "the flow is not in standby"));
    }
    if attached::concerns(operation, input, flow) {
        return attached::carry_out(account, operation, input);
    }
    match operation {
        "UpdateFlow" => {
            for name in SETTINGS {
                if let Some(value) = input.get(name) {
                    flow[name] = value.clone();
                }
            }
        }
        "UpdateFlowSource" => {
            if flow["Source"]["SourceArn"] != input["SourceArn"] {
                return Err(missing());
            }
            describe_source(&mut flow["Source"], input);
        }
        "AddFlowVpcInterfaces" | "AddFlowMediaStreams" => {
            let (list, name) = part(operation);
            for new in input[list].as_array().unwrap() {
                let all = flow[list].as_array_mut().unwrap();
                if all.iter().any(|old| old[name] == new[name]) {
                    return Err(refuse(400, "BadRequestException", "the name is taken"));
                }
                all.push(described_part(new));
            }
        }
        "UpdateFlowMediaStream" => {
            let all = flow["MediaStreams"].as_array_mut().unwrap();
            let named = |old: &&mut Value| old["MediaStreamName"] == input["MediaStreamName"];
            let stream = all.iter_mut().find(named).ok_or_else(missing)?;
            for (name, value) in input.as_object().unwrap() {
                if name != "FlowArn" {
                    stream[name] = value.clone();
                }
            }
        }
        "RemoveFlowVpcInterface" | "RemoveFlowMediaStream" => {
            let (list, name) = part(operation);
            let removes = input.get("VpcInterfaceName").or(input.get("MediaStreamName")).unwrap();
            let uses = list == "VpcInterfaces" && flow["Source"]["VpcInterfaceName"] == *removes;
            if uses {
                return Err(refuse(400, "BadRequestException", "the source uses it"));
            }
            let all = flow[list].as_array_mut().unwrap();
            let at = all.iter().position(|old| old[name] == *removes).ok_or_else(missing)?;
            all.remove(at);
        }
        "DeleteFlow" => flow["Status"] = "DELETING".into(),
        other => panic!("mediaconnect:{other}"),
    }
    Ok(json!({}))
}

/// The list of a kind of part, and the member that names one.
fn part(operation: &str) -> (&'static str, &'static str) {
    match operation.contains("Vpc") {
        true => ("VpcInterfaces", "Name"),
        false => ("MediaStreams", "MediaStreamName"),
    }
}

/// A part as it is described: without its tags, with what the service sets.
fn described_part(new: &Value) -> Value {
    let mut part = new.clone();
    let members = part.as_object_mut().unwrap();
    members.retain(|name, _| !name.ends_with("Tags"));
    if members.contains_key("SubnetId") {
        members.insert("NetworkInterfaceIds".to_owned(), json!(["eni-1"]));
        members.entry("NetworkInterfaceType").or_insert("ena".into());
    } else {
        members.insert("Fmt".to_owned(), 96.into());
    }
    part
}

fn describe_source(source: &mut Value, input: &Value) {
    for (name, value) in input.as_object().unwrap() {
        let apart = ["FlowArn", "SourceArn", "SourceTags"].contains(&name.as_str());
        if TRANSPORT.contains(&name.as_str()) {
            source["Transport"][name] = value.clone();
        } else if !apart {
            source[name] = value.clone();
        }
    }
}

fn create(account: &mut Account, input: &Value) -> Reply {
    let (name, number) = (text(input, "Name"), account.next());
    let arn = |kind: &str, name: &str| {
        format!("arn:aws:mediaconnect:{REGION}:{ACCOUNT}:{kind}:1-{number:012x}:{name}")
    };
    let mut flow = members(input, &SETTINGS);
    flow["Name"] = name.as_str().into();
    flow["FlowArn"] = arn("flow", &name).into();
    flow["EgressIp"] = format!("198.51.100.{}", number % 250).into();
    let zone = format!("{REGION}a");
    flow["AvailabilityZone"] = input.get("AvailabilityZone").cloned().unwrap_or(zone.into());
    flow["Status"] = "STANDBY".into();
    flow["Entitlements"] = json!([]);
    flow["Outputs"] = json!([]);
    flow["Sources"] = json!([]);
    flow["tags of parts"] = json!({});
    for list in ["MediaStreams", "VpcInterfaces"] {
        let all = input.get(list).and_then(Value::as_array).into_iter().flatten();
        flow[list] = all.map(described_part).collect();
    }
    let mut source = json!({"Transport": {}});
    describe_source(&mut source, &input["Source"]);
    source["SourceArn"] = arn("source", &text(&input["Source"], "Name")).into();
    source["IngestIp"] = format!("203.0.113.{}", number % 250).into();
    flow["Source"] = source;
    let mut shown = flow.clone();
    shown.as_object_mut().unwrap().remove("tags of parts");
    let shown = json!({"Flow": shown});
    flow["Tags"] = input.get("FlowTags").cloned().unwrap_or(Map::new().into());
    account.note("flow", &name);
    account.flows.insert(text(&flow, "FlowArn"), flow);
    Ok(shown)
}

/// One page with one flow, so that pages are followed.
fn listed(account: &Account, input: &Value) -> Value {
    let after = text(input, "NextToken");
    let mut rest = account.flows.iter().filter(|(arn, _)| **arn > after);
    let Some((arn, flow)) = rest.next() else { return json!({"Flows": []}) };
    let shown = members(flow, &["FlowArn", "Name", "Status", "AvailabilityZone"]);
    let mut page = json!({"Flows": [shown]});
    if rest.next().is_some() {
        page["NextToken"] = arn.as_str().into();
    }
    page
}

/// The tags of a flow, or those of its source, which nothing shows.
fn tags(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let arn = text(input, "ResourceArn");
    if let Some(tags) = attached::tags(account, &arn) {
        return Ok(change_tags(tags, operation, input));
    }
    if account.flows.values().any(|flow| flow["Source"]["SourceArn"] == arn) {
        return Ok(json!({"Tags": {}}));
    }
    let missing = || refuse(404, "NotFoundException", "it does not exist");
    let flow = account.flows.get_mut(&arn).ok_or_else(missing)?;
    Ok(change_tags(&mut flow["Tags"], operation, input))
}

/// Sets, removes or shows tags.
fn change_tags(tags: &mut Value, operation: &str, input: &Value) -> Value {
    let tags = tags.as_object_mut().unwrap();
    match operation {
        "TagResource" => tags.extend(input["Tags"].as_object().unwrap().clone()),
        "UntagResource" => {
            for key in input["TagKeys"].as_array().unwrap() {
                tags.remove(key.as_str().unwrap());
            }
        }
        _ => return json!({"Tags": tags}),
    }
    json!({})
}
