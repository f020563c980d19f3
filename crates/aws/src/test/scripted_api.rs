//! A scripted service for tests of drivers: each expected call has its answer, and each call must
//! be one that the real service would take, and that the page on permissions names.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};
use serde_json::Value;

use crate::api::Api;
use crate::codec::Codec;
use crate::model::Service;

type Answer = Result<KnownMap, DriverError>;

/// Answers calls in the order that was scripted, and keeps what was asked.
#[derive(Debug, Default)]
pub(crate) struct ScriptedApi {
    answers: Mutex<VecDeque<(&'static str, Answer)>>,
    calls: Mutex<Vec<(&'static str, KnownMap)>>,
}

/// A JSON object as a tree of known values.
pub(crate) fn known(json: Value) -> KnownMap {
    match KnownValue::from_json(json) {
        KnownValue::Map(map) => map,
        other => panic!("not an object: {other:?}"),
    }
}

/// The golden file of a service, as `tests/botocore_golden.py` wrote it.
pub(crate) fn golden(name: &str) -> Value {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

impl ScriptedApi {
    /// A service that expects nothing yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The next call is this operation, and gets this output.
    #[must_use]
    pub(crate) fn answer(self, operation: &'static str, output: Value) -> Self {
        self.then(operation, Ok(known(output)))
    }

    /// The next call is this operation, and fails.
    #[must_use]
    pub(crate) fn fail(self, operation: &'static str, kind: ErrorKind, code: &str) -> Self {
        let mut error = DriverError::new(kind, operation, format!("{code} was scripted"));
        error.code = Some(code.to_owned());
        self.then(operation, Err(error))
    }

    /// The next call is this operation, and comes out so.
    #[must_use]
    pub(crate) fn then(self, operation: &'static str, answer: Answer) -> Self {
        self.answers.lock().unwrap().push_back((operation, answer));
        self
    }

    /// The names of the operations called so far.
    pub(crate) fn operations(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().iter().map(|(operation, _)| *operation).collect()
    }

    /// The input of the call at a position.
    pub(crate) fn input(&self, position: usize) -> KnownMap {
        self.calls.lock().unwrap()[position].1.clone()
    }

    /// Fails the test if a scripted call was not made.
    pub(crate) fn assert_finished(&self) {
        let left: Vec<_> = self.answers.lock().unwrap().iter().map(|(name, _)| *name).collect();
        assert!(left.is_empty(), "these calls were not made: {left:?}");
    }
}

/// Fails the test if the service would not take the input, or has no such operation. An input
/// without members says that the test is not about it.
pub(crate) fn assert_sendable(operation: &str, input: &KnownMap) {
    if input.is_empty() {
        return;
    }
    let mut problems = Vec::new();
    for &service in Service::ALL {
        let codec = Codec::of(service).unwrap();
        let Ok(known) = codec.operation(operation) else { continue };
        match codec.request(known, input) {
            Ok(_) => return,
            Err(problem) => problems.push(format!("{}: {problem}", service.name())),
        }
    }
    panic!("{operation} cannot be called so: {problems:?}");
}

/// The page that says what a caller must be allowed.
const PERMISSIONS: &str = include_str!("../../../../docs/permissions.md");

/// Fails the test if the page on permissions does not name the operation.
fn assert_documented(operation: &str) {
    let action = match operation {
        // It is allowed by the permissions of two others.
        "CreateDistributionWithTags" => "CreateDistribution",
        // Source: "Actions, resources, and condition keys for AWS Lambda", Service Authorization Reference.
        "Invoke" => "InvokeFunction",
        // Its action has another name.
        "ListObjectsV2" => "ListBucket",
        other => other,
    };
    let has = |action: &str| PERMISSIONS.contains(&format!(":{action}`"));
    // The actions of API Gateway are the methods of HTTP.
    let by_method = [Service::APIGATEWAY, Service::APIGATEWAYV2].into_iter().any(|service| {
        let gateway = Codec::of(service).unwrap().operation(operation);
        gateway.is_ok_and(|operation| has(&operation.method))
    });
    assert!(has(action) || by_method, "docs/permissions.md lacks {action}");
}

#[async_trait]
impl Api for ScriptedApi {
    async fn call(&self, operation: &'static str, input: KnownMap) -> Answer {
        assert_sendable(operation, &input);
        assert_documented(operation);
        let next = self.answers.lock().unwrap().pop_front();
        self.calls.lock().unwrap().push((operation, input));
        match next {
            Some((expected, answer)) if expected == operation => answer,
            Some((expected, _)) => panic!("{operation} was called and {expected} expected"),
            None => panic!("{operation} was called and nothing expected"),
        }
    }
}

#[test]
fn every_action_on_the_page_on_permissions_is_an_operation() {
    let actions = PERMISSIONS.split('`').skip(1).step_by(2).filter_map(|code| code.split_once(':'));
    let mut seen = 0;
    for (service, action) in actions {
        let Some(service) = Service::ALL.iter().copied().find(|known| known.name() == service)
        else {
            continue;
        };
        // The actions of S3 have names of their own.
        if service == Service::S3 {
            continue;
        }
        let codec = Codec::of(service).unwrap();
        // Asked of other services, or checked by a service that is asked for something else.
        let others = [
            "AssociateVPCWithHostedZone",
            // The calls of a registry that `docker push` makes.
            "BatchCheckLayerAvailability",
            "CompleteLayerUpload",
            "InitiateLayerUpload",
            "PutImage",
            "UploadLayerPart",
            "CreateClusterSnapshot",
            "CreateDBClusterSnapshot",
            "CreateDBSnapshot",
            "CreateGrant",
            "CreateServiceLinkedRole",
            "CreateSnapshot",
            "CreateTags",
            "CreateVpcEncryptionControl",
            "Decrypt",
            "AssumeRole",
            "Encrypt",
            "GenerateDataKey",
            "GetCodeSigningConfig",
            "InvokeFunction",
            "PassCapacityProvider",
            "PassRole",
        ];
        // Cloud Control has the actions of CloudFormation.
        let of_cloud_control = || {
            service == Service::CLOUDFORMATION
                && Codec::of(Service::CLOUDCONTROLAPI).unwrap().operation(action).is_ok()
        };
        // API Gateway has the methods of HTTP, and one action for policies.
        let of_api_gateway = || {
            service == Service::APIGATEWAY
                && ["DELETE", "GET", "PATCH", "POST", "PUT", "UpdateRestApiPolicy"]
                    .contains(&action)
        };
        let known = others.contains(&action)
            || codec.operation(action).is_ok()
            || of_cloud_control()
            || of_api_gateway();
        assert!(known, "{}:{action} is no operation", service.name());
        seen += 1;
    }
    assert!(seen > 100, "the page names {seen} actions only");
}
