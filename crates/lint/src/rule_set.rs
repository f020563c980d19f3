//! The rules of files beside those that are built in: loaded, named, and evaluated on a template.
//!
//! *Architecture Invariant:* a file from which nothing would be evaluated is an error, and a rule that
//! cannot be evaluated is one: never a pass.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cloudformation_validate as upstream;
use rstack_model::Code;
use serde::{Deserialize, Serialize};
use upstream::ValidationEngine;
use upstream::diagnostics::PhaseMetric;
use upstream::rules::{RuleInfo, RuleMetadataEntry, RuleOrigin};
use upstream::template_model::SemanticModel;
use upstream::validation_engine::GuardRuleSet;

use crate::error::{LintError, position, unreadable};
use crate::rule_file::{RuleFile, RuleLanguage, RuleSource};

/// A callback that is given the names of the rule files that are worked at from now on; none for the
/// validator's own rules.
pub type Watch<'a> = &'a mut (dyn FnMut(&[String]) + 'a);

/// A rule from a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OwnRule {
    /// Its ID.
    pub id: String,
    /// Where its file was named.
    pub source: RuleSource,
}

/// The validator's rules, with those from files.
pub struct Rules {
    /// The built-in rules, and the CEL rules of all files.
    engine: upstream::CelEngine,
    cel: Vec<CelFile>,
    guard: Vec<GuardFile>,
    rego: Vec<RegoGroup>,
    own: BTreeSet<OwnRule>,
}

struct CelFile {
    name: String,
    source: RuleSource,
    ids: BTreeSet<String>,
}

struct GuardFile {
    name: String,
    source: RuleSource,
    rules: GuardRuleSet,
}

/// The Rego files that were named in one place, which may import each other.
struct RegoGroup {
    names: Vec<String>,
    source: RuleSource,
    engine: upstream::RegoEngine,
}

/// A finding of a rule from a file.
pub(crate) type OwnFinding = (RuleSource, upstream::Diagnostic);

impl Rules {
    /// Loads the rules that are built in and those in files, which takes a tenth of a second.
    ///
    /// # Errors
    /// If a rule file is not one, has no rules, or a rule has the name of a built-in one.
    pub fn load(files: &[RuleFile], watch: Watch<'_>) -> Result<Self, LintError> {
        let mut own = BTreeSet::new();
        let mut name = |file: &RuleFile, ids: &BTreeSet<String>| {
            for id in ids {
                check_name(id, std::slice::from_ref(&file.name))?;
                own.insert(OwnRule { id: id.clone(), source: file.source });
            }
            Ok(())
        };
        let mut guard = Vec::new();
        for file in of(files, RuleLanguage::Guard) {
            watch(std::slice::from_ref(&file.name));
            let rules = guard_rules(file)?;
            name(file, &rules.rule_metadata().keys().cloned().collect())?;
            guard.push(GuardFile { name: file.name.clone(), source: file.source, rules });
        }
        let mut cel = Vec::new();
        for file in of(files, RuleLanguage::Cel) {
            watch(std::slice::from_ref(&file.name));
            let ids = cel_rules(file)?;
            name(file, &ids)?;
            cel.push(CelFile { name: file.name.clone(), source: file.source, ids });
        }
        let engine = cel_engine(files, &cel, watch)?;
        let mut rego = Vec::new();
        for source in [RuleSource::Project, RuleSource::CommandLine] {
            let group: Vec<&RuleFile> =
                of(files, RuleLanguage::Rego).filter(|file| file.source == source).collect();
            if !group.is_empty() {
                rego.push(rego_group(&group, source, watch)?);
            }
        }
        watch(&[]);
        Ok(Self { engine, cel, guard, rego, own })
    }

    /// The rules from files whose names are known before they find anything: those in CEL and Guard.
    pub(crate) fn own(&self) -> &BTreeSet<OwnRule> {
        &self.own
    }

    /// True if there are rules from files.
    pub(crate) fn has_own(&self) -> bool {
        !(self.cel.is_empty() && self.guard.is_empty() && self.rego.is_empty())
    }

    fn cel_names(&self) -> Vec<String> {
        self.cel.iter().map(|file| file.name.clone()).collect()
    }

    /// Evaluates the rules that are built in, if they are wanted, and those in CEL.
    fn evaluate_cel(
        &self,
        model: &Arc<SemanticModel>,
        config: &upstream::ValidateConfig,
        found: &mut Vec<OwnFinding>,
    ) -> Result<Vec<upstream::Diagnostic>, LintError> {
        let all = self.engine.evaluate_rules(model, config).map_err(|error| {
            let said = error.to_string();
            let file = self.cel.iter().find(|file| file.ids.iter().any(|id| names_rule(&said, id)));
            match file {
                Some(file) => LintError::RuleFailed {
                    files: vec![file.name.clone()],
                    at: None,
                    problem: "its `expression` cannot be evaluated to true or false".to_owned(),
                },
                None => LintError::Check(said),
            }
        })?;
        let (own, built_in): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|finding| finding.source == RuleOrigin::Custom);
        found.extend(own.into_iter().map(|finding| {
            // A rule that is in files of both places is one of the command line.
            let line = self.cel.iter().any(|file| {
                file.source == RuleSource::CommandLine && file.ids.contains(&finding.rule_id)
            });
            let source = if line { RuleSource::CommandLine } else { RuleSource::Project };
            (source, finding)
        }));
        Ok(built_in)
    }

    /// Evaluates the rules in Guard and Rego.
    fn evaluate_others(
        &self,
        model: &Arc<SemanticModel>,
        config: &upstream::ValidateConfig,
        watch: &mut dyn FnMut(&[String]),
        found: &mut Vec<OwnFinding>,
    ) -> Result<(), LintError> {
        for file in &self.guard {
            watch(std::slice::from_ref(&file.name));
            let findings = file.rules.evaluate(model).map_err(|_| LintError::RuleFailed {
                files: vec![file.name.clone()],
                at: None,
                problem: "it cannot be evaluated on this template".to_owned(),
            })?;
            found.extend(findings.into_iter().map(|finding| (file.source, finding)));
        }
        for group in &self.rego {
            watch(&group.names);
            let findings = group.engine.evaluate_rules(model, config);
            let findings = findings.map_err(|error| rego_failure(group, &error.to_string()))?;
            for finding in &findings {
                check_name(&finding.rule_id, &group.names)?;
            }
            found.extend(findings.into_iter().map(|finding| (group.source, finding)));
        }
        watch(&[]);
        Ok(())
    }
}

/// The evaluation of all rules on one template, as an engine of the validator. The findings of rules
/// from files are kept aside: what the validator filters, by rule or by the words of a message, is
/// filtered from its own findings only.
pub(crate) struct Evaluation<'a, 'w> {
    rules: &'a Rules,
    watch: RefCell<Watch<'w>>,
    outcome: RefCell<Option<Result<Vec<OwnFinding>, LintError>>>,
}

impl<'a, 'w> Evaluation<'a, 'w> {
    pub(crate) fn new(rules: &'a Rules, watch: Watch<'w>) -> Self {
        Self { rules, watch: RefCell::new(watch), outcome: RefCell::new(None) }
    }

    /// The findings of rules from files; `None` if the validator never came to evaluating rules.
    pub(crate) fn outcome(self) -> Option<Result<Vec<OwnFinding>, LintError>> {
        self.outcome.into_inner()
    }

    fn evaluate(
        &self,
        model: &Arc<SemanticModel>,
        config: &upstream::ValidateConfig,
        found: &mut Vec<OwnFinding>,
    ) -> Result<Vec<upstream::Diagnostic>, LintError> {
        let watch = &mut **self.watch.borrow_mut();
        watch(&self.rules.cel_names());
        let built_in = self.rules.evaluate_cel(model, config, found)?;
        self.rules.evaluate_others(model, config, watch, found)?;
        if self.rules.has_own() {
            complete(model)?;
        }
        for (_, finding) in found {
            if finding.location.is_none() {
                let path = finding.property_path.as_deref().unwrap_or_default();
                finding.location = model.diagnostic_span(finding.resource_logical_id(), path);
            }
        }
        Ok(built_in)
    }
}

/// The rule about a text that cannot be expanded: its findings mean that there are resources which
/// rules do not see.
const TRANSFORM: &str = "E0001";

/// Rules have seen all of a template, or there is an error.
fn complete(model: &SemanticModel) -> Result<(), LintError> {
    let problem = if model.diagnostics.iter().any(|defect| defect.rule_id == TRANSFORM) {
        "AWS's validator cannot expand all of this template, so that its rules do not see all of it"
    } else if model.budget_analysis_incomplete() {
        "AWS's validator stopped at a limit of its own before all conditions were looked at"
    } else {
        return Ok(());
    };
    Err(LintError::NotEvaluated { problem: problem.to_owned() })
}

impl ValidationEngine for Evaluation<'_, '_> {
    fn engine_name(&self) -> &str {
        "rstack"
    }

    fn evaluate_rules(
        &self,
        model: &Arc<SemanticModel>,
        config: &upstream::ValidateConfig,
    ) -> Result<Vec<upstream::Diagnostic>, upstream::ValidationError> {
        let mut found = Vec::new();
        let evaluated = self.evaluate(model, config, &mut found);
        let (outcome, built_in) = match evaluated {
            Ok(built_in) => (Ok(found), Ok(built_in)),
            Err(error) => {
                let said = upstream::ValidationError::Engine(error.to_string());
                (Err(error), Err(said))
            }
        };
        self.outcome.replace(Some(outcome));
        built_in
    }

    fn list_rules(&self) -> Vec<RuleInfo> {
        self.rules.engine.list_rules()
    }

    fn rule_metadata(&self) -> &HashMap<String, RuleMetadataEntry> {
        self.rules.engine.rule_metadata()
    }

    fn external_rule_metadata(&self) -> HashMap<String, RuleMetadataEntry> {
        HashMap::new()
    }

    fn init_metric(&self) -> &PhaseMetric {
        self.rules.engine.init_metric()
    }
}

fn of(files: &[RuleFile], language: RuleLanguage) -> impl Iterator<Item = &RuleFile> {
    files.iter().filter(move |file| file.language == language)
}

fn upstream_source(file: &RuleFile) -> upstream::ExternalRuleSource {
    upstream::ExternalRuleSource { name: file.name.clone(), content: file.text.clone() }
}

/// A name that says what a finding is stays the name of one thing: who allows the built-in rule must
/// not silence another.
fn check_name(id: &str, files: &[String]) -> Result<(), LintError> {
    if crate::is_rule(id) || Code::parse(id).is_some() {
        return Err(LintError::RuleName { files: files.to_vec(), rule: id.to_owned() });
    }
    Ok(())
}

fn no_rules(file: &RuleFile, problem: &str) -> LintError {
    LintError::NoRules { file: file.name.clone(), problem: problem.to_owned() }
}

fn guard_rules(file: &RuleFile) -> Result<GuardRuleSet, LintError> {
    let rules = GuardRuleSet::compile(&[upstream_source(file)]);
    let rules = rules.map_err(|said| unreadable(file, &said))?;
    let rules = rules.filter(|rules| !rules.rule_metadata().is_empty());
    rules.ok_or_else(|| no_rules(file, "it has no `rule NAME { … }`"))
}

/// The IDs of the rules in a file of CEL rules.
fn cel_rules(file: &RuleFile) -> Result<BTreeSet<String>, LintError> {
    #[derive(Deserialize)]
    struct File {
        rules: Vec<Rule>,
    }
    #[derive(Deserialize)]
    struct Rule {
        rule_id: String,
    }
    let read = serde_json::from_str::<File>(&file.text);
    let read = read.map_err(|error| unreadable(file, &error.to_string()))?;
    if read.rules.is_empty() {
        return Err(no_rules(file, "its list `rules` is empty"));
    }
    Ok(read.rules.into_iter().map(|rule| rule.rule_id).collect())
}

/// True if an error of the engine is about a rule of this ID.
fn names_rule(said: &str, id: &str) -> bool {
    said.contains(&format!("Custom rule '{id}'"))
}

fn cel_engine(
    files: &[RuleFile],
    cel: &[CelFile],
    watch: &mut dyn FnMut(&[String]),
) -> Result<upstream::CelEngine, LintError> {
    let names: Vec<String> = cel.iter().map(|file| file.name.clone()).collect();
    watch(&names);
    let engine = |files: Vec<&RuleFile>| {
        let sources = files.into_iter().map(upstream_source);
        upstream::CelEngine::new(upstream::EngineConfig::new().with_custom_rules(sources))
            .map_err(|error| format!("{error:#}"))
    };
    engine(of(files, RuleLanguage::Cel).collect()).map_err(|said| {
        // The files are loaded as one: the one with the mistake fails alone, too.
        let alone = |file: &&RuleFile| engine(vec![*file]).is_err();
        match of(files, RuleLanguage::Cel).find(alone) {
            Some(file) => unreadable(file, &said),
            None if names.is_empty() => LintError::Start(said),
            None => LintError::RuleFiles { files: names.clone() },
        }
    })
}

fn rego_group(
    files: &[&RuleFile],
    source: RuleSource,
    watch: &mut dyn FnMut(&[String]),
) -> Result<RegoGroup, LintError> {
    for file in files {
        package(file)?;
    }
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    watch(&names);
    let sources = files.iter().map(|file| upstream_source(file));
    let config = upstream::EngineConfig::new().with_custom_rules(sources);
    let engine = upstream::RegoEngine::new_external_only(config).map_err(|error| {
        let said = format!("{error:#}");
        match files.iter().find(|file| position(&said, &file.name).is_some() || files.len() == 1) {
            Some(file) => unreadable(file, &said),
            None => LintError::RuleFiles { files: names.clone() },
        }
    })?;
    Ok(RegoGroup { names, source, engine })
}

/// A Rego file names its package so that the engine finds it, which looks at lines.
fn package(file: &RuleFile) -> Result<(), LintError> {
    let mut packages = file.text.lines().filter_map(|line| line.trim().strip_prefix("package "));
    let plain = |name: &str| {
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let name = name.trim();
        !name.is_empty() && name.chars().all(letter)
    };
    match (packages.next(), packages.next()) {
        (Some(name), None) if plain(name) => Ok(()),
        _ => Err(no_rules(file, "it needs one line `package NAME`, with nothing else in it")),
    }
}

/// A failure of a group's rules, in words that hold nothing of the files.
fn rego_failure(group: &RegoGroup, said: &str) -> LintError {
    let at = group.names.iter().find_map(|name| Some((name.clone(), position(said, name)?)));
    let kinds = [
        ("not a valid rule path", "its package has no rule `violation`"),
        ("must be a JSON array", "`violation` is not a set: write `violation contains v if { … }`"),
        ("field 'rule_id'", "a violation has no `rule_id`"),
        ("empty 'rule_id'", "a violation has no `rule_id`"),
        (
            "invalid 'rule_id'",
            "a `rule_id` has other characters than letters, digits, `_`, `.`, `-`",
        ),
        ("field 'message'", "a violation has no `message`"),
        ("empty 'message'", "a violation has no `message`"),
        ("field 'severity'", "a violation has no `severity`"),
    ];
    let kind = kinds.iter().find(|(sign, _)| said.contains(sign)).map(|(_, problem)| *problem);
    let problem = kind.unwrap_or("it cannot be evaluated on this template").to_owned();
    match at {
        Some((file, at)) => LintError::RuleFailed { files: vec![file], at: Some(at), problem },
        None => LintError::RuleFailed { files: group.names.clone(), at: None, problem },
    }
}
