//! Template source text to a spanned tree, its checks, and the evaluation of its intrinsics.
//!
//! `text → syntax → expand → template → evaluate → desired`. Each stage adds its findings to one list of
//! diagnostics, so that one run reports all mistakes. Nothing here does I/O.

mod assembly;
mod check;
mod diagnostics;
mod evaluate;
mod expand;
mod include;
mod json_words;
mod limits;
mod parameter_file;
mod serverless;
mod syntax;
mod template;

use std::borrow::Cow;
use std::collections::BTreeMap;

use rstack_model::state::Environment;
use rstack_model::{Diagnostic, StackName};

use self::diagnostics::Diagnostics;
use self::syntax::Node;
use self::template::Dialect;

pub use assembly::{
    Annotation, AssemblyStack, AssetDestination, AssetManifest, AssetSourceKind, FileAsset,
    ImageAsset, ImageDestination, ImageSource, Manifest, ManifestError, MissingContext,
    NestedAssembly, StackEnvironment, annotations,
};
pub use diagnostics::bounded;
pub use evaluate::{
    Evaluation, ExternalValues, Inputs, Templates, WantedFile, evaluate, has_large_pattern,
};
pub use include::Included;
pub use json_words::{in_json_words, is_json};
pub use limits::limits;
pub use parameter_file::{
    FileParameter, FileValue, ParameterFile, ParameterFileError, ParameterFileProblem, Place,
    read_parameter_file,
};
pub use serverless::{Origins, Serverless};
pub use syntax::{Extent, MAX_SIZE, Spanned, is_other_file};
pub use template::{
    Assertion, Asset, Condition, Expression, ExpressionKind, Mappings, Output, Parameter, Resource,
    Rule, SubPart, Template,
};

/// A template that was read, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The template, as far as it could be read.
    pub template: Option<Template>,
    /// The findings, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that are part of the template, and where their places begin.
    pub included: Vec<Included>,
    /// The files that the template includes and whose text was not given: with them it is to be
    /// read again.
    pub missing: Vec<Spanned<String>>,
    /// True if a loop needs a pseudo parameter whose value is missing: with it the template is to
    /// be read again.
    pub needs_place: bool,
    /// The template as AWS's translator of the Serverless Application Model takes it, if it asks for
    /// that: what the translator returns is to be read in its place. There is no template then, and
    /// an error that it was not translated.
    pub serverless: Option<Box<Serverless>>,
    /// The extent of the tree of its own file.
    pub extent: Extent,
}

/// The inputs of reading a template.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The values given for parameters, which decide what its loops make.
    pub parameters: BTreeMap<String, String>,
    /// The pseudo parameters that are known, such as `AWS::Region`.
    pub pseudo: BTreeMap<String, String>,
    /// The texts of the files that it includes, by location.
    pub includes: BTreeMap<String, String>,
}

impl Reading {
    /// With these values for parameters, and nothing else.
    pub fn with_parameters(parameters: &BTreeMap<String, String>) -> Self {
        Self { parameters: parameters.clone(), ..Self::default() }
    }

    /// The pseudo parameters of a place.
    pub fn place(environment: &Environment, stack: &StackName) -> BTreeMap<String, String> {
        let partition = &environment.partition;
        let known = [
            ("AWS::AccountId", environment.account.to_string()),
            ("AWS::Partition", partition.to_string()),
            ("AWS::Region", environment.region.to_string()),
            ("AWS::StackName", stack.to_string()),
            ("AWS::URLSuffix", partition.url_suffix().to_owned()),
        ];
        known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Reads a template and checks what can be checked without evaluating it: its form, its
/// references, its resource types.
pub fn parse(text: &str, reading: &Reading) -> Parsed {
    parse_at(text, reading, 0)
}

/// Reads a template whose first character has the place `base`.
pub fn parse_at(text: &str, reading: &Reading, base: usize) -> Parsed {
    let mut found = Diagnostics::default();
    let diagnostics = &mut found;
    let root = syntax::parse(text, diagnostics);
    let extent = root.as_ref().map(Node::extent).unwrap_or_default();
    let (mut root, mut files) = match root {
        Some(root) => include::expand(root, text, &reading.includes, diagnostics),
        None => (None, include::Outcome::default()),
    };
    if base > 0 {
        root.iter_mut().for_each(|root| root.shift(base));
        files.shift(base);
        let so_far = std::mem::take(diagnostics);
        diagnostics.extend(so_far.into_sorted().into_iter().map(|it| include::shifted(it, base)));
    }
    let texts = files.included.iter().filter_map(|file| reading.includes.get(&file.location));
    let all: Vec<&str> = std::iter::once(text).chain(texts.map(String::as_str)).collect();
    let all = if let [only] = *all { Cow::Borrowed(only) } else { Cow::Owned(all.concat()) };
    let (mut needs_place, mut serverless) = (false, None);
    let template = root.and_then(|root| {
        read(root, (&all, base), reading, (&mut needs_place, &mut serverless), diagnostics)
    });
    Parsed {
        template,
        diagnostics: found.into_sorted(),
        included: files.included,
        missing: files.missing,
        needs_place,
        serverless,
        extent,
    }
}

fn read(
    root: Node<'_>,
    text: (&str, usize),
    reading: &Reading,
    (needs_place, serverless): (&mut bool, &mut Option<Box<Serverless>>),
    diagnostics: &mut Diagnostics,
) -> Option<Template> {
    syntax::duplicate_keys(&root, diagnostics);
    let dialect = template::dialect(&root, diagnostics);
    // The translator gives nulls a meaning; its result has none.
    if !matches!(dialect, Dialect::Serverless(_)) {
        syntax::nulls(&root, diagnostics);
    }
    template::unquoted(&root, diagnostics);
    let root = match dialect {
        Dialect::Plain => root,
        Dialect::Extended => {
            let expanded = expand::expand(&root, reading, diagnostics);
            *needs_place = expanded.as_ref().err().is_some_and(|stopped| stopped.needs_place);
            expanded.ok()?
        }
        Dialect::Serverless(at) => {
            *serverless = Some(Box::new(Serverless::of(&root, at)));
            diagnostics.push(template::untranslated(at));
            return None;
        }
        Dialect::Foreign => return None,
    };
    let mut template = template::read(&root, text, dialect, diagnostics);
    check::check(&template, diagnostics);
    template.has_errors = diagnostics.has_errors();
    Some(template)
}
