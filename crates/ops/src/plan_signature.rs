//! Signatures of saved plans: Ed25519 (RFC 8032) over the digest of the plan.
//!
//! Keys are PEM as OpenSSL writes them (RFC 8410): `openssl genpkey -algorithm ed25519` makes a
//! private key (PKCS#8), `openssl pkey -pubout` its public part. What is signed is the text
//!
//! ```text
//! rstack-plan 2
//! sha256:9f86…
//! ```
//!
//! with the format number and the digest of the plan or of the plans of a run, each line with its end, so that a signature of
//! something else is none of a plan. A key is named by the SHA-256 digest of its public part in DER.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use rstack_model::{Digest, SecretString};
use serde::{Deserialize, Serialize};

/// Why a key cannot be used. Never says what the text was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanKeyError {
    /// It is not a private Ed25519 key.
    #[error("it is not a private Ed25519 key in PEM (PKCS#8)")]
    NotPrivate,
    /// It is not a public Ed25519 key.
    #[error("it is not a public Ed25519 key in PEM")]
    NotPublic,
    /// It is a private key where the public one is asked for.
    #[error("it is a private key; a public key is needed")]
    PrivateForPublic,
    /// It is a public key where the private one is asked for.
    #[error("it is a public key; a private key is needed")]
    PublicForPrivate,
}

/// The signature of a saved plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSignature {
    /// The algorithm that it was made with.
    pub algorithm: Algorithm,
    /// The key that is said to have made it: the digest of its public part in DER.
    pub key: Digest,
    /// The 64 bytes of the signature in base64.
    value: String,
}

/// The algorithm of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Ed25519.
    Ed25519,
}

/// The private key that plans are signed with.
pub struct PlanSigner(SigningKey);

impl PlanSigner {
    /// The key in this PEM text.
    ///
    /// # Errors
    /// [`PlanKeyError`] if it is no private Ed25519 key.
    pub fn from_pem(text: &SecretString) -> Result<Self, PlanKeyError> {
        let text = text.expose();
        if text.contains("BEGIN PUBLIC KEY") {
            return Err(PlanKeyError::PublicForPrivate);
        }
        SigningKey::from_pkcs8_pem(text.trim()).map(Self).map_err(|_| PlanKeyError::NotPrivate)
    }

    /// The name of the key.
    pub fn id(&self) -> Digest {
        id(&self.0.verifying_key())
    }

    pub(crate) fn sign(&self, format: u32, digest: &Digest) -> PlanSignature {
        let value = STANDARD.encode(self.0.sign(message(format, digest).as_bytes()).to_bytes());
        PlanSignature { algorithm: Algorithm::Ed25519, key: self.id(), value }
    }
}

/// The public key that signatures of plans are verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanVerifier(VerifyingKey);

impl PlanVerifier {
    /// The key in this PEM text.
    ///
    /// # Errors
    /// [`PlanKeyError`] if it is no public Ed25519 key, or one of few points by which every
    /// signature could be made to fit.
    pub fn from_pem(text: &str) -> Result<Self, PlanKeyError> {
        if text.contains("PRIVATE KEY") {
            return Err(PlanKeyError::PrivateForPublic);
        }
        let key = VerifyingKey::from_public_key_pem(text.trim());
        let key = key.map_err(|_| PlanKeyError::NotPublic)?;
        if key.is_weak() { Err(PlanKeyError::NotPublic) } else { Ok(Self(key)) }
    }

    /// The name of the key.
    pub fn id(&self) -> Digest {
        id(&self.0)
    }

    /// True if the signature is one that this key has made of the plan of this format and digest.
    pub(crate) fn has_signed(
        &self,
        signature: &PlanSignature,
        format: u32,
        digest: &Digest,
    ) -> bool {
        let Algorithm::Ed25519 = signature.algorithm;
        let bytes = STANDARD.decode(&signature.value).unwrap_or_default();
        let signature = Signature::from_slice(&bytes);
        let message = message(format, digest);
        signature.is_ok_and(|it| self.0.verify_strict(message.as_bytes(), &it).is_ok())
    }
}

fn message(format: u32, digest: &Digest) -> String {
    format!("rstack-plan {format}\nsha256:{digest}\n")
}

/// The digest of a public key in DER. Of a key that cannot be written, which there is none of, that
/// of its bytes.
fn id(key: &VerifyingKey) -> Digest {
    key.to_public_key_der()
        .map_or_else(|_| Digest::of(key.as_bytes()), |der| Digest::of(der.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved_plan::FORMAT;

    /// Source: RFC 8410, sections 10.1 and 10.3: a key pair that is published, in the form that
    /// OpenSSL writes.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";

    fn signer(text: &str) -> Result<PlanSigner, PlanKeyError> {
        PlanSigner::from_pem(&SecretString::new(text.to_owned()))
    }

    #[test]
    fn keys_as_openssl_writes_them_sign_and_verify() {
        let (signer, verifier) =
            (signer(PRIVATE).unwrap(), PlanVerifier::from_pem(PUBLIC).unwrap());
        assert_eq!(signer.id(), verifier.id());
        let der = STANDARD.decode(PUBLIC.lines().nth(1).unwrap().trim()).unwrap();
        assert_eq!(verifier.id(), Digest::of(&der), "as `openssl pkey -pubin -outform DER` has it");
        let digest = Digest::of(b"plan");
        let signature = signer.sign(FORMAT, &digest);
        assert!(verifier.has_signed(&signature, FORMAT, &digest));
        assert!(!verifier.has_signed(&signature, FORMAT, &Digest::of(b"another")));
        assert!(!verifier.has_signed(&signature, FORMAT + 1, &digest), "of another format");
        assert_eq!(signature, signer.sign(FORMAT, &digest), "equal plans have equal signatures");
    }

    #[test]
    fn every_changed_character_of_a_signature_is_noticed() {
        let (signer, verifier) =
            (signer(PRIVATE).unwrap(), PlanVerifier::from_pem(PUBLIC).unwrap());
        let digest = Digest::of(b"plan");
        let signature = signer.sign(FORMAT, &digest);
        for i in 0..signature.value.len() {
            let mut value = signature.value.clone().into_bytes();
            value[i] = if value[i] == b'A' { b'B' } else { b'A' };
            let value = String::from_utf8(value).unwrap();
            let forged = PlanSignature { value, ..signature.clone() };
            assert!(!verifier.has_signed(&forged, FORMAT, &digest), "character {i}");
        }
        for value in ["", "AAAA", "no base64"] {
            let forged = PlanSignature { value: value.to_owned(), ..signature.clone() };
            assert!(!verifier.has_signed(&forged, FORMAT, &digest), "{value}");
        }
    }

    #[test]
    fn a_signature_of_another_text_is_none_of_a_plan() {
        let (signer, verifier) =
            (signer(PRIVATE).unwrap(), PlanVerifier::from_pem(PUBLIC).unwrap());
        let digest = Digest::of(b"plan");
        let other = signer.0.sign(digest.as_str().as_bytes()).to_bytes();
        let forged =
            PlanSignature { value: STANDARD.encode(other), ..signer.sign(FORMAT, &digest) };
        assert!(!verifier.has_signed(&forged, FORMAT, &digest));
    }

    #[test]
    fn what_is_no_key_is_refused_without_its_text() {
        let refused = |text: &str| signer(text).err();
        assert_eq!(refused(PUBLIC), Some(PlanKeyError::PublicForPrivate));
        assert_eq!(refused("hunter2"), Some(PlanKeyError::NotPrivate));
        assert_eq!(refused(&PRIVATE.replace("BCIEIN", "BCIEXX")), Some(PlanKeyError::NotPrivate));
        assert_eq!(PlanVerifier::from_pem(PRIVATE), Err(PlanKeyError::PrivateForPublic));
        assert_eq!(PlanVerifier::from_pem("hunter2"), Err(PlanKeyError::NotPublic));
        // The neutral point: every signature could be made to fit.
        let weak = [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0, 1][..], &[0; 31]];
        let weak = STANDARD.encode(weak.concat());
        let weak = format!("-----BEGIN PUBLIC KEY-----\n{weak}\n-----END PUBLIC KEY-----\n");
        assert_eq!(PlanVerifier::from_pem(&weak), Err(PlanKeyError::NotPublic));
    }
}
