//! The time of reading and evaluating: `cargo bench -p rstack-template`.
#![expect(clippy::expect_used, reason = "a program of measurements, not a library")]

use std::collections::BTreeMap;
use std::hint::black_box;

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use rstack_model::StackName;
use rstack_model::state::Environment;
use rstack_template::{ExternalValues, Inputs, Reading, Template, evaluate, parse};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const CDK: &str = include_str!("../../../tests/fixtures/cdk-streaming.template.json");

fn main() {
    divan::main();
}

fn template(resources: impl Iterator<Item = (String, Value)>) -> String {
    let resources: serde_json::Map<String, Value> = resources.collect();
    format!("{:#}", json!({"Resources": resources}))
}

/// About so many megabytes, 500 resources in each.
fn large(megabytes: usize) -> String {
    template((0..megabytes * 500).map(|i| {
        let tags: Vec<Value> = (0..8)
            .map(|tag| json!({"Key": format!("k{tag}"), "Value": {"Fn::Sub": "${AWS::StackName}-x"}}))
            .collect();
        let properties = json!({
            "TopicName": {"Fn::Join": ["-", [{"Ref": "AWS::StackName"}, format!("t{i}")]]},
            "Tags": tags,
            "DataProtectionPolicy": {"Statement": [{"Sid": "s".repeat(900)}]},
        });
        (format!("T{i}"), json!({"Type": "AWS::SNS::Topic", "Properties": properties}))
    }))
}

/// Each names the one before it.
fn chain(length: usize) -> String {
    template((0..length).map(|i| {
        let name = match i.checked_sub(1) {
            Some(before) => json!({"Fn::GetAtt": [format!("T{before}"), "TopicName"]}),
            None => json!("first"),
        };
        let properties = json!({"DisplayName": name});
        (format!("T{i}"), json!({"Type": "AWS::SNS::Topic", "Properties": properties}))
    }))
}

/// All name the same one.
fn fan(width: usize) -> String {
    template((0..width).map(|i| {
        let name = if i == 0 { json!("hub") } else { json!({"Fn::Sub": "of ${T0.TopicName}"}) };
        let properties = json!({"DisplayName": name});
        (format!("T{i}"), json!({"Type": "AWS::SNS::Topic", "Properties": properties}))
    }))
}

fn read(text: &str) -> Template {
    parse(text, &Reading::default()).template.expect("the template is right")
}

fn evaluated(template: &Template) {
    let environment = Environment {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: true,
    };
    let stack = StackName::parse("bench").expect("it is a name");
    let (parameters, external) = (BTreeMap::new(), ExternalValues::default());
    let inputs = Inputs {
        stack: &stack,
        environment: &environment,
        parameters: &parameters,
        external: &external,
    };
    black_box(evaluate(template, &inputs));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Parse,
    Evaluate,
    Both,
}

const STEPS: [Step; 3] = [Step::Parse, Step::Evaluate, Step::Both];

fn steps(bencher: Bencher<'_, '_>, step: Step, text: &str) {
    let template = read(text);
    bencher.counter(BytesCount::of_str(text)).bench(|| match step {
        Step::Parse => drop(black_box(read(black_box(text)))),
        Step::Evaluate => evaluated(black_box(&template)),
        Step::Both => evaluated(&read(black_box(text))),
    });
}

#[divan::bench(args = STEPS)]
fn cdk_streaming(bencher: Bencher<'_, '_>, step: Step) {
    steps(bencher, step, CDK);
}

#[divan::bench(args = STEPS, consts = [1, 10, 50], sample_count = 5)]
fn megabytes<const SIZE: usize>(bencher: Bencher<'_, '_>, step: Step) {
    steps(bencher, step, &large(SIZE));
}

#[divan::bench(args = STEPS, consts = [1_000, 2_000, 5_000, 10_000], sample_count = 10)]
fn chain_of<const LENGTH: usize>(bencher: Bencher<'_, '_>, step: Step) {
    steps(bencher, step, &chain(LENGTH));
}

#[divan::bench(args = STEPS, consts = [10_000], sample_count = 10)]
fn fan_of<const WIDTH: usize>(bencher: Bencher<'_, '_>, step: Step) {
    steps(bencher, step, &fan(WIDTH));
}
