//! The rules by which handlers answer: a YAML file that a person writes.

use std::collections::BTreeMap;

use rstack_driver::custom::{Delivery, RequestType};
use rstack_driver::signals::CONDITION_TYPE;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// The bytes of the longest file of rules.
const MAX: usize = 1 << 20;

/// The answers of the handlers of custom resources in a sandbox, and the signals to wait conditions, by the
/// logical ID of the resource or by its type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomRules {
    rules: BTreeMap<String, Rule>,
    /// True if all handlers are asked, also those with known code of the CDK.
    pub(super) asks_all: bool,
}

/// A file that holds no rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRules(String);

/// The rule of a resource or a type.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Rule {
    physical_id: Option<String>,
    data: Option<Map<String, Json>>,
    no_echo: Option<bool>,
    delay: Option<u32>,
    fail: Option<String>,
    no_response: Option<bool>,
    create: Answer,
    update: Answer,
    delete: Answer,
}

/// The rule of one request. What it does not say the rule around it says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Answer {
    /// The physical ID; `${Name}` in it is the text of the property `Name`.
    pub(super) physical_id: Option<String>,
    /// The attributes; `${Name}` in a text is that of a property.
    pub(super) data: Option<Map<String, Json>>,
    /// True if the attributes are secret.
    pub(super) no_echo: Option<bool>,
    /// The number of times that the response is asked for before it is there.
    pub(super) delay: Option<u32>,
    /// The reason of a failure.
    pub(super) fail: Option<String>,
    /// True if the handler does nothing and never responds.
    pub(super) no_response: Option<bool>,
}

impl CustomRules {
    /// Reads rules from YAML text.
    ///
    /// # Errors
    /// If it is no YAML, or holds something else than rules.
    pub fn parse(text: &str) -> Result<Self, InvalidRules> {
        if text.len() > MAX {
            return Err(InvalidRules(format!("it is longer than {MAX} bytes")));
        }
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let read = yaml_serde::from_str::<Option<BTreeMap<String, Rule>>>(text);
        let rules = read.map_err(|error| InvalidRules(error.to_string()))?;
        Ok(Self { rules: rules.unwrap_or_default(), asks_all: false })
    }

    /// The same rules, with all handlers asked, also those with known code of the CDK.
    #[must_use]
    pub fn asking_all(self) -> Self {
        Self { asks_all: true, ..self }
    }

    /// The answer to a request.
    pub(super) fn answer(&self, delivery: &Delivery) -> Answer {
        let resource_type = delivery.resource_type.as_str();
        self.of(&delivery.logical_id, resource_type, delivery.request_type)
    }

    /// The signals to a wait condition.
    pub(super) fn signals(&self, logical_id: &str) -> Answer {
        self.of(logical_id, CONDITION_TYPE, RequestType::Create)
    }

    fn of(&self, logical_id: &str, resource_type: &str, request: RequestType) -> Answer {
        let rule = self.rules.get(logical_id).or_else(|| self.rules.get(resource_type));
        let Some(rule) = rule else { return Answer::default() };
        let own = match request {
            RequestType::Create => &rule.create,
            RequestType::Update => &rule.update,
            RequestType::Delete => &rule.delete,
        };
        let own = own.clone();
        Answer {
            physical_id: own.physical_id.or_else(|| rule.physical_id.clone()),
            data: own.data.or_else(|| rule.data.clone()),
            no_echo: own.no_echo.or(rule.no_echo),
            delay: own.delay.or(rule.delay),
            fail: own.fail.or_else(|| rule.fail.clone()),
            no_response: own.no_response.or(rule.no_response),
        }
    }
}
