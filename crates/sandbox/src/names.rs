//! Names: which property takes the one the engine chooses, and which may not be used twice.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rstack_catalog::{
    Kind, NamePart, Node, ObjectName, SchemaPath, TypeSchema, UniqueName, name_ending,
};
use rstack_driver::{CreateRequest, NameRule, Separator};
use rstack_model::{Address, KnownMap, PathSegment, PropertyPath, StackName};
use serde_json::Value;

use crate::pattern;
use crate::redaction::JsonMap;

/// Longest names of services whose schemas do not say.
const LENGTHS: [(&str, usize); 9] = [
    ("AWS::DynamoDB::Table", 255),
    ("AWS::ElastiCache::CacheCluster", 50),
    ("AWS::ElastiCache::ReplicationGroup", 40),
    ("AWS::ElasticLoadBalancing::LoadBalancer", 32),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", 32),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", 32),
    ("AWS::IAM::ManagedPolicy", 128),
    ("AWS::OpenSearchService::Domain", 28),
    ("AWS::SQS::Queue", 80),
];

fn top(path: &SchemaPath) -> Option<&str> {
    match path.segments() {
        [only] => Some(only),
        _ => None,
    }
}

fn is_text(schema: &TypeSchema, node: &Node) -> bool {
    schema.resolve(node).kinds() == [Kind::Text]
}

/// The optional top-level property that names an object, if the type has one: the one that `Ref`
/// returns, or the one that is called as the type is.
pub(crate) fn property(schema: &TypeSchema) -> Option<String> {
    let resource = schema.name().rsplit("::").next()?;
    let own = format!("{resource}Name");
    let identifier = format!("{resource}Identifier");
    let referred = match schema.ref_identifier() {
        [one] => top(one),
        _ => None,
    };
    let names_it = |name: &str| name.ends_with("Name") && name != resource || name == identifier;
    let secret = (schema.name() == "AWS::SecretsManager::Secret").then_some("Name");
    let candidates = [referred.filter(|name| names_it(name)), Some(own.as_str()), secret];
    let fits = |name: &&str| {
        let required = schema.root().required().iter().any(|required| required == name);
        let path = PropertyPath::root().name(*name);
        let node = schema.node(&path);
        !required && !schema.is_read_only(&path) && node.is_some_and(|node| is_text(schema, node))
    };
    candidates.into_iter().flatten().find(fits).map(str::to_owned)
}

/// The rule by which the engine names objects of the type, if some form of name fits the type's
/// pattern.
pub(crate) fn rule(schema: &TypeSchema) -> Option<NameRule> {
    let name = property(schema)?;
    let node = schema.node(&PropertyPath::root().name(&name))?;
    let declared = node.length().1.and_then(|most| usize::try_from(most).ok());
    let known = LENGTHS.iter().find(|(type_name, _)| *type_name == schema.name());
    let longest = known.map_or(declared.unwrap_or(63).min(255), |(_, length)| *length);
    let ending = name_ending(schema.name()).map_or(0, |ending| ending.text.len());
    let longest = longest.saturating_sub(ending);
    let property = interned(&name);
    let separators =
        [Separator::Hyphen, Separator::LowercaseHyphen, Separator::Lowercase, Separator::None];
    let lengths = [longest, 64, 63, 50, 48, 40, 32, 28].into_iter().filter(|most| *most <= longest);
    for max_length in lengths {
        for separator in separators {
            let rule = NameRule { property, max_length, separator };
            if fits(node, &rule) {
                return Some(rule);
            }
        }
    }
    None
}

/// The properties of a new object: a name that the engine chose has the end that it needs.
pub(crate) fn of_new(schema: &TypeSchema, request: &CreateRequest) -> KnownMap {
    match (name_ending(schema.name()), rule(schema)) {
        (Some(ending), Some(rule)) if rule.property == ending.name => {
            rule.with_ending(request, (ending.flag, ending.text))
        }
        (Some(_) | None, _) => request.properties.clone(),
    }
}

/// True if the longest and a usual name of this rule match the property's pattern.
fn fits(node: &Node, rule: &NameRule) -> bool {
    let Some(pattern) = node.pattern() else { return rule.separator == Separator::Hyphen };
    let stacks = ["Stack1", "Stack-With-A-Name-Of-Many-Letters-That-Is-As-Long-As-It-May-Be"];
    stacks.iter().all(|stack| {
        let Ok(stack) = StackName::parse(stack) else { return false };
        let name = rule.name(&stack, &Address::from("Resource".repeat(20)), "ABCDEF123456");
        pattern::matches(pattern, &name) != Some(false)
    })
}

/// One copy of each property name lives as long as the program: types are few.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    kept
}

/// The name that these properties declare by a rule of their type.
pub(crate) fn name(rule: &UniqueName, properties: &JsonMap) -> Option<ObjectName> {
    let part = |path: &PropertyPath| match at(properties, path) {
        None | Some(Value::Null) => NamePart::Absent,
        Some(Value::Array(items)) if items.is_empty() => NamePart::Absent,
        Some(value) => {
            NamePart::Known(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        }
    };
    rule.of(part)
}

fn at<'a>(properties: &'a JsonMap, path: &PropertyPath) -> Option<&'a Value> {
    let mut segments = path.segments().iter();
    let Some(PathSegment::Name(first)) = segments.next() else { return None };
    segments.try_fold(properties.get(first)?, |value, segment| match segment {
        PathSegment::Name(name) => value.get(name),
        PathSegment::Index(index) => value.get(index),
    })
}
