//! Errors of the validator and of rule files.
//!
//! A rule file may lie outside of the project, and what it is in truth is not known: an error says
//! where its mistake is and of which kind, in words of ours, and repeats nothing that is in the file.

use serde::{Deserialize, Serialize};

use crate::rule_file::{RuleFile, RuleLanguage};

/// A line and a column of a rule file, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// The reason why the validator has no verdict. It passes between processes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LintError {
    /// A rule file that cannot be read as what it is named.
    #[error("{}: the {} rules cannot be loaded: {problem}", place(file, *at), language.name())]
    RuleFile {
        /// The file.
        file: String,
        /// Its language.
        language: RuleLanguage,
        /// Where the mistake is, if that is known.
        at: Option<Position>,
        /// The kind of mistake.
        problem: String,
    },
    /// Rule files that can be loaded one by one, and not together.
    #[error("the rules in {} cannot be loaded together", names(files))]
    RuleFiles {
        /// The files.
        files: Vec<String>,
    },
    /// A file that has no rule that would be evaluated.
    #[error("`{file}` has no rules: {problem}")]
    NoRules {
        /// The file.
        file: String,
        /// The missing part.
        problem: String,
    },
    /// A rule with the name of a finding of rstack or of a rule of the validator.
    #[error("rule `{rule}` in {} has the name of a built-in rule", names(files))]
    RuleName {
        /// The files that it may be in.
        files: Vec<String>,
        /// The name.
        rule: String,
    },
    /// A rule that failed on a template.
    #[error("{} failed: {problem}", failed(files, *at))]
    RuleFailed {
        /// The files that it may be in.
        files: Vec<String>,
        /// Where the rule is, if that is known.
        at: Option<Position>,
        /// The kind of failure.
        problem: String,
    },
    /// Rules that were not evaluated, or not on all of the template.
    #[error("{problem}")]
    NotEvaluated {
        /// The reason.
        problem: String,
    },
    /// The validator does not start.
    #[error("cannot start the validator: {0}")]
    Start(String),
    /// The validator failed on a template.
    #[error("the validator failed: {0}")]
    Check(String),
}

fn place(file: &str, at: Option<Position>) -> String {
    match at {
        Some(Position { line, column }) => format!("{file}:{line}:{column}"),
        None => file.to_owned(),
    }
}

fn failed(files: &[String], at: Option<Position>) -> String {
    match (files, at) {
        ([file], Some(_)) => format!("{}: a rule", place(file, at)),
        _ => format!("a rule in {}", names(files)),
    }
}

/// The names of files, each between backticks; of many, the first ones.
fn names(files: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<String> = files.iter().take(SHOWN).map(|file| format!("`{file}`")).collect();
    match files.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more files", shown.join(", ")),
        None => shown.join(", "),
    }
}

/// Sentences of the readers of rules that hold nothing of the file.
const SENTENCES: [&str; 12] = [
    "`if` keyword is required before rule body",
    "`contains` keyword is required for partial set rules",
    "rule must have a body or assignment",
    "expecting identifier",
    "expecting EOF",
    "invalid character",
    "invalid number",
    "unmatched \"",
    "unmatched `",
    "not a valid ref",
    "input cannot be shadowed",
    "data cannot be shadowed",
];

/// The error of a file that its reader refuses; `said` is what the reader says of it.
pub(crate) fn unreadable(file: &RuleFile, said: &str) -> LintError {
    let kind = said.rsplit_once("\nerror: ").map(|(_, kind)| kind.trim());
    let known = kind.and_then(|kind| SENTENCES.iter().find(|sentence| **sentence == kind));
    let problem = match (known, file.language) {
        (Some(sentence), _) => (*sentence).to_owned(),
        (None, RuleLanguage::Rego) => "it is not Rego version 1".to_owned(),
        (None, RuleLanguage::Guard) => "it is not Guard".to_owned(),
        (None, RuleLanguage::Cel) => cel_problem(said),
    };
    LintError::RuleFile {
        file: file.name.clone(),
        language: file.language,
        at: position(said, &file.name),
        problem,
    }
}

/// The kind of a mistake in a file of CEL rules.
fn cel_problem(said: &str) -> String {
    let kinds = [
        ("Failed to compile CEL expression", "an `expression` is not CEL"),
        ("references unknown function", "an `expression` calls an unknown function"),
        (
            "'rule_id'",
            "a `rule_id` is empty, or has other characters than letters, digits, `_`, `.`, `-`",
        ),
        ("empty 'message'", "a `message` is empty"),
        ("empty 'expression'", "an `expression` is empty"),
    ];
    let kind = kinds.iter().find(|(sign, _)| said.contains(sign)).map(|(_, problem)| *problem);
    kind.unwrap_or("it is not JSON with a list `rules` of rules").to_owned()
}

/// The place that a reader names: `--> FILE:3:5`, or `line 3 … column 5`.
pub(crate) fn position(said: &str, file: &str) -> Option<Position> {
    let number = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok().map(|number| (number, digits.len()))
    };
    if let Some((_, rest)) = said.split_once(&format!("--> {file}:")) {
        let (line, length) = number(rest)?;
        let (column, _) = number(rest.get(length..)?.strip_prefix(':')?)?;
        return Some(Position { line, column });
    }
    let (_, rest) = said.split_once(" line ")?;
    let (line, _) = number(rest)?;
    let (column, _) = number(rest.split_once(" column ")?.1)?;
    Some(Position { line, column })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_file::RuleSource;

    fn file(language: RuleLanguage) -> RuleFile {
        let (name, text) = ("rules/a.b".to_owned(), String::new());
        RuleFile { name, language, source: RuleSource::CommandLine, text }
    }

    #[test]
    fn an_error_has_a_place_and_nothing_of_the_file() {
        let rego = "\n--> rules/a.b:3:7\n  |\n3 | root:hunter2\n  |     ^\nerror: ";
        let told = |language, said: &str| unreadable(&file(language), said).to_string();
        assert_eq!(
            told(RuleLanguage::Rego, &format!("{rego}expecting identifier")),
            "rules/a.b:3:7: the Rego rules cannot be loaded: expecting identifier"
        );
        assert_eq!(
            told(RuleLanguage::Rego, &format!("{rego}encountered hunter2")),
            "rules/a.b:3:7: the Rego rules cannot be loaded: it is not Rego version 1"
        );
        let guard =
            "Error parsing file rules/a.b at line 2 at column 9, when handling , fragment hunter2";
        assert_eq!(
            told(RuleLanguage::Guard, guard),
            "rules/a.b:2:9: the Guard rules cannot be loaded: it is not Guard"
        );
        let json = "invalid type: string \"hunter2\", expected a map at line 1 column 9";
        assert_eq!(
            told(RuleLanguage::Cel, json),
            "rules/a.b:1:9: the CEL rules cannot be loaded: it is not JSON with a list `rules` of rules"
        );
    }
}
