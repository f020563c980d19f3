//! The calls that change a table itself: DynamoDB takes one after the other, and one kind of change
//! each.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::contents::has_stream;
use super::prior::Declared;
use super::{encryption, indexes, throughput};
use crate::iam::{arguments, text_in};

/// The state of a table, or of a part of it, that passes.
pub(super) fn passing(table: &KnownMap) -> Option<String> {
    let name = text_in(table, "TableName").unwrap_or_default();
    let own = |state: &str| format!("table `{name}`, which is {state}");
    if let Some(state @ ("CREATING" | "UPDATING")) = text_in(table, "TableStatus") {
        return Some(own(state));
    }
    let warm = table.get("WarmThroughput").and_then(|warm| warm.get("Status"));
    if let Some(state @ ("CREATING" | "UPDATING")) = warm.and_then(KnownValue::as_str) {
        return Some(format!("the warm throughput of table `{name}`, which is {state}"));
    }
    if let Some((index, state)) = indexes::changing(table) {
        return Some(format!("index `{index}` of table `{name}`, which is {state}"));
    }
    encryption::is_changing(table).then(|| format!("the encryption of table `{name}`"))
}

/// The members of the next call that changes a table, without its name; `None` if it is as wanted.
///
/// Source: DynamoDB API reference, UpdateTable: one of several operations at once; a stream is not
/// changed, but turned off and on again.
///
/// # Errors
/// If a change is one that DynamoDB makes to no table.
pub(super) fn next(
    table: &KnownMap,
    members: &KnownMap,
    declared: Declared<'_>,
    operation: &'static str,
) -> Result<Option<KnownMap>, DriverError> {
    indexes::check(table, members, declared, operation)?;
    let encryption = || {
        let change = encryption::change(table, members, declared);
        change.map(|change| arguments([("SSESpecification", change)])).unwrap_or_default()
    };
    let steps: [&dyn Fn() -> KnownMap; 7] = [
        &|| throughput::change(table, members, declared),
        &|| throughput::warm(table, members),
        &|| stream(table, members, declared),
        &encryption,
        &|| class(table, members, declared),
        &|| protection(table, members, declared),
        &|| indexes::change(table, members, declared),
    ];
    Ok(steps.iter().map(|step| step()).find(|input| !input.is_empty()))
}

fn stream(table: &KnownMap, members: &KnownMap, declared: Declared<'_>) -> KnownMap {
    const STREAM: &str = "StreamSpecification";
    let off = || arguments([(STREAM, arguments([("StreamEnabled", false.into())]).into())]);
    let kind = |map: &KnownMap| {
        map.get(STREAM)
            .and_then(|it| it.get("StreamViewType"))
            .and_then(KnownValue::expose_str)
            .map(str::to_owned)
    };
    match (members.get(STREAM), has_stream(table)) {
        (Some(wanted), false) => arguments([(STREAM, wanted.clone())]),
        (Some(_), true) if kind(members) != kind(table) => off(),
        (None, true) if declared.dropped(STREAM) => off(),
        (Some(_) | None, _) => KnownMap::new(),
    }
}

fn class(table: &KnownMap, members: &KnownMap, declared: Declared<'_>) -> KnownMap {
    const CLASS: &str = "TableClass";
    const STANDARD: &str = "STANDARD";
    let there = table.get("TableClassSummary").and_then(|summary| summary.get(CLASS));
    let there = there.and_then(KnownValue::as_str).unwrap_or(STANDARD);
    let back = declared.dropped(CLASS).then_some(STANDARD);
    match text_in(members, CLASS).or(back) {
        Some(wanted) if wanted != there => arguments([(CLASS, wanted.into())]),
        Some(_) | None => KnownMap::new(),
    }
}

fn protection(table: &KnownMap, members: &KnownMap, declared: Declared<'_>) -> KnownMap {
    const PROTECTION: &str = "DeletionProtectionEnabled";
    let is_on = |map: &KnownMap| map.get(PROTECTION) == Some(&KnownValue::Bool(true));
    let decides = members.contains_key(PROTECTION) || declared.dropped(PROTECTION);
    if !decides || is_on(members) == is_on(table) {
        return KnownMap::new();
    }
    arguments([(PROTECTION, is_on(members).into())])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::test::scripted_api::known;

    fn call(table: &Value, members: Value, prior: Value) -> Option<KnownMap> {
        let (table, members, prior) = (known(table.clone()), known(members), known(prior));
        let declared = Declared { prior: &prior, wanted: &members };
        next(&table, &members, declared, "dynamodb:UpdateTable").unwrap()
    }

    #[test]
    fn a_stream_of_another_kind_is_turned_off_first() {
        let stream = |kind: &str| json!({"StreamSpecification": {"StreamEnabled": true, "StreamViewType": kind}});
        let off = known(json!({"StreamSpecification": {"StreamEnabled": false}}));
        let there = stream("KEYS_ONLY");
        assert_eq!(call(&there, stream("NEW_IMAGE"), json!({})), Some(off.clone()));
        assert_eq!(call(&there, stream("KEYS_ONLY"), json!({})), None);
        assert_eq!(call(&there, json!({}), stream("KEYS_ONLY")), Some(off));
        assert_eq!(call(&there, json!({}), json!({})), None);
        let none = json!({"StreamSpecification": {"StreamEnabled": false}});
        assert_eq!(call(&none, stream("NEW_IMAGE"), json!({})), Some(known(stream("NEW_IMAGE"))));
    }

    #[test]
    fn each_call_makes_one_kind_of_change_and_defaults_come_back() {
        let there = json!({
            "TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
            "DeletionProtectionEnabled": true,
        });
        let prior = json!({"TableClass": "x", "DeletionProtectionEnabled": true});
        let class = known(json!({"TableClass": "STANDARD"}));
        assert_eq!(call(&there, json!({}), prior.clone()), Some(class));
        let protected = json!({"DeletionProtectionEnabled": true});
        let off = known(json!({"DeletionProtectionEnabled": false}));
        assert_eq!(call(&protected, json!({}), prior), Some(off));
        assert_eq!(call(&protected, json!({}), json!({})), None);
    }

    #[test]
    fn what_passes_is_waited_for() {
        let state = |more: Value| {
            let mut table = known(json!({"TableName": "t", "TableStatus": "ACTIVE"}));
            table.extend(known(more));
            passing(&table)
        };
        assert_eq!(state(json!({})), None);
        for more in [
            json!({"TableStatus": "UPDATING"}),
            json!({"WarmThroughput": {"Status": "UPDATING"}}),
            json!({"SSEDescription": {"Status": "ENABLING"}}),
            json!({"GlobalSecondaryIndexes": [{"IndexName": "i", "IndexStatus": "CREATING"}]}),
        ] {
            assert!(state(more.clone()).is_some(), "{more}");
        }
    }
}
