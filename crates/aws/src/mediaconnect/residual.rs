//! Settings that are declared no longer: MediaConnect keeps what an update leaves out.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::contents::within;
use crate::iam::arguments;

const UPDATE: &str = "mediaconnect:UpdateFlow";

/// Members of a flow that the template replaces, or that have operations of their own.
const APART: &[&str] =
    &["AvailabilityZone", "FlowTags", "MediaStreams", "Name", "Source", "VpcInterfaces"];

/// Adds the values that take back what was declared before and is no longer. Source: MediaConnect API
/// reference, `FailoverConfig`, `NdiConfig` and `UpdateFlowSource`.
///
/// # Errors
/// If a setting has no such value and is there as it was: the template has to say what it is to be.
pub(super) fn take_back(
    before: &KnownMap,
    wanted: &mut KnownMap,
    now: &KnownMap,
) -> Result<(), DriverError> {
    let root = PropertyPath::root();
    for (name, was) in before.iter().filter(|(name, _)| !APART.contains(&name.as_str())) {
        if wanted.contains_key(name) {
            continue;
        }
        let reset = match name.as_str() {
            "NdiConfig" => Some(arguments([("NdiState", "DISABLED".into())])),
            "SourceFailoverConfig" => Some(arguments([("State", "DISABLED".into())])),
            _ => None,
        };
        match reset {
            Some(reset) => {
                wanted.insert(name.clone(), reset.into());
            }
            None => refuse(name, was, now, &root, UPDATE)?,
        }
    }
    let nothing = KnownMap::new();
    let source = |members: &KnownMap| -> KnownMap {
        members.get("Source").and_then(KnownValue::as_map).unwrap_or(&nothing).clone()
    };
    let (before, mut desired, now) = (source(before), source(wanted), source(now));
    let path = root.name("Source");
    for (name, was) in before.iter().filter(|(name, _)| *name != "SourceTags") {
        if desired.contains_key(name) {
            continue;
        }
        if name == "Description" {
            desired.insert(name.clone(), "".into());
        } else {
            refuse(name, was, &now, &path, UPDATE)?;
        }
    }
    wanted.insert("Source".to_owned(), desired.into());
    Ok(())
}

/// Refuses that a setting is declared no longer, if it is there as it was.
pub(super) fn refuse(
    name: &str,
    was: &KnownValue,
    now: &KnownMap,
    path: &PropertyPath,
    operation: &str,
) -> Result<(), DriverError> {
    if !now.get(name).is_some_and(|now| within(was, now)) {
        return Ok(());
    }
    let path = path.name(name);
    let message = format!(
        "`{path}` is declared no longer, and MediaConnect keeps it: declare the value that it is to \
         have"
    );
    let kind = ErrorKind::Invalid { property: Some(path) };
    Err(DriverError::new(kind, operation, message))
}
