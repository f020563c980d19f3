//! The properties of a function that its configuration has: as calls take them, and as Lambda shows
//! them.

use rstack_catalog::Registry;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};
use serde_json::json;

use super::UPDATE;
use crate::iam::{Fields, arguments, text_in};
use crate::lambda::calls::as_declared;
use crate::mapping::{Mapper, Rules, equivalent, holds, text_of};
use crate::model::{Service, ServiceModel};

const TYPE: &str = "AWS::Lambda::Function";

/// The shapes of the calls.
const NEW: &str = "CreateFunctionRequest";
const EXISTING: &str = "UpdateFunctionConfigurationRequest";

/// The properties that both calls take.
///
/// Source: Lambda API reference, CreateFunction and UpdateFunctionConfiguration.
const BOTH: [&str; 19] = [
    "CapacityProviderConfig",
    "DeadLetterConfig",
    "Description",
    "DurableConfig",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "ImageConfig",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "SnapStart",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
];

/// The properties that the creating call takes, too.
///
/// Source: Lambda API reference, CreateFunction.
const OF_NEW: [&str; 4] = ["Architectures", "CodeSigningConfigArn", "PackageType", "TenancyConfig"];

/// The property that a read does not show: the attribute `SnapStartResponse` has it.
///
/// Source: CloudFormation registry, writeOnlyProperties.
const UNREAD: &str = "SnapStart";

/// Lists whose order means nothing.
///
/// Source: Lambda API reference, VpcConfig: the IDs of subnets and security groups.
const SETS: [&str; 2] = ["SecurityGroupIds", "SubnetIds"];

fn mapper(shape: &'static str) -> Result<Mapper<'static>, DriverError> {
    let model = ServiceModel::of(Service::LAMBDA)
        .map_err(|error| DriverError::new(ErrorKind::Unsupported, TYPE, error.to_string()))?;
    Ok(Mapper::new(model, shape, &Rules::NONE))
}

fn members(own: &KnownMap, shape: &'static str, action: &str) -> Result<KnownMap, DriverError> {
    mapper(shape)?.to_members(own).map_err(|error| error.for_operation(action.to_owned()))
}

/// The members of the creating call, without name, code and tags.
///
/// # Errors
/// If a property has a value that its member cannot take.
pub(super) fn of_new(properties: &KnownMap, action: &str) -> Result<KnownMap, DriverError> {
    let mut own = properties.clone();
    own.retain(|name, _| BOTH.contains(&name.as_str()) || OF_NEW.contains(&name.as_str()));
    members(&own, NEW, action)
}

/// The default of a property.
///
/// Source: Lambda API reference, CreateFunction and UpdateFunctionConfiguration; Lambda developer guide,
/// Configuring log groups, for the group of a function.
fn default_of(name: &str, function: &str) -> Option<serde_json::Value> {
    Some(match name {
        "DeadLetterConfig" => json!({"TargetArn": ""}),
        "Description" | "KmsKeyArn" => json!(""),
        "Environment" => json!({"Variables": {}}),
        "EphemeralStorage" => json!({"Size": 512}),
        "FileSystemConfigs" | "Layers" => json!([]),
        "ImageConfig" => json!({"Command": [], "EntryPoint": [], "WorkingDirectory": ""}),
        "LoggingConfig" => {
            json!({"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{function}")})
        }
        "MemorySize" => json!(128),
        "SnapStart" => json!({"ApplyOn": "None"}),
        "Timeout" => json!(3),
        "TracingConfig" => json!({"Mode": "PassThrough"}),
        "VpcConfig" => {
            json!({"Ipv6AllowedForDualStack": false, "SecurityGroupIds": [], "SubnetIds": []})
        }
        _ => return None,
    })
}

/// The default of a member of a property, beside the members that are declared.
///
/// Source: as of [`default_of`]; Lambda developer guide, Configuring advanced logging controls, for the
/// levels, which only the format JSON has; Lambda API reference, DurableConfig.
fn default_within(
    (name, member): (&str, &str),
    declared: &KnownMap,
    function: &str,
) -> Option<KnownValue> {
    let is_json = text_in(declared, "LogFormat") == Some("JSON");
    match (name, member) {
        ("LoggingConfig", "ApplicationLogLevel" | "SystemLogLevel") => {
            is_json.then(|| "INFO".into())
        }
        ("DurableConfig", "RetentionPeriodInDays") => Some(14.into()),
        (name, member) => {
            let default = default_of(name, function)?;
            default.get(member).cloned().map(KnownValue::from_json)
        }
    }
}

/// A declared value with the defaults of the members that were declared before and are no longer.
fn completed(
    name: &str,
    value: &KnownValue,
    before: Option<&KnownValue>,
    function: &str,
) -> KnownValue {
    let (Some(declared), Some(before)) = (value.as_map(), before.and_then(KnownValue::as_map))
    else {
        return value.clone();
    };
    let mut complete = declared.clone();
    for member in before.keys().filter(|member| !declared.contains_key(*member)) {
        let default = default_within((name, member), declared, function);
        complete.extend(default.map(|default| (member.clone(), default)));
    }
    complete.into()
}

/// The members of the call that changes a configuration: those of the declared properties, and the
/// defaults of what was declared before and is no longer.
///
/// # Errors
/// If a property has a value that its member cannot take, or Lambda takes it back by no call.
pub(super) fn wanted(
    fields: Fields<'_>,
    before: Fields<'_>,
    function: &str,
) -> Result<KnownMap, DriverError> {
    let mut own = KnownMap::new();
    for name in BOTH {
        let value = match (fields.value(name), before.value(name)) {
            (Some(value), was) => completed(name, value, was, function),
            (None, Some(_)) => {
                let default = default_of(name, function).ok_or_else(|| {
                    let problem = "is declared no longer, but Lambda takes it back by no call; \
                                   declare it again, or replace the function";
                    fields.invalid(name, problem)
                })?;
                KnownValue::from_json(default)
            }
            (None, None) => continue,
        };
        own.insert(name.to_owned(), value);
    }
    members(&own, EXISTING, UPDATE)
}

/// A configuration in the form of the call that changes it.
fn as_taken(configuration: &KnownMap) -> KnownMap {
    let mut taken = configuration.clone();
    if let Some(layers) = configuration.get("Layers").and_then(KnownValue::as_list) {
        let arns = layers.iter().filter_map(|layer| layer.get("Arn").cloned()).collect();
        taken.insert("Layers".to_owned(), KnownValue::List(arns));
    }
    let image = configuration.get("ImageConfigResponse").and_then(|it| it.get("ImageConfig"));
    taken.extend(image.map(|image| ("ImageConfig".to_owned(), image.clone())));
    taken
}

/// True if a configuration has this member; what it does not show is the default.
fn has(taken: &KnownMap, member: &str, wanted: &KnownValue, function: &str) -> bool {
    let name = if member == "KMSKeyArn" { "KmsKeyArn" } else { member };
    let default = || default_of(name, function).map(KnownValue::from_json);
    let there = taken.get(member).cloned().or_else(default);
    // A variable that is not declared is to go.
    if member == "Environment" {
        let nothing = KnownMap::new().into();
        return equivalent(wanted, there.as_ref().unwrap_or(&nothing), &[]);
    }
    holds(wanted, there.as_ref(), &SETS)
}

/// The wanted members that a configuration does not have.
pub(super) fn lacking(configuration: &KnownMap, wanted: &KnownMap, function: &str) -> KnownMap {
    let taken = as_taken(configuration);
    let lacks = |(name, value): &(&String, &KnownValue)| !has(&taken, name, value, function);
    wanted.iter().filter(lacks).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The properties that a configuration shows: each as it is declared, if it says the same.
///
/// # Errors
/// If the program's data are damaged.
pub(super) fn shown(
    configuration: &KnownMap,
    declared: &KnownMap,
) -> Result<KnownMap, DriverError> {
    let unsupported = || DriverError::new(ErrorKind::Unsupported, TYPE, "the type is not there");
    let schema = Registry::embedded().get(TYPE).ok().flatten().ok_or_else(unsupported)?;
    let (taken, function) = (as_taken(configuration), name_in(configuration));
    let mut properties = mapper(EXISTING)?.from_members(&taken, &schema, schema.root());
    properties.retain(|name, _| BOTH.contains(&name.as_str()));
    for name in ["Architectures", "PackageType", "TenancyConfig"] {
        let found = configuration.get(name).cloned();
        properties.extend(found.map(|value| (name.to_owned(), value)));
    }
    let arn = text_in(configuration, "FunctionArn").unwrap_or_default();
    properties.insert("FunctionName".to_owned(), as_declared(arn, declared));
    variables_as_declared(&mut properties, declared);
    for (name, value) in declared.iter().filter(|(name, _)| BOTH.contains(&name.as_str())) {
        let own = KnownMap::from([(name.clone(), value.clone())]);
        // A value that no member can take is as it is shown.
        let Ok(wanted) = members(&own, EXISTING, UPDATE) else { continue };
        if wanted.iter().all(|(member, wanted)| has(&taken, member, wanted, function)) {
            properties.insert(name.clone(), value.clone());
        }
    }
    properties.remove(UNREAD);
    Ok(properties)
}

/// Shows variables as they are declared, if they say the same: templates give numbers and trees, too.
fn variables_as_declared(properties: &mut KnownMap, declared: &KnownMap) {
    let given = declared.get("Environment").and_then(|it| it.get("Variables"));
    let (Some(given), Some(KnownValue::Map(environment))) =
        (given.and_then(KnownValue::as_map), properties.get_mut("Environment"))
    else {
        return;
    };
    let Some(KnownValue::Map(found)) = environment.get_mut("Variables") else { return };
    for (name, value) in found {
        let text = given.get(name).and_then(|it| Some((it, text_of(it, &variable(name)).ok()?)));
        if let Some((given, text)) = text
            && text.expose_str() == value.expose_str()
        {
            *value = given.clone();
        }
    }
}

fn variable(name: &str) -> PropertyPath {
    PropertyPath::root().name("Environment").name("Variables").name(name)
}

/// The name of the function with a configuration.
pub(super) fn name_in(configuration: &KnownMap) -> &str {
    text_in(configuration, "FunctionName").unwrap_or_default()
}

/// The attributes of the function with a configuration.
pub(super) fn attributes(configuration: &KnownMap) -> KnownMap {
    let arn = text_in(configuration, "FunctionArn").unwrap_or_default();
    let mut attributes = arguments([("Arn", arn.into())]);
    if let Some(response) = configuration.get("SnapStart").and_then(KnownValue::as_map) {
        attributes.insert("SnapStartResponse".to_owned(), response.clone().into());
        for (name, value) in response {
            attributes.insert(format!("SnapStartResponse.{name}"), value.clone());
        }
    }
    attributes
}

#[cfg(test)]
mod tests;
