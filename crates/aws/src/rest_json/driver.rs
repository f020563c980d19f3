//! The driver that the tables speak of.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Found, Object, Observed,
    Progress, ResourceDriver, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PropertyPath};

use super::changes::{places_within, within};
use super::leftover::left_over;
use super::object::{object, without_withheld};
use super::roles::roles;
use super::{RestType, SettingsRow, tags};
use crate::api::Api;
use crate::mapping::Mapper;
use crate::model::ServiceModel;
use crate::ownership::forbids_tags;

/// How soon to ask again whether something is gone.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The driver of one resource type.
pub(crate) struct RestDriver {
    api: Arc<dyn Api>,
    kind: &'static RestType,
}

impl RestDriver {
    /// A driver that calls this service.
    pub(crate) fn new(api: Arc<dyn Api>, kind: &'static RestType) -> Self {
        Self { api, kind }
    }

    /// An operation with its service, as errors have it.
    fn action(&self, operation: &str) -> String {
        format!("{}:{operation}", self.kind.service.name())
    }

    fn damaged(&self, problem: impl ToString) -> DriverError {
        DriverError::new(ErrorKind::Unsupported, self.kind.type_name, problem.to_string())
    }

    fn schema(&self) -> Result<Arc<TypeSchema>, DriverError> {
        let found = Registry::embedded().get(self.kind.type_name);
        let found = found.map_err(|error| self.damaged(error))?;
        found.ok_or_else(|| self.damaged("the registry does not have the type"))
    }

    fn model(&self) -> Result<&'static ServiceModel, DriverError> {
        ServiceModel::of(self.kind.service).map_err(|error| self.damaged(error))
    }

    /// The mapper to an operation's input.
    fn input(&self, operation: &str) -> Result<Mapper<'static>, DriverError> {
        let model = self.model()?;
        let shape = model.operation(operation).and_then(|operation| operation.input.as_deref());
        let shape = shape.ok_or_else(|| self.damaged(format!("`{operation}` takes nothing")))?;
        Ok(Mapper::new(model, shape, self.kind.rules))
    }

    /// The input of an operation that says these properties, as far as they are its business.
    fn members(
        &self,
        operation: &str,
        properties: &KnownMap,
        concerns: &dyn Fn(&str) -> bool,
    ) -> Result<KnownMap, DriverError> {
        let mapper = self.input(operation)?;
        let concerned = properties.iter().filter(|(name, _)| concerns(name));
        let concerned = concerned.map(|(name, value)| (name.clone(), value.clone())).collect();
        mapper.to_members(&concerned).map_err(|error| error.for_operation(self.action(operation)))
    }

    /// The properties that a settings operation sets.
    fn settings(&self, row: &SettingsRow, properties: &KnownMap) -> Result<KnownMap, DriverError> {
        self.members(row.operation, properties, &|name| row.properties.contains(&name))
    }

    /// Whether a property is the business of neither the creating nor the updating operation.
    fn set_apart(&self, name: &str) -> bool {
        name == tags::TAGS
            || self.kind.attributes.iter().any(|row| row.name == name)
            || self.kind.settings.iter().any(|row| row.properties.contains(&name))
    }

    /// What the creating operation is told. A property that no operation takes is an error.
    fn creatable(&self, properties: &KnownMap) -> Result<KnownMap, DriverError> {
        self.members(self.kind.create, properties, &|name| !self.set_apart(name))
    }

    /// What the updating operation is told: all that can be changed in place.
    fn updatable(&self, properties: &KnownMap) -> Result<KnownMap, DriverError> {
        let schema = self.schema()?;
        let fixed = |name: &str| {
            name == self.kind.identifier || schema.is_create_only(&PropertyPath::root().name(name))
        };
        self.members(self.kind.update, properties, &|name| !self.set_apart(name) && !fixed(name))
    }

    fn identified(&self, identifier: &Identifier, mut members: KnownMap) -> KnownMap {
        let id = KnownValue::from(identifier.only());
        members.insert(self.kind.identifier.to_owned(), id);
        members
    }

    async fn describe(&self, physical_id: &Identifier) -> Result<KnownMap, DriverError> {
        let input = self.identified(physical_id, KnownMap::new());
        let answer = self.api.call(self.kind.read, input).await?;
        Ok(without_withheld(self.kind, answer))
    }

    /// The description, or `None` if there is no such object.
    async fn look(&self, physical_id: &Identifier) -> Result<Option<KnownMap>, DriverError> {
        match self.describe(physical_id).await {
            Ok(members) => Ok(Some(members)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The object in an answer of an operation.
    fn object(&self, operation: &str, members: KnownMap) -> Result<Object, DriverError> {
        let model = self.model()?;
        let shape = model.operation(operation).and_then(|operation| operation.output.as_deref());
        let shape = shape.ok_or_else(|| self.damaged(format!("`{operation}` gives nothing")))?;
        let mapper = Mapper::new(model, shape, self.kind.rules);
        object(self.kind, &mapper, &*self.schema()?, members, &self.action(operation))
    }

    fn declared_id(&self, properties: &KnownMap) -> Result<Identifier, DriverError> {
        let id = properties.get(self.kind.identifier).and_then(KnownValue::as_str);
        id.map(Identifier::from).ok_or_else(|| {
            let message = format!("`{}` is missing", self.kind.identifier);
            let kind = ErrorKind::Invalid { property: None };
            DriverError::new(kind, self.action(self.kind.create), message)
        })
    }

    /// Calls the creating operation. A caller who may not tag and has declared no tags makes the
    /// object without the token: it is then not known again.
    async fn make(&self, input: KnownMap, properties: &KnownMap) -> Result<KnownMap, DriverError> {
        let mut untagged = input.clone();
        let answered = match self.api.call(self.kind.create, input).await {
            Err(error) if forbids_tags(&error) && tags::are_undeclared(properties) => {
                untagged.remove(tags::TAGS);
                self.api.call(self.kind.create, untagged).await
            }
            answered => answered,
        };
        answered.map(|answer| without_withheld(self.kind, answer))
    }

    /// What a failed create means: the service has one code for all that is wrong. With a role in
    /// the request and the identifier free, it may be that the role cannot be used yet.
    async fn explain(&self, id: &Identifier, error: DriverError, names_role: bool) -> DriverError {
        let mut error = not_yet_visible(error);
        if error.has_code(self.kind.refused_code) {
            match self.look(id).await {
                Ok(Some(_)) => error.kind = ErrorKind::AlreadyExists,
                Ok(None) if names_role => error.kind = ErrorKind::DependencyNotReady,
                Ok(None) | Err(_) => {}
            }
        }
        error
    }

    /// Calls the updating operation. A role that the object did not have may not be usable yet.
    async fn change(
        &self,
        id: &Identifier,
        current: &KnownMap,
        wanted: KnownMap,
    ) -> Result<(), DriverError> {
        let new_role = !roles(&wanted).is_subset(&roles(current));
        let called = self.api.call(self.kind.update, self.identified(id, wanted)).await;
        called.map(drop).map_err(|mut error| {
            if new_role && error.has_code(self.kind.refused_code) {
                error.kind = ErrorKind::DependencyNotReady;
            }
            error
        })
    }

    /// What the updating operation is told beyond what is declared: what goes back to nothing, and
    /// what nobody declared and so stays.
    fn completed(&self, mut wanted: KnownMap, before: &KnownMap, current: &KnownMap) -> KnownMap {
        for row in self.kind.resets {
            if before.contains_key(row.property) && !wanted.contains_key(row.property) {
                wanted.insert(row.property.to_owned(), row.value.known());
            }
        }
        for name in self.kind.kept {
            let undeclared = !before.contains_key(*name) && !wanted.contains_key(*name);
            let held = current.get(*name).filter(|value| {
                value.as_str() != Some("") && value.as_list().is_none_or(|list| !list.is_empty())
            });
            if let (true, Some(value)) = (undeclared, held) {
                wanted.insert((*name).to_owned(), value.clone());
            }
        }
        wanted
    }

    /// The error that a property is still there which was declared before and is no longer.
    fn stays(&self, property: PropertyPath) -> DriverError {
        let message = format!(
            "`{property}` is declared no longer, but the service keeps it and takes it back by no \
             update; declare it again, or replace the {}",
            self.kind.noun
        );
        let kind = ErrorKind::Invalid { property: Some(property) };
        DriverError::new(kind, self.action(self.kind.update), message)
    }

    /// Tells the service every setting that is not as declared. Whether there was one.
    async fn set(
        &self,
        id: &Identifier,
        current: &KnownMap,
        prior: &KnownMap,
        properties: &KnownMap,
    ) -> Result<bool, DriverError> {
        let mut changed = false;
        for row in self.kind.settings {
            let (wanted, before) = (self.settings(row, properties)?, self.settings(row, prior)?);
            if within(&wanted, current) && places_within(&before, &wanted) {
                continue;
            }
            self.api.call(row.operation, self.identified(id, wanted)).await?;
            changed = true;
        }
        Ok(changed)
    }

    async fn change_tags(
        &self,
        current: &KnownMap,
        request: &UpdateRequest,
    ) -> Result<bool, DriverError> {
        let action = self.action("TagResource");
        let changes = tags::changes(current, &request.prior, &request.properties, &action)?;
        let arn = match current.get("Arn") {
            Some(arn) if !changes.set.is_empty() || !changes.unset.is_empty() => arn,
            Some(_) | None => return Ok(false),
        };
        let resource = || KnownMap::from([("ResourceArn".to_owned(), arn.clone())]);
        if !changes.set.is_empty() {
            let mut input = resource();
            input.insert(tags::TAGS.to_owned(), KnownValue::Map(changes.set));
            self.api.call("TagResource", input).await?;
        }
        if !changes.unset.is_empty() {
            let keys = changes.unset.into_iter().map(KnownValue::from).collect();
            let mut input = resource();
            input.insert("TagKeys".to_owned(), KnownValue::List(keys));
            self.api.call("UntagResource", input).await?;
        }
        Ok(true)
    }
}

/// What is not found while an object is made is something else, or the object itself, that was
/// made a moment ago and is not yet visible everywhere.
fn not_yet_visible(mut error: DriverError) -> DriverError {
    if error.kind == ErrorKind::NotFound {
        error.kind = ErrorKind::DependencyNotReady;
    }
    error
}

#[async_trait]
impl ResourceDriver for RestDriver {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(&self, id: &Identifier, _: &KnownMap) -> Result<Observed, DriverError> {
        Ok(match self.look(id).await? {
            Some(members) => Observed::Present(self.object(self.kind.read, members)?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let (kind, properties) = (self.kind, &request.properties);
        let action = self.action(kind.create);
        let id = self.declared_id(properties)?;
        let mut input = self.creatable(properties)?;
        let tags = tags::of_new(properties, &request.token, &action)?;
        input.insert(tags::TAGS.to_owned(), tags);
        let names_role = !roles(&input).is_empty();
        let created = match self.make(input, properties).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.explain(&id, error, names_role).await),
        };
        let made = self.object(kind.create, created.clone())?;
        if !kind.settings.is_empty() {
            effects.created_as(&made.physical_id).await.map_err(|error| {
                DriverError::new(ErrorKind::UnknownOutcome, &action, error.to_string())
            })?;
        }
        let set = self.set(&made.identifier, &created, &KnownMap::new(), properties).await;
        if set.map_err(not_yet_visible)? {
            let members = self.describe(&made.identifier).await.map_err(not_yet_visible)?;
            return self.object(kind.read, members);
        }
        Ok(made)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let (kind, id) = (self.kind, &request.identifier);
        let current = self.describe(id).await?;
        let before = self.updatable(&request.prior)?;
        let declared = self.updatable(&request.properties)?;
        let wanted = self.completed(declared.clone(), &before, &current);
        let mut changed = false;
        if !within(&wanted, &current) || !places_within(&before, &wanted) {
            self.change(id, &current, wanted).await?;
            changed = true;
        }
        changed |= self.set(id, &current, &request.prior, &request.properties).await?;
        changed |= self.change_tags(&current, request).await?;
        let members = if changed { self.describe(id).await? } else { current };
        if let Some(property) = left_over(kind, &before, &declared, &members) {
            return Err(self.stays(property));
        }
        self.object(kind.read, members)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let id = &request.identifier;
        let input = self.identified(id, KnownMap::new());
        match self.api.call(self.kind.delete, input).await {
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Progress::Done),
            // A delete says nothing that could be wrong: what is refused is still in use, mostly by
            // something whose own deletion goes on.
            Err(mut error) if error.has_code(self.kind.refused_code) => {
                error.kind = ErrorKind::DependencyNotReady;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        // The service has only taken note of it.
        Ok(match self.look(id).await? {
            None => Progress::Done,
            Some(_) => Progress::Pending {
                waits_for: format!("{} `{id}` to be gone", self.kind.noun),
                ask_again_in: ASK_AGAIN,
            },
        })
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let id = self.declared_id(&request.properties)?;
        let Some(members) = self.look(&id).await? else { return Ok(Found::Absent) };
        if tags::made_by(&members, &request.token) {
            return Ok(Found::Ours(Box::new(self.object(self.kind.read, members)?)));
        }
        let why = format!(
            "there is an object `{id}` of type {} without the tag of this operation: it cannot \
             be told who made it",
            self.kind.type_name
        );
        Ok(Found::Ambiguous { why })
    }
}
