//! `AWS::MediaConnect::FlowOutput` and `AWS::MediaConnect::FlowSource`: outputs and sources of a flow that
//! are resources of their own.
//!
//! The service chooses the ARN. A name is unique within the flow, so that none is made twice: one is known
//! again by the token in its tags, under its name. It is described with its flow, which has to be known:
//! the template says which it is.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::attached_contents::Kind;
use super::tags;
use crate::api::Api;
use crate::iam::{
    Fields, TagChanges, arguments, declared_tags, journal_failed, part, tag_list, text_in,
    with_token,
};
use crate::mapping::in_declared_order;
use crate::ownership::needs_tag;
use crate::resource_tags::made_by;

const READ: &str = "mediaconnect:DescribeFlow";

/// The time between two questions about a flow.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The driver of a kind. The physical ID is the ARN.
pub(super) struct Attached {
    api: Arc<dyn Api>,
    kind: &'static Kind,
}

/// The state of a flow that takes no change now.
fn passing(flow: &KnownMap) -> Option<&str> {
    let passing = ["UPDATING", "STARTING", "STOPPING", "DELETING"];
    text_in(flow, "Status").filter(|status| passing.contains(status))
}

/// True if the service may have refused a call because of what was there then.
fn may_be_done(error: &DriverError) -> bool {
    matches!(error.kind, ErrorKind::Invalid { .. } | ErrorKind::Conflict)
}

impl Attached {
    pub(super) fn new(api: Arc<dyn Api>, kind: &'static Kind) -> Self {
        Self { api, kind }
    }

    /// The ARN of the flow that properties name.
    fn flow(&self, properties: &KnownMap) -> Result<String, DriverError> {
        let fields = Fields::new(properties, READ);
        if let Some(KnownValue::Secret(_)) = fields.value("FlowArn") {
            let problem = "cannot be a secret: the object is described with its flow";
            return Err(fields.invalid("FlowArn", problem));
        }
        fields.required_name("FlowArn")
    }

    async fn describe(&self, flow: &str) -> Result<Option<KnownMap>, DriverError> {
        let input = arguments([("FlowArn", flow.into())]);
        let answer = self.api.call_if_exists("DescribeFlow", input).await?;
        answer.map(|answer| part(&answer, "Flow", READ).cloned()).transpose()
    }

    /// The one in a flow with this text in a member.
    fn one(&self, flow: &KnownMap, member: &str, text: &str) -> Option<KnownMap> {
        let list = flow.get(self.kind.list).and_then(KnownValue::as_list).unwrap_or_default();
        let mut all = list.iter().filter_map(KnownValue::as_map);
        all.find(|it| text_in(it, member) == Some(text)).cloned()
    }

    fn by_arn(&self, flow: &KnownMap, arn: &str) -> Option<KnownMap> {
        self.one(flow, self.kind.arn, arn)
    }

    /// The flow, and the one with this ARN in it, as far as they are there.
    async fn look(
        &self,
        properties: &KnownMap,
        arn: &str,
    ) -> Result<Option<(KnownMap, KnownMap)>, DriverError> {
        let Some(flow) = self.describe(&self.flow(properties)?).await? else { return Ok(None) };
        let found = self.by_arn(&flow, arn);
        Ok(found.map(|found| (flow, found)))
    }

    fn error(&self, kind: ErrorKind, problem: impl std::fmt::Display) -> DriverError {
        DriverError::new(kind, READ, format!("the {} {problem}", self.kind.noun))
    }

    fn missing(&self, arn: &str) -> DriverError {
        self.error(ErrorKind::NotFound, format!("`{arn}` does not exist"))
    }

    /// The object in the vocabulary of the template. Tags that the template does not declare do not
    /// matter, and are not asked for.
    async fn object(
        &self,
        flow: &KnownMap,
        found: &KnownMap,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let arn = text_in(found, self.kind.arn).unwrap_or_default();
        let mut properties = self.kind.properties(found, declared)?;
        properties.extend(flow.get("FlowArn").map(|arn| ("FlowArn".to_owned(), arn.clone())));
        if declared.contains_key("Tags") {
            let tags = tags::visible(tags::of(&*self.api, arn).await?);
            properties.insert("Tags".to_owned(), tag_list(&tags));
        }
        let properties = in_declared_order(properties, declared, &["Key", "MediaStreamName"]);
        Ok(Object::named(arn.into(), properties, self.kind.attributes(found)))
    }

    /// The error of a name that is taken: by this operation, or by another one.
    async fn taken(&self, found: &KnownMap, request: &CreateRequest) -> DriverError {
        let arn = text_in(found, self.kind.arn).unwrap_or_default();
        match tags::of(&*self.api, arn).await {
            Ok(tags) if made_by(&tags, &request.token) => {
                self.error(ErrorKind::AlreadyExists, format!("`{arn}` was made by this operation"))
            }
            Ok(_) => self.error(
                ErrorKind::Conflict,
                format!(
                    "`{arn}` has the name already and was not made by this run: remove it if it is \
                     not needed, or leave this one out of the template"
                ),
            ),
            Err(error) => error,
        }
    }

    /// The error of a creation: the flow may be taking up another change.
    async fn refused(
        &self,
        error: DriverError,
        (flow, name): (&str, &str),
        request: &CreateRequest,
    ) -> DriverError {
        if !may_be_done(&error) {
            return error;
        }
        let Ok(Some(flow)) = self.describe(flow).await else { return error };
        if let Some(found) = self.one(&flow, "Name", name) {
            return self.taken(&found, request).await;
        }
        match passing(&flow) {
            Some(_) => DriverError { kind: ErrorKind::DependencyNotReady, ..error },
            None => error,
        }
    }

    async fn change_tags(&self, request: &UpdateRequest, arn: &str) -> Result<(), DriverError> {
        let prior = declared_tags(Fields::new(&request.prior, READ))?;
        let desired = declared_tags(Fields::new(&request.properties, READ))?;
        if prior.is_empty() && desired.is_empty() {
            return Ok(());
        }
        let current = tags::visible(tags::of(&*self.api, arn).await?);
        tags::change(&*self.api, arn, TagChanges::between(&prior, &desired, &current)).await
    }

    fn waits(&self, arn: &str) -> Progress {
        let waits_for = format!("{} `{arn}` to be gone", self.kind.noun);
        Progress::Pending { waits_for, ask_again_in: ASK_AGAIN }
    }
}

#[async_trait]
impl DirectDriver for Attached {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        self.kind.naming
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.look(declared, identifier.only()).await? {
            Some((flow, found)) => Observed::Present(self.object(&flow, &found, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let Self { kind, .. } = self;
        let fields = Fields::new(&request.properties, kind.add);
        let (flow_arn, name) = (self.flow(&request.properties)?, fields.required_name("Name")?);
        let mut new = kind.members(&request.properties)?;
        let tags = with_token(fields, &declared_tags(fields)?, &request.token)?;
        new.insert(kind.tags.to_owned(), tags.into());
        let Some(flow) = self.describe(&flow_arn).await? else {
            let message = format!("the flow `{flow_arn}` does not exist, or is not visible yet");
            return Err(DriverError::new(ErrorKind::DependencyNotReady, READ, message));
        };
        if let Some(found) = self.one(&flow, "Name", &name) {
            return Err(self.taken(&found, request).await);
        }
        if let Some(status) = passing(&flow) {
            let message = format!("flow `{flow_arn}` is {status}");
            return Err(DriverError::new(ErrorKind::DependencyNotReady, READ, message));
        }
        let list = KnownValue::List(vec![new.into()]);
        let input = arguments([("FlowArn", flow_arn.as_str().into()), (kind.list, list)]);
        let answer = match self.api.call(kind.add_operation(), input).await {
            Ok(answer) => answer,
            Err(error) => {
                let error = needs_tag(error, kind.noun, "mediaconnect:TagResource");
                return Err(self.refused(error, (&flow_arn, &name), request).await);
            }
        };
        let made = self.one(&answer, "Name", &name);
        let made = made.and_then(|made| Some((text_in(&made, kind.arn)?.to_owned(), made)));
        let Some((arn, made)) = made else {
            let message = format!("the answer does not name the {}", kind.noun);
            return Err(DriverError::new(ErrorKind::UnknownOutcome, kind.add, message));
        };
        let recorded = effects.created_as(&arn.as_str().into()).await;
        recorded.map_err(|error| journal_failed(kind.add, &error))?;
        let attributes = kind.attributes(&made);
        Ok(Object::named(arn.as_str().into(), request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let (kind, arn) = (self.kind, request.identifier.only());
        let Some((flow, found)) = self.look(&request.properties, arn).await? else {
            // With nothing declared before, this completes a create.
            return Err(match request.prior.is_empty() {
                true => DriverError { kind: ErrorKind::DependencyNotReady, ..self.missing(arn) },
                false => self.missing(arn),
            });
        };
        if let Some(mut input) = kind.change(&found, request)? {
            let flow_arn = self.flow(&request.properties)?;
            if let Some(status) = passing(&flow) {
                let message = format!("flow `{flow_arn}` is {status}");
                return Err(DriverError::new(ErrorKind::DependencyNotReady, READ, message));
            }
            input.insert("FlowArn".to_owned(), flow_arn.into());
            input.insert(kind.arn.to_owned(), arn.into());
            if let Err(error) = self.api.call(kind.update_operation(), input).await {
                let now = match may_be_done(&error) {
                    true => self.look(&request.properties, arn).await?,
                    false => None,
                };
                let Some((flow, found)) = now else { return Err(error) };
                if passing(&flow).is_some() {
                    return Err(DriverError { kind: ErrorKind::DependencyNotReady, ..error });
                }
                if kind.change(&found, request)?.is_some() {
                    return Err(error);
                }
            }
        }
        self.change_tags(request, arn).await?;
        let Some((flow, found)) = self.look(&request.properties, arn).await? else {
            return Err(self.missing(arn));
        };
        self.object(&flow, &found, &request.properties).await
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let (kind, arn) = (self.kind, request.identifier.only());
        let flow_arn = self.flow(&request.prior)?;
        let Some((flow, _)) = self.look(&request.prior, arn).await? else {
            return Ok(Progress::Done);
        };
        if let Some(status) = passing(&flow) {
            let waits_for = format!("flow `{flow_arn}`, which is {status}");
            return Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN });
        }
        let input = arguments([("FlowArn", flow_arn.into()), (kind.arn, arn.into())]);
        match self.api.call(kind.remove_operation(), input).await {
            Ok(_) => Ok(self.waits(arn)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done),
            Err(error) => match self.look(&request.prior, arn).await? {
                None => Ok(Progress::Done),
                Some((flow, _)) if may_be_done(&error) && passing(&flow).is_some() => {
                    Ok(self.waits(arn))
                }
                Some(_) => Err(error),
            },
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let flow = self.flow(&request.properties)?;
        let name = Fields::new(&request.properties, READ).required_name("Name")?;
        let Some(flow) = self.describe(&flow).await? else { return Ok(Found::Absent) };
        let Some(found) = self.one(&flow, "Name", &name) else { return Ok(Found::Absent) };
        let arn = text_in(&found, self.kind.arn).unwrap_or_default();
        if made_by(&tags::of(&*self.api, arn).await?, &request.token) {
            let object = self.object(&flow, &found, &request.properties).await?;
            return Ok(Found::Ours(Box::new(object)));
        }
        let why = format!(
            "the {} `{arn}` has the name, and its tags do not say that this operation made it",
            self.kind.noun
        );
        Ok(Found::Ambiguous { why })
    }
}
