//! Descriptions of objects: the answer of the reading operation or a part of it, and the tags and
//! settings that other operations show.

use std::collections::BTreeMap;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::RestDriver;
use super::identity::{names_it, shown};
use super::object::{with_plain, without_withheld};
use super::states::{Stage, stage};
use super::tags;
use crate::definition::{Settings, SettingsReading};

/// The most pages that are read: more objects than any account has.
pub(super) const MOST_PAGES: usize = 1000;

/// An object as its service describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Description {
    /// The members, with the tags as a map under the name of their property.
    pub(super) members: KnownMap,
    /// The members of settings that descriptions do not have, by the operation that showed them.
    pub(super) settings: BTreeMap<&'static str, KnownMap>,
}

impl Description {
    /// The known part of the settings of a row.
    pub(super) fn of(&self, row: &Settings) -> KnownMap {
        match &row.read {
            None => self.members.clone(),
            Some(read) => self.settings.get(read.operation.as_str()).cloned().unwrap_or_default(),
        }
    }
}

impl RestDriver {
    /// The object with this key as the reading operation describes it, or `None` if there is none:
    /// one that is described although it is deleted is none.
    pub(super) async fn look(&self, key: &KnownMap) -> Result<Option<KnownMap>, DriverError> {
        let found = self.described(key).await?;
        Ok(found.filter(|members| stage(self.kind, members) != Stage::Gone))
    }

    /// The description of the object with this key, whatever its state; `None` if there is none.
    pub(super) async fn described(&self, key: &KnownMap) -> Result<Option<KnownMap>, DriverError> {
        let operations = &self.kind.file.operations;
        let beside = operations.reading.iter();
        let beside = beside.map(|(name, it)| (name.clone(), KnownValue::from_json(it.clone())));
        let mut input = self.identified(&operations.read, key, beside.collect());
        for _ in 0..MOST_PAGES {
            let answer = match self.api.call(&operations.read, input.clone()).await {
                Ok(answer) => without_withheld(self.kind, answer),
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let next = operations.next.as_ref().and_then(|next| {
                let at = answer.get(&next.answer).filter(|at| says_something(at))?;
                Some((next.input.clone(), at.clone()))
            });
            if let Some(members) = self.part(answer, key) {
                return Ok(Some(with_plain(self.kind, members)));
            }
            let Some((member, at)) = next else { return Ok(None) };
            input.insert(member, at);
        }
        Err(self.endless(&operations.read))
    }

    /// The part of an answer of the reading operation that describes the object with this key.
    fn part(&self, mut answer: KnownMap, key: &KnownMap) -> Option<KnownMap> {
        if let Some(lookup) = &self.kind.file.identifier.lookup {
            answer.extend(key.clone());
            let name = key.values().filter_map(KnownValue::as_str).next().and_then(last_part);
            answer.extend(name.map(|name| (lookup.property.clone(), name.into())));
        }
        let Some(described) = &self.kind.file.operations.described else { return Some(answer) };
        match answer.remove(described)? {
            KnownValue::Map(members) => Some(members),
            KnownValue::List(items) => {
                let mut items = items.iter().filter_map(KnownValue::as_map);
                items.find(|members| names_it(members, key)).cloned()
            }
            KnownValue::Null
            | KnownValue::Bool(_)
            | KnownValue::Number(_)
            | KnownValue::String(_)
            | KnownValue::Secret(_) => None,
        }
    }

    /// The object with its tags, and with the settings that one of the trees declares; `None` if
    /// there is no such object.
    pub(super) async fn seen(
        &self,
        key: &KnownMap,
        declared: &[&KnownMap],
    ) -> Result<Option<Description>, DriverError> {
        let Some(members) = self.look(key).await? else { return Ok(None) };
        let Some(members) = self.with_tags(members).await? else { return Ok(None) };
        let mut settings = BTreeMap::new();
        for row in &self.kind.file.settings {
            let Some(read) = &row.read else { continue };
            let is_declared =
                row.properties.iter().any(|name| declared.iter().any(|it| it.contains_key(name)));
            if is_declared {
                settings.insert(read.operation.as_str(), self.settings_shown(read, key).await?);
            }
        }
        Ok(Some(Description { members, settings }))
    }

    /// As [`Self::seen`], of an object that has to be there.
    pub(super) async fn describe(
        &self,
        key: &KnownMap,
        declared: &[&KnownMap],
    ) -> Result<Description, DriverError> {
        self.seen(key, declared).await?.ok_or_else(|| self.nothing(key))
    }

    /// The error that there is no object with this key.
    pub(super) fn nothing(&self, key: &KnownMap) -> DriverError {
        let message = format!("there is no {} `{}`", self.kind.file.noun, shown(key));
        let action = self.action(&self.kind.file.operations.read);
        DriverError::new(ErrorKind::NotFound, action, message)
    }

    /// The error that a list goes on and on.
    pub(super) fn endless(&self, operation: &str) -> DriverError {
        let message = format!("the list of each {} has no end", self.kind.file.noun);
        DriverError::new(ErrorKind::Unsupported, self.action(operation), message)
    }

    /// A description with the tags as a map; `None` if the object is gone meanwhile.
    pub(super) async fn with_tags(
        &self,
        mut members: KnownMap,
    ) -> Result<Option<KnownMap>, DriverError> {
        let Some(kind) = self.kind.tags else { return Ok(Some(members)) };
        let held = match &kind.read {
            None => members.remove(&kind.property),
            Some(read) => {
                let Some(name) = members.get(&kind.arn) else { return Ok(Some(members)) };
                let input = tags::input(kind, name);
                match self.api.call(&read.operation, input).await {
                    Ok(mut answer) => answer.remove(&read.tags),
                    Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
        };
        if let Some(held) = held.and_then(|held| tags::as_map(kind, &held)) {
            members.insert(kind.property.clone(), KnownValue::Map(held));
        }
        Ok(Some(members))
    }

    /// The settings that an operation shows of an object; none if it finds none.
    async fn settings_shown(
        &self,
        read: &'static SettingsReading,
        key: &KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let input = self.identified(&read.operation, key, KnownMap::new());
        let mut answer = match self.api.call(&read.operation, input).await {
            Ok(answer) => without_withheld(self.kind, answer),
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(KnownMap::new()),
            Err(error) => return Err(error),
        };
        let Some(described) = &read.described else { return Ok(answer) };
        let is_it = |item: &KnownMap| {
            let has = |(member, text): (&String, &String)| {
                item.get(member).and_then(KnownValue::as_str) == Some(text.as_str())
            };
            read.only.iter().all(has)
        };
        Ok(match answer.remove(described) {
            Some(KnownValue::Map(members)) => members,
            Some(KnownValue::List(items)) => {
                let mut items = items.into_iter().filter_map(|item| item.as_map().cloned());
                items.find(is_it).unwrap_or_default()
            }
            Some(_) | None => KnownMap::new(),
        })
    }
}

/// The last part of a URL or an ARN.
fn last_part(identifier: &str) -> Option<&str> {
    identifier.rsplit(['/', ':']).next()
}

/// True for a member that is there and not empty.
pub(super) fn says_something(value: &KnownValue) -> bool {
    *value != KnownValue::Null && value.as_str() != Some("")
}
