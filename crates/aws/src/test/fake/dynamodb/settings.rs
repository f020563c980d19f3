//! The parts of a table that operations of their own change and show: expiry, backups, insights, destinations,
//! policies and tags.

use serde_json::{Value, json};

use super::{in_use, invalid, missing};
use crate::test::fake::account::{Account, Reply, list, refuse, set_tags, text, unset_tags};

/// The place of the insights of an index, or of the table.
pub(super) fn index_of(input: &Value) -> String {
    let name = text(input, "IndexName");
    if name.is_empty() { "(table)".to_owned() } else { name }
}

/// A part that is being turned on or off has been once it was described.
pub(super) fn describe(table: &mut Value, operation: &str, input: &Value) -> Reply {
    Ok(match operation {
        "DescribeTimeToLive" => {
            let held = &table["life"];
            let on = held["Enabled"] == true;
            let mut shown = json!({"TimeToLiveStatus": if on { "ENABLED" } else { "DISABLED" }});
            if on {
                shown["AttributeName"] = held["AttributeName"].clone();
            }
            json!({"TimeToLiveDescription": shown})
        }
        "DescribeContinuousBackups" => {
            let held = &table["backups"];
            let on = held["PointInTimeRecoveryEnabled"] == true;
            let status = if on { "ENABLED" } else { "DISABLED" };
            let mut shown = json!({"PointInTimeRecoveryStatus": status});
            if on {
                let days = held.get("RecoveryPeriodInDays").cloned();
                shown["RecoveryPeriodInDays"] = days.unwrap_or_else(|| 35.into());
            }
            json!({"ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": shown,
            }})
        }
        "DescribeContributorInsights" => {
            let index = index_of(input);
            let Some(held) = table["insights"].get_mut(&index) else {
                return Ok(json!({"ContributorInsightsStatus": "DISABLED"}));
            };
            let shown = json!({
                "ContributorInsightsStatus": held["Status"], "ContributorInsightsMode": held["Mode"],
            });
            let next = match text(held, "Status").as_str() {
                "ENABLING" | "ENABLED" => "ENABLED",
                _ => "DISABLED",
            };
            held["Status"] = next.into();
            shown
        }
        "DescribeKinesisStreamingDestination" => {
            let held = list(table.get("streams"));
            for stream in
                table.get_mut("streams").and_then(Value::as_array_mut).into_iter().flatten()
            {
                let next = match text(stream, "DestinationStatus").as_str() {
                    "DISABLING" | "DISABLED" => "DISABLED",
                    _ => "ACTIVE",
                };
                stream["DestinationStatus"] = next.into();
            }
            json!({"KinesisDataStreamDestinations": held})
        }
        _ => panic!("dynamodb:{operation}"),
    })
}

pub(super) fn streaming(table: &mut Value, operation: &str, input: &Value) -> Reply {
    if table.get("streams").is_none() {
        table["streams"] = json!([]);
    }
    let all = table["streams"].as_array_mut().unwrap();
    let on = |it: &Value| it["DestinationStatus"] == "ACTIVE";
    let busy = |it: &Value| !on(it) && it["DestinationStatus"] != "DISABLED";
    if all.iter().any(busy) {
        return Err(in_use("a destination is being changed"));
    }
    let found = all.iter_mut().find(|it| it["StreamArn"] == input["StreamArn"]);
    let precision = |name: &str| input[name]["ApproximateCreationDateTimePrecision"].clone();
    match (operation, found) {
        ("EnableKinesisStreamingDestination", found) => {
            if found.as_ref().is_some_and(|it| on(it)) {
                return Err(invalid("it is enabled"));
            }
            let precision = match precision("EnableKinesisStreamingConfiguration") {
                Value::Null => "MILLISECOND".into(),
                given => given,
            };
            all.retain(|it| it["StreamArn"] != input["StreamArn"]);
            all.push(json!({
                "StreamArn": input["StreamArn"], "DestinationStatus": "ENABLING",
                "ApproximateCreationDateTimePrecision": precision,
            }));
        }
        ("DisableKinesisStreamingDestination", Some(stream)) if on(stream) => {
            stream["DestinationStatus"] = "DISABLING".into();
        }
        ("UpdateKinesisStreamingDestination", Some(stream)) if on(stream) => {
            stream["DestinationStatus"] = "UPDATING".into();
            stream["ApproximateCreationDateTimePrecision"] =
                precision("UpdateKinesisStreamingConfiguration");
        }
        (_, Some(_)) => return Err(invalid("it is not enabled")),
        (_, None) => return Err(missing()),
    }
    Ok(json!({}))
}

/// True if an ARN is that of a table, or of its stream.
fn is_there(account: &Account, arn: &str) -> bool {
    account.tables.values().any(|table| {
        let shown = &table["shown"];
        shown["TableArn"] == arn || shown["LatestStreamArn"] == arn
    })
}

pub(super) fn policy(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let arn = text(input, "ResourceArn");
    if !is_there(account, &arn) {
        return Err(missing());
    }
    match operation {
        "PutResourcePolicy" => {
            account.table_policies.insert(arn, input["Policy"].clone());
            Ok(json!({"RevisionId": "1"}))
        }
        "DeleteResourcePolicy" => {
            account.table_policies.remove(&arn);
            Ok(json!({}))
        }
        _ => {
            let gone = || refuse(400, "PolicyNotFoundException", "it has no policy");
            let policy = account.table_policies.get(&arn).ok_or_else(gone)?;
            Ok(json!({"Policy": policy, "RevisionId": "1"}))
        }
    }
}

pub(super) fn tags(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let arn = text(input, "ResourceArn");
    if !is_there(account, &arn) {
        return Err(missing());
    }
    let tags = account.table_tags.entry(arn).or_insert_with(|| json!([]));
    match operation {
        "TagResource" => set_tags(tags, &input["Tags"]),
        "UntagResource" => unset_tags(tags, &input["TagKeys"]),
        _ => return Ok(json!({"Tags": tags})),
    }
    Ok(json!({}))
}
