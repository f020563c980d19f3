//! Whether two trees say the same to a service.

use rstack_model::{KnownMap, KnownValue};

/// Whether two trees are the same but for what says nothing: `false`, empty texts, lists and maps,
/// the order of scalars in a list, and whether a text is marked as secret.
pub(crate) fn alike(one: &KnownValue, other: &KnownValue) -> bool {
    match (one, other) {
        (KnownValue::Map(one), KnownValue::Map(other)) => covers(one, other) && covers(other, one),
        (KnownValue::List(one), KnownValue::List(other)) => {
            if one.len() != other.len() {
                return false;
            }
            let in_order = one.iter().zip(other).all(|(a, b)| alike(a, b));
            in_order || same_scalars(one, other)
        }
        _ => match (one.expose_str(), other.expose_str()) {
            (Some(one), Some(other)) => one == other,
            _ => one == other,
        },
    }
}

/// Whether everything one map says is said by the other.
fn covers(one: &KnownMap, other: &KnownMap) -> bool {
    one.iter().all(|(key, value)| match other.get(key) {
        Some(found) => alike(value, found),
        None => says_nothing(value),
    })
}

fn says_nothing(value: &KnownValue) -> bool {
    match value {
        KnownValue::Null => true,
        KnownValue::Bool(b) => !b,
        KnownValue::Number(_) => false,
        KnownValue::String(_) | KnownValue::Secret(_) => {
            value.expose_str().is_some_and(str::is_empty)
        }
        KnownValue::List(list) => list.is_empty(),
        KnownValue::Map(map) => {
            let empty_wrapper = map.get("Quantity") == Some(&KnownValue::from(0));
            empty_wrapper || map.values().all(says_nothing)
        }
    }
}

fn same_scalars(one: &[KnownValue], other: &[KnownValue]) -> bool {
    let texts = |list: &[KnownValue]| -> Option<Vec<String>> {
        let mut texts: Vec<String> = list.iter().map(scalar_text).collect::<Option<_>>()?;
        texts.sort();
        Some(texts)
    };
    matches!((texts(one), texts(other)), (Some(one), Some(other)) if one == other)
}

pub(super) fn scalar_text(value: &KnownValue) -> Option<String> {
    match value {
        KnownValue::Bool(b) => Some(b.to_string()),
        KnownValue::Number(n) => Some(n.to_string()),
        KnownValue::String(text) => Some(text.clone()),
        KnownValue::Null | KnownValue::Secret(_) | KnownValue::List(_) | KnownValue::Map(_) => None,
    }
}
