//! The validator at work: what it is asked, what it says, and the hidden entry of the program at which
//! it runs as a process of its own.
//!
//! Question and answer are lines of JSON. The first line has the limits, the second the rules; each
//! one after it is a template, whose answer comes after the names of the rule files that are worked
//! at.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};
use std::panic;
use std::process::ExitCode;
use std::thread::{self, ScopedJoinHandle};

use rstack_lint::{LintError, Question, RuleFile, Rules, Schemas, Validator, Verdict};
use rstack_template::bounded;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::limits;
use crate::memory;

/// The argument that starts the program as the validator's process.
pub(crate) const ENTRY: &str = "__validator";

/// The stack on which it works, in bytes. It follows the tree of a template, which rstack keeps
/// shallow, JSON inside of texts, and the nesting of rules.
pub(super) const STACK: usize = 64 << 20;

/// The name of the threads on which it works.
pub(super) const THREAD: &str = "validator";

/// The longest line of limits, in bytes.
const LIMITS: u64 = 1 << 10;

/// The limits of the process.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Limits {
    /// The most memory for data, in bytes.
    pub(super) memory: u64,
    /// The most time of the processor for one template, in seconds.
    pub(super) seconds: u64,
}

/// The rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    /// Those of files.
    pub(super) files: Vec<RuleFile>,
    /// True if the built-in ones are looked at, too.
    pub(super) built_in: bool,
}

/// A template.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    /// Its text.
    pub(super) text: String,
    /// The values of its parameters, those of secret ones left out.
    pub(super) parameters: BTreeMap<String, String>,
    /// The Region, if one was chosen.
    pub(super) region: Option<String>,
}

/// A line of the process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// The rule files that are worked at from now on.
    At(Vec<String>),
    /// The verdict on the template.
    Found(Box<Verdict>),
    /// The reason why there is none.
    Failed(LintError),
}

/// Runs the process: its input and output are those of the program.
pub(crate) fn main() -> ExitCode {
    memory::protect();
    limits::end_with_parent();
    match serve(&mut io::stdin().lock(), &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        // The parent sees that there is no answer.
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(input: &mut impl BufRead, output: &mut (dyn Write + Send)) -> io::Result<()> {
    let Some(Limits { memory, seconds }) = line(&mut input.by_ref().take(LIMITS))? else {
        return Ok(());
    };
    limits::close(memory)?;
    limits::processor(seconds)?;
    let Some(setup) = line::<Setup>(input)? else { return Ok(()) };
    let mut loaded = None;
    while let Some(asked) = line::<Asked>(input)? {
        limits::processor(seconds)?;
        let work = || answer(&mut loaded, &setup, &asked, output);
        let worked = thread::scope(|scope| {
            let builder = thread::Builder::new().name(THREAD.to_owned()).stack_size(STACK);
            builder.spawn_scoped(scope, work).map(ScopedJoinHandle::join)
        })?;
        worked.map_err(|_| io::Error::other("it panicked"))??;
    }
    Ok(())
}

/// Answers one question, with the rules that are loaded at the first.
fn answer(
    loaded: &mut Option<Result<Validator, LintError>>,
    setup: &Setup,
    asked: &Asked,
    output: &mut (dyn Write + Send),
) -> io::Result<()> {
    let mut wrong = Ok(());
    let mut watch = |files: &[String]| {
        if wrong.is_ok() {
            wrong = say(output, &Said::At(files.to_vec()));
        }
    };
    let loaded = loaded.get_or_insert_with(|| load(&setup.files, &mut watch));
    let said = match check(loaded, setup.built_in, asked, &mut watch) {
        Ok(verdict) => Said::Found(Box::new(verdict)),
        Err(error) => Said::Failed(error),
    };
    wrong?;
    say(output, &said)
}

/// Loads schemas and rules side by side.
pub(super) fn load(
    files: &[RuleFile],
    watch: &mut dyn FnMut(&[String]),
) -> Result<Validator, LintError> {
    thread::scope(|scope| {
        let beside = thread::Builder::new().name(THREAD.to_owned());
        let schemas = beside.spawn_scoped(scope, Schemas::load);
        let rules = Rules::load(files, watch)?;
        let schemas = match schemas.map(ScopedJoinHandle::join) {
            Ok(Ok(schemas)) => schemas,
            // It is reported where this thread is waited for.
            Ok(Err(payload)) => panic::resume_unwind(payload),
            Err(_no_thread) => Schemas::load(),
        };
        Ok(Validator::new(schemas, rules))
    })
}

/// The verdict on a template, with so many findings of either kind as can be shown.
pub(super) fn check(
    loaded: &Result<Validator, LintError>,
    built_in: bool,
    asked: &Asked,
    watch: &mut dyn FnMut(&[String]),
) -> Result<Verdict, LintError> {
    let validator = loaded.as_ref().map_err(Clone::clone)?;
    let Asked { text, parameters, region } = asked;
    let question = Question { text, parameters, region: region.as_deref(), built_in };
    let Verdict { findings, own, own_rules } = validator.check(&question, watch)?;
    Ok(Verdict { findings: bounded(findings), own: bounded(own), own_rules })
}

/// The next line, if there is one.
fn line<T: DeserializeOwned>(input: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut text = String::new();
    match input.read_line(&mut text)? {
        0 => Ok(None),
        _ => Ok(Some(serde_json::from_str(&text)?)),
    }
}

fn say(output: &mut dyn Write, said: &Said) -> io::Result<()> {
    output.write_all(&encoded(said)?)?;
    output.flush()
}

/// A value as a line.
pub(super) fn encoded(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
