//! The arrows between the crates, and the purity of the core, as ARCHITECTURE.md states them.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// For each crate the crates of the workspace that it may depend on.
const ARROWS: [(&str, &[&str]); 16] = [
    ("rstack-model", &[]),
    ("rstack-explain", &["rstack-model"]),
    ("rstack-catalog", &["rstack-model"]),
    ("rstack-template", &["rstack-model", "rstack-catalog"]),
    ("rstack-lint", &["rstack-model"]),
    ("rstack-plan", &["rstack-model", "rstack-catalog"]),
    ("rstack-render", &["rstack-model", "rstack-catalog"]),
    ("rstack-driver", &["rstack-model"]),
    ("rstack-journal", &["rstack-catalog", "rstack-model"]),
    ("rstack-store", &["rstack-journal", "rstack-model"]),
    (
        "rstack-apply",
        &["rstack-driver", "rstack-model", "rstack-journal", "rstack-plan", "rstack-store"],
    ),
    (
        "rstack-ops",
        &[
            "rstack-apply",
            "rstack-catalog",
            "rstack-driver",
            "rstack-journal",
            "rstack-model",
            "rstack-plan",
            "rstack-store",
            "rstack-template",
        ],
    ),
    ("rstack-sandbox", &["rstack-driver", "rstack-model", "rstack-catalog"]),
    ("rstack-aws", &["rstack-driver", "rstack-model", "rstack-catalog"]),
    (
        "rstack-explorer",
        &[
            "rstack-apply",
            "rstack-driver",
            "rstack-model",
            "rstack-ops",
            "rstack-plan",
            "rstack-sandbox",
            "rstack-store",
            "rstack-journal",
            "rstack-template",
        ],
    ),
    (
        "rstack-cli",
        &[
            "rstack-apply",
            "rstack-aws",
            "rstack-driver",
            "rstack-explain",
            "rstack-lint",
            "rstack-model",
            "rstack-ops",
            "rstack-plan",
            "rstack-render",
            "rstack-sandbox",
            "rstack-catalog",
            "rstack-store",
            "rstack-journal",
            "rstack-template",
        ],
    ),
];

/// Crates that do no I/O and read no clock, no environment and no randomness.
const PURE: [&str; 9] = [
    "rstack-explain",
    "rstack-journal",
    "rstack-model",
    "rstack-catalog",
    "rstack-template",
    "rstack-lint",
    "rstack-plan",
    "rstack-render",
    "rstack-driver",
];

/// Dependencies that pure crates may have beside each other.
const PURE_DEPENDENCIES: [&str; 21] = [
    "aho-corasick",
    "annotate-snippets",
    "anstyle",
    "async-trait",
    "base64",
    "cloudformation-validate",
    "granit-parser",
    "hex",
    "petgraph",
    "pulldown-cmark",
    "regex-lite",
    "serde",
    "serde_json",
    "sha2",
    "similar",
    "strsim",
    "thiserror",
    "unicode-width",
    "unicode-segmentation",
    "zeroize",
    "zstd",
];

/// The names that pure source text does not contain.
const IMPURE: [&str; 11] = [
    "std::fs",
    "std::env",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "println!",
    "tokio::",
];

struct Package {
    folder: PathBuf,
    dependencies: BTreeSet<String>,
}

fn packages() -> BTreeMap<String, Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter().map(|package| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let normal = dependencies.filter(|d| d["kind"].is_null()).map(|d| text(&d["name"]));
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let folder = manifest.parent().unwrap().to_owned();
        (text(&package["name"]), Package { folder, dependencies: normal.collect() })
    });
    packages.collect()
}

#[test]
fn arrows_between_crates_run_one_way() {
    let packages = packages();
    let mut wrong = Vec::new();
    for (name, package) in &packages {
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| known == name) else {
            assert_eq!(name, "xtask", "a crate that ARCHITECTURE.md does not know");
            continue;
        };
        let ours = package.dependencies.iter().filter(|d| d.starts_with("rstack-"));
        wrong.extend(
            ours.filter(|d| !allowed.contains(&d.as_str())).map(|d| format!("{name} → {d}")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(packages.len(), ARROWS.len() + 1);
}

#[test]
fn the_core_is_pure() {
    let packages = packages();
    let mut wrong = Vec::new();
    let mut read = 0;
    for name in PURE {
        let package = &packages[name];
        for dependency in &package.dependencies {
            let known = PURE_DEPENDENCIES.contains(&dependency.as_str())
                || PURE.contains(&dependency.as_str());
            if !known {
                wrong.push(format!("{name} depends on {dependency}"));
            }
        }
        for file in sources(&package.folder.join("src")) {
            read += 1;
            let text = std::fs::read_to_string(&file).unwrap();
            let product = text.split("#[cfg(test)]").next().unwrap();
            for word in IMPURE.iter().filter(|word| product.contains(**word)) {
                wrong.push(format!("{} names {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(read > 50, "only {read} files were read");
}

/// The modules at the root of the command line import each other one way.
#[test]
fn the_modules_of_the_command_line_make_no_circle() {
    let root = packages()["rstack-cli"].folder.join("src");
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources(&root) {
        let module = module_of(file.strip_prefix(&root).unwrap());
        let text = std::fs::read_to_string(&file).unwrap();
        let text: String = text.split_whitespace().collect();
        let named = text.split("crate::").skip(1).flat_map(|rest| match rest.strip_prefix('{') {
            // `use crate::{a, b::C};`
            Some(group) => group.split('}').next().unwrap().split(',').collect(),
            None => vec![rest],
        });
        let named = named.map(|path| {
            path.split(|c: char| c != '_' && !c.is_alphanumeric()).next().unwrap().to_owned()
        });
        let others = imports.entry(module.clone()).or_default();
        others.extend(named.filter(|name| *name != module));
    }
    assert!(imports.len() > 20, "only {} modules were read", imports.len());
    assert!(imports["commands"].contains("session"), "imports are read");
    // What nothing imports that is left is taken away, until nothing is left or a circle is.
    while let Some(free) = imports
        .keys()
        .find(|module| !imports.values().any(|others| others.contains(*module)))
        .cloned()
    {
        imports.remove(&free);
    }
    assert!(imports.is_empty(), "a circle, and what it needs: {imports:#?}");
}

/// The words that write without the escaping of the terminal, and the files that may name each. The
/// validator's process writes to its parent, in `worker.rs`.
const UNESCAPED: [(&str, &[&str]); 6] = [
    ("io::stdout(", &["process.rs", "worker.rs"]),
    ("io::stderr(", &["memory.rs", "process.rs", "reader.rs"]),
    ("streams.out", &["cli.rs", "terminal.rs"]),
    ("streams.err", &["cli.rs", "terminal.rs"]),
    (".own_text(", &["shell.rs", "terminal.rs"]),
    (".draw(", &["progress.rs", "terminal.rs"]),
];

#[test]
fn all_that_the_command_line_writes_passes_the_escaping_of_its_reader() {
    let root = packages()["rstack-cli"].folder.join("src");
    let mut wrong = Vec::new();
    let mut met = BTreeSet::new();
    for file in sources(&root) {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        for (word, allowed) in UNESCAPED.iter().filter(|(word, _)| text.contains(word)) {
            met.insert(*word);
            if !allowed.contains(&name) {
                wrong.push(format!("{} names {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(met.len(), UNESCAPED.len(), "only {met:?} are met");
}

/// The module at the root that a file belongs to.
fn module_of(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The source files below a folder, those of tests left out.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let test = path.file_stem().is_some_and(|stem| stem == "tests" || stem == "fixtures");
        if path.is_dir() && !test {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !test {
            files.push(path);
        }
    }
    files
}
