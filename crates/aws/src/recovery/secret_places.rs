//! A secret at every place of every native type where text may stand, alone, inside of text and in
//! documents, through the drivers and what services return: apply, plan, drift beside it, update,
//! rollback and destroy write it nowhere.

mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rstack_apply::SecretParameters;
use rstack_catalog::{Registry, TypeSchema};
use rstack_model::desired::{Desired, DesiredResource, RemovalPolicy};
use rstack_model::event::RunEnd;
use rstack_model::value::{SecretReference, redacted_map};
use rstack_model::{Address, SecretString, Value, ValueMap};

use self::places::{Place, places, secret};
use super::bench::{
    ALL_TYPES, Bench, Ended, GENERIC, NAMED, PACKAGING, STREAMING, Template, Wanted, wanted,
};
use crate::definition::{Service, TypeDefinition};
use crate::mapping::tests::generate::{Fullness, Generator};
use crate::test::fake::Account;

/// Begins and ends in plain letters: each end is looked for by itself.
const SECRET: &str = "KanarieHead\"\\/+&=%<é>\nKanarieTail";

/// All that the tests of a type have come through.
#[derive(Debug, Default)]
struct Lived {
    places: usize,
    refused: usize,
    /// Places with another one beside them, which can change alone.
    beside: usize,
    updated: usize,
    rolled_back: usize,
    /// Places whose secret a service returns in another form: a plan shows them as hidden drift.
    drifting: BTreeSet<String>,
    /// Runs that broke a promise.
    broken: Vec<String>,
}

/// An object in an account, and what it depends on.
struct Object {
    account: Account,
    address: Address,
    resources: BTreeMap<Address, DesiredResource>,
}

impl Object {
    /// The stack with these properties of the object, and others beside it.
    fn wanted(&self, properties: &ValueMap, more: Option<(Address, DesiredResource)>) -> Wanted {
        let mut resources = self.resources.clone();
        if let Some(object) = resources.get_mut(&self.address) {
            object.properties.clone_from(properties);
        }
        resources.extend(more);
        let mut parameters = SecretParameters::default();
        parameters.insert("Pw", SecretString::new(SECRET.to_owned()), "digest".to_owned());
        let Some(empty) = wanted("Resources: {}", &[]) else { panic!("there is a template") };
        let shown = ValueMap::from([("Pw".to_owned(), secret())]);
        let desired = Desired { parameters: shown, resources, ..empty.desired.clone() };
        Some(Arc::new(Template { desired, parameters }))
    }

    /// Lives with a secret in one place. `beside` is another place that has text.
    fn live(&self, place: &Place, beside: Option<&Place>, lived: &mut Lived) {
        let properties = &self.resources[&self.address].properties;
        let what = format!("{}: {}", self.resources[&self.address].resource_type, place.label);
        let with_secret = place.put(properties);
        let first = self.wanted(&with_secret, None);
        let bench = Bench::with(self.account.clone(), 1);
        let made = matches!(bench.run(&first, None), Ended::Done(outcome) if outcome.end == RunEnd::Succeeded);
        is_clean(&bench, &what);
        if !made {
            lived.refused += 1;
            return;
        }
        lived.places += 1;
        // A service may give a text of its own form in the place, and then it is none for a secret.
        let plan = bench.plan(&first).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        lacks(&serde_json::to_string(&*plan).unwrap(), &what);
        if !plan.is_noop() {
            assert!(!plan.changes[&self.address].drift.is_empty(), "{what}: {:?}", plan.changes);
            lived.drifting.insert(place.path.to_string());
        }
        lived.beside += usize::from(beside.is_some());
        let changed = beside.map_or_else(|| with_secret.clone(), |place| place.put(&with_secret));
        let second = self.wanted(&changed, None);
        // The change of the other place is made by another user, beside the secret.
        let other = bench.copy();
        let done =
            |ended| matches!(ended, Ended::Done(outcome) if outcome.end == RunEnd::Succeeded);
        lived.updated += usize::from(done(other.run(&second, None)));
        is_clean(&other, &what);
        let drifted = bench.in_account(other.services.account());
        let plan = drifted.plan(&first).map(|plan| serde_json::to_string(&*plan).unwrap());
        lacks(&plan.unwrap_or_else(|error| format!("{error:?}")), &what);
        is_clean(&drifted, &what);
        // It is changed, another resource fails, and the change is rolled back.
        let failing = self.wanted(&changed, Some(self.failing()));
        if let Ended::Done(outcome) = bench.run(&failing, None) {
            lacks(&format!("{:?}", outcome.failures), &what);
            lacks(&format!("{:?}", outcome.rollback), &what);
            assert_eq!(outcome.end, RunEnd::Failed, "{what}");
            lived.rolled_back += usize::from(outcome.rollback.is_some_and(|left| left.is_empty()));
        }
        is_clean(&bench, &what);
        bench.run(&None, None);
        is_clean(&bench, &what);
    }

    /// A resource that cannot be made, after the object.
    fn failing(&self) -> (Address, DesiredResource) {
        let absent = SecretReference::SecretsManager(Box::new("absent".into()));
        let properties = ValueMap::from([("DisplayName".to_owned(), Value::secret(absent))]);
        let mut resource = resource("AWS::SNS::Topic", properties);
        resource.dependencies = BTreeSet::from([self.address.clone()]);
        ("Failing".into(), resource)
    }
}

fn resource(resource_type: &str, properties: ValueMap) -> DesiredResource {
    DesiredResource {
        resource_type: resource_type.into(),
        properties,
        dependencies: BTreeSet::new(),
        deletion_policy: RemovalPolicy::Delete,
        update_replace_policy: RemovalPolicy::Delete,
        delete_first: true,
    }
}

/// Neither a file nor an event has the secret in any form.
#[track_caller]
fn is_clean(bench: &Bench, what: &str) {
    for form in forms() {
        assert_eq!(bench.files_with(&form), [""; 0].map(std::path::PathBuf::from), "{what}");
    }
    lacks(&bench.emitted(), what);
}

#[track_caller]
fn lacks(text: &str, what: &str) {
    for form in forms() {
        assert!(!text.contains(&form), "{what}: `{form}` in {text}");
    }
}

/// The ends of the secret, as they are and in base64 at every alignment.
fn forms() -> Vec<String> {
    let mut forms: Vec<String> = ["KanarieHead", "KanarieTail"].map(str::to_owned).into();
    for (end, skip) in
        [("KanarieHead", 0), ("KanarieTail", 0), ("KanarieTail", 1), ("KanarieTail", 2)]
    {
        let coded = aws_smithy_types::base64::encode(["x".repeat(skip), end.to_owned()].concat());
        // The characters at both ends depend on the neighbours, too.
        forms.push(coded[if skip == 0 { 0 } else { 4 }..12].to_owned());
    }
    forms
}

/// Each object of a template, alone with what it depends on.
fn of_template(text: &str) -> Vec<Object> {
    let takes_password = text.contains("!Ref Password");
    let given: &[(&str, &str)] = if takes_password { &[("Password", "hidden")] } else { &[] };
    let Some(template) = wanted(text, given) else { panic!("there is a template") };
    let all = &template.desired.resources;
    let object = |address: &Address| {
        let (mut needed, mut next) = (BTreeSet::new(), vec![address.clone()]);
        while let Some(address) = next.pop() {
            if needed.insert(address.clone()) {
                next.extend(all[&address].dependencies.iter().cloned());
            }
        }
        let own = needed.into_iter().map(|address| (address.clone(), all[&address].clone()));
        let mut resources: BTreeMap<_, _> = own.collect();
        for resource in resources.values_mut() {
            // The password of the template is not known here.
            resource.properties.retain(|_, value| !holds_password(value));
        }
        Object { account: Account::default(), address: address.clone(), resources }
    };
    all.keys().map(object).collect()
}

fn holds_password(value: &Value) -> bool {
    let (password, mut found) = (SecretReference::Parameter("Password".to_owned()), false);
    value.visit_secrets(&mut |reference| found |= *reference == password);
    found
}

/// An object of a type that is data, with every property that a template can give.
fn of_definition(name: &str) -> Object {
    let kind = TypeDefinition::of(&name.into()).unwrap().unwrap();
    let schema = schema(name);
    let attributes = kind.file.attributes.iter().map(|attribute| attribute.name.as_str());
    let omitted = kind.rules.0.iter().flat_map(|rules| rules.omitted).copied();
    let unsupported = kind.unsupported.iter().map(|row| row.property);
    let without: Vec<&str> = attributes.chain(omitted).chain(unsupported).collect();
    let fullness = Fullness::Everything;
    let mut generator = Generator { schema: &schema, fullness, seed: 1, without: &without };
    let properties = redacted_map(&generator.map(schema.root(), 0));
    let resources = BTreeMap::from([("Object".into(), resource(name, properties))]);
    Object { account: Account::by_definition(), address: "Object".into(), resources }
}

fn schema(name: &str) -> Arc<TypeSchema> {
    Registry::embedded().get(name).unwrap().unwrap()
}

/// Places whose secret a service returns in another form: a word that CloudFront or CodeBuild knows, in
/// the case of its answers, and a number of a queue, which SQS takes as text and refuses if it is none;
/// the fake keeps it and shows no number. The place of a schema in S3 is refused before anything is
/// planned, which these runs leave out. A substitution is shown inside of the definition, and a backup window
/// in lower case.
const OTHER_FORM: [&str; 6] = [
    "DefinitionS3Location",
    "DefinitionSubstitutions.First",
    "DelaySeconds",
    "DistributionConfig.HttpVersion",
    "PreferredBackupWindow",
    "Visibility",
];

/// The stacks of types that no emulator has, of those that Cloud Control cannot serve, and of types
/// with names.
const MORE: [&str; 25] = [
    include_str!("access_keys.yaml"),
    include_str!("apigateway.yaml"),
    include_str!("attached.yaml"),
    include_str!("attachments.yaml"),
    include_str!("client_vpn.yaml"),
    include_str!("cloudfront.yaml"),
    include_str!("codebuild.yaml"),
    include_str!("dynamodb.yaml"),
    super::ec2::NETWORK,
    include_str!("emr.yaml"),
    include_str!("functions.yaml"),
    include_str!("graphql_schema.yaml"),
    include_str!("interface_permissions.yaml"),
    include_str!("mediaconnect.yaml"),
    include_str!("mediatailor.yaml"),
    include_str!("members.yaml"),
    include_str!("network_acl.yaml"),
    include_str!("principals.yaml"),
    include_str!("records.yaml"),
    include_str!("provisioned.yaml"),
    include_str!("rest_apis.yaml"),
    include_str!("s3.yaml"),
    include_str!("serverless.yaml"),
    include_str!("sns.yaml"),
    NAMED,
];

/// Types of which every property is a part of the identity of an object: no secret can stand there, and each is
/// refused.
const IDS_ALONE: [&str; 5] = [
    "AWS::ApiGateway::Resource",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::IAM::UserToGroupAddition",
];

/// Of an attachment to a database every other text names a secret that exists, or a type.
const ONE_TEXT: [&str; 1] = ["AWS::SecretsManager::SecretTargetAttachment"];

/// Of a version every text names its function or is compared with it: no other round makes one.
const ONE_ROUND: [&str; 1] = ["AWS::Lambda::Version"];

/// Set by `make recovery`: a secret stands at every place, and not only at some of them.
const EVERY_POINT: &str = "RSTACK_EVERY_POINT";

/// The number of places of an object that are lived through with every run of the tests.
const SOME: usize = 4;

/// Lives through the places of these objects.
fn live(objects: &[Object], lived: &mut BTreeMap<String, Lived>) {
    let every = std::env::var_os(EVERY_POINT).is_some();
    for object in objects {
        let DesiredResource { resource_type, properties, .. } = &object.resources[&object.address];
        let schema = schema(resource_type.as_str());
        let all = places(&schema, properties);
        let texts: Vec<&Place> = all.iter().filter(|place| place.is_text).collect();
        let step = if every { 1 } else { (all.len() / SOME) | 1 };
        let lived = lived.entry(resource_type.to_string()).or_default();
        for place in all.iter().step_by(step) {
            let beside = texts.iter().rev().find(|other| other.path != place.path);
            let beside = beside.map(|place| place.changed(properties));
            let run = || object.live(place, beside.as_ref(), lived);
            if catch_unwind(AssertUnwindSafe(run)).is_err() {
                lived.broken.push(place.label.clone());
            }
        }
    }
}

#[test]
fn a_secret_at_every_place_of_every_native_type_is_written_nowhere() {
    let mut lived = BTreeMap::new();
    for text in [ALL_TYPES, PACKAGING, GENERIC, STREAMING].into_iter().chain(MORE) {
        live(&of_template(text), &mut lived);
    }
    for name in TypeDefinition::names() {
        live(&[of_definition(name)], &mut lived);
    }
    for (name, lived) in &lived {
        println!("{name}: {lived:?}");
    }
    let drifting = lived.values().flat_map(|lived| &lived.drifting).map(String::as_str);
    let strange: Vec<&str> = drifting.filter(|path| !OTHER_FORM.contains(path)).collect();
    assert!(strange.is_empty(), "{strange:#?}");
    let listed = Service::ALL.iter().flat_map(|service| &service.file().unwrap().drivers);
    for native in listed.map(String::as_str).chain(TypeDefinition::names()) {
        let lived = &lived[native];
        assert!(lived.broken.is_empty(), "{native}: {:#?}", lived.broken);
        if IDS_ALONE.contains(&native) {
            assert_eq!(lived.places, 0, "{native}: {lived:?}");
            continue;
        }
        let enough = lived.places > lived.refused || ONE_TEXT.contains(&native);
        assert!(lived.places > 0 && enough, "{native}: {lived:?}");
        let one_round = ONE_ROUND.contains(&native) || ONE_TEXT.contains(&native);
        let fixed = lived.beside == 0 || one_round;
        let updated = lived.updated > 0 || fixed;
        assert!(lived.rolled_back > 0 && updated, "{native}: {lived:?}");
    }
}
