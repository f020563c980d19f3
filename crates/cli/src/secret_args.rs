//! The values of parameters: from the command line, and those of secret ones from where no other
//! process sees them: a file or standard input, an environment variable, a prompt.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rstack_model::{ErrorCode, SecretString};
use rstack_render::escape;
use rstack_template::Template;

use crate::context::Context;
use crate::env::{Env, PARAMETER_VARIABLE};
use crate::error::CommandError;
use crate::files::{self, FileError};

/// The number of bytes of a value at most. CloudFormation takes 4,096.
const LONGEST: u64 = 64 * 1024;

/// Why the value of a parameter cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ParameterError {
    /// The file of a value cannot be read.
    #[error("cannot read the value of `{name}` from `{}`", .path.display())]
    File {
        /// The parameter.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: FileError,
    },
    /// Standard input cannot be read.
    #[error("cannot read the value of parameter `{name}` from standard input")]
    Input {
        /// The parameter.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// A value is too long, or is no text.
    #[error("the value of `{name}` in `{}` is not UTF-8 text of at most 64 KiB", .path.display())]
    Value {
        /// The parameter.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// A variable is no text.
    #[error("the variable `{PARAMETER_VARIABLE}{0}` is not valid UTF-8")]
    Variable(String),
    /// A parameter is given twice.
    #[error("parameter `{0}` is given by both `--parameter` and `--parameter-from`")]
    Twice(String),
    /// The terminal cannot be read.
    #[error("cannot read the value of the parameter `{name}` from the terminal")]
    Prompt {
        /// The parameter.
        name: String,
        /// Why not.
        source: io::Error,
    },
}

impl From<ParameterError> for CommandError {
    fn from(error: ParameterError) -> Self {
        let code = match error {
            ParameterError::Twice(_) => ErrorCode::ParameterTwice,
            ParameterError::File { .. }
            | ParameterError::Input { .. }
            | ParameterError::Value { .. }
            | ParameterError::Variable(_)
            | ParameterError::Prompt { .. } => ErrorCode::ParameterNotRead,
        };
        let hint = if code == ErrorCode::ParameterTwice {
            "leave one of them out"
        } else {
            "check the file or the variable; a value is UTF-8 text of at most 64 KiB"
        };
        Self::of(code, &error).with_hint(Some(hint))
    }
}

/// The values that the command line gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenParameters {
    values: BTreeMap<String, SecretString>,
    /// Those that are on the command line itself.
    literal: Vec<String>,
}

impl GivenParameters {
    /// The values of `--parameter` and `--parameter-from`.
    ///
    /// # Errors
    /// If a file cannot be read, or a parameter is given in both ways.
    pub(crate) fn read(
        env: &Env,
        literal: &[(String, String)],
        files: &[(String, PathBuf)],
    ) -> Result<Self, ParameterError> {
        let mut out = Self::default();
        for (name, value) in literal {
            out.values.insert(name.clone(), SecretString::new(value.clone()));
            out.literal.push(name.clone());
        }
        for (name, path) in files {
            if out.literal.contains(name) {
                return Err(ParameterError::Twice(name.clone()));
            }
            out.values.insert(name.clone(), from_file(env, name, path)?);
        }
        Ok(out)
    }

    /// Keeps the values of the parameters that a template has.
    pub(crate) fn retain(&mut self, has: impl Fn(&str) -> bool) {
        self.values.retain(|name, _| has(name));
        self.literal.retain(|name| has(name));
    }

    /// The values as templates are read with them.
    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        let text =
            |(name, value): (&String, &SecretString)| (name.clone(), value.expose().to_owned());
        self.values.iter().map(text).collect()
    }

    /// The values as operations take them.
    pub(crate) fn secrets(&self) -> Vec<(String, SecretString)> {
        self.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// [`Self::complete`] for the secret parameters of a template. If `asks`, those without a default are
    /// needed.
    ///
    /// # Errors
    /// As [`Self::complete`].
    pub(crate) fn complete_all(
        &mut self,
        context: &Context,
        template: Option<&Template>,
        asks: bool,
    ) -> Result<(), ParameterError> {
        for (name, parameter) in template.into_iter().flat_map(|template| &template.parameters) {
            if parameter.no_echo {
                self.complete(context, name, asks && parameter.default.is_none())?;
            }
        }
        Ok(())
    }

    /// Adds the value of a secret parameter that was not given: from its variable, or from the
    /// terminal where the value is `needed` and a user can be asked. Warns of a value that is on the
    /// command line.
    ///
    /// # Errors
    /// If the variable is no text, or the terminal cannot be read.
    pub(crate) fn complete(
        &mut self,
        context: &Context,
        name: &str,
        needed: bool,
    ) -> Result<(), ParameterError> {
        let Context { env, terminal, .. } = context;
        if self.literal.iter().any(|literal| literal == name) {
            let (shown, code) = (escape(name), ErrorCode::SecretOnCommandLine);
            terminal.note(&format!(
                "warning[{code}]: the value of secret parameter `{shown}` is on the command line, where \
                 other users can read it. Give it in the variable \
                 `{PARAMETER_VARIABLE}{shown}`, with `--parameter-from {shown}=FILE`, or on the terminal."
            ));
        }
        if self.values.contains_key(name) {
            return Ok(());
        }
        let variable = format!("{PARAMETER_VARIABLE}{name}");
        if let Some(value) = env.variables.get(OsStr::new(&variable)) {
            let text = value.to_str().ok_or_else(|| ParameterError::Variable(name.to_owned()))?;
            self.values.insert(name.to_owned(), SecretString::new(text.to_owned()));
        } else if needed && terminal.interactive && !terminal.json {
            let failed = |source| ParameterError::Prompt { name: name.to_owned(), source };
            let question = format!("Value of the secret parameter `{}`: ", escape(name));
            let value = terminal.hidden_answer(&question).map_err(failed)?;
            self.values.insert(name.to_owned(), value);
        }
        Ok(())
    }
}

/// The contents of a file, or with `-` of standard input, without the line end behind them.
///
/// # Errors
/// If the file cannot be read, or holds no text of at most 64 KiB.
pub(crate) fn from_file(
    env: &Env,
    name: &str,
    path: &Path,
) -> Result<SecretString, ParameterError> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        let failed = |source| ParameterError::Input { name: name.to_owned(), source };
        let mut input = env.streams.input.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (&mut *input).take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        bytes = match files::read_named(env, path, LONGEST) {
            Ok(bytes) => bytes,
            Err(FileError::TooLarge { .. }) => {
                return Err(ParameterError::Value { name: name.to_owned(), path: path.to_owned() });
            }
            Err(source) => {
                let (name, path) = (name.to_owned(), path.to_owned());
                return Err(ParameterError::File { name, path, source });
            }
        };
    }
    let bytes = zeroize::Zeroizing::new(bytes);
    let wrong = || ParameterError::Value { name: name.to_owned(), path: path.to_owned() };
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong())?;
    if text.len() as u64 > LONGEST {
        return Err(wrong());
    }
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    Ok(SecretString::new(text.to_owned()))
}
