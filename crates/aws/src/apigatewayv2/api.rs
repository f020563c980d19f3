//! `AWS::ApiGatewayV2::Api`.
//!
//! API Gateway chooses the ID, and its creating call takes no token. That the call is about to be made
//! is durable before it; after an interruption the API is looked for among those of the Region, by the
//! token in its tags. A definition in OpenAPI is imported into the API that exists, in a call of its
//! own: the importing call that creates takes no tags.

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap};
use serde_json::{Value, json};

use super::calls::{Gateway, missing, nameless};
use super::form::{Form, as_it_is, none};
use super::{cors, definition, tags};
use crate::iam::{Fields, arguments, journal_failed, text_in, with_token};
use crate::ownership::needs_tag;
use crate::resource_tags::made_by;

const CREATE: &str = "apigatewayv2:CreateApi";
const READ: &str = "apigatewayv2:GetApi";
const UPDATE: &str = "apigatewayv2:UpdateApi";
const NOUN: &str = "API";

/// The form of APIs.
pub(super) const FORM: Form = Form {
    type_name: "AWS::ApiGatewayV2::Api",
    create: "CreateApiRequest",
    update: "UpdateApiRequest",
    shown: "GetApiResponse",
    apart: &["BasePath", "Body", "BodyS3Location", "FailOnWarnings", "Tags"],
    names: &["ApiId", "ProtocolType"],
    unread: &["CredentialsArn", "RouteKey", "Target"],
    emptied: &[],
    beside: &[],
    to_wire: as_it_is,
    from_wire: none,
    reset,
};

/// The values that take properties back. A target that quick create made cannot be removed. A
/// WebSocket API needs a route selection expression.
///
/// Source: API Gateway V2 API reference, `CreateApi` and `UpdateApi`; terraform-provider-aws,
/// `internal/service/apigatewayv2/api.go`, the defaults of its arguments.
fn reset(name: &str, websocket: bool) -> Option<Value> {
    Some(match name {
        "ApiKeySelectionExpression" => json!("$request.header.x-api-key"),
        "CorsConfiguration" => json!({}),
        "Description" | "Version" => json!(""),
        "DisableExecuteApiEndpoint" | "DisableSchemaValidation" => json!(false),
        "IpAddressType" => json!("ipv4"),
        "RouteKey" => json!("$default"),
        "RouteSelectionExpression" if !websocket => json!("$request.method $request.path"),
        _ => return None,
    })
}

/// The driver of APIs. The physical ID is the ID.
pub(super) struct HttpApi {
    gateway: Gateway,
}

fn named(id: &str) -> KnownMap {
    arguments([("ApiId", id.into())])
}

fn path(id: &str) -> String {
    format!("/apis/{id}")
}

fn id_of(api: &KnownMap, action: &str) -> Result<String, DriverError> {
    text_in(api, "ApiId").map(str::to_owned).ok_or_else(|| nameless(NOUN, action))
}

/// True for an API of WebSockets.
pub(super) fn is_websocket(api: &KnownMap) -> bool {
    text_in(api, "ProtocolType") == Some("WEBSOCKET")
}

impl HttpApi {
    /// A driver that calls API Gateway.
    pub(super) fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    async fn existing(&self, id: &str) -> Result<KnownMap, DriverError> {
        let found = self.gateway.call_if_exists("GetApi", named(id)).await?;
        found.ok_or_else(|| missing(NOUN, id, READ))
    }

    fn attributes(&self, api: &KnownMap, id: &str) -> KnownMap {
        let mut out = arguments([("ApiId", id.into())]);
        let endpoint = api.get("ApiEndpoint").cloned();
        out.extend(endpoint.map(|endpoint| ("ApiEndpoint".to_owned(), endpoint)));
        let arn = self.gateway.place.execute_arn(id);
        out.extend(arn.map(|arn| ("ExecuteApiArn".to_owned(), arn.into())));
        out
    }

    /// The API in the vocabulary of the template.
    fn object(&self, api: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
        let id = id_of(api, READ)?;
        let mut found = api.clone();
        cors::as_declared(&mut found, declared);
        let mut properties = FORM.properties(&found, declared)?;
        properties.extend([tags::shown(api)]);
        let attributes = self.attributes(api, &id);
        Ok(Object::named(id.into(), properties, attributes))
    }

    /// The API that the operation of the request made, among those of the Region.
    async fn made(&self, request: &CreateRequest) -> Result<Option<KnownMap>, DriverError> {
        let all = self.gateway.list("GetApis", KnownMap::new()).await?;
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
        let (wanted_tags, prior_tags) = (tags::declared(fields)?, tags::declared(before)?);
        let mut api = self.existing(id).await?;
        let mut taken_back = prior.clone();
        if let Some(mut input) = definition::import(fields, before, &api)? {
            input.extend(named(id));
            self.gateway.call("ReimportApi", input).await?;
            let own = tags::own(&api);
            api = self.existing(id).await?;
            // An import may leave the tags of the definition alone. The API is recorded by now.
            self.gateway.change_own_tags(&path(id), &own, &tags::of(&api)).await?;
            // What is declared no longer is as the definition says.
            taken_back.retain(|name, _| properties.contains_key(name));
        }
        cors::as_declared(&mut api, properties);
        let both = [fields, Fields::new(&taken_back, UPDATE)];
        let mut input = FORM.changes(&api, both, is_websocket(&api), UPDATE)?;
        let no_cors = input.get(cors::PROPERTY).is_some_and(super::form::says_nothing);
        if no_cors {
            input.remove(cors::PROPERTY);
            self.gateway.delete("DeleteCorsConfiguration", named(id)).await?;
        }
        if !input.is_empty() {
            input.extend(named(id));
            self.gateway.call("UpdateApi", input).await?;
        }
        let current = tags::of(&api);
        self.gateway.change_tags(&path(id), [&prior_tags, &wanted_tags, &current]).await
    }
}

#[async_trait]
impl DirectDriver for HttpApi {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.gateway.call_if_exists("GetApi", named(identifier.only())).await? {
            Some(api) => Observed::Present(self.object(&api, declared)?),
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
        let filled = Fields::new(&properties, CREATE);
        for name in ["Name", "ProtocolType"] {
            filled.required(name)?;
        }
        let mut input = FORM.members(&properties, FORM.create, CREATE)?;
        let tags = with_token(fields, &tags::declared(fields)?, &request.token)?;
        input.insert("Tags".to_owned(), tags.into());
        if request.begun.is_some() && self.made(request).await?.is_some() {
            let message = "the API was made by this operation";
            return Err(DriverError::new(ErrorKind::AlreadyExists, CREATE, message));
        }
        let begins = effects.begins(&Cursor::from("create")).await;
        begins.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))?;
        let made = self.gateway.call("CreateApi", input).await;
        let api = made.map_err(|error| needs_tag(error, NOUN, "apigateway:TagResource"))?;
        let id = id_of(&api, CREATE)?;
        let recorded = effects.created_as(&id.as_str().into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        if fields.value(definition::BODY).is_some() {
            self.complete(&id, &request.properties, &KnownMap::new()).await?;
        }
        let attributes = self.attributes(&api, &id);
        Ok(Object::named(id.into(), request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let id = request.identifier.only();
        self.complete(id, &request.properties, &request.prior).await?;
        self.object(&self.existing(id).await?, &request.properties)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        self.gateway.delete("DeleteApi", named(request.identifier.only())).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        // The call that creates was never made.
        if request.begun.is_none() {
            return Ok(Found::Absent);
        }
        Ok(match self.made(request).await? {
            Some(api) => Found::Ours(Box::new(self.object(&api, &request.properties)?)),
            None => Found::Absent,
        })
    }
}
