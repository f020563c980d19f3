//! The places of an object where text may stand: the texts that it has, those that its type takes beside
//! them, at any depth, and the documents.

use std::collections::BTreeSet;

use rstack_catalog::{Kind, Node, TypeSchema};
use rstack_model::value::{SecretReference, Text, TextPart};
use rstack_model::{PathSegment, PropertyPath, Value, ValueMap};

/// A place, and what is put there.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: PropertyPath,
    /// Path and form.
    pub(super) label: String,
    value: Value,
    /// True if there is a text already.
    pub(super) is_text: bool,
}

impl Place {
    /// The properties with the value at the place.
    pub(super) fn put(&self, properties: &ValueMap) -> ValueMap {
        let mut root = Value::Map(properties.clone());
        put(&mut root, self.path.segments(), &self.value);
        match root {
            Value::Map(map) => map,
            other => panic!("{other:?} is no map"),
        }
    }

    /// The place with another text than that of the properties, and no secret.
    pub(super) fn changed(&self, properties: &ValueMap) -> Self {
        let root = Value::Map(properties.clone());
        let mut now = Some(&root);
        for segment in self.path.segments() {
            now = match (now, segment) {
                (Some(Value::Map(map)), PathSegment::Name(name)) => map.get(name),
                (Some(Value::List(list)), PathSegment::Index(index)) => list.get(*index),
                _ => None,
            };
        }
        let text = now.and_then(Value::as_str).unwrap_or_default();
        Self { value: format!("{text}-2").into(), ..self.clone() }
    }
}

fn put(into: &mut Value, path: &[PathSegment], value: &Value) {
    let Some((first, rest)) = path.split_first() else {
        *into = value.clone();
        return;
    };
    match (into, first) {
        (Value::Map(map), PathSegment::Name(name)) => {
            put(map.entry(name.clone()).or_insert(Value::Null), rest, value);
        }
        (Value::List(list), PathSegment::Index(index)) => {
            if *index == list.len() {
                list.push(Value::Null);
            }
            put(&mut list[*index], rest, value);
        }
        (into, segment) => panic!("{segment:?} in {into:?}"),
    }
}

/// The secret alone.
pub(super) fn secret() -> Value {
    Value::secret(SecretReference::Parameter("Pw".to_owned()))
}

/// The secret inside of text.
fn inside(before: &str, after: &str) -> Value {
    let literal = |text: &str| TextPart::Literal(text.to_owned());
    let secret = TextPart::Secret(SecretReference::Parameter("Pw".to_owned()));
    Text::concat([literal(before), secret, literal(after)])
}

/// A document with the secret in a text and in a list.
fn document() -> Value {
    let list = Value::List(vec!["sts:TagSession".into(), inside("x-", "!")]);
    let statement = ValueMap::from([
        ("Effect".to_owned(), "Allow".into()),
        ("Action".to_owned(), list),
        ("Resource".to_owned(), secret()),
    ]);
    Value::Map(ValueMap::from([
        ("Version".to_owned(), "2012-10-17".into()),
        ("Statement".to_owned(), Value::List(vec![Value::Map(statement)])),
    ]))
}

/// Every place of the properties of an object but its names.
pub(super) fn places(schema: &TypeSchema, properties: &ValueMap) -> Vec<Place> {
    let names = schema.identifying();
    let mut found = Finder { schema, names, out: Vec::new() };
    let root = PropertyPath::root();
    found.map(Some(schema.root()), properties, &root);
    found.out
}

struct Finder<'a> {
    schema: &'a TypeSchema,
    names: BTreeSet<PropertyPath>,
    out: Vec<Place>,
}

impl<'a> Finder<'a> {
    fn note(&mut self, path: &PropertyPath, form: &str, value: Value, is_text: bool) {
        let label = format!("{path}, {form}");
        self.out.push(Place { path: path.clone(), label, value, is_text });
    }

    fn value(&mut self, node: Option<&'a Node>, value: &Value, path: &PropertyPath) {
        match value {
            Value::String(text) => {
                self.note(path, "alone", secret(), true);
                self.note(path, "inside", inside(text, "."), true);
            }
            Value::Map(map) => self.map(node, map, path),
            Value::List(list) => {
                let element = node.and_then(|node| self.schema.element(node));
                for (index, item) in list.iter().enumerate() {
                    self.value(element, item, &path.index(index));
                }
                if element.is_some_and(|node| self.schema.resolve(node).kinds() == [Kind::Text]) {
                    self.note(&path.index(list.len()), "one more", inside("with ", ""), false);
                }
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Deferred(_) => {}
        }
    }

    fn map(&mut self, node: Option<&'a Node>, map: &ValueMap, path: &PropertyPath) {
        for (name, value) in map {
            let path = path.name(name);
            if !self.names.contains(&path) {
                let node = node.and_then(|node| self.schema.property(node, name));
                self.value(node, value, &path);
            }
        }
        let Some(node) = node else { return };
        let schema = self.schema;
        for (name, node) in schema.resolve(node).properties() {
            let path = path.name(name);
            if self.names.contains(&path) || schema.is_read_only(&path) {
                continue;
            }
            let node = schema.resolve(node);
            if schema.is_document(node) {
                self.note(&path, "a document", document(), false);
                self.note(&path, "a document as text", inside("{\"Id\": \"x-", "\"}"), false);
            } else if node.kinds() == [Kind::Text] && !map.contains_key(name) {
                self.note(&path, "given", inside("with ", "."), false);
            }
        }
    }
}
