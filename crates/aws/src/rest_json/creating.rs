//! The making of objects: what is proven before a call that creates, and the meaning of its failure.

use rstack_driver::{CreateRequest, DriverError, EffectSink, ErrorKind, Object};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::RestDriver;
use super::describing::Description;
use super::identity::{referred, shown};
use super::object::without_withheld;
use super::tags;
use crate::mapping::equivalent;
use crate::ownership::forbids_tags;

impl RestDriver {
    /// The description in an answer of the creating operation.
    pub(super) fn described_in(&self, mut answer: KnownMap) -> KnownMap {
        match self.within(&self.kind.file.operations.create) {
            None => answer,
            Some(member) => match answer.remove(member) {
                Some(KnownValue::Map(members)) => members,
                Some(_) | None => KnownMap::new(),
            },
        }
    }

    /// True if the name has to be free, provably, before the creating operation is called: it would
    /// replace what has the name, or answer with it; or nothing on an object says who made it.
    pub(super) fn needs_proof(&self) -> bool {
        let file = &self.kind.file;
        file.operations.replaces() || self.kind.tags.is_none() || file.identifier.lookup.is_some()
    }

    /// Proves that the name is free.
    pub(super) async fn is_free(
        &self,
        declared: Option<&KnownMap>,
        properties: &KnownMap,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<(), DriverError> {
        if request.absence_proven {
            return Ok(());
        }
        let action = self.action(&self.kind.file.operations.create);
        let found = match declared {
            Some(key) => self.look(key).await?.map(|_| key.clone()),
            None => self.looked_up(properties).await?,
        };
        if let Some(key) = found {
            let (noun, name) = (&self.kind.file.noun, shown(&key));
            let message = format!(
                "the {noun} of `{name}` exists already and was not made by this run; \
                delete it if it is not needed, or leave this one out of the template"
            );
            return Err(DriverError::new(ErrorKind::Conflict, action, message));
        }
        let proven = effects.absent().await;
        proven.map_err(|error| DriverError::new(ErrorKind::Conflict, action, error.to_string()))
    }

    /// Makes sure that the operation has not made its object already, where neither a name nor a
    /// token of the request keeps the service from making another one.
    pub(super) async fn is_new(
        &self,
        input: &KnownMap,
        request: &CreateRequest,
    ) -> Result<(), DriverError> {
        let token = KnownValue::from(request.token.as_str());
        let listing = match &self.kind.file.identifier.listing {
            Some(listing) if !input.values().any(|value| *value == token) => listing,
            Some(_) | None => return Ok(()),
        };
        let Some(found) = self.listed(listing, &request.token).await? else { return Ok(()) };
        let message = format!("{} `{found}` was made by this operation", self.kind.file.noun);
        let action = self.action(&self.kind.file.operations.create);
        Err(DriverError::new(ErrorKind::AlreadyExists, action, message))
    }

    /// Calls the creating operation. A caller who may not tag and has declared no tags makes the
    /// object without the token: it is then not known again.
    pub(super) async fn make(
        &self,
        input: KnownMap,
        properties: &KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let create = self.kind.file.operations.create.as_str();
        let mut untagged = input.clone();
        let answered = match (self.api.call(create, input).await, self.kind.tags) {
            (Err(error), Some(tags))
                if forbids_tags(&error) && tags::are_undeclared(tags, properties) =>
            {
                untagged.remove(self.kind.member_taken(create, &tags.property).unwrap_or_default());
                self.api.call(create, untagged).await
            }
            (answered, _) => answered,
        };
        answered.map(|answer| self.described_in(without_withheld(self.kind, answer)))
    }

    /// Makes durable that an object exists.
    pub(super) async fn record(
        &self,
        made: &Identifier,
        effects: &dyn EffectSink,
    ) -> Result<(), DriverError> {
        let action = self.action(&self.kind.file.operations.create);
        let recorded = effects.created(made, &referred(made)).await;
        recorded
            .map_err(|error| DriverError::new(ErrorKind::UnknownOutcome, action, error.to_string()))
    }

    /// The description of an object that was made a moment ago. One that cannot be described is in
    /// the record nevertheless; one that is not visible yet is looked for again, as after a lost
    /// answer.
    pub(super) async fn first_sight(
        &self,
        made: &Identifier,
        effects: &dyn EffectSink,
    ) -> Result<Description, DriverError> {
        let key = self.key(made)?;
        match self.seen(&key, &[]).await {
            Ok(Some(description)) => Ok(description),
            Ok(None) => Err(DriverError { kind: ErrorKind::UnknownOutcome, ..self.nothing(&key) }),
            Err(error) => {
                self.record(made, effects).await?;
                Err(error)
            }
        }
    }

    /// The meaning of a failed create: the service has one code for all that is wrong. With a role
    /// in the request and the identifier free, it may be that the role cannot be used yet.
    pub(super) async fn explain(
        &self,
        key: Option<&KnownMap>,
        error: DriverError,
        names_role: bool,
    ) -> DriverError {
        let mut error = not_yet_visible(error);
        if self.is_in_conflict(&error) {
            let found = match key {
                Some(key) => self.look(key).await,
                None => Ok(None),
            };
            match found {
                Ok(Some(_)) => error.kind = ErrorKind::AlreadyExists,
                Ok(None) if names_role && self.is_refused(&error) => {
                    error.kind = ErrorKind::DependencyNotReady;
                }
                Ok(None) | Err(_) => {}
            }
        }
        error
    }

    /// True if an object says what its creation said.
    pub(super) fn is_as_declared(
        &self,
        request: &CreateRequest,
        found: &Object,
    ) -> Result<bool, DriverError> {
        let declared = KnownValue::from(self.creatable(&request.properties)?);
        let observed = KnownValue::from(self.creatable(&found.properties)?);
        Ok(equivalent(&declared, &observed, &[]))
    }
}

/// The error of a call that makes an object: something that is not found is something else, or the
/// object itself, that was made a moment ago and is not yet visible everywhere.
pub(super) fn not_yet_visible(mut error: DriverError) -> DriverError {
    if error.kind == ErrorKind::NotFound {
        error.kind = ErrorKind::DependencyNotReady;
    }
    error
}
