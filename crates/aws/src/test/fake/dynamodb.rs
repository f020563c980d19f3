//! DynamoDB: tables, which take one change at a time and are busy with it until they were described
//! once. What is not a change is refused, and so is a change of two kinds.

mod changes;
mod settings;

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, list, members, refuse, text};
use crate::service_error::Refusal;

fn invalid(message: &str) -> Refusal {
    refuse(400, "ValidationException", message)
}

fn missing() -> Refusal {
    refuse(400, "ResourceNotFoundException", "Requested resource not found")
}

fn in_use(message: &str) -> Refusal {
    refuse(400, "ResourceInUseException", message)
}

/// Members of a new table that are kept as they are given.
const KEPT: [&str; 7] = [
    "AttributeDefinitions",
    "KeySchema",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "StreamSpecification",
    "TableName",
    "VectorIndexes",
];

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    match operation {
        "CreateTable" => return create(account, input),
        "GetResourcePolicy" | "PutResourcePolicy" | "DeleteResourcePolicy" => {
            return settings::policy(account, operation, input);
        }
        "ListTagsOfResource" | "TagResource" | "UntagResource" => {
            return settings::tags(account, operation, input);
        }
        _ => {}
    }
    let name = text(input, "TableName");
    let table = account.tables.get_mut(&name).ok_or_else(missing)?;
    let shown = &mut table["shown"];
    match operation {
        "DescribeTable" => {
            let described = json!({"Table": shown});
            if shown["TableStatus"] == "DELETING" {
                let arn = text(shown, "TableArn");
                account.tables.remove(&name);
                account.table_policies.retain(|it, _| !it.starts_with(&arn));
                account.table_tags.retain(|it, _| !it.starts_with(&arn));
            } else {
                rest(shown);
            }
            return Ok(described);
        }
        "DeleteTable" => {
            if shown["DeletionProtectionEnabled"] == true {
                return Err(invalid("the table is protected against deletion"));
            }
            return match text(shown, "TableStatus").as_str() {
                "CREATING" | "UPDATING" => Err(in_use("the table is in use")),
                _ => {
                    shown["TableStatus"] = "DELETING".into();
                    Ok(json!({}))
                }
            };
        }
        _ => {}
    }
    if operation.starts_with("Describe") {
        return settings::describe(table, operation, input);
    }
    if shown["TableStatus"] != "ACTIVE" {
        return Err(in_use("the table is busy"));
    }
    match operation {
        "UpdateTable" => changes::update(shown, input),
        "UpdateTimeToLive" => {
            let (wanted, held) = (&input["TimeToLiveSpecification"], &table["life"]);
            let was_on = held["Enabled"] == true;
            if (wanted["Enabled"] == true) == was_on {
                return Err(invalid("TimeToLive is already as wanted"));
            }
            if was_on && held["AttributeName"] != wanted["AttributeName"] {
                return Err(invalid("TimeToLive is active on a different AttributeName"));
            }
            table["life"] = wanted.clone();
            Ok(json!({"TimeToLiveSpecification": wanted}))
        }
        "UpdateContinuousBackups" => {
            if table["backed"].is_null() {
                table["backed"] = true.into();
                let message = "Backups are being enabled for the table. Please retry later";
                return Err(refuse(400, "ContinuousBackupsUnavailableException", message));
            }
            table["backups"] = input["PointInTimeRecoverySpecification"].clone();
            Ok(json!({}))
        }
        "UpdateContributorInsights" => {
            let index = settings::index_of(input);
            let on = input["ContributorInsightsAction"] == "ENABLE";
            let mode = input.get("ContributorInsightsMode").cloned();
            let mode = mode.unwrap_or_else(|| "ACCESSED_AND_THROTTLED_KEYS".into());
            let status = if on { "ENABLING" } else { "DISABLING" };
            table["insights"][index] = json!({"Status": status, "Mode": mode});
            Ok(json!({}))
        }
        other => settings::streaming(table, other, input),
    }
}

/// An object that is busy has done its work once it was described.
fn rest(shown: &mut Value) {
    shown["TableStatus"] = "ACTIVE".into();
    if let Some(described) = shown.get_mut("SSEDescription") {
        if described["Status"] == "DISABLING" {
            shown.as_object_mut().unwrap().remove("SSEDescription");
        } else {
            described["Status"] = "ENABLED".into();
        }
    }
    for kind in ["GlobalSecondaryIndexes", "VectorIndexes"] {
        let Some(Value::Array(indexes)) = shown.get_mut(kind) else { continue };
        indexes.retain(|index| index["IndexStatus"] != "DELETING");
        for index in indexes.iter_mut() {
            index["IndexStatus"] = "ACTIVE".into();
        }
        if indexes.is_empty() {
            shown.as_object_mut().unwrap().remove(kind);
        }
    }
    let used = used(shown);
    if let Some(Value::Array(all)) = shown.get_mut("AttributeDefinitions") {
        all.retain(|it| used.contains(&text(it, "AttributeName")));
    }
}

/// The attributes that keys are made of.
fn used(table: &Value) -> Vec<String> {
    let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    let indexes = indexes.into_iter().filter_map(|kind| table.get(kind)?.as_array()).flatten();
    let keys = indexes.chain([table]).filter_map(|it| it["KeySchema"].as_array()).flatten();
    keys.map(|key| text(key, "AttributeName")).collect()
}

fn warm(given: Option<&Value>) -> Value {
    let mut units =
        json!({"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"});
    for (name, value) in given.and_then(Value::as_object).into_iter().flatten() {
        units[name] = value.clone();
    }
    units
}

/// An index as it is described.
fn described_index(given: &Value, status: &str) -> Value {
    let mut index = given.clone();
    index["IndexStatus"] = status.into();
    if given.get("VectorAttribute").is_none() {
        index["WarmThroughput"] = warm(given.get("WarmThroughput"));
        if given.get("ProvisionedThroughput").is_none() {
            index["ProvisionedThroughput"] =
                json!({"ReadCapacityUnits": 0, "WriteCapacityUnits": 0});
        }
    }
    index
}

fn encrypted(shown: &mut Value, wanted: &Value, statuses: [&str; 2]) {
    let [on, off] = statuses;
    if wanted["Enabled"] == true {
        let key = wanted.get("KMSMasterKeyId").and_then(Value::as_str).unwrap_or("aws");
        let arn = match key.starts_with("arn:") {
            true => key.to_owned(),
            false => format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{}", key.replace('/', "-")),
        };
        shown["SSEDescription"] = json!({"Status": on, "SSEType": "KMS", "KMSMasterKeyArn": arn});
    } else if shown.get("SSEDescription").is_some() {
        shown["SSEDescription"]["Status"] = off.into();
    }
}

fn streamed(shown: &mut Value, number: u64) {
    let arn = text(shown, "TableArn");
    shown["LatestStreamArn"] = format!("{arn}/stream/{number}").into();
}

fn create(account: &mut Account, input: &Value) -> Reply {
    let name = text(input, "TableName");
    if account.tables.contains_key(&name) {
        return Err(in_use(&format!("Table already exists: {name}")));
    }
    let on_demand = input["BillingMode"] == "PAY_PER_REQUEST";
    if on_demand == input.get("ProvisionedThroughput").is_some() {
        return Err(invalid("units do not fit the billing mode"));
    }
    let mut defined: Vec<String> = input["AttributeDefinitions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| text(it, "AttributeName"))
        .collect();
    let mut used = used(input);
    for names in [&mut defined, &mut used] {
        names.sort();
        names.dedup();
    }
    if defined != used {
        return Err(invalid("Some AttributeDefinitions are not used, or some are missing"));
    }
    let number = account.next();
    let mut shown = members(input, &KEPT);
    shown["TableStatus"] = "CREATING".into();
    shown["TableArn"] = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}").into();
    if on_demand {
        shown["BillingModeSummary"] = json!({"BillingMode": "PAY_PER_REQUEST"});
        shown["ProvisionedThroughput"] = json!({"ReadCapacityUnits": 0, "WriteCapacityUnits": 0});
    } else {
        shown["ProvisionedThroughput"] = input["ProvisionedThroughput"].clone();
    }
    shown["WarmThroughput"] = warm(input.get("WarmThroughput"));
    let protected = input.get("DeletionProtectionEnabled").cloned();
    shown["DeletionProtectionEnabled"] = protected.unwrap_or_else(|| false.into());
    if let Some(class) = input.get("TableClass") {
        shown["TableClassSummary"] = json!({"TableClass": class});
    }
    for kind in ["GlobalSecondaryIndexes", "VectorIndexes"] {
        if let Some(Value::Array(indexes)) = input.get(kind) {
            shown[kind] = indexes.iter().map(|it| described_index(it, "CREATING")).collect();
        }
    }
    encrypted(&mut shown, &input["SSESpecification"], ["ENABLED", "DISABLED"]);
    if shown["StreamSpecification"]["StreamEnabled"] == true {
        streamed(&mut shown, number);
    }
    let arn = text(&shown, "TableArn");
    account.table_tags.insert(arn.clone(), list(input.get("Tags")));
    if let Some(policy) = input.get("ResourcePolicy") {
        account.table_policies.insert(arn, policy.clone());
    }
    account.note("AWS::DynamoDB::Table", &name);
    let answer = json!({"TableDescription": shown});
    account.tables.insert(name, json!({"shown": shown, "insights": {}, "number": number}));
    Ok(answer)
}
