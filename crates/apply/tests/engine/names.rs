//! Names that are unique within the rest of the identifier, through the planner and the sandbox.

use rstack_driver::ErrorKind;
use rstack_model::event::RunEnd;
use rstack_model::plan::{Action, ReplaceOrder};
use rstack_plan::{Fate, PlanError, PlanOptions};

use crate::bench::{Bench, Wanted, desired_of, run, stack};
use crate::probe::{Probed, Refuse, error};

/// Two REST APIs, each with a stage `Prod` as every SAM application has it; two groups `admins` in two
/// user pools; two streams `main` in two log groups; two rules `tick` on two buses.
const SCOPED: &str = r#"
Resources:
  One: { Type: AWS::ApiGateway::RestApi, Properties: { Name: one } }
  Two: { Type: AWS::ApiGateway::RestApi, Properties: { Name: two } }
  OneProd: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref One, StageName: Prod } }
  TwoProd: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Two, StageName: Prod } }
  PoolA: { Type: AWS::Cognito::UserPool }
  PoolB: { Type: AWS::Cognito::UserPool }
  GroupA: { Type: AWS::Cognito::UserPoolGroup, Properties: { UserPoolId: !Ref PoolA, GroupName: admins } }
  GroupB: { Type: AWS::Cognito::UserPoolGroup, Properties: { UserPoolId: !Ref PoolB, GroupName: admins } }
  LogA: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: a } }
  LogB: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: b } }
  StreamA: { Type: AWS::Logs::LogStream, Properties: { LogGroupName: !Ref LogA, LogStreamName: main } }
  StreamB: { Type: AWS::Logs::LogStream, Properties: { LogGroupName: !Ref LogB, LogStreamName: main } }
  BusA: { Type: AWS::Events::EventBus, Properties: { Name: a } }
  BusB: { Type: AWS::Events::EventBus, Properties: { Name: b } }
  RuleA: { Type: AWS::Events::Rule, Properties: { EventBusName: !Ref BusA, Name: tick, EventPattern: {} } }
  RuleB: { Type: AWS::Events::Rule, Properties: { EventBusName: !Ref BusB, Name: tick, EventPattern: {} } }
"#;

#[test]
fn equal_names_in_different_scopes_are_planned_and_made() {
    run(async {
        let bench = Bench::new();
        bench.reach(&desired_of(SCOPED, &[]).into()).await;
        assert_eq!(bench.reach(&Wanted::Nothing).await, None);
        assert!(bench.existing().is_empty());
    });
}

#[test]
fn a_log_stream_moves_to_another_log_group_before_the_old_one_goes() {
    run(async {
        let stream = |group: &str| {
            desired_of(
                &format!(
                    "Resources:\n  S: {{ Type: AWS::Logs::LogStream, Properties: {{ LogGroupName: \
                     {group}, LogStreamName: main }} }}"
                ),
                &[],
            )
        };
        let bench = Bench::new();
        bench.reach(&stream("a").into()).await;
        let plan = bench.planned(&bench.engine(), &bench.state(), &stream("b").into()).await;
        assert_eq!(plan.changes["S"].action, Action::Replace(ReplaceOrder::CreateFirst));
    });
}

#[test]
fn two_objects_with_one_whole_identifier_are_refused_by_planner_and_sandbox_in_the_same_words() {
    run(async {
        let text = r#"
Resources:
  A: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: abc, StageName: Prod } }
  B: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: abc, StageName: Prod } }
"#;
        let words = "its name `Prod` (`StageName`, with `RestApiId` `abc`) is that of";
        let (bench, desired) = (Bench::new(), desired_of(text, &[]));
        let engine = bench.engine();
        let state = bench.recovered(&engine, &bench.lock()).await;
        let seen = engine.observe(Some(&desired), &state, &bench.parameters).await.unwrap();
        let refused = engine.plan(&desired, &state, &seen, &Default::default()).unwrap_err();
        assert!(matches!(&refused, PlanError::NameOfOther { .. }), "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");

        // The sandbox refuses what the planner cannot know: the object of another stack.
        let alone: Wanted = desired_of(&text.replace("  B:", "# B:"), &[]).into();
        bench.reach(&alone).await;
        let other = bench.beside();
        let outcome = other.apply(&other.engine(), &alone, true).await;
        let [(_, refused)] = outcome.failures.as_slice() else { panic!("{:?}", outcome.failures) };
        assert!(refused.to_string().contains(words), "{refused}");
        assert_eq!(bench.existing().len(), 1);
    });
}

/// A subnet and what is in it, under this logical ID: there is no second subnet with its addresses.
fn subnet(id: &str) -> Wanted {
    let text = format!(
        r#"
Resources:
  Vpc: {{ Type: AWS::EC2::VPC, Properties: {{ CidrBlock: 10.0.0.0/16 }} }}
  Table: {{ Type: AWS::EC2::RouteTable, Properties: {{ VpcId: !Ref Vpc }} }}
  {id}: {{ Type: AWS::EC2::Subnet, Properties: {{ VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24 }} }}
  {id}Routes:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {{ SubnetId: !Ref {id}, RouteTableId: !Ref Table }}
"#
    );
    desired_of(&text, &[]).into()
}

/// The same, where the old subnet may be deleted first.
fn allowed(id: &str) -> Wanted {
    let Wanted::Stack(desired, _) = subnet(id) else { panic!("a stack") };
    let delete_first = [id.into()].into();
    Wanted::Stack(desired, PlanOptions { delete_first, ..PlanOptions::default() })
}

async fn refused(bench: &Bench, wanted: &Wanted) -> PlanError {
    let Wanted::Stack(desired, options) = wanted else { panic!("a stack") };
    let engine = bench.engine();
    let state = bench.recovered(&engine, &bench.lock()).await;
    let seen = engine.observe(Some(desired), &state, &bench.parameters).await.unwrap();
    engine.plan(desired, &state, &seen, options).unwrap_err()
}

#[test]
fn a_renamed_object_whose_content_there_is_once_is_refused_or_takes_the_place_of_the_old_one() {
    run(async {
        let bench = Bench::new();
        bench.reach(&subnet("A")).await;
        let error = refused(&bench, &subnet("B")).await;
        assert!(matches!(&error, PlanError::NameOfOther { fate: Fate::Deleted, .. }), "{error}");
        assert_eq!(
            error.to_string(),
            "`B` cannot be created: the object of `A` has the same `CidrBlock`, with the same `VpcId`, \
             and the service takes that once"
        );
        let hint = error.hint().unwrap();
        assert!(hint.contains("state mv") && hint.contains("--delete-first B"), "{hint}");
        bench.reach(&allowed("B")).await;
        bench.reach(&Wanted::Nothing).await;
        assert!(bench.existing().is_empty());
    });
}

#[test]
fn an_object_that_has_left_its_place_gets_it_back_when_the_apply_fails() {
    run(async {
        let bench = Bench::new();
        bench.reach(&subnet("A")).await;
        let association = "AWS::EC2::SubnetRouteTableAssociation";
        let refuse = move |call: &crate::probe::Call| {
            let is_new = call.verb == "create" && call.resource_type == association;
            (is_new && call.of == "BRoutes")
                .then(|| error(ErrorKind::AccessDenied { action: Some("x:Y".into()) }))
        };
        let cloud = Probed::new(bench.sandbox.clone(), std::sync::Arc::new(Refuse(refuse)));
        let outcome = bench.apply(&bench.engine_on(cloud), &allowed("B"), true).await;
        assert_eq!(outcome.end, RunEnd::Failed);
        assert!(outcome.rollback.as_ref().unwrap().is_empty(), "{:?}", outcome.rollback);
        let state = bench.store.read(&stack()).unwrap().state.unwrap();
        let ids: Vec<&str> = state.resources.keys().map(|id| id.as_str()).collect();
        assert_eq!(ids, ["A", "ARoutes", "Table", "Vpc"]);
        bench.check_known();
        // The subnet that was made anew has another ID: an apply attaches its routes.
        bench.reach(&subnet("A")).await;
    });
}

/// Pairs of objects without a name of which a service takes one alone.
const ONCE: [(&str, &str); 8] = [
    ("Route", "RouteTableId: rtb-1, DestinationCidrBlock: 0.0.0.0/0, GatewayId: igw-1"),
    ("Route", "RouteTableId: rtb-1, DestinationIpv6CidrBlock: '::/0', GatewayId: igw-1"),
    (
        "SecurityGroupIngress",
        "GroupId: sg-1, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8",
    ),
    (
        "SecurityGroupEgress",
        "GroupId: sg-1, IpProtocol: tcp, FromPort: 1, ToPort: 2, DestinationSecurityGroupId: sg-2",
    ),
    ("NatGateway", "AllocationId: eipalloc-1, SubnetId: subnet-1"),
    ("VPCPeeringConnection", "VpcId: vpc-1, PeerVpcId: vpc-2"),
    (
        "FlowLog",
        "ResourceId: vpc-1, ResourceType: VPC, TrafficType: ALL, LogDestination: 'arn:aws:s3:::b'",
    ),
    ("CustomerGateway", "Type: ipsec.1, IpAddress: 1.2.3.4, BgpAsn: 65000"),
];

#[test]
fn two_objects_of_which_there_can_be_one_are_refused_and_their_names_do_not_matter() {
    run(async {
        for (kind, properties) in ONCE {
            let one = |id: &str, properties: &str| {
                format!("  {id}: {{ Type: AWS::EC2::{kind}, Properties: {{ {properties} }} }}\n")
            };
            let both = format!("Resources:\n{}{}", one("A", properties), one("B", properties));
            let error = refused(&Bench::new(), &desired_of(&both, &[]).into()).await;
            assert!(
                matches!(&error, PlanError::NameOfOther { fate: Fate::Stays, .. }),
                "{kind} {error}"
            );
            // Another port, target or peer is another object.
            let other = properties.replacen("-1", "-3", 1).replacen("1.2.3.4", "1.2.3.5", 1);
            let two = format!("Resources:\n{}{}", one("A", properties), one("B", &other));
            let bench = Bench::new();
            let state = bench.recovered(&bench.engine(), &bench.lock()).await;
            bench.planned(&bench.engine(), &state, &desired_of(&two, &[]).into()).await;
        }
    });
}
