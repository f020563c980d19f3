//! Lambda: policies, versions and aliases of functions. Here every function exists, and none is changed:
//! a second version of one is the first.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, members, refuse, text};

/// The ARN of a version or an alias.
fn qualified(input: &Value, member: &str) -> String {
    let given = text(input, "FunctionName");
    let name = given.rsplit(":function:").next().unwrap();
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:{}", text(input, member))
}

fn missing(code: &str) -> crate::service_error::Refusal {
    refuse(404, code, "The resource you requested does not exist.")
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    if operation.contains("EventSourceMapping") || operation.to_ascii_lowercase().contains("tag") {
        mapping(account, operation, input)
    } else if operation.contains("Permission") || operation == "GetPolicy" {
        policy(account, operation, input)
    } else if operation.contains("Alias") {
        alias(account, operation, input)
    } else if operation.contains("ProvisionedConcurrency") {
        concurrency(account, operation, input)
    } else {
        version(account, operation, input)
    }
}

fn alias(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let arn = qualified(input, "Name");
    const SETTINGS: [&str; 3] = ["Description", "FunctionVersion", "RoutingConfig"];
    match operation {
        "CreateAlias" if account.aliases.contains_key(&arn) => {
            Err(refuse(409, "ResourceConflictException", &format!("Alias already exists: {arn}")))
        }
        "CreateAlias" => {
            let mut alias = members(input, &SETTINGS);
            alias["AliasArn"] = arn.clone().into();
            alias["Name"] = input["Name"].clone();
            account.note("AWS::Lambda::Alias", &arn);
            account.aliases.insert(arn, alias.clone());
            Ok(alias)
        }
        "DeleteAlias" => {
            account.aliases.remove(&arn);
            account.concurrency.remove(&arn);
            Ok(json!({}))
        }
        _ => {
            let found = account.aliases.get_mut(&arn);
            let alias = found.ok_or_else(|| missing("ResourceNotFoundException"))?;
            if operation == "UpdateAlias" {
                for name in SETTINGS {
                    if let Some(value) = input.get(name) {
                        alias[name] = value.clone();
                    }
                }
            }
            Ok(alias.clone())
        }
    }
}

/// It is provided when it was asked for once.
fn concurrency(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let arn = qualified(input, "Qualifier");
    match operation {
        "PutProvisionedConcurrencyConfig" => {
            let count = input["ProvisionedConcurrentExecutions"].clone();
            let state = json!({
                "RequestedProvisionedConcurrentExecutions": count, "Status": "IN_PROGRESS",
            });
            account.concurrency.insert(arn, state.clone());
            Ok(state)
        }
        "DeleteProvisionedConcurrencyConfig" => {
            account.concurrency.remove(&arn);
            Ok(json!({}))
        }
        _ => {
            let missing = || missing("ProvisionedConcurrencyConfigNotFoundException");
            let state = account.concurrency.get_mut(&arn).ok_or_else(missing)?;
            let shown = state.clone();
            state["Status"] = "READY".into();
            Ok(shown)
        }
    }
}

fn version(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let of_function = qualified(&json!({"FunctionName": input["FunctionName"]}), "Qualifier");
    let arn = qualified(input, "Qualifier");
    if operation == "PublishVersion" {
        let mut all = account.versions.iter();
        if let Some((_, version)) = all.find(|(arn, _)| arn.starts_with(&of_function)) {
            return Ok(version.clone());
        }
        let arn = format!("{of_function}1");
        let mut version = json!({"FunctionArn": arn, "Version": "1", "State": "Pending"});
        for (name, default) in [("CodeSha256", "sha"), ("Description", "of the function")] {
            version[name] = input.get(name).cloned().unwrap_or_else(|| default.into());
        }
        account.note("AWS::Lambda::Version", &arn);
        account.versions.insert(arn, version.clone());
        return Ok(version);
    }
    if operation == "ListVersionsByFunction" {
        let all = account.versions.iter().filter(|(arn, _)| arn.starts_with(&of_function));
        let latest = json!({"Version": "$LATEST", "FunctionArn": format!("{of_function}$LATEST")});
        let all: Vec<Value> = [latest].into_iter().chain(all.map(|(_, it)| it.clone())).collect();
        let at: usize = text(input, "Marker").parse().unwrap_or(0);
        let mut page = json!({"Versions": [all[at]]});
        if at + 1 < all.len() {
            page["NextMarker"] = (at + 1).to_string().into();
        }
        return Ok(page);
    }
    if operation == "DeleteFunction" {
        assert!(!arn.ends_with(':'), "the whole function");
        account.versions.remove(&arn);
        account.concurrency.remove(&arn);
        return Ok(json!({}));
    }
    let found = account.versions.get_mut(&arn);
    let version = found.ok_or_else(|| missing("ResourceNotFoundException"))?;
    match operation {
        "GetFunctionConfiguration" => {
            let names = ["CodeSha256", "Description", "FunctionArn", "State", "Version"];
            let shown = members(version, &names);
            version["State"] = "Active".into();
            Ok(shown)
        }
        "PutRuntimeManagementConfig" => {
            version["runtime"] = members(input, &["RuntimeVersionArn", "UpdateRuntimeOn"]);
            Ok(members(input, &["UpdateRuntimeOn"]))
        }
        "GetRuntimeManagementConfig" => {
            let runtime = version.get("runtime").cloned();
            Ok(runtime.unwrap_or_else(|| json!({"UpdateRuntimeOn": "Auto"})))
        }
        "PutFunctionScalingConfig" => {
            version["scaling"] = input["FunctionScalingConfig"].clone();
            Ok(json!({}))
        }
        "GetFunctionScalingConfig" => {
            Ok(json!({"RequestedFunctionScalingConfig": version["scaling"]}))
        }
        _ => panic!("lambda:{operation}"),
    }
}

/// A mapping is in a state that passes after every change, and after its deletion.
fn mapping(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let function = text(input, "FunctionName");
    let name = function.rsplit("function:").next().unwrap();
    let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}");
    let missing = || missing("ResourceNotFoundException");
    match operation {
        "CreateEventSourceMapping" => {
            let same = |it: &Value| {
                it["FunctionArn"] == arn && it["EventSourceArn"] == input["EventSourceArn"]
            };
            if account.mappings.values().any(same) {
                let message = "An event source mapping with these already exists.";
                return Err(refuse(409, "ResourceConflictException", message));
            }
            let id = format!("00000000-0000-4000-8000-{:012}", account.next());
            let mut mapping = input.clone();
            let map = mapping.as_object_mut().unwrap();
            map.remove("FunctionName");
            let enabled = map.remove("Enabled").is_none_or(|value| value == true);
            mapping["tags"] = map.remove("Tags").unwrap_or_else(|| json!({}));
            mapping["FunctionArn"] = arn.into();
            mapping["EventSourceMappingArn"] =
                format!("arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{id}").into();
            mapping["next"] = if enabled { "Enabled" } else { "Disabled" }.into();
            mapping["State"] = "Creating".into();
            mapping["UUID"] = id.as_str().into();
            account.note("AWS::Lambda::EventSourceMapping", &id);
            account.mappings.insert(id, mapping.clone());
            return Ok(described(&mapping));
        }
        "ListEventSourceMappings" => {
            let wanted = |it: &&Value| {
                let source = input.get("EventSourceArn");
                it["FunctionArn"] == arn
                    && source.is_none_or(|source| *source == it["EventSourceArn"])
            };
            let all: Vec<Value> = account.mappings.values().filter(wanted).map(described).collect();
            return Ok(json!({"EventSourceMappings": all}));
        }
        "ListTags" | "TagResource" | "UntagResource" => {
            let mut all = account.mappings.values_mut();
            let resource = &input["Resource"];
            let found = all.find(|it| it["EventSourceMappingArn"] == *resource);
            let tags = found.ok_or_else(missing)?["tags"].as_object_mut().unwrap();
            tags.extend(input["Tags"].as_object().cloned().unwrap_or_default());
            for key in input["TagKeys"].as_array().into_iter().flatten() {
                tags.remove(key.as_str().unwrap());
            }
            return Ok(if operation == "ListTags" { json!({"Tags": tags}) } else { json!({}) });
        }
        _ => {}
    }
    let id = text(input, "UUID");
    let found = account.mappings.get_mut(&id).ok_or_else(missing)?;
    let passing = ["Creating", "Updating", "Deleting"].contains(&text(found, "State").as_str());
    if operation == "GetEventSourceMapping" {
        let shown = described(found);
        match text(found, "State").as_str() {
            "Deleting" => {
                account.mappings.remove(&id);
            }
            _ => found["State"] = found["next"].clone(),
        }
        return Ok(shown);
    }
    if passing {
        return Err(refuse(400, "ResourceInUseException", "it is in use"));
    }
    if operation == "DeleteEventSourceMapping" {
        found["State"] = "Deleting".into();
        return Ok(described(found));
    }
    for (member, value) in input.as_object().unwrap() {
        match member.as_str() {
            "UUID" => {}
            "FunctionName" => found["FunctionArn"] = arn.as_str().into(),
            "Enabled" => {
                found["next"] = if *value == true { "Enabled" } else { "Disabled" }.into();
            }
            _ => found[member] = value.clone(),
        }
    }
    found["State"] = "Updating".into();
    Ok(described(found))
}

fn described(mapping: &Value) -> Value {
    let mut shown = mapping.as_object().unwrap().clone();
    shown.remove("tags");
    shown.remove("next");
    Value::Object(shown)
}

fn policy(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let (function, id) = (text(input, "FunctionName"), text(input, "StatementId"));
    let missing =
        || refuse(404, "ResourceNotFoundException", "The resource you requested does not exist.");
    let key = format!("{function}|{id}");
    match operation {
        "AddPermission" => {
            if account.permissions.contains_key(&key) {
                let message = format!("The statement id ({id}) provided already exists.");
                return Err(refuse(409, "ResourceConflictException", &message));
            }
            let statement = statement(&function, &id, input);
            account.note("AWS::Lambda::Permission", &key);
            account.permissions.insert(key, statement.clone());
            Ok(json!({"Statement": statement.to_string()}))
        }
        "RemovePermission" => {
            account.permissions.remove(&key).ok_or_else(missing)?;
            Ok(json!({}))
        }
        "GetPolicy" => {
            let of_function = account.permissions.iter();
            let of_function =
                of_function.filter(|(key, _)| key.starts_with(&format!("{function}|")));
            let all: Vec<&Value> = of_function.map(|(_, statement)| statement).collect();
            if all.is_empty() {
                return Err(missing());
            }
            let policy = json!({"Version": "2012-10-17", "Id": "default", "Statement": all});
            Ok(json!({"Policy": policy.to_string()}))
        }
        _ => panic!("lambda:{operation}"),
    }
}

fn statement(function: &str, id: &str, input: &Value) -> Value {
    let principal = text(input, "Principal");
    let account = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
    let principal = match principal.as_str() {
        "*" => json!("*"),
        _ if account => json!({"AWS": format!("arn:aws:iam::{principal}:root")}),
        arn if arn.starts_with("arn:") => json!({"AWS": arn}),
        service => json!({"Service": service}),
    };
    let mut condition = json!({});
    let keys = [
        ("SourceArn", "ArnLike", "AWS:SourceArn"),
        ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
        ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
        ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ];
    for (member, operator, key) in keys {
        if let Some(value) = input.get(member) {
            let value = value.as_bool().map_or(value.clone(), |flag| flag.to_string().into());
            condition[operator][key] = value;
        }
    }
    let resource = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}");
    json!({
        "Sid": id, "Effect": "Allow", "Principal": principal, "Action": input["Action"],
        "Resource": resource, "Condition": condition,
    })
}
