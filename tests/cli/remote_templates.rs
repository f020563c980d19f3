//! Nested stacks whose templates are at addresses, as a user meets them.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Place, Ran};

const ADDRESS: &str = "https://templates.s3.eu-west-1.amazonaws.com/v1/net.yaml";
const PARENT: &str = "Parameters:
  Bucket: {Type: String, Default: templates}
  Prefix: {Type: String, Default: v1/}
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Net:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub https://${Bucket}.s3.${AWS::Region}.${AWS::URLSuffix}/${Prefix}net.yaml
      Parameters: {Topic: !Ref Topic}
      TimeoutInMinutes: 30
Outputs:
  Queue: {Value: !GetAtt Net.Outputs.Queue}
";
const NET: &str = "Parameters: {Topic: {Type: String}}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: 1}}
Outputs:
  Queue: {Value: !GetAtt Queue.QueueName}
";

fn place() -> Place {
    let place = Place::empty();
    place.write("stacks/app.yaml", PARENT);
    place.write("net.yaml", NET);
    place
}

fn put(place: &Place, address: &str) -> Ran {
    place.sandbox(&["sandbox", "put-template", address, "net.yaml"])
}

fn digest(text: &str) -> String {
    rstack_model::Digest::of(text.as_bytes()).as_str().to_owned()
}

#[test]
fn a_template_in_s3_is_fetched_and_its_digest_is_in_the_plan() {
    let place = place();
    let missing = place.sandbox(&["plan", "app"]).expect(1);
    missing.reports(
        "nested-stack",
        &[
            "the template of `Net`",
            ADDRESS,
            "the bucket `templates` does not exist in the sandbox",
            "stacks/app.yaml:9:20",
            &format!("`rstack sandbox put-template {ADDRESS} FILE --sandbox`"),
        ],
    );
    put(&place, ADDRESS).expect(0);
    insta::assert_snapshot!(place.sandbox(&["plan", "app"]).expect(0).out);
    let json: Value =
        serde_json::from_str(&place.sandbox(&["plan", "app", "--json"]).expect(0).out).unwrap();
    let template = &json["templates"]["Net"];
    assert_eq!(template["address"], ADDRESS);
    assert_eq!(template["digest"], digest(NET));
    assert_eq!(template["bytes"], NET.len());
    assert_eq!(json["creationLimits"]["Net"], 30);
    place.sandbox(&["apply", "app", "--yes"]).expect(0);
    let again = place.sandbox(&["plan", "app", "--detailed-exitcode"]).expect(0);
    assert!(!again.out.contains("fails if it is not created"), "{}", again.out);
    // Another template under the same address is a change.
    place.edit("net.yaml", "DelaySeconds: 1", "DelaySeconds: 2");
    put(&place, ADDRESS).expect(0);
    let changed = place.sandbox(&["plan", "app"]).expect(0);
    assert!(changed.out.contains("1 to update"), "{}", changed.out);
    place.sandbox(&["apply", "app", "--yes"]).expect(0);
    // The end of a stack follows its state: neither template nor address is asked for.
    std::fs::remove_file(place.path("stacks/app.yaml")).unwrap();
    std::fs::remove_dir_all(place.path("state/sandbox/cloud/buckets")).unwrap();
    place.sandbox(&["destroy", "app", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}

/// A saved plan does what it shows, whatever the address has by then.
#[test]
fn a_saved_plan_is_carried_out_as_it_was_made() {
    let place = place();
    put(&place, ADDRESS).expect(0);
    place.sandbox(&["plan", "app", "--out", "plan.json"]).expect(0);
    place.write("net.yaml", &NET.replace("DelaySeconds: 1", "DelaySeconds: 7"));
    put(&place, ADDRESS).expect(0);
    let shown = place.sandbox(&["show", "plan.json"]).expect(0);
    assert!(shown.out.contains(&digest(NET)[..12]), "{}", shown.out);
    place.sandbox(&["apply", "plan.json", "--yes"]).expect(0);
    let state = place.sandbox(&["show", "app", "--json"]).expect(0);
    assert!(
        state.out.contains("\"DelaySeconds\":1") || state.out.contains("\"DelaySeconds\": 1"),
        "{}",
        state.out
    );
    let changed = place.sandbox(&["plan", "app"]).expect(0);
    assert!(changed.out.contains("1 to update"), "{}", changed.out);
}

#[test]
fn a_template_of_the_web_is_what_was_put_there_and_no_network_is_asked() {
    let place = place();
    let address = "https://raw.example.com/net.yaml";
    let url = "!Sub https://${Bucket}.s3.${AWS::Region}.${AWS::URLSuffix}/${Prefix}net.yaml";
    place.write("stacks/app.yaml", &PARENT.replace(url, address));
    let missing = place.sandbox(&["plan", "app"]).expect(1);
    let line = format!("`rstack sandbox put-template {address} FILE --sandbox`");
    missing.reports("nested-stack", &["the sandbox has no network", "app.yaml:9:20", &line]);
    put(&place, address).expect(0);
    let plan = place.sandbox(&["plan", "app"]).expect(0);
    assert!(plan.out.contains("[+] AWS::SQS::Queue Net/Queue"), "{}", plan.out);
    let said =
        "CloudFormation takes templates from S3 only, and that of `Net` is at `raw.example.com`";
    assert!(
        plan.err.contains("warning[cloudformation-limit]") && plan.err.contains(said),
        "{}",
        plan.err
    );
}

/// Commands that ask no cloud say which template they do not have.
#[test]
fn commands_without_a_cloud_fetch_nothing() {
    let place = place();
    put(&place, ADDRESS).expect(0);
    let valid = place.run(&["validate", "app"]).expect(0);
    // The Region is not known here, and eu-west-1 was taken.
    for said in [
        "warning[not-validated]",
        "the nested stack `Net` is not checked",
        ADDRESS,
        "app.yaml:9:20",
    ] {
        assert!(valid.err.contains(said), "{said}: {}", valid.err);
    }
    place.run(&["validate", "app", "--deny", "not-validated"]).expect(1);
    let graph = place.run(&["graph", "app"]).expect(1);
    graph.reports("nested-stack", &["`graph` asks no network", ADDRESS, "app.yaml:9:20"]);
    // What else is wrong is found nevertheless.
    place.edit("stacks/app.yaml", "AWS::SNS::Topic", "AWS::SNS::Topik");
    let wrong = place.sandbox(&["plan", "app"]).expect(1);
    assert!(wrong.err.contains("unknown-type") && !wrong.err.contains(ADDRESS), "{}", wrong.err);
}

#[test]
fn addresses_from_which_no_template_is_read_are_refused_with_their_place() {
    let place = place();
    let url = "!Sub https://${Bucket}.s3.${AWS::Region}.${AWS::URLSuffix}/${Prefix}net.yaml";
    for (address, said) in [
        ("s3://templates/v1/net.yaml", "write `https://templates.s3.amazonaws.com/v1/net.yaml`"),
        ("http://templates.s3.amazonaws.com/net.yaml", "does not begin with `https://`"),
        ("https://169.254.169.254/latest/meta-data", "names this machine or a number"),
        ("https://localhost/net.yaml", "names this machine or a number"),
        ("https://user:hunter2@example.com/net.yaml", "has a user name or a password"),
        ("https://templates.s3.amazonaws.com/", "not one of an object in S3"),
        ("ssm-doc://arn:aws:ssm:eu-west-1:123456789012:document/net", "Systems Manager"),
        ("!GetAtt Topic.TopicName", "must be known before apply"),
    ] {
        let address =
            if address.starts_with('!') { address.to_owned() } else { format!("'{address}'") };
        place.write("stacks/app.yaml", &PARENT.replace(url, &address));
        let wrong = place.sandbox(&["plan", "app"]).expect(1);
        wrong.reports("nested-stack", &["the template of `Net`", "stacks/app.yaml:9:20", said]);
    }
    let wrong = place.sandbox(&["sandbox", "put-template", "s3://a/b", "net.yaml"]).expect(1);
    assert!(wrong.err.contains("error[invalid-arguments]"), "{}", wrong.err);
}

/// An address that is signed lets its holder read what is there.
#[test]
fn nothing_that_is_signed_is_shown_or_kept() {
    let place = place();
    let url = "!Sub https://${Bucket}.s3.${AWS::Region}.${AWS::URLSuffix}/${Prefix}net.yaml";
    let signed = format!("{ADDRESS}?X-Amz-Credential=KanarieOne&X-Amz-Signature=KanarieTwo");
    place.write("stacks/app.yaml", &PARENT.replace(url, &format!("'{signed}'")));
    let missing = place.sandbox(&["plan", "app"]).expect(1);
    // A signed address is the same place as the plain one.
    put(&place, ADDRESS).expect(0);
    let plan = place.sandbox(&["plan", "app", "--out", "plan.json", "-vvv"]).expect(0);
    let applied = place.sandbox(&["apply", "app", "--yes", "--json"]).expect(0);
    let warned = place.run(&["validate", "app", "--json"]).expect(0);
    let all = [missing, plan, applied, warned];
    let texts = all.iter().flat_map(|ran| [ran.out.as_str(), ran.err.as_str()]);
    let texts: String = texts.chain([place.read("plan.json").as_str()]).collect();
    assert!(!texts.contains("Kanarie"), "{texts}");
    let has = |bytes: &[u8]| bytes.windows(7).any(|part| part == b"Kanarie");
    let kept: Vec<String> =
        place.files().into_iter().filter(|(_, bytes)| has(bytes)).map(|(name, _)| name).collect();
    assert_eq!(kept, ["stacks/app.yaml"]);
}

#[test]
fn mistakes_in_a_fetched_template_are_shown_under_its_address() {
    let place = place();
    place.write("net.yaml", &NET.replace("DelaySeconds: 1", "DelaySecond: 1"));
    put(&place, ADDRESS).expect(0);
    let wrong = place.sandbox(&["plan", "app"]).expect(1);
    wrong.reports("unknown-property", &[&format!("{ADDRESS}:3:"), "did you mean `DelaySeconds`?"]);
    place.write("net.yaml", &NET.replace("Properties: {DelaySeconds: 1}", "Properties: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: secret.yaml}}}"));
    place.write("secret.yaml", "DelaySeconds: 3\n");
    put(&place, ADDRESS).expect(0);
    let wrong = place.sandbox(&["plan", "app"]).expect(1);
    wrong.reports("include", &["the template of `Net` was fetched", "`secret.yaml`", ADDRESS]);
    place.write_bytes("net.yaml", b"\xff\xfe");
    put(&place, ADDRESS).expect(0);
    let wrong = place.sandbox(&["plan", "app"]).expect(1);
    wrong
        .reports("nested-stack", &["the template of `Net`", "is not a text file", "app.yaml:9:20"]);
    place.write("net.yaml", &format!("{NET}# {}\n", "x".repeat(1 << 20)));
    let wrong = put(&place, ADDRESS).expect(1);
    assert!(wrong.err.contains("error[file-too-large]"), "{}", wrong.err);
}

#[test]
fn a_template_is_put_from_standard_input() {
    let place = place();
    let mut command = place.command(&["sandbox", "put-template", ADDRESS, "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(NET.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    place.sandbox(&["plan", "app"]).expect(0);
}
