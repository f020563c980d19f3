//! The rules against botocore's evaluation of the same rule sets, and against the SDK's resolvers,
//! which AWS generates from them.

use aws_smithy_runtime_api::client::endpoint::{EndpointResolverParams, SharedEndpointResolver};
use serde_json::{Value, json};

use super::*;
use crate::test::scripted_api::golden;

/// One row of the golden file: the settings, and what botocore says.
struct Row {
    settings: EndpointSettings,
    expected: Value,
}

fn rows(service: Service) -> Vec<Row> {
    let golden = golden(service.name());
    let rows = golden["endpoints"].as_array().unwrap().iter().map(|row| {
        let text = |key: &str| row[key].as_str().map(str::to_owned);
        let settings = EndpointSettings {
            region: text("region"),
            dual_stack: row["dualStack"].as_bool(),
            fips: row["fips"].as_bool(),
            url: text("endpoint"),
            ..EndpointSettings::default()
        };
        Row { settings, expected: row.clone() }
    });
    rows.collect()
}

#[test]
fn endpoints_are_those_of_botocore() {
    let mut wrong = Vec::new();
    for &service in Service::ALL {
        let rules = RuleSet::of(service).unwrap();
        let rows = rows(service);
        assert!(rows.len() > 200, "{service:?}");
        for Row { settings, expected } in rows {
            let fits = match (rules.resolve(&settings), expected["refused"].as_str()) {
                (Ok(found), None) => {
                    expected["url"] == found.url
                        && expected["properties"] == Value::Object(found.properties)
                }
                // Botocore puts a sentence around the text of the rule set.
                (Err(EndpointError::Refused { reason }), Some(refused)) => {
                    refused.contains(&reason)
                }
                (Ok(_) | Err(_), _) => false,
            };
            if !fits {
                let ours = rules.resolve(&settings);
                wrong.push(format!("{service:?}: {ours:?}\n  theirs {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn functions_have_the_values_that_botocore_gives() {
    let golden = golden("functions");
    let rows = golden.as_array().unwrap();
    assert!(rows.len() > 80);
    for row in rows {
        let name = row["function"].as_str().unwrap();
        let call = parse::rule_set(&json!({
            "parameters": {},
            "rules": [{
                "type": "error",
                "conditions": [],
                "error": {"fn": name, "argv": row["arguments"]},
            }],
        }));
        let rules = call.unwrap();
        let Outcome::Refusal(Expression::Call(function, _)) = &rules.rules[0].outcome else {
            panic!("{row}")
        };
        let arguments: Vec<Option<Value>> = row["arguments"]
            .as_array()
            .unwrap()
            .iter()
            .cloned()
            .map(|argument| (!argument.is_null()).then_some(argument))
            .collect();
        let ours = functions::call(*function, &arguments).unwrap_or(Value::Null);
        assert_eq!(ours, row["value"], "{row}");
    }
}

/// The resolver of a typed crate of the SDK, with its parameters.
macro_rules! judge {
    ($crate_name:ident, $settings:expr) => {{
        use $crate_name::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
        let settings: &EndpointSettings = $settings;
        let params = Params::builder()
            .set_region(settings.region.clone())
            .set_use_dual_stack(settings.dual_stack)
            .set_use_fips(settings.fips)
            .set_endpoint(settings.url.clone())
            .build()
            .unwrap();
        let resolver: SharedEndpointResolver = DefaultResolver::new().into_shared_resolver();
        (resolver, EndpointResolverParams::new(params))
    }};
}

#[tokio::test]
async fn endpoints_are_those_of_the_sdk() {
    use aws_smithy_runtime_api::client::endpoint::ResolveEndpoint;
    for service in [Service::CLOUDFRONT, Service::MEDIAPACKAGE, Service::SECRETSMANAGER] {
        let rules = RuleSet::of(service).unwrap();
        for Row { settings, .. } in rows(service) {
            let (resolver, params) = match service.name() {
                "cloudfront" => judge!(aws_sdk_cloudfront, &settings),
                "mediapackage" => judge!(aws_sdk_mediapackage, &settings),
                _ => judge!(aws_sdk_secretsmanager, &settings),
            };
            let theirs = resolver.resolve_endpoint(&params).await;
            let what = format!("{service:?} {settings:?}");
            match (rules.resolve(&settings), theirs) {
                (Ok(ours), Ok(theirs)) => {
                    assert_eq!(ours.url, theirs.url(), "{what}");
                    let scheme = &ours.properties.get("authSchemes").and_then(|list| list.get(0));
                    let named = |key: &str| {
                        let own = theirs.auth_schemes().first().and_then(|found| found.get(key));
                        own.and_then(|text| text.as_string().map(str::to_owned))
                    };
                    let said = |key: &str| {
                        scheme.and_then(|scheme| scheme.get(key)?.as_str()).map(str::to_owned)
                    };
                    for key in ["signingName", "signingRegion"] {
                        assert_eq!(said(key), named(key), "{what}");
                    }
                }
                (Err(_), Err(_)) => {}
                (ours, theirs) => panic!("{what}: {ours:?}, theirs {theirs:?}"),
            }
        }
    }
}

#[test]
fn a_rule_set_that_says_what_is_not_known_is_not_opened() {
    let set = |rule: Value| parse::rule_set(&json!({"parameters": {}, "rules": [rule]}));
    let endpoint = |url: Value| json!({"type": "endpoint", "conditions": [], "endpoint": {"url": url, "headers": {}}});
    assert!(set(endpoint(json!("https://{Region}/{{x}}"))).is_ok());
    let problem = |rule| set(rule).unwrap_err();
    assert_eq!(
        problem(endpoint(json!({"fn": "aws.guess", "argv": []}))),
        "the function `aws.guess` is not known"
    );
    assert!(problem(endpoint(json!("https://{Region"))).contains("braces"));
    assert!(problem(json!({"type": "maybe", "conditions": []})).contains("unknown type"));
    let mut headers = endpoint(json!("https://x"));
    headers["endpoint"]["headers"] = json!({"x": ["y"]});
    assert!(problem(headers).contains("headers"));
}

#[test]
fn a_required_setting_that_is_missing_is_named() {
    let set = parse::rule_set(&json!({
        "parameters": {"Region": {"builtIn": "AWS::Region", "required": true, "type": "string"}},
        "rules": [],
    }));
    let set = set.unwrap();
    let resolve = |region: Option<&str>| {
        let region = region.map(str::to_owned);
        set.resolve(&EndpointSettings { region, ..EndpointSettings::default() })
    };
    assert_eq!(resolve(None), Err(EndpointError::Missing { setting: "Region".to_owned() }));
    assert_eq!(resolve(Some("eu-west-1")), Err(EndpointError::NoRule));
}

/// Source: "Making requests to Amazon S3", Amazon S3 User Guide; "Amazon S3 endpoints", AWS General
/// Reference.
#[test]
fn a_bucket_is_a_part_of_the_host_or_of_the_path() {
    let rules = RuleSet::of(Service::S3).unwrap();
    let resolve = |region: &str, bucket: &str, change: fn(&mut EndpointSettings)| {
        let mut settings = EndpointSettings {
            region: Some(region.to_owned()),
            bucket: Some(bucket.to_owned()),
            ..EndpointSettings::default()
        };
        change(&mut settings);
        rules.resolve(&settings).map(|found| {
            let scheme = &found.properties["authSchemes"][0];
            assert_eq!(scheme["signingName"], "s3");
            assert_eq!(scheme["signingRegion"], region);
            found.url
        })
    };
    let url = |text: &str| Ok(text.to_owned());
    let plain = |_: &mut EndpointSettings| ();
    assert_eq!(
        resolve("eu-west-1", "cdk-x-assets-1", plain),
        url("https://cdk-x-assets-1.s3.eu-west-1.amazonaws.com")
    );
    assert_eq!(
        resolve("us-east-1", "bucket", plain),
        url("https://bucket.s3.us-east-1.amazonaws.com")
    );
    assert_eq!(
        resolve("cn-north-1", "bucket", plain),
        url("https://bucket.s3.cn-north-1.amazonaws.com.cn")
    );
    // The certificate of the host has one label for the bucket.
    assert_eq!(
        resolve("eu-west-1", "a.b.c", plain),
        url("https://s3.eu-west-1.amazonaws.com/a.b.c")
    );
    assert_eq!(
        resolve("eu-west-1", "bucket", |it| it.dual_stack = Some(true)),
        url("https://bucket.s3.dualstack.eu-west-1.amazonaws.com")
    );
    assert_eq!(
        resolve("us-east-1", "bucket", |it| it.fips = Some(true)),
        url("https://bucket.s3-fips.us-east-1.amazonaws.com")
    );
    let emulator = |it: &mut EndpointSettings| {
        it.url = Some("http://localhost:4566".to_owned());
        it.path_style = Some(true);
    };
    assert_eq!(resolve("eu-west-1", "bucket", emulator), url("http://localhost:4566/bucket"));
}
