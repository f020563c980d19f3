//! The properties that a table was declared with before: names of what is declared no longer. Their
//! values may be secrets that are not known.

use rstack_model::{KnownMap, KnownValue};

/// The tree of a property, if it is one.
fn tree<'a>(map: &'a KnownMap, name: &str) -> Option<&'a KnownMap> {
    map.get(name)?.as_map()
}

/// The element of a declared list of indexes with this name.
pub(super) fn index<'a>(properties: &'a KnownMap, list: &str, name: &str) -> Option<&'a KnownMap> {
    let list = properties.get(list)?.as_list()?;
    let mut indexes = list.iter().filter_map(KnownValue::as_map);
    indexes.find(|index| index.get("IndexName").and_then(KnownValue::expose_str) == Some(name))
}

/// The property trees of before and now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared<'a> {
    /// The properties of before, secrets left empty.
    pub(super) prior: &'a KnownMap,
    /// The properties that are wanted.
    pub(super) wanted: &'a KnownMap,
}

impl<'a> Declared<'a> {
    /// True if a property was declared before and is no longer.
    pub(super) fn dropped(&self, name: &str) -> bool {
        self.prior.contains_key(name) && !self.wanted.contains_key(name)
    }

    /// True if a property inside of another one was declared before and is no longer, whether or not
    /// the other one is.
    pub(super) fn dropped_in(&self, name: &str, inner: &str) -> bool {
        let has = |map: &KnownMap| tree(map, name).is_some_and(|tree| tree.contains_key(inner));
        has(self.prior) && !has(self.wanted)
    }

    /// Both trees of an index, where one that is not declared is empty.
    pub(super) fn of_index(&self, list: &str, name: &str, empty: &'a KnownMap) -> Self {
        Self {
            prior: index(self.prior, list, name).unwrap_or(empty),
            wanted: index(self.wanted, list, name).unwrap_or(empty),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test::scripted_api::known;

    #[test]
    fn what_is_declared_no_longer_is_known_by_its_name() {
        let prior = known(json!({
            "TableClass": "x", "OnDemandThroughput": {"MaxReadRequestUnits": 1},
            "GlobalSecondaryIndexes": [{"IndexName": "i", "OnDemandThroughput": {}}],
        }));
        let wanted = known(json!({"GlobalSecondaryIndexes": [{"IndexName": "i"}]}));
        let declared = Declared { prior: &prior, wanted: &wanted };
        assert!(declared.dropped("TableClass") && !declared.dropped("GlobalSecondaryIndexes"));
        assert!(declared.dropped_in("OnDemandThroughput", "MaxReadRequestUnits"));
        assert!(!declared.dropped_in("OnDemandThroughput", "MaxWriteRequestUnits"));
        let empty = KnownMap::new();
        let index = declared.of_index("GlobalSecondaryIndexes", "i", &empty);
        assert!(index.dropped("OnDemandThroughput"));
        let other = declared.of_index("GlobalSecondaryIndexes", "j", &empty);
        assert!(!other.dropped("OnDemandThroughput"));
    }
}
