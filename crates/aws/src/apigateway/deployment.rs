//! `AWS::ApiGateway::Deployment`: a snapshot of an API, and the stage that it may come with.
//!
//! A deployment has no tags, and the call that creates takes no token. The deployments that say the same
//! are listed before it, and their IDs are durable: after an interruption the one that says the same and
//! is not among them was made by the call. Creations take turns, so that no other one of the run comes
//! between the list and the record.
//!
//! The call makes the stage `StageName`, or moves it to the new deployment. The rest of `StageDescription`
//! is given to the stage afterwards. A stage that still serves the deployment goes with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, Removal, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue, PhysicalId};

use super::calls::{Gateway, misnamed, missing, nameless};
use super::form::{Form, as_declared};
use super::method_settings::{self, METHOD_SETTINGS};
use super::patch::{Patch, Setting, Sides, same};
use super::stage;
use crate::apigatewayv2::Turns;
use crate::iam::{Fields, Tags, arguments, journal_failed, text_in};

const CREATE: &str = "apigateway:CreateDeployment";
const READ: &str = "apigateway:GetDeployment";
const UPDATE: &str = "apigateway:UpdateDeployment";
const DELETE: &str = "apigateway:DeleteDeployment";
const NOUN: &str = "deployment";

const API: &str = "RestApiId";
const STAGE: &str = "StageName";
const DESCRIPTION: &str = "Description";
const STAGE_DESCRIPTION: &str = "StageDescription";
const CANARY: &str = "DeploymentCanarySettings";

/// The beginning of the cursor of a creation; the IDs of the deployments that say the same follow.
const BEGINS: &str = "create beside ";

/// The form of deployments.
///
/// Source: API Gateway API reference, Patch Operations, `UpdateDeployment`: the description alone.
pub(super) static FORM: Form = Form {
    type_name: "AWS::ApiGateway::Deployment",
    below: None,
    shape: "Deployment",
    apart: &[API, STAGE, STAGE_DESCRIPTION, CANARY],
    settings: &[Setting::scalar("description", "")],
};

/// The parts of a stage that the call which creates takes: properties of `StageDescription`, and members.
///
/// Source: API Gateway API reference, `CreateDeployment`.
const OF_STAGE: [[&str; 2]; 5] = [
    ["CacheClusterEnabled", "cacheClusterEnabled"],
    ["CacheClusterSize", "cacheClusterSize"],
    ["Description", "description"],
    ["TracingEnabled", "tracingEnabled"],
    ["Variables", "variables"],
];

/// The driver of deployments. The physical ID is the ID, the identifier has that of the API after it.
pub(super) struct Deployment {
    gateway: Gateway,
    turns: Arc<Turns>,
}

/// A deployment, by its ID and its API.
struct Key {
    id: String,
    api: String,
}

impl Key {
    fn of(identifier: &Identifier) -> Result<Self, DriverError> {
        match identifier.parts() {
            [id, api] => Ok(Self { id: id.clone(), api: api.clone() }),
            _ => Err(misnamed(NOUN, &identifier.to_string(), "DeploymentId|RestApiId", READ)),
        }
    }

    fn input(&self) -> KnownMap {
        arguments([
            ("restApiId", self.api.as_str().into()),
            ("deploymentId", self.id.as_str().into()),
        ])
    }

    fn object(&self, mut properties: KnownMap) -> Object {
        properties.insert(API.to_owned(), self.api.as_str().into());
        Object {
            identifier: Identifier::new([self.id.clone(), self.api.clone()]),
            physical_id: PhysicalId::from(self.id.as_str()),
            properties,
            attributes: arguments([("DeploymentId", self.id.as_str().into())]),
        }
    }
}

/// The IDs in a cursor.
fn ids_in(cursor: &Cursor) -> Option<BTreeSet<&str>> {
    let ids = cursor.as_str().strip_prefix(BEGINS)?;
    Some(ids.split(',').filter(|id| !id.is_empty()).collect())
}

fn id_of(found: &KnownMap, action: &str) -> Result<String, DriverError> {
    text_in(found, "id").map(str::to_owned).ok_or_else(|| nameless(NOUN, action))
}

/// Those of the deployments that the operation of a request may have made; none if its call was never
/// made.
fn made<'a>(alike: &'a [KnownMap], begun: Option<&Cursor>) -> Vec<&'a KnownMap> {
    let Some(before) = begun.and_then(ids_in) else { return Vec::new() };
    let is_new = |found: &&KnownMap| text_in(found, "id").is_some_and(|id| !before.contains(id));
    alike.iter().filter(is_new).collect()
}

/// The deployment in the vocabulary of the template.
fn shown(key: &Key, found: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
    Ok(key.object(as_declared(FORM.properties(found, declared)?, declared)))
}

/// The stage that is declared, and its properties: the settings of all methods stand beside the others.
///
/// Source: CloudFormation Template Reference, `AWS::ApiGateway::Deployment StageDescription`.
fn declared_stage(
    fields: Fields<'_>,
    api: &str,
) -> Result<Option<(stage::Key, KnownMap)>, DriverError> {
    let description = fields.tree(STAGE_DESCRIPTION)?;
    let Some(name) = fields.identifying(STAGE)? else {
        return match [STAGE_DESCRIPTION, CANARY].iter().find(|name| fields.value(name).is_some()) {
            Some(name) => Err(fields.invalid(name, format!("needs `{STAGE}`"))),
            None => Ok(None),
        };
    };
    let mut properties = description.map(|tree| tree.all().clone()).unwrap_or_default();
    let mut of_all = KnownMap::new();
    for name in method_settings::names() {
        of_all.extend(properties.remove_entry(name).filter(|(_, it)| *it != KnownValue::Null));
    }
    if !of_all.is_empty() {
        let named = [("ResourcePath", "/*"), ("HttpMethod", "*")];
        of_all.extend(named.map(|(name, text)| (name.to_owned(), text.into())));
        let list = properties.get(METHOD_SETTINGS).and_then(KnownValue::as_list);
        let mut list = list.unwrap_or_default().to_vec();
        list.push(of_all.into());
        properties.insert(METHOD_SETTINGS.to_owned(), KnownValue::List(list));
    }
    Ok(Some((stage::Key { api: api.to_owned(), name }, properties)))
}

/// The input of the call that creates.
fn creation(fields: Fields<'_>, api: &str) -> Result<KnownMap, DriverError> {
    let mut input = FORM.members(fields.all(), CREATE)?;
    input.insert("restApiId".to_owned(), api.into());
    if let Some((key, properties)) = declared_stage(fields, api)? {
        input.insert("stageName".to_owned(), key.name.into());
        let mut members = stage::FORM.members(&properties, CREATE)?;
        for [_, member] in OF_STAGE {
            let name = if member == "description" { "stageDescription" } else { member };
            input.extend(members.remove(member).map(|value| (name.to_owned(), value)));
        }
        if let Some(canary) = fields.tree(CANARY)? {
            // The members have the names that those of a stage's canary have.
            let tree = arguments([("CanarySetting", canary.all().clone().into())]);
            input.extend(stage::FORM.members(&tree, CREATE)?);
        }
    }
    Ok(input)
}

impl Deployment {
    /// A driver that calls API Gateway.
    pub(super) fn new(gateway: Gateway, turns: Arc<Turns>) -> Self {
        Self { gateway, turns }
    }

    async fn look(&self, key: &Key) -> Result<Option<KnownMap>, DriverError> {
        self.gateway.call_if_exists("GetDeployment", key.input()).await
    }

    async fn existing(&self, key: &Key) -> Result<KnownMap, DriverError> {
        self.look(key).await?.ok_or_else(|| missing(NOUN, &key.id, READ))
    }

    /// The deployments of an API that are as a request asks for.
    async fn alike(&self, api: &str, fields: Fields<'_>) -> Result<Vec<KnownMap>, DriverError> {
        let of_api = arguments([("restApiId", api.into())]);
        let mut all = self.gateway.list("GetDeployments", of_api).await?;
        let wanted = fields.text(DESCRIPTION)?.unwrap_or(KnownValue::Null);
        all.retain(|found| same(&wanted, found.get("description").unwrap_or(&KnownValue::Null)));
        Ok(all)
    }

    async fn stage(&self, key: &stage::Key) -> Result<Option<KnownMap>, DriverError> {
        self.gateway.call_if_exists("GetStage", key.input()).await
    }

    /// Gives the declared stage the deployment, and what is declared of the stage.
    async fn complete(
        &self,
        key: &Key,
        [fields, before]: [Fields<'_>; 2],
    ) -> Result<(), DriverError> {
        let Some((stage, properties)) = declared_stage(fields, &key.api)? else { return Ok(()) };
        let was = declared_stage(before, &key.api)?;
        let was = was.filter(|(was, _)| was.name == stage.name);
        let is_canary = fields.value(CANARY).is_some();
        let prior = was.map(|(_, prior)| prior);
        let mut wanted = properties;
        let id = KnownValue::from(key.id.as_str());
        let Some(found) = self.stage(&stage).await? else {
            if is_canary {
                let problem = "names no stage of the API, and a canary needs one that exists";
                return Err(fields.invalid(STAGE, problem));
            }
            wanted.insert("DeploymentId".to_owned(), id);
            let input = stage::creation(&stage, Fields::new(&wanted, CREATE), Tags::new())?;
            let made = self.gateway.call_once("CreateStage", input).await?;
            let nothing = KnownMap::new();
            let both = [Fields::new(&wanted, UPDATE), Fields::new(&nothing, UPDATE)];
            return stage::complete(&self.gateway, &stage, &made, both).await;
        };
        // A stage that serves another deployment by now was moved by the owner of that one, but where
        // it is declared anew.
        if prior.is_none() && !is_canary {
            wanted.insert("DeploymentId".to_owned(), id.clone());
        } else if !is_canary && found.get("deploymentId") != Some(&id) {
            return Ok(());
        }
        let prior = prior.unwrap_or_default();
        let both = [Fields::new(&wanted, UPDATE), Fields::new(&prior, UPDATE)];
        stage::complete(&self.gateway, &stage, &found, both).await
    }

    /// Deletes the stage that came with a deployment and still serves it, or ends its canary. A rollback
    /// gives a stage that was there before back to the deployment before.
    async fn release(&self, key: &Key, request: &DeleteRequest) -> Result<(), DriverError> {
        let Some(name) = Fields::new(&request.prior, DELETE).identifying(STAGE)? else {
            return Ok(());
        };
        let stage = stage::Key { api: key.api.clone(), name };
        let Some(found) = self.stage(&stage).await? else { return Ok(()) };
        let id = Some(key.id.as_str());
        let mut patch = Patch::default();
        if text_in(&found, "deploymentId") == id {
            let before = match request.removal {
                Removal::Rollback => self.before(key, &found).await?,
                Removal::Recoverable | Removal::Purge => None,
            };
            let Some(before) = before else {
                return self.gateway.delete("DeleteStage", stage.input()).await.map(drop);
            };
            patch.replace("/deploymentId".to_owned(), &before.into());
        } else {
            let canary = found.get("canarySettings").and_then(KnownValue::as_map);
            if canary.and_then(|canary| text_in(canary, "deploymentId")) != id {
                return Ok(());
            }
            patch.remove("/canarySettings".to_owned());
        }
        self.gateway.call("UpdateStage", patch.into_input(stage.input())).await.map(drop)
    }

    /// The ID of the newest other deployment that is older than this one, if the stage is, too.
    async fn before(&self, key: &Key, stage: &KnownMap) -> Result<Option<String>, DriverError> {
        const CREATED: &str = "createdDate";
        let of_api = arguments([("restApiId", key.api.as_str().into())]);
        let all = self.gateway.list("GetDeployments", of_api).await?;
        let is_it = |found: &&KnownMap| text_in(found, "id") == Some(key.id.as_str());
        let Some(made) = all.iter().find(is_it).and_then(|found| text_in(found, CREATED)) else {
            return Ok(None);
        };
        if text_in(stage, CREATED).is_none_or(|stage| stage >= made) {
            return Ok(None);
        }
        let others = all.iter().filter(|found| !is_it(found));
        let newest = others
            .filter_map(|found| Some((text_in(found, CREATED)?, text_in(found, "id")?)))
            .filter(|(created, _)| *created <= made)
            .max();
        Ok(newest.map(|(_, id)| id.to_owned()))
    }
}

#[async_trait]
impl DirectDriver for Deployment {
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
        let fields = Fields::new(&request.properties, CREATE);
        let api = fields.required_identifying(API)?;
        let input = creation(fields, &api)?;
        let turn = self.turns.take().await;
        let alike = self.alike(&api, fields).await?;
        if !made(&alike, request.begun.as_ref()).is_empty() {
            let message = "the deployment was made by this operation";
            return Err(DriverError::new(ErrorKind::AlreadyExists, CREATE, message));
        }
        let ids: Vec<&str> = alike.iter().filter_map(|found| text_in(found, "id")).collect();
        let begins = effects.begins(&Cursor::from(format!("{BEGINS}{}", ids.join(",")))).await;
        begins.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))?;
        let answer = self.gateway.call("CreateDeployment", input).await?;
        let key = Key { id: id_of(&answer, CREATE)?, api };
        let object = key.object(request.properties.clone());
        let recorded = effects.created(&object.identifier, &object.physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        drop(turn);
        if fields.value(STAGE_DESCRIPTION).is_some() {
            // The call has made the stage with a part of this.
            self.complete(&key, [fields, fields]).await?;
        }
        Ok(object)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let key = Key::of(&request.identifier)?;
        let both = [&request.properties, &request.prior].map(|tree| Fields::new(tree, UPDATE));
        let found = self.existing(&key).await?;
        let [wanted, prior] = [&request.properties, &request.prior];
        let (wanted, prior) = (FORM.members(wanted, UPDATE)?, FORM.members(prior, UPDATE)?);
        let sides = Sides { wanted: &wanted, prior: &prior, current: &found };
        let patch = FORM.patch(sides, both[0])?;
        if !patch.is_empty() {
            self.gateway.call("UpdateDeployment", patch.into_input(key.input())).await?;
        }
        self.complete(&key, both).await?;
        shown(&key, &self.existing(&key).await?, &request.properties)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let key = Key::of(&request.identifier)?;
        self.release(&key, request).await?;
        self.gateway.delete("DeleteDeployment", key.input()).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        // The call that creates was never made.
        if request.begun.is_none() {
            return Ok(Found::Absent);
        }
        let fields = Fields::new(&request.properties, READ);
        let api = fields.required_identifying(API)?;
        let alike = self.alike(&api, fields).await?;
        Ok(match made(&alike, request.begun.as_ref()).as_slice() {
            [] => Found::Absent,
            [found] => {
                let key = Key { id: id_of(found, READ)?, api };
                Found::Ours(Box::new(shown(&key, found, &request.properties)?))
            }
            several => {
                let count = several.len();
                let why = format!(
                    "{count} deployments that say the same were made since this operation began"
                );
                Found::Ambiguous { why }
            }
        })
    }
}
