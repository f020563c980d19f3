//! Lives generated from the catalog: what an object of a type is made with, where it moves to, what
//! is changed of it then. All of it follows from the schema alone.

use std::sync::Arc;

use rstack_catalog::{Registry, SchemaPath, TypeSchema, UniqueName, validate};
use rstack_model::value::redacted_map;
use rstack_model::{KnownMap, KnownValue, PathSegment, PropertyPath, UpdateKind};

use crate::minimal::{DEPTH, minimal, required, value};

/// The number of values of one place that are tried.
const TRIED: usize = 16;

/// The types of the catalog whose identifier has several parts, by name. One that cannot be read is
/// left out.
pub fn compound_types() -> Vec<Arc<TypeSchema>> {
    let catalog = Registry::embedded();
    let all = catalog.names().filter_map(|name| catalog.get(name).ok().flatten());
    all.filter(|schema| schema.primary_identifier().len() > 1).collect()
}

/// The types whose identifier has one part, and whose names are unique in a scope that is declared.
pub fn scoped_types() -> Vec<Arc<TypeSchema>> {
    let catalog = Registry::embedded();
    let all = catalog.names().filter_map(|name| catalog.get(name).ok().flatten());
    let scoped = |schema: &Arc<TypeSchema>| {
        schema.primary_identifier().len() == 1 && !name_scopes(schema).is_empty()
    };
    all.filter(scoped).collect()
}

/// Which property a move changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moves {
    /// A part of the identifier that `Ref` does not return, or what a name is unique in.
    Scope,
    /// A part of the identifier, all of which `Ref` returns.
    PartOfRef,
    /// Another one that is fixed at creation: the service chooses the parts of the identifier.
    Other,
}

/// Why no property can be changed that leads to another identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotMoved {
    /// Nothing but the name is fixed at creation.
    NothingFixed,
    /// The schema allows one value only of what is, or no other one was found.
    OneValueOnly,
}

/// A move to another scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// The properties after it.
    pub properties: KnownMap,
    /// The kind of property that it changes.
    pub of: Moves,
}

/// The life of an object of a type.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedLife {
    /// The properties it is created with.
    pub created: KnownMap,
    /// The same with another scope and the same name.
    pub moved: Result<Move, NotMoved>,
    /// The last of these with a property changed that is changed in place, where there is one.
    pub updated: Option<KnownMap>,
}

impl GeneratedLife {
    /// The life of the type of this name; `None` as with [`Self::of`], or if there is no such type.
    pub fn named(resource_type: &str) -> Option<Self> {
        let schema = Registry::embedded().get(resource_type).ok().flatten()?;
        Self::of(&schema)
    }

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
        for path in name_parts(schema) {
            let mut named = created.clone();
            let put = at(&created, &path).is_none() && put(schema, &mut named, &path, 0).is_some();
            if put && is_valid(schema, &named) {
                created = named;
            }
        }
        let moved = moved(schema, &created, &declared);
        let last = moved.as_ref().map_or(&created, |moved| &moved.properties);
        let updated = updated(schema, last);
        Some(Self { created, moved, updated })
    }
}

/// The declared properties that make a name or say what it is unique in.
fn name_parts(schema: &TypeSchema) -> Vec<PropertyPath> {
    let names = schema.unique_names().iter().chain(schema.likely_names());
    let paths = names.flat_map(|name| name.name().iter().chain(name.scope()));
    paths.filter_map(SchemaPath::concrete).filter(|path| !schema.is_read_only(path)).collect()
}

/// The declared properties that say what a name is unique in.
fn name_scopes(schema: &TypeSchema) -> Vec<PropertyPath> {
    let names = schema.unique_names().iter().chain(schema.likely_names());
    let paths = names.flat_map(UniqueName::scope).filter_map(SchemaPath::concrete);
    paths.filter(|path| !schema.is_read_only(path)).collect()
}

fn is_valid(schema: &TypeSchema, properties: &KnownMap) -> bool {
    validate(schema, &redacted_map(properties)).is_empty()
}

/// The properties in another scope.
fn moved(
    schema: &TypeSchema,
    created: &KnownMap,
    declared: &[(&SchemaPath, PropertyPath)],
) -> Result<Move, NotMoved> {
    let referred = schema.ref_identifier();
    let scopes = declared.iter().filter(|(path, _)| !referred.contains(path));
    // Where `Ref` returns several parts and all are declared, the last one is the name.
    let chosen = declared.len() < schema.primary_identifier().len();
    let parts = declared.iter().filter(|(path, _)| {
        let is_name = !chosen && referred.last() == Some(path);
        referred.len() > 1 && referred.contains(path) && !is_name
    });
    let mut ways: Vec<(PropertyPath, Moves)> = (scopes.map(|(_, path)| (path, Moves::Scope)))
        .chain(parts.map(|(_, path)| (path, Moves::PartOfRef)))
        .map(|(path, of)| (path.clone(), of))
        .chain(name_scopes(schema).into_iter().map(|path| (path, Moves::Scope)))
        .collect();
    if declared.is_empty() {
        let root = schema.resolve(schema.root());
        let others = root.property_names().map(|name| PropertyPath::root().name(name));
        let others = others.filter(|path| !schema.is_read_only(path));
        ways.extend(others.map(|path| (path, Moves::Other)));
    }
    ways.retain(|(path, _)| schema.update_kind(path) == UpdateKind::Replaces);
    for (path, of) in &ways {
        for nth in 1..TRIED {
            let mut properties = created.clone();
            let other = put(schema, &mut properties, path, nth).is_some()
                && at(&properties, path) != at(created, path);
            if other && is_valid(schema, &properties) {
                return Ok(Move { properties, of: *of });
            }
        }
    }
    Err(if ways.is_empty() { NotMoved::NothingFixed } else { NotMoved::OneValueOnly })
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
