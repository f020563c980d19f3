//! Schemas of GraphQL APIs, which are processed for a while. The APIs themselves are those of Cloud
//! Control.

use serde_json::{Value, json};

use super::account::{Account, Reply, refuse, text};

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let api = text(input, "apiId");
    let mut apis = account.cloud_control.objects.iter();
    if !apis.any(|((kind, _), model)| {
        *kind == "AWS::AppSync::GraphQLApi" && text(model, "ApiId") == api
    }) {
        return Err(refuse(404, "NotFoundException", &format!("GraphQL API {api} not found.")));
    }
    match operation {
        "StartSchemaCreation" => {
            let schema = json!({"definition": input["definition"], "left": 2});
            account.graphql_schemas.insert(api, schema);
            Ok(json!({"status": "PROCESSING"}))
        }
        "GetSchemaCreationStatus" => {
            let Some(schema) = account.graphql_schemas.get_mut(&api) else {
                return Ok(json!({"status": "NOT_APPLICABLE"}));
            };
            let left = schema["left"].as_u64().unwrap();
            schema["left"] = left.saturating_sub(1).into();
            let status = if left > 0 { "PROCESSING" } else { "SUCCESS" };
            Ok(json!({"status": status}))
        }
        _ => panic!("appsync:{operation}"),
    }
}
