//! Files that a template includes: `AWS::Include`.

use std::collections::BTreeMap;

use rstack_template::{Parsed, Reading, parse};

use crate::support::{Outcome, evaluated};

const TEMPLATE: &str = "Transform:
  Name: AWS::Include
  Parameters: {Location: shared/outputs.yaml}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: name.json}}}}
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: more.yaml}}
";

fn read(text: &str, files: &[(&str, &str)]) -> Parsed {
    let files = files.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    parse(text, &Reading { includes: files.collect(), ..Reading::default() })
}

fn codes(parsed: &Parsed) -> Vec<String> {
    parsed.diagnostics.iter().map(|d| d.code.to_string()).collect()
}

#[test]
fn what_is_included_stands_where_the_transform_stood() {
    let files = [
        ("name.json", "{\"TopicName\": {\"Ref\": \"AWS::StackName\"}}"),
        ("more.yaml", "Queue: {Type: AWS::SQS::Queue}\n"),
        ("shared/outputs.yaml", "Outputs: {Name: {Value: !GetAtt Topic.TopicName}}\n"),
    ];
    let missing = read(TEMPLATE, &files[..1]);
    let wanted: Vec<&str> = missing.missing.iter().map(|m| m.value.as_str()).collect();
    assert_eq!(wanted, ["shared/outputs.yaml"]);
    assert!(missing.template.is_none() && missing.diagnostics.is_empty());

    let parsed = read(TEMPLATE, &files);
    assert_eq!(codes(&parsed), [""; 0]);
    let outcome: Outcome = evaluated(TEMPLATE, parsed, &BTreeMap::new());
    assert_eq!(outcome.properties("Topic"), "{\"TopicName\": \"Live\"}");
    let desired = outcome.evaluation.unwrap().desired.unwrap();
    assert_eq!(desired.resources.len(), 2);
    assert!(desired.outputs.contains_key("Name"));
    // Another text behind the same name is another template.
    let other = [files[0], ("more.yaml", "Other: {Type: AWS::SQS::Queue}\n"), files[2]];
    let digest = |files| read(TEMPLATE, files).template.unwrap().digest;
    assert_ne!(digest(&files), digest(&other));
}

#[test]
fn places_are_those_of_the_file() {
    let text = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {Fn::Transform: {Name: \
                AWS::Include, Parameters: {Location: a}}}}}";
    let file = "DisplayName: x\nTopicNam: y\n";
    let parsed = read(text, &[("a", file)]);
    let base = parsed.included[0].base;
    assert_eq!((base, parsed.included[0].location.as_str()), (text.len(), "a"));
    let outcome = evaluated(text, parsed, &BTreeMap::new());
    let [finding] = &outcome.diagnostics[..] else { panic!("{:?}", outcome.diagnostics) };
    let span = finding.labels[0].span;
    assert_eq!(&file[span.start - base..span.end - base], "TopicNam");
    // A file that cannot be read is reported at its own place, too.
    let broken = read(text, &[("a", "x: [")]);
    assert_eq!(codes(&broken), ["syntax"]);
    assert!(broken.diagnostics[0].labels[0].span.start >= base);
}

#[test]
fn what_cannot_be_included_is_reported() {
    let text = |location: &str| {
        format!(
            "Resources:\n  Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: \
             {location}}}}}\n"
        )
    };
    for (location, files) in [
        ("s3://bucket/file.yaml", &[][..]),
        ("{Ref: Where}", &[]),
        ("a", &[("a", "- 1")]),
        ("a", &[("a", "Fn::Transform: {Name: AWS::Include, Parameters: {Location: a}}")]),
    ] {
        assert_eq!(codes(&read(&text(location), files)), ["include"], "{location} {files:?}");
    }
    let nameless = "Resources: {Fn::Transform: {Name: AWS::Include}}";
    assert_eq!(codes(&read(nameless, &[])), ["include"]);
    let many = (0..200).map(|i| {
        format!("  A{i}: !Transform {{Name: AWS::Include, Parameters: {{Location: a}}}}\n")
    });
    let many = format!("Resources:\n{}", many.collect::<String>());
    assert_eq!(codes(&read(&many, &[("a", "Type: AWS::SNS::Topic")])), ["include"]);
}
