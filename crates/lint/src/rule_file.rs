//! Files with rules of one's own, in the languages that the validator takes.

use serde::{Deserialize, Serialize};

/// A language of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleLanguage {
    /// Rego, the language of Open Policy Agent.
    Rego,
    /// Expressions of the Common Expression Language, in a JSON file.
    Cel,
    /// CloudFormation Guard.
    Guard,
}

impl RuleLanguage {
    /// The language of files with this extension, if it is one of rules.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "rego" => Some(Self::Rego),
            "json" => Some(Self::Cel),
            "guard" => Some(Self::Guard),
            _ => None,
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rego => "Rego",
            Self::Cel => "CEL",
            Self::Guard => "Guard",
        }
    }
}

/// Where a file of rules was named, which decides who may silence its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleSource {
    /// In the project file, which belongs to the repository.
    Project,
    /// On the command line.
    CommandLine,
}

/// One file of rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFile {
    /// Its name for people: the path.
    pub name: String,
    /// Its language.
    pub language: RuleLanguage,
    /// Where it was named.
    pub source: RuleSource,
    /// Its text.
    pub text: String,
}
