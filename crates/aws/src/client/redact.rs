//! Requests, answers and bodies that the SDK's tracing cannot print.

use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextMut, Error, Input, Output,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SerializeRequest};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::request_id::RequestId;
use rstack_model::KnownMap;

use super::{answer, bucket_call};
use crate::codec::Codec;
use crate::model::Operation;
use crate::service_error::Refusal;

/// A request that is written but not signed.
pub(super) struct Request(HttpRequest);

impl Request {
    pub(super) fn new(request: HttpRequest) -> Self {
        Self(request)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Request(..)")
    }
}

/// The output of an operation.
pub(super) struct Answer(KnownMap);

impl Answer {
    pub(super) fn into_inner(self) -> KnownMap {
        self.0
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(..)")
    }
}

/// Hands the written request over.
#[derive(Debug)]
pub(super) struct Serializer;

impl SerializeRequest for Serializer {
    fn serialize_input(&self, input: Input, _: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        match input.downcast::<Request>() {
            Ok(Request(request)) => Ok(request),
            Err(_) => Err("the input is not a request".into()),
        }
    }
}

/// Reads the answers of one operation.
#[derive(Debug)]
pub(super) struct OperationCodec {
    pub(super) codec: &'static Codec,
    pub(super) operation: &'static Operation,
}

impl DeserializeResponse for OperationCodec {
    fn deserialize_nonstreaming_with_config(
        &self,
        answer: &HttpResponse,
        _: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        if let Some(page) = answer::page(answer) {
            return Err(OrchestratorError::response(page.into()));
        }
        if answer.status().is_success() {
            return match self.codec.output(self.operation, answer) {
                Ok(output) => Ok(Output::erase(Answer(output))),
                Err(error) => Err(OrchestratorError::response(error.into())),
            };
        }
        let metadata = self.codec.error(self.operation, answer);
        let request_id = answer.request_id().or_else(|| metadata.extra("request_id"));
        let request_id = request_id.or_else(|| bucket_call::request_id(answer.headers()));
        let refusal = Refusal {
            status: answer.status().as_u16(),
            code: metadata.code().map(str::to_owned),
            message: metadata.message().map(str::to_owned),
            request_id: request_id.map(str::to_owned),
        };
        Err(OrchestratorError::operation(Error::erase(refusal)))
    }
}

/// Wraps a signed request's body, so that tracing sees that there is one and not what is in it.
#[derive(Debug)]
pub(super) struct BodyHider;

#[dyn_dispatch_hint]
impl Intercept for BodyHider {
    fn name(&self) -> &'static str {
        "BodyHider"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.request_mut().body_mut();
        let plain = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(plain);
        Ok(())
    }
}
