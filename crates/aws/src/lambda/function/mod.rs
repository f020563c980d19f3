//! `AWS::Lambda::Function`.
//!
//! The template chooses the name, or rstack does. A function is made in one call, with the token of the
//! operation in its tags. Lambda carries out one change at a time, in the background: the configuration
//! and then the code are changed, each compared with what is there, so that an update that has to wait
//! for Lambda goes on where it was.

mod archive;
mod code;
mod configuration;
mod marks;
mod response_module;
mod settings;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Separator, UnsupportedProperty, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue};

use self::code::{Code, UNKNOWN};
use self::settings::Settings;
use super::calls::{Lambda, function_in, meaning, not_of_this_run};
use crate::api::Api;
use crate::iam::{Fields, Tags, arguments, declared_tags, journal_failed, part, tag_list, text_in};
use crate::mapping::holds;
use crate::ownership::{CODE, needs_tag};
use crate::resource_tags::{made_by, visible};

const CREATE: &str = "lambda:CreateFunction";
const READ: &str = "lambda:GetFunction";
const UPDATE: &str = "lambda:UpdateFunctionConfiguration";

/// The architecture of a function whose template declares none.
///
/// Source: Lambda API reference, CreateFunction, `Architectures`.
const ARCHITECTURE: &str = "x86_64";
const ARCHITECTURES: &str = "Architectures";

/// Properties that no call of this driver carries out: both are about a version that Lambda publishes
/// beside the function.
const UNSUPPORTED: [UnsupportedProperty; 2] = [
    UnsupportedProperty {
        property: "FunctionScalingConfig",
        instead: "declare it on an `AWS::Lambda::Version` of the function",
    },
    UnsupportedProperty {
        property: "PublishToLatestPublished",
        instead: "declare an `AWS::Lambda::Version` of the function",
    },
];

/// The driver of functions. The physical ID is the name.
pub(crate) struct Function {
    lambda: Lambda,
}

/// A function as Lambda describes it.
struct Described {
    configuration: KnownMap,
    /// The tags; `None` if the caller may not read them.
    tags: Option<Tags>,
    reserved: Option<i64>,
}

impl Described {
    fn parse(answer: &KnownMap) -> Result<Self, DriverError> {
        let configuration = part(answer, "Configuration", READ)?.clone();
        let tags = answer.get("Tags").and_then(KnownValue::as_map).cloned();
        let is_readable = answer.get("TagsError").is_none();
        let tags = tags.or_else(|| is_readable.then(Tags::new));
        let concurrency = Fields::new(answer, READ).tree("Concurrency")?;
        let reserved = match concurrency {
            Some(concurrency) => concurrency.integer("ReservedConcurrentExecutions")?,
            None => None,
        };
        Ok(Self { configuration, tags, reserved })
    }

    fn arn(&self) -> &str {
        text_in(&self.configuration, "FunctionArn").unwrap_or_default()
    }

    /// The tags.
    ///
    /// # Errors
    /// If the caller may not read them.
    fn tags(&self) -> Result<&Tags, DriverError> {
        self.tags.as_ref().ok_or_else(|| {
            let kind = ErrorKind::AccessDenied { action: Some("lambda:ListTags".to_owned()) };
            let name = configuration::name_in(&self.configuration);
            let message = format!("the tags of the function `{name}` cannot be read");
            DriverError::new(kind, READ, message)
        })
    }
}

fn named(name: &str) -> KnownMap {
    arguments([("FunctionName", name.into())])
}

/// The name of the function of a request, which a template may give as an ARN.
fn name_of(fields: Fields<'_>) -> Result<String, DriverError> {
    let given = fields.required_identifying("FunctionName")?;
    Ok(function_in(&given).to_owned())
}

/// The error of a call with code, a role or a key.
fn refused(error: DriverError) -> DriverError {
    state::not_yet_usable(meaning(error))
}

impl Function {
    /// A driver that calls Lambda.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { lambda: Lambda(api) }
    }

    /// The function, unless it does not exist or is being deleted.
    async fn look(&self, name: &str) -> Result<Option<Described>, DriverError> {
        let answer = self.lambda.call_if_exists("GetFunction", named(name)).await?;
        let described = answer.map(|answer| Described::parse(&answer)).transpose()?;
        Ok(described.filter(|described| !state::is_going(&described.configuration)))
    }

    async fn existing(&self, name: &str) -> Result<Described, DriverError> {
        self.look(name).await?.ok_or_else(|| {
            let message = format!("the function `{name}` does not exist");
            DriverError::new(ErrorKind::NotFound, READ, message)
        })
    }

    async fn configuration(&self, name: &str) -> Result<Option<KnownMap>, DriverError> {
        self.lambda.call_if_exists("GetFunctionConfiguration", named(name)).await
    }

    fn settings<'a>(&'a self, function: &'a str) -> Settings<'a> {
        Settings { lambda: &self.lambda, function }
    }

    /// The function in the vocabulary of the template.
    async fn object(
        &self,
        described: &Described,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let configuration = &described.configuration;
        let name = configuration::name_in(configuration);
        let mut properties = configuration::shown(configuration, declared)?;
        properties.extend(self.settings(name).shown(declared).await?);
        let reserved = described.reserved.map(KnownValue::from);
        properties.extend(reserved.map(|value| ("ReservedConcurrentExecutions".to_owned(), value)));
        if let Some(tags) = &described.tags {
            properties.insert("Tags".to_owned(), tag_list(&visible(tags)));
        }
        let attributes = configuration::attributes(configuration);
        Ok(Object::named(name.into(), properties, attributes))
    }

    /// Says in a tag which code a function is given.
    async fn mark(&self, described: &Described, mark: &str) -> Result<(), DriverError> {
        let tags = arguments([(CODE, mark.into())]);
        let input = arguments([("Resource", described.arn().into()), ("Tags", tags.into())]);
        self.lambda.call("TagResource", input).await.map(drop).map_err(meaning)
    }

    /// Gives a function its declared code and architecture, unless it has them. It is the last change
    /// of an update: when it is made again, what came before is as it is to be.
    async fn change_code(
        &self,
        described: &Described,
        configuration: &KnownMap,
        code: Code,
        architectures: Option<KnownValue>,
    ) -> Result<(), DriverError> {
        let before = &described.configuration;
        let there = before.get(ARCHITECTURES).cloned().unwrap_or_else(default_architectures);
        let runs_on = architectures.as_ref().is_none_or(|wanted| holds(wanted, Some(&there), &[]));
        let mark = described.tags()?.get(CODE).and_then(KnownValue::as_str);
        let archive = text_in(before, "CodeSha256").unwrap_or_default();
        let is_known = !state::abandoned_update(before);
        if runs_on && is_known && mark.is_some_and(|mark| code.is_named_by(mark, archive)) {
            return Ok(());
        }
        let waits = state::takes_change(configuration);
        waits.map_err(|error| state::with_reason(error, before))?;
        self.mark(described, &code.sent_over(archive)).await?;
        let mut input = code.members;
        input.extend(named(configuration::name_in(before)));
        input.extend(architectures.map(|wanted| (ARCHITECTURES.to_owned(), wanted)));
        self.lambda.call("UpdateFunctionCode", input).await.map(drop).map_err(refused)
    }
}

fn default_architectures() -> KnownValue {
    KnownValue::List(vec![ARCHITECTURE.into()])
}

#[async_trait]
impl DirectDriver for Function {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NameRule { property: "FunctionName", max_length: 64, separator: Separator::Hyphen })
    }

    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        &UNSUPPORTED
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.look(identifier.only()).await? {
            Some(described) => Observed::Present(self.object(&described, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let name = name_of(fields)?;
        let (code, declared) = (Code::parse(fields)?, declared_tags(fields)?);
        let tags = marks::of_new(fields, &declared, &request.token, &code.mark)?;
        let mut input = configuration::of_new(&request.properties, CREATE)?;
        input.extend(named(&name));
        input.insert("Code".to_owned(), code.members.into());
        input.insert("Tags".to_owned(), tags.into());
        let made = self.lambda.call("CreateFunction", input).await;
        let configuration = made.map_err(|error| {
            not_of_this_run(refused(needs_tag(error, "function", "lambda:TagResource")))
        })?;
        let recorded = effects.created_as(&name.as_str().into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let nothing = KnownMap::new();
        self.settings(&name).change(fields, Fields::new(&nothing, CREATE), None).await?;
        let attributes = configuration::attributes(&configuration);
        Ok(Object::named(name.as_str().into(), request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let name = request.identifier.only();
        let (fields, before) =
            (Fields::new(&request.properties, UPDATE), Fields::new(&request.prior, UPDATE));
        let (code, wanted) = (Code::parse(fields)?, configuration::wanted(fields, before, name)?);
        let (tags, tags_before) = (declared_tags(fields)?, declared_tags(before)?);
        marks::check_room(fields, &tags)?;
        let default = before.value(ARCHITECTURES).map(|_| default_architectures());
        let architectures = fields.value(ARCHITECTURES).cloned().or(default);
        let described = self.existing(name).await?;
        state::is_made(&described.configuration)?;
        let settings = self.settings(name);
        settings.change_signing(fields, before).await?;
        let lacking = configuration::lacking(&described.configuration, &wanted, name);
        let mut configuration = described.configuration.clone();
        if !lacking.is_empty() {
            state::takes_change(&configuration)?;
            // The next attempt does not see any more that an update was abandoned.
            if state::abandoned_update(&configuration) {
                self.mark(&described, UNKNOWN).await?;
            }
            let mut input = lacking;
            input.extend(named(name));
            let changed = self.lambda.call("UpdateFunctionConfiguration", input).await;
            configuration = changed.map_err(refused)?;
        }
        settings.change(fields, before, described.reserved).await?;
        let current = described.tags()?;
        self.lambda.change_tags(described.arn(), [&tags_before, &tags, current]).await?;
        self.change_code(&described, &configuration, code, architectures).await?;
        self.object(&self.existing(name).await?, &request.properties).await
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let name = identifier.only();
        match self.configuration(name).await? {
            Some(configuration) => state::progress(&configuration),
            None => Ok(state::pending(name, "to be visible")),
        }
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let name = request.identifier.only();
        let Some(configuration) = self.configuration(name).await? else {
            return Ok(Progress::Done);
        };
        if !state::is_going(&configuration) {
            self.lambda.delete("DeleteFunction", named(name)).await?;
            let left = self.configuration(name).await?;
            if left.is_none_or(|left| !state::is_going(&left)) {
                return Ok(Progress::Done);
            }
        }
        Ok(state::pending(name, "to be gone"))
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let name = name_of(Fields::new(&request.properties, READ))?;
        let Some(described) = self.look(&name).await? else { return Ok(Found::Absent) };
        if made_by(described.tags()?, &request.token) {
            let object = self.object(&described, &request.properties).await?;
            return Ok(Found::Ours(Box::new(object)));
        }
        let why = format!(
            "the function `{name}` exists, and its tags do not say that this operation made it"
        );
        Ok(Found::Ambiguous { why })
    }
}
