//! SHA-256 digests of bytes and of canonical JSON.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    /// The digest of a value's JSON text. Maps of this crate are sorted, so equal values have
    /// equal digests.
    ///
    /// # Errors
    /// If the value cannot be written as JSON (a map with keys that are not text).
    pub fn of_json<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        Ok(Self::of(&serde_json::to_vec(value)?))
    }

    /// The digest of which these are the 64 lower-case hexadecimal digits; `None` if they are not.
    pub fn parse(digits: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let whole = digits.len() == 64 && digits.bytes().all(digit);
        whole.then(|| Self(digits.to_owned()))
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
