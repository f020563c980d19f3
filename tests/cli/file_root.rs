//! The files that a template, a cloud assembly or a project file names: those of the project, and no
//! others. What is elsewhere is neither read nor shown, whatever leads there.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rustix::fs::{CWD, Mode, mkfifoat};

use crate::harness::Place;

const SECRET: &str = "k3y-m4terial";

fn include(location: &str) -> String {
    format!(
        "Resources:\n  T: {{Type: AWS::SNS::Topic}}\n  Fn::Transform: {{Name: AWS::Include, \
         Parameters: {{Location: '{location}'}}}}\n"
    )
}

pub(crate) fn fifo(path: &Path) {
    mkfifoat(CWD, path, Mode::from_raw_mode(0o600)).unwrap();
}

/// A project in `p`, and a secret beside it.
fn place() -> Place {
    let place = Place::empty();
    std::fs::remove_file(place.path("rstack.toml")).unwrap();
    place.write("p/rstack.toml", "[lint]\nvalidator = false\n");
    place.write("home/credentials", &format!("aws_secret_access_key = {SECRET}\n{SECRET}: [\n"));
    place.write("p/stacks/topic.yaml", "Resources: {T: {Type: AWS::SNS::Topic}}\n");
    place
}

/// Runs a command in the project, which fails and shows nothing of the secret.
#[track_caller]
fn refused(place: &Place, arguments: &[&str], error: &str) {
    let mut command = place.command(arguments);
    command.current_dir(place.path("p"));
    let ran = crate::harness::ran(command).expect(1);
    assert!(ran.err.contains(error), "{arguments:?}: {}", ran.err);
    assert!(!(ran.err.clone() + &ran.out).contains(SECRET), "{arguments:?}: {}", ran.err);
}

#[test]
fn a_template_includes_files_of_its_project_only() {
    let place = place();
    symlink("../home/credentials", place.path("p/link")).unwrap();
    symlink(place.path("home/credentials"), place.path("p/absolute")).unwrap();
    symlink("../home", place.path("p/folder")).unwrap();
    symlink("/dev/zero", place.path("p/zero")).unwrap();
    fifo(&place.path("p/fifo"));
    place.write("p/.git/config", SECRET);
    symlink(".git", place.path("p/git")).unwrap();
    for (location, error) in [
        ("../../home/credentials", "outside of the project"),
        ("../link", "outside of the project"),
        ("../absolute", "outside of the project"),
        ("../folder/credentials", "outside of the project"),
        ("../zero", "outside of the project"),
        ("../../../../../../../../proc/self/environ", "outside of the project"),
        ("/proc/self/environ", "is not relative to the template"),
        ("../fifo", "is a FIFO, not a regular file"),
        ("..", "is a directory, not a regular file"),
        ("../.git/config", "lies in a `.git` folder"),
        ("../git/config", "lies in a `.git` folder"),
        ("../none", "No such file or directory"),
    ] {
        place.write("p/stacks/bad.yaml", &include(location));
        refused(&place, &["validate", "stacks/bad.yaml"], error);
        refused(&place, &["plan", "stacks/bad.yaml", "--sandbox"], error);
        refused(&place, &["graph", "bad", "--json"], "stacks/bad.yaml");
    }
}

#[test]
fn links_within_the_project_are_followed() {
    let place = place();
    place.write("p/shared/more.yaml", "M: {Type: AWS::SNS::Topic}\n");
    symlink("../shared", place.path("p/stacks/parts")).unwrap();
    symlink("topic.yaml", place.path("p/stacks/alias.yaml")).unwrap();
    place.write("p/stacks/good.yaml", &include("parts/more.yaml"));
    place.write("p/stacks/up.yaml", &include("../shared/more.yaml"));
    let paths = ["p/stacks/good.yaml", "p/stacks/up.yaml", "p/stacks/alias.yaml"];
    let valid = place.run(&[&["validate"][..], &paths].concat()).expect(0);
    assert_eq!(valid.out.lines().count(), 3, "{}", valid.out);
}

#[test]
fn without_a_project_the_folder_of_the_template_is_the_root() {
    let place = place();
    place.write("loose/a/t.yaml", &include("../b.yaml"));
    place.write("loose/b.yaml", "M: {Type: AWS::SNS::Topic}\n");
    place.write("loose/a/u.yaml", &include("b.yaml"));
    place.write("loose/a/b.yaml", "M: {Type: AWS::SNS::Topic}\n");
    let ran = place.run(&["validate", "loose/a/t.yaml", "--no-lint"]).expect(1);
    ran.reports("include", &["../b.yaml"]);
    place.run(&["validate", "loose/a/u.yaml", "--no-lint"]).expect(0);
    // A `.git` makes it a project, but for one in the home directory.
    place.write(".git/HEAD", "");
    let ran = place.run(&["validate", "loose/a/t.yaml", "--no-lint"]).expect(1);
    ran.reports("include", &["../b.yaml"]);
    place.write("loose/.git/HEAD", "");
    place.run(&["validate", "loose/a/t.yaml", "--no-lint"]).expect(0);
}

#[test]
fn a_template_that_a_project_links_to_is_not_read() {
    let place = place();
    symlink("../../home/credentials", place.path("p/stacks/out.yaml")).unwrap();
    fifo(&place.path("p/stacks/fifo.yaml"));
    let out = "outside of the project";
    refused(&place, &["validate", "stacks/out.yaml"], out);
    refused(&place, &["validate", "stacks"], out);
    refused(&place, &["validate"], out);
    refused(&place, &["plan", "out", "--sandbox"], out);
    refused(&place, &["apply", "out", "--sandbox", "--yes"], out);
    refused(&place, &["validate", "stacks/fifo.yaml"], "error[file-kind]");
    refused(&place, &["validate", "/dev/zero"], "error[file-kind]");
    // The user may name a file anywhere.
    place.write("elsewhere/t.yaml", "Resources: {T: {Type: AWS::SNS::Topic}}\n");
    let mut command = place.command(&["validate", "../elsewhere/t.yaml"]);
    command.current_dir(place.path("p"));
    crate::harness::ran(command).expect(0);
}

#[test]
fn nothing_of_an_included_file_is_shown() {
    let place = place();
    for text in [
        format!("password {SECRET}\nother: x\n"),
        format!("{SECRET}\nother: x\n"),
        format!("a: *{SECRET}\n"),
        format!("a: !{SECRET} x\n"),
        format!("- {SECRET}\n"),
        format!("-{SECRET}\nx: y\n"),
        format!("a: [{SECRET}\n"),
        format!("a: @{SECRET}\n"),
        SECRET.to_owned(),
    ] {
        place.write("p/stacks/secret.txt", &text);
        place.write("p/stacks/bad.yaml", &include("secret.txt"));
        for format in ["text", "json", "sarif"] {
            let line = ["validate", "stacks/bad.yaml", "--format", format];
            let mut command = place.command(&line);
            command.current_dir(place.path("p"));
            let ran = crate::harness::ran(command).expect(1);
            let said = ran.err + &ran.out;
            assert!(!said.contains(SECRET), "{text}: {said}");
            assert!(said.contains("stacks/secret.txt"), "{text}: {said}");
        }
    }
    // Its place is.
    place.write("p/stacks/secret.txt", "M:\n  Type: AWS::SNS::Topic\n  Nonsense: yes\n");
    refused(&place, &["validate", "stacks/bad.yaml"], "stacks/secret.txt:3:3");
}

#[test]
fn the_templates_of_an_assembly_lie_in_its_project() {
    let place = place();
    let manifest = |template: &str| {
        let template = serde_json::Value::from(template);
        format!(
            "{{\"artifacts\": {{\"S\": {{\"type\": \"aws:cloudformation:stack\", \"properties\": \
             {{\"templateFile\": {template}}}}}}}}}"
        )
    };
    symlink("../../home/credentials", place.path("p/stacks/out.json")).unwrap();
    let credentials = place.path("home/credentials");
    for template in [
        "../../home/credentials",
        "../stacks/out.json",
        credentials.to_str().unwrap(),
        "/proc/self/environ",
    ] {
        place.write("p/cdk.out/manifest.json", &manifest(template));
        for line in [&["validate", "cdk.out"][..], &["plan", "cdk.out/S", "--sandbox"]] {
            refused(&place, line, "outside of the project");
        }
    }
    place.write("p/cdk.out/manifest.json", &format!("{{\"artifacts\": \"{SECRET}\"}}"));
    refused(&place, &["validate", "cdk.out"], "error[invalid-assembly]");
    std::fs::remove_file(place.path("p/cdk.out/manifest.json")).unwrap();
    symlink("../../home/credentials", place.path("p/cdk.out/manifest.json")).unwrap();
    refused(&place, &["validate", "cdk.out"], "outside of the project");
}

#[test]
fn a_project_file_counts_in_its_project_and_if_no_other_user_can_write_it() {
    let place = place();
    let wrong = "[lint]\nallow = ['no-such-rule']\n";
    place.write("rstack.toml", wrong);
    place.write("p/inner/.git/HEAD", "");
    let run = |folder: &str| {
        let mut command = place.command(&["plan", "t.yaml", "--sandbox"]);
        command.current_dir(place.path(folder));
        crate::harness::ran(command)
    };
    for folder in ["p", "p/inner", "other"] {
        place.write(&format!("{folder}/t.yaml"), "Resources: {T: {Type: AWS::SNS::Topic}}\n");
    }
    // `p` has its own, and the project `p/inner` has none.
    run("p").expect(0);
    let inner = place.path("p/inner/t.yaml");
    let mut command = place.command(&["graph", inner.to_str().unwrap()]);
    command.current_dir(place.path("p/inner"));
    crate::harness::ran(command).expect(0);
    let other = run("other").expect(1);
    assert!(other.err.contains("error[unknown-rule]: "), "{}", other.err);

    place.write("p/rstack.toml", "[lint]\nvalidator = false\n");
    let mode = |mode| PermissionsExt::from_mode(mode);
    std::fs::set_permissions(place.path("p/rstack.toml"), mode(0o666)).unwrap();
    refused(&place, &["validate"], "error[file-not-trusted]");
    std::fs::set_permissions(place.path("p/rstack.toml"), mode(0o644)).unwrap();
    place.write("p/rstack.toml", &format!("aws_secret_access_key = {SECRET}\n"));
    refused(&place, &["validate"], "rstack.toml:1:");
    place.write("p/rstack.toml", &"#".repeat((1 << 20) + 1));
    refused(&place, &["validate"], "error[file-too-large]");
    std::fs::remove_file(place.path("p/rstack.toml")).unwrap();
    symlink("../home/credentials", place.path("p/rstack.toml")).unwrap();
    refused(&place, &["validate"], "outside of the project");
    std::fs::remove_file(place.path("p/rstack.toml")).unwrap();
    fifo(&place.path("p/rstack.toml"));
    refused(&place, &["validate"], "error[file-kind]");
}
