//! Tables of DynamoDB, interrupted at every request; tables of others, which are left alone; and changes
//! of an index that others made.

use rstack_model::event::RunEnd;
use serde_json::{Value, json};

use super::bench::{Bench, Ended, Wanted, wanted};
use super::every_request::{explore, scenario};
use crate::test::fake::Account;

fn stack(round: &str, generation: &str) -> Wanted {
    let text = include_str!("dynamodb.yaml");
    wanted(text, &[("Round", round), ("Generation", generation)])
}

#[test]
fn tables_are_made() {
    explore(&scenario("tables, create", &[], &stack("first", "one")), 110);
}

/// An update that needs several changes of indexes and of the table comes to its end in one run.
#[test]
fn tables_are_changed() {
    let (first, second) = (stack("first", "one"), stack("second", "one"));
    let scenario = scenario("tables, update", &[&first], &second);
    explore(&scenario, 250);
    scenario.from.reach(&second, "changed");
    let tables = scenario.from.services.account().tables;
    let names = |table: &str, list: &str| {
        let found = tables.iter().find(|(name, _)| name.contains(table)).unwrap().1;
        let list = found["shown"].get(list).and_then(Value::as_array).cloned();
        list.unwrap_or_default().iter().map(|it| it["IndexName"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("whole", "GlobalSecondaryIndexes"), ["by-c", "by-d"]);
    assert_eq!(names("Indexed", "GlobalSecondaryIndexes"), Vec::<Value>::new());
    assert_eq!(names("Indexed", "VectorIndexes"), ["near"]);
}

#[test]
fn tables_are_replaced() {
    let (one, two) = (stack("first", "one"), stack("first", "two"));
    explore(&scenario("tables, replace", &[&one], &two), 150);
}

#[test]
fn tables_are_deleted() {
    explore(&scenario("tables, destroy", &[&stack("first", "one")], &None), 35);
}

#[test]
fn a_table_of_another_owner_is_left_alone() {
    let mut account = Account::default();
    let theirs =
        json!({"shown": {"TableName": "theirs", "TableStatus": "ACTIVE", "TableArn": "arn:x"}});
    account.tables.insert("theirs".to_owned(), theirs.clone());
    let text = "Resources: {It: {Type: AWS::DynamoDB::Table, Properties: {TableName: theirs, \
                BillingMode: PAY_PER_REQUEST, KeySchema: [{AttributeName: id, KeyType: HASH}], \
                AttributeDefinitions: [{AttributeName: id, AttributeType: S}]}}}";
    let bench = Bench::with(account, 1);
    let Ended::Done(outcome) = bench.run(&wanted(text, &[]), None) else { panic!("not run") };
    assert_eq!(outcome.end, RunEnd::Failed);
    let (_, error) = outcome.failures.first().unwrap();
    assert!(error.to_string().contains("`theirs` exists already"), "{error}");
    assert_eq!(bench.services.account().tables["theirs"], theirs);
    assert!(bench.known().is_empty());
}

/// A setting that others took away or turned off is drift, and comes back.
#[test]
fn what_others_changed_is_set_right() {
    let first = stack("first", "one");
    let bench = Bench::new();
    bench.reach(&first, "made");
    let mut account = bench.services.account();
    let table = account.tables.get_mut("whole-one").unwrap();
    table["shown"]["GlobalSecondaryIndexes"].as_array_mut().unwrap().remove(0);
    table["life"]["Enabled"] = false.into();
    table["streams"][0]["DestinationStatus"] = "DISABLED".into();
    let bench = bench.in_account(account);
    bench.reach(&first, "healed");
    let table = bench.services.account().tables["whole-one"].clone();
    assert_eq!(table["shown"]["GlobalSecondaryIndexes"].as_array().unwrap().len(), 2);
    assert_eq!(table["life"]["Enabled"], true);
    assert_eq!(table["streams"][0]["DestinationStatus"], "ACTIVE");
}
