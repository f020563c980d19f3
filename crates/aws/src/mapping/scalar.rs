//! Scalars take the kind the other side wants.

use rstack_catalog::{Kind, Node, TypeSchema};
use rstack_model::KnownValue;
use serde_json::Number;

use super::document;
use crate::model::ShapeKind;

/// The value as a scalar of an API shape; otherwise what was expected, in words. Secret text is
/// never looked into.
pub(super) fn to_shape(kind: &ShapeKind, value: &KnownValue) -> Result<KnownValue, &'static str> {
    match kind {
        ShapeKind::String | ShapeKind::Blob | ShapeKind::Timestamp => text(value),
        ShapeKind::Boolean => boolean(value).ok_or("a boolean"),
        ShapeKind::Integer | ShapeKind::Long => integer(value).ok_or("an integer"),
        ShapeKind::Float | ShapeKind::Double => number(value).ok_or("a number"),
        ShapeKind::Structure { .. } | ShapeKind::Map { .. } => Err("a map"),
        ShapeKind::List { .. } => Err("a list"),
    }
}

/// The value as the schema's node wants it; `None` if it says nothing there, such as an empty text
/// for a number.
pub(crate) fn to_schema(
    value: &KnownValue,
    schema: &TypeSchema,
    node: &Node,
) -> Option<KnownValue> {
    let kinds = schema.resolve(node).kinds();
    if kinds.is_empty() || matches!(value, KnownValue::Secret(_)) {
        return Some(value.clone());
    }
    if schema.is_document(node) {
        return Some(document::read(value));
    }
    let wanted = kinds.iter().find_map(|kind| match kind {
        Kind::Boolean => boolean(value),
        Kind::Integer => integer(value),
        Kind::Number => number(value),
        Kind::Text => text(value).ok(),
        Kind::List | Kind::Map => None,
    });
    let as_it_is = kinds.iter().any(|kind| has_kind(*kind, value));
    if as_it_is { Some(value.clone()) } else { wanted }
}

fn has_kind(kind: Kind, value: &KnownValue) -> bool {
    match kind {
        Kind::Boolean => matches!(value, KnownValue::Bool(_)),
        Kind::Integer | Kind::Number => matches!(value, KnownValue::Number(_)),
        Kind::Text => matches!(value, KnownValue::String(_)),
        Kind::List => matches!(value, KnownValue::List(_)),
        Kind::Map => matches!(value, KnownValue::Map(_)),
    }
}

fn text(value: &KnownValue) -> Result<KnownValue, &'static str> {
    match value {
        KnownValue::String(_) | KnownValue::Secret(_) => Ok(value.clone()),
        KnownValue::Bool(b) => Ok(b.to_string().into()),
        KnownValue::Number(n) => Ok(n.to_string().into()),
        KnownValue::Map(_) | KnownValue::List(_) => document::write(value).ok_or("a JSON document"),
        KnownValue::Null => Err("text"),
    }
}

fn boolean(value: &KnownValue) -> Option<KnownValue> {
    match value {
        KnownValue::Bool(_) | KnownValue::Secret(_) => Some(value.clone()),
        KnownValue::String(text) if text.eq_ignore_ascii_case("true") => Some(true.into()),
        KnownValue::String(text) if text.eq_ignore_ascii_case("false") => Some(false.into()),
        KnownValue::String(_)
        | KnownValue::Null
        | KnownValue::Number(_)
        | KnownValue::List(_)
        | KnownValue::Map(_) => None,
    }
}

/// An integer; `5.0` and `"5"` are one.
fn integer(value: &KnownValue) -> Option<KnownValue> {
    match value {
        KnownValue::Number(n) => whole(n).map(KnownValue::Number),
        KnownValue::String(text) => text.trim().parse::<i64>().ok().map(KnownValue::from),
        KnownValue::Secret(_) => Some(value.clone()),
        KnownValue::Null | KnownValue::Bool(_) | KnownValue::List(_) | KnownValue::Map(_) => None,
    }
}

fn whole(number: &Number) -> Option<Number> {
    if number.is_i64() || number.is_u64() {
        return Some(number.clone());
    }
    let float = number.as_f64()?;
    let exact = float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
    exact.then(|| format!("{float:.0}").parse::<i64>().ok()).flatten().map(Number::from)
}

fn number(value: &KnownValue) -> Option<KnownValue> {
    match value {
        KnownValue::Number(_) | KnownValue::Secret(_) => Some(value.clone()),
        KnownValue::String(text) => {
            let text = text.trim();
            let integer = text.parse::<i64>().ok().map(Number::from);
            let float = || text.parse::<f64>().ok().and_then(Number::from_f64);
            integer.or_else(float).map(KnownValue::Number)
        }
        KnownValue::Null | KnownValue::Bool(_) | KnownValue::List(_) | KnownValue::Map(_) => None,
    }
}
