//! Generating a secret's value, in memory only.
//!
//! Secrets Manager makes the random password; `GenerateStringKey` and `SecretStringTemplate` put
//! it into a JSON object, as CloudFormation does.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue, SecretString};
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use crate::api::Api;
use crate::iam::{Fields, part};

const OPERATION: &str = "secretsmanager:GetRandomPassword";

/// Generates the value that `GenerateSecretString` describes.
pub(super) async fn generated(
    api: &dyn Api,
    properties: &KnownMap,
) -> Result<SecretString, DriverError> {
    let rules = Fields::new(part(properties, "GenerateSecretString", OPERATION)?, OPERATION);
    let frame = Frame::declared(rules)?;
    let mut input = KnownMap::new();
    if let Some(value) = rules.text("ExcludeCharacters")? {
        input.insert("ExcludeCharacters".to_owned(), value);
    }
    for key in [
        "ExcludeLowercase",
        "ExcludeNumbers",
        "ExcludePunctuation",
        "ExcludeUppercase",
        "IncludeSpace",
        "RequireEachIncludedType",
    ] {
        if let Some(value) = rules.boolean(key)? {
            input.insert(key.to_owned(), value.into());
        }
    }
    if let Some(length) = rules.integer("PasswordLength")? {
        input.insert("PasswordLength".to_owned(), length.into());
    }
    let mut answer = api.call("GetRandomPassword", input).await?;
    let password = match answer.remove("RandomPassword") {
        Some(KnownValue::Secret(password)) => password,
        Some(KnownValue::String(password)) => SecretString::new(password),
        Some(_) | None => {
            let kind = rstack_driver::ErrorKind::Unsupported;
            return Err(DriverError::new(kind, OPERATION, "the answer holds no password"));
        }
    };
    Ok(match frame {
        Some(frame) => frame.around(&password),
        None => password,
    })
}

/// The JSON object that a password is put into.
struct Frame {
    key: String,
    /// The object's text up to its closing brace; the key is not in it.
    open: Zeroizing<String>,
    is_empty: bool,
}

impl Frame {
    fn declared(rules: Fields<'_>) -> Result<Option<Self>, DriverError> {
        let template = rules.text("SecretStringTemplate")?;
        let (key, template) = match (rules.name("GenerateStringKey")?, &template) {
            (None, None) => return Ok(None),
            (Some(key), Some(template)) => (key, template.expose_str().unwrap_or_default()),
            (Some(_), None) => {
                return Err(rules.invalid("GenerateStringKey", "needs `SecretStringTemplate`"));
            }
            (None, Some(_)) => {
                return Err(rules.invalid("SecretStringTemplate", "needs `GenerateStringKey`"));
            }
        };
        let not_object = || rules.invalid("SecretStringTemplate", "is not a JSON object");
        let mut object: Map<String, Json> =
            serde_json::from_str(template).map_err(|_| not_object())?;
        let text = match object.remove(&key) {
            None => Zeroizing::new(template.to_owned()),
            Some(_) => Zeroizing::new(serde_json::to_string(&object).map_err(|_| not_object())?),
        };
        let open = text.trim_end().strip_suffix('}').ok_or_else(not_object)?.trim_end();
        let open = Zeroizing::new(open.to_owned());
        Ok(Some(Self { key, open, is_empty: object.is_empty() }))
    }

    /// The object with the password in it. The buffers are as large as they can become, so that
    /// no part of the password stays behind where one grew.
    fn around(&self, password: &SecretString) -> SecretString {
        let comma = if self.is_empty { "" } else { "," };
        let key = quoted(&self.key);
        let value = quoted(password.expose());
        let size = self.open.len() + comma.len() + key.len() + value.len() + 2;
        let mut text = String::with_capacity(size);
        for piece in [self.open.as_str(), comma, &key, ":", &value, "}"] {
            text.push_str(piece);
        }
        SecretString::new(text)
    }
}

/// A text as JSON writes it.
fn quoted(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(6 * text.len() + 2));
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if u32::from(c) < 0x20 => {
                out.push_str("\\u00");
                let code = u32::from(c);
                out.extend([code >> 4, code & 15].map(|d| char::from_digit(d, 16).unwrap_or('0')));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::journaled_api::{JournaledApi, json, tree};

    async fn value(rules: &str, password: &str) -> Result<SecretString, DriverError> {
        let answer = KnownValue::Secret(SecretString::new(password.to_owned()));
        let answer = KnownMap::from([("RandomPassword".to_owned(), answer)]);
        let script = JournaledApi::new([("GetRandomPassword", Ok(answer))]);
        let properties = KnownMap::from([("GenerateSecretString".to_owned(), tree(rules).into())]);
        generated(script.as_ref(), &properties).await
    }

    #[tokio::test]
    async fn the_password_is_put_into_the_template() {
        let cases = [
            (r#"{"GenerateStringKey":"k","SecretStringTemplate":"{}"}"#, r#"{"k":"a\"\\b"}"#),
            (
                r#"{"GenerateStringKey":"k","SecretStringTemplate":" {\"user\": 12 } "}"#,
                r#" {"user": 12,"k":"a\"\\b"}"#,
            ),
            (
                r#"{"GenerateStringKey":"k","SecretStringTemplate":"{\"k\":1,\"a\":[1]}"}"#,
                r#"{"a":[1],"k":"a\"\\b"}"#,
            ),
        ];
        for (rules, expected) in cases {
            assert_eq!(value(rules, "a\"\\b").await.unwrap().expose(), expected);
        }
        assert_eq!(value("{}", "plain").await.unwrap().expose(), "plain");
    }

    #[tokio::test]
    async fn what_cannot_be_a_template_is_refused_before_a_password_is_made() {
        for rules in [
            r#"{"GenerateStringKey":"k"}"#,
            r#"{"SecretStringTemplate":"{}"}"#,
            r#"{"GenerateStringKey":"k","SecretStringTemplate":"[hunter2]"}"#,
            r#"{"PasswordLength":"many"}"#,
        ] {
            let error = value(rules, "x").await.unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[tokio::test]
    async fn the_rules_are_passed_on_in_their_own_kinds() {
        let script = JournaledApi::new([("GetRandomPassword", json(r#"{"RandomPassword":"x"}"#))]);
        let rules = r#"{"GenerateSecretString":{"ExcludePunctuation":"true",
            "PasswordLength":"40","ExcludeCharacters":"\"@"}}"#;
        generated(script.as_ref(), &tree(rules)).await.unwrap();
        script.assert_calls(&[
            r#"GetRandomPassword {"ExcludeCharacters":"\"@","ExcludePunctuation":true,"PasswordLength":40}"#,
        ]);
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(quoted("a\n\u{1f}é").as_str(), "\"a\\u000a\\u001fé\"");
    }
}
