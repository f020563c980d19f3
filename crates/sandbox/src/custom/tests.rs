//! The answers of simulated handlers, and what they leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::calls::Calls as _;
use rstack_driver::conformance::{Sample, check_recorded};
use rstack_driver::custom::{
    CustomResource, CustomTransport, Delivery, HandlerArn, RequestType, ResponseKey,
};
use rstack_driver::{
    Cloud, CreateRequest, DriverError, ErrorKind, Identity, ResourceDriver, SecretStore,
};
use rstack_model::state::Environment;
use rstack_model::value::Lookup;
use rstack_model::{
    KnownMap, KnownValue, Region, ResourceType, SecretString, StackName, Token, Value,
};
use serde_json::{Value as Json, json};

use crate::{CustomRules, SandboxCloud, SandboxOptions};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:000000000000:function:f";

fn sandbox(rules: &str) -> SandboxCloud {
    let region = Region::from("eu-west-1");
    let cloud = SandboxCloud::open(None, region, SandboxOptions::default()).unwrap();
    cloud.with_custom_rules(CustomRules::parse(rules).unwrap())
}

fn known(json: Json) -> KnownMap {
    let KnownValue::Map(map) = KnownValue::from_json(json) else { panic!("not a map") };
    map
}

fn request(kind: RequestType, token: &str, physical_id: Option<&str>, json: Json) -> Delivery {
    Delivery {
        handler: HandlerArn::parse(FUNCTION).unwrap(),
        token: Token::from(token),
        body: SecretString::new(String::new()),
        request_type: kind,
        resource_type: ResourceType::from("Custom::Thing"),
        stack_id: "arn:aws:cloudformation:eu-west-1:000000000000:stack/Live/1".to_owned(),
        logical_id: "Thing".to_owned(),
        physical_id: physical_id.map(str::to_owned),
        properties: known(json),
        wanted: ["Url".to_owned()].into(),
    }
}

/// The response to a request; `None` as long as there is none.
async fn answer(cloud: &SandboxCloud, delivery: &Delivery) -> Option<Json> {
    cloud.handlers().deliver(delivery).await.unwrap();
    response(cloud, delivery.token.as_str()).await
}

async fn response(cloud: &SandboxCloud, token: &str) -> Option<Json> {
    let token = Token::from(token);
    let key = ResponseKey { bucket: None, token: &token };
    let bytes = cloud.handlers().response(key).await.unwrap()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn without_a_rule_what_is_asked_for_is_invented_and_stays_as_it_was() {
    let cloud = sandbox("");
    let create = request(RequestType::Create, "1", None, json!({"A": "a"}));
    let made = answer(&cloud, &create).await.unwrap();
    let id = made["PhysicalResourceId"].as_str().unwrap().to_owned();
    assert!(id.starts_with("Live-Thing-"), "{made}");
    let url = made["Data"]["Url"].as_str().unwrap();
    assert!(url.starts_with("https://invented-Url-"), "{made}");
    // A request has its effect once.
    assert_eq!(answer(&cloud, &create).await, Some(made.clone()));
    assert_eq!(cloud.list().unwrap().len(), 1);
    let mut update = request(RequestType::Update, "2", Some(&id), json!({"A": "b"}));
    update.wanted = ["Other".to_owned()].into();
    let changed = answer(&cloud, &update).await.unwrap();
    assert_eq!(changed["PhysicalResourceId"], made["PhysicalResourceId"]);
    assert_eq!(changed["Data"]["Url"], made["Data"]["Url"]);
    let other = changed["Data"]["Other"].as_str().unwrap();
    assert!(other.starts_with("invented-Other-"), "{other}");
    answer(&cloud, &request(RequestType::Delete, "3", Some(&id), json!({}))).await.unwrap();
    assert_eq!(cloud.list().unwrap(), []);
    cloud.handlers().discard(&Token::from("3")).await.unwrap();
    assert_eq!(response(&cloud, "3").await, None);
}

#[tokio::test]
async fn what_is_invented_is_taken_in_every_form() {
    let cloud = sandbox("");
    let create = request(RequestType::Create, "1", None, json!({}));
    let create = Delivery { wanted: ["Cron".to_owned()].into(), ..create };
    let made = answer(&cloud, &create).await.unwrap();
    let rule = async |address: &str, schedule: String| {
        let request = CreateRequest {
            stack: StackName::parse("Live").unwrap(),
            address: address.into(),
            token: Token::from(address),
            properties: known(json!({"ScheduleExpression": schedule})),
            absence_proven: false,
            begun: None,
        };
        let driver = cloud.driver(&ResourceType::from("AWS::Events::Rule")).unwrap();
        driver.create(&request).await.is_ok()
    };
    let cron = made["Data"]["Cron"].as_str().unwrap().to_owned();
    let id = made["PhysicalResourceId"].as_str().unwrap();
    let at = "x".repeat(300);
    assert!(rule("A", format!("{cron}{at}")).await);
    assert!(rule("B", format!("of {id} {at}")).await);
    assert!(!rule("C", at).await, "its length is checked");
}

#[tokio::test]
async fn a_rule_of_the_resource_comes_before_that_of_its_type_and_a_requests_before_both() {
    let rules = "
Custom::Thing: { physicalId: of-the-type }
Thing:
  physicalId: thing-${Name}-${Size}${Password}
  data: { Url: 'https://${Name}', List: ['${Name}', 7], Open: '${' }
  delay: 2
  delete: { fail: not now, delay: 0 }
";
    let cloud = sandbox(rules);
    let mut create = request(RequestType::Create, "1", None, json!({"Name": "n", "Size": 4}));
    let secret = KnownValue::Secret(SecretString::new("hunter2".to_owned()));
    create.properties.insert("Password".to_owned(), secret);
    assert_eq!(answer(&cloud, &create).await, None);
    assert_eq!(response(&cloud, "1").await, None);
    let made = response(&cloud, "1").await.unwrap();
    assert_eq!(made["PhysicalResourceId"], "thing-n-4");
    assert_eq!(made["Data"], json!({"Url": "https://n", "List": ["n", 7], "Open": "${"}));
    let failed =
        answer(&cloud, &request(RequestType::Delete, "2", Some("thing-n-4"), json!({}))).await;
    let failed = failed.unwrap();
    assert_eq!((&failed["Status"], &failed["Reason"]), (&json!("FAILED"), &json!("not now")));
    assert_eq!(cloud.list().unwrap().len(), 1);
}

#[tokio::test]
async fn a_handler_that_does_not_respond_does_nothing_and_secret_data_are_kept_nowhere() {
    let cloud = sandbox("Thing: { noResponse: true }");
    assert_eq!(answer(&cloud, &request(RequestType::Create, "1", None, json!({}))).await, None);
    assert_eq!(cloud.list().unwrap(), []);
    let cloud = sandbox("Thing: { noEcho: true, data: { Key: hunter2 } }");
    let made = answer(&cloud, &request(RequestType::Create, "1", None, json!({}))).await.unwrap();
    assert_eq!(made["NoEcho"], json!(true));
    let text = made["Data"]["Key"].as_str().unwrap();
    assert!(text.len() > 32 && !text.contains("hunter2"), "{text}");
}

/// A call that the sandbox refuses has delivered nothing: no one waits for its response.
#[tokio::test]
async fn a_refused_delivery_is_certain_and_a_lost_answer_is_not() {
    let always = crate::PerMille(1000);
    let kind_with = async |faults: crate::Faults| {
        let options = SandboxOptions { faults, ..SandboxOptions::default() };
        let cloud = SandboxCloud::open(None, Region::from("eu-west-1"), options).unwrap();
        let create = request(RequestType::Create, "1", None, json!({}));
        let error = cloud.handlers().deliver(&create).await.unwrap_err();
        (error.kind, cloud.list().unwrap().len())
    };
    let none = crate::Faults::none;
    let refused = kind_with(crate::Faults { server_error: always, ..none() }).await;
    assert_eq!(refused, (ErrorKind::DependencyNotReady, 0));
    let lost = kind_with(crate::Faults { lost_answer: always, ..none() }).await;
    assert_eq!(lost, (ErrorKind::UnknownOutcome, 1));
}

#[test]
fn a_file_of_something_else_is_refused_with_the_place() {
    for empty in ["", "\n", "# nothing\n", "{}"] {
        assert_eq!(CustomRules::parse(empty), Ok(CustomRules::default()), "{empty:?}");
    }
    assert!(CustomRules::parse("- a").is_err());
    for wrong in ["Thing: 1", "Thing: { physicalID: x }", "Thing: { delay: -1 }", "a: b: c"] {
        let error = CustomRules::parse(wrong).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{wrong}: {error}");
    }
    assert!(CustomRules::parse(&" ".repeat(2 << 20)).is_err());
}

/// A sandbox that counts what is delivered.
struct Counting(SandboxCloud, Arc<AtomicUsize>);

struct Counted(Arc<dyn CustomTransport>, Arc<AtomicUsize>);

#[async_trait]
impl Cloud for Counting {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.0.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        let transport = Arc::new(Counted(self.0.handlers(), Arc::clone(&self.1)));
        Some(Arc::new(CustomResource::new(resource_type.clone(), transport)))
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.0.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.0.secrets()
    }
}

#[async_trait]
impl CustomTransport for Counted {
    async fn environment(&self) -> Result<Environment, DriverError> {
        self.0.environment().await
    }

    fn now(&self) -> u64 {
        self.0.now()
    }

    async fn url(
        &self,
        key: ResponseKey<'_>,
        valid: Duration,
    ) -> Result<SecretString, DriverError> {
        self.0.url(key, valid).await
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DriverError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.deliver(delivery).await
    }

    async fn response(&self, key: ResponseKey<'_>) -> Result<Option<Vec<u8>>, DriverError> {
        self.0.response(key).await
    }

    async fn discard(&self, token: &Token) -> Result<(), DriverError> {
        self.0.discard(token).await
    }
}

#[tokio::test]
async fn the_driver_keeps_the_protocol() {
    for (rules, name) in
        [("", "Custom::Thing"), ("Sample: { delay: 3 }", "AWS::CloudFormation::CustomResource")]
    {
        let delivered = Arc::new(AtomicUsize::new(0));
        let cloud = Counting(sandbox(rules), Arc::clone(&delivered));
        let properties = |size: u32| known(json!({"ServiceToken": FUNCTION, "Size": size}));
        let sample = Sample {
            resource_type: ResourceType::from(name),
            stack: StackName::parse("Live").unwrap(),
            create: properties(1),
            change: Some(properties(2)),
            unread: Vec::new(),
            token: Token::from("token"),
            missing: "none".into(),
        };
        let count = || delivered.load(Ordering::Relaxed);
        check_recorded(&cloud, &sample, count).await.unwrap();
        assert_eq!((count(), cloud.0.list().unwrap()), (3, Vec::new()));
    }
}
