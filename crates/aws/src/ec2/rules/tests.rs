//! The rules of security groups against scripted answers.

use rstack_driver::{CreateRequest, DirectDriver, ErrorKind, Found, Observed};
use rstack_model::{KnownMap, StackName};

use super::direction::Direction;
use super::inline;
use super::resource::SecurityGroupRule;
use crate::ec2::calls::Ec2;
use crate::ec2::tagged::Change;
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, json, tree};

const TOKEN: &str = "0f9c2d4e-1a2b-4c3d-8e4f-5a6b7c8d9e0f";

/// The rule that EC2 makes with a group.
const DEFAULT: &str = r#"{"SecurityGroupRuleId":"sgr-0","GroupId":"sg-1","IsEgress":true,
    "IpProtocol":"-1","FromPort":-1,"ToPort":-1,"CidrIpv4":"0.0.0.0/0"}"#;

fn rules(rules: &[&str]) -> Answer {
    json(&format!(r#"{{"SecurityGroupRules":[{}]}}"#, rules.join(",")))
}

/// A rule of the group for a port.
fn port(id: &str, egress: bool, port: u16, text: &str) -> String {
    format!(
        r#"{{"SecurityGroupRuleId":"{id}","GroupId":"sg-1","IsEgress":{egress},"IpProtocol":"tcp",
            "FromPort":{port},"ToPort":{port},"CidrIpv4":"10.0.0.0/8","Description":"{text}"}}"#
    )
}

/// A declared rule for a port.
fn declared(port: u16, text: &str) -> String {
    format!(
        r#"{{"IpProtocol":"tcp","FromPort":{port},"ToPort":{port},"CidrIp":"10.0.0.0/8",
            "Description":"{text}"}}"#
    )
}

async fn set(
    script: &std::sync::Arc<JournaledApi>,
    prior: &str,
    properties: &str,
) -> Result<(), rstack_driver::DriverError> {
    let ec2 = Ec2::new(script.clone());
    let (current, prior, properties) = (KnownMap::new(), tree(prior), tree(properties));
    let change = Change { current: &current, prior: &prior, properties: &properties, token: TOKEN };
    inline::set(&ec2, "sg-1", &change).await
}

#[tokio::test]
async fn a_group_that_declares_no_rule_is_asked_nothing() {
    let script = JournaledApi::new([]);
    set(&script, "{}", r#"{"GroupDescription":"text"}"#).await.unwrap();
    script.assert_operations(&[]);
}

#[tokio::test]
async fn the_rule_of_a_new_group_goes_when_an_outbound_rule_is_declared() {
    let everything = r#"{"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}"#;
    let properties = format!(r#"{{"SecurityGroupEgress":[{everything}]}}"#);
    let script = JournaledApi::new([
        ("DescribeSecurityGroupRules", rules(&[DEFAULT])),
        ("RevokeSecurityGroupEgress", done()),
        ("AuthorizeSecurityGroupEgress", done()),
    ]);
    set(&script, "{}", &properties).await.unwrap();
    script.assert_operations(&[
        "DescribeSecurityGroupRules",
        "RevokeSecurityGroupEgress",
        "AuthorizeSecurityGroupEgress",
    ]);
    let ids = script.input(1);
    assert_eq!(ids, tree(r#"{"GroupId":"sg-1","SecurityGroupRuleIds":["sgr-0"]}"#));
    // What was declared and made by rstack is not the one that EC2 made.
    let ours = DEFAULT.replace(
        r#""IpProtocol""#,
        r#""Tags":[{"Key":"rstack:operation","Value":"T"}],"IpProtocol""#,
    );
    let script = JournaledApi::new([("DescribeSecurityGroupRules", rules(&[&ours]))]);
    set(&script, "{}", &properties).await.unwrap();
    script.assert_operations(&["DescribeSecurityGroupRules"]);
    // An empty list declares none.
    let script = JournaledApi::new([("DescribeSecurityGroupRules", rules(&[DEFAULT]))]);
    set(&script, "{}", r#"{"SecurityGroupEgress":[]}"#).await.unwrap();
    script.assert_operations(&["DescribeSecurityGroupRules"]);
}

#[tokio::test]
async fn a_group_without_outbound_rules_allows_everything_out_again() {
    let prior = format!(r#"{{"SecurityGroupEgress":[{}]}}"#, declared(53, "dns"));
    let there = port("sgr-1", true, 53, "dns");
    let script = JournaledApi::new([
        ("DescribeSecurityGroupRules", rules(&[&there])),
        ("AuthorizeSecurityGroupEgress", done()),
        ("RevokeSecurityGroupEgress", done()),
    ]);
    set(&script, &prior, "{}").await.unwrap();
    let permission = script.input(1)["IpPermissions"].clone();
    let expected = r#"{"P":[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]}"#;
    assert_eq!(permission, tree(expected)["P"]);
}

#[tokio::test]
async fn only_what_was_declared_before_is_removed() {
    let list = |rules: &[String]| format!(r#"{{"SecurityGroupIngress":[{}]}}"#, rules.join(","));
    let prior = list(&[declared(80, "a"), declared(81, "b"), declared(84, "gone already")]);
    let properties = list(&[declared(81, "c"), declared(82, "d")]);
    let there = [
        port("sgr-80", false, 80, "a"),
        port("sgr-81", false, 81, "b"),
        // A rule of another owner, and one of the other direction.
        port("sgr-83", false, 83, ""),
        port("sgr-80-out", true, 80, "a"),
    ];
    let there: Vec<_> = there.iter().map(String::as_str).collect();
    let script = JournaledApi::new([
        ("DescribeSecurityGroupRules", rules(&there)),
        ("AuthorizeSecurityGroupIngress", done()),
        ("UpdateSecurityGroupRuleDescriptionsIngress", done()),
        ("RevokeSecurityGroupIngress", done()),
    ]);
    set(&script, &prior, &properties).await.unwrap();
    let ports = |position: usize| script.input(position)["IpPermissions"].clone();
    let expected = |port: u16, text: &str| {
        let permission = format!(
            r#"{{"P":[{{"IpProtocol":"tcp","FromPort":{port},"ToPort":{port},
                "IpRanges":[{{"CidrIp":"10.0.0.0/8","Description":"{text}"}}]}}]}}"#
        );
        tree(&permission)["P"].clone()
    };
    assert_eq!((ports(1), ports(2)), (expected(82, "d"), expected(81, "c")));
    let gone = tree(r#"{"GroupId":"sg-1","SecurityGroupRuleIds":["sgr-80"]}"#);
    assert_eq!(script.input(3), gone);
}

#[tokio::test]
async fn a_rule_that_is_refused_because_it_is_there_was_added_by_an_attempt_or_is_an_error() {
    let properties = format!(r#"{{"SecurityGroupIngress":[{}]}}"#, declared(80, "a"));
    let duplicate = || failure(ErrorKind::AlreadyExists, "InvalidPermission.Duplicate");
    for (then, is_fine) in [(rules(&[&port("sgr-1", false, 80, "a")]), true), (rules(&[]), false)] {
        let script = JournaledApi::new([
            ("DescribeSecurityGroupRules", rules(&[])),
            ("AuthorizeSecurityGroupIngress", duplicate()),
            ("DescribeSecurityGroupRules", then),
        ]);
        assert_eq!(set(&script, "{}", &properties).await.is_ok(), is_fine);
    }
}

#[tokio::test]
async fn a_rule_twice_or_with_no_or_two_ends_is_refused_by_its_property() {
    let one = declared(80, "a");
    for (rules, property) in [
        (format!("{one},{}", one.replace("\"tcp\"", "6")), "SecurityGroupIngress"),
        (r#"{"IpProtocol":"tcp"}"#.to_owned(), "CidrIp"),
        (r#"{"IpProtocol":"-1","CidrIp":"10.0.0.0/8","CidrIpv6":"::/0"}"#.to_owned(), "CidrIp"),
        (r#"{"CidrIp":"10.0.0.0/8"}"#.to_owned(), "IpProtocol"),
    ] {
        let script = JournaledApi::new([("DescribeSecurityGroupRules", self::rules(&[]))]);
        let properties = format!(r#"{{"SecurityGroupIngress":[{rules}]}}"#);
        let error = set(&script, "{}", &properties).await.unwrap_err();
        let ErrorKind::Invalid { property: Some(at) } = &error.kind else { panic!("{error:?}") };
        assert_eq!(at.to_string(), property, "{rules}");
        script.assert_operations(&["DescribeSecurityGroupRules"]);
    }
}

fn creation(properties: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Rule".into(),
        token: TOKEN.into(),
        properties: tree(properties),
    }
}

const OUT: &str = r#"{"GroupId":"sg-1","IpProtocol":6,"FromPort":"443","ToPort":443,
    "CidrIp":"10.1.2.3/8"}"#;

fn made() -> String {
    port("sgr-1", true, 443, "")
}

#[tokio::test]
async fn an_outbound_rule_takes_the_place_of_the_one_that_came_with_the_group() {
    let script = JournaledApi::new([
        ("AuthorizeSecurityGroupEgress", rules(&[&made()])),
        ("DescribeSecurityGroupRules", rules(&[DEFAULT, &made()])),
        ("RevokeSecurityGroupEgress", done()),
    ]);
    let driver = SecurityGroupRule::new(script.clone(), Direction::Outbound);
    let object = driver.create(&creation(OUT), script.as_ref()).await.unwrap();
    assert_eq!(object.physical_id.as_str(), "sgr-1");
    script.assert_operations(&[
        "AuthorizeSecurityGroupEgress",
        "effect",
        "DescribeSecurityGroupRules",
        "RevokeSecurityGroupEgress",
    ]);
    assert_eq!(script.input(2)["SecurityGroupRuleIds"], tree(r#"{"I":["sgr-0"]}"#)["I"]);
}

#[tokio::test]
async fn a_rule_is_found_again_by_the_token_in_its_tags_alone() {
    for (tag, ours) in [(TOKEN, true), ("other", false)] {
        let tags = format!(r#""Tags":[{{"Key":"rstack:operation","Value":"{tag}"}}],"GroupId""#);
        let tagged = made().replace(r#""GroupId""#, &tags);
        let script = JournaledApi::new([("DescribeSecurityGroupRules", rules(&[&tagged]))]);
        let driver = SecurityGroupRule::new(script, Direction::Outbound);
        let found = driver.find(&creation(OUT)).await.unwrap();
        assert_eq!(matches!(found, Found::Ours(_)), ours, "{tag}");
    }
}

/// A property that EC2 normalizes is shown as it is declared, and one that differs as it is.
#[tokio::test]
async fn a_rule_that_means_the_same_is_no_drift() {
    let read = async |declared: &str| {
        let script = JournaledApi::new([("DescribeSecurityGroupRules", rules(&[&made()]))]);
        let driver = SecurityGroupRule::new(script, Direction::Outbound);
        match driver.read(&"sgr-1".into(), &tree(declared)).await.unwrap() {
            Observed::Present(object) => object.properties,
            Observed::Absent => panic!("it is there"),
        }
    };
    let mut expected = tree(OUT);
    expected.insert("Description".to_owned(), "".into());
    assert_eq!(read(OUT).await, expected);
    let other = read(&OUT.replace("443", "444")).await;
    assert_eq!((&other["FromPort"], &other["CidrIp"]), (&443.into(), &"10.0.0.0/8".into()));
    // A rule of the other direction is none of this type.
    let script = JournaledApi::new([("DescribeSecurityGroupRules", rules(&[&made()]))]);
    let driver = SecurityGroupRule::new(script, Direction::Inbound);
    assert_eq!(driver.read(&"sgr-1".into(), &tree(OUT)).await.unwrap(), Observed::Absent);
}
