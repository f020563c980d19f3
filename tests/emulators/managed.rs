//! Stacks that CloudFormation manages, made by the emulators' own CloudFormation with boto3: moto's for
//! exports and outputs, MiniStack's for imports, which moto does not list.

use serde_json::Value;

use crate::account::{Account, changes};
use crate::place::{Ran, ran};

/// A stack of CloudFormation that exports one value.
fn producer(export: &str, value: &str) -> String {
    format!(
        "Resources:\n  T: {{Type: AWS::SNS::Topic}}\nOutputs:\n  Name: {{Value: '{value}', Export: \
         {{Name: '{export}'}}}}\n"
    )
}

const IMPORTER: &str = "Resources:
  Imported:
    Type: AWS::SSM::Parameter
    Properties: {Name: /imported, Type: String, Value: !ImportValue 'cf:name'}
  Read:
    Type: AWS::SSM::Parameter
    Properties:
      Name: /read
      Type: String
      Value: {'Fn::GetStackOutput': {StackName: cf, OutputName: Name, Region: eu-west-1}}
";

#[test]
fn the_exports_and_outputs_of_cloudformation_are_used() {
    let account = Account::new();
    let run = |line: &[&str], code| account.run(line).expect(code);
    account.place.write("importer.yaml", IMPORTER);
    let missing = run(&["plan", "importer.yaml"], 1).err;
    assert!(missing.contains("error[unknown-export]"), "{missing}");
    assert!(missing.contains("error[unknown-stack-output]"), "{missing}");

    account.cloud(&["managed_stack", "moto", "cf", &producer("cf:name", "first")]);
    run(&["apply", "importer.yaml", "--yes"], 0);
    for name in ["/imported", "/read"] {
        assert_eq!(account.cloud(&["parameter_value", name]), "first");
    }
    account.expect_no_changes("importer.yaml");

    // Another value there is an update here. (An update in moto leaves exports as they are.)
    account.cloud(&["delete_managed_stack", "moto", "cf"]);
    account.cloud(&["managed_stack", "moto", "cf", &producer("cf:name", "second")]);
    let planned = changes(&account.plan(&["importer.yaml"]));
    assert_eq!((&*planned["Imported"], &*planned["Read"]), ("update", "update"));
    run(&["apply", "importer.yaml", "--yes"], 0);
    assert_eq!(account.cloud(&["parameter_value", "/imported"]), "second");
    account.expect_no_changes("importer.yaml");

    // The name is exported once.
    account.place.write("twin.yaml", &producer("cf:name", "third"));
    let taken = run(&["apply", "twin.yaml", "--yes"], 1).err;
    assert!(taken.contains("error[export-taken]"), "{taken}");
    assert!(taken.contains("stack `cf`, which CloudFormation manages"), "{taken}");
    account.place.write("twin.yaml", &producer("ours:name", "third"));
    run(&["apply", "twin.yaml", "--yes"], 0);

    run(&["destroy", "importer", "--yes"], 0);
    account.cloud(&["delete_managed_stack", "moto", "cf"]);
}

/// Runs the program with the CloudFormation of MiniStack.
fn on_ministack(account: &Account, line: &[&str]) -> Ran {
    let mut command = account.command(line);
    let ministack = format!("http://127.0.0.1:{}", account.emulators().ministack());
    command.env("AWS_ENDPOINT_URL_CLOUDFORMATION", ministack);
    ran(command)
}

#[test]
fn what_cloudformation_imports_is_not_taken_away() {
    let account = Account::new();
    let ours = producer("ours:name", "first");
    account.place.write("ours.yaml", &ours);
    let apply: &[&str] = &["apply", "ours.yaml", "--yes"];
    on_ministack(&account, apply).expect(0);
    account.cloud(&["managed_stack", "ministack", "twin", &ours]);
    let consumer = "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: \
                    {'Fn::ImportValue': 'ours:name'}}\n";
    account.cloud(&["managed_stack", "ministack", "consumer", consumer]);

    account.place.write("ours.yaml", &ours.replace("ours:name", "ours:other"));
    for line in [apply, &["plan", "ours.yaml"], &["destroy", "ours", "--yes"]] {
        let refused = on_ministack(&account, line).expect(1).err;
        assert!(refused.contains("error[export-in-use]"), "{refused}");
        assert!(refused.contains("stack `consumer`, which CloudFormation manages"), "{refused}");
    }
    let outputs: Value = account.state("ours")["outputs"].clone();
    assert_eq!(outputs["Name"]["export"], "ours:name");
    account.cloud(&["delete_managed_stack", "ministack", "consumer"]);
    on_ministack(&account, apply).expect(0);
    on_ministack(&account, &["destroy", "ours", "--yes"]).expect(0);
}

/// A stack of the same name would be made a second time.
#[test]
fn a_stack_that_cloudformation_manages_is_not_made_again() {
    let account = Account::new();
    let template =
        "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: t}\n";
    account.place.write("app.yaml", template);
    account.cloud(&["managed_stack", "moto", "app", template]);
    for line in [["plan", "app.yaml"].as_slice(), &["apply", "app.yaml", "--yes"]] {
        let refused = account.run(line).expect(1).err;
        assert!(refused.contains("error[stack-managed]: stack `app` has no state"), "{refused}");
        assert!(refused.contains("(CREATE_COMPLETE)"), "{refused}");
        assert!(refused.contains("`--stack-name`"), "{refused}");
    }
    account.run(&["apply", "app.yaml", "--stack-name", "copy", "--yes"]).expect(0);
    account.run(&["destroy", "copy", "--yes"]).expect(0);
    account.cloud(&["delete_managed_stack", "moto", "app"]);
    account.run(&["apply", "app.yaml", "--yes"]).expect(0);
    account.run(&["destroy", "app", "--yes"]).expect(0);
}
