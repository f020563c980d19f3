//! The tables of what names alone do not say.

use rstack_model::{KnownMap, KnownValue};

/// The rules of one service, by shape.
#[derive(Debug)]
pub(crate) struct Rules(pub(crate) &'static [ShapeRules]);

/// The rules of one shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShapeRules {
    /// The shape.
    pub(crate) shape: &'static str,
    /// Properties whose member has another name: (property, member).
    pub(crate) renames: &'static [(&'static str, &'static str)],
    /// Properties that are never sent: only the service sets them, or another operation does.
    pub(crate) omitted: &'static [&'static str],
    /// Properties that are a list of one element, where the member is the element.
    pub(crate) singles: &'static [&'static str],
    /// Properties that stand deeper in the shape than in the property tree.
    pub(crate) nested: &'static [NestedRow],
    /// Members that a request must spell out when nothing is declared.
    pub(crate) fills: &'static [FillRow],
}

/// A property that belongs into another member: `CachedMethods` into `AllowedMethods`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NestedRow {
    /// The property.
    pub(crate) property: &'static str,
    /// The member it goes into.
    pub(crate) outer: &'static str,
    /// Its name there.
    pub(crate) inner: &'static str,
}

/// A member that is given a value when none is declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FillRow {
    /// The member.
    pub(crate) member: &'static str,
    /// Its value.
    pub(crate) value: Fill,
    /// Under which condition.
    pub(crate) when: When,
}

/// The value of a member that is not declared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fill {
    /// A text.
    Text(&'static str),
    /// True or false.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A list of texts.
    Texts(&'static [&'static str]),
    /// The empty list, or the structure that consists of its own fills.
    Empty,
    /// True or false: true if another member is a text that is not empty.
    IfText(&'static str),
}

/// When a member is filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// Always.
    Always,
    /// If none of the other members is there.
    Without(&'static [&'static str]),
}

impl Rules {
    /// No rules: names say all.
    pub(crate) const NONE: Self = Self(&[]);

    pub(crate) fn of(&self, shape: &str) -> ShapeRules {
        let found = self.0.iter().find(|rules| rules.shape == shape);
        found.copied().unwrap_or(ShapeRules::of(""))
    }
}

impl ShapeRules {
    /// No rules yet for this shape; to be completed with `..`.
    pub(crate) const fn of(shape: &'static str) -> Self {
        Self { shape, renames: &[], omitted: &[], singles: &[], nested: &[], fills: &[] }
    }

    pub(crate) fn member_of(&self, property: &str) -> Option<&'static str> {
        let row = self.renames.iter().find(|(from, _)| *from == property);
        row.map(|(_, to)| *to)
    }

    pub(super) fn property_of(&self, member: &str) -> Option<&'static str> {
        let row = self.renames.iter().find(|(_, to)| *to == member);
        row.map(|(from, _)| *from)
    }

    /// True if the property is a list of the one element that the member is.
    pub(super) fn is_single(&self, property: &str) -> bool {
        self.singles.contains(&property)
    }

    pub(super) fn omits(&self, property: &str) -> bool {
        self.omitted.contains(&property)
    }
}

impl FillRow {
    /// A member that is always filled in when it is not declared.
    pub(crate) const fn new(member: &'static str, value: Fill) -> Self {
        Self { member, value, when: When::Always }
    }

    /// A member that is filled in under a condition.
    pub(crate) const fn when(member: &'static str, value: Fill, when: When) -> Self {
        Self { member, value, when }
    }

    pub(super) fn applies(&self, members: &KnownMap) -> bool {
        let here = |name: &str| members.contains_key(name);
        !here(self.member)
            && match self.when {
                When::Always => true,
                When::Without(others) => !others.iter().any(|other| here(other)),
            }
    }
}

impl Fill {
    /// The value in the property vocabulary; `None` for the empty value, whose form depends on
    /// the shape.
    pub(super) fn value(self, members: &KnownMap) -> Option<KnownValue> {
        Some(match self {
            Self::Text(text) => KnownValue::from(text),
            Self::Bool(value) => KnownValue::from(value),
            Self::Integer(value) => KnownValue::from(value),
            Self::Texts(texts) => {
                KnownValue::List(texts.iter().map(|text| KnownValue::from(*text)).collect())
            }
            Self::IfText(other) => {
                let text = members.get(other).and_then(KnownValue::expose_str);
                KnownValue::from(text.is_some_and(|text| !text.is_empty()))
            }
            Self::Empty => return None,
        })
    }
}
