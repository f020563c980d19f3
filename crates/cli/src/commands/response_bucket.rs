//! The bucket to which the handlers of custom resources respond, and signals of wait conditions are put: a
//! plan that needs it is made only where it exists.

use rstack_driver::{Cloud, ErrorKind, signals};
use rstack_model::desired::{Desired, DesiredResource};
use rstack_model::state::Environment;
use rstack_model::{BuiltIn, ErrorCode, KnownMap};

use crate::error::{CommandError, Hint, cloud_hint};

/// Looks for the bucket, if the stack has a custom resource or waits for signals.
///
/// # Errors
/// If there is no bucket, or it may not be used.
pub(super) async fn look_for_it(
    cloud: &dyn Cloud,
    environment: &Environment,
    desired: &Desired,
) -> Result<(), CommandError> {
    let mut resources = desired.resources.values();
    let waits = resources.clone().any(|resource| signals::serves(&resource.resource_type));
    let found = match waits {
        true => cloud.signal_bucket(resources.any(takes_several)).await,
        false if resources.any(is_asked) => cloud.response_bucket().await,
        false => return Ok(()),
    };
    let Err(error) = found else { return Ok(()) };
    if waits && matches!(error.kind, ErrorKind::Invalid { .. }) {
        let hint = "turn its versioning on, name another bucket with `--response-bucket`, or wait for one \
                    signal only";
        let code = error.error_code();
        return Err(CommandError::new(code, error.message).with_hint(Some(hint)));
    }
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

/// True if a resource is a custom one whose handler is asked.
fn is_asked(resource: &DesiredResource) -> bool {
    resource.resource_type.is_custom() && BuiltIn::of(&resource.properties).is_none()
}

/// True if a resource is a wait condition that takes more than one signal, as far as that is known.
fn takes_several(resource: &DesiredResource) -> bool {
    let known = resource.properties.iter();
    let known =
        known.filter_map(|(name, it)| Some((name.clone(), it.known_without_secrets().ok()?)));
    let known: KnownMap = known.collect();
    resource.resource_type.as_str() == signals::CONDITION_TYPE
        && signals::WaitProperties::of(&known).is_ok_and(|wait| wait.count > 1)
}
