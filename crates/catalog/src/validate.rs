//! Checking declared properties against a schema, before any call.
//!
//! A value that is not yet known is not checked. Scalars may be written as text, as CloudFormation
//! allows.

use std::fmt;

use rstack_model::{PropertyPath, Value, ValueMap};
use serde_json::Number;

use crate::kinds::Kind;
use crate::nearest::nearest;
use crate::node::{Additional, Node};
use crate::property_locations::property_locations;
use crate::service_rule::{broken, corrected_range};
use crate::type_schema::TypeSchema;

/// One thing that is wrong with declared properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub path: PropertyPath,
    /// The mistake.
    pub kind: ViolationKind,
}

/// The kinds of mistakes in declared properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViolationKind {
    /// The type has no such property.
    Unknown {
        /// The property.
        name: String,
        /// The property that was perhaps meant.
        nearest: Option<String>,
        /// Where in the type there are properties of this name, if none is like it here.
        locations: Vec<String>,
    },
    /// A property that only the service sets.
    ReadOnly {
        /// The property.
        name: String,
    },
    /// A property that must be there is not.
    Missing {
        /// The property.
        name: String,
    },
    /// The value is of another kind.
    Kind {
        /// The kinds that are allowed, in words.
        expected: String,
        /// The kind of value that was found.
        found: &'static str,
    },
    /// The value is not one of those allowed.
    NotAllowed {
        /// The value.
        value: String,
        /// Those allowed, as far as they fit.
        allowed: String,
        /// The one that was perhaps meant.
        nearest: Option<String>,
    },
    /// The text does not have the required form.
    Pattern {
        /// The text.
        value: String,
        /// The regular expression.
        pattern: String,
    },
    /// The value is too short, too long, too small or too large.
    Bounds {
        /// The requirement, in words.
        rule: String,
    },
    /// Properties that the service does not take together, or not one without the other.
    Together {
        /// The rule, in words.
        text: String,
        /// The next step.
        help: String,
    },
    /// The text has a form that the service refuses.
    Form {
        /// The mistake, in words.
        text: String,
    },
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, .. } => write!(f, "unknown property `{}`", visible(name)),
            Self::ReadOnly { name } => write!(f, "only the service sets `{name}`"),
            Self::Missing { name } => write!(f, "the required property `{name}` is missing"),
            Self::Kind { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::NotAllowed { value, .. } => write!(f, "`{value}` is not an allowed value"),
            Self::Pattern { value, pattern } => {
                write!(f, "`{value}` does not match the pattern `{pattern}`")
            }
            Self::Bounds { rule } => f.write_str(rule),
            Self::Together { text, .. } | Self::Form { text } => f.write_str(text),
        }
    }
}

impl ViolationKind {
    /// The next step for the user, if there is one.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::Unknown { locations, .. } => match locations.as_slice() {
                [] => None,
                [only] => Some(format!("it belongs elsewhere: `{only}`")),
                several => Some(format!("it belongs elsewhere: `{}`", several.join("`, `"))),
            },
            Self::Kind { expected, found } if expected == "a list" => Some(format!(
                "make {found} an element of a list: put a dash before it, or brackets around it"
            )),
            Self::NotAllowed { nearest: Some(value), .. } => {
                Some(format!("did you mean `{value}`?"))
            }
            Self::NotAllowed { allowed, .. } => Some(format!("allowed are {allowed}")),
            Self::Together { help, .. } => Some(help.clone()),
            Self::Form { .. } => Some("choose another one".to_owned()),
            Self::Missing { .. }
            | Self::Kind { .. }
            | Self::Pattern { .. }
            | Self::Bounds { .. } => None,
            Self::ReadOnly { .. } => Some("leave it out; `Fn::GetAtt` gives it".to_owned()),
        }
    }
}

/// The number of mistakes of one resource that are reported: if there are more, they are all alike.
const MAX_VIOLATIONS: usize = 200;

/// The mistakes in a resource's declared properties.
pub fn validate(schema: &TypeSchema, properties: &ValueMap) -> Vec<Violation> {
    let mut checker = Checker { schema, out: Vec::new() };
    checker.map(&PropertyPath::root(), schema.root(), properties);
    checker.out.extend(broken(schema, properties));
    checker.out
}

struct Checker<'a> {
    schema: &'a TypeSchema,
    out: Vec<Violation>,
}

impl Checker<'_> {
    fn push(&mut self, path: &PropertyPath, kind: ViolationKind) {
        self.out.push(Violation { path: path.clone(), kind });
    }

    fn is_full(&self) -> bool {
        self.out.len() >= MAX_VIOLATIONS
    }

    fn value(&mut self, path: &PropertyPath, node: &Node, value: &Value) {
        if self.is_full() {
            return;
        }
        let node = self.schema.resolve(node);
        if matches!(value, Value::Null | Value::Deferred(_)) {
            return;
        }
        let kinds = node.kinds();
        let document_text =
            self.schema.is_document(node) && matches!(value, Value::String(_) | Value::Text(_));
        if !kinds.is_empty() && !document_text && !kinds.iter().any(|kind| fits(*kind, value)) {
            let words: Vec<&str> = kinds.iter().map(|kind| kind.words()).collect();
            let found = rstack_model::value::function::kind(value);
            return self.push(path, ViolationKind::Kind { expected: words.join(" or "), found });
        }
        match value {
            Value::Map(map) => self.map(path, node, map),
            Value::List(items) => self.list(path, node, items),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.scalar(path, node, value);
            }
            Value::Null | Value::Deferred(_) | Value::Text(_) => {}
        }
    }

    fn map(&mut self, path: &PropertyPath, node: &Node, map: &ValueMap) {
        for (name, value) in map {
            if self.is_full() {
                return;
            }
            if let Some(property) = self.schema.property(node, name) {
                let path = path.name(name);
                if let Some(pattern) = refused_key(node, name) {
                    let text = format!("the key `{name}` does not match the pattern `{pattern}`");
                    self.push(&path, ViolationKind::Form { text });
                    continue;
                }
                if self.schema.refuses(&path) && !matches!(value, Value::Null) {
                    self.push(&path, ViolationKind::ReadOnly { name: name.clone() });
                } else {
                    self.value(&path, property, value);
                }
                continue;
            }
            let closed = matches!(node.additional_properties, Additional::Allowed(false));
            if closed && node.pattern_properties.is_empty() {
                let names = node.property_names();
                let nearest = nearest(name, names).map(str::to_owned);
                let locations = match nearest {
                    Some(_) => Vec::new(),
                    None => property_locations(self.schema, name),
                };
                let kind = ViolationKind::Unknown { name: name.clone(), nearest, locations };
                self.push(&path.name(name), kind);
            }
        }
        for name in node.required() {
            if matches!(map.get(name), None | Some(Value::Null)) {
                self.push(path, ViolationKind::Missing { name: name.clone() });
            }
        }
    }

    fn list(&mut self, path: &PropertyPath, node: &Node, items: &[Value]) {
        let count = items.len() as u64;
        let (min, max) = node.count();
        if min.is_some_and(|min| count < min) || max.is_some_and(|max| count > max) {
            let rule = format!("the list must have {} elements", bounds(min, max));
            self.push(path, ViolationKind::Bounds { rule });
        }
        let Some(element) = self.schema.element(node) else { return };
        for (i, item) in items.iter().enumerate() {
            self.value(&path.index(i), element, item);
        }
    }

    fn scalar(&mut self, path: &PropertyPath, node: &Node, value: &Value) {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if !node.allowed().is_empty() {
            let allowed: Vec<String> = node
                .allowed()
                .iter()
                .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
                .collect();
            if !allowed.contains(&text) {
                let close = nearest(&text, allowed.iter().map(String::as_str)).map(str::to_owned);
                let mut list: Vec<String> =
                    allowed.iter().take(12).map(|value| format!("`{value}`")).collect();
                if allowed.len() > list.len() {
                    list.push("…".to_owned());
                }
                let allowed = list.join(", ");
                let kind = ViolationKind::NotAllowed { value: text, allowed, nearest: close };
                return self.push(path, kind);
            }
        }
        let is_text = node.kinds().contains(&Kind::Text);
        let (min, max) = node.length();
        let length = text.chars().count() as u64;
        if is_text && (min.is_some_and(|m| length < m) || max.is_some_and(|m| length > m)) {
            let rule =
                format!("the text must have {} characters, it has {length}", bounds(min, max));
            return self.push(path, ViolationKind::Bounds { rule });
        }
        let corrected = corrected_range(self.schema.name(), path);
        let corrected = corrected.map(|(low, high)| (Number::from(low), Number::from(high)));
        let (low, high) = match &corrected {
            Some((low, high)) => (Some(low), Some(high)),
            None => node.range(),
        };
        if let Ok(number) = text.parse::<f64>() {
            let below = low.and_then(Number::as_f64).is_some_and(|low| number < low);
            let above = high.and_then(Number::as_f64).is_some_and(|h| number > h);
            if !is_text && (below || above) {
                let rule = format!("{text} is out of range: it must be {}", bounds(low, high));
                return self.push(path, ViolationKind::Bounds { rule });
            }
        }
        if let Some(pattern) = node.pattern()
            && is_text
            && matches(pattern, &text) == Some(false)
        {
            let pattern = pattern.to_owned();
            self.push(path, ViolationKind::Pattern { value: text, pattern });
        }
    }
}

/// The pattern that a key of a closed map does not match; `None` if the map may have the key.
fn refused_key<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    let closed = matches!(node.additional_properties, Additional::Allowed(false));
    if !closed || node.properties.contains_key(name) || node.branches().next().is_some() {
        return None;
    }
    let mut patterns = node.pattern_properties.keys();
    let first = patterns.next()?;
    let refused = |pattern: &String| matches(pattern, name) == Some(false);
    (refused(first) && patterns.all(refused)).then_some(first)
}

/// A name as text: blanks and marks that look like others or like nothing are shown as escapes.
fn visible(name: &str) -> String {
    let hidden = |c: char| {
        c != ' ' && c.is_whitespace()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
    };
    let shown = |c: char| if hidden(c) { c.escape_unicode().to_string() } else { c.to_string() };
    name.chars().map(shown).collect()
}

fn fits(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (_, Value::Deferred(_) | Value::Null) => true,
        // Text stands for scalars only, whatever it is going to say.
        (_, Value::Text(_)) => !matches!(kind, Kind::List | Kind::Map),
        (Kind::Boolean, Value::Bool(_)) => true,
        (Kind::Boolean, Value::String(text)) => {
            matches!(text.to_ascii_lowercase().as_str(), "true" | "false")
        }
        (Kind::Integer, Value::Number(n)) => {
            n.is_i64() || n.is_u64() || n.as_f64().is_some_and(|f| f.fract() == 0.0)
        }
        (Kind::Integer, Value::String(text)) => text.parse::<i64>().is_ok(),
        (Kind::Number, Value::Number(_)) => true,
        (Kind::Number, Value::String(text)) => text.parse::<f64>().is_ok(),
        (Kind::Text, Value::String(_) | Value::Bool(_) | Value::Number(_)) => true,
        (Kind::List, Value::List(_)) | (Kind::Map, Value::Map(_)) => true,
        _ => false,
    }
}

pub(crate) fn bounds<T: fmt::Display + PartialEq>(min: Option<T>, max: Option<T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => format!("exactly {min}"),
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any number of".to_owned(),
    }
}

/// The length in bytes of the longest text that is checked against a pattern.
const LONGEST: usize = 1 << 16;

/// True if the text matches; `None` for a text that is too long to try, and for a pattern beyond
/// the regular expressions known here (look-around, back references): both are left to the service.
fn matches(pattern: &str, text: &str) -> Option<bool> {
    if text.len() > LONGEST {
        return None;
    }
    let pattern = pattern.replace("\\A", "^").replace("\\Z", "$").replace("\\z", "$");
    regex_lite::RegexBuilder::new(&pattern)
        .size_limit(1 << 20)
        .build()
        .ok()
        .map(|regex| regex.is_match(text))
}
