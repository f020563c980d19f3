//! Wait conditions in the sandbox, as a user meets them.

use crate::harness::Place;

const RULES: &str = "state/sandbox/custom.yaml";
/// A part of every URL of the sandbox that takes signals.
const SIGNATURE: &[u8] = b"X-Amz-Signature";
const STACK: &str = "\
Parameters:
  Timeout: { Type: String, Default: '300' }
  Word: { Type: String, Default: one }
Resources:
  Handle:
    Type: AWS::CloudFormation::WaitConditionHandle
  Server:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0123456789abcdef0
      UserData:
        Fn::Base64: !Sub |
          #!/bin/sh
          curl -T signal.json '${Handle}'
  Ready:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: Server
    Properties: { Handle: !Ref Handle, Timeout: !Ref Timeout, Count: 2 }
  User:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Value: !Sub '${Word} ${Ready.Data}' }
Outputs:
  Data: { Value: !GetAtt Ready.Data }
";

fn place() -> Place {
    let place = Place::empty();
    place.write("app.yaml", STACK);
    place
}

/// No file holds a URL that takes signals.
fn expect_no_url(place: &Place) {
    for (name, bytes) in place.files() {
        let found = bytes.windows(SIGNATURE.len()).any(|part| part == SIGNATURE);
        assert!(!found, "{name}");
    }
}

#[test]
fn a_condition_is_complete_with_its_signals_and_its_url_is_nowhere() {
    let place = place();
    let plan = place.sandbox(&["plan", "app.yaml"]).expect(0);
    insta::assert_snapshot!(plan.out);
    assert_eq!(plan.err, "");
    let saved = place.sandbox(&["plan", "app.yaml", "--out", "app.plan"]).expect(0);
    let applied = place.sandbox(&["apply", "app.plan", "--yes"]).expect(0);
    let data =
        r#"app.Data = {"signal-1":"invented by the sandbox","signal-2":"invented by the sandbox"}"#;
    assert!(applied.out.contains(data), "{}", applied.out);
    for ran in [&plan, &saved, &applied] {
        assert!(!ran.out.contains("Amz-") && !ran.err.contains("Amz-"), "{}{}", ran.out, ran.err);
    }
    expect_no_url(&place);
    // The URL is signed anew, and neither the server nor anything else changes for it.
    let unchanged = place.sandbox(&["plan", "app.yaml", "--detailed-exitcode"]).expect(0);
    assert!(unchanged.out.contains("No changes."), "{}", unchanged.out);
    place.sandbox(&["apply", "app.yaml", "--yes", "-p", "Word=two"]).expect(0);
    let shown = place.sandbox(&["show", "app", "--json"]).expect(0).out;
    assert!(
        shown.contains("sandbox/wait-condition-signals/") && !shown.contains("Amz-"),
        "{shown}"
    );
    place.sandbox(&["destroy", "app", "--yes"]).expect(0);
    expect_no_url(&place);
}

#[test]
fn a_failure_and_too_few_signals_roll_back_and_say_why() {
    let place = place();
    place.write(RULES, "Ready: { fail: the disk is full }\n");
    let failed = place.sandbox(&["apply", "app.yaml", "--yes"]).expect(4);
    let fact = "the signal `signal-1` reports a failure: the disk is full";
    assert!(failed.err.contains(fact), "{}", failed.err);
    place.write(RULES, "Ready: { data: { only: done } }\n");
    let short = ["apply", "app.yaml", "--yes", "-p", "Timeout=1"];
    let failed = place.sandbox(&short).expect(4);
    let fact = "1 of 2 signals arrived within 1 seconds, from only";
    assert!(failed.err.contains(fact), "{}", failed.err);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
    place
        .write(RULES, "AWS::CloudFormation::WaitCondition: { data: { a: 1, b: two }, delay: 2 }\n");
    let applied = place.sandbox(&["apply", "app.yaml", "--yes"]).expect(0);
    assert!(applied.out.contains(r#"app.Data = {"a":"1","b":"two"}"#), "{}", applied.out);
    // Another time limit is no update that there is.
    let fixed = place.sandbox(&["plan", "app.yaml", "-p", "Timeout=600"]);
    fixed.reports("property-fixed", &["`Timeout` of `Ready` cannot be changed"]);
}

#[test]
fn what_cannot_be_waited_for_is_refused_at_its_place() {
    let place = place();
    for (from, to, code, facts) in [
        (
            "Handle: !Ref Handle, ",
            "",
            "missing-property",
            ["`Ready` has no `Handle`", "cfn-signal"],
        ),
        (
            "Handle: !Ref Handle, ",
            "Handle: 'https://example.com/', ",
            "property-value",
            ["not the `Ref` of a wait condition handle", "app.yaml:18"],
        ),
        ("Timeout: !Ref Timeout, ", "", "missing-property", ["`Ready` has no `Timeout`", "43200"]),
        ("Count: 2", "Count: 2000", "property-bounds", ["`Count` is 2000", "0 to 1000"]),
    ] {
        place.write("app.yaml", &STACK.replace(from, to));
        let refused = place.sandbox(&["plan", "app.yaml"]);
        refused.reports(code, &facts);
    }
}

#[test]
fn a_creation_policy_is_named() {
    let place = Place::empty();
    let types = [
        ("AWS::EC2::Instance", "ResourceSignal: {Count: 1}", "`cfn-signal` fails"),
        ("AWS::AppStream::Fleet", "StartFleet: true", "does not start the fleet"),
    ];
    for (kind, policy, fact) in types {
        let text = format!(
            "Resources: {{ It: {{ Type: '{kind}', CreationPolicy: {{ {policy} }}, Properties: \
             {{ ImageId: ami-0123456789abcdef0, Name: it, InstanceType: stream.standard.medium }} }} }}\n"
        );
        place.write("it.yaml", &text);
        let validated = place.sandbox(&["validate", "it.yaml"]);
        let said = format!("{}{}", validated.out, validated.err);
        assert!(said.contains(fact), "{said}");
    }
}
