//! Patch operations: the differences between what is wanted and what a description shows.
//!
//! API Gateway changes objects by lists of operations on paths, which it carries out in their order. The
//! settings of an object are a table that says how each one is changed and taken back. Items of lists that
//! go are removed first: some are taken only together with a value that changes, such as the VPC endpoints
//! of a private API.
//!
//! Source: API Gateway API reference, Patch Operations, has the paths and the operations on them;
//! terraform-provider-aws, `internal/service/apigateway`, the updates, and the answers of AWS that LocalStack
//! records (`tests/aws/services/apigateway/*.snapshot.json`) have the form of what stands below them.

use rstack_model::{KnownMap, KnownValue};

use crate::iam::arguments;
use crate::mapping::{equivalent, holds};

/// The part of the input that lists the operations.
const OPERATIONS: &str = "patchOperations";

/// A member of a description that can be changed.
pub(super) struct Setting {
    pub(super) member: &'static str,
    pub(super) kind: Kind,
}

/// The way in which a member is changed.
pub(super) enum Kind {
    /// It is replaced as a whole.
    Scalar(TakenBack),
    /// No operation changes it.
    Fixed,
    /// A map, entry by entry.
    Map,
    /// A map whose entries are replaced, new ones, too.
    ReplacedMap,
    /// A list whose items stand in the path, beside this value.
    ItemsInPath(Option<&'static str>),
    /// A list whose items are the values of operations on its path.
    ItemsAsValues,
    /// A list of one item, which stands in the path of its replacement.
    OneItem,
    /// A tree of settings. It is removed as a whole if that is said.
    Tree(&'static [Setting], Removable),
}

/// The operation that takes a member back.
#[derive(Clone, Copy)]
pub(super) enum TakenBack {
    /// It is replaced with its default.
    By(&'static str),
    /// It is replaced with nothing.
    ByNothing,
    /// It is removed.
    ByRemoval,
    /// No operation does; the default is this, if it is known.
    Never(Option<&'static str>),
}

/// True for a tree that is removed as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Removable {
    Yes,
    No,
}

impl TakenBack {
    fn default(self) -> Option<KnownValue> {
        match self {
            Self::By(text) => Some(text.into()),
            Self::ByNothing | Self::ByRemoval => None,
            Self::Never(text) => text.map(KnownValue::from),
        }
    }
}

impl Setting {
    /// A setting that is replaced with a default when it is taken back.
    pub(super) const fn scalar(member: &'static str, default: &'static str) -> Self {
        Self { member, kind: Kind::Scalar(TakenBack::By(default)) }
    }

    /// A setting that is always there, or that no operation takes back.
    pub(super) const fn lasting(member: &'static str) -> Self {
        Self { member, kind: Kind::Scalar(TakenBack::Never(None)) }
    }

    /// A setting of another kind.
    pub(super) const fn of(member: &'static str, kind: Kind) -> Self {
        Self { member, kind }
    }
}

/// A setting that no operation changes as is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stays(pub(super) &'static str);

/// The members that are wanted, those that were wanted before, and those of a description.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) wanted: &'a KnownMap,
    pub(super) prior: &'a KnownMap,
    pub(super) current: &'a KnownMap,
}

/// A list of operations.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Patch(Vec<KnownValue>);

/// A segment of a path.
///
/// Source: RFC 6901, JSON Pointer, section 3.
pub(super) fn escaped(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// True for what says nothing, such as an empty text or map.
pub(super) fn says_nothing(value: &KnownValue) -> bool {
    *value == KnownValue::Null || holds(value, None, &[])
}

/// A scalar as the text of an operation.
fn text(value: &KnownValue) -> KnownValue {
    match value {
        KnownValue::Bool(value) => value.to_string().into(),
        KnownValue::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").unwrap_or(&text).into()
        }
        KnownValue::Null => "".into(),
        KnownValue::String(_)
        | KnownValue::Secret(_)
        | KnownValue::List(_)
        | KnownValue::Map(_) => value.clone(),
    }
}

/// True if two scalars say the same, in whatever form.
pub(super) fn same(one: &KnownValue, other: &KnownValue) -> bool {
    equivalent(&text(one), &text(other), &[]) || says_nothing(one) && says_nothing(other)
}

fn has(items: &[KnownValue], item: &KnownValue) -> bool {
    items.iter().any(|it| same(it, item))
}

fn map_in<'a>(tree: &'a KnownMap, member: &str) -> Option<&'a KnownMap> {
    tree.get(member).and_then(KnownValue::as_map)
}

fn items_in<'a>(tree: &'a KnownMap, member: &str) -> &'a [KnownValue] {
    tree.get(member).and_then(KnownValue::as_list).unwrap_or_default()
}

impl Patch {
    /// The operations that make the settings of a description the wanted ones, and take back those that
    /// were wanted before and are no longer.
    ///
    /// # Errors
    /// If no operation changes one, or takes one back.
    pub(super) fn between(settings: &'static [Setting], sides: Sides<'_>) -> Result<Self, Stays> {
        let mut out = Self::default();
        out.removals("", settings, sides);
        out.compare("", settings, sides)?;
        Ok(out)
    }

    /// True if it changes what has one of the paths.
    pub(super) fn changes(&self, paths: &[&str]) -> bool {
        let is_one = |path: &KnownValue| path.expose_str().is_some_and(|it| paths.contains(&it));
        self.0.iter().any(|operation| operation.get("path").is_some_and(is_one))
    }

    /// True if there is nothing to change.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The operations of two patches, one after the other.
    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Adds the operations to the input of a call.
    pub(super) fn into_input(self, mut input: KnownMap) -> KnownMap {
        input.insert(OPERATIONS.to_owned(), KnownValue::List(self.0));
        input
    }

    fn operation(&mut self, op: &str, path: String, value: Option<KnownValue>) {
        let mut operation = arguments([("op", op.into()), ("path", path.into())]);
        operation.extend(value.map(|value| ("value".to_owned(), value)));
        self.0.push(operation.into());
    }

    /// Replaces a value.
    pub(super) fn replace(&mut self, path: String, value: &KnownValue) {
        self.operation("replace", path, Some(text(value)));
    }

    /// Removes what has a path.
    pub(super) fn remove(&mut self, path: String) {
        self.operation("remove", path, None);
    }

    /// Removes the items of lists that go.
    fn removals(&mut self, above: &str, settings: &'static [Setting], sides: Sides<'_>) {
        let nothing = KnownMap::new();
        for Setting { member, kind } in settings {
            let path = format!("{above}/{member}");
            match kind {
                Kind::ItemsInPath(value) => self.items_that_go(&path, member, Some(*value), sides),
                Kind::ItemsAsValues => self.items_that_go(&path, member, None, sides),
                Kind::Tree(settings, Removable::No) => {
                    let [wanted, prior, current] = [sides.wanted, sides.prior, sides.current]
                        .map(|tree| map_in(tree, member).unwrap_or(&nothing));
                    self.removals(&path, settings, Sides { wanted, prior, current });
                }
                Kind::Scalar(_)
                | Kind::Fixed
                | Kind::Map
                | Kind::ReplacedMap
                | Kind::OneItem
                | Kind::Tree(_, Removable::Yes) => {}
            }
        }
    }

    fn compare(
        &mut self,
        above: &str,
        settings: &'static [Setting],
        sides: Sides<'_>,
    ) -> Result<(), Stays> {
        for Setting { member, kind } in settings {
            let path = format!("{above}/{member}");
            match kind {
                Kind::Scalar(taken_back) => self.scalar(path, member, *taken_back, sides)?,
                Kind::Fixed => is_kept(member, sides)?,
                Kind::Map => self.map(&path, member, "add", sides),
                Kind::ReplacedMap => self.map(&path, member, "replace", sides),
                Kind::ItemsInPath(value) => self.new_items(&path, member, Some(*value), sides),
                Kind::ItemsAsValues => self.new_items(&path, member, None, sides),
                Kind::OneItem => self.one_item(&path, member, sides),
                Kind::Tree(settings, removable) => {
                    self.tree(&path, member, settings, *removable, sides)?;
                }
            }
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        path: String,
        member: &'static str,
        taken_back: TakenBack,
        sides: Sides<'_>,
    ) -> Result<(), Stays> {
        let Sides { wanted, prior, current } = sides;
        let (there, default) = (current.get(member), taken_back.default());
        let is = |value: &KnownValue| match there {
            Some(there) => same(value, there),
            None => says_nothing(value) || default.as_ref().is_some_and(|it| same(value, it)),
        };
        if let Some(value) = wanted.get(member) {
            if !is(value) {
                self.replace(path, value);
            }
        } else if prior.contains_key(member) {
            match taken_back {
                TakenBack::By(text) => {
                    let text = KnownValue::from(text);
                    if !is(&text) {
                        self.replace(path, &text);
                    }
                }
                TakenBack::ByNothing if there.is_some_and(|there| !says_nothing(there)) => {
                    self.operation("replace", path, None);
                }
                TakenBack::ByRemoval if there.is_some_and(|there| !says_nothing(there)) => {
                    self.remove(path);
                }
                TakenBack::ByNothing | TakenBack::ByRemoval => {}
                TakenBack::Never(Some(text)) if is(&text.into()) => {}
                TakenBack::Never(_) if there.is_none() => {}
                TakenBack::Never(_) => return Err(Stays(member)),
            }
        }
        Ok(())
    }

    fn map(&mut self, path: &str, member: &str, new: &str, sides: Sides<'_>) {
        let (wanted, prior) = (map_in(sides.wanted, member), map_in(sides.prior, member));
        let nothing = KnownMap::new();
        let there = map_in(sides.current, member).unwrap_or(&nothing);
        let at = |key: &str| format!("{path}/{}", escaped(key));
        for key in there.keys() {
            let goes = match wanted {
                Some(wanted) => !wanted.contains_key(key),
                None => prior.is_some_and(|prior| prior.contains_key(key)),
            };
            if goes {
                self.remove(at(key));
            }
        }
        for (key, value) in wanted.into_iter().flatten() {
            match there.get(key) {
                Some(found) if same(value, found) => {}
                Some(_) => self.replace(at(key), value),
                // An empty entry is described as if it were not there.
                None if says_nothing(value) && prior.is_some_and(|it| it.contains_key(key)) => {}
                None => self.operation(new, at(key), Some(text(value))),
            }
        }
    }

    /// Removes the items that are not wanted.
    fn items_that_go(
        &mut self,
        path: &str,
        member: &str,
        in_path: Option<Option<&'static str>>,
        sides: Sides<'_>,
    ) {
        let is_declared = sides.wanted.contains_key(member);
        let [wanted, prior, there] =
            [sides.wanted, sides.prior, sides.current].map(|tree| items_in(tree, member));
        let goes = |item: &&KnownValue| match is_declared {
            true => !has(wanted, item),
            false => has(prior, item),
        };
        there.iter().filter(goes).for_each(|item| self.item("remove", path, item, in_path));
    }

    /// Adds the items that are wanted.
    fn new_items(
        &mut self,
        path: &str,
        member: &str,
        in_path: Option<Option<&'static str>>,
        sides: Sides<'_>,
    ) {
        let [wanted, there] = [sides.wanted, sides.current].map(|tree| items_in(tree, member));
        let new = wanted.iter().filter(|item| !has(there, item));
        new.for_each(|item| self.item("add", path, item, in_path));
    }

    /// An operation on an item: it stands in the path, beside a value, or is the value.
    fn item(
        &mut self,
        op: &str,
        path: &str,
        item: &KnownValue,
        in_path: Option<Option<&'static str>>,
    ) {
        let item = text(item);
        match (item.expose_str(), in_path) {
            (Some(name), Some(value)) => {
                let path = format!("{path}/{}", escaped(name));
                self.operation(op, path, value.map(KnownValue::from));
            }
            (_, _) => self.operation(op, path.to_owned(), Some(item)),
        }
    }

    fn one_item(&mut self, path: &str, member: &str, sides: Sides<'_>) {
        let [wanted, there] = [sides.wanted, sides.current].map(|tree| items_in(tree, member));
        let (Some(wanted), there) = (wanted.first(), there.first()) else { return };
        if there.is_some_and(|there| same(wanted, there)) {
            return;
        }
        let name = there.and_then(KnownValue::expose_str).unwrap_or("0");
        self.replace(format!("{path}/{}", escaped(name)), wanted);
    }

    fn tree(
        &mut self,
        path: &str,
        member: &str,
        settings: &'static [Setting],
        removable: Removable,
        sides: Sides<'_>,
    ) -> Result<(), Stays> {
        let nothing = KnownMap::new();
        let [wanted, prior, current] =
            [sides.wanted, sides.prior, sides.current].map(|tree| map_in(tree, member));
        if wanted.is_none() && removable == Removable::Yes {
            if prior.is_some() && current.is_some_and(|it| !says_nothing(&it.clone().into())) {
                self.remove(path.to_owned());
            }
            return Ok(());
        }
        let [wanted, prior, current] = [wanted, prior, current].map(|it| it.unwrap_or(&nothing));
        self.compare(path, settings, Sides { wanted, prior, current })
    }
}

/// Nothing, if a setting that no operation changes is as it is wanted.
fn is_kept(member: &'static str, sides: Sides<'_>) -> Result<(), Stays> {
    let there = sides.current.get(member).unwrap_or(&KnownValue::Null);
    let changes = match sides.wanted.get(member) {
        Some(wanted) => !same(wanted, there),
        None => sides.prior.contains_key(member) && !says_nothing(there),
    };
    if changes { Err(Stays(member)) } else { Ok(()) }
}

/// Completes a description with what API Gateway leaves out because it says nothing, or because it is a
/// default, in the form in which it is wanted.
pub(super) fn complete(settings: &[Setting], described: &mut KnownMap, wanted: &KnownMap) {
    for Setting { member, kind } in settings {
        let Some(value) = wanted.get(*member) else { continue };
        if described.get(*member).is_none_or(|there| *there == KnownValue::Null) {
            let default = match kind {
                Kind::Scalar(taken_back) => taken_back.default(),
                Kind::Tree(settings, _) => {
                    let mut tree = KnownMap::new();
                    complete(settings, &mut tree, value.as_map().unwrap_or(&KnownMap::new()));
                    Some(tree.into())
                }
                Kind::Fixed
                | Kind::Map
                | Kind::ReplacedMap
                | Kind::ItemsInPath(_)
                | Kind::ItemsAsValues
                | Kind::OneItem => None,
            };
            let is_default = |default: KnownValue| match (value, &default) {
                (KnownValue::Map(_), _) => *value == default,
                (value, default) => same(value, default),
            };
            if says_nothing(value) || default.is_some_and(is_default) {
                described.insert((*member).to_owned(), value.clone());
            }
        } else if let (Some(KnownValue::Map(tree)), Some(wanted)) =
            (described.get_mut(*member), value.as_map())
        {
            match kind {
                Kind::Tree(settings, _) => complete(settings, tree, wanted),
                Kind::Map | Kind::ReplacedMap => {
                    for (key, value) in wanted.iter().filter(|(_, value)| says_nothing(value)) {
                        tree.entry(key.clone()).or_insert_with(|| value.clone());
                    }
                }
                Kind::Scalar(_)
                | Kind::Fixed
                | Kind::ItemsInPath(_)
                | Kind::ItemsAsValues
                | Kind::OneItem => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::test::scripted_api::known;

    const SETTINGS: &[Setting] = &[
        Setting::scalar("text", ""),
        Setting::scalar("source", "HEADER"),
        Setting::of("size", Kind::Scalar(TakenBack::ByNothing)),
        Setting::lasting("name"),
        Setting::of("map", Kind::Map),
        Setting::of("variables", Kind::ReplacedMap),
        Setting::of("note", Kind::Scalar(TakenBack::ByRemoval)),
        Setting::of("media", Kind::ItemsInPath(None)),
        Setting::of("keys", Kind::ItemsInPath(Some(""))),
        Setting::of("scopes", Kind::ItemsAsValues),
        Setting::of("types", Kind::OneItem),
        Setting::of("logs", Kind::Tree(&[Setting::lasting("format")], Removable::Yes)),
        Setting::of(
            "kept",
            Kind::Tree(
                &[Setting::scalar("on", "false"), Setting::of("ids", Kind::ItemsAsValues)],
                Removable::No,
            ),
        ),
        Setting::of("fixed", Kind::Fixed),
    ];

    fn between(wanted: Value, prior: Value, current: Value) -> Result<Vec<String>, Stays> {
        let [wanted, prior, current] = [wanted, prior, current].map(known);
        let sides = Sides { wanted: &wanted, prior: &prior, current: &current };
        let line = |operation: &KnownValue| {
            let text = |name: &str| operation.get(name).and_then(KnownValue::as_str);
            let value = text("value").map_or(String::new(), |value| format!(" {value}"));
            format!("{} {}{value}", text("op").unwrap(), text("path").unwrap())
        };
        Ok(Patch::between(SETTINGS, sides)?.0.iter().map(line).collect())
    }

    #[test]
    fn what_differs_is_changed_and_what_says_the_same_is_not() {
        let wanted = json!({
            "text": "a", "source": "HEADER", "size": 5, "map": {"a/b": true, "c": "1", "e": "1"},
            "media": ["image/png", "x/y"], "keys": ["a.b"], "scopes": ["a"], "types": ["EDGE"],
            "logs": {"format": "f"}, "kept": {"on": true, "ids": ["v"]}, "variables": {"new": "1"},
            "fixed": "5",
        });
        let current = json!({
            "text": "b", "map": {"a/b": false, "d": "1", "e": "1"}, "media": ["x/y", "z/*"],
            "scopes": ["b"], "types": ["REGIONAL"], "kept": {"on": false, "ids": ["w"]}, "fixed": 5,
        });
        let expected = [
            "remove /media/z~1*",
            "remove /scopes b",
            "remove /kept/ids w",
            "replace /text a",
            "replace /size 5",
            "remove /map/d",
            "replace /map/a~1b true",
            "add /map/c 1",
            "replace /variables/new 1",
            "add /media/image~1png",
            "add /keys/a.b ",
            "add /scopes a",
            "replace /types/REGIONAL EDGE",
            "replace /logs/format f",
            "replace /kept/on true",
            "add /kept/ids v",
        ];
        assert_eq!(between(wanted.clone(), json!({}), current).unwrap(), expected);
        assert!(between(wanted.clone(), json!({}), wanted).unwrap().is_empty());
    }

    #[test]
    fn what_is_declared_no_longer_is_taken_back_and_nothing_else() {
        let prior = json!({
            "text": "a", "source": "AUTHORIZER", "size": 5, "map": {"a": "1"}, "media": ["x/y"],
            "logs": {"format": "f"}, "kept": {"on": true}, "types": ["EDGE"], "note": "n",
        });
        let mut current = prior.clone();
        current["map"]["b"] = json!("2");
        current["media"] = json!(["x/y", "z/z"]);
        current["scopes"] = json!(["of another owner"]);
        let expected = [
            "remove /media/x~1y",
            "replace /text ",
            "replace /source HEADER",
            "replace /size",
            "remove /map/a",
            "remove /note",
            "remove /logs",
            "replace /kept/on false",
        ];
        assert_eq!(between(json!({}), prior.clone(), current).unwrap(), expected);
        assert!(between(json!({}), prior, json!({})).unwrap().is_empty());
        let named = json!({"name": "n"});
        assert_eq!(between(json!({}), named.clone(), named), Err(Stays("name")));
    }

    #[test]
    fn what_no_operation_changes_is_named() {
        let fixed = |value: Value| json!({"fixed": value});
        for (wanted, prior) in [(fixed(json!("b")), json!({})), (json!({}), fixed(json!("a")))] {
            assert_eq!(between(wanted, prior, fixed(json!("a"))), Err(Stays("fixed")));
        }
        assert_eq!(between(fixed(json!("b")), json!({}), json!({})), Err(Stays("fixed")));
        assert!(between(json!({}), json!({}), fixed(json!("a"))).unwrap().is_empty());
    }

    #[test]
    fn defaults_that_are_left_out_are_shown_as_they_are_declared() {
        let wanted = known(json!({
            "text": "", "source": "HEADER", "size": 5, "map": {}, "kept": {"on": "false"},
            "variables": {"a": "", "b": "1", "c": "2"},
        }));
        let mut described = known(json!({"variables": {"b": "3"}}));
        complete(SETTINGS, &mut described, &wanted);
        let expected = json!({
            "text": "", "source": "HEADER", "map": {}, "kept": {"on": "false"},
            "variables": {"a": "", "b": "3"},
        });
        assert_eq!(described, known(expected));
        let empty = json!({"map": {"a": ""}});
        assert_eq!(between(empty.clone(), json!({}), json!({})).unwrap(), ["add /map/a "]);
        assert!(between(empty.clone(), empty, json!({})).unwrap().is_empty());
    }
}
