//! The rules by which custom resources answer in the sandbox: `custom.yaml` beside its states.

use std::io;
use std::path::{Path, PathBuf};

use rstack_model::ErrorCode;
use rstack_sandbox::{CustomRules, InvalidRules};

use crate::env::Env;
use crate::error::CommandError;
use crate::files::{FileError, read_named};

/// The name of the file.
const FILE: &str = "custom.yaml";
/// The bytes of the longest file.
const MAX: u64 = 1 << 20;

/// The reason why the rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CustomRulesError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds something else.
    #[error("the rules of custom resources in `{}` are invalid", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The mistake, with its line.
        source: InvalidRules,
    },
}

impl From<CustomRulesError> for CommandError {
    fn from(error: CustomRulesError) -> Self {
        match error {
            CustomRulesError::File(error) => error.into(),
            error @ CustomRulesError::Invalid { .. } => {
                let hint = "each entry is the logical ID or the type of a custom resource, with \
                    `physicalId`, `data`, `delay`, `fail`, `noResponse`, `noEcho`, or these under \
                    `create`, `update` or `delete`";
                Self::of(ErrorCode::SandboxSetting, &error).with_hint(Some(hint))
            }
        }
    }
}

/// The rules in the directory of the sandbox; none if it has no such file.
///
/// # Errors
/// If the file cannot be read, or holds something else.
pub(crate) fn custom_rules(env: &Env, directory: &Path) -> Result<CustomRules, CustomRulesError> {
    let path = directory.join(FILE);
    let bytes = match read_named(env, &path, MAX) {
        Ok(bytes) => bytes,
        Err(FileError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(CustomRules::default());
        }
        Err(error) => return Err(error.into()),
    };
    let text = String::from_utf8_lossy(&bytes);
    CustomRules::parse(&text).map_err(|source| CustomRulesError::Invalid { path, source })
}
