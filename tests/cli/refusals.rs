//! Refusals of services that a plan can see: nothing is changed, and the message has the place and the next step.

use crate::harness::Place;

fn place(resources: &str) -> Place {
    let place = Place::empty();
    place.write("s.yaml", &format!("Resources:\n{resources}"));
    place
}

#[test]
fn a_key_keeps_what_it_was_made_with() {
    let key = |spec: &str| {
        format!("  Key: {{Type: AWS::KMS::Key, Properties: {{Enabled: true{spec}}}}}\n")
    };
    let place = place(&key(""));
    place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    // The default is what the key has.
    place.write("s.yaml", &format!("Resources:\n{}", key(", KeySpec: SYMMETRIC_DEFAULT")));
    place.sandbox(&["plan", "s.yaml", "--detailed-exitcode"]).expect(0);
    place.write("s.yaml", &format!("Resources:\n{}", key(", KeySpec: RSA_2048")));
    let refused = place.sandbox(&["plan", "s.yaml"]).expect(1);
    refused.reports("property-fixed", &["`KeySpec` of `Key`", "--replace Key"]);
    let replaced = place.sandbox(&["plan", "s.yaml", "--replace", "Key"]).expect(0);
    assert!(replaced.out.contains("1 to replace"), "{}", replaced.out);
}

#[test]
fn a_security_group_with_a_name_is_replaced_only_after_the_old_one() {
    let group = |about: &str| {
        format!(
            "  Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.0.0.0/16}}}}\n  Sg: {{Type: \
             AWS::EC2::SecurityGroup, Properties: {{GroupName: web, VpcId: !Ref Vpc, GroupDescription: \
             {about}}}}}\n"
        )
    };
    let place = place(&group("one"));
    place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    place.write("s.yaml", &format!("Resources:\n{}", group("two")));
    let refused = place.sandbox(&["plan", "s.yaml"]).expect(1);
    refused.reports("name-conflict", &["`Sg`", "`web` (`GroupName`", "--delete-first Sg"]);
    place.sandbox(&["apply", "s.yaml", "--yes", "--delete-first", "Sg"]).expect(0);
    place.sandbox(&["plan", "s.yaml", "--detailed-exitcode"]).expect(0);
    let twice = group("two").replace("  Sg:", "  Other:");
    let twice = twice.lines().nth(1).unwrap_or_default();
    place.write("s.yaml", &format!("Resources:\n{}{twice}\n", group("two")));
    place.sandbox(&["plan", "s.yaml"]).expect(1).reports("name-conflict", &["`Other`", "`Sg`"]);
}

#[test]
fn names_of_iam_are_one_in_any_case() {
    let role = |id: &str, name: &str| {
        format!(
            "  {id}: {{Type: AWS::IAM::Role, Properties: {{RoleName: {name}, \
             AssumeRolePolicyDocument: {{}}}}}}\n"
        )
    };
    let both = place(&format!("{}{}", role("A", "Same"), role("B", "same")));
    both.sandbox(&["plan", "s.yaml"]).expect(1).reports("name-conflict", &["`A`", "`B`"]);
    let place = place(&role("A", "MyRole"));
    place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    place.write("s.yaml", &format!("Resources:\n{}", role("A", "myrole")));
    place.sandbox(&["plan", "s.yaml"]).expect(1).reports("name-conflict", &["`A`", "`RoleName`"]);
}

#[test]
fn what_the_service_refuses_is_an_error_at_its_place() {
    for (resources, code, place_of, facts) in [
        (
            "  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: x\n      FifoQueue: true\n",
            "property-combination",
            "s.yaml:5:7",
            &["`QueueName` must end with `.fifo`", "name it `x.fifo`"][..],
        ),
        (
            "  C: {Type: AWS::MediaPackage::Channel, Properties: {Id: c}}\n  E:\n    Type: \
             AWS::MediaPackage::OriginEndpoint\n    Properties: {ChannelId: !Ref C, Id: e}\n",
            "property-combination",
            "s.yaml:3:3",
            &["one of `HlsPackage`, `DashPackage`, `CmafPackage`, `MssPackage` must be declared"],
        ),
        (
            "  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      Tags:\n        - {Key: 'aws:x', Value: y}\n",
            "property-pattern",
            "s.yaml:6:17",
            &["`aws:x` begins with `aws:`"],
        ),
        (
            "  P:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Type: String\n      Value: v\n      \
             Name: /aws/x\n",
            "property-pattern",
            "s.yaml:7:13",
            &["names do not begin with `aws` or `ssm`"],
        ),
    ] {
        let refused = place(resources).run(&["validate", "s.yaml"]).expect(1);
        assert!(refused.err.contains(&format!("error[{code}]")), "{}", refused.err);
        for fact in facts.iter().chain([&place_of]) {
            assert!(refused.err.contains(fact), "{fact}: {}", refused.err);
        }
    }
}

#[test]
fn a_property_at_its_default_replaces_nothing() {
    let queue = |more: &str| format!("  Q: {{Type: AWS::SQS::Queue, Properties: {{{more}}}}}\n");
    let place = place(&queue("DelaySeconds: 1"));
    place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    for (more, changes) in [
        ("DelaySeconds: 1, FifoQueue: false", 0),
        ("DelaySeconds: 2, FifoQueue: false", 2),
        ("DelaySeconds: 2", 0),
    ] {
        place.write("s.yaml", &format!("Resources:\n{}", queue(more)));
        let plan = place.sandbox(&["plan", "s.yaml", "--detailed-exitcode"]).expect(changes);
        assert!(!plan.out.contains("1 to replace"), "{}", plan.out);
        place.sandbox(&["apply", "s.yaml", "--yes"]).expect(0);
    }
}
