//! What operations work on.

use std::sync::Arc;

use rstack_apply::Engine;
use rstack_model::StackName;
use rstack_model::state::{Environment, State};

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
}

impl Operations {
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
