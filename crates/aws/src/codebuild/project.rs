//! `AWS::CodeBuild::Project`.
//!
//! The template chooses the name. The webhook and the visibility have operations of their own. An
//! object is known again by the token in its tags.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::calls::Calls;
use super::resets::with_resets;
use super::{contents, shown};
use crate::api::Api;
use crate::iam::{Fields, arguments, declared_tags, journal_failed, text_in, with_nonce};
use crate::mapping::equivalent;
use crate::ownership::OPERATION;

const CREATE: &str = "codebuild:CreateProject";
const UPDATE: &str = "codebuild:UpdateProject";
const READ: &str = "codebuild:BatchGetProjects";
const CREATE_WEBHOOK: &str = "codebuild:CreateWebhook";

/// The visibility of a project that declares none.
///
/// Source: CodeBuild API reference, UpdateProjectVisibility.
const PRIVATE: &str = "PRIVATE";

/// The driver of projects. The physical ID is the name.
pub(crate) struct Project {
    calls: Calls,
}

impl Project {
    /// A driver that calls CodeBuild.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { calls: Calls(api) }
    }

    /// Gives the project the declared visibility, if it has another one.
    async fn change_visibility(
        &self,
        project: &KnownMap,
        prior: &KnownMap,
        properties: &KnownMap,
    ) -> Result<bool, DriverError> {
        let declared = contents::text(properties, "Visibility");
        let wanted = match declared {
            Some(visibility) => visibility,
            None if prior.contains_key("Visibility") => PRIVATE,
            None => return Ok(false),
        };
        let role = contents::text(properties, "ResourceAccessRole");
        let current = text_in(project, "projectVisibility").unwrap_or(PRIVATE);
        if current == wanted && role.is_none_or(|_| text_in(project, "resourceAccessRole") == role)
        {
            return Ok(false);
        }
        let arn = project.get("arn").cloned().unwrap_or(KnownValue::Null);
        let mut input = arguments([("projectArn", arn), ("projectVisibility", wanted.into())]);
        if let Some(role) = role {
            input.insert("resourceAccessRole".to_owned(), role.into());
        }
        self.calls.call("UpdateProjectVisibility", input).await?;
        Ok(true)
    }

    /// Gives the project the declared webhook. Its scope cannot be changed: one with another scope
    /// is made anew.
    async fn change_webhook(
        &self,
        project: &KnownMap,
        prior: &KnownMap,
        properties: &KnownMap,
    ) -> Result<bool, DriverError> {
        let name = text_in(project, "name").unwrap_or_default();
        let current = shown::webhook(project)?;
        let wanted = contents::triggers(properties, CREATE_WEBHOOK)?;
        match (wanted, current) {
            (Some(wanted), Some(current)) => {
                let same = |key: &str| match (wanted.get(key), current.get(key)) {
                    (Some(wanted), Some(current)) => equivalent(wanted, current, &[]),
                    (wanted, _) => wanted.is_none(),
                };
                if wanted.keys().all(|key| key == "Webhook" || same(key)) {
                    return Ok(false);
                }
                if same("ScopeConfiguration") {
                    let action = "codebuild:UpdateWebhook";
                    let input = contents::webhook(name, wanted, "UpdateWebhookInput", action)?;
                    self.calls.call("UpdateWebhook", input).await?;
                } else {
                    self.delete_webhook(name).await?;
                    self.create_webhook(name, wanted).await?;
                }
            }
            (Some(wanted), None) => self.create_webhook(name, wanted).await?,
            (None, Some(_)) if contents::triggers(prior, CREATE_WEBHOOK)?.is_some() => {
                self.delete_webhook(name).await?;
            }
            (None, _) => return Ok(false),
        }
        Ok(true)
    }

    async fn create_webhook(&self, name: &str, triggers: &KnownMap) -> Result<(), DriverError> {
        let input = contents::webhook(name, triggers, "CreateWebhookInput", CREATE_WEBHOOK)?;
        match self.calls.call("CreateWebhook", input).await {
            // An attempt whose answer was lost has made it.
            Err(error) if error.kind != ErrorKind::AlreadyExists => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn delete_webhook(&self, name: &str) -> Result<(), DriverError> {
        self.calls.delete("DeleteWebhook", arguments([("projectName", name.into())])).await
    }

    /// The project of an answer.
    fn answered(answer: &KnownMap, action: &str) -> Result<KnownMap, DriverError> {
        crate::iam::part(answer, "project", action).cloned()
    }

    /// The project, which exists.
    async fn existing(&self, name: &str) -> Result<KnownMap, DriverError> {
        self.calls.project(name).await?.ok_or_else(|| {
            let message = format!("the project `{name}` does not exist");
            DriverError::new(ErrorKind::NotFound, READ, message)
        })
    }
}

/// The token in the tags of a project.
fn nonce(project: &KnownMap) -> Option<&str> {
    let tags = project.get("tags").and_then(KnownValue::as_list).unwrap_or_default();
    let mut tags = tags.iter().filter_map(KnownValue::as_map);
    let tag = tags.find(|tag| text_in(tag, "key") == Some(OPERATION))?;
    text_in(tag, "value")
}

#[async_trait]
impl DirectDriver for Project {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NameRule { property: "Name", max_length: 150, separator: Separator::Hyphen })
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.calls.project(identifier.only()).await? {
            Some(project) => Observed::Present(shown::object(&project, declared, READ)?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let properties = &request.properties;
        let tags = declared_tags(Fields::new(properties, CREATE))?;
        let tags = with_nonce(tags, &request.token);
        let input = contents::project(properties, &tags, "CreateProjectInput", CREATE)?;
        contents::triggers(properties, CREATE_WEBHOOK)?;
        let answer = self.calls.call("CreateProject", input).await?;
        let project = Self::answered(&answer, CREATE)?;
        let made = shown::object(&project, properties, CREATE)?;
        let recorded = effects.created(&made.identifier, &made.physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let none = KnownMap::new();
        let mut changed = self.change_visibility(&project, &none, properties).await?;
        changed |= self.change_webhook(&project, &none, properties).await?;
        if !changed {
            return Ok(made);
        }
        let project = self.existing(made.identifier.only()).await?;
        shown::object(&project, properties, READ)
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let (prior, properties) = (&request.prior, &request.properties);
        let name = request.identifier.only();
        let current = self.existing(name).await?;
        let mut tags = declared_tags(Fields::new(properties, UPDATE))?;
        if let Some(token) = nonce(&current) {
            crate::iam::add_own(&mut tags, OPERATION, token);
        }
        let complete = with_resets(prior, properties);
        let mut input = contents::project(&complete, &tags, "UpdateProjectInput", UPDATE)?;
        input.insert("name".to_owned(), name.into());
        self.calls.call("UpdateProject", input).await?;
        self.change_visibility(&current, prior, properties).await?;
        self.change_webhook(&current, prior, properties).await?;
        shown::object(&self.existing(name).await?, properties, READ)
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let name = request.identifier.only();
        if contents::triggers(&request.prior, "codebuild:DeleteWebhook")?.is_some() {
            self.delete_webhook(name).await?;
        }
        self.calls.delete("DeleteProject", arguments([("name", name.into())])).await?;
        Ok(Progress::Done)
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let name = Fields::new(&request.properties, READ).required_name("Name")?;
        let Some(project) = self.calls.project(&name).await? else { return Ok(Found::Absent) };
        if nonce(&project) == Some(request.token.as_str()) {
            let object = shown::object(&project, &request.properties, READ)?;
            return Ok(Found::Ours(Box::new(object)));
        }
        let why = format!(
            "the project `{name}` exists, and its tags do not say that this operation made it"
        );
        Ok(Found::Ambiguous { why })
    }
}
