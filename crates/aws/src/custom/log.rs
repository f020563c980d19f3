//! The end of a handler's log.

use std::collections::BTreeMap;

use rstack_model::{KnownMap, KnownValue};

use super::{Reach, region_of};
use crate::definition::Service;
use crate::iam::{arguments, text_in};

/// The most lines that are read.
const LINES: i64 = 100;

/// The beginnings of the lines that Lambda itself writes.
///
/// Source: "Sending Lambda function logs to CloudWatch Logs", AWS Lambda Developer Guide.
const FRAME: [&str; 4] = ["INIT_START ", "START ", "END ", "REPORT "];

/// The lines that the invocation of a request logged since a time in seconds, without those of Lambda itself.
/// Only an invocation counts whose lines name the request: another one of the same function may have logged
/// the secrets of another resource. What cannot be read is left out: the log only explains an error.
pub(super) async fn tail(reach: &dyn Reach, arn: &str, since: u64, request: &str) -> Vec<String> {
    let region = region_of(arn);
    let lambda = reach.api(Service::LAMBDA, region);
    let named = arguments([("FunctionName", arn.into())]);
    let Ok(function) = lambda.call("GetFunctionConfiguration", named).await else {
        return Vec::new();
    };
    let Some(group) = group(&function) else { return Vec::new() };
    let since = i64::try_from(since.saturating_mul(1000)).unwrap_or(i64::MAX);
    let input = arguments([
        ("logGroupName", group.as_str().into()),
        ("startTime", since.into()),
        ("limit", LINES.into()),
    ]);
    let logs = reach.api(Service::LOGS, region);
    let Ok(answer) = logs.call("FilterLogEvents", input).await else { return Vec::new() };
    let events = answer.get("events").and_then(KnownValue::as_list).unwrap_or_default();
    of_request(events.iter().filter_map(KnownValue::as_map), request)
}

/// The lines of the invocations that name a request. The invocations of one stream come one after the other,
/// each from its first line of Lambda's to its last.
fn of_request<'a>(events: impl Iterator<Item = &'a KnownMap>, request: &str) -> Vec<String> {
    let mut open: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut out = Vec::new();
    let mut close = |lines: Vec<&str>| {
        if lines.iter().any(|line| line.contains(request)) {
            out.extend(lines.into_iter().map(str::to_owned));
        }
    };
    for event in events {
        let stream = text_in(event, "logStreamName").unwrap_or_default();
        for line in text_in(event, "message").unwrap_or_default().lines() {
            let is_frame = FRAME.iter().any(|start| line.starts_with(start));
            match is_frame {
                true => close(open.remove(stream).unwrap_or_default()),
                false => open.entry(stream).or_default().push(line),
            }
        }
    }
    open.into_values().for_each(close);
    out
}

/// The log group of a function.
fn group(function: &KnownMap) -> Option<String> {
    let chosen = function.get("LoggingConfig").and_then(KnownValue::as_map);
    let chosen = chosen.and_then(|it| text_in(it, "LogGroup")).map(str::to_owned);
    let name = || Some(format!("/aws/lambda/{}", text_in(function, "FunctionName")?));
    chosen.or_else(name)
}
