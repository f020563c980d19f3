//! EventBridge: rules, which a call that creates replaces, and their targets. A list has one element a
//! page.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, list, members, refuse, set_tags, text, unset_tags};

const SETTINGS: [&str; 5] =
    ["Description", "EventPattern", "RoleArn", "ScheduleExpression", "State"];

/// The key of a rule: its name, after that of a bus which is not the default one.
fn key(input: &Value, member: &str) -> String {
    let name = text(input, member);
    match text(input, "EventBusName").as_str() {
        "" | "default" => name,
        bus => format!("{}|{name}", bus.rsplit(":event-bus/").next().unwrap()),
    }
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let missing = |what: &str| refuse(400, "ResourceNotFoundException", &format!("no {what}"));
    match operation {
        "PutRule" => Ok(put(account, input)),
        "DescribeRule" => {
            let rule = account.rules.get(&key(input, "Name")).ok_or_else(|| missing("rule"))?;
            let mut shown = members(rule, &SETTINGS);
            for name in ["Arn", "EventBusName", "Name"] {
                shown[name] = rule[name].clone();
            }
            Ok(shown)
        }
        "DeleteRule" => {
            let key = key(input, "Name");
            let holds = |rule: &Value| !rule["targets"].as_object().unwrap().is_empty();
            if account.rules.get(&key).is_some_and(holds) {
                return Err(refuse(
                    400,
                    "ValidationException",
                    "Rule can't be deleted since it has targets.",
                ));
            }
            account.rules.remove(&key);
            Ok(json!({}))
        }
        "TagResource" | "UntagResource" | "ListTagsForResource" => {
            let arn = text(input, "ResourceARN");
            let mut all = account.rules.values_mut();
            let rule = all.find(|rule| rule["Arn"] == arn).ok_or_else(|| missing("rule"))?;
            set_tags(&mut rule["tags"], &input["Tags"]);
            unset_tags(&mut rule["tags"], &input["TagKeys"]);
            Ok(match operation {
                "ListTagsForResource" => json!({"Tags": rule["tags"]}),
                _ => json!({}),
            })
        }
        _ => {
            let rule = account.rules.get_mut(&key(input, "Rule")).ok_or_else(|| missing("rule"))?;
            Ok(targets(rule, operation, input))
        }
    }
}

fn targets(rule: &mut Value, operation: &str, input: &Value) -> Value {
    let targets = rule["targets"].as_object_mut().unwrap();
    match operation {
        "PutTargets" => {
            for target in input["Targets"].as_array().unwrap() {
                targets.insert(text(target, "Id"), target.clone());
            }
            json!({"FailedEntryCount": 0, "FailedEntries": []})
        }
        "RemoveTargets" => {
            for id in input["Ids"].as_array().unwrap() {
                targets.remove(id.as_str().unwrap());
            }
            json!({"FailedEntryCount": 0, "FailedEntries": []})
        }
        "ListTargetsByRule" => {
            let at: usize = text(input, "NextToken").parse().unwrap_or(0);
            let mut page =
                json!({"Targets": targets.values().skip(at).take(1).collect::<Vec<_>>()});
            if at + 1 < targets.len() {
                page["NextToken"] = (at + 1).to_string().into();
            }
            page
        }
        _ => panic!("events:{operation}"),
    }
}

/// Makes a rule, or replaces the settings of one that exists, whose tags stay.
fn put(account: &mut Account, input: &Value) -> Value {
    let key = key(input, "Name");
    let mut rule = match account.rules.get(&key) {
        Some(rule) => rule.clone(),
        None => {
            account.note("AWS::Events::Rule", &key);
            let arn = format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{}", key.replace('|', "/"));
            let bus = key.split_once('|').map_or("default", |(bus, _)| bus);
            json!({
                "Arn": arn, "Name": input["Name"], "EventBusName": bus, "targets": {},
                "tags": list(input.get("Tags")),
            })
        }
    };
    for name in SETTINGS {
        rule.as_object_mut().unwrap().remove(name);
        if let Some(value) = input.get(name) {
            rule[name] = value.clone();
        }
    }
    if rule.get("State").is_none() {
        rule["State"] = "ENABLED".into();
    }
    let answer = json!({"RuleArn": rule["Arn"]});
    account.rules.insert(key, rule);
    answer
}
