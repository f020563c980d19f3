//! Wait conditions against a box of signals in memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll as TaskPoll, Waker};

use async_trait::async_trait;
use rstack_model::{Cursor, KnownMap, KnownValue, StackName, Token};
use serde_json::json;

use super::{
    HANDLE_TYPE, MAX_SIGNAL, Signal, SignalStatus, SignalTransport, WaitCondition,
    WaitConditionHandle, WaitProperties, Waiting,
};
use crate::calls::Calls;
use crate::{
    CreateRequest, DeleteRequest, DriverError, ErrorKind, Finish, NoEffects, OperationKind,
    Pending, Poll, Progress, Removal, Request, ResourceDriver, Step,
};

#[derive(Default)]
struct Signals {
    arrived: Mutex<Vec<Vec<u8>>>,
    discarded: Mutex<Vec<String>>,
    time: AtomicU64,
    /// True if only the last signal is kept.
    overwrites: bool,
}

impl Signals {
    fn arrive(&self, status: &str, id: &str) {
        let signal =
            json!({"Status": status, "UniqueId": id, "Data": format!("<{id}>"), "Reason": "why"});
        self.bytes(signal.to_string().as_bytes());
    }

    fn bytes(&self, bytes: &[u8]) {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).push(bytes.to_vec());
    }

    fn pass(&self, seconds: u64) {
        self.time.fetch_add(seconds, Ordering::Relaxed);
    }
}

#[async_trait]
impl SignalTransport for Signals {
    fn now(&self) -> u64 {
        self.time.load(Ordering::Relaxed)
    }

    async fn handle(&self, token: &Token) -> Result<String, DriverError> {
        Ok(format!("box/{token}"))
    }

    async fn takes(&self, _: &str, count: u64) -> Result<(), DriverError> {
        match self.overwrites && count > 1 {
            true => {
                let kind = ErrorKind::Invalid { property: None };
                Err(DriverError::new(kind, "takes", "only the last one is kept"))
            }
            false => Ok(()),
        }
    }

    async fn signals(&self, waiting: &Waiting<'_>) -> Result<Vec<Vec<u8>>, DriverError> {
        assert_eq!((waiting.handle, waiting.logical_id), ("box/h", "Ready"));
        Ok(self.arrived.lock().unwrap().clone())
    }

    async fn discard(&self, handle: &str) -> Result<(), DriverError> {
        self.discarded.lock().unwrap().push(handle.to_owned());
        Ok(())
    }
}

/// The output of a future that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        TaskPoll::Ready(output) => output,
        TaskPoll::Pending => panic!("it waits"),
    }
}

fn request(properties: serde_json::Value) -> CreateRequest {
    let KnownValue::Map(properties) = KnownValue::from_json(properties) else { panic!("no map") };
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "Nested/Ready".into(),
        token: Token::from("t"),
        properties,
        absence_proven: false,
        begun: None,
    }
}

fn condition(signals: &Arc<Signals>) -> WaitCondition {
    WaitCondition::new(Arc::<Signals>::clone(signals))
}

fn begin(signals: &Arc<Signals>, count: u64, timeout: u64) -> Pending {
    let properties = json!({"Handle": "box/h", "Timeout": timeout.to_string(), "Count": count});
    let request = Request::Create(request(properties));
    match now(condition(signals).begin(&request, &NoEffects)).unwrap() {
        Step::Pending(pending) => pending,
        Step::Done(finish) => panic!("{finish:?}"),
    }
}

/// Another process asks.
fn poll(signals: &Arc<Signals>, cursor: &Cursor) -> Step {
    let poll = Poll {
        kind: OperationKind::Create,
        cursor: cursor.clone(),
        identifier: None,
        token: Token::from("t"),
        declared: KnownMap::from([("Count".to_owned(), 2.into())]),
    };
    now(condition(signals).poll(&poll)).unwrap()
}

fn failure(step: Step) -> String {
    match step {
        Step::Done(Finish::Failed(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_condition_is_complete_when_enough_senders_have_signalled() {
    let signals = Arc::new(Signals::default());
    let begun = begin(&signals, 2, 60);
    assert!(!begun.repeatable, "another process polls on");
    signals.arrive("SUCCESS", "a");
    signals.arrive("SUCCESS", "a");
    signals.bytes(b"not a signal");
    signals.bytes(&vec![b' '; MAX_SIGNAL + 1]);
    let Step::Pending(pending) = poll(&signals, &begun.cursor) else { panic!("it waits") };
    assert_eq!(pending.cursor, begun.cursor);
    assert_eq!(pending.waits_for, "signals: 1 of 2 have arrived");
    signals.arrive("SUCCESS", "b");
    signals.arrive("SUCCESS", "c");
    let Step::Done(Finish::Object(made)) = poll(&signals, &begun.cursor) else {
        panic!("it is complete")
    };
    assert_eq!(made.attributes["Data"].as_str(), Some(r#"{"a":"<a>","b":"<b>"}"#));
    assert!(made.physical_id.as_str().starts_with("Live-Nested-Ready-"), "{}", made.physical_id);
    assert_eq!(made.properties["Count"], 2.into());
}

#[test]
fn too_few_signals_in_time_fail_it_and_a_new_process_waits_for_the_rest_of_the_time() {
    let signals = Arc::new(Signals::default());
    let begun = begin(&signals, 2, 60);
    signals.arrive("SUCCESS", "first");
    signals.bytes(b"{}");
    signals.pass(59);
    let Step::Pending(pending) = poll(&signals, &begun.cursor) else { panic!("it waits") };
    assert!(pending.ask_again_in.as_secs() <= 1, "{:?}", pending.ask_again_in);
    signals.pass(1);
    let error = failure(poll(&signals, &begun.cursor));
    let facts =
        ["1 of 2 signals arrived within 60 seconds", "from first", "1 more are not", "Timeout"];
    assert!(facts.iter().all(|fact| error.contains(fact)), "{error}");
    // A signal that arrived before the end counts, whenever it is looked for.
    signals.arrive("SUCCESS", "second");
    assert!(matches!(poll(&signals, &begun.cursor), Step::Done(Finish::Object(_))));
}

#[test]
fn a_signal_of_failure_fails_it_with_its_reason() {
    let signals = Arc::new(Signals::default());
    let begun = begin(&signals, 1, 60);
    signals.arrive("FAILURE", "a");
    signals.arrive("SUCCESS", "b");
    let error = failure(poll(&signals, &begun.cursor));
    assert!(error.contains("the signal `a` reports a failure: why"), "{error}");
    // The last signal of a sender counts.
    signals.arrive("SUCCESS", "a");
    assert!(matches!(poll(&signals, &begun.cursor), Step::Done(Finish::Object(_))));
}

/// A usual way to depend on resources that are conditional.
#[test]
fn a_condition_that_waits_for_no_signal_is_done_at_once() {
    let properties = json!({"Handle": "box/h", "Timeout": "1", "Count": 0});
    let signals = Arc::new(Signals::default());
    let begun = now(condition(&signals).begin(&Request::Create(request(properties)), &NoEffects));
    match begun.unwrap() {
        Step::Done(Finish::Object(_)) => {}
        Step::Pending(pending) => {
            assert!(matches!(poll(&signals, &pending.cursor), Step::Done(Finish::Object(_))));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_work_is_refused_before_it_is_waited_for() {
    let signals = Arc::new(Signals { overwrites: true, ..Signals::default() });
    for (properties, fact) in [
        (json!({"Timeout": 60}), "`Handle` is not the `Ref`"),
        (json!({"Handle": "box/h"}), "`Timeout` is missing"),
        (json!({"Handle": "box/h", "Timeout": "43201"}), "from 0 to 43200"),
        (json!({"Handle": "box/h", "Timeout": "1", "Count": 1001}), "from 0 to 1000"),
        (json!({"Handle": "box/h", "Timeout": "1", "Count": "2"}), "only the last one is kept"),
    ] {
        let request = Request::Create(request(properties));
        let error = now(condition(&signals).begin(&request, &NoEffects)).unwrap_err();
        assert!(error.to_string().contains(fact), "{error}");
        assert!(matches!(error.kind, ErrorKind::Invalid { .. }), "{error}");
    }
    let secret = KnownValue::Secret(rstack_model::SecretString::new("7".to_owned()));
    let wrong = WaitProperties::of(&KnownMap::from([("Timeout".to_owned(), secret)])).unwrap_err();
    assert_eq!(wrong.to_string(), "`Timeout` is no number, not a whole number from 0 to 43200");
    let other = Poll {
        kind: OperationKind::Create,
        cursor: Cursor::from("{}"),
        identifier: None,
        token: Token::from("t"),
        declared: KnownMap::new(),
    };
    let other = now(condition(&signals).poll(&other));
    assert_eq!(other.unwrap_err().kind, ErrorKind::Unsupported);
}

#[test]
fn a_handle_is_named_by_its_operation_and_takes_its_signals_with_it() {
    let signals = Arc::new(Signals::default());
    let driver: &dyn ResourceDriver = &WaitConditionHandle::new(Arc::<Signals>::clone(&signals));
    let made = now(driver.create(&request(json!({})))).unwrap();
    assert_eq!(made.physical_id.as_str(), "box/t");
    let delete = DeleteRequest {
        identifier: made.identifier,
        token: Token::from("d"),
        prior: KnownMap::new(),
        removal: Removal::Recoverable,
    };
    assert_eq!(now(driver.delete(&delete)).unwrap(), Progress::Done);
    assert_eq!(*signals.discarded.lock().unwrap(), ["box/t"]);
    assert!(super::serves(&HANDLE_TYPE.into()));
}

#[test]
fn a_signal_has_the_documented_form() {
    let signal = |json: serde_json::Value| Signal::parse(json.to_string().as_bytes());
    let full =
        signal(json!({"Status": "SUCCESS", "UniqueId": "ID1", "Data": "done", "Reason": "ok"}));
    let full = full.unwrap();
    assert_eq!((full.status, full.unique_id.as_str()), (SignalStatus::Success, "ID1"));
    assert_eq!((full.data.as_str(), full.reason.as_str()), ("done", "ok"));
    let short = signal(json!({"Status": "FAILURE", "UniqueId": 7})).unwrap();
    assert_eq!((short.unique_id.as_str(), short.data.as_str()), ("7", ""));
    for wrong in [
        json!({"Status": "FAILED", "UniqueId": "a"}),
        json!({"Status": "SUCCESS"}),
        json!({"Status": "SUCCESS", "UniqueId": ""}),
        json!({"Status": "SUCCESS", "UniqueId": ["a"]}),
        json!(["SUCCESS"]),
        json!({"Status": "SUCCESS", "UniqueId": "a", "Data": "x".repeat(MAX_SIGNAL)}),
    ] {
        assert_eq!(signal(wrong.clone()), None, "{wrong}");
    }
}
