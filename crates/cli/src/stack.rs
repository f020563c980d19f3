//! Which stack is meant: a template's path, a folder of the CDK, or a name under `stacks/`.

use std::fs;
use std::path::{Path, PathBuf};

use rstack_model::{InvalidId, StackName};

use crate::assembly::{self, AssemblyError};
use crate::env::Env;
use crate::error::{CommandError, ErrorKind, Hint};
use crate::files::{FileError, TemplateFile, is_stream};
use crate::plan_file;

/// Where templates are looked for by name.
pub(crate) const STACKS: &str = "stacks";

const EXTENSIONS: [&str; 4] = ["yaml", "yml", "json", "template"];

/// Why it is not known which stack is meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StackError {
    /// No stack was named and there is not exactly one.
    #[error("{}", no_stack(.known))]
    NoStack {
        /// The templates under `stacks/`.
        known: Vec<PathBuf>,
    },
    /// What was named is neither a file nor a name under `stacks/`.
    #[error("there is no template `{text}`")]
    NoTemplate {
        /// What was named.
        text: String,
        /// The templates under `stacks/`.
        known: Vec<PathBuf>,
    },
    /// A folder that is no cloud assembly.
    #[error("`{}` is a folder, not a template", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The templates in it.
        templates: Vec<PathBuf>,
    },
    /// A cloud assembly that cannot be used.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// A stack's name that is not allowed.
    #[error("{0}")]
    Name(InvalidId),
    /// A template's file name that cannot name a stack.
    #[error("{0}")]
    FileName(InvalidId),
    /// A template that comes through a stream, which names no stack.
    #[error("the template `{}` has no file name that names the stack", path.display())]
    NoName {
        /// The stream.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A saved plan where a template is wanted.
    #[error("`{}` is a saved plan, not a template", path.display())]
    SavedPlan {
        /// The file.
        path: PathBuf,
    },
}

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    names.join(", ")
}

fn no_stack(known: &[PathBuf]) -> String {
    match known {
        [] => "no stack was named, and there is no template under `stacks/`".to_owned(),
        known => format!("no stack was named, and there are several: {}", list(known)),
    }
}

impl StackError {
    fn hint(&self) -> Option<Hint> {
        let hint = match self {
            Self::NoStack { known } if known.is_empty() => {
                "name a template: `rstack plan path/to/template.yaml`, or put one under `stacks/`"
                    .to_owned()
            }
            Self::NoStack { .. } => "name one of them".to_owned(),
            Self::NoTemplate { known, .. } if known.is_empty() => {
                "give the path of a template".to_owned()
            }
            Self::NoTemplate { known, .. } => {
                format!("the templates under `stacks/` are {}", list(known))
            }
            Self::Folder { templates, .. } if templates.is_empty() => {
                "give the path of a template, or of a folder that `cdk synth` wrote".to_owned()
            }
            Self::Folder { templates, .. } => format!("it holds {}", list(templates)),
            Self::FileName(_) | Self::NoName { .. } => {
                "give the stack a name with `--stack-name`".to_owned()
            }
            Self::SavedPlan { path } => {
                let path = path.to_string_lossy();
                let hint = Hint::from("look at it with ").command(&["show", &path]);
                return Some(hint.text(", or carry it out with ").command(&["apply", &path]));
            }
            Self::Assembly(_) | Self::File(_) | Self::Name(_) => return None,
        };
        Some(Hint::from(hint))
    }
}

impl From<StackError> for CommandError {
    fn from(error: StackError) -> Self {
        match error {
            StackError::Assembly(error) => error.into(),
            StackError::File(error) => error.into(),
            error => Self::of(ErrorKind::User, &error).with_hint(error.hint()),
        }
    }
}

/// A stack and its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StackFile {
    /// The stack's name.
    pub(crate) name: StackName,
    /// The template.
    pub(crate) template: TemplateFile,
}

/// Finds the template and the name of a stack.
///
/// # Errors
/// If there is no such template, more than one could be meant, or its name cannot name a stack.
pub(crate) fn find(
    env: &Env,
    stack: Option<&str>,
    name: Option<&str>,
) -> Result<StackFile, StackError> {
    let mut found = match stack {
        None => only_one(env)?,
        // A stream is not read for a stack without a name.
        Some(text) if name.is_none() && is_stream(Path::new(text)) => {
            return Err(StackError::NoName { path: PathBuf::from(text) });
        }
        Some(text) => by_text(env, text)?,
    };
    if let Some(name) = name {
        found.name = Ok(StackName::parse(name).map_err(StackError::Name)?);
    }
    Ok(StackFile { name: found.name?, template: found.template })
}

/// The template that is meant, whatever the stack is going to be called.
///
/// # Errors
/// If there is no such template, or more than one could be meant.
pub(crate) fn template(env: &Env, text: &str) -> Result<TemplateFile, StackError> {
    Ok(by_text(env, text)?.template)
}

/// A template whose file name may not do as a stack's name.
struct Found {
    name: Result<StackName, StackError>,
    template: TemplateFile,
}

impl Found {
    fn in_stacks(path: &Path) -> Self {
        Self { name: name_of(path), template: below(path) }
    }
}

/// A template that is found in a folder.
pub(crate) fn below(path: &Path) -> TemplateFile {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    TemplateFile::Below { folder, name: path.file_name().map(PathBuf::from).unwrap_or_default() }
}

fn only_one(env: &Env) -> Result<Found, StackError> {
    let mut templates = templates_in(env, Path::new(STACKS));
    match (templates.pop(), templates.is_empty()) {
        (Some(path), true) => Ok(Found::in_stacks(&path)),
        (None, _) => Err(StackError::NoStack { known: Vec::new() }),
        (Some(last), false) => {
            templates.push(last);
            Err(StackError::NoStack { known: templates })
        }
    }
}

fn by_text(env: &Env, text: &str) -> Result<Found, StackError> {
    let path = Path::new(text);
    if is_stream(path) {
        let name = Err(StackError::NoName { path: path.to_owned() });
        return named(env, path, name);
    }
    if env.path(path).is_dir() && assembly::is_assembly(env, path) {
        return in_assembly(env, path, None);
    }
    if env.path(path).is_dir() {
        return Err(StackError::Folder {
            path: path.to_owned(),
            templates: templates_in(env, path),
        });
    }
    if env.path(path).exists() {
        return named(env, path, name_of(path));
    }
    let parent = path.parent().filter(|parent| assembly::is_assembly(env, parent));
    if let (Some(parent), Some(wanted)) = (parent, path.file_name().and_then(|name| name.to_str()))
    {
        return in_assembly(env, parent, Some(wanted));
    }
    let plain = !text.contains(['/', '\\']) && path.extension().is_none();
    let in_stacks = EXTENSIONS
        .iter()
        .map(|extension| Path::new(STACKS).join(format!("{text}.{extension}")))
        .find(|path| plain && env.path(path).is_file());
    match in_stacks {
        Some(path) => Ok(Found::in_stacks(&path)),
        None => Err(StackError::NoTemplate {
            text: text.to_owned(),
            known: templates_in(env, Path::new(STACKS)),
        }),
    }
}

/// A file that the user names, and that is no saved plan.
fn named(env: &Env, path: &Path, name: Result<StackName, StackError>) -> Result<Found, StackError> {
    match plan_file::is_plan(env, path)? {
        true => Err(StackError::SavedPlan { path: path.to_owned() }),
        false => Ok(Found { name, template: TemplateFile::Named(path.to_owned()) }),
    }
}

/// The templates of a folder, by name.
pub(crate) fn templates_in(env: &Env, folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(env.path(folder)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(folder.join(entry.ok()?.file_name())))
        .filter(|path| env.path(path).is_file())
        .filter(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
        })
        .collect();
    paths.sort();
    paths
}

/// The stack's name is that of its file, without `.yaml`, `.json` and `.template`.
fn name_of(path: &Path) -> Result<StackName, StackError> {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = EXTENSIONS.iter().fold(file, |stem, extension| {
        stem.strip_suffix(extension).and_then(|s| s.strip_suffix('.')).unwrap_or(stem)
    });
    let stem = stem.strip_suffix(".template").unwrap_or(stem);
    StackName::parse(stem).map_err(StackError::FileName)
}

/// A stack of a cloud assembly.
fn in_assembly(env: &Env, folder: &Path, wanted: Option<&str>) -> Result<Found, StackError> {
    let stack = assembly::stack(env, folder, wanted)?;
    Ok(Found {
        name: StackName::parse(&stack.name).map_err(StackError::FileName),
        template: stack.template,
    })
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
