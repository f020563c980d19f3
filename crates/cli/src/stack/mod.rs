//! Which stack is meant: a template's path, a folder of the CDK, or a name under `stacks/`.

mod error;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rstack_model::StackName;
use rstack_render::escape;

pub(crate) use self::error::StackError;
use crate::assembly::{self, AssemblyStack, Beside, StackSettings};
use crate::env::Env;
use crate::files::{TemplateFile, is_stream};
use crate::plan_file;

/// Where templates are looked for by name.
pub(crate) const STACKS: &str = "stacks";

const EXTENSIONS: [&str; 4] = ["yaml", "yml", "json", "template"];

/// The most characters that the name of a stack has.
const LONGEST_NAME: usize = 128;

/// Recognizes a path, which the name of a stack is not.
pub(crate) fn is_path(text: &str) -> bool {
    text.contains(['/', '\\']) || Path::new(text).extension().is_some()
}

/// A stack and its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StackFile {
    /// The stack's name.
    pub(crate) name: StackName,
    /// The template.
    pub(crate) template: TemplateFile,
    /// The name of the file, if it cannot name a stack and was changed.
    pub(crate) renamed: Option<String>,
    /// The settings of its app for it, beside the template.
    pub(crate) settings: StackSettings,
    /// Its path in the app, if it is of one.
    pub(crate) path: Option<String>,
    /// The names of the stacks of its app that come before it.
    pub(crate) needs: BTreeSet<String>,
}

impl StackFile {
    /// The names that values of parameters can be given under: its own, and its path in the app.
    pub(crate) fn names(&self) -> Vec<&str> {
        std::iter::once(self.name.as_str()).chain(self.path.as_deref()).collect()
    }

    /// The line that says that the stack is not called as its file is.
    pub(crate) fn note(&self) -> Option<String> {
        let file = self.renamed.as_ref()?;
        Some(format!(
            "note: the stack is named `{}`, because `{}` is not a valid stack name; \
             `--stack-name` sets another.",
            self.name,
            escape(file)
        ))
    }
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
        let name = StackName::parse(name).map_err(StackError::Name)?;
        found.name = Ok(Named { name, renamed: None });
    }
    let Named { name, renamed } = found.name?;
    if renamed.is_some() {
        let path = found.template.shown();
        if let Some(other) = same_name(env, &path, &name) {
            return Err(StackError::SameName { path, other, name });
        }
    }
    let Found { template, settings, path, .. } = found;
    Ok(StackFile { name, template, renamed, settings, path, needs: BTreeSet::new() })
}

/// Finds the stacks that are meant, each behind all that it needs: those of an assembly that a text means,
/// with those beside them, or the one of a template.
///
/// # Errors
/// As [`find`]; and if several stacks are to get one name.
pub(crate) fn find_all(
    env: &Env,
    stack: Option<&str>,
    name: Option<&str>,
    beside: Beside,
) -> Result<Vec<StackFile>, StackError> {
    let Some((folder, wanted)) = stack.and_then(|text| assembly_in(env, text)) else {
        return Ok(vec![find(env, stack, name)?]);
    };
    let stacks = assembly::select(env, folder, wanted, beside)?;
    match (name, stacks.as_slice()) {
        (None, _) => stacks.into_iter().map(of_assembly).collect(),
        (Some(_), [_]) => Ok(vec![find(env, stack, name)?]),
        (Some(name), _) => Err(StackError::OneName { name: name.to_owned() }),
    }
}

/// True if a text means an assembly, or leads into one.
pub(crate) fn is_in_assembly(env: &Env, text: &str) -> bool {
    assembly_in(env, text).is_some()
}

/// The folder of the assembly that a text means or leads into.
pub(crate) fn app_of<'a>(env: &Env, text: &'a str) -> Option<&'a Path> {
    assembly_in(env, text).map(|(folder, _)| folder)
}

/// The assembly that a text means or leads into, and the text for its stacks.
fn assembly_in<'a>(env: &Env, text: &'a str) -> Option<(&'a Path, Option<&'a str>)> {
    let path = Path::new(text);
    if is_stream(path) {
        return None;
    }
    if env.path(path).is_dir() {
        return assembly::is_assembly(env, path).then_some((path, None));
    }
    if env.path(path).exists() {
        return None;
    }
    inside_assembly(env, path).map(|(folder, wanted)| (folder, Some(wanted)))
}

fn of_assembly(stack: AssemblyStack) -> Result<StackFile, StackError> {
    let name = StackName::parse(&stack.name).map_err(StackError::FileName)?;
    let AssemblyStack { template, settings, path, needed: needs, .. } = stack;
    Ok(StackFile { name, template, settings, path, needs, renamed: None })
}

/// Another template in the folder of a template that would have the same name.
fn same_name(env: &Env, path: &Path, name: &StackName) -> Option<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let stem = stem_of(path);
    templates_in(env, folder).into_iter().find(|other| {
        stem_of(other) != stem && name_of(other).is_ok_and(|other| other.name == *name)
    })
}

/// The template that is meant, what its app says of it, and the names that values of its parameters can be
/// given under.
///
/// # Errors
/// If there is no such template, or more than one could be meant.
pub(crate) fn template(
    env: &Env,
    text: &str,
) -> Result<(TemplateFile, StackSettings, Vec<String>), StackError> {
    let Found { name, template, settings, path } = by_text(env, text)?;
    let name = name.ok().map(|named| named.name.to_string());
    Ok((template, settings, name.into_iter().chain(path).collect()))
}

/// A template whose file name may not do as a stack's name.
struct Found {
    name: Result<Named, StackError>,
    template: TemplateFile,
    settings: StackSettings,
    path: Option<String>,
}

impl Found {
    fn in_stacks(path: &Path) -> Self {
        let settings = StackSettings::default();
        Self { name: name_of(path), template: below(path), settings, path: None }
    }
}

/// A template that is found in a folder.
pub(crate) fn below(path: &Path) -> TemplateFile {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    TemplateFile::Below { folder, name: path.file_name().map(PathBuf::from).unwrap_or_default() }
}

/// The name of a stack.
#[derive(Debug)]
struct Named {
    name: StackName,
    /// The text that was changed into one that CloudFormation takes.
    renamed: Option<String>,
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
    if let Some((folder, wanted)) = inside_assembly(env, path) {
        return in_assembly(env, folder, Some(wanted));
    }
    let plain = !is_path(text);
    let in_stacks = EXTENSIONS
        .iter()
        .map(|extension| Path::new(STACKS).join(format!("{text}.{extension}")))
        .find(|path| plain && env.path(path).is_file());
    match in_stacks {
        Some(path) => Ok(Found::in_stacks(&path)),
        None => {
            let folder = if plain { Path::new(STACKS) } else { path.parent().unwrap_or(path) };
            let known = templates_in(env, folder);
            Err(StackError::NoTemplate { text: text.to_owned(), known })
        }
    }
}

/// The assembly that a path leads into, and the rest of the path.
fn inside_assembly<'a>(env: &Env, path: &'a Path) -> Option<(&'a Path, &'a str)> {
    let mut around = path.ancestors().skip(1);
    // The current directory is no assembly that a longer path leads into by chance.
    let named = |it: &&Path| !it.as_os_str().is_empty() || path.parent() == Some(*it);
    let folder = around.find(|it| named(it) && assembly::is_assembly(env, it))?;
    Some((folder, path.strip_prefix(folder).ok()?.to_str()?))
}

/// A file that the user names, and that is no saved plan.
fn named(env: &Env, path: &Path, name: Result<Named, StackError>) -> Result<Found, StackError> {
    match plan_file::is_plan(env, path)? {
        true => Err(StackError::SavedPlan { path: path.to_owned() }),
        false => {
            let (template, settings) = (TemplateFile::Named(path.to_owned()), Default::default());
            Ok(Found { name, template, settings, path: None })
        }
    }
}

/// The templates of a folder, by name.
pub(crate) fn templates_in(env: &Env, folder: &Path) -> Vec<PathBuf> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = fs::read_dir(env.path(here)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(folder.join(entry.ok()?.file_name())))
        .filter(|path| env.path(path).is_file())
        .filter(|path| is_template_name(path))
        .collect();
    paths.sort();
    paths
}

/// Recognizes the name of a template by its extension.
pub(crate) fn is_template_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

/// The name of a file without `.yaml`, `.json` and `.template`.
fn stem_of(path: &Path) -> &str {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = EXTENSIONS.iter().fold(file, |stem, extension| {
        stem.strip_suffix(extension).and_then(|s| s.strip_suffix('.')).unwrap_or(stem)
    });
    stem.strip_suffix(".template").unwrap_or(stem)
}

/// The stack's name is that of its file, with hyphens for what CloudFormation does not take in one.
fn name_of(path: &Path) -> Result<Named, StackError> {
    let stem = stem_of(path);
    StackName::parse(stem).map(|name| Named { name, renamed: None }).or_else(|error| {
        let name = legal_name(stem).ok_or(StackError::FileName(error))?;
        Ok(Named { name, renamed: Some(stem.to_owned()) })
    })
}

/// A name that CloudFormation takes, made of one that it does not take; `None` if nothing of that
/// could stay. Source: `StackName` of CreateStack, AWS CloudFormation API Reference: a letter, then
/// letters, digits and hyphens, 128 characters at most.
fn legal_name(text: &str) -> Option<StackName> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = words.collect::<Vec<_>>().join("-");
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert_str(0, "stack-");
    }
    name.truncate(LONGEST_NAME);
    StackName::parse(name.trim_end_matches('-')).ok()
}

/// A stack of a cloud assembly.
fn in_assembly(env: &Env, folder: &Path, wanted: Option<&str>) -> Result<Found, StackError> {
    let stack = assembly::stack(env, folder, wanted)?;
    Ok(Found {
        name: StackName::parse(&stack.name)
            .map(|name| Named { name, renamed: None })
            .map_err(StackError::FileName),
        template: stack.template,
        settings: stack.settings,
        path: stack.path,
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
            let named = name_of(Path::new(file)).unwrap();
            assert_eq!((named.name.as_str(), named.renamed), (name, None));
        }
    }

    #[test]
    fn a_file_that_cannot_name_a_stack_gives_it_a_name_of_its_own() {
        let long = format!("{}_", "a".repeat(140));
        for (file, name) in [
            ("my_stack.yaml", "my-stack"),
            ("stacks/my.app.v2.yml", "my-app-v2"),
            ("my stack (copy).json", "my-stack-copy"),
            ("__init__.yaml", "init"),
            ("2024-live.yaml", "stack-2024-live"),
            ("größe.template.json", "gr-e"),
            ("-live-.yaml", "live"),
            (&long, &"a".repeat(128)),
        ] {
            let named = name_of(Path::new(file)).unwrap();
            assert_eq!(named.name.as_str(), name, "{file}");
            assert_eq!(named.renamed.as_deref(), Some(stem_of(Path::new(file))));
        }
        for file in ["_.yaml", ".yaml", "äöü.yaml", ""] {
            assert!(matches!(name_of(Path::new(file)), Err(StackError::FileName(_))), "{file}");
        }
    }
}
