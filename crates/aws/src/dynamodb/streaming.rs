//! The Kinesis data stream that receives the changes of a table. A table can have others beside it: while
//! one is declared, or was, every other one is turned off.

use std::collections::BTreeSet;

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::settings::{READ, Settings, failed};
use crate::iam::{Fields, arguments, text_in};

const PROPERTY: &str = "KinesisStreamSpecification";
const PRECISION: &str = "ApproximateCreationDateTimePrecision";
const STREAM: &str = "StreamArn";

/// The precision of times that were given none.
///
/// Source: DynamoDB developer guide, Using Kinesis Data Streams to capture changes to DynamoDB.
const MILLISECOND: &str = "MILLISECOND";

/// The destinations of a table, also those that are turned off.
async fn destinations(settings: &Settings<'_>) -> Result<Vec<KnownMap>, DriverError> {
    let answer = settings.api.call("DescribeKinesisStreamingDestination", settings.named()).await?;
    let list = answer.get("KinesisDataStreamDestinations").and_then(KnownValue::as_list);
    Ok(list.unwrap_or_default().iter().filter_map(KnownValue::as_map).cloned().collect())
}

fn status(destination: &KnownMap) -> &str {
    text_in(destination, "DestinationStatus").unwrap_or_default()
}

fn is_on(destination: &KnownMap) -> bool {
    matches!(status(destination), "ACTIVE" | "ENABLING" | "UPDATING")
}

/// Makes the destination the declared one; says what is to be waited for. An old one is turned off
/// before the new one is turned on.
pub(super) async fn change(
    settings: &Settings<'_>,
    asked: &mut BTreeSet<String>,
) -> Result<Option<String>, DriverError> {
    let wanted = settings.wanted().tree(PROPERTY)?;
    if wanted.is_none() && !settings.declared.dropped(PROPERTY) {
        return Ok(None);
    }
    let (stream, precision) = match wanted {
        Some(given) => (Some(given.required(STREAM)?), given.text(PRECISION)?),
        None => (None, None),
    };
    let back = settings.declared.dropped_in(PROPERTY, PRECISION).then(|| MILLISECOND.into());
    let precision = precision.or(back);
    let waits = format!("the Kinesis stream of table `{}`", settings.name);
    let all = destinations(settings).await?;
    if all.iter().any(|it| matches!(status(it), "ENABLING" | "DISABLING" | "UPDATING")) {
        return Ok(Some(waits));
    }
    let named = |it: &KnownMap| {
        let wanted = stream.as_ref().and_then(KnownValue::expose_str);
        wanted.is_some() && text_in(it, STREAM) == wanted
    };
    let call = |operation: &'static str,
                stream: KnownValue,
                setting: Option<(&str, KnownValue)>| {
        let mut input = settings.named();
        input.insert(STREAM.to_owned(), stream);
        input.extend(
            setting.map(|(name, value)| (name.to_owned(), arguments([(PRECISION, value)]).into())),
        );
        settings.api.call(operation, input)
    };
    if let Some(other) = all.iter().find(|it| is_on(it) && !named(it)) {
        let arn = other.get(STREAM).cloned().unwrap_or(KnownValue::Null);
        call("DisableKinesisStreamingDestination", arn, None).await?;
        return Ok(Some(waits));
    }
    let Some(stream) = stream.clone() else { return Ok(None) };
    match all.iter().find(|it| named(it)) {
        Some(there) if is_on(there) => {
            let precision = precision.filter(|precision| {
                Some(text_in(there, PRECISION).unwrap_or(MILLISECOND)) != precision.expose_str()
            });
            let Some(precision) = precision else { return Ok(None) };
            let setting = ("UpdateKinesisStreamingConfiguration", precision);
            call("UpdateKinesisStreamingDestination", stream, Some(setting)).await?;
        }
        Some(there) if status(there) == "ENABLE_FAILED" && asked.contains(PROPERTY) => {
            let reason = text_in(there, "DestinationStatusDescription");
            return Err(failed("dynamodb:EnableKinesisStreamingDestination", &waits, reason));
        }
        Some(_) | None => {
            let setting = precision.map(|it| ("EnableKinesisStreamingConfiguration", it));
            call("EnableKinesisStreamingDestination", stream, setting).await?;
            asked.insert(PROPERTY.to_owned());
        }
    }
    Ok(Some(waits))
}

/// Adds the declared destination to the properties of a table that was read: another one, if a table has
/// that instead.
pub(super) async fn show(
    settings: &Settings<'_>,
    properties: &mut KnownMap,
) -> Result<(), DriverError> {
    let Some(given) = Fields::new(settings.declared.wanted, READ).tree(PROPERTY)? else {
        return Ok(());
    };
    let all = destinations(settings).await?;
    let wanted = given.name(STREAM)?;
    let named = all.iter().find(|it| is_on(it) && text_in(it, STREAM) == wanted.as_deref());
    let Some(found) = named.or_else(|| all.iter().find(|it| is_on(it))) else { return Ok(()) };
    let stream = found.get(STREAM).cloned().unwrap_or(KnownValue::Null);
    let precision = text_in(found, PRECISION).unwrap_or(MILLISECOND);
    let shown = arguments([(STREAM, stream), (PRECISION, precision.into())]);
    properties.insert(PROPERTY.to_owned(), shown.into());
    Ok(())
}
