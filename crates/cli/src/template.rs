//! Reading a template from disk and showing what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::{Code, Diagnostic, ErrorCode, Presence, shown_address};
use rstack_render::{report, report_json, tally};
use rstack_template::{
    Evaluation, Extent, ExternalValues, Inputs, Parsed, Reading, Template, WantedFile, evaluate,
};

use crate::env::Env;
use crate::error::CommandError;
use crate::files::TemplateFile;
use crate::remote_template::RemoteTemplate;
use crate::sources::{SourceError, Sources};
use crate::terminal::Terminal;

/// A template and its files.
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    pub(crate) template: Option<Template>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// True if it has to be read again when the account and the Region of the stack are known.
    pub(crate) needs_place: bool,
    /// True if the template was evaluated and is kept no longer.
    evaluated: bool,
    /// The parts of it that are in the stack, by its last evaluation.
    pub(crate) presence: Presence,
    /// The size of the template.
    pub(crate) extent: Extent,
}

/// The files of nested stacks.
pub(crate) enum Files {
    /// All of them are there.
    Complete,
    /// The template has to be evaluated again, as soon as these are there, too.
    Again(Vec<RemoteTemplate>),
}

/// The way of a command without a cloud with templates that would have to be fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Offline<'a> {
    /// It has errors to report already.
    Silent,
    /// It warns that it does not check them.
    Warns,
    /// It fails: this command needs them.
    Refuses(&'a str),
}

impl Offline<'_> {
    /// The finding about a nested stack that is left out.
    fn finding(self, file: &WantedFile) -> Option<Diagnostic> {
        let (stack, address) = (&file.stack, shown_address(&file.location));
        let finding = match self {
            Self::Silent => return None,
            Self::Warns => {
                let message = format!(
                    "the nested stack `{stack}` is not checked: `validate` asks no network for `{address}`"
                );
                let help = "`rstack plan` fetches its template and checks it";
                Diagnostic::warning(Code::NotValidated, message).help(help)
            }
            Self::Refuses(command) => {
                let message = format!(
                    "the nested stack `{stack}` is not known: `{command}` asks no network for `{address}`"
                );
                let help = "`rstack plan` fetches it; to see it here, take it into the project";
                Diagnostic::error(Code::NestedStack, message).help(help)
            }
        };
        Some(finding.at(file.at, ""))
    }
}

impl Loaded {
    /// Reads and parses a template. The values given for parameters decide what its loops make, and
    /// so do pseudo parameters as far as they are known.
    ///
    /// # Errors
    /// If the file cannot be read or is no text. Mistakes in the template are diagnostics.
    pub(crate) fn read(
        env: &Env,
        file: &TemplateFile,
        parameters: &BTreeMap<String, String>,
        pseudo: BTreeMap<String, String>,
    ) -> Result<Self, SourceError> {
        let reading = Reading { pseudo, ..Reading::with_parameters(parameters) };
        let mut sources = Sources::read(env, file)?;
        let parsed = sources.parse(reading);
        if parsed.template.as_ref().is_some_and(|template| template.passes_bootstrap) {
            tracing::info!(
                template = sources.name(),
                "the rule `CheckBootstrapVersion` is passed over: rstack needs no bootstrap stack"
            );
        }
        let Parsed { template, diagnostics, needs_place, extent, .. } = parsed;
        let evaluated = false;
        let presence = Presence::default();
        Ok(Self { sources, template, diagnostics, needs_place, evaluated, presence, extent })
    }

    /// Parses the same template again, now that it is known where the stack is to live. No file is
    /// read again.
    pub(crate) fn place(
        &mut self,
        parameters: &BTreeMap<String, String>,
        pseudo: BTreeMap<String, String>,
    ) {
        let reading = Reading { pseudo, ..Reading::with_parameters(parameters) };
        let parsed = self.sources.parse(reading);
        let Parsed { template, diagnostics, needs_place, extent, .. } = parsed;
        (self.template, self.diagnostics) = (template, diagnostics);
        (self.needs_place, self.extent) = (needs_place, extent);
    }

    /// Evaluates the template without a cloud, with what is found added to the diagnostics. Nested stacks whose
    /// templates would have to be fetched are left out.
    pub(crate) fn evaluate(
        &mut self,
        inputs: &Inputs<'_>,
        offline: Offline<'_>,
    ) -> Option<Evaluation> {
        let mut external: ExternalValues = inputs.external.clone();
        loop {
            self.sources.put_nested(&mut external);
            let inputs = Inputs { external: &external, ..*inputs };
            let evaluation = evaluate(self.template.as_ref()?, &inputs);
            match self.files(&evaluation) {
                Files::Complete => {
                    self.presence = evaluation.presence.clone();
                    self.add(evaluation.diagnostics.iter().cloned());
                    let left_out = evaluation.left_out.iter();
                    let findings: Vec<_> = left_out.filter_map(|it| offline.finding(it)).collect();
                    self.add(findings);
                    return Some(evaluation);
                }
                Files::Again(remote) => {
                    remote.iter().for_each(|template| self.sources.leave_out(template));
                }
            }
            if self.failed() {
                return None;
            }
        }
    }

    /// The files of the nested stacks of an evaluation: those that are missing are read, and those that cannot
    /// be read are findings.
    pub(crate) fn files(&mut self, evaluation: &Evaluation) -> Files {
        self.sources.place_nested(&evaluation.files);
        if evaluation.wanted.is_empty() {
            return Files::Complete;
        }
        let (unread, remote) = self.sources.read_nested(&evaluation.wanted);
        if !unread.is_empty() {
            self.add(unread);
        }
        Files::Again(remote)
    }

    /// Frees the template: a large one takes as much memory as its plan, and what is found in it
    /// later needs its text only.
    pub(crate) fn forget_template(&mut self) {
        self.evaluated |= self.template.take().is_some();
    }

    /// Adds findings, in the order of the source.
    pub(crate) fn add(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.extend(found);
        // What says that there is more comes last.
        let place = |d: &Diagnostic| (d.code == Code::More, d.labels.first().map(|l| l.span));
        self.diagnostics.sort_by_key(place);
    }

    /// Moves findings about the result of AWS's translator to where it comes from in the template.
    pub(crate) fn show_in_own_text(&mut self) {
        self.sources.show_in_own_text(&mut self.diagnostics);
        self.add([]);
    }

    /// True if there are errors.
    pub(crate) fn failed(&self) -> bool {
        let missing = self.template.is_none() && !self.evaluated;
        missing || self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The findings as JSON, one object a line.
    ///
    /// # Errors
    /// If the JSON cannot be written.
    pub(crate) fn lines(&self) -> Result<String, serde_json::Error> {
        let mut lines = String::new();
        for (source, findings) in self.sources.sorted(&self.diagnostics) {
            lines.push_str(&report_json(&findings, source)?);
        }
        Ok(lines)
    }

    /// Shows the findings on standard error, as text or as JSON lines. Standard output is for the
    /// result of the command.
    pub(crate) fn show(&self, terminal: &Terminal) -> Result<(), CommandError> {
        if terminal.json {
            terminal.error_text(&self.lines()?);
            return Ok(());
        }
        for (source, findings) in self.sources.sorted(&self.diagnostics) {
            if !findings.is_empty() {
                terminal.error_text(&report(&findings, source, &terminal.error_view()));
            }
        }
        Ok(())
    }

    /// The code that all errors among the findings have, if it is one.
    pub(crate) fn error_code(&self) -> Option<&str> {
        let errors = self.diagnostics.iter().filter(|finding| finding.is_error());
        let codes: BTreeSet<&str> = errors.map(|finding| finding.code.as_str()).collect();
        codes.first().copied().filter(|_| codes.len() == 1)
    }

    /// Shows the findings, and fails if there are errors among them.
    ///
    /// # Errors
    /// [`invalid_template`] if there are errors.
    pub(crate) fn checked(&mut self, terminal: &Terminal) -> Result<(), CommandError> {
        self.show_in_own_text();
        if self.failed() || !self.diagnostics.is_empty() {
            self.show(terminal)?;
        }
        if self.failed() {
            let tally = tally(&self.diagnostics).unwrap_or_else(|| "an error".to_owned());
            let message = format!("`{}` has {tally}", self.sources.name());
            return Err(invalid_template(message, self.error_code()));
        }
        Ok(())
    }
}

/// The error of a template whose findings have been shown, with the code of its errors if they have
/// one only.
pub(crate) fn invalid_template(message: String, code: Option<&str>) -> CommandError {
    let hint = match code {
        Some(code) => format!("`rstack explain {code}` explains the error"),
        None => "`rstack explain CODE` explains an error".to_owned(),
    };
    CommandError::new(ErrorCode::TemplateInvalid, message).with_hint(Some(hint))
}
