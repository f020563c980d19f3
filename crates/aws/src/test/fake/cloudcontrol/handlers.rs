//! The handlers of every type, made of the registry's schemas.

use std::sync::Arc;

use rstack_catalog::{Kind, Registry, SchemaPath, TypeSchema, validate};
use rstack_model::PropertyPath;
use serde_json::{Map, Value};

use super::{CloudControl, Key, Request};
use crate::test::fake::account::text;

/// The outcome of a handler.
#[derive(Clone, Default)]
pub(super) struct Handled {
    pub(super) identifier: Option<String>,
    pub(super) failure: Option<(&'static str, String)>,
}

fn fails(code: &'static str, message: impl Into<String>) -> Handled {
    Handled { identifier: None, failure: Some((code, message.into())) }
}

fn schema(type_name: &str) -> Arc<TypeSchema> {
    Registry::embedded().get(type_name).unwrap().unwrap()
}

impl CloudControl {
    pub(super) fn handle(&mut self, request: &Request) -> Handled {
        let planned = self.failures.iter().position(|(of, ..)| *of == request.operation);
        let planned = planned.and_then(|at| self.failures.remove(at));
        // A service may quote what it was sent.
        let quoted =
            ["DesiredState", "PatchDocument"].map(|name| text(&request.input, name)).concat();
        if let Some((_, code, false)) = planned {
            return fails(code, format!("it was planned to fail: {quoted}"));
        }
        let handled = match request.operation {
            "CREATE" => self.create(request),
            "UPDATE" => self.update(request),
            _ => self.delete(request),
        };
        match planned {
            Some((_, code, _)) => {
                let message = format!("it failed at its end: {quoted}");
                Handled { failure: Some((code, message)), ..handled }
            }
            None => handled,
        }
    }

    fn create(&mut self, request: &Request) -> Handled {
        let schema = schema(request.type_name);
        let model: Value = serde_json::from_str(&text(&request.input, "DesiredState")).unwrap();
        if let Some(problem) = problem(&schema, &model) {
            return fails("InvalidRequest", problem);
        }
        let Value::Object(mut model) = model else { return fails("InvalidRequest", "no object") };
        self.number += 1;
        for path in schema.read_only().iter().chain(schema.primary_identifier()) {
            self.generate(&schema, path, &mut model);
        }
        let model = Value::Object(model);
        let parts: Vec<String> =
            schema.primary_identifier().iter().map(|path| at(&model, path)).collect();
        let key: Key = (request.type_name, parts.join("|"));
        if self.objects.contains_key(&key) {
            return Handled {
                identifier: Some(key.1),
                ..fails("AlreadyExists", "there is an object of this name")
            };
        }
        self.made.push(key.clone());
        let identifier = Some(key.1.clone());
        self.objects.insert(key, model);
        Handled { identifier, failure: None }
    }

    /// Gives a text that the service sets a value.
    fn generate(&self, schema: &TypeSchema, path: &SchemaPath, model: &mut Map<String, Value>) {
        let [name] = path.segments() else { return };
        let is_text = path
            .concrete()
            .and_then(|path| schema.node(&path))
            .is_some_and(|node| node.kinds() == [Kind::Text]);
        if is_text && !model.contains_key(name) {
            model.insert(name.clone(), format!("{name}-{:06}", self.number).into());
        }
    }

    fn update(&mut self, request: &Request) -> Handled {
        let key: Key = (request.type_name, text(&request.input, "Identifier"));
        let schema = schema(request.type_name);
        let Some(before) = self.objects.get(&key) else {
            return fails("NotFound", "there is no such object");
        };
        let read = readable(request.type_name, before);
        let mut after = read.clone();
        let patch = text(&request.input, "PatchDocument");
        let patch: json_patch::Patch = serde_json::from_str(&patch).unwrap();
        if patch.0.is_empty() {
            return fails("InvalidRequest", "the patch is empty");
        }
        if let Err(error) = json_patch::patch(&mut after, &patch) {
            return fails("InvalidRequest", error.to_string());
        }
        let declared = read_only_apart(&schema, &after);
        if let Some(problem) = problem(&schema, &declared) {
            return fails("InvalidRequest", problem);
        }
        let names: Vec<&String> = after.as_object().unwrap().keys().collect();
        let fixed = names.into_iter().find(|name| {
            schema.is_create_only(&PropertyPath::root().name(*name)) && after[*name] != read[*name]
        });
        if let Some(name) = fixed {
            return fails("NotUpdatable", format!("{name} cannot be updated"));
        }
        let identifier = Some(key.1.clone());
        self.objects.insert(key, after);
        Handled { identifier, failure: None }
    }

    fn delete(&mut self, request: &Request) -> Handled {
        let key: Key = (request.type_name, text(&request.input, "Identifier"));
        match self.objects.remove(&key) {
            Some(_) => Handled { identifier: Some(key.1), failure: None },
            None => fails("NotFound", "there is no such object"),
        }
    }
}

/// The first reason for which a provider refuses a model.
fn problem(schema: &TypeSchema, model: &Value) -> Option<String> {
    let tree = match rstack_model::Value::from_json(model.clone()) {
        rstack_model::Value::Map(map) => map,
        other => return Some(format!("{other:?} is no model")),
    };
    let violations = validate(schema, &tree);
    if let Some(violation) = violations.first() {
        return Some(format!("{}: {:?}", violation.path, violation.kind));
    }
    wrong_kind(schema, &PropertyPath::root(), model)
}

/// The first scalar that is not of the schema's kind: a provider does not take a number as text.
fn wrong_kind(schema: &TypeSchema, path: &PropertyPath, value: &Value) -> Option<String> {
    match value {
        Value::Object(map) => {
            map.iter().find_map(|(name, value)| wrong_kind(schema, &path.name(name), value))
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(at, item)| wrong_kind(schema, &path.index(at), item))
        }
        Value::Null => Some(format!("{path} is null")),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let kinds = schema.node(path)?.kinds();
            let fits = kinds.is_empty()
                || kinds.iter().any(|kind| match kind {
                    Kind::Boolean => value.is_boolean(),
                    Kind::Integer | Kind::Number => value.is_number(),
                    Kind::Text => value.is_string(),
                    Kind::List | Kind::Map => false,
                });
            (!fits).then(|| format!("{path} is not {kinds:?}"))
        }
    }
}

/// The part of a model that the read handler returns.
pub(super) fn readable(type_name: &str, model: &Value) -> Value {
    let schema = schema(type_name);
    without(&PropertyPath::root(), model, &|path| schema.is_write_only(path))
}

fn read_only_apart(schema: &TypeSchema, model: &Value) -> Value {
    without(&PropertyPath::root(), model, &|path| !schema.takes(path))
}

fn without(path: &PropertyPath, value: &Value, drops: &dyn Fn(&PropertyPath) -> bool) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(name, _)| !drops(&path.name(*name)));
            kept.map(|(name, value)| (name.clone(), without(&path.name(name), value, drops)))
                .collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(at, item)| without(&path.index(at), item, drops)).collect()
        }
        other => other.clone(),
    }
}

/// The text at a path of a model.
fn at(model: &Value, path: &SchemaPath) -> String {
    let pointer: String = path.segments().iter().map(|segment| format!("/{segment}")).collect();
    match model.pointer(&pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// The value of `Ref` for an object.
pub(super) fn ref_of(type_name: &str, identifier: &str, model: &Value) -> String {
    let schema = schema(type_name);
    let paths = schema.ref_identifier();
    if paths == schema.primary_identifier() {
        return identifier.to_owned();
    }
    paths.iter().map(|path| at(model, path)).collect::<Vec<_>>().join("|")
}
