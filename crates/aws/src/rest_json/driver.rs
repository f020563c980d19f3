//! The driver that the tables speak of.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Found, Object, Observed,
    Progress, ResourceDriver, UpdateRequest,
};
use rstack_model::{KnownMap, KnownValue, PhysicalId, PropertyPath};
use rstack_schema::{Registry, TypeSchema};

use super::changes::{places_within, within};
use super::object::{object, without_withheld};
use super::{ResetValue, RestType, SettingsRow, tags};
use crate::api::Api;
use crate::mapping::Mapper;
use crate::model::ServiceModel;

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

    fn identified(&self, physical_id: &PhysicalId, mut members: KnownMap) -> KnownMap {
        let id = KnownValue::from(physical_id.as_str());
        members.insert(self.kind.identifier.to_owned(), id);
        members
    }

    async fn describe(&self, physical_id: &PhysicalId) -> Result<KnownMap, DriverError> {
        let input = self.identified(physical_id, KnownMap::new());
        let answer = self.api.call(self.kind.read, input).await?;
        Ok(without_withheld(self.kind, answer))
    }

    /// The description, or `None` if there is no such object.
    async fn look(&self, physical_id: &PhysicalId) -> Result<Option<KnownMap>, DriverError> {
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

    fn declared_id(&self, properties: &KnownMap) -> Result<PhysicalId, DriverError> {
        let id = properties.get(self.kind.identifier).and_then(KnownValue::as_str);
        id.map(PhysicalId::new).ok_or_else(|| {
            let message = format!("`{}` is missing", self.kind.identifier);
            let kind = ErrorKind::Invalid { property: None };
            DriverError::new(kind, self.action(self.kind.create), message)
        })
    }

    /// What a failed create means: the service has one code for all that is wrong.
    async fn explain(&self, id: &PhysicalId, error: DriverError) -> DriverError {
        let mut error = not_yet_visible(error);
        if error.has_code(self.kind.refused_code) && matches!(self.look(id).await, Ok(Some(_))) {
            error.kind = ErrorKind::AlreadyExists;
        }
        error
    }

    /// Tells the service every setting that is not as declared. Whether there was one.
    async fn set(
        &self,
        id: &PhysicalId,
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

    async fn read(&self, id: &PhysicalId, _: &KnownMap) -> Result<Observed, DriverError> {
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
        let created = match self.api.call(kind.create, input).await {
            Ok(answer) => without_withheld(kind, answer),
            Err(error) => return Err(self.explain(&id, error).await),
        };
        let made = self.object(kind.create, created.clone())?;
        if !kind.settings.is_empty() {
            effects.created(&made.physical_id).await.map_err(|error| {
                DriverError::new(ErrorKind::UnknownOutcome, &action, error.to_string())
            })?;
        }
        let set = self.set(&made.physical_id, &created, &KnownMap::new(), properties).await;
        if set.map_err(not_yet_visible)? {
            let members = self.describe(&made.physical_id).await.map_err(not_yet_visible)?;
            return self.object(kind.read, members);
        }
        Ok(made)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let (kind, id) = (self.kind, &request.physical_id);
        let current = self.describe(id).await?;
        let before = self.updatable(&request.prior)?;
        let mut wanted = self.updatable(&request.properties)?;
        for row in kind.resets {
            if before.contains_key(row.property) && !wanted.contains_key(row.property) {
                let value = match row.value {
                    ResetValue::EmptyText => KnownValue::from(""),
                    ResetValue::EmptyList => KnownValue::List(Vec::new()),
                };
                wanted.insert(row.property.to_owned(), value);
            }
        }
        let mut changed = false;
        if !within(&wanted, &current) || !places_within(&before, &wanted) {
            self.api.call(kind.update, self.identified(id, wanted)).await?;
            changed = true;
        }
        changed |= self.set(id, &current, &request.prior, &request.properties).await?;
        changed |= self.change_tags(&current, request).await?;
        let members = if changed { self.describe(id).await? } else { current };
        self.object(kind.read, members)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let input = self.identified(&request.physical_id, KnownMap::new());
        match self.api.call(self.kind.delete, input).await {
            Ok(_) => Ok(Progress::Done),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done),
            // A delete says nothing that could be wrong: what is refused is still in use.
            Err(mut error) if error.has_code(self.kind.refused_code) => {
                error.kind = ErrorKind::Conflict;
                Err(error)
            }
            Err(error) => Err(error),
        }
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
