//! `AWS::ApiGatewayV2::Route`: an API has at most one for each route key.

use rstack_driver::UnsupportedProperty;
use rstack_model::KnownMap;
use serde_json::{Value, json};

use super::child::{Call, Kind};
use super::form::{Form, as_it_is, none};
use crate::iam::text_in;

const ROUTE_KEY: &str = "RouteKey";

/// Routes.
pub(super) static KIND: Kind = Kind {
    form: Form {
        type_name: "AWS::ApiGatewayV2::Route",
        create: "CreateRouteRequest",
        update: "UpdateRouteRequest",
        shown: "GetRouteResult",
        apart: &["RequestParameters"],
        names: &["ApiId"],
        unread: &[],
        emptied: &[],
        // Source: terraform-provider-aws, `internal/service/apigatewayv2/route.go`, its update.
        beside: &["AuthorizationType"],
        to_wire: as_it_is,
        from_wire: none,
        reset,
    },
    noun: "route",
    id: "RouteId",
    create: Call { operation: "CreateRoute", action: "apigatewayv2:CreateRoute" },
    get: Call { operation: "GetRoute", action: "apigatewayv2:GetRoute" },
    list: "GetRoutes",
    update: Call { operation: "UpdateRoute", action: "apigatewayv2:UpdateRoute" },
    delete: "DeleteRoute",
    is_same: |_, members, found| is_same(members, found),
    is_unique: true,
    unsupported: &[UnsupportedProperty {
        property: "RequestParameters",
        instead: "leave it out: the registry has a list without names for it, and a parameter \
                  without a name says nothing",
    }],
    stage: None,
};

/// The values that take properties back.
///
/// Source: API Gateway V2 API reference, `CreateRoute` and `UpdateRoute`; terraform-provider-aws,
/// `internal/service/apigatewayv2/route.go`.
fn reset(name: &str, _: bool) -> Option<Value> {
    Some(match name {
        "ApiKeyRequired" => json!(false),
        "AuthorizationScopes" => json!([]),
        "AuthorizationType" => json!("NONE"),
        "AuthorizerId"
        | "ModelSelectionExpression"
        | "OperationName"
        | "RouteResponseSelectionExpression"
        | "Target" => json!(""),
        "RequestModels" => json!({}),
        _ => return None,
    })
}

/// Source: API Gateway V2 API reference, `CreateRoute`, Errors: 409 for a route key that exists.
fn is_same(members: &KnownMap, found: &KnownMap) -> bool {
    text_in(members, ROUTE_KEY) == text_in(found, ROUTE_KEY)
}
