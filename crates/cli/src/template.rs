//! Reading a template from disk and showing what is wrong with it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use rstack_model::{Code, Diagnostic};
use rstack_render::{Source, report, report_json, tally};
use rstack_template::{Evaluation, Inputs, MAX_SIZE, Template, evaluate, parse};

use crate::error::CliError;
use crate::terminal::Terminal;

/// A template and its text.
pub(crate) struct Loaded {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) template: Option<Template>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Reads and parses a template. The values given for parameters decide what its loops make.
    ///
    /// # Errors
    /// If the file cannot be read or is no text. Mistakes in the template are diagnostics.
    pub(crate) fn read(
        path: &Path,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Self, CliError> {
        let text = read_text(path)?;
        let parsed = parse(&text, parameters);
        let name = path.display().to_string();
        Ok(Self { name, text, template: parsed.template, diagnostics: parsed.diagnostics })
    }

    /// Evaluates the template, with what is found added to the diagnostics.
    pub(crate) fn evaluate(&mut self, inputs: &Inputs<'_>) -> Option<Evaluation> {
        let evaluation = evaluate(self.template.as_ref()?, inputs);
        self.add(evaluation.diagnostics.iter().cloned());
        Some(evaluation)
    }

    /// Adds findings, in the order of the source.
    pub(crate) fn add(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.extend(found);
        // What says that there is more comes last.
        let place = |d: &Diagnostic| (d.code == Code::More, d.labels.first().map(|l| l.span));
        self.diagnostics.sort_by_key(place);
    }

    /// Whether there are errors.
    pub(crate) fn failed(&self) -> bool {
        self.template.is_none() || self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The findings as JSON, one object a line.
    ///
    /// # Errors
    /// If the JSON cannot be written.
    pub(crate) fn lines(&self) -> Result<String, CliError> {
        let source = Source { name: &self.name, text: &self.text };
        Ok(report_json(&self.diagnostics, source)?)
    }

    /// Shows the findings on standard error, as text or as JSON lines. Standard output is for the
    /// result of the command.
    pub(crate) fn show(&self, terminal: &Terminal) -> Result<(), CliError> {
        if terminal.json {
            terminal.error_text(&self.lines()?);
            return Ok(());
        }
        let source = Source { name: &self.name, text: &self.text };
        if !self.diagnostics.is_empty() {
            terminal.error_text(&report(&self.diagnostics, source, &terminal.error_view()));
        }
        Ok(())
    }

    /// Shows the findings, and fails if there are errors among them.
    ///
    /// # Errors
    /// [`CliError::Template`] if there are errors.
    pub(crate) fn checked(&self, terminal: &Terminal) -> Result<(), CliError> {
        if self.failed() || !self.diagnostics.is_empty() {
            self.show(terminal)?;
        }
        if self.failed() {
            let tally = tally(&self.diagnostics).unwrap_or_else(|| "an error".to_owned());
            return Err(CliError::Template(format!("`{}` has {tally}", self.name)));
        }
        Ok(())
    }
}

fn read_text(path: &Path) -> Result<String, CliError> {
    let read = |source| CliError::Read { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(read)?;
    let limit = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX);
    let too_large = || CliError::TooLarge { path: path.to_owned(), limit: MAX_SIZE >> 20 };
    if file.metadata().map_err(read)?.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(read)?;
    if bytes.len() > MAX_SIZE {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|error| {
        let problem = not_text(error.as_bytes(), error.utf8_error().valid_up_to());
        CliError::NotText { path: path.to_owned(), problem }
    })
}

/// What is wrong with bytes that are UTF-8 up to an offset only.
fn not_text(bytes: &[u8], valid: usize) -> String {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return "it is UTF-16".to_owned();
    }
    let line = bytes.iter().take(valid).filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line} is not UTF-8 (byte {valid})")
}
