//! Custom resources: resources that a handler of the template's own makes, a Lambda function or the
//! subscriber of an SNS topic. CloudFormation's contract is in `request` and `response`; the driver sends
//! requests through a [`CustomTransport`] and never sends one twice.
//!
//! Source: "CloudFormation custom resource request and response reference", AWS CloudFormation User Guide.

mod built_in;
mod cursor;
mod driver;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod transport;

pub use driver::CustomResource;
pub use request::{RequestType, service_timeout};
pub use response::{MAX_RESPONSE, Response, ResponseError};
pub use transport::{CustomTransport, DefaultRules, Delivery, HandlerArn, ResponseKey};

/// The property that names the handler.
pub const SERVICE_TOKEN: &str = "ServiceToken";
/// The property with the time limit of a request in seconds.
pub const SERVICE_TIMEOUT: &str = "ServiceTimeout";
/// The limits and the default of a time limit in seconds.
pub const MIN_TIMEOUT: u64 = 1;
/// See [`MIN_TIMEOUT`].
pub const MAX_TIMEOUT: u64 = 3600;
