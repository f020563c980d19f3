//! Parameters of the Parameter Store, plain and secret.

use std::sync::Arc;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::value::ParameterReference;
use rstack_model::{KnownMap, KnownValue, SecretString};

use crate::api::Api;
use crate::iam::{arguments, text_in};

const GET: &str = "ssm:GetParameter";

/// The Parameter Store of one Region.
pub(crate) struct Parameters {
    api: Arc<dyn Api>,
}

/// One version of a parameter.
struct Found {
    secure: bool,
    value: Option<KnownValue>,
    version: String,
}

impl Parameters {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The value of a parameter that is no secret.
    pub(crate) async fn plain(
        &self,
        parameter: &ParameterReference,
    ) -> Result<String, DriverError> {
        let found = self.get(parameter, false).await?;
        if found.secure {
            let message = format!(
                "the parameter `{parameter}` is a `SecureString`; refer to it with \
                 `{{{{resolve:ssm-secure:{parameter}}}}}`"
            );
            return Err(invalid(message));
        }
        let text = found.value.as_ref().and_then(KnownValue::expose_str);
        text.map(str::to_owned).ok_or_else(|| no_value(parameter))
    }

    /// The version of a secret parameter, which is not decrypted.
    pub(crate) async fn version(
        &self,
        parameter: &ParameterReference,
    ) -> Result<String, DriverError> {
        Ok(self.secure(parameter, false).await?.version)
    }

    /// The text of a secret parameter and its version.
    pub(crate) async fn resolve(
        &self,
        parameter: &ParameterReference,
    ) -> Result<(SecretString, String), DriverError> {
        let found = self.secure(parameter, true).await?;
        match found.value {
            Some(KnownValue::Secret(text)) => Ok((text, found.version)),
            Some(KnownValue::String(text)) => Ok((SecretString::new(text), found.version)),
            Some(_) | None => Err(no_value(parameter)),
        }
    }

    async fn secure(
        &self,
        parameter: &ParameterReference,
        decrypt: bool,
    ) -> Result<Found, DriverError> {
        let found = self.get(parameter, decrypt).await?;
        if found.secure {
            return Ok(found);
        }
        let message = format!(
            "the parameter `{parameter}` is not a `SecureString`; refer to it with \
             `{{{{resolve:ssm:{parameter}}}}}`"
        );
        Err(invalid(message))
    }

    async fn get(
        &self,
        parameter: &ParameterReference,
        decrypt: bool,
    ) -> Result<Found, DriverError> {
        let name = parameter.to_string();
        let input = arguments([("Name", name.into()), ("WithDecryption", decrypt.into())]);
        let mut answer = self.api.call("GetParameter", input).await.map_err(|error| {
            // The service says only which kind of error it is.
            let message = format!("{} (`{parameter}`)", error.message);
            DriverError { message, ..error }
        })?;
        let Some(KnownValue::Map(mut found)) = answer.remove("Parameter") else {
            return Err(no_value(parameter));
        };
        let secure = text_in(&found, "Type") == Some("SecureString");
        let version = version_of(&found).ok_or_else(|| no_value(parameter))?;
        Ok(Found { secure, value: found.remove("Value"), version })
    }
}

fn version_of(found: &KnownMap) -> Option<String> {
    match found.get("Version")? {
        KnownValue::Number(number) => Some(number.to_string()),
        KnownValue::String(text) => Some(text.clone()),
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Secret(_)
        | KnownValue::List(_)
        | KnownValue::Map(_) => None,
    }
}

fn invalid(message: String) -> DriverError {
    DriverError::new(ErrorKind::Invalid { property: None }, GET, message)
}

fn no_value(parameter: &ParameterReference) -> DriverError {
    let message = format!("the answer does not hold the value of the parameter `{parameter}`");
    DriverError::new(ErrorKind::Transient, GET, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::journaled_api::{JournaledApi, json};

    fn reference(text: &str) -> ParameterReference {
        ParameterReference::parse(text).unwrap()
    }

    fn answer(kind: &str) -> String {
        format!(r#"{{"Parameter":{{"Type":"{kind}","Value":"v","Version":3}}}}"#)
    }

    #[tokio::test]
    async fn a_plain_parameter_is_read_and_a_secret_one_is_not_taken_for_one() {
        let script = JournaledApi::new([
            ("GetParameter", json(&answer("StringList"))),
            ("GetParameter", json(&answer("SecureString"))),
        ]);
        let store = Parameters::new(script.clone());
        assert_eq!(store.plain(&reference("/a:3")).await.unwrap(), "v");
        let error = store.plain(&reference("/b")).await.unwrap_err();
        assert!(error.message.contains("`{{resolve:ssm-secure:/b}}`"), "{error}");
        script.assert_calls(&[
            r#"GetParameter {"Name":"/a:3","WithDecryption":false}"#,
            r#"GetParameter {"Name":"/b","WithDecryption":false}"#,
        ]);
    }

    #[tokio::test]
    async fn a_secret_parameter_is_decrypted_for_the_call_only() {
        let script = JournaledApi::new([
            ("GetParameter", json(&answer("SecureString"))),
            ("GetParameter", json(&answer("SecureString"))),
            ("GetParameter", json(&answer("String"))),
        ]);
        let store = Parameters::new(script.clone());
        assert_eq!(store.version(&reference("/s")).await.unwrap(), "3");
        let (text, version) = store.resolve(&reference("/s")).await.unwrap();
        assert_eq!((text.expose(), version.as_str()), ("v", "3"));
        assert!(store.resolve(&reference("/s")).await.is_err());
        script.assert_calls(&[
            r#"GetParameter {"Name":"/s","WithDecryption":false}"#,
            r#"GetParameter {"Name":"/s","WithDecryption":true}"#,
            r#"GetParameter {"Name":"/s","WithDecryption":true}"#,
        ]);
    }
}
