//! The wire form of any operation, from its model: input trees to HTTP requests, HTTP answers to
//! output trees.
//!
//! Inputs are keyed by member names. Scalars are taken as CloudFormation takes them: text for a
//! number or a boolean and the other way round. A [`KnownValue::Null`] member is an absent member.
//! Secrets are exposed only while the request is written. In outputs, shapes the model calls
//! sensitive are [`KnownValue::Secret`], timestamps RFC 3339 text, and blobs their text if they
//! are UTF-8 and base64 otherwise; a blob of an input is given as its text.

mod check;
mod read;
#[cfg(test)]
mod reverse;
mod scalar;
mod schemas;
#[cfg(test)]
mod tests;
mod write;

use aws_smithy_json::protocol::aws_json_rpc::AwsJsonRpcProtocol;
use aws_smithy_json::protocol::aws_rest_json_1::AwsRestJsonProtocol;
use aws_smithy_query::protocol::AwsQueryProtocol;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::http::{Request, Response};
use aws_smithy_schema::protocol::ClientProtocol;
use aws_smithy_schema::serde::SerdeError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::error::metadata::ErrorMetadata;
use aws_smithy_xml::codec::find_depth2_element_slice_by;
use aws_smithy_xml::decode::{Document, try_data};
use aws_smithy_xml::protocol::aws_rest_xml::AwsRestXmlProtocol;
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use crate::definition::Once;
use crate::model::{ModelError, Operation, Service, ServiceModel, WireProtocol};
use schemas::Schemas;
use write::Input;

/// The reasons why an input cannot be written or an answer cannot be read. No text of them holds a
/// value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodecError {
    /// The service does not know the member.
    #[error("`{path}` is not a member of the request")]
    Unknown {
        /// Where in the input.
        path: PropertyPath,
    },
    /// The service wants the member.
    #[error("`{path}` is missing")]
    Missing {
        /// Where in the input.
        path: PropertyPath,
    },
    /// The member's value is of another kind.
    #[error("`{path}` must be {expected}")]
    Kind {
        /// Where in the input.
        path: PropertyPath,
        /// The kind of value that the model requires there.
        expected: &'static str,
    },
    /// The model names a shape it does not have.
    #[error("the model of {service} has no `{name}`")]
    Model {
        /// The service.
        service: &'static str,
        /// The operation or shape.
        name: String,
    },
    /// The request cannot be written.
    #[error("the request cannot be written")]
    Write,
    /// The answer cannot be read.
    #[error("the answer cannot be read: {problem}")]
    Read {
        /// The kind of problem; nothing of the answer.
        problem: &'static str,
    },
}

type Protocol = Box<dyn ClientProtocol<Request, Response>>;

/// The wire form of one service's operations.
#[derive(Debug)]
pub(crate) struct Codec {
    pub(crate) model: &'static ServiceModel,
    protocol: Protocol,
    /// The protocol that answers are read with, where it is another one.
    answers: Option<Protocol>,
    /// The protocol that failed answers are read with, where it is another one.
    failures: Option<Protocol>,
    schemas: Schemas,
}

impl Codec {
    /// The codec of a service: one for each, made when it is first asked for, so that the schemas
    /// it keeps are bounded by the model.
    ///
    /// # Errors
    /// [`ModelError`] if the service's model is damaged.
    pub(crate) fn of(service: Service) -> Result<&'static Self, ModelError> {
        static CODECS: Once<Service, Result<Codec, ModelError>> = Once::new();
        CODECS.get(service, || Self::new(service)).as_ref().map_err(Clone::clone)
    }

    fn new(service: Service) -> Result<Self, ModelError> {
        let model = ServiceModel::of(service)?;
        let metadata = &model.metadata;
        let protocol: Protocol = match metadata.protocol {
            WireProtocol::RestJson => Box::new(AwsRestJsonProtocol::new()),
            WireProtocol::RestXml => Box::new(AwsRestXmlProtocol::new()),
            WireProtocol::Query | WireProtocol::Ec2 => {
                let version = metadata.api_version.as_str();
                Box::new(AwsQueryProtocol::new().with_service_version(version))
            }
            WireProtocol::Json => {
                let prefix = metadata.target_prefix.as_deref().unwrap_or_default();
                let protocol = if metadata.json_1_0 {
                    AwsJsonRpcProtocol::aws_json_1_0()
                } else {
                    AwsJsonRpcProtocol::aws_json_1_1()
                };
                Box::new(protocol.with_target_prefix(prefix))
            }
        };
        let xml = || -> Option<Protocol> { Some(Box::new(AwsRestXmlProtocol::new())) };
        let (answers, failures) = match metadata.protocol {
            // The SDK's query protocol reads no errors; their XML is that of REST-XML.
            WireProtocol::Query => (None, xml()),
            WireProtocol::Ec2 => (xml(), xml()),
            WireProtocol::RestJson | WireProtocol::RestXml | WireProtocol::Json => (None, None),
        };
        Ok(Self { model, protocol, answers, failures, schemas: Schemas::new(model) })
    }

    /// An operation of the service.
    ///
    /// # Errors
    /// [`CodecError::Model`] if the model does not have it.
    pub(crate) fn operation(&self, name: &str) -> Result<&'static Operation, CodecError> {
        self.model.operation(name).ok_or_else(|| self.schemas.missing(name))
    }

    /// Refuses an input that the service would not take.
    ///
    /// # Errors
    /// [`CodecError`] for the first member that is unknown, missing or of the wrong kind.
    pub(crate) fn check(&self, operation: &Operation, input: &KnownMap) -> Result<(), CodecError> {
        match &operation.input {
            Some(shape) => check::structure(&self.schemas, shape, input, &PropertyPath::root()),
            None => match input.keys().next() {
                None => Ok(()),
                Some(name) => Err(CodecError::Unknown { path: PropertyPath::root().name(name) }),
            },
        }
    }

    /// Checks an output as [`Self::check`] does an input.
    ///
    /// # Errors
    /// [`CodecError`] for the first member that is unknown, missing or of the wrong kind.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn check_output(
        &self,
        operation: &Operation,
        output: &KnownMap,
    ) -> Result<(), CodecError> {
        let Some(shape) = &operation.output else { return Ok(()) };
        check::structure(&self.schemas, shape, output, &PropertyPath::root())
    }

    /// The request of an operation, without host and signature.
    ///
    /// # Errors
    /// [`CodecError`] if the input is not one the service takes.
    pub(crate) fn request(
        &self,
        operation: &Operation,
        input: &KnownMap,
    ) -> Result<Request, CodecError> {
        self.check(operation, input)?;
        let schema = self.schemas.input(operation)?;
        let input = Input {
            schemas: &self.schemas,
            shape: operation.input.as_deref(),
            schema,
            members: input,
        };
        let config = settings(operation);
        // The text of a serialization error may quote what could not be written.
        let mut request = self
            .protocol
            .serialize_request(&input, schema, "", &config)
            .map_err(|_| CodecError::Write)?;
        if self.model.metadata.query_compatible {
            request.headers_mut().insert("x-amzn-query-mode", "true");
        }
        Ok(request)
    }

    /// The output in a successful answer.
    ///
    /// # Errors
    /// [`CodecError::Read`] if the answer is not of the form the model says.
    pub(crate) fn output(
        &self,
        operation: &Operation,
        answer: &Response,
    ) -> Result<KnownMap, CodecError> {
        let Some(shape) = &operation.output else { return Ok(KnownMap::new()) };
        let schema = self.schemas.structure(shape)?;
        let config = settings(operation);
        let protocol = self.answers.as_ref().unwrap_or(&self.protocol);
        let mut deserializer = protocol
            .deserialize_response(answer, schema, &config)
            .map_err(|error| unreadable(&error))?;
        read::structure(&self.schemas, &mut *deserializer, shape)
            .map_err(|error| unreadable(&error))
    }

    /// The code, message and request ID in a failed answer, as far as it gives them.
    pub(crate) fn error(&self, operation: &Operation, answer: &Response) -> ErrorMetadata {
        let config = settings(operation);
        let protocol = self.failures.as_ref().unwrap_or(&self.protocol);
        let unwrapped = match self.model.metadata.protocol {
            WireProtocol::Ec2 => ec2_errors(answer),
            WireProtocol::RestXml => unwrapped_error(answer),
            WireProtocol::RestJson | WireProtocol::Query | WireProtocol::Json => None,
        };
        match protocol.parse_error_metadata(unwrapped.as_ref().unwrap_or(answer), &config) {
            Ok(builder) => builder.build(),
            Err(_) => ErrorMetadata::builder().build(),
        }
    }
}

/// EC2 has one more element around its errors; the answer without what is around that.
fn ec2_errors(answer: &Response) -> Option<Response> {
    let body = answer.body().bytes()?;
    let errors = find_depth2_element_slice_by(body, |name| name == "Errors")?;
    Some(Response::new(answer.status(), SdkBody::from(errors)))
}

/// S3 writes its errors without the element that other services have around them; the answer with that.
/// Route 53 has an error that is a list of messages.
///
/// Source: "Error responses", S3 API reference; `InvalidChangeBatch`, Route 53 API reference.
fn unwrapped_error(answer: &Response) -> Option<Response> {
    let body = answer.body().bytes()?;
    let root = Document::try_from(body).ok()?.root_element().ok()?.start_el().local().to_owned();
    if root == CHANGE_BATCH {
        return listed_messages(answer, body);
    }
    if root != "Error" {
        return None;
    }
    let start = body.windows(6).position(|bytes| bytes == b"<Error")?;
    let error = body.get(start..)?;
    let wrapped = [b"<ErrorResponse>", error, b"</ErrorResponse>"].concat();
    Some(Response::new(answer.status(), SdkBody::from(wrapped)))
}

/// The code of the one error that lists its messages.
const CHANGE_BATCH: &str = "InvalidChangeBatch";

/// The answer with its messages as one.
fn listed_messages(answer: &Response, body: &[u8]) -> Option<Response> {
    let mut document = Document::try_from(body).ok()?;
    let mut root = document.root_element().ok()?;
    let mut texts = Vec::new();
    while let Some(mut part) = root.next_tag() {
        if part.start_el().local() != "Messages" {
            continue;
        }
        while let Some(mut message) = part.next_tag() {
            texts.push(try_data(&mut message).ok()?.into_owned());
        }
    }
    let text = texts.join("; ");
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let error = format!(
        "<ErrorResponse><Error><Code>{CHANGE_BATCH}</Code><Message>{text}</Message></Error></ErrorResponse>"
    );
    Some(Response::new(answer.status(), SdkBody::from(error)))
}

/// The settings of an operation that a protocol needs besides its schema.
fn settings(operation: &Operation) -> ConfigBag {
    let mut layer = Layer::new("operation");
    layer.store_put(Metadata::new(operation.name.clone(), "rstack"));
    ConfigBag::of_layers(vec![layer])
}

/// The kind of a problem: the text of the SDK's error may quote the answer.
fn unreadable(error: &SerdeError) -> CodecError {
    let problem = match error {
        SerdeError::TypeMismatch { .. } => "a value is of another kind",
        SerdeError::MissingMember { .. } => "a member is missing",
        SerdeError::UnknownMember { .. } => "a member is not known",
        _ => "it is not well formed",
    };
    CodecError::Read { problem }
}

/// The values that stand for a structure's members: null is absence.
fn present(members: &KnownMap) -> impl Iterator<Item = (&String, &KnownValue)> {
    members.iter().filter(|(_, value)| !matches!(value, KnownValue::Null))
}
