//! File systems of FSx.
//!
//! One needs a question to become stable after every change, and one to be gone. While it is not stable it takes no
//! change. A request that arrives twice with its token makes one file system.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, list, refuse, set_tags, unset_tags};

const FILE_SYSTEM: &str = "AWS::FSx::FileSystem";
const TOKEN: &str = "request token";
const CONFIGURATIONS: [&str; 4] =
    ["WindowsConfiguration", "LustreConfiguration", "OntapConfiguration", "OpenZFSConfiguration"];

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    if operation.starts_with("Create") {
        return Ok(create(account, input));
    }
    let all = account.data.entry(FILE_SYSTEM).or_default();
    if operation == "DescribeFileSystems" {
        return describe(account, input);
    }
    let is_it = |it: &&mut Value| {
        input.get("FileSystemId") == Some(&it["FileSystemId"])
            || input.get("ResourceARN") == Some(&it["ResourceARN"])
    };
    let missing = || match input.get("ResourceARN") {
        Some(_) => refuse(400, "ResourceNotFound", "there is no such file system"),
        None => refuse(400, "FileSystemNotFound", "there is no such file system"),
    };
    let it = all.values_mut().find(is_it).ok_or_else(missing)?;
    match operation {
        "TagResource" => set_tags(&mut it["Tags"], &input["Tags"]),
        "UntagResource" => unset_tags(&mut it["Tags"], &input["TagKeys"]),
        "ListTagsForResource" => return Ok(json!({"Tags": it["Tags"]})),
        "DeleteFileSystem" => it["Lifecycle"] = "DELETING".into(),
        _ if it["Lifecycle"] != "AVAILABLE" => {
            return Err(refuse(400, "BadRequest", "it is not available"));
        }
        "AssociateFileSystemAliases" => {
            let aliases = it["WindowsConfiguration"]["Aliases"].as_array_mut().unwrap();
            for name in input["Aliases"].as_array().unwrap() {
                // A request that arrives twice adds an alias once.
                if !aliases.iter().any(|alias| alias["Name"] == *name) {
                    aliases.push(json!({"Name": name, "Lifecycle": "AVAILABLE"}));
                }
            }
        }
        "DisassociateFileSystemAliases" => {
            let gone = input["Aliases"].as_array().unwrap();
            let aliases = it["WindowsConfiguration"]["Aliases"].as_array_mut().unwrap();
            aliases.retain(|alias| !gone.contains(&alias["Name"]));
        }
        "UpdateFileSystem" => {
            set(it, input);
            let action = json!({
                "AdministrativeActionType": "FILE_SYSTEM_UPDATE", "Status": "IN_PROGRESS",
            });
            it["AdministrativeActions"] = json!([action]);
        }
        other => panic!("fsx:{other}"),
    }
    Ok(json!({}))
}

/// The type of a file system that is restored, which its backup says.
fn of_configuration(input: &Value) -> &'static str {
    match input.get("OpenZFSConfiguration") {
        Some(_) => "OPENZFS",
        None => "WINDOWS",
    }
}

fn create(account: &mut Account, input: &Value) -> Value {
    let all = account.data.entry(FILE_SYSTEM).or_default();
    if let Some(there) = all.values().find(|it| it[TOKEN] == input["ClientRequestToken"]) {
        return json!({"FileSystem": shown(there)});
    }
    let id = account.id("fs-");
    let mut it = json!({
        "FileSystemId": id, "Lifecycle": "CREATING", TOKEN: input["ClientRequestToken"],
        "FileSystemType": of_configuration(input), "Tags": list(input.get("Tags")),
        "ResourceARN": format!("arn:aws:fsx:{REGION}:{ACCOUNT}:file-system/{id}"),
        "DNSName": format!("{id}.fsx.{REGION}.amazonaws.com"),
    });
    set(&mut it, input);
    if it["LustreConfiguration"].is_object() {
        it["LustreConfiguration"]["MountName"] = "fsx".into();
    }
    if it["OpenZFSConfiguration"].is_object() {
        it["OpenZFSConfiguration"]["RootVolumeId"] = format!("fsvol-{id}").into();
    }
    account.note(FILE_SYSTEM, &id);
    let answer = json!({"FileSystem": shown(&it)});
    account.data.entry(FILE_SYSTEM).or_default().insert(id, it);
    answer
}

/// Sets what is given, as a description shows it; what is not given stays, also of a configuration.
fn set(it: &mut Value, input: &Value) {
    for (name, value) in input.as_object().into_iter().flatten() {
        if !CONFIGURATIONS.contains(&name.as_str()) {
            let hidden = ["BackupId", "ClientRequestToken", "SecurityGroupIds", "Tags"];
            if name == "KmsKeyId" {
                let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/1234-abcd");
                it[name] = arn.into();
            } else if !hidden.contains(&name.as_str()) {
                it[name] = value.clone();
            }
            continue;
        }
        if !it[name].is_object() {
            it[name] = json!({});
        }
        for (member, value) in value.as_object().unwrap() {
            let here = &mut it[name];
            match (member.as_str(), value) {
                ("FsxAdminPassword" | "RootVolumeConfiguration", _) => {}
                ("Aliases", Value::Array(names)) => {
                    let alias = |name: &Value| json!({"Name": name, "Lifecycle": "AVAILABLE"});
                    here[member] = names.iter().map(alias).collect();
                }
                ("AutoImportPolicy" | "ExportPath" | "ImportPath" | "ImportedFileChunkSize", _) => {
                    here["DataRepositoryConfiguration"][member] = value.clone();
                }
                ("AddRouteTableIds", Value::Array(tables)) => {
                    let held = here["RouteTableIds"].as_array_mut().unwrap();
                    held.extend(tables.iter().cloned());
                }
                ("RemoveRouteTableIds", Value::Array(tables)) => {
                    let held = here["RouteTableIds"].as_array_mut().unwrap();
                    held.retain(|table| !tables.contains(table));
                }
                (_, Value::Object(members)) => {
                    if !here[member].is_object() {
                        here[member] = json!({});
                    }
                    for (name, value) in members.iter().filter(|(name, _)| *name != "Password") {
                        here[member][name] = value.clone();
                    }
                }
                _ => here[member] = value.clone(),
            }
        }
    }
}

fn describe(account: &mut Account, input: &Value) -> Reply {
    let all = account.data.entry(FILE_SYSTEM).or_default();
    let ids = input["FileSystemIds"].as_array().cloned().unwrap_or_default();
    for id in &ids {
        if !all.contains_key(id.as_str().unwrap_or_default()) {
            return Err(refuse(400, "FileSystemNotFound", "there is no such file system"));
        }
    }
    let is_it = |id: &String| ids.is_empty() || ids.iter().any(|wanted| wanted == id);
    let chosen: Vec<String> = all.keys().filter(|id| is_it(id)).cloned().collect();
    let mut found = Vec::new();
    for id in chosen {
        let it = all.get_mut(&id).unwrap();
        found.push(shown(it));
        // Time goes on with every question.
        if it["Lifecycle"] == "DELETING" {
            all.remove(&id);
            continue;
        }
        it["Lifecycle"] = "AVAILABLE".into();
        it["AdministrativeActions"] = json!([]);
    }
    Ok(json!({"FileSystems": found}))
}

fn shown(it: &Value) -> Value {
    let mut shown = it.clone();
    shown.as_object_mut().unwrap().remove(TOKEN);
    shown
}
