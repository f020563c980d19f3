//! Names that are unique within the rest of the identifier, through the planner and the sandbox.

use rstack_model::plan::{Action, ReplaceOrder};
use rstack_plan::PlanError;

use crate::bench::{Bench, Wanted, desired_of, run};

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
