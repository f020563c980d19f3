//! Objects of the types that are data, as their files describe them: for services that have no
//! fake of their own.
//!
//! A name that is taken is refused, a token of a request makes one object, what does not exist is
//! not found, an update replaces everything that its operation takes. An object with states needs
//! a question to become stable, and one to be gone. A list that comes by pages has one element a
//! page, and one that takes a name has every object whose name begins so.

use rstack_catalog::Registry;
use rstack_model::{PropertyPath, UpdateKind};
use serde_json::{Map, Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Objects, Reply, refuse, text};
use super::wire::Call;
use crate::definition::{Settings, TagOperations, TypeDefinition, braced, entry};
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
    let tagging = |kind: &&&'static TypeDefinition| {
        kind.tags.is_some_and(|tags| tags.operations().any(|operation| operation == name))
    };
    if let Some(kind) = kinds.iter().find(tagging) {
        return tag(account, kind, kind.tags.unwrap(), call);
    }
    let kind = kinds.iter().copied().find(|kind| calls(kind, name));
    let kind = kind.unwrap_or_else(|| panic!("{}", call.action()));
    let operations = &kind.file.operations;
    if let Some(listing) = kind.file.identifier.listing.as_ref().filter(|l| l.operation == name) {
        let objects = account.data.entry(&kind.file.type_name).or_default();
        let all: Vec<_> = objects.values().cloned().collect();
        return Ok(json!({&listing.items: all}));
    }
    if let Some(answer) = look_up(account, kind, call) {
        return answer;
    }
    if name == operations.read && lists(kind) {
        return Ok(page(account.data.entry(&kind.file.type_name).or_default(), kind, call));
    }
    let updates = operations.update.as_ref() == Some(&operations.create)
        && operations.updating.iter().all(|(member, value)| call.input[member] == *value);
    let id = account.data.get(kind.file.type_name.as_str()).and_then(|all| named(kind, all, call));
    let id = match id {
        Some(_) if name == operations.create && !updates => {
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
            let answer = shown(kind, call, object);
            objects.remove(&id);
            return Ok(answer);
        }
        if let Some(deleting) = states.deleting.first().filter(|_| name == operations.delete) {
            object[&states.member] = deleting.as_str().into();
            return Ok(json!({}));
        }
        if name == operations.read && states.passing.contains(&now) {
            let answer = shown(kind, call, object);
            object[&states.member] = "STABLE".into();
            return Ok(answer);
        }
    }
    if name == operations.delete {
        objects.remove(&id);
        return Ok(json!({}));
    }
    if let Some(answer) = kind.file.settings.iter().find_map(|row| set(kind, row, object, call)) {
        return Ok(answer);
    }
    if name != operations.read {
        let tags = kind.tags.and_then(|tags| kind.member_taken(name, &tags.property));
        let held = operations.attributes.as_ref().map(|kind| kind.member.as_str());
        // Of the texts only those change that are given; an empty one is none.
        if let Some(member) = held {
            let texts = object[member].as_object_mut().unwrap();
            texts.extend(call.input[member].as_object().unwrap().clone());
            texts.retain(|_, text| *text != "");
        }
        // The call that creates needs members that stay as they are when it overwrites without them.
        let schema = Registry::embedded().get(&kind.file.type_name).unwrap().unwrap();
        let stays = |member: &str| {
            let path = PropertyPath::root().name(member);
            updates
                && call.input.get(member).is_none()
                && schema.update_kind(&path) == UpdateKind::Replaces
        };
        let changed = members(call).filter(|it| Some(*it) != tags && Some(*it) != held);
        for member in changed.filter(|member| !stays(member)) {
            object[member] = call.input.get(member).cloned().unwrap_or(Value::Null);
        }
        complete(kind, object, 0);
    }
    Ok(shown(kind, call, object))
}

/// True if the driver of a type calls the operation.
fn calls(kind: &TypeDefinition, name: &str) -> bool {
    let operations = &kind.file.operations;
    let own = [&operations.create, &operations.read, &operations.delete];
    own.into_iter().chain(&operations.update).any(|operation| operation == name)
        || kind.file.settings.iter().any(|row| row.operations().any(|it| it == name))
        || kind.file.identifier.listing.as_ref().is_some_and(|listing| listing.operation == name)
        || kind.file.identifier.lookup.as_ref().is_some_and(|lookup| lookup.operation == name)
}

/// The answer of an operation that finds an object by its name; and that of one that creates, for a
/// name that is taken: the same object is not made again, and another one is refused.
fn look_up(account: &Account, kind: &TypeDefinition, call: &Call) -> Option<Reply> {
    let (lookup, name) = (kind.file.identifier.lookup.as_ref()?, &call.operation.name);
    let wanted = text(&call.input, &lookup.property);
    let mut objects = account.data.get(kind.file.type_name.as_str()).into_iter().flatten();
    let found = objects.find(|(_, object)| text(object, &lookup.property) == wanted);
    let property = kind.file.identifier.property.as_deref()?;
    let answer = found.map(|(_, object)| json!({property: object[property]}));
    if *name == lookup.operation {
        return Some(answer.ok_or_else(|| missing(&wanted)));
    }
    let (_, object) = found.filter(|_| *name == kind.file.operations.create)?;
    let tags = kind.tags?;
    let given = &call.input[kind.member_taken(name, &tags.property)?];
    let same = Value::Object(as_map(tags, given)) == object[&tags.property];
    let exists = || refuse(400, "AlreadyExistsException", "it exists with other tags");
    Some(if same { answer.ok_or_else(exists) } else { Err(exists()) })
}

/// True if the reading operation shows a list.
fn lists(kind: &TypeDefinition) -> bool {
    let operations = &kind.file.operations;
    let Some(described) = &operations.described else { return false };
    let model = ServiceModel::of(kind.service).unwrap();
    let output = model.operation(&operations.read).unwrap().output.as_deref().unwrap();
    let shape = &model.shape(output).unwrap().members().unwrap()[described].shape;
    matches!(model.shape(shape).unwrap().kind, ShapeKind::List { .. })
}

/// A page of the list that the reading operation shows.
fn page(objects: &Objects, kind: &TypeDefinition, call: &Call) -> Value {
    let operations = &kind.file.operations;
    let property = kind.file.identifier.members()[0];
    let place = kind.name_place(&operations.read, property);
    let wanted = |object: &&Value| {
        let name = field(object, property).as_str().unwrap();
        match place {
            None => true,
            Some(place) if place.is_list => call.input[place.member] == json!([name]),
            Some(place) => name.starts_with(&text(&call.input, place.member)),
        }
    };
    let described = operations.described.as_deref().unwrap();
    let shape = kind.described(&operations.read, Some(described)).unwrap();
    let all: Vec<_> = objects.values().filter(wanted).map(|it| visible(kind, shape, it)).collect();
    let Some(next) = &operations.next else { return json!({described: all}) };
    let at: usize = text(&call.input, &next.input).parse().unwrap_or(0);
    let mut page = json!({described: all.get(at).into_iter().collect::<Vec<_>>()});
    if at + 1 < all.len() {
        page[&next.answer] = (at + 1).to_string().into();
    }
    page
}

/// Carries out an operation of a setting, if it is one.
fn set(kind: &TypeDefinition, row: &Settings, object: &mut Value, call: &Call) -> Option<Value> {
    let name = call.operation.name.as_str();
    let shape = call_shape(kind, &row.operation);
    let held = row.properties.iter().map(|property| {
        let member = kind.rules.of(shape).member_of(property).unwrap_or(property);
        kind.member_taken(&row.operation, member).unwrap()
    });
    let apart = row.read.as_ref().map(|read| read.operation.as_str());
    if row.operation == name || row.remove.as_deref() == Some(name) {
        for member in held {
            let value = call.input.get(member).cloned().unwrap_or(Value::Null);
            match apart {
                Some(apart) => object[apart][member] = value,
                None => object[member] = value,
            }
        }
        return Some(json!({}));
    }
    let read = row.read.as_ref().filter(|read| read.operation == name)?;
    let mut shown = object[name].as_object().cloned().unwrap_or_default();
    shown.retain(|_, value| !value.is_null());
    let Some(described) = &read.described else { return Some(Value::Object(shown)) };
    // Others come first.
    let mut list: Vec<Value> = read.only.keys().map(|member| json!({member: "other"})).collect();
    if !shown.is_empty() {
        let only = read.only.iter().map(|(member, text)| (member.clone(), text.as_str().into()));
        list.push(Value::Object(shown.into_iter().chain(only).collect()));
    }
    Some(json!({described: list}))
}

/// The shape of an operation's input.
fn call_shape(kind: &TypeDefinition, operation: &str) -> &'static str {
    let model = ServiceModel::of(kind.service).unwrap();
    model.operation(operation).unwrap().input.as_deref().unwrap()
}

/// The value of a member, whatever the case of its letters.
fn field<'a>(object: &'a Value, name: &str) -> &'a Value {
    let mut close = object.as_object().unwrap().iter();
    let close = close.find(|(member, _)| member.eq_ignore_ascii_case(name));
    object.get(name).or(close.map(|(_, value)| value)).unwrap_or(&Value::Null)
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
            let Some(place) = kind.name_place(&call.operation.name, member) else { return false };
            let given = call.input.get(place.member);
            let given = if place.is_list { given.and_then(|list| list.get(0)) } else { given };
            given.is_some_and(|name| name == field(object, property))
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
    let token = token(call);
    let objects = account.data.entry(type_name).or_default();
    let same = |object: &&Value| token.is_some() && object[TOKEN] == json!(token);
    if let Some(object) = objects.values().find(same) {
        return Ok(shown(kind, call, object));
    }
    let number = account.next();
    let mut object = call.input.clone();
    if let Some(tags) = kind.tags {
        let member = kind.member_taken(&file.operations.create, &tags.property).unwrap();
        let given = object.as_object_mut().unwrap().remove(member).unwrap_or_default();
        object[&tags.property] = Value::Object(as_map(tags, &given));
    }
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
    } else if let (Some(lookup), Some(property)) = (&names.lookup, property) {
        let name = text(&object, &lookup.property);
        object[property] = format!("https://{service}.example/{ACCOUNT}/{name}").into();
    }
    if let Some(tags) = kind.tags.filter(|tags| object[&tags.arn].is_null()) {
        object[&tags.arn] = arn(&format!("x/{number:032x}")).into();
    }
    if let Some(states) = &file.states {
        object[&states.member] = states.passing.first().unwrap().as_str().into();
    }
    complete(kind, &mut object, number);
    let id = names.names().map(|name| field(&object, name).as_str().unwrap_or_default().to_owned());
    let id: Vec<String> = id.collect();
    let id = id.join("|");
    account.note(type_name, &id);
    let answer = shown(kind, call, &object);
    account.data.entry(type_name).or_default().insert(id, object);
    Ok(answer)
}

/// Adds what the service sets: texts of attributes, and the members that attributes are made of.
fn complete(kind: &TypeDefinition, object: &mut Value, number: u64) {
    let model = ServiceModel::of(kind.service).unwrap();
    let taken = kind.taken(&kind.file.operations.create).unwrap();
    let given = kind.shown().unwrap();
    let is_text =
        |member: &Member| matches!(model.shape(&member.shape).unwrap().kind, ShapeKind::String);
    if let Some(texts) = &kind.file.operations.attributes {
        let held = &mut object[&texts.member];
        if held.is_null() {
            *held = json!({});
        }
        held[texts.key("Arn")] = "the ARN".into();
    }
    for attribute in &kind.file.attributes {
        let name = attribute.member.as_ref().unwrap_or(&attribute.name);
        if let Some((member, found)) = entry(given, name)
            && is_text(found)
            && object[member].is_null()
        {
            object[member] = format!("{name}-{number}").into();
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

/// Tags on the wire as a map.
fn as_map(tags: &TagOperations, given: &Value) -> Map<String, Value> {
    match &tags.pairs {
        None => given.as_object().cloned().unwrap_or_default(),
        Some(pairs) => {
            let items = given.as_array().into_iter().flatten();
            items.map(|item| (text(item, &pairs.key), item[&pairs.value].clone())).collect()
        }
    }
}

fn tag(account: &mut Account, kind: &TypeDefinition, tags: &TagOperations, call: &Call) -> Reply {
    for (member, expected) in &tags.beside {
        assert_eq!(call.input[member], expected.as_str(), "{}", call.action());
    }
    let arn = text(&call.input, &tags.resource);
    let mut all = account.data.values_mut().flat_map(Objects::values_mut);
    let object = all.find(|object| object[&tags.arn] == arn).ok_or_else(|| missing(&arn))?;
    if object[&tags.property].is_null() {
        object[&tags.property] = json!({});
    }
    let held = object[&tags.property].as_object_mut().unwrap();
    if let Some(read) = tags.read.as_ref().filter(|read| read.operation == call.operation.name) {
        let Some(pairs) = &tags.pairs else { return Ok(json!({&read.tags: held})) };
        let pair = |(key, value): (&String, &Value)| json!({&pairs.key: key, &pairs.value: value});
        return Ok(json!({&read.tags: held.iter().map(pair).collect::<Vec<_>>()}));
    }
    if let Some(member) = kind.member_taken(&call.operation.name, &tags.property) {
        held.extend(as_map(tags, &call.input[member]));
    }
    for key in call.input[&tags.keys].as_array().into_iter().flatten() {
        held.remove(key.as_str().unwrap());
    }
    Ok(json!({}))
}

fn missing(id: &str) -> crate::service_error::Refusal {
    refuse(404, "NotFoundException", &format!("{id} not found"))
}

/// The members of an operation's input.
fn members(call: &Call) -> impl Iterator<Item = &'static str> {
    let model = ServiceModel::of(call.service).unwrap();
    let shape = call.operation.input.as_deref().and_then(|shape| model.shape(shape));
    shape.and_then(Shape::members).into_iter().flat_map(|all| all.keys().map(String::as_str))
}

/// The part of an object that the operation shows, in the member that holds it.
fn shown(kind: &TypeDefinition, call: &Call, object: &Value) -> Value {
    let (operations, name) = (&kind.file.operations, &call.operation.name);
    let within = if *name == operations.read { &operations.described } else { &operations.answer };
    let shape = kind.described(name, within.as_deref());
    let shown = shape.map_or(json!({}), |shape| visible(kind, shape, object));
    match within {
        None => shown,
        Some(member) => json!({member: shown}),
    }
}

/// The part of an object that a structure has members for.
fn visible(kind: &TypeDefinition, shape: &str, object: &Value) -> Value {
    let model = ServiceModel::of(kind.service).unwrap();
    let members = model.shape(shape).unwrap().members().unwrap().keys();
    let there = members.filter_map(|name| {
        let value = object.get(name).filter(|value| !value.is_null())?;
        Some((name.clone(), value.clone()))
    });
    there.collect()
}
