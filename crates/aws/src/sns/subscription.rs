//! `AWS::SNS::Subscription`.
//!
//! SNS chooses the ARN. A subscription has no tags: it is known again by its topic, protocol and
//! endpoint, and by the durable proof that there was none of these before. Subscribing again changes
//! nothing. The Region of all calls is that of the topic.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_catalog::TypeSchema;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, Region};

use super::attributes::{
    Attribute, Texts, changes, declared, document, flag, properties, reset_of, shown, text,
};
use super::calls::{Listed, Sns, exists_differently, not_yet_visible};
use crate::client::Clients;
use crate::definition::Service;
use crate::iam::{Fields, arguments, journal_failed, text_in};

const CREATE: &str = "sns:Subscribe";
const READ: &str = "sns:GetSubscriptionAttributes";
const UPDATE: &str = "sns:SetSubscriptionAttributes";

/// The properties that are attributes which can be changed.
///
/// Source: SNS API reference, SetSubscriptionAttributes; SNS developer guide, Removing a filter
/// policy: an empty one. SNS takes a redrive policy that is not empty, or none.
const ATTRIBUTES: [Attribute; 7] = [
    document("DeliveryPolicy", None),
    document("FilterPolicy", Some("{}")),
    text(SCOPE, BY_ATTRIBUTES),
    flag("RawMessageDelivery"),
    document("RedrivePolicy", None),
    document("ReplayPolicy", Some("{}")),
    text("SubscriptionRoleArn", ""),
];

/// The scope of a filter policy, and the one that holds if none is given: it takes no policy with
/// maps in maps.
const SCOPE: &str = "FilterPolicyScope";
const BY_ATTRIBUTES: &str = "MessageAttributes";

/// The properties that identify a subscription.
const KEY: [&str; 3] = ["TopicArn", "Protocol", "Endpoint"];

/// The driver of subscriptions. The physical ID is the ARN.
pub(crate) struct Subscription {
    clients: Arc<Clients>,
    region: Region,
}

fn schema() -> Result<Arc<TypeSchema>, DriverError> {
    super::schema("AWS::SNS::Subscription")
}

/// The texts of the attributes. SNS keeps a scope only beside a filter policy.
fn texts(fields: Fields<'_>) -> Result<Texts, DriverError> {
    let mut texts = declared(&ATTRIBUTES, fields)?;
    if !texts.contains_key("FilterPolicy") {
        texts.remove(SCOPE);
    }
    Ok(texts)
}

/// The endpoint, which a template need not declare.
fn endpoint(fields: Fields<'_>) -> Result<KnownValue, DriverError> {
    Ok(fields.text("Endpoint")?.unwrap_or_else(|| "".into()))
}

impl Subscription {
    /// A driver that calls SNS in the Region of the topic.
    pub(crate) fn new(clients: Arc<Clients>, region: Region) -> Self {
        Self { clients, region }
    }

    /// SNS in the Region of an ARN.
    fn sns(&self, arn: &str) -> Sns {
        let there = arn.split(':').nth(3).filter(|there| !there.is_empty());
        let there = there.map(Region::new).filter(|there| *there != self.region);
        Sns(match there {
            Some(region) => self.clients.in_region(&region).api(Service::SNS),
            None => self.clients.api(Service::SNS),
        })
    }

    /// The subscription in the vocabulary of the template; `None` if there is none.
    async fn seen(&self, arn: &str, declared: &KnownMap) -> Result<Option<Object>, DriverError> {
        let input = arguments([("SubscriptionArn", arn.into())]);
        let answer = self.sns(arn).call_if_exists("GetSubscriptionAttributes", input).await?;
        let Some(texts) = answer.map(|answer| shown(&answer)) else { return Ok(None) };
        let mut found = properties(&ATTRIBUTES, &texts, declared, schema()?.as_ref());
        // Without a policy SNS shows no scope.
        if !texts.contains_key("FilterPolicy")
            && let Some(scope) = declared.get(SCOPE)
            && !declared.contains_key("FilterPolicy")
        {
            found.insert(SCOPE.to_owned(), scope.clone());
        }
        for name in KEY {
            found.extend(texts.get(name).map(|text| (name.to_owned(), text.clone())));
        }
        let attributes = arguments([("Arn", arn.into())]);
        Ok(Some(Object::named(arn.into(), found, attributes)))
    }

    /// The subscription of this topic, protocol and endpoint, in the list of the topic.
    async fn listed(&self, fields: Fields<'_>) -> Result<Option<Listed>, DriverError> {
        let topic = fields.required_identifying("TopicArn")?;
        let (protocol, endpoint) = (fields.required_name("Protocol")?, endpoint(fields)?);
        let all = self.sns(&topic).subscriptions(&topic).await?;
        let is_it = |it: &Listed| {
            it.protocol == protocol && endpoint.expose_str() == Some(it.endpoint.as_str())
        };
        Ok(all.into_iter().find(is_it))
    }

    /// Proves that the topic has no such subscription. One that is not confirmed is none: it has no
    /// name, and nothing can take it back.
    async fn is_free(
        &self,
        fields: Fields<'_>,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<(), DriverError> {
        if request.absence_proven {
            return Ok(());
        }
        let found = self.listed(fields).await.map_err(not_yet_visible)?;
        if let Some(arn) = found.and_then(|it| it.arn) {
            return Err(taken(&format!("the subscription `{arn}`")));
        }
        let proven = effects.absent().await;
        proven.map_err(|error| DriverError::new(ErrorKind::Conflict, CREATE, error.to_string()))
    }
}

/// The error of an endpoint that is subscribed already.
fn taken(which: &str) -> DriverError {
    let message = format!(
        "{which} of this topic, protocol and endpoint exists already and was not made by this run; \
         \
         delete it if it is not needed, or leave this one out of the template"
    );
    DriverError::new(ErrorKind::Conflict, CREATE, message)
}

/// The changes in the order in which SNS takes them: a scope that takes every policy comes before
/// the policy, and one that does not after it.
fn in_order(mut changes: Vec<(String, Option<KnownValue>)>) -> Vec<(String, Option<KnownValue>)> {
    changes.sort_by_key(|(name, value)| {
        let narrows = value.as_ref().and_then(KnownValue::as_str) == Some(BY_ATTRIBUTES);
        match (name.as_str(), narrows) {
            (SCOPE, false) => 0,
            (SCOPE, true) => 2,
            _ => 1,
        }
    });
    changes
}

/// Refuses a Region that is not the topic's.
fn check_region(fields: Fields<'_>, topic: &str) -> Result<(), DriverError> {
    let there = topic.split(':').nth(3).unwrap_or_default();
    match fields.name("Region")? {
        Some(region) if region != there => {
            let problem = format!("is `{region}`, but the topic is in `{there}`");
            Err(fields.invalid("Region", problem))
        }
        Some(_) | None => Ok(()),
    }
}

#[async_trait]
impl DirectDriver for Subscription {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let seen = self.seen(identifier.only(), declared).await?;
        Ok(seen.map_or(Observed::Absent, Observed::Present))
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let topic = fields.required_identifying("TopicArn")?;
        check_region(fields, &topic)?;
        let mut input = arguments([
            ("TopicArn", topic.as_str().into()),
            ("Protocol", fields.required("Protocol")?),
            ("ReturnSubscriptionArn", true.into()),
        ]);
        input.extend(fields.text("Endpoint")?.map(|text| ("Endpoint".to_owned(), text)));
        let texts = texts(fields)?;
        if !texts.is_empty() {
            input.insert("Attributes".to_owned(), texts.into());
        }
        self.is_free(fields, request, effects).await?;
        let answer = match self.sns(&topic).call("Subscribe", input).await {
            Err(error) if exists_differently(&error) => {
                return Err(DriverError { code: error.code, ..taken("a subscription") });
            }
            other => other.map_err(not_yet_visible)?,
        };
        let Some(arn) = text_in(&answer, "SubscriptionArn") else {
            let message = "the answer does not name the subscription";
            return Err(DriverError::new(ErrorKind::UnknownOutcome, CREATE, message));
        };
        let recorded = effects.created_as(&arn.into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let attributes = arguments([("Arn", arn.into())]);
        Ok(Object::named(arn.into(), request.properties.clone(), attributes))
    }

    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let arn = request.identifier.only();
        let prior = texts(Fields::new(&request.prior, UPDATE))?;
        let wanted = texts(Fields::new(&request.properties, UPDATE))?;
        let missing = || {
            let message = format!("the subscription `{arn}` does not exist");
            DriverError::new(ErrorKind::NotFound, READ, message)
        };
        let (sns, input) = (self.sns(arn), arguments([("SubscriptionArn", arn.into())]));
        let answer = sns.call_if_exists("GetSubscriptionAttributes", input).await?;
        let current = shown(&answer.ok_or_else(missing)?);
        let changed = changes([&prior, &wanted], &current, |name| reset_of(&ATTRIBUTES, name));
        let set = ("SetSubscriptionAttributes", "SubscriptionArn", arn);
        sns.set(set, in_order(changed)).await?;
        self.seen(arn, &request.properties).await?.ok_or_else(missing)
    }

    /// A subscription that its endpoint has not confirmed cannot be taken back: SNS forgets it by
    /// itself, and nothing is delivered before.
    ///
    /// Source: SNS API reference, Subscribe: tokens of confirmations are valid for two days.
    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let arn = request.identifier.only();
        let input = arguments([("SubscriptionArn", arn.into())]);
        match self.sns(arn).call_if_exists("Unsubscribe", input).await {
            Err(error) if is_pending(&error) => Ok(Progress::Done),
            other => other.map(|_| Progress::Done),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let found = self.listed(Fields::new(&request.properties, READ)).await?;
        // Subscribing again gives the name of one that is not confirmed.
        let Some(arn) = found.and_then(|it| it.arn) else { return Ok(Found::Absent) };
        let found = self.seen(&arn, &request.properties).await?;
        Ok(found.map_or(Found::Absent, |object| Found::Ours(Box::new(object))))
    }
}

/// True if SNS refuses to take back a subscription that is not confirmed.
fn is_pending(error: &DriverError) -> bool {
    error.has_code("InvalidParameter") && error.message.contains("pending confirmation")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_comes_before_or_after_its_policy() {
        let change = |name: &str, value: &str| (name.to_owned(), Some(KnownValue::from(value)));
        let (policy, other) = (change("FilterPolicy", "{}"), change("RawMessageDelivery", "true"));
        let wide = change(SCOPE, "MessageBody");
        let ordered = in_order(vec![policy.clone(), other.clone(), wide.clone()]);
        assert_eq!(ordered, [wide, policy.clone(), other.clone()]);
        let narrow = change(SCOPE, BY_ATTRIBUTES);
        let ordered = in_order(vec![narrow.clone(), policy.clone(), other.clone()]);
        assert_eq!(ordered, [policy, other, narrow]);
    }
}
