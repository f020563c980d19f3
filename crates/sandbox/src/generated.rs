//! Lives generated from the catalog: what an object of a type is made with, where it moves to, what
//! is changed of it then. All of it follows from the schema alone.

use std::sync::Arc;

use rstack_catalog::{Registry, SchemaPath, TypeSchema, validate};
use rstack_model::value::redacted_map;
use rstack_model::{KnownMap, KnownValue, PathSegment, PropertyPath, UpdateKind};

use crate::minimal::{DEPTH, minimal, required, value};

/// How many values of one place are tried.
const TRIED: usize = 16;

/// The types of the catalog whose identifier has several parts, by name. One that cannot be read is
/// left out.
pub fn compound_types() -> Vec<Arc<TypeSchema>> {
    let catalog = Registry::embedded();
    let all = catalog.names().filter_map(|name| catalog.get(name).ok().flatten());
    all.filter(|schema| schema.primary_identifier().len() > 1).collect()
}

/// Why no scope can be changed in a generated life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotMoved {
    /// The service chooses every part of the identifier that is not the name itself.
    ScopeIsReadOnly,
    /// The schema allows one value of the scope only, or no other one was found.
    OneScopeOnly,
}

/// The life of an object of a type whose identifier has several parts.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedLife {
    /// The properties it is created with.
    pub created: KnownMap,
    /// The same with another scope: another value of a part of the identifier that is not its name.
    pub moved: Result<KnownMap, NotMoved>,
    /// Whether `Ref` does not return the part that is changed.
    pub ref_is_kept: bool,
    /// The last of these with a property changed that is changed in place, where there is one.
    pub updated: Option<KnownMap>,
}

impl GeneratedLife {
    /// The life of a type; `None` if no valid properties of it were found.
    pub fn of(schema: &TypeSchema) -> Option<Self> {
        let mut created = minimal(schema)?;
        created.retain(|name, _| !schema.is_read_only(&PropertyPath::root().name(name)));
        let declared: Vec<(&SchemaPath, PropertyPath)> = schema
            .primary_identifier()
            .iter()
            .filter_map(|path| Some((path, path.concrete()?)))
            .filter(|(_, path)| !schema.is_read_only(path))
            .collect();
        for (_, path) in &declared {
            if at(&created, path).is_none() {
                put(schema, &mut created, path, 0)?;
            }
        }
        if !is_valid(schema, &created) {
            return None;
        }
        let (moved, ref_is_kept) = moved(schema, &created, &declared);
        let updated = updated(schema, moved.as_ref().unwrap_or(&created));
        Some(Self { created, moved, ref_is_kept, updated })
    }
}

fn is_valid(schema: &TypeSchema, properties: &KnownMap) -> bool {
    validate(schema, &redacted_map(properties)).is_empty()
}

/// The properties in another scope, and whether `Ref` does not return what is changed.
fn moved(
    schema: &TypeSchema,
    created: &KnownMap,
    declared: &[(&SchemaPath, PropertyPath)],
) -> (Result<KnownMap, NotMoved>, bool) {
    let referred = schema.ref_identifier();
    let replaces = |path: &PropertyPath| schema.update_kind(path) == UpdateKind::Replaces;
    let kept = declared.iter().filter(|(path, _)| !referred.contains(path));
    // Where `Ref` returns the whole identifier, its last part is the name.
    let whole = declared.iter().filter(|(path, _)| {
        referred.len() > 1 && referred.contains(path) && referred.last() != Some(path)
    });
    let scopes: Vec<(&PropertyPath, bool)> = (kept.map(|(_, path)| (path, true)))
        .chain(whole.map(|(_, path)| (path, false)))
        .filter(|(path, _)| replaces(path))
        .collect();
    for (path, ref_is_kept) in &scopes {
        for nth in 1..TRIED {
            let mut moved = created.clone();
            let other = put(schema, &mut moved, path, nth).is_some()
                && at(&moved, path) != at(created, path);
            if other && is_valid(schema, &moved) {
                return (Ok(moved), *ref_is_kept);
            }
        }
    }
    let none = scopes.is_empty();
    (Err(if none { NotMoved::ScopeIsReadOnly } else { NotMoved::OneScopeOnly }), false)
}

/// The properties with one changed that is changed in place.
fn updated(schema: &TypeSchema, before: &KnownMap) -> Option<KnownMap> {
    let root = schema.resolve(schema.root());
    let names: Vec<&str> = root.property_names().collect();
    let in_place = |name: &&&str| {
        let path = PropertyPath::root().name(**name);
        schema.update_kind(&path) == UpdateKind::InPlace
            && schema.update_rule(&path).is_none()
            && !schema.is_read_only(&path)
            && !schema.is_write_only(&path)
    };
    names.iter().filter(in_place).find_map(|name| {
        let path = PropertyPath::root().name(*name);
        (1..TRIED).find_map(|nth| {
            let mut after = before.clone();
            put(schema, &mut after, &path, nth)?;
            let (old, new) = (before.get(*name), after.get(*name)?);
            // What is beneath it may be fixed at creation: only what has nothing beneath is changed.
            let scalar = !matches!(new, KnownValue::Map(_) | KnownValue::List(_));
            (scalar && old != Some(new) && is_valid(schema, &after)).then_some(after)
        })
    })
}

/// Puts the `nth` value at a path, with the required properties of what is above it.
fn put(
    schema: &TypeSchema,
    properties: &mut KnownMap,
    path: &PropertyPath,
    nth: usize,
) -> Option<()> {
    let names = names(path)?;
    let (last, above) = names.split_last()?;
    let (mut map, mut node) = (properties, schema.root());
    for name in above {
        node = schema.property(node, name)?;
        let empty = required(schema, node, DEPTH)?;
        let inner = map.entry((*name).to_owned()).or_insert(KnownValue::Map(empty));
        let KnownValue::Map(inner) = inner else { return None };
        map = inner;
    }
    let node = schema.property(node, last)?;
    map.insert((*last).to_owned(), value(schema, node, (last, nth), DEPTH)?);
    Some(())
}

/// The names of a path that leads through maps only.
fn names(path: &PropertyPath) -> Option<Vec<&str>> {
    let segments = path.segments().iter();
    let names = segments.map(|segment| match segment {
        PathSegment::Name(name) => Some(name.as_str()),
        PathSegment::Index(_) => None,
    });
    names.collect()
}

/// The value at a path, if there is one.
fn at<'a>(properties: &'a KnownMap, path: &PropertyPath) -> Option<&'a KnownValue> {
    let names = names(path)?;
    let (first, rest) = names.split_first()?;
    rest.iter().try_fold(properties.get(*first)?, |value, name| match value {
        KnownValue::Map(map) => map.get(*name),
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::String(_)
        | KnownValue::Secret(_)
        | KnownValue::List(_) => None,
    })
}
