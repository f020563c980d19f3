//! Tags that are a map on the wire: the declared ones, and the one that says who made an object.

use std::collections::BTreeMap;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath, Token};

use crate::definition::TagOperations;
use crate::ownership::{OPERATION, PREFIX, is_hidden, is_own};

/// The changes of an object's tags.
#[derive(Debug, Default, PartialEq)]
pub(super) struct TagChanges {
    /// Tags to set.
    pub(super) set: KnownMap,
    /// Keys of tags to take away.
    pub(super) unset: Vec<String>,
}

/// The declared tags.
///
/// # Errors
/// If a tag has no key, or a key that is rstack's own.
fn declared(
    kind: &TagOperations,
    properties: &KnownMap,
    operation: &str,
) -> Result<KnownMap, DriverError> {
    let items = properties.get(&kind.property).and_then(KnownValue::as_list).unwrap_or_default();
    let mut tags = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let invalid = |problem: String| {
            let path = PropertyPath::root().name(&kind.property).index(index);
            let message = format!("`{path}` {problem}");
            DriverError::new(ErrorKind::Invalid { property: Some(path) }, operation, message)
        };
        let key = item.get("Key").and_then(KnownValue::as_str);
        let key = key.ok_or_else(|| invalid("has no `Key`".to_owned()))?;
        if is_own(key) {
            let problem = format!("has the key `{key}`; `{PREFIX}` begins rstack's own tags");
            return Err(invalid(problem));
        }
        let value = match item.get("Value") {
            None | Some(KnownValue::Null) => KnownValue::from(""),
            Some(KnownValue::Bool(value)) => KnownValue::from(value.to_string()),
            Some(KnownValue::Number(number)) => KnownValue::from(number.to_string()),
            Some(value) => value.clone(),
        };
        tags.insert(key.to_owned(), value);
    }
    Ok(tags)
}

/// The tags of a new object: the declared ones and the token.
pub(super) fn of_new(
    kind: &TagOperations,
    properties: &KnownMap,
    token: &Token,
    operation: &str,
) -> Result<KnownValue, DriverError> {
    let mut tags = declared(kind, properties, operation)?;
    tags.insert(OPERATION.to_owned(), KnownValue::from(token.as_str()));
    Ok(KnownValue::Map(tags))
}

/// True if no tag is declared.
pub(super) fn are_undeclared(kind: &TagOperations, properties: &KnownMap) -> bool {
    properties.get(&kind.property).and_then(KnownValue::as_list).is_none_or(<[_]>::is_empty)
}

/// True if an object was made by the operation with this token.
pub(super) fn made_by(kind: &TagOperations, members: &KnownMap, token: &Token) -> bool {
    let tags = members.get(&kind.property);
    let nonce = tags.and_then(|tags| tags.get(OPERATION)).and_then(KnownValue::as_str);
    nonce == Some(token.as_str())
}

/// The members without the tags that are not the template's.
pub(super) fn without_hidden(kind: &TagOperations, mut members: KnownMap) -> KnownMap {
    if let Some(KnownValue::Map(tags)) = members.get_mut(&kind.property) {
        tags.retain(|key, _| !is_hidden(key));
        if tags.is_empty() {
            members.remove(&kind.property);
        }
    }
    members
}

/// The changes that lead to the declared tags.
pub(super) fn changes(
    kind: &TagOperations,
    current: &KnownMap,
    prior: &KnownMap,
    properties: &KnownMap,
    operation: &str,
) -> Result<TagChanges, DriverError> {
    let wanted = declared(kind, properties, operation)?;
    let mentioned = [prior, properties].iter().any(|tree| tree.contains_key(&kind.property));
    if wanted.is_empty() && !mentioned {
        return Ok(TagChanges::default());
    }
    let nothing = KnownMap::new();
    let current = current.get(&kind.property).and_then(KnownValue::as_map).unwrap_or(&nothing);
    let surplus = current.keys().filter(|key| !is_hidden(key) && !wanted.contains_key(*key));
    let unset = surplus.cloned().collect();
    let missing = wanted.into_iter().filter(|(key, value)| {
        current.get(key).and_then(KnownValue::expose_str) != value.expose_str()
    });
    Ok(TagChanges { set: missing.collect(), unset })
}
