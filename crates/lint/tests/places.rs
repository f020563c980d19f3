//! The places of the validator's findings.
#![cfg(test)]

use std::collections::BTreeMap;

use rstack_lint::{Question, Rules, Schemas, Validator};
use rstack_model::FindingCode;

#[test]
fn findings_of_the_validator_have_places_in_the_text() {
    let validator = Validator::new(Schemas::load(), Rules::load(&[], &mut |_| {}).unwrap());
    let parameters = BTreeMap::new();
    let text = "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties: {äöü: ä, Tags: 5}\n";
    let question =
        Question { text, parameters: &parameters, region: Some("eu-west-1"), built_in: true };
    let found = validator.check(&question, &mut |_| {}).unwrap().findings;
    let at = |id: &str| {
        let rule = FindingCode::Rule(id.to_owned());
        let finding = found.iter().find(|finding| finding.code == rule).unwrap();
        text.get(finding.labels[0].span.start..).unwrap()
    };
    assert!(at("F3002").starts_with("äöü: ä, Tags"), "{found:?}");
    assert!(at("F3012").starts_with("Tags: 5"), "{found:?}");
}
