//! Builds the data files of the services in `crates/aws/data` from the package botocore.
//!
//! Of a model the operations are taken that the program calls, and the shapes they reach, without
//! documentation, limits and error shapes; of the endpoint rules everything but the documentation.

#[path = "../../crates/aws/build/files.rs"]
pub(crate) mod files;
#[path = "../../crates/aws/src/definition/format.rs"]
#[expect(dead_code, reason = "the crate reads facts that no data file needs")]
pub(crate) mod format;
mod reduce;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use self::files::Folder;

const LEVEL: i32 = 19;

/// The data of the crate `rstack-aws`.
pub(crate) fn data() -> Result<PathBuf, Box<dyn Error>> {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("run this with `cargo xtask`")?;
    Ok(Path::new(&own).join("../crates/aws/data"))
}

/// Rebuilds `model.bin` and `endpoints.bin` of every service, and `partitions.json`.
///
/// # Errors
/// If a file of the package cannot be read or lacks what a service or a type names.
pub(crate) fn run(botocore: &Path) -> Result<String, Box<dyn Error>> {
    let data = data()?;
    let mut report = Vec::new();
    for folder in files::read(&data)? {
        let model = compressed(&reduce::model(&folder, &read(botocore, &folder, "service-2")?)?)?;
        let rules = read(botocore, &folder, "endpoint-rule-set-1")?;
        let rules = compressed(&reduce::endpoint_rules(rules))?;
        std::fs::write(folder.path.join("model.bin"), &model)?;
        std::fs::write(folder.path.join("endpoints.bin"), &rules)?;
        report.push(format!(
            "{}: {} operations, {} bytes; endpoint rules, {} bytes",
            folder.name,
            folder.operations().len(),
            model.len(),
            rules.len()
        ));
    }
    let partitions: Value =
        serde_json::from_slice(&std::fs::read(botocore.join("data/partitions.json"))?)?;
    let mut text = serde_json::to_string_pretty(&reduce::partitions(partitions))?;
    text.push('\n');
    std::fs::write(data.join("partitions.json"), text)?;
    Ok(report.join("\n"))
}

/// The operations of every service as JSON, for `crates/aws/tests/botocore_golden.py`.
///
/// # Errors
/// If a file of `data` cannot be read.
pub(crate) fn operations() -> Result<String, Box<dyn Error>> {
    let row = |folder: Folder| {
        let source = &folder.service.model;
        let row = json!({
            "botocore": source.botocore,
            "version": source.version,
            "protocol": folder.service.protocol,
            "operations": folder.operations(),
        });
        (folder.name, row)
    };
    let rows: BTreeMap<String, Value> = files::read(&data()?)?.into_iter().map(row).collect();
    Ok(serde_json::to_string_pretty(&rows)?)
}

/// A file of the package that describes a service.
fn read(botocore: &Path, folder: &Folder, file: &str) -> Result<Value, Box<dyn Error>> {
    let source = &folder.service.model;
    let path = botocore.join("data").join(&source.botocore).join(&source.version);
    let path = path.join(format!("{file}.json"));
    let text = std::fs::read(&path)
        .map_err(|error| format!("{}: {error}; unzip the package's files", path.display()))?;
    Ok(serde_json::from_slice(&text)?)
}

fn compressed(value: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(zstd::bulk::compress(&serde_json::to_vec(value)?, LEVEL)?)
}
