//! The drivers go through the conformance suite over HTTP, and against a scripted service.

use std::sync::Arc;

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    Cloud, CreateRequest, DeleteRequest, DirectDriver, ErrorKind, Found, NoEffects, Object,
    Progress, Removal, Request, Step, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, Region, StackName};
use serde_json::{Value, json};

use super::calls::Gateway;
use super::deployment::Deployment;
use super::method::Method;
use super::resource::Resource;
use super::rest_api::RestApi;
use super::stage::Stage;
use crate::AwsCloud;
use crate::api::Api;
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{Answer, JournaledApi, done, failure};
use crate::test::scripted_api::known;

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

async fn made(services: &FakeServices, name: &str, properties: Value) -> Object {
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let driver = cloud.driver(&format!("AWS::ApiGateway::{name}").as_str().into()).unwrap();
    let request = Request::Create(creation(known(properties)));
    match driver.begin(&request, &NoEffects).await.unwrap() {
        Step::Pending(pending) => *pending.object.unwrap(),
        Step::Done(_) => panic!("{name}"),
    }
}

/// An API with a root resource and a method, and a deployment of it.
struct Below {
    api: String,
    root: String,
    deployment: String,
}

async fn in_api(services: &FakeServices) -> Below {
    let api = made(services, "RestApi", json!({"Name": "n"})).await;
    let root = api.attributes["RootResourceId"].as_str().unwrap().to_owned();
    let api = api.physical_id.to_string();
    let method = json!({
        "RestApiId": api, "ResourceId": root, "HttpMethod": "HEAD", "Integration": {"Type": "MOCK"},
    });
    made(services, "Method", method).await;
    let deployment = made(services, "Deployment", json!({"RestApiId": api})).await;
    Below { api, root, deployment: deployment.physical_id.to_string() }
}

/// Takes an object through the suite. The samples of what is below an API name the parts of it.
async fn conforms(
    name: &str,
    samples: impl Fn(&Below) -> [Value; 2],
    unread: &[&str],
    missing: &[&str],
) {
    let services = FakeServices::default();
    let below = in_api(&services).await;
    let [create, change] = samples(&below);
    let before = services.account().inventory();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let parts = missing.iter().map(|part| match *part {
        "API" => below.api.clone(),
        part => part.to_owned(),
    });
    let sample = Sample {
        resource_type: format!("AWS::ApiGateway::{name}").as_str().into(),
        stack: StackName::parse("Live").unwrap(),
        create: known(create),
        change: (!change.is_null()).then(|| known(change)),
        unread: unread.iter().map(|name| (*name).to_owned()).collect(),
        token: "0f3b5d2e-1c1e-4b8e-9d5d-6f3d1f1c2b3a".into(),
        missing: Identifier::new(parts.collect::<Vec<_>>()),
    };
    if let Err(broken) = check(&cloud, &sample).await {
        panic!("{name}: {broken:?}");
    }
    assert_eq!(services.account().inventory(), before, "{name}");
}

const WRITTEN: [&str; 5] = ["Body", "CloneFrom", "FailOnWarnings", "Mode", "Parameters"];

#[tokio::test]
async fn apis_pass_the_conformance_suite() {
    let policy = |path: &str| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
            "Resource": format!("execute-api:/{path}"),
        }]})
    };
    let create = json!({
        "Name": "n", "Description": "text", "Version": "1", "ApiKeySourceType": "AUTHORIZER",
        "BinaryMediaTypes": ["image/png", "*/*"], "DisableExecuteApiEndpoint": "true",
        "EndpointConfiguration": {
            "Types": ["PRIVATE"], "IpAddressType": "dualstack", "VpcEndpointIds": ["vpce-2", "vpce-1"],
        },
        "EndpointAccessMode": "STRICT", "SecurityPolicy": "TLS_1_2", "CloneFrom": "other",
        "MinimumCompressionSize": "0", "Policy": policy("*"),
        "Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}],
    });
    let change = json!({
        "Name": "m", "Version": "1", "BinaryMediaTypes": ["x/y", "image/png"],
        "EndpointConfiguration": {
            "Types": ["PRIVATE"], "IpAddressType": "dualstack", "VpcEndpointIds": ["vpce-1", "vpce-3"],
        },
        "EndpointAccessMode": "BASIC", "SecurityPolicy": "TLS_1_0", "CloneFrom": "other",
        "Policy": policy("prod/*").to_string(), "Tags": [{"Key": "a", "Value": "3"}],
    });
    let samples = [create, change];
    conforms("RestApi", |_| samples.clone(), &WRITTEN, &["missing"]).await;
    // What goes only with one type of endpoint goes before it, and comes after it.
    let private = json!({
        "Name": "n", "Description": "",
        "EndpointConfiguration": {"Types": ["PRIVATE"], "VpcEndpointIds": ["vpce-1"]},
    });
    let regional = json!({
        "Name": "n", "EndpointConfiguration": {"Types": ["REGIONAL"], "IpAddressType": "dualstack"},
    });
    let samples = [private.clone(), regional.clone()];
    conforms("RestApi", |_| samples.clone(), &WRITTEN, &["missing"]).await;
    let samples = [regional, private];
    conforms("RestApi", |_| samples.clone(), &WRITTEN, &["missing"]).await;
    let body = |title: &str| json!({"openapi": "3.0.1", "info": {"title": title, "version": "1"}, "paths": {"/x": {}}});
    let create = json!({
        "Body": body("one"), "Name": "n", "Policy": policy("*"), "Mode": "merge",
        "Parameters": {"basepath": "split"}, "FailOnWarnings": "true",
        "Tags": [{"Key": "a", "Value": "1"}],
    });
    let change = json!({"Body": body("two"), "Description": "text", "Mode": "overwrite"});
    let samples = [create, change];
    conforms("RestApi", |_| samples.clone(), &WRITTEN, &["missing"]).await;
}

#[tokio::test]
async fn resources_pass_the_conformance_suite() {
    let samples = |below: &Below| {
        let Below { api, root, .. } = below;
        let one = json!({"RestApiId": api, "ParentId": root, "PathPart": "{proxy+}"});
        [one, Value::Null]
    };
    conforms("Resource", samples, &[], &["API", "missing"]).await;
}

#[tokio::test]
async fn methods_pass_the_conformance_suite() {
    let samples = |below: &Below| {
        let Below { api, root, .. } = below;
        let create = json!({
            "RestApiId": api, "ResourceId": root, "HttpMethod": "POST", "ApiKeyRequired": "true",
            "AuthorizationType": "COGNITO_USER_POOLS", "AuthorizerId": "auth1",
            "AuthorizationScopes": ["b", "a"], "OperationName": "post", "RequestValidatorId": "v",
            "RequestModels": {"application/json": "m", "text/x": "n"},
            "RequestParameters": {"method.request.header.a": true, "method.request.header.b": "false"},
            "MethodResponses": [
                {"StatusCode": 404},
                {
                    "StatusCode": "200", "ResponseModels": {"application/json": "Empty"},
                    "ResponseParameters": {"method.response.header.a": true, "method.response.header.b": "true"},
                },
            ],
            "Integration": {
                "Type": "AWS", "IntegrationHttpMethod": "POST", "Uri": "arn:aws:apigateway:r:lambda:path/f",
                "Credentials": "arn:aws:iam::1:role/r", "CacheKeyParameters": ["method.request.path.a", "x"],
                "CacheNamespace": "ns", "ConnectionType": "VPC_LINK", "ConnectionId": "link",
                "ContentHandling": "CONVERT_TO_TEXT", "IntegrationTarget": "arn:aws:elasticloadbalancing:r:1:l",
                "PassthroughBehavior": "NEVER", "ResponseTransferMode": "BUFFERED",
                "RequestParameters": {"integration.request.header.a": "'1'"},
                "RequestTemplates": {"application/json": "{}"}, "TimeoutInMillis": "1000",
                "IntegrationResponses": [
                    {"StatusCode": "404", "SelectionPattern": "4..", "ContentHandling": "CONVERT_TO_BINARY"},
                    {
                        "StatusCode": "200", "ResponseTemplates": {"application/json": ""},
                        "ResponseParameters": {"method.response.header.a": "'1'"},
                    },
                ],
            },
        });
        let change = json!({
            "RestApiId": api, "ResourceId": root, "HttpMethod": "POST", "AuthorizationType": "AWS_IAM",
            "RequestModels": {"text/x": "o"}, "RequestParameters": {"method.request.header.c": false},
            "MethodResponses": [
                {"StatusCode": "201"},
                {"StatusCode": "200", "ResponseParameters": {"method.response.header.c": true}},
            ],
            "Integration": {
                "Type": "AWS", "Uri": "arn:aws:apigateway:r:lambda:path/g", "IntegrationHttpMethod": "POST",
                "RequestTemplates": {"application/json": "{1}", "text/x": "{}"},
                "IntegrationResponses": [
                    {"StatusCode": "201", "SelectionPattern": "2.."}, {"StatusCode": "200"},
                ],
            },
        });
        [create, change]
    };
    conforms("Method", samples, &[], &["API", "missing", "GET"]).await;
    // The role of an integration and the address of a mock are changed by no operation.
    for (kind, name) in [("AWS", "Credentials"), ("MOCK", "Uri"), ("MOCK", "IntegrationHttpMethod")]
    {
        let samples = |below: &Below| {
            let Below { api, root, .. } = below;
            ["GET", "POST"].map(|value| {
                json!({
                    "RestApiId": api, "ResourceId": root, "HttpMethod": "PUT",
                    "AuthorizationType": "NONE", "MethodResponses": [{"StatusCode": "200"}],
                    "Integration": {
                        "Type": kind, name: value, "RequestTemplates": {"text/x": ""},
                        "IntegrationResponses": [{"StatusCode": "200", "SelectionPattern": value}],
                    },
                })
            })
        };
        conforms("Method", samples, &[], &["API", "missing", "GET"]).await;
    }
    let samples = |below: &Below| {
        let Below { api, root, .. } = below;
        let create = json!({
            "RestApiId": api, "ResourceId": root, "HttpMethod": "ANY", "AuthorizationType": "NONE",
            "Integration": {"Type": "MOCK", "IntegrationResponses": []},
        });
        let change = json!({"RestApiId": api, "ResourceId": root, "HttpMethod": "ANY", "MethodResponses": []});
        [create, change]
    };
    conforms("Method", samples, &[], &["API", "missing", "GET"]).await;
}

#[tokio::test]
async fn stages_pass_the_conformance_suite() {
    let samples = |below: &Below| {
        let Below { api, deployment, .. } = below;
        let create = json!({
            "RestApiId": api, "StageName": "prod", "DeploymentId": deployment, "Description": "text",
            "AccessLogSetting": {"DestinationArn": "arn:aws:logs:r:1:g:*", "Format": "$context.requestId"},
            "CacheClusterEnabled": "true", "CacheClusterSize": "1.6", "ClientCertificateId": "c",
            "CanarySetting": {
                "DeploymentId": deployment, "PercentTraffic": "5", "UseStageCache": true,
                "StageVariableOverrides": {"a": "2"},
            },
            "DocumentationVersion": "1", "TracingEnabled": "true", "Variables": {"a": "1", "b": "2"},
            "MethodSettings": [
                {"ResourcePath": "/~1a~1{b}", "HttpMethod": "GET", "CachingEnabled": "true", "CacheTtlInSeconds": 5},
                {
                    "ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO", "MetricsEnabled": true,
                    "DataTraceEnabled": true, "CacheDataEncrypted": true, "ThrottlingBurstLimit": "7",
                    "ThrottlingRateLimit": 2.5,
                },
            ],
            "Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}],
        });
        let change = json!({
            "RestApiId": api, "StageName": "prod", "DeploymentId": deployment, "Variables": {"b": "3", "c": "1"},
            "CacheClusterSize": "1.6", "CanarySetting": {"DeploymentId": deployment, "PercentTraffic": 7.5},
            "MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "ERROR"}],
            "Tags": [{"Key": "b", "Value": "3"}],
        });
        [create, change]
    };
    conforms("Stage", samples, &[], &["API", "missing"]).await;
}

#[tokio::test]
async fn deployments_pass_the_conformance_suite() {
    let unread = ["DeploymentCanarySettings", "StageDescription", "StageName"];
    let samples = |below: &Below| {
        let api = &below.api;
        let create = json!({
            "RestApiId": api, "Description": "text", "StageName": "live",
            "StageDescription": {
                "Description": "text", "CacheClusterEnabled": true, "CacheClusterSize": "0.5",
                "TracingEnabled": true, "Variables": {"a": "1"}, "LoggingLevel": "INFO",
                "CacheTtlInSeconds": 9, "ClientCertificateId": "c", "DocumentationVersion": "1",
                "AccessLogSetting": {"DestinationArn": "arn:aws:logs:r:1:g:*", "Format": "x"},
                "MethodSettings": [{"ResourcePath": "/~1a", "HttpMethod": "GET", "MetricsEnabled": true}],
                "Tags": [{"Key": "a", "Value": "1"}],
            },
        });
        let change = json!({
            "RestApiId": api, "StageName": "live",
            "StageDescription": {"Variables": {"b": "1"}, "ThrottlingRateLimit": 5},
        });
        [create, change]
    };
    conforms("Deployment", samples, &unread, &["missing", "API"]).await;
}

#[tokio::test]
async fn a_deployment_moves_its_stage_and_a_rollback_moves_it_back() {
    let services = FakeServices::default();
    let api = in_api(&services).await.api;
    let declared =
        |note: &str| json!({"RestApiId": api, "StageName": "Stage", "Description": note});
    let stage =
        || services.account().rest_apis["AWS::ApiGateway::Stage"][&format!("{api}|Stage")].clone();
    let cloud = AwsCloud::over(services.config(), Region::new(REGION));
    let driver = cloud.driver(&"AWS::ApiGateway::Deployment".into()).unwrap();
    let delete = |object: &Object, note: &str, removal: Removal| {
        Request::Delete(DeleteRequest {
            identifier: object.identifier.clone(),
            token: "T".into(),
            prior: known(declared(note)),
            removal,
        })
    };
    let one = made(&services, "Deployment", declared("one")).await;
    let two = made(&services, "Deployment", declared("two")).await;
    assert_eq!(stage()["deploymentId"], two.physical_id.as_str());
    driver.begin(&delete(&two, "two", Removal::Rollback), &NoEffects).await.unwrap();
    assert_eq!(stage()["deploymentId"], one.physical_id.as_str());
    let three = made(&services, "Deployment", declared("three")).await;
    // What serves nothing any more leaves the stage alone.
    driver.begin(&delete(&one, "one", Removal::Recoverable), &NoEffects).await.unwrap();
    assert_eq!(stage()["deploymentId"], three.physical_id.as_str());
    let canary = json!({
        "RestApiId": api, "StageName": "Stage", "DeploymentCanarySettings": {"PercentTraffic": 5},
    });
    let canary = made(&services, "Deployment", canary).await;
    assert_eq!(stage()["canarySettings"]["deploymentId"], canary.physical_id.as_str());
    driver.begin(&delete(&canary, "", Removal::Recoverable), &NoEffects).await.unwrap();
    assert_eq!(stage()["canarySettings"], Value::Null);
    driver.begin(&delete(&three, "three", Removal::Recoverable), &NoEffects).await.unwrap();
    let stages = services.account().rest_apis["AWS::ApiGateway::Stage"].clone();
    assert!(stages.is_empty(), "{stages:?}");
}

fn gateway(script: &Arc<JournaledApi>) -> Gateway {
    let api: Arc<dyn Api> = Arc::<JournaledApi>::clone(script);
    Gateway::new(api, &Region::new(REGION))
}

fn page(items: Value) -> Answer {
    Ok(known(json!({"items": items})))
}

#[tokio::test]
async fn what_another_owner_has_is_left_alone() {
    let there = page(json!([{"id": "r", "parentId": "p", "pathPart": "x"}]));
    let script = JournaledApi::new([("GetResources", there)]);
    let properties = known(json!({"RestApiId": "a", "ParentId": "p", "PathPart": "x"}));
    let driver = Resource::new(gateway(&script));
    let error = driver.create(&creation(properties), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    script.assert_finished();
    let names = json!({"RestApiId": "a", "ResourceId": "r", "HttpMethod": "GET"});
    let script = JournaledApi::new([("GetMethod", Ok(known(json!({"httpMethod": "GET"}))))]);
    let driver = Method::new(gateway(&script));
    let error = driver.create(&creation(known(names.clone())), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    script.assert_finished();
    let stage = known(json!({"RestApiId": "a", "StageName": "s", "DeploymentId": "d"}));
    let script = JournaledApi::new([("GetStage", Ok(known(json!({"stageName": "s"}))))]);
    let driver = Stage::new(gateway(&script));
    let error = driver.create(&creation(stage), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    script.assert_finished();
    // A method that says something else was not made by the operation.
    let other = json!({"httpMethod": "GET", "authorizationType": "AWS_IAM"});
    let script = JournaledApi::new([("GetMethod", Ok(known(other)))]);
    let driver = Method::new(gateway(&script));
    let request = CreateRequest { absence_proven: true, ..creation(known(names)) };
    assert!(matches!(driver.find(&request).await.unwrap(), Found::Ambiguous { .. }));
}

#[tokio::test]
async fn of_equal_deployments_the_one_that_was_not_there_before_is_ours() {
    let deployment = |id: &str| json!({"id": id, "description": "text"});
    let look = |begun: Option<&'static str>, there: Value| async move {
        let script = JournaledApi::new([("GetDeployments", page(there))]);
        let driver = Deployment::new(gateway(&script), Arc::default());
        let properties = known(json!({"RestApiId": "a", "Description": "text"}));
        let begun = begun.map(Cursor::from);
        driver.find(&CreateRequest { begun, ..creation(properties) }).await.unwrap()
    };
    let before = Some("create beside d");
    let other = json!({"id": "o", "description": "other"});
    assert_eq!(look(before, json!([deployment("d"), other])).await, Found::Absent);
    let two = json!([deployment("d"), deployment("e")]);
    let Found::Ours(ours) = look(before, two).await else { panic!() };
    assert_eq!(ours.physical_id.as_str(), "e");
    let several = json!([deployment("d"), deployment("e"), deployment("f")]);
    assert!(matches!(look(before, several).await, Found::Ambiguous { .. }));
}

#[tokio::test]
async fn another_type_of_integration_takes_the_place_of_the_old_one() {
    let names = json!({"RestApiId": "a", "ResourceId": "r", "HttpMethod": "GET"});
    let with = |integration: Value| {
        let mut tree = names.clone();
        tree["MethodResponses"] = json!([{"StatusCode": "200"}]);
        tree["Integration"] = integration;
        known(tree)
    };
    let responses = json!([{"StatusCode": "200"}]);
    let method = json!({
        "httpMethod": "GET", "authorizationType": "NONE",
        "methodResponses": {"200": {"statusCode": "200"}},
        "methodIntegration": {
            "type": "HTTP", "uri": "https://a.example", "tlsConfig": {"insecureSkipVerification": true},
            "integrationResponses": {"200": {"statusCode": "200"}},
        },
    });
    let found = || Ok(known(method.clone()));
    let script = JournaledApi::new([
        ("GetMethod", found()),
        ("PutIntegration", Ok(known(json!({"type": "MOCK"})))),
        ("PutIntegrationResponse", done()),
        ("GetMethod", found()),
    ]);
    let prior = with(
        json!({"Type": "HTTP", "Uri": "https://a.example", "IntegrationResponses": responses}),
    );
    let properties = with(json!({"Type": "MOCK", "IntegrationResponses": responses}));
    let request = |prior: &KnownMap, properties: KnownMap| UpdateRequest {
        identifier: Identifier::new(["a", "r", "GET"].map(str::to_owned)),
        token: "T".into(),
        prior: prior.clone(),
        properties,
    };
    Method::new(gateway(&script)).update(&request(&prior, properties)).await.unwrap();
    assert_eq!(script.input(1).get("type").unwrap().as_str(), Some("MOCK"));
    assert!(!script.input(1).contains_key("tlsConfig"));
    script.assert_finished();
    // A setting that no operation takes back needs a new one, too, which keeps what was never declared.
    let script = JournaledApi::new([
        ("GetMethod", found()),
        ("PutIntegration", Ok(known(json!({"type": "HTTP"})))),
        ("PutIntegrationResponse", done()),
        ("GetMethod", found()),
    ]);
    let properties = with(json!({"Type": "HTTP", "IntegrationResponses": responses}));
    Method::new(gateway(&script)).update(&request(&prior, properties)).await.unwrap();
    let input = script.input(1);
    assert!(input.contains_key("tlsConfig") && !input.contains_key("uri"), "{input:?}");
    script.assert_finished();
}

#[tokio::test]
async fn a_deletion_that_is_throttled_is_asked_for_again() {
    let throttled = || failure(ErrorKind::Throttled, "TooManyRequestsException");
    let script = JournaledApi::new([("DeleteRestApi", throttled()), ("DeleteRestApi", done())]);
    let driver = RestApi::new(gateway(&script));
    let request = DeleteRequest {
        identifier: "a".into(),
        token: "T".into(),
        prior: KnownMap::new(),
        removal: Removal::Recoverable,
    };
    let Progress::Pending { ask_again_in, .. } = driver.delete(&request).await.unwrap() else {
        panic!()
    };
    assert_eq!(ask_again_in.as_secs(), 30);
    assert_eq!(driver.delete(&request).await.unwrap(), Progress::Done);
    script.assert_finished();
}

#[tokio::test]
async fn a_creation_that_is_throttled_is_tried_again_when_its_turn_has_come() {
    for (types, seconds) in
        [(json!([]), Some(30)), (json!(["EDGE"]), Some(30)), (json!(["REGIONAL"]), None)]
    {
        let throttled = failure(ErrorKind::Throttled, "TooManyRequestsException");
        let script = JournaledApi::new([("CreateRestApi", throttled)]);
        let properties = json!({"Name": "n", "EndpointConfiguration": {"Types": types}});
        let driver = RestApi::new(gateway(&script));
        let error = driver.create(&creation(known(properties)), &NoEffects).await.unwrap_err();
        assert_eq!(error.retry_after.map(|time| time.as_secs()), seconds);
    }
}

#[test]
fn what_passes_is_tried_again_and_what_exists_is_looked_for() {
    use ErrorKind as K;
    for (kind, code, message, expected) in [
        (K::NotFound, "NotFoundException", "Invalid Resource identifier", K::DependencyNotReady),
        (
            K::Conflict,
            "ConflictException",
            "Unable to complete operation due to concurrent modification. Please try again later.",
            K::DependencyNotReady,
        ),
        (
            K::Conflict,
            "ConflictException",
            "Method already exists for this resource",
            K::AlreadyExists,
        ),
        (
            K::Conflict,
            "ConflictException",
            "Another resource with the same parent already has this name: x",
            K::AlreadyExists,
        ),
        (K::Conflict, "ConflictException", "Cannot delete it", K::Conflict),
    ] {
        let mut error = failure(kind, code).unwrap_err();
        error.message = message.to_owned();
        assert_eq!(super::calls::meaning(error).kind, expected, "{message}");
    }
}

#[tokio::test]
async fn what_no_call_carries_out_is_refused_by_name() {
    let api = || Ok(known(json!({"id": "a", "name": "n", "securityPolicy": "TLS_1_2"})));
    let update = |prior: Value, properties: Value| UpdateRequest {
        identifier: "a".into(),
        token: "T".into(),
        prior: known(prior),
        properties: known(properties),
    };
    let script = JournaledApi::new([("GetRestApi", api())]);
    let request = update(json!({"Name": "n", "SecurityPolicy": "TLS_1_2"}), json!({"Name": "n"}));
    let error = RestApi::new(gateway(&script)).update(&request).await.unwrap_err();
    assert!(error.message.contains("`SecurityPolicy` is declared no longer"), "{error}");
    let script = JournaledApi::new([("GetRestApi", api())]);
    let request = update(json!({"Name": "n"}), json!({"Name": "n", "Version": "2"}));
    let error = RestApi::new(gateway(&script)).update(&request).await.unwrap_err();
    assert!(error.message.contains("`Version` has another value"), "{error}");
    let script = JournaledApi::new([]);
    let request =
        update(json!({"Name": "n", "CloneFrom": "b"}), json!({"Name": "n", "CloneFrom": "c"}));
    let error = RestApi::new(gateway(&script)).update(&request).await.unwrap_err();
    assert!(error.message.contains("`CloneFrom` has another value"), "{error}");
    let script = JournaledApi::new([]);
    let driver = Deployment::new(gateway(&script), Arc::default());
    let properties = known(json!({"RestApiId": "a", "StageDescription": {"Description": "text"}}));
    let error = driver.create(&creation(properties), &NoEffects).await.unwrap_err();
    assert!(error.message.contains("`StageDescription` needs `StageName`"), "{error}");
}
