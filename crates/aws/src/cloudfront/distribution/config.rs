//! The configuration of a distribution, in both vocabularies.

use rstack_driver::{DriverError, ErrorKind, UpdateRequest};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::keep::keep_undeclared;
use super::{driver::TYPE, legacy, lifetimes, rules, shown};
use crate::cloudfront::UNORDERED_BY;
use crate::cloudfront::service::{action, model, schema, text};
use crate::mapping::{Mapper, Rules, in_declared_order};

const CONFIG: &str = "DistributionConfig";

/// The declared configuration as the API takes it, under the caller reference.
pub(super) fn members(
    properties: &KnownMap,
    caller_reference: KnownValue,
    operation: &'static str,
) -> Result<KnownMap, DriverError> {
    let path = PropertyPath::root().name(CONFIG);
    let Some(declared) = properties.get(CONFIG).and_then(KnownValue::as_map) else {
        let kind = ErrorKind::Invalid { property: Some(path) };
        return Err(DriverError::new(kind, action(operation), format!("`{CONFIG}` is missing")));
    };
    let config = lifetimes::spelled_out(legacy::modern(declared));
    let mut members = Mapper::new(model()?, CONFIG, rules_for(&config))
        .at(path)
        .to_members(&config)
        .map_err(|error| error.for_operation(action(operation)))?;
    members.insert("CallerReference".to_owned(), caller_reference);
    Ok(members)
}

/// [`members`] of an update: what was never declared stays as it is in the current configuration.
pub(super) fn updated_members(
    request: &UpdateRequest,
    current: &KnownMap,
    operation: &'static str,
) -> Result<KnownMap, DriverError> {
    let reference = text(current, "CallerReference", operation)?;
    let mut members = members(&request.properties, reference.into(), operation)?;
    let nothing = KnownMap::new();
    let config = |properties: &'_ KnownMap| {
        properties.get(CONFIG).and_then(KnownValue::as_map).unwrap_or(&nothing).clone()
    };
    let (prior, desired) = (config(&request.prior), config(&request.properties));
    keep_undeclared(&mut members, current, &prior, &desired);
    Ok(members)
}

/// The configuration that the API gave, in the vocabulary of the type and as it is declared.
pub(super) fn properties(members: &KnownMap, declared: &KnownMap) -> Result<KnownMap, DriverError> {
    let schema = schema(TYPE)?;
    let mut properties = KnownMap::new();
    if let Some(node) = schema.property(schema.root(), CONFIG) {
        let read = Mapper::new(model()?, CONFIG, rules_for(members));
        let read = read.from_members(members, &schema, node);
        let config = declared.get(CONFIG).and_then(KnownValue::as_map);
        let read = shown::as_declared(read, config);
        let read = match config {
            Some(declared) => legacy::as_declared(read, declared),
            None => read,
        };
        properties.insert(CONFIG.to_owned(), KnownValue::Map(read));
    }
    Ok(in_declared_order(properties, declared, UNORDERED_BY))
}

fn rules_for(config: &KnownMap) -> &'static Rules {
    let mode = config.get("ConnectionMode").and_then(KnownValue::as_str);
    if mode == Some("tenant-only") { &rules::MULTI_TENANT } else { &rules::STANDARD }
}
