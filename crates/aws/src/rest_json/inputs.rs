//! The inputs of the operations of a type: which operation is given which properties.

use std::sync::Arc;

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath, Token};

use super::RestDriver;
use super::attributes::texts;
use super::describing::Description;
use super::residual::reset;
use crate::definition::Settings;
use crate::mapping::{Mapper, MappingError, text_of};
use crate::model::{ServiceModel, Shape};

impl RestDriver {
    /// An operation with its service, as errors have it.
    pub(super) fn action(&self, operation: &str) -> String {
        format!("{}:{operation}", self.kind.service.name())
    }

    pub(super) fn damaged(&self, problem: impl ToString) -> DriverError {
        let name = self.kind.file.type_name.as_str();
        DriverError::new(ErrorKind::Unsupported, name, problem.to_string())
    }

    pub(super) fn schema(&self) -> Result<Arc<TypeSchema>, DriverError> {
        let found = Registry::embedded().get(&self.kind.file.type_name);
        let found = found.map_err(|error| self.damaged(error))?;
        found.ok_or_else(|| self.damaged("the registry does not have the type"))
    }

    pub(super) fn model(&self) -> Result<&'static ServiceModel, DriverError> {
        ServiceModel::of(self.kind.service).map_err(|error| self.damaged(error))
    }

    /// The mapper to an operation's input.
    fn input(&self, operation: &str) -> Result<Mapper<'static>, DriverError> {
        let model = self.model()?;
        let shape = model.operation(operation).and_then(|operation| operation.input.as_deref());
        let shape = shape.ok_or_else(|| self.damaged(format!("`{operation}` takes nothing")))?;
        Ok(Mapper::new(model, shape, self.kind.rules))
    }

    /// The input of an operation that gives these properties, as far as they concern it.
    fn members(
        &self,
        operation: &str,
        properties: &KnownMap,
        concerns: &dyn Fn(&str) -> bool,
    ) -> Result<KnownMap, DriverError> {
        let mapper = self.input(operation)?;
        let concerned = properties.iter().filter(|(name, _)| concerns(name));
        let concerned = concerned.map(|(name, value)| (name.clone(), value.clone()));
        let failed = |error: MappingError| error.for_operation(self.action(operation));
        let Some(kind) = &self.kind.file.operations.attributes else {
            return mapper.to_members(&concerned.collect()).map_err(failed);
        };
        let (own, held): (KnownMap, KnownMap) =
            concerned.partition(|(name, _)| self.kind.member_taken(operation, name).is_some());
        let is_new = operation == self.kind.file.operations.create;
        let mut out = mapper.to_members(&own).map_err(failed)?;
        let texts = texts(kind, &held, is_new).map_err(failed)?;
        if !texts.is_empty() {
            out.insert(kind.member.clone(), KnownValue::Map(texts));
        }
        Ok(out)
    }

    /// The properties that a settings operation sets.
    pub(super) fn settings(
        &self,
        settings: &Settings,
        properties: &KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let concerns = |name: &str| settings.properties.iter().any(|property| property == name);
        self.members(&settings.operation, properties, &concerns)
    }

    fn is_attribute(&self, name: &str) -> bool {
        self.kind.file.attributes.iter().any(|attribute| attribute.hides(name))
    }

    fn is_setting(&self, name: &str) -> bool {
        let mut settings = self.kind.file.settings.iter();
        settings.any(|settings| settings.properties.iter().any(|property| property == name))
    }

    fn is_tags(&self, name: &str) -> bool {
        self.kind.tags.is_some_and(|tags| tags.property == name)
    }

    /// The input of the creating operation. A property that no operation takes is an error.
    pub(super) fn creatable(&self, properties: &KnownMap) -> Result<KnownMap, DriverError> {
        let model = self.model()?;
        let create = &self.kind.file.operations.create;
        let shape = model.operation(create).and_then(|operation| operation.input.as_deref());
        self.members(create, properties, &|name| {
            let member = self.member_of(shape, name);
            let elsewhere =
                self.is_setting(name) && self.kind.member_taken(create, member).is_none();
            !elsewhere && !self.is_attribute(name) && !self.is_tags(name)
        })
    }

    fn member_of<'a>(&self, shape: Option<&str>, property: &'a str) -> &'a str {
        shape.and_then(|shape| self.kind.rules.of(shape).member_of(property)).unwrap_or(property)
    }

    /// The input of the updating operation: everything that can be changed in place. A type without
    /// such an operation has nothing of the kind.
    pub(super) fn updatable(&self, properties: &KnownMap) -> Result<KnownMap, DriverError> {
        let file = &self.kind.file;
        let Some(update) = &file.operations.update else { return Ok(KnownMap::new()) };
        let schema = self.schema()?;
        let names = file.identifier.members();
        let fixed = |name: &str| {
            names.contains(&name) || schema.is_create_only(&PropertyPath::root().name(name))
        };
        self.members(update, properties, &|name| {
            let elsewhere = self.is_setting(name) || self.is_attribute(name);
            !elsewhere && !fixed(name) && !self.is_tags(name)
        })
    }

    /// The input of the updating operation with more than what is declared: the values that take
    /// undeclared properties back, and properties that were never declared, as they are.
    pub(super) fn completed(
        &self,
        mut wanted: KnownMap,
        before: &KnownMap,
        current: &KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let file = &self.kind.file;
        if let Some(update) = &file.operations.update {
            self.reset_undeclared(update, &mut wanted, before);
            self.reset_texts(&mut wanted, before)?;
        }
        let kept = file.kept.iter().flat_map(|entry| &entry.properties);
        let undeclared =
            |name: &&String| !before.contains_key(*name) && !wanted.contains_key(*name);
        let kept: Vec<_> = kept.filter(undeclared).collect();
        if kept.is_empty() {
            return Ok(wanted);
        }
        // A description has members that no operation takes, such as the URLs of manifests.
        let held = Description { members: current.clone(), ..Description::default() };
        let held = self.object(&file.operations.read, held, &KnownMap::new())?.properties;
        let mut held = self.updatable(&held)?;
        for name in kept {
            let value = held.remove(name).filter(|value| {
                value.as_str() != Some("") && value.as_list().is_none_or(|list| !list.is_empty())
            });
            wanted.extend(value.map(|value| (name.clone(), value)));
        }
        Ok(wanted)
    }

    /// The members of an input without those that no description shows and that are as before.
    pub(super) fn shown_of(
        &self,
        wanted: &KnownMap,
        before: &KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let schema = self.schema()?;
        let is_hidden = |name: &str| schema.is_write_only(&PropertyPath::root().name(name));
        let known = wanted
            .iter()
            .filter(|(name, value)| !is_hidden(name) || before.get(*name) != Some(*value));
        Ok(known.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Adds to the input of an operation the values that take back what was declared before and is
    /// no longer.
    pub(super) fn reset_undeclared(
        &self,
        operation: &str,
        wanted: &mut KnownMap,
        before: &KnownMap,
    ) {
        let resets = &self.kind.file.resets;
        for name in resets.iter().flat_map(|entry| entry.values.keys()) {
            let Some(member) = self.kind.member_taken(operation, name) else { continue };
            if before.contains_key(member) && !wanted.contains_key(member) {
                wanted.extend(reset(resets, name).map(|value| (member.to_owned(), value)));
            }
        }
    }

    /// As [`Self::reset_undeclared`], of properties that are in the map of texts.
    fn reset_texts(&self, wanted: &mut KnownMap, before: &KnownMap) -> Result<(), DriverError> {
        let Some(kind) = &self.kind.file.operations.attributes else { return Ok(()) };
        let held = |members: &KnownMap| {
            members.get(&kind.member).and_then(KnownValue::as_map).cloned().unwrap_or_default()
        };
        let (mut now, before) = (held(wanted), held(before));
        for row in &self.kind.file.resets {
            if row.without.iter().any(|name| now.contains_key(kind.key(name))) {
                continue;
            }
            for (name, value) in &row.values {
                let key = kind.key(name);
                if before.contains_key(key) && !now.contains_key(key) {
                    let value = KnownValue::from_json(value.clone());
                    let text = text_of(&value, &PropertyPath::root().name(name));
                    now.insert(key.to_owned(), text.map_err(|error| self.damaged(error))?);
                }
            }
        }
        if !now.is_empty() {
            wanted.insert(kind.member.clone(), KnownValue::Map(now));
        }
        Ok(())
    }

    /// The members of the creating operation that take the token of the request.
    pub(super) fn with_token(
        &self,
        mut input: KnownMap,
        token: &Token,
    ) -> Result<KnownMap, DriverError> {
        let model = self.model()?;
        let shape = model.operation(&self.kind.file.operations.create);
        let shape = shape.and_then(|operation| model.shape(operation.input.as_deref()?));
        for (name, member) in shape.and_then(Shape::members).into_iter().flatten() {
            if member.idempotency_token {
                input.insert(name.clone(), KnownValue::from(token.as_str()));
            }
        }
        Ok(input)
    }
}
