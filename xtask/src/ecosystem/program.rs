//! One command of the program in a folder of its own.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::corpus::Template;

/// The time limit of one command.
const LIMIT: Duration = Duration::from_secs(180);

/// The stack's name in every trial.
const STACK: &str = "trial";

/// The program, and the folder in which it works for one template.
pub(crate) struct Program<'a> {
    pub(crate) path: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) template: &'a Template,
}

/// The end of one command, and what it wrote.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The variable with the Python that has AWS's translator of serverless templates.
pub(super) const TRANSLATOR: &str = "RSTACK_SAM_PYTHON";

impl Program<'_> {
    /// A command that takes the template and its parameters.
    pub(crate) fn on_template(&self, command: &str, options: &[&str]) -> Result<Ran, String> {
        let mut arguments = vec![command.to_owned(), self.template.path.display().to_string()];
        arguments.extend(["--stack-name", STACK, "--no-lint"].map(str::to_owned));
        for (name, value) in &self.template.parameters {
            arguments.extend(["--parameter".to_owned(), format!("{name}={value}")]);
        }
        arguments.extend(options.iter().map(|&option| option.to_owned()));
        self.run(&arguments)
    }

    /// The text of the template; empty if it cannot be read.
    pub(crate) fn template_text(&self) -> String {
        std::fs::read_to_string(&self.template.path).unwrap_or_default()
    }

    /// A command that takes the stack's name.
    pub(crate) fn on_stack(&self, command: &str, options: &[&str]) -> Result<Ran, String> {
        self.run(&[&[command, STACK], options].concat())
    }

    /// Runs the program, with JSON as its output.
    ///
    /// # Errors
    /// A text if it cannot be started, is ended by a signal or the time limit, or panics.
    pub(crate) fn run<S: AsRef<str>>(&self, arguments: &[S]) -> Result<Ran, String> {
        let name = arguments.first().map_or("", S::as_ref);
        let failed = |error: std::io::Error| format!("{name}: {error}");
        // Files and no pipes: a full pipe would keep the program waiting.
        let (out, err) = (self.folder.join("out"), self.folder.join("err"));
        let mut child = Command::new(self.path)
            .args(arguments.iter().map(S::as_ref))
            // One operation at a time: which of several fails first is not left to chance.
            .args(["--sandbox", "--state-dir", "state", "--json", "--parallelism", "1"])
            .current_dir(self.folder)
            .env_clear()
            .env("HOME", self.folder)
            .env("RSTACK_SANDBOX", "deploy-polls=0,poll-ms=1")
            .envs(std::env::var_os(TRANSLATOR).map(|python| (TRANSLATOR, python)))
            .stdin(Stdio::null())
            .stdout(File::create(&out).map_err(failed)?)
            .stderr(File::create(&err).map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().map_err(failed)? {
                break status;
            }
            if begun.elapsed() > LIMIT {
                child.kill().map_err(failed)?;
                child.wait().map_err(failed)?;
                return Err(format!("{name}: no end after {} seconds", LIMIT.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(failed);
        let (out, err) = (read(&out)?, read(&err)?);
        if let Some(line) = err.lines().find(|line| line.contains("panicked at")) {
            return Err(format!("{name}: {line}"));
        }
        let code = status.code().ok_or_else(|| format!("{name}: {status}"))?;
        Ok(Ran { code, out, err })
    }
}

impl Ran {
    /// The objects among the lines of both streams.
    pub(crate) fn records(&self) -> impl Iterator<Item = Value> {
        let lines = self.out.lines().chain(self.err.lines());
        lines.filter_map(|line| serde_json::from_str(line).ok()).filter(Value::is_object)
    }

    /// The codes of the errors that the command reports, or `no-code` if none has one.
    pub(crate) fn error_codes(&self) -> BTreeSet<String> {
        let errors = self.records().filter(|record| text(record, "severity") == "error");
        let mut codes: BTreeSet<String> = errors.map(|error| text(&error, "code")).collect();
        // Errors that are no findings are text: `error[CODE]: …`.
        codes.extend(
            self.err.lines().filter_map(|line| {
                Some(line.strip_prefix("error[")?.split_once("]:")?.0.to_owned())
            }),
        );
        codes.remove("");
        // It sums up the findings, whose codes say more.
        if codes.len() > 1 {
            codes.remove("template-invalid");
        }
        if codes.is_empty() { BTreeSet::from(["no-code".to_owned()]) } else { codes }
    }
}

/// The text of a field, empty if there is none.
pub(crate) fn text(record: &Value, field: &str) -> String {
    record.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}
