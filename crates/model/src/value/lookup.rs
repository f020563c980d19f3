//! Values that a template leaves to the cloud: asked before anything is planned, never while
//! evaluating.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Value;
use crate::id::{Region, ResourceType};

/// A parameter of the Parameter Store.
///
/// Source: "Get a plaintext value from Systems Manager Parameter Store", AWS CloudFormation User
/// Guide: `parameter-name:version`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ParameterReference {
    /// Its name or ARN.
    pub name: String,
    /// Which version; the latest if none is said.
    pub version: Option<u64>,
}

/// The name of a parameter that does not have the form CloudFormation documents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` does not name a parameter of the Parameter Store: {problem}")]
pub struct InvalidParameter {
    /// The text as it was written.
    pub text: String,
    /// The mistake in it.
    pub problem: &'static str,
}

impl ParameterReference {
    /// Reads `NAME` or `NAME:VERSION`; the name may be an ARN.
    ///
    /// # Errors
    /// [`InvalidParameter`] if the name is empty or has characters no name has, or the version is
    /// not a number above 0.
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        let invalid = |problem| InvalidParameter { text: text.to_owned(), problem };
        let colons = if text.starts_with("arn:") { 5 } else { 0 };
        let version = text.match_indices(':').nth(colons).map(|(at, _)| text.split_at(at));
        let (name, version) = match version {
            Some((name, version)) => (name, version.strip_prefix(':')),
            None => (text, None),
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
        if name.is_empty() {
            return Err(invalid("it is empty"));
        }
        if !name.chars().all(legal) {
            return Err(invalid("a name has letters, digits, and `.`, `_`, `-`, `/`"));
        }
        let version = version.map(|version| match version.parse() {
            Ok(0) | Err(_) => {
                Err(invalid("behind its name only the number of a version can stand"))
            }
            Ok(number) => Ok(number),
        });
        Ok(Self { name: name.to_owned(), version: version.transpose()? })
    }
}

impl fmt::Display for ParameterReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{}:{version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// One question to the cloud.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lookup {
    /// `Fn::GetAZs`: the Availability Zones of a Region. The answer is a list of texts.
    Zones(Region),
    /// A parameter of the Parameter Store that is no secret. The answer is text.
    Parameter(ParameterReference),
    /// `Fn::ValueOf`: an attribute of an object that a parameter names. The answer is text.
    Attribute {
        /// The type of the parameter without its `::Id`, such as `AWS::EC2::VPC`.
        resource_type: ResourceType,
        /// The object's ID.
        id: String,
        /// The attribute, such as `DefaultSecurityGroup` or `Tags.Department`.
        attribute: String,
    },
    /// `Fn::ImportValue`: the exports of the account and Region that CloudFormation knows. The answer
    /// is a map of texts by name.
    Exports,
    /// `Fn::GetStackOutput`: the outputs of a stack that CloudFormation manages. The answer is a map of
    /// texts by output, or null if there is no such stack.
    StackOutputs {
        /// The name of the stack.
        stack: String,
        /// Its Region.
        region: Region,
        /// The role that is assumed to look at it, of another account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
    },
}

impl Lookup {
    /// True if it is about stacks that CloudFormation manages.
    pub fn is_of_managed_stacks(&self) -> bool {
        match self {
            Self::Exports | Self::StackOutputs { .. } => true,
            Self::Zones(_) | Self::Parameter(_) | Self::Attribute { .. } => false,
        }
    }
}

/// The answers so far.
pub type Answers = BTreeMap<Lookup, Value>;

impl fmt::Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zones(region) => write!(f, "Availability Zones of {region}"),
            Self::Parameter(parameter) => write!(f, "SSM parameter {parameter}"),
            Self::Attribute { id, attribute, .. } => write!(f, "{attribute} of {id}"),
            Self::Exports => f.write_str("exports of CloudFormation"),
            Self::StackOutputs { stack, region, role: None } => {
                write!(f, "outputs of the stack {stack} in {region}")
            }
            Self::StackOutputs { stack, region, role: Some(role) } => {
                write!(f, "outputs of the stack {stack} in {region}, as {role}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_named_with_or_without_its_version() {
        let arn = "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b";
        for (text, name, version) in [
            ("/a/b.c_d-e", "/a/b.c_d-e", None),
            ("x:12", "x", Some(12)),
            (arn, arn, None),
            (&format!("{arn}:3"), arn, Some(3)),
        ] {
            let parsed = ParameterReference::parse(text).unwrap();
            assert_eq!((parsed.name.as_str(), parsed.version), (name, version));
            assert_eq!(parsed.to_string(), text);
        }
        for wrong in ["", ":1", "x:", "x:0", "x:-1", "x:label", "x:1:2", "a b"] {
            assert!(ParameterReference::parse(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}
