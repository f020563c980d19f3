//! The smallest JSON Patch (RFC 6902) that makes a model what is declared.
//!
//! The patch descends into maps and replaces lists, documents and scalars as a whole: a provider
//! keeps lists in an order of its own, so that an index of the declared list means nothing. What was
//! declared neither before nor now is left as it is. Write-only properties are added again with every
//! patch: Cloud Control applies it to what the read handler returns, which has none of them.
//!
//! Source: "Updating a resource", AWS Cloud Control API User Guide.

use rstack_catalog::TypeSchema;
use rstack_model::{KnownMap, KnownValue, PropertyPath};

/// Trees of one object at one place.
#[derive(Clone, Copy)]
struct Trees<'a> {
    /// As the service has it.
    current: &'a KnownMap,
    /// As it was declared before, secrets empty.
    prior: Option<&'a KnownMap>,
    /// As it is declared now.
    desired: &'a KnownMap,
}

/// The operations of a patch.
struct Patch<'a> {
    schema: &'a TypeSchema,
    changes: Vec<KnownValue>,
    /// Operations that hold a write-only property.
    resent: Vec<KnownValue>,
}

/// The patch that makes `current` what `desired` declares, as a list of operations; `None` if there is
/// nothing to change. `prior` is what was declared before, with secrets empty; what it declares and
/// `desired` does not is removed. All have the form that the provider takes.
pub(super) fn patch(
    schema: &TypeSchema,
    current: &KnownMap,
    prior: &KnownMap,
    desired: &KnownMap,
) -> Option<KnownValue> {
    let mut patch = Patch { schema, changes: Vec::new(), resent: Vec::new() };
    let trees = Trees { current, prior: Some(prior), desired };
    patch.maps(&PropertyPath::root(), "", trees);
    let Patch { mut changes, resent, .. } = patch;
    changes.extend(resent);
    (!changes.is_empty()).then_some(KnownValue::List(changes))
}

/// True if `other` says all that `one` says.
pub(super) fn shows(schema: &TypeSchema, one: &KnownMap, other: &KnownMap) -> bool {
    let patch = Patch { schema, changes: Vec::new(), resent: Vec::new() };
    one.iter().all(|(name, value)| {
        let path = PropertyPath::root().name(name);
        other.get(name).is_some_and(|other| patch.shows(&path, value, other))
    })
}

impl Patch<'_> {
    fn maps(&mut self, path: &PropertyPath, pointer: &str, trees: Trees<'_>) {
        for (name, desired) in trees.desired {
            let (path, pointer) = (path.name(name), child(pointer, name));
            if self.is_fixed(&path) {
                continue;
            }
            let prior = trees.prior.and_then(|prior| prior.get(name));
            self.value(&path, &pointer, (trees.current.get(name), prior), desired);
        }
        let Some(prior) = trees.prior else { return };
        for name in prior.keys().filter(|name| !trees.desired.contains_key(*name)) {
            let path = path.name(name);
            if trees.current.contains_key(name) && !self.is_fixed(&path) {
                self.changes.push(operation("remove", &child(pointer, name), None));
            }
        }
    }

    fn value(
        &mut self,
        path: &PropertyPath,
        pointer: &str,
        (current, prior): (Option<&KnownValue>, Option<&KnownValue>),
        desired: &KnownValue,
    ) {
        let document = self.schema.node(path).is_some_and(|node| self.schema.is_document(node));
        if let (Some(KnownValue::Map(current)), KnownValue::Map(desired), false) =
            (current, desired, document)
        {
            let prior = prior.and_then(KnownValue::as_map);
            return self.maps(path, pointer, Trees { current, prior, desired });
        }
        let verb = if current.is_some() { "replace" } else { "add" };
        let set = || operation(verb, pointer, Some(desired.clone()));
        if self.holds_write_only(path, desired) {
            self.resent.push(set());
            return;
        }
        let shown = current.is_some_and(|current| self.shows(path, desired, current));
        let reduced = prior.is_some_and(|prior| prior != desired)
            && !current.is_some_and(|current| self.shows(path, current, desired));
        if !shown || reduced {
            self.changes.push(set());
        }
    }

    /// True if no update can change the path.
    fn is_fixed(&self, path: &PropertyPath) -> bool {
        self.schema.is_fixed(path)
    }

    /// True if the value is write-only or has a part that is.
    fn holds_write_only(&self, path: &PropertyPath, value: &KnownValue) -> bool {
        if self.schema.is_write_only(path) {
            return true;
        }
        match value {
            KnownValue::Map(members) => {
                members.iter().any(|(name, value)| self.holds_write_only(&path.name(name), value))
            }
            KnownValue::List(items) => items
                .iter()
                .enumerate()
                .any(|(at, item)| self.holds_write_only(&path.index(at), item)),
            KnownValue::Null
            | KnownValue::Bool(_)
            | KnownValue::Number(_)
            | KnownValue::String(_)
            | KnownValue::Secret(_) => false,
        }
    }

    /// True if `other` says all that `one` says.
    fn shows(&self, path: &PropertyPath, one: &KnownValue, other: &KnownValue) -> bool {
        match (one, other) {
            (KnownValue::Map(one), KnownValue::Map(other)) => one.iter().all(|(name, value)| {
                other.get(name).is_some_and(|other| self.shows(&path.name(name), value, other))
            }),
            (KnownValue::List(one), KnownValue::List(other)) => {
                one.len() == other.len()
                    && if self.schema.is_set(path) {
                        self.shows_set(path, one, other)
                    } else {
                        let pairs = one.iter().zip(other).enumerate();
                        pairs.into_iter().all(|(at, (a, b))| self.shows(&path.index(at), a, b))
                    }
            }
            _ => scalar(one).is_some_and(|text| scalar(other) == Some(text)) || one == other,
        }
    }

    /// [`Self::shows`] for lists without an order, of one length.
    fn shows_set(&self, path: &PropertyPath, one: &[KnownValue], other: &[KnownValue]) -> bool {
        let mut left: Vec<&KnownValue> = other.iter().collect();
        one.iter().enumerate().all(|(at, item)| {
            let path = path.index(at);
            let found = left.iter().position(|other| self.shows(&path, item, other));
            found.map(|at| left.swap_remove(at)).is_some()
        })
    }
}

/// A scalar as text: providers return numbers as text, and text as numbers.
fn scalar(value: &KnownValue) -> Option<String> {
    match value {
        KnownValue::Bool(it) => Some(it.to_string()),
        KnownValue::Number(it) => {
            let text = it.to_string();
            Some(text.strip_suffix(".0").map_or(text.clone(), str::to_owned))
        }
        KnownValue::String(_) | KnownValue::Secret(_) => value.expose_str().map(str::to_owned),
        KnownValue::Null | KnownValue::List(_) | KnownValue::Map(_) => None,
    }
}

/// The pointer to a member, `~` and `/` escaped.
///
/// Source: RFC 6901, section 3.
fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn operation(verb: &str, pointer: &str, value: Option<KnownValue>) -> KnownValue {
    let mut out = KnownMap::from([
        ("op".to_owned(), KnownValue::from(verb)),
        ("path".to_owned(), KnownValue::from(pointer)),
    ]);
    out.extend(value.map(|value| ("value".to_owned(), value)));
    KnownValue::Map(out)
}
