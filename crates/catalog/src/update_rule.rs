//! The rules by which services decide whether a change is made in place.

use std::fmt;

use rstack_model::{UpdateKind, Value};
use serde::{Deserialize, Serialize};

/// A service's rule for one property: in place or replaced, by the values before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum UpdateRule {
    /// Replaced if an element of the list is another one than before under the same key; elements
    /// that are added or removed are changed in place. The property of the elements that is the key.
    ElementsChanged(String),
    /// Replaced if the value is of another family than before. Within a family it is not decided.
    FamilyChanged(Vec<Vec<String>>),
    /// Replaced except for these changes.
    ReplacedExcept(Vec<Transition>),
    /// Replaced for these changes, changed in place for all others.
    ReplacedFor(Vec<Transition>),
    /// Replaced if the property is added or removed; changed in place otherwise.
    AddedOrRemoved,
}

/// A change from one value to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    from: String,
    to: String,
}

impl UpdateRule {
    /// The effect of a change; `None` if the rule does not decide it, or a value is not yet known.
    pub fn decide(&self, before: Option<&Value>, after: Option<&Value>) -> Option<UpdateKind> {
        let replaced = match self {
            Self::AddedOrRemoved => before.is_none() || after.is_none(),
            Self::ElementsChanged(key) => elements_changed(key, before?, after?)?,
            Self::FamilyChanged(families) => {
                let family = |value: &Value| {
                    let text = value.as_str()?;
                    families
                        .iter()
                        .position(|names| names.iter().any(|name| name.eq_ignore_ascii_case(text)))
                };
                if family(before?)? == family(after?)? {
                    return None;
                }
                true
            }
            Self::ReplacedExcept(transitions) => {
                !within(transitions, before?.as_str()?, after?.as_str()?)
            }
            Self::ReplacedFor(transitions) => match (before, after) {
                (Some(before), Some(after)) => {
                    within(transitions, before.as_str()?, after.as_str()?)
                }
                (None, _) | (_, None) => false,
            },
        };
        Some(if replaced { UpdateKind::Replaces } else { UpdateKind::InPlace })
    }
}

fn within(transitions: &[Transition], from: &str, to: &str) -> bool {
    transitions.iter().any(|transition| transition.from == from && transition.to == to)
}

fn listed(transitions: &[Transition]) -> String {
    let text = |Transition { from, to }: &Transition| format!("from `{from}` to `{to}`");
    transitions.iter().map(text).collect::<Vec<_>>().join(" or ")
}

/// True if an element differs from the one that had its key before; `None` if that is not known.
fn elements_changed(key: &str, before: &Value, after: &Value) -> Option<bool> {
    let (Value::List(before), Value::List(after)) = (before, after) else { return None };
    if before.iter().chain(after).any(Value::has_unknown) {
        return None;
    }
    let key_of = |element: &'_ Value| match element {
        Value::Map(map) => map.get(key).cloned(),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::List(_)
        | Value::Text(_)
        | Value::Deferred(_) => None,
    };
    Some(after.iter().any(|element| {
        let same_key = |other: &&Value| key_of(other) == key_of(element);
        key_of(element).is_some()
            && before.iter().find(same_key).is_some_and(|other| other != element)
    }))
}

/// When the object is replaced: `if an element changes under the same `AttributeName``.
impl fmt::Display for UpdateRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ElementsChanged(key) => {
                write!(f, "if an element changes under the same `{key}`")
            }
            Self::FamilyChanged(_) => f.write_str("if the new value is of another family"),
            Self::ReplacedExcept(transitions) => {
                write!(f, "unless it changes {}", listed(transitions))
            }
            Self::ReplacedFor(transitions) => {
                write!(f, "if it changes {}", listed(transitions))
            }
            Self::AddedOrRemoved => f.write_str("if it is added or removed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstack_model::UpdateKind::{InPlace, Replaces};
    use serde_json::json;

    use super::*;

    fn decide(
        rule: &UpdateRule,
        before: serde_json::Value,
        after: serde_json::Value,
    ) -> Option<UpdateKind> {
        let value = |json: serde_json::Value| (!json.is_null()).then(|| Value::from_json(json));
        rule.decide(value(before).as_ref(), value(after).as_ref())
    }

    #[test]
    fn elements_are_compared_by_their_key() {
        let rule = UpdateRule::ElementsChanged("Name".to_owned());
        let one = |name: &str, kind: &str| json!({"Name": name, "Kind": kind});
        let check = |before, after, expect| assert_eq!(decide(&rule, before, after), expect);
        check(json!([one("a", "S")]), json!([one("a", "N")]), Some(Replaces));
        check(json!([one("a", "S")]), json!([one("b", "N"), one("a", "S")]), Some(InPlace));
        check(json!([one("a", "S"), one("b", "N")]), json!([one("b", "N")]), Some(InPlace));
        check(json!(null), json!([one("a", "S")]), None);
    }

    #[test]
    fn families_transitions_and_presence_decide() {
        let families = UpdateRule::FamilyChanged(vec![
            vec!["mysql".to_owned()],
            vec!["oracle-ee".to_owned(), "oracle-ee-cdb".to_owned()],
        ]);
        assert_eq!(decide(&families, json!("mysql"), json!("oracle-ee")), Some(Replaces));
        assert_eq!(decide(&families, json!("oracle-ee"), json!("oracle-ee-cdb")), None);
        assert_eq!(decide(&families, json!("mysql"), json!("new")), None);
        let except = UpdateRule::ReplacedExcept(vec![Transition {
            from: "dedicated".to_owned(),
            to: "default".to_owned(),
        }]);
        assert_eq!(decide(&except, json!("dedicated"), json!("default")), Some(InPlace));
        assert_eq!(decide(&except, json!("default"), json!("dedicated")), Some(Replaces));
        let only = UpdateRule::ReplacedFor(vec![Transition {
            from: "Advanced".to_owned(),
            to: "Standard".to_owned(),
        }]);
        assert_eq!(decide(&only, json!("Advanced"), json!("Standard")), Some(Replaces));
        assert_eq!(decide(&only, json!("Standard"), json!("Advanced")), Some(InPlace));
        assert_eq!(decide(&only, json!(null), json!("Standard")), Some(InPlace));
        let presence = UpdateRule::AddedOrRemoved;
        assert_eq!(decide(&presence, json!(null), json!("a")), Some(Replaces));
        assert_eq!(decide(&presence, json!("a"), json!("b")), Some(InPlace));
    }
}
