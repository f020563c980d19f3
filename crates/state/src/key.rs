//! Keyed digests: a value can be recognised by whoever has the key, and by nobody else.

use std::path::Path;

use hmac::{Hmac, Mac};
use rstack_model::SecretString;
use sha2::Sha256;

use crate::atomic::{self, Made};
use crate::disk::Disk;
use crate::error::StateError;

/// The key beside the states, 32 random bytes.
#[derive(Clone)]
pub struct DigestKey([u8; 32]);

impl std::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DigestKey(..)")
    }
}

impl DigestKey {
    /// The key of a state directory; made when there is none. What those left who died while they made
    /// it is removed.
    pub(crate) fn load(disk: &dyn Disk, directory: &Path) -> Result<Self, StateError> {
        let key = Self::read_or_make(disk, &directory.join(".key"))?;
        atomic::sweep_shared(disk, directory)?;
        Ok(key)
    }

    fn read_or_make(disk: &dyn Disk, path: &Path) -> Result<Self, StateError> {
        if let Some(key) = Self::read(disk, path)? {
            return Ok(key);
        }
        let (a, b) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
        // Each UUID has 122 random bits; hashing them together spreads these over the whole key.
        let digest = <Sha256 as sha2::Digest>::digest([*a.as_bytes(), *b.as_bytes()].concat());
        let key: [u8; 32] = digest.into();
        match atomic::make_shared(disk, path, &key)? {
            Made::Now => Ok(Self(key)),
            // Another process was faster: its key is the one of the directory.
            Made::Before => Self::read(disk, path)?.ok_or_else(|| StateError::Damaged {
                path: path.to_owned(),
                problem: "it was removed while it was made".to_owned(),
            }),
        }
    }

    fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Self>, StateError> {
        let Some(bytes) = atomic::read(disk, path)? else { return Ok(None) };
        bytes.try_into().map(|key| Some(Self(key))).map_err(|_| StateError::Damaged {
            path: path.to_owned(),
            problem: "a key has 32 bytes".to_owned(),
        })
    }
}

/// The HMAC-SHA256 of a secret, in hexadecimal (RFC 2104).
pub fn keyed_digest(key: &DigestKey, secret: &SecretString) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) else { return String::new() };
    mac.update(secret.expose().as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
