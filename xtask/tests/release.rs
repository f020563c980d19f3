//! The gates and the release say the same in every file that names their parts.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The runner of each target.
fn targets(list: &Value) -> BTreeMap<String, String> {
    let field = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let list = list.as_array().unwrap().iter();
    list.map(|one| (field(one, "target"), field(one, "runner"))).collect()
}

fn released() -> BTreeMap<String, String> {
    let released = targets(&serde_json::from_str(&text("packaging/targets.json")).unwrap());
    assert!(released.len() >= 4, "{released:?}");
    released
}

fn workflow(name: &str) -> Value {
    yaml_serde::from_str(&text(&format!(".github/workflows/{name}.yml"))).unwrap()
}

#[test]
fn the_workflow_builds_and_attests_every_target() {
    let workflow = workflow("release");
    let released = released();
    assert_eq!(targets(&workflow["jobs"]["archive"]["strategy"]["matrix"]["include"]), released);
    let steps = workflow["jobs"]["publish"]["steps"].as_array().unwrap();
    let attested: BTreeSet<&str> =
        steps.iter().filter_map(|step| step["with"]["sbom-path"].as_str()).collect();
    let expected: BTreeSet<String> = released
        .keys()
        .map(|target| format!("dist/rstack-${{{{ env.VERSION }}}}-{target}.cdx.json"))
        .collect();
    assert_eq!(attested, expected.iter().map(String::as_str).collect());
}

#[test]
fn the_install_script_and_the_formula_choose_among_all_targets() {
    let (installer, release) = (text("packaging/install.sh.in"), text("scripts/release"));
    for target in released().keys() {
        assert!(installer.contains(&format!("target={target} ;;")), "install.sh: {target}");
        assert!(release.contains(&format!("\"{target}\": (")), "formula: {target}");
    }
}

#[test]
fn actions_of_others_are_pinned_to_a_commit_and_tokens_are_not_kept() {
    let (mut pinned, mut checkouts) = (0, 0);
    for name in ["test", "release"] {
        let workflow = workflow(name);
        assert_eq!(workflow["permissions"]["contents"], "read", "{name}");
        for job in workflow["jobs"].as_object().unwrap().values() {
            for step in job["steps"].as_array().unwrap() {
                let Some(uses) = step["uses"].as_str() else { continue };
                let commit = uses.split_once('@').unwrap().1;
                let hex = commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
                assert!(hex, "{name}: {uses}");
                pinned += 1;
                if uses.starts_with("actions/checkout@") {
                    assert_eq!(step["with"]["persist-credentials"], false, "{name}: {uses}");
                    checkouts += 1;
                }
            }
        }
    }
    assert!(pinned > checkouts && checkouts >= 5, "{pinned} uses, {checkouts} checkouts");
}

/// Without the corpus nothing that needs it may count as passed.
#[test]
fn tests_of_the_corpus_are_no_part_of_the_default_tests() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let mut corpora = 0;
    for target in packages.iter().flat_map(|package| package["targets"].as_array().unwrap()) {
        let path = target["src_path"].as_str().unwrap();
        let is_test = target["kind"][0] == "test";
        if is_test && target["name"] == "corpus" {
            assert_eq!(target["test"], false, "{path}");
            corpora += 1;
        } else if is_test && path != format!("{}/tests/release.rs", env!("CARGO_MANIFEST_DIR")) {
            let text = std::fs::read_to_string(path).unwrap();
            assert!(!text.contains("RSTACK_CORPUS"), "{path} needs the corpus");
        }
    }
    assert_eq!(corpora, 2);
    let gates = text(".ci/run");
    for gate in ["format", "scripts-lint", "deny", "clippy", "rustdoc", "corpus", "ecosystem"] {
        assert!(gates.contains(&format!("gate {gate}")), "CI leaves {gate} out");
    }
    assert!(gates.trim_end().ends_with("exec make test"), "the counts come last");
}
