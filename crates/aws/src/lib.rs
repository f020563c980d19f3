//! Native drivers over the AWS SDK, by service.
//!
//! A service's public description (`model`) says what its operations take and give; one `codec`
//! writes and reads all of them; the SDK signs, sends and retries. Drivers call operations by name
//! through the trait `Api`, with trees of values, and hold the rules of their resource types.

mod api;
mod apigateway;
mod apigatewayv2;
mod appsync;
mod attached_policy;
mod client;
mod cloud;
mod cloud_control;
mod cloudfront;
mod codebuild;
mod codec;
mod configuration;
mod custom;
mod definition;
mod dynamodb;
mod ec2;
mod ecr;
mod emr;
mod endpoint_rules;
mod events;
mod final_snapshot;
mod iam;
mod kms;
mod lambda;
mod lookup;
mod mapping;
mod mediaconnect;
mod mediatailor;
mod members;
mod model;
mod openapi;
mod ownership;
mod provisioned;
#[cfg(test)]
mod recovery;
mod resource_tags;
mod rest_json;
mod route53;
mod s3;
mod secrets;
mod secretsmanager;
mod service_error;
mod sns;
mod stepfunctions;
mod stored_document;
#[cfg(test)]
mod test;

#[cfg(any(test, feature = "fuzzing"))]
pub use client::answer_laws;
pub use cloud::{AwsCloud, Serving};
pub use configuration::ConnectOptions;
