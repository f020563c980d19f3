//! Resources that wait for others without naming them in a property: by text, and in their metadata.

use std::collections::BTreeSet;

use crate::support::{Outcome, outcome};

fn needs(outcome: &Outcome, id: &str) -> BTreeSet<String> {
    let desired = outcome.evaluation.as_ref().and_then(|it| it.desired.as_ref());
    let desired = desired.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    desired.resources[id].dependencies.iter().map(ToString::to_string).collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// `Ref` of a group is its ARN, and no function gives its name.
#[test]
fn an_object_of_mediapackage_v2_waits_for_what_it_names() {
    let text = "Resources:
  Group: {Type: AWS::MediaPackageV2::ChannelGroup, Properties: {ChannelGroupName: live}}
  Other: {Type: AWS::MediaPackageV2::ChannelGroup, Properties: {ChannelGroupName: other}}
  Channel: {Type: AWS::MediaPackageV2::Channel, Properties: {ChannelGroupName: live, ChannelName: ch}}
  Same: {Type: AWS::MediaPackageV2::Channel, Properties: {ChannelGroupName: other, ChannelName: ch}}
  Policy: {Type: AWS::MediaPackageV2::ChannelPolicy, Properties: {ChannelGroupName: live, ChannelName: ch, Policy: {}}}
  Hls: {Type: AWS::MediaPackageV2::OriginEndpoint, Properties: {ChannelGroupName: live, ChannelName: ch,
    OriginEndpointName: hls, ContainerType: TS}}
  May: {Type: AWS::MediaPackageV2::OriginEndpointPolicy, Properties: {ChannelGroupName: live, ChannelName: ch,
    OriginEndpointName: hls, Policy: {}}}
";
    let outcome = outcome(text, &[]);
    assert_eq!(needs(&outcome, "Group"), set(&[]));
    assert_eq!(needs(&outcome, "Channel"), set(&["Group"]));
    assert_eq!(needs(&outcome, "Same"), set(&["Other"]));
    assert_eq!(needs(&outcome, "Policy"), set(&["Channel", "Group"]));
    assert_eq!(needs(&outcome, "Hls"), set(&["Channel", "Group"]));
    assert_eq!(needs(&outcome, "May"), set(&["Channel", "Group", "Hls"]));
    let warning = &outcome.diagnostics[0];
    assert_eq!(warning.code.to_string(), "text-reference");
    assert_eq!(warning.help.as_deref(), Some("write `DependsOn: Group` beside the properties"));
    // One that waits already is not warned of.
    let said =
        text.replace("Channel, Properties", "Channel, DependsOn: [Group, Other], Properties");
    let of_channels = |it: &Outcome| it.told().iter().filter(|it| it.ends_with("live")).count();
    assert!(of_channels(&crate::support::outcome(&said, &[])) < of_channels(&outcome));
}

/// The encoder of another service names the channel, and not its group.
#[test]
fn an_encoder_waits_for_the_channel_that_it_names() {
    let text = "Resources:
  Channel: {Type: AWS::MediaPackageV2::Channel, Properties: {ChannelGroupName: live, ChannelName: ch}}
  Encoder: {Type: AWS::MediaLive::Channel, Properties: {Destinations: [{Id: d, MediaPackageSettings:
    [{ChannelGroup: live, ChannelName: ch}]}]}}
";
    assert_eq!(needs(&outcome(text, &[]), "Encoder"), set(&["Channel"]));
}

/// The bucket may call the function before its notification is set, so that the permission cannot wait for it.
#[test]
fn a_permission_does_not_wait_for_the_bucket_that_it_names() {
    let text = "Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: named}}
  May: {Type: AWS::Lambda::Permission, Properties: {FunctionName: f, Action: 'lambda:InvokeFunction',
    Principal: s3.amazonaws.com, SourceArn: 'arn:aws:s3:::named'}}
";
    let outcome = outcome(text, &[]);
    assert_eq!(needs(&outcome, "May"), set(&[]));
    assert_eq!(outcome.told(), [""; 0]);
}

/// By this a resource depends on another one under a condition.
#[test]
fn a_resource_waits_for_what_its_metadata_refer_to() {
    let text = |metadata: &str| {
        format!(
            "Parameters: {{Env: {{Type: String, Default: prod}}}}
Conditions: {{Prod: !Equals [!Ref Env, prod], Dev: !Not [!Condition Prod]}}
Resources:
  A: {{Type: AWS::SNS::Topic, Metadata: {metadata}}}
  Z: {{Type: AWS::SQS::Queue}}
  Gone: {{Type: AWS::SQS::Queue, Condition: Dev}}
"
        )
    };
    for (metadata, expected) in [
        ("{Dep: !Ref Z}", &["Z"][..]),
        ("{a: [{b: !GetAtt Z.Arn}]}", &["Z"]),
        ("{a: !Sub '${Z.Arn} ${Env}'}", &["Z"]),
        ("{Dep: !If [Prod, !Ref Z, '']}", &["Z"]),
        ("{Dep: !If [Dev, !Ref Z, '']}", &[]),
        ("{Dep: !Ref Gone, Own: !Ref A, Param: !Ref Env}", &[]),
        // Metadata of other tools are theirs.
        ("{Dep: !If [Nowhere, !Ref Z], 'Fn::Mine': {x: 1}, y: !Odd z}", &[]),
    ] {
        let outcome = outcome(&text(metadata), &[]);
        assert_eq!(needs(&outcome, "A"), set(expected), "{metadata}");
    }
    let circle = text("{Dep: !Ref Z}").replace("Queue}", "Queue, DependsOn: A}");
    assert_eq!(outcome(&circle, &[]).told(), ["cycle@!Ref Z"]);
}

#[test]
fn a_name_for_ref_may_come_out_of_a_function() {
    let text = |name: &str| {
        format!(
            "Transform: AWS::LanguageExtensions
Parameters: {{Which: {{Type: String, Default: One}}}}
Resources:
  TOne: {{Type: AWS::SNS::Topic}}
  P: {{Type: AWS::SSM::Parameter, Properties: {{Type: String, Value: {{Ref: {name}}}}}}}
"
        )
    };
    let found = outcome(&text("!Sub 'T${Which}'"), &[]);
    assert_eq!(found.told(), [""; 0]);
    assert_eq!(needs(&found, "P"), set(&["TOne"]));
    assert_eq!(needs(&outcome(&text("!Join ['', [Wh, ich]]"), &[]), "P"), set(&[]));
    let wrong = outcome(&text("!Sub 'X${Which}'"), &[]);
    assert_eq!(wrong.told(), ["unresolved-reference@!Sub 'X${Which}'"]);
    let without = text("!Sub 'T${Which}'").replace("Transform: AWS::LanguageExtensions\n", "");
    assert_eq!(outcome(&without, &[]).told(), ["function-arguments@!Sub 'T${Which}'"]);
}

/// Source: "Outputs", AWS CloudFormation User Guide, `Export`.
#[test]
fn the_name_of_an_export_depends_on_no_resource() {
    let text = |name: &str| {
        format!(
            "Resources: {{Q: {{Type: AWS::SQS::Queue}}}}\nOutputs: {{O: {{Value: v, Export: {{Name: {name}}}}}}}\n"
        )
    };
    for name in ["!Ref Q", "!GetAtt Q.Arn", "!Sub 'x-${Q.QueueName}'"] {
        assert_eq!(outcome(&text(name), &[]).told(), [format!("export-name@{name}")]);
    }
    assert_eq!(outcome(&text("!Sub '${AWS::StackName}-Q'"), &[]).told(), [""; 0]);
}
