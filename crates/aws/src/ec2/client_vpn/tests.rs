//! Endpoints and associations of Client VPN against scripted answers, and whole lives over HTTP.

use rstack_driver::conformance::{Sample, check};
use rstack_driver::{
    Cloud, CreateRequest, DirectDriver, DriverError, ErrorKind, Finish, Found, Observed,
    OperationKind, Pending, Poll, Request, ResourceDriver, Step, UpdateRequest,
};
use rstack_model::{Cursor, KnownValue, Region, StackName};
use serde_json::{Value, json};

use super::{ClientVpnEndpoint, TargetNetworkAssociation};
use crate::AwsCloud;
use crate::ec2::tagged::Tagged;
use crate::test::fake::{Account, FakeServices, REGION};
use crate::test::journaled_api::{Answer, JournaledApi, done, gone, json as answer};
use crate::test::scripted_api::known;

const TOKEN: &str = "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a";

fn creation(properties: Value) -> CreateRequest {
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: TOKEN.into(),
        properties: known(properties),
        absence_proven: false,
        begun: None,
    }
}

fn update(id: &str, prior: Value, properties: Value) -> UpdateRequest {
    let (prior, properties) = (known(prior), known(properties));
    UpdateRequest { identifier: id.into(), token: "T2".into(), prior, properties }
}

/// An endpoint as EC2 describes it, with more members.
fn endpoints(more: Value) -> Answer {
    let mut endpoint = json!({
        "ClientVpnEndpointId": "cvpn-endpoint-1", "Status": {"Code": "pending-associate"},
        "ServerCertificateArn": "arn:c", "ClientCidrBlock": "10.0.0.0/22", "VpnPort": 443,
        "AuthenticationOptions": [{
            "Type": "certificate-authentication",
            "MutualAuthentication": {"ClientRootCertificateChain": "arn:r"},
        }],
        "ConnectionLogOptions": {"Enabled": false}, "SplitTunnel": true, "DnsServers": ["10.0.0.2"],
        "Description": "it", "SecurityGroupIds": ["sg-1"], "VpcId": "vpc-1", "SessionTimeoutHours": 8,
        "SelfServicePortalUrl": "https://self-service.clientvpn.amazonaws.com/endpoints/1",
        "ClientLoginBannerOptions": {"Enabled": true, "BannerText": "hello"},
        "Tags": [{"Key": "rstack:operation", "Value": TOKEN}, {"Key": "k", "Value": "v"}],
    });
    endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    answer(&json!({"ClientVpnEndpoints": [endpoint]}).to_string())
}

fn required(more: Value) -> Value {
    let mut properties = json!({
        "ServerCertificateArn": "arn:c", "ConnectionLogOptions": {"Enabled": "false"},
        "AuthenticationOptions": [{
            "Type": "certificate-authentication",
            "MutualAuthentication": {"ClientRootCertificateChainArn": "arn:r"},
        }],
    });
    properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    properties
}

/// A tree as JSON without spaces.
fn compact(tree: KnownValue) -> String {
    tree.redacted().to_string().replace(": ", ":").replace(", ", ",")
}

#[tokio::test]
async fn an_endpoint_is_made_with_its_tags_and_found_again_among_all() {
    let specification =
        json!([{"ResourceType": "client-vpn-endpoint", "Tags": [{"Key": "k", "Value": "v"}]}]);
    let declared = required(json!({"TagSpecifications": specification, "VpnPort": "443"}));
    let script = JournaledApi::new([
        ("CreateClientVpnEndpoint", answer(r#"{"ClientVpnEndpointId":"cvpn-endpoint-1"}"#)),
        ("DescribeClientVpnEndpoints", endpoints(json!({}))),
        ("DescribeClientVpnEndpoints", endpoints(json!({}))),
        ("DescribeClientVpnEndpoints", endpoints(json!({"Tags": []}))),
    ]);
    let driver = Tagged::<ClientVpnEndpoint>::new(script.clone());
    let request = creation(declared.clone());
    let made = driver.create(&request, script.as_ref()).await.unwrap();
    assert_eq!(made.attributes, known(json!({"Id": "cvpn-endpoint-1"})));
    let Found::Ours(found) = driver.find(&request).await.unwrap() else { panic!("it is ours") };
    assert_eq!(found.properties["TagSpecifications"], known(declared)["TagSpecifications"]);
    let shown = &found.properties["AuthenticationOptions"];
    let shown = compact(shown.clone());
    assert!(shown.contains(r#""ClientRootCertificateChainArn":"arn:r""#), "{shown}");
    assert_eq!(driver.find(&request).await.unwrap(), Found::Absent);
    let input = compact(script.input(0).into());
    assert!(input.contains(&format!(r#""ClientToken":"{TOKEN}""#)), "{input}");
    assert!(input.contains(r#"{"Key":"k","Value":"v"},{"Key":"rstack:operation""#), "{input}");
    let policy = driver.unsupported().iter().map(|it| it.property).collect::<Vec<_>>();
    assert_eq!(policy, ["AuthorizationPolicy"]);
    let wrong = required(json!({"TagSpecifications": [{"ResourceType": "vpc", "Tags": []}]}));
    let error = driver.create(&creation(wrong), script.as_ref()).await.unwrap_err();
    assert!(error.message.contains("has to be `client-vpn-endpoint`"), "{error}");
}

/// The call that an update makes, or its error.
async fn modified(prior: Value, properties: Value) -> Result<String, DriverError> {
    let script = JournaledApi::new([
        ("DescribeClientVpnEndpoints", endpoints(json!({}))),
        ("ModifyClientVpnEndpoint", done()),
        ("DescribeClientVpnEndpoints", endpoints(json!({}))),
    ]);
    let driver = Tagged::<ClientVpnEndpoint>::new(script.clone());
    let request = update("cvpn-endpoint-1", required(prior), required(properties));
    let updated = driver.update(&request).await;
    if script.made() < 3 {
        return updated.map(|_| String::new());
    }
    Ok(compact(script.input(1).into()))
}

#[tokio::test]
async fn an_update_says_what_differs_and_takes_back_what_is_declared_no_longer() {
    let all = json!({
        "Description": "it", "SplitTunnel": true, "DnsServers": ["10.0.0.2"],
        "SessionTimeoutHours": "8", "SelfServicePortal": "enabled",
        "ClientLoginBannerOptions": {"Enabled": true, "BannerText": "hello"},
    });
    let sent = modified(all, json!({})).await.unwrap();
    let expected = concat!(
        r#"{"ClientLoginBannerOptions":{"Enabled":false},"ClientVpnEndpointId":"cvpn-endpoint-1","#,
        r#""Description":"","DnsServers":{"Enabled":false},"SessionTimeoutHours":24,"#,
        r#""SplitTunnel":false}"#
    );
    assert_eq!(sent, expected);
    let sent = modified(
        json!({"SecurityGroupIds": ["sg-1"]}),
        json!({"SecurityGroupIds": ["sg-1", "sg-2"], "DnsServers": ["10.0.0.2", "10.0.0.3"],
               "SelfServicePortal": "disabled", "VpnPort": 1194}),
    );
    let expected = concat!(
        r#"{"ClientVpnEndpointId":"cvpn-endpoint-1","#,
        r#""DnsServers":{"CustomDnsServers":["10.0.0.2","10.0.0.3"],"Enabled":true},"#,
        r#""SecurityGroupIds":["sg-1","sg-2"],"SelfServicePortal":"disabled","VpcId":"vpc-1","#,
        r#""VpnPort":1194}"#
    );
    assert_eq!(sent.await.unwrap(), expected);
    let error = modified(json!({"SecurityGroupIds": ["sg-1"]}), json!({})).await.unwrap_err();
    assert!(error.message.contains("`SecurityGroupIds` is declared no longer"), "{error}");
}

/// The associations of an endpoint: ID, subnet and code.
fn networks(all: &[(&str, &str, &str)]) -> Answer {
    let network = |(id, subnet, code): &(&str, &str, &str)| {
        json!({
            "AssociationId": id, "TargetNetworkId": subnet, "ClientVpnEndpointId": "e",
            "Status": {"Code": code, "Message": "why"}, "AvailabilityZones": ["eu-west-1a"],
        })
    };
    let all: Vec<Value> = all.iter().map(network).collect();
    answer(&json!({"ClientVpnTargetNetworks": all}).to_string())
}

fn association() -> Value {
    json!({"ClientVpnEndpointId": "e", "SubnetId": "subnet-1"})
}

fn poll(kind: OperationKind, cursor: &str) -> Poll {
    Poll {
        kind,
        cursor: Cursor::from(cursor),
        identifier: Some("a-1".into()),
        token: TOKEN.into(),
        declared: known(association()),
    }
}

#[track_caller]
fn pending(step: Result<Step, DriverError>) -> Pending {
    match step.unwrap() {
        Step::Pending(pending) => pending,
        Step::Done(finish) => panic!("{finish:?}"),
    }
}

#[tokio::test]
async fn a_network_is_associated_once() {
    const DESCRIBE: &str = "DescribeClientVpnTargetNetworks";
    let script = JournaledApi::new([
        (
            DESCRIBE,
            networks(&[("a-0", "subnet-1", "disassociating"), ("a-2", "subnet-2", "associated")]),
        ),
        ("AssociateClientVpnTargetNetwork", answer(r#"{"AssociationId":"a-1"}"#)),
        (DESCRIBE, networks(&[("a-1", "subnet-1", "associating")])),
        (DESCRIBE, networks(&[("a-1", "subnet-1", "associated")])),
        (DESCRIBE, networks(&[("a-1", "subnet-1", "association-failed")])),
    ]);
    let driver = TargetNetworkAssociation::new(script.clone());
    let begun = pending(driver.begin(&Request::Create(creation(association())), &*script).await);
    assert_eq!(begun.object.unwrap().physical_id.as_str(), "a-1");
    let settle = poll(OperationKind::Create, "settle");
    assert!(pending(driver.poll(&settle).await).waits_for.contains("associating"));
    let Step::Done(Finish::Object(made)) = driver.poll(&settle).await.unwrap() else { panic!() };
    assert_eq!(made.properties, known(association()));
    let error = driver.poll(&settle).await.unwrap_err();
    assert!(error.message.contains("`a-1` failed: why"), "{error}");
    script.assert_calls_start(&[
        r#"DescribeClientVpnTargetNetworks {"ClientVpnEndpointId":"e"}"#,
        "absent",
        r#"AssociateClientVpnTargetNetwork {"ClientToken":"5b0ee1c4"#,
        "effect a-1",
        DESCRIBE,
        DESCRIBE,
        DESCRIBE,
    ]);
}

#[tokio::test]
async fn a_network_of_another_owner_is_not_taken() {
    const DESCRIBE: &str = "DescribeClientVpnTargetNetworks";
    let there = || networks(&[("a-1", "subnet-1", "associated")]);
    let script = JournaledApi::new([(DESCRIBE, there())]);
    let driver = TargetNetworkAssociation::new(script.clone());
    let request = Request::Create(creation(association()));
    let error = driver.begin(&request, &*script).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    script.assert_operations(&[DESCRIBE]);

    let script = JournaledApi::new([(DESCRIBE, there()), (DESCRIBE, gone())]);
    let driver = TargetNetworkAssociation::new(script.clone());
    assert_eq!(driver.find(&creation(association())).await.unwrap(), Found::Absent);
    let proven = CreateRequest { absence_proven: true, ..creation(association()) };
    assert!(matches!(driver.find(&proven).await.unwrap(), Found::Ours(_)));
    assert_eq!(driver.find(&proven).await.unwrap(), Found::Absent);
}

#[tokio::test]
async fn an_association_that_goes_is_absent_and_is_not_taken_back_twice() {
    const DESCRIBE: &str = "DescribeClientVpnTargetNetworks";
    let script = JournaledApi::new([
        (DESCRIBE, networks(&[("a-1", "subnet-1", "disassociating")])),
        (DESCRIBE, networks(&[("a-1", "subnet-1", "associated")])),
        ("DisassociateClientVpnTargetNetwork", done()),
        (DESCRIBE, networks(&[("a-1", "subnet-1", "disassociating")])),
        (DESCRIBE, networks(&[("a-1", "subnet-1", "disassociated")])),
    ]);
    let driver = TargetNetworkAssociation::new(script.clone());
    let read = driver.read(&"a-1".into(), &known(association())).await.unwrap();
    assert_eq!(read, Observed::Absent);
    let delete = poll(OperationKind::Delete, "delete");
    pending(driver.poll(&delete).await);
    pending(driver.poll(&delete).await);
    assert_eq!(driver.poll(&delete).await.unwrap(), Step::Done(Finish::Gone));
    script.assert_finished();
}

/// A zone of a transit gateway takes the place of the subnet.
#[tokio::test]
async fn a_zone_is_known_again_by_its_name() {
    let zone = json!({"ClientVpnEndpointId": "e", "AvailabilityZone": "eu-west-1a"});
    let describe = "DescribeClientVpnTargetNetworks";
    let script = JournaledApi::new([(describe, networks(&[("a-1", "x", "associated")]))]);
    let driver = TargetNetworkAssociation::new(script);
    let proven = CreateRequest { absence_proven: true, ..creation(zone.clone()) };
    let Found::Ours(found) = driver.find(&proven).await.unwrap() else { panic!("it is ours") };
    assert_eq!(found.properties, known(zone));
}

#[tokio::test]
async fn they_pass_the_conformance_suite() {
    let endpoint = |round: &str, on: bool| {
        required(json!({
            "ClientCidrBlock": "10.0.0.0/22", "TransportProtocol": "udp", "Description": round,
            "ClientConnectOptions": {"Enabled": on, "LambdaFunctionArn": "arn:l"},
            "ClientLoginBannerOptions": {"Enabled": on, "BannerText": round},
            "ClientRouteEnforcementOptions": {"Enforced": on}, "DisconnectOnSessionTimeout": on,
            "ConnectionLogOptions": {"Enabled": on, "CloudwatchLogGroup": round},
            "DevicePostureOptions": {"Enabled": true, "TrustProviders": [
                {"TrustProviderType": "jamf", "TenantId": round, "PublicSigningKeyUrl": "https://k"},
            ]},
            "DnsServers": [round], "SecurityGroupIds": ["sg-1", round], "VpcId": "vpc-1",
            "SelfServicePortal": if on { "enabled" } else { "disabled" }, "SplitTunnel": on,
            "SessionTimeoutHours": if on { 8 } else { 12 }, "VpnPort": if on { 443 } else { 1194 },
            "EndpointIpAddressType": "ipv4", "TrafficIpAddressType": "ipv4",
            "TagSpecifications": [
                {"ResourceType": "client-vpn-endpoint", "Tags": [{"Key": "k", "Value": "v"}]},
            ],
        }))
    };
    let mut account = Account::default();
    account.client_vpns.insert("e".to_owned(), json!({"ClientVpnEndpointId": "e"}));
    for (name, create, change, missing) in [
        ("AWS::EC2::ClientVpnEndpoint", endpoint("a", true), Some(endpoint("b", false)), "cvpn-0"),
        ("AWS::EC2::ClientVpnTargetNetworkAssociation", association(), None, "a-0"),
    ] {
        let services = FakeServices::with(account.clone());
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let before = services.account().inventory();
        let sample = Sample {
            resource_type: name.into(),
            stack: StackName::parse("Live").unwrap(),
            create: known(create),
            change: change.map(known),
            unread: Vec::new(),
            token: TOKEN.into(),
            missing: missing.into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{name}: {broken:?}");
        }
        assert_eq!(services.account().inventory(), before, "{name}");
        assert!(cloud.driver(&name.into()).is_some());
    }
}
