//! Random properties that a schema accepts, for properties that must hold of every type.
//!
//! Made from the schema's nodes alone: optional properties are there or not, texts follow their
//! patterns, lists and numbers their bounds.

use proptest::prelude::Rng;
use proptest::strategy::{Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rstack_catalog::{Kind, Node, TypeSchema, validate};
use rstack_model::value::redacted_map;
use rstack_model::{KnownMap, KnownValue, PropertyPath};
use serde_json::{Number, json};

/// The depth to which properties are followed.
const DEPTH: usize = 6;

/// The numbers of tries for one resource.
const TRIES: usize = 30;

pub(crate) struct Random(TestRunner);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self(TestRunner::new_with_rng(Config::default(), rng))
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap();
        usize::try_from(self.0.rng().next_u64() % end).unwrap()
    }

    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz"[self.below(26)])).collect()
    }

    /// Properties of a type that its schema accepts; `None` if none were found.
    pub(crate) fn properties(&mut self, schema: &TypeSchema) -> Option<KnownMap> {
        (0..TRIES).find_map(|attempt| {
            // The more tries, the fewer properties beside those that are required.
            let optional = [40, 15, 0][attempt * 3 / TRIES];
            let mut generator = Generator { random: self, schema, optional };
            let made = generator.map(schema.root(), &PropertyPath::root(), DEPTH)?;
            is_valid(schema, &made).then_some(made)
        })
    }

    /// The properties with one of them changed, added or removed; `None` if no other were found.
    pub(crate) fn changed(&mut self, schema: &TypeSchema, before: &KnownMap) -> Option<KnownMap> {
        let root = schema.resolve(schema.root());
        let names: Vec<&str> = root.property_names().collect();
        (0..TRIES).find_map(|_| {
            let name = *self.one_of(&names);
            let path = PropertyPath::root().name(name);
            if schema.is_read_only(&path) {
                return None;
            }
            let mut after = before.clone();
            let removed = after.remove(name).is_some() && self.percent(15);
            if !removed {
                let node = schema.property(root, name)?;
                let mut generator = Generator { random: self, schema, optional: 40 };
                after.insert(name.to_owned(), generator.value(node, &path, DEPTH)?);
            }
            (after != *before && is_valid(schema, &after)).then_some(after)
        })
    }
}

/// True if the schema accepts the properties, and they do not forbid that the object is deleted.
fn is_valid(schema: &TypeSchema, properties: &KnownMap) -> bool {
    let properties = redacted_map(properties);
    validate(schema, &properties).is_empty() && schema.deletion_protection(&properties).is_none()
}

struct Generator<'a> {
    random: &'a mut Random,
    schema: &'a TypeSchema,
    /// The chance of an optional property, in percent.
    optional: usize,
}

impl Generator<'_> {
    fn map(&mut self, node: &Node, at: &PropertyPath, depth: usize) -> Option<KnownMap> {
        let depth = depth.checked_sub(1)?;
        let node = self.schema.resolve(node);
        let mut made = KnownMap::new();
        let required = node.required();
        let optional = node.property_names().filter(|name| !required.iter().any(|r| r == name));
        for (name, is_required) in
            (required.iter().map(|name| (name.as_str(), true))).chain(optional.map(|n| (n, false)))
        {
            let path = at.name(name);
            let wanted = is_required || self.random.percent(self.optional);
            if !wanted || self.schema.is_read_only(&path) {
                continue;
            }
            let Some(property) = self.schema.property(node, name) else { continue };
            match self.value(property, &path, depth) {
                Some(value) => drop(made.insert(name.to_owned(), value)),
                None if is_required => return None,
                None => {}
            }
        }
        if self.schema.is_open_map(node) {
            for _ in 0..self.random.below(3) {
                let key = self.random.letters(5);
                let Some(element) = self.schema.property(node, &key) else { continue };
                if let Some(value) = self.value(element, &at.name(&key), depth) {
                    made.insert(key, value);
                }
            }
        }
        Some(made)
    }

    fn value(&mut self, node: &Node, at: &PropertyPath, depth: usize) -> Option<KnownValue> {
        let depth = depth.checked_sub(1)?;
        let node = self.schema.resolve(node);
        if !node.allowed().is_empty() {
            return Some(KnownValue::from_json(self.random.one_of(node.allowed()).clone()));
        }
        if self.schema.is_document(node) {
            return Some(self.document());
        }
        let kinds = node.kinds();
        let kind = (!kinds.is_empty()).then(|| *self.random.one_of(&kinds));
        match kind {
            Some(Kind::Boolean) => Some(KnownValue::Bool(self.random.percent(50))),
            Some(kind @ (Kind::Integer | Kind::Number)) => {
                let (low, high) = node.range();
                let low = low.and_then(Number::as_f64).unwrap_or(1.0).ceil();
                let high = high.and_then(Number::as_f64).unwrap_or(f64::MAX);
                let wanted = low + f64::from(u32::try_from(self.random.below(1000)).ok()?);
                let number = wanted.min(high);
                #[expect(clippy::cast_possible_truncation, reason = "bounds of registry schemas")]
                let number = match kind {
                    Kind::Integer => Number::from(number as i64),
                    _ => Number::from_f64(number)?,
                };
                Some(KnownValue::Number(number))
            }
            Some(Kind::List) => self.list(node, at, depth),
            Some(Kind::Map) => self.map(node, at, depth).map(KnownValue::Map),
            None if node.property_names().next().is_some() || node.branches().next().is_some() => {
                self.map(node, at, depth).map(KnownValue::Map)
            }
            Some(Kind::Text) | None => self.text(node).map(KnownValue::from),
        }
    }

    fn list(&mut self, node: &Node, at: &PropertyPath, depth: usize) -> Option<KnownValue> {
        let bound = |bound: Option<u64>| bound.and_then(|bound| usize::try_from(bound).ok());
        let least = bound(node.count().0).unwrap_or(0);
        let most = bound(node.count().1).unwrap_or(usize::MAX).min(least + 2);
        let count = least + self.random.below(most - least + 1);
        let mut items: Vec<KnownValue> = Vec::new();
        if let Some(element) = self.schema.element(node) {
            for index in 0..count {
                let item = self.value(element, &at.index(index), depth)?;
                if !items.contains(&item) {
                    items.push(item);
                }
            }
        }
        (items.len() >= least).then_some(KnownValue::List(items))
    }

    fn text(&mut self, node: &Node) -> Option<String> {
        let least = usize::try_from(node.length().0.unwrap_or(0)).ok()?;
        let most = usize::try_from(node.length().1.unwrap_or(u64::MAX)).ok()?;
        let Some(pattern) = node.pattern() else {
            let count = least.max(8).min(most);
            return Some(self.random.letters(count));
        };
        let anchored = pattern.trim_start_matches('^').trim_end_matches('$');
        let strategy = string_regex(anchored).ok()?;
        (0..32).find_map(|_| {
            let text = strategy.new_tree(&mut self.random.0).ok()?.current();
            let count = text.chars().count();
            let printable = text.chars().all(|char| !char.is_control());
            (printable && (least..=most).contains(&count)).then_some(text)
        })
    }

    fn document(&mut self) -> KnownValue {
        let bucket = self.random.letters(8);
        KnownValue::from_json(json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": format!("arn:aws:s3:::{bucket}/*"),
            }],
        }))
    }
}
