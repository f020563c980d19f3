//! One driver for objects of EC2 that have an ID and tags: VPCs, subnets, gateways and the like.
//!
//! An object is known again by the token in its tags, which it has from its creation on. Operations
//! that take a token of the request make one object of it; before any other, rstack looks for the
//! object that the operation may have made.

mod kind;
mod stage;
pub(in crate::ec2) mod tags;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_catalog::same_range;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, UnsupportedProperty, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PropertyPath};

use self::stage::Stage;
use super::calls::{Ec2, action, list, not_yet_visible, schema, still_used};
use crate::api::Api;
use crate::iam::{journal_failed, text_in};
use crate::mapping::in_declared_order;
pub(super) use kind::{Change, Facts, Kind, named, same_names, without, without_tags};
pub(super) use stage::States;

/// The time between two questions about the state of an object.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The members that identify a map in a list whose order means nothing.
const KEYS: &[&str] = &["Key", "AvailabilityZone", "AvailabilityZoneId"];

/// The driver of a kind of objects.
pub(super) struct Tagged<K> {
    ec2: Ec2,
    kind: PhantomData<K>,
}

impl<K: Kind> Tagged<K> {
    /// A driver that calls EC2.
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { ec2: Ec2::new(api), kind: PhantomData }
    }

    /// The object as EC2 describes it; `None` if there is none.
    async fn look(&self, identifier: &Identifier) -> Result<Option<KnownMap>, DriverError> {
        let (member, name) = K::name_in(identifier)?;
        let Facts { describe, items, states, .. } = K::FACTS;
        let input = KnownMap::from([(member.to_owned(), list([name.as_str()]))]);
        let found = self.ec2.all(describe, items, input).await?;
        Ok(found.into_iter().find(|members| states.stage(members) != Stage::Gone))
    }

    /// As [`Self::look`], of an object that has to be there.
    async fn described(&self, identifier: &Identifier) -> Result<KnownMap, DriverError> {
        self.look(identifier).await?.ok_or_else(|| {
            let message = format!("there is no {} `{identifier}`", K::FACTS.noun);
            DriverError::new(ErrorKind::NotFound, action(K::FACTS.describe), message)
        })
    }

    /// The objects that the operation with this token made, by their own tags: a service that ignores the
    /// filter answers with those of others. What is being deleted is none of an operation that goes on.
    async fn made_by(&self, token: &str) -> Result<Vec<KnownMap>, DriverError> {
        let Facts { describe, items, filters, states, .. } = K::FACTS;
        let input = match K::FILTERS_TAGS {
            true => KnownMap::from([(filters.to_owned(), tags::made_by(token))]),
            false => KnownMap::new(),
        };
        let mut found = self.ec2.all(describe, items, input).await?;
        found.retain(|it| tags::token_in(it) == Some(token));
        found.retain(|it| !matches!(states.stage(it), Stage::Deleting | Stage::Gone));
        Ok(found)
    }

    /// The object that a description describes.
    async fn object(
        &self,
        identifier: Identifier,
        members: &KnownMap,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let Facts { type_name, shape, rules, .. } = K::FACTS;
        let schema = schema(type_name)?;
        let mut properties = self.ec2.properties(shape, members, &schema, rules)?;
        properties.remove("Tags");
        properties.extend(tags::shown(members).map(|shown| ("Tags".to_owned(), shown)));
        K::complete(&self.ec2, members, declared, &mut properties).await?;
        properties.retain(|name, _| !schema.is_read_only(&PropertyPath::root().name(name)));
        for (name, wanted) in declared {
            let texts =
                [Some(wanted), properties.get(name)].map(|it| it.and_then(KnownValue::as_str));
            if let [Some(wanted), Some(found)] = texts
                && wanted != found
                && same_range(found, wanted)
            {
                let wanted = KnownValue::from(wanted);
                properties.insert(name.clone(), wanted);
            }
        }
        let properties = in_declared_order(properties, declared, KEYS);
        let attributes = K::attributes(&self.ec2, members, &identifier).await?;
        let physical_id = K::referred(&identifier);
        Ok(Object { identifier, physical_id, properties, attributes })
    }

    fn identity(members: &KnownMap, declared: &KnownMap) -> Result<Identifier, DriverError> {
        K::identity(members, declared).ok_or_else(|| {
            let message = format!("the answer does not hold `{}`", K::FACTS.id);
            DriverError::new(ErrorKind::UnknownOutcome, action(K::FACTS.create), message)
        })
    }

    /// The wait for an object to be gone.
    fn goes(identifier: &Identifier) -> Progress {
        Progress::Pending {
            waits_for: format!("{} `{identifier}` to be gone", K::FACTS.noun),
            ask_again_in: ASK_AGAIN,
        }
    }
}

#[async_trait]
impl<K: Kind> DirectDriver for Tagged<K> {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        K::naming()
    }

    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        K::unsupported()
    }

    async fn read(&self, id: &Identifier, declared: &KnownMap) -> Result<Observed, DriverError> {
        Ok(match self.look(id).await? {
            Some(members) => Observed::Present(self.object(id.clone(), &members, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let (properties, token) = (&request.properties, request.token.as_str());
        let Facts { tagged_as, token: member, noun, .. } = K::FACTS;
        let declared = K::tags(properties)?;
        let (operation, mut input) = K::creation(&self.ec2, properties)?;
        match member {
            Some(member) => {
                input.insert(member.to_owned(), token.into());
            }
            None => {
                if let Some(found) = self.made_by(token).await?.first() {
                    let id = text_in(found, K::FACTS.id).unwrap_or_default();
                    let message = format!("{noun} `{id}` was made by this operation");
                    let kind = ErrorKind::AlreadyExists;
                    return Err(DriverError::new(kind, action(operation), message));
                }
            }
        }
        let (named, token) = ((tagged_as, noun), (&request.token, member.is_some()));
        let answer = tags::create(&self.ec2, operation, input, named, declared, token).await;
        let members = K::created(answer.map_err(not_yet_visible)?);
        let identifier = Self::identity(&members, properties)?;
        let physical_id = K::referred(&identifier);
        let recorded = effects.created(&identifier, &physical_id).await;
        recorded.map_err(|error| journal_failed(&action(operation), &error))?;
        let members = match K::FACTS.answer {
            Some(_) => members,
            None => self.described(&identifier).await.map_err(not_yet_visible)?,
        };
        let prior = &KnownMap::new();
        let change = Change { current: &members, prior, properties, token: request.token.as_str() };
        K::set(&self.ec2, &change).await.map_err(not_yet_visible)?;
        let attributes = K::attributes(&self.ec2, &members, &identifier).await;
        let attributes = attributes.map_err(not_yet_visible)?;
        Ok(Object { identifier, physical_id, properties: properties.clone(), attributes })
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let UpdateRequest { identifier, prior, properties, token } = request;
        // With nothing declared before, this completes a create: it may not be visible yet.
        let current = self.described(identifier).await;
        let current = current
            .map_err(|error| if prior.is_empty() { not_yet_visible(error) } else { error })?;
        let change = Change { current: &current, prior, properties, token: token.as_str() };
        K::set(&self.ec2, &change).await?;
        let id = text_in(&current, K::FACTS.id).unwrap_or_default();
        tags::change(&self.ec2, id, &current, prior, properties).await?;
        let found = self.described(identifier).await?;
        self.object(identifier.clone(), &found, properties).await
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let members = self.described(identifier).await.map_err(not_yet_visible)?;
        let noun = K::FACTS.noun;
        let pending = |why: String| {
            let waits_for = format!("{noun} `{identifier}`, {why}");
            Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN })
        };
        match K::FACTS.states.stage(&members) {
            Stage::Stable => match K::unsettled(&members) {
                Some(part) => pending(format!("of which {part}")),
                None => Ok(Progress::Done),
            },
            Stage::Passing(state) => pending(format!("which is {state}")),
            Stage::Failed(state) => {
                let why = failure(&members).unwrap_or("EC2 says no more");
                let message = format!("{noun} `{identifier}` is {state}: {why}");
                let kind = ErrorKind::Invalid { property: None };
                Err(DriverError::new(kind, action(K::FACTS.describe), message))
            }
            Stage::Deleting | Stage::Gone => {
                let message = format!("{noun} `{identifier}` was deleted meanwhile");
                Err(DriverError::new(ErrorKind::Conflict, action(K::FACTS.describe), message))
            }
        }
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let identifier = &request.identifier;
        let Some(members) = self.look(identifier).await? else { return Ok(Progress::Done) };
        let states = K::FACTS.states;
        if states.stage(&members) == Stage::Deleting {
            return Ok(Self::goes(identifier));
        }
        match K::destroy(&self.ec2, &members, &request.prior).await {
            Ok(()) if states.take_time_to_go() => Ok(Self::goes(identifier)),
            Ok(()) => Ok(Progress::Done),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done),
            // Interfaces and addresses of what was deleted before it take minutes to go.
            Err(error) => Err(still_used(error)),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let found = self.made_by(request.token.as_str()).await?;
        match found.as_slice() {
            [] => Ok(Found::Absent),
            [members] => {
                let identifier = Self::identity(members, &request.properties)?;
                let object = self.object(identifier, members, &request.properties).await?;
                Ok(Found::Ours(Box::new(object)))
            }
            several => {
                let ids = several.iter().filter_map(|it| text_in(it, K::FACTS.id));
                let ids: Vec<_> = ids.map(|id| format!("`{id}`")).collect();
                let why = format!(
                    "this operation has made more than one {}: {}; delete all but one",
                    K::FACTS.noun,
                    ids.join(", ")
                );
                Ok(Found::Ambiguous { why })
            }
        }
    }
}

/// The reason in a description why an object failed to become stable.
fn failure(members: &KnownMap) -> Option<&str> {
    let last = members.get("LastError").and_then(KnownValue::as_map);
    text_in(members, "FailureMessage")
        .or_else(|| text_in(members, "FailureReason"))
        .or_else(|| last.and_then(|last| text_in(last, "Message")))
}
