//! Names of objects: those that a template chooses, those that operations take, those of answers.

use rstack_driver::{CreateRequest, DriverError, ErrorKind};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::RestDriver;
use crate::definition::{TypeDefinition, braced, entry};

/// The number of parts of an ARN: the last one is the resource.
const ARN_PARTS: usize = 6;

impl RestDriver {
    /// The members by which operations name an object.
    ///
    /// # Errors
    /// If the identifier has another form than those of the type.
    pub(super) fn key(&self, identifier: &Identifier) -> Result<KnownMap, DriverError> {
        let names = &self.kind.file.identifier;
        let made = match &names.arn {
            Some(form) => within_arn(form, identifier.only()),
            None => joined(&names.members(), identifier.parts()),
        };
        made.ok_or_else(|| {
            let form = names.arn.clone().unwrap_or_else(|| names.members().join("|"));
            let noun = &self.kind.file.noun;
            let message = format!("`{identifier}` names no {noun}: its form is `{form}`");
            let kind = ErrorKind::Invalid { property: None };
            DriverError::new(kind, self.action(&self.kind.file.operations.read), message)
        })
    }

    /// The members by which operations name the object that a template declares; `None` if the
    /// service chooses its name.
    ///
    /// # Errors
    /// If the template does not say the name.
    pub(super) fn declared_key(
        &self,
        properties: &KnownMap,
    ) -> Result<Option<KnownMap>, DriverError> {
        let names = self.kind.file.identifier.declared();
        if names.is_empty() {
            return Ok(None);
        }
        let key = names.into_iter().map(|name| {
            let value = properties.get(name).and_then(KnownValue::as_str);
            let value = value.ok_or_else(|| self.missing(name))?;
            Ok((name.to_owned(), KnownValue::from(value)))
        });
        key.collect::<Result<_, _>>().map(Some)
    }
}

impl RestDriver {
    /// The input of an operation on the object with this key. An operation that takes no name is
    /// given none: it shows all objects.
    pub(super) fn identified(
        &self,
        operation: &str,
        key: &KnownMap,
        mut members: KnownMap,
    ) -> KnownMap {
        for (name, value) in key {
            let Some(place) = self.kind.name_place(operation, name) else { continue };
            let value = match place.is_list {
                true => KnownValue::List(vec![value.clone()]),
                false => value.clone(),
            };
            members.insert(place.member.to_owned(), value);
        }
        members
    }
}

impl RestDriver {
    /// The members by which operations name the object that has the name which a template chooses;
    /// `None` if there is no such object, or the template chooses no name.
    pub(super) async fn looked_up(
        &self,
        properties: &KnownMap,
    ) -> Result<Option<KnownMap>, DriverError> {
        let Some(lookup) = &self.kind.file.identifier.lookup else { return Ok(None) };
        let name = properties.get(&lookup.property).and_then(KnownValue::as_str);
        let name = name.ok_or_else(|| self.missing(&lookup.property))?;
        let input = KnownMap::from([(lookup.property.clone(), KnownValue::from(name))]);
        match self.api.call(&lookup.operation, input).await {
            Ok(answer) => {
                let found = identifier(self.kind, &answer).map(|it| self.key(&it));
                found.transpose()
            }
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The properties of a new object: a name that rstack chose has the end that it needs.
    pub(super) fn of_new(&self, request: &CreateRequest) -> KnownMap {
        let names = &self.kind.file.identifier;
        let ending = names.naming.as_ref().and_then(|naming| naming.ending.as_ref());
        match (ending, self.kind.naming()) {
            (Some(ending), Some(rule)) => {
                rule.with_ending(request, (&ending.property, &ending.text))
            }
            (None, _) | (_, None) => request.properties.clone(),
        }
    }

    /// The error that a template does not say a name.
    fn missing(&self, property: &str) -> DriverError {
        let kind = ErrorKind::Invalid { property: None };
        let action = self.action(&self.kind.file.operations.create);
        DriverError::new(kind, action, format!("`{property}` is missing"))
    }
}

/// True if a description names the object with this key.
pub(super) fn names_it(members: &KnownMap, key: &KnownMap) -> bool {
    key.iter().all(|(name, value)| entry(members, name).is_some_and(|(_, found)| found == value))
}

/// The name in a key, for messages.
pub(super) fn shown(key: &KnownMap) -> String {
    key.values().filter_map(KnownValue::as_str).collect::<Vec<_>>().join("/")
}

/// The identifier in a description; `None` if it lacks a part.
pub(super) fn identifier(kind: &TypeDefinition, members: &KnownMap) -> Option<Identifier> {
    let names = kind.file.identifier.names();
    let parts = names.map(|name| entry(members, name)?.1.as_str().map(str::to_owned));
    parts.collect::<Option<Vec<_>>>().map(Identifier::new)
}

/// The physical ID of an object: `Ref` of every type that is data returns the identifier, parts
/// joined.
pub(super) fn referred(identifier: &Identifier) -> PhysicalId {
    PhysicalId::new(identifier.to_string())
}

/// The names in the resource of an ARN.
fn within_arn(form: &str, arn: &str) -> Option<KnownMap> {
    let resource = arn.splitn(ARN_PARTS, ':').nth(ARN_PARTS - 1)?;
    let (form, steps): (Vec<_>, Vec<_>) =
        (form.split('/').collect(), resource.split('/').collect());
    if form.len() != steps.len() || !arn.starts_with("arn:") {
        return None;
    }
    let mut key = KnownMap::new();
    for (form, step) in form.into_iter().zip(steps) {
        match braced(form) {
            Some(name) if !step.is_empty() => {
                key.insert(name.to_owned(), KnownValue::from(step));
            }
            Some(_) => return None,
            None if form == step => {}
            None => return None,
        }
    }
    Some(key)
}

/// The parts of an identifier under the names of members.
fn joined(names: &[&str], parts: &[String]) -> Option<KnownMap> {
    if names.len() != parts.len() {
        return None;
    }
    let pair = |(name, part): (&&str, &String)| ((*name).to_owned(), part.as_str().into());
    Some(names.iter().zip(parts).map(pair).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    #[test]
    fn the_names_in_an_arn_are_what_operations_take() {
        let form = "channelGroup/{ChannelGroupName}/channel/{ChannelName}";
        let arn = |resource: &str| format!("arn:aws:mediapackagev2:eu-west-1:1:{resource}");
        let found = within_arn(form, &arn("channelGroup/g/channel/c"));
        assert_eq!(found, Some(known(json!({"ChannelGroupName": "g", "ChannelName": "c"}))));
        for other in ["channelGroup/g", "channelGroup/g/channel/", "group/g/channel/c", ""] {
            assert_eq!(within_arn(form, &arn(other)), None, "{other}");
        }
        assert_eq!(within_arn(form, "channelGroup/g/channel/c"), None);
        assert_eq!(within_arn(form, "x:a:b:c:d:channelGroup/g/channel/c"), None);
    }

    #[test]
    fn an_identifier_has_as_many_parts_as_the_type_has_names() {
        let names = ["ChannelGroupName", "ChannelName"];
        let parts = ["g".to_owned(), "c".to_owned()];
        let expected = known(json!({"ChannelGroupName": "g", "ChannelName": "c"}));
        assert_eq!(joined(&names, &parts), Some(expected));
        assert_eq!(joined(&names, &parts[..1]), None);
    }
}
