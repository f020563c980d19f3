//! Which value a secret gets, and when.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, SecretString};

use super::generate::generated;
use crate::api::Api;
use crate::iam::{Fields, arguments};

/// The value of a new secret; `None` if it is to have none yet.
pub(super) async fn first_value(
    api: &dyn Api,
    properties: &KnownMap,
) -> Result<Option<KnownValue>, DriverError> {
    let fields = Fields::new(properties, "secretsmanager:CreateSecret");
    match (fields.text("SecretString")?, fields.value("GenerateSecretString")) {
        (Some(_), Some(_)) => Err(fields
            .invalid("GenerateSecretString", "cannot be declared together with `SecretString`")),
        (Some(text), None) => Ok(Some(secret(text))),
        (None, Some(_)) => Ok(Some(KnownValue::Secret(generated(api, properties).await?))),
        (None, None) => Ok(None),
    }
}

/// The value that an update puts; `None` if the secret keeps the one it has.
///
/// A declared text is put when it is another than before, a generated one when the rules for it
/// are, as CloudFormation does; secret texts in the rules do not count. Of a text that is secret
/// the state does not tell whether it is another, so it is compared with the current one. With
/// nothing declared before, the update completes a create: a value that is not there under the
/// token, because the secret was restored and not made, is the first one.
pub(super) async fn next_value(
    api: &dyn Api,
    secret_id: &str,
    prior: &KnownMap,
    desired: &KnownMap,
) -> Result<Option<KnownValue>, DriverError> {
    if prior.is_empty() {
        return first_value(api, desired).await;
    }
    let fields = Fields::new(desired, "secretsmanager:UpdateSecret");
    if fields.value("GenerateSecretString").is_some() {
        let rules = |tree: &KnownMap| tree.get("GenerateSecretString").map(KnownValue::redacted);
        let same = rules(prior) == rules(desired);
        return if same { Ok(None) } else { first_value(api, desired).await };
    }
    let Some(wanted) = fields.text("SecretString")? else {
        return Ok(None);
    };
    let unchanged = match &wanted {
        KnownValue::Secret(wanted) => is_current(api, secret_id, wanted).await?,
        wanted => {
            Fields::new(prior, "secretsmanager:UpdateSecret").text("SecretString")?.as_ref()
                == Some(wanted)
        }
    };
    Ok((!unchanged).then(|| secret(wanted)))
}

/// True if the secret's current value is this one. A caller that may not read it puts it again.
async fn is_current(
    api: &dyn Api,
    secret_id: &str,
    wanted: &SecretString,
) -> Result<bool, DriverError> {
    match api.call("GetSecretValue", arguments([("SecretId", secret_id.into())])).await {
        Ok(answer) => {
            Ok(answer.get("SecretString").and_then(KnownValue::expose_str) == Some(wanted.expose()))
        }
        Err(error) => match error.kind {
            ErrorKind::AccessDenied { .. } | ErrorKind::NotFound => Ok(false),
            ErrorKind::AlreadyExists
            | ErrorKind::Throttled
            | ErrorKind::DependencyNotReady
            | ErrorKind::Credentials
            | ErrorKind::Invalid { .. }
            | ErrorKind::Conflict
            | ErrorKind::Transient
            | ErrorKind::Handler(_)
            | ErrorKind::Unreachable
            | ErrorKind::UnknownOutcome
            | ErrorKind::Unsupported => Err(error),
        },
    }
}

/// A value in the type that is wiped, however it was declared.
fn secret(text: KnownValue) -> KnownValue {
    match text {
        KnownValue::String(text) => KnownValue::Secret(SecretString::new(text)),
        other => other,
    }
}
