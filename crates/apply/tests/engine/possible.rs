//! Changes that are made only if an attribute turns out to be another one.

use std::sync::Arc;

use rstack_model::plan::{Action, Certainty, ReplaceOrder};

use crate::bench::{Bench, Wanted, desired_of, run, streaming};
use crate::probe::{Calls, Probed};

/// `AWS::CodeCommit::Repository` says nothing of what its attribute `Name` depends on, so that every update of
/// it may change all that is made of it: a name, which cannot be changed, and what uses that.
fn named_after_repository(description: &str) -> Wanted {
    named_after_repository_with(description, "x")
}

fn named_after_repository_with(description: &str, value: &str) -> Wanted {
    const TEXT: &str = "
Parameters:
  Description: { Type: String }
  Value: { Type: String }
Resources:
  Repository:
    Type: AWS::CodeCommit::Repository
    Properties: { RepositoryName: q, RepositoryDescription: !Ref Description }
  Name:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Name: !GetAtt Repository.Name, Value: !Ref Value }
  User:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Name: user, Value: !Ref Name }
";
    desired_of(TEXT, &[("Description", description), ("Value", value)]).into()
}

/// Applies a stack in which the replacement of `Name` is only possible. Returns the calls: none of
/// them may be one that a replacement makes.
async fn not_replaced(wanted: &Wanted) -> Arc<Calls> {
    let bench = Bench::new();
    let before = bench.reach(&named_after_repository("60")).await.unwrap();
    let plan = bench.planned(&bench.engine(), &before, wanted).await;
    let name = &plan.changes["Name"];
    assert_eq!(name.action, Action::Replace(ReplaceOrder::CreateFirst));
    assert_eq!(name.certainty, Certainty::Possible);
    let calls = Arc::new(Calls::default());
    let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), calls.clone()));
    let outcome = bench.apply(&engine, wanted, true).await;
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    assert_eq!(calls.of("create"), [] as [&str; 0]);
    assert_eq!(calls.of("delete"), [] as [&str; 0]);
    bench.check_reached(wanted).await;
    calls
}

#[test]
fn a_replacement_that_turns_out_to_be_needless_is_not_made() {
    run(async {
        let calls = not_replaced(&named_after_repository("120")).await;
        assert_eq!(calls.of("update").len(), 1, "the repository alone is changed");
    });
}

#[test]
fn a_replacement_that_turns_out_to_be_a_change_in_place_is_one() {
    run(async {
        let calls = not_replaced(&named_after_repository_with("120", "y")).await;
        assert_eq!(calls.of("update").len(), 2, "the repository and the parameter");
    });
}

#[test]
fn an_update_that_turns_out_to_be_needless_is_not_made() {
    run(async {
        let bench = Bench::new();
        bench.reach(&streaming(&[]).into()).await;
        let calls = Arc::new(Calls::default());
        let engine = bench.engine_on(Probed::new(bench.sandbox.clone(), calls.clone()));
        let wanted = streaming(&[("SegmentSeconds", "4"), ("AdMarkers", "NONE")]).into();
        bench.apply(&engine, &wanted, true).await;
        assert_eq!(calls.of("update").len(), 4, "the endpoints, not the distribution");
        bench.check_reached(&wanted).await;
    });
}
