//! `AWS::ApiGateway::RestApi`.
//!
//! API Gateway chooses the ID, and its creating call takes no token. That the call is about to be made
//! is durable before it; after an interruption the API is looked for among those of the Region, by the
//! token in its tags. A definition in OpenAPI is imported into the API that exists, in a call of its
//! own: the importing call that creates takes no tags.

use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue, PropertyPath};

use super::calls::{Gateway, missing, nameless};
use super::definition::{self, BODY, HOW};
use super::form::{Form, as_declared};
use super::patch::{Kind, Removable, Setting, Sides, TakenBack, same, says_nothing};
use super::policy::{self, POLICY};
use super::tags;
use crate::iam::{Fields, arguments, declared_tags, journal_failed, text_in, with_token};
use crate::mapping::text_of;
use crate::ownership::needs_tag;
use crate::resource_tags::made_by;

const CREATE: &str = "apigateway:CreateRestApi";
const READ: &str = "apigateway:GetRestApi";
const UPDATE: &str = "apigateway:UpdateRestApi";
const DELETE: &str = "apigateway:DeleteRestApi";
const NOUN: &str = "API";

const CLONE_FROM: &str = "CloneFrom";

/// The time between two questions about a change of endpoints.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The time in which API Gateway makes one edge-optimized API, and deletes one API.
///
/// Source: API Gateway developer guide, "API Gateway quotas for creating, deploying and managing an API",
/// `CreateRestApi` and `DeleteRestApi`.
const ONE_IN: Duration = Duration::from_secs(30);

/// The form of APIs.
///
/// Source: API Gateway API reference, `CreateRestApi`: `apiKeySource`; Patch Operations, `UpdateRestApi`;
/// terraform-provider-aws, `internal/service/apigateway/rest_api.go`, its update.
pub(super) static FORM: Form = Form {
    type_name: "AWS::ApiGateway::RestApi",
    below: None,
    shape: "RestApi",
    apart: &[BODY, "BodyS3Location", CLONE_FROM, HOW[0], HOW[1], HOW[2], POLICY[0], "Tags"],
    settings: &[
        Setting::lasting("name"),
        Setting::of("description", Kind::Scalar(TakenBack::ByRemoval)),
        Setting::of("version", Kind::Fixed),
        Setting::scalar("apiKeySource", "HEADER"),
        Setting::of("binaryMediaTypes", Kind::ItemsInPath(None)),
        Setting::scalar("disableExecuteApiEndpoint", "false"),
        Setting::of("minimumCompressionSize", Kind::Scalar(TakenBack::ByNothing)),
        Setting::of(
            "endpointConfiguration",
            Kind::Tree(
                &[
                    Setting::of("types", Kind::OneItem),
                    Setting::of("vpcEndpointIds", Kind::ItemsAsValues),
                    Setting::lasting("ipAddressType"),
                ],
                Removable::No,
            ),
        ),
        Setting::lasting("endpointAccessMode"),
        Setting::lasting("securityPolicy"),
    ],
};

/// The driver of REST APIs. The physical ID is the ID.
pub(super) struct RestApi {
    gateway: Gateway,
}

fn named(id: &str) -> KnownMap {
    arguments([("restApiId", id.into())])
}

fn id_of(api: &KnownMap, action: &str) -> Result<String, DriverError> {
    text_in(api, "id").map(str::to_owned).ok_or_else(|| nameless(NOUN, action))
}

/// The policy that is declared, as the text that a call takes.
fn policy_text(fields: Fields<'_>) -> Result<Option<KnownValue>, DriverError> {
    let [property, _] = POLICY;
    let Some(declared) = fields.value(property) else { return Ok(None) };
    let path = PropertyPath::root().name(property);
    let text = text_of(declared, &path);
    text.map(Some).map_err(|_| fields.invalid(property, "is not a policy document"))
}

/// Completes the endpoints whose type of addresses is declared no longer with the default.
///
/// Source: API Gateway API reference, `EndpointConfiguration`, `ipAddressType`, and API Gateway developer guide,
/// "IP address types for REST APIs in API Gateway".
fn default_addresses(wanted: &mut KnownMap, prior: &KnownMap) {
    const ENDPOINTS: &str = "endpointConfiguration";
    const ADDRESSES: &str = "ipAddressType";
    let was_declared = prior.get(ENDPOINTS).is_some_and(|it| it.get(ADDRESSES).is_some());
    if let (true, Some(KnownValue::Map(endpoints))) = (was_declared, wanted.get_mut(ENDPOINTS)) {
        let types = endpoints.get("types").and_then(KnownValue::as_list).unwrap_or_default();
        let is_private = types.first().is_some_and(|it| same(it, &"PRIVATE".into()));
        let default = if is_private { "dualstack" } else { "ipv4" };
        endpoints.entry(ADDRESSES.to_owned()).or_insert_with(|| default.into());
    }
}

/// The error of a creation. That of an edge-optimized API, which is the default, is tried again when its turn
/// has come; of others one is made in three seconds.
fn paced(mut error: DriverError, fields: Fields<'_>) -> DriverError {
    let endpoints = fields.tree("EndpointConfiguration").ok().flatten();
    let types = endpoints.and_then(|it| it.value("Types")).and_then(KnownValue::as_list);
    let is_edge = types.and_then(<[_]>::first).is_none_or(|it| same(it, &"EDGE".into()));
    if is_edge && error.kind == ErrorKind::Throttled {
        error.retry_after = error.retry_after.or(Some(ONE_IN));
    }
    error
}

impl RestApi {
    /// A driver that calls API Gateway.
    pub(super) fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    async fn existing(&self, id: &str) -> Result<KnownMap, DriverError> {
        let found = self.gateway.call_if_exists("GetRestApi", named(id)).await?;
        found.ok_or_else(|| missing(NOUN, id, READ))
    }

    /// The attributes of an API. A description without the root resource is completed with it.
    async fn attributes(&self, api: &KnownMap, id: &str) -> Result<KnownMap, DriverError> {
        let mut out = arguments([("RestApiId", id.into())]);
        let mut root = api.get("rootResourceId").filter(|root| **root != KnownValue::Null).cloned();
        if root.is_none() {
            let all = self.gateway.list("GetResources", named(id)).await?;
            let found = all.into_iter().find(|found| text_in(found, "path") == Some("/"));
            root = found.and_then(|found| found.get("id").cloned());
        }
        out.extend(root.map(|root| ("RootResourceId".to_owned(), root)));
        Ok(out)
    }

    /// The API in the vocabulary of the template.
    async fn object(&self, api: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
        let id = id_of(api, READ)?;
        let mut properties = FORM.properties(api, declared)?;
        properties.extend([tags::shown(api)]);
        let mut properties = as_declared(properties, declared);
        let [property, _] = POLICY;
        if let Some(shown) = policy::of(api) {
            let given = declared.get(property);
            let given = given.filter(|given| policy::is_same(given, &shown, &id)).cloned();
            properties.insert(property.to_owned(), given.unwrap_or(shown));
        }
        let attributes = self.attributes(api, &id).await?;
        Ok(Object::named(id.into(), properties, attributes))
    }

    /// The API that the operation of the request made, among those of the Region.
    async fn made(&self, request: &CreateRequest) -> Result<Option<KnownMap>, DriverError> {
        let all = self.gateway.list("GetRestApis", KnownMap::new()).await?;
        Ok(all.into_iter().find(|api| made_by(&tags::of(api), &request.token)))
    }

    /// Gives the API what is declared, by what it has: its definition, its settings, its tags.
    async fn complete(
        &self,
        id: &str,
        properties: &KnownMap,
        prior: &KnownMap,
    ) -> Result<(), DriverError> {
        let (fields, before) = (Fields::new(properties, UPDATE), Fields::new(prior, UPDATE));
        let (wanted_tags, prior_tags) = (declared_tags(fields)?, declared_tags(before)?);
        let mut api = self.existing(id).await?;
        let mut taken_back = prior.clone();
        if let Some(import) = definition::import(fields, before, &api)? {
            let mut input = import.input;
            input.extend(named(id));
            self.gateway.call("PutRestApi", input).await?;
            let held = tags::of(&api);
            api = self.existing(id).await?;
            // An import may leave the tags of the definition alone. The API is recorded by now.
            self.gateway.set_tags(id, tags::lost(&held, &tags::of(&api))).await?;
            if import.overwrites {
                // What is declared no longer is as the definition says.
                taken_back.retain(|name, _| properties.contains_key(name));
            }
        }
        let mut wanted = FORM.members(properties, UPDATE)?;
        let prior = FORM.members(&taken_back, UPDATE)?;
        default_addresses(&mut wanted, &prior);
        let sides = Sides { wanted: &wanted, prior: &prior, current: &api };
        let mut patch = FORM.patch(sides, fields)?;
        let (shown, [property, _]) = (policy::of(&api), POLICY);
        match (policy_text(fields)?, shown) {
            (Some(text), shown) => {
                let is = |shown: KnownValue| policy::is_same(&text, &shown, id);
                if !shown.is_some_and(is) {
                    patch.replace("/policy".to_owned(), &text);
                }
            }
            (None, Some(_)) if taken_back.contains_key(property) => {
                patch.replace("/policy".to_owned(), &"".into());
            }
            (None, _) => {}
        }
        if !patch.is_empty() {
            self.gateway.call("UpdateRestApi", patch.into_input(named(id))).await?;
        }
        self.gateway.change_tags(id, [&prior_tags, &wanted_tags, &tags::of(&api)]).await
    }
}

#[async_trait]
impl DirectDriver for RestApi {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let found = self.gateway.call_if_exists("GetRestApi", named(identifier.only())).await?;
        Ok(match found {
            Some(api) => Observed::Present(self.object(&api, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let mut properties = request.properties.clone();
        definition::fill_in(fields, &mut properties)?;
        Fields::new(&properties, CREATE).required("Name")?;
        let mut input = FORM.members(&properties, CREATE)?;
        // API Gateway refuses an empty description.
        input.retain(|name, value| name != "description" || !says_nothing(value));
        input.extend(policy_text(fields)?.map(|text| (POLICY[1].to_owned(), text)));
        let origin = fields.text(CLONE_FROM)?;
        input.extend(origin.map(|origin| ("cloneFrom".to_owned(), origin)));
        let tags = with_token(fields, &declared_tags(fields)?, &request.token)?;
        input.insert("tags".to_owned(), tags.into());
        if request.begun.is_some() && self.made(request).await?.is_some() {
            let message = "the API was made by this operation";
            return Err(DriverError::new(ErrorKind::AlreadyExists, CREATE, message));
        }
        let begins = effects.begins(&Cursor::from("create")).await;
        begins.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))?;
        let made = self.gateway.call("CreateRestApi", input).await;
        let api = made.map_err(|error| needs_tag(paced(error, fields), NOUN, "apigateway:PUT"))?;
        let id = id_of(&api, CREATE)?;
        let recorded = effects.created_as(&id.as_str().into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        if fields.value(BODY).is_some() {
            self.complete(&id, &request.properties, &KnownMap::new()).await?;
        }
        let attributes = self.attributes(&api, &id).await?;
        Ok(Object::named(id.into(), request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let id = request.identifier.only();
        let fields = Fields::new(&request.properties, UPDATE);
        let origin = fields.value(CLONE_FROM);
        let was = request.prior.get(CLONE_FROM);
        if origin.is_some() && was.is_some() && origin != was {
            let problem = "has another value, but an API is a clone from its beginning; replace the \
                           API with --replace";
            return Err(fields.invalid(CLONE_FROM, problem));
        }
        self.complete(id, &request.properties, &request.prior).await?;
        self.object(&self.existing(id).await?, &request.properties).await
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let id = identifier.only();
        let found = self.gateway.call_if_exists("GetRestApi", named(id)).await?;
        let text = |name: &str| found.as_ref().and_then(|found| text_in(found, name));
        match text("apiStatus") {
            Some(status @ ("PENDING" | "UPDATING")) => {
                let waits_for = format!("the API `{id}`, which is {status}");
                Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN })
            }
            Some("FAILED") => {
                let reason = text("apiStatusMessage").unwrap_or("API Gateway gives no reason");
                let message = format!("the API `{id}` failed: {reason}");
                Err(DriverError::new(ErrorKind::Invalid { property: None }, READ, message))
            }
            Some(_) | None => Ok(Progress::Done),
        }
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let deleted = self.gateway.delete("DeleteRestApi", named(request.identifier.only())).await;
        match deleted {
            Err(error) if error.kind == ErrorKind::Throttled => Ok(Progress::Pending {
                waits_for: format!("{DELETE} to be taken: one API is deleted in 30 seconds"),
                ask_again_in: ONE_IN,
            }),
            other => other,
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        // The call that creates was never made.
        if request.begun.is_none() {
            return Ok(Found::Absent);
        }
        Ok(match self.made(request).await? {
            Some(api) => Found::Ours(Box::new(self.object(&api, &request.properties).await?)),
            None => Found::Absent,
        })
    }
}
