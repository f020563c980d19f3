//! Which stack is meant: a template's path, a folder of the CDK, or a name under `stacks/`.

use std::fs;
use std::path::{Path, PathBuf};

use rstack_model::StackName;

use crate::error::CliError;
use crate::{assembly, plan_file};

/// Where templates are looked for by name.
pub(crate) const STACKS: &str = "stacks";

const EXTENSIONS: [&str; 4] = ["yaml", "yml", "json", "template"];

/// A stack and its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StackFile {
    /// The stack's name.
    pub(crate) name: StackName,
    /// The template.
    pub(crate) path: PathBuf,
}

/// Finds the template and the name of a stack.
///
/// # Errors
/// If there is no such template, more than one could be meant, or its name cannot name a stack.
pub(crate) fn find(stack: Option<&str>, name: Option<&str>) -> Result<StackFile, CliError> {
    let mut found = match stack {
        None => only_one()?,
        Some(text) => by_text(text)?,
    };
    if let Some(name) = name {
        found.name = Ok(StackName::parse(name).map_err(CliError::Name)?);
    }
    Ok(StackFile { name: found.name?, path: found.path })
}

/// The template that is meant, whatever the stack is going to be called.
///
/// # Errors
/// If there is no such template, or more than one could be meant.
pub(crate) fn template(text: &str) -> Result<PathBuf, CliError> {
    Ok(by_text(text)?.path)
}

/// A template whose file name may not do as a stack's name.
struct Found {
    name: Result<StackName, CliError>,
    path: PathBuf,
}

fn only_one() -> Result<Found, CliError> {
    let mut templates = templates_in(Path::new(STACKS));
    match (templates.pop(), templates.is_empty()) {
        (Some(path), true) => Ok(Found { name: name_of(&path), path }),
        (None, _) => Err(CliError::NoStack { known: Vec::new() }),
        (Some(last), false) => {
            templates.push(last);
            Err(CliError::NoStack { known: templates })
        }
    }
}

fn by_text(text: &str) -> Result<Found, CliError> {
    let path = Path::new(text);
    if path.is_dir() && assembly::is_assembly(path) {
        return in_assembly(path, None);
    }
    if path.is_dir() {
        return Err(CliError::Folder { path: path.to_owned(), templates: templates_in(path) });
    }
    if path.exists() {
        if plan_file::is_plan(path) {
            return Err(CliError::SavedPlan { path: path.to_owned() });
        }
        return Ok(Found { name: name_of(path), path: path.to_owned() });
    }
    let parent = path.parent().filter(|parent| assembly::is_assembly(parent));
    if let (Some(parent), Some(wanted)) = (parent, path.file_name().and_then(|name| name.to_str()))
    {
        return in_assembly(parent, Some(wanted));
    }
    let plain = !text.contains(['/', '\\']) && path.extension().is_none();
    let named = EXTENSIONS
        .iter()
        .map(|extension| Path::new(STACKS).join(format!("{text}.{extension}")))
        .find(|path| plain && path.is_file());
    match named {
        Some(path) => Ok(Found { name: name_of(&path), path }),
        None => Err(CliError::NoTemplate {
            text: text.to_owned(),
            known: templates_in(Path::new(STACKS)),
        }),
    }
}

/// The templates of a folder, by name.
pub(crate) fn templates_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .filter(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
        })
        .collect();
    paths.sort();
    paths
}

/// The stack's name is that of its file, without `.yaml`, `.json` and `.template`.
fn name_of(path: &Path) -> Result<StackName, CliError> {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = EXTENSIONS.iter().fold(file, |stem, extension| {
        stem.strip_suffix(extension).and_then(|s| s.strip_suffix('.')).unwrap_or(stem)
    });
    let stem = stem.strip_suffix(".template").unwrap_or(stem);
    StackName::parse(stem).map_err(CliError::FileName)
}

/// A stack of a cloud assembly.
fn in_assembly(folder: &Path, wanted: Option<&str>) -> Result<Found, CliError> {
    let stack = assembly::stack(folder, wanted)?;
    Ok(Found { name: StackName::parse(&stack.name).map_err(CliError::FileName), path: stack.path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_named_after_its_file() {
        for (file, name) in [
            ("stacks/streaming.yaml", "streaming"),
            ("cdk.out/StreamingStack.template.json", "StreamingStack"),
            ("live.yml", "live"),
        ] {
            assert_eq!(name_of(Path::new(file)).unwrap().as_str(), name);
        }
        assert!(name_of(Path::new("my_stack.yaml")).is_err());
    }
}
