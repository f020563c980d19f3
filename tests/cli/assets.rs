//! The file assets of CDK apps: planned with their sizes, uploaded before the first change, once.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Place, Ran, ran, snapshot};

const BUCKET: &str = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}";

/// The template of a stack with a function whose code is an asset, as the CDK writes it.
fn template(key: &str) -> Value {
    json!({
        "Resources": {
            "Fn": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Code": {"S3Bucket": {"Fn::Sub": BUCKET}, "S3Key": key},
                    "Handler": "index.handler", "Runtime": "python3.13",
                    "Role": "arn:aws:iam::000000000000:role/r",
                },
            },
        },
        "Parameters": {"BootstrapVersion": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": "/cdk-bootstrap/hnb659fds/version",
        }},
        "Rules": {"CheckBootstrapVersion": {"Assertions": [{
            "Assert": {"Fn::Not": [{"Fn::Contains": [["1", "2", "3", "4", "5"], {"Ref": "BootstrapVersion"}]}]},
            "AssertDescription": "CDK bootstrap stack version 6 required.",
        }]}},
    })
}

fn destination(bucket: &str, key: &str) -> Value {
    json!({"d": {
        "bucketName": bucket, "objectKey": key,
        "assumeRoleArn": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-hnb659fds-file-publishing-role",
    }})
}

/// Writes an app in a folder: a stack with these files, images and key of its code.
fn write_app(place: &Place, folder: &str, files: Value, images: Value, key: &str) {
    let manifest = json!({
        "version": "36.0.0",
        "artifacts": {
            "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
            "App": {
                "type": "aws:cloudformation:stack",
                "environment": "aws://unknown-account/unknown-region",
                "properties": {"templateFile": "App.template.json"},
                "dependencies": ["App.assets"],
            },
        },
    });
    place.write(&format!("{folder}/manifest.json"), &manifest.to_string());
    place.write(&format!("{folder}/App.template.json"), &template(key).to_string());
    let assets = json!({"version": "36.0.0", "files": files, "dockerImages": images});
    place.write(&format!("{folder}/App.assets.json"), &assets.to_string());
}

/// An app with a folder that is packed, a file, and the templates of a stack and of one nested in it.
fn app() -> Place {
    let place = Place::empty();
    let files = json!({
        "a1": {"source": {"path": "asset.a1", "packaging": "zip"}, "destinations": destination(BUCKET, "a1.zip")},
        "b2": {"source": {"path": "asset.b2.json", "packaging": "file"}, "destinations": destination(BUCKET, "b2.json")},
        "t3": {"source": {"path": "App.template.json", "packaging": "file"}, "destinations": destination(BUCKET, "t3.json")},
        "n4": {"source": {"path": "AppInner.nested.template.json", "packaging": "file"},
               "destinations": destination(BUCKET, "n4.json")},
    });
    write_app(&place, "cdk.out", files, json!({}), "a1.zip");
    place.write("cdk.out/asset.a1/index.py", "def handler(e, c):\n    return 1\n");
    place.write("cdk.out/asset.a1/lib/run.sh", "#!/bin/sh\n");
    let run = place.path("cdk.out/asset.a1/lib/run.sh");
    std::fs::set_permissions(run, std::fs::Permissions::from_mode(0o700)).unwrap();
    place.write("cdk.out/asset.b2.json", "{\"b\": 2}");
    place
}

/// Runs the program in the sandbox with these settings of it.
fn with(place: &Place, settings: &str, arguments: &[&str]) -> Ran {
    let mut command = place.command(&[arguments, &["--sandbox"]].concat());
    command.env("RSTACK_SANDBOX", format!("deploy-polls=0,{settings}"));
    ran(command)
}

/// The objects in all buckets of the sandbox.
fn objects(place: &Place) -> Vec<Vec<u8>> {
    let Ok(buckets) = std::fs::read_dir(place.path("state/sandbox/cloud/buckets")) else {
        return Vec::new();
    };
    let objects = buckets.flat_map(|bucket| std::fs::read_dir(bucket.unwrap().path()).unwrap());
    let paths = objects.map(|object| object.unwrap().path());
    let whole =
        paths.filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with(".new-"));
    whole.map(|path| std::fs::read(path).unwrap()).collect()
}

/// The entries of an archive: name, permissions, content.
fn entries(archive: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
    use std::io::Read as _;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let mut out = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert_eq!(entry.last_modified().unwrap().year(), 1980);
        out.push((entry.name().unwrap().into_owned(), entry.unix_mode().unwrap() & 0o777, content));
    }
    out
}

#[test]
fn a_file_that_an_assembly_lacks_is_written_by_the_cdk() {
    for file in ["asset.b2.json", "App.assets.json", "App.template.json"] {
        let place = app();
        std::fs::remove_file(place.path(&format!("cdk.out/{file}"))).unwrap();
        let plan = place.sandbox(&["plan", "cdk.out"]).expect(1);
        plan.reports("file-not-read", &[file, "run `cdk synth` again"]);
    }
}

#[test]
fn assets_are_planned_uploaded_once_and_before_the_first_change() {
    let place = app();
    assert_eq!(place.run(&["validate", "cdk.out"]).expect(0).err, "");
    snapshot("assets_plan", &place.sandbox(&["plan", "cdk.out"]).expect(0).out);
    let json = place.sandbox(&["plan", "cdk.out", "--json"]).expect(0).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    let assets = json["assets"].as_array().unwrap();
    let keys: Vec<&str> = assets.iter().map(|asset| asset["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["a1.zip", "b2.json"], "templates are not uploaded");
    assert_eq!(assets[0]["upload"]["files"], 2);
    assert_eq!(assets[1]["upload"]["bytes"], 8);
    assert!(objects(&place).is_empty(), "a plan uploads nothing");

    let applied = place.sandbox(&["apply", "cdk.out", "--yes", "--compact"]).expect(0);
    let uploaded = applied.err.find("uploaded").unwrap();
    assert!(uploaded < applied.err.find("creating").unwrap(), "{}", applied.err);
    let stored = objects(&place);
    assert_eq!(stored.len(), 2);
    let archive = stored.iter().find(|bytes| bytes.starts_with(b"PK")).unwrap();
    let expected = [
        ("index.py".to_owned(), 0o644, b"def handler(e, c):\n    return 1\n".to_vec()),
        ("lib/run.sh".to_owned(), 0o755, b"#!/bin/sh\n".to_vec()),
    ];
    assert_eq!(entries(archive), expected);
    assert!(stored.contains(&b"{\"b\": 2}".to_vec()));

    let again = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    assert!(again.out.contains("2 assets are there already"), "{}", again.out);
    let nothing = place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    assert!(!nothing.err.contains("ploading"), "{}", nothing.err);
    place.sandbox(&["destroy", "cdk.out", "--yes"]).expect(0);
    assert_eq!(objects(&place).len(), 2, "assets are no objects of the stack");
}

#[test]
fn the_same_files_give_the_same_archive() {
    let archive = |touch: bool| {
        let place = app();
        if touch {
            // Another time and another order of making, and permissions that are no execution.
            std::fs::remove_file(place.path("cdk.out/asset.a1/index.py")).unwrap();
            place.write("cdk.out/asset.a1/index.py", "def handler(e, c):\n    return 1\n");
            let path = place.path("cdk.out/asset.a1/index.py");
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
        objects(&place).into_iter().find(|bytes| bytes.starts_with(b"PK")).unwrap()
    };
    assert!(archive(false) == archive(true));
}

#[test]
fn an_asset_that_went_out_of_its_bucket_is_uploaded_again() {
    let place = app();
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    std::fs::remove_dir_all(place.path("state/sandbox/cloud/buckets")).unwrap();
    let plan = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(2);
    assert!(plan.out.contains("2 assets to upload"), "{}", plan.out);
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    assert_eq!(objects(&place).len(), 2);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
}

#[test]
fn a_saved_plan_uploads_what_it_was_made_with_or_nothing() {
    let place = app();
    place.sandbox(&["plan", "cdk.out", "--out", "a.plan"]).expect(0);
    let saved: Value = serde_json::from_str(&place.read("a.plan")).unwrap();
    assert_eq!(saved["plan"]["assets"][0]["place"]["key"], "a1.zip");
    place.write("cdk.out/asset.a1/index.py", "evil\n");
    let before = place.content();
    let refused = place.sandbox(&["apply", "a.plan", "--yes"]).expect(1);
    refused.reports("plan-outdated", &["cdk.out/asset.a1", "plan again"]);
    let created: Vec<String> =
        place.content().into_keys().filter(|name| !before.contains_key(name)).collect();
    assert!(created.iter().all(|name| !name.contains("App")), "{created:?}");
    place.write("cdk.out/asset.a1/index.py", "def handler(e, c):\n    return 1\n");
    place.sandbox(&["apply", "a.plan", "--yes"]).expect(0);
    assert_eq!(objects(&place).len(), 2);
}

#[test]
fn a_saved_plan_counts_on_what_was_there() {
    let place = app();
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    place.edit("cdk.out/App.template.json", "index.handler", "index.other");
    place.sandbox(&["plan", "cdk.out", "--out", "a.plan"]).expect(0);
    std::fs::remove_dir_all(place.path("state/sandbox/cloud/buckets")).unwrap();
    let refused = place.sandbox(&["apply", "a.plan", "--yes"]).expect(1);
    refused.reports("plan-outdated", &["s3://cdk-hnb659fds-assets-000000000000-eu-west-1/"]);
}

#[test]
fn an_account_without_a_bucket_is_bootstrapped_first() {
    let place = app();
    let none = "bootstrap=none";
    let refused = with(&place, none, &["apply", "cdk.out", "--yes"]).expect(1);
    snapshot("assets_no_bucket", &refused.err);
    refused.reports(
        "not-bootstrapped",
        &["cdk-hnb659fds-assets-000000000000-eu-west-1", "bootstrap aws://000000000000/eu-west-1"],
    );
    with(&place, none, &["bootstrap"]).expect(1).reports("confirmation-needed", &[]);
    let made =
        with(&place, none, &["bootstrap", "aws://000000000000/eu-west-1", "--yes"]).expect(0);
    snapshot("assets_bootstrap", &made.out);
    let again = with(&place, none, &["bootstrap", "--yes", "--json"]).expect(0).out;
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["bucket"]["created"], false);
    assert_eq!(again["parameter"]["created"], false);
    with(&place, none, &["apply", "cdk.out", "--yes"]).expect(0);
    with(&place, none, &["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    // The parameter of another qualifier is one of its own.
    with(&place, none, &["bootstrap", "--qualifier", "team1", "--yes"]).expect(0);
    let list = with(&place, none, &["sandbox", "ls"]).expect(0).out;
    for name in [
        "cdk-hnb659fds-assets-000000000000-eu-west-1",
        "cdk-team1-assets-000000000000-eu-west-1",
        "/cdk-bootstrap/team1/version",
    ] {
        assert!(list.contains(name), "{name} in\n{list}");
    }
}

/// The rule that the CDK adds is passed over; a template may use the parameter itself.
#[test]
fn the_parameter_of_bootstrapping_is_made_with_the_bucket() {
    let place = Place::empty();
    write_app(&place, "cdk.out", json!({}), json!({}), "k");
    let mut template = template("k");
    template["Outputs"] = json!({"Version": {"Value": {"Ref": "BootstrapVersion"}}});
    place.write("cdk.out/App.template.json", &template.to_string());
    let none = "bootstrap=none";
    let refused = with(&place, none, &["plan", "cdk.out"]).expect(1);
    refused.reports("lookup", &["/cdk-bootstrap/hnb659fds/version"]);
    snapshot("assets_no_parameter", &refused.err);
    with(&place, none, &["bootstrap", "--yes"]).expect(0);
    with(&place, none, &["apply", "cdk.out", "--yes"]).expect(0);
    let output = with(&place, none, &["output", "App", "Version"]).expect(0).out;
    assert_eq!(output, "30\n");
}

#[test]
fn the_bucket_of_another_account_is_refused() {
    let place = Place::empty();
    let other = "cdk-hnb659fds-assets-123456789012-eu-west-1";
    let files =
        json!({"a": {"source": {"path": "a.txt"}, "destinations": destination(other, "a")}});
    write_app(&place, "cdk.out", files, json!({}), "a");
    place.write("cdk.out/a.txt", "a");
    let refused = place.sandbox(&["apply", "cdk.out", "--yes"]).expect(1);
    refused.reports("access-denied", &[other, "000000000000"]);
    assert!(objects(&place).is_empty());
    assert!(!place.path("state/sandbox/App.json").exists());
}

#[test]
fn commands_are_refused_before_anything_is_changed() {
    let place = Place::empty();
    let image = json!({"i": {"displayName": "Api/Image", "source": {"executable": ["make"]}}});
    write_app(&place, "cdk.out", json!({}), image, "k");
    let refused = place.sandbox(&["apply", "cdk.out", "--yes"]).expect(1);
    refused.reports("asset-not-supported", &["Api/Image", "cdk.out/App.assets.json"]);
    let command = json!({"c": {"source": {"executable": ["make"]}, "destinations": {}}});
    write_app(&place, "cdk.out", command, json!({}), "k");
    let refused = place.sandbox(&["apply", "cdk.out", "--yes"]).expect(1);
    refused.reports("asset-not-supported", &["`c`"]);
    assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
}

/// The sandbox builds nothing, and needs no Docker.
#[test]
fn images_of_the_sandbox_are_there_after_the_apply() {
    let place = Place::empty();
    let destination = json!({"repositoryName": "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}",
                             "imageTag": "a1"});
    let image =
        |source: Value| json!({"i1": {"source": source, "destinations": {"d": destination}}});
    let source = json!({"directory": "asset.i1", "dockerBuildTarget": "prod"});
    write_app(&place, "cdk.out", json!({}), image(source), "k");
    let template = json!({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}});
    place.write("cdk.out/App.template.json", &template.to_string());
    place.write("cdk.out/asset.i1/Dockerfile", "FROM scratch\n");
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0).out;
    snapshot("assets_image", &plan);
    let json = place.sandbox(&["plan", "cdk.out", "--json"]).expect(0).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["images"][0]["build"]["options"], json!(["--target", "prod"]));
    assert_eq!(json["summary"]["images"], 1);
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    let again = place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0).out;
    assert!(again.contains("1 asset is there already"), "{again}");
    // A folder outside of the assembly, or a Dockerfile outside of the folder, is not read.
    for (source, code) in [
        (json!({"directory": "../x"}), "file-outside-project"),
        (json!({"directory": "asset.i1", "dockerFile": "../Dockerfile"}), "invalid-assembly"),
    ] {
        write_app(&place, "cdk.out", json!({}), image(source), "k");
        place.sandbox(&["plan", "cdk.out"]).expect(1).reports(code, &[]);
    }
}

/// Manifests and folders are untrusted.
#[test]
fn no_path_and_no_link_leads_out_of_the_assembly() {
    let refused = |path: &str, prepare: &dyn Fn(&Path)| {
        let place = Place::empty();
        let files = json!({"a": {"source": {"path": path, "packaging": "zip"}, "destinations": destination(BUCKET, "a")}});
        write_app(&place, "cdk.out", files, json!({}), "a");
        place.write("secret/key", "do not upload");
        place.write("cdk.out/asset.a/x", "x");
        prepare(&place.path("cdk.out/asset.a"));
        let ran = place.sandbox(&["apply", "cdk.out", "--yes"]).expect(1);
        assert!(objects(&place).is_empty());
        ran
    };
    let nothing = |_: &Path| {};
    refused("../secret", &nothing).reports("file-outside-project", &["../secret"]);
    refused("/etc/hostname", &nothing).reports("file-outside-project", &["/etc/hostname"]);
    let link =
        |target: &'static str| move |folder: &Path| symlink(target, folder.join("l")).unwrap();
    refused("asset.a", &link("../../secret")).reports("file-outside-project", &["asset.a/l"]);
    refused("asset.a", &link("../../secret/key")).reports("file-outside-project", &["asset.a/l"]);
    refused("asset.a", &link("/etc/hostname")).reports("file-outside-project", &["asset.a/l"]);
    refused("asset.a", &link("nowhere")).reports("file-not-read", &["asset.a/l"]);
    refused("asset.a", &link(".")).reports("file-too-large", &["asset.a/l"]);
    refused("asset.b", &nothing).reports("file-not-read", &["asset.b"]);
    let fifo = |folder: &Path| {
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, folder.join("f"), kind, mode, 0).unwrap();
    };
    refused("asset.a", &fifo).reports("file-kind", &["asset.a/f"]);
}

#[test]
fn a_link_inside_of_the_assembly_is_followed() {
    let place = app();
    place.write("cdk.out/shared/util.py", "x = 1\n");
    symlink("../shared", place.path("cdk.out/asset.a1/shared")).unwrap();
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    let archive = objects(&place).into_iter().find(|bytes| bytes.starts_with(b"PK")).unwrap();
    let names: Vec<String> = entries(&archive).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["index.py", "lib/run.sh", "shared/util.py"]);
}

/// The assets of a stage lie in the outermost assembly.
#[test]
fn the_assets_of_a_stage_are_found_around_it() {
    let place = Place::empty();
    let files = json!({"a": {"source": {"path": "../asset.a", "packaging": "zip"}, "destinations": destination(BUCKET, "a.zip")}});
    write_app(&place, "cdk.out/assembly-Prod", files, json!({}), "a.zip");
    let manifest = json!({"version": "36.0.0", "artifacts": {
        "Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}},
    }});
    place.write("cdk.out/manifest.json", &manifest.to_string());
    place.write("cdk.out/asset.a/index.py", "x\n");
    for folder in ["cdk.out", "cdk.out/assembly-Prod"] {
        let plan = place.sandbox(&["plan", folder]).expect(0).out;
        assert!(plan.contains("cdk.out/asset.a →"), "{plan}");
    }
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    assert_eq!(objects(&place).len(), 1);
}

#[test]
fn a_bad_asset_manifest_is_named() {
    for (text, code) in [
        ("{", "invalid-assembly"),
        (r#"{"files": []}"#, "invalid-assembly"),
        (r#"{"version": "999.0.0"}"#, "invalid-assembly"),
        (
            r#"{"files": {"a": {"source": {"path": "p"}, "destinations": {"d": {"bucketName": "evil/..", "objectKey": "k"}}}}}"#,
            "invalid-assembly",
        ),
    ] {
        let place = app();
        place.write("cdk.out/App.assets.json", text);
        let refused = place.sandbox(&["plan", "cdk.out"]).expect(1);
        refused.reports(code, &["cdk.out/App.assets.json"]);
    }
    let place = app();
    std::fs::remove_file(place.path("cdk.out/App.assets.json")).unwrap();
    let refused = place.sandbox(&["plan", "cdk.out"]).expect(1);
    refused.reports("file-not-read", &["cdk.out/App.assets.json"]);
}

/// Calls of the bucket that fail are made again: uploads, too.
#[test]
fn a_stormy_sandbox_has_the_assets_in_the_end() {
    for seed in 1..=2 {
        let place = app();
        let settings = format!("seed={seed},faults=stormy,poll-ms=1");
        let mut arguments = vec!["apply", "cdk.out", "--yes"];
        arguments.extend(["--parallelism", "2"]);
        with(&place, &settings, &arguments).expect(0);
        assert_eq!(objects(&place).len(), 2, "seed {seed}");
        with(&place, &settings, &["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
    }
}

/// Wherever the upload was cut off, the next run finds the whole object or none.
#[test]
fn an_upload_that_was_killed_is_made_by_the_next_run() {
    let place = app();
    let file = std::fs::File::create(place.path("cdk.out/asset.a1/big")).unwrap();
    file.set_len(64 << 20).unwrap();
    let mut running = place.start(&["apply", "cdk.out", "--yes"], "deploy-polls=0");
    running.wait_for("Uploading");
    running.signal(rustix::process::Signal::KILL);
    running.end();
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    let archive = objects(&place).into_iter().find(|bytes| bytes.starts_with(b"PK")).unwrap();
    let names: Vec<String> = entries(&archive).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["big", "index.py", "lib/run.sh"]);
    place.sandbox(&["plan", "cdk.out", "--detailed-exitcode"]).expect(0);
}

/// An interrupt that comes while assets are packed or uploaded ends the run before its first step; one
/// that comes later finds it done.
#[test]
fn an_interrupted_upload_changes_nothing_of_the_stack() {
    let place = app();
    let file = std::fs::File::create(place.path("cdk.out/asset.a1/big")).unwrap();
    file.set_len(64 << 20).unwrap();
    let mut running = place.start(&["apply", "cdk.out", "--yes"], "deploy-polls=0");
    running.wait_for("Uploading");
    running.signal(rustix::process::Signal::INT);
    let (code, said) = running.end();
    let state = place.path("state/sandbox/App.json").exists();
    let interrupted = said.contains("error[interrupted]: stopped before all assets were uploaded");
    assert!(
        matches!((code, state, interrupted), (Some(130), false, true) | (Some(0), true, false)),
        "{code:?} {said}"
    );
    place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    assert_eq!(objects(&place).len(), 2);
}

/// Stacks of an app share what they have in common.
#[test]
fn an_asset_of_two_stacks_is_uploaded_once() {
    let place = Place::empty();
    let files = json!({"a": {"source": {"path": "asset.a", "packaging": "zip"}, "destinations": destination(BUCKET, "a.zip")}});
    write_app(&place, "cdk.out", files, json!({}), "a.zip");
    place.write("cdk.out/asset.a/index.py", "x\n");
    let mut manifest: Value = serde_json::from_str(&place.read("cdk.out/manifest.json")).unwrap();
    let mut other = manifest["artifacts"]["App"].clone();
    other["dependencies"] = json!(["App.assets", "App"]);
    manifest["artifacts"]["Other"] = other;
    place.write("cdk.out/manifest.json", &manifest.to_string());
    let plan = place.sandbox(&["plan", "cdk.out"]).expect(0).out;
    let total = plan.split("Total of 2 stacks").nth(1).unwrap().replace('\n', " ");
    assert!(total.ends_with("0 unchanged. 1 asset to upload. "), "{plan}");
    let applied = place.sandbox(&["apply", "cdk.out", "--yes"]).expect(0);
    assert_eq!(applied.err.matches("uploaded").count(), 1, "{}", applied.err);
    assert_eq!(objects(&place).len(), 1);
}
