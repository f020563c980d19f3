//! From a service's description of an object to what the engine sees of it.

use rstack_catalog::Kind;
use rstack_driver::{DriverError, ErrorKind, Object};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::RestDriver;
use super::attributes;
use super::describing::Description;
use super::identity::{identifier, referred};
use super::tags;
use crate::definition::{Attribute, TypeDefinition};
use crate::mapping::{Mapper, json_tree};

/// An answer without what is never kept.
pub(super) fn without_withheld(kind: &TypeDefinition, mut members: KnownMap) -> KnownMap {
    let names: Vec<&str> =
        kind.file.withheld.iter().flat_map(|entry| &entry.members).map(String::as_str).collect();
    withhold(&mut members, &names);
    members
}

fn withhold(members: &mut KnownMap, names: &[&str]) {
    members.retain(|name, _| !names.contains(&name.as_str()));
    members.values_mut().for_each(|value| withhold_in(value, names));
}

fn withhold_in(value: &mut KnownValue, names: &[&str]) {
    match value {
        KnownValue::Map(map) => withhold(map, names),
        KnownValue::List(items) => items.iter_mut().for_each(|item| withhold_in(item, names)),
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::String(_)
        | KnownValue::Secret(_) => {}
    }
}

impl RestDriver {
    /// The object that an answer of an operation describes, of which these properties are declared.
    ///
    /// # Errors
    /// If the answer does not name the object.
    pub(super) fn object(
        &self,
        operation: &str,
        description: Description,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let (kind, schema) = (self.kind, self.schema()?);
        let (schema, Description { members, settings }) = (&*schema, description);
        let mapper = self.shows(operation, self.within(operation))?;
        let identifier = identifier(kind, &members).ok_or_else(|| {
            let names: Vec<_> = kind.file.identifier.names().map(String::as_str).collect();
            let message = format!("the answer lacks `{}`", names.join("` or `"));
            DriverError::new(ErrorKind::UnknownOutcome, self.action(operation), message)
        })?;
        let physical_id = referred(&identifier);
        let mut properties = mapper.from_members(&members, schema, schema.root());
        if let Some(kind) = &kind.file.operations.attributes {
            let texts = members.get(&kind.member).and_then(KnownValue::as_map);
            properties.extend(attributes::properties(
                kind,
                texts.unwrap_or(&KnownMap::new()),
                schema,
            ));
        }
        if let Some(lookup) = &kind.file.identifier.lookup {
            let names = kind.file.identifier.names().chain([&lookup.property]);
            let known = names.filter_map(|name| Some((name.clone(), members.get(name)?.clone())));
            properties.extend(known);
        }
        for row in &kind.file.settings {
            let Some(read) = &row.read else { continue };
            let Some(shown) = settings.get(read.operation.as_str()) else { continue };
            let mapper = self.shows(&read.operation, read.described.as_deref())?;
            let mut found = mapper.from_members(shown, schema, schema.root());
            found.retain(|name, _| row.properties.contains(name));
            properties.extend(found);
        }
        if let Some(tags) = kind.tags {
            properties.remove(&tags.property);
            let is_map = schema
                .property(schema.root(), &tags.property)
                .is_some_and(|node| schema.resolve(node).kinds().contains(&Kind::Map));
            let visible = tags::visible(tags, &members);
            let visible = visible.map(|held| tags::as_property(held, is_map));
            properties.extend(visible.map(|held| (tags.property.clone(), held)));
        }
        let mut attributes = KnownMap::new();
        for attribute in &kind.file.attributes {
            let value = match &attribute.member {
                Some(place) => every(&members, place),
                None => places(attribute).find_map(|place| at(&properties, place)).cloned(),
            };
            attributes.extend(value.map(|value| (attribute.name.clone(), value)));
        }
        properties.retain(|name, _| !schema.is_read_only(&PropertyPath::root().name(name)));
        properties.retain(|name, _| !kind.file.attributes.iter().any(|it| it.hides(name)));
        let properties = as_declared(kind, properties, declared);
        Ok(Object { identifier, physical_id, properties, attributes })
    }

    /// The mapper from what an operation's answer holds in a member, or from the answer itself.
    fn shows(&self, operation: &str, within: Option<&str>) -> Result<Mapper<'static>, DriverError> {
        let shape = self.kind.described(operation, within);
        let shape = shape.ok_or_else(|| self.damaged(format!("`{operation}` gives nothing")))?;
        Ok(Mapper::new(self.model()?, shape, self.kind.rules))
    }
}

/// The members of a description, with what the model takes for a secret and is none as plain text.
pub(super) fn with_plain(kind: &TypeDefinition, mut members: KnownMap) -> KnownMap {
    for name in kind.file.plain.iter().flat_map(|entry| &entry.properties) {
        if let Some(KnownValue::Secret(text)) = members.get(name) {
            let text = KnownValue::from(text.expose());
            members.insert(name.clone(), text);
        }
    }
    members
}

/// The properties in the form in which they are declared, where the service shows the same in
/// another one: documents and names of other objects.
fn as_declared(kind: &TypeDefinition, mut properties: KnownMap, declared: &KnownMap) -> KnownMap {
    for (name, given) in declared {
        // A document that was given as a text, or a text that is a document.
        let trees = [Some(given), properties.get(name)].map(|value| value.map(json_tree));
        if let [Some(given_tree), Some(shown)] = trees
            && given_tree == shown
            && given_tree != *given
        {
            properties.insert(name.clone(), given.clone());
        }
    }
    for name in kind.file.references.iter().flat_map(|entry| &entry.properties) {
        let texts = [properties.get(name), declared.get(name)];
        if let [Some(shown), Some(given)] = texts.map(|value| value?.as_str())
            && is_same_name(shown, given)
        {
            let given = KnownValue::from(given);
            properties.insert(name.clone(), given);
        }
    }
    properties
}

/// True if one is the ARN of what the other names by its ID.
fn is_same_name(one: &str, other: &str) -> bool {
    let ends_with = |arn: &str, id: &str| {
        let rest = arn.strip_suffix(id).filter(|rest| rest.starts_with("arn:"));
        rest.is_some_and(|rest| rest.ends_with([':', '/'])) && !id.is_empty()
    };
    ends_with(one, other) || ends_with(other, one)
}

/// The value at a place of a description. With a step `*` it is the list of the values below every
/// element that has one; `None` if there is no such value.
fn every(members: &KnownMap, place: &str) -> Option<KnownValue> {
    let mut found = vec![KnownValue::Map(members.clone())];
    let mut is_list = false;
    for step in place.split('/') {
        let below = found.iter().flat_map(|value| match (step, value) {
            ("*", KnownValue::List(items)) => items.clone(),
            _ => value.get(step).cloned().into_iter().collect(),
        });
        found = below.filter(|value| *value != KnownValue::Null).collect();
        is_list |= step == "*";
    }
    if is_list && !found.is_empty() { Some(KnownValue::List(found)) } else { found.pop() }
}

/// The places of an attribute.
fn places(attribute: &Attribute) -> impl Iterator<Item = &str> {
    let own = attribute.from.is_empty().then_some(attribute.name.as_str());
    attribute.from.iter().map(String::as_str).chain(own)
}

/// The value at a place of the tree, if there is one.
fn at<'a>(properties: &'a KnownMap, place: &str) -> Option<&'a KnownValue> {
    let mut steps = place.split('/');
    let first = properties.get(steps.next()?)?;
    let found = steps.try_fold(first, |value, step| match value.as_list() {
        Some(items) => items.get(step.parse::<usize>().ok()?),
        None => value.get(step),
    })?;
    let empty = matches!(found, KnownValue::Null) || found.as_str() == Some("");
    (!empty).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_and_the_id_in_it_name_the_same() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234-abcd";
        assert!(is_same_name(arn, "1234-abcd") && is_same_name("1234-abcd", arn));
        assert!(!is_same_name(arn, "abcd") && !is_same_name(arn, "") && !is_same_name("a/b", "b"));
    }
}
