use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures_util::future::join_all;
use serde_json::json;

use super::*;
use crate::model::{Service, ServiceModel, Shape, ShapeKind};
use crate::test::scripted_api::{assert_sendable, known};

/// VPCs and alarms that exist, and the inputs of the calls in their order.
struct Account {
    vpcs: Vec<String>,
    calls: Mutex<Vec<KnownMap>>,
    /// The failure of every call.
    failure: Option<ErrorKind>,
    pages: bool,
}

impl Account {
    fn with(vpcs: usize) -> Self {
        let vpcs = (0..vpcs).map(|number| format!("vpc-{number}")).collect();
        Self { vpcs, calls: Mutex::default(), failure: None, pages: false }
    }

    /// The number of IDs in each call.
    fn sizes(&self) -> Vec<usize> {
        let calls = self.calls.lock().unwrap();
        calls.iter().map(|it| it["VpcIds"].as_list().unwrap().len()).collect()
    }
}

#[async_trait]
impl Api for Arc<Account> {
    async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        assert_sendable(operation, &input);
        self.calls.lock().unwrap().push(input.clone());
        yield_now().await;
        let error = |kind| Err(DriverError::new(kind, operation, "as the account says"));
        if let Some(kind) = &self.failure {
            return error(kind.clone());
        }
        let Some(ids) = input.get("VpcIds").and_then(KnownValue::as_list) else {
            return Ok(known(json!({"Vpcs": [{"VpcId": "vpc-0"}, {"VpcId": "vpc-1"}]})));
        };
        let ids: Vec<&str> = ids.iter().filter_map(KnownValue::as_str).collect();
        // EC2 refuses the call if one of its IDs does not exist.
        if ids.iter().any(|id| !self.vpcs.iter().any(|vpc| vpc == id)) {
            return error(ErrorKind::NotFound);
        }
        // The order of the answer is the service's own.
        let vpcs: Vec<_> = ids.iter().rev().map(|id| json!({"VpcId": id, "Of": id})).collect();
        let next = (self.pages && ids.len() > 1).then_some("more");
        Ok(known(json!({"Vpcs": vpcs, "NextToken": next.unwrap_or_default()})))
    }
}

fn batched(account: &Arc<Account>) -> Batched {
    let service: Arc<dyn Api> = Arc::new(Arc::clone(account));
    Batched::new(service, &Service::EC2.file().unwrap().batches)
}

fn of(id: &str) -> KnownMap {
    known(json!({"VpcIds": [id]}))
}

async fn ask_all(batched: &Batched, ids: &[String]) -> Vec<Result<KnownMap, DriverError>> {
    join_all(ids.iter().map(|id| batched.call("DescribeVpcs", of(id)))).await
}

/// Polls a future once; true if it is pending.
async fn polled<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("vpc-{number}")).collect()
}

#[tokio::test]
async fn questions_of_one_moment_are_one_call_and_each_gets_its_own_part() {
    let account = Arc::new(Account::with(30));
    let ids = names(30);
    let answers = ask_all(&batched(&account), &ids).await;
    for (id, answer) in ids.iter().zip(answers) {
        let vpcs = answer.unwrap()["Vpcs"].clone();
        assert_eq!(vpcs, known(json!({"l": [{"VpcId": id, "Of": id}]}))["l"]);
    }
    assert_eq!(account.sizes(), [30]);
}

#[tokio::test]
async fn a_call_has_no_more_ids_than_the_service_takes() {
    let account = Arc::new(Account::with(250));
    let answers = ask_all(&batched(&account), &names(250)).await;
    assert!(answers.iter().all(Result::is_ok));
    let mut sizes = account.sizes();
    sizes.sort_unstable();
    assert_eq!(sizes, [50, 100, 100]);
}

#[tokio::test]
async fn an_object_that_is_gone_does_not_hide_the_others() {
    let account = Arc::new(Account::with(3));
    let ids = [names(3), vec!["vpc-gone".to_owned()]].concat();
    let answers = ask_all(&batched(&account), &ids).await;
    assert!(answers[..3].iter().all(Result::is_ok));
    assert_eq!(answers[3].as_ref().unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(account.sizes(), [4, 1, 1, 1, 1]);
}

#[tokio::test]
async fn a_failure_that_is_about_no_object_is_not_repeated_for_each() {
    for (kind, calls) in [
        (ErrorKind::Credentials, 1),
        (ErrorKind::Throttled, 1),
        (ErrorKind::Unreachable, 1),
        (ErrorKind::Conflict, 4),
    ] {
        let account = Arc::new(Account { failure: Some(kind.clone()), ..Account::with(3) });
        let answers = ask_all(&batched(&account), &names(3)).await;
        assert!(answers.iter().all(|it| it.as_ref().unwrap_err().kind == kind));
        assert_eq!(account.sizes().len(), calls, "{kind:?}");
    }
}

#[tokio::test]
async fn the_same_question_is_asked_once() {
    let account = Arc::new(Account::with(1));
    let answers = ask_all(&batched(&account), &vec!["vpc-0".to_owned(); 8]).await;
    assert!(answers.iter().all(|it| it == &answers[0] && it.is_ok()));
    assert_eq!(account.sizes(), [1]);
}

#[tokio::test]
async fn an_answer_that_goes_on_is_not_taken_apart() {
    let account = Arc::new(Account { pages: true, ..Account::with(2) });
    let answers = ask_all(&batched(&account), &names(2)).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(account.sizes(), [2, 1, 1]);
}

#[tokio::test]
async fn questions_of_another_form_go_out_as_they_are() {
    let account = Arc::new(Account::with(2));
    let batched = batched(&account);
    let filtered = known(json!({"Filters": [{"Name": "vpc-id", "Values": ["vpc-0"]}]}));
    let other = known(json!({"VpcIds": ["vpc-1"], "DryRun": false}));
    let two = known(json!({"VpcIds": ["vpc-0", "vpc-1"]}));
    let inputs = [filtered, of("vpc-0"), other, two];
    let calls = inputs.iter().map(|it| batched.call("DescribeVpcs", it.clone()));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    let sent = account.calls.lock().unwrap();
    assert!(inputs.iter().all(|input| sent.contains(input)), "{sent:?}");
    assert_eq!(sent.len(), inputs.len());
}

#[tokio::test]
async fn those_who_joined_are_answered_though_the_first_gave_up() {
    let account = Arc::new(Account::with(3));
    let batched = batched(&account);
    for polls in [1, 2] {
        let mut first = Box::pin(batched.call("DescribeVpcs", of("vpc-0")));
        let mut others = Box::pin(async {
            join_all(["vpc-1", "vpc-2"].map(|id| batched.call("DescribeVpcs", of(id)))).await
        });
        // Begun and joined, then sent: the first asker is dropped with the batch in its hands.
        for _ in 0..polls {
            assert!(polled(&mut first).await);
            assert!(polled(&mut others).await);
        }
        drop(first);
        assert!(others.await.iter().all(Result::is_ok), "after {polls}");
    }
}

#[test]
fn the_rules_name_members_that_the_models_have() {
    let mut found = BTreeSet::new();
    for &service in Service::ALL {
        let model = ServiceModel::of(service).unwrap();
        for rule in &service.file().unwrap().batches {
            let operation = model.operation(&rule.operation).unwrap();
            let members = |shape: &Option<String>| {
                model.shape(shape.as_deref().unwrap()).and_then(Shape::members).unwrap()
            };
            let Some(ShapeKind::List { member }) =
                model.shape(&members(&operation.input)[&rule.ids].shape).map(|it| &it.kind)
            else {
                panic!("{} takes no list", rule.operation);
            };
            assert!(model.shape(&member.shape).is_some());
            let items = &members(&operation.output)[&rule.items];
            let Some(ShapeKind::List { member }) = model.shape(&items.shape).map(|it| &it.kind)
            else {
                panic!("{} answers with no list", rule.operation);
            };
            let item = model.shape(&member.shape).and_then(Shape::members).unwrap();
            assert!(item.contains_key(&rule.id), "{}", rule.operation);
            assert!(operation.reads() && rule.most > 1, "{}", rule.operation);
            assert!(found.insert((service.name(), &rule.operation)));
        }
    }
    assert_eq!(found.len(), 12);
}
