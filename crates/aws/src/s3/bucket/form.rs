//! Settings in both vocabularies, by tables: a row says where a property of the template stands in the
//! members of the API.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

/// A property, and its place among the members.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The property.
    pub(super) property: &'static str,
    /// The member, and those around it, the outermost first.
    pub(super) path: &'static [&'static str],
    /// The form of its value.
    pub(super) kind: Kind,
}

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A scalar that is the same on both sides.
    Plain,
    /// A text of the template; the API may have a number there.
    Text,
    /// A word in lower case, whatever its case elsewhere.
    Word,
    /// A point in time, which the template may give with a fraction of nothing.
    Time,
    /// A list of scalars.
    Texts,
    /// A map.
    Tree(&'static [Row]),
    /// A list of maps.
    List(&'static [Row]),
    /// A map that is an element of a list of the API. An older form, which is never shown.
    Element(&'static [Row]),
    /// A scalar in an older form, which is never shown.
    Older,
}

/// A row of a property whose name and place differ.
pub(super) const fn row(property: &'static str, path: &'static [&'static str], kind: Kind) -> Row {
    Row { property, path, kind }
}

/// A row of a scalar with another name.
pub(super) const fn renamed(property: &'static str, path: &'static [&'static str]) -> Row {
    row(property, path, Kind::Plain)
}

fn invalid(operation: &str, path: &PropertyPath, problem: &str) -> DriverError {
    let kind = ErrorKind::Invalid { property: Some(path.clone()) };
    DriverError::new(kind, operation, format!("`{path}` {problem}"))
}

/// The members that say what the properties say.
///
/// # Errors
/// If a property has no row, or a value of another form.
pub(super) fn members(
    rows: &[Row],
    properties: &KnownMap,
    (operation, path): (&str, &PropertyPath),
) -> Result<KnownMap, DriverError> {
    let mut out = KnownMap::new();
    for (name, given) in properties.iter().filter(|(_, given)| **given != KnownValue::Null) {
        let path = path.name(name);
        let Some(row) = rows.iter().find(|row| row.property == name) else {
            return Err(invalid(operation, &path, "is not a setting that the service has"));
        };
        let made = member(row.kind, given, (operation, &path))?;
        put(&mut out, row.path, made);
    }
    Ok(out)
}

fn member(
    kind: Kind,
    given: &KnownValue,
    at @ (operation, path): (&str, &PropertyPath),
) -> Result<KnownValue, DriverError> {
    let wrong = |expected: &str| invalid(operation, path, &format!("must be {expected}"));
    let scalar = !matches!(given, KnownValue::List(_) | KnownValue::Map(_));
    match kind {
        Kind::Plain | Kind::Text | Kind::Older if scalar => Ok(given.clone()),
        Kind::Plain | Kind::Text | Kind::Older => Err(wrong("a scalar")),
        Kind::Word => Ok(lower(given)),
        Kind::Time => Ok(whole_seconds(given)),
        Kind::Texts => given.as_list().map(|_| given.clone()).ok_or_else(|| wrong("a list")),
        Kind::Tree(rows) => {
            let map = given.as_map().ok_or_else(|| wrong("a map"))?;
            Ok(members(rows, map, at)?.into())
        }
        Kind::Element(rows) => {
            let map = given.as_map().ok_or_else(|| wrong("a map"))?;
            Ok(KnownValue::List(vec![members(rows, map, at)?.into()]))
        }
        Kind::List(rows) => {
            let items = given.as_list().ok_or_else(|| wrong("a list"))?;
            let items = items.iter().enumerate().map(|(i, item)| {
                let path = path.index(i);
                let map =
                    item.as_map().ok_or_else(|| invalid(operation, &path, "must be a map"))?;
                Ok(members(rows, map, (operation, &path))?.into())
            });
            Ok(KnownValue::List(items.collect::<Result<_, DriverError>>()?))
        }
    }
}

fn lower(value: &KnownValue) -> KnownValue {
    match value {
        KnownValue::String(text) => text.to_ascii_lowercase().into(),
        other => other.clone(),
    }
}

/// A time without a fraction of nothing.
fn whole_seconds(value: &KnownValue) -> KnownValue {
    match value {
        KnownValue::String(text) => text.replacen(".000Z", "Z", 1).into(),
        other => other.clone(),
    }
}

/// Puts a value at a place, beside what is there: lists are joined, maps are merged.
fn put(out: &mut KnownMap, path: &[&str], value: KnownValue) {
    let Some((first, rest)) = path.split_first() else { return };
    if !rest.is_empty() {
        let inner = out.entry((*first).to_owned()).or_insert_with(|| KnownMap::new().into());
        if let KnownValue::Map(inner) = inner {
            put(inner, rest, value);
        }
        return;
    }
    match (out.get_mut(*first), value) {
        (Some(KnownValue::List(there)), KnownValue::List(more)) => there.extend(more),
        (Some(KnownValue::Map(there)), KnownValue::Map(more)) => there.extend(more),
        (_, value) => {
            out.insert((*first).to_owned(), value);
        }
    }
}

/// The properties that the members say, as far as there are rows for them.
pub(super) fn properties(rows: &[Row], members: &KnownMap) -> KnownMap {
    let mut out = KnownMap::new();
    for row in rows {
        let mut at = members.get(row.path.first().copied().unwrap_or_default());
        for step in row.path.iter().skip(1) {
            at = at.and_then(|value| value.get(step));
        }
        if let Some(shown) = at.and_then(|value| property(row.kind, value)) {
            out.insert(row.property.to_owned(), shown);
        }
    }
    out
}

fn property(kind: Kind, value: &KnownValue) -> Option<KnownValue> {
    Some(match kind {
        Kind::Older | Kind::Element(_) => return None,
        Kind::Plain | Kind::Time | Kind::Texts => value.clone(),
        Kind::Word => lower(value),
        Kind::Text => match value {
            KnownValue::Number(number) => number.to_string().into(),
            other => other.clone(),
        },
        Kind::Tree(rows) => properties(rows, value.as_map()?).into(),
        Kind::List(rows) => {
            let items = value.as_list()?.iter().filter_map(KnownValue::as_map);
            KnownValue::List(items.map(|item| properties(rows, item).into()).collect())
        }
    })
}
