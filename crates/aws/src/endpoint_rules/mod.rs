//! The endpoint rules of services: the rule sets that AWS publishes for its SDKs, as data, and what
//! evaluates them.
//!
//! A rule set says how Region, FIPS, dual stack and a configured URL become the address of a service
//! and the name and Region that requests to it are signed for. Its language is that of Smithy's
//! "Endpoint rules engine", version 1.

mod evaluate;
mod functions;
mod parse;
mod partitions;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::definition::{Once, Service};
use crate::model::decompressed;

/// The rule set of a service.
#[derive(Debug)]
pub(crate) struct RuleSet {
    parameters: BTreeMap<String, Parameter>,
    rules: Vec<Rule>,
}

/// A parameter of a rule set.
#[derive(Debug)]
struct Parameter {
    /// The setting of the SDKs that it takes its value from, such as `AWS::Region`.
    built_in: Option<String>,
    default: Option<Value>,
    required: bool,
}

/// A rule: it applies if all of its conditions hold.
#[derive(Debug)]
struct Rule {
    conditions: Vec<Condition>,
    outcome: Outcome,
}

/// The outcome of a rule that applies.
#[derive(Debug)]
enum Outcome {
    /// The first of these rules that applies.
    Rules(Vec<Rule>),
    /// An endpoint.
    Endpoint { url: Expression, properties: Expression },
    /// The configuration has no endpoint, for this reason.
    Refusal(Expression),
}

/// A condition: it holds if its value is there and is not `false`.
#[derive(Debug)]
struct Condition {
    value: Expression,
    /// The name that the value has from here on.
    assign: Option<String>,
}

/// An expression.
#[derive(Debug)]
enum Expression {
    /// A value that stands for itself.
    Literal(Value),
    /// A text with references in it.
    Template(Vec<Part>),
    /// A parameter, or a value that a condition assigned.
    Reference(String),
    /// A call of a function.
    Call(Function, Vec<Expression>),
    /// A list of expressions.
    List(Vec<Expression>),
    /// A map of expressions.
    Map(BTreeMap<String, Expression>),
}

/// A part of a template.
#[derive(Debug)]
enum Part {
    /// Text that stands for itself.
    Text(String),
    /// A reference, and the path to an attribute of its value.
    Reference(String, Option<String>),
}

/// The functions of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    IsSet,
    Not,
    GetAttr,
    BooleanEquals,
    StringEquals,
    Substring,
    UriEncode,
    ParseUrl,
    IsValidHostLabel,
    Partition,
    ParseArn,
    IsVirtualHostableS3Bucket,
}

/// The address of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceEndpoint {
    /// The URL.
    pub(crate) url: String,
    /// Properties such as `authSchemes`.
    pub(crate) properties: Map<String, Value>,
}

/// The settings of the SDKs that rule sets are evaluated with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EndpointSettings {
    /// The Region.
    pub(crate) region: Option<String>,
    /// True if dual-stack endpoints are wanted.
    pub(crate) dual_stack: Option<bool>,
    /// True if FIPS endpoints are wanted.
    pub(crate) fips: Option<bool>,
    /// The URL that is configured for the service.
    pub(crate) url: Option<String>,
    /// The bucket, of S3.
    pub(crate) bucket: Option<String>,
    /// True if a bucket is a part of the path, and not of the host.
    pub(crate) path_style: Option<bool>,
}

/// A rule set that gives no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    /// The embedded rule set or partitions cannot be opened: the program is damaged.
    #[error("the endpoint rules of {service} are damaged: {problem}")]
    Damaged {
        /// The service.
        service: &'static str,
        /// The problem.
        problem: String,
    },
    /// The rules refuse the settings, for this reason of theirs.
    #[error("{reason}")]
    Refused {
        /// The text of the rule set.
        reason: String,
    },
    /// The rules want a setting that is not given.
    #[error("no `{setting}` is configured")]
    Missing {
        /// The parameter, such as `Region`.
        setting: String,
    },
    /// No rule applies to the settings.
    #[error("the service has no endpoint for these settings")]
    NoRule,
}

impl RuleSet {
    /// The rule set of a service.
    ///
    /// # Errors
    /// [`EndpointError::Damaged`] if the embedded data are damaged.
    pub(crate) fn of(service: Service) -> Result<&'static Self, EndpointError> {
        static RULE_SETS: Once<Service, Result<RuleSet, EndpointError>> = Once::new();
        let open = || {
            let bytes = decompressed(service.endpoint_bytes())?;
            let json = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
            parse::rule_set(&json)
        };
        let damaged = |problem| EndpointError::Damaged { service: service.name(), problem };
        RULE_SETS.get(service, || open().map_err(damaged)).as_ref().map_err(Clone::clone)
    }

    /// The endpoint for these settings.
    ///
    /// # Errors
    /// [`EndpointError`] if the rules have none.
    pub(crate) fn resolve(
        &self,
        settings: &EndpointSettings,
    ) -> Result<ServiceEndpoint, EndpointError> {
        let mut values = BTreeMap::new();
        for (name, parameter) in &self.parameters {
            let given = match parameter.built_in.as_deref() {
                Some(setting) => settings.value(setting),
                // A parameter of single calls.
                None => settings.bucket.clone().filter(|_| name == "Bucket").map(Value::from),
            };
            match given.or_else(|| parameter.default.clone()) {
                Some(value) => {
                    values.insert(name.as_str(), value);
                }
                None if parameter.required => {
                    return Err(EndpointError::Missing { setting: name.clone() });
                }
                None => {}
            }
        }
        evaluate::rules(&self.rules, &values)?.ok_or(EndpointError::NoRule)
    }
}

/// The end of the names of hosts in the partition of a Region, such as `amazonaws.com`.
pub(crate) fn dns_suffix(region: &str) -> String {
    let partition = partitions::of_region(region).unwrap_or_default();
    partition.get("dnsSuffix").and_then(Value::as_str).unwrap_or("amazonaws.com").to_owned()
}

impl EndpointSettings {
    /// The value of a setting of the SDKs.
    fn value(&self, built_in: &str) -> Option<Value> {
        match built_in {
            "AWS::Region" => self.region.clone().map(Value::from),
            "AWS::UseDualStack" => self.dual_stack.map(Value::from),
            "AWS::UseFIPS" => self.fips.map(Value::from),
            "SDK::Endpoint" => self.url.clone().map(Value::from),
            "AWS::S3::ForcePathStyle" => self.path_style.map(Value::from),
            _ => None,
        }
    }
}
