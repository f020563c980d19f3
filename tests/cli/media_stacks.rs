//! The stacks of `stacks/` that no emulator serves as a whole, through their life.

use crate::harness::{Place, repository_file};

/// Takes a stack through plan, apply, an empty plan and destroy, and returns its outputs.
fn lives(file: &str, text: &str, resources: usize) -> String {
    let place = Place::empty();
    place.write(file, text);
    let plan = place.sandbox(&["plan", "--detailed-exitcode"]).expect(2);
    assert!(plan.out.contains(&format!("Plan: {resources} to create")), "{}", plan.out);
    let applied = place.sandbox(&["apply", "--yes"]).expect(0);
    let again = place.sandbox(&["plan", "--detailed-exitcode"]).expect(0);
    let unchanged = format!("No changes. {resources} resources are as declared.");
    assert!(again.out.contains(&unchanged), "{}", again.out);
    place.sandbox(&["destroy", "--yes"]).expect(0);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
    applied.out
}

/// The value of an output that an apply printed.
fn output(out: &str, stack: &str, name: &str) -> String {
    let start = format!("{stack}.{name} = ");
    let line = out.lines().find_map(|line| line.trim().strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no {name} in {out}")).to_owned()
}

#[test]
fn the_stack_of_mediapackage_v2_is_made_and_destroyed() {
    let file = "stacks/streaming-v2.yaml";
    let out = lives(file, &repository_file(file), 9);
    let line = |name: &str| output(&out, "streaming-v2", name);
    let path = "/out/v1/streaming-v2/live";
    for (name, end) in [
        ("HlsUrl", "cmaf/index.m3u8"),
        ("LowLatencyHlsUrl", "cmaf/low-latency.m3u8"),
        ("DashUrl", "cmaf/manifest.mpd"),
        ("MssUrl", "mss/index.ism/Manifest"),
    ] {
        let url = line(name);
        assert!(
            url.contains(".cloudfront.net/") && url.ends_with(&format!("{path}/{end}")),
            "{url}"
        );
    }
    assert_ne!(line("IngestUrl"), line("SecondIngestUrl"));
    assert!(line("ChannelArn").ends_with(":channelGroup/streaming-v2/channel/live"));
}

#[test]
fn the_stack_of_a_live_event_is_made_and_destroyed() {
    let file = "stacks/live-event.yaml";
    let out = lives(file, &repository_file(file), 11);
    let line = |name: &str| output(&out, "live-event", name);
    let (one, two) = (line("ContributionA"), line("ContributionB"));
    assert!(one.starts_with("srt://") && one.ends_with(":5000") && one != two, "{one} {two}");
    assert!(!line("EncoderChannelId").is_empty());
    for (name, end) in [("HlsUrl", "/index.m3u8"), ("DashUrl", "/index.mpd")] {
        let url = line(name);
        assert!(url.contains(".cloudfront.net/out/v1/") && url.ends_with(end), "{url}");
    }
}

/// An endpoint of the channel group is healed alone, and its URLs stay what they were.
#[test]
fn a_changed_endpoint_of_mediapackage_v2_is_healed_and_leaves_the_distribution_alone() {
    let place = Place::empty();
    let file = "stacks/streaming-v2.yaml";
    place.write(file, &repository_file(file));
    place.sandbox(&["apply", "--yes"]).expect(0);
    place.edit(file, "    Default: 3600\n", "    Default: 7200\n");
    let changed = place.sandbox(&["plan", "--compact"]).expect(0);
    assert!(
        changed.out.contains("Plan: 0 to create, 2 to update, 0 to replace"),
        "{}",
        changed.out
    );
    place.sandbox(&["apply", "--yes"]).expect(0);
    place.edit(file, "ManifestName: low-latency", "ManifestName: fast");
    let renamed = place.sandbox(&["apply", "--yes"]).expect(0);
    let url = output(&renamed.out, "streaming-v2", "LowLatencyHlsUrl");
    assert!(url.ends_with("/cmaf/fast.m3u8"), "{url}");
    place.sandbox(&["plan", "--detailed-exitcode"]).expect(0);
}

/// AWS's validator has no finding about the example stacks.
#[cfg(feature = "lint")]
#[test]
fn the_validator_finds_nothing_in_the_stacks() {
    let place = Place::empty();
    // For machines on which everything takes long.
    place.write("rstack.toml", "[lint]\nbudget = 3600\n");
    for name in ["streaming", "streaming-v2", "live-event"] {
        let file = format!("stacks/{name}.yaml");
        place.write(&file, &repository_file(&file));
        let valid = place.run(&["validate", &file, "--strict"]).expect(0);
        assert_eq!(valid.out, format!("{file} is valid\n"));
    }
}
