//! Packaging groups: a type whose update is split between two operations, and that gives all of its
//! properties when it is created. Assets: a type that no operation changes.

use super::*;

const ARN: &str = "arn:aws:mediapackage-vod:eu-west-1:111122223333:packaging-groups/x";

fn group_driver(script: ScriptedApi) -> (Arc<ScriptedApi>, RestDriver) {
    driver("AWS::MediaPackage::PackagingGroup", script)
}

fn authorization(secret: &str) -> Value {
    json!({"CdnIdentifierSecret": secret, "SecretsRoleArn": "arn:aws:iam::111122223333:role/r"})
}

fn group(more: Value) -> Value {
    let mut group = json!({"Id": "live"});
    group.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    group
}

/// A group as the service describes it.
fn described(more: Value) -> Value {
    let mut described = group(more);
    described["Arn"] = ARN.into();
    described["DomainName"] = "https://x.egress.mediapackage-vod.example".into();
    described["Tags"] = json!({"rstack:operation": TOKEN});
    described
}

#[tokio::test]
async fn one_call_creates_a_group_with_its_access_logs() {
    let logs = json!({"EgressAccessLogs": {"LogGroupName": "/aws/MediaPackage/x"}});
    let script = ScriptedApi::new().answer("CreatePackagingGroup", described(logs.clone()));
    let (script, driver) = group_driver(script);
    let object = driver.create(&create(group(logs.clone())), &NoEffects).await.unwrap();
    script.assert_finished();
    let mut sent = group(logs);
    sent["Tags"] = json!({"rstack:operation": TOKEN});
    assert_eq!(script.input(0), known(sent));
    let domain = object.attributes.get("DomainName").and_then(KnownValue::as_str);
    assert_eq!(domain, Some("https://x.egress.mediapackage-vod.example"));
}

#[tokio::test]
async fn access_logs_that_the_creating_call_did_not_take_are_configured() {
    let logs = json!({"EgressAccessLogs": {"LogGroupName": "/aws/MediaPackage/x"}});
    let script = ScriptedApi::new()
        .answer("CreatePackagingGroup", described(json!({})))
        .answer("ConfigureLogs", json!({}))
        .answer("DescribePackagingGroup", described(logs.clone()));
    let (script, driver) = group_driver(script);
    driver.create(&create(group(logs.clone())), &NoEffects).await.unwrap();
    script.assert_finished();
    assert_eq!(script.input(1), known(group(logs)));
}

#[tokio::test]
async fn each_property_is_changed_by_its_own_operation() {
    let before = json!({"Authorization": authorization("one"), "EgressAccessLogs": {}});
    for (change, operation) in [
        (json!({"Authorization": authorization("two")}), "UpdatePackagingGroup"),
        (json!({"EgressAccessLogs": {"LogGroupName": "/aws/MediaPackage/y"}}), "ConfigureLogs"),
    ] {
        let mut after = before.clone();
        after.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let script = ScriptedApi::new()
            .answer("DescribePackagingGroup", described(before.clone()))
            .answer(operation, json!({}))
            .answer("DescribePackagingGroup", described(after.clone()));
        let (script, driver) = group_driver(script);
        driver.update(&update(group(before.clone()), group(after))).await.unwrap();
        script.assert_finished();
        assert_eq!(script.input(1), known(group(change)));
    }
}

#[tokio::test]
async fn an_authorization_that_the_service_keeps_is_an_error() {
    let held = json!({"Authorization": authorization("one")});
    let script = ScriptedApi::new()
        .answer("DescribePackagingGroup", described(held.clone()))
        .answer("UpdatePackagingGroup", json!({}))
        .answer("DescribePackagingGroup", described(held.clone()));
    let (script, driver) = group_driver(script);
    let error = driver.update(&update(group(held), group(json!({})))).await.unwrap_err();
    script.assert_finished();
    assert!(error.message.contains("replace the packaging group"), "{error}");
    assert_eq!(error.operation, "mediapackage-vod:UpdatePackagingGroup");
}

#[tokio::test]
async fn an_asset_sends_no_egress_endpoints_and_shows_those_of_the_service() {
    let declared = json!({
        "Id": "live", "PackagingGroupId": "g", "SourceArn": "arn:aws:s3:::b/k.smil",
        "SourceRoleArn": "arn:aws:iam::111122223333:role/r",
    });
    let mut answer = declared.clone();
    answer["Arn"] = "arn:aws:mediapackage-vod:eu-west-1:111122223333:assets/live".into();
    answer["CreatedAt"] = "2026-01-02T03:04:05Z".into();
    answer["EgressEndpoints"] = json!([
        {"PackagingConfigurationId": "hls", "Status": "PLAYABLE", "Url": "https://x.example/i.m3u8"}
    ]);
    let (script, driver) =
        driver("AWS::MediaPackage::Asset", ScriptedApi::new().answer("CreateAsset", answer));
    let mut given = declared.clone();
    given["EgressEndpoints"] = json!([]);
    let object = driver.create(&create(given), &NoEffects).await.unwrap();
    let mut sent = declared;
    sent["Tags"] = json!({"rstack:operation": TOKEN});
    assert_eq!(script.input(0), known(sent));
    let created = object.attributes.get("CreatedAt").and_then(KnownValue::as_str);
    assert_eq!(created, Some("2026-01-02T03:04:05Z"));
    let seen = object.properties["EgressEndpoints"].as_list().unwrap();
    let url = seen[0].get("Url").and_then(KnownValue::as_str);
    assert_eq!(url, Some("https://x.example/i.m3u8"));
}
