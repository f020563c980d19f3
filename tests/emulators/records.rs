//! A group of record sets in moto: created, changed in one batch, changed by hand and healed, and removed; read
//! back with boto3 each time. A record set of another owner is left alone.

use serde_json::json;

use crate::account::{Account, bring, change, changes};
use crate::emulators::Emulators;

const STACK: &str = "records";
const TEMPLATE: &str = "records.yaml";

fn apply(account: &Account, parameters: &[&str]) {
    account.run(&[&["apply", TEMPLATE, "--yes"], parameters].concat()).expect(0);
    let compared = account.read_back(STACK, &[]);
    assert!(compared >= 25, "only {compared} properties were compared");
    account.run(&[&["plan", TEMPLATE, "--detailed-exitcode"], parameters].concat()).expect(0);
}

#[test]
fn record_sets_are_created_changed_healed_and_removed() {
    let account = Account::of(Emulators::with(&["AWS_ENDPOINT_URL_ROUTE_53"]));
    bring(&account.place, "tests/emulators/records.yaml", TEMPLATE);
    let id = account.cloud(&["hosted_zone", "example.com"]);
    let id = id.as_str().unwrap();
    let zone = format!("Zone={id}");
    let first = ["--parameter", zone.as_str()];
    apply(&account, &first);
    assert_eq!(account.state(STACK)["resources"]["Records"]["driver"], "native");
    let there = account.cloud(&["records", id]);
    assert_eq!(there.as_object().unwrap().len(), 6, "{there}");

    // What others change is seen and set right.
    let other = json!({
        "Name": "www.example.com.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.99"}],
    });
    account.cloud(&["set_record", id, &other.to_string()]);
    let plan = account.plan(&[&[TEMPLATE], first.as_slice()].concat());
    assert_eq!(changes(&plan).len(), 1, "{:?}", changes(&plan));
    assert_eq!(change(&plan, "Records")["action"], "update");
    apply(&account, &first);

    let second = ["--parameter", zone.as_str(), "--parameter", "Round=second"];
    apply(&account, &second);
    let there = account.cloud(&["records", id]);
    assert_eq!(there.as_object().unwrap().len(), 6, "{there}");
    assert!(there.get("old.example.com.|MX|").is_none(), "{there}");

    // One of another owner is neither taken over nor removed.
    let taken = format!(
        "Resources:\n  It:\n    Type: AWS::Route53::RecordSetGroup\n    Properties: {{HostedZoneId: {id}, \
         RecordSets: [{{Name: new.example.com, Type: TXT, TTL: '1', ResourceRecords: ['\"x\"']}}, {{Name: \
         free.example.com, Type: A, TTL: '1', ResourceRecords: [192.0.2.1]}}]}}\n"
    );
    account.place.write("taken.yaml", &taken);
    let ran = account.run(&["apply", "taken.yaml", "--yes"]);
    let says = "TXT record set `new.example.com` of the hosted zone";
    assert!(ran.err.contains("error[object-exists]") && ran.err.contains(says), "{}", ran.err);
    assert_eq!(account.cloud(&["records", id]), there);

    account.run(&["destroy", STACK, "--yes"]).expect(0);
    assert_eq!(account.cloud(&["records", id]), json!({}));
}
