//! The objects that hold a policy: the calls that read and set it, and what they have without one.

use rstack_model::{KnownMap, KnownValue};
use serde_json::json;

use crate::iam::{arguments, same_document, text_in};

/// The kind of the objects that hold a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Queues of SQS, named by their URLs. A queue without a policy has none.
    Queue,
    /// Topics of SNS, named by their ARNs. A topic without a policy has SNS's default one.
    Topic,
}

/// The name of the attribute.
const POLICY: &str = "Policy";

impl Holder {
    /// The property that lists the holders.
    pub(super) fn property(self) -> &'static str {
        match self {
            Self::Queue => "Queues",
            Self::Topic => "Topics",
        }
    }

    /// The action that sets a policy.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Queue => "sqs:SetQueueAttributes",
            Self::Topic => "sns:SetTopicAttributes",
        }
    }

    /// The call that reads the policy of an object.
    pub(super) fn get(self, name: &str) -> (&'static str, KnownMap) {
        match self {
            Self::Queue => {
                let names = KnownValue::List(vec![POLICY.into()]);
                let input = [("QueueUrl", name.into()), ("AttributeNames", names)];
                ("GetQueueAttributes", arguments(input))
            }
            Self::Topic => ("GetTopicAttributes", arguments([("TopicArn", name.into())])),
        }
    }

    /// The call that sets the policy of an object.
    pub(super) fn set(self, name: &str, policy: KnownValue) -> (&'static str, KnownMap) {
        match self {
            Self::Queue => {
                let attributes = arguments([(POLICY, policy)]);
                let input = [("QueueUrl", name.into()), ("Attributes", attributes.into())];
                ("SetQueueAttributes", arguments(input))
            }
            Self::Topic => {
                let input = [
                    ("TopicArn", name.into()),
                    ("AttributeName", POLICY.into()),
                    ("AttributeValue", policy),
                ];
                ("SetTopicAttributes", arguments(input))
            }
        }
    }

    /// The text of the policy in the answer of [`Self::get`].
    pub(super) fn policy(self, answer: &KnownMap) -> Option<&str> {
        let attributes = answer.get("Attributes")?.as_map()?;
        text_in(attributes, POLICY).filter(|text| !text.trim().is_empty())
    }

    /// The policy that an object is given when its own is taken back. SQS removes a policy that is
    /// empty; SNS takes none, and a topic gets back the policy that topics are created with.
    ///
    /// Source: SQS API reference, SetQueueAttributes; the public handlers of `AWS::SNS::TopicPolicy`,
    /// which restore the default policy of the topic.
    pub(super) fn unset(self, name: &str) -> KnownValue {
        match self {
            Self::Queue => KnownValue::from(""),
            Self::Topic => KnownValue::String(default_policy(name, &ACTIONS).to_string()),
        }
    }

    /// True if the policy is one that the service gave to an object that has none: of a topic, its
    /// default policy, whatever actions the service lists at its time.
    pub(super) fn is_default(self, name: &str, policy: &KnownValue) -> bool {
        match self {
            Self::Queue => false,
            Self::Topic => {
                let actions = actions(policy);
                let known = actions.iter().all(|action| {
                    action.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sns:"))
                });
                let expected = KnownValue::from_json(default_policy(name, &actions));
                known && same_document(&expected, policy)
            }
        }
    }
}

/// The actions of the policy of a new topic, in the service's own spelling.
const ACTIONS: [&str; 8] = [
    "SNS:GetTopicAttributes",
    "SNS:SetTopicAttributes",
    "SNS:AddPermission",
    "SNS:RemovePermission",
    "SNS:DeleteTopic",
    "SNS:Subscribe",
    "SNS:ListSubscriptionsByTopic",
    "SNS:Publish",
];

/// The policy of a new topic with these actions: its own account may do them.
fn default_policy(topic: &str, actions: &[&str]) -> serde_json::Value {
    let owner = topic.split(':').nth(4).unwrap_or_default();
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": actions,
            "Resource": topic,
            "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
        }],
    })
}

/// The actions of the first statement of a policy.
fn actions(policy: &KnownValue) -> Vec<&str> {
    let statement = match policy.get("Statement") {
        Some(KnownValue::List(statements)) => statements.first(),
        statement => statement,
    };
    match statement.and_then(|statement| statement.get("Action")) {
        Some(KnownValue::List(actions)) => actions.iter().filter_map(KnownValue::as_str).collect(),
        Some(action) => action.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:news";

    fn default_of(topic: &str, actions: &[&str]) -> KnownValue {
        KnownValue::from_json(default_policy(topic, actions))
    }

    #[test]
    fn a_default_policy_is_known_by_all_but_its_actions() {
        let (queue, topic) = (Holder::Queue, Holder::Topic);
        let restored = crate::iam::decoded(topic.unset(TOPIC).as_str().unwrap());
        assert!(topic.is_default(TOPIC, &restored));
        assert!(topic.is_default(TOPIC, &default_of(TOPIC, &["SNS:Publish", "SNS:Receive"])));
        assert!(topic.is_default(TOPIC, &default_of(TOPIC, &["SNS:Publish"])));
        assert!(!topic.is_default(TOPIC, &default_of(TOPIC, &["SNS:Publish", "sqs:SendMessage"])));
        assert!(!topic.is_default(&format!("{TOPIC}2"), &restored));
        assert!(!queue.is_default(TOPIC, &restored));
        let mut other = default_policy(TOPIC, &ACTIONS);
        other["Statement"][0]["Condition"]["StringEquals"]["AWS:SourceOwner"] = json!("4");
        assert!(!topic.is_default(TOPIC, &KnownValue::from_json(other)));
        let mut more = default_policy(TOPIC, &ACTIONS);
        let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "sns:Publish"});
        more["Statement"].as_array_mut().unwrap().push(statement);
        assert!(!topic.is_default(TOPIC, &KnownValue::from_json(more)));
    }

    #[test]
    fn an_empty_policy_is_none() {
        let answer =
            |policy: &str| arguments([("Attributes", arguments([(POLICY, policy.into())]).into())]);
        assert_eq!(Holder::Queue.policy(&answer("{}")), Some("{}"));
        assert_eq!(Holder::Queue.policy(&answer("")), None);
        assert_eq!(Holder::Queue.policy(&KnownMap::new()), None);
    }
}
