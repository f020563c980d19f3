//! Real-time log configurations: replaced as a whole by an update, known again by their content.

use rstack_driver::{ErrorKind, Found, NoEffects, Observed};
use rstack_model::KnownMap;
use serde_json::{Value, json};

use super::support::{create, driver, proven, update};
use crate::test::scripted_api::{ScriptedApi, known};

const TYPE: &str = "AWS::CloudFront::RealtimeLogConfig";
const ARN: &str = "arn:aws:cloudfront::111122223333:realtime-log-config/live";
const GET: &str = "GetRealtimeLogConfig";

fn declared() -> KnownMap {
    known(json!({
        "Name": "live", "SamplingRate": 50, "Fields": ["timestamp", "c-ip"],
        "EndPoints": [{
            "StreamType": "Kinesis",
            "KinesisStreamConfig": {"RoleArn": "arn:r", "StreamArn": "arn:s"},
        }],
    }))
}

fn sent() -> Value {
    json!({
        "Name": "live", "SamplingRate": 50, "Fields": ["timestamp", "c-ip"],
        "EndPoints": [{
            "StreamType": "Kinesis",
            "KinesisStreamConfig": {"RoleARN": "arn:r", "StreamARN": "arn:s"},
        }],
    })
}

/// The configuration as the service shows it: the fields in an order of its own.
fn shown(rate: u8) -> Value {
    let mut shown = sent();
    shown["ARN"] = ARN.into();
    shown["Fields"] = json!(["c-ip", "timestamp"]);
    shown["SamplingRate"] = rate.into();
    json!({"RealtimeLogConfig": shown})
}

#[tokio::test]
async fn it_is_made_when_the_name_is_free_and_changed_as_a_whole() {
    let (service, driver) = driver(
        TYPE,
        ScriptedApi::new()
            .fail(GET, ErrorKind::NotFound, "NoSuchRealtimeLogConfig")
            .answer("CreateRealtimeLogConfig", shown(50))
            .answer(GET, shown(50))
            .answer("UpdateRealtimeLogConfig", shown(50)),
    );
    let made = driver.create(&create(declared()), &NoEffects).await.unwrap();
    assert_eq!((made.physical_id.as_str(), &made.properties), (ARN, &declared()));
    assert_eq!(made.attributes, known(json!({"Arn": ARN})));
    assert_eq!(service.input(0), known(json!({"Name": "live"})));
    assert_eq!(service.input(1), known(sent()));
    let seen = driver.read(&ARN.into(), &declared()).await.unwrap();
    assert_eq!(seen, Observed::Present(made.clone()));
    assert_eq!(service.input(2), known(json!({"ARN": ARN})));
    assert_eq!(driver.update(&update(ARN, declared(), declared())).await.unwrap(), made);
    let mut changed = known(sent());
    changed.insert("ARN".to_owned(), ARN.into());
    assert_eq!(service.input(3), changed);
    service.assert_finished();
}

#[tokio::test]
async fn it_is_ours_only_if_the_name_was_free_and_it_is_as_declared() {
    let found = |rate| driver(TYPE, ScriptedApi::new().answer(GET, shown(rate))).1;
    assert!(matches!(found(50).find(&proven(declared())).await.unwrap(), Found::Ours(_)));
    let Found::Ambiguous { why } = found(51).find(&proven(declared())).await.unwrap() else {
        panic!("it is not as declared")
    };
    assert!(why.contains("`live`"), "{why}");
    let (_, unproven) = driver(TYPE, ScriptedApi::new());
    assert_eq!(unproven.find(&create(declared())).await.unwrap(), Found::Absent);
    let (service, taken) = driver(TYPE, ScriptedApi::new().answer(GET, shown(50)));
    let error = taken.create(&create(declared()), &NoEffects).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(service.operations(), [GET]);
}
