//! IAM's managed policies, their versions, and who has them.

use serde_json::{Value, json};

use super::account::{ACCOUNT, Account, Objects, Reply, list, members, refuse, text};
use super::query::encoded;

/// True if an operation is about a managed policy itself, and not about a principal that has it.
pub(super) fn concerns(operation: &str, input: &Value) -> bool {
    let of_holder = operation.starts_with("Attach") || operation.starts_with("Detach");
    matches!(operation, "CreatePolicy" | "ListPolicies")
        || input.get("PolicyArn").is_some() && !of_holder
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let arn = text(input, "PolicyArn");
    if operation == "CreatePolicy" {
        return create(account, input);
    }
    if operation == "ListPolicies" {
        let policies: Vec<Value> = account.policies.values().map(shown).collect();
        return Ok(json!({"Policies": policies, "IsTruncated": false}));
    }
    let missing = || refuse(404, "NoSuchEntity", "it cannot be found");
    let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
    let holders = |all: &Objects, member: &str| -> Vec<Value> {
        let holds = |(_, holder): &(&String, &Value)| {
            holder["attached"].as_array().unwrap().iter().any(|known| *known == *arn)
        };
        all.iter().filter(holds).map(|(name, _)| json!({member: name})).collect()
    };
    let roles = holders(&account.roles, "RoleName");
    let users = holders(&account.users, "UserName");
    let groups = holders(&account.groups, "GroupName");
    let policy = account.policies.get_mut(&name).ok_or_else(missing)?;
    let version = text(input, "VersionId");
    match operation {
        "GetPolicy" => Ok(json!({"Policy": shown(policy)})),
        "ListPolicyTags" => Ok(json!({"Tags": policy["Tags"], "IsTruncated": false})),
        "ListEntitiesForPolicy" => Ok(json!({
            "PolicyRoles": roles, "PolicyUsers": users, "PolicyGroups": groups, "IsTruncated": false,
        })),
        "GetPolicyVersion" => {
            let document = policy["versions"].get(&version).ok_or_else(missing)?;
            let default = policy["DefaultVersionId"] == *version;
            Ok(json!({"PolicyVersion": {
                "Document": document, "VersionId": version, "IsDefaultVersion": default,
            }}))
        }
        "ListPolicyVersions" => {
            let versions = policy["versions"].as_object().unwrap().keys().map(|id| {
                json!({"VersionId": id, "IsDefaultVersion": policy["DefaultVersionId"] == **id})
            });
            let versions: Vec<Value> = versions.collect();
            Ok(json!({"Versions": versions, "IsTruncated": false}))
        }
        "CreatePolicyVersion" => {
            if policy["versions"].as_object().unwrap().len() >= 5 {
                return Err(refuse(409, "LimitExceeded", "five versions"));
            }
            let next = policy["next"].as_u64().unwrap();
            let id = format!("v{next}");
            policy["next"] = (next + 1).into();
            policy["versions"][&id] = encoded(&text(input, "PolicyDocument")).into();
            if text(input, "SetAsDefault") == "true" {
                policy["DefaultVersionId"] = id.as_str().into();
            }
            Ok(json!({"PolicyVersion": {"VersionId": id}}))
        }
        "DeletePolicyVersion" => {
            if policy["DefaultVersionId"] == *version {
                return Err(refuse(409, "DeleteConflict", "it is the default version"));
            }
            policy["versions"].as_object_mut().unwrap().remove(&version).ok_or_else(missing)?;
            Ok(json!({}))
        }
        "DeletePolicy" => {
            let versions = policy["versions"].as_object().unwrap().len();
            let held = [roles, users, groups].iter().any(|holders| !holders.is_empty());
            if held || versions > 1 {
                return Err(refuse(409, "DeleteConflict", "it is in use"));
            }
            account.policies.remove(&name);
            Ok(json!({}))
        }
        other => panic!("iam:{other}"),
    }
}

fn create(account: &mut Account, input: &Value) -> Reply {
    let name = text(input, "PolicyName");
    if account.policies.contains_key(&name) {
        let message = format!("A policy called {name} already exists.");
        return Err(refuse(409, "EntityAlreadyExists", &message));
    }
    let mut policy = members(input, &["PolicyName", "Description"]);
    let path = input.get("Path").and_then(Value::as_str).unwrap_or("/");
    policy["Path"] = path.into();
    policy["Arn"] = format!("arn:aws:iam::{ACCOUNT}:policy{path}{name}").into();
    policy["PolicyId"] = account.id("ANPA").into();
    policy["DefaultVersionId"] = "v1".into();
    policy["versions"] = json!({"v1": encoded(&text(input, "PolicyDocument"))});
    policy["next"] = 2.into();
    policy["Tags"] = list(input.get("Tags"));
    let shown = shown(&policy);
    account.note("policy", &name);
    account.policies.insert(name, policy);
    Ok(json!({"Policy": shown}))
}

fn shown(policy: &Value) -> Value {
    members(policy, &["Arn", "DefaultVersionId", "Description", "Path", "PolicyId", "PolicyName"])
}
