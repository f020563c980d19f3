//! `AWS::Lambda::EventSourceMapping`.
//!
//! Lambda chooses the ID, and its creating call takes no token. That the call is about to be made is
//! durable before it; after an interruption the mapping is looked for among those of the function, by
//! the token in its tags. Lambda makes no second mapping of one source and one function.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue};

use super::calls::{Lambda, meaning, not_of_this_run};
use super::mapping_settings::{self as settings, Change};
use crate::api::Api;
use crate::iam::{
    Fields, Tags, arguments, declared_tags, journal_failed, tag_list, text_in, with_token,
};
use crate::ownership::needs_tag;
use crate::resource_tags::{made_by, visible};

const CREATE: &str = "lambda:CreateEventSourceMapping";
const READ: &str = "lambda:GetEventSourceMapping";
const UPDATE: &str = "lambda:UpdateEventSourceMapping";

/// The time between two questions about the state of a mapping.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The most pages of mappings that are read, 100 mappings a page: more than a function can have.
const MOST_PAGES: usize = 1000;

/// The driver of mappings. The physical ID is the UUID.
pub(crate) struct EventSourceMapping {
    lambda: Lambda,
}

fn id_of(mapping: &KnownMap, action: &str) -> Result<String, DriverError> {
    text_in(mapping, "UUID").map(str::to_owned).ok_or_else(|| {
        let message = "the answer does not name the mapping";
        DriverError::new(ErrorKind::UnknownOutcome, action, message)
    })
}

fn named(id: &str) -> KnownMap {
    arguments([("UUID", id.into())])
}

fn attributes(mapping: &KnownMap, id: &str) -> KnownMap {
    let arn = mapping.get("EventSourceMappingArn").cloned().unwrap_or(KnownValue::Null);
    arguments([("EventSourceMappingArn", arn), ("Id", id.into())])
}

fn state(mapping: &KnownMap) -> &str {
    text_in(mapping, "State").unwrap_or_default()
}

impl EventSourceMapping {
    /// A driver that calls Lambda.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { lambda: Lambda(api) }
    }

    /// The mapping, unless it does not exist.
    async fn described(&self, id: &str) -> Result<Option<KnownMap>, DriverError> {
        self.lambda.call_if_exists("GetEventSourceMapping", named(id)).await
    }

    async fn existing(&self, id: &str) -> Result<KnownMap, DriverError> {
        self.described(id).await?.ok_or_else(|| {
            let message = format!("the event source mapping `{id}` does not exist");
            DriverError::new(ErrorKind::NotFound, READ, message)
        })
    }

    /// The tags of a mapping. An emulator or an old Region gives mappings no ARN, and so no tags.
    async fn tags(&self, mapping: &KnownMap) -> Result<Tags, DriverError> {
        let Some(arn) = text_in(mapping, "EventSourceMappingArn") else { return Ok(Tags::new()) };
        let input = arguments([("Resource", arn.into())]);
        let answer = self.lambda.call_if_exists("ListTags", input).await?;
        let tags =
            answer.as_ref().and_then(|answer| answer.get("Tags")).and_then(KnownValue::as_map);
        Ok(tags.cloned().unwrap_or_default())
    }

    async fn change_tags(
        &self,
        mapping: &KnownMap,
        [prior, wanted]: [&Tags; 2],
    ) -> Result<(), DriverError> {
        let Some(arn) = text_in(mapping, "EventSourceMappingArn") else { return Ok(()) };
        let current = self.tags(mapping).await?;
        self.lambda.change_tags(arn, [prior, wanted, &current]).await
    }

    /// The mapping in the vocabulary of the template.
    async fn object(&self, mapping: &KnownMap, declared: &KnownMap) -> Result<Object, DriverError> {
        let id = id_of(mapping, READ)?;
        let mut properties = settings::shown(mapping, declared)?;
        let tags = visible(&self.tags(mapping).await?);
        properties.insert("Tags".to_owned(), tag_list(&tags));
        Ok(Object::named(id.as_str().into(), properties, attributes(mapping, &id)))
    }

    /// The mapping of the operation with the token of the request, among those of the function.
    async fn made(&self, request: &CreateRequest) -> Result<Option<KnownMap>, DriverError> {
        let fields = Fields::new(&request.properties, READ);
        let mut input = KnownMap::new();
        for name in ["EventSourceArn", "FunctionName"] {
            input.extend(fields.text(name)?.map(|text| (name.to_owned(), text)));
        }
        for _ in 0..MOST_PAGES {
            let answer =
                self.lambda.call_if_exists("ListEventSourceMappings", input.clone()).await?;
            let Some(answer) = answer else { return Ok(None) };
            let page = answer.get("EventSourceMappings").and_then(KnownValue::as_list);
            for mapping in page.unwrap_or_default().iter().filter_map(KnownValue::as_map) {
                let ours = made_by(&self.tags(mapping).await?, &request.token);
                if ours && state(mapping) != "Deleting" {
                    return Ok(Some(mapping.clone()));
                }
            }
            let Some(next) = text_in(&answer, "NextMarker").filter(|next| !next.is_empty()) else {
                return Ok(None);
            };
            input.insert("Marker".to_owned(), next.into());
        }
        let message = format!("the list of mappings has more than {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, "lambda:ListEventSourceMappings", message))
    }
}

/// The wait for a mapping.
fn waits(mapping: &KnownMap, id: &str) -> Progress {
    let waits_for = format!("event source mapping `{id}`, which is {}", state(mapping));
    Progress::Pending { waits_for, ask_again_in: ASK_AGAIN }
}

#[async_trait]
impl DirectDriver for EventSourceMapping {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.described(identifier.only()).await? {
            Some(mapping) if state(&mapping) != "Deleting" => {
                Observed::Present(self.object(&mapping, declared).await?)
            }
            Some(_) | None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let declared = declared_tags(fields)?;
        let mut input = settings::members(&request.properties, Change::New, CREATE)?;
        let tags = with_token(fields, &declared, &request.token)?;
        input.insert("Tags".to_owned(), KnownValue::Map(tags));
        if request.begun.is_some() && self.made(request).await?.is_some() {
            let message = "the event source mapping was made by this operation";
            return Err(DriverError::new(ErrorKind::AlreadyExists, CREATE, message));
        }
        let begins = effects.begins(&Cursor::from("create")).await;
        begins.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))?;
        let made = self.lambda.call("CreateEventSourceMapping", input).await;
        let mapping = made.map_err(|error| {
            let error = needs_tag(error, "event source mapping", "lambda:TagResource");
            not_of_this_run(meaning(error))
        })?;
        let id = id_of(&mapping, CREATE)?;
        let recorded = effects.created_as(&id.as_str().into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let attributes = attributes(&mapping, &id);
        Ok(Object::named(id.as_str().into(), request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let id = request.identifier.only();
        let (fields, before) =
            (Fields::new(&request.properties, UPDATE), Fields::new(&request.prior, UPDATE));
        let (tags, tags_before) = (declared_tags(fields)?, declared_tags(before)?);
        let mapping = self.existing(id).await?;
        let changes = settings::changes(&mapping, fields, before)?;
        if !changes.is_empty() {
            let mut input = changes;
            input.extend(named(id));
            self.lambda.call("UpdateEventSourceMapping", input).await.map_err(meaning)?;
        }
        self.change_tags(&mapping, [&tags_before, &tags]).await?;
        self.object(&self.existing(id).await?, &request.properties).await
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let id = identifier.only();
        let mapping = self.existing(id).await.map_err(meaning)?;
        Ok(match state(&mapping) {
            "Creating" | "Enabling" | "Disabling" | "Updating" => waits(&mapping, id),
            _ => Progress::Done,
        })
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let id = request.identifier.only();
        let Some(mapping) = self.described(id).await? else { return Ok(Progress::Done) };
        if state(&mapping) == "Deleting" {
            return Ok(waits(&mapping, id));
        }
        self.lambda.delete("DeleteEventSourceMapping", named(id)).await?;
        Ok(self.described(id).await?.map_or(Progress::Done, |mapping| waits(&mapping, id)))
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        // The call that creates was never made.
        if request.begun.is_none() {
            return Ok(Found::Absent);
        }
        Ok(match self.made(request).await? {
            Some(mapping) => {
                let object = self.object(&mapping, &request.properties).await?;
                Found::Ours(Box::new(object))
            }
            None => Found::Absent,
        })
    }
}
