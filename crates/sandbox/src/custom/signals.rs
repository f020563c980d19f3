//! Signals to wait conditions in the sandbox: those that the rules say, or as many as are waited for, with
//! invented data.

use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::signals::{SignalTransport, Waiting};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{Identifier, ResourceType, Token};
use serde_json::{Value as Json, json};

use super::SandboxHandlers;
use super::rules::Answer;
use crate::inventory::{StoredObject, View};
use crate::redaction::JsonMap;

/// The type under which signals are kept by their handles, in a scope that no account sees.
const SIGNALS: &str = "rstack::wait-condition-signals";
const SCOPE: &str = "wait-condition-signals";

/// The beginning of the identifier of a handle.
const PLACE: &str = "sandbox/wait-condition-signals/";

/// The texts of the signals that arrive.
fn sent(answer: &Answer, count: u64) -> Vec<String> {
    if answer.no_response == Some(true) {
        return Vec::new();
    }
    if let Some(reason) = &answer.fail {
        let signal = json!({
            "Status": "FAILURE", "UniqueId": "signal-1", "Data": "", "Reason": reason,
        });
        return vec![signal.to_string()];
    }
    let success = |id: &str, data: &Json| {
        let signal = json!({
            "Status": "SUCCESS",
            "UniqueId": id,
            "Data": data.as_str().map_or_else(|| data.to_string(), str::to_owned),
            "Reason": "",
        });
        signal.to_string()
    };
    match &answer.data {
        Some(data) => data.iter().map(|(id, data)| success(id, data)).collect(),
        None => {
            let invented = Json::from("invented by the sandbox");
            (1..=count).map(|number| success(&format!("signal-{number}"), &invented)).collect()
        }
    }
}

/// The signals to a handle, once they were asked for often enough.
fn arrived(view: &mut View<'_>, waiting: (&str, u64), answer: &Answer) -> Vec<Vec<u8>> {
    let (handle, count) = waiting;
    let kind = ResourceType::from(SIGNALS);
    let kept = view.get_at(SCOPE, &kind, handle).cloned().unwrap_or_else(|| {
        let texts = sent(answer, count);
        let properties = JsonMap::from_iter([("signals".to_owned(), json!(texts))]);
        StoredObject {
            identifier: Identifier::new([handle.to_owned()]),
            physical_id: handle.to_owned(),
            nonce: String::new(),
            token: String::new(),
            properties,
            attributes: JsonMap::new(),
            polls_left: answer.delay.unwrap_or_default(),
            former: Vec::new(),
            disabled: false,
            unseen: 0,
            secret: None,
            versions: None,
        }
    });
    if let Some(polls_left) = kept.polls_left.checked_sub(1) {
        view.insert_at(SCOPE, &kind, handle, StoredObject { polls_left, ..kept });
        return Vec::new();
    }
    let texts = kept.properties.get("signals").and_then(Json::as_array).cloned();
    view.insert_at(SCOPE, &kind, handle, kept);
    let texts = texts.unwrap_or_default();
    texts.iter().filter_map(Json::as_str).map(|text| text.as_bytes().to_vec()).collect()
}

/// The URL of a handle. It is no secret of anything, but looks as one.
pub(crate) fn url(handle: &str) -> Result<String, DriverError> {
    match handle.strip_prefix(PLACE) {
        Some(token) => Ok(format!(
            "https://sandbox.invalid/wait-condition-signals/{token}?X-Amz-Signature=sandbox"
        )),
        None => {
            let message = format!(
                "the wait condition handle `{handle}` has no place for signals: an earlier version made \
                 it; declare another one under another logical ID"
            );
            Err(DriverError::new(ErrorKind::Unsupported, "sandbox s3:PutObject", message))
        }
    }
}

#[async_trait]
impl SignalTransport for SandboxHandlers {
    fn now(&self) -> u64 {
        self.cloud.seconds()
    }

    fn pace(&self, _: Duration) -> Duration {
        self.cloud.ask_again_in()
    }

    async fn handle(&self, token: &Token) -> Result<String, DriverError> {
        Ok(format!("{PLACE}{token}"))
    }

    async fn takes(&self, _: &str, _: u64) -> Result<(), DriverError> {
        Ok(())
    }

    async fn signals(&self, waiting: &Waiting<'_>) -> Result<Vec<Vec<u8>>, DriverError> {
        let operation = "sandbox s3:ListObjectVersions";
        let begun = self.cloud.fault_injector.begin(operation, waiting.logical_id).await;
        begun.map_err(|refusal| refusal.of(operation))?;
        let answer = self.rules.signals(waiting.logical_id);
        let (handle, count) = (waiting.handle.to_owned(), waiting.count);
        let read = self.cloud.call(operation, move |cloud, view| {
            let delay = Some(answer.delay.unwrap_or(cloud.api_polls()));
            Ok(arrived(view, (&handle, count), &Answer { delay, ..answer }))
        });
        read.await
    }

    async fn discard(&self, handle: &str) -> Result<(), DriverError> {
        let handle = handle.to_owned();
        let discard = self.cloud.call("sandbox s3:DeleteObject", move |_, view| {
            view.remove_at(SCOPE, &ResourceType::from(SIGNALS), &handle);
            Ok(())
        });
        discard.await
    }
}
