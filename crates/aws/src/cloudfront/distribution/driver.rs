//! Creating, changing and deleting distributions.
//!
//! Every change is deployed to the edge, which takes minutes: a distribution settles when its
//! status is `Deployed`, and only a disabled and deployed one can be deleted.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::config;
use crate::api::Api;
use crate::cloudfront::caller_reference::{Referenced, Search, id_in};
use crate::cloudfront::service::{action, is_missing, key, map, text};
use crate::cloudfront::tags;
use crate::cloudfront::versioned::{Versioned, is_stale};

/// The type.
pub(in crate::cloudfront) const TYPE: &str = "AWS::CloudFront::Distribution";

const GET: &str = "GetDistribution";
const UPDATE: &str = "UpdateDistribution";
const CONFIG: &str = "DistributionConfig";

/// The search for a distribution.
const REFERENCED: Referenced = Referenced {
    list: "ListDistributions",
    items: "DistributionList",
    get: GET,
    content: ["Distribution", CONFIG],
};

/// The time between two questions about a deployment.
const INTERVAL: Duration = Duration::from_secs(20);
/// The time after which the deletion goes on where nothing is left to be deployed.
const AT_ONCE: Duration = Duration::from_millis(100);

/// The driver of distributions.
pub(in crate::cloudfront) struct Distribution {
    api: Arc<dyn Api>,
}

impl Distribution {
    pub(in crate::cloudfront) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    fn versioned<'a>(&'a self, id: &str) -> Versioned<'a> {
        let get_input = key("Id", id);
        let content = REFERENCED.content;
        Versioned { api: &*self.api, get: GET, key: get_input.clone(), get_input, content }
    }

    /// The distribution in an answer, with its tags.
    async fn object(
        &self,
        answer: &KnownMap,
        operation: &'static str,
        declared: &KnownMap,
        tags: tags::Shown,
    ) -> Result<Object, DriverError> {
        let found = map(answer, "Distribution", operation)?;
        let mut properties = config::properties(map(found, CONFIG, operation)?, declared)?;
        let arn = text(found, "ARN", operation)?;
        properties.extend(tags.property(&*self.api, arn, declared).await?);
        let attribute = |name: &str| Some((name.to_owned(), found.get(name)?.clone()));
        Ok(Object::named(
            PhysicalId::new(text(found, "Id", operation)?),
            properties,
            ["Id", "DomainName"].into_iter().filter_map(attribute).collect(),
        ))
    }

    /// The progress of the deployment that an answer shows.
    fn deployment(answer: &KnownMap, id: &str) -> Result<Progress, DriverError> {
        let found = map(answer, "Distribution", GET)?;
        Ok(match text(found, "Status", GET)? {
            "InProgress" => waiting(format!("distribution {id} to be deployed")),
            _ => Progress::Done,
        })
    }

    /// Turns a distribution off; everything else of it stays as it is.
    async fn disable(
        &self,
        object: &Versioned<'_>,
        answer: &KnownMap,
        id: &str,
    ) -> Result<Progress, DriverError> {
        let found = map(answer, "Distribution", GET)?;
        let mut members = map(found, CONFIG, GET)?.clone();
        members.insert("Enabled".to_owned(), KnownValue::from(false));
        let input = KnownMap::from([(CONFIG.to_owned(), KnownValue::Map(members))]);
        match object.attempt(answer, UPDATE, input).await {
            Ok(written) => {
                let waits_for = format!("distribution {id} to be disabled");
                Ok(match Self::deployment(&written, id) {
                    Ok(Progress::Done) => Progress::Pending { waits_for, ask_again_in: AT_ONCE },
                    Ok(Progress::Pending { .. }) | Err(_) => waiting(waits_for),
                })
            }
            Err(error) if is_stale(&error) || error.has_code("NoSuchDistribution") => Ok(again(id)),
            Err(error) => Err(error),
        }
    }
}

/// Codes of errors about something that a configuration names and that was maybe made or issued a
/// moment ago.
const NOT_YET_VISIBLE: &[&str] = &[
    "EntityNotFound",
    "InvalidViewerCertificate",
    "NoSuchCachePolicy",
    "NoSuchOriginRequestPolicy",
    "NoSuchResponseHeadersPolicy",
];

/// A configuration may name something that is not there, or not yet. That is no word about the
/// distribution itself.
fn explained(error: DriverError) -> DriverError {
    let code = error.code.as_deref();
    let kind = if code.is_some_and(|code| NOT_YET_VISIBLE.contains(&code)) {
        ErrorKind::DependencyNotReady
    } else if is_missing(&error) && !error.has_code("NoSuchDistribution") {
        ErrorKind::Invalid { property: None }
    } else {
        error.kind.clone()
    };
    DriverError { kind, ..error }
}

fn waiting(waits_for: String) -> Progress {
    Progress::Pending { waits_for, ask_again_in: INTERVAL }
}

/// The distribution changed between two calls: what is to be done is decided anew.
fn again(id: &str) -> Progress {
    let waits_for = format!("distribution {id} to be left alone by another change");
    Progress::Pending { waits_for, ask_again_in: Duration::from_secs(2) }
}

#[async_trait]
impl DirectDriver for Distribution {
    fn name(&self) -> &'static str {
        "native"
    }

    fn is_usable_while_stabilizing(&self) -> bool {
        true
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        match self.versioned(identifier.only()).read().await {
            Ok(answer) => {
                let object = self.object(&answer, GET, declared, tags::Shown::AsRead).await?;
                Ok(Observed::Present(object))
            }
            Err(error) if is_missing(&error) => Ok(Observed::Absent),
            Err(error) => Err(error),
        }
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let tags = tags::member(&request.properties);
        let operation = match tags {
            Some(_) => "CreateDistributionWithTags",
            None => "CreateDistribution",
        };
        let token = request.token.as_str();
        let members = config::members(&request.properties, token.into(), operation)?;
        let config = KnownMap::from([(CONFIG.to_owned(), KnownValue::Map(members))]);
        let input = match tags {
            Some(tags) => {
                let mut both = config;
                both.insert("Tags".to_owned(), tags);
                KnownMap::from([("DistributionConfigWithTags".to_owned(), both.into())])
            }
            None => config,
        };
        let answer = match self.api.call(operation, input).await {
            Ok(answer) => answer,
            Err(error) if error.has_code("DistributionAlreadyExists") => {
                // The caller reference is this operation's own: an attempt before took effect.
                let Some(id) = id_in(&error.message) else { return Err(error) };
                let found = REFERENCED.read(&*self.api, id, token).await?;
                found.ok_or(error)?
            }
            Err(error) => return Err(explained(error)),
        };
        let id = PhysicalId::new(text(map(&answer, "Distribution", operation)?, "Id", operation)?);
        effects.created_as(&id).await.map_err(|error| {
            DriverError::new(ErrorKind::UnknownOutcome, action(operation), error.to_string())
        })?;
        self.object(&answer, operation, &request.properties, tags::Shown::AsDeclared).await
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let id = request.identifier.only();
        let object = self.versioned(id);
        let current = object.read().await?;
        let found = map(&current, "Distribution", GET)?;
        let members = config::updated_members(request, map(found, CONFIG, GET)?, UPDATE)?;
        let input = KnownMap::from([(CONFIG.to_owned(), KnownValue::Map(members))]);
        let answer = object.change_from(&current, UPDATE, input).await.map_err(explained)?;
        let arn = text(map(&answer, "Distribution", UPDATE)?, "ARN", UPDATE)?;
        tags::update(&*self.api, arn, &request.prior, &request.properties).await?;
        self.object(&answer, UPDATE, &request.properties, tags::Shown::AsDeclared).await
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let id = request.identifier.only();
        let object = self.versioned(id);
        let answer = match object.read().await {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) => return Ok(Progress::Done),
            Err(error) => return Err(error),
        };
        let found = map(&answer, "Distribution", GET)?;
        if map(found, CONFIG, GET)?.get("Enabled") != Some(&KnownValue::Bool(false)) {
            return self.disable(&object, &answer, id).await;
        }
        let deployment = Self::deployment(&answer, id)?;
        if deployment != Progress::Done {
            return Ok(deployment);
        }
        match object.attempt(&answer, "DeleteDistribution", KnownMap::new()).await {
            Ok(_) => Ok(Progress::Done),
            Err(error) if is_missing(&error) => Ok(Progress::Done),
            Err(error) if is_stale(&error) || error.has_code("DistributionNotDisabled") => {
                Ok(again(id))
            }
            Err(error) => Err(error),
        }
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let id = identifier.only();
        match self.versioned(id).read().await {
            Ok(answer) => Self::deployment(&answer, id),
            // It was just written: it is there.
            Err(error) if is_missing(&error) => Ok(Progress::Pending {
                waits_for: format!("distribution {id} to become visible"),
                ask_again_in: Duration::from_secs(2),
            }),
            Err(error) => Err(error),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let token = request.token.as_str();
        let members = config::members(&request.properties, token.into(), "CreateDistribution")?;
        let comment = members.get("Comment").and_then(KnownValue::expose_str).unwrap_or_default();
        Ok(match REFERENCED.find(&*self.api, token, comment).await? {
            Search::Absent => Found::Absent,
            Search::Unclear { skipped } => {
                let why = format!(
                    "{skipped} distributions may not be read, and one of them can be the one that \
                     this operation made"
                );
                Found::Ambiguous { why }
            }
            Search::Found(answer) => {
                let shown = tags::Shown::AsDeclared;
                let object = self.object(&answer, GET, &request.properties, shown).await?;
                Found::Ours(Box::new(object))
            }
        })
    }
}
