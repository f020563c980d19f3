//! The whole program against clouds that others wrote: moto (API Gateway's REST APIs, AppSync, CloudFormation, EC2,
//! the media services, RDS, Route 53, SNS, SQS, Systems Manager) and MiniStack (API Gateway, Cloud Control, CloudFront, CloudWatch and its logs, CodeBuild,
//! DynamoDB, EventBridge, IAM, KMS, Lambda, S3, Secrets Manager, STS), over real HTTP. What is there
//! afterwards is read with boto3, by a mapping of its own, so that a mistake in rstack's mapping cannot
//! hide itself.
#![cfg(test)]

mod access_keys;
mod account;
mod all_types;
mod apis;
mod assets;
mod attached;
mod attachments;
mod buckets;
mod builds;
mod cloud_control;
mod custom;
mod emulators;
mod failures;
mod functions;
mod identities;
mod images;
mod interrupted;
mod killed;
mod killer;
mod known_handlers;
mod live_event;
mod lookups;
mod lossy;
mod lying;
mod managed;
mod moved;
mod named;
mod network;
mod provisioned;
mod records;
mod remote_templates;
mod rest_apis;
mod rotation;
mod sam;
mod secrets;
mod serverless;
mod streaming;
mod tables;
mod wait_conditions;

#[path = "../cli/harness.rs"]
#[expect(dead_code, reason = "the tests of the sandbox use more of it")]
mod place;
