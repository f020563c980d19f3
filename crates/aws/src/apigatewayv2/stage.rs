//! `AWS::ApiGatewayV2::Stage`.
//!
//! The template chooses the name, which stands for one stage of an API. The call that creates is made
//! only after the durable proof that the API has no such stage, and a stage is known again by the token
//! in its tags. Log settings and settings of routes are taken back by operations of their own.

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};
use serde_json::{Value, json};

use super::calls::{Gateway, missing};
use super::form::{Emptied, Form, as_it_is, none, says_nothing};
use super::tags;
use crate::apigateway::ALL_STREAMS;
use crate::iam::{Fields, arguments, journal_failed, with_token};
use crate::ownership::needs_tag;
use crate::resource_tags::made_by;

const CREATE: &str = "apigatewayv2:CreateStage";
const READ: &str = "apigatewayv2:GetStage";
const UPDATE: &str = "apigatewayv2:UpdateStage";
const NOUN: &str = "stage";

const LOGS: &str = "AccessLogSettings";

/// The destination in it.
const DESTINATION: &str = "DestinationArn";
const DEFAULTS: &str = "DefaultRouteSettings";
const ROUTES: &str = "RouteSettings";

/// Limits of a stage, which no call takes back alone.
const LIMITS: [&str; 2] = ["ThrottlingBurstLimit", "ThrottlingRateLimit"];

/// The form of stages.
pub(super) const FORM: Form = Form {
    type_name: "AWS::ApiGatewayV2::Stage",
    create: "CreateStageRequest",
    update: "UpdateStageRequest",
    shown: "GetStageResponse",
    apart: &["Tags"],
    names: &["ApiId", "StageName"],
    unread: &[],
    emptied: &[("StageVariables", Emptied::Text)],
    beside: &[],
    to_wire: as_it_is,
    from_wire: none,
    reset,
};

/// The values that take properties back.
///
/// Source: API Gateway V2 API reference, `UpdateStage`, `DeleteAccessLogSettings` and
/// `DeleteRouteSettings`; terraform-provider-aws, `internal/service/apigatewayv2/stage.go`.
fn reset(name: &str, _: bool) -> Option<Value> {
    Some(match name {
        "AutoDeploy" => json!(false),
        "ClientCertificateId" | "DeploymentId" | "Description" => json!(""),
        LOGS | DEFAULTS | ROUTES | "StageVariables" => json!({}),
        _ => return None,
    })
}

/// The driver of stages. The physical ID is the name, the identifier has the ID of the API before it.
pub(super) struct Stage {
    gateway: Gateway,
}

/// A stage, by its API and its name.
struct Key {
    api: String,
    name: String,
}

impl Key {
    fn of(identifier: &Identifier) -> Result<Self, DriverError> {
        match identifier.parts() {
            [api, name] => Ok(Self { api: api.clone(), name: name.clone() }),
            _ => {
                let message =
                    format!("`{identifier}` names no stage: its form is `ApiId|StageName`");
                Err(DriverError::new(ErrorKind::Invalid { property: None }, READ, message))
            }
        }
    }

    fn declared(fields: Fields<'_>) -> Result<Self, DriverError> {
        let api = fields.required_identifying("ApiId")?;
        Ok(Self { api, name: fields.required_identifying("StageName")? })
    }

    fn input(&self) -> KnownMap {
        arguments([("ApiId", self.api.as_str().into()), ("StageName", self.name.as_str().into())])
    }

    fn path(&self) -> String {
        format!("/apis/{}/stages/{}", self.api, self.name)
    }

    fn object(&self, mut properties: KnownMap) -> Object {
        properties.extend(self.input());
        Object {
            identifier: Identifier::new([self.api.clone(), self.name.clone()]),
            physical_id: PhysicalId::from(self.name.as_str()),
            properties,
            attributes: KnownMap::new(),
        }
    }

    /// The error of a name that another stage has.
    fn taken(&self) -> DriverError {
        let message = format!(
            "the API `{}` has a stage `{}` already, which was not made by this run; choose another \
             name, or delete it",
            self.api, self.name
        );
        DriverError::new(ErrorKind::Conflict, CREATE, message)
    }
}

/// The stage in the vocabulary of the template.
fn shown(key: &Key, stage: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
    let mut properties = FORM.properties(stage, &as_sent(declared))?;
    // The destination of logs as it is declared.
    if let (Some(given), Some(KnownValue::Map(logs))) =
        (destination(declared), properties.get_mut(LOGS))
    {
        let found = logs.get(DESTINATION).and_then(KnownValue::as_str);
        if found.is_some() && found == given.strip_suffix(ALL_STREAMS) {
            logs.insert(DESTINATION.to_owned(), given.into());
        }
    }
    properties.extend([tags::shown(stage)]);
    Ok(key.object(properties))
}

/// The declared destination of logs.
fn destination(properties: &KnownMap) -> Option<&str> {
    properties.get(LOGS)?.as_map()?.get(DESTINATION)?.as_str()
}

/// The properties as the calls take them: without the end of the ARN of a log group.
fn as_sent(properties: &KnownMap) -> KnownMap {
    let mut sent = properties.clone();
    let group = destination(properties).and_then(|arn| arn.strip_suffix(ALL_STREAMS));
    if let (Some(group), Some(KnownValue::Map(logs))) = (group, sent.get_mut(LOGS)) {
        logs.insert(DESTINATION.to_owned(), group.into());
    }
    sent
}

/// The settings that were declared of a route or of all routes, and are no longer.
fn gone<'a>(wanted: Option<&KnownMap>, was: Option<&'a KnownMap>) -> Vec<&'a str> {
    let is_gone = |name: &&String| wanted.is_none_or(|wanted| !wanted.contains_key(*name));
    was.into_iter().flat_map(|was| was.keys().filter(is_gone)).map(String::as_str).collect()
}

/// Spells out the defaults of settings of all routes that are declared no longer.
///
/// Source: API Gateway V2 API reference, `RouteSettings`: logs and metrics are off by default.
///
/// # Errors
/// For a limit: no call takes one back.
fn spell_out(input: &mut KnownMap, [wanted, was]: [&KnownMap; 2]) -> Result<(), DriverError> {
    let map = |members: &'_ KnownMap| members.get(DEFAULTS).and_then(KnownValue::as_map).cloned();
    let (Some(now), Some(before)) = (map(wanted), map(was)) else { return Ok(()) };
    let gone = gone(Some(&now), Some(&before));
    if gone.is_empty() {
        return Ok(());
    }
    let mut out = now.clone();
    for name in gone {
        if LIMITS.contains(&name) {
            let problem = format!(
                "declares `{name}` no longer, but API Gateway takes a limit back by no call; \
                 declare it again"
            );
            return Err(Fields::new(wanted, UPDATE).invalid(DEFAULTS, problem));
        }
        let value = if name == "LoggingLevel" { "OFF".into() } else { false.into() };
        out.insert(name.to_owned(), value);
    }
    input.insert(DEFAULTS.to_owned(), out.into());
    Ok(())
}

impl Stage {
    /// A driver that calls API Gateway.
    pub(super) fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    async fn look(&self, key: &Key) -> Result<Option<KnownMap>, DriverError> {
        self.gateway.call_if_exists("GetStage", key.input()).await
    }

    async fn existing(&self, key: &Key) -> Result<KnownMap, DriverError> {
        self.look(key).await?.ok_or_else(|| missing(NOUN, &key.name, READ))
    }

    /// Takes settings of routes back that are there and declared no longer, or declare less.
    async fn take_back_routes(
        &self,
        key: &Key,
        stage: &KnownMap,
        [wanted, was]: [&KnownMap; 2],
    ) -> Result<(), DriverError> {
        let routes = |of: &KnownMap| of.get(ROUTES).and_then(KnownValue::as_map).cloned();
        let (now, before) = (routes(wanted), routes(was).unwrap_or_default());
        // Without a declaration the settings are another owner's, but for those that were declared.
        let there = routes(stage).unwrap_or_default();
        for (route, _) in there {
            let was = before.get(&route).and_then(KnownValue::as_map);
            let goes = match now.as_ref().map(|now| now.get(&route)) {
                Some(Some(settings)) => !gone(settings.as_map(), was).is_empty(),
                Some(None) => true,
                None => was.is_some(),
            };
            if goes {
                let mut input = key.input();
                input.insert("RouteKey".to_owned(), route.into());
                self.gateway.delete("DeleteRouteSettings", input).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl DirectDriver for Stage {
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
            Some(stage) => Observed::Present(shown(&key, &stage, declared)?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let key = Key::declared(fields)?;
        let mut input = FORM.members(&as_sent(&request.properties), FORM.create, CREATE)?;
        let tags = with_token(fields, &tags::declared(fields)?, &request.token)?;
        input.insert("Tags".to_owned(), tags.into());
        if !request.absence_proven {
            if self.look(&key).await?.is_some() {
                return Err(key.taken());
            }
            let proven = effects.absent().await;
            proven.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, CREATE, error.to_string())
            })?;
        }
        let made = self.gateway.call("CreateStage", input).await;
        made.map_err(|error| needs_tag(error, NOUN, "apigateway:TagResource"))?;
        let object = key.object(request.properties.clone());
        let recorded = effects.created(&object.identifier, &object.physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        Ok(object)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let key = Key::of(&request.identifier)?;
        let (sent, sent_before) = (as_sent(&request.properties), as_sent(&request.prior));
        let (fields, before) = (Fields::new(&sent, UPDATE), Fields::new(&sent_before, UPDATE));
        let (wanted_tags, prior_tags) = (tags::declared(fields)?, tags::declared(before)?);
        let wanted = FORM.members(&sent, FORM.update, UPDATE)?;
        let was = FORM.members(&sent_before, FORM.update, UPDATE)?;
        let both = [&wanted, &was];
        self.take_back_routes(&key, &self.existing(&key).await?, both).await?;
        let stage = self.existing(&key).await?;
        let mut input = FORM.changes(&stage, [fields, before], false, UPDATE)?;
        spell_out(&mut input, both)?;
        // Their keys were taken back one by one.
        if input.get(ROUTES).is_some_and(says_nothing) {
            input.remove(ROUTES);
        }
        if input.get(LOGS).is_some_and(says_nothing) {
            input.remove(LOGS);
            self.gateway.delete("DeleteAccessLogSettings", key.input()).await?;
        }
        // A stage that deploys by itself chooses its deployment.
        let deploys = fields.boolean("AutoDeploy")?.unwrap_or(false);
        if deploys && fields.value("DeploymentId").is_none() {
            input.remove("DeploymentId");
        }
        if !input.is_empty() {
            input.extend(key.input());
            self.gateway.call("UpdateStage", input).await?;
        }
        let current = tags::of(&stage);
        let tags = [&prior_tags, &wanted_tags, &current];
        self.gateway.change_tags(&key.path(), tags).await?;
        shown(&key, &self.existing(&key).await?, &request.properties)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        self.gateway.delete("DeleteStage", Key::of(&request.identifier)?.input()).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        // The call that creates was never made.
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let key = Key::declared(Fields::new(&request.properties, READ))?;
        let Some(stage) = self.look(&key).await? else { return Ok(Found::Absent) };
        if made_by(&tags::of(&stage), &request.token) {
            return Ok(Found::Ours(Box::new(shown(&key, &stage, &request.properties)?)));
        }
        let why = format!(
            "the stage `{}` exists, and its tags do not say that this operation made it",
            key.name
        );
        Ok(Found::Ambiguous { why })
    }
}
