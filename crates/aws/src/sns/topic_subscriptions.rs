//! The property `Subscription` of topics: subscriptions without settings.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::calls::{Listed, Sns, not_yet_visible};
use crate::iam::{Fields, arguments};

/// The property.
pub(super) const PROPERTY: &str = "Subscription";

/// The declared subscriptions, by protocol and endpoint.
#[derive(Debug, Default)]
pub(super) struct Subscriptions(Vec<(String, KnownValue)>);

/// True if a listed subscription is this one.
fn is(listed: &Listed, (protocol, endpoint): &(String, KnownValue)) -> bool {
    listed.protocol == *protocol && endpoint.expose_str() == Some(&listed.endpoint)
}

impl Subscriptions {
    /// # Errors
    /// If the property has another form.
    pub(super) fn declared(fields: Fields<'_>) -> Result<Self, DriverError> {
        let subscription =
            |entry: Fields<'_>| Ok((entry.required_name("Protocol")?, entry.required("Endpoint")?));
        let all = fields.trees(PROPERTY)?.into_iter().map(subscription);
        Ok(Self(all.collect::<Result<_, DriverError>>()?))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, wanted: &(String, KnownValue)) -> bool {
        self.0.iter().any(|(protocol, endpoint)| {
            *protocol == wanted.0 && endpoint.expose_str() == wanted.1.expose_str()
        })
    }

    /// Subscribes what is not subscribed yet, and takes back what was declared before and is no
    /// longer. A subscription that is not confirmed has no name by which it could be taken back: SNS
    /// forgets it by itself.
    pub(super) async fn change(
        &self,
        sns: &Sns,
        topic: &str,
        prior: &Self,
    ) -> Result<(), DriverError> {
        if self.is_empty() && prior.is_empty() {
            return Ok(());
        }
        let listed = sns.subscriptions(topic).await?;
        for wanted in self.0.iter().filter(|wanted| !listed.iter().any(|it| is(it, wanted))) {
            let (protocol, endpoint) = wanted.clone();
            let input = arguments([
                ("TopicArn", topic.into()),
                ("Protocol", protocol.into()),
                ("Endpoint", endpoint),
            ]);
            sns.call("Subscribe", input).await.map_err(not_yet_visible)?;
        }
        for gone in prior.0.iter().filter(|gone| !self.has(gone)) {
            let there = listed.iter().find(|it| is(it, gone)).and_then(|it| it.arn.as_ref());
            if let Some(arn) = there {
                let input = arguments([("SubscriptionArn", arn.as_str().into())]);
                sns.call_if_exists("Unsubscribe", input).await?;
            }
        }
        Ok(())
    }

    /// The declared subscriptions that a topic has. Others may belong to other resources.
    pub(super) async fn shown(
        &self,
        sns: &Sns,
        topic: &str,
    ) -> Result<Option<KnownValue>, DriverError> {
        if self.is_empty() {
            return Ok(None);
        }
        let listed = sns.subscriptions(topic).await?;
        let there = self.0.iter().filter_map(|wanted| {
            let found = listed.iter().find(|it| is(it, wanted))?;
            let subscription: KnownMap = arguments([
                ("Protocol", found.protocol.as_str().into()),
                ("Endpoint", found.endpoint.as_str().into()),
            ]);
            Some(KnownValue::Map(subscription))
        });
        Ok(Some(KnownValue::List(there.collect())))
    }
}
