//! The errors of the embedded data about resource types.

use rstack_catalog::RegistryError;

use super::{CommandError, ErrorKind};

impl From<RegistryError> for CommandError {
    fn from(error: RegistryError) -> Self {
        Self::of(ErrorKind::Internal, &error)
    }
}
