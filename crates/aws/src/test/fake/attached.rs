//! The attribute `Policy` of queues and topics.

use serde_json::{Value, json};

use super::account::{Account, Reply, refuse, text};

/// True if an operation of SQS is about the policy of a queue.
pub(super) fn concerns(input: &Value) -> bool {
    input["AttributeNames"] == json!(["Policy"]) || input["Attributes"].get("Policy").is_some()
}

/// Carries out an operation of SQS on a policy.
pub(super) fn queue(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let url = text(input, "QueueUrl");
    if !account.data.get("AWS::SQS::Queue").is_some_and(|queues| queues.contains_key(&url)) {
        return Err(refuse(400, "com.amazonaws.sqs#QueueDoesNotExist", "it does not exist"));
    }
    match operation {
        "GetQueueAttributes" => {
            assert_eq!(input["AttributeNames"], json!(["Policy"]));
            Ok(match account.attached.get(&url) {
                Some(policy) => json!({"Attributes": {"Policy": policy}}),
                None => json!({}),
            })
        }
        "SetQueueAttributes" => {
            match text(&input["Attributes"], "Policy") {
                policy if policy.is_empty() => account.attached.remove(&url),
                policy => account.attached.insert(url, normal(&policy)),
            };
            Ok(json!({}))
        }
        _ => panic!("sqs:{operation}"),
    }
}

/// The policy of a topic.
pub(super) fn of_topic(account: &Account, arn: &str) -> String {
    account.attached.get(arn).cloned().unwrap_or_else(|| of_new(arn))
}

/// Sets the policy of a topic, which may not be empty.
pub(super) fn set_of_topic(account: &mut Account, arn: &str, policy: &str) -> Reply {
    let tree: Value = serde_json::from_str(policy).unwrap_or_default();
    if tree["Statement"].as_array().is_none_or(Vec::is_empty) {
        return Err(refuse(400, "InvalidParameter", "Policy statement must be there"));
    }
    if tree["Id"] == "__default_policy_ID" {
        account.attached.remove(arn);
    } else {
        account.attached.insert(arn.to_owned(), normal(policy));
    }
    Ok(json!({}))
}

/// A policy in another form than it was given: a single action is a list of one.
fn normal(policy: &str) -> String {
    let mut tree: Value = serde_json::from_str(policy).unwrap();
    for statement in tree["Statement"].as_array_mut().into_iter().flatten() {
        if statement["Action"].is_string() {
            statement["Action"] = json!([statement["Action"]]);
        }
    }
    tree.to_string()
}

/// The policy of a topic that was given none.
fn of_new(arn: &str) -> String {
    let owner = arn.split(':').nth(4).unwrap_or_default();
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Effect": "Allow",
            "Sid": "__default_statement_ID",
            "Principal": {"AWS": "*"},
            "Action": ["SNS:Publish", "SNS:Receive", "SNS:Subscribe"],
            "Resource": arn,
            "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
        }],
    })
    .to_string()
}
