//! Runs of several stacks of an app: one plan for all of them, each behind all that it needs.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Place, snapshot};

const ANYWHERE: &str = "aws://unknown-account/unknown-region";

/// The artifact of a stack that needs others.
fn stack(template: &str, needs: &[&str]) -> Value {
    json!({"type": "aws:cloudformation:stack", "environment": ANYWHERE, "dependencies": needs,
           "properties": {"templateFile": template}})
}

fn manifest(place: &Place, folder: &str, artifacts: &Value) {
    let manifest = json!({"version": "36.0.0", "artifacts": artifacts});
    place.write(&format!("{folder}/manifest.json"), &manifest.to_string());
}

fn net() -> Value {
    json!({"Parameters": {"Delay": {"Type": "Number", "Default": 1}},
           "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Delay"}}}},
           "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}, "Export": {"Name": "Net:Arn"}},
                       "Fixed": {"Value": "fixed", "Export": {"Name": "Net:Fixed"}}}})
}

/// A parameter that uses what `Net` exports.
fn app() -> Value {
    let both = json!({"Fn::Join": ["/", [{"Fn::ImportValue": "Net:Arn"}, {"Fn::ImportValue": "Net:Fixed"}]]});
    json!({"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": both}}},
           "Outputs": {"Name": {"Value": {"Ref": "P"}}}})
}

fn topic(name: &str) -> Value {
    json!({"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}}})
}

/// An app: `App` and the stage's `Prod-Web` need others, `Alone` does not.
fn place() -> Place {
    let place = Place::empty();
    place.write("cdk.out/net.json", &net().to_string());
    place.write("cdk.out/app.json", &app().to_string());
    place.write("cdk.out/alone.json", &topic("alone").to_string());
    place.write("cdk.out/assembly-Prod/web.json", &topic("web").to_string());
    let stage = json!({"type": "cdk:cloud-assembly", "dependencies": ["App"],
                       "properties": {"directoryName": "assembly-Prod"}});
    let artifacts = json!({"App": stack("app.json", &["Net", "App.assets"]), "Net": stack("net.json", &[]),
                           "Alone": stack("alone.json", &[]), "assembly-Prod": stage});
    manifest(&place, "cdk.out", &artifacts);
    let mut web = stack("web.json", &[]);
    web["displayName"] = json!("Prod/Web");
    web["properties"]["stackName"] = json!("Prod-Web");
    manifest(&place, "cdk.out/assembly-Prod", &json!({"WebAAAA": web}));
    place
}

/// The stacks of which a plan tells, in its order.
fn planned(out: &str) -> Vec<&str> {
    let lines = out
        .lines()
        .filter_map(|line| line.strip_prefix("Stack ").or(line.strip_prefix("Destroy stack ")));
    lines.filter_map(|line| line.split(' ').next()).collect()
}

/// The lines of standard error about the end of each stack.
fn ends(err: &str) -> &str {
    err.split("Stacks:\n").nth(1).unwrap_or_else(|| panic!("no summary in:\n{err}"))
}

#[test]
fn one_plan_shows_all_stacks_of_an_app() {
    let place = place();
    let plan = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(2);
    assert_eq!(planned(&plan.out), ["Alone", "Net", "App", "Prod-Web"]);
    snapshot("stacks_plan", &plan.out);
    let json = place.sandbox(&["plan", "cdk.out", "--json"]).expect(0).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    let names: Vec<&str> = json["plans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| plan["stack"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Alone", "Net", "App", "Prod-Web"]);
    assert_eq!(json["plans"][2]["awaits"], json!(["stack Net"]));
}

#[test]
fn an_app_is_applied_and_destroyed_as_a_whole() {
    let place = place();
    let applied = place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    assert_eq!(
        ends(&applied.err),
        "  Alone     done\n  Net       done\n  App       done\n  Prod-Web  done\n"
    );
    for stack in ["Alone", "Net", "App", "Prod-Web"] {
        assert!(place.path(&format!("state/sandbox/{stack}.json")).exists(), "{stack}");
    }
    let shown = place.sandbox(&["state", "show", "App", "P"]).expect(0).out;
    assert!(shown.contains("arn:aws:sqs:eu-west-1:000000000000:Net-Q-"), "{shown}");
    assert!(shown.contains("/fixed"), "{shown}");
    let again = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    assert!(again.out.ends_with("Total of 4 stacks: no changes.\n"), "{}", again.out);

    let destroyed = place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
    assert_eq!(planned(&destroyed.out), ["Prod-Web", "App", "Net", "Alone"]);
    let words = "  Prod-Web  destroyed\n  App       destroyed\n  Net       destroyed\n  Alone     destroyed\n";
    assert_eq!(ends(&destroyed.err), words);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
    let nothing = place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
    assert!(nothing.err.contains("nothing to destroy"), "{}", nothing.err);
}

#[test]
fn a_stack_comes_with_those_that_it_needs() {
    let place = place();
    let of = |arguments: &[&str]| {
        let plan = place.sandbox(&[&["plan"], arguments].concat()).expect(0).out;
        planned(&plan).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of(&["cdk.out/Prod/Web"]), ["Net", "App", "Prod-Web"]);
    assert_eq!(of(&["cdk.out/Prod-Web", "--exclusively"]), ["Prod-Web"]);
    assert_eq!(of(&["cdk.out/Prod/*", "--exclusively"]), ["Prod-Web"]);
    assert_eq!(of(&["cdk.out/*", "--exclusively"]), ["Alone", "Net", "App"]);
    assert_eq!(of(&["cdk.out/A*"]), ["Alone", "Net", "App"]);
    let alone = place.sandbox(&["plan", "cdk.out/App", "--exclusively"]).expect(1);
    alone.reports("template-invalid", &["unknown-export", "Net:Arn"]);
    place
        .sandbox(&["plan", "cdk.out/B*"])
        .expect(1)
        .reports("stack-not-found", &["B*", "Prod-Web"]);

    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    let only = place.sandbox(&["destroy", "cdk.out/App", "--exclusively", "--yes"]).expect(0);
    assert_eq!(planned(&only.out), ["App"]);
    place.sandbox(&["apply", "cdk.out/App", "--yes"]).expect(0);
    let all = place.sandbox(&["destroy", "cdk.out/Net", "--yes"]).expect(0);
    assert_eq!(planned(&all.out), ["Prod-Web", "App", "Net"]);
    assert!(place.path("state/sandbox/Alone.json").exists());
}

#[test]
fn a_failure_stops_the_stacks_that_need_the_one_that_failed() {
    let place = place();
    place.write("other.json", &topic("taken").to_string());
    place.sandbox(&["apply", "other.json", "--yes"]).expect(0);
    let mut app = app();
    let taken = &topic("taken")["Resources"]["T"];
    app["Resources"]["T"] = taken.clone();
    app["Resources"]["T"]["DependsOn"] = json!("P");
    place.write("cdk.out/app.json", &app.to_string());
    place.write("cdk.out/zeta.json", &topic("zeta").to_string());
    place.edit(
        "cdk.out/manifest.json",
        "\"Alone\":",
        &format!("\"Zeta\":{},\"Alone\":", stack("zeta.json", &[])),
    );
    let failed = place.sandbox(&["apply", "cdk.out", "--yes"]).expect(4);
    snapshot("stacks_failure", ends(&failed.err));
    for (stack, exists) in
        [("Alone", true), ("Net", true), ("App", false), ("Prod-Web", false), ("Zeta", true)]
    {
        assert_eq!(place.path(&format!("state/sandbox/{stack}.json")).exists(), exists, "{stack}");
    }
    let partial = place.sandbox(&["apply", "cdk.out", "--yes", "--no-rollback"]).expect(5);
    assert!(ends(&partial.err).contains("  App       failed"), "{}", partial.err);
    // The app as it was meant goes on from there.
    place.write("cdk.out/app.json", &self::app().to_string());
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
}

#[test]
fn an_export_that_a_later_stack_uses_stays_as_it_is() {
    let place = place();
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    let before = place.content();
    let mut net = net();
    net["Outputs"]["Fixed"]["Value"] = json!("other");
    place.write("cdk.out/net.json", &net.to_string());
    let refused = place.sandbox(&["apply", "cdk.out", "--yes"]).expect(1);
    refused.reports("export-in-use", &["Net:Fixed", "stack `App`", "resource `P`"]);
    place.write("cdk.out/net.json", &self::net().to_string());
    let after = place.content();
    assert!(before["state/sandbox/Net.json"] == after["state/sandbox/Net.json"]);
}

#[test]
fn parameters_go_to_the_stacks_that_have_them() {
    let place = place();
    let plan = place.sandbox(&["plan", "cdk.out", "-p", "Delay=7"]).expect(0).out;
    assert!(plan.contains("DelaySeconds: 7"), "{plan}");
    let none = place.sandbox(&["plan", "cdk.out", "-p", "Nope=7"]).expect(1);
    none.reports("parameter-not-taken", &["`Nope`"]);
}

#[test]
fn what_names_one_stack_is_refused_for_several() {
    let place = place();
    let lines: [&[&str]; 3] = [
        &["plan", "cdk.out", "--stack-name", "one"],
        &["plan", "cdk.out", "--replace", "Q"],
        &["apply", "cdk.out", "--timeout", "Q=1h", "--yes"],
    ];
    for line in lines {
        place.sandbox(line).expect(1).reports("option-conflict", &[line[2]]);
    }
}

#[test]
fn an_app_is_listed_drawn_and_checked() {
    let place = place();
    place.sandbox(&["apply", "cdk.out/Net", "--yes"]).expect(0);
    snapshot("stacks_ls", &place.sandbox(&["ls"]).expect(0).out);
    assert_eq!(
        place.sandbox(&["ls", "cdk.out"]).expect(0).out,
        place.sandbox(&["ls"]).expect(0).out
    );
    snapshot("stacks_graph", &place.sandbox(&["graph", "cdk.out"]).expect(0).out);
    let one = place.sandbox(&["graph", "cdk.out/Net"]).expect(0).out;
    assert!(one.contains("AWS::SQS::Queue"), "{one}");
    let valid = place.run(&["validate", "cdk.out"]).expect(0);
    assert_eq!(valid.out.matches(" is valid").count(), 4, "{}", valid.out);
}

/// Its stacks need not be applied.
#[test]
fn what_an_app_exports_itself_is_known_when_it_is_checked() {
    let place = place();
    for subject in ["cdk.out", "cdk.out/App"] {
        let valid = place.run(&["validate", subject]).expect(0);
        assert!(!valid.err.contains("unknown-export"), "{}", valid.err);
    }
    // Also if the exporting stack needs a value that is not given.
    let mut net = net();
    net["Parameters"]["Delay"] = json!({"Type": "Number"});
    place.write("cdk.out/net.json", &net.to_string());
    let valid = place.run(&["validate", "cdk.out/App"]).expect(0);
    assert!(!valid.err.contains("unknown-export"), "{}", valid.err);
    // Another name is none of them, and an output of another stack of the app is.
    place.edit("cdk.out/app.json", "Net:Fixed", "Net:Fixd");
    place
        .run(&["validate", "cdk.out"])
        .expect(0)
        .reports("unknown-export", &["`Net:Fixd`", "Net:Fixed"]);
    let output = json!({"Fn::GetStackOutput": {"StackName": "Net", "OutputName": "Arn"}});
    let mut app = app();
    app["Resources"]["P"]["Properties"]["Value"] = output;
    place.write("cdk.out/app.json", &app.to_string());
    let valid = place.run(&["validate", "cdk.out"]).expect(0);
    assert!(!valid.err.contains("unknown-stack-output"), "{}", valid.err);
    place.edit("cdk.out/app.json", "\"OutputName\":\"Arn\"", "\"OutputName\":\"Arm\"");
    place.run(&["validate", "cdk.out"]).expect(0).reports("unknown-stack-output", &["`Arm`"]);
}

#[test]
fn every_stack_lives_where_its_app_says() {
    let place = place();
    let artifacts = |net: &str| {
        let (mut there, mut here) = (stack("net.json", &[]), stack("alone.json", &["Net"]));
        there["environment"] = json!(net);
        here["environment"] = json!("aws://222222222222/eu-west-1");
        json!({"Net": there, "Alone": here})
    };
    manifest(&place, "cdk.out", &artifacts("aws://111111111111/us-east-1"));
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0).out;
    assert!(plan.contains("Stack Net (sandbox 111111111111, us-east-1)"), "{plan}");
    assert!(plan.contains("Stack Alone (sandbox 222222222222, eu-west-1)"), "{plan}");
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}

#[test]
fn stacks_that_cannot_be_told_apart_or_ordered_are_refused() {
    let place = place();
    let (mut one, mut two) = (stack("net.json", &[]), stack("alone.json", &[]));
    one["properties"]["stackName"] = json!("Same");
    two["properties"]["stackName"] = json!("Same");
    manifest(&place, "cdk.out", &json!({"One": one, "Two": two}));
    place.sandbox(&["plan", "cdk.out"]).expect(1).reports("stack-name-conflict", &["`Same`"]);
    place.sandbox(&["plan", "cdk.out/One"]).expect(0);
    let artifacts = json!({"A": stack("net.json", &["B"]), "B": stack("alone.json", &["A"])});
    manifest(&place, "cdk.out", &artifacts);
    place.sandbox(&["plan", "cdk.out"]).expect(1).reports("invalid-assembly", &["A, B"]);
}

/// A stack that must not be destroyed keeps the whole app.
#[test]
fn nothing_of_an_app_is_destroyed_if_one_of_its_stacks_is_protected() {
    let place = place();
    let mut protected = stack("net.json", &[]);
    protected["properties"]["terminationProtection"] = json!(true);
    let artifacts = json!({"Net": protected, "App": stack("app.json", &["Net"])});
    manifest(&place, "cdk.out", &artifacts);
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    let before = place.content();
    let refused = place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(1);
    refused.reports("termination-protection", &["`Net`"]);
    assert!(place.content() == before);
}

/// A distribution, which takes its time.
fn distribution() -> Value {
    let behavior = json!({"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only",
                          "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"});
    let origin = json!({"Id": "o", "DomainName": "example.com",
                        "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"}});
    let config = json!({"Enabled": true, "DefaultCacheBehavior": behavior, "Origins": [origin]});
    json!({"Resources": {"Cdn": {"Type": "AWS::CloudFront::Distribution", "Properties":
                                 {"DistributionConfig": config}}}})
}

/// The stacks before the one that was interrupted are done, those behind it are not begun, and the next
/// apply goes on from there.
#[test]
fn an_interrupted_run_goes_on_where_it_was() {
    for signal in [Signal::INT, Signal::KILL] {
        let place = place();
        place.write("cdk.out/net.json", &{
            let mut net = net();
            net["Resources"]["Cdn"] = distribution()["Resources"]["Cdn"].clone();
            net.to_string()
        });
        let mut running = place.start_slow(&["apply", "cdk.out", "--yes"]);
        running.wait_for("waiting    AWS::CloudFront::Distribution");
        running.signal(signal);
        let (code, said) = running.end();
        if signal == Signal::INT {
            assert_eq!(code, Some(130), "{said}");
            let words = "  Alone     done\n  Net       interrupted: the completed steps are recorded\n  App       \
                         not begun: `Net` is not done\n  Prod-Web  not begun: `Net` is not done\n";
            assert_eq!(ends(&said), words);
        }
        let alone = place.path("state/sandbox/Alone.json").exists();
        assert!(alone || signal == Signal::KILL, "what runs is finished");
        assert!(!place.path("state/sandbox/App.json").exists());
        place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
        place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
        let objects = place.sandbox(&["sandbox", "ls"]).expect(0).out;
        assert_eq!(objects.lines().count(), 5, "{objects}");
        place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
        assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
    }
}
