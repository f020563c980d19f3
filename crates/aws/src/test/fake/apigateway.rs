//! API Gateway: HTTP and WebSocket APIs and what is below them. Descriptions hold defaults, headers of
//! CORS in lower case, and neither quick create nor empty values. A deployment is pending when it is
//! new. What a route or a stage refers to is not deleted.

use serde_json::{Map, Value, json};

use super::REGION;
use super::account::{Account, Reply, refuse, text};
use crate::service_error::Refusal;

const API: &str = "AWS::ApiGatewayV2::Api";

/// A kind of objects below an API.
struct Kind {
    type_name: &'static str,
    noun: &'static str,
    /// The member that names one.
    name: &'static str,
    /// The members that every description has.
    defaults: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        type_name: "AWS::ApiGatewayV2::Deployment",
        noun: "Deployment",
        name: "DeploymentId",
        defaults: r#"{"AutoDeployed": false, "DeploymentStatus": "PENDING"}"#,
    },
    Kind {
        type_name: "AWS::ApiGatewayV2::Integration",
        noun: "Integration",
        name: "IntegrationId",
        defaults: r#"{"ConnectionType": "INTERNET", "TimeoutInMillis": 30000, "PayloadFormatVersion": "1.0"}"#,
    },
    Kind {
        type_name: "AWS::ApiGatewayV2::Route",
        noun: "Route",
        name: "RouteId",
        defaults: r#"{"ApiKeyRequired": false, "AuthorizationType": "NONE"}"#,
    },
    Kind {
        type_name: "AWS::ApiGatewayV2::Stage",
        noun: "Stage",
        name: "StageName",
        defaults: r#"{"AutoDeploy": false, "DefaultRouteSettings": {"DetailedMetricsEnabled": false}}"#,
    },
];

/// Maps whose keys are changed one by one; an empty value takes a key away.
const MERGED: [&str; 4] =
    ["RequestParameters", "ResponseParameters", "RouteSettings", "StageVariables"];

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
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Changes members, as a PATCH does.
fn patch(object: &mut Value, changes: &Map<String, Value>) {
    let object = object.as_object_mut().unwrap();
    for (name, value) in changes {
        if MERGED.contains(&name.as_str()) {
            let held = object.entry(name.clone()).or_insert_with(|| json!({}));
            let held = held.as_object_mut().unwrap();
            for (key, value) in value.as_object().unwrap() {
                held.insert(key.clone(), value.clone());
            }
            held.retain(|_, value| !is_empty(value));
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    object.retain(|_, value| !is_empty(value) || value.is_object());
}

/// The headers of CORS as API Gateway shows them.
fn lower(api: &mut Value) {
    for name in ["AllowHeaders", "ExposeHeaders"] {
        let Some(headers) = api["CorsConfiguration"].get_mut(name) else { continue };
        for header in headers.as_array_mut().unwrap() {
            *header = header.as_str().unwrap().to_lowercase().into();
        }
    }
    if api["CorsConfiguration"].is_null() {
        api.as_object_mut().unwrap().remove("CorsConfiguration");
    }
}

/// An input without these members.
fn without(input: &Value, names: &[&str]) -> Map<String, Value> {
    let map = input.as_object().unwrap().iter();
    let map = map.filter(|(name, _)| !names.contains(&name.as_str()));
    map.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    if operation.ends_with("Resource") {
        return tags(account, operation, input);
    }
    let id = text(input, "ApiId");
    if !matches!(operation, "CreateApi" | "GetApis") {
        let apis = account.gateway.entry(API).or_default();
        if !apis.contains_key(&id) {
            return Err(missing("API"));
        }
    }
    if operation.contains("Api") || operation.contains("Cors") {
        return api(account, operation, &id, input);
    }
    let logs = input["AccessLogSettings"]["DestinationArn"].as_str();
    if logs.is_some_and(|arn| arn.ends_with(":*")) {
        return Err(bad("Invalid ARN specified in the request"));
    }
    let found = KINDS.iter().find(|kind| operation.contains(kind.noun));
    match (operation, found) {
        ("DeleteAccessLogSettings" | "DeleteRouteSettings", _) => {
            settings(account, operation, &id, input)
        }
        (_, Some(kind)) => child(account, kind, operation, &id, input),
        (_, None) => panic!("apigatewayv2:{operation}"),
    }
}

fn api(account: &mut Account, operation: &str, id: &str, input: &Value) -> Reply {
    const QUICK: [&str; 4] = ["ApiId", "CredentialsArn", "RouteKey", "Target"];
    if operation == "CreateApi" {
        if text(input, "Name").is_empty() || text(input, "ProtocolType").is_empty() {
            return Err(bad("Name and protocol are required"));
        }
        let id = format!("api{:07}", account.next());
        let mut api = json!({
            "ApiId": id, "ApiEndpoint": format!("https://{id}.execute-api.{REGION}.amazonaws.com"),
            "ApiKeySelectionExpression": "$request.header.x-api-key",
            "RouteSelectionExpression": "$request.method $request.path",
            "DisableExecuteApiEndpoint": false, "IpAddressType": "ipv4", "Tags": {},
        });
        patch(&mut api, &without(input, &QUICK));
        lower(&mut api);
        account.note(API, &id);
        account.gateway.entry(API).or_default().insert(id, api.clone());
        return Ok(api);
    }
    let apis = account.gateway.entry(API).or_default();
    match operation {
        "GetApis" => {
            let all: Vec<Value> = apis.values().cloned().collect();
            return Ok(page(&all, input));
        }
        "DeleteApi" => {
            apis.remove(id);
            for kind in &KINDS {
                let below = format!("{id}|");
                let objects = account.gateway.entry(kind.type_name).or_default();
                objects.retain(|key, _| !key.starts_with(&below));
            }
            return Ok(json!({}));
        }
        _ => {}
    }
    let api = apis.get_mut(id).unwrap();
    match operation {
        "GetApi" => {}
        "UpdateApi" => {
            if input.get("CorsConfiguration").is_some_and(is_empty) {
                return Err(bad("CORS configurations are deleted by another call"));
            }
            patch(api, &without(input, &QUICK));
        }
        "DeleteCorsConfiguration" => {
            api.as_object_mut().unwrap().remove("CorsConfiguration");
        }
        "ReimportApi" => {
            let body: Value =
                serde_json::from_str(&text(input, "Body")).map_err(|_| bad("body"))?;
            if body["openapi"].is_null() || body["paths"].is_null() {
                return Err(bad("Invalid OpenAPI input."));
            }
            let kept = ["ApiId", "ApiEndpoint", "ProtocolType", "RouteSelectionExpression"];
            let mut new = super::account::members(api, &kept);
            new["Name"] = body["info"]["title"].clone();
            new["Version"] = body["info"]["version"].clone();
            new["Tags"] = json!({});
            *api = new;
        }
        _ => panic!("apigatewayv2:{operation}"),
    }
    lower(api);
    Ok(api.clone())
}

/// One item a page.
fn page(all: &[Value], input: &Value) -> Value {
    let at: usize = text(input, "NextToken").parse().unwrap_or(0);
    let mut page = json!({"Items": all.get(at).into_iter().collect::<Vec<_>>()});
    if at + 1 < all.len() {
        page["NextToken"] = (at + 1).to_string().into();
    }
    page
}

fn child(account: &mut Account, kind: &Kind, operation: &str, id: &str, input: &Value) -> Reply {
    let Kind { type_name, noun, name, defaults } = kind;
    let key = format!("{id}|{}", text(input, name));
    let below = format!("{id}|");
    if let Some(verb) = operation.strip_prefix("Create") {
        assert_eq!(verb, *noun);
        return create(account, kind, id, input, serde_json::from_str(defaults).unwrap());
    }
    let objects = account.gateway.entry(type_name).or_default();
    if operation.ends_with('s') {
        let all = objects.iter().filter(|(key, _)| key.starts_with(&below));
        let all: Vec<Value> = all.map(|(_, object)| object.clone()).collect();
        return Ok(page(&all, input));
    }
    let Some(object) = objects.get_mut(&key) else { return Err(missing(noun)) };
    if operation.starts_with("Get") {
        let shown = object.clone();
        if *noun == "Deployment" {
            object["DeploymentStatus"] = "DEPLOYED".into();
        }
        return Ok(shown);
    }
    if operation.starts_with("Update") {
        patch(object, &without(input, &["ApiId", name]));
        return Ok(object.clone());
    }
    let (holder, member, value) = match *noun {
        "Deployment" => ("AWS::ApiGatewayV2::Stage", "DeploymentId", text(input, name)),
        "Integration" => {
            ("AWS::ApiGatewayV2::Route", "Target", format!("integrations/{}", text(input, name)))
        }
        _ => ("", "", String::new()),
    };
    let holders = account.gateway.get(holder).into_iter().flatten();
    let mut holders = holders.filter(|(key, _)| key.starts_with(&below));
    if holders.any(|(_, holder)| holder[member] == value.as_str()) {
        return Err(conflict(&format!("{noun} is referenced")));
    }
    account.gateway.entry(type_name).or_default().remove(&key);
    Ok(json!({}))
}

fn create(account: &mut Account, kind: &Kind, id: &str, input: &Value, mut made: Value) -> Reply {
    let Kind { type_name, noun, name, .. } = kind;
    let number = account.next();
    let below = format!("{id}|");
    let there = account.gateway.entry(type_name).or_default();
    let own = match *noun {
        "Stage" => text(input, name),
        _ => format!("{}{number:06}", noun[..1].to_lowercase()),
    };
    let key = format!("{id}|{own}");
    let same_route = |(key, route): (&String, &Value)| {
        key.starts_with(&below) && route["RouteKey"] == input["RouteKey"]
    };
    if there.contains_key(&key) || *noun == "Route" && there.iter().any(same_route) {
        return Err(conflict(&format!("{noun} already exists")));
    }
    patch(&mut made, &without(input, &["ApiId"]));
    if *noun == "Deployment" {
        made.as_object_mut().unwrap().remove("StageName");
        let stage = text(input, "StageName");
        if !stage.is_empty() {
            let stages = account.gateway.entry("AWS::ApiGatewayV2::Stage").or_default();
            let found = stages.get_mut(&format!("{id}|{stage}"));
            found.ok_or_else(|| missing("stage"))?["DeploymentId"] = own.as_str().into();
        }
    }
    if *noun == "Stage" {
        made["Tags"] = input.get("Tags").cloned().unwrap_or_else(|| json!({}));
    }
    made[*name] = own.into();
    account.note(type_name, &key);
    account.gateway.entry(type_name).or_default().insert(key, made.clone());
    Ok(made)
}

/// Takes settings of a stage back.
fn settings(account: &mut Account, operation: &str, id: &str, input: &Value) -> Reply {
    let stages = account.gateway.entry("AWS::ApiGatewayV2::Stage").or_default();
    let key = format!("{id}|{}", text(input, "StageName"));
    let stage = stages.get_mut(&key).ok_or_else(|| missing("stage"))?;
    let gone = match operation {
        "DeleteAccessLogSettings" => stage.as_object_mut().unwrap().remove("AccessLogSettings"),
        _ => {
            let settings = stage["RouteSettings"].as_object_mut();
            settings.and_then(|settings| settings.remove(&text(input, "RouteKey")))
        }
    };
    gone.map(|_| json!({})).ok_or_else(|| missing("settings"))
}

/// Tags of what has an ARN.
fn tags(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let arn = text(input, "ResourceArn");
    let path = arn.strip_prefix(&format!("arn:aws:apigateway:{REGION}::/apis/")).unwrap();
    let (type_name, key) = match path.split_once("/stages/") {
        Some((api, stage)) => ("AWS::ApiGatewayV2::Stage", format!("{api}|{stage}")),
        None => (API, path.to_owned()),
    };
    let objects = account.gateway.entry(type_name).or_default();
    let object = objects.get_mut(&key).ok_or_else(|| missing("resource"))?;
    let tags = object["Tags"].as_object_mut().unwrap();
    match operation {
        "TagResource" => tags.extend(input["Tags"].as_object().unwrap().clone()),
        _ => {
            for key in input["TagKeys"].as_array().unwrap() {
                tags.remove(key.as_str().unwrap());
            }
        }
    }
    Ok(json!({}))
}
