//! Calls to SNS: lists by pages, subscriptions of a topic, and errors that pass.

use std::sync::Arc;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use crate::api::Api;
use crate::iam::{arguments, text_in};
use crate::resource_tags::TagCalls;

/// The operations on the tags of topics.
pub(super) const TAGS: TagCalls = TagCalls {
    set: "TagResource",
    remove: "UntagResource",
    list: "ListTagsForResource",
    resource: "ResourceArn",
    keys: "TagKeys",
    tags: "Tags",
    shown: "Tags",
    pair: ["Key", "Value"],
    next: None,
};

/// The most pages that are read: an account has 100,000 topics at most, 100 a page.
///
/// Source: SNS API reference, CreateTopic and ListTopics.
const MOST_PAGES: usize = 1000;

/// The text that a list shows for the ARN of a subscription that its endpoint did not confirm.
const PENDING: &str = "PendingConfirmation";

/// A subscription of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its ARN; `None` while its endpoint did not confirm it.
    pub(super) arn: Option<String>,
    pub(super) protocol: String,
    pub(super) endpoint: String,
}

/// SNS, as the drivers of this folder call it.
#[derive(Clone)]
pub(super) struct Sns(pub(super) Arc<dyn Api>);

impl Sns {
    pub(super) async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        self.0.call(operation, input).await
    }

    /// The answer; `None` if what it is about does not exist.
    pub(super) async fn call_if_exists(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<Option<KnownMap>, DriverError> {
        self.0.call_if_exists(operation, input).await
    }

    /// Sets attributes, one after the other; without a value they go back to their defaults.
    pub(super) async fn set(
        &self,
        (operation, member, arn): (&'static str, &str, &str),
        changes: Vec<(String, Option<KnownValue>)>,
    ) -> Result<(), DriverError> {
        for (name, value) in changes {
            let mut input = arguments([(member, arn.into()), ("AttributeName", name.into())]);
            input.extend(value.map(|value| ("AttributeValue".to_owned(), value)));
            self.call(operation, input).await?;
        }
        Ok(())
    }

    /// The elements of a list that comes by pages.
    async fn all(
        &self,
        operation: &'static str,
        mut input: KnownMap,
        member: &str,
    ) -> Result<Vec<KnownMap>, DriverError> {
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.call(operation, input.clone()).await?;
            let items = answer.get(member).and_then(KnownValue::as_list).unwrap_or_default();
            found.extend(items.iter().filter_map(KnownValue::as_map).cloned());
            let Some(next) = text_in(&answer, "NextToken").filter(|next| !next.is_empty()) else {
                return Ok(found);
            };
            input.insert("NextToken".to_owned(), next.into());
        }
        let message = format!("the list has more than {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, format!("sns:{operation}"), message))
    }

    /// The ARN of the account's topic with this name.
    pub(super) async fn topic(&self, name: &str) -> Result<Option<String>, DriverError> {
        let topics = self.all("ListTopics", KnownMap::new(), "Topics").await?;
        let mut arns = topics.iter().filter_map(|topic| text_in(topic, "TopicArn"));
        let found = arns.find(|arn| arn.rsplit(':').next() == Some(name));
        Ok(found.map(str::to_owned))
    }

    /// The subscriptions of a topic; none if it does not exist. The owner of a subscription may not
    /// list those of a topic of another account: it lists its own.
    pub(super) async fn subscriptions(&self, topic: &str) -> Result<Vec<Listed>, DriverError> {
        const MEMBER: &str = "Subscriptions";
        let input = arguments([("TopicArn", topic.into())]);
        let found = match self.all("ListSubscriptionsByTopic", input, MEMBER).await {
            Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
            Err(error) if matches!(error.kind, ErrorKind::AccessDenied { .. }) => {
                self.all("ListSubscriptions", KnownMap::new(), MEMBER).await?
            }
            other => other?,
        };
        let of_topic = found.iter().filter(|it| text_in(it, "TopicArn") == Some(topic));
        Ok(of_topic.filter_map(listed).collect())
    }
}

/// A subscription of a list; `None` for one that is deleted and still listed.
fn listed(subscription: &KnownMap) -> Option<Listed> {
    let text = |name| text_in(subscription, name).map(str::to_owned);
    let arn = match text_in(subscription, "SubscriptionArn")? {
        "Deleted" => return None,
        PENDING => None,
        arn => Some(arn.to_owned()),
    };
    Some(Listed {
        arn,
        protocol: text("Protocol")?,
        endpoint: text("Endpoint").unwrap_or_default(),
    })
}

/// The error of a call that uses something which may have been made a moment ago: a topic, a queue,
/// or a role.
pub(super) fn not_yet_visible(error: DriverError) -> DriverError {
    if error.kind == ErrorKind::NotFound {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

/// True if SNS refuses a creation because something of that name, or for that endpoint, exists with
/// other tags or attributes.
pub(super) fn exists_differently(error: &DriverError) -> bool {
    error.has_code("InvalidParameter") && error.message.contains("already exists with different")
}
