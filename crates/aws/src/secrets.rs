//! The stores behind dynamic references to secrets: Secrets Manager and the Parameter Store.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{DriverError, SecretStore, VersionHistory};
use rstack_model::SecretString;
use rstack_model::value::{ParameterReference, SecretsManagerReference};

use crate::api::Api;
use crate::lookup::Parameters;
use crate::secretsmanager::SecretsManager;

/// The secrets of one account in one Region.
pub(crate) struct Secrets {
    manager: SecretsManager,
    parameters: Parameters,
}

impl Secrets {
    pub(crate) fn new(secretsmanager: Arc<dyn Api>, ssm: Arc<dyn Api>) -> Self {
        Self { manager: SecretsManager::new(secretsmanager), parameters: Parameters::new(ssm) }
    }

    /// The Parameter Store, for parameters that are no secrets.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

#[async_trait]
impl SecretStore for Secrets {
    async fn version(&self, reference: &SecretsManagerReference) -> Result<String, DriverError> {
        self.manager.version(reference).await
    }

    async fn history(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<VersionHistory, DriverError> {
        self.manager.history(reference).await
    }

    async fn resolve(
        &self,
        reference: &SecretsManagerReference,
    ) -> Result<(SecretString, String), DriverError> {
        self.manager.resolve(reference).await
    }

    async fn parameter_version(
        &self,
        parameter: &ParameterReference,
    ) -> Result<String, DriverError> {
        self.parameters.version(parameter).await
    }

    async fn resolve_parameter(
        &self,
        parameter: &ParameterReference,
    ) -> Result<(SecretString, String), DriverError> {
        self.parameters.resolve(parameter).await
    }
}
