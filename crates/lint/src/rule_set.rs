//! The rules that are built in and those of files, evaluated on a template.
//!
//! *Architecture Invariant:* a file from which nothing would be evaluated is an error, and a rule that
//! cannot be evaluated is one: never a pass.

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudformation_validate as upstream;
use serde::{Deserialize, Serialize};
use upstream::ValidationEngine;
use upstream::rules::RuleOrigin;
use upstream::template_model::SemanticModel;

use crate::error::{LintError, position};
use crate::rule_file::{RuleFile, RuleLanguage, RuleSource};
use crate::rule_load::{
    CelFile, GuardFile, RegoGroup, cel_engine, cel_rules, check_name, guard_rules, of, rego_group,
};

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

    /// The engine that lists the rules.
    pub(crate) fn engine(&self) -> &upstream::CelEngine {
        &self.engine
    }

    /// The names of the files of CEL rules.
    pub(crate) fn cel_names(&self) -> Vec<String> {
        self.cel.iter().map(|file| file.name.clone()).collect()
    }

    /// Evaluates the rules that are built in, if they are wanted, and those in CEL.
    pub(crate) fn evaluate_cel(
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
    pub(crate) fn evaluate_others(
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

/// True if an error of the engine is about a rule of this ID.
fn names_rule(said: &str, id: &str) -> bool {
    said.contains(&format!("Custom rule '{id}'"))
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
