//! The capacity of a table and its indexes: billing mode, provisioned units, limits of on-demand units,
//! and units that are kept warm.

use rstack_model::{KnownMap, KnownValue};

use super::contents::GLOBAL;
use super::prior::{Declared, index};
use crate::iam::{arguments, text_in};
use crate::mapping::equivalent;

const PROVISIONED: &str = "ProvisionedThroughput";
const ON_DEMAND: &str = "OnDemandThroughput";
const WARM: &str = "WarmThroughput";

/// The members of each kind of capacity.
const UNITS: [&str; 2] = ["ReadCapacityUnits", "WriteCapacityUnits"];
const LIMITS: [&str; 2] = ["MaxReadRequestUnits", "MaxWriteRequestUnits"];
const KEPT: [&str; 2] = ["ReadUnitsPerSecond", "WriteUnitsPerSecond"];

/// The limit that is none.
///
/// Source: DynamoDB API reference, OnDemandThroughput.
const NO_LIMIT: i64 = -1;

/// The billing mode of a described table.
pub(super) fn mode(table: &KnownMap) -> &str {
    let summary = table.get("BillingModeSummary").and_then(KnownValue::as_map);
    summary.and_then(|summary| text_in(summary, "BillingMode")).unwrap_or("PROVISIONED")
}

/// The billing mode that is wanted. Without one, units say it.
fn wanted_mode<'a>(table: &'a KnownMap, members: &'a KnownMap, declared: Declared<'_>) -> &'a str {
    let units = members.contains_key(PROVISIONED) || declared.dropped("BillingMode");
    let other = if units { "PROVISIONED" } else { mode(table) };
    text_in(members, "BillingMode").unwrap_or(other)
}

fn number(map: &KnownMap, name: &str) -> Option<i64> {
    match map.get(name)? {
        KnownValue::Number(number) => number.as_i64(),
        other => other.expose_str()?.trim().parse().ok(),
    }
}

fn part<'a>(map: &'a KnownMap, name: &str) -> Option<&'a KnownMap> {
    map.get(name)?.as_map()
}

/// The indexes of a described table, with their names.
fn indexes(table: &KnownMap) -> impl Iterator<Item = (&str, &KnownMap)> {
    let list = table.get(GLOBAL).and_then(KnownValue::as_list).unwrap_or_default();
    let maps = list.iter().filter_map(KnownValue::as_map);
    maps.filter_map(|index| Some((text_in(index, "IndexName")?, index)))
}

/// The wanted units, if they differ from what is there.
fn units(wanted: Option<&KnownMap>, there: &KnownMap, switches: bool) -> Option<KnownValue> {
    let wanted = wanted.and_then(|wanted| part(wanted, PROVISIONED))?;
    let there = part(there, PROVISIONED);
    let same = UNITS.iter().all(|unit| {
        let there = there.and_then(|there| number(there, unit));
        number(wanted, unit).is_none_or(|wanted| there == Some(wanted))
    });
    (switches || !same).then(|| wanted.clone().into())
}

/// The limits, if one differs from what is wanted. One that is declared no longer is taken away; one that
/// was never declared stays.
fn limits(
    wanted: Option<&KnownMap>,
    there: &KnownMap,
    declared: Declared<'_>,
) -> Option<KnownValue> {
    let of = |map: Option<&KnownMap>, name: &str| {
        map.and_then(|map| part(map, ON_DEMAND)).and_then(|limits| number(limits, name))
    };
    let limit = |name: &str| {
        let back = declared.dropped_in(ON_DEMAND, name).then_some(NO_LIMIT);
        of(wanted, name).or(back).or(of(Some(there), name)).map(|limit| (name.to_owned(), limit))
    };
    let limits: Vec<(String, i64)> = LIMITS.into_iter().filter_map(limit).collect();
    let is = |name: &str| of(Some(there), name).unwrap_or(NO_LIMIT);
    let same = limits.iter().all(|(name, limit)| *limit == is(name));
    let members = limits.into_iter().map(|(name, limit)| (name, limit.into()));
    (!same).then(|| KnownValue::Map(members.collect()))
}

/// An update of an index by one member.
fn update(name: &str, member: &str, value: KnownValue) -> KnownValue {
    let update = arguments([("IndexName", name.into()), (member, value)]);
    arguments([("Update", update.into())]).into()
}

/// The members of the call that changes billing mode, units and limits; empty if they are as wanted.
///
/// An index that is wanted no longer has to be given units, too, when the mode changes: those of the
/// table.
///
/// Source: DynamoDB API reference, UpdateTable, `BillingMode` and `GlobalSecondaryIndexUpdates`.
pub(super) fn change(table: &KnownMap, members: &KnownMap, declared: Declared<'_>) -> KnownMap {
    let wanted = wanted_mode(table, members, declared);
    let switches = wanted != mode(table);
    let mut input = KnownMap::new();
    if switches {
        input.insert("BillingMode".to_owned(), wanted.into());
    }
    let mut updates = Vec::new();
    if wanted == "PROVISIONED" {
        let own = units(Some(members), table, switches);
        input.extend(own.map(|units| (PROVISIONED.to_owned(), units)));
        for (name, there) in indexes(table) {
            let wanted = index(members, GLOBAL, name);
            let wanted = if wanted.is_none() && switches { Some(members) } else { wanted };
            let changed = units(wanted, there, switches);
            updates.extend(changed.map(|units| update(name, PROVISIONED, units)));
        }
        // DynamoDB says that it takes no limits for units.
        input.extend(members.get(ON_DEMAND).map(|wrong| (ON_DEMAND.to_owned(), wrong.clone())));
    } else {
        // DynamoDB says that it takes no units on demand.
        let wrong = members.get(PROVISIONED);
        input.extend(wrong.map(|wrong| (PROVISIONED.to_owned(), wrong.clone())));
        let own = limits(Some(members), table, declared);
        input.extend(own.map(|limits| (ON_DEMAND.to_owned(), limits)));
        let empty = KnownMap::new();
        for (name, there) in indexes(table) {
            let wanted = index(members, GLOBAL, name);
            let changed = limits(wanted, there, declared.of_index(GLOBAL, name, &empty));
            updates.extend(changed.map(|limits| update(name, ON_DEMAND, limits)));
        }
    }
    if !updates.is_empty() {
        input.insert("GlobalSecondaryIndexUpdates".to_owned(), KnownValue::List(updates));
    }
    input
}

/// True if what is kept warm is at least what is wanted. Use raises it, and nothing lowers it.
///
/// Source: DynamoDB developer guide, Understanding DynamoDB warm throughput.
fn is_warm(wanted: &KnownMap, there: Option<&KnownMap>) -> bool {
    KEPT.iter().all(|name| match number(wanted, name) {
        Some(wanted) => there.and_then(|there| number(there, name)).is_some_and(|is| is >= wanted),
        None => true,
    })
}

/// The wanted units, none lower than what is there: those cannot be sent.
fn warmed(wanted: &KnownMap, there: &KnownMap) -> Option<KnownValue> {
    let (wanted, there) = (part(wanted, WARM)?, part(there, WARM));
    if is_warm(wanted, there) {
        return None;
    }
    let unit = |name: &str| {
        let is = there.and_then(|there| number(there, name));
        let most = number(wanted, name).max(is)?;
        Some((name.to_owned(), KnownValue::from(most)))
    };
    Some(KnownValue::Map(KEPT.into_iter().filter_map(unit).collect()))
}

/// The members of the call that raises what is kept warm; empty if it is as wanted.
pub(super) fn warm(table: &KnownMap, members: &KnownMap) -> KnownMap {
    let mut input = KnownMap::new();
    input.extend(warmed(members, table).map(|units| (WARM.to_owned(), units)));
    let updates: Vec<_> = indexes(table)
        .filter_map(|(name, there)| {
            Some(update(name, WARM, warmed(index(members, GLOBAL, name)?, there)?))
        })
        .collect();
    if !updates.is_empty() {
        input.insert("GlobalSecondaryIndexUpdates".to_owned(), KnownValue::List(updates));
    }
    input
}

/// Brings the capacity in properties that were read into the form in which it is declared: units mean
/// nothing on demand, a limit that is none is not shown, and what is warmer than declared is as
/// declared.
pub(super) fn show(properties: &mut KnownMap, declared: &KnownMap) {
    let on_demand = text_in(properties, "BillingMode") == Some("PAY_PER_REQUEST");
    show_one(properties, declared, on_demand);
    let Some(KnownValue::List(list)) = properties.get_mut(GLOBAL) else { return };
    for shown in list {
        let KnownValue::Map(shown) = shown else { continue };
        let name = text_in(shown, "IndexName").unwrap_or_default().to_owned();
        let nothing = KnownMap::new();
        show_one(shown, index(declared, GLOBAL, &name).unwrap_or(&nothing), on_demand);
    }
}

fn show_one(shown: &mut KnownMap, declared: &KnownMap, on_demand: bool) {
    if on_demand {
        shown.remove(PROVISIONED);
    }
    if let Some(KnownValue::Map(limits)) = shown.get_mut(ON_DEMAND) {
        limits.retain(|_, limit| !equivalent(limit, &NO_LIMIT.into(), &[]));
        if limits.is_empty() {
            shown.remove(ON_DEMAND);
        }
    }
    if let Some(given) = declared.get(WARM)
        && given.as_map().is_some_and(|given| is_warm(given, part(shown, WARM)))
    {
        shown.insert(WARM.to_owned(), given.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::test::scripted_api::known;

    fn changed(table: Value, members: Value, [prior, wanted]: [Value; 2]) -> Value {
        let (prior, wanted) = (known(prior), known(wanted));
        let declared = Declared { prior: &prior, wanted: &wanted };
        let input = change(&known(table), &known(members), declared);
        crate::test::fake::wire::plain_map(&input)
    }

    #[test]
    fn a_table_that_gets_units_gives_them_to_its_indexes_too() {
        let units = |read: u8| json!({"ReadCapacityUnits": read, "WriteCapacityUnits": 1});
        let on_demand = json!({
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "ProvisionedThroughput": units(0),
            "GlobalSecondaryIndexes": [
                {"IndexName": "a", "ProvisionedThroughput": units(0)}, {"IndexName": "old"},
            ],
        });
        let members = json!({
            "ProvisionedThroughput": units(5),
            "GlobalSecondaryIndexes": [{"IndexName": "a", "ProvisionedThroughput": units(2)}],
        });
        let expected = json!({
            "BillingMode": "PROVISIONED", "ProvisionedThroughput": units(5),
            "GlobalSecondaryIndexUpdates": [
                {"Update": {"IndexName": "a", "ProvisionedThroughput": units(2)}},
                {"Update": {"IndexName": "old", "ProvisionedThroughput": units(5)}},
            ],
        });
        let nothing = || [json!({}), json!({})];
        assert_eq!(changed(on_demand, members.clone(), nothing()), expected);
        let there = json!({
            "ProvisionedThroughput": units(5),
            "GlobalSecondaryIndexes": [{"IndexName": "a", "ProvisionedThroughput": units(1)}],
        });
        let one = json!({"GlobalSecondaryIndexUpdates": [
            {"Update": {"IndexName": "a", "ProvisionedThroughput": units(2)}},
        ]});
        assert_eq!(changed(there, members, nothing()), one);
    }

    #[test]
    fn a_limit_that_is_declared_no_longer_is_taken_away() {
        let limited = json!({
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "OnDemandThroughput": {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 6},
        });
        let prior = json!({"OnDemandThroughput": {"MaxReadRequestUnits": 5}});
        let expected = json!({"OnDemandThroughput": {
            "MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 6,
        }});
        assert_eq!(changed(limited.clone(), json!({}), [prior, json!({})]), expected);
        assert_eq!(changed(limited, json!({}), [json!({}), json!({})]), json!({}));
    }

    #[test]
    fn what_is_warmer_than_declared_is_as_declared() {
        let there = |read: u64| {
            known(json!({"WarmThroughput": {
                "ReadUnitsPerSecond": read, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE",
            }}))
        };
        let wanted = known(json!({"WarmThroughput": {"ReadUnitsPerSecond": 13_000}}));
        let sent = json!({"WarmThroughput": {
            "ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 4000,
        }});
        assert_eq!(warm(&there(12_000), &wanted), known(sent));
        assert_eq!(warm(&there(20_000), &wanted), KnownMap::new());
        let mut shown = there(20_000);
        show(&mut shown, &wanted);
        assert_eq!(shown, wanted);
    }
}
