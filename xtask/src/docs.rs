//! Writes what follows from the program in the documentation: the pages of docs/reference, and the
//! output of commands in docs/guide.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the program without the AWS SDK, rewrites the pages of the reference, and runs the guide's
/// commands, whose test writes the pages.
///
/// # Errors
/// If the program cannot be built, fails, or a page cannot be written.
pub(crate) fn run() -> Result<String, Box<dyn Error>> {
    let folder = root().join("docs/reference");
    let names = printed(&[])?;
    let mut report = Vec::new();
    for name in names.lines() {
        let (path, text) = (folder.join(name), printed(&[name])?);
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        std::fs::write(&path, text)?;
        report.push(format!("wrote docs/reference/{name}"));
    }
    if report.is_empty() {
        report.push("the reference is up to date".to_owned());
    }
    let build = ["test", "--quiet", "--locked", "--ignore-rust-version", "--package", "rstack-cli"];
    let mut guide = Command::new(env!("CARGO"));
    guide.args(build).args(["--no-default-features", "--test", "cli", "--", "guide::"]);
    let output = guide.env("RSTACK_UPDATE_GUIDE", "1").current_dir(root()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stdout).into_owned().into());
    }
    report.push("wrote the output of commands in docs/guide".to_owned());
    Ok(report.join("\n"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The output of `rstack reference`.
fn printed(arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let build = ["run", "--quiet", "--locked", "--ignore-rust-version", "--package", "rstack-cli"];
    let mut command = Command::new(env!("CARGO"));
    command.args(build).args(["--no-default-features", "--", "reference"]).args(arguments);
    let output = command.current_dir(root()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
