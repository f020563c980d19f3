//! The assets of a CDK app in S3 of MiniStack and of moto: bootstrapped, uploaded once, read back.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use serde_json::{Value, json};

use crate::account::Account;

const BUCKET: &str = "cdk-hnb659fds-assets-000000000000-eu-west-1";

/// The bytes of nine mebibytes, which do not compress.
fn large() -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..(9 << 17)).flat_map(|_| next()).collect()
}

/// Writes an app with a packed folder, a small file and a large one.
fn write_app(account: &Account) {
    let place = &account.place;
    let destination = |key: &str| {
        json!({"current": {
            "bucketName": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}",
            "objectKey": key,
            "assumeRoleArn": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-publishing",
        }})
    };
    let file = |path: &str, packaging: &str, key: &str| json!({"source": {"path": path, "packaging": packaging}, "destinations": destination(key)});
    let assets = json!({"version": "36.0.0", "dockerImages": {}, "files": {
        "a": file("asset.a", "zip", "a b+ü.zip"),
        "b": file("asset.b.json", "file", "b.json"),
        "c": file("asset.c", "file", "deep/c"),
    }});
    let manifest = json!({"version": "36.0.0", "artifacts": {
        "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
        "App": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": "App.template.json"},
            "dependencies": ["App.assets"],
        },
    }});
    let template = json!({
        "Parameters": {"BootstrapVersion": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": "/cdk-bootstrap/hnb659fds/version",
        }},
        "Resources": {"Code": {"Type": "AWS::SSM::Parameter", "Properties": {
            "Name": "/code", "Type": "String", "Value": {"Fn::Sub": "a.zip ${BootstrapVersion}"},
        }}},
    });
    place.write("cdk.out/App.assets.json", &assets.to_string());
    place.write("cdk.out/manifest.json", &manifest.to_string());
    place.write("cdk.out/App.template.json", &template.to_string());
    place.write("cdk.out/asset.a/index.py", "def handler(e, c):\n    return 1\n");
    place.write("cdk.out/asset.a/lib/util.py", "x = 1\n");
    place.write("cdk.out/asset.b.json", "{\"b\": 2}");
    place.write_bytes("cdk.out/asset.c", &large());
}

/// The objects of the bucket: the bytes of each, and how many versions of it there are.
fn objects(account: &Account) -> BTreeMap<String, (Vec<u8>, u64)> {
    let found = account.cloud(&["objects", BUCKET]);
    let object = |(key, found): (&String, &Value)| {
        let bytes = hex::decode(found["hex"].as_str().unwrap()).unwrap();
        (key.clone(), (bytes, found["versions"].as_u64().unwrap()))
    };
    found.as_object().unwrap().iter().map(object).collect()
}

#[test]
fn an_app_is_bootstrapped_and_its_assets_are_uploaded_once() {
    let account = Account::new();
    write_app(&account);
    let refused = account.run(&["plan", "cdk.out"]).expect(1);
    refused.reports("lookup", &["/cdk-bootstrap/hnb659fds/version", "rstack bootstrap"]);
    account.cloud(&["parameter", "/cdk-bootstrap/hnb659fds/version", "String", "21"]);
    let refused = account.run(&["apply", "cdk.out", "--yes"]).expect(1);
    refused.reports("not-bootstrapped", &[BUCKET]);

    account.run(&["bootstrap", "--yes"]).expect(0);
    let settings = account.cloud(&["bucket_settings", BUCKET]);
    assert_eq!(settings["versioning"], "Enabled");
    assert_eq!(settings["encryption"], "AES256");
    assert_eq!(settings["public_access"], json!([true, true, true, true]));
    assert_eq!(settings["policy"]["Statement"][0]["Sid"], "AllowSSLRequestsOnly");
    let again = account.run(&["bootstrap", "--yes"]).expect(0);
    assert_eq!(again.out.matches("there already").count(), 2, "{}", again.out);
    assert_eq!(account.cloud(&["bucket_settings", BUCKET]), settings);

    let plan = account.plan(&["cdk.out"]);
    assert_eq!(plan["assets"].as_array().unwrap().len(), 3);
    assert!(objects(&account).is_empty());
    let applied = account.run(&["apply", "cdk.out", "--yes"]).expect(0);
    assert!(!applied.err.contains("cannot be assumed"), "{}", applied.err);
    let stored = objects(&account);
    assert_eq!(stored["b.json"].0, b"{\"b\": 2}");
    assert!(stored["deep/c"].0 == large(), "an upload in parts");
    let mut archive = zip::ZipArchive::new(Cursor::new(&stored["a b+ü.zip"].0)).unwrap();
    let mut text = String::new();
    archive.by_name("index.py").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "def handler(e, c):\n    return 1\n");
    assert_eq!(archive.len(), 2);
    assert_eq!(account.cloud(&["open_uploads", BUCKET]), json!([]));

    let again = account.run(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    assert!(again.out.contains("3 assets are there already"), "{}", again.out);
    account.place.edit("cdk.out/App.template.json", "a.zip ", "a2.zip ");
    account.run(&["apply", "cdk.out", "--yes"]).expect(0);
    assert_eq!(objects(&account), stored, "nothing was sent again: no key has a second version");
    assert!(stored.values().all(|(_, versions)| *versions == 1));
    account.run(&["destroy", "cdk.out", "--yes"]).expect(0);
}

/// The bucket of another account is refused or not seen, whatever the manifest says.
#[test]
fn the_bucket_of_another_account_gets_nothing() {
    let account = Account::new();
    write_app(&account);
    account.cloud(&["parameter", "/cdk-bootstrap/hnb659fds/version", "String", "21"]);
    account.cloud(&["make_bucket", BUCKET]);
    let mut command = account.command(&["apply", "cdk.out", "--yes"]);
    // MiniStack takes an access key of twelve digits for the account.
    command.env("AWS_ACCESS_KEY_ID", "222222222222");
    let manifest = account.place.read("cdk.out/App.assets.json");
    let pinned = manifest.replace("${AWS::AccountId}-${AWS::Region}", "000000000000-eu-west-1");
    account.place.write("cdk.out/App.assets.json", &pinned);
    let refused = crate::place::ran(command);
    assert_eq!(refused.code, 1, "{}", refused.err);
    let denied = refused.err.contains("error[access-denied]") && refused.err.contains(BUCKET);
    let absent = refused.err.contains("error[not-bootstrapped]");
    assert!(denied || absent, "{}", refused.err);
    assert!(objects(&account).is_empty());
}
