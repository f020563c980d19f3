//! The patch operations that API Gateway takes. It refuses every other path and operation, a change of
//! what mocks do not have, and VPC endpoints and addresses of IPv4 alone where the type of endpoint does not
//! go with them.
//!
//! Source: API Gateway API reference, Patch Operations; answers of AWS that LocalStack records
//! (`tests/aws/services/apigateway/test_apigateway_api.snapshot.json`).

use serde_json::{Map, Value, json};

use super::{Refusal, bad, is_empty, text};

/// A path, the operations on it, and what is there.
pub(super) struct Row(&'static str, &'static [&'static str], Kind);

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Flag,
    Number,
    /// A list whose items stand in the path.
    Items,
    /// A list whose items are the values.
    Values,
    /// The one item of a list.
    OnlyItem,
    /// A tree that is removed.
    Tree,
}

use Kind::{Flag, Items, Number, OnlyItem, Text, Tree, Values};

const REPLACE: &[&str] = &["replace"];
const ENTRY: &[&str] = &["add", "replace", "remove"];
const REPLACED_ENTRY: &[&str] = &["replace", "remove"];
const ITEM: &[&str] = &["add", "remove"];

pub(super) const OF_API: &[Row] = &[
    Row("/name", REPLACE, Text),
    Row("/description", ENTRY, Text),
    Row("/policy", REPLACE, Text),
    Row("/apiKeySource", REPLACE, Text),
    Row("/securityPolicy", REPLACE, Text),
    Row("/endpointAccessMode", REPLACE, Text),
    Row("/disableExecuteApiEndpoint", REPLACE, Flag),
    Row("/minimumCompressionSize", REPLACE, Number),
    Row("/binaryMediaTypes/*", ITEM, Items),
    Row("/endpointConfiguration/types/*", REPLACE, OnlyItem),
    Row("/endpointConfiguration/ipAddressType", REPLACE, Text),
    Row("/endpointConfiguration/vpcEndpointIds", ITEM, Values),
];

pub(super) const OF_METHOD: &[Row] = &[
    Row("/authorizationType", REPLACE, Text),
    Row("/authorizerId", REPLACE, Text),
    Row("/authorizationScopes", ITEM, Values),
    Row("/apiKeyRequired", REPLACE, Flag),
    Row("/operationName", REPLACE, Text),
    Row("/requestValidatorId", REPLACE, Text),
    Row("/requestModels/*", ENTRY, Text),
    Row("/requestParameters/*", ENTRY, Flag),
];

pub(super) const OF_RESPONSE: &[Row] =
    &[Row("/responseModels/*", ENTRY, Text), Row("/responseParameters/*", ENTRY, Flag)];

pub(super) const OF_INTEGRATION: &[Row] = &[
    Row("/httpMethod", REPLACE, Text),
    Row("/uri", REPLACE, Text),
    Row("/requestTemplates/*", ENTRY, Text),
    Row("/requestParameters/*", ENTRY, Text),
    Row("/cacheKeyParameters/*", ITEM, Items),
    Row("/cacheNamespace", REPLACE, Text),
    Row("/contentHandling", REPLACE, Text),
    Row("/connectionId", REPLACE, Text),
    Row("/connectionType", REPLACE, Text),
    Row("/integrationTarget", REPLACE, Text),
    Row("/passthroughBehavior", REPLACE, Text),
    Row("/responseTransferMode", REPLACE, Text),
    Row("/timeoutInMillis", REPLACE, Number),
    Row("/tlsConfig/insecureSkipVerification", REPLACE, Flag),
];

pub(super) const OF_DEPLOYMENT: &[Row] = &[Row("/description", REPLACE, Text)];

pub(super) const OF_STAGE: &[Row] = &[
    Row("/accessLogSettings", &["remove"], Tree),
    Row("/accessLogSettings/destinationArn", REPLACE, Text),
    Row("/accessLogSettings/format", REPLACE, Text),
    Row("/cacheClusterEnabled", REPLACE, Flag),
    Row("/cacheClusterSize", REPLACE, Text),
    Row("/canarySettings", &["remove"], Tree),
    Row("/canarySettings/deploymentId", REPLACE, Text),
    Row("/canarySettings/percentTraffic", REPLACE, Number),
    Row("/canarySettings/stageVariableOverrides/*", REPLACED_ENTRY, Text),
    Row("/canarySettings/useStageCache", REPLACE, Flag),
    Row("/clientCertificateId", REPLACE, Text),
    Row("/deploymentId", REPLACE, Text),
    Row("/description", REPLACE, Text),
    Row("/documentationVersion", REPLACE, Text),
    Row("/tracingEnabled", REPLACE, Flag),
    Row("/variables/*", REPLACED_ENTRY, Text),
];

/// Settings of methods: the path, the member, and what is there.
const OF_METHODS: [(&str, &str, Kind); 8] = [
    ("caching/dataEncrypted", "cacheDataEncrypted", Flag),
    ("caching/ttlInSeconds", "cacheTtlInSeconds", Number),
    ("caching/enabled", "cachingEnabled", Flag),
    ("logging/dataTrace", "dataTraceEnabled", Flag),
    ("logging/loglevel", "loggingLevel", Text),
    ("metrics/enabled", "metricsEnabled", Flag),
    ("throttling/burstLimit", "throttlingBurstLimit", Number),
    ("throttling/rateLimit", "throttlingRateLimit", Number),
];

fn value_of(kind: Kind, operation: &Value) -> Result<Value, Refusal> {
    let Some(given) = operation.get("value") else { return Ok(Value::Null) };
    let given = given.as_str().unwrap();
    let wrong = || bad(&format!("Invalid value {given}"));
    Ok(match kind {
        Text | Items | Values | OnlyItem | Tree => json!(given),
        Flag => json!(given.parse::<bool>().map_err(|_| wrong())?),
        Number => match given.parse::<i64>() {
            Ok(number) => json!(number),
            Err(_) => json!(given.parse::<f64>().map_err(|_| wrong())?),
        },
    })
}

fn unescaped(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// The tree at a path, which comes into being.
fn at<'a>(object: &'a mut Value, path: &[String]) -> &'a mut Map<String, Value> {
    let mut tree = object;
    for name in path {
        tree = tree.as_object_mut().unwrap().entry(name.clone()).or_insert_with(|| json!({}));
    }
    tree.as_object_mut().unwrap()
}

/// Applies the operations of an input.
pub(super) fn apply(object: &mut Value, rows: &[Row], input: &Value) -> Result<(), Refusal> {
    let operations = input["patchOperations"].as_array().unwrap();
    assert!(!operations.is_empty(), "a patch without an operation");
    for operation in operations {
        one(object, rows, operation)?;
    }
    Ok(())
}

fn one(object: &mut Value, rows: &[Row], operation: &Value) -> Result<(), Refusal> {
    let (op, path) = (text(operation, "op"), text(operation, "path"));
    let is_private = object["endpointConfiguration"]["types"][0] == "PRIVATE";
    match path.as_str() {
        "/accessLogSettings/destinationArn" if text(operation, "value").ends_with(":*") => {
            return Err(bad("Invalid ARN specified in the request"));
        }
        "/uri" | "/httpMethod" if object["type"] == "MOCK" => {
            return Err(bad("Invalid patch path of a mock"));
        }
        "/endpointConfiguration/vpcEndpointIds" if !is_private => {
            return Err(bad("VPCEndpoints can only be specified with PRIVATE apis."));
        }
        "/endpointConfiguration/ipAddressType" if is_private && operation["value"] == "ipv4" => {
            return Err(bad("Only dualstack ipAddressType is supported for Private APIs."));
        }
        path if path.starts_with("/endpointConfiguration/types/")
            && operation["value"] == "PRIVATE" =>
        {
            object["endpointConfiguration"]["ipAddressType"] = "dualstack".into();
        }
        _ => {}
    }
    let segments: Vec<String> = path.split('/').skip(1).map(unescaped).collect();
    let fits = |row: &&Row| {
        let pattern: Vec<&str> = row.0.split('/').skip(1).collect();
        let same = |(one, other): (&&str, &String)| *one == "*" || *one == other.as_str();
        pattern.len() == segments.len() && pattern.iter().zip(&segments).all(same)
    };
    let Some(Row(_, ops, kind)) = rows.iter().find(fits) else {
        return Err(bad(&format!("Invalid patch path '{path}' specified for op '{op}'")));
    };
    if !ops.contains(&op.as_str()) {
        return Err(bad(&format!("Invalid patch operation '{op}' for '{path}'")));
    }
    let value = value_of(*kind, operation)?;
    let (last, above) = segments.split_last().unwrap();
    if let Items | Values | OnlyItem = kind {
        let (list, above, item) = match kind {
            Values => (last, above, value.clone()),
            _ => {
                let (list, above) = above.split_last().unwrap();
                (list, above, json!(last))
            }
        };
        let tree = at(object, above);
        let list = tree.entry(list.clone()).or_insert_with(|| json!([])).as_array_mut().unwrap();
        let there = list.iter().position(|held| *held == item);
        match (op.as_str(), there) {
            ("add", None) => list.push(item),
            ("remove", Some(at)) => drop(list.remove(at)),
            ("replace", Some(at)) => list[at] = value,
            // The request has arrived before.
            (_, _) => {}
        }
        return Ok(());
    }
    let tree = at(object, above);
    if op == "remove" {
        tree.remove(last);
    } else {
        tree.insert(last.clone(), value);
        tree.retain(|_, value| !is_empty(value) || value.is_string());
    }
    Ok(())
}

/// Applies the operations of an input to a stage: those on settings of methods are of another form.
pub(super) fn apply_to_stage(stage: &mut Value, input: &Value) -> Result<(), Refusal> {
    for operation in input["patchOperations"].as_array().unwrap() {
        let (op, path) = (text(operation, "op"), text(operation, "path"));
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let is_method = |it: &str| it == "*" || it.bytes().all(|byte| byte.is_ascii_uppercase());
        let (methods, rest) = match segments.as_slice() {
            [path, method, rest @ ..] if is_method(method) => {
                (format!("{path}/{method}"), rest.join("/"))
            }
            _ => {
                one(stage, OF_STAGE, operation)?;
                continue;
            }
        };
        let settings = at(stage, &["methodSettings".to_owned()]);
        if op == "remove" && rest.is_empty() {
            let message = "there is no method setting for this method";
            settings.remove(&methods).ok_or_else(|| bad(message))?;
            continue;
        }
        let found = OF_METHODS.iter().find(|(path, ..)| *path == rest && op == "replace");
        let (_, member, kind) =
            found.ok_or_else(|| bad(&format!("Invalid patch path '{path}'")))?;
        let of_methods = settings.entry(methods).or_insert_with(|| {
            json!({
                "cacheDataEncrypted": false, "cacheTtlInSeconds": 300, "cachingEnabled": false,
                "dataTraceEnabled": false, "loggingLevel": "OFF", "metricsEnabled": false,
                "throttlingBurstLimit": 5000, "throttlingRateLimit": 10000.0,
                "requireAuthorizationForCacheControl": true,
                "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
            })
        });
        of_methods[*member] = value_of(*kind, operation)?;
    }
    Ok(())
}
