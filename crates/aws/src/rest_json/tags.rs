//! Tags, a map here and a map or a list of pairs on the wire: the declared ones, and the one that
//! says who made an object.

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

/// The declared tags: a list of `Key` and `Value`, of some types a map.
///
/// # Errors
/// If the property is no list or map, or a tag has no key, or a key that is rstack's own.
fn declared(
    kind: &TagOperations,
    properties: &KnownMap,
    operation: &str,
) -> Result<KnownMap, DriverError> {
    let declared = properties.get(&kind.property);
    let root = PropertyPath::root().name(&kind.property);
    if let Some(
        KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::String(_) | KnownValue::Secret(_),
    ) = declared
    {
        return Err(invalid(root, "is neither a list nor a map", operation));
    }
    let mut tags = BTreeMap::new();
    let map = declared.and_then(KnownValue::as_map).into_iter().flatten();
    for (key, value) in map {
        tags.insert(allowed(key, root.name(key), operation)?, text(Some(value)));
    }
    let items = declared.and_then(KnownValue::as_list).unwrap_or_default();
    for (index, item) in items.iter().enumerate() {
        let path = root.index(index);
        let Some(key) = item.get("Key").and_then(KnownValue::as_str) else {
            return Err(invalid(path, "has no `Key`", operation));
        };
        tags.insert(allowed(key, path, operation)?, text(item.get("Value")));
    }
    Ok(tags)
}

/// A key that a template may declare.
fn allowed(key: &str, path: PropertyPath, operation: &str) -> Result<String, DriverError> {
    if is_own(key) {
        let problem = format!("has the key `{key}`; `{PREFIX}` begins rstack's own tags");
        return Err(invalid(path, &problem, operation));
    }
    Ok(key.to_owned())
}

fn invalid(path: PropertyPath, problem: &str, operation: &str) -> DriverError {
    let message = format!("`{path}` {problem}");
    DriverError::new(ErrorKind::Invalid { property: Some(path) }, operation, message)
}

/// The value of a tag.
fn text(value: Option<&KnownValue>) -> KnownValue {
    match value {
        None | Some(KnownValue::Null) => KnownValue::from(""),
        Some(KnownValue::Bool(value)) => KnownValue::from(value.to_string()),
        Some(KnownValue::Number(number)) => KnownValue::from(number.to_string()),
        Some(value) => value.clone(),
    }
}

/// The tags of a new object on the wire: the declared ones and the token.
pub(super) fn of_new(
    kind: &TagOperations,
    properties: &KnownMap,
    token: &Token,
    operation: &str,
) -> Result<KnownValue, DriverError> {
    let mut tags = declared(kind, properties, operation)?;
    tags.insert(OPERATION.to_owned(), KnownValue::from(token.as_str()));
    Ok(on_wire(kind, tags))
}

/// Tags as operations take them.
pub(super) fn on_wire(kind: &TagOperations, tags: KnownMap) -> KnownValue {
    let Some(pairs) = &kind.pairs else { return KnownValue::Map(tags) };
    let pair = |(key, value): (String, KnownValue)| {
        let members = [(pairs.key.clone(), KnownValue::from(key)), (pairs.value.clone(), value)];
        KnownValue::Map(KnownMap::from(members))
    };
    KnownValue::List(tags.into_iter().map(pair).collect())
}

/// Tags as answers hold them, as a map; `None` if they have another form.
pub(super) fn as_map(kind: &TagOperations, held: &KnownValue) -> Option<KnownMap> {
    let Some(pairs) = &kind.pairs else { return held.as_map().cloned() };
    let tag = |item: &KnownValue| {
        let key = item.get(&pairs.key)?.expose_str()?.to_owned();
        Some((key, item.get(&pairs.value).cloned().unwrap_or_else(|| "".into())))
    };
    Some(held.as_list()?.iter().filter_map(tag).collect())
}

/// The input of an operation on the tags of the object with this name.
pub(super) fn input(kind: &TagOperations, name: &KnownValue) -> KnownMap {
    let beside = kind.beside.iter().map(|(member, text)| (member.clone(), text.as_str().into()));
    beside.chain([(kind.resource.clone(), name.clone())]).collect()
}

/// Tags as the property holds them: a map, or a list of `Key` and `Value`.
pub(super) fn as_property(tags: KnownMap, is_map: bool) -> KnownValue {
    if is_map {
        return KnownValue::Map(tags);
    }
    let pair = |(key, value): (String, KnownValue)| {
        let members = [("Key".to_owned(), KnownValue::from(key)), ("Value".to_owned(), value)];
        KnownValue::Map(KnownMap::from(members))
    };
    KnownValue::List(tags.into_iter().map(pair).collect())
}

/// True if no tag is declared.
pub(super) fn are_undeclared(kind: &TagOperations, properties: &KnownMap) -> bool {
    let declared = properties.get(&kind.property);
    let listed = declared.and_then(KnownValue::as_list).is_some_and(|list| !list.is_empty());
    let mapped = declared.and_then(KnownValue::as_map).is_some_and(|map| !map.is_empty());
    !listed && !mapped
}

/// True if an object was made by the operation with this token.
pub(super) fn made_by(kind: &TagOperations, members: &KnownMap, token: &Token) -> bool {
    let tags = members.get(&kind.property);
    let nonce = tags.and_then(|tags| tags.get(OPERATION)).and_then(KnownValue::as_str);
    nonce == Some(token.as_str())
}

/// The tags in a description that are the template's; `None` if there is no such tag.
pub(super) fn visible(kind: &TagOperations, members: &KnownMap) -> Option<KnownMap> {
    let tags = members.get(&kind.property).and_then(KnownValue::as_map)?.iter();
    let visible = tags.filter(|(key, _)| !is_hidden(key));
    let visible: KnownMap = visible.map(|(key, value)| (key.clone(), value.clone())).collect();
    (!visible.is_empty()).then_some(visible)
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
