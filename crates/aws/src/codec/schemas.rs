//! Schemas for the SDK's protocols, made from the shapes of a model.
//!
//! The SDK wants schemas that live as long as it may use them. Each is made once and kept for the
//! life of the program; there are at most as many as the model has shapes and operations.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws_smithy_schema::traits::{HttpTrait, TimestampFormat};
use aws_smithy_schema::{Schema, ShapeId, ShapeType, intern_header_name};

use super::CodecError;
use crate::model::{
    Location, Member, Operation, ServiceModel, Shape, ShapeKind, TimeFormat, WireProtocol,
    XmlNamespace,
};

type Static = &'static Schema<'static>;

/// The schemas of one service made so far.
#[derive(Debug)]
pub(super) struct Schemas {
    model: &'static ServiceModel,
    shapes: Mutex<BTreeMap<&'static str, Static>>,
    inputs: Mutex<BTreeMap<&'static str, Static>>,
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn leak_text(text: impl Into<String>) -> &'static str {
    Box::leak(text.into().into_boxed_str())
}

fn shape_id(name: &'static str) -> ShapeId<'static> {
    ShapeId::from_parts(leak_text(format!("aws#{name}")), "aws", name)
}

fn member_id(owner: &'static str, member: &str) -> ShapeId<'static> {
    ShapeId::from_parts(leak_text(format!("aws#{owner}${member}")), "aws", owner)
}

fn shape_type(shape: &Shape) -> ShapeType {
    match shape.kind {
        ShapeKind::Structure { .. } if shape.union => ShapeType::Union,
        ShapeKind::Structure { .. } => ShapeType::Structure,
        ShapeKind::List { .. } => ShapeType::List,
        ShapeKind::Map { .. } => ShapeType::Map,
        ShapeKind::String => ShapeType::String,
        ShapeKind::Boolean => ShapeType::Boolean,
        ShapeKind::Integer => ShapeType::Integer,
        ShapeKind::Long => ShapeType::Long,
        ShapeKind::Float => ShapeType::Float,
        ShapeKind::Double => ShapeType::Double,
        ShapeKind::Timestamp => ShapeType::Timestamp,
        ShapeKind::Blob => ShapeType::Blob,
    }
}

impl Schemas {
    pub(super) fn new(model: &'static ServiceModel) -> Self {
        Self { model, shapes: Mutex::default(), inputs: Mutex::default() }
    }

    /// True for EC2, whose requests follow rules of their own.
    pub(super) fn is_ec2(&self) -> bool {
        self.model.metadata.protocol == WireProtocol::Ec2
    }

    /// The error for a name the model does not have.
    pub(super) fn missing(&self, name: &str) -> CodecError {
        CodecError::Model { service: self.model.service.name(), name: name.to_owned() }
    }

    /// A shape of the model.
    pub(super) fn shape(&self, name: &str) -> Result<(&'static str, &'static Shape), CodecError> {
        self.model.shape_entry(name).ok_or_else(|| self.missing(name))
    }

    /// The schema of a structure.
    pub(super) fn structure(&self, name: &str) -> Result<Static, CodecError> {
        self.target(name)
    }

    /// The schema of a shape that stands by itself: an element, a value, a structure.
    pub(super) fn target(&self, name: &str) -> Result<Static, CodecError> {
        let (name, shape) = self.shape(name)?;
        let kept = self.shapes.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied();
        if let Some(schema) = kept {
            return Ok(schema);
        }
        let id = shape_id(name);
        let schema = leak(match &shape.kind {
            ShapeKind::Structure { members } => {
                let mut schemas = Vec::new();
                for (index, (member_name, member)) in members.iter().enumerate() {
                    let mut schema = self.member(name, member_name, index, member)?;
                    if shape.payload.as_deref() == Some(member_name) {
                        schema = schema.with_http_payload();
                    }
                    schemas.push(leak(schema));
                }
                Schema::new_struct(id, shape_type(shape), Box::leak(schemas.into_boxed_slice()))
            }
            ShapeKind::List { member } => {
                Schema::new_list(id, leak(self.member(name, "member", 0, member)?))
            }
            ShapeKind::Map { key, value } => Schema::new_map(
                id,
                leak(self.member(name, "key", 0, key)?),
                leak(self.member(name, "value", 1, value)?),
            ),
            ShapeKind::String
            | ShapeKind::Boolean
            | ShapeKind::Integer
            | ShapeKind::Long
            | ShapeKind::Float
            | ShapeKind::Double
            | ShapeKind::Timestamp
            | ShapeKind::Blob => {
                let schema = Schema::new(id, shape_type(shape));
                match shape.timestamp_format {
                    Some(format) => schema.with_timestamp_format(timestamp_format(format)),
                    None => schema,
                }
            }
        });
        let mut kept = self.shapes.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(*kept.entry(name).or_insert(schema))
    }

    /// The schema of an operation's input, with the method and path of the operation.
    pub(super) fn input(&self, operation: &Operation) -> Result<Static, CodecError> {
        let (name, operation) = self
            .model
            .operation_entry(&operation.name)
            .ok_or_else(|| self.missing(&operation.name))?;
        let kept = self.inputs.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied();
        if let Some(schema) = kept {
            return Ok(schema);
        }
        let mut uri = operation.uri.clone();
        let mut schema = match &operation.input {
            None => Schema::new_struct(shape_id(name), ShapeType::Structure, &[]),
            Some(input) => {
                let (input, shape) = self.shape(input)?;
                for (member_name, member) in shape.members().into_iter().flatten() {
                    if member.location == Location::Uri {
                        let label = member.location_name.as_deref().unwrap_or(member_name);
                        for end in ["}", "+}"] {
                            let (from, to) =
                                (format!("{{{label}{end}"), format!("{{{member_name}{end}"));
                            uri = uri.replace(&from, &to);
                        }
                    }
                }
                let members = self.structure(input)?.members();
                Schema::new_struct(shape_id(input), ShapeType::Structure, leak(members.to_vec()))
            }
        };
        schema = schema.with_http(HttpTrait::new(&operation.method, leak_text(uri), None));
        if let Some(element) = &operation.input_element {
            schema = schema.with_xml_name(element);
        }
        if let Some(namespace) = &operation.input_namespace {
            schema = schema.with_xml_namespace(namespace, None);
        }
        let mut kept = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(*kept.entry(name).or_insert(leak(schema)))
    }

    /// The schema of a use of a shape.
    fn member(
        &self,
        owner: &'static str,
        name: &'static str,
        index: usize,
        member: &'static Member,
    ) -> Result<Schema<'static>, CodecError> {
        let (target, shape) = self.shape(&member.shape)?;
        let mut schema = Schema::new_member(member_id(owner, name), shape_type(shape), name, index);
        let wire_name = member.location_name.as_deref();
        schema = match member.location {
            Location::Uri => schema.with_http_label(),
            Location::QueryString if matches!(shape.kind, ShapeKind::Map { .. }) => {
                schema.with_http_query_params()
            }
            Location::QueryString => schema.with_http_query(wire_name.unwrap_or(name)),
            Location::Header => {
                schema.with_http_header(intern_header_name(wire_name.unwrap_or(name)))
            }
            Location::Headers => schema.with_http_prefix_headers(wire_name.unwrap_or_default()),
            Location::StatusCode => schema.with_http_response_code(),
            Location::Body => match wire_name {
                Some(wire_name) if wire_name != name => match self.model.metadata.protocol {
                    WireProtocol::RestJson | WireProtocol::Json => schema.with_json_name(wire_name),
                    WireProtocol::RestXml | WireProtocol::Query | WireProtocol::Ec2 => {
                        schema.with_xml_name(wire_name)
                    }
                },
                Some(_) | None => schema,
            },
        };
        if member.flattened || shape.flattened {
            schema = schema.with_xml_flattened();
        }
        if member.xml_attribute {
            schema = schema.with_xml_attribute();
        }
        let namespace = member.xml_namespace.as_ref().or(shape.xml_namespace.as_ref());
        if let Some(XmlNamespace { uri, prefix }) = namespace {
            schema = schema.with_xml_namespace(uri, prefix.as_deref());
        }
        if let Some(format) = member.timestamp_format.or(shape.timestamp_format) {
            schema = schema.with_timestamp_format(timestamp_format(format));
        }
        Ok(match &shape.kind {
            ShapeKind::List { member } => {
                schema.with_list_member(leak(self.member(target, "member", 0, member)?))
            }
            ShapeKind::Map { key, value } => schema.with_map_members(
                leak(self.member(target, "key", 0, key)?),
                leak(self.member(target, "value", 1, value)?),
            ),
            ShapeKind::Structure { .. }
            | ShapeKind::String
            | ShapeKind::Boolean
            | ShapeKind::Integer
            | ShapeKind::Long
            | ShapeKind::Float
            | ShapeKind::Double
            | ShapeKind::Timestamp
            | ShapeKind::Blob => schema,
        })
    }
}

fn timestamp_format(format: TimeFormat) -> TimestampFormat {
    match format {
        TimeFormat::Iso8601 => TimestampFormat::DateTime,
        TimeFormat::Rfc822 => TimestampFormat::HttpDate,
        TimeFormat::Epoch => TimestampFormat::EpochSeconds,
    }
}
