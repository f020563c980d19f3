//! The properties of an event source mapping as calls take them, and as Lambda shows them.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use rstack_catalog::Registry;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};
use serde_json::json;

use super::calls::is_same_function;
use crate::iam::{Fields, text_in};
use crate::mapping::{Mapper, Rules, equivalent};
use crate::model::{Service, ServiceModel};

const TYPE: &str = "AWS::Lambda::EventSourceMapping";

/// The key of the servers of a cluster, in templates and in calls.
const SERVERS: [&str; 2] = ["KafkaBootstrapServers", "KAFKA_BOOTSTRAP_SERVERS"];

/// Properties that the call which changes a mapping does not take.
///
/// Source: Lambda API reference, UpdateEventSourceMapping.
const FIXED: [&str; 2] = ["Queues", "Topics"];

/// The call that takes the properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The call that creates.
    New,
    /// The call that changes.
    Existing,
}

fn mapper(shape: &'static str) -> Result<Mapper<'static>, DriverError> {
    let model = ServiceModel::of(Service::LAMBDA)
        .map_err(|error| DriverError::new(ErrorKind::Unsupported, TYPE, error.to_string()))?;
    Ok(Mapper::new(model, shape, &Rules::NONE))
}

/// The members that say what the properties say, without tags.
///
/// # Errors
/// If a property has a value that its member cannot take.
pub(super) fn members(
    properties: &KnownMap,
    change: Change,
    action: &str,
) -> Result<KnownMap, DriverError> {
    let schema = Registry::embedded().get(TYPE).ok().flatten();
    let fixed = |name: &str| {
        let path = PropertyPath::root().name(name);
        schema.as_ref().is_some_and(|schema| schema.is_create_only(&path)) || FIXED.contains(&name)
    };
    let mut own = properties.clone();
    own.retain(|name, _| name != "Tags" && (change == Change::New || !fixed(name)));
    if let Some(endpoints) = endpoints_of(&mut own) {
        rename(endpoints, SERVERS);
    }
    if let Some(time) = own.get("StartingPositionTimestamp") {
        let text = time_text(time).ok_or_else(|| {
            let fields = Fields::new(properties, "lambda:CreateEventSourceMapping");
            fields.invalid("StartingPositionTimestamp", "is no number of seconds")
        })?;
        own.insert("StartingPositionTimestamp".to_owned(), text.into());
    }
    let shape = match change {
        Change::New => "CreateEventSourceMappingRequest",
        Change::Existing => "UpdateEventSourceMappingRequest",
    };
    mapper(shape)?.to_members(&own).map_err(|error| error.for_operation(action.to_owned()))
}

fn endpoints_of(tree: &mut KnownMap) -> Option<&mut KnownMap> {
    let Some(KnownValue::Map(source)) = tree.get_mut("SelfManagedEventSource") else { return None };
    match source.get_mut("Endpoints") {
        Some(KnownValue::Map(endpoints)) => Some(endpoints),
        Some(_) | None => None,
    }
}

fn rename(map: &mut KnownMap, [from, to]: [&str; 2]) {
    if let Some(value) = map.remove(from) {
        map.insert(to.to_owned(), value);
    }
}

/// A number of seconds as a point in time.
fn time_text(value: &KnownValue) -> Option<String> {
    let seconds = match value {
        KnownValue::Number(number) => number.as_f64()?,
        other => other.as_str()?.trim().parse().ok()?,
    };
    DateTime::from_secs_f64(seconds).fmt(Format::DateTime).ok()
}

/// The properties that a description shows.
///
/// # Errors
/// If the program's data are damaged.
pub(super) fn shown(mapping: &KnownMap, declared: &KnownMap) -> Result<KnownMap, DriverError> {
    let unsupported = || DriverError::new(ErrorKind::Unsupported, TYPE, "the type is not there");
    let schema = Registry::embedded().get(TYPE).ok().flatten().ok_or_else(unsupported)?;
    let mut members = mapping.clone();
    if let Some(endpoints) = endpoints_of(&mut members) {
        let [from, to] = SERVERS;
        rename(endpoints, [to, from]);
    }
    let shape = "EventSourceMappingConfiguration";
    let mut properties = mapper(shape)?.from_members(&members, &schema, schema.root());
    properties.retain(|name, _| schema.takes(&PropertyPath::root().name(name)));
    let arn = text_in(mapping, "FunctionArn").unwrap_or_default();
    properties.insert("FunctionName".to_owned(), function(arn, declared));
    let enabled = match text_in(mapping, "State") {
        Some("Enabled" | "Enabling") => Some(true),
        Some("Disabled" | "Disabling") => Some(false),
        Some(_) | None => None,
    };
    properties.extend(enabled.map(|value| ("Enabled".to_owned(), value.into())));
    // The same point in time in another form.
    let times = ["StartingPositionTimestamp"].map(|name| (declared.get(name), mapping.get(name)));
    if let [(Some(given), Some(there))] = times {
        let seconds =
            |text: &str| DateTime::from_str(text, Format::DateTime).map(|it| it.secs()).ok();
        let given_text = time_text(given);
        if given_text.as_deref().and_then(seconds) == there.as_str().and_then(seconds) {
            properties.insert("StartingPositionTimestamp".to_owned(), given.clone());
        }
    }
    Ok(properties)
}

/// The function, in the form in which it is declared: with its qualifier, if it has one.
fn function(arn: &str, declared: &KnownMap) -> KnownValue {
    match declared.get("FunctionName") {
        Some(given) if given.expose_str().is_some_and(|given| is_same_function(given, arn)) => {
            given.clone()
        }
        Some(_) | None => arn.into(),
    }
}

/// The values that take back properties that are declared no longer.
///
/// Source: Lambda API reference, CreateEventSourceMapping and UpdateEventSourceMapping: the defaults. A
/// window of other sources than queues, Kinesis and DynamoDB cannot go back to its default.
fn taken_back(name: &str, source: &str) -> Option<serde_json::Value> {
    let service = source.split(':').nth(2).unwrap_or_default();
    Some(match name {
        "BatchSize" => json!(if service == "sqs" { 10 } else { 100 }),
        "BisectBatchOnFunctionError" => json!(false),
        "DestinationConfig" => json!({"OnFailure": {}}),
        "Enabled" => json!(true),
        "FilterCriteria" | "ScalingConfig" | "ProvisionedPollerConfig" => json!({}),
        "FunctionResponseTypes" | "SourceAccessConfigurations" => json!([]),
        "KmsKeyArn" => json!(""),
        "MaximumBatchingWindowInSeconds" if ["dynamodb", "kinesis", "sqs"].contains(&service) => {
            json!(0)
        }
        "MaximumRecordAgeInSeconds" | "MaximumRetryAttempts" => json!(-1),
        "MetricsConfig" => json!({"Metrics": []}),
        "ParallelizationFactor" => json!(1),
        "TumblingWindowInSeconds" => json!(0),
        _ => return None,
    })
}

/// The members that differ from what a mapping has, and the values that take back what was declared
/// before and is no longer.
///
/// # Errors
/// If a change is one that Lambda makes to no mapping.
pub(super) fn changes(
    mapping: &KnownMap,
    fields: Fields<'_>,
    before: Fields<'_>,
) -> Result<KnownMap, DriverError> {
    let action = "lambda:UpdateEventSourceMapping";
    let (properties, prior) = (fields.all(), before.all());
    let there = shown(mapping, properties)?;
    for name in FIXED {
        let same = match (fields.value(name), there.get(name)) {
            (Some(wanted), Some(there)) => equivalent(wanted, there, &[]),
            (wanted, _) => wanted.is_none(),
        };
        if !same {
            let problem =
                "is not changed on a mapping that exists: replace the mapping with --replace";
            return Err(fields.invalid(name, problem));
        }
    }
    let mut wanted = properties.clone();
    let source = text_in(mapping, "EventSourceArn").unwrap_or_default();
    for name in prior.keys().filter(|name| *name != "Tags" && fields.value(name).is_none()) {
        if FIXED.contains(&name.as_str()) {
            continue;
        }
        let Some(value) = taken_back(name, source) else {
            let problem = "is declared no longer, but Lambda takes it back by no call; declare it \
                           again, or replace the mapping";
            return Err(fields.invalid(name, problem));
        };
        wanted.insert(name.clone(), KnownValue::from_json(value));
    }
    let there = members(&there, Change::Existing, action)?;
    let mut out = KnownMap::new();
    for (name, value) in wanted {
        let reset = taken_back(&name, source).map(KnownValue::from_json);
        let of = |value: KnownValue| {
            members(&KnownMap::from([(name.clone(), value)]), Change::Existing, action)
        };
        let reset = reset.map(of).transpose()?.unwrap_or_default();
        for (member, value) in of(value)? {
            let same = match there.get(&member) {
                Some(there) => equivalent(&value, there, &[]),
                // What is empty, or the default, is not shown.
                None => reset.get(&member).is_some_and(|reset| equivalent(&value, reset, &[])),
            };
            if !same {
                out.insert(member, value);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::scripted_api::known;

    const ACTION: &str = "lambda:UpdateEventSourceMapping";

    fn mapping() -> KnownMap {
        known(json!({
            "UUID": "u", "State": "Enabled", "BatchSize": 10, "EventSourceArn": "arn:aws:sqs:r:1:q",
            "FunctionArn": "arn:aws:lambda:r:1:function:f",
            "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
        }))
    }

    #[test]
    fn only_what_differs_is_changed_and_defaults_are_known() {
        let of = |properties: serde_json::Value, prior: serde_json::Value| {
            let (properties, prior) = (known(properties), known(prior));
            changes(&mapping(), Fields::new(&properties, ACTION), Fields::new(&prior, ACTION))
        };
        let same =
            json!({"FunctionName": "f", "BatchSize": "10", "Enabled": true, "KmsKeyArn": ""});
        assert_eq!(of(same, json!({})).unwrap(), KnownMap::new());
        let prior =
            json!({"FunctionName": "f", "BatchSize": 5, "FilterCriteria": {}, "Enabled": false});
        let changed = of(json!({"FunctionName": "f", "ParallelizationFactor": 2}), prior).unwrap();
        assert_eq!(changed, known(json!({"FilterCriteria": {}, "ParallelizationFactor": 2})));
        let error = of(json!({"FunctionName": "f", "Topics": ["t"]}), json!({})).unwrap_err();
        assert!(error.message.contains("`Topics` is not changed"), "{error}");
        let prior = json!({"FunctionName": "f", "LoggingConfig": {"SystemLogLevel": "INFO"}});
        let error = of(json!({"FunctionName": "f"}), prior).unwrap_err();
        assert!(error.message.contains("`LoggingConfig` is declared no longer"), "{error}");
    }

    #[test]
    fn servers_and_times_have_other_forms_in_calls() {
        let properties = known(json!({
            "FunctionName": "f", "StartingPositionTimestamp": 1_767_323_045, "KmsKeyArn": "arn:k",
            "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["a:1"]}},
        }));
        let made = members(&properties, Change::New, ACTION).unwrap();
        let expected = json!({
            "FunctionName": "f", "StartingPositionTimestamp": "2026-01-02T03:04:05Z",
            "KMSKeyArn": "arn:k",
            "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["a:1"]}},
        });
        assert_eq!(made, known(expected));
        let mut there = made;
        there.insert("FunctionArn".to_owned(), "arn:aws:lambda:r:1:function:f".into());
        assert_eq!(shown(&there, &properties).unwrap(), properties);
    }

    #[test]
    fn a_function_with_another_qualifier_is_another_one() {
        let declared = |name: &str| known(json!({"FunctionName": name}));
        let arn = "arn:aws:lambda:r:111122223333:function:f";
        for given in ["f", arn, "111122223333:f"] {
            assert_eq!(function(arn, &declared(given)), given.into(), "{given}");
        }
        let alias = format!("{arn}:live");
        assert_eq!(function(&alias, &declared("f:live")), "f:live".into());
        assert_eq!(function(&alias, &declared("f")), alias.as_str().into());
        assert_eq!(function(arn, &declared("f:live")), arn.into());
    }
}
