//! Rules of services about declared properties that no schema says: properties that exclude or need each
//! other, forms of names, bounds. The one place that knows them, for templates and for the sandbox.
//!
//! A value that is known only after apply breaks no rule.

use rstack_model::value::Deferred;
use rstack_model::{PathSegment, PropertyPath, Value, ValueMap};

use crate::path::SchemaPath;
use crate::reserved_name::{bucket, load_balancer, ssm_parameter, target_group};
use crate::type_schema::TypeSchema;
use crate::validate::{Violation, ViolationKind};

/// A rule about the properties of one map.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// Exactly one of these properties is declared.
    ExactlyOne(&'static [&'static str]),
    /// At most one of both is declared.
    NotBoth(&'static str, &'static str),
    /// The first is not declared where the second is true.
    NotWhere(&'static str, &'static str),
    /// The first is declared only with the second.
    Needs(&'static str, &'static str),
    /// The first is true only where the second is.
    TrueNeeds(&'static str, &'static str),
    /// The name ends with the text where the flag is true, and only there.
    Ending { name: &'static str, ending: &'static str, flag: &'static str },
    /// The number is not larger.
    Most(&'static str, i64),
    /// The Base64 text stands for no more bytes.
    MostDecoded(&'static str, usize),
    /// The text has no more bytes.
    MostBytes(&'static str, usize),
    /// The text has no more bytes where the other property has this value.
    MostBytesWhere(&'static str, usize, (&'static str, &'static str)),
    /// The name is none that the service reserves or refuses.
    Form(&'static str, fn(&str) -> Option<&'static str>),
}

/// The rules: type, the property whose map the rule is about (empty for the type's own), rule.
///
/// Sources: `CreateQueue` and "FIFO queue and message identifiers", Amazon SQS; `CreateTopic`, Amazon SNS
/// API Reference; AWS::SecretsManager::Secret and GenerateSecretString, AWS CloudFormation User Guide;
/// `CreateOriginEndpoint`, AWS Elemental MediaPackage Live API Reference, "Time-shifted viewing reference"
/// (14 days) and "New endpoint fields" (a delay of 86,400 seconds), AWS Elemental MediaPackage User Guide;
/// `PutParameter`, AWS Systems Manager API Reference; "Bucket naming rules", Amazon S3 User Guide;
/// `CreateLoadBalancer` and `CreateTargetGroup`, Elastic Load Balancing API Reference; "Run commands when
/// you launch an EC2 instance with user data input", Amazon EC2 User Guide (16 KB before it is encoded).
const RULES: [(&str, &str, Rule); 20] = [
    ("AWS::AutoScaling::LaunchConfiguration", "", Rule::MostDecoded("UserData", 16 * 1024)),
    ("AWS::EC2::Instance", "", Rule::MostDecoded("UserData", 16 * 1024)),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData", Rule::MostDecoded("UserData", 16 * 1024)),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "", Rule::Form("Name", load_balancer)),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "", Rule::Form("Name", target_group)),
    (
        "AWS::MediaPackage::OriginEndpoint",
        "",
        Rule::ExactlyOne(&["HlsPackage", "DashPackage", "CmafPackage", "MssPackage"]),
    ),
    ("AWS::MediaPackage::OriginEndpoint", "", Rule::Most("StartoverWindowSeconds", 1_209_600)),
    ("AWS::MediaPackage::OriginEndpoint", "", Rule::Most("TimeDelaySeconds", 86_400)),
    ("AWS::S3::Bucket", "", Rule::Form("BucketName", bucket)),
    ("AWS::SNS::Topic", "", Rule::Ending { name: "TopicName", ending: ".fifo", flag: "FifoTopic" }),
    ("AWS::SNS::Topic", "", Rule::TrueNeeds("ContentBasedDeduplication", "FifoTopic")),
    ("AWS::SQS::Queue", "", Rule::Ending { name: "QueueName", ending: ".fifo", flag: "FifoQueue" }),
    ("AWS::SQS::Queue", "", Rule::NotWhere("KmsMasterKeyId", "SqsManagedSseEnabled")),
    ("AWS::SQS::Queue", "", Rule::TrueNeeds("ContentBasedDeduplication", "FifoQueue")),
    ("AWS::SSM::Parameter", "", Rule::Form("Name", ssm_parameter)),
    ("AWS::SSM::Parameter", "", Rule::MostBytes("Value", 8 * 1024)),
    ("AWS::SSM::Parameter", "", Rule::MostBytesWhere("Value", 4 * 1024, ("Tier", "Standard"))),
    ("AWS::SecretsManager::Secret", "", Rule::NotBoth("SecretString", "GenerateSecretString")),
    (
        "AWS::SecretsManager::Secret",
        "GenerateSecretString",
        Rule::Needs("SecretStringTemplate", "GenerateStringKey"),
    ),
    (
        "AWS::SecretsManager::Secret",
        "GenerateSecretString",
        Rule::Needs("GenerateStringKey", "SecretStringTemplate"),
    ),
];

/// The services whose objects have 50 tags at most.
///
/// Sources: the pages about tags and quotas in the guides of these services.
const FIFTY_TAGS: [&str; 14] = [
    "DynamoDB",
    "EC2",
    "ECR",
    "ECS",
    "EKS",
    "IAM",
    "KMS",
    "Kinesis",
    "Lambda",
    "RDS",
    "SNS",
    "SQS",
    "SSM",
    "SecretsManager",
];

/// The end that the name of an object needs in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameEnding {
    /// The property with the name.
    pub name: &'static str,
    /// The end, such as `.fifo`.
    pub text: &'static str,
    /// The property that is true where the name needs it.
    pub flag: &'static str,
}

/// The end that names of objects of a type need in a case, if they do.
pub fn name_ending(type_name: &str) -> Option<NameEnding> {
    let mut own = RULES.iter().filter(|(name, within, _)| *name == type_name && within.is_empty());
    own.find_map(|(_, _, rule)| match *rule {
        Rule::Ending { name, ending: text, flag } => Some(NameEnding { name, text, flag }),
        _ => None,
    })
}

/// The groups of properties of a type of which exactly one is declared.
pub(crate) fn alternatives(type_name: &str) -> impl Iterator<Item = &'static [&'static str]> {
    let own = RULES.iter().filter(move |(name, within, _)| *name == type_name && within.is_empty());
    own.filter_map(|(_, _, rule)| match rule {
        Rule::ExactlyOne(names) => Some(*names),
        _ => None,
    })
}

/// The rules of the service that these properties break.
pub(crate) fn broken(schema: &TypeSchema, properties: &ValueMap) -> Vec<Violation> {
    let mut out = Vec::new();
    for (_, within, rule) in RULES.iter().filter(|(name, ..)| *name == schema.name()) {
        let root = PropertyPath::root();
        match (within.is_empty(), properties.get(*within)) {
            (true, _) => out.extend(rule.check(&root, properties)),
            (false, Some(Value::Map(map))) => out.extend(rule.check(&root.name(*within), map)),
            (false, _) => {}
        }
    }
    out.extend(tags(schema, properties));
    out.extend(empty_names(schema, properties));
    out.extend(empty_references(schema, properties));
    out.extend(definition(schema, properties));
    out.extend(broken_documents(schema, properties));
    out
}

/// Properties that name the object and are declared as an empty text: no object has an empty name.
fn empty_names(schema: &TypeSchema, properties: &ValueMap) -> Vec<Violation> {
    let names = schema.unique_names().iter().flat_map(|name| name.name());
    let mut paths: Vec<PropertyPath> = names.filter_map(SchemaPath::concrete).collect();
    paths.sort();
    paths.dedup();
    paths.retain(|path| {
        let name = path.top().filter(|name| path.segments().len() == 1 && name.ends_with("Name"));
        let name = name.filter(|name| !takes_empty_name(schema.name(), name));
        name.is_some_and(|name| text(properties, name) == Some(""))
    });
    let of = |path| Violation { path, kind: ViolationKind::Bounds { rule: EMPTY.to_owned() } };
    paths.into_iter().map(of).collect()
}

const EMPTY: &str = "the name is empty";

/// The names that CloudFormation makes up also where an empty text is declared.
///
/// Source: pull requests 4463 and 4502 of aws-cloudformation/cfn-lint, whose maintainer is of AWS.
const MADE_UP_IF_EMPTY: [(&str, &str); 3] = [
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::SNS::Topic", "TopicName"),
];

/// True if an empty text for a property is taken as none.
pub fn takes_empty_name(type_name: &str, property: &str) -> bool {
    MADE_UP_IF_EMPTY.contains(&(type_name, property))
}

/// Required properties that refer to an object, although their names do not end like that of an ID or ARN,
/// and such that are one of a list of words.
const NOT_EMPTY: [(&str, &str); 3] = [
    ("AWS::ApiGateway::Method", "HttpMethod"),
    ("AWS::EC2::VPCEndpoint", "ServiceName"),
    ("AWS::SNS::Subscription", "Protocol"),
];

/// Required IDs and ARNs that are declared as an empty text: no object has such a one.
fn empty_references(schema: &TypeSchema, properties: &ValueMap) -> Vec<Violation> {
    let required = schema.root().required().iter().map(String::as_str);
    let references = required.filter(|name| name.ends_with("Arn") || name.ends_with("Id"));
    let own = NOT_EMPTY.iter().filter(|(name, _)| *name == schema.name()).map(|(_, name)| *name);
    let mut names: Vec<&str> = references.chain(own).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| text(properties, name) == Some(""));
    let of = |name: &str| {
        let rule = format!("`{name}` is empty");
        Violation { path: PropertyPath::root().name(name), kind: ViolationKind::Bounds { rule } }
    };
    names.into_iter().map(of).collect()
}

/// The definition of a state machine that is no JSON: the service takes nothing else. One with substitutions
/// is JSON only when they are made.
///
/// Source: `CreateStateMachine`, AWS Step Functions API Reference, `InvalidDefinition`.
fn definition(schema: &TypeSchema, properties: &ValueMap) -> Option<Violation> {
    const TYPE: &str = "AWS::StepFunctions::StateMachine";
    let name = "DefinitionString";
    let text = text(properties, name).filter(|_| schema.name() == TYPE)?.trim_start();
    if text.starts_with('{') || text.starts_with("${") {
        return None;
    }
    let text = "the definition must be JSON, and this text is none".to_owned();
    Some(Violation { path: PropertyPath::root().name(name), kind: ViolationKind::Form { text } })
}

/// Ranges that the schema of a type has wrong: type, the last two names of the path, the right range.
///
/// Source: pull request 4463 of aws-cloudformation/cfn-lint (io1 takes 64,000); "General Purpose SSD volumes",
/// Amazon EBS User Guide (gp3 takes 80,000).
const RANGES: [(&str, [&str; 2], (u64, u64)); 1] =
    [("AWS::AutoScaling::LaunchConfiguration", ["Ebs", "Iops"], (100, 80_000))];

/// The range of a number at a path, where the schema of the type has it wrong.
pub(crate) fn corrected_range(type_name: &str, path: &PropertyPath) -> Option<(u64, u64)> {
    let is_at = |names: &[&str; 2]| match path.segments() {
        [.., PathSegment::Name(first), PathSegment::Name(last)] => {
            [first.as_str(), last.as_str()] == *names
        }
        _ => false,
    };
    let mut own = RANGES.iter().filter(|(name, ..)| *name == type_name);
    own.find(|(_, names, _)| is_at(names)).map(|(.., range)| *range)
}

/// Documents at the top of a type that are declared as text and look like JSON, but are none: each service
/// refuses them.
fn broken_documents(schema: &TypeSchema, properties: &ValueMap) -> Vec<Violation> {
    let broken = properties.iter().filter_map(|(name, value)| {
        let text = value.as_str().filter(|text| text.trim_start().starts_with('{'))?;
        let path = PropertyPath::root().name(name);
        let is_document = schema.node(&path).is_some_and(|node| schema.is_document(node));
        let error =
            serde_json::from_str::<serde_json::Value>(text).err().filter(|_| is_document)?;
        let text = format!("the text begins as JSON and is none: {error}");
        Some(Violation { path, kind: ViolationKind::Form { text } })
    });
    broken.collect()
}

/// The declaration of a property, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Absent,
    /// The cloud has yet to be asked.
    Perhaps,
    Present,
}

fn presence(map: &ValueMap, name: &str) -> Presence {
    match map.get(name) {
        None | Some(Value::Null) => Presence::Absent,
        Some(Value::Deferred(deferred)) if matches!(**deferred, Deferred::Lookup(_)) => {
            Presence::Perhaps
        }
        Some(_) => Presence::Present,
    }
}

fn is_present(map: &ValueMap, name: &str) -> bool {
    presence(map, name) == Presence::Present
}

/// The value of a flag; `None` if it is not known.
fn flag(map: &ValueMap, name: &str) -> Option<bool> {
    match map.get(name) {
        None | Some(Value::Null) => Some(false),
        Some(Value::Bool(it)) => Some(*it),
        Some(Value::String(text)) => text.to_ascii_lowercase().parse().ok(),
        Some(_) => None,
    }
}

fn text<'a>(map: &'a ValueMap, name: &str) -> Option<&'a str> {
    match map.get(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn number(map: &ValueMap, name: &str) -> Option<i64> {
    match map.get(name) {
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    }
}

impl Rule {
    fn check(self, path: &PropertyPath, map: &ValueMap) -> Option<Violation> {
        let together = |name: &str, text: String, help: String| {
            Some(Violation { path: path.name(name), kind: ViolationKind::Together { text, help } })
        };
        let bounds = |name: &str, rule: String| {
            Some(Violation { path: path.name(name), kind: ViolationKind::Bounds { rule } })
        };
        match self {
            Self::ExactlyOne(names) => {
                let declared: Vec<&str> =
                    names.iter().copied().filter(|name| is_present(map, name)).collect();
                let list = format!("`{}`", names.join("`, `"));
                match declared.as_slice() {
                    [] if names.iter().all(|name| presence(map, name) == Presence::Absent) => {
                        let text = format!("one of {list} must be declared");
                        let help = "declare the one that is meant".to_owned();
                        let kind = ViolationKind::Together { text, help };
                        Some(Violation { path: path.clone(), kind })
                    }
                    [first, second, ..] => together(
                        second,
                        format!("`{second}` cannot be declared beside `{first}`"),
                        format!("declare exactly one of {list}"),
                    ),
                    [] | [_] => None,
                }
            }
            Self::NotBoth(first, second) => {
                let both = is_present(map, first) && is_present(map, second);
                let text = format!("`{second}` cannot be declared beside `{first}`");
                both.then(|| together(second, text, "declare one of them".to_owned()))?
            }
            Self::NotWhere(name, other) => {
                let both = is_present(map, name) && flag(map, other) == Some(true);
                let text = format!("`{name}` cannot be declared where `{other}` is true");
                let help = format!("leave one of them out, or set `{other}` to false");
                both.then(|| together(name, text, help))?
            }
            Self::Needs(name, other) => {
                let lacks = is_present(map, name) && presence(map, other) == Presence::Absent;
                let text = format!("`{name}` needs `{other}`");
                let help = format!("declare `{other}`, too, or leave `{name}` out");
                lacks.then(|| together(name, text, help))?
            }
            Self::TrueNeeds(name, other) => {
                let lacks = flag(map, name) == Some(true) && flag(map, other) == Some(false);
                let text = format!("`{name}` can be true only where `{other}` is");
                let help = format!("set `{other}` to true, or leave `{name}` out");
                lacks.then(|| together(name, text, help))?
            }
            Self::Ending { name, ending, flag: other } => {
                let (declared, wanted) = (text(map, name)?, flag(map, other)?);
                let (message, help) = match (wanted, declared.ends_with(ending)) {
                    (true, false) => (
                        format!("`{name}` must end with `{ending}` where `{other}` is true"),
                        format!("name it `{declared}{ending}`"),
                    ),
                    (false, true) => (
                        format!("`{name}` can end with `{ending}` only where `{other}` is true"),
                        format!("set `{other}` to true, or take the ending away"),
                    ),
                    (true, true) | (false, false) => return None,
                };
                together(name, message, help)
            }
            Self::Most(name, most) => {
                let number = number(map, name).filter(|number| *number > most)?;
                bounds(name, format!("{number} is out of range: it must be at most {most}"))
            }
            Self::MostDecoded(name, most) => {
                let encoded = text(map, name)?.trim_end_matches('=').len();
                let size = encoded.saturating_mul(3) / 4;
                let rule = format!("the data have {size} bytes, of which {most} are the most");
                (size > most).then(|| bounds(name, rule))?
            }
            Self::MostBytes(name, most) => {
                let size = text(map, name)?.len();
                let rule = format!("the text has {size} bytes, of which {most} are the most");
                (size > most).then(|| bounds(name, rule))?
            }
            Self::MostBytesWhere(name, most, (other, value)) => {
                let size = text(map, name)?.len();
                let applies = text(map, other) == Some(value) && size > most;
                let rule = format!(
                    "the text has {size} bytes, of which {most} are the most where `{other}` is \
                     `{value}`"
                );
                applies.then(|| bounds(name, rule))?
            }
            Self::Form(name, check) => {
                let declared = text(map, name)?;
                let rule = check(declared)?;
                let text = format!("`{declared}` is no name that the service takes: {rule}");
                let kind = ViolationKind::Form { text };
                Some(Violation { path: path.name(name), kind })
            }
        }
    }
}

/// Keys of tags that AWS reserves, keys that are one for the service, and tags beyond the limit of the service.
///
/// Sources: "Tag naming limits and requirements", Tagging AWS Resources and Tag Editor: `aws:` in any
/// upper or lower case is reserved; "Rules for tagging in IAM and AWS STS", AWS Identity and Access Management User
/// Guide: keys are not case sensitive.
fn tags(schema: &TypeSchema, properties: &ValueMap) -> Vec<Violation> {
    let Some(property) = schema.tag_property() else { return Vec::new() };
    let path = PropertyPath::root().name(property);
    let keys: Vec<(PropertyPath, &str)> = match properties.get(property) {
        Some(Value::List(items)) => {
            let keys = items.iter().enumerate().filter_map(|(at, item)| match item {
                Value::Map(tag) => Some((path.index(at).name("Key"), text(tag, "Key")?)),
                _ => None,
            });
            keys.collect()
        }
        Some(Value::Map(map)) => map.keys().map(|key| (path.name(key), key.as_str())).collect(),
        _ => return Vec::new(),
    };
    let reserved = |key: &str| key.get(..4).is_some_and(|it| it.eq_ignore_ascii_case("aws:"));
    let mut out: Vec<Violation> = keys
        .iter()
        .filter(|(_, key)| reserved(key))
        .map(|(path, key)| Violation {
            path: path.clone(),
            kind: ViolationKind::Form {
                text: format!("the key `{key}` begins with `aws:`, which AWS reserves for itself"),
            },
        })
        .collect();
    let service = schema.name().split("::").nth(1).unwrap_or_default();
    if service == "IAM" {
        for (at, (path, key)) in keys.iter().enumerate() {
            let mut before = keys.iter().take(at).map(|(_, key)| *key);
            let same = before.find(|it| it != key && it.to_lowercase() == key.to_lowercase());
            let Some(same) = same else { continue };
            let text =
                format!("the keys `{same}` and `{key}` are one for IAM, which ignores their case");
            out.push(Violation { path: path.clone(), kind: ViolationKind::Form { text } });
        }
    }
    if FIFTY_TAGS.contains(&service) && keys.len() > 50 {
        let rule = format!("there are {} tags, of which 50 are the most", keys.len());
        out.push(Violation { path, kind: ViolationKind::Bounds { rule } });
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Registry, validate};

    /// The texts of what is wrong beside missing properties.
    fn found(type_name: &str, properties: serde_json::Value) -> Vec<String> {
        let schema = Registry::embedded().get(type_name).unwrap().unwrap();
        let Value::Map(map) = Value::from_json(properties) else { panic!("no map") };
        let found = validate(&schema, &map).into_iter();
        let found = found.filter(|it| !matches!(it.kind, ViolationKind::Missing { .. }));
        found.map(|it| format!("{}: {}", it.path, it.kind)).collect()
    }

    #[test]
    fn every_rule_is_about_properties_of_its_type() {
        for (name, within, rule) in RULES {
            let schema = Registry::embedded().get(name).unwrap().unwrap();
            let root = PropertyPath::root();
            let path = if within.is_empty() { root } else { root.name(within) };
            let mut names: Vec<&str> = Vec::new();
            match rule {
                Rule::ExactlyOne(all) => names.extend(all),
                Rule::NotBoth(a, b)
                | Rule::NotWhere(a, b)
                | Rule::Needs(a, b)
                | Rule::TrueNeeds(a, b)
                | Rule::Ending { name: a, flag: b, .. }
                | Rule::MostBytesWhere(a, _, (b, _)) => names.extend([a, b]),
                Rule::Most(a, _)
                | Rule::MostDecoded(a, _)
                | Rule::MostBytes(a, _)
                | Rule::Form(a, _) => names.push(a),
            }
            for property in names {
                assert!(schema.node(&path.name(property)).is_some(), "{name} {property}");
            }
        }
    }

    #[test]
    fn queues_and_topics() {
        let queue = "AWS::SQS::Queue";
        for (properties, path) in [
            (json!({"QueueName": "x", "FifoQueue": true}), "QueueName"),
            (json!({"QueueName": "x.fifo"}), "QueueName"),
            (json!({"QueueName": "x.fifo", "FifoQueue": "false"}), "QueueName"),
            (json!({"ContentBasedDeduplication": true}), "ContentBasedDeduplication"),
            (json!({"KmsMasterKeyId": "k", "SqsManagedSseEnabled": true}), "KmsMasterKeyId"),
        ] {
            let found = found(queue, properties.clone());
            assert_eq!(found.len(), 1, "{properties}: {found:?}");
            assert!(found[0].starts_with(path), "{found:?}");
        }
        for sound in [
            json!({"QueueName": "x.fifo", "FifoQueue": true, "ContentBasedDeduplication": true}),
            json!({"FifoQueue": false, "ContentBasedDeduplication": false}),
            json!({"KmsMasterKeyId": "k", "SqsManagedSseEnabled": false}),
        ] {
            assert_eq!(found(queue, sound.clone()), [""; 0], "{sound}");
        }
        assert_eq!(found("AWS::SNS::Topic", json!({"TopicName": "t", "FifoTopic": true})).len(), 1);
    }

    #[test]
    fn secrets_endpoints_and_parameters() {
        let secret = "AWS::SecretsManager::Secret";
        let both = json!({"SecretString": "x", "GenerateSecretString": {}});
        assert_eq!(found(secret, both).len(), 1);
        let only = json!({"GenerateSecretString": {"SecretStringTemplate": "{}"}});
        assert_eq!(
            found(secret, only),
            [
                "GenerateSecretString.SecretStringTemplate: `SecretStringTemplate` needs `GenerateStringKey`"
            ]
        );
        let whole = json!({"SecretStringTemplate": "{}", "GenerateStringKey": "p"});
        assert_eq!(found(secret, json!({"GenerateSecretString": whole})), [""; 0]);
        let endpoint = |more: serde_json::Value| {
            let mut all = json!({"ChannelId": "c", "Id": "e"});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            found("AWS::MediaPackage::OriginEndpoint", all)
        };
        assert_eq!(endpoint(json!({"HlsPackage": {}})), [""; 0]);
        assert_eq!(endpoint(json!({})).len(), 1);
        assert_eq!(endpoint(json!({"HlsPackage": {}, "DashPackage": {}})).len(), 1);
        assert_eq!(
            endpoint(json!({"HlsPackage": {}, "StartoverWindowSeconds": 1_209_601})).len(),
            1
        );
        assert_eq!(endpoint(json!({"HlsPackage": {}, "TimeDelaySeconds": "86401"})).len(), 1);
        let parameter = |name: &str, size: usize, tier: &str| {
            let value = "x".repeat(size);
            let all = json!({"Name": name, "Type": "String", "Value": value, "Tier": tier});
            found("AWS::SSM::Parameter", all).len()
        };
        assert_eq!(parameter("/a", 4096, "Standard"), 0);
        assert_eq!(parameter("/a", 4097, "Standard"), 1);
        assert_eq!(parameter("/a", 4097, "Advanced"), 0);
        assert_eq!(parameter("/a", 8193, "Advanced"), 1);
        assert_eq!(parameter("/aws/a", 1, "Standard"), 1);
    }

    #[test]
    fn empty_names_and_broken_documents() {
        assert_eq!(found("AWS::SQS::Queue", json!({"QueueName": ""})).len(), 1);
        assert_eq!(found("AWS::S3::Bucket", json!({"BucketName": ""})), [""; 0]);
        assert_eq!(found("AWS::SNS::Topic", json!({"TopicName": "", "DisplayName": ""})), [""; 0]);
        let role =
            |policy: &str| found("AWS::IAM::Role", json!({"AssumeRolePolicyDocument": policy}));
        assert_eq!(role("{\"Version\":\"2012-10-17\",").len(), 1);
        assert_eq!(role("{\"Version\":\"2012-10-17\"}"), [""; 0]);
        assert_eq!(role("${Policy}"), [""; 0]);
    }

    #[test]
    fn tags_and_user_data() {
        let tag = |key: &str| json!({"Key": key, "Value": "v"});
        let tags = |keys: Vec<String>| {
            let tags: Vec<_> = keys.iter().map(|key| tag(key)).collect();
            found("AWS::SQS::Queue", json!({"Tags": tags}))
        };
        assert_eq!(tags(vec!["a".into(), "Aws:b".into()]).len(), 1);
        assert_eq!(tags(vec!["aws-cdk:b".into(), "awsome".into()]), [""; 0]);
        assert_eq!(tags((0..50).map(|at| at.to_string()).collect()), [""; 0]);
        assert_eq!(tags((0..51).map(|at| at.to_string()).collect()).len(), 1);
        let map = json!({"Name": "a", "Type": "String", "Value": "v", "Tags": {"aws:x": "v"}});
        assert_eq!(found("AWS::SSM::Parameter", map).len(), 1);
        let data = |encoded: usize| json!({"UserData": "A".repeat(encoded)});
        assert_eq!(found("AWS::EC2::Instance", data(21_844)), [""; 0]);
        assert_eq!(found("AWS::EC2::Instance", data(21_848)).len(), 1);
    }

    #[test]
    fn references_are_not_empty() {
        let subscription = json!({"TopicArn": "", "Protocol": "", "Endpoint": ""});
        assert_eq!(
            found("AWS::SNS::Subscription", subscription),
            ["Protocol: `Protocol` is empty", "TopicArn: `TopicArn` is empty"]
        );
        let method = json!({"RestApiId": "", "ResourceId": "r", "HttpMethod": ""});
        assert_eq!(found("AWS::ApiGateway::Method", method).len(), 2);
        assert_eq!(found("AWS::EC2::Instance", json!({"KeyName": "", "ImageId": ""})), [""; 0]);
    }

    #[test]
    fn keys_of_tags_of_iam_ignore_case() {
        let tag = |key: &str| json!({"Key": key, "Value": "v"});
        let both = json!({"AssumeRolePolicyDocument": {}, "Tags": [tag("owner"), tag("Owner")]});
        assert_eq!(
            found("AWS::IAM::Role", both),
            ["Tags[1].Key: the keys `owner` and `Owner` are one for IAM, which ignores their case"]
        );
        let queue = json!({"Tags": [tag("owner"), tag("Owner")]});
        assert_eq!(found("AWS::SQS::Queue", queue), [""; 0]);
    }

    #[test]
    fn a_definition_of_a_state_machine_is_json() {
        let machine = |text: &str| {
            let properties = json!({"RoleArn": "r", "DefinitionString": text});
            found("AWS::StepFunctions::StateMachine", properties)
        };
        assert_eq!(machine("StartAt: A\n").len(), 1);
        assert_eq!(machine(" {\"StartAt\": \"A\"}"), [""; 0]);
        assert_eq!(machine("${Definition}"), [""; 0]);
    }

    #[test]
    fn launch_configurations_take_many_operations_a_second() {
        let iops = |iops: u64| {
            let device = json!({"DeviceName": "d", "Ebs": {"VolumeType": "io1", "Iops": iops}});
            let properties = json!({"ImageId": "i", "BlockDeviceMappings": [device]});
            found("AWS::AutoScaling::LaunchConfiguration", properties)
        };
        assert_eq!(iops(64_000), [""; 0]);
        assert_eq!(iops(80_001).len(), 1);
    }
}
