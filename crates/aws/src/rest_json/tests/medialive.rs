//! Types of MediaLive: names that the service chooses, states, and tags as a map.

use super::*;

const ARN: &str = "arn:aws:medialive:eu-west-1:111122223333:channel:7";

fn live_driver(script: ScriptedApi) -> (Arc<ScriptedApi>, RestDriver) {
    driver("AWS::MediaLive::Channel", script)
}

fn described(state: &str, more: Value) -> Value {
    let mut channel = json!({
        "Id": "7", "Arn": ARN, "Name": "live", "State": state,
        "Tags": {"rstack:operation": TOKEN},
    });
    channel.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    channel
}

fn delete() -> DeleteRequest {
    DeleteRequest {
        removal: Removal::Recoverable,
        identifier: "7".into(),
        token: Token::new(TOKEN),
        prior: KnownMap::new(),
    }
}

#[tokio::test]
async fn a_channel_is_created_with_the_token_of_the_request_and_waited_for() {
    let script = ScriptedApi::new()
        .answer("CreateChannel", json!({"Channel": described("CREATING", json!({}))}))
        .answer("DescribeChannel", described("CREATING", json!({})))
        .answer("DescribeChannel", described("IDLE", json!({})))
        .answer("DescribeChannel", described("CREATE_FAILED", json!({})));
    let (script, driver) = live_driver(script);
    let request = create(json!({"Name": "live", "Tags": {"team": "video"}}));
    let object = driver.create(&request, &NoEffects).await.unwrap();
    let sent = json!({
        "Name": "live", "RequestId": TOKEN,
        "Tags": {"team": "video", "rstack:operation": TOKEN},
    });
    assert_eq!(script.input(0), known(sent));
    assert_eq!(object.identifier, "7".into());
    let Progress::Pending { waits_for, .. } = driver.stabilized(&"7".into()).await.unwrap() else {
        panic!("it is done")
    };
    assert_eq!(waits_for, "channel `7`, which is CREATING");
    assert_eq!(driver.stabilized(&"7".into()).await.unwrap(), Progress::Done);
    let error = driver.stabilized(&"7".into()).await.unwrap_err();
    assert!(error.message.contains("CREATE_FAILED"), "{error}");
    script.assert_finished();
}

#[tokio::test]
async fn a_lost_channel_is_found_in_the_list_by_its_token() {
    let other = json!({"Id": "1", "State": "IDLE", "Tags": {"rstack:operation": "another"}});
    let dying = json!({"Id": "2", "State": "DELETING", "Tags": {"rstack:operation": TOKEN}});
    let script = ScriptedApi::new()
        .answer("ListChannels", json!({"Channels": [other, dying], "NextToken": "page 2"}))
        .answer("ListChannels", json!({"Channels": [described("IDLE", json!({}))]}))
        .answer("DescribeChannel", described("IDLE", json!({})))
        .answer("ListChannels", json!({"Channels": []}));
    let (script, driver) = live_driver(script);
    let request = create(json!({"Name": "live"}));
    let Found::Ours(found) = driver.find(&request).await.unwrap() else { panic!("not found") };
    assert_eq!(found.identifier, "7".into());
    assert_eq!(script.input(1), known(json!({"NextToken": "page 2"})));
    assert_eq!(script.input(2), known(json!({"ChannelId": "7"})));
    assert_eq!(driver.find(&request).await.unwrap(), Found::Absent);
    script.assert_finished();
}

#[tokio::test]
async fn a_channel_that_runs_is_neither_changed_nor_deleted_and_the_error_says_how_to_stop_it() {
    let script = ScriptedApi::new()
        .answer("DescribeChannel", described("RUNNING", json!({})))
        .answer("DescribeChannel", described("RUNNING", json!({})));
    let (script, driver) = live_driver(script);
    let mut request = update(json!({"Name": "live"}), json!({"Name": "other"}));
    request.identifier = "7".into();
    for error in
        [driver.update(&request).await.unwrap_err(), driver.delete(&delete()).await.unwrap_err()]
    {
        assert_eq!(error.kind, ErrorKind::Conflict);
        let remedy = "aws medialive stop-channel --channel-id 7`";
        assert!(error.message.contains(remedy), "{error}");
    }
    script.assert_finished();
}

#[tokio::test]
async fn a_deletion_waits_until_the_channel_is_gone_and_is_called_once() {
    let script = ScriptedApi::new()
        .answer("DescribeChannel", described("IDLE", json!({})))
        .answer("DeleteChannel", json!({}))
        .answer("DescribeChannel", described("DELETING", json!({})))
        .answer("DescribeChannel", described("DELETING", json!({})))
        .answer("DescribeChannel", described("DELETED", json!({})))
        .answer("DescribeChannel", described("DELETED", json!({})));
    let (script, driver) = live_driver(script);
    for _ in 0..2 {
        let progress = driver.delete(&delete()).await.unwrap();
        assert!(matches!(progress, Progress::Pending { .. }), "{progress:?}");
    }
    assert_eq!(driver.delete(&delete()).await.unwrap(), Progress::Done);
    let read = driver.read(&"7".into(), &KnownMap::new()).await.unwrap();
    assert_eq!(read, Observed::Absent);
    script.assert_finished();
}

#[tokio::test]
async fn an_input_security_group_is_not_made_twice_although_its_request_has_no_token() {
    let group = json!({"Id": "9", "State": "IDLE", "Tags": {"rstack:operation": TOKEN}});
    let script = ScriptedApi::new()
        .answer("ListInputSecurityGroups", json!({"InputSecurityGroups": [group]}));
    let (script, driver) = driver("AWS::MediaLive::InputSecurityGroup", script);
    let request = create(json!({"WhitelistRules": [{"Cidr": "10.0.0.0/8"}]}));
    let error = driver.create(&request, &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    script.assert_finished();
}
