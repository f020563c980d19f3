//! Constructs of templates in use: one small template for each, and the findings about it.

use rstack_template::{Reading, parse};

use crate::support::{evaluated, outcome};

fn told(text: &str) -> Vec<String> {
    outcome(text, &[]).told()
}

/// A template with one topic and something else.
fn with(rest: &str) -> String {
    format!("Resources:\n  T: {{Type: AWS::SNS::Topic}}\n{rest}")
}

#[test]
fn what_templates_hold_is_read_or_told() {
    for (rest, expected) in [
        // Types of others than AWS, and of the template's own.
        (
            "  C: {Type: Custom::Thing, Version: 1.0, Properties: {ServiceToken: a, X: !Ref T}}\n",
            &[][..],
        ),
        (
            "  C: {Type: 'AWS::CloudFormation::CustomResource', Properties: {ServiceToken: a}}\n",
            &[],
        ),
        (
            "  C: {Type: Custom::X, Properties: {ServiceToken: a}}\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt C.Any.Thing}}\n",
            &[],
        ),
        (
            "  C: {Type: 'Datadog::Monitors::Monitor', Properties: {A: 1}}\n",
            &["unknown-type@'Datadog::Monitors::Monitor'"],
        ),
        (
            "  C: {Type: 'My::Net::Vpc::MODULE', Properties: {A: 1}}\n",
            &["unsupported@'My::Net::Vpc::MODULE'"],
        ),
        ("  C: {Type: AWS::Serverless::Function}\n", &["serverless@AWS::Serverless::Function"]),
        ("  C: {Type: AWS::Serverless::Functon}\n", &["unknown-type@AWS::Serverless::Functon"]),
        // The registry's schemas of these types are stubs.
        (
            "  C:\n    Type: AWS::Serverless::Function\n    Properties: {Events: {E: {Type: Api}}}\n\
             Outputs: {O: {Value: !GetAtt C.Arn}}\n",
            &["serverless@AWS::Serverless::Function"],
        ),
        (
            "  C: {Type: 'AWS::CloudFormation::Macro', Properties: {Name: n, FunctionName: f}}\n",
            &[],
        ),
        (
            "  C: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: 'https://x/y'}}\nOutputs: {O: {Value: !GetAtt C.Outputs.Name}}\n",
            &[],
        ),
        ("  C: {Type: 'AWS::CloudFormation::WaitConditionHandle'}\n", &[]),
        // What is beside the properties.
        ("  Q: {Type: AWS::SQS::Queue, DependsOn: T}\n", &[]),
        ("  Q: {Type: AWS::SQS::Queue, DependsOn: [T, T]}\n", &[]),
        ("  Q: {Type: AWS::SQS::Queue, DependsOn: [U]}\n", &["unresolved-reference@U"]),
        ("  Q: {Type: AWS::SQS::Queue, Properties: !Ref AWS::NoValue}\n", &[]),
        ("  Q: {Type: AWS::SQS::Queue, Properties: }\n", &["null-value@Properties"]),
        (
            "  Q: {Type: AWS::SQS::Queue, Metadata: {'AWS::CloudFormation::Init': {a: !Ref Anything, b: {'Fn::Sub': x}}}}\n",
            &["unsupported@'AWS::CloudFormation::Init'"],
        ),
        ("  Q: {Type: AWS::SQS::Queue, Metadata: {Init: {a: !Ref Anything}}}\n", &[]),
        ("  Q: {Type: AWS::SQS::Queue, Description: It}\n", &["no-effect@Description"]),
        (
            "  K: {Type: AWS::IAM::Role, Description: It}\n",
            &["no-effect@Description", "missing-property@K"],
        ),
        (
            "  A: {Type: 'AWS::AutoScaling::AutoScalingGroup', Properties: {MinSize: '1', MaxSize: '1'}, UpdatePolicy: {AutoScalingRollingUpdate: {MinInstancesInService: !Ref T}}}\n",
            &["unsupported@UpdatePolicy"],
        ),
        (
            "  A: {Type: 'AWS::AutoScaling::AutoScalingGroup', Properties: {MinSize: '1', MaxSize: '1'}, CreationPolicy: {ResourceSignal: {Count: 1}}}\n",
            &["unsupported@CreationPolicy"],
        ),
        ("  Q: {Type: AWS::SQS::Queue, UpdatePolicy: {}}\n", &["no-effect@UpdatePolicy"]),
        // An ARN where a name is taken.
        (
            "  G: {Type: AWS::MediaPackageV2::ChannelGroup, Properties: {ChannelGroupName: g}}\n  C: {Type: AWS::MediaPackageV2::Channel, Properties: {ChannelName: c, ChannelGroupName: !Ref G}}\n",
            &["property-pattern@!Ref G"],
        ),
        (
            "  G: {Type: AWS::MediaPackageV2::ChannelGroup, Properties: {ChannelGroupName: g}}\n  C: {Type: AWS::MediaPackageV2::Channel, Properties: {ChannelName: c, ChannelGroupName: !GetAtt G.Arn}}\n",
            &["property-pattern@!GetAtt G.Arn"],
        ),
        (
            "  D: {Type: AWS::EC2::Volume, DeletionPolicy: Snapshot, Properties: {AvailabilityZone: a}}\n",
            &[],
        ),
        ("  Q: {Type: AWS::SQS::Queue, DeletionPolicy: Snapshot}\n", &["policy@Snapshot"]),
        (
            "  Q: {Type: AWS::SQS::Queue, DeletionPolicy: Retain, UpdateReplacePolicy: Snapshot}\n",
            &["policy@Snapshot"],
        ),
        (
            "  Q: {Type: AWS::SQS::Queue, DeletionPolicy: !Ref AWS::Region}\n",
            &["needs-extensions@!Ref AWS::Region"],
        ),
        ("Hooks: {H: {Type: 'AWS::CodeDeploy::BlueGreen'}}\n", &["unsupported@Hooks"]),
        (
            "Metadata: {'AWS::CloudFormation::Interface': {ParameterGroups: [{Parameters: [x]}]}}\n",
            &[],
        ),
        ("Rules: {X86_64Instance: {Assertions: [{Assert: !Equals [a, a]}]}}\n", &[]),
        ("Modules: {}\n", &["unknown-key@Modules"]),
        ("Globals: {}\n", &["unknown-key@Globals"]),
        // Conditions.
        ("Conditions: {A: !Condition B, B: !Not [!Condition C], C: !Equals [a, b]}\n", &[]),
        ("Conditions: {A: !Condition B, B: !Condition A}\n", &["cycle@!Condition B"]),
        ("Conditions: {A: !Or [!Equals [1, '1'], !Condition A]}\n", &["cycle@!Condition A"]),
        ("Conditions: {A: !Equals [!FindInMap [M, k, v], x]}\nMappings: {M: {k: {v: x}}}\n", &[]),
        (
            "  Q: {Type: AWS::SQS::Queue, Condition: A, Properties: !If [A, {QueueName: x}, {}]}\nConditions: {A: !Equals [a, a]}\n",
            &[],
        ),
        (
            "  Q: {Type: AWS::SQS::Queue, Properties: {Tags: [!If [A, {Key: k, Value: v}, !Ref AWS::NoValue]]}}\nConditions: {A: !Equals [a, b]}\n",
            &[],
        ),
        (
            "  Q: {Type: AWS::SQS::Queue, Properties: {Tags: !If [A, [{Key: k, Value: v}], !Ref AWS::NoValue]}}\nConditions: {A: !Equals [a, a]}\n",
            &[],
        ),
        (
            "Outputs: {O: {Value: !If [A, !Ref T, none], Condition: A, Export: {Name: !Sub '${AWS::StackName}-o'}}}\nConditions: {A: !Equals [a, a]}\n",
            &[],
        ),
        // Functions.
        ("Outputs: {O: {Value: !Sub ['${A}${!B}${T}', {A: !Ref T}]}}\n", &[]),
        ("Outputs: {O: {Value: !Sub '${T'}}\n", &["sub-syntax@!Sub '${T'"]),
        ("Outputs: {O: {Value: !Sub '$ { } ${!Literal} $x'}}\n", &[]),
        (
            "Outputs: {O: {Value: !GetAtt [T, !Ref AWS::StackName]}}\n",
            &["unknown-attribute@!Ref AWS::StackName"],
        ),
        (
            "Outputs: {O: {Value: !GetAtt [T, !Sub 'Topic${P}']}}\nParameters: {P: {Type: String, Default: Name}}\n",
            &[],
        ),
        (
            "Outputs: {O: {Value: !GetAtt [!Ref P, TopicName]}}\nParameters: {P: {Type: String, Default: T}}\n",
            &["needs-extensions@!Ref P"],
        ),
        (
            "Transform: AWS::LanguageExtensions\nOutputs: {O: {Value: !GetAtt [!Ref P, TopicName]}}\nParameters: {P: {Type: String, Default: T}}\n",
            &[],
        ),
        (
            "Transform: AWS::LanguageExtensions\nOutputs: {O: {Value: !GetAtt [!Ref P, TopicName]}}\nParameters: {P: {Type: String, Default: U}}\n",
            &["unresolved-reference@!Ref P"],
        ),
        (
            "Transform: AWS::LanguageExtensions\nOutputs: {O: {Value: !FindInMap [M, a, b, DefaultValue: x]}}\n",
            &[],
        ),
        (
            "Transform: AWS::LanguageExtensions\nMappings: {M: {k: {v: x}}}\nOutputs: {A: {Value: !FindInMap [M, a, v, DefaultValue: x]}, B: {Value: !FindInMap [M, k, b, DefaultValue: x]}}\n",
            &[],
        ),
        ("Outputs: {O: {Value: !FindInMap [M, a, b]}}\n", &["unresolved-reference@M"]),
        (
            "Outputs: {O: {Value: !Transform {Name: Mine, Parameters: {}}}}\n",
            &["unsupported@!Transform"],
        ),
        ("Outputs: {O: {Value: !Rain::Embed x}}\n", &["unknown-function@!Rain::Embed"]),
        ("Transform: [AWS::LanguageExtensions, Mine]\n", &["unsupported@Mine"]),
        (
            "Transform: {Name: Mine, Parameters: {A: b}}\n",
            &["unsupported@{Name: Mine, Parameters: {A: b}}"],
        ),
        // Parameters.
        (
            "Parameters: {L: {Type: CommaDelimitedList, Default: 'a, b'}}\nOutputs: {O: {Value: !Join ['+', !Ref L]}}\n",
            &[],
        ),
        (
            "Parameters: {L: {Type: 'List<AWS::EC2::Subnet::Id>', Default: ''}}\nOutputs: {O: {Value: !Select [0, !Ref L]}}\n",
            &[],
        ),
        (
            "Parameters: {N: {Type: Number, Default: 010}}\nOutputs: {O: {Value: !Ref N}}\n",
            &["yaml-scalar@010"],
        ),
        ("Parameters: {N: {Type: Strng, Default: x}}\n", &["parameter-type@Strng"]),
    ] {
        assert_eq!(told(&with(rest)), expected, "{rest}");
    }
}

#[test]
fn a_loop_goes_through_what_a_place_decides() {
    let text = "Transform: AWS::LanguageExtensions
Mappings: {Zones: {eu-west-1: {All: [a, b]}}}
Resources:
  Fn::ForEach::Topics:
    - Zone
    - !FindInMap [Zones, !Ref AWS::Region, All]
    - T${Zone}: {Type: AWS::SNS::Topic}
  Fn::ForEach::Queues:
    - Name
    - !FindInMap [Zones, us-east-1, All, DefaultValue: [x, y, z]]
    - Q${Name}: {Type: AWS::SQS::Queue}
";
    let first = parse(text, &Reading::default());
    assert!(first.needs_place && first.template.is_none());
    let pseudo = [("AWS::Region".to_owned(), "eu-west-1".to_owned())].into();
    let reading = Reading { pseudo, ..Reading::default() };
    let parsed = parse(text, &reading);
    assert!(!parsed.needs_place);
    let outcome = evaluated(text, parsed, &reading.parameters);
    let desired = outcome.evaluation.unwrap().desired.unwrap();
    let ids: Vec<&str> = desired.resources.keys().map(|id| id.as_str()).collect();
    assert_eq!(ids, ["Qx", "Qy", "Qz", "Ta", "Tb"]);
}

#[test]
fn the_rule_of_the_cdk_is_passed_over_with_its_parameter() {
    let text = with(
        "Parameters:\n  BootstrapVersion: {Type: 'AWS::SSM::Parameter::Value<String>', Default: \
         /cdk-bootstrap/hnb659fds/version}\nRules:\n  CheckBootstrapVersion:\n    Assertions:\n      \
         - Assert: {'Fn::Not': [{'Fn::Contains': [['1'], {Ref: BootstrapVersion}]}]}\n",
    );
    let parsed = parse(&text, &Reading::default());
    assert!(parsed.template.as_ref().unwrap().passes_bootstrap);
    let outcome = outcome(&text, &[]);
    assert_eq!(outcome.told(), [""; 0]);
    assert!(outcome.evaluation.unwrap().lookups.is_empty());
}

/// A serverless template may have nulls, which its translator takes; they are JSON nulls for it.
#[test]
fn nulls_of_serverless_templates_are_left_to_their_translator() {
    let text = "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    \
                Properties: {Events: null}\n";
    let parsed = parse(text, &Reading::default());
    let codes: Vec<String> = parsed.diagnostics.iter().map(|it| it.code.to_string()).collect();
    assert_eq!(codes, ["serverless"]);
    let events = &parsed.serverless.unwrap().document["Resources"]["F"]["Properties"]["Events"];
    assert!(events.is_null(), "{events}");
}
