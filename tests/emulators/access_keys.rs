//! An access key of IAM in MiniStack: its secret reaches the resource that takes it and no file, and boto3
//! signs in with it.

use crate::account::{Account, change, changes, search};

const STACK: &str = "keys";
const TEMPLATE: &str = "keys.yaml";

const TEXT: &str = r#"
Parameters:
  Serial: {Type: Number, Default: 1}
  Note: {Type: String, Default: first}
Resources:
  Uploader:
    Type: AWS::IAM::User
    Properties: {UserName: uploader}
  Key:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: !Ref Uploader, Serial: !Ref Serial}
  Kept:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: uploader
      Description: !Ref Note
      SecretString: !Sub '{"id":"${Key}","secret":"${Key.SecretAccessKey}"}'
Outputs:
  Id: {Value: !Ref Key}
  Secret: {Value: !GetAtt Key.SecretAccessKey}
"#;

/// The ID and the secret of the key as they are kept.
fn kept(account: &Account) -> (String, String) {
    let text = account.cloud(&["secret", "uploader"]);
    let kept: serde_json::Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let part = |name: &str| kept[name].as_str().unwrap().to_owned();
    (part("id"), part("secret"))
}

#[test]
fn the_secret_of_an_access_key_is_handed_on_and_written_nowhere() {
    let account = Account::new();
    account.place.write(TEMPLATE, TEXT);
    let made = account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
    assert!(made.err.contains("the output `Secret` is left out"), "{}", made.err);
    account.expect_no_changes(TEMPLATE);
    let (id, secret) = kept(&account);
    assert!(id.starts_with("AKIA") || id.starts_with("LKIA"), "{id}");
    assert!(secret.len() >= 20, "it has {} characters", secret.len());
    assert_eq!(account.state(STACK)["outputs"]["Id"]["value"], id.as_str());
    assert_eq!(account.cloud(&["access_keys", "uploader"]), serde_json::json!([id]));

    // A change of what takes it needs a new key: nothing is done before the user says so.
    let note = ["--parameter", "Note=second"];
    let refused = account.run(&[&["plan", TEMPLATE], note.as_slice()].concat()).expect(1);
    assert!(refused.err.contains("secret-lost"), "{}", refused.err);
    assert!(refused.err.contains("--replace Key"), "{}", refused.err);

    let serial = ["--parameter", "Serial=2", "--parameter", "Note=second"];
    let plan = account.plan(&[&[TEMPLATE], serial.as_slice()].concat());
    assert_eq!(change(&plan, "Key")["action"], "replace");
    assert_eq!(changes(&plan)["Kept"], "update");
    account.run(&[&["apply", TEMPLATE, "--yes"], serial.as_slice()].concat()).expect(0);
    let (now, other) = kept(&account);
    assert_ne!((&now, &other), (&id, &secret));
    assert_eq!(account.cloud(&["access_keys", "uploader"]), serde_json::json!([now]));

    let found = search(&[account.place.path(".").as_path()], &[&secret, &other]);
    assert!(found.is_empty(), "{found:?}");
    account.run(&["destroy", STACK, "--yes"]).expect(0);
    account.expect_empty();
}
