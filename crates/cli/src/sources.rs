//! The files that a template is made of, and which of them a finding is about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rstack_model::{Code, Diagnostic, Digest, ErrorCode, FetchedTemplate, Span};
use rstack_ops::TemplateFiles;
use rstack_render::Source;
use rstack_template::{
    ExternalValues, Included, MAX_SIZE, Origins, Parsed, Reading, Serverless, Spanned, WantedFile,
    in_json_words, is_json, is_other_file, parse_at,
};

use crate::assembly::{StackAssets, assembly_file_hint, is_assembly};
use crate::assets::{self, LocalCode};
use crate::env::Env;
use crate::error::CommandError;
use crate::files::{FileError, Project, TemplateFile};
use crate::remote_template::RemoteTemplate;
use crate::sam::{self, Translation};

/// Why the file of a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be read, and an assembly names it.
    #[error(transparent)]
    OfAssembly(FileError),
    /// It is not text.
    #[error("`{}` is not a text file: {problem}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The mistake, and its place.
        problem: String,
    },
}

impl From<SourceError> for CommandError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::File(error @ FileError::TooLarge { .. }) => {
                let hint = "is this the template? otherwise split the stack into several";
                Self::of(ErrorCode::FileTooLarge, &error).with_hint(Some(hint))
            }
            SourceError::File(error) => error.into(),
            SourceError::OfAssembly(error) => {
                Self::of(error.code(), &error).with_hint(assembly_file_hint(&error))
            }
            SourceError::NotText { .. } => {
                let hint = "a template is YAML or JSON in UTF-8";
                Self::of(ErrorCode::TemplateNotText, &error).with_hint(Some(hint))
            }
        }
    }
}

/// A file that is included or nested, and where its text begins among the places of the template.
struct Part {
    location: String,
    name: String,
    base: usize,
    /// True if it is a template itself, whose text may be shown.
    is_template: bool,
}

impl Part {
    fn new(folder: &Path, file: &Included) -> Self {
        Self {
            location: file.location.clone(),
            name: folder.join(&file.location).display().to_string(),
            base: file.base,
            is_template: file.is_template,
        }
    }
}

/// The template's own file, and those that it includes.
pub(crate) struct Sources {
    name: String,
    /// The folder that the paths of included files begin at.
    folder: PathBuf,
    env: Env,
    files: TemplateFiles,
    included: Vec<Part>,
    /// The texts of nested templates and of what these include, by location.
    nested_texts: BTreeMap<String, Arc<str>>,
    nested: Vec<Part>,
    /// The assets of the app that the template is part of.
    assets: StackAssets,
    /// The paths of nested templates that are named by an address.
    paths: BTreeMap<String, PathBuf>,
    /// The templates that were fetched, by address.
    fetched: BTreeMap<String, FetchedTemplate>,
    /// The addresses whose templates are not fetched.
    not_fetched: BTreeSet<String>,
    /// The template as AWS's translator takes it, if it asks for that.
    serverless: Option<Box<Serverless>>,
    /// The result of AWS's translator, if the template asks for it.
    translated: Option<(Part, Translation)>,
    /// Its results so far, by Region and parameters.
    translations: BTreeMap<(Option<String>, BTreeMap<String, String>), Translation>,
}

impl Sources {
    /// Reads the file of a template.
    ///
    /// # Errors
    /// If it cannot be read or is no text.
    pub(crate) fn read(env: &Env, file: &TemplateFile) -> Result<Self, SourceError> {
        let path = file.shown();
        let bytes = file.read(env, limit()).map_err(|error| match file {
            TemplateFile::Below { folder, .. } if is_assembly(env, folder) => {
                SourceError::OfAssembly(error)
            }
            TemplateFile::Below { .. } | TemplateFile::Named(_) => SourceError::File(error),
        })?;
        let files = TemplateFiles::new(text(bytes, &path)?);
        let (name, folder) = (path.display().to_string(), file.folder());
        Ok(Self {
            name,
            folder,
            env: env.clone(),
            files,
            included: Vec::new(),
            nested_texts: BTreeMap::new(),
            nested: Vec::new(),
            assets: StackAssets::default(),
            paths: BTreeMap::new(),
            fetched: BTreeMap::new(),
            not_fetched: BTreeSet::new(),
            serverless: None,
            translated: None,
            translations: BTreeMap::new(),
        })
    }

    /// Parses the template with the files that it includes, which are named relative to it and read
    /// once. A file that cannot be included is a finding.
    pub(crate) fn parse(&mut self, reading: Reading) -> Parsed {
        self.translated = None;
        self.serverless = None;
        let known = reading.clone();
        let (folder, env) = (&self.folder, &self.env);
        let load = |wanted: &Spanned<String>| included(env, folder, wanted);
        let parsed = self.files.parse(reading, &load);
        self.included = parsed.included.iter().map(|file| Part::new(folder, file)).collect();
        self.nested.clear();
        match parsed.serverless {
            Some(_) => self.parse_translated(parsed, &known),
            None => parsed,
        }
    }

    /// Parses what AWS's translator makes of a template that asks for it.
    fn parse_translated(&mut self, mut parsed: Parsed, reading: &Reading) -> Parsed {
        let Some(serverless) = parsed.serverless.take() else { return parsed };
        let serverless = &**self.serverless.insert(serverless);
        // That it was not translated is no longer true.
        parsed.diagnostics.retain(|finding| {
            let at = finding.labels.first().map(|label| label.span);
            finding.code != Code::Serverless || at != Some(serverless.at)
        });
        if parsed.diagnostics.iter().any(Diagnostic::is_error) {
            return parsed;
        }
        parsed.diagnostics.extend(sam::unknown_applications(serverless));
        parsed.diagnostics.extend(sam::dropped_keys(serverless));
        let region = reading.pseudo.get("AWS::Region").map(String::as_str);
        let key = (region.map(str::to_owned), reading.parameters.clone());
        let known = self.translations.get(&key).cloned();
        let parameters = &reading.parameters;
        let translate = || sam::translate(&self.env, &self.folder, serverless, parameters, region);
        let translation = match known.map_or_else(translate, Ok) {
            Ok(translation) => translation,
            Err(error) => {
                parsed.diagnostics.extend(error.findings(&self.env, serverless));
                return parsed;
            }
        };
        self.translations.insert(key, translation.clone());
        let stand_ins = translation.stand_ins.iter();
        self.nested_texts.extend(stand_ins.map(|(name, text)| (name.clone(), Arc::clone(text))));
        let texts = self.parts().map(|(_, text)| text.len());
        let base = self.files.text().len() + texts.sum::<usize>() + 1;
        let name = format!("{} (translated)", self.name);
        let part = Part { location: String::new(), name, base, is_template: true };
        let translated = parse_at(&translation.text, reading, base);
        self.translated = Some((part, translation));
        parsed.diagnostics.extend(translated.diagnostics);
        Parsed {
            template: translated.template,
            extent: translated.extent,
            needs_place: region.is_none() || translated.needs_place,
            ..parsed
        }
    }

    /// The template as AWS's translator takes it, if it asks for that.
    pub(crate) fn serverless(&self) -> Option<&Serverless> {
        self.serverless.as_deref()
    }

    /// Moves findings about the result of AWS's translator to where it comes from in the template, as far
    /// as that is known.
    pub(crate) fn show_in_own_text(&self, findings: &mut Vec<Diagnostic>) {
        let Some((part, translation)) = &self.translated else { return };
        let in_result = |finding: &Diagnostic| {
            finding.labels.first().is_some_and(|label| label.span.start >= part.base)
        };
        if let Some(serverless) =
            self.serverless.as_deref().filter(|_| findings.iter().any(in_result))
        {
            Origins::new(serverless, &translation.text, part.base).move_to_source(findings);
        }
    }

    /// The local code that is uploaded for the template, if it is a serverless one.
    pub(crate) fn local_code(&self) -> &[LocalCode] {
        self.translated.as_ref().map_or(&[], |(_, translation)| &translation.code)
    }

    /// Puts what is known of the files of nested stacks so far among the values for an evaluation.
    pub(crate) fn put_nested(&self, external: &mut ExternalValues) {
        external.templates.clone_from(&self.nested_texts);
        external.fetched = self.fetched.keys().cloned().collect();
        external.not_fetched.clone_from(&self.not_fetched);
    }

    /// Reads files of nested stacks, each once; those that are at an address are returned. Those that cannot be
    /// read are findings.
    pub(crate) fn read_nested(
        &mut self,
        wanted: &[WantedFile],
    ) -> (Vec<Diagnostic>, Vec<RemoteTemplate>) {
        let (mut findings, mut remote) = (Vec::new(), Vec::new());
        for file in wanted {
            let read = match file.location.contains("://") {
                true => self.of_app(file),
                false => nested(&self.env, &self.folder, file).map(Some),
            };
            let read = read.and_then(|text| match text {
                Some(text) => Ok(Ok(text)),
                None => RemoteTemplate::of(file).map(Err),
            });
            match read {
                Ok(Ok(text)) => {
                    self.nested_texts.insert(file.location.clone(), text.into());
                }
                Ok(Err(template)) => remote.push(template),
                Err(finding) => findings.push(finding),
            }
        }
        (findings, remote)
    }

    /// Takes a template that was fetched.
    ///
    /// # Errors
    /// The finding, if it is no text.
    pub(crate) fn add_fetched(
        &mut self,
        template: &RemoteTemplate,
        bytes: &[u8],
    ) -> Result<(), Diagnostic> {
        let address = template.shown();
        let text = text(bytes.to_vec(), Path::new(&address));
        let text = text.map_err(|error| template.finding(&error.to_string()))?;
        let location = template.file.location.clone();
        let (digest, bytes) = (Digest::of(text.as_bytes()), text.len() as u64);
        self.fetched.insert(location.clone(), FetchedTemplate { address, digest, bytes });
        self.nested_texts.insert(location, text.into());
        Ok(())
    }

    /// The nested stack of a template that is not fetched is left out.
    pub(crate) fn leave_out(&mut self, template: &RemoteTemplate) {
        self.not_fetched.insert(template.file.location.clone());
    }

    /// The template that was fetched from a location, if one was.
    pub(crate) fn fetched(&self, location: &str) -> Option<&FetchedTemplate> {
        self.fetched.get(location)
    }

    /// Notes where the places of the files of nested stacks begin.
    pub(crate) fn place_nested(&mut self, files: &[Included]) {
        let part = |file: &Included| {
            let mut part = Part::new(&self.folder, file);
            if let Some(path) = self.paths.get(&file.location) {
                part.name = path.display().to_string();
            } else if let Some(fetched) = self.fetched.get(&file.location) {
                part.name.clone_from(&fetched.address);
            }
            part
        };
        self.nested = files.iter().map(part).collect();
    }

    /// Takes templates that are named by an address from the assets of an app.
    pub(crate) fn set_assets(&mut self, assets: &StackAssets) {
        self.assets = assets.clone();
    }

    /// The text of a nested template that is named by an address, from the assets of the app, if it has it.
    fn of_app(&mut self, wanted: &WantedFile) -> Result<Option<String>, Diagnostic> {
        let address = wanted.location.as_str();
        let finding =
            |message: String| Diagnostic::error(Code::NestedStack, message).at(wanted.at, "");
        let found = assets::nested_template(&self.env, &self.assets, address);
        let Some((path, bytes)) = found.map_err(|error| finding(error.to_string()))? else {
            return Ok(None);
        };
        let text = text(bytes, &path).map_err(|error| finding(error.to_string()))?;
        self.paths.insert(address.to_owned(), path);
        Ok(Some(text))
    }

    /// The included and the nested files, in the order of their places.
    fn parts(&self) -> impl Iterator<Item = (&Part, &str)> {
        let included = self
            .included
            .iter()
            .map(|part| (part, self.files.included(&part.location).unwrap_or_default()));
        let nested = self
            .nested
            .iter()
            .map(|part| (part, self.nested_texts.get(&part.location).map_or("", |text| &**text)));
        let translated = self.translated.iter().map(|(part, made)| (part, &*made.text));
        included.chain(translated).chain(nested)
    }

    /// The name of the template.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// True if the template includes other files.
    #[cfg_attr(not(feature = "lint"), expect(dead_code, reason = "only rules from files ask"))]
    pub(crate) fn includes_files(&self) -> bool {
        !self.included.is_empty()
    }

    /// The text of the template itself.
    pub(crate) fn text(&self) -> &str {
        self.files.text()
    }

    /// The findings by the file that they are about, with places in that file; the template comes
    /// first, also without any. Of files that are no templates nothing but the place is shown.
    pub(crate) fn sorted<'s>(
        &'s self,
        diagnostics: &[Diagnostic],
    ) -> Vec<(Source<'s>, Vec<Diagnostic>)> {
        let own = Source { name: &self.name, text: self.files.text(), is_shown: true };
        let others = self.parts().map(|(part, text)| Source {
            name: &part.name,
            text,
            is_shown: part.is_template,
        });
        let mut out: Vec<(Source<'s>, Vec<Diagnostic>)> =
            std::iter::once(own).chain(others).map(|source| (source, Vec::new())).collect();
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
            if let Some((source, of_file)) = out.get_mut(index) {
                if is_json(source.text) {
                    in_json_words(&mut moved);
                }
                if !source.is_shown {
                    withhold(&mut moved, source.text);
                }
                of_file.push(moved);
            }
        }
        let mut is_own = true;
        out.retain(|(_, of_file)| std::mem::take(&mut is_own) || !of_file.is_empty());
        out
    }

    /// Which file a place is in: 0 is the template.
    fn index(&self, place: usize) -> usize {
        self.parts().filter(|(file, _)| file.base <= place && place > 0).count()
    }

    fn base(&self, index: usize) -> usize {
        let part = index.checked_sub(1).and_then(|index| self.parts().nth(index));
        part.map_or(0, |(file, _)| file.base)
    }
}

/// Takes the text of an included file out of a finding that quotes lines or values of it: a file that
/// cannot be read as YAML may be no part of a template, but a secret. The kind of a file that is another
/// one, such as a page of HTML, quotes nothing.
fn withhold(finding: &mut Diagnostic, text: &str) {
    const QUOTING: [Code; 3] = [Code::Syntax, Code::UnknownAnchor, Code::UnknownTag];
    if finding.code == Code::YamlScalar {
        finding.message = "CloudFormation reads this value otherwise, as YAML 1.1".to_owned();
        finding.help = Some("put quotes around it if text is meant".to_owned());
    } else if QUOTING.iter().any(|code| finding.code == *code) && !is_other_file(text) {
        finding.message = "the included file cannot be read as YAML or JSON here".to_owned();
        finding.help = None;
        finding.labels.truncate(1);
        finding.labels.iter_mut().for_each(|label| label.message.clear());
    }
}

/// The text of a file that a template includes.
fn included(env: &Env, folder: &Path, wanted: &Spanned<String>) -> Result<String, Diagnostic> {
    named(env, folder, &wanted.value).map_err(|(message, help)| {
        Diagnostic::error(Code::Include, message).at(wanted.span, "").help(help)
    })
}

/// The text of a file of a nested stack.
fn nested(env: &Env, folder: &Path, wanted: &WantedFile) -> Result<String, Diagnostic> {
    let code = if wanted.is_template { Code::NestedStack } else { Code::Include };
    let finding =
        |message: String, help: &str| Diagnostic::error(code, message).at(wanted.at, "").help(help);
    named(env, folder, &wanted.location).map_err(|(message, help)| finding(message, help))
}

/// The text of a file that a template names.
///
/// # Errors
/// The message and the help, if it cannot be had.
fn named(env: &Env, folder: &Path, location: &str) -> Result<String, (String, &'static str)> {
    let finding = |message: String, help: &'static str| (message, help);
    let location = Path::new(location);
    if location.is_absolute() {
        let message = format!("`{}` is not relative to the template", location.display());
        return Err(finding(message, "name a file beside the template"));
    }
    let read = Project::of(env, folder).and_then(|project| {
        let bytes = project.read(env, location, limit())?;
        Ok((bytes, project.shown(location)))
    });
    let read = read.map_err(SourceError::File).and_then(|(bytes, path)| text(bytes, &path));
    read.map_err(|error| {
        let source = std::error::Error::source(&error);
        let reason = source.map_or_else(String::new, |source| format!(": {source}"));
        let help = match &error {
            SourceError::File(FileError::Outside { .. }) => {
                "a template names files of its project only: below the folder of the nearest \
                 `rstack.toml` or `.git`, or else below its own"
            }
            SourceError::File(_) | SourceError::OfAssembly(_) | SourceError::NotText { .. } => {
                "the path is relative to the template"
            }
        };
        finding(format!("{error}{reason}"), help)
    })
}

/// The largest template, in bytes.
fn limit() -> u64 {
    u64::try_from(MAX_SIZE).unwrap_or(u64::MAX)
}

fn text(bytes: Vec<u8>, path: &Path) -> Result<String, SourceError> {
    String::from_utf8(bytes).map_err(|error| {
        let problem = not_text(error.as_bytes(), error.utf8_error().valid_up_to());
        SourceError::NotText { path: path.to_owned(), problem }
    })
}

/// The problem of bytes that are UTF-8 up to an offset only.
fn not_text(bytes: &[u8], valid: usize) -> String {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return "it is UTF-16".to_owned();
    }
    let line = bytes.iter().take(valid).filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line} is not UTF-8 (byte {valid})")
}
