//! Rules go through the conformance suite, and what EventBridge does not do with all targets is an
//! error.

use std::sync::Arc;

use rstack_catalog::Registry;
use rstack_driver::conformance::{Sample, check};
use rstack_driver::{CreateRequest, DirectDriver, ErrorKind};
use rstack_model::{Region, StackName};
use serde_json::json;

use super::rule::Rule;
use crate::AwsCloud;
use crate::mapping::tests::generate::{Fullness, Generator};
use crate::test::fake::{FakeServices, REGION};
use crate::test::journaled_api::{JournaledApi, failure, json as answer};
use crate::test::scripted_api::known;

#[tokio::test]
async fn every_property_of_a_rule_passes_the_conformance_suite() {
    let schema = Registry::embedded().get("AWS::Events::Rule").unwrap().unwrap();
    for seed in [1, 7, 0x9E37_79B9] {
        let tree = |seed| {
            let (fullness, without) = (Fullness::Everything, ["Arn_", "RuleName"]);
            Generator { schema: &schema, fullness, seed, without: &without }.map(schema.root(), 0)
        };
        let (create, mut change) = (tree(seed), tree(seed + 2));
        for name in ["EventBusName", "Name"] {
            change.insert(name.to_owned(), create[name].clone());
        }
        let read_only = |name: &String| name == "Arn";
        let own = |tree: rstack_model::KnownMap| {
            tree.into_iter().filter(|(name, _)| !read_only(name)).collect()
        };
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let sample = Sample {
            resource_type: "AWS::Events::Rule".into(),
            stack: StackName::parse("Live").unwrap(),
            change: Some(own(change)),
            create: own(create),
            unread: Vec::new(),
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3a".into(),
            missing: "arn:aws:events:eu-west-1:1:rule/missing".into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{broken:?}: {:?}", sample.create);
        }
        assert!(services.account().inventory().is_empty());
    }
}

fn request() -> CreateRequest {
    let target = json!({"Id": "a", "Arn": "arn:aws:sqs:q"});
    CreateRequest {
        stack: StackName::parse("Live").unwrap(),
        address: "It".into(),
        token: "T".into(),
        properties: known(json!({"Name": "r", "ScheduleExpression": "x", "Targets": [target]})),
        absence_proven: false,
        begun: None,
    }
}

/// A call that puts targets can succeed and fail for some of them.
#[tokio::test]
async fn a_target_that_was_not_put_is_an_error() {
    for (code, passes) in [("ConcurrentModificationException", true), ("InvalidArn", false)] {
        let failed = json!({"FailedEntryCount": 1, "FailedEntries": [
            {"TargetId": "a", "ErrorCode": code, "ErrorMessage": "no"},
        ]});
        let api = JournaledApi::new([
            ("DescribeRule", failure(ErrorKind::NotFound, "ResourceNotFoundException")),
            ("PutRule", answer(r#"{"RuleArn":"arn:aws:events:eu-west-1:1:rule/r"}"#)),
            ("ListTargetsByRule", answer(r#"{"Targets":[]}"#)),
            ("PutTargets", answer(&failed.to_string())),
        ]);
        let rule = Rule::new(Arc::<JournaledApi>::clone(&api));
        let error = rule.create(&request(), &*api).await.unwrap_err();
        assert_eq!(error.is_retryable(), passes, "{error:?}");
        assert!(error.message.starts_with(&format!("target `a`: {code}")), "{error}");
        api.assert_calls_start(&[
            r#"DescribeRule {"Name":"r"}"#,
            "absent",
            r#"PutRule {"Name":"r","ScheduleExpression":"x","Tags""#,
            "effect r",
            r#"ListTargetsByRule {"Rule":"r"}"#,
            r#"PutTargets {"Rule":"r","Targets":[{"Arn":"arn:aws:sqs:q","Id":"a"}]}"#,
        ]);
    }
}
