//! The way to handlers against scripted services and a bucket in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use rstack_driver::custom::{
    CustomResource, CustomTransport, DefaultRules, Delivery, HandlerArn, MAX_RESPONSE, RequestType,
    ResponseKey,
};
use rstack_driver::signals::{MAX_SIGNAL, Waiting};
use rstack_driver::{
    AssetContent, AssetStore, BucketAccess, CreateRequest, DriverError, ErrorKind, Finish,
    NoEffects, ObjectSummary, ObjectVersion, OpenBucket, OperationKind, Poll, Request,
    ResourceDriver, Sent, Step,
};
use rstack_model::state::Environment;
use rstack_model::{KnownMap, KnownValue, Partition, Region, SecretString, StackName, Token};
use serde_json::json;

use super::{Handlers, Reach};
use crate::api::Api;
use crate::definition::Service;
use crate::test::scripted_api::{ScriptedApi, known};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:handler";
const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:requests";
const BUCKET: &str = "cdk-hnb659fds-assets-111122223333-eu-west-1";

/// Buckets in memory, by name.
type Buckets = Arc<Mutex<BTreeMap<String, BTreeMap<String, Vec<u8>>>>>;

/// The bucket that keeps versions: what is put under `KEY vN` is version `N` of `KEY`.
const VERSIONED: &str = "versioned";

struct Account {
    /// The services, by name and Region.
    services: BTreeMap<(Service, &'static str), Arc<ScriptedApi>>,
    buckets: Buckets,
    iam_changed: Mutex<Option<SystemTime>>,
    now: Mutex<SystemTime>,
}

impl Account {
    fn new(services: impl IntoIterator<Item = (Service, &'static str, ScriptedApi)>) -> Self {
        let services = services.into_iter();
        let services = services.map(|(service, region, api)| ((service, region), Arc::new(api)));
        Self {
            services: services.collect(),
            buckets: Buckets::default(),
            iam_changed: Mutex::default(),
            now: Mutex::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1000)),
        }
    }

    fn with_bucket(self, name: &str) -> Self {
        self.buckets.lock().unwrap().insert(name.to_owned(), BTreeMap::new());
        self
    }
}

struct Store(Buckets, String);

#[async_trait]
impl AssetStore for Store {
    async fn exists(&self) -> Result<bool, DriverError> {
        Ok(self.0.lock().unwrap().contains_key(&self.1))
    }

    async fn make(&self) -> Result<(), DriverError> {
        panic!("no bucket is made")
    }

    async fn find(&self, key: &str) -> Result<Option<ObjectSummary>, DriverError> {
        let found = self.get(key, u64::MAX).await?;
        Ok(found.map(|bytes| ObjectSummary { bytes: bytes.len().try_into().unwrap(), tag: None }))
    }

    async fn put(
        &self,
        _: &str,
        _: &str,
        _: &dyn AssetContent,
        _: Sent<'_>,
    ) -> Result<ObjectSummary, DriverError> {
        panic!("handlers put objects, rstack does not")
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, DriverError> {
        let found = self.0.lock().unwrap()[&self.1].get(key).cloned();
        assert!(found.as_ref().is_none_or(|bytes| bytes.len() as u64 <= limit), "it is not read");
        Ok(found)
    }

    async fn keeps_versions(&self) -> Result<bool, DriverError> {
        Ok(self.1 == VERSIONED)
    }

    async fn versions(&self, key: &str) -> Result<Vec<ObjectVersion>, DriverError> {
        let buckets = self.0.lock().unwrap();
        let own = buckets[&self.1].iter().filter_map(|(name, bytes)| {
            let id = name.strip_prefix(key)?.strip_prefix(" v")?.to_owned();
            Some(ObjectVersion { id, bytes: bytes.len().try_into().unwrap() })
        });
        Ok(own.collect())
    }

    async fn get_version(
        &self,
        key: &str,
        version: &str,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, DriverError> {
        self.get(&format!("{key} v{version}"), limit).await
    }

    async fn delete(&self, key: &str) -> Result<(), DriverError> {
        self.0.lock().unwrap().get_mut(&self.1).unwrap().retain(|name, _| !name.starts_with(key));
        Ok(())
    }

    async fn put_url(&self, key: &str, valid: Duration) -> Result<SecretString, DriverError> {
        Ok(SecretString::new(format!("https://{}/{key}?valid={}", self.1, valid.as_secs())))
    }
}

#[async_trait]
impl Reach for Account {
    fn api(&self, service: Service, region: &str) -> Arc<dyn Api> {
        let found =
            self.services.iter().find(|((it, there), _)| *it == service && *there == region);
        let (_, api) = found.unwrap_or_else(|| panic!("{} in {region} is asked", service.name()));
        Arc::<ScriptedApi>::clone(api)
    }

    async fn open(&self, access: &BucketAccess) -> Result<OpenBucket, DriverError> {
        assert_eq!((access.owner.as_str(), access.region.as_str()), ("111122223333", "eu-west-1"));
        let store = Store(Arc::clone(&self.buckets), access.bucket.clone());
        Ok(OpenBucket { store: Arc::new(store), note: None })
    }

    async fn environment(&self) -> Result<Environment, DriverError> {
        Ok(Environment {
            account: "111122223333".into(),
            partition: Partition::new("aws"),
            region: Region::new("eu-west-1"),
            sandbox: false,
        })
    }

    fn iam_changed(&self) -> Option<SystemTime> {
        *self.iam_changed.lock().unwrap()
    }

    fn now(&self) -> SystemTime {
        *self.now.lock().unwrap()
    }
}

fn handlers(account: Account, chosen: Option<&str>) -> Handlers {
    Handlers::new(Arc::new(account), Region::new("eu-west-1"), chosen.map(str::to_owned))
}

fn delivery(handler: HandlerArn) -> Delivery {
    Delivery {
        handler,
        token: Token::from("token-1"),
        body: SecretString::new(r#"{"RequestType":"Create"}"#.to_owned()),
        request_type: RequestType::Create,
        resource_type: "Custom::Thing".into(),
        stack_id: "arn:stack".to_owned(),
        logical_id: "Thing".to_owned(),
        physical_id: None,
        properties: KnownMap::new(),
        wanted: BTreeSet::new(),
    }
}

fn function() -> HandlerArn {
    HandlerArn::Function(FUNCTION.to_owned())
}

const ACTIVE: &str =
    r#"{"FunctionName":"handler","State":"Active","LastUpdateStatus":"Successful"}"#;

fn described(members: &str) -> ScriptedApi {
    let members: serde_json::Value = serde_json::from_str(members).unwrap();
    ScriptedApi::new().answer("GetFunctionConfiguration", members)
}

fn with_lambda(api: ScriptedApi) -> Account {
    Account::new([(Service::LAMBDA, "eu-west-1", api)])
}

#[tokio::test]
async fn a_request_is_an_event_for_the_function() {
    let (account, body) = (
        with_lambda(ScriptedApi::new().answer("Invoke", json!({"StatusCode": 202}))),
        r#"{"RequestType":"Create"}"#,
    );
    let lambda = Arc::clone(&account.services[&(Service::LAMBDA, "eu-west-1")]);
    handlers(account, None).deliver(&delivery(function())).await.unwrap();
    lambda.assert_finished();
    let input = lambda.input(0);
    assert_eq!(input["FunctionName"], FUNCTION.into());
    assert_eq!(input["InvocationType"], "Event".into());
    let body = aws_smithy_types::base64::encode(body);
    assert_eq!(input["Payload"], KnownValue::Secret(SecretString::new(body)));
}

#[tokio::test]
async fn a_request_is_published_in_the_region_of_the_topic() {
    let sns = ScriptedApi::new().answer("Publish", json!({"MessageId": "1"}));
    let account = Account::new([(Service::SNS, "eu-central-1", sns)]);
    let sns = Arc::clone(&account.services[&(Service::SNS, "eu-central-1")]);
    let handlers = handlers(account, None);
    let topic = HandlerArn::Topic(TOPIC.to_owned());
    handlers.ready(&topic, &Token::from("t")).await.unwrap();
    handlers.deliver(&delivery(topic)).await.unwrap();
    let input = sns.input(0);
    assert_eq!(input["TopicArn"], TOPIC.into());
    assert!(
        matches!(&input["Message"], KnownValue::Secret(body) if body.expose().contains("Create"))
    );
}

#[tokio::test]
async fn a_function_takes_no_request_before_it_and_its_role_are_ready() {
    let wait = async |members: &str, changed_before: Option<u64>| {
        let account = with_lambda(described(members));
        let changed = changed_before.map(|age| account.now() - Duration::from_secs(age));
        *account.iam_changed.lock().unwrap() = changed;
        handlers(account, None).ready(&function(), &Token::from("t")).await
    };
    let pending = r#"{"State":"Pending","StateReasonCode":"Creating"}"#;
    let updating = r#"{"State":"Active","LastUpdateStatus":"InProgress"}"#;
    for (members, changed, word) in [
        (pending, None, "not active"),
        (updating, None, "updated"),
        (ACTIVE, Some(3), "roles and policies"),
    ] {
        let error = wait(members, changed).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::DependencyNotReady);
        assert!(error.message.contains(word), "{}", error.message);
    }
    for (members, changed) in
        [(ACTIVE, None), (ACTIVE, Some(15)), (r#"{"State":"Inactive"}"#, None), ("{}", None)]
    {
        wait(members, changed).await.unwrap();
    }
    let failed = wait(r#"{"State":"Failed","StateReason":"no subnet"}"#, None).await.unwrap_err();
    assert!(
        matches!(failed.kind, ErrorKind::Invalid { .. }) && failed.message.contains("no subnet")
    );
    let absent = ScriptedApi::new().fail("GetFunctionConfiguration", ErrorKind::NotFound, "Gone");
    let absent = handlers(with_lambda(absent), None)
        .ready(&function(), &Token::from("t"))
        .await
        .unwrap_err();
    assert_eq!(absent.kind, ErrorKind::DependencyNotReady);
}

#[tokio::test]
async fn responses_lie_in_the_bucket_of_their_request() {
    let account = Account::new([]).with_bucket("chosen").with_bucket(BUCKET);
    let buckets = Arc::clone(&account.buckets);
    let handlers = handlers(account, Some("chosen"));
    assert_eq!(handlers.bucket().await.unwrap().as_deref(), Some("chosen"));
    let token = Token::from("token-1");
    // A request of an earlier run, when another bucket was chosen.
    let key = ResponseKey { bucket: Some(BUCKET), token: &token };
    let url = handlers.url(key, Duration::from_secs(60)).await.unwrap();
    let name = "rstack/custom-resource-responses/token-1.json";
    assert_eq!(url.expose(), format!("https://{BUCKET}/{name}?valid=60"));
    assert_eq!(handlers.response(key).await.unwrap(), None);
    let put = |bytes: usize| {
        let mut buckets = buckets.lock().unwrap();
        buckets.get_mut(BUCKET).unwrap().insert(name.to_owned(), vec![b'x'; bytes]);
    };
    for bytes in [0, 1, MAX_RESPONSE] {
        put(bytes);
        assert_eq!(handlers.response(key).await.unwrap().unwrap().len(), bytes);
    }
    put(MAX_RESPONSE + 7);
    assert!(handlers.response(key).await.unwrap().unwrap().len() > MAX_RESPONSE);
    handlers.discard(&token).await.unwrap();
    assert!(buckets.lock().unwrap()[BUCKET].is_empty());
    let nowhere = ResponseKey { bucket: None, token: &token };
    assert_eq!(handlers.response(nowhere).await.unwrap_err().kind, ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_reported() {
    for (chosen, name) in [(None, BUCKET), (Some("chosen"), "chosen")] {
        let error = handlers(Account::new([]), chosen).response_bucket().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(error.message.contains(&format!("`{name}`")), "{}", error.message);
    }
}

/// Creates through the driver, whose handler fails, and returns the message.
async fn message_of_failure(mut properties: KnownMap) -> String {
    let lines = [
        "INIT_START Runtime\n",
        "START RequestId: 1\n",
        "it tried token-1\n",
        "put X-Amz-Signature=1\n",
        "it gave up\n",
        "END RequestId: 1\n",
        "START RequestId: 2\n",
        "the secret of another\n",
        "END RequestId: 2\n",
    ];
    let events: Vec<_> = lines.iter().map(|line| json!({"message": line})).collect();
    let logs = ScriptedApi::new().answer("FilterLogEvents", json!({"events": events}));
    let lambda = described(ACTIVE).answer("Invoke", json!({})).answer(
        "GetFunctionConfiguration",
        json!({"FunctionName": "handler", "LoggingConfig": {"LogGroup": "/own"}}),
    );
    let services = [(Service::LAMBDA, "eu-west-1", lambda), (Service::LOGS, "eu-west-1", logs)];
    let account = Account::new(services).with_bucket(BUCKET);
    let buckets = Arc::clone(&account.buckets);
    let logs = Arc::clone(&account.services[&(Service::LOGS, "eu-west-1")]);
    let driver = CustomResource::new("Custom::Thing".into(), Arc::new(handlers(account, None)));
    properties.insert("ServiceToken".to_owned(), FUNCTION.into());
    let token = Token::from("token-1");
    let create = CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "Thing".into(),
        token: token.clone(),
        properties: properties.clone(),
        absence_proven: false,
        begun: None,
    };
    let begun = driver.begin(&Request::Create(create), &NoEffects).await.unwrap();
    let Step::Pending(pending) = begun else { panic!("{begun:?}") };
    let cursor: serde_json::Value = serde_json::from_str(pending.cursor.as_str()).unwrap();
    assert_eq!(cursor["bucket"], BUCKET);
    let response = json!({
        "Status": "FAILED", "Reason": "no luck", "PhysicalResourceId": "thing-1",
        "StackId": cursor["stack"], "RequestId": "token-1", "LogicalResourceId": "Thing",
    });
    let key = "rstack/custom-resource-responses/token-1.json".to_owned();
    let bytes = response.to_string().into_bytes();
    buckets.lock().unwrap().get_mut(BUCKET).unwrap().insert(key, bytes);
    let mut poll = Poll {
        kind: OperationKind::Create,
        cursor: pending.cursor,
        identifier: None,
        token,
        declared: properties,
    };
    // What it may have made is reported first.
    let reported = driver.poll(&poll).await.unwrap();
    let Step::Pending(pending) = reported else { panic!("{reported:?}") };
    poll.identifier = pending.object.map(|object| object.identifier);
    let failed = driver.poll(&poll).await.unwrap();
    let Step::Done(Finish::Failed(error)) = failed else { panic!("{failed:?}") };
    if !logs.operations().is_empty() {
        assert_eq!(logs.input(0)["logGroupName"], "/own".into());
        assert_eq!(logs.input(0)["startTime"], 1_000_000.into());
    }
    error.message
}

#[tokio::test]
async fn the_error_of_a_handler_has_the_end_of_its_log() {
    let message = message_of_failure(known(json!({"A": "1"}))).await;
    assert_eq!(message, "no luck\nThe handler's log ends with:\nit tried token-1\nit gave up");
}

#[tokio::test]
async fn the_log_of_a_request_with_a_secret_is_not_read() {
    let mut properties = known(json!({}));
    let secret = KnownValue::Secret(SecretString::new("hidden".to_owned()));
    properties.insert("A".to_owned(), KnownValue::List(vec![secret]));
    let message = message_of_failure(properties).await;
    assert_eq!(message, "no luck");
}

/// A request waits for what was changed before it, once, and other changes do not keep it back for ever.
#[tokio::test]
async fn later_changes_of_roles_do_not_keep_a_request_back() {
    let service = described(ACTIVE)
        .answer("GetFunctionConfiguration", json!({"State": "Active"}))
        .answer("GetFunctionConfiguration", json!({"State": "Active"}));
    let account = Arc::new(with_lambda(service));
    let reach = Arc::clone(&account) as Arc<dyn Reach>;
    let handlers = Handlers::new(reach, Region::new("eu-west-1"), None);
    let (begin, token) = (account.now(), Token::from("t"));
    *account.iam_changed.lock().unwrap() = Some(begin);
    let wait = handlers.ready(&function(), &token).await.unwrap_err();
    assert_eq!(wait.retry_after, Some(Duration::from_secs(15)));
    *account.now.lock().unwrap() = begin + Duration::from_secs(15);
    *account.iam_changed.lock().unwrap() = Some(begin + Duration::from_secs(14));
    handlers.ready(&function(), &token).await.unwrap();
    let other = handlers.ready(&function(), &Token::from("u")).await.unwrap_err();
    assert_eq!(other.retry_after, Some(Duration::from_secs(14)));
}

#[tokio::test]
async fn each_version_of_an_object_is_a_signal() {
    use rstack_driver::signals::SignalTransport;
    let account = Account::new([]).with_bucket(VERSIONED);
    let buckets = Arc::clone(&account.buckets);
    let handlers = handlers(account, Some(VERSIONED));
    let token = Token::from("token-1");
    let handle = handlers.handle(&token).await.unwrap();
    assert_eq!(handle, "versioned/rstack/wait-condition-signals/token-1.json");
    let url = handlers.signal_url(&handle).await.unwrap();
    assert_eq!(url.expose(), format!("https://{handle}?valid=46800"));
    handlers.takes(&handle, 5).await.unwrap();
    let waiting = Waiting { handle: &handle, logical_id: "Ready", token: &token, count: 2 };
    assert!(handlers.signals(&waiting).await.unwrap().is_empty());
    let put = |version: u32, bytes: Vec<u8>| {
        let (_, key) = handle.split_once('/').unwrap();
        buckets
            .lock()
            .unwrap()
            .get_mut(VERSIONED)
            .unwrap()
            .insert(format!("{key} v{version}"), bytes);
    };
    put(1, b"one".to_vec());
    put(2, vec![b'x'; MAX_SIGNAL + 9]);
    // What was read once is not read again.
    for _ in 0..2 {
        let found = handlers.signals(&waiting).await.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].as_slice(), found[1].len()), (b"one".as_slice(), MAX_SIGNAL + 1));
        put(1, b"other".to_vec());
    }
    SignalTransport::discard(&handlers, &handle).await.unwrap();
    assert!(buckets.lock().unwrap()[VERSIONED].is_empty());
    for other in
        ["Live-Handle", "versioned/", "versioned/other/key", "/rstack/wait-condition-signals/x"]
    {
        let error = handlers.signal_url(other).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{other}");
        SignalTransport::discard(&handlers, other).await.unwrap();
    }
}

#[tokio::test]
async fn several_signals_need_a_bucket_that_keeps_versions() {
    use rstack_driver::signals::SignalTransport;
    let account = || Account::new([]).with_bucket(BUCKET);
    let handlers = handlers(account(), None);
    handlers.signal_bucket(false).await.unwrap();
    let error = handlers.signal_bucket(true).await.unwrap_err();
    assert!(error.message.contains("does not keep versions"), "{}", error.message);
    let handle = handlers.handle(&Token::from("t")).await.unwrap();
    handlers.takes(&handle, 1).await.unwrap();
    let error = handlers.takes(&handle, 2).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid { .. }), "{error}");
}

#[tokio::test]
async fn the_rules_of_a_default_group_are_taken_away_and_given_back_in_the_order_of_the_handler() {
    let api = ScriptedApi::new()
        .fail("RevokeSecurityGroupEgress", ErrorKind::Conflict, "InvalidPermission.NotFound")
        .answer("RevokeSecurityGroupIngress", json!({}))
        .answer("AuthorizeSecurityGroupIngress", json!({}))
        .fail("AuthorizeSecurityGroupEgress", ErrorKind::Conflict, "InvalidPermission.Duplicate");
    let account = Account::new([(Service::EC2, "eu-west-1", api)]);
    let ec2 = Arc::clone(&account.services[&(Service::EC2, "eu-west-1")]);
    let handlers = handlers(account, None);
    for rules in [DefaultRules::Revoked, DefaultRules::Authorized] {
        handlers.default_rules("sg-1", "111122223333", rules).await.unwrap();
    }
    ec2.assert_finished();
    let leaves = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let pair = json!({"GroupId": "sg-1", "UserId": "111122223333"});
    let comes = json!([{"IpProtocol": "-1", "UserIdGroupPairs": [pair]}]);
    for (call, permissions) in [(0, &leaves), (1, &comes), (2, &comes), (3, &leaves)] {
        assert_eq!(ec2.input(call)["GroupId"], "sg-1".into());
        let expected = KnownValue::from_json(permissions.clone());
        assert_eq!(ec2.input(call)["IpPermissions"], expected, "{call}");
    }
}
