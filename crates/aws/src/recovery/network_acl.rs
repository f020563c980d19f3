//! Rules of network ACLs, interrupted at every request, and foreign ones under their numbers.

use rstack_model::event::RunEnd;

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};
use crate::test::fake::Fault;

const RULES: &str = include_str!("network_acl.yaml");

fn round(round: &str) -> Wanted {
    wanted(RULES, &[("Round", round)])
}

#[test]
fn rules_are_created() {
    explore(&scenario("rules, create", &[], &round("first")), 30);
}

#[test]
fn rules_are_changed_and_replaced() {
    explore(&scenario("rules, update", &[&round("first")], &round("second")), 20);
}

#[test]
fn rules_are_deleted() {
    explore(&scenario("rules, destroy", &[&round("first")], &None), 30);
}

/// A rule of another owner has the number: it is reported, and left as it is, wherever the run dies.
#[test]
fn a_foreign_rule_is_never_adopted() {
    let rule = |address: &str| {
        let text = format!(
            "Resources: {{{address}: {{Type: AWS::EC2::NetworkAclEntry, Properties: {{NetworkAclId: \
             ACL, RuleNumber: 100, Protocol: 6, RuleAction: allow, CidrBlock: 10.0.0.0/8, \
             PortRange: {{From: 80, To: 80}}}}}}}}"
        );
        text
    };
    let other = Bench::new();
    let acl = "Resources: {Acl: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: vpc-1}}}";
    other.reach(&wanted(acl, &[]), "the ACL");
    let id = other.known().into_iter().next().unwrap().1;
    let other = Bench::with(other.services.account(), 1000);
    let theirs = rule("Theirs").replace("ACL", &id);
    let ended = other.run(&wanted(&theirs, &[]), None);
    assert!(matches!(ended, Ended::Done(outcome) if outcome.end == RunEnd::Succeeded));
    let before = Bench::with(other.services.account(), 2000);
    let ours = wanted(&rule("It").replace("ACL", &id), &[]);

    let undisturbed = before.copy();
    let Ended::Done(outcome) = undisturbed.run(&ours, None) else { panic!("it was refused") };
    assert_eq!(outcome.end, RunEnd::Failed);
    let [(_, error)] = outcome.failures.as_slice() else { panic!("{:?}", outcome.failures) };
    assert!(error.to_string().contains("inbound rule 100"), "{error}");
    for number in 0..undisturbed.services.made().len() {
        for fault in Fault::ALL {
            let bench = before.copy();
            bench.run(&ours, Some((number, fault)));
            bench.run(&ours, None);
            assert!(bench.known().is_empty(), "{number} {fault:?}");
            let (now, then) = (bench.services.account(), before.services.account());
            assert_eq!(now.acl_rules, then.acl_rules, "{number} {fault:?}");
        }
    }
}
