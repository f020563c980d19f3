//! Tries every template of the corpus in the sandbox, and compares the verdicts with those that are
//! recorded in `tests/ecosystem/verdicts.jsonl`.

mod compare;
mod corpus;
mod program;
mod report;
mod trial;
mod values;
mod verdict;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::compare::Verdicts;
use self::corpus::Template;
use self::program::Program;
use self::verdict::Line;

/// The recorded verdicts, relative to the workspace.
const RECORDED: &str = "tests/ecosystem/verdicts.jsonl";

/// Values that go before those of the manifest, relative to the workspace.
const PARAMETERS: &str = "tests/ecosystem/parameters.json";

/// The use of today's verdicts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// Compare them with the recorded ones. Regressions are an error.
    Compare,
    /// Record them.
    Record,
}

/// Tries the templates with a program of the workspace.
///
/// # Errors
/// If the corpus or the recorded verdicts cannot be read, or templates get less far than recorded.
pub(crate) fn run(program: &Path, corpus: &Path, mode: Mode) -> Result<String, Box<dyn Error>> {
    let program = program.canonicalize().map_err(|e| format!("{}: {e}", program.display()))?;
    let substitutes = std::fs::read_to_string(in_workspace(PARAMETERS))?;
    let templates = corpus::templates(corpus, &serde_json::from_str::<Vec<_>>(&substitutes)?)?;
    let today = trials(&program, &templates)?;
    let path = in_workspace(RECORDED);
    let recorded = read(&path)?;
    let report = report::report(&templates, &recorded, &today);
    match mode {
        Mode::Record => {
            std::fs::write(&path, written(&today)?)?;
            Ok(format!("{}\nrecorded in {RECORDED}", report.text))
        }
        Mode::Compare if report.regressions == 0 => Ok(report.text),
        Mode::Compare => {
            let advice = "If they are wanted: `make ecosystem-record`, and commit the file.";
            Err(format!("templates get less far than recorded\n{}\n{advice}", report.text).into())
        }
    }
}

fn in_workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The verdicts on all templates, tried side by side, each in a folder of its own.
fn trials(program: &Path, templates: &[Template]) -> Result<Verdicts, Box<dyn Error>> {
    let root = tempfile::tempdir()?;
    let (next, verdicts) = (AtomicUsize::new(0), Mutex::new(Verdicts::new()));
    let work = || -> std::io::Result<()> {
        while let Some(template) = templates.get(next.fetch_add(1, Ordering::Relaxed)) {
            let folder = root.path().join(&template.name);
            std::fs::create_dir(&folder)?;
            let verdict = trial::trial(&Program { path: program, folder: &folder, template });
            std::fs::remove_dir_all(&folder)?;
            let mut verdicts = verdicts.lock().map_err(|_| std::io::Error::other("a panic"))?;
            verdicts.insert(template.name.clone(), verdict);
        }
        Ok(())
    };
    let workers = std::thread::available_parallelism()?.get();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().map_err(|_| std::io::Error::other("a worker panicked"))?
        })
    })?;
    Ok(verdicts.into_inner().map_err(|_| "a worker panicked")?)
}

/// The verdicts of a file; none if there is no file.
fn read(path: &Path) -> Result<Verdicts, Box<dyn Error>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other.map_err(|error| format!("{}: {error}", path.display()))?,
    };
    let line = |line: &str| -> Result<_, Box<dyn Error>> {
        let line: Line = serde_json::from_str(line)?;
        Ok((line.template, line.verdict))
    };
    text.lines().map(line).collect()
}

/// Verdicts as they are recorded: a line for each, by the template's name.
fn written(verdicts: &Verdicts) -> Result<String, serde_json::Error> {
    let line = |(template, verdict): (&String, &verdict::Verdict)| {
        let line = Line { template: template.clone(), verdict: verdict.clone() };
        Ok(serde_json::to_string(&line)? + "\n")
    };
    verdicts.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
