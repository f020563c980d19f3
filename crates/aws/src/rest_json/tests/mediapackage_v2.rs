//! Types of MediaPackage V2: names within an ARN, compound names, and policies that a Put replaces.

use super::*;

const GROUP: &str = "arn:aws:mediapackagev2:eu-west-1:111122223333:channelGroup/g";

fn policy_driver(script: ScriptedApi) -> (Arc<ScriptedApi>, RestDriver) {
    driver("AWS::MediaPackageV2::ChannelPolicy", script)
}

fn policy(effect: &str) -> Value {
    json!({
        "ChannelGroupName": "g", "ChannelName": "c",
        "Policy": {"Version": "2012-10-17", "Statement": [{"Effect": effect}]},
    })
}

/// A policy as the service describes it: text, with spaces of its own.
fn described(effect: &str) -> Value {
    let mut described = policy(effect);
    described["Policy"] = serde_json::to_string_pretty(&described["Policy"]).unwrap().into();
    described
}

fn missing(script: ScriptedApi) -> ScriptedApi {
    script.fail("GetChannelPolicy", ErrorKind::NotFound, "ResourceNotFoundException")
}

#[tokio::test]
async fn the_operations_on_an_endpoint_take_the_names_in_its_arn() {
    let arn = format!("{GROUP}/channel/c/originEndpoint/e");
    let answer = json!({
        "Arn": arn, "ChannelGroupName": "g", "ChannelName": "c", "OriginEndpointName": "e",
        "ContainerType": "CMAF",
        "HlsManifests": [{"ManifestName": "a", "Url": "https://a"}, {"ManifestName": "b", "Url": "https://b"}],
        "DashManifests": [{"ManifestName": "d", "Url": "https://d"}],
    });
    let script = ScriptedApi::new().answer("GetOriginEndpoint", answer);
    let (script, driver) = driver("AWS::MediaPackageV2::OriginEndpoint", script);
    let read = driver.read(&arn.as_str().into(), &KnownMap::new()).await.unwrap();
    let Observed::Present(object) = read else { panic!("{read:?}") };
    let names = json!({"ChannelGroupName": "g", "ChannelName": "c", "OriginEndpointName": "e"});
    assert_eq!(script.input(0), known(names));
    assert_eq!(
        (object.identifier, object.physical_id.as_str()),
        (arn.as_str().into(), arn.as_str())
    );
    let urls = |name: &str| object.attributes.get(name).cloned();
    assert_eq!(
        urls("HlsManifestUrls"),
        Some(KnownValue::from_json(json!(["https://a", "https://b"])))
    );
    assert_eq!(urls("DashManifestUrls"), Some(KnownValue::from_json(json!(["https://d"]))));
    assert_eq!(urls("MssManifestUrls"), None);

    let error = driver.read(&GROUP.into(), &KnownMap::new()).await.unwrap_err();
    assert!(error.message.contains("names no origin endpoint"), "{error}");
    script.assert_finished();
}

#[tokio::test]
async fn manifests_that_were_never_declared_stay_and_are_sent_without_their_urls() {
    let arn = format!("{GROUP}/channel/c/originEndpoint/e");
    let now = json!({
        "Arn": arn, "ChannelGroupName": "g", "ChannelName": "c", "OriginEndpointName": "e",
        "ContainerType": "CMAF", "Description": "old",
        "HlsManifests": [{"ManifestName": "a", "Url": "https://a"}],
    });
    let script = ScriptedApi::new()
        .answer("GetOriginEndpoint", now.clone())
        .answer("UpdateOriginEndpoint", json!({}))
        .answer("GetOriginEndpoint", now);
    let (script, driver) = driver("AWS::MediaPackageV2::OriginEndpoint", script);
    let endpoint = |description: &str| {
        json!({
            "ChannelGroupName": "g", "ChannelName": "c", "OriginEndpointName": "e",
            "ContainerType": "CMAF", "Description": description,
        })
    };
    let mut request = update(endpoint("old"), endpoint("new"));
    request.identifier = arn.as_str().into();
    driver.update(&request).await.unwrap();
    let mut sent = endpoint("new");
    sent["HlsManifests"] = json!([{"ManifestName": "a"}]);
    assert_eq!(script.input(1), known(sent));
    script.assert_finished();
}

#[tokio::test]
async fn a_policy_is_put_only_after_the_proof_that_there_is_none() {
    let script = missing(ScriptedApi::new())
        .answer("PutChannelPolicy", json!({}))
        .answer("GetChannelPolicy", described("Allow"));
    let (script, driver) = policy_driver(script);
    let object = driver.create(&create(policy("Allow")), &NoEffects).await.unwrap();
    script.assert_finished();
    assert_eq!(object.identifier, Identifier::new(["g".to_owned(), "c".to_owned()]));
    assert_eq!(object.physical_id.as_str(), "g|c");
    assert_eq!(object.properties, known(policy("Allow")));

    // One that exists is not replaced.
    let script = ScriptedApi::new().answer("GetChannelPolicy", described("Deny"));
    let (script, driver) = policy_driver(script);
    let error = driver.create(&create(policy("Allow")), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("channel policy of `g/c` exists already"), "{error}");
    script.assert_finished();
}

#[tokio::test]
async fn a_lost_policy_is_ours_if_there_was_none_before_and_it_says_what_was_put() {
    let proven = CreateRequest { absence_proven: true, ..create(policy("Allow")) };
    let (_, driver) = policy_driver(ScriptedApi::new());
    assert_eq!(driver.find(&create(policy("Allow"))).await.unwrap(), Found::Absent);
    let (_, driver) = policy_driver(missing(ScriptedApi::new()));
    assert_eq!(driver.find(&proven).await.unwrap(), Found::Absent);
    let script = ScriptedApi::new().answer("GetChannelPolicy", described("Allow"));
    let (_, driver) = policy_driver(script);
    assert!(matches!(driver.find(&proven).await.unwrap(), Found::Ours(_)));
    let script = ScriptedApi::new().answer("GetChannelPolicy", described("Deny"));
    let (_, driver) = policy_driver(script);
    let found = driver.find(&proven).await.unwrap();
    assert!(matches!(found, Found::Ambiguous { .. }), "{found:?}");
}

#[tokio::test]
async fn what_is_in_use_is_deleted_later() {
    let script =
        ScriptedApi::new().fail("DeleteChannelGroup", ErrorKind::Conflict, "ConflictException");
    let (_, driver) = driver("AWS::MediaPackageV2::ChannelGroup", script);
    let request = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: GROUP.into(),
        token: Token::new(TOKEN),
        prior: KnownMap::new(),
    };
    let error = driver.delete(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}
