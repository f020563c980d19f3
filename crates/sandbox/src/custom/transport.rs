//! The way to the simulated handlers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::custom::{CustomTransport, DefaultRules, Delivery, HandlerArn, ResponseKey};
use rstack_driver::{AssetStore, BucketAccess, DriverError, ErrorKind};
use rstack_model::state::Environment;
use rstack_model::{SecretString, Token};

use super::rules::Answer;
use super::{CustomRules, answer};
use crate::bucket::SandboxBucket;
use crate::cloud::Inner;

/// The handlers of one sandbox.
pub(crate) struct SandboxHandlers {
    pub(super) cloud: Arc<Inner>,
    pub(super) rules: Arc<CustomRules>,
    does_built_in: bool,
}

impl SandboxHandlers {
    pub(crate) fn new(cloud: Arc<Inner>, rules: Arc<CustomRules>) -> Self {
        let does_built_in = !rules.asks_all;
        Self { cloud, rules, does_built_in }
    }
}

/// The error of a call that the sandbox has refused: it is certain that nothing was delivered.
fn undelivered(error: DriverError) -> DriverError {
    match error.kind {
        ErrorKind::Transient => DriverError { kind: ErrorKind::DependencyNotReady, ..error },
        _ => error,
    }
}

#[async_trait]
impl CustomTransport for SandboxHandlers {
    async fn environment(&self) -> Result<Environment, DriverError> {
        Ok(self.cloud.environment.clone())
    }

    fn now(&self) -> u64 {
        self.cloud.seconds()
    }

    fn pace(&self, _: Duration) -> Duration {
        self.cloud.ask_again_in()
    }

    async fn url(&self, key: ResponseKey<'_>, _: Duration) -> Result<SecretString, DriverError> {
        let url = format!("https://sandbox.invalid/custom-resource-responses/{}", key.token);
        Ok(SecretString::new(url))
    }

    fn does_built_in(&self) -> bool {
        self.does_built_in
    }

    async fn open_bucket(&self, bucket: &str) -> Result<Arc<dyn AssetStore>, DriverError> {
        let environment = &self.cloud.environment;
        let access = BucketAccess {
            region: environment.region.clone(),
            bucket: bucket.to_owned(),
            owner: environment.account.clone(),
            role: None,
        };
        Ok(Arc::new(SandboxBucket { cloud: Arc::clone(&self.cloud), access }))
    }

    /// The default groups of the sandbox have no rules that a viewer could see.
    async fn default_rules(&self, _: &str, _: &str, _: DefaultRules) -> Result<(), DriverError> {
        Ok(())
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DriverError> {
        let operation = match &delivery.handler {
            HandlerArn::Function(_) => "sandbox lambda:Invoke",
            HandlerArn::Topic(_) => "sandbox sns:Publish",
        };
        let object = format!("{}/{}", delivery.stack_id, delivery.logical_id);
        let lost = self.cloud.fault_injector.begin(operation, &object).await;
        let lost = lost.map_err(|refusal| undelivered(refusal.of(operation)))?;
        let (answer, delivery) = (self.rules.answer(delivery), delivery.clone());
        let work = self.cloud.call(operation, move |cloud, view| {
            let (seed, polls) = (cloud.seed(), cloud.api_polls());
            let answer = Answer { delay: Some(answer.delay.unwrap_or(polls)), ..answer };
            answer::carry_out(view, &delivery, answer, (seed, &cloud.environment));
            Ok(())
        });
        work.await?;
        lost.answer(()).map_err(|refusal| refusal.of(operation))
    }

    async fn response(&self, key: ResponseKey<'_>) -> Result<Option<Vec<u8>>, DriverError> {
        let token = key.token;
        let operation = "sandbox s3:GetObject";
        let begun = self.cloud.fault_injector.begin(operation, token.as_str()).await;
        begun.map_err(|refusal| refusal.of(operation))?;
        let token = token.to_string();
        let read = self.cloud.call(operation, move |_, view| Ok(answer::response(view, &token)));
        read.await
    }

    async fn discard(&self, token: &Token) -> Result<(), DriverError> {
        let token = token.to_string();
        let discard = self.cloud.call("sandbox s3:DeleteObject", move |_, view| {
            answer::discard(view, &token);
            Ok(())
        });
        discard.await
    }
}
