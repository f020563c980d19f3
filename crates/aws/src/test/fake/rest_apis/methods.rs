//! Methods with their responses and integrations.

use serde_json::{Map, Value, json};

use super::super::account::{Account, Reply, text};
use super::{METHOD, RESOURCE, bad, conflict, described, given, missing, objects, patches};

const NAMES: [&str; 4] = ["restApiId", "resourceId", "httpMethod", "statusCode"];

/// An integration or a response of one, as the service keeps it. It describes empty templates as null, which
/// the codec reads as if they were not there.
fn kept(mut tree: Map<String, Value>) -> Value {
    for name in ["requestTemplates", "responseTemplates"] {
        if let Some(templates) = tree.get_mut(name).and_then(Value::as_object_mut) {
            templates.retain(|_, template| *template != "");
        }
    }
    Value::Object(tree)
}

/// A method with what it consists of, as the service describes it.
fn shown(method: &Value) -> Value {
    let mut shown = described(method);
    if let Some(integration) = method.get("methodIntegration") {
        let mut integration = described(integration);
        for response in integration["integrationResponses"].as_object_mut().into_iter().flatten() {
            *response.1 = described(response.1);
        }
        integration.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        shown["methodIntegration"] = integration;
    }
    for response in shown["methodResponses"].as_object_mut().into_iter().flatten() {
        *response.1 = described(response.1);
    }
    shown.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    shown
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, id: &str, input: &Value) -> Reply {
    let (resource, verb) = (text(input, "resourceId"), text(input, "httpMethod"));
    if !objects(account, RESOURCE).contains_key(&format!("{id}|{resource}")) {
        return Err(missing("Resource"));
    }
    let key = format!("{id}|{resource}|{verb}");
    let methods = objects(account, METHOD);
    if operation == "PutMethod" {
        if methods.contains_key(&key) {
            return Err(conflict("Method already exists for this resource"));
        }
        let by_authorizer = ["CUSTOM", "COGNITO_USER_POOLS"];
        let authorization = text(input, "authorizationType");
        if authorization.is_empty()
            || by_authorizer.contains(&authorization.as_str()) && input["authorizerId"].is_null()
        {
            return Err(bad("Invalid authorizer ID specified"));
        }
        let mut made = Value::Object(given(input, &NAMES));
        made["httpMethod"] = verb.into();
        if made["apiKeyRequired"].is_null() {
            made["apiKeyRequired"] = false.into();
        }
        account.note(METHOD, &key);
        objects(account, METHOD).insert(key, made.clone());
        return Ok(shown(&made));
    }
    if operation == "DeleteMethod" {
        return methods.remove(&key).map(|_| json!({})).ok_or_else(|| missing("Method"));
    }
    let method = methods.get_mut(&key).ok_or_else(|| missing("Method"))?;
    let status = text(input, "statusCode");
    match operation {
        "GetMethod" => Ok(shown(method)),
        "UpdateMethod" => {
            patches::apply(method, patches::OF_METHOD, input)?;
            let authorization = text(method, "authorizationType");
            if !["CUSTOM", "COGNITO_USER_POOLS"].contains(&authorization.as_str()) {
                method.as_object_mut().unwrap().remove("authorizerId");
            }
            Ok(shown(method))
        }
        "PutMethodResponse" | "UpdateMethodResponse" | "DeleteMethodResponse" => {
            response(method, operation, &status, input)
        }
        "PutIntegration" => {
            let mut made = json!({
                "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000,
                "cacheNamespace": resource, "cacheKeyParameters": [],
            });
            let members = made.as_object_mut().unwrap();
            members.extend(given(input, &NAMES));
            let verb = members.remove("integrationHttpMethod");
            members.extend(verb.map(|verb| ("httpMethod".to_owned(), verb)));
            let made = kept(made.as_object().unwrap().clone());
            method["methodIntegration"] = made.clone();
            Ok(described(&made))
        }
        "DeleteIntegration" => {
            let gone = method.as_object_mut().unwrap().remove("methodIntegration");
            gone.map(|_| json!({})).ok_or_else(|| missing("Integration"))
        }
        _ => {
            let has_response = !method["methodResponses"][&status].is_null();
            let integration = method.as_object_mut().unwrap().get_mut("methodIntegration");
            let integration = integration.ok_or_else(|| missing("Integration"))?;
            match operation {
                "UpdateIntegration" => {
                    patches::apply(integration, patches::OF_INTEGRATION, input)?;
                    Ok(described(integration))
                }
                "PutIntegrationResponse" if !has_response => Err(missing("Response status code")),
                "PutIntegrationResponse" => {
                    let mut made = kept(given(input, &NAMES));
                    made["statusCode"] = status.as_str().into();
                    integration["integrationResponses"][&status] = made.clone();
                    Ok(described(&made))
                }
                "DeleteIntegrationResponse" => {
                    let held = integration["integrationResponses"].as_object_mut();
                    let gone = held.and_then(|held| held.remove(&status));
                    gone.map(|_| json!({})).ok_or_else(|| missing("Response"))
                }
                _ => panic!("apigateway:{operation}"),
            }
        }
    }
}

fn response(method: &mut Value, operation: &str, status: &str, input: &Value) -> Reply {
    let responses = method.as_object_mut().unwrap();
    let responses = responses.entry("methodResponses").or_insert_with(|| json!({}));
    let responses = responses.as_object_mut().unwrap();
    match operation {
        "PutMethodResponse" => {
            if responses.contains_key(status) {
                return Err(conflict("Response already exists for this resource"));
            }
            let mut made = Value::Object(given(input, &NAMES));
            made["statusCode"] = status.into();
            responses.insert(status.to_owned(), made.clone());
            Ok(described(&made))
        }
        "UpdateMethodResponse" => {
            let held = responses.get_mut(status).ok_or_else(|| missing("Response"))?;
            patches::apply(held, patches::OF_RESPONSE, input)?;
            Ok(described(held))
        }
        _ => responses.remove(status).map(|_| json!({})).ok_or_else(|| missing("Response")),
    }
}
