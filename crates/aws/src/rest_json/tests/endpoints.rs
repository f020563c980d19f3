//! Origin endpoints: what they say of packages, what their updates take back and leave.

use super::*;

#[tokio::test]
async fn a_refused_create_that_names_a_role_may_pass_whatever_the_service_says() {
    let script = ScriptedApi::new()
        .fail("CreateOriginEndpoint", ErrorKind::Invalid { property: None }, REFUSED)
        .fail("DescribeOriginEndpoint", ErrorKind::NotFound, "NotFoundException");
    let (script, driver) = endpoint_driver(script);
    let request = create(json!({"Id": "live", "ChannelId": "c", "Authorization": authorization()}));
    let error = driver.create(&request, &NoEffects).await.unwrap_err();
    script.assert_finished();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
    assert!(error.message.contains(REFUSED), "{error}");

    let script = ScriptedApi::new()
        .answer("DescribeOriginEndpoint", json!({"Id": "live", "ChannelId": "c"}))
        .fail("UpdateOriginEndpoint", ErrorKind::Invalid { property: None }, REFUSED);
    let (_, driver) = endpoint_driver(script);
    let request = update(json!({"Id": "live", "ChannelId": "c"}), json!(request_properties()));
    let error = driver.update(&request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}

fn authorization() -> Value {
    json!({
        "CdnIdentifierSecret": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s",
        "SecretsRoleArn": "arn:aws:iam::111122223333:role/r",
    })
}

fn request_properties() -> Value {
    json!({"Id": "live", "ChannelId": "c", "Authorization": authorization()})
}

#[tokio::test]
async fn a_channel_that_is_not_yet_visible_to_its_endpoint_is_waited_for() {
    let script =
        ScriptedApi::new().fail("CreateOriginEndpoint", ErrorKind::NotFound, "NotFoundException");
    let (_, driver) = endpoint_driver(script);
    let request = create(json!({"Id": "live", "ChannelId": "c"}));
    let error = driver.create(&request, &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady);
}

fn cmaf(url: Option<&str>) -> Value {
    let mut manifest = json!({"Id": "hls", "PlaylistWindowSeconds": 60});
    if let Some(url) = url {
        manifest["Url"] = json!(url);
    }
    json!({"SegmentDurationSeconds": 6, "HlsManifests": [manifest]})
}

#[tokio::test]
async fn the_url_of_a_cmaf_endpoint_is_that_of_its_first_manifest_and_is_never_sent() {
    let url = "https://x.mediapackage.eu-west-1.amazonaws.com/out/v1/y/index.m3u8";
    let answer = json!({
        "Id": "live", "ChannelId": "c", "Arn": "arn:x", "Url": "", "CmafPackage": cmaf(Some(url)),
        "Whitelist": [], "Tags": {},
    });
    let (script, driver) =
        endpoint_driver(ScriptedApi::new().answer("CreateOriginEndpoint", answer));
    let declared = json!({
        "Id": "live", "ChannelId": "c", "CmafPackage": cmaf(Some("https://declared.example")),
        "TimeDelaySeconds": "30",
    });
    let object = driver.create(&create(declared), &NoEffects).await.unwrap();
    assert_eq!(object.attributes.get("Url"), Some(&KnownValue::from(url)));
    let sent = script.input(0);
    assert_eq!(sent.get("CmafPackage"), Some(&KnownValue::from_json(cmaf(None))));
    assert_eq!(sent.get("TimeDelaySeconds"), Some(&KnownValue::from(30)));
}

#[tokio::test]
async fn an_endpoint_is_replaced_by_its_declaration_and_a_lost_whitelist_is_emptied() {
    let answer = json!({
        "Id": "live", "ChannelId": "c", "Arn": "arn:x", "Url": "https://x.example",
        "HlsPackage": {"SegmentDurationSeconds": 6, "AdMarkers": "NONE"},
        "Whitelist": ["10.0.0.0/8"], "TimeDelaySeconds": 5, "Description": "d",
    });
    let after = json!({
        "Id": "live", "ChannelId": "c", "Arn": "arn:x", "Url": "https://x.example",
        "HlsPackage": {"SegmentDurationSeconds": 6, "AdMarkers": "NONE"},
        "Whitelist": [], "TimeDelaySeconds": 0, "Description": "",
    });
    let script = ScriptedApi::new()
        .answer("DescribeOriginEndpoint", answer)
        .answer("UpdateOriginEndpoint", json!({}))
        .answer("DescribeOriginEndpoint", after);
    let (script, driver) = endpoint_driver(script);
    let hls = json!({"SegmentDurationSeconds": 6});
    let prior = json!({
        "Id": "live", "ChannelId": "c", "HlsPackage": hls, "Whitelist": ["10.0.0.0/8"],
        "TimeDelaySeconds": 5, "Description": "d",
    });
    let wanted = json!({"Id": "live", "ChannelId": "c", "HlsPackage": hls});
    driver.update(&update(prior, wanted)).await.unwrap();
    script.assert_finished();
    let text = json!({
        "Id": "live", "HlsPackage": hls, "Whitelist": [], "TimeDelaySeconds": 0, "Description": "",
    });
    assert_eq!(script.input(1), known(text));
}

#[tokio::test]
async fn what_was_never_declared_of_an_endpoint_stays_as_it_is() {
    let mut now = json!({
        "Id": "live", "ChannelId": "c", "Arn": "arn:x", "Url": "https://x.example",
        "HlsPackage": {"SegmentDurationSeconds": 6}, "Authorization": authorization(),
        "Description": "by hand", "ManifestName": "m", "Origination": "DENY",
        "StartoverWindowSeconds": 60, "TimeDelaySeconds": 5, "Whitelist": ["10.0.0.0/8"],
    });
    let script = ScriptedApi::new()
        .answer("DescribeOriginEndpoint", now.clone())
        .answer("UpdateOriginEndpoint", json!({}))
        .answer("DescribeOriginEndpoint", now.clone());
    let (script, driver) = endpoint_driver(script);
    let hls = |seconds| json!({"Id": "live", "ChannelId": "c", "HlsPackage": {"SegmentDurationSeconds": seconds}});
    driver.update(&update(hls(6), hls(4))).await.unwrap();
    for unsaid in ["ChannelId", "Arn", "Url"] {
        now.as_object_mut().unwrap().remove(unsaid);
    }
    now["HlsPackage"]["SegmentDurationSeconds"] = json!(4);
    assert_eq!(script.input(1), known(now));
}

#[tokio::test]
async fn what_the_service_keeps_although_it_is_declared_no_longer_is_an_error() {
    let encryption = json!({"SpekeKeyProvider": {
        "ResourceId": "r", "RoleArn": "arn:aws:iam::111122223333:role/r",
        "SystemIds": ["s"], "Url": "https://k.example",
    }});
    let endpoint = |more: Value| {
        let mut endpoint = json!({
            "Id": "live", "ChannelId": "c", "Arn": "arn:x", "Url": "https://x.example",
            "HlsPackage": {"SegmentDurationSeconds": 6}, "ManifestName": "index",
        });
        endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        endpoint
    };
    let hls = json!({"SegmentDurationSeconds": 6, "Encryption": encryption});
    let authorized = endpoint(json!({"Authorization": authorization()}));
    let encrypted = endpoint(json!({"HlsPackage": hls}));
    for (seen, declared, property) in [
        (authorized, json!({"Authorization": authorization()}), "Authorization"),
        (encrypted, json!({"HlsPackage": hls}), "HlsPackage.Encryption"),
    ] {
        let script = ScriptedApi::new()
            .answer("DescribeOriginEndpoint", seen.clone())
            .answer("UpdateOriginEndpoint", json!({}))
            .answer("DescribeOriginEndpoint", seen);
        let (_, driver) = endpoint_driver(script);
        let mut prior = json!({
            "Id": "live", "ChannelId": "c", "ManifestName": "index",
            "HlsPackage": {"SegmentDurationSeconds": 6},
        });
        let mut wanted = prior.clone();
        wanted.as_object_mut().unwrap().remove("ManifestName");
        prior.as_object_mut().unwrap().extend(declared.as_object().unwrap().clone());
        let error = driver.update(&update(prior, wanted)).await.unwrap_err();
        let ErrorKind::Invalid { property: Some(at) } = &error.kind else { panic!("{error}") };
        assert_eq!(at.to_string(), property);
    }
}

#[tokio::test]
async fn a_property_that_the_service_does_not_know_is_an_error_before_any_call() {
    let (script, driver) = endpoint_driver(ScriptedApi::new());
    let request = create(json!({"Id": "live", "ChannelId": "c", "HlsPackge": {}}));
    let error = driver.create(&request, &NoEffects).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid { property: Some(_) }), "{error}");
    assert!(script.operations().is_empty());
}
