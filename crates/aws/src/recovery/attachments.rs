//! Connections to databases in secrets, interrupted at every request; and their values, which are written
//! nowhere.

use serde_json::Value;

use super::bench::{Bench, Wanted, wanted};
use super::every_request::{explore, scenario};
use crate::test::fake::Fault;
use crate::test::fake::secrets::current;

const TEMPLATE: &str = include_str!("attachments.yaml");

fn stack(round: &str, generation: &str) -> Wanted {
    wanted(TEMPLATE, &[("Round", round), ("Generation", generation)])
}

/// The entries of the secret of this name.
fn entries(bench: &Bench, name: &str) -> Value {
    let account = bench.services.account();
    let arns = account.inventory()["AWS::SecretsManager::Secret"].clone();
    let secrets = arns.iter().filter_map(|arn| account.secret(arn));
    let secret = secrets.into_iter().find(|secret| secret["Name"] == name).unwrap();
    serde_json::from_str(current(secret).unwrap()).unwrap()
}

#[test]
fn secrets_are_attached() {
    explore(&scenario("attachments, create", &[], &stack("first", "one")), 20);
}

#[test]
fn secrets_are_attached_to_another_database() {
    let (first, second) = (stack("first", "one"), stack("second", "one"));
    let scenario = scenario("attachments, update", &[&first], &second);
    let before = entries(&scenario.from, "one");
    assert_eq!(before["dbInstanceIdentifier"], "shop-first");
    explore(&scenario, 8);
    scenario.from.reach(&second, "second");
    let after = entries(&scenario.from, "one");
    assert_eq!(after["dbClusterIdentifier"], "shop-second");
    assert!(after.get("dbInstanceIdentifier").is_none(), "{after}");
    assert_eq!(after["password"], before["password"]);
}

#[test]
fn another_secret_is_attached() {
    let (one, two) = (stack("first", "one"), stack("first", "two"));
    let scenario = scenario("attachments, replace", &[&one], &two);
    explore(&scenario, 16);
    scenario.from.reach(&two, "two");
    assert!(entries(&scenario.from, "one").get("host").is_none());
    assert_eq!(entries(&scenario.from, "two")["dbInstanceIdentifier"], "shop-first");
}

#[test]
fn secrets_are_detached() {
    explore(&scenario("attachments, destroy", &[&stack("first", "one")], &None), 20);
}

#[test]
fn a_value_reaches_no_file_and_no_event() {
    let bench = Bench::new();
    let one = stack("first", "one");
    bench.reach(&one, "attached");
    let password = entries(&bench, "one")["password"].as_str().unwrap().to_owned();
    assert!(password.len() > 20, "{password}");
    let second = stack("second", "one");
    let requests = {
        let again = bench.copy();
        again.run(&second, None);
        again.services.made().len()
    };
    for number in 0..requests {
        let struck = bench.copy();
        struck.run(&second, Some((number, Fault::DiesAfter)));
        struck.run(&second, None);
        assert!(struck.files_with(&password).is_empty(), "{number}");
        assert!(!struck.emitted().contains(&password), "{number}");
    }
}
