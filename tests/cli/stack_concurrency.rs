//! Stacks that do not need each other are applied and destroyed at the same time, and the lines of each have
//! its name.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::Place;

/// A stack with a distribution, which takes as long as the sandbox is asked to.
fn distribution() -> Value {
    let behavior = json!({"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only",
                          "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"});
    let origin = json!({"Id": "o", "DomainName": "example.com",
                        "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"}});
    let config = json!({"Enabled": true, "DefaultCacheBehavior": behavior, "Origins": [origin]});
    json!({"Resources": {"Cdn": {"Type": "AWS::CloudFront::Distribution", "Properties":
                                 {"DistributionConfig": config}}},
           "Outputs": {"Id": {"Value": {"Ref": "Cdn"}}}})
}

/// An app of `East` and `West`, and of `World`, which needs both.
fn place() -> Place {
    let place = Place::empty();
    place.write("cdk.out/cdn.json", &distribution().to_string());
    let queue = json!({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}});
    place.write("cdk.out/world.json", &queue.to_string());
    let stack = |template: &str, needs: &[&str]| {
        json!({"type": "aws:cloudformation:stack", "dependencies": needs,
               "environment": "aws://unknown-account/unknown-region",
               "properties": {"templateFile": template}})
    };
    let artifacts = json!({"East": stack("cdn.json", &[]), "West": stack("cdn.json", &[]),
                           "World": stack("world.json", &["East", "West"])});
    let manifest = json!({"version": "36.0.0", "artifacts": artifacts});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    place
}

/// Both wait for their distributions, each of which takes a minute.
#[test]
fn stacks_that_do_not_need_each_other_are_applied_at_the_same_time() {
    let place = place();
    let mut running = place.start_slow(&["apply", "cdk.out", "--yes"]);
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::INT);
    let (code, said) = running.end();
    assert_eq!(code, Some(130), "{said}");
    let ends = "  East   interrupted: the completed steps are recorded\n  West   interrupted: the completed \
                steps are recorded\n  World  not begun: `East` is not done\n";
    assert_eq!(said.split("Stacks:\n").nth(1), Some(ends));
    for stack in ["East ", "West "] {
        let line = format!("{stack} |   0/1  waiting    AWS::CloudFront::Distribution  Cdn");
        assert!(said.contains(&line), "{said}");
    }
    // Every line that is about one stack says which.
    let of_run = said.lines().skip_while(|line| !line.contains(" | "));
    let of_run = of_run.take_while(|line| *line != "Stacks:");
    for line in of_run.filter(|line| !line.starts_with("Stopping: ")) {
        assert!(["East  | ", "West  | "].iter().any(|name| line.starts_with(name)), "{line}");
    }
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    // Destroying does the same.
    let mut running = place.start(&["destroy", "cdk.out", "--yes"], "deploy-polls=1,poll-ms=60000");
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.wait_for("waiting    AWS::CloudFront::Distribution");
    running.signal(Signal::KILL);
    running.end();
    place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}

/// One operation at a time means one for all stacks together.
#[test]
fn the_number_of_operations_is_bounded_for_all_stacks_together() {
    let place = place();
    let apply = ["apply", "cdk.out", "--yes", "--json", "--parallelism", "1"];
    let out = place.sandbox(&apply).expect(0).out;
    let mut open = 0;
    let mut seen = std::collections::BTreeSet::new();
    for line in out.lines().filter(|line| line.starts_with("{\"")) {
        let event: Value = serde_json::from_str(line).unwrap();
        match event["event"].as_str().unwrap() {
            "step-started" => open += 1,
            "step-done" => open -= 1,
            _ => continue,
        }
        assert!(open <= 1, "{out}");
        seen.insert(event["stack"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen.len(), 3, "{out}");
}

/// The stacks share the file of the sandbox and lose nothing of it.
#[test]
fn many_stacks_share_the_sandbox() {
    let place = Place::empty();
    let mut artifacts = serde_json::Map::new();
    let queues: serde_json::Map<String, Value> =
        (0..5).map(|n| (format!("Q{n}"), json!({"Type": "AWS::SQS::Queue"}))).collect();
    place.write("cdk.out/t.json", &json!({"Resources": queues}).to_string());
    for number in 0..12 {
        let stack = json!({"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"},
                           "environment": format!("aws://11111111111{}/eu-west-{}", number % 2, 1 + number % 3)});
        artifacts.insert(format!("S{number}"), stack);
    }
    let manifest = json!({"version": "36.0.0", "artifacts": artifacts});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    let objects = place.sandbox(&["sandbox", "ls"]).expect(0).out;
    assert_eq!(objects.lines().filter(|line| line.contains("AWS::SQS::Queue")).count(), 60);
    place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}
