//! Finding the object of a creation whose answer was lost.
//!
//! While its client token is valid the creation is sent again: Cloud Control answers with the request
//! that it began, or begins it now. Later a second request would make a second object: the object or
//! the request is looked for, and what cannot be attributed is reported and never taken.
//!
//! Source: "ClientToken" of CreateResource, Cloud Control API reference (valid for 36 hours);
//! "Managing resource operation requests", User Guide (requests are kept for seven days).

use std::time::Duration;

use rstack_catalog::TypeSchema;
use rstack_driver::{CreateRequest, DriverError, ErrorKind, Found, OperationKind, Pending};
use rstack_model::{Identifier, KnownMap, KnownValue};

use super::cursor::RequestCursor;
use super::driver::CloudControl;
use super::event::{Event, Progress};
use super::object::{self, declared_identifier};
use super::patch::shows;

/// The time in seconds after its first use in which a client token is used again: an hour less than
/// it is valid.
pub(super) const TOKEN_VALID: u64 = 35 * 3600;
/// The time in seconds for which a request is listed: some hours less than the service keeps it.
pub(super) const REQUESTS_KEPT: u64 = 160 * 3600;
/// The farthest that the time of a request is from the time at which it was sent, in seconds.
const NEAR: u64 = 600;
/// The most pages of a list that are read.
const PAGES: usize = 200;

/// Looks for what a creation has made or begun.
pub(super) async fn find(
    driver: &CloudControl,
    request: &CreateRequest,
) -> Result<Found, DriverError> {
    // Without a cursor the call was never made: what has the name is of another owner.
    let cursor = request.begun.as_ref().and_then(RequestCursor::parse);
    let Some(cursor) = cursor else { return Ok(Found::Absent) };
    if driver.now().saturating_sub(cursor.sent) < TOKEN_VALID {
        match driver.send_create(request).await {
            Ok(event) => return answered(driver, &cursor, event, request).await,
            Err(error) if error.kind == ErrorKind::AlreadyExists => {}
            // The properties are others now, as a secret's value may be, or are refused.
            Err(error) if matches!(error.kind, ErrorKind::Invalid { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    match declared_identifier(&driver.schema, &request.properties) {
        Some(identifier) => named(driver, &cursor, &identifier, request).await,
        None => unnamed(driver, &cursor, request).await,
    }
}

/// The request that answers a creation that was sent again.
async fn answered(
    driver: &CloudControl,
    cursor: &RequestCursor,
    event: Event,
    request: &CreateRequest,
) -> Result<Found, DriverError> {
    if let (Progress::Succeeded, Some(text)) = (event.progress, &event.identifier) {
        let identifier = object::identifier(&driver.schema, text, &request.properties);
        // It was made, and is deleted meanwhile.
        if driver.look(&identifier).await?.is_none() && driver.is_past(cursor) {
            return Ok(Found::Absent);
        }
    }
    let pending = driver.going(OperationKind::Create, cursor, &event);
    Ok(Found::Begun(Box::new(match event.progress {
        Progress::Going => pending,
        Progress::Succeeded | Progress::Failed => at_once(pending),
    })))
}

/// The object with the identifier that the template chose, as the outcome of the create.
async fn named(
    driver: &CloudControl,
    cursor: &RequestCursor,
    identifier: &Identifier,
    request: &CreateRequest,
) -> Result<Found, DriverError> {
    let Some(object) = driver.object(identifier, &request.properties).await? else {
        return Ok(Found::Absent);
    };
    let declared = super::desired::sent(&driver.schema, &request.properties);
    if cursor.absent && !contradicts(&driver.schema, &declared, &object.properties) {
        let cursor = RequestCursor { request: None, ..cursor.clone() };
        return Ok(Found::Begun(Box::new(Pending {
            object: Some(Box::new(object)),
            usable: false,
            cursor: cursor.cursor(),
            repeatable: false,
            waits_for: "its creation to be complete".to_owned(),
            ask_again_in: Duration::ZERO,
        })));
    }
    let why = format!(
        "there is an object `{identifier}` of type {}: the creation that was interrupted can no \
         longer be attributed",
        driver.schema.name()
    );
    Ok(Found::Ambiguous { why })
}

/// The outcome of a create whose identifier the service chose: ambiguous if a request of about the
/// same time, or an object with these properties, may be its own.
async fn unnamed(
    driver: &CloudControl,
    cursor: &RequestCursor,
    request: &CreateRequest,
) -> Result<Found, DriverError> {
    let candidates = if driver.now().saturating_sub(cursor.sent) < REQUESTS_KEPT {
        requests(driver, cursor).await?
    } else {
        objects(driver, request).await?
    };
    if candidates.is_empty() {
        return Ok(Found::Absent);
    }
    let why = format!(
        "the creation was interrupted too long ago to be sent again; it may have made {} of type {}",
        candidates.join(" or "),
        driver.schema.name()
    );
    Ok(Found::Ambiguous { why })
}

/// The objects of creations of the type that were requested when this one was.
async fn requests(
    driver: &CloudControl,
    cursor: &RequestCursor,
) -> Result<Vec<String>, DriverError> {
    let filter = KnownValue::List(vec!["CREATE".into()]);
    let filter = KnownMap::from([("Operations".to_owned(), filter)]);
    let mut input = KnownMap::from([
        ("ResourceRequestStatusFilter".to_owned(), KnownValue::Map(filter)),
        ("MaxResults".to_owned(), 100.into()),
    ]);
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let answer = driver.api.call("ListResourceRequests", input.clone()).await?;
        let events = list(&answer, "ResourceRequestStatusSummaries");
        let events = events.iter().filter_map(KnownValue::as_map).filter_map(Event::read);
        let near = |time: u64| time.abs_diff(cursor.sent) <= NEAR;
        let ours = |event: &Event| {
            event.type_name == driver.schema.name()
                && event.progress != Progress::Failed
                && event.time.is_none_or(near)
        };
        found.extend(events.filter(ours).map(|event| match event.identifier {
            Some(identifier) => format!("`{identifier}`"),
            None => format!("the object of request {}", event.request),
        }));
        match next_token(&answer) {
            Some(token) => input.insert("NextToken".to_owned(), token),
            None => return Ok(found),
        };
    }
    Ok(found)
}

/// The objects of the type of which nothing contradicts the declared properties.
async fn objects(
    driver: &CloudControl,
    request: &CreateRequest,
) -> Result<Vec<String>, DriverError> {
    let declared = super::desired::sent(&driver.schema, &request.properties);
    let mut input = driver.input(None);
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let answer = match driver.api.call("ListResources", input.clone()).await {
            Ok(answer) => answer,
            // Some list handlers want to know the parent.
            Err(error) if matches!(error.kind, ErrorKind::Invalid { .. }) => {
                return Ok(vec!["an object that cannot be listed".to_owned()]);
            }
            Err(error) => return Err(error),
        };
        for described in list(&answer, "ResourceDescriptions") {
            let text = described.get("Properties").and_then(KnownValue::expose_str);
            let model = text.and_then(object::parsed).unwrap_or_default();
            let identifier = described.get("Identifier").and_then(KnownValue::as_str);
            if let Some(identifier) = identifier
                && !contradicts(&driver.schema, &declared, &model)
            {
                found.push(format!("`{identifier}`"));
            }
        }
        match next_token(&answer) {
            Some(token) => input.insert("NextToken".to_owned(), token),
            None => return Ok(found),
        };
    }
    Ok(found)
}

/// True if a property that is declared and seen is not as declared.
fn contradicts(schema: &TypeSchema, declared: &KnownMap, seen: &KnownMap) -> bool {
    let both = declared.iter().filter(|(name, _)| seen.contains_key(*name));
    let both: KnownMap = both.map(|(name, value)| (name.clone(), value.clone())).collect();
    !shows(schema, &both, seen)
}

/// The step is complete already: it is asked for at once.
fn at_once(pending: Pending) -> Pending {
    Pending { ask_again_in: Duration::ZERO, ..pending }
}

fn list<'a>(answer: &'a KnownMap, member: &str) -> &'a [KnownValue] {
    answer.get(member).and_then(KnownValue::as_list).unwrap_or_default()
}

/// The token of the next page; an empty one says that there is none.
fn next_token(answer: &KnownMap) -> Option<KnownValue> {
    let token = answer.get("NextToken")?;
    token.expose_str().filter(|text| !text.is_empty()).map(|_| token.clone())
}
