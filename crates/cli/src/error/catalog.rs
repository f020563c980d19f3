//! The errors of the embedded data about resource types.

use rstack_catalog::RegistryError;
use rstack_model::ErrorCode;

use super::CommandError;

impl From<RegistryError> for CommandError {
    fn from(error: RegistryError) -> Self {
        Self::of(ErrorCode::Internal, &error)
    }
}
