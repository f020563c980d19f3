//! The driver of provisioned objects.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Finish, Found, NameRule,
    Object, Observed, OperationKind, Pending, Poll, Request, ResourceDriver, Separator, Step,
    UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue, PhysicalId};

use super::compare::as_declared;
use super::kind::{Asked, Change, Facts, Kind, Stage};
use crate::api::Api;
use crate::iam::{Fields, Tags, declared_tags, journal_failed, tag_list, text_in, with_nonce};
use crate::mapping::json_tree;
use crate::ownership::forbids_tags;
use crate::resource_tags::{made_by, visible};

/// The cursor of an object that becomes stable.
const SETTLES: &str = "settle";
/// The beginning of the cursor of an object that is changed further when it is stable. The number of
/// rounds follows.
const GOES_ON: &str = "complete";
/// The cursor of a deletion.
const DELETES: &str = "delete";
/// The most rounds of one operation: none needs more than two.
const ROUNDS: u32 = 4;
/// The time between two questions about an object: it takes minutes.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// The time after a change until the status says so.
const CHANGES: Duration = Duration::from_secs(5);
/// The time after which a refused change may be accepted.
const BUSY: Duration = Duration::from_secs(30);
/// The most pages that are read of a list: more objects than any account has.
const MOST_PAGES: usize = 100;

/// The driver of one type.
pub(super) struct Provisioned<K> {
    api: Arc<dyn Api>,
    kind: PhantomData<K>,
}

/// An object with its tags.
struct Seen {
    members: KnownMap,
    tags: Tags,
}

impl<K: Kind> Provisioned<K> {
    /// A driver that calls this service.
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { api, kind: PhantomData }
    }

    /// The object as its service describes it; `None` if there is none.
    async fn look(&self, asked: Asked<'_>) -> Result<Option<KnownMap>, DriverError> {
        let facts = K::FACTS;
        let mut input = K::question(asked);
        for _ in 0..MOST_PAGES {
            let found = self.api.call_if_exists(facts.describe, input.clone()).await?;
            let Some(answer) = found else { return Ok(None) };
            let items = answer.get(facts.items).and_then(KnownValue::as_list).unwrap_or_default();
            let is_it = |members: &&KnownMap| {
                let (member, wanted) = match asked {
                    Asked::Identifier(id) => (facts.id, id),
                    Asked::Name(name) => (facts.name, name),
                };
                let same =
                    text_in(members, member).is_some_and(|it| it.eq_ignore_ascii_case(wanted));
                same && K::stage(members) != Stage::Gone
            };
            if let Some(members) = items.iter().filter_map(KnownValue::as_map).find(is_it) {
                return Ok(Some(members.clone()));
            }
            let next = ["Marker", "NextToken"].into_iter();
            let mut next = next.filter_map(|name| Some((name, text_in(&answer, name)?)));
            let Some((name, at)) = next.find(|(_, at)| !at.is_empty()) else { return Ok(None) };
            input.insert(name.to_owned(), at.into());
        }
        let message = format!("the list of each {} has no end", facts.noun);
        Err(DriverError::new(ErrorKind::Unsupported, facts.action(facts.describe), message))
    }

    /// The object with its tags; `None` if there is none.
    async fn see(&self, asked: Asked<'_>) -> Result<Option<Seen>, DriverError> {
        let Some(members) = self.look(asked).await? else { return Ok(None) };
        let name = text_in(&members, K::FACTS.tagged).unwrap_or_default().to_owned();
        let tags = K::FACTS.tags.of(self.api.as_ref(), &name).await?;
        Ok(tags.map(|tags| Seen { members, tags }))
    }

    /// As [`Self::see`], of an object that has to be there.
    async fn existing(&self, identifier: &str) -> Result<Seen, DriverError> {
        let found = self.see(Asked::Identifier(identifier)).await?;
        found.ok_or_else(|| {
            let message = format!("there is no {} `{identifier}`", K::FACTS.noun);
            DriverError::new(ErrorKind::NotFound, K::FACTS.action(K::FACTS.describe), message)
        })
    }

    /// The object as it is seen, of which these properties are declared.
    fn object(seen: &Seen, declared: &KnownMap) -> Result<Object, DriverError> {
        let facts = K::FACTS;
        let id = identity(&facts, &seen.members)?;
        let mut shown = K::shown(&seen.members)?;
        let tags = visible(&seen.tags);
        if !tags.is_empty() || declared.contains_key("Tags") {
            let is_map = facts.tags_are_map
                && declared.get("Tags").is_none_or(|tags| json_tree(tags).as_list().is_none());
            let tags = if is_map { KnownValue::Map(tags) } else { tag_list(&tags) };
            shown.insert("Tags".to_owned(), tags);
        }
        let properties = as_declared(&facts, shown, declared);
        let physical_id = PhysicalId::from(id);
        let attributes = K::attributes(&seen.members);
        Ok(Object { identifier: Identifier::from(id), physical_id, properties, attributes })
    }

    /// The object of a creation, among all that there are, by the token in the tags of their descriptions.
    async fn find_by_token(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let (facts, mut input) = (K::FACTS, KnownMap::new());
        for _ in 0..MOST_PAGES {
            let answer = self.api.call(facts.describe, input.clone()).await?;
            let items = answer.get(facts.items).and_then(KnownValue::as_list).unwrap_or_default();
            for members in items.iter().filter_map(KnownValue::as_map) {
                let tags = facts.tags.held(members);
                let goes = matches!(K::stage(members), Stage::Deleting | Stage::Gone);
                if made_by(&tags, &request.token) && !goes {
                    let seen = Seen { members: members.clone(), tags };
                    return Ok(Found::Ours(Box::new(Self::object(&seen, &request.properties)?)));
                }
            }
            let next = text_in(&answer, "NextToken").filter(|next| !next.is_empty());
            let Some(next) = next else { return Ok(Found::Absent) };
            input.insert("NextToken".to_owned(), next.into());
        }
        let message = format!("the list of each {} has no end", facts.noun);
        Err(DriverError::new(ErrorKind::Unsupported, facts.action(facts.describe), message))
    }

    /// Makes durable that no object has the name.
    async fn prove_absence(
        &self,
        properties: &KnownMap,
        effects: &dyn EffectSink,
    ) -> Result<(), DriverError> {
        let facts = K::FACTS;
        let name = Fields::new(properties, facts.create).required_name(facts.name)?;
        if self.look(Asked::Name(&name)).await?.is_some() {
            let message = format!("a {} named `{name}` exists already", facts.noun);
            return Err(DriverError::new(ErrorKind::AlreadyExists, facts.create, message));
        }
        let recorded = effects.absent().await;
        recorded.map_err(|error| journal_failed(facts.create, &error))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let (facts, properties) = (K::FACTS, &request.properties);
        let declared = declared(&facts, properties)?;
        let (operation, mut input) = K::creation(properties)?;
        input.extend(K::TOKEN.map(|member| (member.to_owned(), request.token.as_str().into())));
        if !K::REFUSES_TAKEN && !request.absence_proven {
            self.prove_absence(properties, effects).await?;
        }
        let mut tagged = input.clone();
        let tags = with_nonce(declared.clone(), &request.token);
        tagged.insert(facts.tags.tags.to_owned(), facts.tags.on_wire(&tags));
        let answer = match self.api.call(operation, tagged).await {
            // A caller who may not tag and declares no tags: the object is then not known again.
            Err(error) if forbids_tags(&error) && declared.is_empty() => {
                self.api.call(operation, input).await
            }
            answered => answered,
        };
        let answer = answer.map_err(|error| not_yet_visible(K::understood(error)))?;
        let members = crate::iam::part(&answer, facts.answer, &facts.action(operation))?.clone();
        let made = Self::object(&Seen { members, tags }, properties)?;
        let recorded = effects.created(&made.identifier, &made.physical_id).await;
        recorded.map_err(|error| journal_failed(&facts.action(operation), &error))?;
        let cursor = match K::is_completed_later(properties) {
            true => goes_on(0),
            false => Cursor::from(SETTLES),
        };
        Ok(followed(&facts, Some(made), cursor, ("to be created", Duration::ZERO)))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Step, DriverError> {
        let (facts, identifier) = (K::FACTS, request.identifier.only());
        let current = self.existing(identifier).await;
        // With nothing declared before, this completes a create: it may not be visible yet.
        let current = current.map_err(|error| {
            if request.prior.is_empty() { not_yet_visible(error) } else { error }
        })?;
        let [prior, desired] = [&request.prior, &request.properties].map(|it| declared(&facts, it));
        let (prior, desired) = (prior?, desired?);
        let name = text_in(&current.members, facts.tagged).unwrap_or_default();
        let tags = [&prior, &desired, &current.tags];
        let tagged = facts.tags.change(self.api.as_ref(), name, tags).await;
        let tagged = tagged.map_err(|error| busy(error, &facts, &current.members))?;
        let shown = K::shown(&current.members)?;
        let change = Change {
            token: request.token.as_str(),
            identifier,
            current: &current.members,
            shown: &shown,
            prior: &request.prior,
            properties: &request.properties,
        };
        let changed = match K::change(self.api.as_ref(), &change).await {
            Ok(changed) => changed,
            // What is declared alone is enough to make the change later.
            Err(error) if error.kind == ErrorKind::Conflict && is_whole(request) => {
                let made = Self::object(&current, &request.properties)?;
                return Ok(followed(
                    &facts,
                    Some(made),
                    goes_on(0),
                    ("to be changeable", ASK_AGAIN),
                ));
            }
            Err(error) => return Err(busy(error, &facts, &current.members)),
        };
        let cursor = if K::goes_on(&change) { goes_on(0) } else { Cursor::from(SETTLES) };
        let found = if changed || tagged { self.existing(identifier).await? } else { current };
        let made = Self::object(&found, &request.properties)?;
        let soon = if changed { CHANGES } else { Duration::ZERO };
        Ok(followed(&facts, Some(made), cursor, ("to be changed", soon)))
    }

    async fn delete(&self, identifier: &str, prior: &KnownMap) -> Result<Step, DriverError> {
        let facts = K::FACTS;
        let asked = Asked::Identifier(identifier);
        let Some(members) = self.look(asked).await? else { return Ok(Step::Done(Finish::Gone)) };
        let step = |to_be, soon| followed(&facts, None, Cursor::from(DELETES), (to_be, soon));
        let passing = match K::stage(&members) {
            Stage::Deleting => return Ok(step("to be gone", ASK_AGAIN)),
            Stage::Gone => return Ok(Step::Done(Finish::Gone)),
            Stage::Passing(_) => true,
            Stage::Stable | Stage::Failed(_) => false,
        };
        match self.api.call(facts.delete, K::deletion(identifier, prior)).await {
            Ok(_) => Ok(step("to be gone", Duration::ZERO)),
            Err(error) => match error.kind {
                ErrorKind::NotFound => Ok(Step::Done(Finish::Gone)),
                // What is made or changed is deleted when that is done.
                ErrorKind::Conflict if passing => Ok(step("to be deletable", ASK_AGAIN)),
                // What uses it is being deleted, too.
                ErrorKind::Conflict => {
                    let kind = ErrorKind::DependencyNotReady;
                    Err(DriverError { kind, ..error }.to_be_retried_after(BUSY))
                }
                _ => Err(error),
            },
        }
    }

    /// The progress of an object that was made or changed. `rounds` is the number of changes after the
    /// first, if more may be needed.
    async fn settled(&self, poll: &Poll, rounds: Option<u32>) -> Result<Step, DriverError> {
        let facts = K::FACTS;
        let Some(identifier) = &poll.identifier else { return Ok(Step::Done(Finish::Gone)) };
        let identifier = identifier.only();
        let found = self.existing(identifier).await.map_err(not_yet_visible)?;
        let noun = facts.noun;
        match K::stage(&found.members) {
            Stage::Stable => {}
            Stage::Passing(status) => {
                let waits_for = format!("{noun} `{identifier}`, which is {status}");
                return Ok(pending(None, poll.cursor.clone(), waits_for));
            }
            Stage::Failed(status) => {
                let why = K::reason(&found.members).unwrap_or("the service says no more");
                let message = format!("{noun} `{identifier}` is {status}: {why}");
                return Err(failed(&facts, ErrorKind::Invalid { property: None }, message));
            }
            Stage::Deleting | Stage::Gone => {
                let message = format!("{noun} `{identifier}` was deleted meanwhile");
                return Err(failed(&facts, ErrorKind::Conflict, message));
            }
        }
        if let Some(rounds) = rounds.filter(|rounds| *rounds < ROUNDS) {
            // Secrets are not known here, and were sent with the first change.
            let known = |(_, value): &(&String, &KnownValue)| !is_withheld(value);
            let known = poll.declared.iter().filter(known);
            let known: KnownMap = known.map(|(name, it)| (name.clone(), it.clone())).collect();
            let shown = K::shown(&found.members)?;
            let change = Change {
                token: poll.token.as_str(),
                identifier,
                current: &found.members,
                shown: &shown,
                prior: &known,
                properties: &known,
            };
            let changed = match K::change(self.api.as_ref(), &change).await {
                Ok(changed) => changed,
                // It has begun to change since: by this very call, whose answer was lost.
                Err(error) if error.kind == ErrorKind::Conflict => {
                    let waits_for = format!("{noun} `{identifier}` to be changeable");
                    return Ok(pending(None, poll.cursor.clone(), waits_for));
                }
                Err(error) => return Err(error),
            };
            if changed {
                return Ok(followed(&facts, None, goes_on(rounds + 1), ("to be changed", CHANGES)));
            }
        }
        Ok(Step::made(Self::object(&found, &poll.declared)?))
    }
}

/// The identifier in a description.
fn identity<'a>(facts: &Facts, members: &'a KnownMap) -> Result<&'a str, DriverError> {
    text_in(members, facts.id).ok_or_else(|| {
        let message = format!("the answer does not hold `{}`", facts.id);
        failed(facts, ErrorKind::UnknownOutcome, message)
    })
}

/// The declared tags, which are a map in some types.
fn declared(facts: &Facts, properties: &KnownMap) -> Result<Tags, DriverError> {
    let operation = facts.create;
    let tags = properties.get("Tags").map(json_tree);
    let Some(KnownValue::Map(map)) = tags else {
        let tags = tags.map(|tags| ("Tags".to_owned(), tags));
        return declared_tags(Fields::new(&tags.into_iter().collect(), operation));
    };
    let listed = KnownMap::from([("Tags".to_owned(), tag_list(&map))]);
    declared_tags(Fields::new(&listed, operation))
}

/// True for what is declared and not known where no secrets are.
fn is_withheld(value: &KnownValue) -> bool {
    match value {
        KnownValue::Null | KnownValue::Secret(_) => true,
        KnownValue::String(text) => text.is_empty(),
        KnownValue::List(items) => items.iter().any(is_withheld),
        KnownValue::Map(map) => map.values().any(is_withheld),
        KnownValue::Bool(_) | KnownValue::Number(_) => false,
    }
}

/// True if the declared properties say the whole change: nothing is to be taken back, and nothing of them
/// is a secret.
fn is_whole(request: &UpdateRequest) -> bool {
    let UpdateRequest { prior, properties, .. } = request;
    !properties.values().any(holds_secret) && prior.keys().all(|name| properties.contains_key(name))
}

fn holds_secret(value: &KnownValue) -> bool {
    match value {
        KnownValue::Secret(_) => true,
        KnownValue::List(items) => items.iter().any(holds_secret),
        KnownValue::Map(map) => map.values().any(holds_secret),
        KnownValue::Null | KnownValue::Bool(_) | KnownValue::Number(_) | KnownValue::String(_) => {
            false
        }
    }
}

fn failed(facts: &Facts, kind: ErrorKind, message: String) -> DriverError {
    DriverError::new(kind, facts.action(facts.describe), message)
}

/// The error of a call about something that was made a moment ago: it may not be visible yet.
fn not_yet_visible(error: DriverError) -> DriverError {
    match error.kind {
        ErrorKind::NotFound => DriverError { kind: ErrorKind::DependencyNotReady, ..error },
        _ => error,
    }
}

/// The error of a change that is refused while the object becomes stable: it passes.
fn busy(error: DriverError, facts: &Facts, members: &KnownMap) -> DriverError {
    if error.kind != ErrorKind::Conflict {
        return error;
    }
    let status = text_in(members, facts.status).unwrap_or_default();
    let message = format!("{} (its status is `{status}`)", error.message);
    let kind = ErrorKind::DependencyNotReady;
    DriverError { kind, message, ..error }.to_be_retried_after(BUSY)
}

fn goes_on(rounds: u32) -> Cursor {
    Cursor::new(format!("{GOES_ON} {rounds}"))
}

/// The step of an object after a call: not every one takes time, so that the first question comes soon.
fn followed(
    facts: &Facts,
    object: Option<Object>,
    cursor: Cursor,
    (to_be, soon): (&str, Duration),
) -> Step {
    let waits_for = format!("the {} {to_be}", facts.noun);
    match pending(object, cursor, waits_for) {
        Step::Pending(step) => Step::Pending(Pending { ask_again_in: soon, ..step }),
        Step::Done(finish) => Step::Done(finish),
    }
}

fn pending(object: Option<Object>, cursor: Cursor, waits_for: String) -> Step {
    Step::Pending(Pending {
        object: object.map(Box::new),
        usable: false,
        cursor,
        repeatable: true,
        waits_for,
        ask_again_in: ASK_AGAIN,
    })
}

#[async_trait]
impl<K: Kind> ResourceDriver for Provisioned<K> {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        if !K::NAMED {
            return None;
        }
        let Facts { name: property, max_length, .. } = K::FACTS;
        Some(NameRule { property, max_length, separator: Separator::LowercaseHyphen })
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(match self.see(Asked::Identifier(identifier.only())).await? {
            Some(seen) => Observed::Present(Self::object(&seen, declared)?),
            None => Observed::Absent,
        })
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        match request {
            Request::Create(request) => self.create(request, effects).await,
            Request::Update(request) => self.update(request).await,
            Request::Delete(DeleteRequest { identifier, prior, .. }) => {
                self.delete(identifier.only(), prior).await
            }
            Request::DeleteWithSnapshot { .. } => Err(Request::takes_no_snapshot()),
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        if poll.kind == OperationKind::Delete {
            let Some(identifier) = &poll.identifier else { return Ok(Step::Done(Finish::Gone)) };
            return self.delete(identifier.only(), &poll.declared).await;
        }
        let rounds = poll.cursor.as_str().strip_prefix(GOES_ON).map(str::trim);
        let rounds = rounds.map(|rounds| rounds.parse().unwrap_or(0));
        if rounds.is_none() && poll.cursor.as_str() != SETTLES && poll.kind == OperationKind::Create
        {
            let message = "the creation was interrupted: its object is looked for";
            return Err(DriverError::new(ErrorKind::NotFound, "create", message));
        }
        self.settled(poll, rounds).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let facts = K::FACTS;
        if !K::NAMED {
            return self.find_by_token(request).await;
        }
        let name = Fields::new(&request.properties, facts.create).required_name(facts.name)?;
        let Some(seen) = self.see(Asked::Name(&name)).await? else { return Ok(Found::Absent) };
        if made_by(&seen.tags, &request.token) {
            return Ok(Found::Ours(Box::new(Self::object(&seen, &request.properties)?)));
        }
        let why = format!(
            "the {} `{name}` exists, and its tags do not say that this operation made it",
            facts.noun
        );
        Ok(Found::Ambiguous { why })
    }
}
