//! The files that a template is made of, and which of them a finding is about.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rstack_model::{Code, Diagnostic, Span};
use rstack_ops::TemplateFiles;
use rstack_render::Source;
use rstack_template::{MAX_SIZE, Parsed, Reading, Spanned};

use crate::env::Env;
use crate::error::{CommandError, ErrorKind, unreadable_hint};

/// Why the file of a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not text.
    #[error("`{}` is not a text file: {problem}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        problem: String,
    },
    /// It is too large for a template.
    #[error("`{}` is too large for a template: more than {limit} MiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The size that templates may have.
        limit: usize,
    },
}

impl From<SourceError> for CommandError {
    fn from(error: SourceError) -> Self {
        let (kind, hint) = match &error {
            SourceError::Read { source, .. } => (ErrorKind::Storage, unreadable_hint(source)),
            SourceError::NotText { .. } => {
                (ErrorKind::User, Some("a template is YAML or JSON in UTF-8".into()))
            }
            SourceError::TooLarge { .. } => {
                let hint = "is this the template? otherwise split the stack into several";
                (ErrorKind::User, Some(hint.into()))
            }
        };
        Self::of(kind, &error).with_hint(hint)
    }
}

/// A file that is included, and where its text begins among the places of the template.
struct Part {
    location: String,
    name: String,
    base: usize,
}

/// The template's own file, and those that it includes.
pub(crate) struct Sources {
    path: PathBuf,
    name: String,
    /// Where the path of the template, and those beside it, begin.
    env: Env,
    files: TemplateFiles,
    included: Vec<Part>,
}

impl Sources {
    /// Reads the file of a template.
    ///
    /// # Errors
    /// If it cannot be read or is no text.
    pub(crate) fn read(env: &Env, path: &Path) -> Result<Self, SourceError> {
        let files = TemplateFiles::new(read_text(env, path)?);
        let name = path.display().to_string();
        let (path, env) = (path.to_owned(), env.clone());
        Ok(Self { path, name, env, files, included: Vec::new() })
    }

    /// Parses the template with the files that it includes, which are named relative to it and read
    /// once. A file that cannot be included is a finding.
    pub(crate) fn parse(&mut self, reading: Reading) -> Parsed {
        let (path, env) = (&self.path, &self.env);
        let load = |wanted: &Spanned<String>| included(env, path, wanted);
        let parsed = self.files.parse(reading, &load);
        let included = parsed.included.iter().map(|file| Part {
            location: file.location.clone(),
            name: beside(path, &file.location).display().to_string(),
            base: file.base,
        });
        self.included = included.collect();
        parsed
    }

    /// The name of the template.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the template includes other files.
    #[cfg_attr(not(feature = "lint"), expect(dead_code, reason = "only rules from files ask"))]
    pub(crate) fn includes_files(&self) -> bool {
        !self.included.is_empty()
    }

    /// The text of the template itself.
    pub(crate) fn text(&self) -> &str {
        self.files.text()
    }

    /// The findings by the file that they are about, with places in that file; the template comes
    /// first, also without any.
    pub(crate) fn sorted<'s>(
        &'s self,
        diagnostics: &[Diagnostic],
    ) -> Vec<(Source<'s>, Vec<Diagnostic>)> {
        let own = Source { name: &self.name, text: self.files.text() };
        let included = self.included.iter().map(|part| Source {
            name: &part.name,
            text: self.files.included(&part.location).unwrap_or_default(),
        });
        let mut out: Vec<(Source<'s>, Vec<Diagnostic>)> =
            std::iter::once(own).chain(included).map(|source| (source, Vec::new())).collect();
        for diagnostic in diagnostics {
            let at = diagnostic.labels.first().map_or(0, |label| label.span.start);
            let index = self.index(at);
            let base = self.base(index);
            let mut moved = diagnostic.clone();
            // A place in another file cannot be shown beside the first one.
            moved.labels.retain(|label| self.index(label.span.start) == index);
            for label in &mut moved.labels {
                let at = |place: usize| place.saturating_sub(base);
                label.span = Span::new(at(label.span.start), at(label.span.end));
            }
            if let Some((_, of_file)) = out.get_mut(index) {
                of_file.push(moved);
            }
        }
        let mut is_own = true;
        out.retain(|(_, of_file)| std::mem::take(&mut is_own) || !of_file.is_empty());
        out
    }

    /// Which file a place is in: 0 is the template.
    fn index(&self, place: usize) -> usize {
        self.included.iter().filter(|file| file.base <= place && place > 0).count()
    }

    fn base(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|index| self.included.get(index)).map_or(0, |file| file.base)
    }
}

/// The path of a file that a template includes.
fn beside(template: &Path, location: &str) -> PathBuf {
    template.parent().unwrap_or(Path::new("")).join(location)
}

/// The text of a file that a template includes.
fn included(env: &Env, template: &Path, wanted: &Spanned<String>) -> Result<String, Diagnostic> {
    let finding = |message: String, help: &str| {
        Diagnostic::error(Code::Include, message).at(wanted.span, "").help(help)
    };
    let location = wanted.value.as_str();
    if Path::new(location).is_absolute() {
        let message = format!("`{location}` is not relative to the template");
        return Err(finding(message, "name a file beside the template"));
    }
    read_text(env, &beside(template, location)).map_err(|error| {
        let source = std::error::Error::source(&error);
        let reason = source.map_or_else(String::new, |source| format!(": {source}"));
        finding(format!("{error}{reason}"), "the path is relative to the template")
    })
}

fn read_text(env: &Env, path: &Path) -> Result<String, SourceError> {
    let read = |source| SourceError::Read { path: path.to_owned(), source };
    let file = fs::File::open(env.path(path)).map_err(read)?;
    let limit = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX);
    let too_large = || SourceError::TooLarge { path: path.to_owned(), limit: MAX_SIZE >> 20 };
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
        SourceError::NotText { path: path.to_owned(), problem }
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
