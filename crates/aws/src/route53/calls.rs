//! Calls of Route 53: zones by their names, the record sets of a zone, and changes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::domain::canonical;
use super::record::Key;
use super::record_set_group::CHANGE;
use crate::api::Api;
use crate::iam::{Fields, arguments, text_in};

/// The most names and types that are asked for one by one. A zone is listed for more.
const ONE_BY_ONE: usize = 20;

/// The most pages that are read of a zone: more than it can have record sets.
const MOST_PAGES: usize = 1000;

/// The service.
#[derive(Clone)]
pub(super) struct Route53 {
    api: Arc<dyn Api>,
}

/// The record sets that exist, by their keys.
pub(super) type Found = BTreeMap<Key, KnownMap>;

/// The change of a record set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It is removed. The call has it as it is.
    Delete,
    /// It is made. The call is refused if it exists.
    Create,
    /// It is changed.
    Upsert,
}

/// The changes of a zone, in their order.
pub(super) type Changes = BTreeMap<String, Vec<(Action, KnownMap)>>;

/// An ID without the path before it, such as `/hostedzone/`.
fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

impl Route53 {
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The ID of the zone that properties name; `None` if no zone has the name.
    ///
    /// # Errors
    /// If they name none, or several zones have the name.
    pub(super) async fn zone(&self, fields: Fields<'_>) -> Result<Option<String>, DriverError> {
        if let Some(id) = fields.name("HostedZoneId")? {
            return Ok(Some(bare(&id).to_owned()));
        }
        let name = fields.required_name("HostedZoneName")?;
        let dotted = format!("{}.", canonical(&name));
        let input = arguments([("DNSName", dotted.into()), ("MaxItems", "2".into())]);
        let answer = self.api.call("ListHostedZonesByName", input).await?;
        let zones = answer.get("HostedZones").and_then(KnownValue::as_list).unwrap_or_default();
        let zones = zones.iter().filter_map(KnownValue::as_map);
        let of_name = |zone: &&KnownMap| {
            text_in(zone, "Name").is_some_and(|found| canonical(found) == canonical(&name))
        };
        let mut ids = zones.filter(of_name).filter_map(|zone| text_in(zone, "Id"));
        let id = ids.next().map(|id| bare(id).to_owned());
        if ids.next().is_some() {
            let problem =
                format!("is the name of several hosted zones: give `HostedZoneId` of `{name}`");
            return Err(fields.invalid("HostedZoneName", problem));
        }
        Ok(id)
    }

    /// Those of these record sets that exist. Those of a zone that does not exist do not.
    pub(super) async fn look(&self, keys: &BTreeSet<Key>) -> Result<Found, DriverError> {
        let mut found = Found::new();
        let zones: BTreeSet<&String> = keys.iter().map(|key| &key.zone).collect();
        for zone in zones {
            let of_zone = keys.iter().filter(|key| key.zone == *zone);
            let names: BTreeSet<(&str, &str)> =
                of_zone.map(|key| (key.name.as_str(), key.kind.as_str())).collect();
            if names.len() > ONE_BY_ONE {
                self.list(zone, None, keys, &mut found).await?;
                continue;
            }
            for name in names {
                self.list(zone, Some(name), keys, &mut found).await?;
            }
        }
        Ok(found)
    }

    /// Lists a zone, or the record sets of one name and type.
    async fn list(
        &self,
        zone: &str,
        only: Option<(&str, &str)>,
        keys: &BTreeSet<Key>,
        found: &mut Found,
    ) -> Result<(), DriverError> {
        let mut input = arguments([("HostedZoneId", zone.into())]);
        if let Some((name, kind)) = only {
            input.insert("StartRecordName".to_owned(), format!("{name}.").into());
            input.insert("StartRecordType".to_owned(), kind.into());
        }
        for _ in 0..MOST_PAGES {
            let answer = self.api.call_if_exists("ListResourceRecordSets", input.clone()).await?;
            let Some(mut answer) = answer else { return Ok(()) };
            let sets = match answer.remove("ResourceRecordSets") {
                Some(KnownValue::List(sets)) => sets,
                Some(_) | None => Vec::new(),
            };
            for set in sets {
                let KnownValue::Map(members) = set else { continue };
                let Some(key) = Key::of(zone, &members) else { continue };
                if keys.contains(&key) {
                    found.insert(key, members);
                }
            }
            if answer.get("IsTruncated") != Some(&KnownValue::Bool(true)) {
                return Ok(());
            }
            let next = |member: &str| text_in(&answer, member).map(str::to_owned);
            let (name, kind) = (next("NextRecordName"), next("NextRecordType"));
            let another = only.is_some_and(|(wanted, of)| {
                name.as_deref().map(canonical).as_deref() != Some(wanted)
                    || kind.as_deref() != Some(of)
            });
            if another || name.is_none() {
                return Ok(());
            }
            let set = next("NextRecordIdentifier");
            input.remove("StartRecordIdentifier");
            for (member, value) in [
                ("StartRecordName", name),
                ("StartRecordType", kind),
                ("StartRecordIdentifier", set),
            ] {
                input.extend(value.map(|value| (member.to_owned(), value.into())));
            }
        }
        let message = format!("the list of the hosted zone {zone} has no end");
        Err(DriverError::new(ErrorKind::Unsupported, "route53:ListResourceRecordSets", message))
    }

    /// Changes a zone, all or nothing; the ID of the change.
    pub(super) async fn change(
        &self,
        zone: &str,
        comment: Option<&KnownValue>,
        changes: &[(Action, KnownMap)],
    ) -> Result<String, DriverError> {
        let change = |(action, members): &(Action, KnownMap)| {
            let action = match action {
                Action::Delete => "DELETE",
                Action::Create => "CREATE",
                Action::Upsert => "UPSERT",
            };
            let set = KnownValue::Map(members.clone());
            KnownValue::Map(arguments([("Action", action.into()), ("ResourceRecordSet", set)]))
        };
        let list = KnownValue::List(changes.iter().map(change).collect());
        let mut batch = arguments([("Changes", list)]);
        batch.extend(comment.map(|comment| ("Comment".to_owned(), comment.clone())));
        let input =
            arguments([("HostedZoneId", zone.into()), ("ChangeBatch", KnownValue::Map(batch))]);
        let answer = self.api.call("ChangeResourceRecordSets", input).await.map_err(refused)?;
        let info = answer.get("ChangeInfo").and_then(|info| info.get("Id"));
        let id = info.and_then(KnownValue::expose_str).map(|id| bare(id).to_owned());
        id.ok_or_else(|| {
            let message = "the answer does not name the change";
            DriverError::new(ErrorKind::UnknownOutcome, CHANGE, message)
        })
    }

    /// True if all servers of Route 53 have a change. One that is known no longer is old.
    pub(super) async fn is_in_sync(&self, change: &str) -> Result<bool, DriverError> {
        let input = arguments([("Id", change.into())]);
        let answer = self.api.call_if_exists("GetChange", input).await?;
        let status = answer.as_ref().and_then(|answer| answer.get("ChangeInfo")?.get("Status"));
        Ok(status.and_then(KnownValue::expose_str) != Some("PENDING"))
    }
}

/// The error of a change: one that passes, if the zone, or a health check, may have been made a moment
/// ago; one that says that a record set exists, if the service says so in words alone.
fn refused(error: DriverError) -> DriverError {
    let kind = match error.kind {
        ErrorKind::NotFound => ErrorKind::DependencyNotReady,
        _ if error.has_code("InvalidChangeBatch") && error.message.contains("already exists") => {
            ErrorKind::AlreadyExists
        }
        ref other => other.clone(),
    };
    DriverError { kind, ..error }
}
