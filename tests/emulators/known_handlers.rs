//! Custom resources that rstack carries out without their handlers, over HTTP: a bucket of MiniStack is emptied, and a
//! default security group of moto loses its rules. The state says that it does so: no function has the CDK's code
//! here.

use serde_json::{Value, json};

use crate::account::Account;

const TEMPLATE: &str = "known.yaml";
const PROPERTY: &str = "rstack:BuiltIn";

/// A bucket and a group in the hands of custom resources.
const KNOWN: &str = "Parameters: {Handler: {Type: String}, Tag: {Type: String, Default: 'true'}, Vpc: {Type: String, Default: One}}
Conditions: {One: !Equals [!Ref Vpc, One]}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: emptied
      VersioningConfiguration: {Status: Enabled}
      Tags: [{Key: 'aws-cdk:auto-delete-objects', Value: !Ref Tag}]
  Emptied:
    Type: Custom::S3AutoDeleteObjects
    Properties: {ServiceToken: !Ref Handler, BucketName: !Ref Bucket}
  One: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Two: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.1.0.0/16}}
  Restricted:
    Type: Custom::VpcRestrictDefaultSG
    Properties:
      ServiceToken: !Ref Handler
      DefaultSecurityGroupId: !If [One, !GetAtt One.DefaultSecurityGroup, !GetAtt Two.DefaultSecurityGroup]
      Account: !Ref AWS::AccountId
";

/// The stack, made by a handler of the test, with a state that says that rstack carries its resources out.
struct Known {
    account: Account,
    option: String,
}

impl Known {
    fn new(tag: &str) -> Self {
        let account = Account::new();
        account.run(&["bootstrap", "--yes"]).expect(0);
        account.place.write(TEMPLATE, KNOWN);
        account.place.write("notes", "");
        let arn = account.cloud(&["handler", "known", "notes"]);
        let option = format!("Handler={}", arn.as_str().unwrap());
        let known = Self { account, option };
        let tag = format!("Tag={tag}");
        known.apply(&["-p", &tag]);
        let mut file: Value =
            serde_json::from_str(&known.account.place.read("state/known.json")).unwrap();
        for (resource, code) in [
            ("Emptied", "aws-cdk/s3-auto-delete-objects"),
            ("Restricted", "aws-cdk/vpc-restrict-default-sg"),
        ] {
            file["state"]["resources"][resource]["properties"][PROPERTY] = json!(code);
        }
        known.account.place.write("state/known.json", &file.to_string());
        known.account.run(&["state", "repair", "known", "--accept-edit", "--yes"]).expect(0);
        known.account.place.write("notes", "");
        known
    }

    fn apply(&self, more: &[&str]) -> crate::place::Ran {
        let own = ["apply", TEMPLATE, "--yes", "-p", &self.option];
        self.account.run(&[&own, more].concat()).expect(0)
    }

    fn expect_no_requests(&self) {
        assert_eq!(self.account.place.read("notes"), "");
    }

    /// The numbers of rules of the default group of a VPC: those for what comes in, and for what leaves.
    fn rules(&self, vpc: &str) -> (usize, usize) {
        let group =
            self.account.state("known")["resources"][vpc]["attributes"]["DefaultSecurityGroup"]
                .clone();
        let rules = self.account.cloud(&["group_rules", group.as_str().unwrap()]);
        let count = |name: &str| rules[name].as_array().unwrap().len();
        (count("in"), count("out"))
    }
}

#[test]
fn a_bucket_is_emptied_with_all_versions_before_it_is_deleted() {
    let known = Known::new("true");
    let account = &known.account;
    account.cloud(&["fill", "emptied", "1007"]);
    let plan = account.run(&["destroy", "known"]);
    assert!(plan.out.contains("will delete all objects of the bucket `emptied`"), "{}", plan.out);
    account.run(&["destroy", "known", "--yes"]).expect(0);
    known.expect_no_requests();
    assert_eq!(account.cloud(&["has_bucket", "emptied"]), false);
}

#[test]
fn a_bucket_without_the_tag_keeps_its_objects() {
    let known = Known::new("false");
    known.account.cloud(&["fill", "emptied", "1"]);
    let refused = known.account.run(&["destroy", "known", "--yes"]);
    assert_ne!(refused.code, 0, "S3 refuses to delete the bucket: {}", refused.err);
    assert_eq!(known.account.cloud(&["has_bucket", "emptied"]), true);
    known.expect_no_requests();
}

#[test]
fn a_default_group_loses_its_rules_and_gets_them_back() {
    let known = Known::new("true");
    assert_eq!(
        (known.rules("One"), known.rules("Two")),
        ((0, 1), (0, 1)),
        "the groups of moto, untouched"
    );
    known.apply(&["-p", "Vpc=Two"]);
    // One rule that was given back was there already, and one that was taken away was not there.
    assert_eq!((known.rules("One"), known.rules("Two")), ((1, 1), (0, 0)));
    known.apply(&["-p", "Vpc=One"]);
    assert_eq!((known.rules("One"), known.rules("Two")), ((0, 0), (1, 1)));
    known.expect_no_requests();
    known.account.run(&["destroy", "known", "--yes"]).expect(0);
    known.expect_no_requests();
}
