//! The pages of docs/guide, and the README: their files are written, their commands are run in the sandbox, and what
//! they print is compared with the page. `cargo xtask docs` puts new output into the pages.
//!
//! In a page, a fence with ` file=NAME` behind its language is a file, and a fence `console` has
//! commands (`$ …`) with their output. Every command must succeed: one that is to fail has
//! `; echo "exit code $?"` behind it. A line `…` stands for any number of lines.

mod commands;
mod links;
mod normal;
mod page;

use std::path::{Path, PathBuf};

use crate::harness::{Place, Ran, ran};
use normal::{fits, normal, shown};
use page::{Block, blocks};

/// Set by `cargo xtask docs`: pages are rewritten where their output is another one.
const UPDATE: &str = "RSTACK_UPDATE_GUIDE";

/// Every page, in the order in which they are read.
const PAGES: [&str; 9] = [
    "first-stack.md",
    "cdk.md",
    "ci.md",
    "parameters.md",
    "secrets.md",
    "when-something-fails.md",
    "moving-resources.md",
    "nested-stacks.md",
    "custom-resources.md",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide")
}

/// Runs a page in a folder of its own.
#[track_caller]
fn check(name: &str) {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let place = Place::empty();
    let (mut written, mut wrong, mut failed) = (String::new(), Vec::new(), Vec::new());
    let mut commands = 0;
    for block in blocks(&text) {
        match block {
            Block::Text(text) => written.push_str(text),
            Block::File { name, content, whole } => {
                place.write(name, content);
                written.push_str(whole);
            }
            Block::Console { runs, .. } => {
                written.push_str("```console\n");
                for run in runs {
                    commands += 1;
                    let Ran { code, out, .. } = ran(shell(&place, run.command));
                    let out = shown(&out, &place.path(""));
                    if code != 0 {
                        failed.push(format!("line {}: exit code {code}\n{out}", run.line));
                    }
                    let same = fits(&normal(&run.output), &normal(&out));
                    if !same {
                        wrong.push(format!("line {}: {}\n{out}", run.line, run.command));
                    }
                    let kept = if same { run.output.clone() } else { out };
                    written.push_str(&format!("$ {}\n{kept}", run.command));
                }
                written.push_str("```\n");
            }
        }
    }
    assert!(commands > 2, "{name} has {commands} commands");
    assert!(failed.is_empty(), "{name}: {}", failed.join("\n"));
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &written).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{name} is stale: run `cargo xtask docs`\n{}", wrong.join("\n"));
    assert_eq!(written, text, "{name} is read in another way than it is written");
}

/// A command of a page, as a shell runs it, with both streams in one.
fn shell(place: &Place, command: &str) -> std::process::Command {
    let program = place.command(&[]);
    let mut shell = std::process::Command::new("/bin/sh");
    let folder = Path::new(program.get_program()).parent().unwrap();
    shell.args(["-c", &format!("exec 2>&1\n{command}")]).env_clear();
    for (name, value) in program.get_envs() {
        value.map(|value| shell.env(name, value));
    }
    shell.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    shell.current_dir(place.path("")).stdin(std::process::Stdio::null());
    shell
}

#[test]
fn readme() {
    check("../../README.md");
}

#[test]
fn first_stack() {
    check("first-stack.md");
}

#[test]
fn custom_resources() {
    check("custom-resources.md");
}

#[test]
fn cdk() {
    check("cdk.md");
}

#[test]
fn ci() {
    check("ci.md");
}

#[test]
fn parameters() {
    check("parameters.md");
}

#[test]
fn secrets() {
    check("secrets.md");
}

#[test]
fn when_something_fails() {
    check("when-something-fails.md");
}

#[test]
fn moving_resources() {
    check("moving-resources.md");
}

#[test]
fn nested_stacks() {
    check("nested-stacks.md");
}

#[test]
fn every_page_is_run_and_in_the_list() {
    let pages = std::fs::read_dir(folder()).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.into_string().unwrap()
    });
    let mut pages: Vec<String> = pages.filter(|name| name != "README.md").collect();
    pages.sort();
    let mut listed: Vec<&str> = PAGES.to_vec();
    listed.sort_unstable();
    assert_eq!(pages, listed);
    let index = std::fs::read_to_string(folder().join("README.md")).unwrap();
    for page in PAGES {
        assert!(index.contains(&format!("({page})")), "{page} is not in docs/guide/README.md");
    }
    let source = include_str!("mod.rs");
    for page in PAGES {
        assert!(source.contains(&format!("    check(\"{page}\");")), "{page} has no test");
    }
}
