//! The store behind `{{resolve:secretsmanager:…}}`.

use std::sync::Arc;

use rstack_driver::{DriverError, ErrorKind, VersionHistory, json_field};
use rstack_model::value::{SecretVersion, SecretsManagerReference};
use rstack_model::{KnownValue, SecretString};

use super::description::{Description, describe};
use crate::api::Api;
use crate::iam::{arguments, text_in};

/// Secrets Manager of one Region.
pub(crate) struct SecretsManager {
    api: Arc<dyn Api>,
}

impl SecretsManager {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The description of the secret of a reference, and the version that it means.
    async fn described(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<(Description, String), DriverError> {
        let id = &reference.secret_id;
        let error = |kind, message: String| {
            DriverError::new(kind, "secretsmanager:DescribeSecret", message)
        };
        let found = describe(self.api.as_ref(), id)
            .await?
            .ok_or_else(|| error(ErrorKind::NotFound, format!("there is no secret `{id}`")))?;
        if let Some(date) = found.deletion() {
            let message = format!("the secret `{id}` is scheduled for deletion on {date}");
            return Err(error(ErrorKind::Conflict, message));
        }
        let (version, wanted) = match &reference.version {
            SecretVersion::Stage(stage) => {
                (found.labelled(stage), format!("with the label `{stage}`"))
            }
            SecretVersion::Id(wanted) => {
                let there = found.versions().contains_key(wanted.as_str());
                (there.then_some(wanted.as_str()), format!("`{wanted}`"))
            }
        };
        let version = version.map(str::to_owned).ok_or_else(|| {
            error(ErrorKind::NotFound, format!("the secret `{id}` has no version {wanted}"))
        })?;
        Ok((found, version))
    }

    /// The ID of the version that a reference means now.
    pub(crate) async fn version(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<String, DriverError> {
        self.described(reference).await.map(|(_, version)| version)
    }

    /// The version that a reference means now, since when, and the one before it.
    pub(crate) async fn history(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<VersionHistory, DriverError> {
        let (found, version) = self.described(reference).await?;
        let previous = found.labelled("AWSPREVIOUS").map(str::to_owned);
        Ok(VersionHistory { version, age: found.age(self.api.now()), previous })
    }

    /// The text that a reference means now and the ID of its version.
    pub(crate) async fn resolve(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<(SecretString, String), DriverError> {
        let id = &reference.secret_id;
        let (member, version) = match &reference.version {
            SecretVersion::Stage(stage) => ("VersionStage", stage),
            SecretVersion::Id(id) => ("VersionId", id),
        };
        let input =
            arguments([("SecretId", id.as_str().into()), (member, version.as_str().into())]);
        let mut answer = self.api.call("GetSecretValue", input).await?;
        let text = match answer.remove("SecretString") {
            Some(KnownValue::Secret(text)) => text,
            Some(KnownValue::String(text)) => SecretString::new(text),
            Some(_) | None => {
                let message = format!("the secret `{id}` is binary, and only text can be used");
                let kind = ErrorKind::Invalid { property: None };
                return Err(DriverError::new(kind, "secretsmanager:GetSecretValue", message));
            }
        };
        let version = text_in(&answer, "VersionId").map(str::to_owned).ok_or_else(|| {
            let message = "the answer does not hold the version's ID";
            DriverError::new(ErrorKind::UnknownOutcome, "secretsmanager:GetSecretValue", message)
        })?;
        Ok((json_field(&text, reference)?, version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::journaled_api::{JournaledApi, json};

    const DESCRIBED: &str =
        r#"{"ARN":"arn:s","VersionIdsToStages":{"v1":["AWSPREVIOUS"],"v2":["AWSCURRENT","X"]}}"#;

    fn reference(body: &str) -> SecretsManagerReference {
        SecretsManagerReference::parse(body).unwrap()
    }

    #[tokio::test]
    async fn a_label_means_the_version_that_has_it_now() {
        for (body, version) in
            [("s", Some("v2")), ("s:::AWSPREVIOUS:", Some("v1")), ("s:::NONE:", None)]
        {
            let store =
                SecretsManager::new(JournaledApi::new([("DescribeSecret", json(DESCRIBED))]));
            let found = store.version(&reference(body)).await;
            assert_eq!(found.ok().as_deref(), version, "{body}");
        }
        let store = SecretsManager::new(JournaledApi::new([("DescribeSecret", json(DESCRIBED))]));
        let error = store.version(&reference("s::::v9")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(error.message.contains("no version `v9`"), "{error}");
    }

    #[tokio::test]
    async fn a_version_is_as_old_as_the_last_change_of_its_secret() {
        for (changed, old) in [
            (r#","LastChangedDate":"2020-01-01T00:00:00Z""#, true),
            (
                r#","LastChangedDate":"2999-01-01T00:00:00Z","CreatedDate":"2020-01-01T00:00:00Z""#,
                false,
            ),
            ("", false),
        ] {
            let answer = DESCRIBED.replace("}}", &format!("}}{changed}}}"));
            let store = SecretsManager::new(JournaledApi::new([("DescribeSecret", json(&answer))]));
            let history = store.history(&reference("s")).await.unwrap();
            assert_eq!(history.version, "v2");
            assert_eq!(history.previous.as_deref(), Some("v1"));
            assert_eq!(history.age > std::time::Duration::from_secs(86_400), old, "{changed}");
        }
    }

    #[tokio::test]
    async fn a_field_is_resolved_with_the_version_it_is_of() {
        let value = SecretString::new(r#"{"key":"hunter2"}"#.to_owned());
        let answer =
            arguments([("SecretString", KnownValue::Secret(value)), ("VersionId", "v2".into())]);
        let script = JournaledApi::new([("GetSecretValue", Ok(answer))]);
        let store = SecretsManager::new(script.clone());
        let (secret, version) = store.resolve(&reference("s:SecretString:key::")).await.unwrap();
        assert_eq!((secret.expose(), version.as_str()), ("hunter2", "v2"));
        script.assert_calls(&[r#"GetSecretValue {"SecretId":"s","VersionStage":"AWSCURRENT"}"#]);
    }

    #[tokio::test]
    async fn a_binary_secret_cannot_be_used_as_text() {
        let script = JournaledApi::new([("GetSecretValue", json(r#"{"VersionId":"v1"}"#))]);
        let error = SecretsManager::new(script).resolve(&reference("s")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid { property: None });
    }
}
