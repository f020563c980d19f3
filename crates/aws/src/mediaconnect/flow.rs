//! `AWS::MediaConnect::Flow`.
//!
//! A flow is made in standby and never started. Its name need not be unique and its creation takes no
//! token: it is known again by the token in its tags, among the flows of its name. Its source, its
//! VPC interfaces and its media streams are changed by operations of their own. Only a flow that is
//! stopped can be deleted.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::contents::{attributes, members, properties, within};
use super::parts::{self, Changes, INTERFACES, STREAMS};
use super::residual::take_back;
use super::tags;
use crate::api::Api;
use crate::iam::{
    Fields, TagChanges, Tags, arguments, declared_tags, journal_failed, part, tag_list, text_in,
    with_nonce,
};
use crate::mapping::in_declared_order;
use crate::ownership::{OPERATION, forbids_tags};

const CREATE: &str = "mediaconnect:CreateFlow";
const READ: &str = "mediaconnect:DescribeFlow";
const UPDATE: &str = "mediaconnect:UpdateFlow";
const DELETE: &str = "mediaconnect:DeleteFlow";

/// The time between two questions about the state of a flow.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The most pages of a listing that are read.
const MOST_PAGES: usize = 1000;

/// Members of a flow that `UpdateFlow` changes.
const SETTINGS: [&str; 6] = [
    "EncodingConfig",
    "FlowSize",
    "Maintenance",
    "NdiConfig",
    "SourceFailoverConfig",
    "SourceMonitoringConfig",
];

/// The driver of flows. The physical ID is the ARN.
pub(super) struct Flow {
    api: Arc<dyn Api>,
}

/// The state of a flow that is about to be in another one.
fn passing(flow: &KnownMap) -> Option<&str> {
    let passing = ["UPDATING", "STARTING", "STOPPING", "DELETING"];
    text_in(flow, "Status").filter(|status| passing.contains(status))
}

fn tags_in(members: &KnownMap, list: &str) -> Tags {
    members.get(list).and_then(KnownValue::as_map).cloned().unwrap_or_default()
}

fn source(members: &KnownMap) -> KnownMap {
    members.get("Source").and_then(KnownValue::as_map).cloned().unwrap_or_default()
}

impl Flow {
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The flow as the service describes it; `None` if it is not there.
    async fn describe(&self, arn: &str) -> Result<Option<KnownMap>, DriverError> {
        let input = arguments([("FlowArn", arn.into())]);
        let answer = self.api.call_if_exists("DescribeFlow", input).await?;
        answer.map(|answer| part(&answer, "Flow", READ).cloned()).transpose()
    }

    /// The flow in the vocabulary of the template. Tags that the template does not declare do not
    /// matter, and are not asked for.
    async fn object(
        &self,
        flow: &KnownMap,
        arn: &str,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let mut properties = properties(flow)?;
        if declared.contains_key("Tags") {
            let tags = tags::visible(tags::of(&*self.api, arn).await?);
            properties.insert("Tags".to_owned(), tag_list(&tags));
        }
        let properties =
            in_declared_order(properties, declared, &["Key", "Name", "MediaStreamName"]);
        Ok(Object::named(arn.into(), properties, attributes(flow)))
    }

    /// The flow that an operation made, and the number of flows of its name whose tags may not be
    /// listed.
    async fn made_by(
        &self,
        name: &str,
        token: &str,
    ) -> Result<(Option<String>, usize), DriverError> {
        let (mut next, mut skipped) = (None::<KnownValue>, 0);
        for _ in 0..MOST_PAGES {
            let input = next.take().map(|next| ("NextToken".to_owned(), next));
            let page = self.api.call("ListFlows", input.into_iter().collect()).await?;
            let flows = page.get("Flows").and_then(KnownValue::as_list).unwrap_or_default();
            for flow in flows.iter().filter_map(KnownValue::as_map) {
                let Some(arn) = text_in(flow, "FlowArn") else { continue };
                if text_in(flow, "Name") != Some(name)
                    || text_in(flow, "Status") == Some("DELETING")
                {
                    continue;
                }
                match tags::of(&*self.api, arn).await {
                    Ok(tags) if text_in(&tags, OPERATION) == Some(token) => {
                        return Ok((Some(arn.to_owned()), skipped));
                    }
                    Ok(_) => {}
                    Err(error) if error.kind == ErrorKind::NotFound => {}
                    Err(error) if matches!(error.kind, ErrorKind::AccessDenied { .. }) => {
                        skipped += 1;
                    }
                    Err(error) => return Err(error),
                }
            }
            next = page.get("NextToken").filter(|next| next.as_str() != Some("")).cloned();
            if next.is_none() {
                return Ok((None, skipped));
            }
        }
        let message = format!("the listing does not end after {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, "mediaconnect:ListFlows", message))
    }

    /// Makes a change. It is refused where it arrived twice, and where the flow is taking up another
    /// one, after which it is taken.
    async fn change(
        &self,
        arn: &str,
        (operation, input): (&'static str, KnownMap),
    ) -> Result<(), DriverError> {
        let Err(error) = parts::call(&*self.api, (operation, input.clone())).await else {
            return Ok(());
        };
        if !matches!(error.kind, ErrorKind::Invalid { .. } | ErrorKind::Conflict) {
            return Err(error);
        }
        let Some(flow) = self.describe(arn).await? else { return Err(error) };
        if parts::was_added(operation, &input, &members(&properties(&flow)?)?) {
            return Ok(());
        }
        let passes = passing(&flow).is_some();
        let kind = if passes { ErrorKind::DependencyNotReady } else { error.kind.clone() };
        Err(DriverError { kind, ..error })
    }

    /// Everything but tags, as it is declared.
    async fn change_contents(
        &self,
        request: &UpdateRequest,
        flow: &KnownMap,
    ) -> Result<(), DriverError> {
        let arn = request.identifier.only();
        let (before, now) = (members(&request.prior)?, members(&properties(flow)?)?);
        let mut wanted = members(&request.properties)?;
        take_back(&before, &mut wanted, &now)?;
        let all = [&before, &wanted, &now];
        let (vpc, streams) = (INTERFACES.changes(arn, all)?, STREAMS.changes(arn, all)?);
        let settings = settings(arn, &wanted, &now);
        let (mut first, mut last): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
        for Changes { first: before_source, last: after_source } in [vpc, streams] {
            first.extend(before_source);
            last.extend(after_source);
        }
        // A flow is large before its source needs that, and medium after its source does not.
        match text_in(&wanted, "FlowSize") {
            Some("MEDIUM") => last.extend(settings),
            Some(_) | None => first.extend(settings),
        }
        first.extend(self.source(arn, flow, &wanted, &now));
        for call in first.into_iter().chain(last) {
            self.change(arn, call).await?;
        }
        Ok(())
    }

    /// The call that changes the source, unless it is as declared.
    fn source(
        &self,
        arn: &str,
        flow: &KnownMap,
        wanted: &KnownMap,
        now: &KnownMap,
    ) -> Option<(&'static str, KnownMap)> {
        let (mut wanted, now) = (source(wanted), source(now));
        wanted.remove("SourceTags");
        if within(&wanted.clone().into(), &now.into()) {
            return None;
        }
        wanted.remove("Name");
        wanted.insert("FlowArn".to_owned(), arn.into());
        wanted.insert("SourceArn".to_owned(), flow.get("Source")?.get("SourceArn")?.clone());
        Some(("UpdateFlowSource", wanted))
    }

    async fn change_tags(
        &self,
        request: &UpdateRequest,
        flow: &KnownMap,
    ) -> Result<(), DriverError> {
        let arn = request.identifier.only();
        let prior = declared_tags(Fields::new(&request.prior, UPDATE))?;
        let desired = declared_tags(Fields::new(&request.properties, UPDATE))?;
        if !prior.is_empty() || !desired.is_empty() {
            let current = tags::visible(tags::of(&*self.api, arn).await?);
            let changes = TagChanges::between(&prior, &desired, &current);
            tags::change(&*self.api, arn, changes).await?;
        }
        // The tags of a source are set and not shown.
        let of_source = |properties| -> Result<Tags, DriverError> {
            Ok(tags_in(&source(&members(properties)?), "SourceTags"))
        };
        let (prior, desired) = (of_source(&request.prior)?, of_source(&request.properties)?);
        let changes = TagChanges::between(&prior, &desired, &prior);
        match flow.get("Source").and_then(|source| source.get("SourceArn")?.as_str()) {
            Some(source) => tags::change(&*self.api, source, changes).await,
            None => Ok(()),
        }
    }
}

/// The call that changes the settings of a flow, unless they are as declared.
fn settings(arn: &str, wanted: &KnownMap, now: &KnownMap) -> Option<(&'static str, KnownMap)> {
    let mut input = KnownMap::new();
    for name in SETTINGS {
        let Some(value) = wanted.get(name) else { continue };
        if !now.get(name).is_some_and(|now| within(value, now)) {
            input.insert(name.to_owned(), value.clone());
        }
    }
    if input.is_empty() {
        return None;
    }
    input.insert("FlowArn".to_owned(), arn.into());
    Some(("UpdateFlow", input))
}

/// The error of a change to a flow that is taking up another one: it passes.
fn settled(arn: &str, flow: &KnownMap) -> Result<(), DriverError> {
    let Some(status) = passing(flow) else { return Ok(()) };
    let message = format!("flow `{arn}` is {status}");
    Err(DriverError::new(ErrorKind::DependencyNotReady, UPDATE, message))
}

#[async_trait]
impl DirectDriver for Flow {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let arn = identifier.only();
        Ok(match self.describe(arn).await? {
            Some(flow) => Observed::Present(self.object(&flow, arn, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let (name, declared) = (fields.required_name("Name")?, declared_tags(fields)?);
        let mut input = members(&request.properties)?;
        input.remove("FlowTags");
        // Nothing keeps the service from making the flow a second time.
        if let (Some(arn), _) = self.made_by(&name, request.token.as_str()).await? {
            let message = format!("flow `{arn}` was made by this operation");
            return Err(DriverError::new(ErrorKind::AlreadyExists, CREATE, message));
        }
        let (untagged, own) = (input.clone(), declared.is_empty());
        input.insert("FlowTags".to_owned(), with_nonce(declared, &request.token).into());
        let answer = match self.api.call("CreateFlow", input).await {
            // A caller who may not tag: it is then not known again.
            Err(error) if own && forbids_tags(&error) => {
                self.api.call("CreateFlow", untagged).await?
            }
            answered => answered?,
        };
        let flow = part(&answer, "Flow", CREATE)?;
        let Some(arn) = text_in(flow, "FlowArn") else {
            let message = "the answer does not hold the flow's ARN";
            return Err(DriverError::new(ErrorKind::UnknownOutcome, CREATE, message));
        };
        let physical_id = PhysicalId::from(arn);
        let recorded = effects.created_as(&physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        Ok(Object::named(physical_id, request.properties.clone(), attributes(flow)))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let arn = request.identifier.only();
        let Some(flow) = self.describe(arn).await? else {
            // With nothing declared before, this completes a create.
            let kind = match request.prior.is_empty() {
                true => ErrorKind::DependencyNotReady,
                false => ErrorKind::NotFound,
            };
            return Err(DriverError::new(kind, READ, format!("flow `{arn}` does not exist")));
        };
        settled(arn, &flow)?;
        self.change_contents(request, &flow).await?;
        self.change_tags(request, &flow).await?;
        let changed = self.describe(arn).await?.unwrap_or(flow);
        Ok(Object::named(arn.into(), request.properties.clone(), attributes(&changed)))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let arn = request.identifier.only();
        let gone = || Progress::Pending {
            waits_for: format!("flow `{arn}` to be gone"),
            ask_again_in: ASK_AGAIN,
        };
        let Some(flow) = self.describe(arn).await? else { return Ok(Progress::Done) };
        match text_in(&flow, "Status") {
            Some("DELETING") => return Ok(gone()),
            Some(status @ ("ACTIVE" | "STARTING")) => {
                let message = format!(
                    "flow `{arn}` is {status}, and nothing was sent: stop it with `aws mediaconnect \
                     stop-flow --flow-arn {arn}`, wait until it is in STANDBY, and apply again"
                );
                return Err(DriverError::new(ErrorKind::Conflict, DELETE, message));
            }
            Some(status @ ("UPDATING" | "STOPPING")) => {
                let waits_for = format!("flow `{arn}`, which is {status}");
                return Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN });
            }
            Some(_) | None => {}
        }
        let called = self.api.call("DeleteFlow", arguments([("FlowArn", arn.into())])).await;
        let error = match called {
            Ok(_) => return Ok(gone()),
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Progress::Done),
            Err(error) => error,
        };
        // A request that arrived twice is refused, because the first of both has done it.
        match self.describe(arn).await? {
            None => Ok(Progress::Done),
            Some(flow) if text_in(&flow, "Status") == Some("DELETING") => Ok(gone()),
            Some(_) => Err(error),
        }
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let arn = identifier.only();
        let pending = |waits_for| Ok(Progress::Pending { waits_for, ask_again_in: ASK_AGAIN });
        let Some(flow) = self.describe(arn).await? else {
            return pending(format!("flow `{arn}` to become visible"));
        };
        match (text_in(&flow, "Status"), passing(&flow)) {
            (Some("DELETING"), _) => {
                let message = format!("flow `{arn}` was deleted meanwhile");
                Err(DriverError::new(ErrorKind::Conflict, READ, message))
            }
            (_, Some(status)) => pending(format!("flow `{arn}`, which is {status}")),
            (Some("ERROR"), None) => {
                let message =
                    format!("flow `{arn}` is in ERROR; `aws mediaconnect describe-flow` says why");
                Err(DriverError::new(ErrorKind::Invalid { property: None }, READ, message))
            }
            (Some(_) | None, None) => Ok(Progress::Done),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let name = Fields::new(&request.properties, READ).required_name("Name")?;
        let (found, skipped) = self.made_by(&name, request.token.as_str()).await?;
        let found = match found {
            Some(arn) => self.describe(&arn).await?.map(|flow| (arn, flow)),
            None => None,
        };
        if let Some((arn, flow)) = found {
            let object = self.object(&flow, &arn, &request.properties).await?;
            return Ok(Found::Ours(Box::new(object)));
        }
        if skipped == 0 {
            return Ok(Found::Absent);
        }
        let why = format!(
            "the tags of {skipped} flows named `{name}` may not be listed, and one of them can be \
             the one that this operation made"
        );
        Ok(Found::Ambiguous { why })
    }
}
