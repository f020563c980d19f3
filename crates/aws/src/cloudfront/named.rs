//! The driver of types that are one configuration with a unique name: policies, origin access
//! controls, public keys and groups of them.
//!
//! These types carry no tags and their creation takes no token. An object that is found after a
//! lost answer is recognized as our own like this: `create` proves that the name is free and has
//! that made durable before it sends anything, and afterwards only an object that is configured as
//! declared is taken for ours.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath};

use super::absence::{proven, taken};
use super::service::{action, declared_name, is_missing, key, map, model, schema, text};
use super::versioned::{Versioned, still_in_use};
use super::{UNORDERED_BY, lines, pages};
use crate::api::Api;
use crate::mapping::{Mapper, Rules, equivalent, in_declared_order};

/// A type that is one named configuration.
#[derive(Debug)]
pub(super) struct Kind {
    /// The type.
    pub(super) type_name: &'static str,
    /// Its name in a sentence.
    pub(super) noun: &'static str,
    /// The property that is the configuration: also the member and the shape.
    pub(super) config: &'static str,
    /// The member of answers that is the object.
    pub(super) object: &'static str,
    /// The members of the object that are attributes.
    pub(super) attributes: &'static [&'static str],
    /// The operation that creates one.
    pub(super) create: &'static str,
    /// The operation that reads one.
    pub(super) get: &'static str,
    /// The operation that changes one.
    pub(super) update: &'static str,
    /// The operation that deletes one.
    pub(super) delete: &'static str,
    /// The operation that lists all.
    pub(super) list: &'static str,
    /// The form of the list.
    pub(super) listing: Listing,
    /// The members of the configuration that CloudFront ends with a line break, whether they are
    /// sent with one or not.
    pub(super) ended: &'static [&'static str],
}

/// The form of a listing.
#[derive(Debug)]
pub(super) enum Listing {
    /// Elements hold the whole object; the account's own are asked for.
    Policies {
        /// The member of the answer.
        list: &'static str,
    },
    /// Elements hold the whole object, and all of them are the account's own.
    Objects {
        /// The member of the answer.
        list: &'static str,
    },
    /// Elements hold `Id` and `Name`.
    Summaries {
        /// The member of the answer.
        list: &'static str,
    },
}

/// The driver of one such type.
pub(super) struct Named {
    api: Arc<dyn Api>,
    kind: &'static Kind,
}

impl Named {
    pub(super) fn new(api: Arc<dyn Api>, kind: &'static Kind) -> Self {
        Self { api, kind }
    }

    fn versioned<'a>(&'a self, id: &str) -> Versioned<'a> {
        Versioned {
            api: &*self.api,
            get: self.kind.get,
            get_input: key("Id", id),
            key: key("Id", id),
            content: [self.kind.object, self.kind.config],
        }
    }

    /// The declared configuration as the API takes it.
    fn members(
        &self,
        properties: &KnownMap,
        operation: &'static str,
    ) -> Result<KnownMap, DriverError> {
        let Kind { config, .. } = *self.kind;
        let path = PropertyPath::root().name(config);
        let Some(declared) = properties.get(config).and_then(KnownValue::as_map) else {
            let message = format!("`{config}` is missing");
            let kind = ErrorKind::Invalid { property: Some(path) };
            return Err(DriverError::new(kind, action(operation), message));
        };
        let mut members = Mapper::new(model()?, config, &Rules::NONE)
            .at(path)
            .to_members(declared)
            .map_err(|error| error.for_operation(action(operation)))?;
        lines::end(&mut members, self.kind.ended);
        Ok(members)
    }

    /// The object in an answer.
    fn object(
        &self,
        answer: &KnownMap,
        operation: &'static str,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let Kind { config, object, attributes, type_name, .. } = *self.kind;
        let found = map(answer, object, operation)?;
        let schema = schema(type_name)?;
        let members = map(found, config, operation)?;
        let mut properties = KnownMap::new();
        if let Some(node) = schema.property(schema.root(), config) {
            let read = Mapper::new(model()?, config, &Rules::NONE);
            let mut read = read.from_members(members, &schema, node);
            if let Some(declared) = declared.get(config).and_then(KnownValue::as_map) {
                lines::as_declared(&mut read, declared, self.kind.ended);
            }
            properties.insert(config.to_owned(), KnownValue::Map(read));
        }
        let attribute = |name: &&str| Some(((*name).to_owned(), found.get(*name)?.clone()));
        Ok(Object::named(
            PhysicalId::new(text(found, "Id", operation)?),
            in_declared_order(properties, declared, UNORDERED_BY),
            attributes.iter().filter_map(attribute).collect(),
        ))
    }

    /// The ID of the account's object of this name.
    async fn id_of(&self, name: &str) -> Result<Option<String>, DriverError> {
        let Kind { object, config, list: operation, .. } = *self.kind;
        let (list, input) = match self.kind.listing {
            Listing::Policies { list } => (list, key("Type", "custom")),
            Listing::Objects { list } | Listing::Summaries { list } => (list, KnownMap::new()),
        };
        for item in pages::all(&*self.api, operation, &input, list).await? {
            let (holder, named) = match self.kind.listing {
                Listing::Policies { .. } | Listing::Objects { .. } => {
                    let whole = map(&item, object, operation)?;
                    (whole, map(whole, config, operation)?)
                }
                Listing::Summaries { .. } => (&item, &item),
            };
            if text(named, "Name", operation)? == name {
                return Ok(Some(text(holder, "Id", operation)?.to_owned()));
            }
        }
        Ok(None)
    }

    fn input(&self, members: KnownMap) -> KnownMap {
        KnownMap::from([(self.kind.config.to_owned(), KnownValue::Map(members))])
    }
}

#[async_trait]
impl DirectDriver for Named {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        match self.versioned(identifier.only()).read().await {
            Ok(answer) => Ok(Observed::Present(self.object(&answer, self.kind.get, declared)?)),
            Err(error) if is_missing(&error) => Ok(Observed::Absent),
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let create = self.kind.create;
        let members = self.members(&request.properties, create)?;
        let within = PropertyPath::root().name(self.kind.config);
        let name = declared_name(&members, &within, create)?;
        if !request.absence_proven {
            if let Some(id) = self.id_of(name).await? {
                let what = format!("a {} named `{name}` (ID {id})", self.kind.noun);
                return Err(taken(create, &what));
            }
            proven(effects, create).await?;
        }
        let answer = self.api.call(create, self.input(members)).await?;
        self.object(&answer, create, &request.properties)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let Kind { config, object, get, update, ended, .. } = *self.kind;
        let mut members = self.members(&request.properties, update)?;
        let versioned = self.versioned(request.identifier.only());
        let current = versioned.read().await?;
        // What cannot be changed is sent as it is, down to the space at its end.
        lines::as_declared(&mut members, map(map(&current, object, get)?, config, get)?, ended);
        let answer = versioned.change_from(&current, update, self.input(members)).await?;
        self.object(&answer, update, &request.properties)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let object = self.versioned(request.identifier.only());
        match object.change(self.kind.delete, KnownMap::new()).await {
            Ok(_) => Ok(Progress::Done),
            Err(error) if is_missing(&error) => Ok(Progress::Done),
            Err(error) => Err(still_in_use(error)),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let Kind { noun, config, object, get, .. } = *self.kind;
        let members = self.members(&request.properties, self.kind.create)?;
        let within = PropertyPath::root().name(config);
        let name = declared_name(&members, &within, self.kind.create)?;
        let Some(id) = self.id_of(name).await? else { return Ok(Found::Absent) };
        let answer = match self.versioned(&id).read().await {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) => return Ok(Found::Absent),
            Err(error) => return Err(error),
        };
        let observed = map(map(&answer, object, get)?, config, get)?;
        let (declared, observed) = (members.clone().into(), observed.clone().into());
        if equivalent(&declared, &observed, UNORDERED_BY) {
            let found = self.object(&answer, get, &request.properties)?;
            return Ok(Found::Ours(Box::new(found)));
        }
        let why = format!(
            "a {noun} named `{name}` exists (ID {id}), but it is not configured as declared"
        );
        Ok(Found::Ambiguous { why })
    }
}
