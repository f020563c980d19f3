//! The stacks of an assembly that a text means: one by its name or path in the app, several by a pattern.

use std::collections::BTreeSet;
use std::path::Path;

use regex_lite::Regex;

use super::{AssemblyError, AssemblyStack, stacks};
use crate::env::Env;

/// The stacks beside those that are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// None.
    Nothing,
    /// Those that they need.
    Needed,
    /// Those that need them.
    Dependants,
}

/// The stacks that are meant, each behind all that it needs; all of them if none is named.
///
/// # Errors
/// If the assembly cannot be read, no stack is meant, or two have the same name.
pub(crate) fn select(
    env: &Env,
    folder: &Path,
    wanted: Option<&str>,
    beside: Beside,
) -> Result<Vec<AssemblyStack>, AssemblyError> {
    let all = stacks(env, folder)?;
    let names = || all.iter().map(|stack| stack.name.clone()).collect();
    let folder = folder.to_owned();
    let mut meant: BTreeSet<usize> = match wanted {
        None => (0..all.len()).collect(),
        Some(text) => meant(&all, text),
    };
    match (meant.is_empty(), wanted) {
        (true, None) => return Err(AssemblyError::Stacks { folder, names: Vec::new() }),
        (true, Some(wanted)) => {
            let stage = format!("{}/", wanted.trim_end_matches('/'));
            return Err(AssemblyError::NoStack {
                folder,
                is_stage: all.iter().any(|stack| stack.app_path().starts_with(&stage)),
                wanted: wanted.to_owned(),
                names: names(),
            });
        }
        (false, _) => {}
    }
    extend(&all, &mut meant, beside);
    let mut chosen: Vec<AssemblyStack> = Vec::new();
    for (_, stack) in all.into_iter().enumerate().filter(|(number, _)| meant.contains(number)) {
        if chosen.iter().any(|other| other.name == stack.name) {
            return Err(AssemblyError::SameName { folder, name: stack.name });
        }
        chosen.push(stack);
    }
    Ok(chosen)
}

/// The numbers of the stacks that a text means. A name comes before a pattern.
fn meant(all: &[AssemblyStack], text: &str) -> BTreeSet<usize> {
    let numbers = |is_it: &dyn Fn(&AssemblyStack) -> bool| {
        all.iter().enumerate().filter(|(_, stack)| is_it(stack)).map(|(number, _)| number).collect()
    };
    let named: BTreeSet<usize> = numbers(&|stack| stack.is_called(text));
    if !named.is_empty() {
        return named;
    }
    match pattern(text) {
        Some(pattern) => numbers(&|stack| pattern.is_match(stack.app_path())),
        None => named,
    }
}

/// A glob pattern over paths in the app: `*` and `?` stay within one part of a path, `**` does not.
/// `None` if the text is none.
fn pattern(text: &str) -> Option<Regex> {
    if !text.contains(['*', '?']) {
        return None;
    }
    let mut regex = String::from("^");
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (part, length) = match next {
            '*' if rest.starts_with("**/") => ("(.*/)?".to_owned(), 3),
            '*' if rest.starts_with("**") => (".*".to_owned(), 2),
            '*' => ("[^/]*".to_owned(), 1),
            '?' => ("[^/]".to_owned(), 1),
            other => (regex_lite::escape(&other.to_string()), other.len_utf8()),
        };
        regex.push_str(&part);
        rest = rest.get(length..).unwrap_or_default();
    }
    Regex::new(&format!("{regex}$")).ok()
}

/// Adds the stacks that others need, or that need others, whatever is in between.
fn extend(all: &[AssemblyStack], meant: &mut BTreeSet<usize>, beside: Beside) {
    // What a stack needs stands before it, and what needs it behind it.
    match beside {
        Beside::Nothing => {}
        Beside::Needed => {
            for (number, stack) in all.iter().enumerate().rev() {
                if meant.contains(&number) {
                    meant.extend(&stack.needs);
                }
            }
        }
        Beside::Dependants => {
            for (number, stack) in all.iter().enumerate() {
                if !stack.needs.is_disjoint(meant) {
                    meant.insert(number);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::files::TemplateFile;

    /// Stacks by their paths in the app, each with the numbers of those that it needs.
    fn stacks(paths: &[(&str, &[usize])]) -> Vec<AssemblyStack> {
        let stack = |(path, needs): &(&str, &[usize])| AssemblyStack {
            id: path.replace('/', ""),
            path: Some((*path).to_owned()),
            name: path.replace('/', "-"),
            template: TemplateFile::Named(PathBuf::from("t.json")),
            settings: Default::default(),
            needs: needs.iter().copied().collect(),
            needed: BTreeSet::new(),
        };
        paths.iter().map(stack).collect()
    }

    #[test]
    fn a_pattern_means_paths_in_the_app() {
        let all = stacks(&[("Net", &[]), ("Prod/Net", &[]), ("Prod/App", &[1]), ("Test/A.b", &[])]);
        let found = |text: &str| meant(&all, text).into_iter().collect::<Vec<_>>();
        assert_eq!(found("Net"), [0]);
        assert_eq!(found("Prod-Net"), [1]);
        assert_eq!(found("Prod/App"), [2]);
        assert_eq!(found("*"), [0]);
        assert_eq!(found("**"), [0, 1, 2, 3]);
        assert_eq!(found("Prod/*"), [1, 2]);
        assert_eq!(found("**/Net"), [0, 1]);
        assert_eq!(found("*/A?b"), [3]);
        assert_eq!(found("Test/A*b"), [3]);
        assert!(found("Prod").is_empty() && found("prod/*").is_empty() && found("[").is_empty());
        assert!(found("*.b").is_empty(), "a dot is a dot, and a star ends at a slash");
    }

    #[test]
    fn stacks_come_with_those_that_they_need_or_that_need_them() {
        let all = stacks(&[("A", &[]), ("B", &[0]), ("C", &[1]), ("D", &[])]);
        let with = |number, beside| {
            let mut meant = BTreeSet::from([number]);
            extend(&all, &mut meant, beside);
            meant.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(with(2, Beside::Needed), [0, 1, 2]);
        assert_eq!(with(0, Beside::Dependants), [0, 1, 2]);
        assert_eq!(with(1, Beside::Nothing), [1]);
        assert_eq!(with(3, Beside::Needed), [3]);
    }
}
