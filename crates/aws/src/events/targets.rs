//! The targets of a rule, each known by its ID.

use std::collections::BTreeMap;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::calls::{Events, mapper, schema};
use super::name::RuleName;
use crate::iam::{Fields, text_in};
use crate::mapping::{equivalent, in_declared_order};

/// The property, and the member.
pub(super) const PROPERTY: &str = "Targets";

/// The most targets of one call.
///
/// Source: EventBridge API reference, PutTargets and RemoveTargets.
const AT_ONCE: usize = 10;

/// The most pages of targets that are read: no rule has so many.
const MOST_PAGES: usize = 100;

/// Targets by their IDs, as calls take them.
#[derive(Debug, Default)]
pub(super) struct Targets(BTreeMap<String, KnownValue>);

impl Targets {
    /// The declared targets; `None` if the property is not declared.
    ///
    /// # Errors
    /// If a property has a value that its member cannot take, or an ID is missing.
    pub(super) fn declared(fields: Fields<'_>, action: &str) -> Result<Option<Self>, DriverError> {
        let Some(value) = fields.value(PROPERTY) else { return Ok(None) };
        let property = KnownMap::from([(PROPERTY.to_owned(), value.clone())]);
        let members = mapper("PutTargetsRequest")?.to_members(&property);
        let members = members.map_err(|error| error.for_operation(action.to_owned()))?;
        let mut targets = BTreeMap::new();
        for target in members.get(PROPERTY).and_then(KnownValue::as_list).unwrap_or_default() {
            let id = target.get("Id").and_then(KnownValue::expose_str);
            let id = id.ok_or_else(|| fields.invalid(PROPERTY, "has a target without `Id`"))?;
            targets.insert(id.to_owned(), target.clone());
        }
        Ok(Some(Self(targets)))
    }

    /// The targets that a rule has; none if it does not exist.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(super) async fn of(events: &Events, name: &RuleName) -> Result<Self, DriverError> {
        let mut input = name.input("Rule");
        let mut targets = BTreeMap::new();
        for _ in 0..MOST_PAGES {
            let answer = events.call_if_exists("ListTargetsByRule", input.clone()).await?;
            let Some(answer) = answer else { return Ok(Self(targets)) };
            for target in answer.get(PROPERTY).and_then(KnownValue::as_list).unwrap_or_default() {
                let id = target.get("Id").and_then(KnownValue::expose_str);
                targets.extend(id.map(|id| (id.to_owned(), target.clone())));
            }
            let Some(next) = text_in(&answer, "NextToken") else { return Ok(Self(targets)) };
            input.insert("NextToken".to_owned(), next.into());
        }
        let message = format!("the list of targets has more than {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, "events:ListTargetsByRule", message))
    }

    /// The property, in the order in which it is declared.
    ///
    /// # Errors
    /// If the program's data are damaged.
    pub(super) fn shown(&self, declared: &KnownMap) -> Result<KnownMap, DriverError> {
        let schema = schema()?;
        let list = KnownValue::List(self.0.values().cloned().collect());
        let members = KnownMap::from([(PROPERTY.to_owned(), list)]);
        let found = mapper("PutTargetsRequest")?.from_members(&members, &schema, schema.root());
        Ok(in_declared_order(found, declared, &["Id", "Key", "Name"]))
    }

    /// Gives a rule these targets: puts those that differ, and removes the others. Of targets that
    /// are declared no longer only those are removed that were declared before.
    pub(super) async fn change(
        wanted: Option<&Self>,
        events: &Events,
        name: &RuleName,
        prior: Option<&Self>,
    ) -> Result<(), DriverError> {
        if wanted.is_none() && prior.is_none() {
            return Ok(());
        }
        let current = Self::of(events, name).await?;
        let nothing = Self::default();
        let list = wanted.unwrap_or(&nothing);
        let surplus = current.0.keys().filter(|id| {
            let ours = wanted.is_some() || prior.is_some_and(|prior| prior.0.contains_key(*id));
            ours && !list.0.contains_key(*id)
        });
        Self::remove(surplus.cloned().collect(), events, name).await?;
        let differs = |(id, target): &(&String, &KnownValue)| {
            !current.0.get(*id).is_some_and(|there| equivalent(target, there, &[]))
        };
        let missing: Vec<KnownValue> =
            list.0.iter().filter(differs).map(|(_, target)| target.clone()).collect();
        for part in missing.chunks(AT_ONCE) {
            let mut input = name.input("Rule");
            input.insert(PROPERTY.to_owned(), KnownValue::List(part.to_vec()));
            let answer = events.call("PutTargets", input).await.map_err(not_yet_visible)?;
            all_done(&answer, "events:PutTargets")?;
        }
        Ok(())
    }

    /// Removes all targets of a rule.
    pub(super) async fn clear(events: &Events, name: &RuleName) -> Result<(), DriverError> {
        let all = Self::of(events, name).await?.0.into_keys().collect();
        Self::remove(all, events, name).await
    }

    async fn remove(ids: Vec<String>, events: &Events, name: &RuleName) -> Result<(), DriverError> {
        for part in ids.chunks(AT_ONCE) {
            let mut input = name.input("Rule");
            let ids = part.iter().map(|id| id.as_str().into()).collect();
            input.insert("Ids".to_owned(), KnownValue::List(ids));
            if let Some(answer) = events.call_if_exists("RemoveTargets", input).await? {
                all_done(&answer, "events:RemoveTargets")?;
            }
        }
        Ok(())
    }
}

/// The error of a call about a rule that may have been made a moment ago.
pub(super) fn not_yet_visible(error: DriverError) -> DriverError {
    if error.kind == ErrorKind::NotFound {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

/// The error of the first target that was not put or removed, although the call succeeded: too many
/// requests at the same time pass.
///
/// Source: EventBridge API reference, PutTargets: the action can fail partially.
fn all_done(answer: &KnownMap, action: &str) -> Result<(), DriverError> {
    let failed = answer.get("FailedEntries").and_then(KnownValue::as_list).unwrap_or_default();
    let Some(entry) = failed.iter().find_map(KnownValue::as_map) else { return Ok(()) };
    let text = |name| text_in(entry, name).unwrap_or_default();
    let code = text("ErrorCode");
    let passes = ["ConcurrentModification", "Internal", "Throttl"];
    let kind = if passes.iter().any(|mark| code.contains(mark)) {
        ErrorKind::Transient
    } else {
        ErrorKind::Invalid { property: Some(rstack_model::PropertyPath::root().name(PROPERTY)) }
    };
    let message = format!("target `{}`: {code}: {}", text("TargetId"), text("ErrorMessage"));
    let error = DriverError::new(kind, action, message);
    Err(DriverError { code: Some(code.to_owned()), ..error })
}
