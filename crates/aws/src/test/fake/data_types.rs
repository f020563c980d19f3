//! Objects of the types that are data, as their files describe them: for services that have no
//! fake of their own.
//!
//! A name that is taken is refused, a token of a request makes one object, what does not exist is
//! not found, an update replaces everything that its operation takes. An object with states needs
//! a question to become stable, and one to be gone.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Objects, Reply, refuse, text};
use super::wire::Call;
use crate::definition::{TagOperations, TypeDefinition, braced};
use crate::model::{Member, ServiceModel, Shape, ShapeKind};

/// The member that holds the token of the request that made an object; no description shows it.
const TOKEN: &str = "request token";

/// Carries out an operation of one of the types of a service.
pub(super) fn carry_out(account: &mut Account, call: &Call) -> Reply {
    let name = call.operation.name.as_str();
    let kinds: Vec<_> = TypeDefinition::names()
        .map(|name| TypeDefinition::of(&name.into()).unwrap().unwrap())
        .filter(|kind| kind.service == call.service)
        .collect();
    let tags = kinds.iter().filter_map(|kind| kind.tags);
    if let Some(tags) =
        tags.into_iter().find(|tags| [&tags.set, &tags.remove].contains(&&name.to_owned()))
    {
        return tag(account, tags, call);
    }
    let kind = kinds.iter().find(|kind| calls(kind, name));
    let kind = kind.unwrap_or_else(|| panic!("{}", call.action()));
    let operations = &kind.file.operations;
    if let Some(listing) = kind.file.identifier.listing.as_ref().filter(|l| l.operation == name) {
        let objects = account.data.entry(&kind.file.type_name).or_default();
        let all: Vec<_> = objects.values().cloned().collect();
        return Ok(json!({&listing.items: all}));
    }
    let replaces = operations.update.as_ref() == Some(&operations.create);
    let id = account.data.get(kind.file.type_name.as_str()).and_then(|all| named(kind, all, call));
    let id = match id {
        Some(_) if name == operations.create && !replaces => {
            return Err(match kind.refused_code {
                Some(code) => refuse(422, code, "it exists"),
                None => refuse(409, "ConflictException", "it exists"),
            });
        }
        None if name == operations.create => return create(account, kind, call),
        Some(id) => id,
        None => return Err(missing("the object")),
    };
    let objects = account.data.entry(&kind.file.type_name).or_default();
    let object = objects.get_mut(&id).unwrap();
    if let Some(states) = &kind.file.states {
        let now = text(object, &states.member);
        if states.deleting.contains(&now) && name == operations.read {
            let answer = shown(call, None, object);
            objects.remove(&id);
            return Ok(answer);
        }
        if let Some(deleting) = states.deleting.first().filter(|_| name == operations.delete) {
            object[&states.member] = deleting.as_str().into();
            return Ok(json!({}));
        }
        if name == operations.read && states.passing.contains(&now) {
            let answer = shown(call, None, object);
            object[&states.member] = "STABLE".into();
            return Ok(answer);
        }
    }
    if name == operations.delete {
        objects.remove(&id);
        return Ok(json!({}));
    }
    if name != operations.read {
        let tags = kind.tags.map(|tags| tags.property.as_str());
        let settings = kind.file.settings.iter().find(|row| row.operation == name);
        let changed = |member: &&str| match settings {
            Some(row) => row.properties.iter().any(|property| property == member),
            None => Some(*member) != tags,
        };
        for member in members(call, true).filter(changed) {
            object[member] = call.input.get(member).cloned().unwrap_or(Value::Null);
        }
        complete(kind, object, 0);
    }
    let within = operations.answer.as_deref().filter(|_| name != operations.read);
    Ok(shown(call, within, object))
}

/// True if the driver of a type calls the operation.
fn calls(kind: &TypeDefinition, name: &str) -> bool {
    let operations = &kind.file.operations;
    let own = [&operations.create, &operations.read, &operations.delete];
    own.into_iter().chain(&operations.update).any(|operation| operation == name)
        || kind.file.settings.iter().any(|row| row.operation == name)
        || kind.file.identifier.listing.as_ref().is_some_and(|listing| listing.operation == name)
}

/// The identifier of the object that an input names.
fn named(kind: &TypeDefinition, objects: &Objects, call: &Call) -> Option<String> {
    let names = &kind.file.identifier;
    let token = token(call);
    if call.operation.name == kind.file.operations.create && names.declared().is_empty() {
        token?;
    }
    let is = |object: &Value| {
        names.members().into_iter().all(|member| {
            let property = match names.member.as_deref() == Some(member) {
                true => names.property.as_deref().unwrap(),
                false => member,
            };
            call.input.get(member).is_some_and(|name| *name == object[property])
        })
    };
    objects.iter().find(|(_, object)| is(object)).map(|(id, _)| id.clone())
}

/// The token of a request.
fn token(call: &Call) -> Option<String> {
    let model = ServiceModel::of(call.service).unwrap();
    let shape = call.operation.input.as_deref().and_then(|shape| model.shape(shape));
    let mut all = shape.and_then(Shape::members).into_iter().flatten();
    let (name, _) = all.find(|(_, member)| member.idempotency_token)?;
    Some(text(&call.input, name))
}

fn create(account: &mut Account, kind: &'static TypeDefinition, call: &Call) -> Reply {
    let (type_name, file) = (kind.file.type_name.as_str(), &kind.file);
    let (token, within) = (token(call), file.operations.answer.as_deref());
    let objects = account.data.entry(type_name).or_default();
    let same = |object: &&Value| token.is_some() && object[TOKEN] == json!(token);
    if let Some(object) = objects.values().find(same) {
        return Ok(shown(call, within, object));
    }
    let number = account.next();
    let mut object = call.input.clone();
    object[TOKEN] = json!(token);
    let service = kind.service.name();
    let arn = |resource: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}");
    let (names, property) = (&file.identifier, file.identifier.property.as_deref());
    if let (Some(form), Some(property)) = (&names.arn, property) {
        let step = |step: &str| braced(step).map_or(step.to_owned(), |name| text(&object, name));
        let steps: Vec<_> = form.split('/').map(step).collect();
        object[property] = arn(&steps.join("/")).into();
    } else if let (Some(_), Some(property)) = (&names.listing, property) {
        object[property] = number.to_string().into();
    }
    if let Some(tags) = kind.tags.filter(|tags| object[&tags.arn].is_null()) {
        object[&tags.arn] = arn(&format!("x/{number:032x}")).into();
    }
    if let Some(states) = &file.states {
        object[&states.member] = states.passing.first().unwrap().as_str().into();
    }
    complete(kind, &mut object, number);
    let id: Vec<String> = names.names().map(|name| text(&object, name)).collect();
    let id = id.join("|");
    account.note(type_name, &id);
    let answer = shown(call, within, &object);
    account.data.entry(type_name).or_default().insert(id, object);
    Ok(answer)
}

/// Adds what the service sets: texts of attributes, and the members that attributes are made of.
fn complete(kind: &TypeDefinition, object: &mut Value, number: u64) {
    let model = ServiceModel::of(kind.service).unwrap();
    let shape = |operation: &str, input: bool| {
        let found = model.operation(operation).unwrap();
        let shape = if input { &found.input } else { &found.output };
        model.shape(shape.as_deref().unwrap()).unwrap().members().unwrap()
    };
    let taken = shape(&kind.file.operations.create, true);
    let given = shape(&kind.file.operations.read, false);
    let is_text =
        |member: &Member| matches!(model.shape(&member.shape).unwrap().kind, ShapeKind::String);
    for attribute in &kind.file.attributes {
        let name = &attribute.name;
        if given.get(name).is_some_and(is_text) && object[name].is_null() {
            object[name] = format!("{name}-{number}").into();
        }
        let steps = attribute.member.as_deref().map(|place| place.split('/').collect::<Vec<_>>());
        if let Some([list, "*", last]) = steps.as_deref() {
            if !taken.contains_key(*list) && object[*list].is_null() {
                object[*list] = json!([{}]);
            }
            for item in object[*list].as_array_mut().into_iter().flatten() {
                if item[*last].is_null() {
                    item[*last] = format!("{last} of {}", text(item, "ManifestName")).into();
                }
            }
        }
    }
}

fn tag(account: &mut Account, tags: &TagOperations, call: &Call) -> Reply {
    let arn = text(&call.input, &tags.resource);
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
    let shape = if input { &call.operation.input } else { &call.operation.output };
    members_of(call, shape.as_deref())
}

fn members_of(call: &Call, shape: Option<&str>) -> impl Iterator<Item = &'static str> {
    let model = ServiceModel::of(call.service).unwrap();
    let members = shape.and_then(|shape| model.shape(shape)?.members());
    members.into_iter().flat_map(|members| members.keys().map(String::as_str))
}

/// The part of an object that the operation shows, in the member that holds it.
fn shown(call: &Call, within: Option<&str>, object: &Value) -> Value {
    let model = ServiceModel::of(call.service).unwrap();
    let output = call.operation.output.as_deref();
    let inner = within.map(|member| {
        let outer = model.shape(output.unwrap()).unwrap().members().unwrap();
        outer.get(member).unwrap().shape.as_str()
    });
    let there = members_of(call, inner.or(output)).filter_map(|name| {
        let value = object.get(name).filter(|value| !value.is_null())?;
        Some((name.to_owned(), value.clone()))
    });
    let shown = there.collect();
    match within {
        None => shown,
        Some(member) => json!({member: shown}),
    }
}
