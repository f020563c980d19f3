//! Objects that are found in a list or in a part of an answer, and whose tags and settings other
//! operations show.

use rstack_driver::{Found, Observed};

use super::*;
use crate::test::journaled_api::{JournaledApi, done, failure, json};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234-abcd";

fn journaled(type_name: &str, api: &Arc<JournaledApi>) -> RestDriver {
    let kind = TypeDefinition::of(&type_name.into()).unwrap().unwrap();
    let api: Arc<dyn Api> = Arc::<JournaledApi>::clone(api);
    RestDriver::new(api, kind)
}

fn request(identifier: &str, prior: Value, properties: Value) -> UpdateRequest {
    let request = update(prior, properties);
    UpdateRequest { identifier: identifier.into(), ..request }
}

const TOKEN_TAGS: &str = r#"{"tags":{"rstack:operation":"7f1b1a52-0000-4000-8000-000000000001"}}"#;

const GROUP: &str = r#"{"logGroupName":"/live","arn":"arn:g:*","logGroupArn":"arn:g"}"#;

/// The page of a list with the group, and with one whose name begins like its.
fn groups(more: &str) -> String {
    let group = GROUP.replace('}', &format!("{more}}}"));
    format!(r#"{{"logGroups":[{{"logGroupName":"/live/b"}},{group}]}}"#)
}

#[tokio::test]
async fn a_log_group_is_made_and_recorded_before_its_settings_are_given() {
    let retained = groups(r#","retentionInDays":7"#);
    let script = JournaledApi::new([
        ("CreateLogGroup", done()),
        (
            "DescribeLogGroups",
            json(r#"{"logGroups":[{"logGroupName":"/live/b"}],"nextToken":"2"}"#),
        ),
        ("DescribeLogGroups", json(&groups(""))),
        ("ListTagsForResource", json(TOKEN_TAGS)),
        ("PutRetentionPolicy", done()),
        ("PutIndexPolicy", done()),
        ("DescribeLogGroups", json(&retained)),
        ("ListTagsForResource", json(TOKEN_TAGS)),
        (
            "DescribeIndexPolicies",
            json(
                r#"{"indexPolicies":[{"source":"ACCOUNT","policyDocument":"{}"},
                {"source":"LOG_GROUP","policyDocument":"{\"Fields\":[\"Id\"]}"}]}"#,
            ),
        ),
    ]);
    let driver = journaled("AWS::Logs::LogGroup", &script);
    let declared = json!({
        "LogGroupName": "/live", "RetentionInDays": 7, "FieldIndexPolicies": [{"Fields": ["Id"]}],
    });
    let object = driver.create(&create(declared.clone()), script.as_ref()).await.unwrap();
    script.assert_calls(&[
        r#"CreateLogGroup {"logGroupName":"/live","tags":{"rstack:operation":"7f1b1a52-0000-4000-8000-000000000001"}}"#,
        r#"DescribeLogGroups {"logGroupNamePrefix":"/live"}"#,
        r#"DescribeLogGroups {"logGroupNamePrefix":"/live","nextToken":"2"}"#,
        r#"ListTagsForResource {"resourceArn":"arn:g"}"#,
        "effect /live",
        r#"PutRetentionPolicy {"logGroupName":"/live","retentionInDays":7}"#,
        r#"PutIndexPolicy {"logGroupIdentifier":"/live","policyDocument":"{\"Fields\":[\"Id\"]}"}"#,
        r#"DescribeLogGroups {"logGroupNamePrefix":"/live"}"#,
        r#"ListTagsForResource {"resourceArn":"arn:g"}"#,
        r#"DescribeIndexPolicies {"logGroupIdentifiers":["/live"]}"#,
    ]);
    assert_eq!(object.properties, known(declared));
    assert_eq!(object.attributes, known(json!({"Arn": "arn:g:*"})));
}

#[tokio::test]
async fn a_setting_that_is_declared_no_longer_is_taken_back_if_it_is_still_there() {
    for (now, calls) in [
        (r#","retentionInDays":7"#, vec!["DeleteRetentionPolicy", "PutLogGroupDeletionProtection"]),
        ("", vec!["PutLogGroupDeletionProtection"]),
    ] {
        let read = |now: &str| {
            [("DescribeLogGroups", json(&groups(now))), ("ListTagsForResource", json(TOKEN_TAGS))]
        };
        let protected = format!(r#"{now},"deletionProtectionEnabled":true"#);
        let changes = calls.iter().map(|operation| (*operation, done()));
        let script = read(&protected).into_iter().chain(changes).chain(read(""));
        let script = JournaledApi::of(script);
        let prior = json!({
            "LogGroupName": "/live", "RetentionInDays": 7, "DeletionProtectionEnabled": true,
        });
        let wanted = json!({"LogGroupName": "/live"});
        let driver = journaled("AWS::Logs::LogGroup", &script);
        driver.update(&request("/live", prior, wanted)).await.unwrap();
        script.assert_finished();
        let last = script.input(1 + calls.len());
        let expected = json!({"logGroupIdentifier": "/live", "deletionProtectionEnabled": false});
        assert_eq!(last, known(expected));
    }
}

#[tokio::test]
async fn an_alias_is_found_on_any_page_and_its_key_is_shown_as_it_is_declared() {
    let script = JournaledApi::new([
        (
            "ListAliases",
            json(r#"{"Aliases":[{"AliasName":"alias/a"}],"NextMarker":"m","Truncated":true}"#),
        ),
        ("ListAliases", json(r#"{"Aliases":[{"AliasName":"alias/b","TargetKeyId":"1234-abcd"}]}"#)),
        ("ListAliases", json(r#"{"Aliases":[{"AliasName":"alias/a"}],"Truncated":false}"#)),
    ]);
    let driver = journaled("AWS::KMS::Alias", &script);
    let declared = known(json!({"AliasName": "alias/b", "TargetKeyId": KEY}));
    let seen = driver.read(&"alias/b".into(), &declared).await.unwrap();
    let Observed::Present(object) = seen else { panic!("it is there") };
    assert_eq!(object.properties, declared);
    let seen = driver.read(&"alias/b".into(), &declared).await.unwrap();
    assert_eq!(seen, Observed::Absent);
    script.assert_calls(&["ListAliases {}", r#"ListAliases {"Marker":"m"}"#, "ListAliases {}"]);
}

/// Nothing on an alias says who made it: it is ours if its name was free, and it is as declared.
#[tokio::test]
async fn an_alias_is_made_after_the_proof_that_its_name_is_free() {
    let list = |key: &str| {
        json(&format!(r#"{{"Aliases":[{{"AliasName":"alias/b","TargetKeyId":"{key}"}}]}}"#))
    };
    let script = JournaledApi::new([
        ("ListAliases", json(r#"{"Aliases":[]}"#)),
        ("CreateAlias", failure(ErrorKind::NotFound, "NotFoundException")),
        ("ListAliases", list("1234-abcd")),
        ("ListAliases", list("1234-abcd")),
        ("ListAliases", list("other")),
    ]);
    let driver = journaled("AWS::KMS::Alias", &script);
    let wanted = create(json!({"AliasName": "alias/b", "TargetKeyId": KEY}));
    let error = driver.create(&wanted, script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::DependencyNotReady, "the key may not be visible yet");
    let error = driver.create(&wanted, script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("was not made by this run"), "{error}");
    assert_eq!(driver.find(&wanted).await.unwrap(), Found::Absent);
    let proven = CreateRequest { absence_proven: true, ..wanted };
    assert!(matches!(driver.find(&proven).await.unwrap(), Found::Ours(_)));
    assert!(matches!(driver.find(&proven).await.unwrap(), Found::Ambiguous { .. }));
    script.assert_calls(&[
        "ListAliases {}",
        "absent",
        &format!(r#"CreateAlias {{"AliasName":"alias/b","TargetKeyId":"{KEY}"}}"#),
        "ListAliases {}",
        "ListAliases {}",
        "ListAliases {}",
    ]);
}

/// A caller who may make a parameter and not see its tags: it is in the record. One that is not
/// visible yet may have been made.
#[tokio::test]
async fn an_object_that_cannot_be_seen_is_not_forgotten() {
    let denied = ErrorKind::AccessDenied { action: None };
    let script = JournaledApi::new([
        ("PutParameter", done()),
        ("GetParameter", json(r#"{"Parameter":{"Name":"/a","Type":"String","Value":"1"}}"#)),
        ("ListTagsForResource", failure(denied.clone(), "AccessDeniedException")),
    ]);
    let driver = journaled("AWS::SSM::Parameter", &script);
    let wanted = create(json!({"Name": "/a", "Type": "String", "Value": "1"}));
    let error = driver.create(&wanted, script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, denied);
    script.assert_calls_start(&[
        "PutParameter",
        "GetParameter",
        "ListTagsForResource",
        "effect /a",
    ]);

    let script = JournaledApi::new([
        ("PutParameter", done()),
        ("GetParameter", failure(ErrorKind::NotFound, "ParameterNotFound")),
    ]);
    let driver = journaled("AWS::SSM::Parameter", &script);
    let error = driver.create(&wanted, script.as_ref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnknownOutcome);
    script.assert_calls_start(&["PutParameter", "GetParameter"]);
}

#[tokio::test]
async fn a_parameter_is_overwritten_only_by_its_update() {
    let read = |value: &str| {
        let mut found = known(json!({"Parameter": {"Name": "/a", "Type": "String", "ARN": "arn"}}));
        let Some(KnownValue::Map(inner)) = found.get_mut("Parameter") else { panic!("it is") };
        inner.insert("Value".to_owned(), KnownValue::Secret(SecretString::new(value.to_owned())));
        Ok(found)
    };
    let tags = || json(r#"{"TagList":[{"Key":"team","Value":"x"},{"Key":"aws:y","Value":"z"}]}"#);
    let script = JournaledApi::new([
        ("PutParameter", done()),
        ("GetParameter", read("1")),
        ("ListTagsForResource", tags()),
        ("GetParameter", read("1")),
        ("ListTagsForResource", tags()),
        ("PutParameter", done()),
        ("AddTagsToResource", done()),
        ("RemoveTagsFromResource", done()),
        ("GetParameter", read("2")),
        ("ListTagsForResource", tags()),
    ]);
    let driver = journaled("AWS::SSM::Parameter", &script);
    let first = json!({"Name": "/a", "Type": "String", "Value": "1", "Description": "d", "Tags": {"team": "x"}});
    let object = driver.create(&create(first.clone()), script.as_ref()).await.unwrap();
    let seen = json!({"Name": "/a", "Type": "String", "Value": "1", "Tags": {"team": "x"}});
    assert_eq!(object.properties, known(seen), "the value is no secret");
    let second = json!({"Name": "/a", "Type": "String", "Value": "2", "Tags": {"owner": "x"}});
    driver.update(&request("/a", first, second)).await.unwrap();
    script.assert_calls(&[
        r#"PutParameter {"Description":"d","Name":"/a","Tags":[{"Key":"rstack:operation","Value":"7f1b1a52-0000-4000-8000-000000000001"},{"Key":"team","Value":"x"}],"Type":"String","Value":"1"}"#,
        r#"GetParameter {"Name":"/a"}"#,
        r#"ListTagsForResource {"ResourceId":"/a","ResourceType":"Parameter"}"#,
        r#"GetParameter {"Name":"/a"}"#,
        r#"ListTagsForResource {"ResourceId":"/a","ResourceType":"Parameter"}"#,
        r#"PutParameter {"Description":"","Name":"/a","Overwrite":true,"Value":"2"}"#,
        r#"AddTagsToResource {"ResourceId":"/a","ResourceType":"Parameter","Tags":[{"Key":"owner","Value":"x"}]}"#,
        r#"RemoveTagsFromResource {"ResourceId":"/a","ResourceType":"Parameter","TagKeys":["team"]}"#,
        r#"GetParameter {"Name":"/a"}"#,
        r#"ListTagsForResource {"ResourceId":"/a","ResourceType":"Parameter"}"#,
    ]);
}

/// A description does not show the description of a parameter: it is given again if it changes, and
/// not with every other change, which would make a version of the parameter.
#[tokio::test]
async fn a_parameter_whose_tags_change_gets_no_new_version() {
    let read = || {
        let parameter = json(r#"{"Parameter":{"Name":"/a","Type":"String","Value":"1"}}"#);
        [("GetParameter", parameter), ("ListTagsForResource", json("{}"))]
    };
    let of = |description: &str, tags: Value| json!({"Name": "/a", "Type": "String", "Value": "1", "Description": description, "Tags": tags});
    for (wanted, called) in
        [(of("d", json!({"team": "x"})), "AddTagsToResource"), (of("e", json!({})), "PutParameter")]
    {
        let script = read().into_iter().chain([(called, done())]).chain(read());
        let script = JournaledApi::of(script);
        let driver = journaled("AWS::SSM::Parameter", &script);
        driver.update(&request("/a", of("d", json!({})), wanted)).await.unwrap();
        script.assert_finished();
    }
}

/// Others disable the actions of an alarm, and the operation that changes it would enable them.
#[tokio::test]
async fn the_actions_of_an_alarm_stay_disabled() {
    let alarm = r#"{"MetricAlarms":[{"AlarmName":"a","AlarmArn":"arn","ActionsEnabled":false,
        "EvaluationPeriods":1,"ComparisonOperator":"GreaterThanThreshold","OKActions":[]}]}"#;
    let tags = || json(r#"{"Tags":[]}"#);
    let script = JournaledApi::new([
        ("DescribeAlarms", json(alarm)),
        ("ListTagsForResource", tags()),
        ("PutMetricAlarm", done()),
        ("DescribeAlarms", json(alarm)),
        ("ListTagsForResource", tags()),
        ("DeleteAlarms", done()),
        ("DescribeAlarms", json(r#"{"MetricAlarms":[]}"#)),
    ]);
    let driver = journaled("AWS::CloudWatch::Alarm", &script);
    let of = |periods: i64| {
        json!({"AlarmName": "a", "EvaluationPeriods": periods,
            "ComparisonOperator": "GreaterThanThreshold"})
    };
    driver.update(&request("a", of(1), of(2))).await.unwrap();
    let deletion = DeleteRequest {
        removal: Removal::Recoverable,
        identifier: "a".into(),
        token: Token::new(TOKEN),
        prior: KnownMap::new(),
    };
    assert_eq!(driver.delete(&deletion).await.unwrap(), Progress::Done);
    script.assert_calls(&[
        r#"DescribeAlarms {"AlarmNames":["a"]}"#,
        r#"ListTagsForResource {"ResourceARN":"arn"}"#,
        r#"PutMetricAlarm {"ActionsEnabled":false,"AlarmName":"a","ComparisonOperator":"GreaterThanThreshold","EvaluationPeriods":2}"#,
        r#"DescribeAlarms {"AlarmNames":["a"]}"#,
        r#"ListTagsForResource {"ResourceARN":"arn"}"#,
        r#"DeleteAlarms {"AlarmNames":["a"]}"#,
        r#"DescribeAlarms {"AlarmNames":["a"]}"#,
    ]);
}

#[test]
fn what_no_operation_carries_out_is_said_before_anything_is_planned() {
    let (_, driver) = driver("AWS::Logs::LogGroup", ScriptedApi::new());
    let [unsupported] = driver.unsupported() else { panic!("{:?}", driver.unsupported()) };
    assert_eq!(unsupported.property, "ResourcePolicyDocument");
    assert!(unsupported.instead.contains("AWS::Logs::ResourcePolicy"));
    assert_eq!(driver.naming().unwrap().property, "LogGroupName");
}
