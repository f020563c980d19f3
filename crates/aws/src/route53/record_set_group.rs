//! `AWS::Route53::RecordSetGroup`: record sets that are made, changed and removed together.
//!
//! A group is nothing in Route 53: it is known by its record sets, which are declared, and its physical ID
//! is made up when it is created, as CloudFormation does. A record set is created, and never taken over:
//! it is proven before that there is none. A batch of changes is carried out whole or not at all, and
//! reaches all servers after a while, which is waited for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Finish, Found, Object,
    Observed, OperationKind, Pending, Poll, Request, ResourceDriver, Step, UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue, PhysicalId};

use super::calls::{self, Action, Changes, Route53};
use super::record::{Key, Record};
use crate::api::Api;
use crate::iam::{Fields, journal_failed};
use crate::ownership::{made_up_id, made_up_object};

pub(super) const TYPE: &str = "AWS::Route53::RecordSetGroup";
pub(super) const CHANGE: &str = "route53:ChangeResourceRecordSets";
const READ: &str = "route53:ListResourceRecordSets";

/// The property with the record sets.
pub(super) const SETS: &str = "RecordSets";

/// The time between two questions about a change, which mostly takes less than a minute.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The driver of groups of record sets.
pub(super) struct RecordSetGroup {
    route53: Route53,
}

/// The record sets of a group.
struct Group {
    records: Vec<Record>,
}

impl Group {
    fn keys(&self) -> BTreeSet<Key> {
        self.records.iter().map(|record| record.key.clone()).collect()
    }

    fn has(&self, key: &Key) -> bool {
        self.records.iter().any(|record| record.key == *key)
    }

    /// The record sets whose names are taken.
    fn taken<'a>(
        &'a self,
        found: &'a calls::Found,
    ) -> impl Iterator<Item = (&'a Record, &'a KnownMap)> {
        self.records.iter().filter_map(|record| Some((record, found.get(&record.key)?)))
    }
}

/// The record sets that are to be, and those that are there to be changed or removed.
struct Goal {
    wanted: Group,
    /// The names of those that the stack has.
    prior: BTreeSet<Key>,
    /// True if all that are wanted are the stack's own.
    completes: bool,
}

/// The number of changes.
fn count(changes: &Changes) -> usize {
    changes.values().map(Vec::len).sum()
}

/// The error of a record set that exists and is of another owner.
fn taken(record: &Record) -> DriverError {
    let message = format!(
        "the {record} exists already, and was not made by this stack; delete it, or leave it out of the \
         template"
    );
    DriverError::new(ErrorKind::AlreadyExists, CHANGE, message)
}

/// The step of changes that are under way.
fn under_way(object: Option<Object>, changes: &[String]) -> Step {
    Step::Pending(Pending {
        object: object.map(Box::new),
        usable: false,
        cursor: Cursor::from(changes.join(",")),
        repeatable: true,
        waits_for: "the servers of Route 53 to have the record sets".to_owned(),
        ask_again_in: ASK_AGAIN,
    })
}

impl RecordSetGroup {
    /// A driver that calls Route 53.
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { route53: Route53::new(api) }
    }

    /// The record sets that properties declare. Those of a zone that does not exist are left out if
    /// `lenient`.
    async fn group(
        &self,
        properties: &KnownMap,
        action: &'static str,
        lenient: bool,
    ) -> Result<Group, DriverError> {
        let fields = Fields::new(properties, action);
        let (mut records, mut common) = (Vec::new(), None);
        for (position, set) in fields.trees(SETS)?.into_iter().enumerate() {
            let own = set.value("HostedZoneId").or(set.value("HostedZoneName")).is_some();
            let zone = if own {
                self.route53.zone(set).await?
            } else {
                if common.is_none() {
                    common = Some(self.route53.zone(fields).await?);
                }
                common.clone().flatten()
            };
            match zone {
                Some(zone) => records.push(Record::declared(&zone, set, position)?),
                None if lenient => {}
                None => {
                    let message = "there is no hosted zone of the name in `HostedZoneName`";
                    return Err(DriverError::new(ErrorKind::DependencyNotReady, action, message));
                }
            }
        }
        Ok(Group { records })
    }

    /// Makes changes, those of one zone at once, and notes their IDs.
    async fn change(
        &self,
        comment: Option<&KnownValue>,
        changes: &Changes,
        made: &mut Vec<String>,
    ) -> Result<(), DriverError> {
        for (zone, changes) in changes {
            made.push(self.route53.change(zone, comment, changes).await?);
        }
        Ok(())
    }

    /// Makes the changes that a goal lacks; their IDs. Changes that arrive twice are refused the second
    /// time: what is left is seen anew, as long as it becomes less.
    async fn reach(
        &self,
        goal: &Goal,
        comment: Option<&KnownValue>,
    ) -> Result<Vec<String>, DriverError> {
        let mut made = Vec::new();
        let mut changes = self.lacking(goal).await?;
        while !changes.is_empty() {
            let Err(error) = self.change(comment, &changes, &mut made).await else { break };
            let left = self.lacking(goal).await?;
            if count(&left) >= count(&changes) {
                return Err(error);
            }
            changes = left;
        }
        Ok(made)
    }

    /// The changes that lead to a goal. A name that gets another type is free first.
    ///
    /// # Errors
    /// If a record set of another owner is in the way.
    async fn lacking(&self, goal: &Goal) -> Result<Changes, DriverError> {
        let keys = goal.wanted.keys().into_iter().chain(goal.prior.clone()).collect();
        let mut found = self.route53.look(&keys).await?;
        let mut changes = Changes::new();
        let mut add = |zone: &str, action, members| {
            changes.entry(zone.to_owned()).or_default().push((action, members));
        };
        for key in goal.prior.iter().filter(|key| !goal.wanted.has(key)) {
            if let Some(members) = found.remove(key) {
                add(&key.zone, Action::Delete, members);
            }
        }
        for record in &goal.wanted.records {
            let Record { key, members, .. } = record;
            match found.get(key) {
                Some(there) if record.is(there) => {}
                Some(_) if goal.completes || goal.prior.contains(key) => {
                    add(&key.zone, Action::Upsert, members.clone());
                }
                Some(_) => return Err(taken(record)),
                None => add(&key.zone, Action::Create, members.clone()),
            }
        }
        Ok(changes)
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let properties = &request.properties;
        let group = self.group(properties, CHANGE, false).await?;
        if !request.absence_proven {
            let found = self.route53.look(&group.keys()).await?;
            if let Some((record, _)) = group.taken(&found).next() {
                return Err(taken(record));
            }
            let proven = effects.absent().await;
            proven.map_err(|error| {
                DriverError::new(ErrorKind::Conflict, CHANGE, error.to_string())
            })?;
        }
        let mut changes = Changes::new();
        for record in group.records {
            let of_zone = changes.entry(record.key.zone.clone()).or_default();
            of_zone.push((Action::Create, record.members));
        }
        let comment = Fields::new(properties, CHANGE).text("Comment")?;
        let (id, mut made) = (made_up_id(request), Vec::new());
        for (zone, changes) in &changes {
            made.push(self.route53.change(zone, comment.as_ref(), changes).await?);
            if made.len() == 1 {
                let recorded = effects.created_as(&id).await;
                recorded.map_err(|error| journal_failed(CHANGE, &error))?;
            }
        }
        let object = made_up_object(id, properties.clone());
        Ok(if made.is_empty() { Step::made(object) } else { under_way(Some(object), &made) })
    }

    /// With nothing declared before, this completes a create.
    async fn update(&self, request: &UpdateRequest) -> Result<Step, DriverError> {
        let properties = &request.properties;
        let goal = Goal {
            wanted: self.group(properties, CHANGE, false).await?,
            prior: self.group(&request.prior, CHANGE, true).await?.keys(),
            completes: request.prior.is_empty(),
        };
        let comment = Fields::new(properties, CHANGE).text("Comment")?;
        let made = self.reach(&goal, comment.as_ref()).await?;
        let object = made_up_object(request.identifier.only().into(), properties.clone());
        Ok(if made.is_empty() { Step::made(object) } else { under_way(Some(object), &made) })
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Step, DriverError> {
        let prior = self.group(&request.prior, CHANGE, true).await?.keys();
        let goal = Goal { wanted: Group { records: Vec::new() }, prior, completes: false };
        let made = self.reach(&goal, None).await?;
        Ok(if made.is_empty() { Step::Done(Finish::Gone) } else { under_way(None, &made) })
    }

    /// A group as Route 53 shows it: those of its record sets that exist, in their order.
    async fn seen(&self, id: PhysicalId, declared: &KnownMap) -> Result<Observed, DriverError> {
        let group = self.group(declared, READ, true).await?;
        let found = self.route53.look(&group.keys()).await?;
        let shown = group.taken(&found);
        let shown = shown.map(|(record, members)| record.shown(members).map(KnownValue::Map));
        let shown: Vec<KnownValue> = shown.collect::<Result<_, _>>()?;
        let nothing = Fields::new(declared, READ).list(SETS)?.is_empty();
        if shown.is_empty() && !nothing {
            return Ok(Observed::Absent);
        }
        let mut properties = declared.clone();
        if !nothing {
            properties.insert(SETS.to_owned(), KnownValue::List(shown));
        }
        Ok(Observed::Present(made_up_object(id, properties)))
    }
}

#[async_trait]
impl ResourceDriver for RecordSetGroup {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        self.seen(identifier.only().into(), declared).await
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        match request {
            Request::Create(request) => self.create(request, effects).await,
            Request::Update(request) => self.update(request).await,
            Request::Delete(request) => self.delete(request).await,
            Request::DeleteWithSnapshot { .. } => Err(Request::takes_no_snapshot()),
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        let mut left = Vec::new();
        for change in poll.cursor.as_str().split(',').filter(|change| !change.is_empty()) {
            if !self.route53.is_in_sync(change).await? {
                left.push(change.to_owned());
            }
        }
        if !left.is_empty() {
            return Ok(under_way(None, &left));
        }
        Ok(Step::Done(match poll.kind {
            OperationKind::Delete => Finish::Gone,
            OperationKind::Create | OperationKind::Update => Finish::Stabilized,
        }))
    }

    /// Removes what an interrupted update has made, and what is as the update was to make it.
    async fn revert_partial_update(
        &self,
        in_doubt: &KnownMap,
        prior: &KnownMap,
    ) -> Result<(), DriverError> {
        let attempted = self.group(in_doubt, CHANGE, true).await?;
        let prior = self.group(prior, CHANGE, true).await?;
        let records = attempted.records.into_iter().filter(|record| !prior.has(&record.key));
        let group = Group { records: records.collect() };
        let found = self.route53.look(&group.keys()).await?;
        let mut changes = Changes::new();
        for (record, members) in group.taken(&found).filter(|(record, members)| record.is(members))
        {
            let of_zone = changes.entry(record.key.zone.clone()).or_default();
            of_zone.push((Action::Delete, members.clone()));
        }
        self.change(None, &changes, &mut Vec::new()).await
    }

    /// Before it was proven that there are none, no record set was created. A group in several zones may
    /// have those of some: an update makes the others.
    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let group = self.group(&request.properties, READ, true).await?;
        let found = self.route53.look(&group.keys()).await?;
        if found.is_empty() {
            return Ok(Found::Absent);
        }
        if let Some((record, _)) = group.taken(&found).find(|(record, there)| !record.is(there)) {
            let why = format!("the {record} exists, and is not as it was to be created");
            return Ok(Found::Ambiguous { why });
        }
        let object = made_up_object(made_up_id(request), request.properties.clone());
        Ok(Found::Ours(Box::new(object)))
    }
}
