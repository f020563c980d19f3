//! Property trees made from a type's schema.

use rstack_catalog::{Kind, Node, TypeSchema};
use rstack_model::{KnownMap, KnownValue};

/// The extent of a generated tree.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fullness {
    /// Every property, one element a list.
    Everything,
    /// Properties and lengths by chance.
    Random,
}

/// Makes trees; the same seed makes the same tree.
pub(crate) struct Generator<'a> {
    pub(crate) schema: &'a TypeSchema,
    pub(crate) fullness: Fullness,
    pub(crate) seed: u64,
    /// Properties that are left out wherever they stand and are not required.
    pub(crate) without: &'a [&'a str],
}

impl Generator<'_> {
    /// A number below the bound (an xorshift step).
    fn below(&mut self, bound: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 11) % bound
    }

    fn wants(&mut self) -> bool {
        match self.fullness {
            Fullness::Everything => true,
            Fullness::Random => self.below(2) == 0,
        }
    }

    pub(crate) fn map(&mut self, node: &Node, depth: usize) -> KnownMap {
        let node = self.schema.resolve(node);
        let mut out = KnownMap::new();
        for (name, property) in node.properties() {
            let required = node.required().iter().any(|required| required == name);
            let without = self.without.contains(&name);
            if required || !without && self.wants() {
                let value = match self.value(property, depth + 1) {
                    KnownValue::String(text) if text.starts_with('t') && is_time(name) => {
                        self.time()
                    }
                    value => value,
                };
                out.insert(name.to_owned(), value);
            }
        }
        // A service that keeps tags as a map gives them back sorted by key.
        if let Some(KnownValue::List(tags)) = out.get_mut("Tags") {
            tags.truncate(1);
            for tag in tags.iter_mut() {
                let KnownValue::Map(tag) = tag else { continue };
                for name in ["Key", "Value"] {
                    tag.entry(name.to_owned()).or_insert_with(|| KnownValue::from("tag"));
                }
            }
        }
        // Of some types the registry has tags as a map, which it does not describe.
        if let Some(KnownValue::Map(tags)) = out.get_mut("Tags") {
            tags.insert("tag".to_owned(), KnownValue::from(format!("t{}", self.below(1000))));
        }
        if out.contains_key("Quantity") || out.contains_key("Items") {
            let count = out.get("Items").and_then(KnownValue::as_list).map_or(0, <[_]>::len);
            if node.property_names().any(|name| name == "Quantity") {
                out.insert("Quantity".to_owned(), KnownValue::from(count as i64));
            }
        }
        out
    }

    fn value(&mut self, node: &Node, depth: usize) -> KnownValue {
        assert!(depth < 24, "the schema of {} has no end", self.schema.name());
        let node = self.schema.resolve(node);
        if !node.allowed().is_empty() {
            let chosen = self.below(node.allowed().len() as u64) as usize;
            return KnownValue::from_json(node.allowed()[chosen].clone());
        }
        // A node that has variants alone says no kind.
        if let (None, Some(variant)) = (node.kinds().first(), node.branches().next()) {
            return self.value(variant, depth + 1);
        }
        match node.kinds().first() {
            Some(Kind::Boolean) => KnownValue::from(self.below(2) == 0),
            Some(Kind::Integer | Kind::Number) => self.number(),
            Some(Kind::List) => {
                let count = match self.fullness {
                    Fullness::Everything => 1,
                    Fullness::Random => self.below(4),
                };
                let element = self.schema.element(node).unwrap();
                KnownValue::List((0..count).map(|_| self.value(element, depth + 1)).collect())
            }
            Some(Kind::Map) => KnownValue::Map(self.map(node, depth)),
            Some(Kind::Text) | None => {
                let text = format!("t{}", self.below(1000));
                KnownValue::from(text)
            }
        }
    }

    /// A point in time, as services write one.
    fn time(&mut self) -> KnownValue {
        KnownValue::from(format!("2026-01-02T03:04:{:02}Z", self.below(60)))
    }

    /// CloudFormation takes a number as text, too.
    fn number(&mut self) -> KnownValue {
        let number = self.below(600) as i64;
        match self.below(3) {
            0 => KnownValue::from(number.to_string()),
            _ => KnownValue::from(number),
        }
    }
}

/// True if a text of this property is a point in time.
fn is_time(name: &str) -> bool {
    matches!(name, "ClipStartTime" | "End" | "FixedAvailabilityStartTime" | "Start")
}
