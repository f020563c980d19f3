//! The templates of the corpus, by its manifest.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// A template to be tried.
pub(crate) struct Template {
    /// Its file name, which is unique in the corpus.
    pub(crate) name: String,
    /// The absolute path of its file.
    pub(crate) path: PathBuf,
    /// Values for parameters without a default.
    pub(crate) parameters: BTreeMap<String, String>,
    /// True if cfn-lint finds no error in it.
    pub(crate) lint_ok: bool,
}

#[derive(Deserialize)]
struct Row {
    file: PathBuf,
    #[serde(default)]
    stub_params: BTreeMap<String, Value>,
    cfn_lint: Lint,
}

/// A value for parameters that the manifest's value does not fit, because the template takes it to
/// pieces or allows certain values only.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Substitute {
    /// A part of the parameter's name.
    parameter: String,
    /// A part of the template's name; without it all templates are meant.
    template: Option<String>,
    value: String,
}

#[derive(Deserialize)]
struct Lint {
    verdict: String,
}

/// Reads the manifest. Of the substitutes the first that fits a parameter counts.
///
/// # Errors
/// If the manifest cannot be read, is of another form, or names no template or one twice.
pub(crate) fn templates(
    corpus: &Path,
    substitutes: &[Substitute],
) -> Result<Vec<Template>, Box<dyn Error>> {
    let corpus = corpus.canonicalize().map_err(|error| format!("{}: {error}", corpus.display()))?;
    let manifest = corpus.join("manifest.jsonl");
    let text = std::fs::read_to_string(&manifest)
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    let mut templates = BTreeMap::new();
    for line in text.lines() {
        let row: Row = serde_json::from_str(line)?;
        let name = row.file.file_name().ok_or("a row of the manifest names no file")?;
        let name = name.to_string_lossy().into_owned();
        let value = |parameter: &str, value: Value| {
            let fits = |one: &&Substitute| {
                let template = one.template.as_ref().is_none_or(|part| name.contains(part));
                template && parameter.contains(&one.parameter)
            };
            match (substitutes.iter().find(fits), value) {
                (Some(substitute), _) => substitute.value.clone(),
                (None, Value::String(text)) => text,
                (None, other) => other.to_string(),
            }
        };
        let parameters = row.stub_params.into_iter();
        let parameters = parameters.map(|(key, stub)| {
            let value = value(&key, stub);
            (key, value)
        });
        let template = Template {
            name: name.clone(),
            path: corpus.join(&row.file),
            parameters: parameters.collect(),
            lint_ok: row.cfn_lint.verdict == "ok",
        };
        if templates.insert(name.clone(), template).is_some() {
            return Err(format!("the manifest names `{name}` twice").into());
        }
    }
    if templates.is_empty() {
        return Err(format!("{} names no template", manifest.display()).into());
    }
    Ok(templates.into_values().collect())
}
