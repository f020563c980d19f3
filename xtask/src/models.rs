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

#[cfg(test)]
mod tests {
    use super::format::{ServiceFile, TypeFile};
    use super::*;

    fn service(tagged: bool) -> ServiceFile {
        let tags = json!({
            "property": "Tags", "set": "TagResource", "remove": "UntagResource",
            "resource": "ResourceArn", "keys": "TagKeys", "arn": "Arn", "source": "a page",
        });
        let mut file = json!({
            "title": "X", "protocol": "rest-json", "model": {"botocore": "x", "version": "1"},
            "errors": [{"codes": ["Taken"], "meaning": "refused", "source": "a page"}],
        });
        if tagged {
            file["tags"] = tags;
        }
        serde_json::from_value(file).unwrap()
    }

    fn of_type(more: Value) -> Result<TypeFile, serde_json::Error> {
        let mut file = json!({
            "type": "AWS::X::Thing", "noun": "thing",
            "operations": {"create": "Make", "read": "Get", "delete": "Drop", "source": "a page"},
            "identifier": {"property": "Id", "source": "a page"},
        });
        file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(file)
    }

    #[test]
    fn a_fact_without_a_source_is_refused() {
        let service = service(true);
        assert_eq!(service.problem(), None);
        let whole = of_type(json!({})).unwrap();
        assert_eq!(whole.problem(&service), None);
        assert_eq!(whole.file_name(), "AWS-X-Thing.yaml");
        let calls: Vec<String> = whole.calls(&service).into_iter().collect();
        assert_eq!(calls, ["Drop", "Get", "Make", "TagResource", "UntagResource"]);
        for entry in [
            json!({"identifier": {"property": "Id"}}),
            json!({"attributes": [{"name": "Arn", "source": " "}]}),
            json!({"kept": [{"properties": ["A"]}]}),
            json!({"resets": [{"values": {"A": 1}}]}),
            json!({"withheld": [{"members": ["Password"]}]}),
            json!({"permissions": [{"actions": ["iam:PassRole"], "when": "always"}]}),
            json!({"states": {"member": "State"}}),
            json!({"untagged": {}}),
            json!({"references": [{"properties": ["A"]}]}),
            json!({"plain": [{"properties": ["A"]}]}),
            json!({"unsupported": [{"property": "A", "instead": "do without"}]}),
        ] {
            let problem = of_type(entry.clone()).unwrap().problem(&service);
            assert!(problem.is_some_and(|text| text.contains("no `source`")), "{entry}");
        }
    }

    #[test]
    fn a_type_whose_objects_could_not_be_known_again_is_refused() {
        let problem = of_type(json!({})).unwrap().problem(&service(false)).unwrap();
        assert!(problem.contains("could not be found again"), "{problem}");
        let untagged = json!({"untagged": {"source": "a page"}});
        assert_eq!(of_type(untagged.clone()).unwrap().problem(&service(true)), None);
        // A listing tells objects apart by their tags.
        let mut listed = untagged;
        listed["identifier"] = json!({
            "property": "Id", "source": "a page",
            "listing": {"operation": "List", "items": "Things", "next": "NextToken"},
        });
        let problem = of_type(listed).unwrap().problem(&service(true)).unwrap();
        assert!(problem.contains("could not be found again"), "{problem}");
    }

    #[test]
    fn an_identifier_says_one_thing() {
        let listing = json!({"operation": "List", "items": "Things", "next": "NextToken"});
        let problem = |entry: Value| {
            let mut file = of_type(json!({})).unwrap();
            let mut whole = entry;
            whole["source"] = json!("a page");
            file.identifier = serde_json::from_value(whole).unwrap();
            file.problem(&service(true))
        };
        assert_eq!(problem(json!({"properties": ["A", "B"]})), None);
        assert_eq!(problem(json!({"property": "Arn", "arn": "a/{A}"})), None);
        let chosen = json!({"property": "Id", "member": "ThingId", "listing": listing});
        assert_eq!(problem(chosen), None);
        for wrong in [
            json!({}),
            json!({"property": "A", "properties": ["B"]}),
            json!({"properties": ["A"], "arn": "a/{A}"}),
            json!({"property": "Id", "member": "ThingId"}),
            json!({"property": "Arn", "arn": "a/{A}", "listing": listing}),
            json!({"properties": ["A", "B"], "lookup": {"operation": "Find", "property": "A"}}),
            json!({"properties": ["A", "B"], "naming": {"maxLength": 9, "separator": "hyphen"}}),
        ] {
            assert!(problem(wrong.clone()).is_some(), "{wrong}");
        }
    }

    #[test]
    fn an_entry_that_the_form_does_not_have_is_refused() {
        assert!(of_type(json!({"colour": "red"})).is_err());
        assert!(of_type(json!({"settings": [{"operation": "Set"}]})).is_err());
    }

    #[test]
    fn the_data_of_the_crate_are_of_the_form() {
        let folders = files::read(&data().unwrap()).unwrap();
        assert!(folders.len() >= 8, "{}", folders.len());
        let types: usize = folders.iter().map(|folder| folder.types.len()).sum();
        assert!(types >= 5, "{types}");
    }
}
