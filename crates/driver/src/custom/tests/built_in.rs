//! Known handlers of the CDK, carried out without them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rstack_model::state::Environment;
use rstack_model::{BuiltIn, KnownMap, SecretString, Token};
use serde_json::{Value as Json, json};

use super::handler::{create, delete, known, lock, now, update};
use crate::custom::{CustomResource, CustomTransport, DefaultRules, Delivery, ResponseKey};
use crate::{
    AssetContent, AssetStore, DriverError, ErrorKind, Finish, NoEffects, Object, ObjectSummary,
    OperationKind, Poll, Request, ResourceDriver, Sent, Step,
};

/// An account: a bucket with pages of objects, and a group with its default rules.
#[derive(Default)]
struct Account {
    pages: Mutex<u32>,
    tags: Mutex<Option<BTreeMap<String, String>>>,
    denied: Mutex<u32>,
    rules: Mutex<Vec<(String, DefaultRules)>>,
    delivered: Mutex<u32>,
    asks_all: bool,
}

struct Bucket(Arc<Account>);

fn never() -> DriverError {
    DriverError::new(ErrorKind::Unsupported, "test", "it is not called")
}

#[async_trait]
impl AssetStore for Bucket {
    async fn exists(&self) -> Result<bool, DriverError> {
        Err(never())
    }

    async fn make(&self) -> Result<(), DriverError> {
        Err(never())
    }

    async fn find(&self, _: &str) -> Result<Option<ObjectSummary>, DriverError> {
        Err(never())
    }

    async fn put(
        &self,
        _: &str,
        _: &str,
        _: &dyn AssetContent,
        _: Sent<'_>,
    ) -> Result<ObjectSummary, DriverError> {
        Err(never())
    }

    async fn get(&self, _: &str, _: u64) -> Result<Option<Vec<u8>>, DriverError> {
        Err(never())
    }

    async fn delete(&self, _: &str) -> Result<(), DriverError> {
        Err(never())
    }

    async fn tags(&self) -> Result<Option<BTreeMap<String, String>>, DriverError> {
        Ok(lock(&self.0.tags).clone())
    }

    async fn refuse_puts(&self) -> Result<(), DriverError> {
        *lock(&self.0.denied) += 1;
        let kind = ErrorKind::AccessDenied { action: None };
        Err(DriverError::new(kind, "s3:PutBucketPolicy", "no"))
    }

    async fn empty(&self) -> Result<bool, DriverError> {
        let mut pages = lock(&self.0.pages);
        *pages = pages.saturating_sub(1);
        Ok(*pages > 0)
    }

    async fn put_url(&self, _: &str, _: Duration) -> Result<SecretString, DriverError> {
        Err(never())
    }
}

struct Transport(Arc<Account>);

#[async_trait]
impl CustomTransport for Transport {
    async fn environment(&self) -> Result<Environment, DriverError> {
        Ok(Environment {
            account: "111122223333".into(),
            partition: "aws".into(),
            region: "eu-west-1".into(),
            sandbox: false,
        })
    }

    fn now(&self) -> u64 {
        1000
    }

    fn does_built_in(&self) -> bool {
        !self.0.asks_all
    }

    async fn open_bucket(&self, bucket: &str) -> Result<Arc<dyn AssetStore>, DriverError> {
        assert!(bucket == "b" || bucket == "c", "{bucket}");
        Ok(Arc::new(Bucket(Arc::clone(&self.0))))
    }

    async fn default_rules(
        &self,
        group: &str,
        account: &str,
        rules: DefaultRules,
    ) -> Result<(), DriverError> {
        assert_eq!(account, "111122223333");
        lock(&self.0.rules).push((group.to_owned(), rules));
        match group {
            "sg-gone" => Err(DriverError::new(ErrorKind::NotFound, "ec2:Authorize", "gone")),
            _ => Ok(()),
        }
    }

    async fn url(&self, _: ResponseKey<'_>, _: Duration) -> Result<SecretString, DriverError> {
        Ok(SecretString::new("https://box.example".to_owned()))
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DriverError> {
        assert!(!delivery.body.expose().contains(BuiltIn::PROPERTY));
        *lock(&self.0.delivered) += 1;
        Ok(())
    }

    async fn response(&self, _: ResponseKey<'_>) -> Result<Option<Vec<u8>>, DriverError> {
        Ok(None)
    }

    async fn discard(&self, _: &Token) -> Result<(), DriverError> {
        Ok(())
    }
}

fn driver(account: &Arc<Account>) -> CustomResource {
    let transport = Arc::new(Transport(Arc::clone(account)));
    CustomResource::new("Custom::S3AutoDeleteObjects".into(), transport)
}

fn bucket(name: &str) -> Json {
    json!({"BucketName": name, BuiltIn::PROPERTY: BuiltIn::S3AutoDeleteObjects.name()})
}

fn group(id: &str) -> Json {
    json!({
        "DefaultSecurityGroupId": id, "Account": "111122223333",
        BuiltIn::PROPERTY: BuiltIn::VpcRestrictDefaultSg.name(),
    })
}

fn begin(account: &Arc<Account>, request: &Request) -> Result<Step, DriverError> {
    now(driver(account).begin(request, &NoEffects))
}

fn object(step: Step) -> Object {
    match step {
        Step::Done(Finish::Object(object)) => *object,
        other => panic!("{other:?}"),
    }
}

fn made(account: &Arc<Account>, properties: Json) -> Object {
    object(begin(account, &Request::Create(create(properties))).unwrap())
}

fn deletion(object: &Object, properties: Json) -> Request {
    let mut request = delete(object);
    request.prior = known(properties);
    Request::Delete(request)
}

fn tagged() -> Arc<Account> {
    let tags = BTreeMap::from([("aws-cdk:auto-delete-objects".to_owned(), "true".to_owned())]);
    Arc::new(Account { tags: Mutex::new(Some(tags)), ..Account::default() })
}

#[test]
fn a_bucket_is_emptied_page_by_page_when_its_resource_is_deleted() {
    let account = tagged();
    *lock(&account.pages) = 3;
    let resource = made(&account, bucket("b"));
    assert_eq!(resource.physical_id.as_str(), "request-1");
    assert_eq!((*lock(&account.pages), *lock(&account.denied)), (3, 0), "a create deletes nothing");
    let step = begin(&account, &deletion(&resource, bucket("b"))).unwrap();
    let Step::Pending(pending) = step else { panic!("{step:?}") };
    assert!(pending.repeatable, "it can be begun again");
    let poll = Poll {
        kind: OperationKind::Delete,
        cursor: pending.cursor,
        identifier: Some(resource.identifier.clone()),
        token: Token::from("request-3"),
        declared: KnownMap::new(),
    };
    assert!(matches!(now(driver(&account).poll(&poll)).unwrap(), Step::Pending(_)));
    assert_eq!(now(driver(&account).poll(&poll)).unwrap(), Step::Done(Finish::Gone));
    assert_eq!((*lock(&account.denied), *lock(&account.delivered)), (1, 0));
}

#[test]
fn a_bucket_without_the_tag_keeps_its_objects_and_one_that_is_gone_has_none() {
    let account = tagged();
    *lock(&account.pages) = 3;
    let resource = made(&account, bucket("b"));
    for tags in [None, Some(BTreeMap::new())] {
        *lock(&account.tags) = tags;
        let gone = begin(&account, &deletion(&resource, bucket("b"))).unwrap();
        assert_eq!(gone, Step::Done(Finish::Gone));
    }
    assert_eq!((*lock(&account.pages), *lock(&account.denied)), (3, 0));
}

#[test]
fn another_bucket_is_another_object_and_an_update_empties_none() {
    let account = tagged();
    *lock(&account.pages) = 1;
    let resource = made(&account, bucket("b"));
    let change = |name: &str| {
        let mut request = update(&resource, json!({}), bucket(name));
        request.prior = known(bucket("b"));
        object(begin(&account, &Request::Update(request)).unwrap())
    };
    assert_eq!(change("b").identifier, resource.identifier);
    let other = change("c");
    assert_eq!(other.physical_id.as_str(), "c");
    assert_ne!(other.identifier, resource.identifier);
    assert_eq!(*lock(&account.pages), 1);
}

#[test]
fn a_default_group_loses_its_rules_and_gets_them_back() {
    use DefaultRules::{Authorized, Revoked};
    let account = Arc::new(Account::default());
    let resource = made(&account, group("sg-1"));
    let mut request = update(&resource, json!({}), group("sg-2"));
    request.prior = known(group("sg-1"));
    let moved = object(begin(&account, &Request::Update(request)).unwrap());
    assert_eq!(moved.identifier, resource.identifier);
    let gone = begin(&account, &deletion(&moved, group("sg-2"))).unwrap();
    assert_eq!(gone, Step::Done(Finish::Gone));
    let expected =
        [("sg-1", Revoked), ("sg-1", Authorized), ("sg-2", Revoked), ("sg-2", Authorized)];
    let expected = expected.map(|(group, rules)| (group.to_owned(), rules));
    assert_eq!(*lock(&account.rules), expected);
    // A group that is gone with its VPC has no rules to be given back.
    let gone = begin(&account, &deletion(&moved, group("sg-gone"))).unwrap();
    assert_eq!(gone, Step::Done(Finish::Gone));
    assert!(begin(&account, &Request::Create(create(group("sg-gone")))).is_err());
    let unnamed = json!({BuiltIn::PROPERTY: BuiltIn::VpcRestrictDefaultSg.name()});
    let refused = begin(&account, &Request::Create(create(unnamed))).unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::Invalid { .. }), "{refused}");
    assert_eq!(*lock(&account.delivered), 0);
}

#[test]
fn the_handler_is_asked_if_the_user_says_so_and_gets_no_property_of_rstack() {
    let account = Arc::new(Account { asks_all: true, ..Account::default() });
    let step = begin(&account, &Request::Create(create(bucket("b")))).unwrap();
    assert!(matches!(step, Step::Pending(_)), "{step:?}");
    assert_eq!(*lock(&account.delivered), 1);
}
