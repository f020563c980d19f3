//! The text of plans: creation, change, replacement, drift, healing, destruction.

use serde_json::Value;

use crate::harness::{Place, snapshot};

const CDK_TEMPLATE: &str = "cdk.out/StreamingStack.template.json";

/// The streaming stack as the CDK wrote it, applied.
fn applied_cdk() -> Place {
    let place = Place::cdk();
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place
}

#[test]
fn a_creation_shows_everything() {
    let place = Place::streaming();
    let plan = place.sandbox(&["plan", "--detailed-exitcode"]).expect(2);
    snapshot("plan_create", &plan.out);
    snapshot("plan_create_compact", &place.sandbox(&["plan", "--compact"]).expect(0).out);
}

#[test]
fn a_change_of_two_values_is_two_updates_and_nothing_else() {
    let place = applied_cdk();
    place.edit(CDK_TEMPLATE, " - CDK deployment Secure", " - New deployment Secure");
    let hls = "\"PlaylistWindowSeconds\": 60,\n     \"SegmentDurationSeconds\": ";
    place.edit(CDK_TEMPLATE, &format!("{hls}5"), &format!("{hls}4"));
    let plan = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(2);
    assert!(
        plan.out
            .contains("Plan: 0 to create, 2 to update, 0 to replace, 0 to delete, 8 unchanged.")
    );
    snapshot("plan_update", &plan.out);
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
}

#[test]
fn a_replacement_says_why_and_asks_where_a_name_is_taken() {
    let place = applied_cdk();
    let template = place.read(CDK_TEMPLATE);
    place.write(CDK_TEMPLATE, &template.replace("\"_MediaPackageChannel\"", "\"_Channel\""));
    let before = place.content();
    let refused = place.sandbox(&["plan", "cdk.out"]).expect(1);
    snapshot("plan_name_taken", &refused.err);
    let json = place.sandbox(&["plan", "cdk.out", "--json"]).expect(1).err;
    let errors = json.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let codes: Vec<Value> = errors.map(|error| error["code"].clone()).collect();
    assert_eq!(codes, ["name-conflict"; 3], "{json}");
    assert_eq!(place.sandbox(&["apply", "cdk.out", "--yes"]).expect(1).err, refused.err);
    assert_eq!(place.content(), before);

    let allowed = [
        "--delete-first",
        "MyMediaPackageChannelDashEndpointE806C536",
        "--delete-first",
        "MyMediaPackageChannelcmafEndpoint4477D740",
        "--delete-first",
        "MyMediaPackageChannelMssEndpointB201A787",
    ];
    let plan = place.sandbox(&[&["plan", "cdk.out"][..], &allowed].concat()).expect(0);
    snapshot("plan_replace", &plan.out);
    place.sandbox(&[&["apply", "cdk.out", "--yes"][..], &allowed].concat()).expect(0);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count(), 9);
}

#[test]
fn drift_is_shown_and_set_back() {
    let place = Place::streaming();
    place.sandbox(&["apply", "--yes"]).expect(0);
    let endpoint = ["AWS::MediaPackage::OriginEndpoint", "streaming-live-hls"];
    let set = ["HlsPackage.SegmentDurationSeconds", "9"];
    place.sandbox(&[&["sandbox", "set"][..], &endpoint, &set].concat()).expect(0);
    place.sandbox(&["sandbox", "rotate-secret", "MediaPackage/streaming"]).expect(0);
    snapshot("plan_drift", &place.sandbox(&["plan"]).expect(0).out);
    let blind = place.sandbox(&["plan", "--no-refresh", "--detailed-exitcode"]).expect(0);
    snapshot("plan_no_refresh", &blind.out);
    place.sandbox(&["apply", "--yes"]).expect(0);
    place.sandbox(&["plan", "--detailed-exitcode"]).expect(0);
}

#[test]
fn a_deleted_object_is_made_again_and_a_stack_destroyed() {
    let place = Place::streaming();
    place.sandbox(&["apply", "--yes"]).expect(0);
    let endpoint = ["AWS::MediaPackage::OriginEndpoint", "streaming-live-hls"];
    place.sandbox(&[&["sandbox", "remove"][..], &endpoint].concat()).expect(0);
    snapshot("plan_heal", &place.sandbox(&["plan"]).expect(0).out);
    place.sandbox(&["apply", "--yes"]).expect(0);
    place.sandbox(&["plan", "--detailed-exitcode"]).expect(0);
    let refused = place.sandbox(&["destroy"]).expect(1);
    snapshot("plan_destroy", &refused.out);
}

#[test]
fn the_json_of_a_plan_has_its_shape() {
    let place = Place::streaming();
    let plan = place.sandbox(&["plan", "--json", "--detailed-exitcode"]).expect(2);
    let plan: Value = serde_json::from_str(&plan.out).unwrap();
    assert_eq!(plan["format"], 2);
    assert_eq!(plan["stack"], "streaming");
    assert_eq!(plan["mode"], "deploy");
    assert_eq!(plan["environment"]["sandbox"], true);
    assert_eq!(plan["base"]["serial"], 0);
    assert_eq!(plan["noop"], false);
    assert_eq!(plan["summary"]["create"], 9);
    assert_eq!(plan["steps"].as_array().unwrap().len(), 9);
    let changes = plan["changes"].as_array().unwrap();
    let distribution = changes.iter().find(|c| c["address"] == "Distribution").unwrap();
    assert_eq!(distribution["type"], "AWS::CloudFront::Distribution");
    assert_eq!(distribution["action"], "create");
    assert_eq!(distribution["reasons"][0]["kind"], "not-in-state");
    assert_eq!(distribution["checked"]["kind"], "nothing");
    let text = distribution["properties"].to_string();
    assert!(text.contains("$unknown") && text.contains("$secret"), "{text}");
    assert_eq!(plan["outputs"]["HlsUrl"]["differs"], true);
}
