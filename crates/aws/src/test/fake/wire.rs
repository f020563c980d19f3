//! Requests and answers on the wire.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use rstack_model::{KnownMap, KnownValue};
use serde_json::{Map, Value, json};

use super::{bytes, ec2, query, s3};
use crate::codec::Codec;
use crate::model::{Location, Operation, Service, WireProtocol};
use crate::service_error::Refusal;
use crate::test::scripted_api::known;

/// A request that was understood.
pub(super) struct Call {
    pub(super) service: Service,
    pub(super) operation: &'static Operation,
    /// The members of the input.
    pub(super) input: Value,
}

impl Call {
    /// Such as `iam:CreateRole`.
    pub(super) fn action(&self) -> String {
        format!("{}:{}", self.service.name(), self.operation.name)
    }
}

/// Understands a request.
pub(super) async fn read(mut request: HttpRequest) -> Call {
    let service = service_of(request.uri());
    let codec = Codec::of(service).unwrap();
    let body = std::mem::replace(request.body_mut(), SdkBody::taken());
    let body = bytes(body).await;
    if service == Service::S3 {
        s3::address_by_path(&mut request);
        s3::check_digest(&request, &body);
    }
    let (operation, input) = match codec.model.metadata.protocol {
        WireProtocol::Json => {
            let target = request.headers().get("x-amz-target").unwrap();
            let operation = codec.operation(target.split('.').nth(1).unwrap()).unwrap();
            (operation, plain_map(&codec.body_of(operation, body).unwrap()))
        }
        WireProtocol::Query => {
            let mut input = query::read(&String::from_utf8(body).unwrap());
            let name = input.as_object_mut().unwrap().remove("Action").unwrap();
            (codec.operation(name.as_str().unwrap()).unwrap(), input)
        }
        WireProtocol::Ec2 => {
            let mut input = query::read(&String::from_utf8(body).unwrap());
            let name = input.as_object_mut().unwrap().remove("Action").unwrap();
            let operation = codec.operation(name.as_str().unwrap()).unwrap();
            (operation, ec2::members(codec.model, operation.input.as_deref().unwrap(), &input))
        }
        WireProtocol::RestJson | WireProtocol::RestXml => {
            let (operation, mut input) = routed(codec, &request);
            if !body.is_empty() {
                let body = plain_map(&codec.body_of(operation, body).unwrap());
                let members = body.as_object().unwrap().clone();
                input.as_object_mut().unwrap().extend(members);
            }
            (operation, input)
        }
    };
    Call { service, operation, input }
}

/// The service that lives at an address.
fn service_of(uri: &str) -> Service {
    let host = uri.split('/').nth(2).unwrap();
    // `iam.amazonaws.com`, and `api.mediatailor.eu-west-1.amazonaws.com`. One service has a host with
    // another name, and two have one host: the paths of the one begin with its version.
    let is_named = |service: &&Service| {
        host.split('.').any(|label| {
            let name = match label {
                "apigateway" if uri.split('/').nth(3) == Some("v2") => "apigatewayv2",
                "monitoring" => "cloudwatch",
                label => label,
            };
            name == service.name()
        })
    };
    *Service::ALL.iter().find(is_named).unwrap()
}

/// The operation of a method and a path, and the members that stand in path, query and headers.
fn routed(codec: &Codec, request: &HttpRequest) -> (&'static Operation, Value) {
    let rest = request.uri().splitn(4, '/').nth(3).unwrap_or_default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (query::decoded(key), query::decoded(value)))
        .collect();
    let mut found: Vec<(usize, &Operation, Map<String, Value>)> = Vec::new();
    for operation in codec.model.operations() {
        let (template, fixed) = operation.uri.split_once('?').unwrap_or((&operation.uri, ""));
        let fixed: Vec<&str> = fixed.split('&').filter(|pair| !pair.is_empty()).collect();
        let said = |pair: &&str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.iter().any(|(k, v)| k == key && v == value)
        };
        let labels = labels(template.trim_start_matches('/'), path);
        if let Some(labels) = labels.filter(|_| operation.method == request.method())
            && fixed.iter().all(said)
        {
            found.push((fixed.len(), operation, labels));
        }
    }
    found.sort_by_key(|(fixed, ..)| *fixed);
    let (_, operation, labels) =
        found.pop().unwrap_or_else(|| panic!("{} {}", request.method(), request.uri()));
    let mut input = Map::new();
    let shape = operation.input.as_deref().and_then(|shape| codec.model.shape(shape));
    for (name, member) in shape.and_then(|shape| shape.members()).into_iter().flatten() {
        let wire = member.location_name.as_deref().unwrap_or(name);
        let text = match member.location {
            Location::Uri => labels.get(wire).cloned(),
            Location::Header => {
                request.headers().get(wire.to_ascii_lowercase().as_str()).map(Value::from)
            }
            Location::QueryString => {
                let values = pairs.iter().filter(|(key, _)| key == wire).map(|(_, v)| v.as_str());
                let values: Vec<&str> = values.collect();
                let list = codec.model.shape(&member.shape).is_some_and(|shape| {
                    matches!(shape.kind, crate::model::ShapeKind::List { .. })
                });
                match values.as_slice() {
                    [] => None,
                    values if list => Some(json!(values)),
                    [value, ..] => Some(json!(value)),
                }
            }
            Location::Body | Location::Headers | Location::StatusCode => None,
        };
        input.extend(text.map(|text| (name.clone(), text)));
    }
    (codec.operation(&operation.name).unwrap(), Value::Object(input))
}

/// The labels of a path, if it fits the template.
fn labels(template: &str, path: &str) -> Option<Map<String, Value>> {
    let (templates, parts): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    if templates.len() != parts.len() {
        return None;
    }
    let mut labels = Map::new();
    for (template, part) in templates.into_iter().zip(parts) {
        match template.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
            Some(label) => {
                labels.insert(label.trim_end_matches('+').to_owned(), query::decoded(part).into());
            }
            None if template == part => {}
            None => return None,
        }
    }
    Some(labels)
}

/// A tree with its secrets exposed.
pub(crate) fn plain_map(map: &KnownMap) -> Value {
    Value::Object(map.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
}

fn plain(value: &KnownValue) -> Value {
    match value {
        KnownValue::Null => Value::Null,
        KnownValue::Bool(value) => json!(value),
        KnownValue::Number(number) => json!(number),
        KnownValue::String(text) => json!(text),
        KnownValue::Secret(secret) => json!(secret.expose()),
        KnownValue::List(items) => items.iter().map(plain).collect(),
        KnownValue::Map(map) => plain_map(map),
    }
}

/// The answer of the service on the wire.
pub(super) fn answer(call: &Call, reply: Result<Value, Refusal>) -> HttpResponse {
    let output = match reply {
        Ok(output) => output,
        Err(refused) => return refusal(call, &refused),
    };
    let codec = Codec::of(call.service).unwrap();
    let name = &call.operation.name;
    match codec.model.metadata.protocol {
        WireProtocol::Query => return response(200, query::write(name, &output).into()),
        WireProtocol::Ec2 => {
            let shape = call.operation.output.as_deref();
            let output = shape.map_or(json!({}), |shape| ec2::on_wire(codec.model, shape, &output));
            return response(200, query::write_ec2(name, &output).into());
        }
        WireProtocol::Json | WireProtocol::RestJson | WireProtocol::RestXml => {}
    }
    let like = codec.answer_like(call.operation, &known(output)).unwrap();
    let mut response = response(200, like.body().bytes().unwrap_or_default().to_vec());
    for (name, value) in like.headers() {
        response.headers_mut().insert(name.to_owned(), value.to_owned());
    }
    response
}

/// The answer of the service when it refuses.
pub(super) fn refusal(call: &Call, refused: &Refusal) -> HttpResponse {
    let status = refused.status;
    let code = refused.code.clone().unwrap_or_default();
    let message = refused.message.clone().unwrap_or_default();
    match Codec::of(call.service).unwrap().model.metadata.protocol {
        WireProtocol::RestJson | WireProtocol::Json => {
            let body = json!({"__type": code, "message": message}).to_string();
            let mut response = response(status, body.into());
            response.headers_mut().insert("x-amzn-errortype", code);
            response
        }
        WireProtocol::RestXml if call.service == Service::S3 => {
            let (code, message) = (query::escaped(&code), query::escaped(&message));
            let body = format!(
                "<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
                 <RequestId>r-1</RequestId></Error>"
            );
            response(status, body.into())
        }
        WireProtocol::RestXml | WireProtocol::Query | WireProtocol::Ec2 => {
            let (code, message) = (query::escaped(&code), query::escaped(&message));
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}\
                 </Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
            );
            response(status, body.into())
        }
    }
}

fn response(status: u16, body: Vec<u8>) -> HttpResponse {
    // As from a network: a body that is not in memory.
    let body = SdkBody::from_body_1_x(SdkBody::from(body));
    HttpResponse::new(StatusCode::try_from(status).unwrap(), body)
}
