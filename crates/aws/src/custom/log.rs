//! The end of a handler's log.

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

/// The lines that a function logged since a time in seconds, without those of Lambda itself. What cannot be
/// read is left out: the log only explains an error.
pub(super) async fn tail(reach: &dyn Reach, arn: &str, since: u64) -> Vec<String> {
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
    let lines =
        events.iter().filter_map(KnownValue::as_map).filter_map(|it| text_in(it, "message"));
    let own =
        lines.flat_map(str::lines).filter(|line| !FRAME.iter().any(|it| line.starts_with(it)));
    own.map(str::to_owned).collect()
}

/// The log group of a function.
fn group(function: &KnownMap) -> Option<String> {
    let chosen = function.get("LoggingConfig").and_then(KnownValue::as_map);
    let chosen = chosen.and_then(|it| text_in(it, "LogGroup")).map(str::to_owned);
    let name = || Some(format!("/aws/lambda/{}", text_in(function, "FunctionName")?));
    chosen.or_else(name)
}
