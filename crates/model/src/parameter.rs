//! The values of parameters as users give them: the state keeps them for the applies that follow.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::value::ValueMap;

/// A value that a user gave for a parameter, as far as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GivenValue {
    /// The text, as it was given: of a parameter in the Parameter Store its name there.
    Text(String),
    /// The value of a secret (`NoEcho`) parameter, which is recorded nowhere.
    Secret,
}

/// The values that were given for parameters, by the parameters' names. Parameters that have their
/// defaults are not among them.
pub type GivenValues = BTreeMap<String, GivenValue>;

/// The parameters of a stack before a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormerParameters {
    /// The values in use; secret ones as references.
    pub values: ValueMap,
    /// The values that were given.
    pub given: GivenValues,
}

impl FormerParameters {
    /// True if the stack had no parameters.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.given.is_empty()
    }
}
