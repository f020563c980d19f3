//! The rules of the driver of network ACL entries against scripted answers.

use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, ErrorKind, Found, Observed, Progress, Removal,
    UpdateRequest,
};
use rstack_model::StackName;

use crate::ec2::network_acl_entry::NetworkAclEntry;
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone, json, tree};

const HTTP: &str = r#"{"NetworkAclId":"acl-1","RuleNumber":"100","Protocol":6,"RuleAction":"allow",
    "CidrBlock":"10.1.2.3/8","PortRange":{"From":"80","To":443}}"#;
const ALL: &str = r#"{"NetworkAclId":"acl-1","RuleNumber":100,"Egress":"true","Protocol":"-1",
    "RuleAction":"DENY","Ipv6CidrBlock":"::/0","PortRange":{"From":0,"To":65535}}"#;

/// The answer of EC2 with two rules of its own, and these.
fn acl(entries: &str) -> Answer {
    let own = r#"{"RuleNumber":32767,"Egress":false,"Protocol":"-1","RuleAction":"deny",
        "CidrBlock":"0.0.0.0/0"}"#;
    json(&format!(r#"{{"NetworkAcls":[{{"NetworkAclId":"acl-1","Entries":[{own}{entries}]}}]}}"#))
}

/// The rule of [`HTTP`], as EC2 keeps it.
fn http() -> Answer {
    acl(r#",{"RuleNumber":100,"Egress":true,"Protocol":"-1","RuleAction":"deny"}
           ,{"RuleNumber":100,"Egress":false,"Protocol":"6","RuleAction":"allow",
            "CidrBlock":"10.0.0.0/8","PortRange":{"From":80,"To":443}}"#)
}

/// Another rule under its number.
fn other() -> Answer {
    acl(r#",{"RuleNumber":100,"Egress":false,"Protocol":"6","RuleAction":"deny",
            "CidrBlock":"10.0.0.0/8","PortRange":{"From":80,"To":443}}"#)
}

fn taken() -> Answer {
    failure(ErrorKind::AlreadyExists, "NetworkAclEntryAlreadyExists")
}

fn creation() -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Rule".into(),
        token: "0f9c2d4e-1a2b-4c3d-8e4f-5a6b7c8d9e0f".into(),
        properties: tree(HTTP),
    }
}

#[tokio::test]
async fn a_rule_is_created_when_its_number_is_free() {
    let script =
        JournaledApi::new([("DescribeNetworkAcls", acl("")), ("CreateNetworkAclEntry", done())]);
    let driver = NetworkAclEntry::new(script.clone());
    let made = driver.create(&creation(), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "Live-Rule-0F9C2D4E1A2B");
    script.assert_calls(&[
        r#"DescribeNetworkAcls {"NetworkAclIds":["acl-1"]}"#,
        "absent",
        concat!(
            r#"CreateNetworkAclEntry {"CidrBlock":"10.1.2.3/8","Egress":false,"#,
            r#""NetworkAclId":"acl-1","PortRange":{"From":80,"To":443},"Protocol":"6","#,
            r#""RuleAction":"allow","RuleNumber":100}"#
        ),
    ]);
}

#[tokio::test]
async fn a_number_that_is_taken_is_refused_by_name() {
    let script = JournaledApi::new([("DescribeNetworkAcls", http())]);
    let driver = NetworkAclEntry::new(script.clone());
    let error = driver.create(&creation(), script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains("inbound rule 100 of `acl-1`"), "{}", error.message);

    // It was free before: an attempt of this call has made it, if it is the same.
    for (seen, ours) in [(http(), true), (other(), false), (acl(""), false)] {
        let script =
            JournaledApi::new([("CreateNetworkAclEntry", taken()), ("DescribeNetworkAcls", seen)]);
        let again = CreateRequest { absence_proven: true, ..creation() };
        let driver = NetworkAclEntry::new(script.clone());
        assert_eq!(driver.create(&again, script.as_ref()).await.is_ok(), ours);
    }
}

#[tokio::test]
async fn an_acl_that_was_just_made_may_not_be_visible_yet() {
    let script =
        JournaledApi::new([("DescribeNetworkAcls", gone()), ("CreateNetworkAclEntry", gone())]);
    let driver = NetworkAclEntry::new(script.clone());
    let error = driver.create(&creation(), script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}

#[tokio::test]
async fn what_ec2_normalizes_is_no_drift_and_what_differs_is() {
    let read = async |declared: &str, answer| {
        let script = JournaledApi::new([("DescribeNetworkAcls", answer)]);
        let driver = NetworkAclEntry::new(script);
        match driver.read(&"Live-Rule-X".into(), &tree(declared)).await.unwrap() {
            Observed::Present(object) => Some(object.properties),
            Observed::Absent => None,
        }
    };
    let seen = read(HTTP, http()).await.unwrap();
    let expected = r#"{"NetworkAclId":"acl-1","RuleNumber":100,"Egress":false,"Protocol":6,
        "RuleAction":"allow","CidrBlock":"10.1.2.3/8","PortRange":{"From":80,"To":443}}"#;
    assert_eq!(seen, tree(expected));
    assert_eq!(read(HTTP, other()).await.unwrap()["RuleAction"], "deny".into());

    // The rules of all protocols have no ports.
    let all = r#",{"RuleNumber":100,"Egress":true,"Protocol":"-1","RuleAction":"deny",
        "Ipv6CidrBlock":"::/0"}"#;
    let seen = read(ALL, acl(all)).await.unwrap();
    assert_eq!(seen["PortRange"], tree(ALL)["PortRange"]);
    assert_eq!((&seen["RuleAction"], &seen["Egress"]), (&"DENY".into(), &true.into()));
    assert_eq!(read(HTTP, acl("")).await, None);
    assert_eq!(read(HTTP, gone()).await, None);
    assert_eq!(read(ALL, other()).await, None);
}

#[tokio::test]
async fn a_rule_is_replaced_as_a_whole_and_deleted_by_its_number() {
    let script = JournaledApi::new([("ReplaceNetworkAclEntry", done())]);
    let request = UpdateRequest {
        identifier: "Live-Rule-X".into(),
        token: "T".into(),
        prior: tree(HTTP),
        properties: tree(
            r#"{"NetworkAclId":"acl-1","RuleNumber":100,"Protocol":1,"RuleAction":"deny",
                "CidrBlock":"0.0.0.0/0","Icmp":{"Code":"-1","Type":8}}"#,
        ),
    };
    NetworkAclEntry::new(script.clone()).update(&request).await.unwrap();
    script.assert_calls(&[concat!(
        r#"ReplaceNetworkAclEntry {"CidrBlock":"0.0.0.0/0","Egress":false,"#,
        r#""IcmpTypeCode":{"Code":-1,"Type":8},"NetworkAclId":"acl-1","Protocol":"1","#,
        r#""RuleAction":"deny","RuleNumber":100}"#
    )]);
    for answer in [done(), gone()] {
        let script = JournaledApi::new([("DeleteNetworkAclEntry", answer)]);
        let request = DeleteRequest {
            removal: Removal::Recoverable,
            identifier: "Live-Rule-X".into(),
            token: "T".into(),
            prior: tree(ALL),
        };
        let deleted = NetworkAclEntry::new(script.clone()).delete(&request).await.unwrap();
        assert_eq!(deleted, Progress::Done);
        script.assert_calls(&[
            r#"DeleteNetworkAclEntry {"Egress":true,"NetworkAclId":"acl-1","RuleNumber":100}"#,
        ]);
    }
}

#[tokio::test]
async fn a_rule_is_ours_if_its_number_was_free_and_it_is_the_declared_one() {
    let unproven = NetworkAclEntry::new(JournaledApi::new([])).find(&creation()).await.unwrap();
    assert_eq!(unproven, Found::Absent);
    let find = async |answer| {
        let script = JournaledApi::new([("DescribeNetworkAcls", answer)]);
        let request = CreateRequest { absence_proven: true, ..creation() };
        NetworkAclEntry::new(script).find(&request).await.unwrap()
    };
    assert!(matches!(find(http()).await, Found::Ours(_)));
    assert!(matches!(find(other()).await, Found::Ambiguous { .. }));
    assert_eq!(find(acl("")).await, Found::Absent);
}
