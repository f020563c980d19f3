//! From members back to properties.

use rstack_catalog::{Kind, Node, TypeSchema};
use rstack_model::{KnownMap, KnownValue};

use super::rules::ShapeRules;
use super::{Mapper, document, scalar};
use crate::model::{Shape, ShapeKind};

/// The properties of a structure that the node knows.
pub(super) fn structure(
    mapper: &Mapper<'_>,
    shape: &str,
    values: &KnownMap,
    schema: &TypeSchema,
    node: &Node,
) -> KnownMap {
    let Some(members) = mapper.model.shape(shape).and_then(Shape::members) else {
        return KnownMap::new();
    };
    let rules = mapper.rules.of(shape);
    let mut out = KnownMap::new();
    for (name, given) in values {
        let Some(member) = members.get(name) else { continue };
        for row in rules.nested.iter().filter(|row| row.outer == name) {
            let inner = mapper.model.shape(&member.shape).and_then(Shape::members);
            let inner = inner.and_then(|inner| inner.get(row.inner));
            if let (Some(inner), Some(given)) = (inner, given.get(row.inner))
                && let Some(known) = schema.property(node, row.property)
                && let Some(made) = value(mapper, &inner.shape, given, schema, known)
            {
                out.insert(row.property.to_owned(), made);
            }
        }
        let Some((property, known)) = find(&rules, name, schema, node) else { continue };
        if rules.is_single(&property) {
            let element = schema.element(known);
            let made = element.and_then(|node| value(mapper, &member.shape, given, schema, node));
            out.extend(made.map(|made| (property, KnownValue::List(vec![made]))));
        } else if let Some(made) = value(mapper, &member.shape, given, schema, known) {
            out.insert(property, made);
        }
    }
    out
}

/// The property of a member: by rule, by name, or by name but for the case of its letters.
fn find<'s>(
    rules: &ShapeRules,
    member: &str,
    schema: &'s TypeSchema,
    node: &'s Node,
) -> Option<(String, &'s Node)> {
    let name = rules.property_of(member).unwrap_or(member);
    let declared = schema.resolve(node);
    let equivalent =
        || declared.property_names().find(|property| property.eq_ignore_ascii_case(name));
    if let Some(exact) = declared.property_names().find(|property| *property == name) {
        return Some((exact.to_owned(), schema.property(node, exact)?));
    }
    if let Some(close) = equivalent() {
        return Some((close.to_owned(), schema.property(node, close)?));
    }
    Some((name.to_owned(), schema.property(node, name)?))
}

fn value(
    mapper: &Mapper<'_>,
    shape_name: &str,
    given: &KnownValue,
    schema: &TypeSchema,
    node: &Node,
) -> Option<KnownValue> {
    if *given == KnownValue::Null {
        return None;
    }
    let node = schema.resolve(node);
    let shape = mapper.model.shape(shape_name)?;
    match (&shape.kind, given) {
        (ShapeKind::Structure { members }, KnownValue::Map(map)) => {
            if let (Some(items), true) = (members.get("Items"), is_list(schema, node)) {
                let nothing = KnownValue::List(Vec::new());
                let list = map.get("Items").unwrap_or(&nothing);
                return value(mapper, &items.shape, list, schema, node);
            }
            if schema.is_document(node) {
                return Some(given.clone());
            }
            Some(KnownValue::Map(structure(mapper, shape_name, map, schema, node)))
        }
        (ShapeKind::List { member }, KnownValue::List(items)) => {
            let Some(element) = schema.element(node) else { return Some(given.clone()) };
            let made = items.iter();
            let made = made.filter_map(|item| value(mapper, &member.shape, item, schema, element));
            Some(KnownValue::List(made.collect()))
        }
        (ShapeKind::Map { value: member, .. }, KnownValue::Map(map)) => {
            if is_list(schema, node) {
                return Some(pairs(map));
            }
            let made = map.iter().filter_map(|(key, given)| {
                let Some(known) = schema.property(node, key) else {
                    return schema.is_document(node).then(|| (key.clone(), given.clone()));
                };
                Some((key.clone(), value(mapper, &member.shape, given, schema, known)?))
            });
            Some(KnownValue::Map(made.collect()))
        }
        (_, KnownValue::Map(_) | KnownValue::List(_)) => Some(given.clone()),
        (_, scalar) if schema.is_document(node) => Some(document::read(scalar)),
        (_, scalar) => scalar::to_schema(scalar, schema, node),
    }
}

fn is_list(schema: &TypeSchema, node: &Node) -> bool {
    node.kinds().contains(&Kind::List)
        || (node.kinds().is_empty() && schema.element(node).is_some())
}

/// A map becomes a list of `Key` and `Value`.
fn pairs(map: &KnownMap) -> KnownValue {
    let pair = |(key, value): (&String, &KnownValue)| {
        KnownValue::Map(KnownMap::from([
            ("Key".to_owned(), KnownValue::from(key.as_str())),
            ("Value".to_owned(), value.clone()),
        ]))
    };
    KnownValue::List(map.iter().map(pair).collect())
}
