//! The form of a model in the data files: botocore's `service-2.json`, cut down.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    Location, Member, Metadata, Operation, Service, ServiceModel, Shape, ShapeKind, TimeFormat,
    WireProtocol, XmlNamespace,
};

#[derive(Deserialize)]
pub(super) struct RawModel {
    metadata: RawMetadata,
    operations: BTreeMap<String, RawOperation>,
    shapes: BTreeMap<String, RawShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    api_version: String,
    json_version: Option<String>,
    aws_query_compatible: Option<serde_json::Value>,
    target_prefix: Option<String>,
    signing_name: Option<String>,
    endpoint_prefix: String,
    service_id: String,
}

#[derive(Deserialize)]
struct RawOperation {
    http: RawHttp,
    input: Option<RawMember>,
    output: Option<RawMember>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawHttp {
    method: String,
    request_uri: String,
}

#[derive(Clone, Deserialize)]
struct RawNamespace {
    uri: String,
    prefix: Option<String>,
}

impl From<RawNamespace> for XmlNamespace {
    fn from(RawNamespace { uri, prefix }: RawNamespace) -> Self {
        Self { uri, prefix }
    }
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMember {
    shape: String,
    location: Option<String>,
    location_name: Option<String>,
    query_name: Option<String>,
    #[serde(default)]
    flattened: bool,
    #[serde(default)]
    xml_attribute: bool,
    xml_namespace: Option<RawNamespace>,
    timestamp_format: Option<String>,
    #[serde(default)]
    idempotency_token: bool,
    result_wrapper: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawShape {
    r#type: String,
    #[serde(default)]
    members: BTreeMap<String, RawMember>,
    member: Option<RawMember>,
    key: Option<RawMember>,
    value: Option<RawMember>,
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    binary: bool,
    #[serde(default)]
    union: bool,
    payload: Option<String>,
    #[serde(default)]
    flattened: bool,
    xml_namespace: Option<RawNamespace>,
    timestamp_format: Option<String>,
}

impl RawModel {
    pub(super) fn model(
        mut self,
        service: Service,
        protocol: WireProtocol,
    ) -> Result<ServiceModel, String> {
        let metadata = self.metadata.metadata(protocol);
        if metadata.protocol == WireProtocol::Ec2 {
            name_for_ec2(&mut self.operations, &mut self.shapes);
        }
        let shapes = self.shapes.into_iter().map(|(name, raw)| {
            let shape = raw.shape().map_err(|problem| format!("{name}: {problem}"))?;
            Ok((name, shape))
        });
        Ok(ServiceModel {
            service,
            metadata,
            shapes: shapes.collect::<Result<_, String>>()?,
            operations: self
                .operations
                .into_iter()
                .map(|(name, raw)| (name.clone(), raw.operation(name)))
                .collect(),
        })
    }
}

impl RawMetadata {
    fn metadata(self, protocol: WireProtocol) -> Metadata {
        Metadata {
            api_version: self.api_version,
            protocol,
            target_prefix: self.target_prefix,
            json_1_0: self.json_version.as_deref() == Some("1.0"),
            query_compatible: self.aws_query_compatible.is_some(),
            signing_name: self.signing_name.unwrap_or(self.endpoint_prefix),
            service_id: self.service_id,
        }
    }
}

impl RawOperation {
    fn operation(self, name: String) -> Operation {
        let (input, input_element, input_namespace) = match self.input {
            Some(raw) => (Some(raw.shape), raw.location_name, raw.xml_namespace.map(|n| n.uri)),
            None => (None, None, None),
        };
        let (output, result_wrapper) =
            self.output.map_or((None, None), |raw| (Some(raw.shape), raw.result_wrapper));
        Operation {
            name,
            method: self.http.method,
            uri: self.http.request_uri,
            input,
            input_element,
            input_namespace,
            output,
            result_wrapper,
        }
    }
}

impl RawMember {
    fn member(self) -> Result<Member, String> {
        let location = match self.location.as_deref() {
            None => Location::Body,
            Some("uri") => Location::Uri,
            Some("querystring") => Location::QueryString,
            Some("header") => Location::Header,
            Some("headers") => Location::Headers,
            Some("statusCode") => Location::StatusCode,
            Some(other) => return Err(format!("the location `{other}` is not known")),
        };
        Ok(Member {
            shape: self.shape,
            required: false,
            location,
            location_name: self.location_name,
            flattened: self.flattened,
            xml_attribute: self.xml_attribute,
            xml_namespace: self.xml_namespace.map(XmlNamespace::from),
            timestamp_format: time_format(self.timestamp_format.as_deref())?,
            idempotency_token: self.idempotency_token,
        })
    }
}

impl RawShape {
    fn shape(self) -> Result<Shape, String> {
        let inner = |raw: Option<RawMember>, what: &str| {
            raw.ok_or_else(|| format!("it lacks its {what}"))?.member()
        };
        let kind = match self.r#type.as_str() {
            "structure" => {
                let mut members = BTreeMap::new();
                for (name, raw) in self.members {
                    let mut member = raw.member().map_err(|e| format!("{name}: {e}"))?;
                    member.required = member.idempotency_token || self.required.contains(&name);
                    members.insert(name, member);
                }
                ShapeKind::Structure { members }
            }
            "list" => ShapeKind::List { member: inner(self.member, "elements")? },
            "map" => ShapeKind::Map {
                key: inner(self.key, "keys")?,
                value: inner(self.value, "values")?,
            },
            "string" => ShapeKind::String,
            "boolean" => ShapeKind::Boolean,
            "integer" => ShapeKind::Integer,
            "long" => ShapeKind::Long,
            "float" => ShapeKind::Float,
            "double" => ShapeKind::Double,
            "timestamp" => ShapeKind::Timestamp,
            "blob" => ShapeKind::Blob,
            other => return Err(format!("the type `{other}` is not known")),
        };
        Ok(Shape {
            kind,
            sensitive: self.sensitive,
            binary: self.binary,
            union: self.union,
            payload: self.payload,
            flattened: self.flattened,
            xml_namespace: self.xml_namespace.map(XmlNamespace::from),
            timestamp_format: time_format(self.timestamp_format.as_deref())?,
        })
    }
}

/// The names in EC2's requests, which follow rules of their own: each begins with a capital letter,
/// and lists have no element around them. A shape that stands in answers, too, has a copy for requests.
fn name_for_ec2(
    operations: &mut BTreeMap<String, RawOperation>,
    shapes: &mut BTreeMap<String, RawShape>,
) {
    let inputs = operations.values().filter_map(|operation| operation.input.as_ref());
    let requested = reached(inputs, shapes);
    let outputs = operations.values().filter_map(|operation| operation.output.as_ref());
    let answered = reached(outputs, shapes);
    let has_parts = |name: &String| {
        shapes.get(name).is_some_and(|shape| matches!(shape.r#type.as_str(), "structure" | "list"))
    };
    let shared: BTreeSet<String> =
        requested.intersection(&answered).filter(|name| has_parts(name)).cloned().collect();
    let in_request = |name: &mut String| {
        if shared.contains(name) {
            name.push_str("InRequest");
        }
    };
    for mut name in requested {
        let Some(mut shape) = shapes.get(&name).cloned() else { continue };
        shape.flattened |= shape.r#type == "list";
        if let Some(member) = &mut shape.member {
            in_request(&mut member.shape);
        }
        for (name, member) in &mut shape.members {
            let written = member.location_name.as_deref().unwrap_or(name);
            let mut chars = written.chars();
            let first = chars.next().map(|first| first.to_ascii_uppercase());
            let capital = first.into_iter().chain(chars).collect();
            member.location_name = Some(member.query_name.take().unwrap_or(capital));
            in_request(&mut member.shape);
        }
        in_request(&mut name);
        shapes.insert(name, shape);
    }
    for input in operations.values_mut().filter_map(|operation| operation.input.as_mut()) {
        in_request(&mut input.shape);
    }
}

/// The shapes that these reach.
fn reached<'a>(
    from: impl Iterator<Item = &'a RawMember>,
    shapes: &BTreeMap<String, RawShape>,
) -> BTreeSet<String> {
    let mut open: Vec<&str> = from.map(|member| member.shape.as_str()).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !seen.insert(name.to_owned()) {
            continue;
        }
        let Some(shape) = shapes.get(name) else { continue };
        let members = shape.member.iter().chain(shape.members.values());
        open.extend(members.map(|member| member.shape.as_str()));
    }
    seen
}

fn time_format(name: Option<&str>) -> Result<Option<TimeFormat>, String> {
    Ok(match name {
        None => None,
        Some("iso8601") => Some(TimeFormat::Iso8601),
        Some("rfc822") => Some(TimeFormat::Rfc822),
        Some("unixTimestamp") => Some(TimeFormat::Epoch),
        Some(other) => return Err(format!("the time format `{other}` is not known")),
    })
}
