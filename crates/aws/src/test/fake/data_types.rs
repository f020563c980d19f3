//! Objects of the types that are data, as their files describe them: for services that have no
//! fake of their own.
//!
//! An identifier that is taken is refused, what does not exist is not found, an update replaces
//! everything that its operation takes.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Objects, Reply, refuse, text};
use super::wire::Call;
use crate::definition::TypeDefinition;
use crate::model::{Member, ServiceModel, ShapeKind};

/// Carries out an operation of one of the types of a service.
pub(super) fn carry_out(account: &mut Account, call: &Call) -> Reply {
    let (name, input) = (call.operation.name.as_str(), &call.input);
    let kinds: Vec<_> = TypeDefinition::names()
        .map(|name| TypeDefinition::of(&name.into()).unwrap().unwrap())
        .filter(|kind| kind.service == call.service)
        .collect();
    if let Some(kind) =
        kinds.iter().find(|k| [&k.tags.set, &k.tags.remove].contains(&&call.operation.name))
    {
        return tag(account, kind, call);
    }
    let kind = kinds.iter().find(|kind| calls(kind, name));
    let kind = kind.unwrap_or_else(|| panic!("{}", call.action()));
    let (operations, identifier) = (&kind.file.operations, kind.file.identifier.property.as_str());
    let id = text(input, identifier);
    if name == operations.create {
        return create(account, kind, call, &id);
    }
    let objects = account.data.entry(&kind.file.type_name).or_default();
    let object = objects.get_mut(&id).ok_or_else(|| missing(&id))?;
    if name == operations.delete {
        objects.remove(&id);
        return Ok(json!({}));
    }
    if name != operations.read {
        for member in members(call, true) {
            object[member] = input.get(member).cloned().unwrap_or(Value::Null);
        }
        object[identifier] = id.into();
    }
    Ok(shown(call, object))
}

/// True if the driver of a type calls the operation.
fn calls(kind: &TypeDefinition, name: &str) -> bool {
    let operations = &kind.file.operations;
    let own = [&operations.create, &operations.read, &operations.delete];
    own.into_iter().chain(&operations.update).any(|operation| operation == name)
        || kind.file.settings.iter().any(|row| row.operation == name)
}

fn create(account: &mut Account, kind: &'static TypeDefinition, call: &Call, id: &str) -> Reply {
    let type_name = kind.file.type_name.as_str();
    if account.data.get(type_name).is_some_and(|objects| objects.contains_key(id)) {
        return Err(match kind.refused_code {
            Some(code) => refuse(422, code, "it exists"),
            None => refuse(409, "ResourceAlreadyExistsException", "it exists"),
        });
    }
    let number = account.next();
    let mut object = call.input.clone();
    let model = ServiceModel::of(kind.service).unwrap();
    let shape = model.operation(&kind.file.operations.read).unwrap().output.as_deref();
    let given = model.shape(shape.unwrap()).unwrap().members().unwrap();
    for name in kind.file.attributes.iter().map(|attribute| &attribute.name) {
        let is_text =
            |member: &Member| matches!(model.shape(&member.shape).unwrap().kind, ShapeKind::String);
        if given.get(name).is_some_and(is_text) {
            object[name] = format!("{name}-{number}").into();
        }
    }
    let service = kind.service.name();
    object[&kind.tags.arn] = format!("arn:aws:{service}:{REGION}:{ACCOUNT}:x/{number:032x}").into();
    account.note(type_name, id);
    let answer = shown(call, &object);
    account.data.entry(type_name).or_default().insert(id.to_owned(), object);
    Ok(answer)
}

fn tag(account: &mut Account, kind: &TypeDefinition, call: &Call) -> Reply {
    let (tags, arn) = (kind.tags, text(&call.input, &kind.tags.resource));
    let mut all = account.data.values_mut().flat_map(Objects::values_mut);
    let object = all.find(|object| object[&tags.arn] == arn).ok_or_else(|| missing(&arn))?;
    if object[&tags.property].is_null() {
        object[&tags.property] = json!({});
    }
    let held = object[&tags.property].as_object_mut().unwrap();
    for (key, value) in call.input[&tags.property].as_object().into_iter().flatten() {
        held.insert(key.clone(), value.clone());
    }
    for key in call.input[&tags.keys].as_array().into_iter().flatten() {
        held.remove(key.as_str().unwrap());
    }
    Ok(json!({}))
}

fn missing(id: &str) -> crate::service_error::Refusal {
    refuse(404, "NotFoundException", &format!("{id} not found"))
}

/// The members of an operation's input or output.
fn members(call: &Call, input: bool) -> impl Iterator<Item = &'static str> {
    let model = ServiceModel::of(call.service).unwrap();
    let shape = if input { &call.operation.input } else { &call.operation.output };
    let members = shape.as_deref().and_then(|shape| model.shape(shape)?.members());
    members.into_iter().flat_map(|members| members.keys().map(String::as_str))
}

/// The part of an object that the operation shows.
fn shown(call: &Call, object: &Value) -> Value {
    let there = members(call, false).filter_map(|name| Some((name, object.get(name)?)));
    there
        .filter(|(_, value)| !value.is_null())
        .map(|(name, v)| (name.to_owned(), v.clone()))
        .collect()
}
