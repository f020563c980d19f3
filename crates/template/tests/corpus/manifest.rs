//! The manifest of the corpus: the known facts about each template, one JSON object a line.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Transforms that are carried out here.
const OWN: [&str; 1] = ["AWS::LanguageExtensions"];

/// One template.
pub(crate) struct Entry {
    file: String,
    pub(crate) text: String,
    /// True if it is YAML or JSON.
    pub(crate) parse_ok: bool,
    /// True if it is a template.
    pub(crate) is_template: bool,
    /// The number of resources that it declares.
    pub(crate) resources: usize,
    /// True if resources depend on each other in a circle.
    pub(crate) cyclic: bool,
    /// Names that references use and nothing has.
    pub(crate) dangling: Vec<String>,
    /// True if cfn-lint finds no error.
    pub(crate) lint_ok: bool,
    /// Values for parameters without a default.
    pub(crate) stub_params: BTreeMap<String, String>,
    transforms: Vec<Value>,
}

impl Entry {
    /// The name of its file.
    pub(crate) fn name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or_default()
    }

    /// True if only CloudFormation can carry its transforms out.
    pub(crate) fn is_foreign(&self) -> bool {
        self.transforms.iter().any(|t| t.as_str().is_none_or(|name| !OWN.contains(&name)))
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| Some(item.as_str()?.to_owned())).collect()
}

/// The templates of the corpus, in the folder that `RSTACK_CORPUS` names.
pub(crate) fn entries() -> Vec<Entry> {
    let root = std::env::var_os("RSTACK_CORPUS").expect("`make corpus` sets RSTACK_CORPUS");
    let root = Path::new(&root);
    let manifest = fs::read_to_string(root.join("manifest.jsonl"));
    let manifest = manifest.unwrap_or_else(|error| panic!("the manifest in {root:?}: {error}"));
    let entry = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let file = row["file"].as_str().unwrap().to_owned();
        let bytes = fs::read(root.join(&file)).unwrap();
        let stubs = row["stub_params"].as_object().into_iter().flatten();
        let stubs = stubs
            .map(|(k, v)| (k.clone(), v.as_str().map_or_else(|| v.to_string(), str::to_owned)));
        Entry {
            file,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            parse_ok: row["parse_ok"] == true,
            is_template: row["is_template"] == true,
            resources: usize::try_from(row["resources"].as_u64().unwrap_or(0)).unwrap(),
            cyclic: row["cyclic"] == true,
            dangling: texts(&row["dangling"]),
            lint_ok: row["cfn_lint"]["verdict"] == "ok",
            stub_params: stubs.collect(),
            transforms: row["transforms"].as_array().cloned().unwrap_or_default(),
        }
    };
    let entries: Vec<Entry> = manifest.lines().map(entry).collect();
    assert!(!entries.is_empty(), "the manifest in {root:?} has no templates");
    entries
}
