//! The values that a command gives to the parameters of its stacks. Files and standard input are read once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rstack_model::SecretString;
use rstack_ops::LastParameters;
use rstack_template::{FileParameter, FileValue, Place};

use super::error::ParameterError;
use super::given::{Given, GivenParameters};
use super::source::{from_file, values_file};
use crate::args::checked_tag;
use crate::context::Context;
use crate::parameter_args::{ParameterArguments, SecretArguments};

/// The origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The command line itself.
    CommandLine,
    /// A file with this value alone, or standard input.
    ValueFile,
    /// A file of values.
    ValuesFile {
        /// The file.
        path: PathBuf,
        /// The place in it.
        place: Place,
    },
    /// An environment variable or the terminal.
    User,
    /// The manifest of the app.
    App,
}

/// The value of a parameter.
#[derive(Clone, Debug)]
pub(super) enum GivenText {
    /// A text.
    Text(SecretString),
    /// A list, as a text.
    List(SecretString),
    /// The one of the last apply.
    Previous,
}

#[derive(Debug)]
struct Entry {
    /// The stack that it is for; `None` is every stack that has such a parameter.
    stack: Option<String>,
    name: String,
    given: Given,
    taken: bool,
}

/// The values that a command gives.
#[derive(Debug, Default)]
pub(crate) struct RunParameters {
    /// A later one is stronger.
    entries: Vec<Entry>,
    /// Tags of the stacks, out of files.
    tags: BTreeMap<String, String>,
    /// True if nothing is kept of the last applies.
    reset: bool,
}

impl RunParameters {
    /// The values that arguments give.
    ///
    /// # Errors
    /// If a file cannot be read or understood, or a parameter is given in two ways.
    pub(crate) fn read(
        context: &Context,
        arguments: &ParameterArguments,
    ) -> Result<Self, ParameterError> {
        let mut out = Self::default();
        for path in &arguments.parameters_file {
            out.add_file(context, path)?;
        }
        let ParameterArguments { parameter, parameter_from, .. } = arguments;
        out.add_single(context, parameter, parameter_from)?;
        Ok(out)
    }

    /// The values that arguments give to the secret parameters of stacks that exist.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn read_secrets(
        context: &Context,
        arguments: &SecretArguments,
    ) -> Result<Self, ParameterError> {
        let mut out = Self::default();
        out.add_single(context, &arguments.parameter, &arguments.parameter_from)?;
        Ok(out)
    }

    /// Keeps nothing of the last applies.
    pub(crate) fn reset(mut self, reset: bool) -> Self {
        self.reset = reset;
        self
    }

    /// The tags that files give to the stacks.
    pub(crate) fn tags(&self) -> &BTreeMap<String, String> {
        &self.tags
    }

    fn add_file(
        &mut self,
        context: &Context,
        path: &std::path::Path,
    ) -> Result<(), ParameterError> {
        let (path, file) = values_file(&context.env, path)?;
        for FileParameter { name, value, place } in file.values {
            let text = match value {
                FileValue::Text(text) => GivenText::Text(text),
                FileValue::List(text) => GivenText::List(text),
                FileValue::Previous => GivenText::Previous,
            };
            let origin = Origin::ValuesFile { path: path.clone(), place };
            self.add(&name, Given { text, origin });
        }
        for (key, value) in file.tags {
            let tag =
                |problem| ParameterError::Tag { path: path.clone(), key: key.clone(), problem };
            let (key, value) = checked_tag(key.clone(), value).map_err(tag)?;
            self.tags.insert(key, value);
        }
        if let Some(place) = file.stack_policy {
            context.terminal.note(&format!(
                "note: the stack policy in {}:{place} is passed over: rstack has no stack policies. \
                 `rstack plan` shows what is replaced or deleted.",
                path.display()
            ));
        }
        Ok(())
    }

    fn add_single(
        &mut self,
        context: &Context,
        literal: &[(String, String)],
        files: &[(String, PathBuf)],
    ) -> Result<(), ParameterError> {
        for (name, value) in literal {
            let text = GivenText::Text(SecretString::new(value.clone()));
            self.add(name, Given { text, origin: Origin::CommandLine });
        }
        let mut input: Option<String> = None;
        for (name, path) in files {
            if literal.iter().any(|(literal, _)| literal == name) {
                return Err(ParameterError::Twice(name.clone()));
            }
            if path.as_os_str() == "-"
                && let Some(first) = input.replace(name.clone())
            {
                return Err(ParameterError::InputTwice { first, second: name.clone() });
            }
            let text = GivenText::Text(from_file(&context.env, name, path)?);
            self.add(name, Given { text, origin: Origin::ValueFile });
        }
        Ok(())
    }

    /// Adds a value under `KEY` or `STACK:KEY`.
    fn add(&mut self, name: &str, given: Given) {
        let (stack, name) = match name.rsplit_once(':') {
            Some((stack, name)) => (Some(stack.to_owned()), name.to_owned()),
            None => (None, name.to_owned()),
        };
        self.entries.push(Entry { stack, name, given, taken: false });
    }

    /// The values for a stack with these names, which are its name and its path in the app. Of the values
    /// for all stacks, only those that it `has` are taken if there are several.
    pub(crate) fn for_stack(
        &self,
        names: &[&str],
        last: LastParameters,
        several: bool,
    ) -> GivenParameters {
        let asked = several.then(|| names.first().map(|name| (*name).to_owned())).flatten();
        let mut out = GivenParameters::new(last, self.reset, asked);
        // Of one origin, the value for one stack is stronger than that for all.
        let strength = |entry: &Entry| {
            let in_file = matches!(entry.given.origin, Origin::ValuesFile { .. });
            (!in_file, entry.stack.is_some())
        };
        let mut own: Vec<&Entry> = self.entries.iter().filter(|it| is_for(it, names)).collect();
        own.sort_by_key(|entry| strength(entry));
        for entry in own {
            out.give(&entry.name, entry.given.clone());
        }
        out
    }

    /// Notes which values a stack takes: those of the parameters that its template `has`, and those that are
    /// for it alone, which it must have.
    pub(crate) fn note_taken(&mut self, names: &[&str], has: impl Fn(&str) -> bool) {
        for entry in self.entries.iter_mut().filter(|entry| is_for(entry, names)) {
            entry.taken |= entry.stack.is_some() || has(&entry.name);
        }
    }

    /// The parameters that values are given to for this stack alone.
    pub(crate) fn of_stack_alone(&self, names: &[&str]) -> BTreeSet<String> {
        let own = self.entries.iter().filter(|it| it.stack.is_some() && is_for(it, names));
        own.map(|entry| entry.name.clone()).collect()
    }

    /// Checks that each value was taken by a stack; `known` are the stacks.
    ///
    /// # Errors
    /// If there is one that no stack took.
    pub(crate) fn all_taken(&self, known: &[&str]) -> Result<(), ParameterError> {
        self.are_taken(known, |_| true)
    }

    /// Checks that each value was taken that no file of values gives: such a file may have others.
    ///
    /// # Errors
    /// As [`Self::all_taken`].
    pub(crate) fn single_ones_taken(&self, known: &[&str]) -> Result<(), ParameterError> {
        self.are_taken(known, |origin| !matches!(origin, Origin::ValuesFile { .. }))
    }

    fn are_taken(
        &self,
        known: &[&str],
        counts: impl Fn(&Origin) -> bool,
    ) -> Result<(), ParameterError> {
        let mut left = self.entries.iter().filter(|it| !it.taken && counts(&it.given.origin));
        let Some(entry) = left.next() else { return Ok(()) };
        let name = entry.name.clone();
        Err(match &entry.stack {
            Some(stack) => {
                let known = known.iter().map(|name| (*name).to_owned()).collect();
                ParameterError::NoStack { stack: stack.clone(), name, known }
            }
            None => ParameterError::NotTaken(name),
        })
    }

    /// Checks that the values for one stack are for one of these.
    ///
    /// # Errors
    /// If there is one for another stack.
    pub(crate) fn check_stacks(&self, known: &[&str]) -> Result<(), ParameterError> {
        let other = self.entries.iter().find_map(|entry| {
            let stack = entry.stack.as_ref().filter(|stack| !known.contains(&stack.as_str()))?;
            Some((stack.clone(), entry.name.clone()))
        });
        let known = || known.iter().map(|name| (*name).to_owned()).collect();
        match other {
            Some((stack, name)) => Err(ParameterError::NoStack { stack, name, known: known() }),
            None => Ok(()),
        }
    }
}

fn is_for(entry: &Entry, names: &[&str]) -> bool {
    entry.stack.as_ref().is_none_or(|stack| names.contains(&stack.as_str()))
}
