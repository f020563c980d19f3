//! IAM's users and groups, what they hold, and who is in which group.

use serde_json::{Value, json};

use super::account::{
    ACCOUNT, Account, Objects, Reply, list, members, refuse, set_tags, text, unset_tags,
};
use super::query::encoded;
use crate::service_error::Refusal;

/// True if an operation is about a user or a group.
pub(super) fn concerns(operation: &str) -> bool {
    ["User", "Group", "LoginProfile", "AccessKey"].iter().any(|part| operation.contains(part))
}

fn missing() -> Refusal {
    refuse(404, "NoSuchEntity", "it cannot be found")
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    match operation {
        "AddUserToGroup" | "RemoveUserFromGroup" | "ListGroupsForUser" => {
            membership(account, operation, input)
        }
        "GetGroup" => group(account, input),
        _ if operation.contains("LoginProfile") => login(account, operation, input),
        _ if operation.contains("AccessKey") => access_key(account, operation, input),
        _ => {
            let kind = if operation.contains("User") { "User" } else { "Group" };
            principal(account, kind, &operation.replacen(kind, "", 1), input)
        }
    }
}

/// Carries out an operation, whose name is without the kind, on one user or group.
fn principal(account: &mut Account, kind: &'static str, operation: &str, input: &Value) -> Reply {
    let name = text(input, &format!("{kind}Name"));
    if operation == "Create" {
        return create(account, kind, &name, input);
    }
    let managed = input.get("PolicyArn");
    let known = account.policies.values().any(|policy| Some(&policy["Arn"]) == managed);
    let known = known || text(input, "PolicyArn").starts_with("arn:aws:iam::aws:");
    let used = account.users.values().any(|user| {
        kind == "Group" && user["groups"].as_array().unwrap().contains(&name.as_str().into())
    });
    let holder = all(account, kind).get_mut(&name).ok_or_else(missing)?;
    let policy = text(input, "PolicyName");
    match operation {
        "Get" => return Ok(json!({"User": shown(kind, holder)})),
        "ListTags" => return Ok(json!({"Tags": holder["Tags"], "IsTruncated": false})),
        "Tag" => set_tags(&mut holder["Tags"], &input["Tags"]),
        "Untag" => unset_tags(&mut holder["Tags"], &input["TagKeys"]),
        "Update" => {
            let path = text(input, "NewPath");
            holder["Arn"] = arn(kind, &path, &name).into();
            holder["Path"] = path.into();
        }
        "PutPermissionsBoundary" => {
            holder["PermissionsBoundary"] =
                json!({"PermissionsBoundaryArn": input["PermissionsBoundary"]});
        }
        "DeletePermissionsBoundary" => {
            holder.as_object_mut().unwrap().remove("PermissionsBoundary").ok_or_else(missing)?;
        }
        "PutPolicy" => holder["inline"][&policy] = encoded(&text(input, "PolicyDocument")).into(),
        "GetPolicy" => {
            let document = holder["inline"].get(&policy).ok_or_else(missing)?;
            let mut answer = json!({"PolicyName": policy, "PolicyDocument": document});
            answer[format!("{kind}Name")] = name.into();
            return Ok(answer);
        }
        "DeletePolicy" => {
            holder["inline"].as_object_mut().unwrap().remove(&policy).ok_or_else(missing)?;
        }
        "ListPolicies" => {
            let names: Vec<&String> = holder["inline"].as_object().unwrap().keys().collect();
            return Ok(json!({"PolicyNames": names, "IsTruncated": false}));
        }
        "AttachPolicy" if !known => return Err(missing()),
        "AttachPolicy" => {
            let attached = holder["attached"].as_array_mut().unwrap();
            attached.retain(|arn| Some(arn) != managed);
            attached.push(input["PolicyArn"].clone());
        }
        "DetachPolicy" => {
            let attached = holder["attached"].as_array_mut().unwrap();
            let at = attached.iter().position(|arn| Some(arn) == managed).ok_or_else(missing)?;
            attached.remove(at);
        }
        "ListAttachedPolicies" => {
            let attached = holder["attached"].as_array().unwrap().iter();
            let attached: Vec<Value> =
                attached.map(|arn| json!({"PolicyArn": arn, "PolicyName": "x"})).collect();
            return Ok(json!({"AttachedPolicies": attached, "IsTruncated": false}));
        }
        "Delete" => {
            let empty = [("inline", json!({})), ("attached", json!([])), ("groups", json!([]))];
            let holds = empty.iter().any(|(part, nothing)| holder[part] != *nothing);
            if holds || used || holder.get("login").is_some() || holder["keys"] != json!([]) {
                let message = "Cannot delete entity, must remove what it holds first.";
                return Err(refuse(409, "DeleteConflict", message));
            }
            all(account, kind).remove(&name);
        }
        other => panic!("iam:{kind} {other}"),
    }
    Ok(json!({}))
}

fn create(account: &mut Account, kind: &'static str, name: &str, input: &Value) -> Reply {
    if all(account, kind).keys().any(|known| known.eq_ignore_ascii_case(name)) {
        let message = format!("{kind} with name {name} already exists.");
        return Err(refuse(409, "EntityAlreadyExists", &message));
    }
    let path = input.get("Path").and_then(Value::as_str).unwrap_or("/");
    let mut holder = json!({
        "Path": path,
        "Arn": arn(kind, path, name),
        "Tags": list(input.get("Tags")),
        "inline": {}, "attached": [], "groups": [], "keys": [],
    });
    holder[format!("{kind}Name")] = name.into();
    holder[format!("{kind}Id")] = account.id("AIDA").into();
    if let Some(boundary) = input.get("PermissionsBoundary") {
        holder["PermissionsBoundary"] = json!({"PermissionsBoundaryArn": boundary});
    }
    let mut answer = json!({});
    answer[kind] = shown(kind, &holder);
    account.note(kind, name);
    all(account, kind).insert(name.to_owned(), holder);
    Ok(answer)
}

fn all<'a>(account: &'a mut Account, kind: &str) -> &'a mut Objects {
    if kind == "User" { &mut account.users } else { &mut account.groups }
}

fn arn(kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{}{path}{name}", kind.to_lowercase())
}

fn shown(kind: &str, holder: &Value) -> Value {
    let (name, id) = (format!("{kind}Name"), format!("{kind}Id"));
    let tags = if kind == "User" { "Tags" } else { "" };
    members(holder, &["Arn", "Path", "PermissionsBoundary", &name, &id, tags])
}

fn group(account: &Account, input: &Value) -> Reply {
    let name = text(input, "GroupName");
    let group = account.groups.get(&name).ok_or_else(missing)?;
    let users = account
        .users
        .values()
        .filter(|user| user["groups"].as_array().unwrap().contains(&name.as_str().into()));
    let users: Vec<Value> = users.map(|user| shown("User", user)).collect();
    Ok(json!({"Group": shown("Group", group), "Users": users, "IsTruncated": false}))
}

fn membership(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let group = text(input, "GroupName");
    if operation != "ListGroupsForUser" && !account.groups.contains_key(&group) {
        return Err(missing());
    }
    let user = account.users.get_mut(&text(input, "UserName")).ok_or_else(missing)?;
    let groups = user["groups"].as_array_mut().unwrap();
    match operation {
        "AddUserToGroup" if groups.contains(&input["GroupName"]) => {}
        "AddUserToGroup" => groups.push(group.into()),
        "RemoveUserFromGroup" => groups.retain(|name| *name != group.as_str()),
        _ => {
            let groups: Vec<Value> = groups.iter().map(|name| json!({"GroupName": name})).collect();
            return Ok(json!({"Groups": groups, "IsTruncated": false}));
        }
    }
    Ok(json!({}))
}

/// The password is kept, so that tests see which one it is, and never shown.
fn login(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let name = text(input, "UserName");
    let user = account.users.get_mut(&name).ok_or_else(missing)?;
    let there = user.get("login").is_some();
    match operation {
        "CreateLoginProfile" if there => {
            let message = format!("Login Profile for user {name} already exists.");
            return Err(refuse(409, "EntityAlreadyExists", &message));
        }
        "CreateLoginProfile" => user["login"] = input.clone(),
        _ if !there => return Err(missing()),
        "UpdateLoginProfile" => {
            for member in ["Password", "PasswordResetRequired"] {
                if let Some(value) = input.get(member) {
                    user["login"][member] = value.clone();
                }
            }
        }
        "GetLoginProfile" => {}
        "DeleteLoginProfile" => {
            user.as_object_mut().unwrap().remove("login");
            return Ok(json!({}));
        }
        other => panic!("iam:{other}"),
    }
    let reset = user["login"]["PasswordResetRequired"].clone();
    Ok(json!({"LoginProfile": {"UserName": name, "PasswordResetRequired": reset}}))
}

fn access_key(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let name = text(input, "UserName");
    if operation == "CreateAccessKey" {
        return new_key(account, &name);
    }
    let user = account.users.get_mut(&name).ok_or_else(missing)?;
    let keys = user["keys"].as_array_mut().unwrap();
    let at = keys.iter().position(|key| key["AccessKeyId"] == input["AccessKeyId"]);
    match operation {
        "ListAccessKeys" => {
            let shown = keys.iter().cloned().map(|mut key| {
                key.as_object_mut().unwrap().remove("secret");
                key
            });
            let shown: Vec<Value> = shown.collect();
            Ok(json!({"AccessKeyMetadata": shown, "IsTruncated": false}))
        }
        "UpdateAccessKey" => {
            keys[at.ok_or_else(missing)?]["Status"] = input["Status"].clone();
            Ok(json!({}))
        }
        "DeleteAccessKey" => {
            keys.remove(at.ok_or_else(missing)?);
            Ok(json!({}))
        }
        other => panic!("iam:{other}"),
    }
}

/// Gives a user a key, whose secret is in this answer alone. It has two at most.
fn new_key(account: &mut Account, user: &str) -> Reply {
    let (id, secret) = (account.id("AKIA"), account.id("hunter2-of-a-key-"));
    let keys = account.users.get_mut(user).ok_or_else(missing)?["keys"].as_array_mut().unwrap();
    if keys.len() >= 2 {
        let message = "Cannot exceed quota for AccessKeysPerUser: 2";
        return Err(refuse(409, "LimitExceeded", message));
    }
    let mut key = json!({"UserName": user, "AccessKeyId": id, "Status": "Active"});
    let mut shown = key.clone();
    (key["secret"], shown["SecretAccessKey"]) = (secret.clone().into(), secret.into());
    keys.push(key);
    account.note("AWS::IAM::AccessKey", &id);
    Ok(json!({"AccessKey": shown}))
}

/// The IDs of all keys.
pub(super) fn keys(account: &Account) -> Vec<String> {
    let keys = account.users.values().flat_map(|user| user["keys"].as_array().unwrap());
    keys.map(|key| key["AccessKeyId"].as_str().unwrap().to_owned()).collect()
}
