//! Declarations that stand twice in a template and are one for the service: entries of lists, such as
//! the rules of a security group, and objects without a name, such as routes.
//!
//! An entry that repeats another one is left out, with a warning: removing it from the template later
//! is no change of the object. An object that repeats another one is a warning: the service refuses to
//! make it, or both resources are the same object.

use std::collections::BTreeMap;

use rstack_catalog::{Sameness, canonical_range, distinguishing, protocol_name, sameness};
use rstack_model::desired::DesiredResource;
use rstack_model::{Address, Code, Diagnostic, PropertyPath, Value, ValueMap};

use super::expression::Evaluator;
use super::properties::place;

const GROUP: &str = "AWS::EC2::SecurityGroup";
/// The lists of a security group, with the type that makes one rule of each.
const RULES: [(&str, &str); 2] = [
    ("SecurityGroupEgress", "AWS::EC2::SecurityGroupEgress"),
    ("SecurityGroupIngress", "AWS::EC2::SecurityGroupIngress"),
];

/// Leaves out entries that repeat others, and finds objects that repeat others.
pub(super) fn check(
    evaluator: &Evaluator<'_>,
    resources: &mut BTreeMap<Address, DesiredResource>,
) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for (address, resource) in resources.iter_mut() {
        let resource_type = resource.resource_type.clone();
        for (property, value) in &mut resource.properties {
            let Some(rule) = sameness(resource_type.as_str(), property) else { continue };
            let Value::List(items) = value else { continue };
            for repeat in repeated(items, rule) {
                out.push(entry(evaluator, address, property, repeat));
            }
        }
    }
    out.extend(objects(evaluator, resources));
    out
}

/// An entry that repeats another one.
#[derive(Clone, Copy)]
struct Repeat {
    at: usize,
    first: usize,
    /// True if both say the same.
    same: bool,
}

/// Takes the entries out that repeat others. Entries of one key that say different things are left as
/// they are.
fn repeated(items: &mut Vec<Value>, rule: Sameness) -> Vec<Repeat> {
    let mut seen: Vec<(String, String, usize)> = Vec::new();
    let mut repeats = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let (key, rest) = match (rule, item) {
            (Sameness::Whole, _) | (_, Value::String(_)) => (Some(canonical(item)), String::new()),
            (Sameness::Without(names), Value::Map(map)) => {
                let key = map.iter().filter(|(name, _)| !names.contains(&name.as_str()));
                (Some(rule_key(key)), String::new())
            }
            (Sameness::By(names), Value::Map(map)) => (by(map, names), canonical(item)),
            _ => (None, String::new()),
        };
        let Some(key) = key else { continue };
        match seen.iter().find(|(known, ..)| *known == key) {
            Some((_, content, first)) => {
                repeats.push(Repeat { at, first: *first, same: *content == rest });
            }
            None => seen.push((key, rest, at)),
        }
    }
    let mut at = 0;
    items.retain(|_| {
        let keep = !repeats.iter().any(|repeat| repeat.same && repeat.at == at);
        at += 1;
        keep
    });
    repeats
}

fn entry(
    evaluator: &Evaluator<'_>,
    address: &Address,
    property: &str,
    Repeat { at, first, same }: Repeat,
) -> Diagnostic {
    let path = PropertyPath::root().name(property).index(at);
    let message = if same {
        format!(
            "`{path}` of `{address}` is the same as `{property}[{first}]`: the service keeps one of \
             them, and rstack leaves this one out"
        )
    } else {
        format!(
            "`{path}` of `{address}` has the key of `{property}[{first}]` and says something else: the \
             service keeps one of them"
        )
    };
    let warning = Diagnostic::warning(Code::DuplicateEntry, message);
    let declared = evaluator.declared(address);
    let warning = match declared {
        Some(declared) => warning.at(place(evaluator, declared, &path, false), ""),
        None => warning,
    };
    warning.help("remove it")
}

/// The objects that repeat others.
fn objects(
    evaluator: &Evaluator<'_>,
    resources: &BTreeMap<Address, DesiredResource>,
) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<(String, String), (Address, String)> = BTreeMap::new();
    // The rules inside of security groups come first: they are made with the group.
    for (address, group) in resources.iter().filter(|(_, it)| it.resource_type.as_str() == GROUP) {
        for (property, resource_type) in RULES {
            let Some(Value::List(items)) = group.properties.get(property) else { continue };
            for (at, item) in items.iter().enumerate() {
                let Value::Map(item) = item else { continue };
                let mut rule = item.clone();
                rule.insert("GroupId".to_owned(), format!("‹{address}›").into());
                if let Some(key) = object_key(resource_type, &rule) {
                    let text = format!("`{property}[{at}]` of `{address}`");
                    seen.insert((resource_type.to_owned(), key), (address.clone(), text));
                }
            }
        }
    }
    let mut out = Vec::new();
    for (address, resource) in resources {
        let resource_type = resource.resource_type.as_str();
        let Some(key) = object_key(resource_type, &resource.properties) else { continue };
        let key = (resource_type.to_owned(), key);
        match seen.get(&key) {
            Some((_, text)) => out.push(object(evaluator, address, (resource_type, text))),
            None => {
                seen.insert(key, (address.clone(), format!("`{address}`")));
            }
        }
    }
    out
}

fn object(
    evaluator: &Evaluator<'_>,
    address: &Address,
    (resource_type, other): (&str, &str),
) -> Diagnostic {
    let message = format!(
        "`{address}` is the same {resource_type} as {other}: the service refuses it, or has one object \
         for both"
    );
    let warning = Diagnostic::warning(Code::DuplicateObject, message);
    let warning = match evaluator.declared(address) {
        Some(declared) => warning.at(declared.name_span, ""),
        None => warning,
    };
    warning.help("remove one of them, and let what refers to it refer to the other one")
}

/// The text that tells an object of a type apart; `None` if nothing of it is declared.
fn object_key(resource_type: &str, properties: &ValueMap) -> Option<String> {
    let names = distinguishing(resource_type)?;
    let is_rule = RULES.iter().any(|(_, name)| *name == resource_type);
    if is_rule {
        let known = properties.iter().filter(|(name, _)| names.contains(&name.as_str()));
        return Some(rule_key(known));
    }
    by(properties, names)
}

/// The texts of these properties; `None` if none of them is there.
fn by(map: &ValueMap, names: &[&str]) -> Option<String> {
    let found = names.iter().any(|name| map.contains_key(*name));
    let parts: Vec<String> =
        names.iter().map(|name| map.get(*name).map(canonical).unwrap_or_default()).collect();
    found.then(|| parts.join("\u{0}"))
}

/// The text of a rule of a security group. A rule for all protocols has no ports, protocols have names and
/// numbers, and EC2 keeps the canonical form of a range.
fn rule_key<'a>(parts: impl Iterator<Item = (&'a String, &'a Value)>) -> String {
    let mut texts: BTreeMap<&str, String> =
        parts.map(|(name, value)| (name.as_str(), canonical(value))).collect();
    for (name, text) in &mut texts {
        *text = match *name {
            "IpProtocol" => protocol_name(text),
            "CidrIp" | "CidrIpv6" => canonical_range(text),
            _ => continue,
        };
    }
    if texts.get("IpProtocol").is_some_and(|protocol| protocol == "-1") {
        texts.retain(|name, _| !matches!(*name, "FromPort" | "ToPort"));
    }
    texts.iter().map(|(name, text)| format!("{name}={text}\u{0}")).collect()
}

/// A value as text: scalars without their kind, and a security group by its ID however it is
/// referred to.
fn canonical(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(it) => it.to_string(),
        Value::Number(it) => it.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join("\u{0}"))
        }
        Value::Map(map) => {
            let entry = |(name, value): (&String, &Value)| format!("{name}={}", canonical(value));
            let entries: Vec<String> = map.iter().map(entry).collect();
            format!("{{{}}}", entries.join("\u{0}"))
        }
        Value::Text(_) | Value::Deferred(_) => {
            value.to_string().trim_matches('"').replace(".GroupId›", "›")
        }
    }
}
