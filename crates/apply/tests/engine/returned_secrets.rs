//! Secrets that a service returns with the object: nothing that is planned, shown or written has them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, Mutex};

use rstack_apply::{Engine, Events};
use rstack_catalog::{Kind, Node, Registry, TypeSchema};
use rstack_model::desired::{Desired, DesiredResource, RemovalPolicy};
use rstack_model::event::{Event, RunEnd};
use rstack_model::plan::{Action, Plan};
use rstack_model::value::{SecretReference, TextPart};
use rstack_model::{Digest, KnownMap, KnownValue, PropertyPath, SecretString, Value, ValueMap};
use rstack_sandbox::GeneratedLife;

use crate::bench::{Bench, Wanted, run, stack};
use crate::echo::Echo;

/// Begins and ends in plain letters: each end is looked for by itself.
const SECRET: &str = "KanarieHead\"\\/+&=%<é>\nKanarieTail";

/// Keeps every event as text.
#[derive(Default)]
struct Emitted(Mutex<String>);

impl Events for Emitted {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push_str(&format!("{event:?}\n"));
    }
}

/// A stack over a cloud that returns what it was sent.
struct Place {
    bench: Bench,
    cloud: Arc<Echo>,
    emitted: Arc<Emitted>,
}

impl Place {
    fn new() -> Self {
        let mut bench = Bench::new();
        let secret = SecretString::new(SECRET.to_owned());
        bench.parameters.insert("Pw", secret, "digest".to_owned());
        let cloud = Echo::new(bench.sandbox.clone());
        Self { bench, cloud, emitted: Arc::default() }
    }

    fn engine(&self) -> Engine {
        Engine { events: self.emitted.clone(), ..self.bench.engine_on(self.cloud.clone()) }
    }

    async fn plan(&self, wanted: &Wanted) -> Plan {
        let state = self.bench.state();
        let plan = self.bench.planned(&self.engine(), &state, wanted).await;
        self.lacks_secrets(&serde_json::to_string(&*plan).unwrap());
        self.lacks_secrets(&format!("{plan:?}"));
        Plan::clone(&plan)
    }

    #[track_caller]
    fn lacks_secrets(&self, text: &str) {
        assert!(!text.contains("Kanarie"), "{text}");
    }

    /// Nothing on the disk and nothing that was emitted has the secret.
    #[track_caller]
    fn is_clean(&self) {
        let mut paths = vec![self.bench.directory.path().to_owned()];
        while let Some(path) = paths.pop() {
            if path.is_dir() {
                paths.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                self.lacks_secrets(&String::from_utf8_lossy(&fs::read(path).unwrap()));
            }
        }
        self.lacks_secrets(&self.emitted.0.lock().unwrap());
    }
}

fn wanted(resource_type: &str, properties: ValueMap) -> Wanted {
    let resource = |resource_type: &str, properties: ValueMap, dependencies| DesiredResource {
        resource_type: resource_type.into(),
        properties,
        dependencies,
        deletion_policy: RemovalPolicy::Delete,
        update_replace_policy: RemovalPolicy::Delete,
        delete_first: true,
    };
    let mut resources = BTreeMap::new();
    let mut dependencies = BTreeSet::new();
    // An endpoint is one of a channel.
    if let Some(channel @ Value::String(_)) = properties.get("ChannelId") {
        let id = ValueMap::from([("Id".to_owned(), channel.clone())]);
        let channel = resource("AWS::MediaPackage::Channel", id, BTreeSet::new());
        resources.insert("Channel".into(), channel);
        dependencies.insert("Channel".into());
    }
    let template_digest = Digest::of_json(&properties).unwrap();
    resources.insert("Object".into(), resource(resource_type, properties, dependencies));
    let desired = Desired {
        stack: stack(),
        template_digest,
        parameters: ValueMap::from([("Pw".to_owned(), secret())]),
        given: Default::default(),
        kept: Default::default(),
        resources,
        outputs: BTreeMap::new(),
        imports: BTreeMap::new(),
        awaits: Default::default(),
        assets: Vec::new(),
        images: Vec::new(),
        templates: BTreeMap::new(),
        creation_limits: BTreeMap::new(),
    };
    desired.into()
}

fn secret() -> Value {
    Value::secret(SecretReference::Parameter("Pw".to_owned()))
}

fn inside(before: &str, after: &str) -> Value {
    let literal = |text: &str| TextPart::Literal(text.to_owned());
    let reference = SecretReference::Parameter("Pw".to_owned());
    rstack_model::value::Text::concat([
        literal(before),
        TextPart::Secret(reference),
        literal(after),
    ])
}

/// A policy with the secret in two of its texts.
fn policy() -> Value {
    let condition = ValueMap::from([
        ("sts:ExternalId".to_owned(), secret()),
        ("aws:PrincipalTag/x".to_owned(), inside("id-", "!")),
    ]);
    let equals = ValueMap::from([("StringEquals".to_owned(), Value::Map(condition))]);
    let statement = ValueMap::from([
        ("Effect".to_owned(), "Allow".into()),
        ("Action".to_owned(), Value::List(vec!["sts:AssumeRole".into(), "sts:TagSession".into()])),
        ("Condition".to_owned(), Value::Map(equals)),
    ]);
    Value::Map(ValueMap::from([
        ("Version".to_owned(), "2012-10-17".into()),
        ("Statement".to_owned(), Value::List(vec![Value::Map(statement)])),
    ]))
}

/// Another user has changed something beside the secrets: every list of actions, every other text.
fn with_drift(mut properties: KnownMap) -> KnownMap {
    fn drifted(value: &mut KnownValue) {
        match value {
            KnownValue::Map(map) => {
                if let Some(effect) = map.get_mut("Effect") {
                    *effect = "Deny".into();
                }
                map.values_mut().for_each(drifted);
            }
            KnownValue::List(list) => list.iter_mut().for_each(drifted),
            KnownValue::String(text) if text.contains("Kanarie") => text.push_str(" and more"),
            KnownValue::String(_)
            | KnownValue::Null
            | KnownValue::Bool(_)
            | KnownValue::Number(_)
            | KnownValue::Secret(_) => {}
        }
    }
    properties.values_mut().for_each(drifted);
    properties
}

/// Policies are JSON text in the answers of the service.
fn as_text(properties: KnownMap) -> KnownMap {
    let text = |(name, value): (String, KnownValue)| match value {
        KnownValue::Map(_) => {
            let json = serde_json::to_string_pretty(&value.redacted()).unwrap();
            (name, KnownValue::from(json))
        }
        other => (name, other),
    };
    properties.into_iter().map(text).collect()
}

#[test]
fn a_secret_in_a_trust_policy_is_no_drift_and_is_not_shown() {
    run(async {
        let place = Place::new();
        let properties = ValueMap::from([("AssumeRolePolicyDocument".to_owned(), policy())]);
        let wanted = wanted("AWS::IAM::Role", properties);
        let outcome = place.bench.apply(&place.engine(), &wanted, true).await;
        assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
        for form in [(|sent| sent) as fn(KnownMap) -> KnownMap, as_text] {
            place.cloud.returns(form);
            let plan = place.plan(&wanted).await;
            assert!(plan.is_noop(), "{:?}", plan.changes);
        }
        place.cloud.returns(with_drift);
        let plan = place.plan(&wanted).await;
        let change = &plan.changes["Object"];
        assert_eq!(change.action, Action::Update);
        let shown = serde_json::to_string(&change.drift).unwrap();
        assert!(shown.contains("Deny") && shown.contains("Pw"), "{shown}");
        place.is_clean();
    });
}

#[test]
fn a_secret_of_another_version_is_hidden_and_no_drift() {
    run(async {
        let mut place = Place::new();
        let properties = ValueMap::from([("AssumeRolePolicyDocument".to_owned(), policy())]);
        let wanted = wanted("AWS::IAM::Role", properties);
        place.bench.apply(&place.engine(), &wanted, true).await;
        let new = SecretString::new("another value".to_owned());
        place.bench.parameters.insert("Pw", new, "other digest".to_owned());
        let plan = place.plan(&wanted).await;
        assert_eq!(plan.changes["Object"].drift, []);
        assert_eq!(plan.changes["Object"].action, Action::Update, "the parameter has changed");
        place.cloud.returns(with_drift);
        place.plan(&wanted).await;
        place.is_clean();
    });
}

#[test]
fn an_attribute_that_repeats_a_secret_is_handed_on_as_a_reference() {
    const TEXT: &str = "
Parameters:
  Pw: { Type: String, NoEcho: true }
Resources:
  Stored: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !Ref Pw } }
  Topic:
    Type: AWS::SNS::Topic
    Properties: { DisplayName: !Sub 'of ${Stored.Value}' }
";
    run(async {
        let place = Place::new();
        let wanted = crate::bench::desired_of(TEXT, &[("Pw", SECRET)]).into();
        let outcome = place.bench.apply(&place.engine(), &wanted, true).await;
        assert_eq!(outcome.end, RunEnd::Succeeded, "{:?}", outcome.failures);
        let state = place.bench.state();
        assert_eq!(state.resources["Topic"].properties["DisplayName"], inside("of ", ""));
        assert!(place.plan(&wanted).await.is_noop());
        place.is_clean();
    });
}

/// The types that rstack's own drivers serve in AWS.
const NATIVE: [&str; 12] = [
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::MediaPackage::Channel",
    "AWS::MediaPackage::OriginEndpoint",
    "AWS::SecretsManager::Secret",
];

/// The properties of an object with a secret in one place: every text that a minimal object has, and
/// every text and document that the type takes in the maps of one; alone, in text and in a document.
fn variants(schema: &TypeSchema, made: &ValueMap) -> Vec<ValueMap> {
    let names = schema.identifying();
    let mut out = Vec::new();
    let root = PropertyPath::root();
    for value in taken(schema, schema.root(), made, &root, &names) {
        out.push(value);
    }
    for (name, value) in made {
        let path = root.name(name);
        let mut places = 0;
        while let Some(replaced) = with_secret_at(value, &path, &names, places) {
            let mut properties = made.clone();
            properties.insert(name.to_owned(), replaced);
            out.push(properties);
            places += 1;
        }
    }
    out
}

/// A map with one text or document of those that its type takes, at any depth.
fn taken(
    schema: &TypeSchema,
    node: &Node,
    made: &ValueMap,
    path: &PropertyPath,
    names: &BTreeSet<PropertyPath>,
) -> Vec<ValueMap> {
    let mut out = Vec::new();
    for (name, node) in schema.resolve(node).properties() {
        let path = path.name(name);
        // A name cannot be a secret: that is refused before anything is planned.
        if schema.is_read_only(&path) || names.contains(&path) {
            continue;
        }
        let node = schema.resolve(node);
        let mut values = Vec::new();
        if schema.is_document(node) {
            values.push(policy());
            values.push(inside("{\"Id\": \"x-", "\", \"Effect\": \"Allow\"}"));
        } else if node.kinds() == [Kind::Text] {
            values.push(secret());
            values.push(inside("with ", "."));
        } else if let Some(Value::Map(map)) = made.get(name) {
            values.extend(taken(schema, node, map, &path, names).into_iter().map(Value::Map));
        }
        for value in values {
            let mut properties = made.clone();
            properties.insert(name.to_owned(), value);
            out.push(properties);
        }
    }
    out
}

/// The value with a secret in the place of its text of this number; names stay.
fn with_secret_at(
    value: &Value,
    path: &PropertyPath,
    names: &BTreeSet<PropertyPath>,
    number: usize,
) -> Option<Value> {
    fn walk(
        value: &mut Value,
        path: &PropertyPath,
        names: &BTreeSet<PropertyPath>,
        left: &mut usize,
    ) -> bool {
        match value {
            Value::String(_) if names.contains(path) => false,
            Value::String(text) => {
                if *left == 0 {
                    *value = inside(&text.clone(), "");
                    return true;
                }
                *left -= 1;
                false
            }
            Value::List(list) => {
                let mut items = list.iter_mut().enumerate();
                items.any(|(i, item)| walk(item, &path.index(i), names, left))
            }
            Value::Map(map) => {
                map.iter_mut().any(|(key, item)| walk(item, &path.name(key), names, left))
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Deferred(_) => false,
        }
    }
    let mut out = value.clone();
    let mut left = number;
    walk(&mut out, path, names, &mut left).then_some(out)
}

/// Applies, plans, finds drift beside the secret, updates, fails and rolls back.
async fn live(resource_type: &str, properties: &ValueMap) -> Result<(), String> {
    let place = Place::new();
    let first = wanted(resource_type, properties.clone());
    let outcome = place.bench.apply(&place.engine(), &first, true).await;
    place.lacks_secrets(&format!("{:?}", outcome.failures));
    if outcome.end != RunEnd::Succeeded {
        place.is_clean();
        return Err(format!("{:?}", outcome.failures));
    }
    let plan = place.plan(&first).await;
    assert!(plan.is_noop(), "{resource_type}: {:?}", plan.changes);
    place.cloud.returns(with_drift);
    place.plan(&first).await;
    place.cloud.returns(|sent| sent);
    let mut tagged = properties.clone();
    for value in tagged.values_mut() {
        if let Value::Map(map) = value {
            map.insert("Comment".to_owned(), inside("now ", ""));
        }
    }
    let outcome = place.bench.apply(&place.engine(), &wanted(resource_type, tagged), true).await;
    place.lacks_secrets(&format!("{:?}", outcome.failures));
    place.plan(&first).await;
    let outcome = place.bench.apply(&place.engine(), &Wanted::Nothing, true).await;
    place.lacks_secrets(&format!("{:?}", outcome.failures));
    place.is_clean();
    Ok(())
}

#[test]
fn a_secret_at_every_place_of_the_native_types_goes_nowhere() {
    run(async {
        let (mut lived, mut refused) = (0, 0);
        for name in NATIVE {
            let schema = Registry::embedded().get(name).unwrap().unwrap();
            let made = GeneratedLife::named(name).unwrap().created;
            let mut made = rstack_model::value::redacted_map(&made);
            if name == "AWS::MediaPackage::OriginEndpoint" {
                made.insert("HlsPackage".to_owned(), Value::Map(ValueMap::new()));
            }
            let (mut own, mut why) = (0, Vec::new());
            for properties in variants(&schema, &made) {
                match live(name, &properties).await {
                    Ok(()) => own += 1,
                    Err(error) => why.push(error),
                }
            }
            assert!(own > 0, "{name}: no place was lived through: {why:?}");
            refused += why.len();
            lived += own;
        }
        println!("{lived} places lived through, {refused} refused by the schema");
        assert!(lived >= 60, "{lived} lived, {refused} were refused");
    });
}
