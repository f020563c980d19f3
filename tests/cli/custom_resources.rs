//! Custom resources in the sandbox, as a user meets them.

use serde_json::Value;

use crate::harness::Place;

const RULES: &str = "state/sandbox/custom.yaml";
const STACK: &str = "\
Parameters:
  Name: { Type: String, Default: one }
  Size: { Type: Number, Default: 1 }
  Key: { Type: String, NoEcho: true, Default: hunter2 }
Resources:
  Handler:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::000000000000:role/x
      Runtime: python3.13
      Handler: i.h
      Code: { ZipFile: x }
  Thing:
    Type: Custom::Thing
    Properties:
      ServiceToken: !GetAtt Handler.Arn
      ServiceTimeout: 60
      Name: !Ref Name
      Size: !Ref Size
      Key: !Ref Key
  User:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Value: !Sub '${Thing} ${Thing.Url} ${Size}' }
Outputs:
  Url: { Value: !GetAtt Thing.Url }
";

fn place() -> Place {
    let place = Place::empty();
    place.write("app.yaml", STACK);
    place
}

/// The physical IDs of the objects of this type.
fn objects(place: &Place, kind: &str) -> Vec<String> {
    let list = place.sandbox(&["sandbox", "ls", "--json"]).expect(0).out;
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let of = list.iter().filter(|object| object["type"] == kind);
    of.map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_custom_resource_lives_without_a_rule_and_what_it_returns_is_invented() {
    let place = place();
    let plan = place.sandbox(&["plan", "app.yaml"]).expect(0);
    insta::assert_snapshot!(plan.out);
    let applied = place.sandbox(&["apply", "app.yaml", "--yes"]).expect(0);
    assert!(applied.out.contains("app.Url = https://invented-Url-"), "{}", applied.out);
    place.sandbox(&["plan", "app.yaml", "--detailed-exitcode"]).expect(0);
    let first = objects(&place, "Custom::Thing");
    // A number is text for a handler: the same in quotes is no change.
    place.edit("app.yaml", "ServiceTimeout: 60", "ServiceTimeout: '60'");
    place.sandbox(&["plan", "app.yaml", "--detailed-exitcode"]).expect(0);
    let changed = ["apply", "app.yaml", "--yes", "-p", "Size=2"];
    place.sandbox(&changed).expect(0);
    assert_eq!(objects(&place, "Custom::Thing"), first);
    place.sandbox(&["destroy", "app", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
    for (name, bytes) in place.files() {
        assert!(
            !String::from_utf8_lossy(&bytes).contains("hunter2") || name == "app.yaml",
            "{name}"
        );
    }
}

#[test]
fn another_physical_id_replaces_and_the_old_one_is_deleted_last_or_kept_by_a_rollback() {
    let place = place();
    let rules =
        "Thing: { physicalId: 'thing-${Name}', data: { Url: 'https://${Name}.example' } }\n";
    place.write(RULES, rules);
    place.sandbox(&["apply", "app.yaml", "--yes"]).expect(0);
    assert_eq!(objects(&place, "Custom::Thing"), ["thing-one"]);
    let two = ["-p", "Name=two"];
    let plan = place.sandbox(&[&["plan", "app.yaml"][..], &two].concat()).expect(0);
    assert!(plan.out.contains("may change: Value waits for ‹Thing›, ‹Thing.Url›"), "{}", plan.out);
    let applied = place.sandbox(&[&["apply", "app.yaml", "--yes"][..], &two].concat()).expect(0);
    assert!(applied.out.contains("app.Url = https://two.example"), "{}", applied.out);
    let order = [
        "updated    Custom::Thing  Thing  thing-two",
        "deleted    Custom::Thing  Thing  thing-one",
    ];
    let at = order.map(|line| applied.err.find(line).unwrap_or_else(|| panic!("{}", applied.err)));
    assert!(at[0] < at[1]);
    assert_eq!(objects(&place, "Custom::Thing"), ["thing-two"]);
    // The name of a last resource is taken: the third one is deleted, and the second one is kept.
    let channel = "Type: AWS::MediaPackage::Channel, Properties: {Id: taken}";
    place.write("other.yaml", &format!("Resources: {{ C: {{ {channel} }} }}\n"));
    place.sandbox(&["apply", "other.yaml", "--yes"]).expect(0);
    let last = format!("  Last: {{ DependsOn: User, {channel} }}\n");
    place.edit("app.yaml", "Outputs:\n", &format!("{last}Outputs:\n"));
    let failed = place.sandbox(&["apply", "app.yaml", "--yes", "-p", "Name=three"]);
    assert_eq!(failed.code, 4, "{}", failed.err);
    assert_eq!(objects(&place, "Custom::Thing"), ["thing-two"]);
}

#[test]
fn a_failed_create_is_deleted_and_the_reason_is_the_handlers() {
    let place = place();
    place.write(RULES, "Custom::Thing: { create: { fail: no room for it } }\n");
    let failed = place.sandbox(&["apply", "app.yaml", "--yes"]);
    assert_eq!(failed.code, 4, "{}", failed.err);
    assert!(failed.err.contains("error[handler-failed]"), "{}", failed.err);
    assert!(
        failed.err.contains("`Thing`: Create of Custom::Thing: no room for it"),
        "{}",
        failed.err
    );
    let deleted = "waits for the handler's response to the Delete request";
    assert!(failed.err.contains(deleted), "{}", failed.err);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}

/// The template is right: what the sandbox has made up does not fit it.
#[test]
fn an_invented_attribute_that_does_not_fit_is_named_with_the_way_out() {
    let place = place();
    let template = "Resources:
  C: {Type: Custom::C, Properties: {ServiceToken: 'arn:aws:lambda:eu-west-1:000000000000:function:f'}}
  P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Select [1, !Split [/out/, !GetAtt C.Path]]}}
";
    place.write("parts.yaml", template);
    let failed = place.sandbox(&["apply", "parts.yaml", "--yes"]);
    for part in [
        "`Value` cannot be evaluated: index 1 is outside of the list of 1 (it uses `C.Path`)",
        "has invented `C.Path`",
        "`C: {data: {Path: …}}` in `sandbox/custom.yaml`",
    ] {
        assert!(failed.err.contains(part), "{part}: {}", failed.err);
    }
    place.write(RULES, "C: { data: { Path: 'a/out/b' } }\n");
    place.sandbox(&["apply", "parts.yaml", "--yes"]).expect(0);
}

#[test]
fn a_handler_that_never_responds_is_resolved_by_the_user() {
    let place = place();
    place.edit("app.yaml", "ServiceTimeout: 60", "ServiceTimeout: 1");
    place.write(RULES, "Custom::Thing: { create: { noResponse: true } }\n");
    let failed = place.sandbox(&["apply", "app.yaml", "--yes"]);
    assert_ne!(failed.code, 0, "{}", failed.err);
    assert!(failed.err.contains("error[handler-silent]"), "{}", failed.err);
    assert!(failed.err.contains("did not respond within 1 second;"), "{}", failed.err);
    let again = place.sandbox(&["apply", "app.yaml", "--yes"]);
    assert!(again.err.contains("error[create-in-doubt]"), "{}", again.err);
    // The log of the handler says that it has made something, under this ID.
    place.sandbox(&["resolve", "app", "Thing", "--ours", "thing-9"]).expect(0);
    place.write(RULES, "Custom::Thing: { data: { Url: late } }\n");
    let applied = place.sandbox(&["apply", "app.yaml", "--yes", "-p", "Size=5"]).expect(0);
    assert!(applied.err.contains("updated    Custom::Thing  Thing  thing-9"), "{}", applied.err);
}

#[test]
fn secret_attributes_are_handed_on_and_recorded_nowhere() {
    let place = place();
    place.write(RULES, "Thing: { noEcho: true, data: { Url: opensesame } }\n");
    place.sandbox(&["apply", "app.yaml", "--yes"]).expect(0);
    let plan = place.sandbox(&["plan", "app.yaml"]).expect(0);
    assert!(plan.out.contains("No changes."), "{}", plan.out);
    // The handler is called again, and what takes its data is changed with it.
    let applied = place.sandbox(&["apply", "app.yaml", "--yes", "-p", "Size=5"]).expect(0);
    assert!(applied.out.contains("2 to update"), "{}", applied.out);
    for (name, bytes) in place.files() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("opensesame") || name == RULES, "{name}");
    }
}

#[test]
fn an_attribute_that_was_not_returned_is_named_with_what_to_do() {
    let place = place();
    place.write(RULES, "Thing: { data: { Other: x } }\n");
    let failed = place.sandbox(&["apply", "app.yaml", "--yes"]);
    assert_eq!(failed.code, 4, "{}", failed.err);
    let says = "the handler of `Thing` returned no attribute for `Thing.Url`";
    assert!(failed.err.contains(says), "{}", failed.err);
}

#[test]
fn another_service_token_is_refused_before_anything_is_changed_unless_the_object_is_replaced() {
    let place = place();
    let function = |name: &str| format!("arn:aws:lambda:eu-west-1:000000000000:function:{name}");
    place.edit("app.yaml", "!GetAtt Handler.Arn", &function("one"));
    place.sandbox(&["apply", "app.yaml", "--yes"]).expect(0);
    let before = objects(&place, "Custom::Thing");
    place.edit("app.yaml", "function:one", "function:two");
    let refused = place.sandbox(&["plan", "app.yaml"]).expect(1);
    refused.reports("property-fixed", &["`ServiceToken`", "`Thing`", "--replace Thing"]);
    place.sandbox(&["apply", "app.yaml", "--yes", "--replace", "Thing"]).expect(0);
    let after = objects(&place, "Custom::Thing");
    assert!(after.len() == 1 && after != before, "{before:?} {after:?}");
}

#[test]
fn what_no_handler_can_serve_is_found_before_anything_is_planned() {
    let place = Place::empty();
    let cases = [
        ("Custom::A, Properties: { A: 1 }", "missing-property", "`X` has no `ServiceToken`"),
        (
            "Custom::A, Properties: { ServiceToken: 'arn:aws:sqs:eu-west-1:1:q' }",
            "property-value",
            "Lambda function",
        ),
        (
            "Custom::A, Properties: { ServiceToken: 'arn:aws:sns:eu-west-1:1:t', ServiceTimeout: 3601 }",
            "property-bounds",
            "from 1 to 3600",
        ),
    ];
    for (number, (kind, code, says)) in cases.into_iter().enumerate() {
        let file = format!("t{number}.yaml");
        place.write(&file, &format!("Resources:\n  X: {{ Type: {kind} }}\n"));
        place.sandbox(&["plan", &file]).expect(1).reports(code, &[says]);
    }
    place.write(RULES, "Thing: { physicalID: x }\n");
    place.write("ok.yaml", "Resources: { T: { Type: AWS::SNS::Topic } }\n");
    let refused = place.sandbox(&["plan", "ok.yaml"]).expect(1);
    refused.reports("sandbox-setting", &["custom.yaml", "physicalID", "line 1"]);
}

#[test]
fn a_renamed_custom_resource_keeps_its_object_and_two_may_have_one_physical_id() {
    let place = place();
    place.write(RULES, "Custom::Thing: { physicalId: same, data: { Url: u } }\n");
    let second =
        "  Second: { Type: 'Custom::Thing', Properties: { ServiceToken: !GetAtt Handler.Arn } }\n";
    place.edit("app.yaml", "  User:\n", &format!("{second}  User:\n"));
    place.sandbox(&["apply", "app.yaml", "--yes"]).expect(0);
    assert_eq!(objects(&place, "Custom::Thing"), ["same", "same"]);
    place.sandbox(&["state", "mv", "app", "Second", "Third", "--yes"]).expect(0);
    place.edit("app.yaml", "  Second:", "  Third:");
    place.sandbox(&["plan", "app.yaml", "--detailed-exitcode"]).expect(0);
    place.edit("app.yaml", second.replace("Second", "Third").as_str(), "");
    place.sandbox(&["apply", "app.yaml", "--yes"]).expect(0);
    assert_eq!(objects(&place, "Custom::Thing"), ["same"]);
    place.sandbox(&["destroy", "app", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}
