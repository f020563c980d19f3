//! SNS: topics, which are made once by name and tags; their subscriptions, once by protocol and
//! endpoint; and attributes that are set one at a time. A list has one element a page.

use serde_json::{Map, Value, json};

use super::account::{ACCOUNT, Account, Objects, Reply, list, refuse, set_tags, text, unset_tags};
use super::{REGION, attached};
use crate::service_error::Refusal;

fn invalid(message: &str) -> Refusal {
    refuse(400, "InvalidParameter", &format!("Invalid parameter: {message}"))
}

/// A map of texts of a form.
fn map(input: &Value) -> Map<String, Value> {
    let entries = input["Attributes"]["entry"].as_object().into_iter().flatten();
    entries.map(|(_, entry)| (text(entry, "key"), entry["value"].clone())).collect()
}

/// A map of texts in an answer.
fn entries(texts: &Map<String, Value>) -> Value {
    let entry = |(key, value): (&String, &Value)| json!({"key": key, "value": value});
    json!({"Attributes": {"entry": texts.iter().map(entry).collect::<Vec<_>>()}})
}

/// The object that a member names.
fn named<'a>(
    objects: &'a mut Objects,
    input: &Value,
    member: &str,
) -> Result<&'a mut Value, Refusal> {
    let arn = text(input, member);
    let missing = || refuse(404, "NotFound", &format!("{arn} does not exist"));
    objects.get_mut(&arn).ok_or_else(missing)
}

/// A page of a list.
fn page(items: Vec<Value>, input: &Value, member: &str) -> Value {
    let at: usize = text(input, "NextToken").parse().unwrap_or(0);
    let mut answer = json!({member: items.get(at).into_iter().collect::<Vec<_>>()});
    if at + 1 < items.len() {
        answer["NextToken"] = (at + 1).to_string().into();
    }
    answer
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let (name, value) = (text(input, "AttributeName"), text(input, "AttributeValue"));
    match operation {
        "CreateTopic" => create(account, input),
        "DeleteTopic" => delete(account, input),
        "ListTopics" => {
            let all = account.topics.keys().map(|arn| json!({"TopicArn": arn})).collect();
            Ok(page(all, input, "Topics"))
        }
        "GetTopicAttributes" => {
            let arn = text(input, "TopicArn");
            let topic = named(&mut account.topics, input, "TopicArn")?;
            let mut texts = topic["texts"].as_object().unwrap().clone();
            texts.insert("TopicArn".to_owned(), arn.clone().into());
            texts.insert("Policy".to_owned(), attached::of_topic(account, &arn).into());
            Ok(entries(&texts))
        }
        "SetTopicAttributes" if name == "Policy" => {
            named(&mut account.topics, input, "TopicArn")?;
            attached::set_of_topic(account, &text(input, "TopicArn"), &value)
        }
        "SetTopicAttributes" => set(named(&mut account.topics, input, "TopicArn")?, &name, &value),
        "PutDataProtectionPolicy" => {
            let topic = named(&mut account.topics, input, "ResourceArn")?;
            topic["protection"] = input["DataProtectionPolicy"].clone();
            Ok(json!({}))
        }
        "GetDataProtectionPolicy" => {
            let topic = named(&mut account.topics, input, "ResourceArn")?;
            Ok(json!({"DataProtectionPolicy": topic["protection"]}))
        }
        "TagResource" | "UntagResource" | "ListTagsForResource" => {
            let topic = named(&mut account.topics, input, "ResourceArn")
                .map_err(|_| refuse(404, "ResourceNotFound", "Resource does not exist"))?;
            set_tags(&mut topic["tags"], &input["Tags"]);
            unset_tags(&mut topic["tags"], &input["TagKeys"]);
            Ok(match operation {
                "ListTagsForResource" => json!({"Tags": topic["tags"]}),
                _ => json!({}),
            })
        }
        "Subscribe" => subscribe(account, input),
        "Unsubscribe" => {
            // It succeeds also for a subscription that does not exist.
            account.subscriptions.remove(&text(input, "SubscriptionArn"));
            Ok(json!({}))
        }
        "GetSubscriptionAttributes" => {
            let found = named(&mut account.subscriptions, input, "SubscriptionArn")?;
            let mut texts = found["texts"].as_object().unwrap().clone();
            if !texts.contains_key("FilterPolicy") {
                texts.remove("FilterPolicyScope");
            }
            for key in ["TopicArn", "Protocol", "Endpoint"] {
                texts.insert(key.to_owned(), found[key].clone());
            }
            Ok(entries(&texts))
        }
        "SetSubscriptionAttributes" => {
            let found = named(&mut account.subscriptions, input, "SubscriptionArn")?;
            if name == "RedrivePolicy" && input["AttributeValue"] == "" {
                return Err(invalid("RedrivePolicy"));
            }
            set(found, &name, &value)
        }
        "ListSubscriptionsByTopic" => {
            named(&mut account.topics, input, "TopicArn")?;
            let topic = text(input, "TopicArn");
            let of_topic = account.subscriptions.iter().filter(|(_, it)| it["TopicArn"] == topic);
            let shown = of_topic.map(|(arn, it)| {
                json!({
                    "SubscriptionArn": arn, "Protocol": it["Protocol"], "TopicArn": topic,
                    "Endpoint": it["Endpoint"],
                })
            });
            Ok(page(shown.collect(), input, "Subscriptions"))
        }
        _ => panic!("sns:{operation}"),
    }
}

/// Sets an attribute; an empty one is none.
fn set(object: &mut Value, name: &str, value: &str) -> Reply {
    let texts = object["texts"].as_object_mut().unwrap();
    if value.is_empty() || value == "{}" {
        texts.remove(name);
    } else {
        texts.insert(name.to_owned(), value.into());
    }
    Ok(json!({}))
}

fn create(account: &mut Account, input: &Value) -> Reply {
    let (name, texts, tags) = (text(input, "Name"), map(input), list(input.get("Tags")));
    let arn = format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}");
    let is_fifo = texts.get("FifoTopic").is_some_and(|value| value == "true");
    if is_fifo != name.ends_with(".fifo") {
        return Err(invalid("Topic Name"));
    }
    if let Some(topic) = account.topics.get(&arn) {
        if topic["tags"] != tags {
            return Err(invalid("Tags Reason: Topic already exists with different tags"));
        }
        if topic["texts"] != Value::Object(texts) {
            return Err(invalid(
                "Attributes Reason: Topic already exists with different attributes",
            ));
        }
        return Ok(json!({"TopicArn": arn}));
    }
    account.note("AWS::SNS::Topic", &arn);
    let topic = json!({"texts": texts, "tags": tags, "protection": input["DataProtectionPolicy"]});
    account.topics.insert(arn.clone(), topic);
    Ok(json!({"TopicArn": arn}))
}

/// Deletes a topic with its policy and its subscriptions; not one with an archive.
fn delete(account: &mut Account, input: &Value) -> Reply {
    let arn = text(input, "TopicArn");
    let archive = |topic: &Value| topic["texts"].get("ArchivePolicy").is_some();
    if account.topics.get(&arn).is_some_and(archive) {
        return Err(refuse(400, "InvalidState", "Cannot delete a topic with an ArchivePolicy"));
    }
    account.topics.remove(&arn);
    account.attached.remove(&arn);
    account.subscriptions.retain(|_, it| it["TopicArn"] != arn);
    Ok(json!({}))
}

fn subscribe(account: &mut Account, input: &Value) -> Reply {
    named(&mut account.topics, input, "TopicArn")?;
    const KEY: [&str; 3] = ["TopicArn", "Protocol", "Endpoint"];
    let texts = map(input);
    let same = |it: &Value| KEY.iter().all(|key| it[*key] == input[*key]);
    if let Some((arn, found)) = account.subscriptions.iter().find(|(_, it)| same(it)) {
        if found["texts"] != Value::Object(texts) {
            return Err(invalid("Subscription already exists with different attributes"));
        }
        return Ok(json!({"SubscriptionArn": arn}));
    }
    let number = account.next();
    let arn = format!("{}:00000000-0000-4000-8000-{number:012}", text(input, "TopicArn"));
    let mut object = json!({"texts": texts, "kind": kind_of(input)});
    for key in KEY {
        object[key] = input[key].clone();
    }
    account.note(kind_of(input), &arn);
    account.subscriptions.insert(arn.clone(), object);
    Ok(json!({"SubscriptionArn": arn}))
}

/// The kind of a subscription in the inventory: those that topics declare ask for no ARN.
fn kind_of(input: &Value) -> &'static str {
    let own = input["ReturnSubscriptionArn"] == "true";
    if own { "AWS::SNS::Subscription" } else { "subscriptions of topics" }
}

/// The ARNs of the subscriptions of a kind.
pub(super) fn subscriptions(account: &Account, kind: &str) -> Vec<String> {
    let all = account.subscriptions.iter();
    all.filter(|(_, it)| it["kind"] == kind).map(|(arn, _)| arn.clone()).collect()
}
