//! `AWS::StepFunctions::StateMachine`.
//!
//! The template chooses the name, Step Functions makes the ARN of it. The call that creates makes no
//! second state machine of a name: it answers with the one that exists if its definition is the same,
//! also if another owner made it. A state machine is known again by the token in its tags.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::{definition, settings};
use crate::api::Api;
use crate::iam::{Fields, arguments, declared_tags, journal_failed, tag_list, text_in, with_token};
use crate::ownership::needs_tag;
use crate::resource_tags::{TagCalls, made_by, visible};

const CREATE: &str = "states:CreateStateMachine";
const READ: &str = "states:DescribeStateMachine";
const UPDATE: &str = "states:UpdateStateMachine";

/// The operations on tags of state machines.
const TAGS: TagCalls = TagCalls {
    set: "TagResource",
    remove: "UntagResource",
    list: "ListTagsForResource",
    resource: "resourceArn",
    keys: "tagKeys",
    tags: "tags",
    shown: "tags",
    pair: ["key", "value"],
    next: None,
};

/// The most pages of state machines that are read, 1000 a page: more than an account can have.
const MOST_PAGES: usize = 1000;

/// The time between two questions about a state machine that is being deleted.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The driver of state machines. The physical ID is the ARN.
pub(crate) struct StateMachine {
    api: Arc<dyn Api>,
}

fn named(arn: &str) -> KnownMap {
    arguments([("stateMachineArn", arn.into())])
}

fn is_deleting(machine: &KnownMap) -> bool {
    text_in(machine, "status") == Some("DELETING")
}

fn attributes(machine: &KnownMap, arn: &str) -> KnownMap {
    let name = arn.rsplit(':').next().unwrap_or(arn);
    let mut attributes = arguments([("Arn", arn.into()), ("Name", name.into())]);
    // A state machine that was never changed has no revision.
    // Source: Step Functions API reference, PublishStateMachineVersion, `revisionId`.
    let revision = machine.get("revisionId").cloned().unwrap_or_else(|| "INITIAL".into());
    attributes.insert("StateMachineRevisionId".to_owned(), revision);
    attributes
}

/// The error of a call with a role that may have been made a moment ago: Step Functions cannot assume it
/// yet, or its policy is not known everywhere.
fn not_yet_usable(error: DriverError) -> DriverError {
    let message = error.message.to_ascii_lowercase();
    let role = message.contains("authorized to assume the provided role")
        || message.contains("not authorized to access the log destination");
    if role { DriverError { kind: ErrorKind::DependencyNotReady, ..error } } else { error }
}

/// The error of a question after a call that created: its outcome is looked for.
fn unknown(error: DriverError) -> DriverError {
    DriverError { kind: ErrorKind::UnknownOutcome, ..error }
}

impl StateMachine {
    /// A driver that calls Step Functions.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    async fn described(&self, arn: &str) -> Result<Option<KnownMap>, DriverError> {
        self.api.call_if_exists("DescribeStateMachine", named(arn)).await
    }

    /// The state machine, unless it does not exist or is being deleted.
    async fn look(&self, arn: &str) -> Result<Option<KnownMap>, DriverError> {
        Ok(self.described(arn).await?.filter(|machine| !is_deleting(machine)))
    }

    async fn existing(&self, arn: &str) -> Result<KnownMap, DriverError> {
        self.look(arn).await?.ok_or_else(|| {
            let message = format!("the state machine `{arn}` does not exist, or is being deleted");
            DriverError::new(ErrorKind::NotFound, READ, message)
        })
    }

    /// The state machine in the vocabulary of the template.
    async fn object(&self, machine: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
        let arn = text_in(machine, "stateMachineArn").unwrap_or_default();
        let mut properties = settings::shown(machine, declared)?;
        if let Some(found) = machine.get("definition") {
            properties.extend(definition::shown(found, Fields::new(declared, READ)));
        }
        let tags = TAGS.of(self.api.as_ref(), arn).await?.unwrap_or_default();
        properties.insert("Tags".to_owned(), tag_list(&visible(&tags)));
        Ok(Object::named(arn.into(), properties, attributes(machine, arn)))
    }

    /// The ARN of the state machine with this name.
    async fn listed(&self, name: &str) -> Result<Option<String>, DriverError> {
        let mut input = arguments([("maxResults", 1000.into())]);
        for _ in 0..MOST_PAGES {
            let answer = self.api.call("ListStateMachines", input.clone()).await?;
            let page = answer.get("stateMachines").and_then(KnownValue::as_list);
            let mut page = page.unwrap_or_default().iter().filter_map(KnownValue::as_map);
            if let Some(found) = page.find(|machine| text_in(machine, "name") == Some(name)) {
                return Ok(text_in(found, "stateMachineArn").map(str::to_owned));
            }
            let Some(next) = text_in(&answer, "nextToken") else { return Ok(None) };
            input.insert("nextToken".to_owned(), next.into());
        }
        let message = format!("the list of state machines has more than {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, "states:ListStateMachines", message))
    }
}

/// The error of a name that another state machine has.
fn taken(name: &str) -> DriverError {
    let message = format!(
        "the state machine `{name}` exists already and was not made by this run; \
        delete it if it is not needed, or leave this one out of the template"
    );
    DriverError::new(ErrorKind::Conflict, CREATE, message)
}

#[async_trait]
impl DirectDriver for StateMachine {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NameRule {
            property: "StateMachineName",
            max_length: 80,
            separator: Separator::Hyphen,
        })
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.look(identifier.only()).await? {
            Some(machine) => Observed::Present(self.object(&machine, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let name = fields.required_name("StateMachineName")?;
        let declared = declared_tags(fields)?;
        let mut input = settings::of_new(&request.properties)?;
        input.insert("definition".to_owned(), definition::declared(fields)?);
        let tags = with_token(fields, &declared, &request.token)?;
        input.insert("tags".to_owned(), TAGS.on_wire(&tags));
        let answer = self.api.call("CreateStateMachine", input).await.map_err(|error| {
            not_yet_usable(needs_tag(error, "state machine", "states:TagResource"))
        })?;
        let Some(arn) = text_in(&answer, "stateMachineArn") else {
            let message = "the answer does not name the state machine";
            return Err(DriverError::new(ErrorKind::UnknownOutcome, CREATE, message));
        };
        // It is answered with a state machine of the same definition that another owner made, too.
        let tags = TAGS.of(self.api.as_ref(), arn).await.map_err(unknown)?;
        match tags {
            Some(tags) if made_by(&tags, &request.token) => {}
            Some(tags) if !tags.is_empty() => return Err(taken(&name)),
            Some(_) | None => return Err(unknown(taken(&name))),
        }
        let recorded = effects.created_as(&arn.into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let attributes = attributes(&KnownMap::new(), arn);
        Ok(Object::named(arn.into(), request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let arn = request.identifier.only();
        let (fields, before) =
            (Fields::new(&request.properties, UPDATE), Fields::new(&request.prior, UPDATE));
        let wanted = definition::declared(fields)?;
        let settings = settings::of_existing(&request.properties, &request.prior)?;
        let (tags, tags_before) = (declared_tags(fields)?, declared_tags(before)?);
        let machine = self.existing(arn).await?;
        let same = machine.get("definition").is_some_and(|there| definition::same(&wanted, there));
        if !same || !settings::has(&machine, &settings) {
            let mut input = settings;
            input.extend(named(arn));
            input.insert("definition".to_owned(), wanted);
            self.api.call("UpdateStateMachine", input).await.map_err(not_yet_usable)?;
        }
        let held = TAGS.of(self.api.as_ref(), arn).await?.unwrap_or_default();
        TAGS.change(self.api.as_ref(), arn, [&tags_before, &tags, &held]).await?;
        self.object(&self.existing(arn).await?, &request.properties).await
    }

    /// A state machine is deleted when its executions have ended.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let arn = request.identifier.only();
        let Some(machine) = self.described(arn).await? else { return Ok(Progress::Done) };
        if !is_deleting(&machine) {
            self.api.call("DeleteStateMachine", named(arn)).await?;
            if self.described(arn).await?.is_none() {
                return Ok(Progress::Done);
            }
        }
        let waits_for = format!("state machine `{arn}` to be gone");
        Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN })
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let name = Fields::new(&request.properties, READ).required_name("StateMachineName")?;
        let Some(arn) = self.listed(&name).await? else { return Ok(Found::Absent) };
        let Some(machine) = self.look(&arn).await? else { return Ok(Found::Absent) };
        let tags = TAGS.of(self.api.as_ref(), &arn).await?.unwrap_or_default();
        if !made_by(&tags, &request.token) {
            let why = format!(
                "the state machine `{name}` exists, and its tags do not say that this operation \
                 made it"
            );
            return Ok(Found::Ambiguous { why });
        }
        let object = self.object(&machine, &request.properties).await?;
        Ok(Found::Ours(Box::new(object)))
    }
}
