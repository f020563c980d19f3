//! The driver of the types that are data.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, UnsupportedProperty, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PropertyPath};

use super::changes::{places_within, within};
use super::creating::not_yet_visible;
use super::describing::Description;
use super::identity::{identifier, shown};
use super::residual::residual_property;
use super::roles::roles;
use super::states::{Stage, stage};
use super::tags;
use crate::api::Api;
use crate::definition::TypeDefinition;

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

    /// The member of an operation's answers that holds the description.
    pub(super) fn within(&self, operation: &str) -> Option<&'static str> {
        let operations = &self.kind.file.operations;
        if operation == operations.read {
            return operations.described.as_deref();
        }
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
        let mut input = self.identified(update, key, wanted);
        let beside = self.kind.file.operations.updating.iter();
        input.extend(beside.map(|(name, it)| (name.clone(), KnownValue::from_json(it.clone()))));
        let called = self.api.call(update, input).await;
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

    /// Calls the operation of every setting that is not as declared. True if there was one.
    async fn set(
        &self,
        key: &KnownMap,
        current: &Description,
        prior: &KnownMap,
        properties: &KnownMap,
    ) -> Result<bool, DriverError> {
        let mut changed = false;
        for row in &self.kind.file.settings {
            let (mut wanted, before) =
                (self.settings(row, properties)?, self.settings(row, prior)?);
            let current = current.of(row);
            self.reset_undeclared(&row.operation, &mut wanted, &before);
            if within(&wanted, &current) && places_within(&before, &wanted) {
                continue;
            }
            match row.remove.as_deref().filter(|_| wanted.is_empty()) {
                None => {
                    let input = self.identified(&row.operation, key, wanted);
                    self.api.call(&row.operation, input).await?;
                }
                // The object may have lost them otherwise.
                Some(_) if !before.keys().any(|name| current.contains_key(name)) => continue,
                Some(remove) => {
                    let input = self.identified(remove, key, KnownMap::new());
                    self.api.call(remove, input).await?;
                }
            }
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
        if !changes.set.is_empty() {
            let mut input = tags::input(kind, arn);
            let member = self.kind.member_taken(&kind.set, &kind.property);
            let member = member.unwrap_or(&kind.property).to_owned();
            input.insert(member, tags::on_wire(kind, changes.set));
            self.api.call(&kind.set, input).await?;
        }
        if !changes.unset.is_empty() {
            let keys = changes.unset.into_iter().map(KnownValue::from).collect();
            let mut input = tags::input(kind, arn);
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

    fn naming(&self) -> Option<NameRule> {
        self.kind.naming()
    }

    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        self.kind.unsupported
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        let read = self.kind.file.operations.read.as_str();
        Ok(match self.seen(&self.key(id)?, &[declared]).await? {
            Some(found) => Observed::Present(self.object(read, found, declared)?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let (kind, properties) = (self.kind, &self.of_new(request));
        let (create, read) = (&*kind.file.operations.create, &*kind.file.operations.read);
        let action = self.action(create);
        let declared = self.declared_key(properties)?;
        let mut input = self.with_token(self.creatable(properties)?, &request.token)?;
        if let Some(tags) = kind.tags {
            let member = kind.member_taken(create, &tags.property).unwrap_or(&tags.property);
            let held = tags::of_new(tags, properties, &request.token, &action)?;
            input.insert(member.to_owned(), held);
        }
        if self.needs_proof() {
            self.is_free(declared.as_ref(), properties, request, effects).await?;
        }
        self.is_new(&input, request).await?;
        let names_role = !roles(&input).is_empty();
        let created = match self.make(input, properties).await {
            Ok(answer) => answer,
            Err(error) => {
                // What an operation that replaces is refused for is not its name.
                let key = declared.as_ref().filter(|_| !kind.file.operations.replaces());
                return Err(self.explain(key, error, names_role).await);
            }
        };
        // An answer may hold nothing of the object, or not its tags.
        let answered = identifier(kind, &created);
        let is_whole = answered.is_some() && kind.tags.is_none_or(|tags| tags.read.is_none());
        let named = answered.or_else(|| identifier(kind, declared.as_ref()?));
        let (created, operation) = match named.filter(|_| !is_whole) {
            Some(named) => (self.first_sight(&named, effects).await?, read),
            None => {
                let members = self.with_tags(created).await?.unwrap_or_default();
                (Description { members, ..Description::default() }, create)
            }
        };
        let made = self.object(operation, created.clone(), properties)?;
        if kind.file.settings.is_empty() {
            return Ok(made);
        }
        self.record(&made.identifier, effects).await?;
        let key = self.key(&made.identifier)?;
        let set = self.set(&key, &created, &KnownMap::new(), properties).await;
        if set.map_err(not_yet_visible)? {
            let found = self.describe(&key, &[properties]).await.map_err(not_yet_visible)?;
            return self.object(read, found, properties);
        }
        Ok(made)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let (kind, key) = (self.kind, self.key(&request.identifier)?);
        let (prior, properties) = (&request.prior, &request.properties);
        let current = self.describe(&key, &[prior, properties]).await?;
        let before = self.updatable(prior)?;
        let declared = self.updatable(properties)?;
        let wanted = self.completed(declared.clone(), &before, &current.members)?;
        let mut changed = false;
        let to_be_shown = self.shown_of(&wanted, &before)?;
        if !within(&to_be_shown, &current.members) || !places_within(&before, &wanted) {
            self.change(&key, &current.members, wanted).await?;
            changed = true;
        }
        changed |= self.set(&key, &current, prior, properties).await?;
        changed |= self.change_tags(&current.members, request).await?;
        let found =
            if changed { self.describe(&key, &[prior, properties]).await? } else { current };
        if let Some(property) = residual_property(kind, &before, &declared, &found.members) {
            return Err(self.stays(property));
        }
        self.object(kind.file.operations.read.as_str(), found, properties)
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        if self.kind.file.states.is_none() {
            return Ok(Progress::Done);
        }
        let key = self.key(identifier)?;
        let members = self.described(&key).await?;
        let members = members.ok_or_else(|| not_yet_visible(self.nothing(&key)))?;
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
        let input = self.identified(operation, &key, KnownMap::new());
        match self.api.call(operation, input).await {
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
        let (file, properties) = (&self.kind.file, &self.of_new(request));
        // A call that needs the proof that nothing has the name was made only after it.
        if self.needs_proof() && !request.absence_proven {
            return Ok(Found::Absent);
        }
        let names = &file.identifier;
        let key = match (self.declared_key(properties)?, &names.listing, &names.lookup) {
            (Some(key), ..) => key,
            (None, Some(listing), _) => match self.listed(listing, &request.token).await? {
                Some(identifier) => self.key(&identifier)?,
                None => return Ok(Found::Absent),
            },
            (None, None, Some(_)) => match self.looked_up(properties).await? {
                Some(key) => key,
                None => return Ok(Found::Absent),
            },
            (None, None, None) => return Err(self.damaged("it has no names and no listing")),
        };
        let Some(description) = self.seen(&key, &[properties]).await? else {
            return Ok(Found::Absent);
        };
        let members = description.members.clone();
        let found = self.object(file.operations.read.as_str(), description, properties)?;
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
