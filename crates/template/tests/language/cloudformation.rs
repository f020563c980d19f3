//! The templates that CloudFormation takes and refuses, where rstack is more lenient or YAML is
//! ambiguous.

use crate::support::outcome;

fn told(text: &str) -> Vec<String> {
    outcome(text, &[]).told()
}

fn messages(text: &str) -> Vec<String> {
    outcome(text, &[]).diagnostics.into_iter().map(|d| d.message).collect()
}

fn parameter(value: &str) -> String {
    format!(
        "Resources:\n  P:\n    Type: AWS::SSM::Parameter\n    Properties: {{Type: String, Value: {value}}}\n"
    )
}

#[test]
fn numbers_that_cloudformation_reads_otherwise_are_warned_of_and_kept() {
    for (written, read) in [
        ("012345670123", "as the number 1402433619"),
        ("02142", "as the number 1122"),
        ("0x1F", "as the number 31"),
        ("0b11", "as the number 3"),
        ("0o17", "as text, not as a number"),
        ("1_000", "as the number 1000"),
        ("12:30:45", "as the number 45045"),
        ("1.10", "as the number 1.1"),
        ("+5", "as the number 5"),
        ("012345678901", "as the number 12345678901.0"),
        ("1e3", "as the number 1000.0"),
    ] {
        let text = parameter(written);
        let outcome = outcome(&text, &[]);
        assert_eq!(outcome.told(), [format!("yaml-scalar@{written}")]);
        let finding = &outcome.diagnostics[0];
        assert!(!finding.is_error());
        assert_eq!(finding.message, format!("CloudFormation reads `{written}` {read}"));
        assert!(outcome.properties("P").contains(&format!("\"Value\": \"{written}\"")));
        assert_eq!(told(&parameter(&format!("'{written}'"))), [""; 0]);
    }
    for written in ["2012-10-17", "123456789012", "1.5", "0", "10.0.0.0/16"] {
        assert_eq!(told(&parameter(written)), [""; 0], "{written}");
    }
}

#[test]
fn ambiguous_values_are_found_wherever_a_value_counts() {
    let head = "Resources: {T: {Type: AWS::SNS::Topic";
    for (text, expected) in [
        (format!("Parameters: {{P: {{Type: String, Default: 007}}}}\n{head}}}}}\n"), "007"),
        (
            format!("Parameters: {{P: {{Type: String, AllowedValues: [1.10, 1.2], Default: 1.2}}}}\n{head}}}}}\n"),
            "1.10",
        ),
        (format!("Mappings: {{M: {{a: {{b: [0777]}}}}}}\n{head}}}}}\n"), "0777"),
        (format!("{head}}}}}\nOutputs: {{O: {{Value: 1_0}}}}\n"), "1_0"),
        (format!("{head}, Properties: {{DisplayName: !Join ['', [a, 010]]}}}}}}\n"), "010"),
        (
            "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::L:\n    - X\n    - [a]\n    \
             - T${X}: {Type: AWS::SNS::Topic, Properties: {DisplayName: 010}}\n"
                .to_owned(),
            "010",
        ),
    ] {
        assert_eq!(told(&text), [format!("yaml-scalar@{expected}")], "{text}");
    }
    // A number is a number however it is written, but not one in another base.
    let alarm = |threshold: &str| {
        format!(
            "Resources:\n  A:\n    Type: AWS::CloudWatch::Alarm\n    Properties: \
             {{ComparisonOperator: GreaterThanThreshold, EvaluationPeriods: 1, Threshold: \
             {threshold}}}\n"
        )
    };
    for threshold in ["0.50", "080.0", "1.0"] {
        assert_eq!(told(&alarm(threshold)), [""; 0], "{threshold}");
    }
    assert!(told(&alarm("010")).contains(&"yaml-scalar@010".to_owned()));
    // Nothing hangs on these; behind a function's tag everything is text.
    for text in [
        format!("Metadata: {{a: 010}}\n{head}, Metadata: {{b: 0x1}}}}}}\n"),
        format!("Description: 010\n{head}}}}}\n"),
        format!("{head}, Properties: {{DisplayName: !Base64 010}}}}}}\n"),
    ] {
        assert_eq!(told(&text), [""; 0], "{text}");
    }
}

#[test]
fn booleans_are_warned_of_where_text_is_wanted() {
    for (text, expected) in [
        (parameter("NO"), "NO"),
        (parameter("!If [C, on, 'x']") + "Conditions: {C: !Equals [a, a]}\n", "on"),
        (parameter("!Sub ['${A}', {A: yes}]"), "yes"),
        (parameter("x") + "Conditions: {C: !Equals [a, yes]}\n", "yes"),
        (parameter("x") + "Parameters: {F: {Type: String, Default: off}}\n", "off"),
        (parameter("x") + "Mappings: {M: {a: {b: No}}}\n", "No"),
    ] {
        assert_eq!(told(&text), [format!("yaml-scalar@{expected}")], "{text}");
    }
    let queue = |fifo: &str| {
        format!("Resources: {{Q: {{Type: AWS::SQS::Queue, Properties: {{FifoQueue: {fifo}}}}}}}\n")
    };
    for text in [queue("yes"), queue("true"), parameter("true"), parameter("'no'")] {
        assert_eq!(told(&text), [""; 0], "{text}");
    }
    let secret = parameter("x") + "Parameters: {F: {Type: String, Default: x, NoEcho: yes}}\n";
    assert_eq!(told(&secret), [""; 0]);
}

#[test]
fn keys_that_are_no_text_to_cloudformation_are_warned_of() {
    let map = |key: &str| {
        format!(
            "Mappings: {{M: {{{key}: {{a: b}}}}}}\nResources: {{T: {{Type: AWS::SNS::Topic}}}}\n"
        )
    };
    for key in ["012345670123", "089012345678", "123456789012", "443", "on", "No", "12:30", "~"] {
        assert_eq!(told(&map(key)), [format!("yaml-key@{key}")]);
        assert_eq!(told(&map(&format!("'{key}'"))), [""; 0]);
    }
    assert_eq!(
        messages(&map("443")),
        ["CloudFormation reads the key `443` as a number and refuses it"]
    );
    assert_eq!(
        messages(&map("null")),
        ["CloudFormation reads the key `null` as null and refuses it"]
    );
    assert_eq!(told(&map("2012-10-17")), [""; 0]);
}

#[test]
fn null_is_an_error_everywhere() {
    let topic = "Resources:\n  T:\n    Type: AWS::SNS::Topic\n";
    for (text, place) in [
        (format!("{topic}Outputs:\n"), "Outputs"),
        (format!("Parameters:\n{topic}"), "Parameters"),
        (format!("Conditions: ~\n{topic}"), "Conditions"),
        (format!("Mappings: null\n{topic}"), "Mappings"),
        (format!("Metadata:\n{topic}"), "Metadata"),
        (format!("Transform:\n{topic}"), "Transform"),
        (format!("Description:\n{topic}"), "Description"),
        (format!("AWSTemplateFormatVersion:\n{topic}"), "AWSTemplateFormatVersion"),
        ("Resources:\n".to_owned(), "Resources"),
        ("Resources:\n  T:\n".to_owned(), "T"),
        (format!("Parameters:\n  P:\n{topic}"), "P"),
        (format!("{topic}Outputs:\n  O:\n"), "O"),
        (format!("{topic}    Properties:\n"), "Properties"),
        (format!("{topic}    DependsOn:\n"), "DependsOn"),
        (format!("{topic}    DeletionPolicy:\n"), "DeletionPolicy"),
        (format!("{topic}    Metadata: {{a: [b, ~]}}\n"), "~"),
        ("Resources:\n  T:\n    Type:\n".to_owned(), "Type"),
        (format!("{topic}    Properties: {{Tags: [{{Key: a, Value: null}}]}}\n"), "Value"),
        (
            format!(
                "Conditions: {{C: !Equals [a, a]}}\n{topic}    Properties: {{DisplayName: !If [C, x, \
                 null]}}\n"
            ),
            "null",
        ),
        (
            format!("Parameters: {{P: {{Type: String, MinLength: , Default: a}}}}\n{topic}"),
            "MinLength",
        ),
        (format!("Parameters: {{P: {{Type: }}}}\n{topic}"), "Type"),
        (format!("Mappings: {{M: {{a: {{b: }}}}}}\n{topic}"), "b"),
        (format!("{topic}Outputs: {{O: {{Value: }}}}\n"), "Value"),
    ] {
        assert_eq!(told(&text), [format!("null-value@{place}")], "{text}");
        assert!(outcome(&text, &[]).evaluation.is_none_or(|e| e.desired.is_none()), "{text}");
    }
    assert_eq!(told("null\n"), ["empty@null"]);
    // Behind a tag there is text, if only an empty one.
    let text = "Resources:\n  S:\n    Type: AWS::SNS::Topic\n    Properties: {DisplayName: !Join ['', \
                [a, !Sub ]]}\n";
    assert!(told(text).iter().all(|told| !told.starts_with("null-value")), "{:?}", told(text));
    for zones in ["{'Fn::GetAZs': null}", "!GetAZs", "!GetAZs ''"] {
        let text = format!("{topic}Outputs: {{O: {{Value: !Select [0, {zones}]}}}}\n");
        assert_eq!(told(&text), [""; 0], "{zones}");
    }
    let message = &messages(&format!("{topic}Outputs:\n"))[0];
    assert_eq!(message, "`/Outputs` is null, which CloudFormation does not allow");
}

#[test]
fn conditions_have_the_names_that_cloudformation_takes() {
    let named = |name: &str| {
        format!(
            "Conditions: {{'{name}': !Equals [a, a]}}\nResources:\n  T: {{Type: AWS::SNS::Topic, \
             Condition: '{name}', Properties: {{DisplayName: !If ['{name}', x, y]}}}}\n"
        )
    };
    for name in ["AdditionalSubnets&3AZ", "DeployAz_A", "AmazonLinux2023-Graviton", "A"] {
        let text = named(name);
        assert_eq!(told(&text), [""; 0], "{name}");
        assert_eq!(outcome(&text, &[]).properties("T"), r#"{"DisplayName": "x"}"#);
    }
    for name in ["a.b", "a b", "ä", "a/b", "${A}", ""] {
        assert_eq!(told(&named(name))[0].split('@').next(), Some("name"), "{name}");
    }
    // Only conditions: all other names are letters and digits.
    for text in [
        "Resources: {A_b: {Type: AWS::SNS::Topic}}\n",
        "Resources: {A&b: {Type: AWS::SNS::Topic}}\n",
        "Parameters: {A_b: {Type: String, Default: x}}\nResources: {A: {Type: AWS::SNS::Topic}}\n",
    ] {
        assert_eq!(told(text)[0].split('@').next(), Some("name"), "{text}");
    }
}

#[test]
fn merge_keys_are_carried_out_with_a_warning() {
    let properties = |written: &str| {
        let text = format!(
            "Metadata:\n  a: &a {{DisplayName: a, TopicName: a}}\n  b: &b {{DisplayName: b, \
             KmsMasterKeyId: k}}\nResources:\n  T:\n    Type: AWS::SNS::Topic\n    \
             Properties:\n{written}"
        );
        let outcome = outcome(&text, &[]);
        let codes: Vec<String> = outcome.diagnostics.iter().map(|d| d.code.to_string()).collect();
        assert!(codes.contains(&"merge-key".to_owned()), "{codes:?}");
        assert!(codes.iter().all(|code| code == "alias" || code == "merge-key"), "{codes:?}");
        outcome.properties("T")
    };
    for (written, merged) in [
        ("      <<: *a\n", r#"{"DisplayName": "a", "TopicName": "a"}"#),
        ("      <<: *a\n      TopicName: own\n", r#"{"DisplayName": "a", "TopicName": "own"}"#),
        ("      TopicName: own\n      <<: *a\n", r#"{"DisplayName": "a", "TopicName": "own"}"#),
        (
            "      <<: [*b, *a]\n",
            r#"{"DisplayName": "b", "KmsMasterKeyId": "k", "TopicName": "a"}"#,
        ),
        ("      <<: [{DisplayName: c}, *a]\n", r#"{"DisplayName": "c", "TopicName": "a"}"#),
        ("      <<: {TopicName: x}\n", r#"{"TopicName": "x"}"#),
        ("      <<: []\n      TopicName: x\n", r#"{"TopicName": "x"}"#),
    ] {
        assert_eq!(properties(written), merged, "{written}");
    }
}

#[test]
fn a_merge_key_of_no_map_is_an_error() {
    for value in ["x", "[x]", "!Ref T", "[{a: b}, 5]"] {
        let text = format!("Resources:\n  T:\n    Type: AWS::SNS::Topic\n    <<: {value}\n");
        let outcome = outcome(&text, &[]);
        let error = outcome.diagnostics.iter().find(|d| d.is_error()).unwrap();
        assert_eq!(error.code.as_str(), "merge-key", "{value}");
        assert!(error.message.starts_with("a merge key takes a map or a list of maps"));
    }
    let twice = "Resources:\n  T: {Type: AWS::SNS::Topic, <<: {}, <<: {}}\n";
    assert!(told(twice).contains(&"duplicate-key@<<".to_owned()), "{:?}", told(twice));
    // In quotes it is a key like any other.
    assert_eq!(told("Resources:\n  T: {Type: AWS::SNS::Topic, '<<': {}}\n"), ["unknown-key@'<<'"]);
}

#[test]
fn policies_are_functions_with_the_language_extensions() {
    use rstack_model::desired::RemovalPolicy;
    let text = |transform: &str, policy: &str| {
        format!(
            "{transform}Parameters: {{Stage: {{Type: String, Default: Prod}}, P: {{Type: String, \
             Default: Retain}}}}\nMappings: {{M: {{Prod: {{Policy: Retain}}}}}}\nConditions: {{C: \
             !Equals [!Ref Stage, Prod]}}\nResources:\n  T: {{Type: AWS::SNS::Topic, DeletionPolicy: \
             {policy}, UpdateReplacePolicy: {policy}}}\n"
        )
    };
    for policy in [
        "!If [C, Retain, Delete]",
        "{'Fn::If': [C, Retain, Delete]}",
        "!Ref P",
        "!FindInMap [M, !Ref Stage, Policy]",
        "!Sub 'Ret${Tail}'",
        "!Select [0, [Retain, Delete]]",
    ] {
        let policy = policy.replace("'Ret${Tail}'", "'${P}'");
        let outcome = outcome(&text("Transform: AWS::LanguageExtensions\n", &policy), &[]);
        assert_eq!(outcome.told(), [""; 0], "{policy}");
        let desired = outcome.evaluation.and_then(|e| e.desired).unwrap();
        let topic = &desired.resources["T"];
        assert_eq!(topic.deletion_policy, RemovalPolicy::Retain, "{policy}");
        assert_eq!(topic.update_replace_policy, RemovalPolicy::Retain, "{policy}");
    }
    let plain = told(&text("", "!If [C, Retain, Delete]"));
    assert!(plain.iter().all(|told| told.starts_with("needs-extensions@")), "{plain:?}");
    assert_eq!(plain.len(), 2);
    let wrong = told(&text("Transform: AWS::LanguageExtensions\n", "!Ref Stage"));
    assert_eq!(wrong, ["policy@!Ref Stage", "policy@!Ref Stage"]);
}

#[test]
fn another_kind_of_file_is_called_what_it_is() {
    let html = "the file is an HTML page, not a template";
    let page = "<html lang=\"en\">\n<head><title>x: y</title></head>\n<body></body></html>\n";
    for (text, message) in [
        (format!("<!DOCTYPE html>\n{page}"), html),
        (format!("\u{feff}\n  <!doctype HTML>\n{page}"), html),
        (page.to_owned(), html),
        (format!("<!-- saved -->\n{page}"), html),
        (page.to_uppercase(), html),
        (
            "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>".to_owned(),
            "the file is an XML document, not a template",
        ),
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".to_owned(),
            "the file is a pointer of Git LFS, not the template itself",
        ),
        (
            "Resources:\n<<<<<<< HEAD\n  A: {Type: AWS::SNS::Topic}\n=======\n  B: {}\n>>>>>>> x\n"
                .to_owned(),
            "the file holds a merge conflict that is not resolved",
        ),
    ] {
        let outcome = outcome(&text, &[]);
        let found: Vec<&str> = outcome.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(found, [message], "{text}");
        assert!(outcome.diagnostics[0].code.as_str() == "syntax" && outcome.evaluation.is_none());
    }
    assert!(
        !told("<<: {Resources: {T: {Type: AWS::SNS::Topic}}}\n")
            .iter()
            .any(|t| t.starts_with("syn"))
    );
}
