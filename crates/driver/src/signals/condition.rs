//! The driver of wait conditions. The time until which one waits is in its cursor, so that the next process
//! waits for the rest of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_model::{
    Cursor, Digest, Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath, Token,
};
use serde::{Deserialize, Serialize};

use super::{
    CONDITION_TYPE, COUNT, HANDLE, LONGEST_WAIT, MOST_SIGNALS, Signal, SignalStatus,
    SignalTransport, TIMEOUT, Waiting,
};
use crate::{
    CreateRequest, DriverError, EffectSink, ErrorKind, Finish, Found, Object, Observed, Pending,
    Poll, Request, ResourceDriver, Step,
};

/// The attribute with the data of all signals.
const DATA: &str = "Data";

/// The properties of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitProperties {
    /// The time limit in seconds.
    pub timeout: u64,
    /// The number of signals.
    pub count: u64,
}

/// A property of a condition that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{property}` {problem}")]
pub struct WaitPropertyError {
    /// The property.
    pub property: &'static str,
    /// The mistake in it.
    pub problem: String,
}

impl WaitProperties {
    /// Reads `Timeout` and `Count`.
    ///
    /// # Errors
    /// The first of the two that is missing or out of its bounds.
    pub fn of(properties: &KnownMap) -> Result<Self, WaitPropertyError> {
        let number = |property: &'static str, least: u64, most: u64| {
            let text = match properties.get(property) {
                None | Some(KnownValue::Null) => return Ok(None),
                Some(KnownValue::Number(number)) => number.to_string(),
                Some(KnownValue::String(text)) => text.clone(),
                Some(
                    KnownValue::Secret(_)
                    | KnownValue::Bool(_)
                    | KnownValue::List(_)
                    | KnownValue::Map(_),
                ) => "no number".to_owned(),
            };
            match text.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
                Ok(_) | Err(_) => {
                    let problem = format!("is {text}, not a whole number from {least} to {most}");
                    Err(WaitPropertyError { property, problem })
                }
            }
        };
        let missing = || WaitPropertyError { property: TIMEOUT, problem: "is missing".to_owned() };
        let timeout = number(TIMEOUT, 0, LONGEST_WAIT)?.ok_or_else(missing)?;
        let count = number(COUNT, 0, MOST_SIGNALS)?.unwrap_or(1);
        Ok(Self { timeout, count })
    }
}

/// The cursor of a condition that waits. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WaitCursor {
    /// The identifier of the handle.
    handle: String,
    /// The stack.
    stack: String,
    /// The address of the condition.
    address: String,
    /// The number of signals.
    count: u64,
    /// The time at which it began to wait, in seconds since 1970.
    since: u64,
    /// The time until which it waits.
    until: u64,
}

impl WaitCursor {
    fn parse(cursor: &Cursor) -> Option<Self> {
        serde_json::from_str(cursor.as_str()).ok()
    }

    fn cursor(&self) -> Cursor {
        Cursor::new(serde_json::to_string(self).unwrap_or_default())
    }

    fn logical_id(&self) -> &str {
        self.address.rsplit('/').next().unwrap_or_default()
    }
}

/// The signals that have arrived, as a condition sees them.
struct Arrived {
    /// The successes by their IDs, in the order of their arrival.
    successes: Vec<Signal>,
    failure: Option<Signal>,
    /// The number of objects that are no signals.
    malformed: usize,
}

impl Arrived {
    /// Of signals with the same ID the last one counts.
    fn of(all: &[Vec<u8>]) -> Self {
        let (mut order, mut last, mut malformed) = (Vec::new(), BTreeMap::new(), 0);
        for bytes in all {
            match Signal::parse(bytes) {
                None => malformed += 1,
                Some(signal) => {
                    let id = signal.unique_id.clone();
                    if last.insert(id.clone(), signal).is_none() {
                        order.push(id);
                    }
                }
            }
        }
        let signals = order.iter().filter_map(|id| last.remove(id));
        let (successes, failures): (Vec<Signal>, Vec<Signal>) =
            signals.partition(|signal| signal.status == SignalStatus::Success);
        Self { successes, failure: failures.into_iter().next(), malformed }
    }

    /// The value of `Data`: the data of the signals by their IDs, as JSON text.
    fn data(&self, count: u64) -> String {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let data = self.successes.iter().take(count);
        let data = data.map(|it| (it.unique_id.clone(), it.data.clone().into()));
        serde_json::Value::Object(data.collect()).to_string()
    }
}

/// The driver of conditions.
pub struct WaitCondition {
    transport: Arc<dyn SignalTransport>,
}

fn error(kind: ErrorKind, message: String) -> DriverError {
    DriverError::new(kind, format!("Create of {CONDITION_TYPE}"), message)
}

/// An error about a property.
fn invalid(property: &str, message: String) -> DriverError {
    error(ErrorKind::Invalid { property: Some(PropertyPath::root().name(property)) }, message)
}

fn failed(message: String) -> Step {
    Step::Done(Finish::Failed(Box::new(error(ErrorKind::Invalid { property: None }, message))))
}

impl WaitCondition {
    /// The driver of the conditions whose signals arrive there.
    pub fn new(transport: Arc<dyn SignalTransport>) -> Self {
        Self { transport }
    }

    async fn create(&self, request: &CreateRequest) -> Result<Step, DriverError> {
        let handle = request.properties.get(HANDLE).and_then(KnownValue::as_str);
        let handle = handle.ok_or_else(|| {
            let message = "`Handle` is not the `Ref` of a wait condition handle of the stack";
            invalid(HANDLE, message.to_owned())
        })?;
        let wait = WaitProperties::of(&request.properties);
        let wait = wait.map_err(|error| invalid(error.property, error.to_string()))?;
        self.transport.takes(handle, wait.count).await?;
        let since = self.transport.now();
        let cursor = WaitCursor {
            handle: handle.to_owned(),
            stack: request.stack.to_string(),
            address: request.address.to_string(),
            count: wait.count,
            since,
            until: since.saturating_add(wait.timeout),
        };
        Ok(Step::Pending(self.waiting(&cursor, 0)))
    }

    fn waiting(&self, cursor: &WaitCursor, arrived: usize) -> Pending {
        let now = self.transport.now();
        let waited = Duration::from_secs(now.saturating_sub(cursor.since));
        let left = Duration::from_secs(cursor.until.saturating_sub(now));
        let pace = match arrived == 0 && waited.is_zero() {
            // They may have arrived before.
            true => Duration::ZERO,
            false => self.transport.pace(waited).min(left.max(Duration::from_secs(1))),
        };
        Pending {
            object: None,
            usable: false,
            cursor: cursor.cursor(),
            repeatable: false,
            waits_for: match cursor.count {
                1 => "a signal".to_owned(),
                count => format!("signals: {arrived} of {count} have arrived"),
            },
            ask_again_in: pace,
        }
    }

    /// The object of a condition that is complete.
    fn object(cursor: &WaitCursor, poll: &Poll, data: String) -> Object {
        let identifier = Identifier::from(&physical_id(cursor, &poll.token));
        let id = identifier.only().to_owned();
        Object {
            physical_id: PhysicalId::from(id.as_str()),
            identifier,
            properties: poll.declared.clone(),
            attributes: KnownMap::from([
                (DATA.to_owned(), data.into()),
                ("Id".to_owned(), id.into()),
            ]),
        }
    }

    /// The end of a condition for which too few signals have arrived in time.
    fn timed_out(cursor: &WaitCursor, arrived: &Arrived) -> Step {
        let WaitCursor { count, since, until, .. } = cursor;
        let mut message = format!(
            "{} of {count} signals arrived within {} seconds",
            arrived.successes.len(),
            until.saturating_sub(*since),
        );
        if !arrived.successes.is_empty() {
            let from: Vec<&str> =
                arrived.successes.iter().map(|it| it.unique_id.as_str()).collect();
            message.push_str(&format!(", from {}", from.join(", ")));
        }
        if arrived.malformed > 0 {
            message.push_str(&format!(
                "; {} more are not of the form {{\"Status\": \"SUCCESS\", \"UniqueId\": \"…\", \
                 \"Data\": \"…\", \"Reason\": \"…\"}} or longer than 4096 bytes",
                arrived.malformed
            ));
        }
        message.push_str(
            "; look at the log of what was to send them, then roll back and apply again, with a longer \
             `Timeout` if it only took longer. A URL that is signed with temporary credentials takes no \
             signal after they have expired",
        );
        failed(message)
    }
}

/// The physical ID of a condition.
fn physical_id(cursor: &WaitCursor, token: &Token) -> PhysicalId {
    let unique = Digest::of(token.as_str().as_bytes());
    let unique = unique.as_str().get(..12).unwrap_or_default().to_ascii_uppercase();
    let address = cursor.address.replace('/', "-");
    PhysicalId::new(format!("{}-{address}-{unique}", cursor.stack))
}

#[async_trait]
impl ResourceDriver for WaitCondition {
    fn name(&self) -> &'static str {
        "signals"
    }

    /// The object as it is recorded: there is nothing that could be asked.
    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        Ok(Observed::Present(Object {
            identifier: identifier.clone(),
            physical_id: PhysicalId::from(identifier.only()),
            properties: declared.clone(),
            attributes: KnownMap::new(),
        }))
    }

    async fn begin(&self, request: &Request, _: &dyn EffectSink) -> Result<Step, DriverError> {
        match request {
            Request::Create(request) => self.create(request).await,
            Request::Update(request) => {
                // A change of its properties is refused when it is planned.
                Ok(Step::made(Object {
                    identifier: request.identifier.clone(),
                    physical_id: PhysicalId::from(request.identifier.only()),
                    properties: request.properties.clone(),
                    attributes: KnownMap::new(),
                }))
            }
            Request::Delete(_) => Ok(Step::Done(Finish::Gone)),
            Request::DeleteWithSnapshot { .. } => Err(Request::takes_no_snapshot()),
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        let Some(cursor) = WaitCursor::parse(&poll.cursor) else {
            let message = "the journal has the condition in a form of another version";
            return Err(error(ErrorKind::Unsupported, message.to_owned()));
        };
        let waiting = Waiting {
            handle: &cursor.handle,
            logical_id: cursor.logical_id(),
            token: &poll.token,
            count: cursor.count,
        };
        let past = self.transport.now() >= cursor.until;
        let signals = self.transport.signals(&waiting).await;
        let signals = signals.map_err(|error| match error.kind {
            // It says nothing of the condition.
            ErrorKind::NotFound | ErrorKind::Unsupported | ErrorKind::AlreadyExists => {
                DriverError { kind: ErrorKind::Conflict, ..error }
            }
            _ => error,
        })?;
        let arrived = Arrived::of(&signals);
        if let Some(Signal { unique_id, reason, .. }) = &arrived.failure {
            let reason = if reason.trim().is_empty() { "it gives no reason" } else { reason };
            return Ok(failed(format!(
                "the signal `{unique_id}` reports a failure: {reason}; roll back before the next apply, \
                 which then makes another handle"
            )));
        }
        let count = u64::try_from(arrived.successes.len()).unwrap_or(u64::MAX);
        if count >= cursor.count {
            return Ok(Step::made(Self::object(&cursor, poll, arrived.data(cursor.count))));
        }
        Ok(match past {
            true => Self::timed_out(&cursor, &arrived),
            false => Step::Pending(self.waiting(&cursor, arrived.successes.len())),
        })
    }

    /// A condition that has not begun to wait is begun again. One that has is polled on by its cursor.
    async fn find(&self, _: &CreateRequest) -> Result<Found, DriverError> {
        Ok(Found::Absent)
    }
}
