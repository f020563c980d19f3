//! Reading a template from disk and showing what is wrong with it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use rstack_model::Diagnostic;
use rstack_render::{Source, report, report_json, tally};
use rstack_template::{Evaluation, Inputs, Template, evaluate, parse};

use crate::error::CliError;
use crate::terminal::Terminal;

/// No template is larger: CloudFormation takes 1 MB, rstack a hundred times as much.
const MAX_SIZE: u64 = 100 << 20;

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
        let place = |d: &Diagnostic| d.labels.first().map(|label| label.span);
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
    let size = file.metadata().map_err(read)?.len();
    if size > MAX_SIZE {
        return Err(CliError::TooLarge { path: path.to_owned(), size });
    }
    let mut bytes = Vec::new();
    file.take(MAX_SIZE).read_to_end(&mut bytes).map_err(read)?;
    String::from_utf8(bytes).map_err(|_| CliError::NotText { path: path.to_owned() })
}
