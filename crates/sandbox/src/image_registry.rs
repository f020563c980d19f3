//! Registries of the sandbox: the repository of container images that bootstrapping makes, and those of the
//! inventory. Nothing is built or pushed: the tags of images are kept, without their content.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind, ImageRegistry, RegistryAccess, RegistryLogin};
use rstack_model::{Identifier, ResourceType};

use crate::cloud::Inner;
use crate::inventory::{StoredObject, View};
use crate::redaction::JsonMap;
use crate::rules::Refusal;

const REPOSITORY: &str = "AWS::ECR::Repository";

/// The type under which images are kept, in a scope that no account sees.
const IMAGES: &str = "rstack::container-image";
const SCOPE: &str = "container-images";

/// A registry, from the sight of a caller.
pub(crate) struct SandboxRegistry {
    pub(crate) cloud: Arc<Inner>,
    pub(crate) access: RegistryAccess,
}

impl SandboxRegistry {
    /// Begins a call: it takes its time, it may fail, and the registry of another account refuses.
    async fn begin(&self, operation: &str, object: &str) -> Result<(), DriverError> {
        let begun = self.cloud.fault_injector.begin(operation, object).await;
        let lost = begun.map_err(|refusal| refusal.of(operation))?;
        lost.answer(()).map_err(|refusal| refusal.of(operation))?;
        if self.access.owner == self.cloud.environment.account {
            return Ok(());
        }
        let message = format!("the registry of {} belongs to another account", self.access.owner);
        let kind = ErrorKind::AccessDenied { action: None };
        Err(Refusal::new(kind, "AccessDeniedException", message).of(operation))
    }

    /// The key of an image.
    fn key(&self, repository: &str, tag: &str) -> String {
        let RegistryAccess { region, owner, .. } = &self.access;
        format!("{owner}/{region}/{repository}:{tag}")
    }

    /// True if bootstrapping makes the repository.
    ///
    /// Source: "CDK bootstrapping", bootstrap template, AWS CDK v2 Developer Guide:
    /// `cdk-QUALIFIER-container-assets-ACCOUNT-REGION`.
    fn is_of_bootstrap(&self, repository: &str) -> bool {
        let RegistryAccess { region, owner, .. } = &self.access;
        let end = format!("-container-assets-{owner}-{region}");
        let qualifier = repository.strip_prefix("cdk-").and_then(|rest| rest.strip_suffix(&*end));
        self.cloud.bootstrapped() && qualifier.is_some_and(|qualifier| !qualifier.is_empty())
    }
}

#[async_trait]
impl ImageRegistry for SandboxRegistry {
    async fn repository(&self, name: &str) -> Result<Option<String>, DriverError> {
        let operation = "sandbox ecr:DescribeRepositories";
        self.begin(operation, name).await?;
        let wanted = name.to_owned();
        let made = self.cloud.call(operation, move |_, view: &mut View<'_>| {
            Ok(!view.keys(&ResourceType::from(REPOSITORY), &wanted).is_empty())
        });
        let exists = self.is_of_bootstrap(name) || made.await?;
        let RegistryAccess { region, owner, .. } = &self.access;
        Ok(exists.then(|| format!("{owner}.dkr.ecr.{region}.amazonaws.com/{name}")))
    }

    async fn has(&self, repository: &str, tag: &str) -> Result<bool, DriverError> {
        let operation = "sandbox ecr:DescribeImages";
        let key = self.key(repository, tag);
        self.begin(operation, &key).await?;
        let has = self.cloud.call(operation, move |_, view: &mut View<'_>| {
            Ok(view.get_at(SCOPE, &ResourceType::from(IMAGES), &key).is_some())
        });
        has.await
    }

    async fn login(&self) -> Result<Option<RegistryLogin>, DriverError> {
        Ok(None)
    }

    async fn record(&self, repository: &str, tag: &str) -> Result<(), DriverError> {
        let operation = "sandbox ecr:PutImage";
        let key = self.key(repository, tag);
        self.begin(operation, &key).await?;
        let keep = move |_: &Inner, view: &mut View<'_>| {
            let image = StoredObject {
                identifier: Identifier::from(key.as_str()),
                physical_id: key.clone(),
                nonce: String::new(),
                token: String::new(),
                properties: JsonMap::new(),
                attributes: JsonMap::new(),
                polls_left: 0,
                former: Vec::new(),
                disabled: false,
                unseen: 0,
                secret: None,
                versions: None,
            };
            view.insert_at(SCOPE, &ResourceType::from(IMAGES), &key, image);
            Ok(())
        };
        self.cloud.call(operation, keep).await
    }
}
