//! The metadata of a saved plan beside the plan itself, as text and for JSON.

use rstack_model::Digest;
use serde::Serialize;

/// The metadata of a saved plan: its digest and its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SavedPlanMetadata {
    /// The digest that is approved, as `sha256:` and its digits.
    digest: String,
    /// Its signature; `None` if it is not signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<SignatureMetadata>,
}

/// The signature of a saved plan, as far as it was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct SignatureMetadata {
    key: String,
    verified: bool,
}

impl SavedPlanMetadata {
    /// A plan with this digest. `signer` is the key by which it says that it is signed, and whether
    /// that was verified.
    pub fn new(digest: &Digest, signer: Option<(&Digest, bool)>) -> Self {
        let signature = signer
            .map(|(key, verified)| SignatureMetadata { key: format!("sha256:{key}"), verified });
        Self { digest: format!("sha256:{digest}"), signature }
    }

    /// The digest and the signature as lines for people.
    pub fn text(&self) -> String {
        let signature = match &self.signature {
            None => "none".to_owned(),
            Some(SignatureMetadata { key, verified: true }) => {
                format!("by the key {key}, verified")
            }
            Some(SignatureMetadata { key, verified: false }) => {
                format!("by the key {key}, not verified: give its public part with --verify")
            }
        };
        format!("Digest: {}\nSignature: {signature}\n", self.digest)
    }
}
