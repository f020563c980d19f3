//! The way to the handlers as one process sees it: every call passes the crash injector and the fault
//! injector.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::DriverError;
use rstack_driver::custom::{CustomTransport, Delivery, ResponseKey};
use rstack_model::state::Environment;
use rstack_model::{Address, ResourceType, SecretString, Token};

use crate::cloud::{Maker, Wire};
use crate::crash_injector::lock;
use crate::handlers::Handlers;

/// The time at which a simulation begins, in seconds since 1970.
pub(crate) const BEGINNING: u64 = 1_000_000;

/// The way to the handlers of one simulation.
pub(crate) struct WatchedTransport {
    pub(crate) wire: Arc<Wire>,
    pub(crate) handlers: Arc<Mutex<Handlers>>,
}

#[async_trait]
impl CustomTransport for WatchedTransport {
    async fn environment(&self) -> Result<Environment, DriverError> {
        Ok(self.wire.sandbox.environment().clone())
    }

    fn now(&self) -> u64 {
        BEGINNING + self.wire.clock.elapsed().as_secs()
    }

    async fn url(&self, key: ResponseKey<'_>, _: Duration) -> Result<SecretString, DriverError> {
        Ok(SecretString::new(format!("https://responses.example/{}", key.token)))
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DriverError> {
        let deliver = || {
            let (handlers, wire) = (Arc::clone(&self.handlers), Arc::clone(&self.wire));
            let delivery = delivery.clone();
            async move {
                let now = wire.clock.elapsed();
                let made = lock(&handlers).deliver(delivery.body.expose(), now);
                if let Some(key) = made {
                    let address = Address::from(delivery.logical_id.as_str());
                    let maker = Maker { address, token: delivery.token.clone() };
                    let mut all = lock(&wire.made);
                    all.ever.push((key.clone(), maker.clone()));
                    all.last.insert(key, maker);
                }
                Ok(())
            }
        };
        self.wire.change("deliver", &delivery.resource_type, deliver).await
    }

    async fn response(&self, key: ResponseKey<'_>) -> Result<Option<Vec<u8>>, DriverError> {
        let (handlers, wire) = (Arc::clone(&self.handlers), Arc::clone(&self.wire));
        let token = key.token;
        let read = async move {
            let now = wire.clock.elapsed();
            Ok(lock(&handlers).response(token.as_str(), now))
        };
        self.wire.ask("response", &ResourceType::from(""), read).await
    }

    async fn discard(&self, token: &Token) -> Result<(), DriverError> {
        let discard = || {
            let (handlers, token) = (Arc::clone(&self.handlers), token.clone());
            async move {
                lock(&handlers).discard(token.as_str());
                Ok(())
            }
        };
        self.wire.change("discard", &ResourceType::from(""), discard).await
    }
}
