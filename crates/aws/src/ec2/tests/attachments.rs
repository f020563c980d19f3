//! Routes, attachments of gateways and associations of route tables against scripted answers: what is
//! known again by a proof.

use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, ErrorKind, Found, Observed, Progress, Removal,
};
use rstack_model::{Cursor, Identifier, StackName};

use crate::ec2::gateway_attachment::GatewayAttachment;
use crate::ec2::route::Route;
use crate::ec2::route_table_association::RouteTableAssociation;
use crate::ec2::security_group::SecurityGroup;
use crate::ec2::tagged::Tagged;
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone, json, tree};

fn creation(properties: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "T".into(),
        properties: tree(properties),
    }
}

fn proven(properties: &str) -> CreateRequest {
    CreateRequest { absence_proven: true, ..creation(properties) }
}

fn taken(code: &str) -> Answer {
    failure(ErrorKind::AlreadyExists, code)
}

const ROUTE: &str =
    r#"{"RouteTableId":"rtb-1","DestinationCidrBlock":"10.1.2.3/8","GatewayId":"igw-1"}"#;

/// A table with a route of its own, and these.
fn table(routes: &str) -> Answer {
    let own = r#"{"DestinationCidrBlock":"172.31.0.0/16","GatewayId":"local"}"#;
    json(&format!(r#"{{"RouteTables":[{{"RouteTableId":"rtb-1","Routes":[{own}{routes}]}}]}}"#))
}

fn to(target: &str) -> Answer {
    table(&format!(r#",{{"DestinationCidrBlock":"10.0.0.0/8",{target}}}"#))
}

#[tokio::test]
async fn a_route_is_created_when_its_destination_is_free() {
    let script = JournaledApi::new([("DescribeRouteTables", table("")), ("CreateRoute", done())]);
    let made = Route::new(script.clone()).create(&creation(ROUTE), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "rtb-1|10.1.2.3/8");
    script.assert_calls(&[
        r#"DescribeRouteTables {"RouteTableIds":["rtb-1"]}"#,
        "absent",
        concat!(
            r#"CreateRoute {"DestinationCidrBlock":"10.1.2.3/8","GatewayId":"igw-1","#,
            r#""RouteTableId":"rtb-1"}"#
        ),
    ]);
    // It is taken, and by a foreign route although it was free.
    let script = JournaledApi::new([("DescribeRouteTables", to(r#""GatewayId":"igw-1""#))]);
    let error = Route::new(script.clone()).create(&creation(ROUTE), script.as_ref()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains("the route to 10.1.2.3/8 of `rtb-1`"), "{}", error.message);
    for (target, ours) in [(r#""GatewayId":"igw-1""#, true), (r#""NatGatewayId":"nat-1""#, false)] {
        let script = JournaledApi::new([
            ("CreateRoute", taken("RouteAlreadyExists")),
            ("DescribeRouteTables", to(target)),
        ]);
        let made = Route::new(script.clone()).create(&proven(ROUTE), script.as_ref()).await;
        assert_eq!(made.is_ok(), ours, "{target}");
    }
}

#[tokio::test]
async fn a_route_has_one_destination_and_a_target() {
    for (properties, property) in [
        (r#"{"RouteTableId":"rtb-1","GatewayId":"igw-1"}"#, "DestinationCidrBlock"),
        (
            r#"{"RouteTableId":"rtb-1","DestinationCidrBlock":"10.0.0.0/8",
                "DestinationIpv6CidrBlock":"::/0","GatewayId":"igw-1"}"#,
            "DestinationCidrBlock",
        ),
        (r#"{"RouteTableId":"rtb-1","DestinationCidrBlock":"10.0.0.0/8"}"#, "GatewayId"),
    ] {
        let script = JournaledApi::new([]);
        let error = Route::new(script.clone()).create(&creation(properties), script.as_ref()).await;
        let error = error.unwrap_err();
        let ErrorKind::Invalid { property: Some(at) } = &error.kind else { panic!("{error:?}") };
        assert_eq!(at.to_string(), property);
    }
}

/// An identifier is written to states and logs.
#[tokio::test]
async fn no_part_of_an_identifier_is_a_secret() {
    let secret = |properties: &str, name: &str| {
        let mut request = creation(properties);
        let text = rstack_model::SecretString::new("10.0.0.0/8".to_owned());
        request.properties.insert(name.to_owned(), rstack_model::KnownValue::Secret(text));
        request
    };
    let script = JournaledApi::new([]);
    let (route, attachment) = (Route::new(script.clone()), GatewayAttachment::new(script.clone()));
    let group = Tagged::<SecurityGroup>::new(script.clone());
    let named = r#"{"GroupDescription":"text"}"#;
    for (made, name) in [
        (
            route.create(&secret(ROUTE, "DestinationCidrBlock"), script.as_ref()).await,
            "DestinationCidrBlock",
        ),
        (attachment.create(&secret(ATTACHED, "VpcId"), script.as_ref()).await, "VpcId"),
        (group.create(&secret(named, "GroupName"), script.as_ref()).await, "GroupName"),
    ] {
        let error = made.unwrap_err();
        assert!(error.message.contains(&format!("`{name}` cannot be a secret")), "{error:?}");
    }
}

#[tokio::test]
async fn a_route_is_ours_if_its_destination_was_free_and_it_leads_where_it_is_declared_to() {
    let unproven = Route::new(JournaledApi::new([])).find(&creation(ROUTE)).await.unwrap();
    assert_eq!(unproven, Found::Absent);
    let find = async |answer| {
        let script = JournaledApi::new([("DescribeRouteTables", answer)]);
        Route::new(script).find(&proven(ROUTE)).await.unwrap()
    };
    assert!(matches!(find(to(r#""GatewayId":"igw-1""#)).await, Found::Ours(_)));
    assert!(matches!(find(to(r#""GatewayId":"igw-2""#)).await, Found::Ambiguous { .. }));
    assert_eq!(find(table("")).await, Found::Absent);
    assert_eq!(find(gone()).await, Found::Absent);
}

const ATTACHED: &str = r#"{"VpcId":"vpc-1","InternetGatewayId":"igw-1"}"#;
const VPN: &str = r#"{"VpcId":"vpc-1","VpnGatewayId":"vgw-1"}"#;

fn gateway(id: &str) -> Answer {
    json(&format!(
        r#"{{"InternetGateways":[{{"InternetGatewayId":"{id}",
            "Attachments":[{{"VpcId":"vpc-1","State":"available"}}]}}]}}"#
    ))
}

fn vpn(state: &str) -> Answer {
    json(&format!(
        r#"{{"VpnGateways":[{{"VpnGatewayId":"vgw-1",
            "VpcAttachments":[{{"VpcId":"vpc-1","State":"{state}"}}]}}]}}"#
    ))
}

fn deletion(identifier: [&str; 2]) -> DeleteRequest {
    DeleteRequest {
        removal: Removal::Recoverable,
        identifier: Identifier::new(identifier.map(str::to_owned)),
        token: "T".into(),
        prior: tree(VPN),
    }
}

#[tokio::test]
async fn a_vpc_has_one_gateway_of_a_kind() {
    let script = JournaledApi::new([("DescribeInternetGateways", gateway("igw-2"))]);
    let driver = GatewayAttachment::new(script.clone());
    let error = driver.create(&creation(ATTACHED), script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains("`igw-2`"), "{}", error.message);
    for (there, ours) in [("igw-1", true), ("igw-2", false)] {
        let script = JournaledApi::new([
            ("AttachInternetGateway", taken("Resource.AlreadyAssociated")),
            ("DescribeInternetGateways", gateway(there)),
            ("DescribeInternetGateways", gateway(there)),
        ]);
        let driver = GatewayAttachment::new(script.clone());
        let made = driver.create(&proven(ATTACHED), script.as_ref()).await;
        assert_eq!(made.is_ok(), ours, "{there}");
        let found = driver.find(&proven(ATTACHED)).await.unwrap();
        assert_eq!(matches!(found, Found::Ours(_)), ours, "{there}");
    }
    for (wrong, property) in [
        (r#"{"VpcId":"vpc-1"}"#, "InternetGatewayId"),
        (r#"{"VpcId":"v","InternetGatewayId":"i","VpnGatewayId":"g"}"#, "VpnGatewayId"),
    ] {
        let script = JournaledApi::new([]);
        let driver = GatewayAttachment::new(script.clone());
        let error = driver.create(&creation(wrong), script.as_ref()).await.unwrap_err();
        let ErrorKind::Invalid { property: Some(at) } = &error.kind else { panic!("{error:?}") };
        assert_eq!(at.to_string(), property);
    }
}

#[tokio::test]
async fn a_virtual_private_gateway_takes_time_to_come_and_to_go() {
    let script = JournaledApi::new([
        ("DescribeVpnGateways", vpn("detached")),
        ("AttachVpnGateway", done()),
        ("DescribeVpnGateways", vpn("attaching")),
        ("DescribeVpnGateways", vpn("attached")),
        ("DescribeVpnGateways", vpn("attached")),
        ("DetachVpnGateway", done()),
        ("DescribeVpnGateways", vpn("detaching")),
        ("DescribeVpnGateways", vpn("detached")),
    ]);
    let driver = GatewayAttachment::new(script.clone());
    let made = driver.create(&creation(VPN), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "VGW|vpc-1");
    let pending = driver.stabilized(&made.identifier).await.unwrap();
    assert!(matches!(pending, Progress::Pending { .. }));
    assert_eq!(driver.stabilized(&made.identifier).await.unwrap(), Progress::Done);
    let going = driver.delete(&deletion(["VGW", "vpc-1"])).await.unwrap();
    assert!(matches!(going, Progress::Pending { .. }));
    assert_eq!(driver.delete(&deletion(["VGW", "vpc-1"])).await.unwrap(), Progress::Done);
    script.assert_finished();
}

#[tokio::test]
async fn a_gateway_with_mapped_addresses_is_detached_later() {
    let script = JournaledApi::new([
        ("DescribeInternetGateways", gateway("igw-1")),
        ("DetachInternetGateway", failure(ErrorKind::Conflict, "DependencyViolation")),
    ]);
    let deletion = deletion(["IGW", "vpc-1"]);
    let error = GatewayAttachment::new(script).delete(&deletion).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}

const ASSOCIATION: &str = r#"{"SubnetId":"subnet-1","RouteTableId":"rtb-2"}"#;

/// The association of the subnet.
fn associated(id: &str, table: &str) -> Answer {
    json(&format!(
        r#"{{"RouteTables":[{{"RouteTableId":"{table}","Associations":[
            {{"RouteTableAssociationId":"rtbassoc-main","RouteTableId":"{table}","Main":true}},
            {{"RouteTableAssociationId":"{id}","RouteTableId":"{table}","SubnetId":"subnet-1"}}]}}]}}"#
    ))
}

fn nothing() -> Answer {
    json(r#"{"RouteTables":[]}"#)
}

#[tokio::test]
async fn a_new_association_takes_the_place_of_the_old_one() {
    let script = JournaledApi::new([
        ("DescribeRouteTables", associated("rtbassoc-1", "rtb-1")),
        ("CreateTags", done()),
        ("ReplaceRouteTableAssociation", json(r#"{"NewAssociationId":"rtbassoc-2"}"#)),
    ]);
    let driver = RouteTableAssociation::new(script.clone());
    let made = driver.create(&creation(ASSOCIATION), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "rtbassoc-2");
    let call =
        r#"ReplaceRouteTableAssociation {"AssociationId":"rtbassoc-1","RouteTableId":"rtb-2"}"#;
    let tag = concat!(
        r#"CreateTags {"Resources":["subnet-1"],"Tags":[{"Key":"rstack:former-route-table","#,
        r#""Value":"rtb-1"}]}"#
    );
    script.assert_calls_start(&["DescribeRouteTables", tag, call]);
}

/// A rollback gives the subnet its former table; only a later deletion lets it have none.
#[tokio::test]
async fn a_rollback_restores_the_association_that_was_replaced() {
    let subnet = r#"{"Subnets":[{"SubnetId":"subnet-1",
        "Tags":[{"Key":"rstack:former-route-table","Value":"rtb-1"}]}]}"#;
    let request = |removal, id: &str, prior: &str| DeleteRequest {
        removal,
        identifier: id.into(),
        token: "T".into(),
        prior: tree(prior),
    };
    let script = JournaledApi::new([
        ("DescribeRouteTables", associated("rtbassoc-2", "rtb-2")),
        ("DescribeSubnets", json(subnet)),
        ("ReplaceRouteTableAssociation", json(r#"{"NewAssociationId":"rtbassoc-3"}"#)),
        ("DeleteTags", done()),
    ]);
    let driver = RouteTableAssociation::new(script.clone());
    let rollback = request(Removal::Rollback, "rtbassoc-2", ASSOCIATION);
    assert_eq!(driver.delete(&rollback).await.unwrap(), Progress::Done);
    let sent = tree(r#"{"AssociationId":"rtbassoc-2","RouteTableId":"rtb-1"}"#);
    assert_eq!(script.input(2), sent);
    script.assert_finished();

    // The state knows the first one, which is there under another ID.
    let former = r#"{"SubnetId":"subnet-1","RouteTableId":"rtb-1"}"#;
    let script = JournaledApi::new([
        ("DescribeRouteTables", nothing()),
        ("DescribeRouteTables", associated("rtbassoc-3", "rtb-1")),
        ("DisassociateRouteTable", gone()),
        ("DescribeRouteTables", associated("rtbassoc-3", "rtb-1")),
        ("DisassociateRouteTable", done()),
        ("DeleteTags", done()),
    ]);
    let driver = RouteTableAssociation::new(script.clone());
    let read = driver.read(&"rtbassoc-1".into(), &tree(former)).await.unwrap();
    let Observed::Present(object) = read else { panic!("{read:?}") };
    assert_eq!(object.identifier, "rtbassoc-1".into());
    driver.delete(&request(Removal::Recoverable, "rtbassoc-1", former)).await.unwrap();
    assert_eq!(script.input(4), tree(r#"{"AssociationId":"rtbassoc-3"}"#));
    script.assert_finished();
}

#[tokio::test]
async fn an_association_is_ours_by_proof_or_by_the_one_whose_place_it_took() {
    let begun = CreateRequest { begun: Some(Cursor::from("rtbassoc-1")), ..creation(ASSOCIATION) };
    let find = async |request: &CreateRequest, answer| {
        let script = JournaledApi::new([("DescribeRouteTables", answer)]);
        RouteTableAssociation::new(script).find(request).await.unwrap()
    };
    let unproven = RouteTableAssociation::new(JournaledApi::new([]));
    assert_eq!(unproven.find(&creation(ASSOCIATION)).await.unwrap(), Found::Absent);
    assert!(matches!(find(&begun, associated("rtbassoc-2", "rtb-2")).await, Found::Ours(_)));
    assert_eq!(find(&begun, associated("rtbassoc-1", "rtb-1")).await, Found::Absent);
    assert!(matches!(
        find(&begun, associated("rtbassoc-3", "rtb-3")).await,
        Found::Ambiguous { .. }
    ));
    let proven = proven(ASSOCIATION);
    assert!(matches!(find(&proven, associated("rtbassoc-2", "rtb-2")).await, Found::Ours(_)));
    assert!(matches!(
        find(&proven, associated("rtbassoc-3", "rtb-3")).await,
        Found::Ambiguous { .. }
    ));
    assert_eq!(find(&proven, nothing()).await, Found::Absent);
}

/// Another owner has associated the subnet with the same table: it is not taken.
#[tokio::test]
async fn a_foreign_association_with_the_same_table_is_reported() {
    let script = JournaledApi::new([("DescribeRouteTables", associated("rtbassoc-9", "rtb-2"))]);
    let driver = RouteTableAssociation::new(script.clone());
    let error = driver.create(&creation(ASSOCIATION), script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains("`rtbassoc-9`"), "{}", error.message);
}
