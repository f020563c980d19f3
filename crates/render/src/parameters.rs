//! The source of the value that a plan has for each parameter.

use rstack_model::plan::{Plan, PlanMode};
use rstack_model::value::SecretReference;
use rstack_model::{GivenValue, Value};

/// The source of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterSource {
    /// It was given for this plan.
    Given,
    /// It was given for an earlier apply.
    Kept,
    /// It is the default. The last value that was given is not used.
    DefaultAgain,
    /// It is the default. The last value that was given is a secret and is not stored.
    DefaultNotStored,
    /// It is the default.
    Default,
}

impl ParameterSource {
    /// The source of the value of a parameter of a plan that deploys.
    pub(crate) fn of(plan: &Plan, name: &str) -> Self {
        let former = plan.former_parameters.given.get(name);
        match (plan.kept.contains(name), plan.given.contains_key(name), former) {
            (true, _, _) => Self::Kept,
            (false, true, _) => Self::Given,
            (false, false, Some(GivenValue::Text(_))) => Self::DefaultAgain,
            (false, false, Some(GivenValue::Secret)) => Self::DefaultNotStored,
            (false, false, None) => Self::Default,
        }
    }

    /// The name for programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Kept => "kept",
            Self::DefaultAgain | Self::DefaultNotStored | Self::Default => "default",
        }
    }
}

/// A value that was given for a parameter, as JSON.
pub(crate) fn given(name: &str, given: &GivenValue) -> serde_json::Value {
    match given {
        GivenValue::Text(text) => text.as_str().into(),
        GivenValue::Secret => {
            let reference = SecretReference::Parameter(name.to_owned());
            serde_json::json!({"$secret": reference.to_string()})
        }
    }
}

/// The value of a parameter before a plan that deploys, where it was another one.
pub(crate) fn before<'a>(plan: &'a Plan, name: &str) -> Option<&'a Value> {
    let before = plan.former_parameters.values.get(name)?;
    (plan.mode == PlanMode::Deploy && plan.parameters.get(name) != Some(before)).then_some(before)
}
