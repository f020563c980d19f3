//! `AWS::MediaTailor::PlaybackConfiguration`.
//!
//! One operation creates and replaces. It creates only after the durable proof that the name is free,
//! and a configuration is known again by the token in its tags. An update sends what the template
//! does not declare as it is. Logs have an operation of their own.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_catalog::Registry;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath};

use crate::api::Api;
use crate::iam::{Fields, TagChanges, arguments, declared_tags, journal_failed, with_nonce};
use crate::mapping::{Mapper, Rules, ShapeRules, equivalent, in_declared_order};
use crate::model::{Service, ServiceModel};
use crate::ownership::{OPERATION, forbids_tags, is_hidden, is_own};

/// The type.
pub(super) const TYPE: &str = "AWS::MediaTailor::PlaybackConfiguration";

const PUT: &str = "PutPlaybackConfiguration";
const GET: &str = "GetPlaybackConfiguration";
const LOGS: &str = "ConfigureLogsForPlaybackConfiguration";

const PUT_ACTION: &str = "mediatailor:PutPlaybackConfiguration";
const GET_ACTION: &str = "mediatailor:GetPlaybackConfiguration";
const LOGS_ACTION: &str = "mediatailor:ConfigureLogsForPlaybackConfiguration";

/// The shapes of the operations, and of the configuration of DASH in the creating one.
const REQUEST: &str = "PutPlaybackConfigurationRequest";
const RESPONSE: &str = "GetPlaybackConfigurationResponse";
const LOGS_REQUEST: &str = "ConfigureLogsForPlaybackConfigurationRequest";

/// Properties that the creating operation does not take: logs and tags are sent apart, the others are
/// set by the service.
pub(crate) const APART: &[&str] = &[
    "HlsConfiguration",
    "LogConfiguration",
    "PlaybackConfigurationArn",
    "PlaybackEndpointPrefix",
    "SessionInitializationEndpointPrefix",
    "Tags",
];

/// The rules of the mapping. Source: CloudFormation registry, the schema of the type; MediaTailor API
/// reference, `PutPlaybackConfiguration`.
pub(crate) const RULES: Rules = Rules(&[
    ShapeRules { omitted: APART, ..ShapeRules::of(REQUEST) },
    ShapeRules {
        omitted: &["ManifestEndpointPrefix"],
        ..ShapeRules::of("DashConfigurationForPut")
    },
    ShapeRules { renames: &[("HttpMethod", "Method")], ..ShapeRules::of("HttpRequest") },
]);

/// The driver of playback configurations. The physical ID is the name.
pub(super) struct PlaybackConfiguration {
    api: Arc<dyn Api>,
}

fn model() -> Result<&'static ServiceModel, DriverError> {
    let problem = |error: String| DriverError::new(ErrorKind::Unsupported, "mediatailor", error);
    ServiceModel::of(Service::MEDIATAILOR).map_err(|error| problem(error.to_string()))
}

/// The declared properties as the creating operation takes them.
fn members(properties: &KnownMap) -> Result<KnownMap, DriverError> {
    let mapper = Mapper::new(model()?, REQUEST, &RULES);
    mapper.to_members(properties).map_err(|error| error.for_operation(PUT_ACTION.to_owned()))
}

/// The declared logs as their operation takes them; `None` if none are declared.
fn logs(properties: &KnownMap) -> Result<Option<KnownMap>, DriverError> {
    let name = "LogConfiguration";
    let declared = properties.get(name).and_then(KnownValue::as_map);
    let Some(declared) = declared else { return Ok(None) };
    let mapper = Mapper::new(model()?, LOGS_REQUEST, &Rules::NONE);
    let mapped = mapper.at(PropertyPath::root().name(name)).to_members(declared);
    mapped.map(Some).map_err(|error| error.for_operation(LOGS_ACTION.to_owned()))
}

/// The tags of a description.
fn tags(described: &KnownMap) -> KnownMap {
    described.get("Tags").and_then(KnownValue::as_map).cloned().unwrap_or_default()
}

/// The tags of a description that neither AWS nor rstack has set.
fn visible_tags(described: &KnownMap) -> KnownMap {
    tags(described).into_iter().filter(|(key, _)| !is_hidden(key)).collect()
}

fn attributes(described: &KnownMap) -> KnownMap {
    let prefix = "ManifestEndpointPrefix";
    let own = ["PlaybackConfigurationArn", "PlaybackEndpointPrefix"].into_iter();
    let own = own.chain(["SessionInitializationEndpointPrefix"]);
    let own = own.filter_map(|name| Some((name.to_owned(), described.get(name)?.clone())));
    let inner = ["HlsConfiguration", "DashConfiguration"].into_iter();
    let inner = inner.filter_map(|outer| {
        let value = described.get(outer)?.get(prefix)?.clone();
        Some((format!("{outer}.{prefix}"), value))
    });
    own.chain(inner).collect()
}

/// The configuration in the vocabulary of the template.
fn object(described: &KnownMap, name: &str, declared: &KnownMap) -> Result<Object, DriverError> {
    let unsupported = |problem: String| DriverError::new(ErrorKind::Unsupported, TYPE, problem);
    let schema = Registry::embedded().get(TYPE).map_err(|error| unsupported(error.to_string()))?;
    let schema = schema.ok_or_else(|| unsupported("the registry lacks the type".to_owned()))?;
    let mut shown = described.clone();
    shown.insert("Tags".to_owned(), visible_tags(described).into());
    let mapper = Mapper::new(model()?, RESPONSE, &RULES);
    let properties = mapper.from_members(&shown, &schema, schema.root());
    let properties = in_declared_order(properties, declared, &["Key"]);
    Ok(Object::named(name.into(), properties, attributes(described)))
}

/// The members of a configuration that its template has never declared, as the replacing operation
/// takes them.
fn kept(described: &KnownMap, request: &UpdateRequest) -> Result<KnownMap, DriverError> {
    let model = model()?;
    let taken = |shape: &str, member: &str| {
        let members = model.shape(shape).and_then(|shape| shape.members());
        members.is_some_and(|members| members.contains_key(member))
    };
    let declares =
        |name: &String| request.prior.contains_key(name) || request.properties.contains_key(name);
    let mut out = KnownMap::new();
    for (name, value) in described {
        if !taken(REQUEST, name) || APART.contains(&name.as_str()) || declares(name) {
            continue;
        }
        let value = match (name.as_str(), value) {
            ("DashConfiguration", KnownValue::Map(dash)) => {
                let dash = dash.iter().filter(|(name, _)| taken("DashConfigurationForPut", name));
                let dash: KnownMap = dash.map(|(name, it)| (name.clone(), it.clone())).collect();
                dash.into()
            }
            (_, value) => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    Ok(out)
}

/// The tags that a replacing call leaves: those that are declared and those that others have set, but
/// for those that were declared and are no longer. AWS's own cannot be sent.
fn replaced_tags(described: &KnownMap, prior: &KnownMap, desired: &KnownMap) -> KnownMap {
    let (before, mut out) = (tags(described), desired.clone());
    let others = before.into_iter().filter(|(key, _)| match is_hidden(key) {
        true => is_own(key),
        false => desired.is_empty() && !prior.contains_key(key),
    });
    out.extend(others);
    out
}

impl PlaybackConfiguration {
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The configuration as the service describes it; `None` if it is not there.
    async fn get(&self, name: &str) -> Result<Option<KnownMap>, DriverError> {
        self.api.call_if_exists(GET, arguments([("Name", name.into())])).await
    }

    async fn configure_logs(&self, name: &str, mut logs: KnownMap) -> Result<(), DriverError> {
        logs.insert("PlaybackConfigurationName".to_owned(), name.into());
        self.api.call(LOGS, logs).await.map(drop).map_err(not_yet_visible)
    }

    /// Gives the configuration its declared logs, or turns off those that were declared before.
    async fn change_logs(
        &self,
        described: &KnownMap,
        request: &UpdateRequest,
    ) -> Result<(), DriverError> {
        let name = request.identifier.only();
        let wanted = match logs(&request.properties)? {
            Some(wanted) => wanted,
            None if request.prior.contains_key("LogConfiguration") => {
                arguments([("PercentEnabled", 0.into())])
            }
            None => return Ok(()),
        };
        let current = described.get("LogConfiguration").cloned();
        let current = current.unwrap_or_else(|| KnownMap::new().into());
        if equivalent(&KnownValue::Map(wanted.clone()), &current, &[]) {
            return Ok(());
        }
        self.configure_logs(name, wanted).await
    }

    /// Sets and removes tags, where replacing the configuration has not.
    async fn change_tags(
        &self,
        described: &KnownMap,
        changes: TagChanges,
    ) -> Result<(), DriverError> {
        let Some(arn) = described.get("PlaybackConfigurationArn") else { return Ok(()) };
        let named = || arguments([("ResourceArn", arn.clone())]);
        if !changes.remove.is_empty() {
            let mut input = named();
            let keys = changes.remove.into_iter().map(KnownValue::from).collect();
            input.insert("TagKeys".to_owned(), KnownValue::List(keys));
            self.api.call("UntagResource", input).await?;
        }
        if !changes.set.is_empty() {
            let mut input = named();
            input.insert("Tags".to_owned(), changes.set.into());
            self.api.call("TagResource", input).await?;
        }
        Ok(())
    }
}

/// The configuration was just made: it is not found only while it is new.
fn not_yet_visible(error: DriverError) -> DriverError {
    let missing = error.kind == ErrorKind::NotFound;
    let kind = if missing { ErrorKind::DependencyNotReady } else { error.kind.clone() };
    DriverError { kind, ..error }
}

#[async_trait]
impl DirectDriver for PlaybackConfiguration {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let name = identifier.only();
        Ok(match self.get(name).await? {
            Some(described) => Observed::Present(object(&described, name, declared)?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, PUT_ACTION);
        let (name, declared) = (fields.required_name("Name")?, declared_tags(fields)?);
        let mut input = members(&request.properties)?;
        let logs = logs(&request.properties)?;
        if !request.absence_proven {
            if self.get(&name).await?.is_some() {
                let message = format!(
                    "a playback configuration named `{name}` exists already and was not made by \
                     this run; choose another name"
                );
                return Err(DriverError::new(ErrorKind::Conflict, PUT_ACTION, message));
            }
            let proven = effects.absent().await;
            proven.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, PUT_ACTION, error.to_string())
            })?;
        }
        let untagged = input.clone();
        let own = declared.is_empty();
        input.insert("Tags".to_owned(), with_nonce(declared, &request.token).into());
        let answer = match self.api.call(PUT, input).await {
            // A caller who may not tag: it is then not known again.
            Err(error) if own && forbids_tags(&error) => self.api.call(PUT, untagged).await?,
            answered => answered?,
        };
        let physical_id = PhysicalId::from(name.as_str());
        let recorded = effects.created_as(&physical_id).await;
        recorded.map_err(|error| journal_failed(PUT_ACTION, &error))?;
        if let Some(logs) = logs {
            self.configure_logs(&name, logs).await?;
        }
        Ok(Object::named(physical_id, request.properties.clone(), attributes(&answer)))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let name = request.identifier.only();
        let prior = declared_tags(Fields::new(&request.prior, PUT_ACTION))?;
        let desired = declared_tags(Fields::new(&request.properties, PUT_ACTION))?;
        let Some(described) = self.get(name).await? else {
            let message = format!("the playback configuration `{name}` does not exist");
            let error = DriverError::new(ErrorKind::NotFound, GET_ACTION, message);
            // With nothing declared before, this completes a create.
            return Err(if request.prior.is_empty() { not_yet_visible(error) } else { error });
        };
        let mut input = kept(&described, request)?;
        input.extend(members(&request.properties)?);
        let tags = replaced_tags(&described, &prior, &desired);
        if !tags.is_empty() {
            input.insert("Tags".to_owned(), tags.into());
        }
        let answer = self.api.call(PUT, input).await?;
        self.change_logs(&described, request).await?;
        let changes = TagChanges::between(&prior, &desired, &visible_tags(&answer));
        self.change_tags(&answer, changes).await?;
        Ok(Object::named(name.into(), request.properties.clone(), attributes(&answer)))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let input = arguments([("Name", request.identifier.only().into())]);
        match self.api.call("DeletePlaybackConfiguration", input).await {
            Ok(_) => Ok(Progress::Done),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done),
            Err(error) => Err(error),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let name = Fields::new(&request.properties, GET_ACTION).required_name("Name")?;
        let Some(described) = self.get(&name).await? else { return Ok(Found::Absent) };
        let token = tags(&described).remove(OPERATION);
        if token.as_ref().and_then(KnownValue::as_str) == Some(request.token.as_str()) {
            let object = object(&described, &name, &request.properties)?;
            return Ok(Found::Ours(Box::new(object)));
        }
        let why = format!(
            "a playback configuration named `{name}` exists, and its tags do not say that this \
             operation made it"
        );
        Ok(Found::Ambiguous { why })
    }
}
