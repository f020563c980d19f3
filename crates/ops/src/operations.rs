//! The surroundings of operations: the engine, the environment, and the store of states.

use std::sync::Arc;

use rstack_apply::Engine;
use rstack_model::StackName;
use rstack_model::state::{Environment, State};
use rstack_store::{DigestCost, DigestKey, SecretDigests};

use crate::{Backend, OpsError, describe};

/// A connected cloud, the environment that its calls are made in, and the records of stacks.
#[derive(Clone)]
pub struct Operations {
    /// The engine.
    pub engine: Engine,
    /// The account, Region and partition.
    pub environment: Environment,
    /// The states.
    pub backend: Arc<dyn Backend>,
    /// The digests by which a change of a secret parameter is noticed.
    pub digests: DigestSettings,
}

/// The settings of digests of secret parameters.
#[derive(Clone, Debug, Default)]
pub struct DigestSettings {
    /// The user's own key, which lies outside of the states; without one the key of the store is used.
    pub key: Option<DigestKey>,
    /// The cost of a digest.
    pub cost: DigestCost,
}

impl DigestSettings {
    /// The cheapest digests that there are, without a key of the user's: for tests.
    pub fn least() -> Self {
        Self { key: None, cost: DigestCost::LEAST }
    }
}

impl Operations {
    /// The digests of secret parameters.
    ///
    /// # Errors
    /// If the key of the store cannot be read or made.
    pub(crate) async fn secret_digests(&self) -> Result<SecretDigests, OpsError> {
        let store = self.backend.digest_key().await?;
        Ok(SecretDigests::new(store, self.digests.key.clone(), self.digests.cost))
    }

    /// The state of a stack of which nothing exists yet.
    pub fn new_state(&self, stack: &StackName) -> State {
        State::empty(self.engine.entropy.lineage(), stack.clone(), self.environment.clone())
    }

    /// Refuses a stack that lives in another environment.
    ///
    /// # Errors
    /// [`OpsError::OtherEnvironment`] if it does.
    pub fn check_environment(
        &self,
        stack: &StackName,
        environment: &Environment,
    ) -> Result<(), OpsError> {
        if *environment == self.environment {
            return Ok(());
        }
        Err(OpsError::OtherEnvironment {
            stack: stack.clone(),
            state: describe(environment),
            current: describe(&self.environment),
        })
    }
}
