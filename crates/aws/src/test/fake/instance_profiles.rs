//! IAM's instance profiles, each of which has room for one role.

use serde_json::{Value, json};

use super::account::{ACCOUNT, Account, Reply, list, members, refuse, text};

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let missing = || refuse(404, "NoSuchEntity", "it cannot be found");
    let (name, role) = (text(input, "InstanceProfileName"), text(input, "RoleName"));
    if operation == "CreateInstanceProfile" {
        return create(account, name, input);
    }
    if !role.is_empty() && !account.roles.contains_key(&role) {
        return Err(missing());
    }
    if operation == "ListInstanceProfilesForRole" {
        let holds = |profile: &&Value| profile["roles"] == json!([role]);
        let found: Vec<Value> = account.profiles.values().filter(holds).map(shown).collect();
        return Ok(json!({"InstanceProfiles": found, "IsTruncated": false}));
    }
    let profile = account.profiles.get_mut(&name).ok_or_else(missing)?;
    let roles = profile["roles"].as_array_mut().unwrap();
    match operation {
        "GetInstanceProfile" => return Ok(json!({"InstanceProfile": shown(profile)})),
        "AddRoleToInstanceProfile" if roles.is_empty() => roles.push(role.into()),
        "AddRoleToInstanceProfile" => {
            let message = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
            return Err(refuse(409, "LimitExceeded", message));
        }
        "RemoveRoleFromInstanceProfile" => {
            let at = roles.iter().position(|known| *known == *role).ok_or_else(missing)?;
            roles.remove(at);
        }
        "DeleteInstanceProfile" if roles.is_empty() => {
            account.profiles.remove(&name);
        }
        "DeleteInstanceProfile" => {
            let message = "Cannot delete entity, must remove roles from instance profile first.";
            return Err(refuse(409, "DeleteConflict", message));
        }
        other => panic!("iam:{other}"),
    }
    Ok(json!({}))
}

fn create(account: &mut Account, name: String, input: &Value) -> Reply {
    if account.profiles.keys().any(|known| known.eq_ignore_ascii_case(&name)) {
        let message = format!("Instance Profile {name} already exists.");
        return Err(refuse(409, "EntityAlreadyExists", &message));
    }
    let path = input.get("Path").and_then(Value::as_str).unwrap_or("/");
    let profile = json!({
        "InstanceProfileName": name,
        "InstanceProfileId": account.id("AIPA"),
        "Path": path,
        "Arn": format!("arn:aws:iam::{ACCOUNT}:instance-profile{path}{name}"),
        "Tags": list(input.get("Tags")),
        "roles": [],
    });
    let answer = json!({"InstanceProfile": shown(&profile)});
    account.note("instance profile", &name);
    account.profiles.insert(name, profile);
    Ok(answer)
}

fn shown(profile: &Value) -> Value {
    let names = ["InstanceProfileName", "InstanceProfileId", "Path", "Arn", "Tags"];
    let mut shown = members(profile, &names);
    let roles = profile["roles"].as_array().unwrap().iter();
    shown["Roles"] = roles.map(|role| json!({"RoleName": role})).collect();
    shown
}
