//! `AWS::CloudFront::CloudFrontOriginAccessIdentity`.
//!
//! An identity has no name. Its caller reference is the journaled token: a creation that is sent
//! again makes no second one, and an identity with the token is the one that it made.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath};

use super::caller_reference::{Referenced, Search};
use super::service::{action, is_missing, key, map, model, schema, text};
use super::versioned::{Versioned, still_in_use};
use crate::api::Api;
use crate::mapping::{Mapper, Rules};

/// The type.
pub(super) const TYPE: &str = "AWS::CloudFront::CloudFrontOriginAccessIdentity";

const OBJECT: &str = "CloudFrontOriginAccessIdentity";
const CONFIG: &str = "CloudFrontOriginAccessIdentityConfig";
const CREATE: &str = "CreateCloudFrontOriginAccessIdentity";
const GET: &str = "GetCloudFrontOriginAccessIdentity";
const UPDATE: &str = "UpdateCloudFrontOriginAccessIdentity";
const DELETE: &str = "DeleteCloudFrontOriginAccessIdentity";

/// The search for an identity.
const REFERENCED: Referenced = Referenced {
    list: "ListCloudFrontOriginAccessIdentities",
    items: "CloudFrontOriginAccessIdentityList",
    get: GET,
    content: [OBJECT, CONFIG],
};

/// The driver of origin access identities.
pub(super) struct OriginAccessIdentity {
    api: Arc<dyn Api>,
}

impl OriginAccessIdentity {
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    fn versioned<'a>(&'a self, id: &str) -> Versioned<'a> {
        let get_input = key("Id", id);
        let content = REFERENCED.content;
        Versioned { api: &*self.api, get: GET, key: get_input.clone(), get_input, content }
    }
}

/// The declared configuration under a caller reference, as the input that holds it.
fn input(
    properties: &KnownMap,
    caller_reference: &str,
    operation: &'static str,
) -> Result<KnownMap, DriverError> {
    let path = PropertyPath::root().name(CONFIG);
    let Some(declared) = properties.get(CONFIG).and_then(KnownValue::as_map) else {
        let kind = ErrorKind::Invalid { property: Some(path) };
        return Err(DriverError::new(kind, action(operation), format!("`{CONFIG}` is missing")));
    };
    let mut members = Mapper::new(model()?, CONFIG, &Rules::NONE)
        .at(path)
        .to_members(declared)
        .map_err(|error| error.for_operation(action(operation)))?;
    members.insert("CallerReference".to_owned(), caller_reference.into());
    Ok(KnownMap::from([(CONFIG.to_owned(), KnownValue::Map(members))]))
}

/// The identity in an answer.
fn object(answer: &KnownMap, operation: &'static str) -> Result<Object, DriverError> {
    let found = map(answer, OBJECT, operation)?;
    let (schema, members) = (schema(TYPE)?, map(found, CONFIG, operation)?);
    let mut properties = KnownMap::new();
    if let Some(node) = schema.property(schema.root(), CONFIG) {
        let read = Mapper::new(model()?, CONFIG, &Rules::NONE).from_members(members, &schema, node);
        properties.insert(CONFIG.to_owned(), KnownValue::Map(read));
    }
    let attribute = |name: &str| Some((name.to_owned(), found.get(name)?.clone()));
    Ok(Object::named(
        PhysicalId::new(text(found, "Id", operation)?),
        properties,
        ["Id", "S3CanonicalUserId"].into_iter().filter_map(attribute).collect(),
    ))
}

#[async_trait]
impl DirectDriver for OriginAccessIdentity {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(&self, identifier: &Identifier, _: &KnownMap) -> Result<Observed, DriverError> {
        match self.versioned(identifier.only()).read().await {
            Ok(answer) => Ok(Observed::Present(object(&answer, GET)?)),
            Err(error) if is_missing(&error) => Ok(Observed::Absent),
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        request: &CreateRequest,
        _: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let input = input(&request.properties, request.token.as_str(), CREATE)?;
        object(&self.api.call(CREATE, input).await?, CREATE)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let versioned = self.versioned(request.identifier.only());
        let current = versioned.read().await?;
        let config = map(map(&current, OBJECT, GET)?, CONFIG, GET)?;
        let input = input(&request.properties, text(config, "CallerReference", GET)?, UPDATE)?;
        object(&versioned.change_from(&current, UPDATE, input).await?, UPDATE)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        match self.versioned(request.identifier.only()).change(DELETE, KnownMap::new()).await {
            Ok(_) => Ok(Progress::Done),
            Err(error) if is_missing(&error) => Ok(Progress::Done),
            Err(error) => Err(still_in_use(error)),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let token = request.token.as_str();
        let wanted = input(&request.properties, token, CREATE)?;
        let comment = map(&wanted, CONFIG, CREATE)?.get("Comment");
        let comment = comment.and_then(KnownValue::expose_str).unwrap_or_default();
        Ok(match REFERENCED.find(&*self.api, token, comment).await? {
            Search::Absent => Found::Absent,
            Search::Unclear { skipped } => {
                let why = format!(
                    "{skipped} origin access identities may not be read, and one of them can be \
                     the one that this operation made"
                );
                Found::Ambiguous { why }
            }
            Search::Found(answer) => Found::Ours(Box::new(object(&answer, GET)?)),
        })
    }
}
