//! The indexes of a table: one is made or deleted at a time, and none is changed.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::contents::{GLOBAL, VECTOR};
use super::prior::{Declared, index};
use crate::iam::{arguments, text_in};
use crate::mapping::equivalent;

/// Indexes that exist from the beginning of a table to its end.
const LOCAL: &str = "LocalSecondaryIndexes";

/// The most global indexes of a table.
///
/// Source: DynamoDB developer guide, Quotas: secondary indexes per table.
const MOST: usize = 20;

/// A kind of index that comes and goes.
struct Kind {
    /// The property, and the member of requests and descriptions.
    list: &'static str,
    /// The member of the call that makes and deletes one.
    updates: &'static str,
    /// The members that no call changes.
    fixed: &'static [&'static str],
}

const KINDS: [Kind; 2] = [
    Kind {
        list: GLOBAL,
        updates: "GlobalSecondaryIndexUpdates",
        fixed: &["KeySchema", "Projection"],
    },
    Kind {
        list: VECTOR,
        updates: "VectorIndexUpdates",
        fixed: &["Dimensions", "DistanceFunction", "Projection", "SearchSchema", "VectorAttribute"],
    },
];

fn list<'a>(map: &'a KnownMap, name: &str) -> impl Iterator<Item = &'a KnownMap> + use<'a> {
    let list = map.get(name).and_then(KnownValue::as_list).unwrap_or_default();
    list.iter().filter_map(KnownValue::as_map)
}

/// The names of the indexes of a table that can have capacity and insights of their own.
pub(super) fn names(map: &KnownMap) -> Vec<&str> {
    list(map, GLOBAL).filter_map(|index| text_in(index, "IndexName")).collect()
}

/// The index of a table that is being made, changed or deleted, and its state.
pub(super) fn changing(table: &KnownMap) -> Option<(&str, &str)> {
    let mut all = [GLOBAL, VECTOR].into_iter().flat_map(|name| list(table, name));
    all.find_map(|index| {
        let warm = index.get("WarmThroughput").and_then(|warm| warm.get("Status"));
        let states = [index.get("IndexStatus"), warm];
        let mut states = states.into_iter().flatten().filter_map(KnownValue::as_str);
        Some((text_in(index, "IndexName")?, states.find(|state| *state != "ACTIVE")?))
    })
}

/// Refuses a change of an index that no call makes, before anything is changed.
///
/// Source: CloudFormation user guide, AWS::DynamoDB::Table: global indexes are added and deleted, local
/// ones are made with the table.
pub(super) fn check(
    table: &KnownMap,
    members: &KnownMap,
    declared: Declared<'_>,
    operation: &'static str,
) -> Result<(), DriverError> {
    for Kind { list: name, fixed, .. } in &KINDS {
        for wanted in list(members, name) {
            let there = text_in(wanted, "IndexName").and_then(|it| index(table, name, it));
            let Some(there) = there else { continue };
            if let Some(member) = fixed.iter().find(|member| !same(wanted, there, member)) {
                let problem = format!(
                    "has an index that exists with another `{member}`, which is changed on no \
                     index: give the index another name"
                );
                return Err(invalid(name, &problem, operation));
            }
        }
    }
    if !members.contains_key(LOCAL) && !declared.dropped(LOCAL) {
        return Ok(());
    }
    let named = |it: &&KnownMap, all| {
        let there = text_in(it, "IndexName").and_then(|it| index(all, LOCAL, it));
        there.is_some_and(|there| ["KeySchema", "Projection"].iter().all(|m| same(it, there, m)))
    };
    let kept = list(members, LOCAL).all(|wanted| named(&wanted, table));
    if kept && list(members, LOCAL).count() == list(table, LOCAL).count() {
        return Ok(());
    }
    let problem = "is not changed on a table that exists: replace the table with --replace, which loses its \
         data, or take the change back";
    Err(invalid(LOCAL, problem, operation))
}

fn same(wanted: &KnownMap, there: &KnownMap, member: &str) -> bool {
    let nothing = KnownValue::Null;
    let of = |map: &KnownMap| map.get(member).unwrap_or(&nothing).clone();
    equivalent(&of(wanted), &of(there), &["AttributeName"])
}

fn invalid(property: &str, problem: &str, operation: &'static str) -> DriverError {
    let kind = ErrorKind::Invalid { property: Some(PropertyPath::root().name(property)) };
    DriverError::new(kind, operation, format!("`{property}` {problem}"))
}

/// The members of the call that makes or deletes the next index; empty if the indexes are as wanted. A
/// new one is made before an old one goes, as long as there is room. While indexes are declared, every
/// other one goes; when they no longer are, those that were.
pub(super) fn change(table: &KnownMap, members: &KnownMap, declared: Declared<'_>) -> KnownMap {
    for kind in &KINDS {
        let named = |index: &KnownMap| text_in(index, "IndexName").map(str::to_owned);
        let mut new = list(members, kind.list).filter(|wanted| {
            named(wanted).is_none_or(|name| index(table, kind.list, &name).is_none())
        });
        let old = list(table, kind.list).filter_map(named).find(|name| {
            let wanted = index(members, kind.list, name).is_some();
            let known = declared.wanted.contains_key(kind.list)
                || index(declared.prior, kind.list, name).is_some();
            !wanted && known
        });
        let new = new.next();
        let full = list(table, kind.list).count() >= MOST;
        return match (new, old) {
            (Some(new), None) => kind.made(table, members, new),
            (Some(new), Some(_)) if !full => kind.made(table, members, new),
            (_, Some(old)) => kind.update("Delete", arguments([("IndexName", old.into())])),
            (None, None) => continue,
        };
    }
    KnownMap::new()
}

impl Kind {
    fn update(&self, action: &str, index: KnownMap) -> KnownMap {
        let update = arguments([(action, index.into())]);
        arguments([(self.updates, KnownValue::List(vec![update.into()]))])
    }

    /// The call that makes an index: it takes the definitions of the attributes that are in use then.
    ///
    /// Source: DynamoDB API reference, UpdateTable, `AttributeDefinitions`.
    fn made(&self, table: &KnownMap, members: &KnownMap, new: &KnownMap) -> KnownMap {
        let keys: Vec<&str> = ["KeySchema", "SearchSchema"]
            .into_iter()
            .flat_map(|schema| list(new, schema))
            .filter_map(|key| text_in(key, "AttributeName"))
            .collect();
        const DEFINITIONS: &str = "AttributeDefinitions";
        let mut definitions: Vec<KnownMap> = list(table, DEFINITIONS).cloned().collect();
        for definition in list(members, DEFINITIONS) {
            let name = text_in(definition, "AttributeName").unwrap_or_default();
            let known = |it: &KnownMap| text_in(it, "AttributeName") == Some(name);
            if keys.contains(&name) && !definitions.iter().any(known) {
                definitions.push(definition.clone());
            }
        }
        let mut input = self.update("Create", new.clone());
        let definitions = definitions.into_iter().map(KnownValue::from).collect();
        input.insert(DEFINITIONS.to_owned(), KnownValue::List(definitions));
        input
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::test::scripted_api::known;

    fn index(name: &str, key: &str) -> Value {
        json!({
            "IndexName": name, "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        })
    }

    fn definitions(names: &[&str]) -> Value {
        let of = |name: &&str| json!({"AttributeName": name, "AttributeType": "S"});
        names.iter().map(of).collect()
    }

    fn next(table: &KnownMap, members: &Value, prior: Value) -> KnownMap {
        let (prior, members) = (known(prior), known(members.clone()));
        change(table, &members, Declared { prior: &prior, wanted: &members })
    }

    #[test]
    fn a_new_index_is_made_before_an_old_one_goes_and_takes_its_definitions_alone() {
        let mut table = known(json!({
            "AttributeDefinitions": definitions(&["id", "old"]),
            "GlobalSecondaryIndexes": [index("old", "old")],
        }));
        let members = json!({
            "AttributeDefinitions": definitions(&["id", "a", "b"]),
            "GlobalSecondaryIndexes": [index("a", "a"), index("b", "b")],
        });
        let expected = json!({
            "AttributeDefinitions": definitions(&["id", "old", "a"]),
            "GlobalSecondaryIndexUpdates": [{"Create": index("a", "a")}],
        });
        assert_eq!(next(&table, &members, json!({})), known(expected));
        table.insert(GLOBAL.to_owned(), KnownValue::from_json(members[GLOBAL].clone()));
        assert_eq!(next(&table, &members, json!({})), KnownMap::new());
        let fewer = json!({"GlobalSecondaryIndexes": [index("a", "a")]});
        let delete = json!({"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "b"}}]});
        assert_eq!(next(&table, &fewer, json!({})), known(delete.clone()));
        // Of indexes that are declared no longer, those go that were declared.
        let prior = json!({"GlobalSecondaryIndexes": [{"IndexName": "b"}]});
        assert_eq!(next(&table, &json!({}), prior), known(delete));
        assert_eq!(next(&table, &json!({}), json!({})), KnownMap::new());
    }

    #[test]
    fn what_is_changed_on_no_index_is_refused() {
        let table = known(json!({
            "GlobalSecondaryIndexes": [index("a", "a")], "LocalSecondaryIndexes": [index("l", "l")],
        }));
        let refused = |members: Value, prior: Value| {
            let (members, prior) = (known(members), known(prior));
            let declared = Declared { prior: &prior, wanted: &members };
            check(&table, &members, declared, "dynamodb:UpdateTable").err().map(|it| it.message)
        };
        let changed = refused(json!({"GlobalSecondaryIndexes": [index("a", "b")]}), json!({}));
        assert!(changed.unwrap().contains("another `KeySchema`"));
        let same = json!({"LocalSecondaryIndexes": [index("l", "l")]});
        assert_eq!(refused(same.clone(), json!({})), None);
        assert_eq!(refused(json!({}), json!({})), None);
        assert!(refused(json!({}), same).unwrap().contains("with --replace"));
        let other = json!({"LocalSecondaryIndexes": [index("l", "x")]});
        assert!(refused(other, json!({})).is_some());
    }

    #[test]
    fn an_index_that_is_not_there_yet_is_waited_for() {
        let state = |status: &str, warm: &str| {
            known(json!({"GlobalSecondaryIndexes": [
                {"IndexName": "a", "IndexStatus": status, "WarmThroughput": {"Status": warm}},
            ]}))
        };
        assert_eq!(changing(&state("ACTIVE", "ACTIVE")), None);
        assert_eq!(changing(&state("CREATING", "ACTIVE")), Some(("a", "CREATING")));
        assert!(changing(&state("ACTIVE", "UPDATING")).is_some());
    }
}
