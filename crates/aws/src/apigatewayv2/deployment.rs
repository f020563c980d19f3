//! `AWS::ApiGatewayV2::Deployment`: a snapshot of an API, which a stage serves.

use rstack_model::{KnownMap, KnownValue};
use serde_json::{Value, json};

use super::child::{Call, Kind};
use super::form::{Form, as_it_is, none};

/// Deployments.
pub(super) static KIND: Kind = Kind {
    form: Form {
        type_name: "AWS::ApiGatewayV2::Deployment",
        create: "CreateDeploymentRequest",
        update: "UpdateDeploymentRequest",
        shown: "GetDeploymentResponse",
        apart: &[],
        names: &["ApiId", "StageName"],
        unread: &[],
        emptied: &[],
        beside: &[],
        to_wire: as_it_is,
        from_wire: none,
        reset,
    },
    noun: "deployment",
    id: "DeploymentId",
    create: Call { operation: "CreateDeployment", action: "apigatewayv2:CreateDeployment" },
    get: Call { operation: "GetDeployment", action: "apigatewayv2:GetDeployment" },
    list: "GetDeployments",
    update: Call { operation: "UpdateDeployment", action: "apigatewayv2:UpdateDeployment" },
    delete: "DeleteDeployment",
    is_same,
    is_unique: false,
    unsupported: &[],
    stage: Some("StageName"),
};

/// The value that takes a property back.
///
/// Source: API Gateway V2 API reference, `UpdateDeployment`: a description may be empty.
fn reset(name: &str, _: bool) -> Option<Value> {
    (name == "Description").then(|| json!(""))
}

/// A stage that deploys by itself makes deployments, too.
fn is_same(form: &Form, members: &KnownMap, found: &KnownMap) -> bool {
    let own = found.get("AutoDeployed") != Some(&KnownValue::Bool(true));
    own && form.says_same(members, found)
}
