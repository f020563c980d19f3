//! `AWS::ApiGateway::Resource`: a segment of the paths of an API.
//!
//! API Gateway chooses the ID, but a parent has one resource for each segment. The call that creates is
//! made only after the durable proof that there is none, and the segment finds it again.

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, PhysicalId};

use super::calls::{Gateway, misnamed, missing, nameless, prove_absence};
use crate::iam::{Fields, arguments, journal_failed, text_in};

const CREATE: &str = "apigateway:CreateResource";
const READ: &str = "apigateway:GetResource";
const NOUN: &str = "resource";

const API: &str = "RestApiId";
const PARENT: [&str; 2] = ["ParentId", "parentId"];
const SEGMENT: [&str; 2] = ["PathPart", "pathPart"];

/// The driver of resources. The physical ID is the ID, the identifier has that of the API before it.
pub(super) struct Resource {
    gateway: Gateway,
}

/// A resource, by its API and its ID.
struct Key {
    api: String,
    id: String,
}

/// The place of a resource in its API.
struct Place {
    api: String,
    parent: String,
    segment: String,
}

impl Key {
    fn of(identifier: &Identifier) -> Result<Self, DriverError> {
        match identifier.parts() {
            [api, id] => Ok(Self { api: api.clone(), id: id.clone() }),
            _ => Err(misnamed(NOUN, &identifier.to_string(), "RestApiId|ResourceId", READ)),
        }
    }

    fn input(&self) -> KnownMap {
        arguments([
            ("restApiId", self.api.as_str().into()),
            ("resourceId", self.id.as_str().into()),
        ])
    }

    /// The resource in the vocabulary of the template.
    fn object(&self, found: &KnownMap) -> Object {
        let mut properties = arguments([(API, self.api.as_str().into())]);
        for [property, member] in [PARENT, SEGMENT] {
            let value = found.get(member).cloned();
            properties.extend(value.map(|value| (property.to_owned(), value)));
        }
        Object {
            identifier: Identifier::new([self.api.clone(), self.id.clone()]),
            physical_id: PhysicalId::from(self.id.as_str()),
            properties,
            attributes: arguments([("ResourceId", self.id.as_str().into())]),
        }
    }
}

impl Place {
    fn declared(fields: Fields<'_>) -> Result<Self, DriverError> {
        let of = |name: &str| fields.required_identifying(name);
        Ok(Self { api: of(API)?, parent: of(PARENT[0])?, segment: of(SEGMENT[0])? })
    }

    fn input(&self) -> KnownMap {
        let Self { api, parent, segment } = self;
        arguments([
            ("restApiId", api.as_str().into()),
            (PARENT[1], parent.as_str().into()),
            (SEGMENT[1], segment.as_str().into()),
        ])
    }

    fn is(&self, found: &KnownMap) -> bool {
        text_in(found, PARENT[1]) == Some(self.parent.as_str())
            && text_in(found, SEGMENT[1]) == Some(self.segment.as_str())
    }

    fn taken(&self) -> DriverError {
        let Self { api, segment, .. } = self;
        let message = format!(
            "the API `{api}` has a resource `{segment}` there already, which was not made by this \
             run; delete it, or leave this one out of the template"
        );
        DriverError::new(ErrorKind::Conflict, CREATE, message)
    }
}

fn id_of(found: &KnownMap, action: &str) -> Result<String, DriverError> {
    text_in(found, "id").map(str::to_owned).ok_or_else(|| nameless(NOUN, action))
}

impl Resource {
    /// A driver that calls API Gateway.
    pub(super) fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    async fn look(&self, key: &Key) -> Result<Option<KnownMap>, DriverError> {
        self.gateway.call_if_exists("GetResource", key.input()).await
    }

    /// The resource at a place.
    async fn at(&self, place: &Place) -> Result<Option<KnownMap>, DriverError> {
        let of_api = arguments([("restApiId", place.api.as_str().into())]);
        let all = self.gateway.list("GetResources", of_api).await?;
        Ok(all.into_iter().find(|found| place.is(found)))
    }
}

#[async_trait]
impl DirectDriver for Resource {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        _declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let key = Key::of(identifier)?;
        Ok(match self.look(&key).await? {
            Some(found) => Observed::Present(key.object(&found)),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let place = Place::declared(Fields::new(&request.properties, CREATE))?;
        if !request.absence_proven {
            if self.at(&place).await?.is_some() {
                return Err(place.taken());
            }
            prove_absence(effects, CREATE).await?;
        }
        let made = self.gateway.call("CreateResource", place.input()).await?;
        let key = Key { id: id_of(&made, CREATE)?, api: place.api };
        let object = Object { properties: request.properties.clone(), ..key.object(&made) };
        let recorded = effects.created(&object.identifier, &object.physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        Ok(object)
    }

    /// All that a resource has makes it another one.
    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let key = Key::of(&request.identifier)?;
        let found = self.look(&key).await?.ok_or_else(|| missing(NOUN, &key.id, READ))?;
        Ok(key.object(&found))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        self.gateway.delete("DeleteResource", Key::of(&request.identifier)?.input()).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        // The call that creates was never made.
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let place = Place::declared(Fields::new(&request.properties, READ))?;
        Ok(match self.at(&place).await? {
            Some(found) => {
                let key = Key { id: id_of(&found, READ)?, api: place.api };
                Found::Ours(Box::new(key.object(&found)))
            }
            None => Found::Absent,
        })
    }
}
