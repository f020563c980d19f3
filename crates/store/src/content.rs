//! The state file: format, checksum, content.

use rstack_model::state::State;
use rstack_model::{Digest, StackName};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::holder::LockHolder;
use crate::location::Location;
use rstack_journal::{STATE_FORMAT as FORMAT, upgraded};

/// Which command wrote a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The command.
    pub command: String,
    /// The user and the machine.
    pub by: String,
    /// When the command took the lock.
    pub at: String,
}

impl Written {
    pub(crate) fn by(holder: &LockHolder) -> Self {
        Self {
            command: holder.command.clone(),
            by: format!("{}@{}", holder.user, holder.host),
            at: holder.since.clone(),
        }
    }
}

/// The content of a state file, which the checksum covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    format: u32,
    /// Digest of the last record of the journal that is folded in: a journal that ends with it is
    /// stale.
    pub(crate) folded: Option<Digest>,
    /// The writer; `None` before format 2.
    pub(crate) written: Option<Written>,
    pub(crate) state: State,
}

/// The content of a state file, whether its checksum fits or not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unsealed {
    pub(crate) content: Content,
    /// True if the bytes are exactly those that were written.
    pub(crate) intact: bool,
}

/// A file as it is written.
#[derive(Serialize)]
struct Sealed<'a> {
    checksum: Digest,
    #[serde(flatten)]
    content: &'a Content,
}

impl Sealed<'_> {
    fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// A file of the present format as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opened {
    checksum: Digest,
    format: u32,
    folded: Option<Digest>,
    written: Option<Written>,
    state: State,
}

/// A file of any format, as a tree.
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

    /// True if it was written in a known format, and names another one because it was damaged.
    fn is_relabelled(&self) -> bool {
        (1..=FORMAT).any(|format| {
            let mut content = self.content.clone();
            content.insert("format".to_owned(), format.into());
            Digest::of_json(&content).is_ok_and(|digest| digest == self.checksum)
        })
    }

    fn is_intact(&self, bytes: &[u8]) -> Result<bool, serde_json::Error> {
        Ok(Digest::of_json(&self.content)? == self.checksum && self.bytes()? == bytes)
    }
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// The state in the bytes of a state file that is not in its place, such as a copy.
///
/// # Errors
/// [`StoreError`] for whatever is wrong with it.
pub fn parse_state(
    location: impl Into<Location>,
    bytes: &[u8],
    stack: &StackName,
) -> Result<State, StoreError> {
    Ok(Content::parse(location, bytes, stack)?.state)
}

impl Content {
    pub(crate) fn new(state: State, folded: Option<Digest>, written: Option<Written>) -> Self {
        Self { format: FORMAT, folded, written, state }
    }

    /// The bytes of the file.
    pub(crate) fn bytes(&self, location: impl Into<Location>) -> Result<Vec<u8>, StoreError> {
        self.sealed().map_err(|error| StoreError::Damaged {
            location: location.into(),
            problem: error.to_string(),
        })
    }

    fn sealed(&self) -> Result<Vec<u8>, serde_json::Error> {
        Sealed { checksum: Digest::of_json(self)?, content: self }.bytes()
    }

    /// The content of bytes that are exactly what this rstack writes. It is read without a tree of
    /// all that the file holds, which would be several times as large.
    fn intact(bytes: &[u8]) -> Option<Self> {
        let Opened { checksum, format, folded, written, state } =
            serde_json::from_slice(bytes).ok()?;
        let content = Self { format, folded, written, state };
        let intact = Digest::of_json(&content).ok()? == checksum
            && Sealed { checksum, content: &content }.bytes().ok()? == bytes;
        intact.then_some(content)
    }

    /// The content of these bytes, which must be exactly what [`Self::bytes`] of the rstack that
    /// wrote them has written.
    pub(crate) fn parse(
        location: impl Into<Location>,
        bytes: &[u8],
        stack: &StackName,
    ) -> Result<Self, StoreError> {
        let location = location.into();
        let unsealed = Self::unsealed(location.clone(), bytes, stack)?;
        if unsealed.intact { Ok(unsealed.content) } else { Err(StoreError::Checksum { location }) }
    }

    /// The content of these bytes, even if they were changed since they were written.
    pub(crate) fn unsealed(
        location: impl Into<Location>,
        bytes: &[u8],
        stack: &StackName,
    ) -> Result<Unsealed, StoreError> {
        let location = location.into();
        let damaged = |problem| StoreError::Damaged { location: location.clone(), problem };
        let json = |error: serde_json::Error| damaged(error.to_string());
        let Version { format } = serde_json::from_slice(bytes).map_err(json)?;
        if format == FORMAT
            && let Some(content) = Self::intact(bytes)
        {
            return content
                .of(location.clone(), stack)
                .map(|content| Unsealed { content, intact: true });
        }
        let envelope: Result<Envelope, _> = serde_json::from_slice(bytes);
        if format > FORMAT {
            if envelope.is_ok_and(|envelope| envelope.is_relabelled()) {
                return Err(damaged(format!("it says that it has format {format}, and has not")));
            }
            return Err(StoreError::NewerFormat { location, found: format, known: FORMAT });
        }
        let envelope = envelope.map_err(json)?;
        let intact = envelope.is_intact(bytes).map_err(json)?;
        let upgraded = upgraded(format, envelope.content)
            .ok_or_else(|| damaged(format!("there is no format {format}")))?;
        let content = serde_json::from_value::<Self>(serde_json::Value::Object(upgraded));
        // What a flipped bit makes of a name is no other kind of damage than what it makes of a
        // value.
        let content = match content {
            Ok(content) => content,
            Err(error) => return Err(json(error)),
        };
        Ok(Unsealed { content: content.of(location, stack)?, intact })
    }

    /// Refuses the state of another stack.
    fn of(self, location: Location, stack: &StackName) -> Result<Self, StoreError> {
        if self.state.stack != *stack {
            return Err(StoreError::OtherStack { location, found: self.state.stack.to_string() });
        }
        Ok(self)
    }
}
