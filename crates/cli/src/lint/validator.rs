//! A check by the validator: started early, waited for within a budget, and never the end of the
//! program. Where there are rules from files, a check that was not made is an error.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rstack_lint::{LintError, OwnRule, RuleFile, RuleSource, Verdict};
use rstack_model::{Code, Diagnostic};
use rstack_template::{Extent, has_large_pattern};

use super::cache::Cache;
use super::child::{Crash, End};
use super::error::CheckError;
use super::pool::{Failure, Outcome, Pool};
use super::worker::{Asked, Setup};
use super::{is_unreadable, rule_files};
use crate::env::Env;
use crate::template::Loaded;

/// The time that it may take, unless the project file says otherwise.
const BUDGET: Duration = Duration::from_secs(10);

/// The longest template that it is given, in bytes: it needs up to a hundred times as much memory.
const MAX_BYTES: usize = 8 << 20;

/// The most texts, lists and maps that it is given: each takes it some kB.
const MAX_NODES: usize = 200_000;

/// The largest list or map, in entries, and the longest text, in bytes, that it is given: its time
/// grows with their squares.
const MAX_ENTRIES: usize = 6_000;
const MAX_TEXT: usize = 256 << 10;

/// The most parameters that it is given: as many as CloudFormation takes. Each may have a pattern that
/// takes milliseconds.
const MAX_PARAMETERS: usize = 200;

/// The rules that are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct RulePaths<'a> {
    /// The files and folders that the project file names.
    pub(super) project: &'a [PathBuf],
    /// The files and folders that the command line names.
    pub(super) command_line: &'a [PathBuf],
    /// True if the validator's own rules are looked at, too.
    pub(super) built_in: bool,
}

/// The validator with its rules, loaded when it is first needed.
pub(crate) struct Validator {
    pool: Pool,
}

/// The findings of a check.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The findings: those of rules from files come first.
    pub(crate) findings: Vec<Diagnostic>,
    /// The rules from files, if the check was made.
    pub(crate) own_rules: Option<Vec<OwnRule>>,
}

/// A check that was asked for.
pub(crate) enum Asking {
    /// It is not made, for a reason.
    Skipped(String),
    /// It runs.
    Running(Receiver<Outcome>),
}

impl Validator {
    /// The validator with the rules in these files and folders.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn new(
        env: &Env,
        paths: RulePaths<'_>,
        budget: Option<Duration>,
    ) -> Result<Self, CheckError> {
        let mut files = rule_files::read(env, paths.project, RuleSource::Project)?;
        files.extend(rule_files::read(env, paths.command_line, RuleSource::CommandLine)?);
        let setup = Setup { files, built_in: paths.built_in };
        let (program, cache) = (env.validator.clone(), Cache::of_user(env));
        Ok(Self { pool: Pool::new(program, setup, cache, budget.unwrap_or(BUDGET)) })
    }

    /// Keeps what is loaded for more than one template.
    pub(super) fn for_several(&mut self) {
        self.pool.for_several();
    }

    /// The files of rules.
    pub(super) fn files(&self) -> &[RuleFile] {
        &self.pool.setup().files
    }

    /// Starts a check; `None` for a text that rstack itself cannot read.
    pub(super) fn start(
        &self,
        loaded: &Loaded,
        parameters: &BTreeMap<String, String>,
        region: Option<&str>,
    ) -> Option<Asking> {
        if is_unreadable(&loaded.diagnostics) {
            return None;
        }
        if !self.files().is_empty() && loaded.sources.includes_files() {
            let reason = "it includes files, whose text no rule sees";
            return Some(Asking::Skipped(reason.to_owned()));
        }
        if let Some(reason) = too_much(loaded) {
            return Some(Asking::Skipped(reason));
        }
        let declared = loaded.template.as_ref().map(|template| &template.parameters);
        // Secret values stay here: neither the validator nor what is remembered has them.
        let open = |name: &str| {
            declared.and_then(|all| all.get(name)).is_some_and(|parameter| !parameter.no_echo)
        };
        let given = parameters.iter().filter(|(name, _)| open(name));
        let asked = Asked {
            text: loaded.sources.text().to_owned(),
            parameters: given.map(|(name, value)| (name.clone(), value.clone())).collect(),
            region: region.map(str::to_owned),
        };
        Some(Asking::Running(self.pool.submit(asked)))
    }

    /// The findings of a check, once they are there or its budget is used up. `template` is the name
    /// of the template.
    ///
    /// # Errors
    /// If rules from files cannot be loaded, or there are some and the check was not made. Without
    /// them a check that was not made is a warning.
    pub(super) fn answer(&self, asking: Asking, template: &str) -> Result<Answer, CheckError> {
        let reason = match asking {
            Asking::Skipped(reason) => reason,
            Asking::Running(outcome) => match outcome.recv() {
                Ok(Ok(verdict)) => return Ok(Answer::of(verdict)),
                Ok(Err(Failure::Lint(error))) => reason(error)?,
                Ok(Err(Failure::Crash(crash))) => text_of(&crash),
                Err(_) => "its thread could not be started".to_owned(),
            },
        };
        if self.files().is_empty() {
            return Ok(Answer { findings: vec![skipped(&reason)], own_rules: None });
        }
        Err(CheckError::NotChecked { template: template.to_owned(), reason })
    }
}

/// The reason why there is no verdict, if it is not in the rules.
fn reason(error: LintError) -> Result<String, CheckError> {
    match error {
        LintError::RuleFile { .. }
        | LintError::RuleFiles { .. }
        | LintError::NoRules { .. }
        | LintError::RuleName { .. }
        | LintError::RuleFailed { .. } => Err(CheckError::Lint(error)),
        LintError::NotEvaluated { .. } | LintError::Start(_) | LintError::Check(_) => {
            Ok(error.to_string())
        }
    }
}

/// A crash in one sentence, with the rule files that it happened at.
fn text_of(Crash { end, at }: &Crash) -> String {
    match (end, at.as_slice()) {
        (End::NotStarted(_), _) | (_, []) => end.to_string(),
        (_, [file]) => format!("at the rules in `{file}`, {end}"),
        (_, [file, more @ ..]) => {
            format!("at the rules in `{file}` and {} more files, {end}", more.len())
        }
    }
}

/// The reason why a template is too large for the validator, as a clause about the template.
fn too_much(loaded: &Loaded) -> Option<String> {
    let bytes = loaded.sources.text().len();
    let Extent { nodes, longest, widest } = loaded.extent;
    // Loops make more resources than the text has.
    let template = loaded.template.as_ref();
    let resources = template.map_or(0, |template| template.resources.len());
    let parameters = template.map_or(0, |template| template.parameters.len());
    let reason = if bytes > MAX_BYTES {
        format!("it has more than {} MiB", MAX_BYTES >> 20)
    } else if nodes > MAX_NODES {
        format!("it has more than {MAX_NODES} texts, lists and maps")
    } else if widest.max(resources) > MAX_ENTRIES {
        format!("it has a list or map of more than {MAX_ENTRIES} entries")
    } else if parameters > MAX_PARAMETERS {
        format!("it has more than {MAX_PARAMETERS} parameters")
    } else if template.is_some_and(has_large_pattern) {
        "it has an `AllowedPattern` of more than 4 KiB, or one that compiles to more than 1 MiB"
            .to_owned()
    } else if longest > MAX_TEXT {
        format!("it has a text of more than {} KiB", MAX_TEXT >> 10)
    } else {
        return None;
    };
    Some(reason)
}

impl Answer {
    fn of(Verdict { mut findings, mut own, own_rules }: Verdict) -> Self {
        own.append(&mut findings);
        Self { findings: own, own_rules: Some(own_rules) }
    }
}

/// The warning that the validator has not checked the whole template.
fn skipped(reason: &str) -> Diagnostic {
    let message = "AWS's validator has not checked all of this template";
    let help = format!("{reason}\nrstack's own checks were made");
    Diagnostic::warning(Code::NotValidated, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::child::{Crash, End};

    fn validator(files: Vec<RuleFile>) -> Validator {
        let setup = Setup { files, built_in: true };
        Validator { pool: Pool::new(None, setup, None, BUDGET) }
    }

    fn rules() -> Vec<RuleFile> {
        let (name, text) = ("a.guard".to_owned(), String::new());
        let language = rstack_lint::RuleLanguage::Guard;
        vec![RuleFile { name, language, source: RuleSource::CommandLine, text }]
    }

    /// Makes a check that has failed.
    type Make = fn() -> Asking;

    fn outcome(outcome: Outcome) -> Asking {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        sender.send(outcome).unwrap();
        Asking::Running(receiver)
    }

    #[test]
    fn a_check_that_is_not_made_is_a_warning_and_with_rules_an_error() {
        let crash = |end| outcome(Err(Failure::Crash(Crash { end, at: vec!["a.guard".into()] })));
        let failures: [(Make, &str); 5] = [
            (|| Asking::Skipped("too large".into()), "too large"),
            (
                || outcome(Err(Failure::Lint(LintError::Check("no".into())))),
                "the validator failed: no",
            ),
            (
                || outcome(Err(Failure::Lint(LintError::Start("no".into())))),
                "cannot start the validator: no",
            ),
            (|| Asking::Running(std::sync::mpsc::channel().1), "its thread could not be started"),
            (
                || {
                    outcome(Err(Failure::Lint(LintError::NotEvaluated {
                        problem: "unread".into(),
                    })))
                },
                "unread",
            ),
        ];
        let ends = [
            (
                End::Budget(BUDGET),
                "at the rules in `a.guard`, it took longer than its budget of 10 s",
            ),
            (End::Memory(1 << 20), "at the rules in `a.guard`, it needs more than 1 MiB of memory"),
            (End::Stack, "at the rules in `a.guard`, it nests too deep"),
            (End::Signal(9), "at the rules in `a.guard`, its process was ended by signal 9"),
            (End::NotStarted("gone".into()), "its process could not be started: gone"),
        ];
        let all = failures
            .iter()
            .map(|(asking, reason)| (asking(), *reason))
            .chain(ends.iter().map(|(end, reason)| (crash(end.clone()), *reason)));
        for (asking, reason) in all {
            let error = validator(rules()).answer(asking, "t.yaml").unwrap_err();
            assert!(
                matches!(&error, CheckError::NotChecked { reason: found, .. }
                if found.contains(reason)),
                "{error}"
            );
        }
        for (asking, reason) in failures {
            let answer = validator(Vec::new()).answer(asking(), "t.yaml").unwrap();
            assert!(answer.own_rules.is_none() && answer.findings.len() == 1);
            let finding = &answer.findings[0];
            assert!(!finding.is_error() && finding.code == Code::NotValidated);
            assert!(finding.help.as_ref().unwrap().contains(reason));
        }
    }

    #[test]
    fn rules_that_fail_are_an_error() {
        let failed = LintError::RuleFailed {
            files: vec!["a.guard".to_owned()],
            at: None,
            problem: "it cannot be evaluated on this template".to_owned(),
        };
        let asking = outcome(Err(Failure::Lint(failed.clone())));
        let error = validator(rules()).answer(asking, "t.yaml").unwrap_err();
        assert!(matches!(&error, CheckError::Lint(text) if *text == failed), "{error}");
    }
}
