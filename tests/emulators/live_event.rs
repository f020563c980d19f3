//! The stacks of a live event and of MediaPackage V2, as far as moto and MiniStack have their services:
//! made, read back, changed by hand and healed, changed, destroyed.

use std::collections::BTreeMap;

use serde_json::json;

use crate::account::{Account, bring, change, changes};
use crate::emulators::Emulators;

const MEDIA: &[&str] = &[
    "AWS_ENDPOINT_URL_MEDIACONNECT",
    "AWS_ENDPOINT_URL_MEDIALIVE",
    "AWS_ENDPOINT_URL_MEDIAPACKAGEV2",
];

fn account() -> Account {
    Account::of(Emulators::with(MEDIA))
}

fn updates(resources: &[&str]) -> BTreeMap<String, String> {
    resources.iter().map(|it| ((*it).to_owned(), "update".to_owned())).collect()
}

fn nothing_is_left(account: &Account) {
    account.expect_empty();
    let left = account.cloud(&["media_ls"]);
    let kinds = left.as_object().unwrap();
    assert!(kinds.len() == 4 && kinds.values().all(|names| *names == json!([])), "{left:#}");
}

/// The properties of a flow's source that moto 5.2.1 does not keep: they read as changed.
const NOT_KEPT: [&str; 2] = ["Source.MinLatency", "Source.Protocol"];

#[test]
fn a_live_event_is_made_read_back_healed_changed_and_destroyed() {
    const TEMPLATE: &str = "stacks/live-event.yaml";
    let account = account();
    bring(&account.place, TEMPLATE, TEMPLATE);
    let applied = account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
    for (output, form) in [
        ("ContributionA", "srt://127.0.0.0:5000"),
        ("ContributionB", "srt://127.0.0.0:5000"),
        ("FlowAArn", "arn:aws:mediaconnect:eu-west-1:"),
    ] {
        let line = format!("live-event.{output} = {form}");
        assert!(applied.out.contains(&line), "{}", applied.out);
    }
    let compared = account.read_back("live-event", &[]);
    assert!(compared >= 210, "only {compared} properties were compared");
    let ends = ["event", "event-a", "event-b"].map(|end| format!("live-event-{end}"));
    let there = account.cloud(&["media_ls"]);
    assert_eq!(there["flows"], json!([ends[1], ends[2]]));
    assert_eq!((&there["inputs"], &there["encoders"]), (&json!([ends[0]]), &json!([ends[0]])));

    let plan = account.plan(&[TEMPLATE]);
    assert_eq!(changes(&plan), updates(&["FlowA", "FlowB"]));
    for flow in ["FlowA", "FlowB"] {
        let drift = change(&plan, flow)["drift"].as_array().unwrap();
        let paths: Vec<_> = drift.iter().map(|it| it["path"].as_str().unwrap()).collect();
        assert_eq!(paths, NOT_KEPT, "{flow}");
    }

    // What others change is seen and set right.
    let encoder = account.physical_id("live-event", "Encoder");
    account.cloud(&["rename_encoder", &encoder, "renamed in the console"]);
    account.cloud(&["window", &account.physical_id("live-event", "DashEndpoint"), "77"]);
    let plan = account.plan(&[TEMPLATE]);
    assert_eq!(changes(&plan), updates(&["DashEndpoint", "Encoder", "FlowA", "FlowB"]));
    let drift = change(&plan, "Encoder")["drift"].as_array().unwrap();
    assert!(drift.iter().any(|it| it["path"] == "Name"), "{drift:#?}");
    let before = account.cloud(&["media_ls"]);
    account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
    account.read_back("live-event", &[]);

    // A change of the event reaches the encoder and the endpoints, and makes nothing anew.
    let changed = ["--parameter", "SegmentSeconds=2", "--parameter", "SrtPort=5001"];
    let plan = account.plan(&[&[TEMPLATE], changed.as_slice()].concat());
    let expected = updates(&["DashEndpoint", "Encoder", "FlowA", "FlowB", "HlsEndpoint"]);
    assert_eq!(changes(&plan), expected);
    let applied = account.run(&[&["apply", TEMPLATE, "--yes"], changed.as_slice()].concat());
    let applied = applied.expect(0);
    assert!(applied.out.contains("ContributionA = srt://127.0.0.0:5001"), "{}", applied.out);
    account.read_back("live-event", &[]);
    let after = account.cloud(&["media_ls"]);
    assert_eq!((&after["flows"], &after["inputs"]), (&before["flows"], &before["inputs"]));
    assert_eq!(after["encoders"], json!([ends[0]]));

    account.run(&["destroy", "live-event", "--yes"]).expect(0);
    nothing_is_left(&account);
}

/// A template without the resources of these names and the outputs that speak of them.
fn without(template: &str, removed: &[&str]) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for line in template.lines() {
        let begins = line.starts_with("  ") && !line.starts_with("   ") || !line.starts_with(' ');
        match blocks.last_mut() {
            Some(block) if !begins => block.push_str(&format!("{line}\n")),
            _ => blocks.push(format!("{line}\n")),
        }
    }
    let speaks = |block: &String| {
        removed.iter().any(|name| {
            block.starts_with(&format!("  {name}:")) || block.contains(&format!("GetAtt {name}."))
        })
    };
    blocks.retain(|block| !speaks(block));
    blocks.concat()
}

#[test]
fn the_channel_of_mediapackage_v2_and_its_distribution_live() {
    const TEMPLATE: &str = "streaming-v2.yaml";
    // moto 5.2.1 has neither policies nor origin endpoints.
    const LACKING: [&str; 5] =
        ["ChannelPolicy", "CmafEndpoint", "MssEndpoint", "CmafEndpointPolicy", "MssEndpointPolicy"];
    let account = account();
    bring(&account.place, "stacks/streaming-v2.yaml", TEMPLATE);
    let template = without(&account.place.read(TEMPLATE), &LACKING);
    // It keeps little of a channel and of its group, and changes neither.
    let forgotten = ["Description: !Sub Live stream", "InputType:", "InputSwitch", "OutputHeader"];
    let keeps = |line: &&str| !forgotten.iter().any(|it| line.trim_start().starts_with(it));
    let template: Vec<&str> = template.lines().filter(keeps).collect();
    account.place.write(TEMPLATE, &template.join("\n"));
    let applied = account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
    assert!(applied.err.contains("Applied: 4 steps"), "{}", applied.err);
    let compared = account.read_back("streaming-v2", &[]);
    assert!(compared >= 28, "only {compared} properties were compared");
    let there = account.cloud(&["media_ls"]);
    assert_eq!(there["channel groups"], json!(["streaming-v2"]));
    account.expect_no_changes(TEMPLATE);

    let distribution = account.physical_id("streaming-v2", "Distribution");
    account.cloud(&["comment", &distribution, "changed in the console"]);
    let plan = account.plan(&[TEMPLATE]);
    assert_eq!(changes(&plan), updates(&["Distribution"]));
    account.run(&["apply", TEMPLATE, "--yes"]).expect(0);
    account.read_back("streaming-v2", &[]);

    account.run(&["destroy", "streaming-v2", "--yes"]).expect(0);
    nothing_is_left(&account);
}
