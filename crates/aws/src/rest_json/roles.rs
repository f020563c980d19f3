//! Roles that an object hands to its service.

use std::collections::BTreeSet;

use rstack_model::{KnownMap, KnownValue};

/// The ARNs of roles, wherever they stand. A role that was made a moment ago may not be usable for
/// the service yet, which then refuses with whatever text.
pub(super) fn roles(members: &KnownMap) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    members.values().for_each(|value| collect(value, &mut found));
    found
}

fn collect<'a>(value: &'a KnownValue, found: &mut BTreeSet<&'a str>) {
    match value {
        KnownValue::String(text) if is_role(text) => {
            found.insert(text);
        }
        KnownValue::List(list) => list.iter().for_each(|item| collect(item, found)),
        KnownValue::Map(map) => map.values().for_each(|item| collect(item, found)),
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::String(_)
        | KnownValue::Secret(_) => {}
    }
}

fn is_role(text: &str) -> bool {
    text.starts_with("arn:") && text.contains(":iam:") && text.contains(":role/")
}
