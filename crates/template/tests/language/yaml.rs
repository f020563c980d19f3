//! YAML as CloudFormation reads it: what was written stays, and the schema says what it is.

use crate::support::outcome;

fn properties(values: &str) -> String {
    let text = format!(
        "Resources:\n  D:\n    Type: AWS::SSM::Document\n    Properties:\n      Content:\n{values}"
    );
    outcome(&text, &[]).properties("D")
}

#[test]
fn scalars_lose_nothing() {
    let values = "        a: 012345678901\n        b: 12:30:45\n        c: 2012-10-17\n        d: 1_000\n        \
                  e: 0x1F\n        f: 1e3\n        g: 1.10\n        h: '5'\n        i: 5\n        j: yes\n        \
                  k: Off\n        l: 'no'\n        m: !!str 5\n        n: |\n          two\n          lines\n        \
                  o: >-\n          one\n          line\n        p: ünï\n";
    assert_eq!(
        properties(values),
        "{\"Content\": {\"a\": \"012345678901\", \"b\": \"12:30:45\", \"c\": \"2012-10-17\", \"d\": \
         \"1_000\", \"e\": \"0x1F\", \"f\": \"1e3\", \"g\": \"1.10\", \"h\": \"5\", \"i\": 5, \"j\": \
         true, \"k\": false, \"l\": \"no\", \"m\": \"5\", \"n\": \"two\\nlines\\n\", \"o\": \"one \
         line\", \"p\": \"ünï\"}}"
    );
}

#[test]
fn every_short_form_is_its_function() {
    let head = "Conditions: {Yes: !Equals [a, a]}\nMappings: {M: {k: {v: found}}}\nTransform: \
                AWS::LanguageExtensions\n";
    for (short, long) in [
        ("!Ref AWS::Region", "{Ref: AWS::Region}"),
        ("!GetAtt T.TopicName", "{'Fn::GetAtt': [T, TopicName]}"),
        ("!GetAtt [T, TopicName]", "{'Fn::GetAtt': T.TopicName}"),
        ("!Sub 'a${AWS::Region}'", "{'Fn::Sub': 'a${AWS::Region}'}"),
        ("!Join [',', [a, b]]", "{'Fn::Join': [',', [a, b]]}"),
        ("!Select [1, [a, b]]", "{'Fn::Select': ['1', [a, b]]}"),
        ("!Split [',', 'a,b']", "{'Fn::Split': [',', 'a,b']}"),
        ("!Base64 x", "{'Fn::Base64': x}"),
        ("!Cidr [10.0.0.0/16, 2, 8]", "{'Fn::Cidr': [10.0.0.0/16, '2', '8']}"),
        ("!FindInMap [M, k, v]", "{'Fn::FindInMap': [M, k, v]}"),
        ("!If [Yes, a, b]", "{'Fn::If': [Yes, a, b]}"),
        ("!GetAZs ''", "{'Fn::GetAZs': {Ref: AWS::Region}}"),
        ("!Length [a, b]", "{'Fn::Length': [a, b]}"),
        ("!ToJsonString {a: [1, b]}", "{'Fn::ToJsonString': {a: [1, b]}}"),
        // One inside of the other, both ways.
        (
            "!Join ['-', !Split [',', !Sub 'a,${AWS::Region}']]",
            "{'Fn::Join': ['-', {'Fn::Split': [',', {'Fn::Sub': 'a,${AWS::Region}'}]}]}",
        ),
        ("!Base64 {'Fn::Sub': x}", "{'Fn::Base64': !Sub x}"),
    ] {
        let value = |written: &str| {
            let text = format!(
                "{head}Resources:\n  T: {{Type: AWS::SNS::Topic}}\n  D:\n    Type: \
                 AWS::SSM::Document\n    Properties:\n      Content:\n        v: {written}\n"
            );
            outcome(&text, &[]).properties("D")
        };
        assert_eq!(value(short), value(long), "{short}");
    }
}

#[test]
fn what_editors_leave_in_a_file_is_no_mistake() {
    let text = "Resources:\n  T:\n    Type: AWS::SNS::Topic\n";
    for text in [
        format!("\u{feff}{text}"),
        text.replace('\n', "\r\n"),
        format!("---\n{text}...\n"),
        format!("# comment\n%YAML 1.1\n---\n{text}").replacen("# comment\n", "", 1),
        "{\t\"Resources\": {\t\"T\": {\"Type\": \"AWS::SNS::Topic\"}\t}}".to_owned(),
        format!("{text}\n\n# end\t"),
    ] {
        assert_eq!(outcome(&text, &[]).told(), [""; 0], "{text:?}");
    }
}

#[test]
fn what_yaml_can_say_and_templates_cannot_is_reported() {
    let topic = "{Type: AWS::SNS::Topic}";
    for (text, expected) in [
        (format!("Resources:\n\tT: {topic}\n"), "syntax"),
        (format!("Resources:\n  T: {topic}\n  T: {topic}\n"), "duplicate-key"),
        (format!("Resources:\n  ? [a]\n  : {topic}\n"), "key"),
        (format!("Resources:\n  T: !!set {topic}\n"), "unknown-tag"),
        (format!("Resources:\n  T: !<tag:example.com,2000:x> {topic}\n"), "unknown-tag"),
        (format!("Resources:\n  T: &a {topic}\n  U: *a\n"), "alias"),
        (format!("Resources:\n  T: &a {topic}\n  U: {{<<: *a}}\n"), "merge-key"),
        ("Resources: !Ref x\n".to_owned(), "shape"),
        ("- Resources\n".to_owned(), "shape"),
        ("text".to_owned(), "shape"),
        (format!("Resources:\n  T:\n    Type: AWS::SNS::Topic\n  1: {topic}\n"), "yaml-key"),
    ] {
        let told = outcome(&text, &[]).told();
        let first = told.first().map_or("", |told| told.split('@').next().unwrap());
        assert_eq!(first, expected, "{text:?}: {told:?}");
    }
}
