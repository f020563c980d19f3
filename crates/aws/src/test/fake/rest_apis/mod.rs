//! API Gateway: REST APIs, their resources, methods, deployments and stages. Descriptions hold defaults and
//! no empty values, policies are escaped and hold whole ARNs, and an import overwrites all that there was.
//! A deployment that a stage serves is not deleted.

mod deployments;
mod methods;
mod patches;

use serde_json::{Map, Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Objects, Reply, refuse, text};
use crate::service_error::Refusal;

pub(super) const API: &str = "AWS::ApiGateway::RestApi";
const RESOURCE: &str = "AWS::ApiGateway::Resource";
const METHOD: &str = "AWS::ApiGateway::Method";
const DEPLOYMENT: &str = "AWS::ApiGateway::Deployment";
const STAGE: &str = "AWS::ApiGateway::Stage";

/// Members of an API that no template gives.
const HIDDEN: [&str; 1] = ["paths"];

fn missing(what: &str) -> Refusal {
    refuse(404, "NotFoundException", &format!("Invalid {what} identifier specified"))
}

fn conflict(message: &str) -> Refusal {
    refuse(409, "ConflictException", message)
}

fn bad(message: &str) -> Refusal {
    refuse(400, "BadRequestException", message)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// An object as the service describes it.
fn described(object: &Value) -> Value {
    let members = object.as_object().unwrap().iter();
    let shown = members.filter(|(name, value)| {
        !is_empty(value) && !HIDDEN.contains(&name.as_str()) && !name.starts_with("made")
    });
    Value::Object(shown.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The members of an input, without those that name the object.
fn given(input: &Value, names: &[&str]) -> Map<String, Value> {
    let members = input.as_object().unwrap().iter();
    let members = members.filter(|(name, _)| !names.contains(&name.as_str()));
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn objects<'a>(account: &'a mut Account, type_name: &'static str) -> &'a mut Objects {
    account.rest_apis.entry(type_name).or_default()
}

/// The names of all objects. A root resource belongs to its API, and a stage that a deployment has made to
/// that one.
pub(super) fn inventory(account: &Account) -> Vec<(&'static str, Vec<String>)> {
    let mut out = Vec::new();
    for (type_name, objects) in &account.rest_apis {
        let mut of_deployments = Vec::new();
        let mut names = Vec::new();
        for (key, object) in objects {
            let name = match *type_name {
                METHOD => key.clone(),
                _ => key.rsplit('|').next().unwrap().to_owned(),
            };
            match *type_name {
                RESOURCE if object["parentId"].is_null() => {}
                STAGE if object["madeByDeployment"] == true => of_deployments.push(name),
                _ => names.push(name),
            }
        }
        out.push((*type_name, names));
        out.push(("stages of deployments", of_deployments));
    }
    out
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    if matches!(operation, "TagResource" | "UntagResource") {
        return tags(account, operation, input);
    }
    let id = text(input, "restApiId");
    if !matches!(operation, "CreateRestApi" | "GetRestApis")
        && !objects(account, API).contains_key(&id)
    {
        return Err(missing("API"));
    }
    match operation {
        _ if operation.contains("RestApi") => api(account, operation, &id, input),
        _ if operation.contains("Deployment") => {
            deployments::carry_out(account, operation, &id, input)
        }
        _ if operation.contains("Stage") => deployments::stage(account, operation, &id, input),
        "CreateResource" | "DeleteResource" | "GetResource" | "GetResources" => {
            resource(account, operation, &id, input)
        }
        _ => methods::carry_out(account, operation, &id, input),
    }
}

fn api(account: &mut Account, operation: &str, id: &str, input: &Value) -> Reply {
    if operation == "CreateRestApi" {
        return create(account, input);
    }
    let apis = objects(account, API);
    match operation {
        "GetRestApis" => {
            let all: Vec<Value> = apis.values().map(described).collect();
            return Ok(page(&all, input));
        }
        "DeleteRestApi" => {
            apis.remove(id);
            let below = format!("{id}|");
            for objects in account.rest_apis.values_mut() {
                objects.retain(|key, _| !key.starts_with(&below));
            }
            return Ok(json!({}));
        }
        "PutRestApi" => import(account, id, input)?,
        "UpdateRestApi" => {
            let api = apis.get_mut(id).unwrap();
            patches::apply(api, patches::OF_API, input)?;
            escape_policy(api, id);
        }
        "GetRestApi" => {}
        _ => panic!("apigateway:{operation}"),
    }
    Ok(described(&objects(account, API)[id]))
}

fn create(account: &mut Account, input: &Value) -> Reply {
    if text(input, "name").is_empty() {
        return Err(bad("Name is required"));
    }
    if input["description"] == "" {
        return Err(bad("Description cannot be an empty string"));
    }
    let id = format!("rest{:06}", account.next());
    let root = format!("root{:06}", account.next());
    let mut api = json!({
        "id": id, "createdDate": account.time(), "rootResourceId": root, "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
        "disableExecuteApiEndpoint": false, "apiStatus": "AVAILABLE",
    });
    let made = api.as_object_mut().unwrap();
    for (name, value) in given(input, &["cloneFrom"]) {
        if let (Some(Value::Object(held)), Value::Object(value)) = (made.get_mut(&name), &value) {
            held.extend(value.clone());
        } else {
            made.insert(name, value);
        }
    }
    escape_policy(&mut api, &id);
    account.note(API, &id);
    let key = format!("{id}|{root}");
    objects(account, RESOURCE).insert(key, json!({"id": root, "path": "/"}));
    objects(account, API).insert(id, api.clone());
    Ok(described(&api))
}

/// A policy as the service shows it: with its quotes escaped, and whole ARNs.
fn escape_policy(api: &mut Value, id: &str) {
    let policy = text(api, "policy");
    if policy.is_empty() || policy.contains('\\') {
        return;
    }
    let base = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{id}/");
    api["policy"] = policy.replace("execute-api:/", &base).replace('"', "\\\"").into();
}

/// Imports a definition. In the mode `overwrite` all else is lost, tags of others among it.
fn import(account: &mut Account, id: &str, input: &Value) -> Result<(), Refusal> {
    let body: Value = serde_json::from_str(&text(input, "body")).map_err(|_| bad("body"))?;
    if body["openapi"].is_null() || body["paths"].is_null() {
        return Err(bad("Invalid OpenAPI input."));
    }
    let overwrites = match text(input, "mode").as_str() {
        "overwrite" => true,
        "merge" => false,
        mode => return Err(bad(&format!("Invalid mode {mode}"))),
    };
    let api = objects(account, API).get_mut(id).unwrap();
    if overwrites {
        let kept = ["id", "createdDate", "rootResourceId", "apiStatus"];
        let mut new = super::account::members(api, &kept);
        new["apiKeySource"] = "HEADER".into();
        new["endpointConfiguration"] = json!({"types": ["EDGE"], "ipAddressType": "ipv4"});
        new["disableExecuteApiEndpoint"] = false.into();
        *api = new;
    }
    api["name"] = body["info"]["title"].clone();
    api["version"] = body["info"]["version"].clone();
    api["paths"] = body["paths"].clone();
    Ok(())
}

/// One item a page.
fn page(all: &[Value], input: &Value) -> Value {
    let at: usize = text(input, "position").parse().unwrap_or(0);
    let mut page = json!({"items": all.get(at).into_iter().collect::<Vec<_>>()});
    if at + 1 < all.len() {
        page["position"] = (at + 1).to_string().into();
    }
    page
}

/// The described objects of one type in an API.
fn all_of(account: &mut Account, type_name: &'static str, id: &str) -> Vec<Value> {
    let below = format!("{id}|");
    let objects = objects(account, type_name).iter();
    objects.filter(|(key, _)| key.starts_with(&below)).map(|(_, it)| described(it)).collect()
}

fn resource(account: &mut Account, operation: &str, id: &str, input: &Value) -> Reply {
    if operation == "GetResources" {
        let all = all_of(account, RESOURCE, id);
        return Ok(page(&all, input));
    }
    if operation == "CreateResource" {
        let (parent, segment) = (text(input, "parentId"), text(input, "pathPart"));
        let above = objects(account, RESOURCE).get(&format!("{id}|{parent}"));
        let above = text(above.ok_or_else(|| missing("Resource"))?, "path");
        let is_taken = |other: &Value| {
            other["parentId"] == parent.as_str() && other["pathPart"] == segment.as_str()
        };
        if all_of(account, RESOURCE, id).iter().any(is_taken) {
            let message = "Another resource with the same parent already has this name: ";
            return Err(conflict(&format!("{message}{segment}")));
        }
        let own = format!("res{:05}", account.next());
        let path = format!("{}/{segment}", above.trim_end_matches('/'));
        let made = json!({"id": own, "parentId": parent, "pathPart": segment, "path": path});
        account.note(RESOURCE, &own);
        objects(account, RESOURCE).insert(format!("{id}|{own}"), made.clone());
        return Ok(made);
    }
    let own = text(input, "resourceId");
    let found = objects(account, RESOURCE).get(&format!("{id}|{own}")).cloned();
    let found = found.ok_or_else(|| missing("Resource"))?;
    if operation == "DeleteResource" {
        let path = format!("{}/", text(&found, "path"));
        let goes =
            |other: &Value| other["id"] == found["id"] || text(other, "path").starts_with(&path);
        let gone: Vec<Value> = all_of(account, RESOURCE, id);
        for resource in gone.iter().filter(|other| goes(other)) {
            let key = format!("{id}|{}", text(resource, "id"));
            objects(account, RESOURCE).remove(&key);
            objects(account, METHOD).retain(|method, _| !method.starts_with(&format!("{key}|")));
        }
    }
    Ok(described(&found))
}

/// Tags of what has an ARN.
fn tags(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let arn = text(input, "resourceArn");
    let path = arn.strip_prefix(&format!("arn:aws:apigateway:{REGION}::/restapis/")).unwrap();
    let (type_name, key) = match path.split_once("/stages/") {
        Some((api, stage)) => (STAGE, format!("{api}|{stage}")),
        None => (API, path.to_owned()),
    };
    let object = objects(account, type_name).get_mut(&key).ok_or_else(|| missing("resource"))?;
    let tags = object.as_object_mut().unwrap().entry("tags").or_insert_with(|| json!({}));
    let tags = tags.as_object_mut().unwrap();
    match operation {
        "TagResource" => tags.extend(input["tags"].as_object().unwrap().clone()),
        _ => {
            for key in input["tagKeys"].as_array().unwrap() {
                tags.remove(key.as_str().unwrap());
            }
        }
    }
    Ok(json!({}))
}
