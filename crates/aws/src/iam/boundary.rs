//! The permissions boundary of a role or a user.

use rstack_driver::DriverError;
use rstack_model::KnownMap;

use super::fields::Fields;
use super::service::{Iam, not_yet_visible};

const PROPERTY: &str = "PermissionsBoundary";

/// The ARN of the policy that is the boundary of what an answer describes.
pub(super) fn of(described: &KnownMap) -> Option<&str> {
    described.get(PROPERTY)?.get("PermissionsBoundaryArn")?.as_str()
}

/// Gives the declared boundary to what an input names, by the operations that put and that delete
/// one, or takes away the one that was declared before.
pub(super) async fn change(
    iam: &Iam,
    [put, delete]: [&'static str; 2],
    mut named: KnownMap,
    current: &KnownMap,
    prior: Fields<'_>,
    desired: Fields<'_>,
) -> Result<(), DriverError> {
    match (desired.text(PROPERTY)?, of(current)) {
        (Some(wanted), current) if wanted.expose_str() != current => {
            named.insert(PROPERTY.to_owned(), wanted);
            // The policy may just have been made.
            iam.call(put, named).await.map(drop).map_err(not_yet_visible)
        }
        (None, Some(_)) if prior.value(PROPERTY).is_some() => {
            iam.call_if_exists(delete, named).await.map(drop)
        }
        (Some(_) | None, _) => Ok(()),
    }
}
