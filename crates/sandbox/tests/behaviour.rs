//! The behaviour of a sandbox beside the lifecycles of objects: it refuses, it breaks down, it
//! remembers, and it keeps no secret.
#![cfg(test)]

use std::path::Path;
use std::sync::Arc;

use rstack_driver::calls::Calls;
use rstack_driver::{
    Cloud, CreateRequest, DeleteRequest, DriverError, ErrorKind, Found, Object, Observed, Progress,
    Removal, ResourceDriver, UpdateRequest,
};
use rstack_model::value::SecretsManagerReference;
use rstack_model::{
    Identifier, KnownMap, KnownValue, PhysicalId, PropertyPath, Region, ResourceType, SecretString,
    StackName, Token,
};
use rstack_sandbox::{Faults, PerMille, SandboxCloud, SandboxError, SandboxOptions};
use serde_json::{Value as Json, json};

const CHANNEL: &str = "AWS::MediaPackage::Channel";
const ENDPOINT: &str = "AWS::MediaPackage::OriginEndpoint";
const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";
const POLICY: &str = "AWS::CloudFront::OriginRequestPolicy";
const SECRET: &str = "AWS::SecretsManager::Secret";

fn open(path: Option<&Path>, options: SandboxOptions) -> SandboxCloud {
    let path = path.map(Path::to_path_buf);
    SandboxCloud::open(path, Region::from("eu-west-1"), options).unwrap()
}

fn memory() -> SandboxCloud {
    open(None, SandboxOptions::default())
}

fn driver(cloud: &SandboxCloud, resource_type: &str) -> Arc<dyn ResourceDriver> {
    cloud.driver(&ResourceType::from(resource_type)).unwrap()
}

fn known(json: Json) -> KnownMap {
    let KnownValue::Map(map) = KnownValue::from_json(json) else { panic!("not a map") };
    map
}

fn request(address: &str, properties: KnownMap) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: address.into(),
        token: Token::from(format!("token of {address}")),
        properties,
    }
}

async fn create(
    cloud: &SandboxCloud,
    resource_type: &str,
    address: &str,
    json: Json,
) -> Result<Object, DriverError> {
    let request = request(address, known(json));
    driver(cloud, resource_type).create(&request).await
}

async fn update(
    cloud: &SandboxCloud,
    resource_type: &str,
    id: &PhysicalId,
    properties: KnownMap,
) -> Result<Object, DriverError> {
    let (identifier, token) = (id.into(), Token::from("update"));
    let request = UpdateRequest { identifier, token, prior: KnownMap::new(), properties };
    driver(cloud, resource_type).update(&request).await
}

async fn delete(
    cloud: &SandboxCloud,
    resource_type: &str,
    id: &PhysicalId,
) -> Result<Progress, DriverError> {
    let (identifier, token) = (id.into(), Token::from("delete"));
    let request =
        DeleteRequest { removal: Removal::Recoverable, identifier, token, prior: KnownMap::new() };
    driver(cloud, resource_type).delete(&request).await
}

/// The text of a refusal, in one line.
fn refusal<T: std::fmt::Debug>(result: Result<T, DriverError>) -> String {
    let error = result.unwrap_err();
    let property = match &error.kind {
        ErrorKind::Invalid { property: Some(property) } => property.to_string(),
        ErrorKind::Invalid { property: None } => "-".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{property} {}", error.code.unwrap_or_default())
}

fn distribution(policy: &str, target: &str) -> Json {
    json!({"DistributionConfig": {
        "Enabled": true, "Origins": [{"Id": "o", "DomainName": "example.com"}],
        "DefaultCacheBehavior": {"TargetOriginId": target, "ViewerProtocolPolicy": "https-only",
            "OriginRequestPolicyId": policy}
    }})
}

fn policy(name: &str) -> Json {
    json!({"OriginRequestPolicyConfig": {
        "Name": name, "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "all"}
    }})
}

#[tokio::test]
async fn what_the_schema_forbids_is_refused() {
    let cloud = memory();
    let without_id = create(&cloud, CHANNEL, "A", json!({"Description": "x"})).await;
    assert_eq!(refusal(without_id), " ValidationException");
    let odd_id = create(&cloud, CHANNEL, "A", json!({"Id": "ä"})).await;
    assert_eq!(refusal(odd_id), "Id ValidationException");
    let made = create(&cloud, CHANNEL, "A", json!({"Id": "a", "Arn": "ignored"})).await.unwrap();
    assert!(!made.properties.contains_key("Arn"));
    let renamed = update(&cloud, CHANNEL, &made.physical_id, known(json!({"Id": "b"}))).await;
    assert_eq!(refusal(renamed), "Id NotUpdatable");
    let lost = update(&cloud, CHANNEL, &"b".into(), known(json!({"Id": "b"}))).await;
    assert_eq!(lost.unwrap_err().kind, ErrorKind::NotFound);
    let again = create(&cloud, CHANNEL, "B", json!({"Id": "a"})).await;
    assert_eq!(refusal(again), "AlreadyExists UnprocessableEntityException");
}

#[tokio::test]
async fn what_is_needed_must_exist_and_what_is_in_use_must_stay() {
    let cloud = memory();
    let endpoint = json!({"Id": "e", "ChannelId": "c", "HlsPackage": {}});
    let early = create(&cloud, ENDPOINT, "E", endpoint.clone()).await;
    assert_eq!(refusal(early), "ChannelId UnprocessableEntityException");
    let channel = create(&cloud, CHANNEL, "C", json!({"Id": "c"})).await.unwrap().physical_id;
    let bare = create(&cloud, ENDPOINT, "E", json!({"Id": "e", "ChannelId": "c"})).await;
    assert_eq!(refusal(bare), " ValidationException");
    let endpoint = create(&cloud, ENDPOINT, "E", endpoint).await.unwrap().physical_id;
    let busy = delete(&cloud, CHANNEL, &channel).await;
    assert_eq!(refusal(busy), "Conflict UnprocessableEntityException");
    delete(&cloud, ENDPOINT, &endpoint).await.unwrap();
    assert_eq!(delete(&cloud, CHANNEL, &channel).await.unwrap(), Progress::Done);

    let used = create(&cloud, POLICY, "P", policy("p")).await.unwrap().physical_id;
    let namesake = create(&cloud, POLICY, "Q", policy("p")).await;
    assert_eq!(refusal(namesake), "AlreadyExists OriginRequestPolicyAlreadyExists");
    let unknown = create(&cloud, DISTRIBUTION, "D", distribution("no-such", "o")).await;
    assert_eq!(
        refusal(unknown),
        "DistributionConfig.DefaultCacheBehavior.OriginRequestPolicyId NoSuchOriginRequestPolicy"
    );
    let nowhere = create(&cloud, DISTRIBUTION, "D", distribution(used.as_str(), "x")).await;
    assert_eq!(
        refusal(nowhere),
        "DistributionConfig.DefaultCacheBehavior.TargetOriginId NoSuchOrigin"
    );
    let cdn = create(&cloud, DISTRIBUTION, "D", distribution(used.as_str(), "o")).await.unwrap();
    let in_use = delete(&cloud, POLICY, &used).await;
    assert_eq!(refusal(in_use), "Conflict OriginRequestPolicyInUse");
    let managed = known(distribution("216adef6-5c7f-47e4-b989-5492eafa07d3", "o"));
    update(&cloud, DISTRIBUTION, &cdn.physical_id, managed).await.unwrap();
    assert_eq!(delete(&cloud, POLICY, &used).await.unwrap(), Progress::Done);
}

#[tokio::test]
async fn a_distribution_takes_its_time() {
    let cloud = memory();
    let managed = distribution("216adef6-5c7f-47e4-b989-5492eafa07d3", "o");
    let made = create(&cloud, DISTRIBUTION, "D", managed.clone()).await.unwrap();
    let (id, cdn) = (&made.physical_id, driver(&cloud, DISTRIBUTION));
    let host = made.attributes["DomainName"].as_str().unwrap();
    assert!(host.starts_with('d') && host.ends_with(".cloudfront.net"), "{host}");
    assert!(id.as_str().starts_with('E') && id.as_str().len() == 14, "{id}");
    let mut polls = 0;
    while let Progress::Pending { waits_for, .. } = cdn.stabilized(&id.into()).await.unwrap() {
        assert_eq!(waits_for, format!("distribution {id} to be deployed"));
        polls += 1;
    }
    assert_eq!(polls, 2);
    update(&cloud, DISTRIBUTION, id, known(managed)).await.unwrap();
    assert_eq!(cdn.stabilized(&id.into()).await.unwrap(), Progress::Done, "nothing was changed");
    let mut polls = 0;
    while let Progress::Pending { .. } = delete(&cloud, DISTRIBUTION, id).await.unwrap() {
        assert_ne!(cdn.read(&id.into(), &KnownMap::new()).await.unwrap(), Observed::Absent);
        polls += 1;
    }
    assert_eq!(polls, 2);
    assert_eq!(cdn.read(&id.into(), &KnownMap::new()).await.unwrap(), Observed::Absent);
}

#[tokio::test]
async fn attributes_stay_but_for_those_that_follow_a_property() {
    let cloud = memory();
    create(&cloud, CHANNEL, "C", json!({"Id": "c"})).await.unwrap();
    let hls = |name: &str| {
        json!({"Id": "e", "ChannelId": "c", "HlsPackage": {},
        "ManifestName": name})
    };
    let made = create(&cloud, ENDPOINT, "E", hls("a")).await.unwrap();
    let changed = update(&cloud, ENDPOINT, &made.physical_id, known(hls("b"))).await.unwrap();
    assert_eq!(made.attributes["Arn"], changed.attributes["Arn"]);
    let url = |object: &Object| object.attributes["Url"].as_str().unwrap().to_owned();
    assert_eq!(url(&made).replace("/a.m3u8", "/b.m3u8"), url(&changed));
    let plain = json!({"Id": "e", "ChannelId": "c", "HlsPackage": {}});
    let plain = update(&cloud, ENDPOINT, &made.physical_id, known(plain)).await.unwrap();
    assert!(!plain.properties.contains_key("ManifestName") && url(&plain).ends_with("index.m3u8"));
}

#[tokio::test]
async fn a_create_of_unknown_outcome_is_found() {
    let faults = Faults { lost_answer: PerMille(1000), ..Faults::none() };
    let cloud = open(None, SandboxOptions { faults, ..SandboxOptions::default() });
    let channels = driver(&cloud, CHANNEL);
    let ours = request("A", known(json!({"Id": "a"})));
    assert_eq!(channels.find(&ours).await.unwrap(), Found::Absent);
    let lost = channels.create(&ours).await.unwrap_err();
    assert_eq!(lost.kind, ErrorKind::UnknownOutcome);
    assert!(matches!(channels.find(&ours).await.unwrap(), Found::Ours(_)));
    let other = request("B", known(json!({"Id": "a"})));
    assert!(matches!(channels.find(&other).await.unwrap(), Found::Ambiguous { .. }));
}

#[tokio::test]
async fn faults_come_from_the_seed_and_pass() {
    async fn day(seed: u64) -> Vec<String> {
        let options = SandboxOptions { seed, faults: Faults::frequent(), ..Default::default() };
        let cloud = open(None, options);
        let mut seen = Vec::new();
        for i in 0..40 {
            let id = format!("c{i}");
            let outcome = loop {
                let made = create(&cloud, CHANNEL, &id, json!({"Id": id})).await;
                match made {
                    Err(error) if error.is_retryable() => seen.push(format!("{:?}", error.kind)),
                    other => break other.map(|_| ()).map_err(|error| error.kind),
                }
            };
            seen.push(format!("{outcome:?}"));
        }
        seen
    }
    let first = day(1).await;
    assert_eq!(first, day(1).await);
    assert_ne!(first, day(2).await);
    for kind in ["Throttled", "Transient", "Err(UnknownOutcome)", "Ok(())"] {
        assert!(first.iter().any(|seen| seen == kind), "no {kind} in {first:?}");
    }
}

#[tokio::test]
async fn a_new_object_may_be_seen_late_and_is_seen_then() {
    let faults = Faults { late_visibility: PerMille(1000), ..Faults::none() };
    let cloud = open(None, SandboxOptions { faults, ..SandboxOptions::default() });
    create(&cloud, CHANNEL, "C", json!({"Id": "c"})).await.unwrap();
    let endpoint = json!({"Id": "e", "ChannelId": "c", "HlsPackage": {}});
    let early = create(&cloud, ENDPOINT, "E", endpoint.clone()).await.unwrap_err();
    assert_eq!(early.kind, ErrorKind::DependencyNotReady);
    create(&cloud, ENDPOINT, "E", endpoint).await.unwrap();
}

#[tokio::test]
async fn the_file_is_the_sandbox() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new").join("sandbox.json");
    let one = open(Some(&path), SandboxOptions::default());
    let two = open(Some(&path), SandboxOptions::default());
    let made = create(&one, CHANNEL, "C", json!({"Id": "c"})).await.unwrap();
    let read = driver(&two, CHANNEL).read(&made.identifier, &KnownMap::new()).await.unwrap();
    assert_eq!(read, Observed::Present(made.clone()));
    let path_of = |name: &str| PropertyPath::root().name(name);
    let (resource_type, id) = (ResourceType::from(CHANNEL), &made.physical_id);
    let drifted = KnownValue::from("by hand");
    two.set_property(&resource_type, id, &path_of("Description"), Some(&drifted)).unwrap();
    let Observed::Present(seen) =
        driver(&one, CHANNEL).read(&id.into(), &KnownMap::new()).await.unwrap()
    else {
        panic!("it is gone")
    };
    assert_eq!(seen.properties["Description"], drifted);
    let deep = path_of("Id").name("x");
    let refused = two.set_property(&resource_type, id, &deep, Some(&drifted)).unwrap_err();
    assert!(matches!(refused, SandboxError::NoPlace { .. }));
    one.remove(&resource_type, id).unwrap();
    assert!(two.list().unwrap().is_empty());
    assert!(matches!(two.remove(&resource_type, id), Err(SandboxError::NoObject { .. })));
    let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    std::fs::write(&path, "{}").unwrap();
    let region = Region::from("eu-west-1");
    let damaged = SandboxCloud::open(Some(path), region, SandboxOptions::default());
    assert!(matches!(damaged, Err(SandboxError::Damaged { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_creates_in_two_sandboxes_of_one_file_are_all_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.json");
    let clouds = [1, 2].map(|_| Arc::new(open(Some(&path), SandboxOptions::default())));
    let tasks: Vec<_> = (0..20)
        .map(|i| {
            let cloud = Arc::clone(&clouds[i % 2]);
            tokio::spawn(async move {
                let id = format!("c{i}");
                create(&cloud, CHANNEL, &id, json!({"Id": id})).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(clouds[0].list().unwrap().len(), 20);
    assert_eq!(clouds[1].list().unwrap().len(), 20);
}

#[tokio::test]
async fn the_same_creates_give_the_same_objects_in_any_order() {
    let mut made = [Vec::new(), Vec::new()];
    for (way, order) in made.iter_mut().zip([["a", "b"], ["b", "a"]]) {
        let cloud = memory();
        for id in order {
            way.push(create(&cloud, CHANNEL, id, json!({"Id": id})).await.unwrap());
        }
        way.sort_by(|a, b| a.physical_id.cmp(&b.physical_id));
    }
    let [one, two] = made;
    assert_eq!(one, two);
}

#[tokio::test]
async fn no_secret_reaches_the_file_and_references_still_resolve() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.json");
    let cloud = open(Some(&path), SandboxOptions::default());
    let canary = "c4n4ry-in-the-mine";
    let secret = |text: &str| KnownValue::Secret(SecretString::new(text.to_owned()));
    let given = format!("{{\"Key\":\"{canary}\"}}");
    for (address, value) in [("A", KnownValue::from(given.as_str())), ("B", secret(&given))] {
        let mut properties = known(json!({"Name": address}));
        properties.insert("SecretString".to_owned(), value);
        let request = request(address, properties);
        driver(&cloud, SECRET).create(&request).await.unwrap();
        let reference = format!("{address}:SecretString:Key");
        let reference = SecretsManagerReference::parse(&reference).unwrap();
        let (text, version) = cloud.secrets().resolve(&reference).await.unwrap();
        assert_eq!(version, format!("token of {address}"));
        let file = std::fs::read_to_string(&path).unwrap();
        assert!(!file.contains(canary) && !file.contains(text.expose()));
    }
    let mut properties = known(json!({"Id": "c"}));
    properties.insert("Description".to_owned(), secret(canary));
    let request = request("C", properties.clone());
    let made = driver(&cloud, CHANNEL).create(&request).await.unwrap();
    assert_eq!(made.properties["Description"], secret(""));
    update(&cloud, CHANNEL, &made.physical_id, properties).await.unwrap();
    assert!(!std::fs::read_to_string(&path).unwrap().contains(canary));
}

#[tokio::test]
async fn a_secret_gets_a_version_only_with_another_text() {
    let cloud = memory();
    let properties = |description: &str, text: &str| {
        known(json!({"Name": "n", "Description": description, "SecretString": text}))
    };
    let made = driver(&cloud, SECRET).create(&request("S", properties("a", "one"))).await.unwrap();
    assert!(!made.properties.contains_key("SecretString"), "it is write-only");
    let reference = SecretsManagerReference::parse(made.physical_id.as_str()).unwrap();
    let id = &made.physical_id;
    update(&cloud, SECRET, id, properties("b", "one")).await.unwrap();
    assert_eq!(cloud.secrets().version(&reference).await.unwrap(), "token of S");
    update(&cloud, SECRET, id, properties("b", "two")).await.unwrap();
    assert_eq!(cloud.secrets().version(&reference).await.unwrap(), "update");
}

#[tokio::test]
async fn objects_of_one_physical_id_are_distinguished_by_the_rest_of_their_identifiers() {
    let (cloud, stage) = (memory(), "AWS::ApiGatewayV2::Stage");
    let of = |api: &str| json!({"ApiId": api, "StageName": "$default"});
    for api in ["a", "b"] {
        let made = create(&cloud, stage, api, of(api)).await.unwrap();
        assert_eq!(made.physical_id.as_str(), "$default");
    }
    let again = create(&cloud, stage, "c", of("a")).await;
    assert_eq!(refusal(again), "AlreadyExists AlreadyExists");
    let id = |api: &str| Identifier::new([api.to_owned(), "$default".to_owned()]);
    let request = |api| DeleteRequest {
        removal: Removal::Recoverable,
        identifier: id(api),
        token: "delete".into(),
        prior: known(of(api)),
    };
    let stages = driver(&cloud, stage);
    assert_eq!(stages.delete(&request("a")).await.unwrap(), Progress::Done);
    let none = KnownMap::new();
    assert_eq!(stages.read(&id("a"), &none).await.unwrap(), Observed::Absent);
    let Observed::Present(other) = stages.read(&id("b"), &none).await.unwrap() else {
        panic!("the other one is gone, too")
    };
    assert_eq!(other.properties["ApiId"], KnownValue::from("b"));
}

#[tokio::test]
async fn attributes_that_templates_may_declare_are_what_they_declare() {
    let cloud = memory();
    let vpc = json!({"CidrBlock": "10.7.0.0/16"});
    let vpc = create(&cloud, "AWS::EC2::VPC", "V", vpc).await.unwrap();
    assert_eq!(vpc.attributes["CidrBlock"].as_str(), Some("10.7.0.0/16"));
    let subnet = json!({"VpcId": vpc.physical_id.as_str(), "CidrBlock": "10.7.0.0/24"});
    let subnet = create(&cloud, "AWS::EC2::Subnet", "S", subnet).await.unwrap();
    assert!(subnet.attributes["AvailabilityZone"].as_str().is_some(), "one is chosen");
    let input =
        json!({"Type": "RTMP_PUSH", "Destinations": [{"StreamName": "a"}, {"StreamName": "b"}]});
    let input = create(&cloud, "AWS::MediaLive::Input", "I", input).await.unwrap();
    let addresses = input.attributes["Destinations"].as_list().unwrap();
    assert!(addresses.len() == 2 && addresses.iter().all(|a| a.as_str().is_some()));
}

#[tokio::test]
async fn an_identifier_has_the_form_that_its_users_ask_for() {
    let cloud = memory();
    for (maker, user, property) in [
        ("AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient", "UserPoolId"),
        ("AWS::FSx::FileSystem", "AWS::FSx::Backup", "FileSystemId"),
        ("AWS::SSM::MaintenanceWindow", "AWS::SSM::MaintenanceWindowTarget", "WindowId"),
        ("AWS::NetworkManager::GlobalNetwork", "AWS::NetworkManager::Link", "GlobalNetworkId"),
    ] {
        let minimal = match maker {
            "AWS::FSx::FileSystem" => json!({"FileSystemType": "LUSTRE", "SubnetIds": ["s"]}),
            "AWS::SSM::MaintenanceWindow" => json!({"AllowUnassociatedTargets": true, "Cutoff": 1,
                "Duration": 2, "Name": "window", "Schedule": "rate(1 day)"}),
            _ => json!({}),
        };
        let made = create(&cloud, maker, maker, minimal).await.unwrap().physical_id;
        let schema = rstack_catalog::Registry::embedded().get(user).unwrap().unwrap();
        let named = rstack_model::Value::from(made.as_str());
        let named = rstack_model::ValueMap::from([(property.to_owned(), named)]);
        let wrong = rstack_catalog::validate(&schema, &named);
        let of_it = wrong.iter().find(|wrong| wrong.path.top() == Some(property));
        assert!(of_it.is_none(), "{made}: {of_it:?}");
    }
}

#[tokio::test]
async fn a_chosen_name_has_the_end_that_a_service_wants() {
    let cloud = memory();
    for (resource_type, property, flag) in [
        ("AWS::SQS::Queue", "QueueName", "FifoQueue"),
        ("AWS::SNS::Topic", "TopicName", "FifoTopic"),
    ] {
        let rule = driver(&cloud, resource_type).naming().unwrap();
        let named = async |address: &str, fifo: bool| {
            let stack = StackName::parse("Live").unwrap();
            let name = rule.name(&stack, &address.into(), "ABCDEF123456");
            let properties = json!({property: name, flag: fifo});
            let made = create(&cloud, resource_type, address, properties).await.unwrap();
            made.properties.get(property).and_then(KnownValue::as_str).unwrap().to_owned()
        };
        let long = named(&"R".repeat(200), true).await;
        assert!(long.ends_with("-ABCDEF123456.fifo"), "{long}");
        assert_eq!(named("Plain", false).await, "Live-Plain-ABCDEF123456");
    }
}

#[tokio::test]
async fn names_fit_what_their_types_take() {
    let cloud = memory();
    let stack = StackName::parse("Live-Stack").unwrap();
    for (resource_type, property, name) in [
        ("AWS::IAM::Role", "RoleName", "Live-Stack-Thing-ABCDEF123456"),
        ("AWS::S3::Bucket", "BucketName", "live-stack-thing-abcdef123456"),
        ("AWS::SecretsManager::Secret", "Name", "Live-Stack-Thing-ABCDEF123456"),
        ("AWS::IoT::TopicRule", "RuleName", "LiveStackThingABCDEF123456"),
        ("AWS::Lambda::Function", "FunctionName", "Live-Stack-Thing-ABCDEF123456"),
    ] {
        let rule = driver(&cloud, resource_type).naming().unwrap();
        assert_eq!(rule.property, property);
        assert_eq!(rule.name(&stack, &"Thing".into(), "ABCDEF123456"), name, "{resource_type}");
    }
    for unnamed in [CHANNEL, DISTRIBUTION, POLICY, "AWS::EC2::VPC"] {
        assert!(driver(&cloud, unnamed).naming().is_none(), "{unnamed}");
    }
    for not_served in ["AWS::CloudFormation::Macro", "AWS::No::Such"] {
        assert!(cloud.driver(&ResourceType::from(not_served)).is_none(), "{not_served}");
    }
}
