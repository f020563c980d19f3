//! Step Functions: state machines, which are made once by name and definition. A deleted one is described
//! once more. A list has one element a page.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, list, members, refuse, text};

const SETTINGS: [&str; 5] = [
    "definition",
    "encryptionConfiguration",
    "loggingConfiguration",
    "roleArn",
    "tracingConfiguration",
];

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    match operation {
        "CreateStateMachine" => return create(account, input),
        "ListStateMachines" => {
            let at: usize = text(input, "nextToken").parse().unwrap_or(0);
            let all: Vec<Value> = account
                .state_machines
                .iter()
                .map(|(arn, it)| json!({"stateMachineArn": arn, "name": it["name"]}))
                .collect();
            let mut page = json!({"stateMachines": all.get(at).into_iter().collect::<Vec<_>>()});
            if at + 1 < all.len() {
                page["nextToken"] = (at + 1).to_string().into();
            }
            return Ok(page);
        }
        _ => {}
    }
    let tagging = operation.to_ascii_lowercase().contains("tag");
    let arn = text(input, if tagging { "resourceArn" } else { "stateMachineArn" });
    let code = if tagging { "ResourceNotFound" } else { "StateMachineDoesNotExist" };
    let machines = &mut account.state_machines;
    if operation == "DeleteStateMachine" {
        if let Some(machine) = machines.get_mut(&arn) {
            machine["status"] = "DELETING".into();
        }
        return Ok(json!({}));
    }
    let machine = machines.get_mut(&arn).ok_or_else(|| refuse(400, code, "it does not exist"))?;
    match operation {
        "DescribeStateMachine" => {
            let mut shown = machine.clone();
            shown.as_object_mut().unwrap().remove("tags");
            if machine["status"] == "DELETING" {
                machines.remove(&arn);
            }
            Ok(shown)
        }
        "UpdateStateMachine" => {
            for name in SETTINGS {
                if let Some(value) = input.get(name) {
                    machine[name] = value.clone();
                }
            }
            machine["revisionId"] = "r".into();
            Ok(json!({"revisionId": "r"}))
        }
        "ListTagsForResource" => Ok(json!({"tags": machine["tags"]})),
        "TagResource" | "UntagResource" => {
            let tags = machine["tags"].as_array_mut().unwrap();
            let gone = input["tagKeys"].as_array().cloned().unwrap_or_default();
            let new = input["tags"].as_array().cloned().unwrap_or_default();
            tags.retain(|tag| {
                !gone.contains(&tag["key"]) && new.iter().all(|it| it["key"] != tag["key"])
            });
            tags.extend(new);
            Ok(json!({}))
        }
        _ => panic!("states:{operation}"),
    }
}

fn create(account: &mut Account, input: &Value) -> Reply {
    let name = text(input, "name");
    let arn = format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}");
    if let Some(machine) = account.state_machines.get(&arn) {
        // Another role and other tags are ignored.
        let same = ["definition", "loggingConfiguration", "tracingConfiguration"];
        if machine["status"] == "DELETING" {
            return Err(refuse(400, "StateMachineDeleting", "it is being deleted"));
        }
        if same.iter().any(|name| machine.get(*name) != input.get(*name)) {
            return Err(refuse(400, "StateMachineAlreadyExists", "it exists"));
        }
        return Ok(json!({"stateMachineArn": arn}));
    }
    let mut machine = members(input, &SETTINGS);
    machine["name"] = name.into();
    machine["status"] = "ACTIVE".into();
    machine["stateMachineArn"] = arn.as_str().into();
    machine["tags"] = list(input.get("tags"));
    machine["type"] = input.get("type").cloned().unwrap_or_else(|| "STANDARD".into());
    account.note("AWS::StepFunctions::StateMachine", &arn);
    account.state_machines.insert(arn.clone(), machine);
    Ok(json!({"stateMachineArn": arn}))
}
