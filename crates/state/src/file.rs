//! The state file: format, checksum, content.

use std::path::Path;

use rstack_model::state::State;
use rstack_model::{Digest, StackName};
use serde::{Deserialize, Serialize};

use crate::error::StateError;

/// The version of the state file's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
struct Format(u32);

const FORMAT: Format = Format(1);

/// What the checksum covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    format: Format,
    /// Digest of the last record of the journal that is folded in: a journal that ends with it has
    /// nothing left to say.
    pub(crate) folded: Option<Digest>,
    pub(crate) state: State,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    checksum: Digest,
    #[serde(flatten)]
    content: serde_json::Map<String, serde_json::Value>,
}

impl Envelope {
    fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

#[derive(Deserialize)]
struct Version {
    format: Format,
}

impl Content {
    pub(crate) fn new(state: State, folded: Option<Digest>) -> Self {
        Self { format: FORMAT, folded, state }
    }

    /// The bytes of the file.
    pub(crate) fn bytes(&self, path: &Path) -> Result<Vec<u8>, StateError> {
        let damaged = |error: serde_json::Error| StateError::Damaged {
            path: path.to_owned(),
            problem: error.to_string(),
        };
        let serde_json::Value::Object(content) = serde_json::to_value(self).map_err(damaged)?
        else {
            return Err(StateError::Damaged {
                path: path.to_owned(),
                problem: "not an object".to_owned(),
            });
        };
        let checksum = Digest::of_json(&content).map_err(damaged)?;
        Envelope { checksum, content }.bytes().map_err(damaged)
    }

    /// The content of these bytes, which must be exactly what [`Self::bytes`] writes.
    pub(crate) fn parse(path: &Path, bytes: &[u8], stack: &StackName) -> Result<Self, StateError> {
        let damaged = |problem: String| StateError::Damaged { path: path.to_owned(), problem };
        let version: Version =
            serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if version.format > FORMAT {
            return Err(StateError::NewerFormat {
                path: path.to_owned(),
                found: version.format.0,
                known: FORMAT.0,
            });
        }
        let envelope: Envelope =
            serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        let checksum =
            Digest::of_json(&envelope.content).map_err(|error| damaged(error.to_string()))?;
        let canonical = envelope.bytes().map_err(|error| damaged(error.to_string()))?;
        if checksum != envelope.checksum || canonical != bytes {
            return Err(StateError::Checksum { path: path.to_owned() });
        }
        let content: Self = serde_json::from_value(serde_json::Value::Object(envelope.content))
            .map_err(|error| damaged(error.to_string()))?;
        if content.state.stack != *stack {
            return Err(StateError::OtherStack {
                path: path.to_owned(),
                found: content.state.stack.to_string(),
            });
        }
        Ok(content)
    }
}
