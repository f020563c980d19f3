//! The bucket to which the handlers of custom resources respond: a plan that needs it is made only where
//! it exists.

use rstack_driver::{Cloud, ErrorKind};
use rstack_model::ErrorCode;
use rstack_model::desired::Desired;
use rstack_model::state::Environment;

use crate::error::{CommandError, Hint, cloud_hint};

/// Looks for the bucket, if the stack has a custom resource.
///
/// # Errors
/// If there is no bucket, or it may not be used.
pub(super) async fn look_for_it(
    cloud: &dyn Cloud,
    environment: &Environment,
    desired: &Desired,
) -> Result<(), CommandError> {
    if !desired.resources.values().any(|resource| resource.resource_type.is_custom()) {
        return Ok(());
    }
    let Err(error) = cloud.response_bucket().await else { return Ok(()) };
    if error.kind != ErrorKind::NotFound {
        let code = error.error_code();
        return Err(CommandError::new(code, error.to_string()).with_hint(cloud_hint(&error)));
    }
    let Environment { account, region, .. } = environment;
    let place = format!("aws://{account}/{region}");
    let hint = Hint::from(
        "name a bucket of this account and Region with `--response-bucket`, or make it with ",
    );
    let hint = hint.command(&["bootstrap", &place]);
    Err(CommandError::new(ErrorCode::NotBootstrapped, error.message).with_hint(Some(hint)))
}
