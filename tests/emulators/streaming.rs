//! The life of the streaming stacks: made, read back, changed, replaced, healed, destroyed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::account::{Account, bring, change, changes};
use crate::place::Place;

/// A streaming stack and what its parts are called.
struct Stack {
    name: &'static str,
    template: &'static str,
    source: &'static str,
    resources: usize,
    /// Properties to compare at the least, so that none gets lost.
    compared: u64,
    channel: &'static str,
    hls: &'static str,
    mss: &'static str,
    distribution: &'static str,
    /// Endpoints whose own name stays when the channel's name changes.
    named: &'static [&'static str],
    /// Outputs that split endpoint URLs at `/out/`.
    playing: &'static [&'static str],
    segments: fn(&Place),
    rename: fn(&Place),
}

const YAML: Stack = Stack {
    name: "streaming",
    template: "stacks/streaming.yaml",
    source: "stacks/streaming.yaml",
    resources: 9,
    compared: 112,
    channel: "Channel",
    hls: "HlsEndpoint",
    mss: "MssEndpoint",
    distribution: "Distribution",
    named: &["CmafEndpoint", "DashEndpoint", "HlsEndpoint", "MssEndpoint"],
    playing: &["CmafUrl", "DashUrl", "HlsUrl", "MssUrl"],
    segments: |place| {
        let hls = "SegmentDurationSeconds: !Ref SegmentSeconds\n        PlaylistWindowSeconds";
        let changed = hls.replace("!Ref SegmentSeconds", "4");
        place.edit("stacks/streaming.yaml", hls, &changed);
        place.edit(
            "stacks/streaming.yaml",
            "Comment: !Sub Live stream",
            "Comment: !Sub New stream",
        );
    },
    rename: |place| {
        let id = "Id: !Sub ${AWS::StackName}-${StreamName}\n";
        let renamed = "Id: !Sub ${AWS::StackName}-${StreamName}-2\n";
        place.edit("stacks/streaming.yaml", id, renamed);
    },
};

const CDK: Stack = Stack {
    name: "StreamingStack",
    template: "StreamingStack.template.json",
    source: "tests/fixtures/cdk-streaming.template.json",
    resources: 10,
    compared: 131,
    channel: "MyMediaPackageChannelMyCfnChannelB46F0F54",
    hls: "MyMediaPackageChannelHlsEndpointF46D94C4",
    mss: "MyMediaPackageChannelMssEndpointB201A787",
    distribution: "MyCloudFrontDistribution30467AA6",
    named: &[
        "MyMediaPackageChannelDashEndpointE806C536",
        "MyMediaPackageChannelMssEndpointB201A787",
        "MyMediaPackageChannelcmafEndpoint4477D740",
    ],
    playing: &["CloudFrontDistributionDASH", "CloudFrontDistributionHLS"],
    segments: |place| {
        edit_cdk(place, |template| {
            let hls = &mut template["Resources"]["MyMediaPackageChannelHlsEndpointF46D94C4"];
            hls["Properties"]["HlsPackage"]["SegmentDurationSeconds"] = 4.into();
            let distribution = &mut template["Resources"]["MyCloudFrontDistribution30467AA6"];
            distribution["Properties"]["DistributionConfig"]["Comment"] = "New stream".into();
        });
    },
    // The name stands in the channel, in the `ChannelId` of every endpoint and in the name of one.
    rename: |place| {
        let text = place.read("StreamingStack.template.json");
        let renamed = text.replace("_MediaPackageChannel", "_Channel");
        place.write("StreamingStack.template.json", &renamed);
    },
};

fn edit_cdk(place: &Place, edit: impl FnOnce(&mut Value)) {
    let mut template = serde_json::from_str(&place.read("StreamingStack.template.json")).unwrap();
    edit(&mut template);
    place.write("StreamingStack.template.json", &template.to_string());
}

impl Stack {
    /// The stack, applied in an account of its own.
    fn applied(&self) -> Account {
        let account = Account::new();
        bring(&account.place, self.source, self.template);
        let applied = account.run(&["apply", self.template, "--yes"]).expect(0);
        for output in self.playing {
            let warning = format!("the output {output} cannot be evaluated");
            assert!(applied.err.contains(&warning), "{output}: {}", applied.err);
            assert!(
                !applied.out.contains(&format!("{}.{output} = ", self.name)),
                "{}",
                applied.out
            );
        }
        account
    }

    fn read_back(&self, account: &Account) {
        let compared = account.read_back(self.name, &[]);
        assert!(compared >= self.compared, "only {compared} properties were compared");
    }

    #[track_caller]
    fn apply(&self, account: &Account, more: &[&str]) {
        account.run(&[&["apply", self.template, "--yes"], more].concat()).expect(0);
        self.read_back(account);
        account.expect_no_changes(self.template);
    }
}

fn words<const N: usize>(rows: [(&str, &str); N]) -> BTreeMap<String, String> {
    rows.into_iter().map(|(id, action)| (id.to_owned(), action.to_owned())).collect()
}

fn made_changed_and_destroyed(stack: &Stack) {
    let account = stack.applied();
    stack.read_back(&account);
    account.expect_no_changes(stack.template);
    let shown = account.run(&["show", stack.name, "--json"]).expect(0);
    assert!(shown.out.contains("{{resolve:secretsmanager:"), "{}", shown.out);
    let resources = account.state(stack.name)["resources"].as_object().unwrap().len();
    assert_eq!(resources, stack.resources);

    (stack.segments)(&account.place);
    let plan = account.plan(&[stack.template]);
    let expected = words([(stack.distribution, "update"), (stack.hls, "update")]);
    assert_eq!(changes(&plan), expected);
    let properties = &change(&plan, stack.hls)["properties"];
    assert_eq!(properties[0]["path"], "HlsPackage.SegmentDurationSeconds");
    assert_eq!(properties.as_array().unwrap().len(), 1, "{properties:#}");
    let before = account.inventory();
    stack.apply(&account, &[]);
    assert_eq!(account.inventory(), before, "an update made or removed something");

    let secret = account.physical_id(stack.name, secret(stack));
    account.run(&["destroy", stack.name, "--yes"]).expect(0);
    account.expect_empty();
    let described = account.cloud(&["describe_secret", &secret]);
    assert!(described["DeletedDate"].is_string(), "{described}");
    assert!(!account.place.path(&format!("state/{}.json", stack.name)).exists());
}

fn secret(stack: &Stack) -> &'static str {
    if stack.name == YAML.name { "CdnSecret" } else { "SecretsCdnSecret0E5E36B2" }
}

fn renamed(stack: &Stack) {
    let account = stack.applied();
    (stack.rename)(&account.place);
    let refused = account.run(&["plan", stack.template]).expect(1);
    assert!(refused.err.contains("error[name-conflict]"), "{}", refused.err);
    assert!(refused.err.contains("hint: "), "{}", refused.err);
    for endpoint in stack.named {
        let allowance = format!("--delete-first {endpoint}");
        assert!(refused.err.contains(&allowance), "{}", refused.err);
    }
    assert_eq!(account.run(&["apply", stack.template, "--yes"]).code, 1);

    let mut allowed = Vec::new();
    for endpoint in stack.named {
        allowed.extend(["--delete-first", endpoint]);
    }
    let plan = account.plan(&[&[stack.template], allowed.as_slice()].concat());
    let planned = changes(&plan);
    for (resource, reason) in [(stack.channel, "Id"), (stack.named[0], "ChannelId")] {
        assert_eq!(planned.get(resource).map(String::as_str), Some("replace"), "{resource}");
        let reasons = change(&plan, resource)["reasons"].to_string();
        let expected = format!(r#"{{"kind":"create-only","path":"{reason}"}}"#);
        assert!(reasons.contains(&expected), "{resource}: {reasons}");
    }
    for endpoint in stack.named {
        assert_eq!(change(&plan, endpoint)["order"], "delete-first", "{endpoint}");
    }
    stack.apply(&account, &allowed);
    let inventory = account.inventory();
    assert_eq!(inventory["channels"], [account.physical_id(stack.name, stack.channel)]);
    assert_eq!(inventory["endpoints"].len(), 4, "{inventory:#?}");
    assert_eq!(inventory["distributions"].len(), 1, "{inventory:#?}");
}

fn healed(stack: &Stack) {
    let account = stack.applied();
    let before = account.inventory();
    account.cloud(&["delete_endpoint", &account.physical_id(stack.name, stack.mss)]);
    account.cloud(&["window", &account.physical_id(stack.name, stack.hls), "77"]);
    let distribution = account.physical_id(stack.name, stack.distribution);
    account.cloud(&["comment", &distribution, "changed in the console"]);

    let plan = account.plan(&[stack.template]);
    let expected = [(stack.distribution, "update"), (stack.hls, "update"), (stack.mss, "create")];
    assert_eq!(changes(&plan), words(expected));
    assert_eq!(change(&plan, stack.mss)["reasons"][0]["kind"], "missing");
    let hls = &change(&plan, stack.hls)["drift"][0];
    assert_eq!(hls["path"], "HlsPackage.PlaylistWindowSeconds");
    assert_eq!((&hls["before"], &hls["after"]), (&60.into(), &77.into()));
    let comment = &change(&plan, stack.distribution)["drift"][0];
    assert_eq!(comment["after"], "changed in the console", "{comment:#}");
    let text = account.run(&["plan", stack.template]).expect(0).out;
    assert!(text.contains("it is gone from the cloud"), "{text}");
    assert!(text.contains("HlsPackage.PlaylistWindowSeconds is set back"), "{text}");

    stack.apply(&account, &[]);
    let after = account.inventory();
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    for (kind, names) in before {
        assert_eq!(sorted(&names), sorted(&after[&kind]), "{kind}");
    }
}

#[test]
fn the_streaming_stack_is_made_read_back_changed_and_destroyed() {
    made_changed_and_destroyed(&YAML);
}

#[test]
fn the_cdk_stack_is_made_read_back_changed_and_destroyed() {
    made_changed_and_destroyed(&CDK);
}

#[test]
fn the_streaming_stack_gets_another_channel() {
    renamed(&YAML);
}

#[test]
fn the_cdk_stack_gets_another_channel() {
    renamed(&CDK);
}

#[test]
fn what_was_changed_behind_the_streaming_stack_is_healed() {
    healed(&YAML);
}

#[test]
fn what_was_changed_behind_the_cdk_stack_is_healed() {
    healed(&CDK);
}

/// A changed version behind an unchanged reference is an update; the new value gets where it
/// belongs.
#[test]
fn a_rotated_secret_is_noticed_and_handed_on() {
    let account = YAML.applied();
    account.cloud(&["rotate", "MediaPackage/streaming"]);
    let plan = account.plan(&[YAML.template]);
    assert_eq!(changes(&plan), words([("Distribution", "update")]));
    let reasons = change(&plan, "Distribution")["reasons"].to_string();
    assert!(reasons.contains("secret-rotated"), "{reasons}");
    YAML.apply(&account, &[]);
}
