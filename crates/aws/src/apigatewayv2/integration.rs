//! `AWS::ApiGatewayV2::Integration`.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};
use serde_json::{Value, json};

use super::child::{Call, Kind};
use super::form::{Emptied, Form};
use crate::iam::{Fields, arguments};

/// The property that templates write as lists of pairs, below a map of the same name.
const RESPONSE: &str = "ResponseParameters";
const PAIR: [&str; 2] = ["Destination", "Source"];

/// Integrations.
pub(super) static KIND: Kind = Kind {
    form: Form {
        type_name: "AWS::ApiGatewayV2::Integration",
        create: "CreateIntegrationRequest",
        update: "UpdateIntegrationRequest",
        shown: "GetIntegrationResult",
        apart: &[],
        names: &["ApiId"],
        unread: &[],
        emptied: &[("RequestParameters", Emptied::Text), (RESPONSE, Emptied::Map)],
        // Source: terraform-provider-aws, `internal/service/apigatewayv2/integration.go`, its update.
        beside: &["IntegrationSubtype", "IntegrationType"],
        to_wire,
        from_wire,
        reset,
    },
    noun: "integration",
    id: "IntegrationId",
    create: Call { operation: "CreateIntegration", action: "apigatewayv2:CreateIntegration" },
    get: Call { operation: "GetIntegration", action: "apigatewayv2:GetIntegration" },
    list: "GetIntegrations",
    update: Call { operation: "UpdateIntegration", action: "apigatewayv2:UpdateIntegration" },
    delete: "DeleteIntegration",
    is_same: Form::says_same,
    is_unique: false,
    unsupported: &[],
    stage: None,
};

/// The values that take properties back, of an HTTP API or (`true`) a WebSocket API.
///
/// Source: API Gateway V2 API reference, `CreateIntegration`: the defaults; terraform-provider-aws,
/// `internal/service/apigatewayv2/integration.go`.
fn reset(name: &str, websocket: bool) -> Option<Value> {
    Some(match name {
        "ConnectionId"
        | "ContentHandlingStrategy"
        | "CredentialsArn"
        | "Description"
        | "TemplateSelectionExpression" => json!(""),
        "ConnectionType" => json!("INTERNET"),
        "PassthroughBehavior" => json!("WHEN_NO_MATCH"),
        "PayloadFormatVersion" => json!("1.0"),
        "RequestParameters" | "RequestTemplates" | RESPONSE | "TlsConfig" => json!({}),
        "TimeoutInMillis" => json!(if websocket { 29_000 } else { 30_000 }),
        _ => return None,
    })
}

/// Lists of destinations and sources become maps.
///
/// Source: CloudFormation registry, `ResponseParameterMap`; API Gateway V2 API reference,
/// `CreateIntegration`, `responseParameters`.
fn to_wire(properties: &mut KnownMap, fields: Fields<'_>) -> Result<(), DriverError> {
    let Some(declared) = fields.tree(RESPONSE)? else { return Ok(()) };
    let mut out = KnownMap::new();
    for status in declared.all().keys() {
        let mut parameters = KnownMap::new();
        let below = declared.tree(status)?;
        for pair in below.map(|below| below.trees(RESPONSE)).transpose()?.unwrap_or_default() {
            let [destination, source] = PAIR;
            let key = pair.required_identifying(destination)?;
            parameters.insert(key, pair.required(source)?);
        }
        out.insert(status.clone(), parameters.into());
    }
    properties.insert(RESPONSE.to_owned(), out.into());
    Ok(())
}

/// The maps of a description as lists, by destination.
fn from_wire(described: &KnownMap) -> KnownMap {
    let Some(found) = described.get(RESPONSE).and_then(KnownValue::as_map) else {
        return KnownMap::new();
    };
    let list = |parameters: &KnownMap| {
        let [destination, source] = PAIR;
        let pair = |(key, value): (&String, &KnownValue)| {
            arguments([(destination, key.as_str().into()), (source, value.clone())]).into()
        };
        KnownValue::List(parameters.iter().map(pair).collect())
    };
    let below = found.iter().filter_map(|(status, parameters)| {
        let list = list(parameters.as_map()?);
        Some((status.clone(), arguments([(RESPONSE, list)]).into()))
    });
    arguments([(RESPONSE, KnownValue::Map(below.collect()))])
}
