//! Tasks of the workspace: rebuilds its data files from the public packages they come from, and tries
//! the program on the corpus.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

mod catalog;
mod docs;
mod ecosystem;
#[cfg(test)]
mod first_driver;
mod models;
mod pages;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask catalog CFN_LINT_DIR SERVICE_SPEC_DB

  CFN_LINT_DIR     the unpacked wheel of cfn-lint (PyPI)
  SERVICE_SPEC_DB  db.json.gz of @aws-cdk/aws-service-spec (npm), unzipped to db.json

       cargo xtask models BOTOCORE_DIR

  BOTOCORE_DIR     the package directory of botocore (PyPI), its models unzipped

       cargo xtask operations

  prints the operations that the program calls, as JSON, for crates/aws/tests/botocore_golden.py

       cargo xtask pages

  writes the lists of types in README.md, docs/permissions.md and docs/coverage.md

       cargo xtask docs

  writes the pages of docs/reference that follow from the program, and the output of commands in
  docs/guide

       cargo xtask ecosystem PROGRAM CORPUS [--record]

  PROGRAM          a program that has been built from this workspace
  CORPUS           a folder with templates and a manifest.jsonl

  tries every template in the sandbox and prints what differs from tests/ecosystem/verdicts.jsonl,
  or records the verdicts there";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["catalog", lint, spec] => catalog::run(&PathBuf::from(lint), &PathBuf::from(spec)),
        ["models", botocore] => models::run(&PathBuf::from(botocore)),
        ["operations"] => models::operations(),
        ["pages"] => pages::run(),
        ["docs"] => docs::run(),
        ["ecosystem", program, corpus] => {
            ecosystem::run(Path::new(program), Path::new(corpus), ecosystem::Mode::Compare)
        }
        ["ecosystem", program, corpus, "--record"] => {
            ecosystem::run(Path::new(program), Path::new(corpus), ecosystem::Mode::Record)
        }
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
