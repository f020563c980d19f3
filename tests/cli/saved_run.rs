//! The saved plans of several stacks in one file: carried out as they are, with the values that they await, or
//! refused because something moved.

use serde_json::{Value, json};

use crate::harness::{Place, Ran};

const ANYWHERE: &str = "aws://unknown-account/unknown-region";

/// An app of three stacks: `App` needs `Net`, and `Alone` does not.
fn app() -> Place {
    let place = Place::empty();
    let stack = |template: &str, needs: &[&str]| {
        json!({"type": "aws:cloudformation:stack", "environment": ANYWHERE, "dependencies": needs,
               "properties": {"templateFile": template}})
    };
    let artifacts = json!({"App": stack("app.json", &["Net"]), "Net": stack("net.json", &[]),
                           "Alone": stack("alone.json", &[])});
    let manifest = json!({"version": "36.0.0", "artifacts": artifacts});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    net(&place, "one");
    let output =
        |name: &str| json!({"Fn::GetStackOutput": {"StackName": "Net", "OutputName": name}});
    let both = json!({"Fn::Join": ["/", [output("Arn"), output("Name")]]});
    let parameter =
        json!({"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": both}});
    place.write(
        "cdk.out/app.json",
        &json!({"Resources": {"P": parameter}, "Outputs": {
        "Of": {"Value": output("Arn")}}})
        .to_string(),
    );
    let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "alone", "DisplayName": "a"}});
    place.write("cdk.out/alone.json", &json!({"Resources": {"T": topic}}).to_string());
    place
}

/// The template of `Net`, with a queue of this name.
fn net(place: &Place, name: &str) {
    let queue = json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}});
    let outputs = json!({"Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}}, "Name": {"Value": name}});
    place.write(
        "cdk.out/net.json",
        &json!({"Resources": {"Q": queue}, "Outputs": outputs}).to_string(),
    );
}

fn save(place: &Place) -> Ran {
    place.sandbox(&["plan", "cdk.out", "--out", "x.plan"]).expect(0)
}

/// Demands that the plans are refused with this code and fact, and that nothing was changed.
#[track_caller]
fn refused(place: &Place, more: &[&str], code: &str, fact: &str) {
    let before = place.content();
    let ran = place.sandbox(&[&["apply", "x.plan", "--yes"], more].concat()).expect(1);
    ran.reports(code, &[fact, "hint: "]);
    assert_eq!(place.content(), before);
}

fn value_of(place: &Place) -> String {
    place.sandbox(&["state", "show", "App", "P"]).expect(0).out
}

#[test]
fn the_plans_of_an_app_are_shown_and_carried_out_as_they_are() {
    let place = app();
    let saved = save(&place);
    assert!(saved.err.contains("Apply it with: rstack apply x.plan"), "{}", saved.err);
    let shown = place.run(&["show", "x.plan"]).expect(0).out;
    assert!(shown.starts_with(&saved.out), "{shown}");
    assert!(shown.contains("Total of 3 stacks: 3 to create"), "{shown}");
    let digest = shown.lines().find_map(|line| line.strip_prefix("Digest: ")).unwrap();
    assert!(saved.err.contains(digest), "{digest} in {}", saved.err);
    let json = place.run(&["show", "x.plan", "--json"]).expect(0).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["saved"]["digest"], digest);
    let names = json["plans"].as_array().unwrap().iter().map(|plan| plan["stack"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["Alone", "Net", "App"]);
    assert_eq!(json["plans"][2]["awaits"], json!(["stack Net"]));

    // The app has moved on, and the plans have not.
    net(&place, "two");
    let applied = place.sandbox(&["apply", "x.plan", "--yes", "--digest", digest]).expect(0);
    assert!(
        applied.err.ends_with("  Alone  done\n  Net    done\n  App    done\n"),
        "{}",
        applied.err
    );
    let value = value_of(&place);
    assert!(value.contains(":one/one"), "{value}");
    assert!(applied.out.contains("arn:aws:sqs:eu-west-1:000000000000:one"), "{}", applied.out);
    net(&place, "one");
    let again = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    assert!(again.out.ends_with("Total of 3 stacks: no changes.\n"), "{}", again.out);
    refused(&place, &[], "plan-outdated", "stack `Alone`");
}

#[test]
fn values_that_are_awaited_update_what_uses_them() {
    let place = app();
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    net(&place, "two");
    save(&place);
    let file = place.read("x.plan");
    assert!(file.contains(r#""rstack-plan":3"#) && file.contains(r#""awaits":["stack Net"]"#));
    let applied = place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
    assert!(applied.err.contains("  App    done"), "{}", applied.err);
    let value = value_of(&place);
    assert!(value.contains(":two/two"), "{value}");
    let alone: Value = serde_json::from_str(&place.read("state/sandbox/Alone.json")).unwrap();
    assert_eq!(alone["state"]["serial"], 1, "nothing of it was to be changed");
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
}

#[test]
fn plans_are_refused_if_one_stack_moved() {
    let place = app();
    save(&place);
    place.sandbox(&["apply", "cdk.out/Net", "--exclusively", "--yes"]).expect(0);
    refused(&place, &[], "plan-outdated", "stack `Net`");
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    net(&place, "two");
    save(&place);
    let id = "arn:aws:sns:eu-west-1:000000000000:alone";
    place.sandbox(&["sandbox", "set", "AWS::SNS::Topic", id, "DisplayName", "else"]).expect(0);
    refused(&place, &[], "plan-outdated", "`T`");
    place.sandbox(&["sandbox", "set", "AWS::SNS::Topic", id, "DisplayName", "a"]).expect(0);
    refused(&place, &["--delete-first", "Q"], "option-conflict", "`--delete-first`");
    refused(&place, &["--parameter", "Nope=1"], "parameter-not-taken", "`Nope`");
    refused(&place, &["--parameter", "Other:Nope=1"], "parameter-not-taken", "`Other`");
    place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
}

#[test]
fn a_stack_waits_in_vain_for_one_that_failed() {
    let place = app();
    place.write(
        "other.json",
        r#"{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "one"}}}}"#,
    );
    save(&place);
    place.sandbox(&["apply", "other.json", "--yes"]).expect(0);
    let failed = place.sandbox(&["apply", "x.plan", "--yes"]).expect(4);
    let ends = failed.err.split("Stacks:\n").nth(1).unwrap();
    assert_eq!(
        ends,
        "  Alone  done\n  Net    rolled back\n  App    not begun: `Net` is not done\n"
    );
    assert!(!place.path("state/sandbox/App.json").exists());
}

#[test]
fn plans_do_not_hold_the_values_of_secret_parameters() {
    let place = app();
    let secret = json!({
        "Parameters": {"Key": {"Type": "String", "NoEcho": true}},
        "Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Key"}}}},
    });
    place.write("cdk.out/alone.json", &secret.to_string());
    let key = ["--parameter", "Alone:Key=hunter2"];
    let plan = ["plan", "cdk.out", "--out", "x.plan"];
    let saved = place.sandbox(&[&plan[..], &key].concat()).expect(0);
    assert!(!place.read("x.plan").contains("hunter2"));
    assert!(saved.err.contains("Alone:Key=FILE"), "{}", saved.err);
    refused(&place, &[], "secret-parameter-missing", "`Key`");
    refused(&place, &["--parameter", "Key=other"], "secret-parameter-differs", "`Key`");
    let other = [key[0], key[1], "--parameter", "Net:Key=x"];
    refused(&place, &other, "parameter-not-taken", "`Key`");
    place.sandbox(&[&["apply", "x.plan", "--yes"][..], &key].concat()).expect(0);
    place.sandbox(&[&["plan", "cdk.out", "--detailed-exitcode"][..], &key].concat()).expect(0);
}

/// The file with other stacks, and a digest that fits.
fn forge(place: &Place, change: impl FnOnce(&mut Value)) {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Stack {
        needs: std::collections::BTreeSet<String>,
        plan: rstack_model::plan::Plan,
    }
    let mut file: Value = serde_json::from_str(&place.read("x.plan")).unwrap();
    change(&mut file["stacks"]);
    let stacks: Vec<Stack> = serde_json::from_value(file["stacks"].clone()).unwrap();
    file["digest"] = rstack_model::Digest::of_json(&stacks).unwrap().as_str().into();
    place.write_private("x.plan", &file.to_string());
}

#[test]
fn a_damaged_or_forged_file_is_refused() {
    let place = app();
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    net(&place, "two");
    save(&place);
    let whole = place.read("x.plan");
    let fails = |change: &dyn Fn(&mut Value), fact: &str| {
        place.write_private("x.plan", &whole);
        forge(&place, |stacks| change(stacks));
        refused(&place, &[], "plan-unusable", fact);
        place.run(&["show", "x.plan"]).expect(1).reports("plan-unusable", &[fact]);
    };
    fails(&|stacks| stacks[2]["needs"] = json!([]), "`App` waits for `stack Net`");
    fails(&|stacks| stacks[0]["needs"] = json!(["Net"]), "`Alone` needs `Net`");
    fails(&|stacks| stacks[0] = stacks[1].clone(), "two are of the stack `Net`");
    fails(&|stacks| drop(stacks.as_array_mut().unwrap().drain(1..)), "there are 1");
    fails(
        &|stacks| {
            stacks[1]["plan"]["changes"]["Q"]["desired"]["properties"]["QueueName"] = json!("evil")
        },
        "`Q` (differences)",
    );
    // A value that is awaited is shown where it goes, and goes nowhere else.
    fails(
        &|stacks| {
            stacks[2]["plan"]["changes"]["P"]["desired"]["properties"]["Value"] = json!("evil")
        },
        "`P` (differences)",
    );
    place.write_private("x.plan", &whole.replace("\"two\"", "\"six\""));
    refused(&place, &[], "plan-unusable", "digest");
    place.write_private("x.plan", &whole.replace("\"rstack-plan\":3", "\"rstack-plan\":4"));
    refused(&place, &[], "plan-unusable", "format 4");
    place.write_private("x.plan", &whole);
    place.sandbox(&["apply", "x.plan", "--yes"]).expect(0);
}
