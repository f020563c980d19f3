//! Objects with an ID and tags against scripted answers: what the fake does not reach.

use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, ErrorKind, Found, Observed, Progress,
    Removal, UpdateRequest,
};
use rstack_model::StackName;

use crate::ec2::elastic_ip::ElasticIp;
use crate::ec2::internet_gateway::InternetGateway;
use crate::ec2::nat_gateway::NatGateway;
use crate::ec2::security_group::SecurityGroup;
use crate::ec2::subnet::Subnet;
use crate::ec2::tagged::Tagged;
use crate::ec2::vpc_endpoint::VpcEndpoint;
use crate::test::journaled_api::{Answer, JournaledApi, failure, gone, json, tree};

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

fn deletion(identifier: &str) -> DeleteRequest {
    DeleteRequest {
        removal: Removal::Recoverable,
        identifier: identifier.into(),
        token: "T".into(),
        prior: tree("{}"),
    }
}

fn denied(action: &str) -> Answer {
    let kind = ErrorKind::AccessDenied { action: Some(action.to_owned()) };
    Err(DriverError::new(kind, "ec2:CreateInternetGateway", "not authorized"))
}

const GATEWAY: &str = r#"{"InternetGateway":{"InternetGatewayId":"igw-1"}}"#;
const NO_GATEWAYS: &str = r#"{"InternetGateways":[]}"#;

#[tokio::test]
async fn the_token_is_in_the_tags_of_a_new_object() {
    let script = JournaledApi::new([
        ("DescribeInternetGateways", json(NO_GATEWAYS)),
        ("CreateInternetGateway", json(GATEWAY)),
    ]);
    let driver = Tagged::<InternetGateway>::new(script.clone());
    let properties = r#"{"Tags":[{"Key":"k","Value":"v"}]}"#;
    driver.create(&creation(properties), script.as_ref()).await.unwrap();
    script.assert_calls(&[
        concat!(
            r#"DescribeInternetGateways {"Filters":[{"Name":"tag:rstack:operation","#,
            r#""Values":["T"]}]}"#
        ),
        concat!(
            r#"CreateInternetGateway {"TagSpecifications":[{"ResourceType":"internet-gateway","#,
            r#""Tags":[{"Key":"k","Value":"v"},{"Key":"rstack:operation","Value":"T"}]}]}"#
        ),
        "effect igw-1",
    ]);
}

/// A caller who may not tag makes no object that is known again by its tag alone, and of those that a
/// request itself names the ones without declared tags.
#[tokio::test]
async fn a_caller_who_may_not_tag_makes_nothing_that_would_be_lost() {
    const TAGGED: &str = r#"{"Tags":[{"Key":"k","Value":"v"}]}"#;
    for properties in ["{}", TAGGED] {
        let script = JournaledApi::new([
            ("DescribeInternetGateways", json(NO_GATEWAYS)),
            ("CreateInternetGateway", denied("ec2:CreateTags")),
        ]);
        let driver = Tagged::<InternetGateway>::new(script.clone());
        let error = driver.create(&creation(properties), script.as_ref()).await.unwrap_err();
        assert!(error.message.ends_with("allow `ec2:CreateTags`"), "{}", error.message);
        script.assert_finished();
    }
    for (properties, calls) in [("{}", 2), (TAGGED, 1)] {
        let answers = [
            ("CreateNatGateway", denied("ec2:CreateTags")),
            ("CreateNatGateway", json(r#"{"NatGateway":{"NatGatewayId":"nat-1"}}"#)),
        ];
        let script = JournaledApi::of(answers.into_iter().take(calls));
        let driver = Tagged::<NatGateway>::new(script.clone());
        let made = driver.create(&creation(properties), script.as_ref()).await;
        assert_eq!(made.is_ok(), calls == 2);
        script.assert_finished();
    }
}

#[tokio::test]
async fn two_objects_of_one_operation_are_reported_by_their_ids() {
    let token = creation("{}").token;
    let gateway = |id: &str, value: &str| {
        format!(
            r#"{{"InternetGatewayId":"{id}","Tags":[{{"Key":"rstack:operation","Value":"{value}"}}]}}"#
        )
    };
    let ours = [gateway("igw-1", token.as_str()), gateway("igw-2", token.as_str())];
    // A service that ignores the filter answers with the objects of others, too.
    let all = [ours.join(","), gateway("igw-3", "another")].join(",");
    let two = format!(r#"{{"InternetGateways":[{all}]}}"#);
    let script = JournaledApi::new([("DescribeInternetGateways", json(&two))]);
    let found = Tagged::<InternetGateway>::new(script).find(&creation("{}")).await.unwrap();
    let Found::Ambiguous { why } = found else { panic!("{found:?}") };
    assert!(why.contains("`igw-1`") && why.contains("`igw-2`"), "{why}");
    assert!(!why.contains("igw-3"), "{why}");
}

fn gateway(state: &str) -> Answer {
    json(&format!(
        r#"{{"NatGateways":[{{"NatGatewayId":"nat-1","State":"{state}",
            "FailureMessage":"Network vpc-1 has no Internet gateway attached"}}]}}"#
    ))
}

#[tokio::test]
async fn a_gateway_that_failed_says_why_and_one_that_is_deleted_is_absent() {
    let stabilized = async |state| {
        let script = JournaledApi::new([("DescribeNatGateways", gateway(state))]);
        Tagged::<NatGateway>::new(script).stabilized(&"nat-1".into()).await
    };
    assert!(matches!(stabilized("pending").await.unwrap(), Progress::Pending { .. }));
    assert_eq!(stabilized("available").await.unwrap(), Progress::Done);
    let error = stabilized("failed").await.unwrap_err();
    assert!(error.message.contains("has no Internet gateway"), "{}", error.message);
    assert!(stabilized("deleting").await.is_err());
    for answer in [gateway("deleted"), gone()] {
        let script = JournaledApi::new([
            ("DescribeNatGateways", answer.clone()),
            ("DescribeNatGateways", answer),
        ]);
        let driver = Tagged::<NatGateway>::new(script);
        let read = driver.read(&"nat-1".into(), &tree("{}")).await.unwrap();
        assert_eq!(read, Observed::Absent);
        assert_eq!(driver.delete(&deletion("nat-1")).await.unwrap(), Progress::Done);
    }
    // A deletion that goes on is not called again.
    let script = JournaledApi::new([("DescribeNatGateways", gateway("deleting"))]);
    let going = Tagged::<NatGateway>::new(script.clone()).delete(&deletion("nat-1")).await;
    assert!(matches!(going.unwrap(), Progress::Pending { .. }));
    script.assert_finished();
}

#[tokio::test]
async fn what_is_still_used_is_deleted_later() {
    let group = r#"{"SecurityGroups":[{"GroupId":"sg-1","GroupName":"g"}]}"#;
    let script = JournaledApi::new([
        ("DescribeSecurityGroups", json(group)),
        ("DeleteSecurityGroup", failure(ErrorKind::Conflict, "DependencyViolation")),
    ]);
    let driver = Tagged::<SecurityGroup>::new(script.clone());
    let error = driver.delete(&deletion("g")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    script.assert_calls(&[
        r#"DescribeSecurityGroups {"GroupNames":["g"]}"#,
        r#"DeleteSecurityGroup {"GroupId":"sg-1"}"#,
    ]);
}

#[tokio::test]
async fn the_deletion_of_an_endpoint_may_fail_in_its_answer() {
    let endpoint = r#"{"VpcEndpoints":[{"VpcEndpointId":"vpce-1","State":"available"}]}"#;
    let delete = async |code: &str| {
        let answer = format!(
            r#"{{"Unsuccessful":[{{"ResourceId":"vpce-1","Error":{{"Code":"{code}","Message":"m"}}}}]}}"#
        );
        let script = JournaledApi::new([
            ("DescribeVpcEndpoints", json(endpoint)),
            ("DeleteVpcEndpoints", json(&answer)),
        ]);
        Tagged::<VpcEndpoint>::new(script).delete(&deletion("vpce-1")).await
    };
    assert!(delete("InvalidVpcEndpoint.NotFound").await.is_ok());
    let error = delete("OperationNotPermitted").await.unwrap_err();
    assert!(error.has_code("OperationNotPermitted"), "{error:?}");
}

/// Addresses are given from a range when it is associated, which takes a moment after the creation.
#[tokio::test]
async fn a_setting_that_needs_the_range_of_a_subnet_waits_for_it() {
    let properties = r#"{"VpcId":"vpc-1","Ipv6CidrBlock":"2001:db8::/64",
        "AssignIpv6AddressOnCreation":true}"#;
    let subnet = |state: &str| {
        format!(
            r#"{{"SubnetId":"subnet-1","VpcId":"vpc-1","State":"available",
                "Ipv6CidrBlockAssociationSet":[{{"AssociationId":"a","Ipv6CidrBlock":
                "2001:db8::/64","Ipv6CidrBlockState":{{"State":"{state}"}}}}]}}"#
        )
    };
    let made = json(&format!(r#"{{"Subnet":{}}}"#, subnet("associating")));
    let script =
        JournaledApi::new([("DescribeSubnets", json(r#"{"Subnets":[]}"#)), ("CreateSubnet", made)]);
    let driver = Tagged::<Subnet>::new(script.clone());
    let error = driver.create(&creation(properties), script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    // The object is in the journal: the creation is completed as an update.
    script.assert_operations(&["DescribeSubnets", "CreateSubnet", "effect"]);
    let described = || json(&format!(r#"{{"Subnets":[{}]}}"#, subnet("associated")));
    let script = JournaledApi::new([
        ("DescribeSubnets", described()),
        ("ModifySubnetAttribute", json("{}")),
        ("DescribeSubnets", described()),
        ("DescribeNetworkAcls", json(r#"{"NetworkAcls":[]}"#)),
    ]);
    let request = UpdateRequest {
        identifier: "subnet-1".into(),
        token: "T".into(),
        prior: tree("{}"),
        properties: tree(properties),
    };
    Tagged::<Subnet>::new(script.clone()).update(&request).await.unwrap();
    let sent = tree(r#"{"SubnetId":"subnet-1","AssignIpv6AddressOnCreation":{"Value":true}}"#);
    assert_eq!(script.input(1), sent);
}

/// One range goes before another one comes, which is refused while the old one is still there.
#[tokio::test]
async fn the_range_of_a_subnet_is_exchanged_in_steps() {
    let described = |range: &str, state: &str| {
        json(&format!(
            r#"{{"Subnets":[{{"SubnetId":"subnet-1","VpcId":"vpc-1","State":"available",
                "Ipv6CidrBlockAssociationSet":[{{"AssociationId":"a","Ipv6CidrBlock":"{range}",
                "Ipv6CidrBlockState":{{"State":"{state}"}}}}]}}]}}"#
        ))
    };
    let refused = || failure(ErrorKind::Invalid { property: None }, "InvalidSubnet.Conflict");
    let request = UpdateRequest {
        identifier: "subnet-1".into(),
        token: "T".into(),
        prior: tree(r#"{"VpcId":"vpc-1","Ipv6CidrBlock":"2001:db8::/64"}"#),
        properties: tree(r#"{"VpcId":"vpc-1","Ipv6CidrBlock":"2001:db8:1::/64"}"#),
    };
    let script = JournaledApi::new([
        ("DescribeSubnets", described("2001:db8::/64", "associated")),
        ("DisassociateSubnetCidrBlock", json("{}")),
        ("AssociateSubnetCidrBlock", refused()),
    ]);
    let error = Tagged::<Subnet>::new(script.clone()).update(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    script.assert_finished();
    let script = JournaledApi::new([
        ("DescribeSubnets", described("2001:db8::/64", "disassociating")),
        ("AssociateSubnetCidrBlock", refused()),
    ]);
    let error = Tagged::<Subnet>::new(script.clone()).update(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    script.assert_finished();
}

/// The pool is fixed when the address is allocated, although the registry lets it change.
#[tokio::test]
async fn the_pool_of_an_address_cannot_change() {
    let address = r#"{"Addresses":[{"AllocationId":"eipalloc-1","PublicIp":"203.0.113.1",
        "PublicIpv4Pool":"amazon"}]}"#;
    let script = JournaledApi::new([("DescribeAddresses", json(address))]);
    let request = UpdateRequest {
        identifier: rstack_model::Identifier::new(["203.0.113.1", "eipalloc-1"].map(str::to_owned)),
        token: "T".into(),
        prior: tree(r#"{"Domain":"vpc"}"#),
        properties: tree(r#"{"Domain":"vpc","PublicIpv4Pool":"pool-1"}"#),
    };
    let error = Tagged::<ElasticIp>::new(script).update(&request).await.unwrap_err();
    let ErrorKind::Invalid { property: Some(at) } = &error.kind else { panic!("{error:?}") };
    assert_eq!(at.to_string(), "PublicIpv4Pool");
}
