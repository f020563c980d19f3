//! The call that changes a table.

use serde_json::{Value, json};

use super::{described_index, encrypted, invalid, missing, streamed, used};
use crate::service_error::Refusal;
use crate::test::fake::account::{Reply, refuse, text};

/// Members of a change that may be made together.
const CAPACITY: [&str; 3] = ["BillingMode", "ProvisionedThroughput", "OnDemandThroughput"];

pub(super) fn update(shown: &mut Value, input: &Value) -> Reply {
    let given: Vec<&str> = input.as_object().unwrap().keys().map(String::as_str).collect();
    let more: Vec<&str> = given
        .iter()
        .copied()
        .filter(|it| !["TableName", "AttributeDefinitions"].contains(it))
        .filter(|it| !CAPACITY.contains(it))
        .collect();
    let capacity = given.iter().any(|it| CAPACITY.contains(it));
    let of_indexes = more == ["GlobalSecondaryIndexUpdates"];
    let warms = more.contains(&"WarmThroughput");
    if more.len() + usize::from(capacity) != 1 && !(capacity && of_indexes) && !warms {
        return Err(invalid("only one kind of change at once"));
    }
    for name in CAPACITY {
        let Some(value) = input.get(name) else { continue };
        if name == "BillingMode" {
            if shown["BillingModeSummary"]["BillingMode"] == *value {
                return Err(invalid("the billing mode does not change"));
            }
            shown["BillingModeSummary"] = json!({"BillingMode": value});
        } else {
            if shown.get(name) == Some(value) {
                return Err(invalid("the throughput will not change"));
            }
            for (unit, value) in value.as_object().unwrap() {
                shown[name][unit] = value.clone();
            }
        }
    }
    for kind in ["GlobalSecondaryIndex", "VectorIndex"] {
        let updates = input.get(format!("{kind}Updates")).and_then(Value::as_array);
        let list = if kind == "VectorIndex" { "VectorIndexes" } else { "GlobalSecondaryIndexes" };
        let made = updates.into_iter().flatten().filter(|it| it.get("Update").is_none());
        if made.count() > 1 {
            return Err(refuse(400, "LimitExceededException", "one index at a time"));
        }
        for change in updates.into_iter().flatten() {
            change_index(shown, input, list, change)?;
        }
    }
    if let Some(units) = input.get("WarmThroughput") {
        let there = shown["WarmThroughput"].clone();
        for (unit, value) in units.as_object().unwrap() {
            if value.as_i64() < there[unit].as_i64() {
                return Err(invalid("warm throughput is not lowered"));
            }
            shown["WarmThroughput"][unit] = value.clone();
        }
    }
    if let Some(stream) = input.get("StreamSpecification") {
        let on = shown["StreamSpecification"]["StreamEnabled"] == true;
        if (stream["StreamEnabled"] == true) == on {
            return Err(invalid("Table already has an enabled stream, or has none"));
        }
        shown["StreamSpecification"] = stream.clone();
        if !on {
            let number = shown["ItemCount"].as_u64().unwrap_or(1000) + 1;
            shown["ItemCount"] = number.into();
            streamed(shown, number);
        } else {
            shown.as_object_mut().unwrap().remove("StreamSpecification");
        }
    }
    if let Some(wanted) = input.get("SSESpecification") {
        encrypted(shown, wanted, ["UPDATING", "DISABLING"]);
    }
    if let Some(class) = input.get("TableClass") {
        if shown["TableClassSummary"]["TableClass"] == *class {
            return Err(invalid("the class does not change"));
        }
        shown["TableClassSummary"] = json!({"TableClass": class});
    }
    if let Some(protected) = input.get("DeletionProtectionEnabled") {
        shown["DeletionProtectionEnabled"] = protected.clone();
    }
    shown["TableStatus"] = "UPDATING".into();
    Ok(json!({"TableDescription": shown}))
}

fn change_index(
    shown: &mut Value,
    input: &Value,
    list: &str,
    change: &Value,
) -> Result<(), Refusal> {
    if let Some(new) = change.get("Create") {
        if shown.get(list).is_none() {
            shown[list] = json!([]);
        }
        let all = shown[list].as_array_mut().unwrap();
        if all.iter().any(|it| it["IndexName"] == new["IndexName"]) {
            return Err(invalid("the index exists"));
        }
        all.push(described_index(new, "CREATING"));
        let mut used = used(shown);
        let mut defined: Vec<String> = input["AttributeDefinitions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| text(it, "AttributeName"))
            .collect();
        for names in [&mut defined, &mut used] {
            names.sort();
            names.dedup();
        }
        if defined != used {
            shown[list].as_array_mut().unwrap().pop();
            return Err(invalid("Some AttributeDefinitions are not used, or some are missing"));
        }
        shown["AttributeDefinitions"] = input["AttributeDefinitions"].clone();
        return Ok(());
    }
    let (action, which) = change.as_object().unwrap().iter().next().unwrap();
    let all = shown.get_mut(list).and_then(Value::as_array_mut).ok_or_else(missing)?;
    let named = |it: &&mut Value| it["IndexName"] == which["IndexName"];
    let index = all.iter_mut().find(named).ok_or_else(missing)?;
    if action == "Delete" {
        index["IndexStatus"] = "DELETING".into();
        return Ok(());
    }
    for (name, value) in which.as_object().unwrap() {
        if name == "IndexName" {
            continue;
        }
        if index.get(name) == Some(value) {
            return Err(invalid("the throughput of the index will not change"));
        }
        for (unit, value) in value.as_object().unwrap() {
            index[name][unit] = value.clone();
        }
    }
    Ok(())
}
