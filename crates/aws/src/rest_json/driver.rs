//! The driver of the types that are data.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PropertyPath};

use super::changes::{places_within, within};
use super::creating::not_yet_visible;
use super::identity::{identified, identifier, shown};
use super::object::{object, without_withheld};
use super::residual::residual_property;
use super::roles::roles;
use super::states::{Stage, stage};
use super::tags;
use crate::api::Api;
use crate::definition::TypeDefinition;
use crate::mapping::Mapper;

/// The driver of one resource type.
pub(crate) struct RestDriver {
    pub(super) api: Arc<dyn Api>,
    pub(super) kind: &'static TypeDefinition,
}

impl RestDriver {
    /// A driver that calls this service.
    pub(crate) fn new(api: Arc<dyn Api>, kind: &'static TypeDefinition) -> Self {
        Self { api, kind }
    }

    async fn describe(&self, key: &KnownMap) -> Result<KnownMap, DriverError> {
        let input = identified(key, KnownMap::new());
        let answer = self.api.call(self.kind.file.operations.read.as_str(), input).await?;
        Ok(without_withheld(self.kind, answer))
    }

    /// The description, or `None` if there is no such object.
    pub(super) async fn look(&self, key: &KnownMap) -> Result<Option<KnownMap>, DriverError> {
        match self.describe(key).await {
            Ok(members) if stage(self.kind, &members) == Stage::Gone => Ok(None),
            Ok(members) => Ok(Some(members)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The object in an answer of an operation.
    pub(super) fn object(&self, operation: &str, members: KnownMap) -> Result<Object, DriverError> {
        let model = self.model()?;
        let shape = model.operation(operation).and_then(|operation| operation.output.as_deref());
        let shape = match self.within(operation) {
            None => shape,
            Some(member) => shape
                .and_then(|shape| model.shape(shape)?.members()?.get(member))
                .map(|member| member.shape.as_str()),
        };
        let shape = shape.ok_or_else(|| self.damaged(format!("`{operation}` gives nothing")))?;
        let mapper = Mapper::new(model, shape, self.kind.rules);
        object(self.kind, &mapper, &*self.schema()?, members, &self.action(operation))
    }

    /// The member of an operation's answers that holds the description.
    pub(super) fn within(&self, operation: &str) -> Option<&'static str> {
        let operations = &self.kind.file.operations;
        let changes =
            operation == operations.create || operations.update.as_deref() == Some(operation);
        operations.answer.as_deref().filter(|_| changes)
    }

    /// True for the one error that stands for everything that the service refuses.
    pub(super) fn is_refused(&self, error: &DriverError) -> bool {
        self.kind.refused_code.is_some_and(|code| error.has_code(code))
    }

    /// True if the object is in use, or is what the call would make: services have one code for
    /// both.
    pub(super) fn is_in_conflict(&self, error: &DriverError) -> bool {
        self.is_refused(error) || error.kind == ErrorKind::Conflict
    }

    /// Calls the updating operation. A role that the object did not have may not be usable yet.
    async fn change(
        &self,
        key: &KnownMap,
        current: &KnownMap,
        wanted: KnownMap,
    ) -> Result<(), DriverError> {
        let Some(update) = self.kind.file.operations.update.as_deref() else {
            return Err(self.damaged("it has no operation that changes an object"));
        };
        let new_role = !roles(&wanted).is_subset(&roles(current));
        self.unblocked(update, &shown(key), current)?;
        let called = self.api.call(update, identified(key, wanted)).await;
        called.map(drop).map_err(|mut error| {
            if new_role && self.is_refused(&error) {
                error.kind = ErrorKind::DependencyNotReady;
            }
            error
        })
    }

    /// The error that a property is still there which was declared before and is no longer.
    fn stays(&self, property: PropertyPath) -> DriverError {
        let message = format!(
            "`{property}` is declared no longer, but the service keeps it and takes it back by no \
             update; declare it again, or replace the {}",
            self.kind.file.noun
        );
        let kind = ErrorKind::Invalid { property: Some(property) };
        let operations = &self.kind.file.operations;
        let update = operations.update.as_ref().unwrap_or(&operations.create);
        DriverError::new(kind, self.action(update), message)
    }

    /// Tells the service every setting that is not as declared. Whether there was one.
    async fn set(
        &self,
        key: &KnownMap,
        current: &KnownMap,
        prior: &KnownMap,
        properties: &KnownMap,
    ) -> Result<bool, DriverError> {
        let mut changed = false;
        for row in &self.kind.file.settings {
            let (wanted, before) = (self.settings(row, properties)?, self.settings(row, prior)?);
            if within(&wanted, current) && places_within(&before, &wanted) {
                continue;
            }
            self.api.call(&row.operation, identified(key, wanted)).await?;
            changed = true;
        }
        Ok(changed)
    }

    async fn change_tags(
        &self,
        current: &KnownMap,
        request: &UpdateRequest,
    ) -> Result<bool, DriverError> {
        let Some(kind) = self.kind.tags else { return Ok(false) };
        let action = self.action(&kind.set);
        let changes = tags::changes(kind, current, &request.prior, &request.properties, &action)?;
        let arn = match current.get(&kind.arn) {
            Some(arn) if !changes.set.is_empty() || !changes.unset.is_empty() => arn,
            Some(_) | None => return Ok(false),
        };
        let resource = || KnownMap::from([(kind.resource.clone(), arn.clone())]);
        if !changes.set.is_empty() {
            let mut input = resource();
            input.insert(kind.property.clone(), KnownValue::Map(changes.set));
            self.api.call(&kind.set, input).await?;
        }
        if !changes.unset.is_empty() {
            let keys = changes.unset.into_iter().map(KnownValue::from).collect();
            let mut input = resource();
            input.insert(kind.keys.clone(), KnownValue::List(keys));
            self.api.call(&kind.remove, input).await?;
        }
        Ok(true)
    }
}

#[async_trait]
impl DirectDriver for RestDriver {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(&self, id: &Identifier, _: &KnownMap) -> Result<Observed, DriverError> {
        Ok(match self.look(&self.key(id)?).await? {
            Some(members) => {
                Observed::Present(self.object(self.kind.file.operations.read.as_str(), members)?)
            }
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let (kind, properties) = (self.kind, &request.properties);
        let create = kind.file.operations.create.as_str();
        let action = self.action(create);
        let declared = self.declared_key(properties)?;
        let mut input = self.with_token(self.creatable(properties)?, &request.token)?;
        if let Some(kind) = kind.tags {
            let tags = tags::of_new(kind, properties, &request.token, &action)?;
            input.insert(kind.property.clone(), tags);
        }
        if let Some(key) = declared.as_ref().filter(|_| self.replaces()) {
            self.is_free(key, request, effects).await?;
        }
        self.is_new(&input, request).await?;
        let names_role = !roles(&input).is_empty();
        let created = match self.make(input, properties).await {
            Ok(answer) => answer,
            Err(error) => {
                // What an operation that replaces is refused for is not its name.
                let key = declared.as_ref().filter(|_| !self.replaces());
                return Err(self.explain(key, error, names_role).await);
            }
        };
        // The answer of an operation that replaces may hold nothing.
        let (created, operation) = match declared.filter(|_| identifier(kind, &created).is_none()) {
            None => (created, create),
            Some(key) => {
                let described = self.describe(&key).await.map_err(not_yet_visible)?;
                (described, kind.file.operations.read.as_str())
            }
        };
        let made = self.object(operation, created.clone())?;
        if kind.file.settings.is_empty() {
            return Ok(made);
        }
        effects.created(&made.identifier, &made.physical_id).await.map_err(|error| {
            DriverError::new(ErrorKind::UnknownOutcome, &action, error.to_string())
        })?;
        let key = self.key(&made.identifier)?;
        let set = self.set(&key, &created, &KnownMap::new(), properties).await;
        if set.map_err(not_yet_visible)? {
            let members = self.describe(&key).await.map_err(not_yet_visible)?;
            return self.object(kind.file.operations.read.as_str(), members);
        }
        Ok(made)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let (kind, key) = (self.kind, self.key(&request.identifier)?);
        let current = self.describe(&key).await?;
        let before = self.updatable(&request.prior)?;
        let declared = self.updatable(&request.properties)?;
        let wanted = self.completed(declared.clone(), &before, &current)?;
        let mut changed = false;
        if !within(&wanted, &current) || !places_within(&before, &wanted) {
            self.change(&key, &current, wanted).await?;
            changed = true;
        }
        changed |= self.set(&key, &current, &request.prior, &request.properties).await?;
        changed |= self.change_tags(&current, request).await?;
        let members = if changed { self.describe(&key).await? } else { current };
        if let Some(property) = residual_property(kind, &before, &declared, &members) {
            return Err(self.stays(property));
        }
        self.object(kind.file.operations.read.as_str(), members)
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        if self.kind.file.states.is_none() {
            return Ok(Progress::Done);
        }
        let key = self.key(identifier)?;
        let members = self.describe(&key).await.map_err(not_yet_visible)?;
        self.settled(&shown(&key), &members)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let key = self.key(&request.identifier)?;
        let operation = self.kind.file.operations.delete.as_str();
        if self.kind.file.states.is_some() {
            let Some(members) = self.look(&key).await? else { return Ok(Progress::Done) };
            if stage(self.kind, &members) == Stage::Deleting {
                return Ok(self.goes(&shown(&key)));
            }
            self.unblocked(operation, &shown(&key), &members)?;
        }
        match self.api.call(operation, key.clone()).await {
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Progress::Done),
            // A delete says nothing that could be wrong: what is refused is still in use, mostly by
            // something whose own deletion goes on.
            Err(mut error) if self.is_in_conflict(&error) => {
                error.kind = ErrorKind::DependencyNotReady;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        // The service has only taken note of it.
        Ok(match self.look(&key).await? {
            None => Progress::Done,
            Some(_) => self.goes(&shown(&key)),
        })
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let file = &self.kind.file;
        let key = match (self.declared_key(&request.properties)?, &file.identifier.listing) {
            (Some(key), _) => key,
            (None, Some(listing)) => match self.listed(listing, &request.token).await? {
                Some(identifier) => self.key(&identifier)?,
                None => return Ok(Found::Absent),
            },
            (None, None) => return Err(self.damaged("it has no names and no listing")),
        };
        // A call that replaces what exists was made only after the proof that nothing did.
        if self.replaces() && !request.absence_proven {
            return Ok(Found::Absent);
        }
        let Some(members) = self.look(&key).await? else { return Ok(Found::Absent) };
        let found = self.object(file.operations.read.as_str(), members.clone())?;
        let ours = match self.kind.tags {
            Some(tags) => tags::made_by(tags, &members, &request.token),
            None => self.is_as_declared(request, &found)?,
        };
        if ours {
            return Ok(Found::Ours(Box::new(found)));
        }
        let (name, type_name) = (shown(&key), &file.type_name);
        let why = match self.kind.tags {
            Some(_) => format!(
                "there is an object `{name}` of type {type_name} without the tag of this \
                 operation: another may have created it"
            ),
            None => format!(
                "there is a {} of `{name}`, but it is not configured as declared",
                file.noun
            ),
        };
        Ok(Found::Ambiguous { why })
    }
}
