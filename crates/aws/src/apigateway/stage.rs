//! `AWS::ApiGateway::Stage`.
//!
//! The template chooses the name, which stands for one stage of an API. The call that creates is made
//! only after the durable proof that the API has no such stage, and a stage is known again by the token
//! in its tags. Logs, a client certificate and settings of methods are set by a patch of their own.

use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::ErrorKind;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, Found, Object, Observed,
    Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::calls::{Gateway, misnamed, missing, prove_absence};
use super::form::{Form, as_declared};
use super::method_settings::{self, METHOD_SETTINGS};
use super::patch::{Kind, Removable, Setting, Sides, TakenBack};
use super::tags;
use crate::iam::{Fields, Tags, arguments, declared_tags, journal_failed, text_in, with_token};
use crate::ownership::needs_tag;
use crate::resource_tags::made_by;

const CREATE: &str = "apigateway:CreateStage";
const READ: &str = "apigateway:GetStage";
const UPDATE: &str = "apigateway:UpdateStage";
const NOUN: &str = "stage";

/// The time between two questions about a cache cluster.
const ASK_AGAIN: Duration = Duration::from_secs(10);

const ENABLED: &str = "cacheClusterEnabled";
const SIZE: [&str; 2] = ["CacheClusterSize", "cacheClusterSize"];

/// The form of stages.
///
/// Source: API Gateway API reference, Patch Operations, `UpdateStage`; terraform-provider-aws,
/// `internal/service/apigateway/stage.go`, its update.
pub(super) static FORM: Form = Form {
    type_name: "AWS::ApiGateway::Stage",
    below: None,
    shape: "Stage",
    apart: &[METHOD_SETTINGS, "RestApiId", "StageName", "Tags"],
    settings: &[
        Setting::of(
            LOGS[0],
            Kind::Tree(&[Setting::lasting(LOGS[1]), Setting::lasting("format")], Removable::Yes),
        ),
        Setting::scalar(ENABLED, "false"),
        Setting::of(SIZE[1], Kind::Scalar(TakenBack::By("0.5"))),
        Setting::of(
            "canarySettings",
            Kind::Tree(
                &[
                    Setting::lasting("deploymentId"),
                    Setting::scalar("percentTraffic", "0"),
                    Setting::of("stageVariableOverrides", Kind::ReplacedMap),
                    Setting::scalar("useStageCache", "false"),
                ],
                Removable::Yes,
            ),
        ),
        Setting::scalar("clientCertificateId", ""),
        Setting::lasting("deploymentId"),
        Setting::scalar("description", ""),
        Setting::scalar("documentationVersion", ""),
        Setting::scalar("tracingEnabled", "false"),
        Setting::of("variables", Kind::ReplacedMap),
    ],
};

/// The members that the call which creates takes.
///
/// Source: API Gateway API reference, `CreateStage`.
const CREATED: [&str; 8] = [
    ENABLED,
    SIZE[1],
    "canarySettings",
    "deploymentId",
    "description",
    "documentationVersion",
    "tracingEnabled",
    "variables",
];

/// The driver of stages. The physical ID is the name, the identifier has the ID of the API before it.
pub(super) struct Stage {
    gateway: Gateway,
}

/// A stage, by its API and its name.
pub(super) struct Key {
    /// The ID of the API.
    pub(super) api: String,
    /// The name.
    pub(super) name: String,
}

impl Key {
    fn of(identifier: &Identifier) -> Result<Self, DriverError> {
        match identifier.parts() {
            [api, name] => Ok(Self { api: api.clone(), name: name.clone() }),
            _ => Err(misnamed(NOUN, &identifier.to_string(), "RestApiId|StageName", READ)),
        }
    }

    fn declared(fields: Fields<'_>) -> Result<Self, DriverError> {
        let api = fields.required_identifying("RestApiId")?;
        Ok(Self { api, name: fields.required_identifying("StageName")? })
    }

    /// The members that name the stage.
    pub(super) fn input(&self) -> KnownMap {
        arguments([
            ("restApiId", self.api.as_str().into()),
            ("stageName", self.name.as_str().into()),
        ])
    }

    fn path(&self) -> String {
        format!("{}/stages/{}", self.api, self.name)
    }

    fn object(&self, mut properties: KnownMap) -> Object {
        properties.insert("RestApiId".to_owned(), self.api.as_str().into());
        properties.insert("StageName".to_owned(), self.name.as_str().into());
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

/// The member with the settings of access logs, and that with the ARN of their destination.
const LOGS: [&str; 2] = ["accessLogSettings", "destinationArn"];

/// The end of the ARN of a log group that CloudFormation's attribute has and API Gateway refuses.
///
/// Source: LocalStack, `tests/aws/services/apigateway/test_apigateway_api.py`, access logs of stages (recorded in
/// AWS); terraform-provider-aws, `aws_api_gateway_stage` and `aws_apigatewayv2_stage`, `destination_arn`: a
/// trailing `:*` is removed; CloudFormation Template Reference, `AWS::Logs::LogGroup`, `Arn`.
pub(crate) const ALL_STREAMS: &str = ":*";

/// The members that say what the properties of a stage say.
///
/// # Errors
/// If a property has a value that its member cannot take.
pub(super) fn members(
    properties: &KnownMap,
    action: &'static str,
) -> Result<KnownMap, DriverError> {
    let [settings, destination] = LOGS;
    let mut members = FORM.members(properties, action)?;
    if let Some(KnownValue::Map(logs)) = members.get_mut(settings)
        && let Some(arn) = logs.get(destination).and_then(KnownValue::as_str)
        && let Some(group) = arn.strip_suffix(ALL_STREAMS)
    {
        let group = KnownValue::from(group);
        logs.insert(destination.to_owned(), group);
    }
    Ok(members)
}

/// The description with the destination of logs in the form in which it is declared.
fn with_declared_destination(mut stage: KnownMap, declared: &KnownMap) -> KnownMap {
    let [settings, destination] = LOGS;
    let given = FORM.members(declared, READ).ok().and_then(|given| {
        let arn = given.get(settings)?.get(destination)?.as_str()?;
        Some(arn.to_owned())
    });
    if let (Some(given), Some(KnownValue::Map(logs))) = (given, stage.get_mut(settings)) {
        let shown = logs.get(destination).and_then(KnownValue::as_str);
        if shown.is_some() && shown == given.strip_suffix(ALL_STREAMS) {
            logs.insert(destination.to_owned(), given.into());
        }
    }
    stage
}

/// A description with what its cache is going to be: the size of a cluster that is off says nothing.
fn settled(stage: &KnownMap) -> KnownMap {
    let mut stage = stage.clone();
    let goes = text_in(&stage, "cacheClusterStatus") == Some("DELETE_IN_PROGRESS");
    if goes {
        stage.insert(ENABLED.to_owned(), false.into());
    }
    if stage.get(ENABLED) != Some(&KnownValue::Bool(true)) {
        stage.remove(SIZE[1]);
    }
    stage
}

/// The stage in the vocabulary of the template.
fn shown(key: &Key, stage: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
    let stage = with_declared_destination(settled(stage), declared);
    let mut properties = FORM.properties(&stage, declared)?;
    let [size, member] = SIZE;
    if let (None, Some(given)) = (stage.get(member), declared.get(size)) {
        properties.insert(size.to_owned(), given.clone());
    }
    properties.extend(method_settings::shown(&stage, declared));
    properties.extend([tags::shown(&stage)]);
    Ok(key.object(as_declared(properties, declared)))
}

/// Gives a stage what is declared of it, by what it has. Its deployment is left alone where none is
/// declared.
///
/// # Errors
/// If a property has another form, or a call fails.
pub(super) async fn complete(
    gateway: &Gateway,
    key: &Key,
    stage: &KnownMap,
    [fields, before]: [Fields<'_>; 2],
) -> Result<(), DriverError> {
    let current = settled(stage);
    let mut wanted = members(fields.all(), UPDATE)?;
    let mut prior = members(before.all(), UPDATE)?;
    prior.remove("deploymentId");
    if wanted.get(ENABLED) != Some(&KnownValue::Bool(true)) {
        wanted.remove(SIZE[1]);
        prior.remove(SIZE[1]);
    }
    let sides = Sides { wanted: &wanted, prior: &prior, current: &current };
    let mut patch = FORM.patch(sides, fields)?;
    patch.append(method_settings::patch(&current, [fields, before])?);
    if !patch.is_empty() {
        gateway.call("UpdateStage", patch.into_input(key.input())).await?;
    }
    let (wanted, prior) = (declared_tags(fields)?, declared_tags(before)?);
    gateway.change_tags(&key.path(), [&prior, &wanted, &tags::of(stage)]).await
}

/// The input of the call that creates a stage.
///
/// # Errors
/// If a property has another form.
pub(super) fn creation(key: &Key, fields: Fields<'_>, tags: Tags) -> Result<KnownMap, DriverError> {
    fields.required("DeploymentId")?;
    let mut input = members(fields.all(), CREATE)?;
    input.retain(|name, _| CREATED.contains(&name.as_str()));
    if input.get(ENABLED) != Some(&KnownValue::Bool(true)) {
        input.remove(SIZE[1]);
    }
    input.extend(key.input());
    input.insert("tags".to_owned(), tags.into());
    Ok(input)
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
        let tags = with_token(fields, &declared_tags(fields)?, &request.token)?;
        let input = creation(&key, fields, tags)?;
        if !request.absence_proven {
            if self.look(&key).await?.is_some() {
                return Err(key.taken());
            }
            prove_absence(effects, CREATE).await?;
        }
        let made = self.gateway.call("CreateStage", input).await;
        let made = made.map_err(|error| needs_tag(error, NOUN, "apigateway:PUT"))?;
        let object = key.object(request.properties.clone());
        let recorded = effects.created(&object.identifier, &object.physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let nothing = KnownMap::new();
        let both = [fields, Fields::new(&nothing, CREATE)];
        complete(&self.gateway, &key, &made, both).await?;
        Ok(object)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let key = Key::of(&request.identifier)?;
        let both = [&request.properties, &request.prior].map(|tree| Fields::new(tree, UPDATE));
        complete(&self.gateway, &key, &self.existing(&key).await?, both).await?;
        shown(&key, &self.existing(&key).await?, &request.properties)
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let key = Key::of(identifier)?;
        let found = self.look(&key).await?;
        let status = found.as_ref().and_then(|found| text_in(found, "cacheClusterStatus"));
        Ok(match status.filter(|status| status.ends_with("_IN_PROGRESS")) {
            Some(status) => Progress::Pending {
                waits_for: format!("the cache of the stage `{}`, which is {status}", key.name),
                ask_again_in: ASK_AGAIN,
            },
            None => Progress::Done,
        })
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
