//! Every type that is one named configuration: created, read back, changed.

use rstack_driver::{ErrorKind, NoEffects, Observed};
use rstack_model::{KnownMap, KnownValue};
use serde_json::{Value, json};

use super::support::{create, driver, update};
use crate::test::scripted_api::{ScriptedApi, known};

struct Case {
    noun: &'static str,
    operations: [&'static str; 4],
    list: Value,
    declared: Value,
    sent: Value,
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            noun: "CachePolicy",
            operations: [
                "ListCachePolicies",
                "CreateCachePolicy",
                "GetCachePolicy",
                "UpdateCachePolicy",
            ],
            list: json!({"CachePolicyList": {"Quantity": 0}}),
            declared: json!({
                "Name": "n", "MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 31_536_000,
                "ParametersInCacheKeyAndForwardedToOrigin": {
                    "EnableAcceptEncodingGzip": true,
                    "HeadersConfig": {"HeaderBehavior": "none"},
                    "CookiesConfig": {"CookieBehavior": "whitelist", "Cookies": ["c"]},
                    "QueryStringsConfig": {"QueryStringBehavior": "all"},
                },
            }),
            sent: json!({
                "Name": "n", "MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 31_536_000,
                "ParametersInCacheKeyAndForwardedToOrigin": {
                    "EnableAcceptEncodingGzip": true,
                    "HeadersConfig": {"HeaderBehavior": "none"},
                    "CookiesConfig": {"CookieBehavior": "whitelist",
                        "Cookies": {"Quantity": 1, "Items": ["c"]}},
                    "QueryStringsConfig": {"QueryStringBehavior": "all"},
                },
            }),
        },
        Case {
            noun: "OriginRequestPolicy",
            operations: [
                "ListOriginRequestPolicies",
                "CreateOriginRequestPolicy",
                "GetOriginRequestPolicy",
                "UpdateOriginRequestPolicy",
            ],
            list: json!({"OriginRequestPolicyList": {"Quantity": 0}}),
            declared: json!({
                "Name": "n", "Comment": "Policy to FWD CloudFront headers",
                "CookiesConfig": {"CookieBehavior": "none"},
                "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Referer", "User-Agent"]},
                "QueryStringsConfig": {"QueryStringBehavior": "all"},
            }),
            sent: json!({
                "Name": "n", "Comment": "Policy to FWD CloudFront headers",
                "CookiesConfig": {"CookieBehavior": "none"},
                "HeadersConfig": {"HeaderBehavior": "whitelist",
                    "Headers": {"Quantity": 2, "Items": ["Referer", "User-Agent"]}},
                "QueryStringsConfig": {"QueryStringBehavior": "all"},
            }),
        },
        Case {
            noun: "ResponseHeadersPolicy",
            operations: [
                "ListResponseHeadersPolicies",
                "CreateResponseHeadersPolicy",
                "GetResponseHeadersPolicy",
                "UpdateResponseHeadersPolicy",
            ],
            list: json!({"ResponseHeadersPolicyList": {"Quantity": 0}}),
            declared: json!({
                "Name": "n",
                "CorsConfig": {
                    "AccessControlAllowCredentials": false,
                    "AccessControlAllowHeaders": {"Items": ["*"]},
                    "AccessControlAllowMethods": {"Items": ["GET"]},
                    "AccessControlAllowOrigins": {"Items": ["https://a.example", "https://b.example"]},
                    "OriginOverride": true,
                },
                "RemoveHeadersConfig": {"Items": [{"Header": "Server"}]},
                "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": true}},
            }),
            sent: json!({
                "Name": "n",
                "CorsConfig": {
                    "AccessControlAllowCredentials": false,
                    "AccessControlAllowHeaders": {"Quantity": 1, "Items": ["*"]},
                    "AccessControlAllowMethods": {"Quantity": 1, "Items": ["GET"]},
                    "AccessControlAllowOrigins": {"Quantity": 2,
                        "Items": ["https://a.example", "https://b.example"]},
                    "OriginOverride": true,
                },
                "RemoveHeadersConfig": {"Quantity": 1, "Items": [{"Header": "Server"}]},
                "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": true}},
            }),
        },
        Case {
            noun: "OriginAccessControl",
            operations: [
                "ListOriginAccessControls",
                "CreateOriginAccessControl",
                "GetOriginAccessControl",
                "UpdateOriginAccessControl",
            ],
            list: json!({"OriginAccessControlList": {"IsTruncated": false, "Items": [
                {"Id": "x", "Name": "another"},
            ]}}),
            declared: json!({
                "Name": "n", "SigningProtocol": "sigv4", "SigningBehavior": "always",
                "OriginAccessControlOriginType": "mediapackagev2",
            }),
            sent: json!({
                "Name": "n", "SigningProtocol": "sigv4", "SigningBehavior": "always",
                "OriginAccessControlOriginType": "mediapackagev2",
            }),
        },
        Case {
            noun: "PublicKey",
            operations: ["ListPublicKeys", "CreatePublicKey", "GetPublicKey", "UpdatePublicKey"],
            list: json!({"PublicKeyList": {"Quantity": 1, "Items": [{"Id": "x", "Name": "another"}]}}),
            declared: json!({
                "Name": "n", "CallerReference": "c", "EncodedKey": "MIIB", "Comment": "mine",
            }),
            sent: json!({
                "Name": "n", "CallerReference": "c", "EncodedKey": "MIIB\n", "Comment": "mine",
            }),
        },
        Case {
            noun: "KeyGroup",
            operations: ["ListKeyGroups", "CreateKeyGroup", "GetKeyGroup", "UpdateKeyGroup"],
            list: json!({"KeyGroupList": {"Quantity": 1, "Items": [
                {"KeyGroup": {"Id": "x", "KeyGroupConfig": {"Name": "another", "Items": []}}},
            ]}}),
            declared: json!({"Name": "n", "Items": ["K1", "K2"], "Comment": "mine"}),
            sent: json!({"Name": "n", "Items": ["K1", "K2"], "Comment": "mine"}),
        },
    ]
}

#[tokio::test]
async fn they_are_created_read_and_changed_with_what_is_declared() {
    for case in cases() {
        let [list, make, get, change] = case.operations;
        let config = format!("{}Config", case.noun);
        let answer = json!({
            case.noun: {"Id": "i", "LastModifiedTime": "2026-01-01T00:00:00Z", &config: case.sent},
            "ETag": "E1",
        });
        let (service, driver) = driver(
            &format!("AWS::CloudFront::{}", case.noun),
            ScriptedApi::new()
                .answer(list, case.list)
                .answer(make, answer.clone())
                .answer(get, answer.clone())
                .answer(get, answer.clone())
                .answer(change, answer)
                .fail(get, ErrorKind::NotFound, "NoSuchObject"),
        );
        let declared = known(json!({&config: case.declared}));
        let sent = KnownMap::from([(config.clone(), KnownValue::from_json(case.sent))]);
        let made = driver.create(&create(declared.clone()), &NoEffects).await.unwrap();
        assert_eq!((made.physical_id.as_str(), &made.properties), ("i", &declared));
        assert_eq!(made.attributes["Id"], "i".into());
        assert_eq!(service.input(1), sent);
        let seen = driver.read(&"i".into(), &declared).await.unwrap();
        assert_eq!(seen, Observed::Present(made.clone()));
        let request = update("i", declared.clone(), declared.clone());
        assert_eq!(driver.update(&request).await.unwrap(), made);
        let mut changed = sent;
        changed.extend(known(json!({"Id": "i", "IfMatch": "E1"})));
        assert_eq!(service.input(4), changed);
        assert_eq!(driver.read(&"i".into(), &declared).await.unwrap(), Observed::Absent);
        service.assert_finished();
    }
}

/// A key that was stored without the line break is not changed by an update of its comment.
#[tokio::test]
async fn a_key_is_sent_as_the_service_has_it() {
    let config = |key: &str, comment: &str| json!({"Name": "n", "CallerReference": "c", "EncodedKey": key, "Comment": comment});
    let read = |comment: &str| {
        let object = json!({"Id": "i", "PublicKeyConfig": config("MIIB", comment)});
        json!({"PublicKey": object, "ETag": "E1"})
    };
    let (service, driver) = driver(
        "AWS::CloudFront::PublicKey",
        ScriptedApi::new()
            .answer("GetPublicKey", read("old"))
            .answer("UpdatePublicKey", read("new")),
    );
    let declared = |comment: &str| known(json!({"PublicKeyConfig": config("MIIB\n", comment)}));
    let changed = driver.update(&update("i", declared("old"), declared("new"))).await.unwrap();
    assert_eq!(changed.properties, declared("new"));
    let sent = KnownValue::from_json(config("MIIB", "new"));
    assert_eq!(service.input(1)["PublicKeyConfig"], sent);
}

/// The second of two equal requests is refused, because the first one made another version.
#[tokio::test]
async fn a_change_that_arrives_twice_is_done_and_another_one_is_not_overwritten() {
    let config = |comment: &str| {
        json!({
            "Name": "n", "Description": comment, "SigningProtocol": "sigv4",
            "SigningBehavior": "always", "OriginAccessControlOriginType": "s3",
        })
    };
    let read = |comment: &str, etag: &str| {
        let object = json!({"Id": "i", "OriginAccessControlConfig": config(comment)});
        json!({"OriginAccessControl": object, "ETag": etag})
    };
    let declared = |comment: &str| known(json!({"OriginAccessControlConfig": config(comment)}));
    for (meanwhile, expected) in [("new", None), ("theirs", Some(ErrorKind::Conflict))] {
        let (service, driver) = driver(
            "AWS::CloudFront::OriginAccessControl",
            ScriptedApi::new()
                .answer("GetOriginAccessControl", read("old", "E1"))
                .fail("UpdateOriginAccessControl", ErrorKind::Conflict, "PreconditionFailed")
                .answer("GetOriginAccessControl", read(meanwhile, "E2")),
        );
        let updated = driver.update(&update("i", declared("old"), declared("new"))).await;
        assert_eq!(updated.err().map(|error| error.kind), expected);
        service.assert_finished();
    }
}

#[test]
fn the_physical_ids_are_what_ref_returns() {
    let reference = |name: &str| {
        let type_name = format!("AWS::CloudFront::{name}");
        let schema = rstack_catalog::Registry::embedded().get(&type_name).unwrap().unwrap();
        schema.ref_identifier().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for case in cases() {
        assert_eq!(reference(case.noun), ["Id"], "{}", case.noun);
    }
    assert_eq!(reference("Distribution"), ["Id"]);
    assert_eq!(reference("CloudFrontOriginAccessIdentity"), ["Id"]);
    assert_eq!(reference("Function"), ["FunctionARN"]);
    assert_eq!(reference("KeyValueStore"), ["Name"]);
    assert_eq!(reference("RealtimeLogConfig"), ["Arn"]);
}
