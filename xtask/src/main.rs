//! Rebuilds the data files of the workspace from the public packages they come from.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

mod documentation;
mod models;
mod overlay;
mod schemas;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask schemas CFN_LINT_DIR SERVICE_SPEC_DB OUTPUT

  CFN_LINT_DIR     the unpacked wheel of cfn-lint (PyPI)
  SERVICE_SPEC_DB  db.json.gz of @aws-cdk/aws-service-spec (npm), unzipped to db.json
  OUTPUT           crates/catalog/data/schemas.bin

       cargo xtask documentation CFN_LINT_DIR SERVICE_SPEC_DB OUTPUT

  OUTPUT           crates/catalog/data/documentation.bin

       cargo xtask models BOTOCORE_DIR OUTPUT_DIR

  BOTOCORE_DIR     the package directory of botocore (PyPI), its models unzipped
  OUTPUT_DIR       crates/aws/data";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["schemas", lint, spec, output] => {
            schemas::run(&PathBuf::from(lint), &PathBuf::from(spec), &PathBuf::from(output))
        }
        ["documentation", lint, spec, output] => {
            documentation::run(&PathBuf::from(lint), &PathBuf::from(spec), &PathBuf::from(output))
        }
        ["models", botocore, output] => {
            models::run(&PathBuf::from(botocore), &PathBuf::from(output))
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
