//! IAM's roles and what they hold.

use serde_json::{Value, json};

use super::account::{ACCOUNT, Account, Reply, list, members, refuse, set_tags, text, unset_tags};
use super::query::encoded;

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let name = text(input, "RoleName");
    if operation == "CreateRole" {
        let same = |known: &String| known.eq_ignore_ascii_case(&name);
        if account.roles.keys().any(same) {
            let message = format!("Role with name {name} already exists.");
            return Err(refuse(409, "EntityAlreadyExists", &message));
        }
        let mut role = members(input, &["RoleName", "Description", "MaxSessionDuration"]);
        let path = input.get("Path").and_then(Value::as_str).unwrap_or("/");
        role["Path"] = path.into();
        role["Arn"] = format!("arn:aws:iam::{ACCOUNT}:role{path}{name}").into();
        role["RoleId"] = account.id("AROA").into();
        role["AssumeRolePolicyDocument"] = encoded(&text(input, "AssumeRolePolicyDocument")).into();
        role["Tags"] = list(input.get("Tags"));
        role["inline"] = json!({});
        role["attached"] = json!([]);
        if let Some(boundary) = input.get("PermissionsBoundary") {
            role["PermissionsBoundary"] = json!({"PermissionsBoundaryArn": boundary});
        }
        let shown = shown(&role);
        account.note("role", &name);
        account.roles.insert(name, role);
        return Ok(json!({"Role": shown}));
    }
    let missing = || refuse(404, "NoSuchEntity", "it cannot be found");
    let known = account.policies.values().any(|policy| policy["Arn"] == input["PolicyArn"]);
    let in_profile = account.profiles.values().any(|profile| profile["roles"] == json!([name]));
    let role = account.roles.get_mut(&name).ok_or_else(missing)?;
    let policy = text(input, "PolicyName");
    match operation {
        "GetRole" => return Ok(json!({"Role": shown(role)})),
        "ListRoleTags" => return Ok(json!({"Tags": role["Tags"], "IsTruncated": false})),
        "UpdateRole" => {
            role["Description"] = text(input, "Description").into();
            role["MaxSessionDuration"] = input["MaxSessionDuration"].clone();
        }
        "UpdateAssumeRolePolicy" => {
            role["AssumeRolePolicyDocument"] = encoded(&text(input, "PolicyDocument")).into();
        }
        "TagRole" => set_tags(&mut role["Tags"], &input["Tags"]),
        "UntagRole" => unset_tags(&mut role["Tags"], &input["TagKeys"]),
        "PutRolePolicy" => role["inline"][&policy] = encoded(&text(input, "PolicyDocument")).into(),
        "GetRolePolicy" => {
            let document = role["inline"].get(&policy).ok_or_else(missing)?;
            return Ok(json!({
                "RoleName": name, "PolicyName": policy, "PolicyDocument": document,
            }));
        }
        "DeleteRolePolicy" => {
            role["inline"].as_object_mut().unwrap().remove(&policy).ok_or_else(missing)?;
        }
        "ListRolePolicies" => {
            let names: Vec<&String> = role["inline"].as_object().unwrap().keys().collect();
            return Ok(json!({"PolicyNames": names, "IsTruncated": false}));
        }
        "AttachRolePolicy" => {
            let arn = &input["PolicyArn"];
            if !known && !text(input, "PolicyArn").starts_with("arn:aws:iam::aws:") {
                return Err(missing());
            }
            let attached = role["attached"].as_array_mut().unwrap();
            if !attached.contains(arn) {
                attached.push(arn.clone());
            }
        }
        "DetachRolePolicy" => {
            let attached = role["attached"].as_array_mut().unwrap();
            let before = attached.len();
            attached.retain(|arn| *arn != input["PolicyArn"]);
            if attached.len() == before {
                return Err(missing());
            }
        }
        "ListAttachedRolePolicies" => {
            let attached = role["attached"].as_array().unwrap().iter();
            let attached: Vec<Value> =
                attached.map(|arn| json!({"PolicyArn": arn, "PolicyName": "x"})).collect();
            return Ok(json!({"AttachedPolicies": attached, "IsTruncated": false}));
        }
        "DeleteRole" => {
            let holds = role["inline"] != json!({}) || role["attached"] != json!([]);
            if holds || in_profile {
                let message = "Cannot delete entity, must delete policies first.";
                return Err(refuse(409, "DeleteConflict", message));
            }
            account.roles.remove(&name);
        }
        other => panic!("iam:{other}"),
    }
    Ok(json!({}))
}

fn shown(role: &Value) -> Value {
    members(
        role,
        &[
            "Arn",
            "AssumeRolePolicyDocument",
            "Description",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "RoleId",
            "RoleName",
            "Tags",
        ],
    )
}
