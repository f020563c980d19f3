//! Objects that a property of their own protects from deletion.

use crate::harness::Place;

const TABLE: &str = "\
Parameters:
  Protected: { Type: String, Default: 'true' }
  Key: { Type: String, Default: pk }
Resources:
  Topic: { Type: AWS::SNS::Topic }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      DeletionProtectionEnabled: !Ref Protected
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [ { AttributeName: !Ref Key, AttributeType: S } ]
      KeySchema: [ { AttributeName: !Ref Key, KeyType: HASH } ]
";

const WITHOUT: &str = "Resources: { Topic: { Type: AWS::SNS::Topic } }";

const PROTECTED: &str =
    "error[object-protected]: `Table` cannot be deleted: `DeletionProtectionEnabled` protects";

fn applied() -> Place {
    let place = Place::empty();
    place.write("t.yaml", TABLE);
    place.sandbox(&["apply", "t.yaml", "--yes"]).expect(0);
    place
}

#[test]
fn a_protected_object_is_deleted_by_no_plan_and_the_property_is_named() {
    let place = applied();
    place.write("t.yaml", WITHOUT);
    let plan = place.sandbox(&["plan", "t.yaml"]).expect(1);
    assert!(plan.err.contains(PROTECTED), "{}", plan.err);
    assert!(plan.err.contains("set `DeletionProtectionEnabled` to `false`"), "{}", plan.err);
    let apply = place.sandbox(&["apply", "t.yaml", "--yes"]).expect(1);
    assert!(apply.err.contains(PROTECTED), "{}", apply.err);
    let destroy = place.sandbox(&["destroy", "t", "--yes"]).expect(1);
    assert!(destroy.err.contains(PROTECTED), "{}", destroy.err);
    let objects = place.sandbox(&["sandbox", "ls"]).expect(0);
    assert!(objects.out.contains("AWS::DynamoDB::Table"), "{}", objects.out);
    assert!(objects.out.contains("AWS::SNS::Topic"), "{}", objects.out);
}

#[test]
fn a_protected_object_is_not_replaced_even_if_the_same_plan_would_take_the_protection_off() {
    let place = applied();
    let other = ["plan", "t.yaml", "-p", "Key=id", "-p", "Protected=false"];
    let plan = place.sandbox(&other).expect(1);
    assert!(
        plan.err.contains("error[object-protected]: `Table` cannot be replaced"),
        "{}",
        plan.err
    );
    place.sandbox(&["apply", "t.yaml", "-p", "Protected=false", "--yes"]).expect(0);
    place.sandbox(&["apply", "t.yaml", "-p", "Key=id", "-p", "Protected=false", "--yes"]).expect(0);
    place.sandbox(&["destroy", "t", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}

#[test]
fn the_value_of_the_object_counts_and_not_the_last_applied_one() {
    let place = applied();
    let tables = place.sandbox(&["sandbox", "ls"]).expect(0).out;
    let name = tables.lines().find_map(|line| line.strip_prefix("AWS::DynamoDB::Table  ")).unwrap();
    let set =
        ["sandbox", "set", "AWS::DynamoDB::Table", name, "DeletionProtectionEnabled", "false"];
    place.sandbox(&set).expect(0);
    place.sandbox(&["destroy", "t", "--yes"]).expect(0);
}

#[test]
fn a_protected_object_that_a_policy_keeps_hinders_nothing() {
    let place = Place::empty();
    place.write("t.yaml", &TABLE.replace("  Table:\n", "  Table:\n    DeletionPolicy: Retain\n"));
    place.sandbox(&["apply", "t.yaml", "--yes"]).expect(0);
    place.sandbox(&["destroy", "t", "--yes"]).expect(0);
    let objects = place.sandbox(&["sandbox", "ls"]).expect(0);
    assert!(objects.out.contains("AWS::DynamoDB::Table"), "{}", objects.out);
}
