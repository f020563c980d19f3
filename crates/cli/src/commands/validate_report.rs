//! The report of `rstack validate`, in the format that was asked for.

use clap::ValueEnum;
use rstack_explain::Page;
use rstack_model::FindingCode;
use rstack_render::{RuleText, SarifLog, escape, tally};

use crate::error::CommandError;
use crate::template::Loaded;
use crate::terminal::Terminal;

/// A format for what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For people.
    Text,
    /// One JSON object per line for each finding.
    Json,
    /// One SARIF 2.1.0 log, for code scanning services.
    Sarif,
}

/// A report that templates are added to.
pub(super) enum Report {
    Text,
    Json,
    Sarif(Box<SarifLog>),
}

impl Report {
    pub(super) fn new(format: Option<ReportFormat>, terminal: &Terminal) -> Self {
        match format {
            Some(ReportFormat::Sarif) => Self::Sarif(Box::default()),
            Some(ReportFormat::Json) => Self::Json,
            Some(ReportFormat::Text) => Self::Text,
            None if terminal.json => Self::Json,
            None => Self::Text,
        }
    }

    /// Adds a template that was checked: shows it at once, unless the format has to wait.
    pub(super) fn add(&mut self, loaded: &Loaded, terminal: &Terminal) -> Result<(), CommandError> {
        match self {
            Self::Json => Ok(terminal.text(&loaded.lines()?)?),
            Self::Sarif(log) => {
                for (source, findings) in loaded.sources.sorted(&loaded.diagnostics) {
                    log.add(source, &findings);
                }
                Ok(())
            }
            Self::Text => {
                loaded.show(terminal)?;
                if loaded.failed() {
                    return Ok(());
                }
                let tally =
                    tally(&loaded.diagnostics).map_or_else(String::new, |t| format!(" ({t})"));
                Ok(terminal.line(&format!("{} is valid{tally}", escape(loaded.sources.name())))?)
            }
        }
    }

    /// Ends the report.
    pub(super) fn finish(self, terminal: &Terminal) -> Result<(), CommandError> {
        match self {
            Self::Text | Self::Json => Ok(()),
            Self::Sarif(log) => {
                let log = log.finish(env!("CARGO_PKG_VERSION"), describe);
                Ok(terminal.json_line(&serde_json::to_string_pretty(&log)?)?)
            }
        }
    }
}

fn describe(code: &FindingCode) -> RuleText {
    match code {
        FindingCode::Own(code) => {
            let page = Page::of(*code);
            let markdown = page.markdown.split_once('\n').map_or("", |(_, text)| text.trim());
            RuleText {
                title: page.title.to_owned(),
                markdown: Some(markdown.to_owned()),
                docs: None,
            }
        }
        FindingCode::Rule(id) => {
            // A sentence of the validator's own, or the name of a rule that a user's file gives.
            let markdown = described(id);
            let title = markdown.clone().unwrap_or_else(|| format!("the rule {id}"));
            RuleText { title, markdown, docs: None }
        }
    }
}

/// The validator's description of a rule of its own.
#[cfg(feature = "lint")]
fn described(id: &str) -> Option<String> {
    rstack_lint::description(id).map(str::to_owned)
}

#[cfg(not(feature = "lint"))]
fn described(_: &str) -> Option<String> {
    None
}
