//! Nested stacks, as a user meets them.

use serde_json::json;

use crate::harness::{Place, repository_file};

const PARENT: &str = "Resources:
  Topic: {Type: AWS::SNS::Topic}
  Net:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: parts/net.yaml
      Parameters: {Topic: !Ref Topic}
Outputs:
  Queue: {Value: !GetAtt Net.Outputs.Queue}
";
const NET: &str = "Parameters: {Topic: {Type: String}}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Delivery:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Queue.Arn}
Outputs:
  Queue: {Value: !GetAtt Queue.QueueName}
";

fn place() -> Place {
    let place = Place::empty();
    place.write("stacks/app.yaml", PARENT);
    place.write("stacks/parts/net.yaml", NET);
    place
}

#[test]
fn a_stack_with_nested_ones_is_planned_made_changed_and_destroyed_as_one() {
    let place = place();
    let plan = place.sandbox(&["plan", "app"]).expect(0);
    insta::assert_snapshot!(plan.out);
    let applied = place.sandbox(&["apply", "app", "--yes"]).expect(0);
    // The name that is chosen for an object has no slash.
    assert!(applied.out.contains("app.Queue = app-Net-Queue-"), "{}", applied.out);
    place.sandbox(&["plan", "app", "--detailed-exitcode"]).expect(0);
    place.edit(
        "stacks/parts/net.yaml",
        "Queue: {Type: AWS::SQS::Queue}",
        "Queue: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: 5}}",
    );
    let changed = place.sandbox(&["plan", "app", "--compact"]).expect(0);
    assert!(
        changed.out.contains("Plan: 0 to create, 1 to update, 0 to replace"),
        "{}",
        changed.out
    );
    place.sandbox(&["apply", "app", "--yes"]).expect(0);
    place.sandbox(&["destroy", "app", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}

/// A failure in a nested stack rolls back all the rest, too.
#[test]
fn a_failure_in_a_nested_stack_rolls_the_whole_back() {
    let place = place();
    let channel = "Resources: {C: {Type: AWS::MediaPackage::Channel, Properties: {Id: taken}}}\n";
    place.write("other.yaml", channel);
    place.sandbox(&["apply", "other.yaml", "--yes"]).expect(0);
    let before = place.sandbox(&["sandbox", "ls"]).expect(0).out;
    let taken = "  Taken: {Type: AWS::MediaPackage::Channel, DependsOn: Delivery, Properties: {Id: taken}}\n";
    place.edit("stacks/parts/net.yaml", "Outputs:\n", &format!("{taken}Outputs:\n"));
    let failed = place.sandbox(&["apply", "app", "--yes"]);
    assert_ne!(failed.code, 0, "{}", failed.err);
    assert!(failed.err.contains("`Net/Taken`"), "{}", failed.err);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, before);
}

#[test]
fn a_resource_moves_into_a_nested_stack_and_out_of_it() {
    let place = place();
    place.sandbox(&["apply", "app", "--yes"]).expect(0);
    place.sandbox(&["state", "mv", "app", "Net/Queue", "Moved", "--yes"]).expect(0);
    place.edit(
        "stacks/app.yaml",
        "  Topic: {Type: AWS::SNS::Topic}\n",
        "  Topic: {Type: AWS::SNS::Topic}\n  Moved: {Type: AWS::SQS::Queue}\n",
    );
    place.edit(
        "stacks/app.yaml",
        "{Topic: !Ref Topic}",
        "{Topic: !Ref Topic, Queue: !GetAtt Moved.Arn}",
    );
    place.edit("stacks/app.yaml", "!GetAtt Net.Outputs.Queue", "!GetAtt Moved.QueueName");
    place.edit(
        "stacks/parts/net.yaml",
        "Parameters: {Topic: {Type: String}}",
        "Parameters: {Topic: {Type: String}, Queue: {Type: String}}",
    );
    place.edit("stacks/parts/net.yaml", "  Queue: {Type: AWS::SQS::Queue}\n", "");
    place.edit("stacks/parts/net.yaml", "!GetAtt Queue.Arn", "!Ref Queue");
    place.edit(
        "stacks/parts/net.yaml",
        "Outputs:\n  Queue: {Value: !GetAtt Queue.QueueName}\n",
        "",
    );
    let plan = place.sandbox(&["plan", "app"]).expect(0);
    let unchanged = "Plan: 0 to create, 0 to update, 0 to replace, 0 to delete,";
    assert!(plan.out.contains(unchanged), "{}", plan.out);
    place.sandbox(&["state", "mv", "app", "Moved", "Net/Queue", "--yes"]).expect(0);
    place.write("stacks/app.yaml", PARENT);
    place.write("stacks/parts/net.yaml", NET);
    place.sandbox(&["plan", "app", "--detailed-exitcode"]).expect(0);
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let place = place();
    place.edit("stacks/parts/net.yaml", "Protocol: sqs", "Protocoll: sqs");
    let wrong = place.sandbox(&["plan", "app"]).expect(1);
    wrong.reports("unknown-property", &["stacks/parts/net.yaml:6:", "did you mean `Protocol`?"]);
    place.write("stacks/parts/net.yaml", "secret text that is no template");
    let wrong = place.sandbox(&["plan", "app"]).expect(1);
    assert!(!wrong.err.contains("secret text"), "{}", wrong.err);
    for (url, code) in [
        ("parts/none.yaml", "nested-stack"),
        ("../../../etc/passwd", "nested-stack"),
        ("/etc/passwd", "nested-stack"),
        ("https://s3.amazonaws.com/bucket/net.yaml", "nested-stack"),
    ] {
        place.write("stacks/app.yaml", &PARENT.replace("parts/net.yaml", url));
        let wrong = place.sandbox(&["plan", "app"]).expect(1);
        wrong.reports(code, &["stacks/app.yaml:6:20", url]);
    }
}

#[test]
fn a_nested_stack_of_a_cdk_app_is_the_file_that_the_cdk_wrote() {
    let place = Place::empty();
    let nested = json!({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}});
    let url = json!({"Fn::Sub": "https://s3.${AWS::Region}.${AWS::URLSuffix}/assets/0123.json"});
    let parent = json!({"Resources": {"Part": {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": url},
        "Metadata": {"aws:asset:path": "AppPart.nested.template.json", "aws:asset:property": "TemplateURL"}
    }}});
    place.write("cdk.out/App.template.json", &parent.to_string());
    place.write("cdk.out/AppPart.nested.template.json", &nested.to_string());
    let manifest = json!({"version": "36.0.0", "artifacts": {"App": {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "App.template.json"}
    }}});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0);
    assert!(plan.out.contains("[+] AWS::SQS::Queue Part/Queue"), "{}", plan.out);
}

#[test]
fn the_streaming_stack_in_three_nested_ones_lives() {
    let place = Place::empty();
    for part in ["", "/channel", "/endpoints", "/playback"] {
        let file = format!("stacks/streaming-nested{part}.yaml");
        place.write(&file, &repository_file(&file));
    }
    let plan = place.sandbox(&["plan", "--detailed-exitcode"]).expect(2);
    assert!(plan.out.contains("Plan: 7 to create"), "{}", plan.out);
    let applied = place.sandbox(&["apply", "--yes"]).expect(0);
    let line = applied.out.lines().find_map(|line| line.strip_prefix("streaming-nested.HlsUrl = "));
    let url = line.unwrap_or_else(|| panic!("{}", applied.out));
    place.sandbox(&["sandbox", "play", url]).expect(0);
    place.sandbox(&["plan", "--detailed-exitcode"]).expect(0);
    let renamed = place.sandbox(&["apply", "--yes", "--parameter", "StreamName=two"]).expect(0);
    assert!(renamed.out.contains("3 to update, 4 to replace"), "{}", renamed.out);
    place.sandbox(&["destroy", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}

/// A value of another stack of the same run is not known yet, and is no resource of this one.
#[test]
fn a_stack_with_nested_ones_awaits_another_stack_of_the_run() {
    let place = Place::empty();
    let stack = |file: &str, needs: &[&str]| {
        json!({
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": file},
            "dependencies": needs
        })
    };
    let artifacts =
        json!({"A": stack("A.template.json", &[]), "B": stack("B.template.json", &["A"])});
    let manifest = json!({"version": "36.0.0", "artifacts": artifacts});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    let first = json!({
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Topic": {"Value": {"Ref": "Topic"}, "Export": {"Name": "the-topic"}}}
    });
    let second = json!({"Resources": {
        "Name": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::ImportValue": "the-topic"}}},
        "Part": {"Type": "AWS::CloudFormation::Stack", "Properties": {
            "TemplateURL": "part.json", "Parameters": {"Topic": {"Fn::ImportValue": "the-topic"}}
        }}
    }});
    let part = json!({
        "Parameters": {"Topic": {"Type": "String"}},
        "Resources": {"Name": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Topic"}}}}
    });
    place.write("cdk.out/A.template.json", &first.to_string());
    place.write("cdk.out/B.template.json", &second.to_string());
    place.write("cdk.out/part.json", &part.to_string());
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0);
    assert!(plan.out.contains("Part/Name"), "{}", plan.out);
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}
