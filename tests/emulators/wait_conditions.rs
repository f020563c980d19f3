//! Wait conditions over HTTP: signals are put to signed URLs, and are versions of an object of the bucket.

use serde_json::json;

use crate::account::Account;

const BUCKET: &str = "cdk-hnb659fds-assets-000000000000-eu-west-1";
const TEMPLATE: &str = "waits.yaml";

/// A handle, and a sender that gets its URL.
const SENDER: &str =
    "Parameters: {Timeout: {Type: String, Default: '60'}, Count: {Type: Number, Default: 2}}
Resources:
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Sender:
    Type: AWS::SSM::Parameter
    Properties: {Name: /sender, Type: String, Value: !Sub 'to ${Handle}'}
";
/// The condition that waits for its signals.
const WAITING: &str = "  Ready:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: Sender
    Properties: {Handle: !Ref Handle, Timeout: !Ref Timeout, Count: !Ref Count}
  After:
    Type: AWS::SSM::Parameter
    Properties: {Name: /after, Type: String, Value: !GetAtt Ready.Data}
";

/// Puts a signal with this ID to the URL that the sender has.
fn signal(account: &Account, url: &str, status: &str, id: &str) {
    let signal = json!({"Status": status, "UniqueId": id, "Data": format!("from {id}"), "Reason": "no room"});
    assert_eq!(account.cloud(&["put_url", url, &signal.to_string()]), 200);
}

fn url(account: &Account) -> String {
    let value = account.cloud(&["parameter_value", "/sender"]);
    value.as_str().unwrap().strip_prefix("to ").unwrap().to_owned()
}

/// No file has the signature of a URL.
fn expect_no_url(account: &Account, url: &str) {
    let (_, signature) = url.split_once("X-Amz-Signature=").unwrap();
    let signature = signature.split('&').next().unwrap();
    for (name, bytes) in account.place.files() {
        assert!(!String::from_utf8_lossy(&bytes).contains(signature), "{name}");
    }
}

#[test]
fn every_signal_to_one_url_counts_and_the_url_stays_a_secret() {
    let account = Account::new();
    account.run(&["bootstrap", "--yes"]).expect(0);
    account.place.write(TEMPLATE, SENDER);
    account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
    let first = url(&account);
    account.expect_no_changes(TEMPLATE);
    signal(&account, &first, "SUCCESS", "one");
    account.place.write(TEMPLATE, &format!("{SENDER}{WAITING}"));
    let late = account.run(&["apply", TEMPLATE, "--yes", "-p", "Timeout=1"]).expect(4);
    let fact = "1 of 2 signals arrived within 1 seconds, from one";
    assert!(late.err.contains(fact), "{}", late.err);
    // The handle is older than the apply that failed, and its signals are still there.
    signal(&account, &first, "SUCCESS", "two");
    let applied = account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
    assert_eq!(
        account.cloud(&["parameter_value", "/after"]),
        r#"{"one":"from one","two":"from two"}"#
    );
    assert_eq!(url(&account), first, "no new signature changes the sender");
    account.expect_no_changes(TEMPLATE);
    for ran in [&late, &applied] {
        assert!(!ran.out.contains("Amz-") && !ran.err.contains("Amz-"), "{}{}", ran.out, ran.err);
    }
    expect_no_url(&account, &first);
    account.run(&["destroy", "waits", "--yes"]).expect(0);
    assert_eq!(account.cloud(&["versions", BUCKET]), json!([]));
}

#[test]
fn a_failure_rolls_back_with_its_reason() {
    let account = Account::new();
    account.run(&["bootstrap", "--yes"]).expect(0);
    account.place.write(TEMPLATE, SENDER);
    account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
    signal(&account, &url(&account), "FAILURE", "one");
    account.place.write(TEMPLATE, &format!("{SENDER}{WAITING}"));
    let failed = account.run(&["apply", TEMPLATE, "--yes"]).expect(4);
    assert!(failed.err.contains("the signal `one` reports a failure: no room"), "{}", failed.err);
    account.place.write(TEMPLATE, SENDER);
    account.expect_no_changes(TEMPLATE);
}

#[test]
fn a_bucket_without_versions_takes_one_signal_only() {
    let account = Account::new();
    account.cloud(&["make_bucket", "signals"]);
    account.place.write(TEMPLATE, &format!("{SENDER}{WAITING}"));
    let several = ["plan", TEMPLATE, "--response-bucket", "signals"];
    let refused = account.run(&several).expect(1);
    refused.reports(
        "invalid-request",
        &["`signals` does not keep versions", "turn its versioning on"],
    );
    account.run(&["plan", TEMPLATE, "--response-bucket", "signals", "-p", "Count=1"]).expect(0);
    account.run(&["plan", TEMPLATE]).expect(1).reports("not-bootstrapped", &[BUCKET]);
}
