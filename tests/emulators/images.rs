//! The images of an app in ECR of moto, and what a role of another account may read: moto knows an account by
//! the credentials of a role that was assumed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::account::Account;
use crate::emulators::{Emulators, environment};

const TAG: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An account whose STS and ECR are moto's.
fn account() -> Account {
    Account::of(Emulators::with(&["AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL_STS"]))
}

/// Writes an app with an image, and the program that stands for Docker.
fn write_app(account: &Account) {
    let place = &account.place;
    let images = json!({TAG: {
        "displayName": "Api",
        "source": {"directory": "asset.api"},
        "destinations": {"here": {
            "repositoryName": "cdk-assets-${AWS::AccountId}",
            "imageTag": TAG,
            "assumeRoleArn": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-images",
        }},
    }});
    let assets = json!({"version": "36.0.0", "files": {}, "dockerImages": images});
    let manifest = json!({"version": "36.0.0", "artifacts": {
        "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
        "App": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": "App.json"},
            "dependencies": ["App.assets"],
        },
    }});
    let template = json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    place.write("cdk.out/App.assets.json", &assets.to_string());
    place.write("cdk.out/App.json", &template.to_string());
    place.write("cdk.out/asset.api/Dockerfile", "FROM scratch\n");
    place.write("notes/calls", "");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/emulators/images.py");
    let variables = account.emulators().variables();
    let set: Vec<String> = variables.iter().map(|(name, it)| format!("{name}='{it}'")).collect();
    let text = format!(
        "#!/bin/sh\nexec env {} '{}' '{}' '{}' \"$@\"\n",
        set.join(" "),
        environment().join("bin/python").display(),
        script.display(),
        place.path("notes").display(),
    );
    place.write("docker", &text);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path("docker"), mode).unwrap();
}

#[test]
fn an_image_is_built_and_pushed_once() {
    let account = account();
    write_app(&account);
    let run = |line: &[&str]| {
        let mut command = account.command(line);
        command.env("CDK_DOCKER", "./docker");
        crate::place::ran(command)
    };
    let refused = run(&["plan", "cdk.out"]).expect(1);
    refused.reports("not-bootstrapped", &["cdk-assets-123456789012"]);
    let repository = "cdk-assets-123456789012";
    let address = account.cloud(&["repository", repository]);

    let plan = run(&["plan", "cdk.out"]).expect(0);
    assert!(plan.out.contains("1 image to build."), "{}", plan.out);
    let applied = run(&["apply", "cdk.out", "--yes"]).expect(0);
    assert!(!applied.err.contains("cannot be assumed"), "{}", applied.err);
    let built = hex::encode(Sha256::digest("FROM scratch\n"));
    assert_eq!(account.cloud(&["images", repository]), json!({TAG: built}));
    let calls = account.place.read("notes/calls");
    let pushed = format!("push {}:{TAG}", address.as_str().unwrap());
    assert!(calls.lines().any(|line| line == pushed), "{calls}");

    let again = run(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    assert!(again.out.contains("1 asset is there already"), "{}", again.out);
    account.place.edit("cdk.out/App.json", "\"AWS::SNS::Topic\"", "\"AWS::SQS::Queue\"");
    run(&["apply", "cdk.out", "--yes"]).expect(0);
    assert_eq!(account.place.read("notes/calls"), calls, "what is there is not built again");

    // Another image that cannot be pushed: nothing is changed.
    let tag = format!("\"imageTag\":\"{TAG}\"");
    account.place.edit("cdk.out/App.assets.json", &tag, &tag.replace('0', "f"));
    account.place.edit("cdk.out/App.json", "\"AWS::SQS::Queue\"", "\"AWS::SNS::Topic\"");
    account.place.edit("docker", "exec env", "[ $1 = push ] && exit 1\nexec env");
    let before = account.state("App");
    let refused = run(&["apply", "cdk.out", "--yes"]).expect(1);
    refused.reports("image-not-built", &["push"]);
    assert_eq!(account.state("App"), before);
    run(&["destroy", "cdk.out", "--yes"]).expect(0);
}

/// Only the account of the role has the stack.
#[test]
fn an_output_of_another_account_is_read_with_its_role() {
    let account = account();
    let role = "arn:aws:iam::222222222222:role/reader";
    account.cloud(&["stack_elsewhere", role, "us-east-1", "net", "from there"]);
    let template = |role: &str| {
        let output = json!({"Fn::GetStackOutput": {
            "StackName": "net", "OutputName": "Value", "Region": "us-east-1", "RoleArn": role,
        }});
        let parameter = json!({"Name": "/net", "Type": "String", "Value": output});
        json!({"Resources": {"Value": {"Type": "AWS::SSM::Parameter", "Properties": parameter}}})
    };
    account.place.write("stacks/here.yaml", &template(role).to_string());
    account.run(&["apply", "--yes"]).expect(0);
    assert_eq!(account.cloud(&["parameter_value", "/net"]), "from there");
    account.expect_no_changes("here");
    let other = "arn:aws:iam::333333333333:role/reader";
    account.place.write("stacks/here.yaml", &template(other).to_string());
    let refused = account.run(&["plan"]).expect(1);
    refused.reports("unknown-stack-output", &["net", "us-east-1"]);
    account.run(&["destroy", "here", "--yes"]).expect(0);
}
