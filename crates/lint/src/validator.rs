//! The validator itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cloudformation_validate as upstream;
use rstack_model::{Diagnostic, FindingCode, Severity, Span};
use serde::{Deserialize, Serialize};

use crate::error::LintError;
use crate::evaluation::Evaluation;
use crate::place::Lines;
use crate::rule_overlap::LIMITS;
use crate::rule_set::{OwnFinding, OwnRule, Rules, Watch};

/// The question to the validator.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The template.
    pub text: &'a str,
    /// The values of parameters, those of secret ones left out.
    pub parameters: &'a BTreeMap<String, String>,
    /// The Region, if one was chosen; else the findings are those of any Region.
    pub region: Option<&'a str>,
    /// True if the built-in rules and schemas are looked at, too, or the rules from files alone.
    pub built_in: bool,
}

/// The verdict on a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The findings of the validator's own rules, in the order of the source.
    pub findings: Vec<Diagnostic>,
    /// The findings of rules from files, in the order of the source.
    pub own: Vec<Diagnostic>,
    /// The rules from files: all in CEL and Guard, and those in Rego that found something.
    pub own_rules: Vec<OwnRule>,
}

/// The validator's schemas of resource types.
pub struct Schemas(upstream::SchemaValidator);

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

/// True if it has a rule of this ID built in.
pub fn is_rule(id: &str) -> bool {
    upstream::rules::lookup_rule(id).is_some()
}

/// The subject of a built-in rule, in one line.
pub fn description(id: &str) -> Option<&'static str> {
    upstream::rules::lookup_rule(id).map(|rule| rule.description)
}

/// The severity of a finding of a built-in rule; `None` for findings that only the validator's
/// developers look at.
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

impl Validator {
    /// Puts together what may have been loaded side by side.
    pub fn new(schemas: Schemas, rules: Rules) -> Self {
        Self { schemas, rules }
    }

    /// The schemas, for other rules.
    pub fn into_schemas(self) -> Schemas {
        self.schemas
    }

    /// Checks a template. `watch` is given the rule files that are worked at.
    ///
    /// # Errors
    /// If the validator fails, or there are rules from files and one of them was not evaluated on all
    /// of the template.
    pub fn check(&self, question: &Question<'_>, watch: Watch<'_>) -> Result<Verdict, LintError> {
        let config = upstream::ValidateConfig {
            parameter_overrides: question.parameters.clone().into_iter().collect::<HashMap<_, _>>(),
            pseudo_parameter_overrides: upstream::PseudoParameterOverrides {
                region: question.region.map(str::to_owned),
                ..Default::default()
            },
            disable_builtin_rules: !question.built_in,
            ..Default::default()
        };
        let text = question.text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(question.text);
        let evaluation = Evaluation::new(&self.rules, watch);
        let report = upstream::validate_bytes_with_path(
            &evaluation,
            &self.schemas.0,
            text.as_bytes(),
            config,
            String::new(),
        );
        // The error of a rule from a file says more than what the validator makes of it.
        let outcome = evaluation.outcome().transpose()?;
        let report = report.map_err(|error| LintError::Check(error.to_string()))?;
        let own = match outcome {
            Some(own) => own,
            None if self.rules.has_own() => {
                let problem = "AWS's validator cannot read this template, so that no rule sees it";
                return Err(LintError::NotEvaluated { problem: problem.to_owned() });
            }
            None => Vec::new(),
        };
        let lines = Lines::of(text);
        let before = question.text.len() - text.len();
        let budgets = report.metadata.budget_exhaustions.into_iter().flatten();
        let reasons: Vec<String> = budgets.map(|budget| budget.description).collect();
        let found = report.diagnostics.into_iter().filter(|_| question.built_in);
        let mut findings = sorted(found.filter_map(|finding| diagnostic(finding, &lines)), before);
        for finding in findings.iter_mut().filter(|finding| finding.code.as_str() == INCOMPLETE) {
            finding.help = Some(reasons.join("\n"));
        }
        let mut own_rules: BTreeSet<OwnRule> = self.rules.own().clone();
        own_rules.extend(
            own.iter()
                .map(|(source, finding)| OwnRule { id: finding.rule_id.clone(), source: *source }),
        );
        let own = sorted(own.into_iter().map(|finding| own_diagnostic(finding, &lines)), before);
        Ok(Verdict { findings, own, own_rules: own_rules.into_iter().collect() })
    }
}

/// Findings in the order of the source, each once; `before` bytes are before the text that was
/// looked at.
fn sorted(found: impl Iterator<Item = Diagnostic>, before: usize) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> = found.collect();
    findings.sort_by_key(|finding| finding.labels.first().map(|label| label.span));
    findings.dedup();
    for label in findings.iter_mut().flat_map(|finding| &mut finding.labels) {
        label.span = Span::new(label.span.start + before, label.span.end + before);
    }
    findings
}

/// A finding of a rule from a file. All of them are reported: a finding that is for few users is a
/// remark.
fn own_diagnostic((_, finding): OwnFinding, lines: &Lines<'_>) -> Diagnostic {
    let severity = told_as(finding.severity).unwrap_or(Severity::Information);
    placed(finding, severity, lines)
}

/// A finding in our words; `None` for findings that only the validator's developers look at, for
/// limits of CloudFormation, which do not bind rstack, and for findings that are not true.
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
    let mut out = placed(finding, severity, lines);
    let stopped = out.code.as_str() == TRANSFORM && out.message.contains(STOPPED);
    if stopped || out.code.as_str() == UNREADABLE {
        out.severity = Severity::Warning;
        let help = "AWS's validator has not checked what it cannot read; rstack reads by itself";
        out.help = Some(help.to_owned());
    }
    Some(out)
}

/// A finding in our words, with its places.
fn placed(finding: upstream::Diagnostic, severity: Severity, lines: &Lines<'_>) -> Diagnostic {
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
    // A schema's source repository is of no use to users.
    out.docs = finding.documentation_url.filter(|url| !url.starts_with(REPOSITORIES));
    out
}
