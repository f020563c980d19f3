//! An inline policy is known by the principal that has it and nothing else: wherever a run that
//! moves it is cut off, the next one takes it from where it is, and from no other principal.

use rstack_model::event::RunEnd;

use super::bench::{Bench, Ended, Wanted, wanted};
use crate::test::fake::Fault;

const ROLES: &str = r#"
  A: {Type: AWS::IAM::Role, Properties: {RoleName: a, AssumeRolePolicyDocument: {Statement: []}}}
  B: {Type: AWS::IAM::Role, Properties: {RoleName: b, AssumeRolePolicyDocument: {Statement: []}}}
  C: {Type: AWS::IAM::Role, Properties: {RoleName: c, AssumeRolePolicyDocument: {Statement: []}}}
"#;

const POLICY: &str = r#"
Parameters: {Role: {Type: String}, Action: {Type: String, Default: "s3:GetObject"}}
Resources:
  It:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: it
      Roles: [!Ref Role]
      PolicyDocument: {Statement: [{Effect: Allow, Action: !Ref Action, Resource: "*"}]}
"#;

/// The policy is in this role and allows this action.
fn at(role: &str, action: &str) -> Wanted {
    let depends = "    DependsOn: [A, B, C]\n";
    wanted(&format!("{POLICY}{depends}{ROLES}"), &[("Role", role), ("Action", action)])
}

/// Which roles have the policy.
fn holders(bench: &Bench) -> Vec<String> {
    bench.services.account().inventory().remove("inline").unwrap_or_default()
}

#[test]
fn a_policy_that_was_moved_is_found_and_leaves_nothing_behind() {
    let (first, moved) = (at("a", "s3:GetObject"), at("b", "s3:GetObject"));
    let before = Bench::new();
    before.reach(&first, "first");
    let undisturbed = before.copy();
    undisturbed.reach(&moved, "moved");
    let again = before.copy();
    again.run(&moved, None);
    let goals = [
        (&moved, "b/it"),
        (&first, "a/it"),
        (&at("c", "s3:GetObject"), "c/it"),
        (&at("b", "s3:PutObject"), "b/it"),
    ];
    for (number, request) in again.services.made().iter().enumerate() {
        for fault in Fault::ALL.into_iter().filter(|fault| fault.kills()) {
            let struck = before.copy();
            struck.run(&moved, Some((number, fault)));
            for (goal, holder) in goals {
                let what = format!("{number} {} {fault:?}, then {holder}", request.action);
                let bench = struck.copy();
                bench.reach(goal, &what);
                assert_eq!(holders(&bench), [holder], "{what}");
            }
            struck.reach(&None, "destroyed");
            assert_eq!(holders(&struck).len(), 0);
        }
    }
}

#[test]
fn a_foreign_policy_is_neither_replaced_nor_removed_by_a_move() {
    let before = Bench::new();
    before.reach(&at("a", "s3:GetObject"), "first");
    let theirs = Bench::with(before.services.account(), 1000);
    theirs.run(&wanted(POLICY, &[("Role", "b"), ("Action", "s3:DeleteObject")]), None);
    let before = before.in_account(theirs.services.account());
    let moved = at("b", "s3:GetObject");
    let undisturbed = before.copy();
    let Ended::Done(outcome) = undisturbed.run(&moved, None) else { panic!("it was refused") };
    assert_eq!(outcome.end, RunEnd::Failed);
    let [(_, error)] = outcome.failures.as_slice() else { panic!("{:?}", outcome.failures) };
    assert!(error.to_string().contains("the role `b` has an inline policy named `it` already"));
    for number in 0..undisturbed.services.made().len() {
        for fault in Fault::ALL {
            let what = format!("{number} {fault:?}");
            let bench = before.copy();
            bench.run(&moved, Some((number, fault)));
            assert_eq!(holders(&bench), ["a/it", "b/it"], "{what}");
            bench.reach(&at("c", "s3:GetObject"), &what);
            assert_eq!(holders(&bench), ["b/it", "c/it"], "{what}");
            assert_eq!(bench.services.account().roles["b"], before.services.account().roles["b"]);
        }
    }
}
