//! Events as JSON, one object a line.

use std::time::Duration;

use rstack_model::ErrorCode;
use rstack_model::event::{Event, RunEnd, StepLabel};
use rstack_model::plan::PlanMode;
use serde::Serialize;

use crate::json::record;

/// An event as one line of JSON without a line break: `elapsedMs` and `event` always, the other
/// fields where the event has them:
///
/// ```json
/// {"elapsedMs": 1200, "event": "step-done", "step": 3, "address": "Channel",
///  "type": "AWS::MediaPackage::Channel", "operation": "create", "physicalId": "…"}
/// ```
///
/// The events are `observing` (`objects`), `still-settling` (`address`, `waitsFor`), `asking-again`
/// (`reason`, `attempt`), `assets-started` (`assets`, `bytes`), `asset-sent` (`source`, `sent`, `bytes`),
/// `asset-published` (`source`, `place`, `bytes`), `run-started` (`mode`, `steps`), `step-started`,
/// `step-held` (`waitsFor`, `remainingMs`), `step-waiting` (`waitsFor`), `step-retrying` (`reason`, `attempt`), `step-unchanged`,
/// `step-done` (`physicalId`), `step-failed` (`error`), `step-interrupted` (`waitsFor`),
/// `snapshot-taken` and `snapshot-missing` (`address`, `type`, `snapshot`),
/// `stopping` (`reason`), `output-failed` (`output`, `error`), `secret-unchecked` (`reference`,
/// `error`) and `run-ended` (`mode`, `end`).
///
/// # Errors
/// If the JSON writer fails, which it does not for events.
pub fn event_json(event: &Event, elapsed: Duration) -> Result<String, serde_json::Error> {
    stack_event_json(None, event, elapsed)
}

/// [`event_json`] of one stack of a run of several, with its name as `stack`.
///
/// # Errors
/// As [`event_json`].
pub fn stack_event_json(
    stack: Option<&str>,
    event: &Event,
    elapsed: Duration,
) -> Result<String, serde_json::Error> {
    let base = |event: &'static str| Record {
        stack,
        elapsed_ms: milliseconds(elapsed),
        event,
        ..Record::default()
    };
    let of_step = |event: &'static str, label: &'_ StepLabel| {
        let mut out = base(event);
        out.step = Some(label.step.0);
        out.address = Some(label.address.to_string());
        out.resource_type = Some(label.resource_type.to_string());
        out.operation = Some(label.operation);
        out
    };
    record(&match event {
        Event::Observing { objects } => Record { objects: Some(*objects), ..base("observing") },
        Event::AssetsStarted { assets, bytes } => {
            Record { assets: Some(*assets), bytes: Some(*bytes), ..base("assets-started") }
        }
        Event::AssetSent { source, sent, bytes } => Record {
            source: Some(source),
            sent: Some(*sent),
            bytes: Some(*bytes),
            ..base("asset-sent")
        },
        Event::AssetPublished { source, place, bytes } => Record {
            source: Some(source),
            place: Some(place),
            bytes: Some(*bytes),
            ..base("asset-published")
        },
        Event::RunStarted { mode, steps } => {
            Record { mode: Some(*mode), steps: Some(*steps), ..base("run-started") }
        }
        Event::StepStarted { label } => of_step("step-started", label),
        Event::StepWaiting { label, waits_for } => {
            Record { waits_for: Some(waits_for), ..of_step("step-waiting", label) }
        }
        Event::StepAwaitingPropagation { label, waits_for, remaining } => Record {
            waits_for: Some(waits_for),
            remaining_ms: Some(milliseconds(*remaining)),
            ..of_step("step-held", label)
        },
        Event::StepRetrying { label, reason, attempt } => Record {
            reason: Some(reason),
            attempt: Some(*attempt),
            ..of_step("step-retrying", label)
        },
        Event::StepUnchanged { label } => of_step("step-unchanged", label),
        Event::StepDone { label, physical_id } => {
            Record { physical_id: Some(physical_id.as_str()), ..of_step("step-done", label) }
        }
        Event::StepFailed { label, code, error } => {
            Record { code: Some(code.name()), error: Some(error), ..of_step("step-failed", label) }
        }
        Event::StepInterrupted { label, waits_for } => {
            Record { waits_for: Some(waits_for), ..of_step("step-interrupted", label) }
        }
        Event::Stopping { reason } => Record { reason: Some(reason), ..base("stopping") },
        Event::StillStabilizing { address, waits_for } => Record {
            address: Some(address.to_string()),
            waits_for: Some(waits_for),
            ..base("still-settling")
        },
        Event::AskingAgain { reason, attempt } => {
            Record { reason: Some(reason), attempt: Some(*attempt), ..base("asking-again") }
        }
        Event::SecretUnchecked { reference, error } => Record {
            code: Some(ErrorCode::SecretUnchecked.name()),
            reference: Some(reference),
            error: Some(error),
            ..base("secret-unchecked")
        },
        Event::SnapshotTaken { address, resource_type, snapshot } => Record {
            address: Some(address.to_string()),
            resource_type: Some(resource_type.to_string()),
            snapshot: Some(snapshot.as_str()),
            ..base("snapshot-taken")
        },
        Event::SnapshotMissing { address, resource_type, snapshot } => Record {
            code: Some(ErrorCode::SnapshotMissing.name()),
            address: Some(address.to_string()),
            resource_type: Some(resource_type.to_string()),
            snapshot: Some(snapshot.as_str()),
            ..base("snapshot-missing")
        },
        Event::OutputFailed { output, error } => Record {
            code: Some(ErrorCode::OutputNotEvaluated.name()),
            output: Some(output),
            error: Some(error),
            ..base("output-failed")
        },
        Event::RunEnded { mode, end } => {
            Record { mode: Some(*mode), end: Some(*end), ..base("run-ended") }
        }
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<&'a str>,
    elapsed_ms: u64,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<PlanMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assets: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    resource_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<RunEnd>,
}

#[cfg(test)]
mod tests {
    use rstack_model::plan::StepId;

    use super::*;

    #[test]
    fn an_event_has_the_fields_it_needs_and_no_others() {
        let label = StepLabel {
            step: StepId(3),
            address: "A".into(),
            resource_type: "T".into(),
            operation: "create",
        };
        let event = Event::StepWaiting { label: label.clone(), waits_for: "x\u{202e}".into() };
        let line = event_json(&event, Duration::from_millis(1200)).unwrap();
        let expected = r#"{"elapsedMs":1200,"event":"step-waiting","step":3,"address":"A","type":"T","operation":"create","waitsFor":"x\u202e"}"#;
        assert_eq!(line, expected);
        let event = Event::StepInterrupted { label, waits_for: "y".into() };
        let line = event_json(&event, Duration::from_millis(1300)).unwrap();
        let expected = expected.replace("1200", "1300").replace("x\\u202e", "y");
        assert_eq!(line, expected.replace("step-waiting", "step-interrupted"));
    }
}
