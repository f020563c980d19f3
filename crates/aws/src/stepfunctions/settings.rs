//! The settings of a state machine beside its definition.

use rstack_catalog::Registry;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};
use serde_json::json;

use crate::mapping::{Mapper, Rules, ShapeRules, equivalent};
use crate::model::{Service, ServiceModel};

const TYPE: &str = "AWS::StepFunctions::StateMachine";

/// The properties that both calls take.
const SETTINGS: [&str; 4] =
    ["EncryptionConfiguration", "LoggingConfiguration", "RoleArn", "TracingConfiguration"];

/// The properties that the creating call takes, too.
const OF_NEW: [&str; 2] = ["StateMachineName", "StateMachineType"];

const RENAMES: &[(&str, &str)] = &[("StateMachineName", "name"), ("StateMachineType", "type")];

static RULES: Rules = Rules(&[
    ShapeRules { renames: RENAMES, ..ShapeRules::of("CreateStateMachineInput") },
    ShapeRules { renames: RENAMES, ..ShapeRules::of("DescribeStateMachineOutput") },
]);

fn mapper(shape: &'static str) -> Result<Mapper<'static>, DriverError> {
    let model = ServiceModel::of(Service::STATES)
        .map_err(|error| DriverError::new(ErrorKind::Unsupported, TYPE, error.to_string()))?;
    Ok(Mapper::new(model, shape, &RULES))
}

/// The members of the creating call that the properties say.
///
/// # Errors
/// If a property has a value that its member cannot take.
pub(super) fn of_new(properties: &KnownMap) -> Result<KnownMap, DriverError> {
    let names = |name: &str| SETTINGS.contains(&name) || OF_NEW.contains(&name);
    members(properties, names, "CreateStateMachineInput")
}

/// The members of the call that changes: a property that was declared before and is no longer goes back
/// to its default.
///
/// Source: Step Functions API reference, CreateStateMachine: the defaults of `loggingConfiguration`,
/// `tracingConfiguration` and `encryptionConfiguration`.
///
/// # Errors
/// If a property has a value that its member cannot take.
pub(super) fn of_existing(
    properties: &KnownMap,
    prior: &KnownMap,
) -> Result<KnownMap, DriverError> {
    let resets = [
        ("EncryptionConfiguration", json!({"Type": "AWS_OWNED_KEY"})),
        ("LoggingConfiguration", json!({"Level": "OFF", "IncludeExecutionData": false})),
        ("TracingConfiguration", json!({"Enabled": false})),
    ];
    let mut complete = properties.clone();
    for (name, value) in resets {
        if prior.contains_key(name) && !properties.contains_key(name) {
            complete.insert(name.to_owned(), KnownValue::from_json(value));
        }
    }
    members(&complete, |name| SETTINGS.contains(&name), "UpdateStateMachineInput")
}

fn members(
    properties: &KnownMap,
    names: impl Fn(&str) -> bool,
    shape: &'static str,
) -> Result<KnownMap, DriverError> {
    let own = properties.iter().filter(|(name, _)| names(name));
    let own = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    let made = mapper(shape)?.to_members(&own);
    made.map_err(|error| error.for_operation("states:UpdateStateMachine".to_owned()))
}

/// True if a state machine has these settings. An empty setting, and the level `OFF`, may not be shown.
pub(super) fn has(machine: &KnownMap, settings: &KnownMap) -> bool {
    settings.iter().all(|(name, wanted)| {
        let nothing = KnownValue::Map(KnownMap::new());
        let there = machine.get(name).unwrap_or(&nothing);
        if name == "loggingConfiguration" && is_off(wanted) && is_off(there) {
            return true;
        }
        if name == "encryptionConfiguration" && is_own(wanted) && is_own(there) {
            return true;
        }
        equivalent(wanted, there, &[])
    })
}

fn text<'a>(value: &'a KnownValue, name: &str) -> Option<&'a str> {
    value.get(name).and_then(KnownValue::as_str)
}

/// True for logging that is off, which may be shown as none.
fn is_off(logging: &KnownValue) -> bool {
    text(logging, "level").is_none_or(|level| level == "OFF")
}

/// True for encryption with the key of the service, which may be shown as none.
fn is_own(encryption: &KnownValue) -> bool {
    text(encryption, "type").is_none_or(|kind| kind == "AWS_OWNED_KEY")
}

/// The properties that a description shows.
///
/// # Errors
/// If the program's data are damaged.
pub(super) fn shown(machine: &KnownMap, declared: &KnownMap) -> Result<KnownMap, DriverError> {
    let unsupported = || DriverError::new(ErrorKind::Unsupported, TYPE, "the type is not there");
    let schema = Registry::embedded().get(TYPE).ok().flatten().ok_or_else(unsupported)?;
    let mapper = mapper("DescribeStateMachineOutput")?;
    let mut properties = mapper.from_members(machine, &schema, schema.root());
    properties
        .retain(|name, _| SETTINGS.contains(&name.as_str()) || OF_NEW.contains(&name.as_str()));
    let wanted = of_existing(declared, &KnownMap::new())?;
    for name in ["EncryptionConfiguration", "LoggingConfiguration", "TracingConfiguration"] {
        let member: String = {
            let mut chars = name.chars();
            chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
        };
        let Some((given, wanted)) = declared.get(name).zip(wanted.get(&member)) else { continue };
        if has(machine, &KnownMap::from([(member, wanted.clone())])) {
            properties.insert(name.to_owned(), given.clone());
        }
    }
    Ok(properties)
}
