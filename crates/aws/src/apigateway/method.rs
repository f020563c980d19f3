//! `AWS::ApiGateway::Method`, with its responses and its integration.
//!
//! Method, method responses, integration and integration responses are four kinds of objects in API
//! Gateway. The method is recorded as soon as it is made; what it lacks is put by what it has, in the same
//! way after an interruption and in an update. An integration response needs its method response: the
//! one is put after the other, and deleted before it.

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::calls::{Gateway, misnamed, missing, prove_absence};
use super::form::{Form, as_declared};
use super::integration::{self, INTEGRATION};
use super::patch::{Kind, Setting, Sides, TakenBack};
use super::responses::{self, RESPONSES};
use crate::iam::{Fields, arguments, journal_failed};
use crate::mapping::holds;

const CREATE: &str = "apigateway:PutMethod";
const READ: &str = "apigateway:GetMethod";
const UPDATE: &str = "apigateway:UpdateMethod";
const NOUN: &str = "method";

const NAMES: [&str; 3] = ["RestApiId", "ResourceId", "HttpMethod"];

/// The form of the method itself. An authorizer goes with the authorization type that needs one.
///
/// Source: API Gateway API reference, Patch Operations, `UpdateMethod`; terraform-provider-aws,
/// `internal/service/apigateway/method.go`, its update.
pub(super) static FORM: Form = Form {
    type_name: "AWS::ApiGateway::Method",
    below: None,
    shape: "Method",
    apart: &["HttpMethod", INTEGRATION, RESPONSES, "ResourceId", "RestApiId"],
    settings: &[
        Setting::of("authorizerId", Kind::Scalar(TakenBack::By(""))),
        Setting::scalar("authorizationType", "NONE"),
        Setting::of("authorizationScopes", Kind::ItemsAsValues),
        Setting::scalar("apiKeyRequired", "false"),
        Setting::scalar("operationName", ""),
        Setting::of("requestModels", Kind::Map),
        Setting::of("requestParameters", Kind::Map),
        Setting::of("requestValidatorId", Kind::Scalar(TakenBack::ByNothing)),
    ],
};

/// The types of authorization that an authorizer carries out.
///
/// Source: API Gateway API reference, `PutMethod`, `authorizationType`.
const BY_AUTHORIZER: [&str; 2] = ["COGNITO_USER_POOLS", "CUSTOM"];

/// The driver of methods. The physical ID is the identifier.
pub(super) struct Method {
    gateway: Gateway,
}

/// A method of a resource.
pub(super) struct Key {
    api: String,
    resource: String,
    method: String,
}

impl Key {
    fn of(identifier: &Identifier) -> Result<Self, DriverError> {
        match identifier.parts() {
            [api, resource, method] => {
                Ok(Self { api: api.clone(), resource: resource.clone(), method: method.clone() })
            }
            _ => {
                let form = "RestApiId|ResourceId|HttpMethod";
                Err(misnamed(NOUN, &identifier.to_string(), form, READ))
            }
        }
    }

    fn declared(fields: Fields<'_>) -> Result<Self, DriverError> {
        let [api, resource, method] = NAMES.map(|name| fields.required_identifying(name));
        Ok(Self { api: api?, resource: resource?, method: method? })
    }

    /// The members that name the method.
    pub(super) fn input(&self) -> KnownMap {
        arguments([
            ("restApiId", self.api.as_str().into()),
            ("resourceId", self.resource.as_str().into()),
            ("httpMethod", self.method.as_str().into()),
        ])
    }

    fn object(&self, mut properties: KnownMap) -> Object {
        let parts = [&self.api, &self.resource, &self.method];
        for (name, part) in NAMES.into_iter().zip(parts) {
            properties.insert(name.to_owned(), part.as_str().into());
        }
        let identifier = Identifier::new(parts.map(String::clone));
        Object {
            physical_id: PhysicalId::new(parts.map(String::as_str).join("|")),
            identifier,
            properties,
            attributes: KnownMap::new(),
        }
    }

    fn taken(&self) -> DriverError {
        let message = format!(
            "the resource `{}` has a method `{}` already, which was not made by this run; delete \
             it, or leave this one out of the template",
            self.resource, self.method
        );
        DriverError::new(ErrorKind::Conflict, CREATE, message)
    }
}

/// The members of the method itself, with the type of authorization that is the default.
///
/// Source: CloudFormation Template Reference, `AWS::ApiGateway::Method`, `AuthorizationType`: required but
/// by methods of `OPTIONS`; API Gateway API reference, `PutMethod`: required.
fn members(properties: &KnownMap, action: &'static str) -> Result<KnownMap, DriverError> {
    let mut members = FORM.members(properties, action)?;
    members.entry("authorizationType".to_owned()).or_insert_with(|| "NONE".into());
    Ok(members)
}

/// The method in the vocabulary of the template.
fn shown(key: &Key, found: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
    let mut properties = FORM.properties(found, declared)?;
    properties.extend(responses::of_method(found, declared)?);
    properties.extend(integration::shown(found, declared)?);
    Ok(key.object(as_declared(properties, declared)))
}

impl Method {
    /// A driver that calls API Gateway.
    pub(super) fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    async fn look(&self, key: &Key) -> Result<Option<KnownMap>, DriverError> {
        self.gateway.call_if_exists("GetMethod", key.input()).await
    }

    async fn existing(&self, key: &Key) -> Result<KnownMap, DriverError> {
        self.look(key).await?.ok_or_else(|| missing(NOUN, &key.method, READ))
    }

    /// Gives the method what is declared, by what it has.
    async fn complete(
        &self,
        key: &Key,
        current: &KnownMap,
        [properties, prior]: [&KnownMap; 2],
    ) -> Result<(), DriverError> {
        let mut wanted = members(properties, UPDATE)?;
        let was = FORM.members(prior, UPDATE)?;
        let authorization = wanted.get("authorizationType").and_then(KnownValue::expose_str);
        // The authorizer of a method goes with the authorization that needs it.
        let by_authorizer = authorization.is_some_and(|it| BY_AUTHORIZER.contains(&it));
        let mut described = current.clone();
        if !by_authorizer {
            wanted.remove("authorizerId");
            described.remove("authorizerId");
        }
        let sides = Sides { wanted: &wanted, prior: &was, current: &described };
        let patch = FORM.patch(sides, Fields::new(properties, UPDATE))?;
        if !patch.is_empty() {
            self.gateway.call("UpdateMethod", patch.into_input(key.input())).await?;
        }
        let both = [properties, prior].map(|tree| Fields::new(tree, UPDATE));
        let parts = integration::Parts { gateway: &self.gateway, key, both };
        parts.take_back(current).await?;
        responses::delete(&self.gateway, key, current, both).await?;
        responses::put(&self.gateway, key, current, both).await?;
        parts.put(current).await
    }
}

#[async_trait]
impl DirectDriver for Method {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let key = Key::of(identifier)?;
        Ok(match self.look(&key).await? {
            Some(found) => Observed::Present(shown(&key, &found, declared)?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let properties = &request.properties;
        let key = Key::declared(Fields::new(properties, CREATE))?;
        let mut input = members(properties, CREATE)?;
        input.extend(key.input());
        if !request.absence_proven {
            if self.look(&key).await?.is_some() {
                return Err(key.taken());
            }
            prove_absence(effects, CREATE).await?;
        }
        let made = self.gateway.call("PutMethod", input).await?;
        let object = key.object(properties.clone());
        let recorded = effects.created(&object.identifier, &object.physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        self.complete(&key, &made, [properties, &KnownMap::new()]).await?;
        Ok(object)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let key = Key::of(&request.identifier)?;
        let current = self.existing(&key).await?;
        self.complete(&key, &current, [&request.properties, &request.prior]).await?;
        shown(&key, &self.existing(&key).await?, &request.properties)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        self.gateway.delete("DeleteMethod", Key::of(&request.identifier)?.input()).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        // The call that creates was never made.
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let properties = &request.properties;
        let key = Key::declared(Fields::new(properties, READ))?;
        let Some(found) = self.look(&key).await? else { return Ok(Found::Absent) };
        let wanted = members(properties, READ)?;
        let mut described = found.clone();
        super::patch::complete(FORM.settings, &mut described, &wanted);
        if holds(&wanted.into(), Some(&described.into()), &["authorizationScopes"]) {
            return Ok(Found::Ours(Box::new(shown(&key, &found, properties)?)));
        }
        let why = format!(
            "the method `{}` exists, and does not say what this operation asked for",
            key.method
        );
        Ok(Found::Ambiguous { why })
    }
}
