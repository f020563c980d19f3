//! The validator in a thread of its own: started early, waited for within a budget, and never the
//! end of the program.

use std::collections::BTreeMap;
use std::panic;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Once, OnceLock};
use std::thread::{self, JoinHandle, ScopedJoinHandle};
use std::time::{Duration, Instant};

use rstack_lint::{LintError, Question, RuleFile, Rules, Schemas, version};
use rstack_model::{Code, Diagnostic, Digest};
use rstack_template::{Extent, bounded, has_large_pattern};
use serde::Serialize;

use super::cache::{Cache, Entry};
use super::error::CheckError;
use super::{is_unreadable, rule_files};
use crate::env::Env;
use crate::template::Loaded;

/// How long it may take, unless the project file says otherwise.
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

/// The stack of its thread. It follows the tree of a template, which rstack keeps shallow, and
/// JSON inside of texts.
const STACK: usize = 64 << 20;

/// The name of its thread.
const THREAD: &str = "validator";

/// Changes whenever what is remembered does.
const FORMAT: u32 = 3;

/// The validator with its rules, loaded when it is first needed.
pub(crate) struct Validator {
    shared: Arc<Shared>,
    budget: Duration,
}

struct Shared {
    files: Vec<RuleFile>,
    cache: Option<Cache>,
    loaded: OnceLock<Result<rstack_lint::Validator, Arc<LintError>>>,
}

/// What a check found.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// What was found.
    pub(crate) findings: Vec<Diagnostic>,
    /// The names of the rules from files, if these were looked at.
    pub(crate) own_rules: Option<Vec<String>>,
}

/// A check that was asked for.
pub(crate) enum Asking {
    /// It is not made, for a reason.
    Skipped(String),
    /// It runs.
    Running(Running),
}

/// A check that runs.
pub(crate) struct Running {
    answers: Receiver<Result<Entry, Arc<LintError>>>,
    thread: Option<JoinHandle<()>>,
    started: Instant,
    budget: Duration,
}

/// What a verdict depends on.
#[derive(Serialize)]
struct Key<'a> {
    format: u32,
    validator: &'a str,
    text: &'a Digest,
    parameters: &'a BTreeMap<String, String>,
    region: Option<&'a str>,
    rules: Vec<(&'a str, &'a str, &'a str)>,
}

/// A question that lives as long as its thread.
struct Asked {
    text: String,
    parameters: BTreeMap<String, String>,
    region: Option<String>,
}

impl Validator {
    /// The validator with the rules in these files and folders.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn new(
        env: &Env,
        paths: &[PathBuf],
        budget: Option<Duration>,
    ) -> Result<Self, CheckError> {
        let files = rule_files::read(env, paths)?;
        let shared = Shared { files, cache: Cache::of_user(env), loaded: OnceLock::new() };
        Ok(Self { shared: Arc::new(shared), budget: budget.unwrap_or(BUDGET) })
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
        Some(Asking::Running(self.spawn(asked)))
    }

    fn spawn(&self, asked: Asked) -> Running {
        hush();
        let (sender, answers) = sync_channel(1);
        let shared = self.shared.clone();
        let work = move || {
            // Whoever asked may have stopped waiting.
            let _gone = sender.send(shared.answer(&asked));
        };
        let started = Instant::now();
        let thread = thread::Builder::new().name(THREAD.to_owned()).stack_size(STACK).spawn(work);
        Running { answers, thread: thread.ok(), started, budget: self.budget }
    }
}

impl Shared {
    fn answer(&self, asked: &Asked) -> Result<Entry, Arc<LintError>> {
        let key = self.key(asked);
        let known = || self.cache.as_ref()?.get(key.as_ref()?);
        if let Some(entry) = known() {
            return Ok(entry);
        }
        let entry = self.ask(asked)?;
        if let (Some(cache), Some(key)) = (&self.cache, &key) {
            // What cannot be remembered is asked again.
            let _forgotten = cache.put(key, &entry);
        }
        Ok(entry)
    }

    fn key(&self, asked: &Asked) -> Option<Digest> {
        let rules = self.files.iter();
        let key = Key {
            format: FORMAT,
            validator: version(),
            text: &Digest::of(asked.text.as_bytes()),
            parameters: &asked.parameters,
            region: asked.region.as_deref(),
            rules: rules.map(|f| (f.name.as_str(), f.language.name(), f.text.as_str())).collect(),
        };
        Digest::of_json(&key).ok()
    }

    fn ask(&self, asked: &Asked) -> Result<Entry, Arc<LintError>> {
        let validator =
            self.loaded.get_or_init(|| load(&self.files)).as_ref().map_err(Arc::clone)?;
        let own_rules = validator.own_rules().to_vec();
        let question = Question {
            text: &asked.text,
            parameters: &asked.parameters,
            region: asked.region.as_deref(),
        };
        let findings = validator.check(&question).map_err(Arc::new)?;
        Ok(Entry { findings: bounded(findings), own_rules })
    }
}

/// Loads schemas and rules side by side.
fn load(files: &[RuleFile]) -> Result<rstack_lint::Validator, Arc<LintError>> {
    thread::scope(|scope| {
        let beside = thread::Builder::new().name(THREAD.to_owned());
        let schemas = beside.spawn_scoped(scope, Schemas::load);
        let rules = Rules::load(files).map_err(Arc::new)?;
        let schemas = match schemas.map(ScopedJoinHandle::join) {
            Ok(Ok(schemas)) => schemas,
            // It is told as what it is where this thread is waited for.
            Ok(Err(payload)) => panic::resume_unwind(payload),
            Err(_no_thread) => Schemas::load(),
        };
        Ok(rstack_lint::Validator::new(schemas, rules))
    })
}

/// Why a template is not given to the validator, if it is too large for it.
fn too_much(loaded: &Loaded) -> Option<String> {
    let bytes = loaded.sources.text().len();
    let Extent { nodes, longest, widest } = loaded.extent;
    // Loops make more resources than the text has.
    let template = loaded.template.as_ref();
    let resources = template.map_or(0, |template| template.resources.len());
    let parameters = template.map_or(0, |template| template.parameters.len());
    let reason = if bytes > MAX_BYTES {
        format!("it is not given more than {} MiB", MAX_BYTES >> 20)
    } else if nodes > MAX_NODES {
        format!("it is not given more than {MAX_NODES} texts, lists and maps")
    } else if widest.max(resources) > MAX_ENTRIES {
        format!("it is given no list or map of more than {MAX_ENTRIES} entries")
    } else if parameters > MAX_PARAMETERS {
        format!("it is not given more than {MAX_PARAMETERS} parameters")
    } else if template.is_some_and(has_large_pattern) {
        "it is given no `AllowedPattern` that is very large when it is compiled".to_owned()
    } else if longest > MAX_TEXT {
        format!("it is given no text of more than {} KiB", MAX_TEXT >> 10)
    } else {
        return None;
    };
    Some(reason)
}

impl Asking {
    /// [`Running::answer`], or why there is none.
    ///
    /// # Errors
    /// As [`Running::answer`].
    pub(super) fn answer(self) -> Result<Answer, CheckError> {
        match self {
            Self::Running(running) => running.answer(),
            Self::Skipped(reason) => Ok(Answer::skipped(&reason)),
        }
    }
}

impl Answer {
    fn skipped(reason: &str) -> Self {
        Self { findings: vec![skipped(reason)], own_rules: None }
    }
}

impl Running {
    /// What was found, once it is there or the budget is used up.
    ///
    /// # Errors
    /// If a rule file cannot be loaded. Whatever else goes wrong is a warning.
    pub(super) fn answer(self) -> Result<Answer, CheckError> {
        let left = self.budget.saturating_sub(self.started.elapsed());
        let reason = match self.answers.recv_timeout(left) {
            Ok(Ok(entry)) => {
                let Entry { findings, own_rules } = entry;
                return Ok(Answer { findings, own_rules: Some(own_rules) });
            }
            Ok(Err(error)) => match error.as_ref() {
                LintError::RuleFile { .. } | LintError::RuleFiles(_) => {
                    return Err(CheckError::Lint(error));
                }
                LintError::Start(_) | LintError::Check(_) => error.to_string(),
            },
            Err(RecvTimeoutError::Timeout) => {
                format!("it took longer than its budget of {} s", self.budget.as_secs())
            }
            Err(RecvTimeoutError::Disconnected) => match self.thread.map(JoinHandle::join) {
                Some(Err(payload)) => format!("the validator panicked: {}", words(&*payload)),
                Some(Ok(())) | None => "its thread could not be started".to_owned(),
            },
        };
        Ok(Answer::skipped(&reason))
    }
}

/// The warning that the validator has not said all that it could.
fn skipped(reason: &str) -> Diagnostic {
    let message = "AWS's validator has not checked all of this template";
    let help = format!("{reason}\nrstack's own checks were made");
    Diagnostic::warning(Code::NotValidated, message).help(help)
}

/// What a panic said, as far as it stands in the program's text.
fn words(payload: &(dyn std::any::Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("it did not say why")
}

/// Keeps panics of the validator off the terminal: they are warnings.
fn hush() {
    static HUSH: Once = Once::new();
    HUSH.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(THREAD) {
                usual(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(work: impl FnOnce() + Send + 'static, budget: Duration) -> Diagnostic {
        hush();
        let (sender, answers) = sync_channel(1);
        let work = move || {
            let _kept = &sender;
            work();
        };
        let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(work).unwrap();
        let running = Running { answers, thread: Some(thread), started: Instant::now(), budget };
        let answer = running.answer().unwrap();
        assert_eq!((answer.findings.len(), answer.own_rules), (1, None));
        answer.findings.into_iter().next().unwrap()
    }

    #[test]
    fn a_validator_that_panics_or_does_not_end_is_a_warning() {
        let panicked = told(|| panic!("too deep"), Duration::from_secs(600));
        assert!(!panicked.is_error() && panicked.code == Code::NotValidated);
        let help = "the validator panicked: too deep\nrstack's own checks were made";
        assert_eq!(panicked.help.as_deref(), Some(help));
        let late = told(thread::park, Duration::ZERO);
        assert!(late.help.unwrap().starts_with("it took longer than its budget of 0 s"));
    }
}
