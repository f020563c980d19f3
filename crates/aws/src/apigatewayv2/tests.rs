//! The drivers go through the conformance suite over HTTP, and against a scripted service.

use std::sync::Arc;

use rstack_catalog::Registry;
use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    Cloud, CreateRequest, DirectDriver, ErrorKind, Found, NoEffects, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, Region, StackName};
use serde_json::{Value, json};

use super::calls::{Gateway, Place, Turns};
use super::child::{Child, Kind};
use super::{api, deployment, integration, route, stage};
use crate::AwsCloud;
use crate::api::Api;
use crate::model::{Service, ServiceModel};
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{Answer, JournaledApi, done, failure};
use crate::test::scripted_api::known;

/// An API, with what a test needs below it.
async fn in_api(services: &FakeServices) -> String {
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let properties = known(json!({"Name": "n", "ProtocolType": "HTTP"}));
    let driver = cloud.driver(&"AWS::ApiGatewayV2::Api".into()).unwrap();
    let request = creation(properties);
    driver.begin(&rstack_driver::Request::Create(request), &NoEffects).await.unwrap();
    services.account().inventory()["AWS::ApiGatewayV2::Api"][0].clone()
}

fn creation(properties: KnownMap) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
        properties,
    }
}

/// Takes an object through the suite; `parent` is true for what is below an API.
async fn conforms(name: &str, create: Value, change: Value, unread: &[&str], parent: bool) {
    let services = FakeServices::default();
    let (mut create, mut change) = (known(create), known(change));
    let mut missing = Identifier::from("api9999999");
    if parent {
        let api = in_api(&services).await;
        for tree in [&mut create, &mut change] {
            tree.insert("ApiId".to_owned(), api.as_str().into());
        }
        missing = Identifier::new([api, "missing".to_owned()]);
    }
    let before = services.account().inventory();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let sample = Sample {
        resource_type: format!("AWS::ApiGatewayV2::{name}").as_str().into(),
        stack: StackName::parse("Live").unwrap(),
        create,
        change: Some(change),
        unread: unread.iter().map(|name| (*name).to_owned()).collect(),
        token: "0f3b5d2e-1c1e-4b8e-9d5d-6f3d1f1c2b3a".into(),
        missing,
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{name}: {broken:?}");
    }
    assert_eq!(services.account().inventory(), before, "{name}");
}

#[tokio::test]
async fn apis_pass_the_conformance_suite() {
    let quick = ["CredentialsArn", "RouteKey", "Target", "BasePath", "Body", "FailOnWarnings"];
    let create = json!({
        "Name": "n", "ProtocolType": "HTTP", "Description": "text", "Version": "1",
        "ApiKeySelectionExpression": "$request.header.x", "DisableExecuteApiEndpoint": "true",
        "DisableSchemaValidation": true, "IpAddressType": "dualstack",
        "CorsConfiguration": {
            "AllowCredentials": true, "AllowHeaders": ["X-B", "X-A"], "AllowMethods": ["GET"],
            "AllowOrigins": ["https://a.example"], "ExposeHeaders": ["X-C"], "MaxAge": "60",
        },
        "RouteSelectionExpression": "$request.method $request.path",
        "Target": "https://a.example", "RouteKey": "GET /", "CredentialsArn": "arn:aws:iam::1:role/r",
        "Tags": {"a": "1", "b": "2"},
    });
    let change = json!({
        "Name": "m", "ProtocolType": "HTTP", "CorsConfiguration": {"AllowOrigins": ["*"]},
        "Target": "https://b.example", "CredentialsArn": "arn:aws:iam::1:role/s",
        "Tags": {"a": "2", "c": "3"},
    });
    conforms("Api", create, change, &quick, false).await;
    let body = |title: &str| json!({"openapi": "3.0.1", "info": {"title": title, "version": "1"}, "paths": {"/x": {}}});
    let create = json!({"Body": body("one"), "Name": "n", "Tags": {"a": "1"}});
    let change = json!({"Body": body("two"), "BasePath": "split", "Description": "text"});
    conforms("Api", create, change, &quick, false).await;
}

#[tokio::test]
async fn stages_pass_the_conformance_suite() {
    let create = json!({
        "StageName": "$default", "AutoDeploy": "true", "Description": "text",
        "ClientCertificateId": "c", "StageVariables": {"a": "1", "b": "2"},
        "AccessLogSettings": {"DestinationArn": "arn:aws:logs:r:1:g:*", "Format": "$context.requestId"},
        "DefaultRouteSettings": {
            "DataTraceEnabled": true, "DetailedMetricsEnabled": "true", "LoggingLevel": "INFO",
            "ThrottlingBurstLimit": "5", "ThrottlingRateLimit": 2.5,
        },
        "RouteSettings": {"GET /": {"ThrottlingBurstLimit": 1}, "GET /x": {"LoggingLevel": "ERROR"}},
        "Tags": {"a": "1", "b": "2"},
    });
    let change = json!({
        "StageName": "$default", "StageVariables": {"b": "3"}, "DeploymentId": "d",
        "DefaultRouteSettings": {"ThrottlingBurstLimit": 6, "ThrottlingRateLimit": 2.5},
        "RouteSettings": {"GET /": {"ThrottlingRateLimit": 1}}, "Tags": {"b": "2"},
    });
    conforms("Stage", create, change, &[], true).await;
}

#[tokio::test]
async fn objects_without_tags_pass_the_conformance_suite() {
    let pair = |to: &str| json!({"Destination": to, "Source": "x"});
    let create = json!({
        "IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage", "Description": "text",
        "ConnectionId": "v", "ConnectionType": "VPC_LINK", "IntegrationMethod": "POST",
        "ContentHandlingStrategy": "CONVERT_TO_TEXT", "CredentialsArn": "arn:aws:iam::1:role/r",
        "IntegrationUri": "arn:aws:lambda:r:1:function:f", "PassthroughBehavior": "NEVER",
        "PayloadFormatVersion": "2.0", "RequestParameters": {"a": "1", "b": "2"},
        "RequestTemplates": {"application/json": "{}"}, "TemplateSelectionExpression": "x",
        "ResponseParameters": {
            "200": {"ResponseParameters": [pair("append:header.b"), pair("append:header.a")]},
            "404": {"ResponseParameters": [pair("append:header.a")]},
        },
        "TimeoutInMillis": "1000", "TlsConfig": {"ServerNameToVerify": "a.example"},
    });
    let change = json!({
        "IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage",
        "IntegrationMethod": "POST", "RequestParameters": {"b": "3"},
        "IntegrationUri": "arn:aws:lambda:r:1:function:g",
        "ResponseParameters": {"404": {"ResponseParameters": [pair("append:header.c")]}},
    });
    conforms("Integration", create, change, &[], true).await;
    let create = json!({
        "RouteKey": "GET /", "ApiKeyRequired": "true", "AuthorizationScopes": ["b", "a"],
        "AuthorizationType": "JWT", "AuthorizerId": "a", "ModelSelectionExpression": "x",
        "OperationName": "get", "RequestModels": {"application/json": "m"},
        "RouteResponseSelectionExpression": "$default", "Target": "integrations/i",
    });
    let change = json!({"RouteKey": "GET /x", "AuthorizationType": "JWT", "AuthorizerId": "b"});
    conforms("Route", create, change, &[], true).await;
    let create = json!({"Description": "text"});
    conforms("Deployment", create, json!({}), &["StageName"], true).await;
}

#[test]
fn identifiers_are_those_of_the_registry_and_every_property_is_known() {
    let forms = [&api::FORM, &deployment::KIND.form, &integration::KIND.form, &route::KIND.form];
    for form in forms.into_iter().chain([&stage::FORM]) {
        let schema = Registry::embedded().get(form.type_name).unwrap().unwrap();
        let parts: Vec<String> =
            schema.primary_identifier().iter().map(ToString::to_string).collect();
        let own = form.type_name.rsplit("::").next().unwrap();
        assert!(ServiceModel::of(Service::APIGATEWAYV2).unwrap().shape(form.shown).is_some());
        let id = if own == "Stage" { "StageName".to_owned() } else { format!("{own}Id") };
        let expected = if own == "Api" { vec![id] } else { vec!["ApiId".to_owned(), id] };
        assert_eq!(parts, expected, "{own}");
    }
}

fn gateway(script: &Arc<JournaledApi>) -> Gateway {
    let api: Arc<dyn Api> = Arc::<JournaledApi>::clone(script);
    Gateway { api, place: Place::new(&Region::new(REGION), None) }
}

fn child<const N: usize>(
    kind: &'static Kind,
    answers: [(&'static str, Answer); N],
) -> (Arc<JournaledApi>, Child) {
    let script = JournaledApi::new(answers);
    let driver = Child::new(gateway(&script), kind, Arc::new(Turns::default()));
    (script, driver)
}

fn items(items: Value) -> Answer {
    Ok(known(json!({"Items": items})))
}

#[tokio::test]
async fn of_equal_objects_the_one_that_was_not_there_before_is_ours() {
    let uri = json!({"ApiId": "a", "IntegrationType": "HTTP_PROXY", "IntegrationUri": "https://x"});
    let found = |id: &str| {
        json!({"IntegrationId": id, "IntegrationType": "HTTP_PROXY", "IntegrationUri": "https://x",
               "ConnectionType": "INTERNET"})
    };
    let other =
        json!({"IntegrationId": "o", "IntegrationType": "HTTP_PROXY", "IntegrationUri": "y"});
    let look = |begun: Option<&'static str>, there: Value| {
        let uri = uri.clone();
        async move {
            let (_, driver) = child(&integration::KIND, [("GetIntegrations", items(there))]);
            let begun = begun.map(Cursor::from);
            driver.find(&CreateRequest { begun, ..creation(known(uri)) }).await.unwrap()
        }
    };
    assert_eq!(look(None, json!([found("i")])).await, Found::Absent);
    let before = Some("create beside i");
    assert_eq!(look(before, json!([found("i"), other])).await, Found::Absent);
    let Found::Ours(ours) = look(before, json!([found("i"), found("j")])).await else { panic!() };
    assert_eq!(ours.physical_id.as_str(), "j");
    let several = json!([found("i"), found("j"), found("k")]);
    assert!(matches!(look(before, several).await, Found::Ambiguous { .. }));
}

#[tokio::test]
async fn a_route_of_another_owner_is_left_alone() {
    let properties = known(json!({"ApiId": "a", "RouteKey": "GET /"}));
    let there = items(json!([{"RouteId": "r", "RouteKey": "GET /"}]));
    let (script, driver) = child(&route::KIND, [("GetRoutes", there)]);
    let error = driver.create(&creation(properties), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    script.assert_finished();
}

#[tokio::test]
async fn a_deployment_is_given_to_the_stage_that_is_declared() {
    let found = || Ok(known(json!({"DeploymentId": "d"})));
    let (script, driver) = child(
        &deployment::KIND,
        [("GetDeployment", found()), ("UpdateStage", done()), ("GetDeployment", found())],
    );
    let request = UpdateRequest {
        identifier: Identifier::new(["a", "d"].map(str::to_owned)),
        token: "T".into(),
        prior: known(json!({"ApiId": "a", "StageName": "one"})),
        properties: known(json!({"ApiId": "a", "StageName": "two"})),
    };
    driver.update(&request).await.unwrap();
    let expected = json!({"ApiId": "a", "DeploymentId": "d", "StageName": "two"});
    assert_eq!(script.input(1), known(expected));
    script.assert_finished();
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_exists_is_looked_for() {
    use ErrorKind as K;
    for (kind, code, message, expected) in [
        (K::NotFound, "NotFoundException", "Invalid API", K::DependencyNotReady),
        (
            K::Conflict,
            "ConflictException",
            "Unable to complete operation due to concurrent modification.",
            K::DependencyNotReady,
        ),
        (K::Conflict, "ConflictException", "Route already exists", K::AlreadyExists),
        (K::Conflict, "ConflictException", "It is referenced", K::Conflict),
    ] {
        let mut error = failure(kind, code).unwrap_err();
        error.message = message.to_owned();
        assert_eq!(super::calls::meaning(error).kind, expected, "{message}");
    }
}

#[tokio::test]
async fn what_no_call_takes_back_is_refused() {
    let api = || Ok(known(json!({"ApiId": "a", "ProtocolType": "HTTP", "Name": "n"})));
    let script = JournaledApi::new([("GetApi", api())]);
    let driver = api::HttpApi::new(gateway(&script));
    let request = UpdateRequest {
        identifier: "a".into(),
        token: "T".into(),
        prior: known(json!({"Name": "n", "ProtocolType": "HTTP", "Target": "https://a.example"})),
        properties: known(json!({"Name": "n", "ProtocolType": "HTTP"})),
    };
    let error = driver.update(&request).await.unwrap_err();
    assert!(error.message.contains("`Target` is declared no longer"), "{error}");
    let settings =
        |tree: Value| known(json!({"ApiId": "a", "StageName": "s", "DefaultRouteSettings": tree}));
    let there = || Ok(settings(json!({"ThrottlingBurstLimit": 5})));
    let script = JournaledApi::new([("GetStage", there()), ("GetStage", there())]);
    let driver = stage::Stage::new(gateway(&script));
    let request = UpdateRequest {
        identifier: Identifier::new(["a", "s"].map(str::to_owned)),
        token: "T".into(),
        prior: settings(json!({"ThrottlingBurstLimit": 5})),
        properties: settings(json!({"DetailedMetricsEnabled": true})),
    };
    let error = driver.update(&request).await.unwrap_err();
    assert!(error.message.contains("`ThrottlingBurstLimit` no longer"), "{error}");
}
