//! The files that a template is made of, and which of them a finding is about.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use rstack_model::{Code, Diagnostic, Span};
use rstack_render::Source;
use rstack_template::{MAX_SIZE, Parsed, Reading, Spanned, parse};

use crate::error::CliError;

/// One file, and where its text begins among the places of the template.
struct File {
    name: String,
    text: String,
    base: usize,
}

/// The template's own file, and those that it includes.
pub(crate) struct Sources {
    own: File,
    included: Vec<File>,
}

impl Sources {
    /// Reads a template and the files that it includes, which are named relative to it. A file that
    /// cannot be included is a finding.
    ///
    /// # Errors
    /// If the template cannot be read or is no text.
    pub(crate) fn read(path: &Path, mut reading: Reading) -> Result<(Self, Parsed), CliError> {
        let text = read_text(path)?;
        let own = File { name: path.display().to_string(), text, base: 0 };
        loop {
            let mut parsed = parse(&own.text, &reading);
            let mut unread = Vec::new();
            for wanted in &parsed.missing {
                match included(path, wanted) {
                    Ok(text) => {
                        reading.includes.insert(wanted.value.clone(), text);
                    }
                    Err(finding) => unread.push(finding),
                }
            }
            if parsed.missing.is_empty() || !unread.is_empty() {
                parsed.diagnostics.extend(unread);
                let files = parsed.included.iter().map(|file| File {
                    name: beside(path, &file.location).display().to_string(),
                    text: reading.includes.get(&file.location).cloned().unwrap_or_default(),
                    base: file.base,
                });
                let included = files.collect();
                return Ok((Self { own, included }, parsed));
            }
        }
    }

    /// The name of the template.
    pub(crate) fn name(&self) -> &str {
        &self.own.name
    }

    /// The text of the template itself.
    pub(crate) fn text(&self) -> &str {
        &self.own.text
    }

    /// The findings by the file that they are about, with places in that file; the template comes
    /// first, also without any.
    pub(crate) fn sorted<'s>(
        &'s self,
        diagnostics: &[Diagnostic],
    ) -> Vec<(Source<'s>, Vec<Diagnostic>)> {
        let mut out: Vec<(Source<'s>, Vec<Diagnostic>)> = std::iter::once(&self.own)
            .chain(&self.included)
            .map(|file| (Source { name: &file.name, text: &file.text }, Vec::new()))
            .collect();
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
fn included(template: &Path, wanted: &Spanned<String>) -> Result<String, Diagnostic> {
    let finding = |message: String, help: &str| {
        Diagnostic::error(Code::Include, message).at(wanted.span, "").help(help)
    };
    let location = wanted.value.as_str();
    if Path::new(location).is_absolute() {
        let message = format!("`{location}` is not relative to the template");
        return Err(finding(message, "name a file beside the template"));
    }
    read_text(&beside(template, location)).map_err(|error| {
        let source = std::error::Error::source(&error);
        let reason = source.map_or_else(String::new, |source| format!(": {source}"));
        finding(format!("{error}{reason}"), "the path is relative to the template")
    })
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
