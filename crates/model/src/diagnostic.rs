//! Diagnostics: what is wrong with a template, where, and what to do about it.

use serde::{Deserialize, Serialize};

use crate::code::FindingCode;
use crate::span::Span;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing can be planned.
    Error,
    /// Planning goes on; the finding is shown.
    Warning,
    /// Planning goes on; the finding is shown to who asks for it.
    Information,
}

/// A place in the source that a diagnostic points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The remark about the place; may be empty for the main place.
    pub message: String,
}

/// One finding. The first label is the main place, the others are related ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Its severity.
    pub severity: Severity,
    /// The kind of finding.
    pub code: FindingCode,
    /// The mistake: lower case, no final stop, user text in backticks.
    pub message: String,
    /// Where: the main place first.
    pub labels: Vec<Label>,
    /// The next step for the user, if there is one.
    pub help: Option<String>,
    /// Where more about this kind of finding can be read: a URL.
    pub docs: Option<String>,
}

impl Diagnostic {
    /// An error of the kind `code`.
    pub fn error(code: impl Into<FindingCode>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: code.into(),
            message: message.into(),
            labels: Vec::new(),
            help: None,
            docs: None,
        }
    }

    /// A warning of the kind `code`.
    pub fn warning(code: impl Into<FindingCode>, message: impl Into<String>) -> Self {
        Self::error(code, message).mild(Severity::Warning)
    }

    /// A remark of the kind `code`.
    pub fn information(code: impl Into<FindingCode>, message: impl Into<String>) -> Self {
        Self::error(code, message).mild(Severity::Information)
    }

    /// Lowers the severity. A finding that is an error everywhere is never lowered.
    fn mild(self, severity: Severity) -> Self {
        debug_assert!(
            !matches!(self.code, FindingCode::Own(code) if code.is_error()),
            "`{}` is an error",
            self.code
        );
        Self { severity, ..self }
    }

    /// Adds a place; the first one added is the main place.
    #[must_use]
    pub fn at(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says where more can be read.
    #[must_use]
    pub fn docs(mut self, url: impl Into<String>) -> Self {
        self.docs = Some(url.into());
        self
    }

    /// True if planning cannot go on.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
