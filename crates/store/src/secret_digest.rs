//! Slow digests of secrets: a change of a secret is noticed by them, and a guess costs what a digest
//! costs.
//!
//! A record is the digest with all that it was made with:
//! `argon2id$v=19$m=65536,t=3,p=4,keyid=KEY$SALT$DIGEST`. Every record has a salt of its own. The
//! algorithm is Argon2id (RFC 9106) with the key as its secret input. Records of older versions are
//! 64 hexadecimal digits, an HMAC-SHA256; they are recognized and not made any more.

use argon2::{Algorithm, Argon2, ParamsBuilder, Version};
use rstack_model::SecretString;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::key::{DigestKey, keyed_digest};

/// The name of the algorithm at the beginning of a record.
const PREFIX: &str = "argon2id$v=19$";
/// The number of bytes of a digest.
const LENGTH: usize = 32;
/// The highest cost of a record from a file, which is not trusted.
const MOST: DigestCost = DigestCost { memory_kib: 1 << 20, passes: 16, lanes: 16 };

/// The cost of one digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestCost {
    /// The memory in KiB.
    pub memory_kib: u32,
    /// The number of passes over the memory.
    pub passes: u32,
    /// The number of lanes.
    pub lanes: u32,
}

impl DigestCost {
    /// The least cost that the algorithm takes. A guess costs nothing: for tests.
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };
}

/// 64 MiB, three passes, four lanes: the second recommended option of RFC 9106, section 4. A digest
/// takes about a tenth of a second.
impl Default for DigestCost {
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 }
    }
}

/// Why a digest cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the digest of a secret cannot be made: {0}")]
pub struct DigestError(String);

/// The outcome of comparing a secret with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// It is the secret of the record.
    Same,
    /// It is the secret of the record, which a new one should take the place of: it costs less than a
    /// new one, or was made with another key.
    Outdated,
    /// It is another secret, or nothing that can be known: the key of the record is not there.
    Other,
}

/// Makes and compares records.
#[derive(Clone, Debug)]
pub struct SecretDigests {
    /// The key beside the states.
    store: DigestKey,
    /// The key of the user's own, which lies outside of the states.
    user: Option<DigestKey>,
    cost: DigestCost,
}

impl SecretDigests {
    /// Digests with the user's key if there is one, and with the key of the store otherwise.
    pub fn new(store: DigestKey, user: Option<DigestKey>, cost: DigestCost) -> Self {
        Self { store, user, cost }
    }

    /// A record with a new salt.
    ///
    /// # Errors
    /// [`DigestError`] if there is not enough memory, or the cost is out of the algorithm's bounds.
    pub fn record(&self, secret: &SecretString) -> Result<String, DigestError> {
        let key = self.user.as_ref().unwrap_or(&self.store);
        let salt = uuid::Uuid::new_v4();
        let digest = argon2id(key, self.cost, salt.as_bytes(), secret)?;
        let DigestCost { memory_kib, passes, lanes } = self.cost;
        let (salt, digest) = (hex::encode(salt.as_bytes()), hex::encode(digest));
        let id = key_id(key);
        Ok(format!("{PREFIX}m={memory_kib},t={passes},p={lanes},keyid={id}${salt}${digest}"))
    }

    /// Compares a secret with a record.
    ///
    /// # Errors
    /// [`DigestError`] if there is not enough memory.
    pub fn compare(&self, record: &str, secret: &SecretString) -> Result<Comparison, DigestError> {
        let Some(parsed) = Record::parse(record) else {
            let digest = keyed_digest(&self.store, secret);
            let same = record.as_bytes().ct_eq(digest.as_bytes());
            return Ok(if bool::from(same) { Comparison::Outdated } else { Comparison::Other });
        };
        let keys = self.user.iter().chain([&self.store]);
        let Some((index, key)) = keys.enumerate().find(|(_, key)| key_id(key) == parsed.key_id)
        else {
            return Ok(Comparison::Other);
        };
        let digest = argon2id(key, parsed.cost, &parsed.salt, secret)?;
        Ok(match bool::from(digest.as_slice().ct_eq(&parsed.digest)) {
            false => Comparison::Other,
            true if index > 0 || parsed.cost != self.cost => Comparison::Outdated,
            true => Comparison::Same,
        })
    }
}

/// A record that was read.
struct Record {
    cost: DigestCost,
    key_id: String,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Record {
    /// `None` if it is none, or would cost more than [`MOST`].
    fn parse(record: &str) -> Option<Self> {
        let mut fields = record.strip_prefix(PREFIX)?.split('$');
        let (parameters, salt, digest) = (fields.next()?, fields.next()?, fields.next()?);
        let mut parameters = parameters.split(',');
        let mut parameter = |name: &str| parameters.next()?.strip_prefix(name)?.strip_prefix('=');
        let memory_kib = parameter("m")?.parse().ok()?;
        let passes = parameter("t")?.parse().ok()?;
        let lanes = parameter("p")?.parse().ok()?;
        let key_id = parameter("keyid")?.to_owned();
        let cost = DigestCost { memory_kib, passes, lanes };
        let bounded = memory_kib <= MOST.memory_kib && passes <= MOST.passes && lanes <= MOST.lanes;
        let (salt, digest) = (hex::decode(salt).ok()?, hex::decode(digest).ok()?);
        let whole = bounded && fields.next().is_none() && digest.len() == LENGTH;
        whole.then_some(Self { cost, key_id, salt, digest })
    }
}

fn argon2id(
    key: &DigestKey,
    cost: DigestCost,
    salt: &[u8],
    secret: &SecretString,
) -> Result<[u8; LENGTH], DigestError> {
    let failed = |error: argon2::Error| DigestError(error.to_string());
    let mut builder = ParamsBuilder::new();
    builder.m_cost(cost.memory_kib).t_cost(cost.passes).p_cost(cost.lanes).output_len(LENGTH);
    let parameters = builder.build().map_err(failed)?;
    let argon2 =
        Argon2::new_with_secret(key.bytes(), Algorithm::Argon2id, Version::V0x13, parameters);
    let mut out = [0; LENGTH];
    let hashed =
        argon2.map_err(failed)?.hash_password_into(secret.expose().as_bytes(), salt, &mut out);
    hashed.map_err(failed)?;
    Ok(out)
}

/// Eight hexadecimal digits by which a key is recognized.
fn key_id(key: &DigestKey) -> String {
    let digest = Sha256::digest([b"rstack digest key ".as_slice(), key.bytes()].concat());
    hex::encode(digest).chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::Location;

    const CHEAP: DigestCost = DigestCost { memory_kib: 64, passes: 1, lanes: 1 };

    fn key(byte: u8) -> DigestKey {
        DigestKey::parse(&[byte; 32], Location::from("key")).unwrap()
    }

    fn secret(text: &str) -> SecretString {
        SecretString::new(text.to_owned())
    }

    #[test]
    fn a_record_is_of_its_secret_and_has_a_salt_of_its_own() {
        let digests = SecretDigests::new(key(1), None, CHEAP);
        let (one, other) = (digests.record(&secret("pin")), digests.record(&secret("pin")));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_ne!(one, other);
        assert!(one.starts_with("argon2id$v=19$m=64,t=1,p=1,keyid="), "{one}");
        for record in [one, other] {
            assert_eq!(digests.compare(&record, &secret("pin")).unwrap(), Comparison::Same);
            assert_eq!(digests.compare(&record, &secret("pim")).unwrap(), Comparison::Other);
        }
    }

    #[test]
    fn the_key_of_the_user_outweighs_the_one_of_the_store() {
        let store = SecretDigests::new(key(1), None, CHEAP);
        let user = SecretDigests::new(key(1), Some(key(2)), CHEAP);
        let old = store.record(&secret("pin")).unwrap();
        assert_eq!(user.compare(&old, &secret("pin")).unwrap(), Comparison::Outdated);
        let new = user.record(&secret("pin")).unwrap();
        assert_eq!(user.compare(&new, &secret("pin")).unwrap(), Comparison::Same);
        // Who has the states alone cannot even try.
        assert_eq!(store.compare(&new, &secret("pin")).unwrap(), Comparison::Other);
    }

    #[test]
    fn records_of_older_versions_and_of_another_cost_are_outdated() {
        let digests = SecretDigests::new(key(1), None, CHEAP);
        let hmac = keyed_digest(&key(1), &secret("pin"));
        assert_eq!(digests.compare(&hmac, &secret("pin")).unwrap(), Comparison::Outdated);
        assert_eq!(digests.compare(&hmac, &secret("pim")).unwrap(), Comparison::Other);
        let dearer = DigestCost { passes: 2, ..CHEAP };
        let dearer = SecretDigests::new(key(1), None, dearer);
        let record = digests.record(&secret("pin")).unwrap();
        assert_eq!(dearer.compare(&record, &secret("pin")).unwrap(), Comparison::Outdated);
    }

    #[test]
    fn a_record_that_would_cost_too_much_is_not_computed() {
        let digests = SecretDigests::new(key(1), None, CHEAP);
        let record = digests.record(&secret("pin")).unwrap();
        for (from, to) in [("m=64", "m=4294967295"), ("t=1", "t=4000000"), ("p=1", "p=16777215")] {
            let hostile = record.replace(from, to);
            assert_eq!(digests.compare(&hostile, &secret("pin")).unwrap(), Comparison::Other);
        }
    }
}
