//! Nested stacks: their resources stand among those of the parent.

use std::collections::BTreeMap;

use rstack_model::Address;
use rstack_model::desired::{Desired, RemovalPolicy};
use rstack_template::ExternalValues;

use crate::support::{Outcome, outcome_in};

/// Evaluates a template with the texts of nested ones.
fn nested(text: &str, files: &[(&str, &str)]) -> Outcome {
    let templates = files.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
    outcome_in(text, &[], &ExternalValues { templates, ..ExternalValues::default() })
}

fn desired(outcome: Outcome) -> Desired {
    let Outcome { diagnostics, evaluation, .. } = outcome;
    let evaluation = evaluation.unwrap_or_else(|| panic!("{diagnostics:?}"));
    assert!(evaluation.wanted.is_empty(), "{:?}", evaluation.wanted);
    evaluation.desired.unwrap_or_else(|| panic!("{diagnostics:?}"))
}

/// The codes of the findings, with the place of each.
fn codes(outcome: &Outcome) -> Vec<(String, usize)> {
    let place = |labels: &[rstack_model::Label]| labels.first().map_or(0, |it| it.span.start);
    outcome.diagnostics.iter().map(|it| (it.code.to_string(), place(&it.labels))).collect()
}

fn needs(desired: &Desired, address: &str) -> Vec<String> {
    let resource = &desired.resources[&Address::new(address)];
    resource.dependencies.iter().map(ToString::to_string).collect()
}

const PARENT: &str = "
Resources:
  First: {Type: AWS::SNS::Topic}
  Net:
    Type: AWS::CloudFormation::Stack
    DependsOn: First
    Properties:
      TemplateURL: parts/net.yaml
      Parameters: {Topic: !Ref First, Delay: 3}
  Last: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${Net.Outputs.Name}-last'}}
Outputs:
  Name: {Value: !GetAtt Net.Outputs.Name}
";
const NET: &str = "
Parameters:
  Topic: {Type: String}
  Delay: {Type: Number}
Resources:
  A: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !Ref Delay}}
  B: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt A.Arn}}
  C: {Type: AWS::SQS::Queue}
Outputs:
  Name: {Value: !GetAtt A.QueueName}
";

#[test]
fn resources_and_values_pass_between_parent_and_nested_stack() {
    let outcome = nested(PARENT, &[("parts/net.yaml", NET)]);
    assert_eq!(outcome.properties("Net/A"), "{\"DelaySeconds\": 3}");
    assert_eq!(outcome.properties("Last"), "{\"QueueName\": \"‹Net/A.QueueName›-last\"}");
    let desired = desired(outcome);
    let addresses: Vec<&str> = desired.resources.keys().map(Address::as_str).collect();
    assert_eq!(addresses, ["First", "Last", "Net/A", "Net/B", "Net/C"]);
    assert_eq!(desired.outputs["Name"].value.to_string(), "‹Net/A.QueueName›");
}

/// CloudFormation begins a nested stack when everything that it names is there, and goes on when all of
/// the nested stack is there.
#[test]
fn the_order_is_that_of_cloudformation() {
    let desired = desired(nested(PARENT, &[("parts/net.yaml", NET)]));
    assert_eq!(needs(&desired, "Net/A"), ["First"]);
    assert_eq!(needs(&desired, "Net/B"), ["First", "Net/A"]);
    assert_eq!(needs(&desired, "Net/C"), ["First"]);
    // Of all resources of the nested stack, directly or through others.
    assert_eq!(needs(&desired, "Last"), ["Net/A", "Net/B", "Net/C"]);
}

#[test]
fn a_nested_stack_without_resources_passes_the_order_on() {
    let text = "
Resources:
  First: {Type: AWS::SNS::Topic}
  None: {Type: AWS::CloudFormation::Stack, DependsOn: First, Properties: {TemplateURL: none.yaml}}
  Last: {Type: AWS::SNS::Topic, DependsOn: None}
";
    let none = "Conditions: {Never: !Equals [a, b]}\nResources:\n  T: {Type: AWS::SNS::Topic, Condition: Never}\n";
    let desired = desired(nested(text, &[("none.yaml", none)]));
    assert_eq!(needs(&desired, "Last"), ["First"]);
}

#[test]
fn missing_texts_are_asked_for_with_their_places() {
    let outcome = nested(PARENT, &[]);
    let wanted = outcome.evaluation.map(|it| it.wanted).unwrap_or_default();
    let [file] = &wanted[..] else { panic!("{wanted:?}") };
    assert_eq!((file.location.as_str(), file.is_template), ("parts/net.yaml", true));
    assert_eq!(PARENT.get(file.at.start..file.at.end), Some("parts/net.yaml"));
    // Nested ones are named relative to the template that names them.
    let deep = "Resources:\n  D: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ../deep.yaml}}\n";
    let outcome = nested(
        PARENT,
        &[("parts/net.yaml", &format!("{NET}\n{deep}").replace("\nResources:\n  D", "\nX:\n  D"))],
    );
    assert!(!outcome.diagnostics.is_empty());
    let text =
        "Resources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: a/b.yaml}}}";
    let outcome = nested(text, &[("a/b.yaml", deep)]);
    let wanted = outcome.evaluation.map(|it| it.wanted).unwrap_or_default();
    assert_eq!(wanted.first().map(|it| it.location.as_str()), Some("deep.yaml"));
}

#[test]
fn the_file_of_the_cdk_is_the_template() {
    let text = "
Resources:
  N:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: !Sub 'https://s3.${AWS::Region}.amazonaws.com/assets/1.json'}
    Metadata: {'aws:asset:path': App.nested.template.json, 'aws:asset:property': TemplateURL}
";
    let file =
        ("App.nested.template.json", "{\"Resources\": {\"T\": {\"Type\": \"AWS::SNS::Topic\"}}}");
    let desired = desired(nested(text, &[file]));
    assert!(desired.resources.contains_key(&Address::new("N/T")));
}

#[test]
fn findings_in_a_nested_template_have_places_in_it() {
    let child = "Resources:\n  T: {Type: AWS::SNS::Topic, Properties: {TopicNam: x}}\n";
    let text =
        "Resources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: c.yaml}}}\n";
    let outcome = nested(text, &[("c.yaml", child)]);
    let base = text.len();
    let at = base + child.find("TopicNam").unwrap();
    assert_eq!(codes(&outcome), [("unknown-property".to_owned(), at)]);
    let files = outcome.evaluation.unwrap().files;
    assert_eq!((files[0].location.as_str(), files[0].base), ("c.yaml", base));
}

#[test]
fn mistakes_between_parent_and_nested_stack_are_named() {
    let child = "Parameters: {A: {Type: String}}\nResources: {Q: {Type: AWS::SQS::Queue}}\n\
                 Outputs: {Arn: {Value: !GetAtt Q.Arn}}\n";
    let with = |rest: &str| {
        let text = format!(
            "Resources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: c.yaml{rest}"
        );
        let found = codes(&nested(&text, &[("c.yaml", child)]));
        found.into_iter().map(|(code, _)| code).collect::<Vec<_>>()
    };
    assert_eq!(with("}"), ["nested-stack"]);
    assert_eq!(with(", Parameters: {A: x, B: y}}"), ["unknown-parameter"]);
    assert_eq!(
        with(", Parameters: {A: x}}\nOutputs: {O: {Value: !GetAtt N.Outputs.Arm}}"),
        ["unknown-attribute"]
    );
    assert_eq!(with(", Parameters: {A: !GetAtt N.Outputs.Arn}}"), ["cycle"]);
    assert_eq!(with(", Parameters: {A: x}, NotificationARNs: [x]}"), ["unsupported"]);
    assert_eq!(with(", Parameters: {A: x}}\n    DeletionPolicy: Snapshot"), ["policy"]);
    assert_eq!(
        with(
            ", Parameters: {A: x}}\n  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref N}}"
        ),
        [""; 0]
    );
}

#[test]
fn a_template_that_nests_itself_comes_to_an_end() {
    let text =
        "Resources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: me.yaml}}}\n";
    assert_eq!(codes(&nested(text, &[("me.yaml", text)])).len(), 1);
    let many: String = (0..60)
        .map(|i| format!("  N{i}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: me.yaml}}}}\n"))
        .collect();
    let many = format!("Resources:\n{many}");
    let found = codes(&nested(&many, &[("me.yaml", &many)]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "nested-stack");
    // Nor does a large one that is nested often.
    let large = format!(
        "Description: '{}'\nResources: {{T: {{Type: AWS::SNS::Topic}}}}\n",
        "x".repeat(1 << 20)
    );
    let found = codes(&nested(&many, &[("me.yaml", &large)]));
    assert_eq!(found.len(), 1, "{found:?}");
}

/// A condition over a value that is known only after apply cannot be decided, unless it could never be
/// equal.
#[test]
fn conditions_over_unknown_values_are_decided_where_that_is_possible() {
    let child = |compared: &str| {
        format!(
            "Parameters: {{A: {{Type: String, Default: ''}}}}\n\
             Conditions: {{C: !Equals [!Ref A, '{compared}']}}\n\
             Resources:\n  Equal: {{Type: AWS::SNS::Topic, Condition: C}}\n  Always: {{Type: AWS::SNS::Topic}}\n"
        )
    };
    let parent = |value: &str| {
        format!(
            "Resources:\n  T: {{Type: AWS::SNS::Topic}}\n  C: {{Type: Custom::C, Properties: {{ServiceToken: \
             'arn:aws:sns:eu-west-1:000000000000:t'}}}}\n  N:\n    Type: AWS::CloudFormation::Stack\n    \
             Properties: {{TemplateURL: c.yaml, Parameters: {{A: {value}}}}}\n"
        )
    };
    let made = |value: &str, compared: &str| {
        let outcome = nested(&parent(value), &[("c.yaml", &child(compared))]);
        match codes(&outcome).first() {
            Some((code, _)) => code.clone(),
            None => format!("{}", desired(outcome).resources.len()),
        }
    };
    assert_eq!(made("!Ref T", ""), "3", "what Ref returns is never empty");
    assert_eq!(made("!GetAtt T.TopicArn", ""), "3", "nor is an ARN");
    let second = "!Select [1, !Split [',', !Join [',', [x, !Ref T]]]]";
    assert_eq!(made(second, ""), "3", "no name has a comma");
    let second = "!Select [1, !Split [',', !Join [',', [x, !Ref C]]]]";
    assert_eq!(made(second, ""), "condition-reference", "what a handler returns may have one");
    assert_eq!(made("!Ref T", "x"), "condition-reference");
    assert_eq!(made("!GetAtt T.TopicName", ""), "3");
    assert_eq!(
        made("!GetAtt C.TopicArn", ""),
        "condition-reference",
        "what a handler returns may be"
    );
    assert_eq!(made("!Sub 'a-${T.TopicName}'", "b-x"), "3");
    assert_eq!(made("!Sub 'a-${T.TopicName}'", "a-x"), "condition-reference");
    assert_eq!(made("x", "x"), "4");
    assert_eq!(made("''", ""), "4");
}

#[test]
fn secrets_stay_references() {
    let text = "
Parameters: {Password: {Type: String, NoEcho: true, Default: hunter2-secret}}
Resources:
  N:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: c.yaml
      Parameters: {Given: !Ref Password, Own: open-sesame, Both: !Sub 'x-${Password}'}
";
    let child = "
Parameters:
  Given: {Type: String, NoEcho: true}
  Own: {Type: String, NoEcho: true}
  Both: {Type: String}
Conditions:
  Right: !Equals [!Ref Given, hunter2-secret]
  Wrong: !Equals [!Ref Given, something]
Resources:
  P: {Type: AWS::SSM::Parameter, Condition: Right, Properties: {Type: String, Value: !Sub '${Given}/${Own}/${Both}'}}
  W: {Type: AWS::SNS::Topic, Condition: Wrong}
Outputs:
  Out: {Value: !Ref Own}
";
    let outcome = nested(text, &[("c.yaml", child)]);
    let secrets = outcome.evaluation.as_ref().map(|it| it.secrets.clone()).unwrap_or_default();
    let texts: BTreeMap<&str, &str> =
        secrets.iter().map(|(name, text)| (name.as_str(), text.expose())).collect();
    let expected = [("N/Own", "open-sesame"), ("Password", "hunter2-secret")];
    assert_eq!(texts, BTreeMap::from(expected));
    assert_eq!(
        outcome.properties("N/P"),
        "{\"Type\": \"String\", \"Value\": \"‹secret parameter Password›/‹secret parameter \
         N/Own›/x-‹secret parameter Password›\"}"
    );
    let shown = format!("{:?}", desired(outcome));
    assert!(!shown.contains("hunter2-secret") && !shown.contains("open-sesame"), "{shown}");
}

#[test]
fn a_nested_stack_that_is_kept_keeps_its_objects() {
    let policies = |policy: &str| {
        let text = format!(
            "Resources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    DeletionPolicy: {policy}\n    \
             Properties: {{TemplateURL: c.yaml}}\n"
        );
        let child = "Resources:\n  A: {Type: AWS::SNS::Topic}\n  B: {Type: AWS::SNS::Topic, DeletionPolicy: Retain}\n";
        let desired = desired(nested(&text, &[("c.yaml", child)]));
        desired.resources.values().map(|it| it.deletion_policy).collect::<Vec<_>>()
    };
    use RemovalPolicy::{Delete, Retain, RetainExceptOnCreate};
    assert_eq!(policies("Delete"), [Delete, Retain]);
    assert_eq!(policies("Retain"), [Retain, Retain]);
    assert_eq!(policies("RetainExceptOnCreate"), [RetainExceptOnCreate, Retain]);
}

#[test]
fn a_nested_stack_imports_what_another_one_exports() {
    let text = "
Resources:
  B: {Type: AWS::CloudFormation::Stack, DependsOn: Net, Properties: {TemplateURL: b.yaml}}
  Net: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: a.yaml}}
";
    let a = "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {O: {Value: !Ref T, Export: {Name: the-topic}}}\n";
    let b = "Resources: {D: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue the-topic}}}\n";
    let desired = desired(nested(text, &[("a.yaml", a), ("b.yaml", b)]));
    assert_eq!(needs(&desired, "B/D"), ["Net/T"]);
    assert!(desired.outputs["Net/O"].export.is_some());
}

#[test]
fn the_digest_of_a_stack_is_that_of_all_its_templates() {
    let digest =
        |child: &str| desired(nested(PARENT, &[("parts/net.yaml", child)])).template_digest;
    assert_eq!(digest(NET), digest(NET));
    assert_ne!(digest(NET), digest(&NET.replace("  C: {Type: AWS::SQS::Queue}\n", "")));
}

#[test]
fn lists_and_loops_take_the_values_that_are_passed() {
    let text = "
Resources:
  T: {Type: AWS::SNS::Topic}
  N:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: c.yaml
      Parameters: {Names: 'a,b', Unknown: !Join [',', [x, !GetAtt T.DisplayName]]}
";
    let child = "
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList}
  Unknown: {Type: CommaDelimitedList}
Resources:
  Fn::ForEach::Topics:
    - Name
    - !Ref Names
    - 'Topic${Name}': {Type: AWS::SNS::Topic, Properties: {DisplayName: !Select [1, !Ref Unknown]}}
";
    let outcome = nested(text, &[("c.yaml", child)]);
    assert!(outcome.properties("N/Topica").contains("select 1 of"), "{:?}", outcome.diagnostics);
    assert_eq!(desired(outcome).resources.len(), 3);
}

/// An attribute may repeat a secret in another stack than the one in which it becomes a name.
#[test]
fn no_secret_gets_into_a_name_through_a_nested_stack() {
    let text = "
Parameters: {Password: {Type: String, NoEcho: true, Default: hunter2-secret}}
Resources:
  Kept: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref Password}}
  Down:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: down.yaml, Parameters: {Name: !GetAtt Kept.Value}}
  Up: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: up.yaml, Parameters: {Text: !Ref Password}}}
  Named: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt Up.Outputs.Text}}
";
    let down = "Parameters: {Name: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}}\n\
                Outputs: {O: {Value: x, Export: {Name: !Ref Name}}}\n";
    let up = "Parameters: {Text: {Type: String, NoEcho: true}}\n\
              Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref Text}}}\n\
              Outputs: {Text: {Value: !GetAtt P.Value}}\n";
    let outcome = nested(text, &[("down.yaml", down), ("up.yaml", up)]);
    let at = |text: &str, from: &str, base: usize| base + text.find(from).unwrap();
    let found = codes(&outcome);
    let base = outcome.evaluation.as_ref().map_or(0, |evaluation| evaluation.files[0].base);
    assert_eq!(
        found,
        [
            ("secret-in-name".to_owned(), at(text, "!GetAtt Up", 0)),
            ("secret-in-name".to_owned(), at(down, "!Ref Name", base)),
            ("export-name".to_owned(), base + down.rfind("!Ref Name").unwrap()),
        ]
    );
}

/// The text that a finding is about, and the finding.
fn finding_at<'t>(outcome: &Outcome, text: &'t str) -> (&'t str, String) {
    let [finding] = &outcome.diagnostics[..] else { panic!("{:?}", outcome.diagnostics) };
    let at = finding.labels[0].span;
    (text.get(at.start..at.end).unwrap_or_default(), format!("{finding:?}"))
}

#[test]
fn the_time_for_the_creation_of_a_nested_stack_is_noted() {
    let child = "Resources: {T: {Type: AWS::SNS::Topic}}\n";
    let text = |timeout: &str| {
        format!(
            "Parameters: {{Five: {{Type: Number, Default: 5}}}}\nResources:\n  Own: {{Type: AWS::SNS::Topic}}\n  \
             N:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: c.yaml\n      \
             TimeoutInMinutes: {timeout}\n"
        )
    };
    for (timeout, expected) in [("5", 5), ("'30'", 30), ("!Ref Five", 5)] {
        let limits = desired(nested(&text(timeout), &[("c.yaml", child)])).creation_limits;
        assert_eq!(limits, BTreeMap::from([(Address::new("N"), expected)]), "{timeout}");
    }
    let none = desired(nested(&text("!Ref AWS::NoValue"), &[("c.yaml", child)]));
    assert!(none.creation_limits.is_empty());
    for (wrong, own) in [
        ("0", false),
        ("-1", false),
        ("1.5", false),
        ("soon", false),
        ("''", false),
        ("!Ref Own", true),
        ("!GetAtt Own.TopicName", true),
        ("99999999999", true),
        ("!Select [0, [0]]", false),
    ] {
        let text = text(wrong);
        let (_, finding) = finding_at(&nested(&text, &[("c.yaml", child)]), &text);
        assert!(finding.contains("TimeoutInMinutes"), "{wrong}: {finding}");
        let said = "`TimeoutInMinutes` of the nested stack `N` must be";
        assert_eq!(finding.contains(said), own, "{wrong}: {finding}");
    }
    // A stack that is nested in it has a limit of its own.
    let outer = "Resources: {D: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: d.yaml, TimeoutInMinutes: 2}}}\n";
    let limits =
        desired(nested(&text("5"), &[("c.yaml", outer), ("d.yaml", child)])).creation_limits;
    assert_eq!(limits, BTreeMap::from([(Address::new("N"), 5), (Address::new("N/D"), 2)]));
}

const ADDRESS: &str = "https://templates.s3.eu-west-1.amazonaws.com/v1/net.yaml";

#[test]
fn an_address_is_made_of_parameters_and_pseudo_parameters() {
    let text = "
Parameters:
  QSS3BucketName: {Type: String, Default: templates}
  QSS3KeyPrefix: {Type: String, Default: v1/}
Resources:
  N:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub 'https://${QSS3BucketName}.s3.${AWS::Region}.${AWS::URLSuffix}/${QSS3KeyPrefix}net.yaml'
";
    let outcome = nested(text, &[]);
    let wanted = outcome.evaluation.map(|it| it.wanted).unwrap_or_default();
    let [file] = &wanted[..] else { panic!("{wanted:?}") };
    assert_eq!((file.location.as_str(), file.stack.as_str()), (ADDRESS, "N"));
    assert!(text.get(file.at.start..file.at.end).is_some_and(|it| it.contains("QSS3BucketName")));
    let joined = text.replace("!Sub 'https://${QSS3BucketName}.s3.${AWS::Region}.${AWS::URLSuffix}/${QSS3KeyPrefix}net.yaml'",
        "!Join ['', ['https://', !Ref QSS3BucketName, '.s3.', !Ref AWS::Region, '.amazonaws.com/', !Ref QSS3KeyPrefix, net.yaml]]");
    let wanted = nested(&joined, &[]).evaluation.map(|it| it.wanted).unwrap_or_default();
    assert_eq!(wanted[0].location, ADDRESS);
}

#[test]
fn an_address_that_is_not_known_before_apply_is_an_error_with_its_place() {
    let text = "
Parameters: {Password: {Type: String, NoEcho: true, Default: x}}
Resources:
  B: {Type: AWS::S3::Bucket}
  N:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: !Sub 'https://${B.DomainName}/net.yaml'}
";
    for text in [text.to_owned(), text.replace("${B.DomainName}", "${Password}.s3.amazonaws.com")] {
        let outcome = nested(&text, &[]);
        let (at, finding) = finding_at(&outcome, &text);
        assert!(at.contains("https://"), "{at}");
        assert!(finding.contains("the template of `N` must be known before apply"), "{finding}");
    }
}

/// Without a cloud such a stack is unknown, and nothing else is wrong.
#[test]
fn a_nested_stack_that_is_not_fetched_is_left_out() {
    let text = PARENT.replace("parts/net.yaml", ADDRESS);
    let not_fetched = [ADDRESS.to_owned()].into();
    let external = ExternalValues { not_fetched, ..ExternalValues::default() };
    let outcome = outcome_in(&text, &[], &external);
    assert_eq!(codes(&outcome), []);
    let evaluation = outcome.evaluation.unwrap();
    let [left_out] = &evaluation.left_out[..] else { panic!("{:?}", evaluation.left_out) };
    assert_eq!((left_out.location.as_str(), left_out.stack.as_str()), (ADDRESS, "Net"));
    let desired = evaluation.desired.unwrap();
    assert_eq!(
        desired.resources.keys().map(Address::as_str).collect::<Vec<_>>(),
        ["First", "Last"]
    );
}

/// A template that was fetched may come from anywhere.
#[test]
fn a_template_that_was_fetched_names_no_file_of_this_machine() {
    let text = format!(
        "Resources: {{N: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: '{ADDRESS}'}}}}}}\n"
    );
    let file = "Resources: {T: {Type: AWS::SNS::Topic}}\n";
    let fetched = |child: &str| {
        let templates = [(ADDRESS, child), ("c.yaml", file), ("etc/passwd", file)];
        let templates = templates.map(|(name, text)| (name.to_owned(), text.into())).into();
        let fetched = [ADDRESS.to_owned()].into();
        let external = ExternalValues { templates, fetched, ..ExternalValues::default() };
        outcome_in(&text, &[], &external)
    };
    let relative =
        "Resources: {D: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: c.yaml}}}\n";
    let asset = "Resources:\n  D:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: 'https://b-1.s3.amazonaws.com/k'}\n    \
                 Metadata: {'aws:asset:path': c.yaml, 'aws:asset:property': TemplateURL}\n";
    let include = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: c.yaml}}}}}\n";
    let [one, two] = [(relative, "nested-stack"), (include, "include")].map(|(child, code)| {
        let outcome = fetched(child);
        let found = codes(&outcome);
        let at = text.len() + child.find("c.yaml").unwrap();
        assert_eq!(found, [(code.to_owned(), at)], "{:?}", outcome.diagnostics);
        outcome.diagnostics[0].message.clone()
    });
    assert_eq!(one, "the template of `N` was fetched, and cannot use the file `c.yaml`");
    assert_eq!(two, one);
    // Where the CDK wrote the file of a nested stack is true of its own machine.
    let outcome = fetched(asset);
    let wanted = outcome.evaluation.map(|it| it.wanted).unwrap_or_default();
    assert_eq!(
        wanted.first().map(|it| it.location.as_str()),
        Some("https://b-1.s3.amazonaws.com/k")
    );
}

/// A signature is another one each time.
#[test]
fn the_digest_of_a_stack_holds_no_signature() {
    let text = PARENT.replace("parts/net.yaml", "!Ref Url");
    let text = format!("Parameters: {{Url: {{Type: String}}}}\n{text}");
    let digest = |address: &str| {
        let templates = [(address.to_owned(), NET.into())].into();
        let external = ExternalValues { templates, ..ExternalValues::default() };
        desired(outcome_in(&text, &[("Url", address)], &external)).template_digest
    };
    let signed = |signature: &str| digest(&format!("{ADDRESS}?X-Amz-Signature={signature}"));
    assert_eq!(signed("a"), signed("b"));
    assert_ne!(digest(ADDRESS), digest(&format!("{ADDRESS}?versionId=2")));
}
