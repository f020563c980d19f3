//! The values of the parameters of one stack: given ones, those of secret parameters from their variables or
//! the terminal, and those that are kept from the last apply.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use rstack_catalog::nearest;
use rstack_model::{Code, Diagnostic, ErrorCode, GivenValue, GivenValues, SecretString};
use rstack_ops::LastParameters;
use rstack_render::escape;
use rstack_template::{Parameter, Template};

use super::error::ParameterError;
use super::run::{GivenText, Origin};
use crate::context::Context;
use crate::env::PARAMETER_VARIABLE;

/// The value of a parameter, and its origin.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) text: GivenText,
    pub(super) origin: Origin,
}

/// The values for one stack.
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenParameters {
    given: BTreeMap<String, Given>,
    /// The parameters of the last apply.
    last: LastParameters,
    /// The values that are kept of it.
    kept: BTreeMap<String, String>,
    /// The stack, which the user is asked with if there are several.
    stack: Option<String>,
}

impl GivenParameters {
    /// No value but those that are kept of the last apply, unless nothing is kept.
    pub(super) fn new(last: LastParameters, reset: bool, stack: Option<String>) -> Self {
        let text = |(name, value): (&String, &GivenValue)| match value {
            GivenValue::Text(text) => Some((name.clone(), text.clone())),
            GivenValue::Secret => None,
        };
        let kept =
            if reset { BTreeMap::new() } else { last.given.iter().filter_map(text).collect() };
        Self { given: BTreeMap::new(), last, kept, stack }
    }

    pub(super) fn give(&mut self, name: &str, given: Given) {
        if let (GivenText::Previous, Some(GivenValue::Text(text))) =
            (&given.text, self.last.given.get(name))
        {
            self.kept.insert(name.to_owned(), text.clone());
        }
        self.given.insert(name.to_owned(), given);
    }

    /// Gives the values of an app to parameters that the user has given none.
    pub(crate) fn give_if_absent(&mut self, values: &BTreeMap<String, String>) {
        for (name, text) in values {
            self.given.entry(name.clone()).or_insert_with(|| Given {
                text: GivenText::Text(SecretString::new(text.clone())),
                origin: Origin::App,
            });
        }
    }

    /// Leaves out the given values of parameters that a template does not have.
    pub(crate) fn retain(&mut self, has: impl Fn(&str) -> bool) {
        self.given.retain(|name, _| has(name));
    }

    /// Leaves out the values of files of values that are not for these parameters.
    pub(crate) fn retain_of_files(&mut self, wanted: &BTreeSet<String>) {
        self.given.retain(|name, given| {
            !matches!(given.origin, Origin::ValuesFile { .. }) || wanted.contains(name)
        });
    }

    /// Fits the values to the parameters of a template: what it has no more is not kept, nor is a text whose
    /// parameter is secret now.
    ///
    /// # Errors
    /// If a file has a value that the parameter cannot have, or asks for a previous one that there is not. Of
    /// secret parameters this is asked only if they are `complete`.
    pub(crate) fn fit(
        &mut self,
        template: &Template,
        complete: bool,
    ) -> Result<(), ParameterError> {
        self.kept.retain(|name, _| {
            template.parameters.get(name).is_some_and(|parameter| !parameter.no_echo)
        });
        for (name, given) in &self.given {
            let Origin::ValuesFile { path, place } = &given.origin else { continue };
            let (path, place, name) = (path.clone(), *place, name.clone());
            let Some(parameter) = template.parameters.get(&name) else {
                let known = template.parameters.keys().map(String::as_str);
                let near = nearest(&name, known).map(str::to_owned);
                return Err(ParameterError::Unknown { path, place, name, near });
            };
            match &given.text {
                GivenText::List(_) if !takes_list(parameter) => {
                    return Err(ParameterError::List { path, place, name });
                }
                GivenText::Previous if parameter.no_echo && !complete => {}
                GivenText::Previous if !self.kept.contains_key(&name) => {
                    let last = self.last.given.get(&name);
                    // It had the default, and has it again.
                    let is_default = last.is_none() && self.last.values.contains_key(&name);
                    if !is_default || parameter.default.is_none() {
                        let secret = last == Some(&GivenValue::Secret) || parameter.no_echo;
                        return Err(ParameterError::NoPrevious { path, place, name, secret });
                    }
                }
                GivenText::List(_) | GivenText::Text(_) | GivenText::Previous => {}
            }
        }
        Ok(())
    }

    /// The values as templates are read with them.
    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        let mut out = self.kept.clone();
        let text = |(name, given): (&String, &Given)| {
            Some((name.clone(), given.text.text()?.expose().to_owned()))
        };
        out.extend(self.given.iter().filter_map(text));
        out
    }

    /// The values as operations take them.
    pub(crate) fn secrets(&self) -> Vec<(String, SecretString)> {
        let text =
            |(name, given): (&String, &Given)| Some((name.clone(), given.text.text()?.clone()));
        self.given.iter().filter_map(text).collect()
    }

    /// The values that are kept of the last apply.
    pub(crate) fn kept(&self) -> GivenValues {
        let is_kept = |name: &str| self.given.get(name).is_none_or(|it| it.text.text().is_none());
        let kept = self.kept.iter().filter(|(name, _)| is_kept(name));
        kept.map(|(name, text)| (name.clone(), GivenValue::Text(text.clone()))).collect()
    }

    /// The values that the last apply was given.
    pub(crate) fn last_given(&self) -> &GivenValues {
        &self.last.given
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
        let given = self.given.get(name);
        if given.is_some_and(|given| given.origin == Origin::CommandLine) {
            let (shown, code) = (escape(name), ErrorCode::SecretOnCommandLine);
            terminal.note(&format!(
                "warning[{code}]: the value of secret parameter `{shown}` is on the command line, where \
                 other users can read it. Give it in the variable \
                 `{PARAMETER_VARIABLE}{shown}`, with `--parameter-from {shown}=FILE`, or on the terminal."
            ));
        }
        if given.is_some_and(|given| given.text.text().is_some()) {
            return Ok(());
        }
        let variable = format!("{PARAMETER_VARIABLE}{name}");
        let value = if let Some(value) = env.variables.get(OsStr::new(&variable)) {
            let text = value.to_str().ok_or_else(|| ParameterError::Variable(name.to_owned()))?;
            SecretString::new(text.to_owned())
        } else if needed && terminal.interactive && !terminal.json {
            let failed = |source| ParameterError::Prompt { name: name.to_owned(), source };
            let of = self.stack.as_ref().map(|stack| format!(" of stack `{}`", escape(stack)));
            let of = of.unwrap_or_default();
            let question = format!("Value of the secret parameter `{}`{of}: ", escape(name));
            terminal.hidden_answer(&question).map_err(failed)?
        } else {
            return Ok(());
        };
        let (text, origin) = (GivenText::Text(value), Origin::User);
        self.given.insert(name.to_owned(), Given { text, origin });
        Ok(())
    }

    /// Adds to findings about parameters what the last apply has to do with them.
    pub(crate) fn explain(&self, template: &Template, findings: &mut [Diagnostic]) {
        let kept = self.kept();
        for finding in findings {
            let Some(at) = finding.labels.first().map(|label| label.span) else { continue };
            let named = template.parameters.iter().find(|(_, it)| it.name_span == at);
            let Some((name, _)) = named else { continue };
            let is_forgotten = self.last.given.get(name) == Some(&GivenValue::Secret);
            let more = if finding.code == Code::ParameterValue && kept.contains_key(name) {
                format!(
                    "the value is kept from the last apply: give another with `--parameter \
                     {name}=VALUE`, or take the defaults with `--reset-parameters`"
                )
            } else if finding.code == Code::MissingParameter && is_forgotten {
                "its last value is secret and was not stored: it must be given again".to_owned()
            } else {
                continue;
            };
            finding.help = Some(match finding.help.take() {
                Some(help) => format!("{help}\n{more}"),
                None => more,
            });
        }
    }
}

impl GivenText {
    fn text(&self) -> Option<&SecretString> {
        match self {
            Self::Text(text) | Self::List(text) => Some(text),
            Self::Previous => None,
        }
    }
}

fn takes_list(parameter: &Parameter) -> bool {
    parameter.kind.value == "CommaDelimitedList" || parameter.kind.value.contains("List<")
}
