//! The conformance suite: the duties of every driver, as checks that any driver can be put through.
//!
//! The suite asks again at once where a driver asks for time: it is for simulated clouds and
//! emulators. It takes an object through its whole life and leaves nothing behind when it passes.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rstack_model::{
    Address, Cursor, Identifier, KnownMap, KnownValue, PhysicalId, ResourceType, StackName, Token,
};

use crate::{
    Cloud, CreateRequest, DeleteRequest, DriverError, EffectSink, ErrorKind, Finish, Found,
    NoEffects, Object, Observed, OperationKind, Pending, Poll, Removal, Request, ResourceDriver,
    SinkError, Step, UpdateRequest,
};

/// The number of times the suite asks whether an operation is complete.
const PATIENCE: u32 = 100;
/// The number of times a call is repeated whose error says that it may be repeated.
const ATTEMPTS: u32 = 20;

/// The objects and properties that take one type through the suite.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The type.
    pub resource_type: ResourceType,
    /// The stack that the object is made for.
    pub stack: StackName,
    /// The properties to create it with, a name among them where the type needs one.
    pub create: KnownMap,
    /// The properties to change it to; `None` for a type that cannot be changed in place.
    pub change: Option<KnownMap>,
    /// The top-level properties that reading does not return.
    pub unread: Vec<String>,
    /// The token of the creation.
    pub token: Token,
    /// The identifier of an object that does not exist.
    pub missing: Identifier,
}

/// A breach of the contract of drivers.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Broken {
    /// A call failed that has to succeed.
    #[error("`{step}` failed")]
    Failed {
        /// The call that was made.
        step: &'static str,
        /// The error of the call.
        source: Box<DriverError>,
    },
    /// A call succeeded with the wrong answer.
    #[error("`{step}`: {problem}")]
    Wrong {
        /// The call that was made.
        step: &'static str,
        /// The mistake in the answer.
        problem: String,
    },
}

fn wrong(step: &'static str, problem: impl Into<String>) -> Broken {
    Broken::Wrong { step, problem: problem.into() }
}

fn failed(step: &'static str) -> impl Fn(DriverError) -> Broken {
    move |source| Broken::Failed { step, source: Box::new(source) }
}

/// Takes one object through its life.
///
/// # Errors
/// [`Broken`] says which law the driver broke first. The object may still be there.
pub async fn check(cloud: &dyn Cloud, sample: &Sample) -> Result<(), Broken> {
    let driver = cloud.driver(&sample.resource_type);
    let driver = driver.ok_or_else(|| wrong("driver", "there is none of this type"))?;
    let driver = driver.as_ref();
    let request = CreateRequest {
        absence_proven: false,
        begun: None,
        stack: sample.stack.clone(),
        address: Address::from("Sample"),
        token: sample.token.clone(),
        properties: sample.create.clone(),
    };
    named(driver, sample)?;
    unknown(driver, sample).await?;
    let (object, request) = created(driver, &request).await?;
    let id = &object.identifier;
    present(driver, sample, id, &sample.create, "read after create").await?;
    created_again(driver, &request, id).await?;
    if let Some(change) = &sample.change {
        changed(driver, sample, id, change).await?;
    }
    deleted(driver, sample, id).await?;
    let step = "find after delete";
    match driver.find(&request).await.map_err(failed(step))? {
        Found::Absent => Ok(()),
        Found::Begun(pending) => match polled_on(driver, &request, *pending, step).await {
            Err(Failed::Call(error)) if error.kind == ErrorKind::NotFound => Ok(()),
            // As long as it may only not be visible yet.
            Err(Failed::Call(error)) if error.kind == ErrorKind::DependencyNotReady => Ok(()),
            Err(error) => Err(error.of(step)),
            Ok(_) => Err(wrong(step, "the object is still found")),
        },
        Found::Ours(_) | Found::Ambiguous { .. } => Err(wrong(step, "something is still found")),
    }
}

/// Takes one object through its life whose type has no read: it is as it is recorded. What was begun
/// is followed, and is begun once: `begun` is the number of operations that the cloud has been sent so
/// far.
///
/// # Errors
/// [`Broken`] says which law the driver broke first. The object may still be there.
pub async fn check_recorded(
    cloud: &dyn Cloud,
    sample: &Sample,
    begun: impl Fn() -> usize,
) -> Result<(), Broken> {
    let driver = cloud.driver(&sample.resource_type);
    let driver = driver.ok_or_else(|| wrong("driver", "there is none of this type"))?;
    let driver = driver.as_ref();
    let create = CreateRequest {
        absence_proven: false,
        begun: None,
        stack: sample.stack.clone(),
        address: Address::from("Sample"),
        token: sample.token.clone(),
        properties: sample.create.clone(),
    };
    named(driver, sample)?;
    let (object, create) = created(driver, &create).await?;
    let id = &object.identifier;
    created_again(driver, &create, id).await?;
    let count = |step, wanted| match begun() {
        found if found == wanted => Ok(()),
        found => Err(wrong(step, format!("{found} operations were begun, not {wanted}"))),
    };
    count("create again", 1)?;
    present(driver, sample, id, &sample.create, "read after create").await?;
    let token = |number| Token::from(format!("{}-{number}", sample.token));
    let (prior, properties) = (sample.create.clone(), sample.change.clone());
    let update = UpdateRequest {
        identifier: id.clone(),
        token: token(2),
        prior: prior.clone(),
        properties: properties.unwrap_or_else(|| prior.clone()),
    };
    let removal = Removal::Recoverable;
    let delete = DeleteRequest { identifier: id.clone(), token: token(3), prior, removal };
    let (mut wanted, operations) = (1, [Request::Update(update), Request::Delete(delete)]);
    for request in operations {
        let (journal, step) = (Journal::default(), "begin again");
        driver.begin(&request, &journal).await.map_err(failed(step))?;
        wanted += 1;
        count("begin", wanted)?;
        // As a process does whose answer was lost.
        let again = driven(driver, &request, &journal, step).await;
        let left = again.map_err(|error| error.of(step))?;
        count(step, wanted)?;
        match (&request, left) {
            (Request::Update(_), Some(_)) | (Request::Delete(_), None) => {}
            (_, left) => return Err(wrong(step, format!("it leaves {left:?}"))),
        }
        driver.recorded(&token(wanted)).await.map_err(failed("recorded"))?;
    }
    Ok(())
}

/// Takes a creation to its end that `find` has found to go on.
async fn polled_on(
    driver: &dyn ResourceDriver,
    request: &CreateRequest,
    pending: Pending,
    step: &'static str,
) -> Result<Option<Object>, Failed> {
    let (cursor, declared) = (pending.cursor.clone(), request.properties.clone());
    let (kind, token) = (OperationKind::Create, request.token.clone());
    let poll = Poll { kind, cursor, identifier: None, token, declared };
    polled(driver, Step::Pending(pending), poll, step).await
}

/// A rule for names has to make names for a property that a caller can leave out.
fn named(driver: &dyn ResourceDriver, sample: &Sample) -> Result<(), Broken> {
    let Some(rule) = driver.naming() else { return Ok(()) };
    let name = rule.name(&sample.stack, &Address::from("Sample"), "ABCDEF123456");
    if name.is_empty() || name.chars().count() > rule.max_length {
        return Err(wrong("naming", format!("`{name}` is not at most {}", rule.max_length)));
    }
    Ok(())
}

/// The durable effects of a creation.
#[derive(Clone, Default)]
struct Durable {
    /// Before it begins: its cursor.
    begun: Option<Cursor>,
    /// Before it begins: that the name is free.
    absent: bool,
    /// The object, before its remaining calls.
    made: Option<Identifier>,
}

/// Keeps what a driver makes durable.
#[derive(Default)]
struct Journal(Mutex<Durable>);

impl Journal {
    fn durable(&self) -> Durable {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, change: impl FnOnce(&mut Durable)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[async_trait]
impl EffectSink for Journal {
    async fn created(&self, made: &Identifier, _: &PhysicalId) -> Result<(), SinkError> {
        self.keep(|durable| durable.made = Some(made.clone()));
        Ok(())
    }

    async fn absent(&self) -> Result<(), SinkError> {
        self.keep(|durable| durable.absent = true);
        Ok(())
    }

    async fn begins(&self, cursor: &Cursor) -> Result<(), SinkError> {
        self.keep(|durable| durable.begun = Some(cursor.clone()));
        Ok(())
    }

    fn begun(&self) -> Option<Cursor> {
        self.durable().begun
    }
}

/// Takes an operation to its end, as the engine does. `None` means that nothing is left.
async fn driven(
    driver: &dyn ResourceDriver,
    request: &Request,
    effects: &dyn EffectSink,
    step: &'static str,
) -> Result<Option<Object>, Failed> {
    let (kind, identifier, token, declared) = match request {
        Request::Create(it) => (OperationKind::Create, None, &it.token, &it.properties),
        Request::Update(it) => {
            (OperationKind::Update, Some(it.identifier.clone()), &it.token, &it.properties)
        }
        Request::Delete(it) | Request::DeleteWithSnapshot { request: it, .. } => {
            (OperationKind::Delete, Some(it.identifier.clone()), &it.token, &it.prior)
        }
    };
    let (token, declared) = (token.clone(), declared.clone());
    let poll = Poll { kind, cursor: Cursor::from(""), identifier, token, declared };
    let at = driver.begin(request, effects).await.map_err(Failed::Call)?;
    polled(driver, at, poll, step).await
}

/// Polls an operation to its end. `None` means that nothing is left.
async fn polled(
    driver: &dyn ResourceDriver,
    mut at: Step,
    mut poll: Poll,
    step: &'static str,
) -> Result<Option<Object>, Failed> {
    let mut made = None;
    for _ in 0..PATIENCE {
        let pending = match at {
            Step::Done(Finish::Object(object)) => return Ok(Some(*object)),
            Step::Done(Finish::Gone | Finish::Snapshotted(_)) => return Ok(None),
            Step::Done(Finish::Stabilized) => return Ok(made),
            Step::Done(Finish::Failed(error) | Finish::FailedForNow(error)) => {
                return Err(Failed::Call(*error));
            }
            Step::Pending(pending) => pending,
        };
        if let Some(object) = pending.object {
            poll.identifier = Some(object.identifier.clone());
            made = Some(*object);
        }
        poll.cursor = pending.cursor;
        at = driver.poll(&poll).await.map_err(Failed::Call)?;
    }
    Err(Failed::Broken(wrong(step, "it is never complete")))
}

/// The reason why an operation did not complete.
enum Failed {
    Call(DriverError),
    Broken(Broken),
}

impl Failed {
    fn of(self, step: &'static str) -> Broken {
        match self {
            Self::Call(error) => failed(step)(error),
            Self::Broken(broken) => broken,
        }
    }
}

/// Changes an object, and again as long as the driver says that it may be repeated.
async fn made(
    driver: &dyn ResourceDriver,
    request: UpdateRequest,
    step: &'static str,
) -> Result<Object, Broken> {
    let (request, mut attempts) = (Request::Update(request), 0);
    loop {
        match driven(driver, &request, &NoEffects, step).await {
            Ok(done) => return done.ok_or_else(|| wrong(step, "it leaves no object")),
            Err(Failed::Call(error)) if error.is_retryable() && attempts < ATTEMPTS => {
                attempts += 1;
            }
            Err(error) => return Err(error.of(step)),
        }
    }
}

/// Nothing is found where nothing is, and it can be deleted.
async fn unknown(driver: &dyn ResourceDriver, sample: &Sample) -> Result<(), Broken> {
    let step = "read of what does not exist";
    let read = driver.read(&sample.missing, &sample.create).await.map_err(failed(step))?;
    if read != Observed::Absent {
        return Err(wrong(step, "it is present"));
    }
    let delete = Request::Delete(DeleteRequest {
        removal: Removal::Recoverable,
        identifier: sample.missing.clone(),
        token: Token::from(format!("{}-0", sample.token)),
        prior: sample.create.clone(),
    });
    let step = "delete of what does not exist";
    let begun = driver.begin(&delete, &NoEffects).await.map_err(failed(step))?;
    if let Step::Pending(Pending { repeatable: true, waits_for, .. }) = begun {
        return Err(wrong(step, format!("it waits for {waits_for}")));
    }
    // Begun again it is the same request.
    match driven(driver, &delete, &NoEffects, step).await {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(wrong(step, "it leaves an object")),
        Err(error) => Err(error.of(step)),
    }
}

/// Before a create `find` finds nothing, after it what was made. Returns the request with what was
/// made durable of it.
async fn created(
    driver: &dyn ResourceDriver,
    request: &CreateRequest,
) -> Result<(Object, CreateRequest), Broken> {
    let step = "find before create";
    if driver.find(request).await.map_err(failed(step))? != Found::Absent {
        return Err(wrong(step, "something is found"));
    }
    let (journal, step) = (Journal::default(), "create");
    let done = driven(driver, &Request::Create(request.clone()), &journal, step).await;
    let Durable { begun, absent: absence_proven, made: identifier } = journal.durable();
    let object = match (done, identifier) {
        (Ok(object), _) => object.ok_or_else(|| wrong(step, "it leaves no object"))?,
        // The object is there and its remaining calls failed: an update makes them.
        (Err(Failed::Call(error)), Some(identifier)) if error.is_retryable() => {
            let (token, properties) = (request.token.clone(), request.properties.clone());
            let prior = KnownMap::new();
            made(driver, UpdateRequest { identifier, token, prior, properties }, step).await?
        }
        (Err(error), _) => return Err(error.of(step)),
    };
    if object.identifier.only().is_empty() {
        return Err(wrong("create", "the object has no name"));
    }
    let request = CreateRequest { begun, absence_proven, ..request.clone() };
    let step = "find after create";
    match driver.find(&request).await.map_err(failed(step))? {
        Found::Begun(pending) => match polled_on(driver, &request, *pending, step).await {
            Ok(Some(found)) if found.identifier == object.identifier => Ok((object, request)),
            Ok(Some(found)) => Err(wrong(step, format!("it finds `{}`", found.identifier))),
            Ok(None) => Err(wrong(step, "it leaves no object")),
            Err(error) => Err(error.of(step)),
        },
        Found::Ours(found) if found.identifier == object.identifier => Ok((object, request)),
        Found::Ours(found) => Err(wrong(step, format!("it finds `{}`", found.identifier))),
        Found::Absent => Err(wrong(step, "nothing is found")),
        Found::Ambiguous { why } => Err(wrong(step, why)),
    }
}

/// A create with a token that was used makes no second object.
async fn created_again(
    driver: &dyn ResourceDriver,
    request: &CreateRequest,
    id: &Identifier,
) -> Result<(), Broken> {
    let step = "create again";
    match driven(driver, &Request::Create(request.clone()), &NoEffects, step).await {
        Ok(Some(object)) if object.identifier == *id => Ok(()),
        Ok(Some(object)) => Err(wrong(step, format!("it made `{}`", object.identifier))),
        Ok(None) => Err(wrong(step, "it leaves no object")),
        Err(Failed::Call(error)) if error.kind == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.of(step)),
    }
}

/// An update changes what it says, as often as it is made.
async fn changed(
    driver: &dyn ResourceDriver,
    sample: &Sample,
    id: &Identifier,
    change: &KnownMap,
) -> Result<(), Broken> {
    let request = UpdateRequest {
        identifier: id.clone(),
        token: Token::from(format!("{}-2", sample.token)),
        prior: sample.create.clone(),
        properties: change.clone(),
    };
    for step in ["update", "update again"] {
        let object = made(driver, request.clone(), step).await?;
        if object.identifier != *id {
            return Err(wrong(step, format!("it is now named `{}`", object.identifier)));
        }
        present(driver, sample, id, change, step).await?;
    }
    Ok(())
}

/// Reading shows what was declared.
async fn present(
    driver: &dyn ResourceDriver,
    sample: &Sample,
    id: &Identifier,
    declared: &KnownMap,
    step: &'static str,
) -> Result<(), Broken> {
    let object = match driver.read(id, declared).await.map_err(failed(step))? {
        Observed::Present(object) => object,
        Observed::Absent => return Err(wrong(step, "it is absent")),
    };
    if object.identifier != *id {
        return Err(wrong(step, format!("it is named `{}`", object.identifier)));
    }
    let read = declared.iter().filter(|(name, _)| !sample.unread.contains(name));
    for (name, value) in read {
        if !object.properties.get(name).is_some_and(|seen| shows(value, seen)) {
            return Err(wrong(step, format!("`{name}` is not as declared")));
        }
    }
    Ok(())
}

/// Deleting comes to its end, and nothing is there afterwards.
async fn deleted(
    driver: &dyn ResourceDriver,
    sample: &Sample,
    id: &Identifier,
) -> Result<(), Broken> {
    let request = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: id.clone(),
        token: Token::from(format!("{}-3", sample.token)),
        prior: sample.create.clone(),
    };
    let request = Request::Delete(request);
    for step in ["delete", "delete again"] {
        let mut attempts = 0;
        loop {
            match driven(driver, &request, &NoEffects, step).await {
                Ok(None) => break,
                Ok(Some(_)) => return Err(wrong(step, "it leaves an object")),
                Err(Failed::Call(error)) if error.is_retryable() && attempts < ATTEMPTS => {
                    attempts += 1;
                }
                Err(error) => return Err(error.of(step)),
            }
        }
        let read = driver.read(id, &sample.create).await.map_err(failed("read after delete"))?;
        if read != Observed::Absent {
            return Err(wrong("read after delete", "it is present"));
        }
    }
    Ok(())
}

/// True if everything that was declared is in what was read. Lists may come in another order; a
/// secret shows nothing.
fn shows(declared: &KnownValue, seen: &KnownValue) -> bool {
    match (declared, seen) {
        (KnownValue::Secret(_), _) | (_, KnownValue::Secret(_)) | (KnownValue::Null, _) => true,
        (KnownValue::Map(declared), KnownValue::Map(seen)) => {
            declared.iter().all(|(key, value)| seen.get(key).is_some_and(|seen| shows(value, seen)))
        }
        (KnownValue::List(declared), KnownValue::List(seen)) => {
            let mut left: Vec<&KnownValue> = seen.iter().collect();
            declared.len() == seen.len()
                && declared.iter().all(|item| {
                    let found = left.iter().position(|seen| shows(item, seen));
                    found.map(|at| left.swap_remove(at)).is_some()
                })
        }
        _ => declared == seen || scalar(declared).is_some_and(|text| scalar(seen) == Some(text)),
    }
}

fn scalar(value: &KnownValue) -> Option<String> {
    match value {
        KnownValue::Bool(b) => Some(b.to_string()),
        // A service may write 6 as 6.0, as the engine knows.
        KnownValue::Number(n) => Some(n.to_string().trim_end_matches(".0").to_owned()),
        KnownValue::String(s) => Some(s.clone()),
        KnownValue::Null | KnownValue::Secret(_) | KnownValue::List(_) | KnownValue::Map(_) => None,
    }
}
