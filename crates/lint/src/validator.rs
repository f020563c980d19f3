//! The validator itself. The only module that names `cloudformation-validate`.

use std::collections::{BTreeMap, HashMap};

use cloudformation_validate as upstream;
use rstack_model::{Diagnostic, FindingCode, Severity, Span};
use upstream::ValidationEngine as _;

use crate::place::Lines;
use crate::rule_file::{RuleFile, RuleLanguage};
use crate::same::LIMITS;

/// Why the validator has no verdict.
#[derive(Debug, thiserror::Error)]
pub enum LintError {
    /// A rule file that the validator does not take.
    #[error("the {} rules in `{file}` cannot be loaded: {problem}", language.name())]
    RuleFile {
        /// The file.
        file: String,
        /// Its language.
        language: RuleLanguage,
        /// What the validator says.
        problem: String,
    },
    /// Rule files that the validator takes one by one, but not together.
    #[error("the rule files cannot be loaded together: {0}")]
    RuleFiles(String),
    /// The validator does not start.
    #[error("the validator does not start: {0}")]
    Start(String),
    /// The validator failed on a template.
    #[error("the validator failed: {0}")]
    Check(String),
}

/// What the validator is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The template.
    pub text: &'a str,
    /// The values of parameters, those of secret ones left out.
    pub parameters: &'a BTreeMap<String, String>,
    /// The Region, if one was chosen; else the findings are those of any Region.
    pub region: Option<&'a str>,
}

/// The validator's schemas of resource types.
pub struct Schemas(upstream::SchemaValidator);

/// The validator's rules, with those from files.
pub struct Rules {
    engine: upstream::CompositeEngine,
    own: Vec<String>,
}

/// The validator, ready for any number of templates.
pub struct Validator {
    schemas: Schemas,
    rules: Rules,
}

/// The rule that says that it stopped looking at a limit of its own.
const INCOMPLETE: &str = "W9052";

/// The rule that says that it cannot read the text or a function in it. It is asked about what rstack
/// can read, and its reader is stricter than CloudFormation's: this is a warning.
const UNREADABLE: &str = "F1101";

/// The rule that says that the text cannot be expanded, and the words with which it says that it
/// stopped at a limit of its own: a warning, since rstack has expanded it.
const TRANSFORM: &str = "E0001";
const STOPPED: &str = "expansion budget exceeded";

/// The rule about arguments of a condition's functions, and the functions of rules that it takes for
/// maps: they give texts, and CloudFormation takes them there.
const OPERAND: &str = "E8003";
const RULE_FUNCTIONS: [&str; 2] = ["{'Fn::ValueOf':", "{'Fn::ValueOfAll':"];

/// Where the schemas' own repositories are.
const REPOSITORIES: &str = "https://github.com/aws-cloudformation";

/// A mark at the beginning of a text, which is no part of it and which the validator takes for one.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Its version.
pub fn version() -> &'static str {
    upstream::version()
}

/// Whether it has a rule of this ID built in.
pub fn is_rule(id: &str) -> bool {
    upstream::rules::lookup_rule(id).is_some()
}

/// What a built-in rule is about, in one line.
pub fn description(id: &str) -> Option<&'static str> {
    upstream::rules::lookup_rule(id).map(|rule| rule.description)
}

/// What a finding of a built-in rule is; `None` for what only its developers look at.
pub fn severity(id: &str) -> Option<Severity> {
    upstream::rules::lookup_rule(id).and_then(|rule| told_as(rule.severity()))
}

fn told_as(severity: upstream::Severity) -> Option<Severity> {
    match severity {
        upstream::Severity::Fatal | upstream::Severity::Error => Some(Severity::Error),
        upstream::Severity::Warn => Some(Severity::Warning),
        upstream::Severity::Info => Some(Severity::Information),
        upstream::Severity::Debug => None,
    }
}

/// The IDs of the rules that it has built in.
pub fn rules() -> impl Iterator<Item = &'static str> {
    upstream::rules::RULE_REGISTRY.iter().map(|rule| rule.id)
}

impl Schemas {
    /// Loads them, which takes some two tenths of a second.
    pub fn load() -> Self {
        Self(upstream::SchemaValidator::default())
    }
}

impl Rules {
    /// Loads the rules that are built in and those in files, which takes a tenth of a second.
    ///
    /// # Errors
    /// If a rule file is not one.
    pub fn load(files: &[RuleFile]) -> Result<Self, LintError> {
        let engine = match engine(files) {
            Ok(engine) => engine,
            Err(problem) => return Err(blame(files, problem)),
        };
        let mut own: Vec<String> =
            engine.external_rule_metadata().into_keys().filter(|id| !is_rule(id)).collect();
        own.sort();
        Ok(Self { engine, own })
    }
}

impl Validator {
    /// Puts together what may have been loaded side by side.
    pub fn new(schemas: Schemas, rules: Rules) -> Self {
        Self { schemas, rules }
    }

    /// The IDs of the rules from files.
    pub fn own_rules(&self) -> &[String] {
        &self.rules.own
    }

    /// Checks a template: what is found, in the order of the source.
    ///
    /// # Errors
    /// If the validator fails, or a rule from a file does.
    pub fn check(&self, question: &Question<'_>) -> Result<Vec<Diagnostic>, LintError> {
        let config = upstream::ValidateConfig {
            parameter_overrides: question.parameters.clone().into_iter().collect::<HashMap<_, _>>(),
            pseudo_parameter_overrides: upstream::PseudoParameterOverrides {
                region: question.region.map(str::to_owned),
                ..Default::default()
            },
            ..Default::default()
        };
        let text = question.text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(question.text);
        let report = upstream::validate_bytes_with_path(
            &self.rules.engine,
            &self.schemas.0,
            text.as_bytes(),
            config,
            String::new(),
        )
        .map_err(|error| LintError::Check(error.to_string()))?;
        let lines = Lines::of(text);
        let found = report.diagnostics.into_iter();
        let mut findings: Vec<Diagnostic> =
            found.filter_map(|finding| diagnostic(finding, &lines)).collect();
        findings.sort_by_key(|finding| finding.labels.first().map(|label| label.span));
        findings.dedup();
        let before = question.text.len() - text.len();
        for label in findings.iter_mut().flat_map(|finding| &mut finding.labels) {
            label.span = Span::new(label.span.start + before, label.span.end + before);
        }
        let budgets = report.metadata.budget_exhaustions.into_iter().flatten();
        let reasons: Vec<String> = budgets.map(|budget| budget.description).collect();
        for finding in findings.iter_mut().filter(|finding| finding.code.as_str() == INCOMPLETE) {
            finding.help = Some(reasons.join("\n"));
        }
        Ok(findings)
    }
}

fn engine(files: &[RuleFile]) -> Result<upstream::CompositeEngine, String> {
    let of = |language: RuleLanguage| {
        let files = files.iter().filter(move |file| file.language == language);
        files.map(|file| upstream::ExternalRuleSource {
            name: file.name.clone(),
            content: file.text.clone(),
        })
    };
    let config = upstream::CompositeEngineConfig::new()
        .with_rego_rules(of(RuleLanguage::Rego))
        .with_cel_rules(of(RuleLanguage::Cel))
        .with_guard_rules(of(RuleLanguage::Guard));
    upstream::CompositeEngine::new(config).map_err(|error| format!("{error:#}"))
}

/// Finds the file because of which the rules cannot be loaded.
fn blame(files: &[RuleFile], problem: String) -> LintError {
    let alone = files
        .iter()
        .find_map(|file| engine(std::slice::from_ref(file)).err().map(|problem| (file, problem)));
    match alone {
        Some((file, problem)) => {
            LintError::RuleFile { file: file.name.clone(), language: file.language, problem }
        }
        None if files.is_empty() => LintError::Start(problem),
        None => LintError::RuleFiles(problem),
    }
}

/// A finding in our words; `None` for what only its developers look at, for what CloudFormation
/// takes at most, which binds nobody here, and for what is not true.
fn diagnostic(finding: upstream::Diagnostic, lines: &Lines<'_>) -> Option<Diagnostic> {
    if LIMITS.contains(&finding.rule_id.as_str()) {
        return None;
    }
    if finding.rule_id == OPERAND
        && RULE_FUNCTIONS.iter().any(|function| finding.message.contains(function))
    {
        return None;
    }
    let severity = told_as(finding.severity)?;
    let code = FindingCode::Rule(finding.rule_id);
    let mut out = Diagnostic { severity, ..Diagnostic::error(code, finding.message) };
    let span = |place: upstream::SourceSpan| {
        let end = (place.end_line, place.end_column);
        lines.span((place.start_line, place.start_column), end)
    };
    if let Some(place) = finding.location {
        out = out.at(span(place), "");
        for related in finding.related_resources.into_iter().flatten() {
            if let Some(place) = related.location {
                out = out.at(span(place), related.message);
            }
        }
    }
    out.help = finding.suggested_fix;
    let stopped = out.code.as_str() == TRANSFORM && out.message.contains(STOPPED);
    if stopped || out.code.as_str() == UNREADABLE {
        out.severity = Severity::Warning;
        let help = "AWS's validator has not checked what it cannot read; rstack reads by itself";
        out.help = Some(help.to_owned());
    }
    // A schema's source repository tells nobody anything.
    out.docs = finding.documentation_url.filter(|url| !url.starts_with(REPOSITORIES));
    Some(out)
}
