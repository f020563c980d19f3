//! Registries of container images: the repositories of one account and Region, into which the images of apps
//! are pushed.
//!
//! Source: DescribeRepositories, DescribeImages and GetAuthorizationToken, Amazon ECR API Reference.

use std::sync::Arc;

use async_trait::async_trait;
use aws_smithy_types::base64;
use rstack_driver::{
    DriverError, ErrorKind, ImageRegistry, OpenRegistry, RegistryAccess, RegistryLogin,
};
use rstack_model::{AccountId, KnownMap, KnownValue, SecretString};

use crate::api::Api;
use crate::client::Clients;
use crate::iam::{arguments, text_in};
use crate::model::Service;

/// The registry of one account.
struct Registry {
    api: Arc<dyn Api>,
    owner: AccountId,
}

/// Opens a registry: with its role if that can be assumed, else with the caller's own credentials.
pub(crate) async fn open(clients: &Clients, access: &RegistryAccess) -> OpenRegistry {
    let owner = access.owner.clone();
    let (api, note) = match &access.role {
        None => (clients.in_region(&access.region).api(Service::ECR), None),
        Some(role) => {
            let external_id = role.external_id.as_deref();
            match clients.assuming(&role.arn, external_id, &access.region).await {
                Ok(there) => (there.api(Service::ECR), None),
                Err(_) => {
                    let note = format!(
                        "the role `{}` cannot be assumed; the caller's own credentials are used for \
                         images",
                        role.arn
                    );
                    (clients.in_region(&access.region).api(Service::ECR), Some(note))
                }
            }
        }
    };
    OpenRegistry { registry: Arc::new(Registry { api, owner }), note }
}

impl Registry {
    fn input(&self, repository: KnownMap) -> KnownMap {
        let mut input = repository;
        input.insert("registryId".to_owned(), self.owner.as_str().into());
        input
    }
}

/// The first element of a list.
fn first<'a>(answer: &'a KnownMap, name: &str) -> Option<&'a KnownMap> {
    answer.get(name).and_then(KnownValue::as_list)?.first().and_then(KnownValue::as_map)
}

#[async_trait]
impl ImageRegistry for Registry {
    async fn repository(&self, name: &str) -> Result<Option<String>, DriverError> {
        let names = KnownValue::List(vec![name.into()]);
        let input = self.input(arguments([("repositoryNames", names)]));
        match self.api.call("DescribeRepositories", input).await {
            Err(error) if error.has_code("RepositoryNotFoundException") => Ok(None),
            answer => {
                let answer = answer?;
                let found = first(&answer, "repositories");
                Ok(found.and_then(|it| text_in(it, "repositoryUri")).map(str::to_owned))
            }
        }
    }

    async fn has(&self, repository: &str, tag: &str) -> Result<bool, DriverError> {
        let id = KnownValue::Map(arguments([("imageTag", tag.into())]));
        let ids = KnownValue::List(vec![id]);
        let named = [("repositoryName", KnownValue::from(repository)), ("imageIds", ids)];
        match self.api.call("DescribeImages", self.input(arguments(named))).await {
            Err(error) if error.has_code("ImageNotFoundException") => Ok(false),
            Err(error) => Err(error),
            Ok(_) => Ok(true),
        }
    }

    async fn login(&self) -> Result<Option<RegistryLogin>, DriverError> {
        let answer = self.api.call("GetAuthorizationToken", KnownMap::new()).await?;
        login_of(&answer).map(Some).ok_or_else(|| {
            let message = "the answer has no token that can be used";
            DriverError::new(ErrorKind::Unsupported, "ecr:GetAuthorizationToken", message)
        })
    }

    async fn record(&self, _: &str, _: &str) -> Result<(), DriverError> {
        let message = "an image is pushed, and not recorded";
        Err(DriverError::new(ErrorKind::Unsupported, "ecr:PutImage", message))
    }
}

/// The credentials in an answer: the token is `USER:PASSWORD` in base64.
fn login_of(answer: &KnownMap) -> Option<RegistryLogin> {
    let data = first(answer, "authorizationData")?;
    let token = data.get("authorizationToken").and_then(KnownValue::expose_str)?;
    let token = SecretString::new(String::from_utf8(base64::decode(token).ok()?).ok()?);
    let (user, password) = token.expose().split_once(':')?;
    let endpoint = text_in(data, "proxyEndpoint")?;
    let is_plain = |text: &str| !text.is_empty() && !text.starts_with('-');
    (is_plain(user) && is_plain(endpoint)).then(|| RegistryLogin {
        user: user.to_owned(),
        password: SecretString::new(password.to_owned()),
        endpoint: endpoint.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::journaled_api::{JournaledApi, json};

    fn refused(code: &str) -> Result<KnownMap, DriverError> {
        let error = DriverError::new(ErrorKind::NotFound, "ecr:Call", "no");
        Err(DriverError { code: Some(code.to_owned()), ..error })
    }

    #[tokio::test]
    async fn repositories_and_images_are_those_of_the_owner() {
        let found = r#"{"repositories":[{"repositoryUri":"1.dkr.ecr.eu-west-1.amazonaws.com/r"}]}"#;
        let api = JournaledApi::new([
            ("DescribeRepositories", json(found)),
            ("DescribeRepositories", refused("RepositoryNotFoundException")),
            ("DescribeImages", json(r#"{"imageDetails":[{}]}"#)),
            ("DescribeImages", refused("ImageNotFoundException")),
            ("DescribeImages", refused("RepositoryNotFoundException")),
        ]);
        let registry = Registry { api: api.clone(), owner: "111122223333".into() };
        let address = registry.repository("r").await.unwrap();
        assert_eq!(address.as_deref(), Some("1.dkr.ecr.eu-west-1.amazonaws.com/r"));
        assert_eq!(registry.repository("r").await.unwrap(), None);
        assert!(registry.has("r", "t").await.unwrap());
        assert!(!registry.has("r", "t").await.unwrap());
        assert!(registry.has("r", "t").await.is_err());
        let look = r#"DescribeRepositories {"registryId":"111122223333","repositoryNames":["r"]}"#;
        let images = r#"DescribeImages {"imageIds":[{"imageTag":"t"}],"registryId":"111122223333","repositoryName":"r"}"#;
        api.assert_calls(&[look, look, images, images, images]);
    }

    #[tokio::test]
    async fn a_token_is_a_user_and_a_password() {
        let token = base64::encode("AWS:hunter2:x");
        let answer = |token: &str| {
            json(&format!(
                r#"{{"authorizationData":[{{"authorizationToken":"{token}","proxyEndpoint":"https://e"}}]}}"#
            ))
        };
        let api = JournaledApi::new([
            ("GetAuthorizationToken", answer(&token)),
            ("GetAuthorizationToken", answer("no base64")),
            ("GetAuthorizationToken", answer(&base64::encode("-x:y"))),
            ("GetAuthorizationToken", json("{}")),
        ]);
        let registry = Registry { api, owner: "111122223333".into() };
        let login = registry.login().await.unwrap().unwrap();
        assert_eq!((login.user.as_str(), login.endpoint.as_str()), ("AWS", "https://e"));
        assert_eq!(login.password.expose(), "hunter2:x");
        assert!(!format!("{login:?}").contains("hunter2"));
        for _ in 0..3 {
            let error = registry.login().await.unwrap_err();
            assert!(!error.to_string().contains("LXg6eQ"), "{error}");
        }
    }
}
