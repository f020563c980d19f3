//! Mistakes in templates: each is found once, at its place.

use rstack_model::{Code, Diagnostic};

use crate::support::outcome;

fn findings(text: &str) -> Vec<Diagnostic> {
    outcome(text, &[]).diagnostics
}

fn told(text: &str) -> Vec<String> {
    outcome(text, &[]).told()
}

const CHANNEL: &str = "AWS::MediaPackage::Channel";

#[test]
fn each_mistake_is_reported_once_with_its_place() {
    let channel = |properties: &str| {
        format!("Resources:\n  C:\n    Type: {CHANNEL}\n    Properties:\n      {properties}\n")
    };
    let cases: Vec<(String, Vec<&str>)> = vec![
        (String::new(), vec!["empty@"]),
        ("Resources: [".into(), vec!["syntax@["]),
        ("a\0b".into(), vec!["syntax@\0"]),
        ("Resorces: {}".into(), vec!["unknown-key@Resorces"]),
        (channel("Id: c\n      Desciption: x"), vec!["unknown-property@Desciption"]),
        (channel("Description: x"), vec!["missing-property@C"]),
        (channel("Id: [c]"), vec!["property-kind@[c]"]),
        (channel("Id: !Ref Chanel"), vec!["unresolved-reference@!Ref Chanel"]),
        (channel("Id: !Sub 'x${Chanel}'"), vec!["unresolved-reference@${Chanel}"]),
        (
            channel("Id: !GetAtt C.Arm"),
            vec!["unknown-attribute@!GetAtt C.Arm", "cycle@!GetAtt C.Arm"],
        ),
        (channel("Id: !Transform a"), vec!["unsupported@!Transform"]),
        (channel("Id: !Sbu a"), vec!["unknown-function@!Sbu"]),
        (channel("Id: !Join [a]"), vec!["function-arguments@!Join [a]"]),
        (channel("Id: !If [A, b, c]"), vec!["unresolved-reference@A"]),
        (channel("Id: c\n      Id: d"), vec!["duplicate-key@Id"]),
        (channel("Id: !Equals [a, b]"), vec!["condition-function@!Equals"]),
        (
            channel("Id: '{{resolve:secretsmanager:x'"),
            vec!["dynamic-reference@'{{resolve:secretsmanager:x'"],
        ),
        (channel("Id: '{{resolve:s3:x:1}}'"), vec!["dynamic-reference@'{{resolve:s3:x:1}}'"]),
        (channel("Id: c\n      Description:"), vec!["null-value@Description"]),
        (
            "Resources:\n  C:\n    Type: AWS::MediaPackage::Chanel\n".into(),
            vec!["unknown-type@AWS::MediaPackage::Chanel"],
        ),
        (
            "Transform: AWS::Serverless-2016-10-31\nResources: {}".into(),
            vec!["serverless@AWS::Serverless-2016-10-31"],
        ),
        ("Resources:\n  C:\n    Type: My::X::MODULE\n".into(), vec!["unsupported@My::X::MODULE"]),
        ("Resources: {}\n---\nResources: {}\n".into(), vec!["several-documents@---"]),
        ("Resources: *x".into(), vec!["unknown-anchor@*x"]),
        ("Parameters:\n  P: {Type: String}\nResources: {}".into(), vec!["missing-parameter@P"]),
        (
            "Conditions:\n  A: !Equals [!Ref R, a]\nResources:\n  R: {Type: AWS::SNS::Topic}"
                .into(),
            vec!["condition-reference@!Ref R"],
        ),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let told = told(&text);
        if told != expected {
            wrong.push(format!("{text}\n  expected {expected:?}\n  told     {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_variable_has_its_place_however_its_text_is_written() {
    let place = |text: &str| {
        let found = findings(text);
        let [only] = found.as_slice() else { panic!("{text}: {found:?}") };
        let span = only.labels[0].span;
        (span.start, text[span.start..span.end].to_owned())
    };
    let yaml = |value: &str| {
        let head = "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n";
        format!("{head}      DisplayName: {value}\n")
    };
    for value in [
        "!Sub 'it''s ${AWS::Region} ${!Nope} ${Nope}'",
        "!Sub \"日本\\n${ Nope }\"",
        "!Sub |\n          日本\n            ${AWS::Region}\n          ${Nope} x",
        "!Sub >-\n          a ${AWS::Region}\n\n          ${Nope}\r\n          x",
        "!Sub a\n        ${AWS::Region} ${Nope}",
        "{'Fn::Sub': ['${A}${Nope}', {A: x}]}",
    ] {
        let text = yaml(value);
        let (start, shown) = place(&text);
        let meant = text.rfind("${Nope}").or_else(|| text.find("${ Nope }")).unwrap();
        assert!(start == meant && shown.starts_with("${") && shown.ends_with('}'), "{shown}");
    }
    let json = r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties":
        {"DisplayName": {"Fn::Sub": "\"\u65e5\" ${Nope}"}}}}}"#;
    assert_eq!(place(json), (json.find("${").unwrap(), "${Nope}".to_owned()));
    // The text cannot be located in the source: the whole is shown.
    let escaped = yaml("!Sub \"\\u0024{Nope} \"");
    assert_eq!(place(&escaped).1, "!Sub \"\\u0024{Nope} \"");
}

#[test]
fn a_circle_of_one_and_one_of_conditions_are_told_once() {
    let circles = findings(
        "Conditions:
  Z: !Not [!Condition Z]
  A: !Not [!Condition B]
  B: !Or [!Condition C, !Condition C]
  C: !Not [!Condition A]
Resources:
  R: {Type: AWS::SNS::Topic, DependsOn: R}
",
    );
    let messages: Vec<&str> = circles.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the condition `Z` depends on itself",
            "conditions depend on each other in a circle: `A` → `B` → `C` → `A`",
            "`R` depends on itself",
        ]
    );
    let edges: Vec<&str> = circles[1].labels.iter().map(|l| l.message.as_str()).collect();
    assert_eq!(edges, ["`A` needs `B`", "`B` needs `C`", "`C` needs `A`"]);
}

#[test]
fn a_circle_names_every_edge_with_its_place() {
    let text = "Resources:
  A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref B}}
  B: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Sub 'x${C.TopicArn}'}}
  C: {Type: AWS::SNS::Topic, DependsOn: [A]}
";
    let found = findings(text);
    let [cycle] = found.as_slice() else { panic!("{found:?}") };
    assert!(cycle.message.ends_with("`A` → `B` → `C` → `A`"), "{}", cycle.message);
    let places: Vec<&str> = cycle.labels.iter().map(|l| &text[l.span.start..l.span.end]).collect();
    assert_eq!(places, ["!Ref B", "${C.TopicArn}", "A"]);
}

#[test]
fn hostile_texts_are_refused_quickly() {
    let bomb = (0..30).fold("a: &a0 [x]\n".to_owned(), |text, i| {
        format!("{text}b{i}: &a{} [*a{i}, *a{i}, *a{i}]\n", i + 1)
    });
    let deep = "[".repeat(100_000);
    let maps = "{a: ".repeat(100_000);
    let block: String = (0..2_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    for text in [bomb, deep, maps, block] {
        assert!(findings(&text).iter().any(Diagnostic::is_error));
    }
}

#[test]
fn what_cannot_be_read_is_reported_by_the_text_at_its_place() {
    let topic = |rest: &str| format!("Resources:\n  T:\n    Type: AWS::SNS::Topic\n{rest}");
    let value = |value: &str| topic(&format!("    Properties:\n      DisplayName: {value}\n"));
    let cases = [
        ("Resources:\n\tT:\n".to_owned(), "\t", "a tab cannot indent YAML"),
        (value("*"), "*", "text that begins with `*` must be quoted"),
        (value("@a"), "@a", "text that begins with `@` must be quoted"),
        (value("[a, %b]"), "%b", "text that begins with `%` must be quoted"),
        (value("!Ref !Sub x"), "!Sub", "`!Ref` cannot be followed by another short form"),
        (value("a: b"), "a: b", "a text with a colon and a space in it must be quoted"),
        (topic("    Properties\n      A: b\n"), "Properties", "a colon is missing in this line"),
        (topic("    Tags a\n    B: c\n"), "Tags a", "a colon is missing in this line"),
        (topic("   B: c\n"), "B: c", "this line is indented like none around it"),
        (topic("    A:\n      -b: c\n       d: e\n"), "-b: c", "a dash that begins an element"),
        (topic("    A: {b: c\n    D: e\n"), ":", "a comma or `}` is missing"),
    ];
    for (text, place, message) in cases {
        let found = findings(&text);
        let [error] = found.as_slice() else { panic!("{text}: {found:?}") };
        let span = error.labels[0].span;
        assert_eq!(&text[span.start..span.end], place, "{text}: {error:?}");
        assert!(error.message.starts_with(message) && error.help.is_some(), "{text}: {error:?}");
    }
}

#[test]
fn a_finding_says_what_to_do_where_that_is_certain() {
    let topic = |rest: &str| format!("Resources:\n  T:\n    Type: AWS::SNS::Topic\n{rest}");
    let value = |value: &str| topic(&format!("    Properties:\n      DisplayName: {value}\n"));
    let cases = [
        (topic("    DisplayName: x\n"), "indent it under `Properties:`"),
        (format!("Conditions: {{C: !Equals [a, a]}}\n{}", value("!Ref C")), "`C` is a condition"),
        (value("!Ref T.TopicArn"), "`!GetAtt T.TopicArn`"),
        (topic("    Properties: {Endpoint: x}\n"), "it belongs elsewhere: `Subscription.Endpoint`"),
        (topic("    Properties: {Nonsense: x}\n"), "`rstack docs AWS::SNS::Topic` lists"),
        ("T:\n  Type: AWS::SNS::Topic\n".to_owned(), "write `Resources:` above"),
        (format!("Parameters: {{P: {{Type: string}}}}\n{}", topic("")), "did you mean `String`?"),
    ];
    for (text, help) in cases {
        let found = findings(&text);
        let said = found.first().and_then(|first| first.help.as_deref()).unwrap_or_default();
        assert!(said.contains(help), "{text}: {found:?}");
    }
}

#[test]
fn a_slip_at_any_place_is_reported_inside_of_the_text() {
    let text = "Parameters:\n  P: {Type: String, Default: 'ä b'}\nResources:\n  T:\n    \
                Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: !Sub \"${P}: x\"\n      \
                Tags:\n        - Key: a\n          Value: !Ref P\nOutputs:\n  O: {Value: [1]}\n";
    for (at, old) in text.char_indices().step_by(3) {
        for slip in ["", "\t", "{", "]", "'", "\"", "*", "@", ": ", "- ", "!", "\n", "ä"] {
            let rest = &text[at + old.len_utf8()..];
            let wrong = format!("{}{slip}{rest}", &text[..at]);
            for finding in
                rstack_template::parse(&wrong, &rstack_template::Reading::default()).diagnostics
            {
                let inside = |span: rstack_model::Span| wrong.get(span.start..span.end).is_some();
                assert!(finding.labels.iter().all(|l| inside(l.span)), "{wrong}\n{finding:?}");
                assert!(!finding.labels.is_empty(), "{wrong}\n{finding:?}");
            }
        }
    }
}

#[test]
fn more_objects_than_an_account_has_by_default_are_a_warning_at_the_first_one_too_many() {
    let endpoints = |channels: &[&str], each: usize| {
        let channel = |id: &&str| {
            format!("  {id}: {{Type: AWS::MediaPackage::Channel, Properties: {{Id: {id}}}}}\n")
        };
        let mut text = format!("Resources:\n{}", channels.iter().map(channel).collect::<String>());
        for (id, n) in channels.iter().flat_map(|id| (1..=each).map(move |n| (id, n))) {
            text += &format!(
                "  {id}E{n}:\n    Type: AWS::MediaPackage::OriginEndpoint\n    Properties: {{Id: \
                 {id}-{n}, ChannelId: !Ref {id}, HlsPackage: {{}}}}\n"
            );
        }
        let found = findings(&text).into_iter().filter(|it| it.code == Code::Quota);
        found.map(|it| it.message).collect::<Vec<_>>()
    };
    assert_eq!(endpoints(&["A", "B"], 6), [""; 0], "six each are allowed");
    assert_eq!(endpoints(&["A"], 10), [""; 0]);
    let found = endpoints(&["A", "B"], 12);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("`AE11`") && found[0].contains("10") && found[0].contains("12"));
}

/// No object of the type has such a name, whatever is in the account.
#[test]
fn values_of_aws_types_have_their_form() {
    let text = |kind: &str, value: &str| {
        format!("Parameters:\n  Given: {{Type: '{kind}', Default: '{value}'}}\nResources: {{}}\n")
    };
    let vpc = |value: &str| text("AWS::EC2::VPC::Id", value);
    assert_eq!(outcome(&vpc("vpc-0a1b2c3d"), &[]).told(), [""; 0]);
    assert_eq!(outcome(&vpc(""), &[]).told(), [""; 0], "what uses it refuses it");
    assert_eq!(outcome(&vpc("vpc-nothere"), &[]).told(), ["parameter-value@Given"]);
    assert_eq!(outcome(&vpc("vpc-1"), &[("Given", "x")]).told(), ["parameter-value@Given"]);
    let subnets = text("List<AWS::EC2::Subnet::Id>", "subnet-1, sg-1");
    assert_eq!(outcome(&subnets, &[]).told(), ["parameter-value@Given"]);
}

#[test]
fn references_in_operands_that_do_not_resolve_them_are_warned_of_by_name() {
    let topic = |name: &str| {
        format!(
            "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: {name}\n"
        )
    };
    for (value, warned) in [
        ("!Base64 'x={{resolve:ssm:/a}}'", "`{{resolve:ssm:/a}}` is not resolved in `Fn::Base64`"),
        (
            "!Select [0, !Split [',', 'x,{{resolve:ssm:/a}}']]",
            "`{{resolve:ssm:/a}}` is resolved after `Fn::Split`",
        ),
        ("!If [C, a, b]", "`{{resolve:ssm:/c}}` is not resolved in a condition"),
    ] {
        let condition = "Conditions: {C: !Equals ['{{resolve:ssm:/c}}', x]}\n";
        let condition = if value.starts_with("!If") { condition } else { "" };
        let text = format!("{condition}{}", topic(value));
        let outcome = outcome(&text, &[]);
        let messages: Vec<&str> =
            outcome.diagnostics.iter().map(|found| found.message.as_str()).collect();
        assert!(matches!(&messages[..], [one] if one.starts_with(warned)), "{messages:?}");
        assert_eq!(outcome.diagnostics[0].code.as_str(), "dynamic-reference");
    }
    // Where functions have made the whole text, the reference in it is resolved.
    assert_eq!(outcome(&topic("!Sub '{{resolve:ssm:/a}}'"), &[]).told(), [""; 0]);
}
