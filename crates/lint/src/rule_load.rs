//! Loading of rule files: each language's own check that a file has rules that would be evaluated.

use std::collections::BTreeSet;

use cloudformation_validate as upstream;
use rstack_model::Code;
use serde::Deserialize;
use upstream::validation_engine::GuardRuleSet;

use crate::error::{LintError, position, unreadable};
use crate::rule_file::{RuleFile, RuleLanguage, RuleSource};

/// A file of CEL rules, and their IDs.
pub(crate) struct CelFile {
    pub(crate) name: String,
    pub(crate) source: RuleSource,
    pub(crate) ids: BTreeSet<String>,
}

/// A file of Guard rules.
pub(crate) struct GuardFile {
    pub(crate) name: String,
    pub(crate) source: RuleSource,
    pub(crate) rules: GuardRuleSet,
}

/// The Rego files that were named in one place, which may import each other.
pub(crate) struct RegoGroup {
    pub(crate) names: Vec<String>,
    pub(crate) source: RuleSource,
    pub(crate) engine: upstream::RegoEngine,
}

/// The files of one language.
pub(crate) fn of(files: &[RuleFile], language: RuleLanguage) -> impl Iterator<Item = &RuleFile> {
    files.iter().filter(move |file| file.language == language)
}

fn upstream_source(file: &RuleFile) -> upstream::ExternalRuleSource {
    upstream::ExternalRuleSource { name: file.name.clone(), content: file.text.clone() }
}

/// Refuses a rule that has the name of a built-in one or of a finding of rstack: a name stays the
/// name of one thing, so that `--allow` of the one does not silence the other.
pub(crate) fn check_name(id: &str, files: &[String]) -> Result<(), LintError> {
    if crate::is_rule(id) || Code::parse(id).is_some() {
        return Err(LintError::RuleName { files: files.to_vec(), rule: id.to_owned() });
    }
    Ok(())
}

fn no_rules(file: &RuleFile, problem: &str) -> LintError {
    LintError::NoRules { file: file.name.clone(), problem: problem.to_owned() }
}

/// The rules of a Guard file.
pub(crate) fn guard_rules(file: &RuleFile) -> Result<GuardRuleSet, LintError> {
    let rules = GuardRuleSet::compile(&[upstream_source(file)]);
    let rules = rules.map_err(|said| unreadable(file, &said))?;
    let rules = rules.filter(|rules| !rules.rule_metadata().is_empty());
    rules.ok_or_else(|| no_rules(file, "it has no `rule NAME { … }`"))
}

/// The IDs of the rules in a file of CEL rules.
pub(crate) fn cel_rules(file: &RuleFile) -> Result<BTreeSet<String>, LintError> {
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

/// The engine of the built-in rules and the CEL rules of all files.
pub(crate) fn cel_engine(
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

/// The Rego files that were named in one place, loaded together.
pub(crate) fn rego_group(
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
