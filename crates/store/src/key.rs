//! The key of the digests of secrets, and the fast digests of older versions.

use hmac::{Hmac, KeyInit, Mac};
use rstack_model::SecretString;
use sha2::Sha256;

use crate::error::StoreError;
use crate::location::Location;

/// A key for digests of secrets: 32 bytes, which lie beside the states or with the user.
#[derive(Clone)]
pub struct DigestKey([u8; 32]);

impl std::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DigestKey(..)")
    }
}

impl DigestKey {
    /// Bytes of a new key.
    pub(crate) fn fresh() -> [u8; 32] {
        let (a, b) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
        // Each UUID has 122 random bits; hashing them together spreads these over the whole key.
        <Sha256 as sha2::Digest>::digest([*a.as_bytes(), *b.as_bytes()].concat()).into()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key that a text of any length makes: the contents of a user's own key file.
    pub fn of_text(text: &SecretString) -> Self {
        let domain = b"rstack digest-key file ".as_slice();
        Self(<Sha256 as sha2::Digest>::digest([domain, text.expose().as_bytes()].concat()).into())
    }

    /// The key of these bytes, which are stored here.
    pub(crate) fn parse(bytes: &[u8], location: Location) -> Result<Self, StoreError> {
        let problem = || "a key has 32 bytes".to_owned();
        let key = <[u8; 32]>::try_from(bytes);
        key.map(Self).map_err(|_| StoreError::Damaged { location, problem: problem() })
    }
}

/// The HMAC-SHA256 of a secret, in hexadecimal (RFC 2104): the digest of older versions, by which
/// their records are recognized.
pub fn keyed_digest(key: &DigestKey, secret: &SecretString) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) else { return String::new() };
    mac.update(secret.expose().as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
