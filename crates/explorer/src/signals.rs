//! Senders of signals to wait conditions: a model of their own, which signals once a resource has got the URL of
//! a handle. It uses no code of the engine or of the driver.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::DriverError;
use rstack_driver::signals::{SignalTransport, Waiting};
use rstack_model::state::State;
use rstack_model::{ResourceType, SecretString, Token};
use serde_json::json;

use crate::cloud::Wire;
use crate::crash_injector::lock;
use crate::transport::BEGINNING;

/// The signature of every URL: it is never written.
pub(crate) const SIGNATURE: &str = "signature-of-a-url-0123456789";

/// The time limit of the condition in the stack that is explored.
const LIMIT: Duration = Duration::from_secs(60);

/// The most times that an operation asks after its limit: once in each process, the last of which completes it.
const MOST_LATE: usize = 3;

/// The way in which senders signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sending {
    /// At once.
    #[default]
    Prompt,
    /// One at once, and another one some time later.
    Late,
    /// One at once, and another one never.
    Absent,
    /// One at once, and then a failure.
    Fails,
}

/// The time that a late signal takes.
const LATE: Duration = Duration::from_secs(40);

/// All senders, and the box of their signals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Senders {
    pub(crate) sending: Sending,
    /// The time of arrival of each signal, by its handle.
    sent: BTreeMap<String, Vec<(Duration, Vec<u8>)>>,
    /// The time at which each operation asked first, and the number of times that it asked after its limit.
    asked: BTreeMap<Token, (Duration, usize)>,
}

impl Senders {
    /// A resource gets the URL of a handle. The first one signals.
    fn got_url(&mut self, handle: &str, now: Duration) {
        if self.sent.contains_key(handle) {
            return;
        }
        let signal = |status: &str, id: &str| {
            let signal = json!({
                "Status": status, "UniqueId": id, "Data": format!("data of {id}"), "Reason": "no room",
            });
            signal.to_string().into_bytes()
        };
        let mut sent = vec![(now, signal("SUCCESS", "one"))];
        match self.sending {
            Sending::Prompt => sent.push((now, signal("SUCCESS", "two"))),
            Sending::Late => sent.push((now + LATE, signal("SUCCESS", "two"))),
            Sending::Fails => sent.push((now, signal("FAILURE", "two"))),
            Sending::Absent => {}
        }
        self.sent.insert(handle.to_owned(), sent);
    }

    fn arrived(&mut self, token: &Token, handle: &str, now: Duration) -> Vec<Vec<u8>> {
        let (first, late) = self.asked.entry(token.clone()).or_insert((now, 0));
        if now > *first + LIMIT {
            *late += 1;
        }
        let sent = self.sent.get(handle).map(Vec::as_slice).unwrap_or_default();
        sent.iter().filter(|(at, _)| now >= *at).map(|(_, bytes)| bytes.clone()).collect()
    }

    /// I8, at the end: no signals are left of a handle that the stack does not have, no condition is complete
    /// before its signals have arrived, and none waits for its time limit anew in another process.
    pub(crate) fn violations(&self, state: Option<&State>, now: Duration) -> Vec<String> {
        let resources = || state.into_iter().flat_map(|state| state.resources.values());
        let of_type =
            |name: &'static str| resources().filter(move |it| it.resource_type.as_str() == name);
        let handles: BTreeSet<&str> = of_type("AWS::CloudFormation::WaitConditionHandle")
            .map(|it| it.identifier.only())
            .collect();
        let left = self.sent.keys().filter(|handle| !handles.contains(handle.as_str()));
        let mut violations: Vec<String> =
            left.map(|handle| format!("I8: signals to `{handle}` are left")).collect();
        for condition in of_type("AWS::CloudFormation::WaitCondition") {
            let handle = condition.properties.get("Handle").and_then(|it| it.as_str());
            let sent = handle.and_then(|handle| self.sent.get(handle));
            let arrived = sent.into_iter().flatten().filter(|(at, _)| now >= *at).count();
            if arrived < 2 {
                violations.push(format!("I8: a condition is complete after {arrived} signals"));
            }
        }
        let anew = self.asked.iter().filter(|(_, (_, late))| *late > MOST_LATE);
        violations.extend(anew.map(|(token, _)| format!("I8: `{token}` waits for too long")));
        violations
    }
}

/// The way of signals as one process sees it.
pub(crate) struct WatchedSignals(pub(crate) Arc<Wire>);

/// The URL of a handle, as a resource gets it.
pub(crate) async fn url(wire: &Arc<Wire>, handle: &str) -> Result<SecretString, DriverError> {
    let (senders, now) = (Arc::clone(&wire.senders), wire.clock.elapsed());
    let sign = async {
        lock(&senders).got_url(handle, now);
        Ok(SecretString::new(format!(
            "https://signals.example/{handle}?X-Amz-Signature={SIGNATURE}"
        )))
    };
    wire.ask("sign", &ResourceType::from(""), sign).await
}

#[async_trait]
impl SignalTransport for WatchedSignals {
    fn now(&self) -> u64 {
        BEGINNING + self.0.clock.elapsed().as_secs()
    }

    async fn handle(&self, token: &Token) -> Result<String, DriverError> {
        Ok(format!("signals/{token}"))
    }

    async fn takes(&self, _: &str, _: u64) -> Result<(), DriverError> {
        Ok(())
    }

    async fn signals(&self, waiting: &Waiting<'_>) -> Result<Vec<Vec<u8>>, DriverError> {
        let senders = Arc::clone(&self.0.senders);
        let read = async {
            let now = self.0.clock.elapsed();
            Ok(lock(&senders).arrived(waiting.token, waiting.handle, now))
        };
        self.0.ask("signals", &ResourceType::from(""), read).await
    }

    async fn discard(&self, handle: &str) -> Result<(), DriverError> {
        let discard = || {
            let (senders, handle): (Arc<Mutex<Senders>>, String) =
                (Arc::clone(&self.0.senders), handle.to_owned());
            async move {
                lock(&senders).sent.remove(&handle);
                Ok(())
            }
        };
        self.0.change("discard", &ResourceType::from(""), discard).await
    }
}
