//! A network of EC2, interrupted at every request.

use rstack_model::event::RunEnd;

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};

pub(super) const NETWORK: &str = include_str!("ec2.yaml");

fn network(round: &str, generation: &str) -> Wanted {
    wanted(NETWORK, &[("Round", round), ("Generation", generation)])
}

#[test]
fn a_network_is_made() {
    explore(&scenario("network, create", &[], &network("first", "one")), 200);
}

#[test]
fn a_network_is_changed() {
    let (one, two) = (network("first", "one"), network("second", "one"));
    explore(&scenario("network, update", &[&one], &two), 100);
}

#[test]
fn a_network_is_replaced() {
    let (one, two) = (network("first", "one"), network("first", "two"));
    explore(&scenario("network, replace", &[&one], &two), 60);
}

#[test]
fn a_network_is_destroyed() {
    explore(&scenario("network, destroy", &[&network("first", "one")], &None), 100);
}

/// The association of a subnet that a replacement put in the place of another one is taken back with
/// the rest: the subnet has its former route table, and never none of its own for good.
#[test]
fn a_failed_replacement_gives_a_subnet_its_route_table_back() {
    const TEMPLATE: &str = "
Parameters: {Table: {Type: String, Default: One}}
Conditions: {Two: !Equals [!Ref Table, Two]}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
  One: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Two: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Association:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Subnet, RouteTableId: !If [Two, !Ref Two, !Ref One]}
  Failing:
    Condition: Two
    DependsOn: Association
    Type: AWS::EC2::Subnet
    Properties: {VpcId: vpc-none, CidrBlock: 10.0.2.0/24}
";
    let (one, two) = (wanted(TEMPLATE, &[]), wanted(TEMPLATE, &[("Table", "Two")]));
    let bench = Bench::new();
    bench.reach(&one, "the first table");
    let table = |bench: &Bench| {
        let account = bench.services.account();
        let all = account.ec2["AWS::EC2::SubnetRouteTableAssociation"].values();
        all.map(|it| it["RouteTableId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = table(&bench);
    let Ended::Done(outcome) = bench.run(&two, None) else { panic!("it did not run") };
    assert_eq!(outcome.end, RunEnd::Failed);
    assert!(outcome.rollback.is_some_and(|left| left.is_empty()));
    assert_eq!(table(&bench), before);
    // It has another ID, and stands for the one that the state knows.
    assert!(bench.plan(&one).unwrap().is_noop());
    bench.reach(&None, "the end");
    assert!(table(&bench).is_empty());
}
