//! Topics and subscriptions, interrupted at every request; and those of others, which are left alone.

use rstack_model::event::RunEnd;
use serde_json::json;

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};
use crate::test::fake::Account;

const TEMPLATE: &str = include_str!("sns.yaml");

fn stack(round: &str, generation: &str) -> Wanted {
    wanted(TEMPLATE, &[("Round", round), ("Generation", generation)])
}

#[test]
fn topics_and_subscriptions_are_made() {
    explore(&scenario("sns, create", &[], &stack("first", "one")), 55);
}

#[test]
fn topics_and_subscriptions_are_changed() {
    let (first, second) = (stack("first", "one"), stack("second", "one"));
    explore(&scenario("sns, update", &[&first], &second), 100);
}

#[test]
fn topics_and_subscriptions_are_replaced() {
    let (one, two) = (stack("first", "one"), stack("first", "two"));
    explore(&scenario("sns, replace", &[&one], &two), 60);
}

#[test]
fn topics_and_subscriptions_are_deleted() {
    explore(&scenario("sns, destroy", &[&stack("first", "one")], &None), 50);
}

/// The account of another owner, who has a topic with these tags.
fn theirs(tags: serde_json::Value) -> Account {
    let mut account = Account::default();
    let topic = json!({"texts": {"DisplayName": "theirs"}, "tags": tags});
    account.topics.insert("arn:aws:sns:eu-west-1:111122223333:news".to_owned(), topic);
    account
}

/// A topic of that name exists: the creating call answers with it, and it is not taken.
#[test]
fn a_topic_of_another_owner_is_left_alone() {
    let ours =
        wanted("Resources: {It: {Type: AWS::SNS::Topic, Properties: {TopicName: news}}}", &[]);
    for tags in [json!([]), json!([{"Key": "owner", "Value": "them"}])] {
        let bench = Bench::with(theirs(tags), 1);
        let Ended::Done(outcome) = bench.run(&ours, None) else { panic!("it did not run") };
        assert_eq!(outcome.end, RunEnd::Failed);
        let (_, error) = outcome.failures.first().unwrap();
        assert!(error.to_string().contains("`news` exists already"), "{error}");
        assert!(bench.known().is_empty());
        let topics = bench.services.account().topics;
        assert_eq!(topics.values().next().unwrap()["texts"]["DisplayName"], "theirs");
    }
}

#[test]
fn a_subscription_of_another_owner_is_left_alone() {
    let mut account = theirs(json!([]));
    let topic = "arn:aws:sns:eu-west-1:111122223333:news";
    let subscription =
        json!({"texts": {}, "TopicArn": topic, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:q"});
    account.subscriptions.insert(format!("{topic}:theirs"), subscription);
    let text = format!(
        "Resources: {{It: {{Type: AWS::SNS::Subscription, Properties: {{TopicArn: '{topic}', \
         Protocol: sqs, Endpoint: 'arn:aws:sqs:q'}}}}}}"
    );
    let bench = Bench::with(account, 1);
    let Ended::Done(outcome) = bench.run(&wanted(&text, &[]), None) else { panic!("not run") };
    assert_eq!(outcome.end, RunEnd::Failed);
    let (_, error) = outcome.failures.first().unwrap();
    assert!(error.to_string().contains(":theirs`"), "{error}");
    assert_eq!(bench.services.account().subscriptions.len(), 1);
    assert!(bench.known().is_empty());
}
