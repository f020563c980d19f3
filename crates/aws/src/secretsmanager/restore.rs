//! Names that belong to a secret that is going to be deleted.
//!
//! A deleted secret keeps its name for its recovery window. One that its tags say was this very
//! resource of this stack is restored and changed to what is declared, so that a stack can be made
//! again after it was destroyed; any other is in the way.

use rstack_driver::{CreateRequest, DriverError, EffectSink, ErrorKind};
use rstack_model::PhysicalId;

use super::description::{Description, describe};
use crate::api::Api;
use crate::iam::{Tags, arguments, journal_failed, tag_list};
use crate::ownership::RESTORED;

const OPERATION: &str = "secretsmanager:RestoreSecret";

/// True if the service says that the state of a secret is in the way.
pub(super) fn is_refused(error: &DriverError) -> bool {
    error.has_code("InvalidRequestException")
}

/// The error that a secret is going to be deleted.
pub(super) fn scheduled(name: &str, date: &str) -> DriverError {
    let message = format!(
        "the secret `{name}` is scheduled for deletion on {date} and keeps its name until then; \
         restore it or choose another name"
    );
    DriverError::new(ErrorKind::Conflict, "secretsmanager:CreateSecret", message)
}

/// Takes the place of a failed creation if the name belongs to a secret that is going to be
/// deleted: if that is the same resource's it is restored, and its ID is returned; else the error
/// says what is in the way.
pub(super) async fn instead(
    api: &dyn Api,
    request: &CreateRequest,
    name: &str,
    error: DriverError,
    effects: &dyn EffectSink,
) -> Result<PhysicalId, DriverError> {
    if error.kind != ErrorKind::AlreadyExists && !is_refused(&error) {
        return Err(error);
    }
    let Ok(found) = describe(api, name).await else { return Err(error) };
    let Some(found) = found else { return Err(going(error)) };
    match found.deletion() {
        Some(_) if found.is_of(request) => restore(api, request, &found, effects).await,
        Some(date) => Err(DriverError { code: error.code, ..scheduled(name, date) }),
        None => Err(going(error)),
    }
}

/// A secret that was deleted for good keeps its name for some moments more.
fn going(error: DriverError) -> DriverError {
    let text = error.message.to_ascii_lowercase();
    let deleted = text.contains("scheduled for deletion") || text.contains("deleted");
    if is_refused(&error) && deleted { passing(error) } else { error }
}

fn passing(error: DriverError) -> DriverError {
    DriverError { kind: ErrorKind::DependencyNotReady, ..error }
}

/// Takes a secret out of its deletion. That none is in use under the name is made durable before:
/// from then on one that is there, and is this resource's, is the one that was restored. A tag
/// remembers that it holds older values, which are not this operation's to delete for good.
async fn restore(
    api: &dyn Api,
    request: &CreateRequest,
    found: &Description,
    effects: &dyn EffectSink,
) -> Result<PhysicalId, DriverError> {
    let arn = found.arn()?;
    if !request.absence_proven {
        let recorded = effects.absent().await;
        recorded
            .map_err(|error| DriverError::new(ErrorKind::Conflict, OPERATION, error.to_string()))?;
    }
    match api.call("RestoreSecret", arguments([("SecretId", arn.into())])).await {
        Ok(_) => {}
        // It is deleted for good at this moment: soon its name is free.
        Err(error) if error.kind == ErrorKind::NotFound || is_refused(&error) => {
            return Err(passing(error));
        }
        Err(error) => return Err(error),
    }
    let physical_id = PhysicalId::from(arn);
    let recorded = effects.created_as(&physical_id).await;
    recorded.map_err(|error| journal_failed(OPERATION, &error))?;
    let restored = Tags::from([(RESTORED.to_owned(), request.token.as_str().into())]);
    let input = arguments([("SecretId", arn.into()), ("Tags", tag_list(&restored))]);
    api.call("TagResource", input).await?;
    Ok(physical_id)
}
