//! The checks beyond rstack's own, and the choice of the findings that are reported.
//!
//! With the feature `lint` AWS's validator looks at each template, too, in a process of its own:
//! beside the refresh, never before it, and no longer than its budget. What it finds is remembered,
//! so that an unchanged template costs next to nothing.
//!
//! *Architecture Invariant:* rules from files that were asked for are evaluated on all of a template,
//! or the command fails; and what a repository says does not outweigh the command line.

#[cfg(feature = "lint")]
mod cache;
#[cfg(feature = "lint")]
mod child;
mod error;
#[cfg(feature = "lint")]
mod key;
#[cfg(feature = "lint")]
mod limits;
mod policy;
#[cfg(feature = "lint")]
mod pool;
#[cfg(feature = "lint")]
mod private_folder;
#[cfg(feature = "lint")]
mod rule_files;
#[cfg(feature = "lint")]
mod validator;
#[cfg(feature = "lint")]
mod worker;

use std::collections::{BTreeMap, BTreeSet};
#[cfg(feature = "lint")]
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "lint")]
use rstack_lint::{RuleLanguage, RuleSource, Subject};
#[cfg(feature = "lint")]
use rstack_model::{Diagnostic, Presence};
#[cfg(feature = "lint")]
use rstack_render::escape;

use self::error::CheckError;
use self::policy::Policy;
#[cfg(feature = "lint")]
use self::validator::{Answer, Asking, RulePaths, Validator};
#[cfg(feature = "lint")]
pub(crate) use self::worker::{ENTRY, main as work};
use crate::args::LintArguments;
use crate::context::Context;
use crate::error::CommandError;
use crate::project::{self, LintSection, given};
use crate::template::Loaded;
use crate::terminal::Terminal;

/// The checks that were asked for.
pub(crate) struct Checks {
    policy: Policy,
    remarks: bool,
    #[cfg(feature = "lint")]
    validator: Option<Validator>,
    #[cfg(feature = "lint")]
    terminal: Terminal,
    /// The names of rules about which it was reported that the command line outweighs the project.
    #[cfg(feature = "lint")]
    reported: Mutex<BTreeSet<String>>,
}

/// A check that runs, or none.
#[must_use = "its findings are reported by `Checks::finish`"]
pub(crate) struct Pending {
    #[cfg(feature = "lint")]
    asking: Option<Asking>,
}

impl Checks {
    /// The checks that the command line and the project file ask for.
    ///
    /// # Errors
    /// If they name a rule that there is not, or a file of rules cannot be read.
    pub(crate) fn new(arguments: &LintArguments, context: &Context) -> Result<Self, CommandError> {
        let project = project::find(&context.env)?;
        report_conflicts(arguments, &project, &context.terminal);
        let project_rules = !arguments.no_lint && !project.rules.is_empty();
        let rule_files = project_rules || !arguments.rules.is_empty();
        if let Some(missing) = project.missing_rules.as_ref().filter(|_| project_rules) {
            return Err(CheckError::from(missing.clone()).into());
        }
        let allow = given("--allow", &arguments.allow);
        let deny = given("--deny", &arguments.deny);
        let policy = Policy::new(&project, &allow, &deny, rule_files)?;
        #[cfg(not(feature = "lint"))]
        if rule_files {
            return Err(CheckError::NoValidator.into());
        }
        #[cfg(feature = "lint")]
        let validator = {
            let built_in = project.validator.unwrap_or(true) && !arguments.no_lint;
            let paths = RulePaths {
                project: if project_rules { &project.rules } else { &[] },
                command_line: &arguments.rules,
                built_in,
            };
            match built_in || rule_files {
                true => Some(Validator::new(&context.env, paths, project.budget)?),
                false => None,
            }
        };
        Ok(Self {
            policy,
            remarks: context.terminal.verbose,
            #[cfg(feature = "lint")]
            validator,
            #[cfg(feature = "lint")]
            terminal: context.terminal.clone(),
            #[cfg(feature = "lint")]
            reported: Mutex::default(),
        })
    }

    /// The same checks for more than one template: what is loaded for one is kept for the others.
    #[cfg_attr(not(feature = "lint"), expect(unused_mut, reason = "only the validator loads"))]
    pub(crate) fn for_several(mut self) -> Self {
        #[cfg(feature = "lint")]
        if let Some(validator) = &mut self.validator {
            validator.for_several();
        }
        self
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
        let _without_validator = (loaded, parameters, region);
        Pending {
            #[cfg(feature = "lint")]
            asking: self.validator.as_ref().and_then(|v| v.start(loaded, parameters, region)),
        }
    }

    /// Waits for the validator, within its budget, and leaves in the template's diagnostics what is
    /// to be reported.
    ///
    /// # Errors
    /// If rules from files cannot be loaded or were not evaluated, or none has the name of a rule that
    /// was allowed or denied.
    pub(crate) fn finish(&self, pending: Pending, loaded: &mut Loaded) -> Result<(), CheckError> {
        loaded.show_in_own_text();
        #[cfg(not(feature = "lint"))]
        let (Pending {}, given_rules) = (pending, BTreeSet::new());
        #[cfg(feature = "lint")]
        let given_rules = self.validated(pending, loaded)?;
        self.policy.apply(&mut loaded.diagnostics, self.remarks, &given_rules);
        Ok(())
    }

    /// Adds the validator's findings. Gives the names of the rules that the command line brings.
    #[cfg(feature = "lint")]
    fn validated(
        &self,
        pending: Pending,
        loaded: &mut Loaded,
    ) -> Result<BTreeSet<String>, CheckError> {
        let Some(validator) = &self.validator else { return Ok(BTreeSet::new()) };
        let name = loaded.sources.name();
        let Some(asking) = pending.asking else {
            // A text that rstack cannot read is an error by itself.
            if validator.files().is_empty() || loaded.failed() {
                return Ok(BTreeSet::new());
            }
            let (template, reason) = (name.to_owned(), "rstack cannot read it".to_owned());
            return Err(CheckError::NotChecked { template, reason });
        };
        let Answer { findings, own_rules } = validator.answer(asking, name)?;
        let mut given_rules = BTreeSet::new();
        if let Some(own_rules) = own_rules {
            // A Rego rule has its name in what it finds.
            let declared = |name: &str| {
                let quoted = format!("\"{name}\"");
                let rego = |file: &&rstack_lint::RuleFile| file.language == RuleLanguage::Rego;
                validator.files().iter().filter(rego).any(|file| file.text.contains(&quoted))
            };
            let all = own_rules.iter().map(|rule| rule.id.as_str()).collect();
            self.policy.look_up(&all, declared)?;
            let given = own_rules.iter().filter(|rule| rule.source == RuleSource::CommandLine);
            given_rules.extend(given.map(|rule| rule.id.clone()));
        }
        self.report_outweighed(&given_rules);
        let is_serverless = loaded.sources.serverless().is_some();
        // The places of what the translator returns are others.
        let presence = if is_serverless { Presence::default() } else { loaded.presence.clone() };
        let subject = Subject { text: loaded.sources.text(), is_serverless, presence: &presence };
        rstack_lint::merge(subject, &mut loaded.diagnostics, findings);
        Ok(given_rules)
    }

    #[cfg(feature = "lint")]
    fn report_outweighed(&self, given_rules: &BTreeSet<String>) {
        for (name, place) in self.policy.outweighed(given_rules) {
            let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
            if reported.insert(name.to_owned()) {
                let (name, place) = (escape(name), escape(place));
                self.terminal.note(&format!(
                    "note: {place} allows `{name}`, which has no effect: the rule is from `--rules`."
                ));
            }
        }
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

/// Reports where the command line says something else than the project file.
fn report_conflicts(arguments: &LintArguments, project: &LintSection, terminal: &Terminal) {
    if arguments.no_lint && !project.rules.is_empty() {
        terminal.note("note: the rules that `rstack.toml` names are not checked: `--no-lint`.");
    }
    if project.validator == Some(false) && !arguments.rules.is_empty() {
        terminal.note(
            "note: `rstack.toml` leaves AWS's validator out (`validator = false`); the rules from \
             `--rules` are checked.",
        );
    }
}

/// True if rstack itself could not make a tree of the text, so that the validator is not given it
/// either.
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
