//! Resolving dynamic references, in memory only.

use std::time::Duration;

use async_trait::async_trait;
use rstack_model::SecretString;
use rstack_model::value::{ParameterReference, SecretsManagerReference};

use crate::{DriverError, ErrorKind};

/// The history of a reference: the version it means, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionHistory {
    /// The ID of the version it means.
    pub version: String,
    /// The time it has meant it, by the clock of the cloud: rather too short than too long.
    pub age: Duration,
    /// The ID of the version before it, if the secret has had one.
    pub previous: Option<String>,
}

/// The stores behind `{{resolve:secretsmanager:…}}` and `{{resolve:ssm-secure:…}}`.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// The ID of the version a reference means now; the secret itself is not read.
    ///
    /// # Errors
    /// If the secret or the version does not exist, or may not be described.
    async fn version(&self, reference: &SecretsManagerReference) -> Result<String, DriverError>;

    /// The version a reference means now, since when, and which one was before it; the secret itself
    /// is not read.
    ///
    /// # Errors
    /// As [`Self::version`].
    async fn history(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<VersionHistory, DriverError>;

    /// The secret text a reference means now and the ID of its version. The JSON key is applied.
    ///
    /// # Errors
    /// If the secret, the version or the key does not exist, or may not be read.
    async fn resolve(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<(SecretString, String), DriverError>;

    /// The version of a parameter that is a `SecureString`; its value is not decrypted.
    ///
    /// # Errors
    /// If the parameter or the version does not exist, is no secret, or may not be read.
    async fn parameter_version(
        &self,
        parameter: &ParameterReference,
    ) -> Result<String, DriverError>;

    /// The secret text of a parameter that is a `SecureString`, and its version.
    ///
    /// # Errors
    /// If the parameter or the version does not exist, is no secret, or may not be decrypted.
    async fn resolve_parameter(
        &self,
        parameter: &ParameterReference,
    ) -> Result<(SecretString, String), DriverError>;
}

/// One field of a secret that is a JSON object. A field that is not text is given as its JSON.
///
/// # Errors
/// [`ErrorKind::Invalid`] if the secret is not a JSON object or lacks the key; the message holds
/// nothing of the secret.
pub fn json_field(
    secret: &SecretString,
    reference: &SecretsManagerReference,
) -> Result<SecretString, DriverError> {
    let Some(key) = &reference.json_key else { return Ok(secret.clone()) };
    let invalid = |message: String| {
        DriverError::new(
            ErrorKind::Invalid { property: None },
            "secretsmanager:GetSecretValue",
            message,
        )
    };
    let id = &reference.secret_id;
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(secret.expose())
        .map_err(|_| invalid(format!("the secret `{id}` is not a JSON object")))?;
    let mut field = None;
    for (name, value) in object {
        // The fields that are not asked for go through a wiping type on their way out too.
        let text = match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        let text = SecretString::new(text);
        if name == *key {
            field = Some(text);
        }
    }
    field.ok_or_else(|| invalid(format!("the secret `{id}` has no key `{key}`")))
}
