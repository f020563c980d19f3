//! What is checked beyond rstack's own checks, and what of all of it is reported.
//!
//! With the feature `lint` AWS's validator looks at each template, too, in a thread of its own:
//! beside the refresh, never before it, and no longer than its budget. What it finds is remembered,
//! so that an unchanged template costs next to nothing.

#[cfg(feature = "lint")]
mod cache;
mod error;
mod policy;
#[cfg(feature = "lint")]
mod rule_files;
#[cfg(feature = "lint")]
mod validator;

use std::collections::BTreeMap;

#[cfg(feature = "lint")]
use rstack_model::Diagnostic;

use self::error::CheckError;
use self::policy::Policy;
#[cfg(feature = "lint")]
use self::validator::{Asking, Validator};
use crate::args::LintArguments;
use crate::context::Context;
use crate::error::CommandError;
use crate::project::{self, given};
use crate::template::Loaded;

/// The checks that were asked for.
pub(crate) struct Checks {
    policy: Policy,
    remarks: bool,
    #[cfg(feature = "lint")]
    validator: Option<Validator>,
}

/// A check that runs, or none.
#[must_use = "what is found is told by `Checks::finish`"]
pub(crate) struct Pending {
    #[cfg(feature = "lint")]
    asking: Option<Asking>,
}

impl Checks {
    /// What the command line and the project file ask for.
    ///
    /// # Errors
    /// If they name a rule that there is not, or a file of rules cannot be read.
    pub(crate) fn new(arguments: &LintArguments, context: &Context) -> Result<Self, CommandError> {
        let project = project::find(&context.env)?;
        let asked = project.validator.unwrap_or(true) && !arguments.no_lint;
        let paths = [project.rules.as_slice(), &arguments.rules].concat();
        let allow = given("--allow", &arguments.allow);
        let deny = given("--deny", &arguments.deny);
        let rule_files = asked && !paths.is_empty();
        let policy = Policy::new(&project, &allow, &deny, rule_files)?;
        #[cfg(not(feature = "lint"))]
        if rule_files {
            return Err(CheckError::NoValidator.into());
        }
        Ok(Self {
            policy,
            remarks: context.terminal.verbose,
            #[cfg(feature = "lint")]
            validator: match asked {
                true => Some(Validator::new(&context.env, &paths, project.budget)?),
                false => None,
            },
        })
    }

    /// Starts the validator on a template that rstack can read, with the values given for its
    /// parameters, and for the Region if one was chosen.
    pub(crate) fn start(
        &self,
        loaded: &Loaded,
        parameters: &BTreeMap<String, String>,
        region: Option<&str>,
    ) -> Pending {
        #[cfg(not(feature = "lint"))]
        let _nobody_to_ask = (loaded, parameters, region);
        Pending {
            #[cfg(feature = "lint")]
            asking: self.validator.as_ref().and_then(|v| v.start(loaded, parameters, region)),
        }
    }

    /// Waits for the validator, within its budget, and leaves in the template's diagnostics what is
    /// to be reported.
    ///
    /// # Errors
    /// If a rule file cannot be loaded, or none has the name of a rule that was allowed or denied.
    pub(crate) fn finish(&self, pending: Pending, loaded: &mut Loaded) -> Result<(), CheckError> {
        #[cfg(not(feature = "lint"))]
        let Pending {} = pending;
        #[cfg(feature = "lint")]
        if let Some(asking) = pending.asking {
            let answer = asking.answer()?;
            if let Some(own_rules) = &answer.own_rules {
                self.policy.look_up(own_rules)?;
            }
            rstack_lint::merge(loaded.sources.text(), &mut loaded.diagnostics, answer.findings);
        }
        self.policy.apply(&mut loaded.diagnostics, self.remarks);
        Ok(())
    }

    /// [`Self::start`] and [`Self::finish`].
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub(crate) fn run(
        &self,
        loaded: &mut Loaded,
        parameters: &BTreeMap<String, String>,
        region: Option<&str>,
    ) -> Result<(), CheckError> {
        let pending = self.start(loaded, parameters, region);
        self.finish(pending, loaded)
    }
}

/// Whether rstack itself could not make a tree of the text, so that nobody else is given it.
#[cfg(feature = "lint")]
fn is_unreadable(diagnostics: &[Diagnostic]) -> bool {
    use rstack_model::Code;
    const UNREADABLE: [Code; 11] = [
        Code::AliasBomb,
        Code::AliasLoop,
        Code::Depth,
        Code::Empty,
        Code::Key,
        Code::Loop,
        Code::SeveralDocuments,
        Code::Size,
        Code::Syntax,
        Code::UnknownAnchor,
        Code::UnknownTag,
    ];
    diagnostics.iter().any(|finding| UNREADABLE.iter().any(|code| finding.code == *code))
}
