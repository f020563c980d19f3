//! Samples from whole runs of the program in the sandbox.

use rustix::process::Signal;

use super::samples::Samples;
use crate::harness::{Place, ran};

const STACK: &str = "Parameters:
  Password: {Type: String, NoEcho: true}
  Stage: {Type: String, Default: test}
Resources:
  Login:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: app/login, SecretString: !Ref Password}
  Topic:
    Type: AWS::SNS::Topic
    UpdateReplacePolicy: Retain
    Properties:
      DisplayName: '{{resolve:secretsmanager:app/login}}'
      Tags: [{Key: $rstack, Value: !Ref Stage}]
  Queue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    Properties: {DelaySeconds: 1}
  Kept:
    Type: AWS::SQS::Queue
    DeletionPolicy: RetainExceptOnCreate
Outputs:
  Arn:
    Description: the topic
    Value: !GetAtt Topic.TopicArn
    Export: {Name: topic}
";

const NO_SECRET: &str = "DisplayName: '{{resolve:secretsmanager:app/login}}'";

pub(super) fn add(samples: &mut Samples) {
    stack(samples);
    journal(samples);
    rotation(samples);
    several(samples);
    findings(samples);
}

/// A stack that is made, changed outside of rstack, changed, and fails.
fn stack(samples: &mut Samples) {
    let place = Place::empty();
    place.write(
        "other.yaml",
        "Resources:\n  T: {Type: AWS::SNS::Topic, Properties: {TopicName: x}}\n",
    );
    place.sandbox(&["apply", "other.yaml", "--yes"]).expect(0);
    place.write("stacks/app.yaml", &STACK.replace(NO_SECRET, "DisplayName: !Ref Stage"));
    place.write("password", "correct horse");
    fn line<'a>(words: &[&'a str]) -> Vec<&'a str> {
        [words, &["--parameter-from", "Password=password"]].concat()
    }
    let plan = line(&["plan", "app", "--out", "x.plan", "--json"]);
    samples.text("plan", &place.sandbox(&plan).expect(0).out);
    samples.text("saved-plan", &place.read("x.plan"));
    let applied = place.sandbox(&line(&["apply", "app", "--yes", "--json"])).expect(0);
    apply_output(samples, &applied.out);
    samples.text("state", &place.read("state/sandbox/app.json"));

    place.write("stacks/app.yaml", STACK);
    place.sandbox(&line(&["apply", "app", "--yes"])).expect(0);
    samples.text("stack", &place.sandbox(&["show", "app", "--json"]).expect(0).out);
    samples
        .text("resource-list", &place.sandbox(&["state", "list", "app", "--json"]).expect(0).out);
    samples.text("state", &place.read("state/sandbox/app.json"));

    // A property that was changed outside of rstack, a rotated secret, and a step that fails.
    let queue = place.sandbox(&["sandbox", "ls"]).expect(0).out;
    let queue = queue.lines().find(|line| line.contains("app-Queue")).unwrap();
    let queue = queue.split_whitespace().nth(1).unwrap();
    let set = ["sandbox", "set", "AWS::SQS::Queue", queue, "DelaySeconds", "7"];
    place.sandbox(&set).expect(0);
    place.sandbox(&["sandbox", "rotate-secret", "app/login"]).expect(0);
    let taken = "  Taken:\n    Type: AWS::SNS::Topic\n    DependsOn: Topic\n    Properties: {TopicName: x}\n";
    place.edit("stacks/app.yaml", "Outputs:\n", &format!("{taken}Outputs:\n"));
    place.edit(
        "stacks/app.yaml",
        "    Type: AWS::SNS::Topic\n    UpdateReplacePolicy",
        "    Type: AWS::SNS::Topic\n    DeletionPolicy: Retain\n    UpdateReplacePolicy",
    );
    let plan = line(&["plan", "app", "--out", "x.plan", "--json", "--replace", "Topic"]);
    samples.text("plan", &place.sandbox(&plan).expect(0).out);
    samples.text("saved-plan", &place.read("x.plan"));
    let failing = line(&["apply", "app", "--yes", "--json", "--no-rollback", "--replace", "Topic"]);
    apply_output(samples, &place.sandbox(&failing).expect(5).out);
    samples.text("state", &place.read("state/sandbox/app.json"));
    samples.text("stack", &place.sandbox(&["show", "app", "--json"]).expect(0).out);
    samples
        .text("resource-list", &place.sandbox(&["state", "list", "app", "--json"]).expect(0).out);
    let back = line(&["rollback", "app", "--yes", "--json"]);
    apply_output(samples, &place.sandbox(&back).expect(0).out);
    let end = line(&["destroy", "app", "--yes", "--json"]);
    apply_output(samples, &place.sandbox(&end).expect(0).out);
}

/// The output of a run: the plan, of several lines, and then one event a line.
fn apply_output(samples: &mut Samples, text: &str) {
    let is_event = |line: &&str| line.starts_with("{\"");
    for line in text.lines().filter(is_event) {
        samples.text("event", line);
    }
    let document: Vec<&str> = text.lines().filter(|line| !is_event(line)).collect();
    if !document.is_empty() {
        samples.text("plan", &document.join("\n"));
    }
}

/// Two stacks of an app, of which the second one fails.
fn several(samples: &mut Samples) {
    let place = Place::empty();
    let topic = |name: &str| {
        let outputs = "Outputs: {Name: {Value: !GetAtt T.TopicName}}";
        format!(
            "Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {name}}}}}}}\n{outputs}\n"
        )
    };
    place.write("other.yaml", &topic("taken"));
    place.sandbox(&["apply", "other.yaml", "--yes"]).expect(0);
    place.write("cdk.out/one.yaml", &topic("one"));
    place.write("cdk.out/two.yaml", &topic("taken"));
    let stack = |template: &str, needs: &[&str]| {
        serde_json::json!({"type": "aws:cloudformation:stack", "dependencies": needs,
                           "properties": {"templateFile": template}})
    };
    let artifacts =
        serde_json::json!({"One": stack("one.yaml", &[]), "Two": stack("two.yaml", &["One"])});
    let manifest = serde_json::json!({"version": "36.0.0", "artifacts": artifacts});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    let failed = place.sandbox(&["apply", "cdk.out", "--yes", "--json"]).expect(4).out;
    for event in ["stack", "stacks", "outputs"] {
        assert!(failed.contains(&format!("\"event\":\"{event}\"")), "{failed}");
    }
    apply_output(samples, &failed);
}

/// The journal of a run that is killed while a distribution is being deployed.
fn journal(samples: &mut Samples) {
    let place = Place::streaming();
    let plan = ["plan", "--out", "x.plan", "--json"];
    samples.text("plan", &place.sandbox(&plan).expect(0).out);
    samples.text("saved-plan", &place.read("x.plan"));
    let mut running = place.start_slow(&["apply", "--yes"]);
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::KILL);
    running.end();
    samples.lines("journal", &place.read("state/sandbox/streaming.journal"));
    place.sandbox(&["apply", "--yes"]).expect(0);
    samples.text("stack", &place.sandbox(&["show", "--json"]).expect(0).out);
    samples.text("state", &place.read("state/sandbox/streaming.json"));
}

/// A secret that is rotated: the distribution waits for those that check it.
fn rotation(samples: &mut Samples) {
    let place = Place::streaming();
    place.sandbox(&["apply", "--yes"]).expect(0);
    place.sandbox(&["sandbox", "rotate-secret", "MediaPackage/streaming"]).expect(0);
    samples.text("plan", &place.sandbox(&["plan", "--json"]).expect(0).out);
    // The sandbox's ten minutes take a moment.
    let mut fast = place.command(&["apply", "--yes", "--json", "--sandbox"]);
    fast.env("RSTACK_SANDBOX", "deploy-polls=0,speed=60000");
    apply_output(samples, &ran(fast).expect(0).out);
}

fn findings(samples: &mut Samples) {
    let place = Place::empty();
    place.write(
        "bad.yaml",
        "Parameters:\n  Unused: {Type: String, Default: a}\nResources:\n  A: &a\n    Type: AWS::SNS::Topic\n    \
         Properties: {DisplayNam: !Ref B}\n  A: *a\n  B: {Type: AWS::SNS::Topic, DependsOn: A}\n",
    );
    let found = place.run(&["validate", "bad.yaml", "--json"]).expect(1);
    samples.lines("finding", &found.out);
}
