//! The driver of the types that are data.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PropertyPath};

use super::changes::{places_within, within};
use super::object::{object, without_withheld};
use super::residual::residual_property;
use super::roles::roles;
use super::tags;
use crate::api::Api;
use crate::definition::TypeDefinition;
use crate::mapping::Mapper;
use crate::ownership::forbids_tags;

/// The time between two questions whether something is gone.
const ASK_AGAIN: Duration = Duration::from_secs(2);

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

    async fn describe(&self, physical_id: &Identifier) -> Result<KnownMap, DriverError> {
        let input = self.identified(physical_id, KnownMap::new());
        let answer = self.api.call(self.kind.file.operations.read.as_str(), input).await?;
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
        let id = properties.get(&self.kind.file.identifier.property).and_then(KnownValue::as_str);
        id.map(Identifier::from).ok_or_else(|| {
            let message = format!("`{}` is missing", self.kind.file.identifier.property);
            let kind = ErrorKind::Invalid { property: None };
            DriverError::new(kind, self.action(self.kind.file.operations.create.as_str()), message)
        })
    }

    /// Calls the creating operation. A caller who may not tag and has declared no tags makes the
    /// object without the token: it is then not known again.
    async fn make(&self, input: KnownMap, properties: &KnownMap) -> Result<KnownMap, DriverError> {
        let mut untagged = input.clone();
        let answered = match self.api.call(self.kind.file.operations.create.as_str(), input).await {
            Err(error)
                if forbids_tags(&error) && tags::are_undeclared(self.kind.tags, properties) =>
            {
                untagged.remove(&self.kind.tags.property);
                self.api.call(self.kind.file.operations.create.as_str(), untagged).await
            }
            answered => answered,
        };
        answered.map(|answer| without_withheld(self.kind, answer))
    }

    /// True for the one error that stands for everything that the service refuses.
    fn is_refused(&self, error: &DriverError) -> bool {
        self.kind.refused_code.is_some_and(|code| error.has_code(code))
    }

    /// The meaning of a failed create: the service has one code for all that is wrong. With a role
    /// in the request and the identifier free, it may be that the role cannot be used yet.
    async fn explain(&self, id: &Identifier, error: DriverError, names_role: bool) -> DriverError {
        let mut error = not_yet_visible(error);
        if self.is_refused(&error) {
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
        let Some(update) = self.kind.file.operations.update.as_deref() else {
            return Err(self.damaged("it has no operation that changes an object"));
        };
        let new_role = !roles(&wanted).is_subset(&roles(current));
        let called = self.api.call(update, self.identified(id, wanted)).await;
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
        id: &Identifier,
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
            self.api.call(&row.operation, self.identified(id, wanted)).await?;
            changed = true;
        }
        Ok(changed)
    }

    async fn change_tags(
        &self,
        current: &KnownMap,
        request: &UpdateRequest,
    ) -> Result<bool, DriverError> {
        let kind = self.kind.tags;
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

/// The error of a call that makes an object: something that is not found is something else, or the
/// object itself, that was made a moment ago and is not yet visible everywhere.
fn not_yet_visible(mut error: DriverError) -> DriverError {
    if error.kind == ErrorKind::NotFound {
        error.kind = ErrorKind::DependencyNotReady;
    }
    error
}

#[async_trait]
impl DirectDriver for RestDriver {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(&self, id: &Identifier, _: &KnownMap) -> Result<Observed, DriverError> {
        Ok(match self.look(id).await? {
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
        let id = self.declared_id(properties)?;
        let mut input = self.creatable(properties)?;
        let tags = tags::of_new(kind.tags, properties, &request.token, &action)?;
        input.insert(kind.tags.property.clone(), tags);
        let names_role = !roles(&input).is_empty();
        let created = match self.make(input, properties).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.explain(&id, error, names_role).await),
        };
        let made = self.object(create, created.clone())?;
        if !kind.file.settings.is_empty() {
            effects.created_as(&made.physical_id).await.map_err(|error| {
                DriverError::new(ErrorKind::UnknownOutcome, &action, error.to_string())
            })?;
        }
        let set = self.set(&made.identifier, &created, &KnownMap::new(), properties).await;
        if set.map_err(not_yet_visible)? {
            let members = self.describe(&made.identifier).await.map_err(not_yet_visible)?;
            return self.object(kind.file.operations.read.as_str(), members);
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
        if let Some(property) = residual_property(kind, &before, &declared, &members) {
            return Err(self.stays(property));
        }
        self.object(kind.file.operations.read.as_str(), members)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let id = &request.identifier;
        let input = self.identified(id, KnownMap::new());
        match self.api.call(self.kind.file.operations.delete.as_str(), input).await {
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Progress::Done),
            // A delete says nothing that could be wrong: what is refused is still in use, mostly by
            // something whose own deletion goes on.
            Err(mut error) if self.is_refused(&error) => {
                error.kind = ErrorKind::DependencyNotReady;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        // The service has only taken note of it.
        Ok(match self.look(id).await? {
            None => Progress::Done,
            Some(_) => Progress::Pending {
                waits_for: format!("{} `{id}` to be gone", self.kind.file.noun),
                ask_again_in: ASK_AGAIN,
            },
        })
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let id = self.declared_id(&request.properties)?;
        let Some(members) = self.look(&id).await? else { return Ok(Found::Absent) };
        if tags::made_by(self.kind.tags, &members, &request.token) {
            return Ok(Found::Ours(Box::new(
                self.object(self.kind.file.operations.read.as_str(), members)?,
            )));
        }
        let why = format!(
            "there is an object `{id}` of type {} without the tag of this operation: it cannot \
             be told who made it",
            self.kind.file.type_name
        );
        Ok(Found::Ambiguous { why })
    }
}
