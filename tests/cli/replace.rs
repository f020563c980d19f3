//! The update kinds that may replace, and `--replace`.

use crate::harness::Place;

const TEMPLATE: &str = "\
Parameters: { Form: { Type: String, Default: YAML } }
Resources:
  Text: { Type: AWS::SSM::Parameter, Properties: { Type: String, Name: /form, Value: !Ref Form } }
  Doc:
    Type: AWS::SSM::Document
    Properties:
      Content: { schemaVersion: '2.2' }
      DocumentFormat: !GetAtt Text.Value
";

fn applied() -> Place {
    let place = Place::empty();
    place.write("t.yaml", TEMPLATE);
    place.sandbox(&["apply", "t.yaml", "--yes"]).expect(0);
    place
}

#[test]
fn an_update_that_the_service_may_refuse_is_labelled_and_a_refusal_names_the_option() {
    let place = applied();
    let plan = place.sandbox(&["plan", "t.yaml", "--parameter", "Form=TOML"]).expect(0);
    assert!(plan.out.contains("0 to create, 2 to update, 0 to replace"), "{}", plan.out);
    assert!(plan.out.contains("DocumentFormat (may replace)"), "{}", plan.out);
    assert!(plan.out.contains("`--replace Doc` replaces it"), "{}", plan.out);
    // The sandbox refuses it, and nothing has been deleted.
    let apply = ["apply", "t.yaml", "--parameter", "Form=TOML", "--yes"];
    let refused = place.sandbox(&apply).expect(4);
    assert!(
        refused.err.contains(
            "hint: the service may not change `DocumentFormat` in place; `--replace Doc`"
        ),
        "{}",
        refused.err
    );
    place.sandbox(&["plan", "t.yaml", "--detailed-exitcode"]).expect(0);
}

#[test]
fn a_replacement_can_be_asked_for() {
    let place = applied();
    let plan = place.sandbox(&["plan", "t.yaml", "--replace", "Doc", "--json"]).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
    let changes = plan["changes"].as_array().unwrap();
    let doc = changes.iter().find(|change| change["action"] == "replace").unwrap();
    assert_eq!(doc["reasons"], serde_json::json!([{"kind": "requested"}]));
    let done = place.sandbox(&["apply", "t.yaml", "--replace", "Doc", "--yes"]).expect(0);
    assert!(done.out.contains("replacement requested"), "{}", done.out);
    place.sandbox(&["plan", "t.yaml", "--detailed-exitcode"]).expect(0);
    let unknown = place.sandbox(&["plan", "t.yaml", "--replace", "Nothing"]).expect(1);
    assert!(
        unknown.err.contains("error[unknown-resource]: `--replace Nothing`"),
        "{}",
        unknown.err
    );
}
