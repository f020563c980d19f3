//! The life of a cluster.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DriverError, EffectSink, ErrorKind, Finish, Found, Object, Observed,
    OperationKind, Pending, Poll, Request, ResourceDriver, Step, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue, PropertyPath};

use super::contents::{CREATE, creation, members, tree};
use super::instances;
use super::shown::{Seen, object, within};
use crate::api::Api;
use crate::iam::{
    Fields, TagChanges, arguments, declared_tags, journal_failed, nonce, tag_list, text_in,
    visible_tags, with_token,
};
use crate::mapping::holds;
use crate::ownership::needs_tag;

const READ: &str = "elasticmapreduce:DescribeCluster";

/// The cursor of a cluster that becomes ready.
const SETTLES: &str = "settle";
/// The cursor of a deletion.
const DELETES: &str = "delete";
/// The time between two questions: a cluster takes minutes.
const ASK_AGAIN: Duration = Duration::from_secs(15);
/// The most pages that are read of a list.
const MOST_PAGES: usize = 1000;

/// States of a cluster that is there, or becomes so.
///
/// Source: EMR API reference, ClusterStatus.
const ALIVE: [&str; 4] = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"];

/// A policy with operations of its own.
struct Policy {
    property: &'static str,
    get: &'static str,
    put: &'static str,
    remove: &'static str,
    shape: &'static str,
}

/// The policies of a cluster.
const POLICIES: [Policy; 2] = [
    Policy {
        property: "AutoTerminationPolicy",
        get: "GetAutoTerminationPolicy",
        put: "PutAutoTerminationPolicy",
        remove: "RemoveAutoTerminationPolicy",
        shape: "AutoTerminationPolicy",
    },
    Policy {
        property: "ManagedScalingPolicy",
        get: "GetManagedScalingPolicy",
        put: "PutManagedScalingPolicy",
        remove: "RemoveManagedScalingPolicy",
        shape: "ManagedScalingPolicy",
    },
];

/// The driver of clusters. The physical ID is the ID.
pub(crate) struct Cluster {
    api: Arc<dyn Api>,
}

/// The state of a cluster.
fn state(members: &KnownMap) -> &str {
    let state = members.get("Status").and_then(|status| status.get("State"));
    state.and_then(KnownValue::as_str).unwrap_or_default()
}

/// The reason for which a cluster has its state.
fn reason(members: &KnownMap) -> String {
    let reason = members.get("Status").and_then(|status| status.get("StateChangeReason"));
    let text = |name| reason.and_then(|it| it.get(name)).and_then(KnownValue::as_str);
    match (text("Code"), text("Message").filter(|text| !text.is_empty())) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (None, Some(text)) | (Some(text), None) => text.to_owned(),
        (None, None) => "the service says no more".to_owned(),
    }
}

fn is_protected(members: &KnownMap) -> bool {
    members.get("TerminationProtected") == Some(&KnownValue::Bool(true))
}

fn named(id: &str) -> KnownMap {
    arguments([("ClusterId", id.into())])
}

impl Cluster {
    /// A driver that calls EMR.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The cluster as the service describes it, whatever its state; `None` if there is none.
    async fn described(&self, id: &str) -> Result<Option<KnownMap>, DriverError> {
        match self.api.call("DescribeCluster", named(id)).await {
            Ok(answer) => Ok(Some(crate::iam::part(&answer, "Cluster", READ)?.clone())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            // The code is that of every wrong request.
            Err(error)
                if error.message.contains("Cluster id")
                    && error.message.contains("is not valid") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The cluster, unless it is terminated; the service describes those, too.
    async fn look(&self, id: &str) -> Result<Option<KnownMap>, DriverError> {
        let found = self.described(id).await?;
        Ok(found.filter(|members| !state(members).starts_with("TERMINATED")))
    }

    /// As [`Self::look`], of a cluster that has to be there.
    async fn existing(&self, id: &str) -> Result<KnownMap, DriverError> {
        self.look(id).await?.ok_or_else(|| {
            let message = format!("there is no cluster `{id}`, or it is terminated");
            DriverError::new(ErrorKind::NotFound, READ, message)
        })
    }

    /// The policies of a cluster that one of the trees declares.
    async fn policies(&self, id: &str, declared: &[&KnownMap]) -> Result<KnownMap, DriverError> {
        let mut found = KnownMap::new();
        for policy in &POLICIES {
            if !declared.iter().any(|tree| tree.contains_key(policy.property)) {
                continue;
            }
            let answer = self.api.call(policy.get, named(id)).await?;
            let Some(held) = answer.get(policy.property).and_then(KnownValue::as_map) else {
                continue;
            };
            let shown = within(policy.shape, held, Some(policy.property))?;
            if !shown.is_empty() {
                found.insert(policy.property.to_owned(), shown.into());
            }
        }
        Ok(found)
    }

    /// A cluster with all that its declared properties are compared with.
    async fn seen(&self, members: KnownMap, declared: &KnownMap) -> Result<Seen, DriverError> {
        let id = text_in(&members, "Id").unwrap_or_default().to_owned();
        let policies = self.policies(&id, &[declared]).await?;
        let instances = tree(declared, "Instances");
        let found = instances::all(self.api.as_ref(), &id, &instances).await?;
        let instances = instances::shown(&members, &found, declared)?;
        Ok(Seen { members, instances, policies })
    }

    /// The living clusters of a name that the operation with this token made.
    async fn made_by(&self, name: &str, token: &str) -> Result<Option<KnownMap>, DriverError> {
        let states = KnownValue::List(ALIVE.iter().map(|state| (*state).into()).collect());
        let mut input = arguments([("ClusterStates", states)]);
        for _ in 0..MOST_PAGES {
            let answer = self.api.call("ListClusters", input.clone()).await?;
            let items = answer.get("Clusters").and_then(KnownValue::as_list).unwrap_or_default();
            for item in items.iter().filter_map(KnownValue::as_map) {
                let Some(id) = text_in(item, "Id").filter(|_| text_in(item, "Name") == Some(name))
                else {
                    continue;
                };
                // A list has no tags.
                if let Some(found) = self.look(id).await?
                    && nonce(found.get("Tags")) == Some(token)
                {
                    return Ok(Some(found));
                }
            }
            match text_in(&answer, "Marker").filter(|at| !at.is_empty()) {
                Some(at) => input.insert("Marker".to_owned(), at.into()),
                None => return Ok(None),
            };
        }
        let message = "the list of clusters has no end";
        Err(DriverError::new(ErrorKind::Unsupported, "elasticmapreduce:ListClusters", message))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let properties = &request.properties;
        let fields = Fields::new(properties, CREATE);
        let name = fields.required_name("Name")?;
        let tags = with_token(fields, &declared_tags(fields)?, &request.token)?;
        let mut input = creation(properties)?;
        input.insert("Tags".to_owned(), tag_list(&tags));
        // Each call makes a cluster.
        if let Some(found) = self.made_by(&name, request.token.as_str()).await? {
            let id = text_in(&found, "Id").unwrap_or_default();
            let message = format!("cluster `{id}` was made by this operation");
            return Err(DriverError::new(ErrorKind::AlreadyExists, CREATE, message));
        }
        let answer = self.api.call("RunJobFlow", input).await.map_err(|error| {
            needs_tag(not_yet_usable(error), "cluster of EMR", "elasticmapreduce:AddTags")
        })?;
        let id = text_in(&answer, "JobFlowId").ok_or_else(|| {
            let message = "the answer does not hold `JobFlowId`";
            DriverError::new(ErrorKind::UnknownOutcome, CREATE, message)
        })?;
        let made = Object::named(id.into(), KnownMap::new(), arguments([("Id", id.into())]));
        let recorded = effects.created(&made.identifier, &made.physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        Ok(pending(Some(made), SETTLES, format!("cluster `{id}` to run"), Duration::ZERO))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Step, DriverError> {
        let (prior, properties) = (&request.prior, &request.properties);
        let id = request.identifier.only();
        let current = self.existing(id).await;
        // With nothing declared before, this completes a create: it may not be visible yet.
        let current = current
            .map_err(|error| if prior.is_empty() { not_yet_visible(error) } else { error })?;
        self.change_tags(id, &current, prior, properties).await?;
        self.change_settings(id, &current, prior, properties).await?;
        self.change_policies(id, prior, properties).await?;
        let mut both = tree(properties, "Instances");
        both.extend(tree(prior, "Instances"));
        let found = instances::all(self.api.as_ref(), id, &both).await?;
        let api = self.api.as_ref();
        instances::change(api, id, &found, (prior, properties)).await?;
        let made = Object::named(id.into(), properties.clone(), KnownMap::new());
        Ok(pending(Some(made), SETTLES, format!("cluster `{id}` to run"), Duration::ZERO))
    }

    async fn change_tags(
        &self,
        id: &str,
        current: &KnownMap,
        prior: &KnownMap,
        properties: &KnownMap,
    ) -> Result<(), DriverError> {
        let declared = |tree| declared_tags(Fields::new(tree, "elasticmapreduce:AddTags"));
        let shown = visible_tags(current.get("Tags"));
        let changes = TagChanges::between(&declared(prior)?, &declared(properties)?, &shown);
        let named = || arguments([("ResourceId", id.into())]);
        if !changes.remove.is_empty() {
            let mut input = named();
            let keys = changes.remove.into_iter().map(KnownValue::from).collect();
            input.insert("TagKeys".to_owned(), KnownValue::List(keys));
            self.api.call("RemoveTags", input).await?;
        }
        if !changes.set.is_empty() {
            let mut input = named();
            input.insert("Tags".to_owned(), tag_list(&changes.set));
            self.api.call("AddTags", input).await?;
        }
        Ok(())
    }

    /// The settings that an operation each changes. What is declared no longer goes back to its default.
    async fn change_settings(
        &self,
        id: &str,
        current: &KnownMap,
        prior: &KnownMap,
        properties: &KnownMap,
    ) -> Result<(), DriverError> {
        let action = "elasticmapreduce:ModifyCluster";
        let name = "StepConcurrencyLevel";
        let integer = |tree| Fields::new(tree, action).integer(name);
        // Source: EMR API reference, RunJobFlow: one step at a time.
        let wanted = integer(properties)?.or(integer(prior)?.map(|_| 1));
        if let Some(wanted) =
            wanted.filter(|wanted| integer(current).ok().flatten() != Some(*wanted))
        {
            let mut input = named(id);
            input.insert(name.to_owned(), wanted.into());
            self.api.call("ModifyCluster", input).await?;
        }
        let inner = [prior, properties].map(|it| tree(it, "Instances"));
        let [before, now] = [&inner[0], &inner[1]];
        for (operation, name, trees) in [
            ("SetVisibleToAllUsers", "VisibleToAllUsers", [prior, properties]),
            ("SetTerminationProtection", "TerminationProtected", [before, now]),
            ("SetUnhealthyNodeReplacement", "UnhealthyNodeReplacement", [before, now]),
        ] {
            let [was, wanted] = trees.map(|tree| Fields::new(tree, action).boolean(name));
            let Some(wanted) = wanted?.or(was?.map(|_| false)) else { continue };
            if current.get(name) == Some(&KnownValue::Bool(wanted)) {
                continue;
            }
            let ids = KnownValue::List(vec![id.into()]);
            let input = arguments([("JobFlowIds", ids), (name, wanted.into())]);
            self.api.call(operation, input).await?;
        }
        Ok(())
    }

    async fn change_policies(
        &self,
        id: &str,
        prior: &KnownMap,
        properties: &KnownMap,
    ) -> Result<(), DriverError> {
        let held = self.policies(id, &[prior, properties]).await?;
        for policy in &POLICIES {
            let name = policy.property;
            let wanted = properties.get(name).and_then(KnownValue::as_map);
            let there = held.get(name);
            let differs = |it: &KnownMap| there.is_none() || !holds(&it.clone().into(), there, &[]);
            match (wanted, there) {
                (Some(wanted), _) if differs(wanted) => {
                    let action = format!("elasticmapreduce:{}", policy.put);
                    let place = PropertyPath::root().name(name);
                    let mut input = named(id);
                    let value = members(policy.shape, wanted, place, &action)?;
                    input.insert(name.to_owned(), value.into());
                    self.api.call(policy.put, input).await?;
                }
                (None, Some(_)) if prior.contains_key(name) => {
                    self.api.call(policy.remove, named(id)).await?;
                }
                (_, _) => {}
            }
        }
        Ok(())
    }

    async fn delete(&self, id: &str) -> Result<Step, DriverError> {
        let Some(members) = self.look(id).await? else { return Ok(Step::Done(Finish::Gone)) };
        let going = |soon| pending(None, DELETES, format!("cluster `{id}` to be terminated"), soon);
        if state(&members) == "TERMINATING" {
            return Ok(going(ASK_AGAIN));
        }
        if is_protected(&members) {
            return Err(DriverError::new(ErrorKind::Conflict, TERMINATE_ACTION, protected(id)));
        }
        let input = arguments([("JobFlowIds", KnownValue::List(vec![id.into()]))]);
        self.api.call("TerminateJobFlows", input).await?;
        Ok(going(Duration::ZERO))
    }

    async fn settled(&self, poll: &Poll) -> Result<Step, DriverError> {
        let Some(identifier) = &poll.identifier else { return Ok(Step::Done(Finish::Gone)) };
        let id = identifier.only();
        let found = self.described(id).await?.ok_or_else(|| {
            let message = format!("there is no cluster `{id}`");
            DriverError::new(ErrorKind::DependencyNotReady, READ, message)
        })?;
        let failed = |kind, text: &str| {
            let message = format!("cluster `{id}` is {}: {text}", state(&found));
            Err(DriverError::new(kind, READ, message))
        };
        match state(&found) {
            "STARTING" | "BOOTSTRAPPING" => {
                let waits_for = format!("cluster `{id}`, which is {}", state(&found));
                Ok(pending(None, poll.cursor.as_str(), waits_for, ASK_AGAIN))
            }
            "TERMINATING" | "TERMINATED" | "TERMINATED_WITH_ERRORS" => {
                failed(ErrorKind::Invalid { property: None }, &reason(&found))
            }
            _ => Ok(Step::made(object(&self.seen(found, &poll.declared).await?, &poll.declared)?)),
        }
    }
}

const TERMINATE_ACTION: &str = "elasticmapreduce:TerminateJobFlows";

/// The reason for which a protected cluster is not deleted.
fn protected(id: &str) -> String {
    format!(
        "cluster `{id}` is protected from termination: set `Instances.TerminationProtected` to false and \
         apply, or run `aws emr modify-cluster-attributes --cluster-id {id} --no-termination-protected`"
    )
}

/// The error of a creation with an instance profile or a role that was made a moment ago.
///
/// Source: EMR Management Guide, Configure IAM service roles: both are validated when a cluster is made.
fn not_yet_usable(error: DriverError) -> DriverError {
    let lower = error.message.to_ascii_lowercase();
    let roles = ["invalid instanceprofile", "failed to authorize instance profile"];
    match roles.iter().any(|part| lower.contains(part)) {
        true => DriverError { kind: ErrorKind::DependencyNotReady, ..error },
        false => error,
    }
}

fn not_yet_visible(error: DriverError) -> DriverError {
    match error.kind {
        ErrorKind::NotFound => DriverError { kind: ErrorKind::DependencyNotReady, ..error },
        _ => error,
    }
}

fn pending(object: Option<Object>, cursor: &str, waits_for: String, soon: Duration) -> Step {
    Step::Pending(Pending {
        object: object.map(Box::new),
        usable: false,
        cursor: Cursor::from(cursor),
        repeatable: true,
        waits_for,
        ask_again_in: soon,
    })
}

#[async_trait]
impl ResourceDriver for Cluster {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn hindrance(&self, identifier: &Identifier) -> Result<Option<String>, DriverError> {
        let found = self.look(identifier.only()).await?;
        Ok(found.filter(is_protected).map(|_| protected(identifier.only())))
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let Some(members) = self.look(identifier.only()).await? else {
            return Ok(Observed::Absent);
        };
        Ok(Observed::Present(object(&self.seen(members, declared).await?, declared)?))
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        match request {
            Request::Create(request) => self.create(request, effects).await,
            Request::Update(request) => self.update(request).await,
            Request::Delete(request) => self.delete(request.identifier.only()).await,
            Request::DeleteWithSnapshot { .. } => Err(Request::takes_no_snapshot()),
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        if poll.kind == OperationKind::Delete {
            let Some(identifier) = &poll.identifier else { return Ok(Step::Done(Finish::Gone)) };
            return self.delete(identifier.only()).await;
        }
        if poll.kind == OperationKind::Create && poll.cursor.as_str() != SETTLES {
            let message = "the creation was interrupted: its object is looked for";
            return Err(DriverError::new(ErrorKind::NotFound, "create", message));
        }
        self.settled(poll).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let name = Fields::new(&request.properties, CREATE).required_name("Name")?;
        let Some(members) = self.made_by(&name, request.token.as_str()).await? else {
            return Ok(Found::Absent);
        };
        let declared = &request.properties;
        let seen = self.seen(members, declared).await?;
        Ok(Found::Ours(Box::new(object(&seen, declared)?)))
    }
}
