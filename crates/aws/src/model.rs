//! Service models: the shapes and operations of one AWS service, from its public description.
//!
//! A model says what a service understands and how it stands on the wire; it holds no rules of
//! any resource type.

mod embedded;
mod raw;

use std::collections::BTreeMap;

pub(crate) use embedded::decompressed;

pub(crate) use crate::definition::{Service, WireProtocol};

/// Facts about a service as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// The version of the API, such as `2017-10-12`.
    pub(crate) api_version: String,
    /// The protocol of its requests and answers.
    pub(crate) protocol: WireProtocol,
    /// The prefix of the operation's name in `X-Amz-Target`.
    pub(crate) target_prefix: Option<String>,
    /// True if it is version 1.0 of the JSON protocol, and not 1.1.
    pub(crate) json_1_0: bool,
    /// True if the service spoke AWS Query before, and is asked for the error codes of that.
    pub(crate) query_compatible: bool,
    /// The name requests are signed for.
    pub(crate) signing_name: String,
    /// The service's name in the configuration of the SDKs, such as `Secrets Manager`.
    pub(crate) service_id: String,
}

/// Where in a request or an answer a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Location {
    /// In the body.
    #[default]
    Body,
    /// In the path.
    Uri,
    /// In the query string.
    QueryString,
    /// In one header.
    Header,
    /// In all headers with a prefix.
    Headers,
    /// The HTTP status.
    StatusCode,
}

/// The format of a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// RFC 3339.
    Iso8601,
    /// As HTTP headers have it.
    Rfc822,
    /// Seconds since 1970.
    Epoch,
}

/// An XML namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct XmlNamespace {
    /// The URI.
    pub(crate) uri: String,
    /// The prefix of the names that are in it; without one it is that of the element.
    pub(crate) prefix: Option<String>,
}

/// A use of a shape: a member of a structure, the elements of a list, the keys or values of a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Member {
    /// The name of its shape.
    pub(crate) shape: String,
    /// True if a request must have it.
    pub(crate) required: bool,
    /// Where it stands.
    pub(crate) location: Location,
    /// Its name on the wire, if that is not the member's own.
    pub(crate) location_name: Option<String>,
    /// True if the elements of the list stand without an element around them.
    pub(crate) flattened: bool,
    /// True if it is an attribute of the XML element.
    pub(crate) xml_attribute: bool,
    /// The XML namespace of its element.
    pub(crate) xml_namespace: Option<XmlNamespace>,
    /// The format of a point in time here.
    pub(crate) timestamp_format: Option<TimeFormat>,
    /// True if it is a token that makes the request safe to repeat. Such members are required: the
    /// SDKs make one up, a driver has a journaled one.
    pub(crate) idempotency_token: bool,
}

/// The kind of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ShapeKind {
    /// Named members, by member name.
    Structure {
        /// The members.
        members: BTreeMap<String, Member>,
    },
    /// Elements of one shape.
    List {
        /// The elements.
        member: Member,
    },
    /// Text keys, values of one shape.
    Map {
        /// The keys.
        key: Member,
        /// The values.
        value: Member,
    },
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A 32-bit integer.
    Integer,
    /// A 64-bit integer.
    Long,
    /// A 32-bit float.
    Float,
    /// A 64-bit float.
    Double,
    /// A point in time.
    Timestamp,
    /// Bytes.
    Blob,
}

/// A named type of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The kind.
    pub(crate) kind: ShapeKind,
    /// True if its text must not be shown.
    pub(crate) sensitive: bool,
    /// True for bytes that are no text: their value is base64.
    pub(crate) binary: bool,
    /// True if exactly one of its members is set.
    pub(crate) union: bool,
    /// The member that is the whole body.
    pub(crate) payload: Option<String>,
    /// True if the elements of the list stand without an element around them.
    pub(crate) flattened: bool,
    /// The XML namespace of its elements.
    pub(crate) xml_namespace: Option<XmlNamespace>,
    /// The format of a point in time.
    pub(crate) timestamp_format: Option<TimeFormat>,
}

impl Shape {
    /// The members, if this is a structure.
    pub(crate) fn members(&self) -> Option<&BTreeMap<String, Member>> {
        if let ShapeKind::Structure { members } = &self.kind { Some(members) } else { None }
    }
}

/// One operation of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Its name, such as `CreateChannel`.
    pub(crate) name: String,
    /// The HTTP method.
    pub(crate) method: String,
    /// The path, with labels in braces, as the model has it.
    pub(crate) uri: String,
    /// The shape of the input.
    pub(crate) input: Option<String>,
    /// The XML element around the input, where it is not the shape's name.
    pub(crate) input_element: Option<String>,
    /// The XML namespace of the input.
    pub(crate) input_namespace: Option<String>,
    /// The shape of the output.
    pub(crate) output: Option<String>,
    /// The element of the answer the output stands in (query protocol).
    pub(crate) result_wrapper: Option<String>,
}

impl Operation {
    /// True if the operation only reads: repeating it changes nothing.
    pub(crate) fn reads(&self) -> bool {
        ["Get", "List", "Describe", "BatchGet"].iter().any(|verb| self.name.starts_with(verb))
    }
}

/// The shapes and operations of one service.
#[derive(Debug)]
pub(crate) struct ServiceModel {
    /// Which service it is.
    pub(crate) service: Service,
    /// The facts about the service as a whole.
    pub(crate) metadata: Metadata,
    operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

impl ServiceModel {
    /// A type by its name.
    pub(crate) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// An operation by its name.
    pub(crate) fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// A type and its name, for as long as the model lives.
    pub(crate) fn shape_entry(&self, name: &str) -> Option<(&str, &Shape)> {
        self.shapes.get_key_value(name).map(|(name, shape)| (name.as_str(), shape))
    }

    /// An operation and its name, for as long as the model lives.
    pub(crate) fn operation_entry(&self, name: &str) -> Option<(&str, &Operation)> {
        self.operations.get_key_value(name).map(|(name, operation)| (name.as_str(), operation))
    }

    /// Every shape.
    #[cfg(test)]
    pub(crate) fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.shapes.values()
    }

    /// Every operation.
    #[cfg(test)]
    pub(crate) fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }
}

/// A model that cannot be opened. Models are part of the program, so the program is damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model of {service} is damaged: {problem}")]
pub(crate) struct ModelError {
    /// The service.
    pub(crate) service: &'static str,
    /// The problem with it.
    pub(crate) problem: String,
}
