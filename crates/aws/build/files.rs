//! Reads the folders of `data`, for the build script and for `xtask`.

use std::error::Error;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::format::{ServiceFile, TypeFile};

/// The folder of one service.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Its path.
    pub(crate) path: PathBuf,
    /// Its name: the prefix of the service's IAM actions.
    pub(crate) name: String,
    /// The service.
    pub(crate) service: ServiceFile,
    /// The types, by name.
    pub(crate) types: Vec<TypeFile>,
}

impl Folder {
    /// Every operation of the service that the program calls, by name.
    pub(crate) fn operations(&self) -> Vec<String> {
        let calls = self.types.iter().flat_map(|file| file.calls(&self.service));
        let mut all: Vec<String> = self.service.operations.iter().cloned().chain(calls).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// Every folder, by name.
///
/// # Errors
/// The first file that cannot be read, has another form, or has another name than its type.
pub(crate) fn read(data: &Path) -> Result<Vec<Folder>, Box<dyn Error>> {
    let mut folders = Vec::new();
    for path in sorted(data)?.into_iter().filter(|path| path.is_dir()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = path.join("service.yaml");
        let service: ServiceFile = yaml(&file)?;
        if let Some(problem) = service.problem() {
            return Err(format!("{}: {problem}", file.display()).into());
        }
        let mut types = Vec::new();
        for path in sorted(&path)? {
            if path == file || path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let found: TypeFile = yaml(&path)?;
            let expected = found.file_name();
            let problem = if path.ends_with(&expected) {
                found.problem(&service)
            } else {
                Some(format!("name it `{expected}`"))
            };
            if let Some(problem) = problem {
                return Err(format!("{}: {problem}", path.display()).into());
            }
            types.push(found);
        }
        let folder = Folder { path, name, service, types };
        let (calls, mut answers) = (folder.operations(), folder.service.answers.iter());
        let unknown =
            answers.find_map(|entry| entry.operations.iter().find(|it| !calls.contains(it)));
        if let Some(name) = unknown {
            return Err(format!("{}: `{name}` is not called", file.display()).into());
        }
        folders.push(folder);
    }
    Ok(folders)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>());
    let mut paths = entries.map_err(|error| format!("{}: {error}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

/// The content of a YAML file.
fn yaml<T: DeserializeOwned>(path: &Path) -> Result<T, Box<dyn Error>> {
    let problem = |error: &dyn Error| format!("{}: {error}", path.display());
    let text = std::fs::read(path).map_err(|error| problem(&error))?;
    // Through JSON: YAML itself writes the variants of an enum as tags.
    let tree: serde_json::Value = yaml_serde::from_slice(&text).map_err(|error| problem(&error))?;
    Ok(serde_json::from_value(tree).map_err(|error| problem(&error))?)
}
