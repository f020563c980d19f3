//! Policies that are larger than their service takes.
//!
//! Values that are known only after apply count for nothing: a policy that is found too large here is refused
//! whatever the rest of it turns out to be.

use std::collections::BTreeMap;

use rstack_model::desired::DesiredResource;
use rstack_model::value::{AttributeRef, TextPart};
use rstack_model::{Address, Code, Diagnostic, PropertyPath, Span, Value, ValueMap};

use super::expression::Evaluator;
use super::properties::place;

/// The way in which a service measures policies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Characters, without white space.
    Characters,
    /// Bytes of the JSON text.
    Bytes,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Characters => "characters without white space",
            Self::Bytes => "bytes",
        }
    }
}

/// The largest policies: type, property, size. Each has the property alone.
///
/// Sources: "IAM and AWS STS quotas", IAM User Guide; "Bucket policies", Amazon S3 User Guide; "Amazon SQS
/// policy quotas", Amazon SQS Developer Guide; "Policy quotas", Amazon SNS Developer Guide.
const DOCUMENTS: [(&str, &str, usize, Unit); 6] = [
    ("AWS::IAM::ManagedPolicy", "PolicyDocument", 6_144, Unit::Characters),
    ("AWS::S3::BucketPolicy", "PolicyDocument", 20 * 1024, Unit::Bytes),
    ("AWS::SNS::TopicInlinePolicy", "PolicyDocument", 30 * 1024, Unit::Bytes),
    ("AWS::SNS::TopicPolicy", "PolicyDocument", 30 * 1024, Unit::Bytes),
    ("AWS::SQS::QueueInlinePolicy", "PolicyDocument", 8_192, Unit::Bytes),
    ("AWS::SQS::QueuePolicy", "PolicyDocument", 8_192, Unit::Bytes),
];

const ROLE: &str = "AWS::IAM::Role";
const TRUST: &str = "AssumeRolePolicyDocument";
/// The size of a trust policy that an account takes unless its quota was raised, in characters without
/// white space. Source: "IAM and AWS STS quotas", IAM User Guide.
const TRUST_QUOTA: usize = 2_048;

/// A kind of principal whose inline policies share one size, in characters without white space.
///
/// Source: "IAM and AWS STS quotas", IAM User Guide.
struct Holder {
    resource_type: &'static str,
    /// The word for it.
    word: &'static str,
    /// The property that names one.
    name: &'static str,
    /// The type of a policy of one of them, which names it by the same property.
    policy_type: &'static str,
    /// The property of `AWS::IAM::Policy` that lists some.
    list: &'static str,
    limit: usize,
}

const HOLDERS: [Holder; 3] = [
    Holder {
        resource_type: "AWS::IAM::Group",
        word: "group",
        name: "GroupName",
        policy_type: "AWS::IAM::GroupPolicy",
        list: "Groups",
        limit: 5_120,
    },
    Holder {
        resource_type: ROLE,
        word: "role",
        name: "RoleName",
        policy_type: "AWS::IAM::RolePolicy",
        list: "Roles",
        limit: 10_240,
    },
    Holder {
        resource_type: "AWS::IAM::User",
        word: "user",
        name: "UserName",
        policy_type: "AWS::IAM::UserPolicy",
        list: "Users",
        limit: 2_048,
    },
];

/// The policies that are too large. A trust policy is a warning: its quota can be raised.
pub(super) fn check(
    evaluator: &Evaluator<'_>,
    resources: &BTreeMap<Address, DesiredResource>,
) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for (address, resource) in resources {
        let resource_type = resource.resource_type.as_str();
        let size_of =
            |property: &str, unit| resource.properties.get(property).map(|it| size(it, unit));
        let known = DOCUMENTS.iter().filter(|(name, ..)| *name == resource_type);
        for (_, property, limit, unit) in known {
            if let Some(size) = size_of(property, *unit).filter(|size| size > limit) {
                let message = format!(
                    "the policy of `{address}` has {size} {}, of which {limit} are the most",
                    unit.name()
                );
                let error = Diagnostic::error(Code::PolicySize, message);
                let span = span(evaluator, address, property);
                out.push(error.at(span, "").help("divide it, or say it with fewer statements"));
            }
        }
        let trust = size_of(TRUST, Unit::Characters).filter(|_| resource_type == ROLE);
        if let Some(size) = trust.filter(|size| *size > TRUST_QUOTA) {
            let message = format!(
                "the trust policy of `{address}` has {size} {}; an account takes {TRUST_QUOTA} unless \
                 its quota was raised",
                Unit::Characters.name()
            );
            let warning = Diagnostic::warning(Code::PolicySize, message);
            let help =
                "raise the quota \"Role trust policy length\", or say it with fewer statements";
            out.push(warning.at(span(evaluator, address, TRUST), "").help(help));
        }
    }
    for holder in &HOLDERS {
        out.extend(inline(evaluator, resources, holder));
    }
    out
}

fn span(evaluator: &Evaluator<'_>, address: &Address, property: &str) -> Span {
    let Some(declared) = evaluator.declared(address) else {
        return Span::default();
    };
    place(evaluator, declared, &PropertyPath::root().name(property), true)
}

/// An inline policy: where it is declared, and its size.
struct Inline<'a> {
    address: &'a Address,
    property: &'static str,
    size: usize,
}

/// The holders of one kind whose inline policies are together too large.
fn inline(
    evaluator: &Evaluator<'_>,
    resources: &BTreeMap<Address, DesiredResource>,
    holder: &Holder,
) -> Vec<Diagnostic> {
    let mut sums: BTreeMap<String, Vec<Inline<'_>>> = BTreeMap::new();
    let mut add = |key: String, address, property, document: Option<&Value>| {
        let size = document.map_or(0, |document| size(document, Unit::Characters));
        sums.entry(key).or_default().push(Inline { address, property, size });
    };
    for (address, resource) in resources {
        let properties = &resource.properties;
        let document = properties.get("PolicyDocument");
        let resource_type = resource.resource_type.as_str();
        if resource_type == holder.resource_type {
            let policies = properties.get("Policies").and_then(Value::as_list).unwrap_or_default();
            for policy in policies {
                let document = policy.as_map().and_then(|policy| policy.get("PolicyDocument"));
                let key = own_key(address, properties, holder);
                add(key, address, "Policies", document);
            }
        } else if resource_type == holder.policy_type {
            let key = properties.get(holder.name).and_then(|name| key(name, resources, holder));
            key.into_iter().for_each(|key| add(key, address, "PolicyDocument", document));
        } else if resource_type == "AWS::IAM::Policy" {
            let names = properties.get(holder.list).and_then(Value::as_list).unwrap_or_default();
            for key in names.iter().filter_map(|name| key(name, resources, holder)) {
                add(key, address, "PolicyDocument", document);
            }
        }
    }
    let mut out = Vec::new();
    for (key, policies) in sums {
        let sum: usize = policies.iter().map(|policy| policy.size).sum();
        let Some(largest) = policies.iter().max_by_key(|policy| policy.size) else { continue };
        if sum <= holder.limit {
            continue;
        }
        let name = key.trim_start_matches(DECLARED);
        let message = format!(
            "the inline policies of the {} `{name}` have {sum} {} together, of which {} are the most",
            holder.word,
            Unit::Characters.name(),
            holder.limit
        );
        let error = Diagnostic::error(Code::PolicySize, message);
        let error =
            error.at(span(evaluator, largest.address, largest.property), "the largest of them");
        out.push(
            error.help("make managed policies of some of them: each may have 6144 characters"),
        );
    }
    out
}

/// The beginning of the key of a holder that is declared and has no name in the template.
const DECLARED: char = '/';

/// The key of a declared holder: its name, or its address where the template gives it none.
fn own_key(address: &Address, properties: &ValueMap, holder: &Holder) -> String {
    match properties.get(holder.name).and_then(Value::as_str) {
        Some(name) => name.to_owned(),
        None => format!("{DECLARED}{address}"),
    }
}

/// The key of the holder that a value names; `None` if it is known only after apply which one it is.
fn key(
    value: &Value,
    resources: &BTreeMap<Address, DesiredResource>,
    holder: &Holder,
) -> Option<String> {
    if let Some(name) = value.as_str() {
        return Some(name.to_owned());
    }
    let mut referred = None;
    value.visit_attributes(&mut |attribute| referred = Some(attribute.address.clone()));
    let address = referred?;
    let whole = *value == Value::attribute(AttributeRef::reference(address.clone()));
    let declared = resources.get(&address).filter(|_| whole)?;
    let is_holder = declared.resource_type.as_str() == holder.resource_type;
    is_holder.then(|| own_key(&address, &declared.properties, holder))
}

/// The least size of a value as JSON. A document that is written as text is that text.
fn size(value: &Value, unit: Unit) -> usize {
    match value.as_str() {
        Some(text) => measured(text, unit),
        None => of_json(value, unit),
    }
}

fn of_json(value: &Value, unit: Unit) -> usize {
    let between = |count: usize| 2 + count.saturating_sub(1);
    match value {
        Value::Null => 4,
        Value::Bool(it) => {
            if *it {
                4
            } else {
                5
            }
        }
        Value::Number(number) => number.to_string().len(),
        Value::String(text) => quoted(text, unit),
        Value::Text(text) => {
            let parts = text.parts().iter().map(|part| match part {
                TextPart::Literal(text) => quoted(text, unit) - 2,
                TextPart::Deferred(_) | TextPart::Secret(_) => 0,
            });
            2 + parts.sum::<usize>()
        }
        Value::List(items) => {
            between(items.len()) + items.iter().map(|item| of_json(item, unit)).sum::<usize>()
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(key, item)| quoted(key, unit) + 1 + of_json(item, unit));
            between(map.len()) + entries.sum::<usize>()
        }
        Value::Deferred(_) => 0,
    }
}

/// The size of a text as JSON has it, with its quotes.
fn quoted(text: &str, unit: Unit) -> usize {
    let escaped = text.chars().filter(|character| ['"', '\\'].contains(character)).count();
    2 + measured(text, unit) + escaped
}

fn measured(text: &str, unit: Unit) -> usize {
    match unit {
        Unit::Characters => text.chars().filter(|character| !character.is_whitespace()).count(),
        Unit::Bytes => text.len(),
    }
}
