//! The values that take back what a project is declared with no longer: an update leaves a setting
//! that it is not given as it is.

use rstack_model::{KnownMap, KnownValue};
use serde_json::{Value, json};

/// The values, by property.
///
/// Source: CodeBuild API reference, CreateProject and UpdateProject: the defaults of
/// `timeoutInMinutes`, `queuedTimeoutInMinutes`, `autoRetryLimit`, `cache`, `encryptionKey`,
/// `logsConfig` and `badgeEnabled`; -1 removes `concurrentBuildLimit`; settings that are lists or
/// structures have no value when they are empty.
fn values() -> [(&'static str, Value); 16] {
    [
        ("AutoRetryLimit", json!(0)),
        ("BadgeEnabled", json!(false)),
        ("BuildBatchConfig", json!({})),
        ("Cache", json!({"Type": "NO_CACHE"})),
        ("ConcurrentBuildLimit", json!(-1)),
        ("Description", json!("")),
        ("EncryptionKey", json!("alias/aws/s3")),
        ("FileSystemLocations", json!([])),
        (
            "LogsConfig",
            json!({"CloudWatchLogs": {"Status": "ENABLED"}, "S3Logs": {"Status": "DISABLED"}}),
        ),
        ("QueuedTimeoutInMinutes", json!(480)),
        ("SecondaryArtifacts", json!([])),
        ("SecondarySourceVersions", json!([])),
        ("SecondarySources", json!([])),
        ("SourceVersion", json!("")),
        ("TimeoutInMinutes", json!(60)),
        ("VpcConfig", json!({})),
    ]
}

/// The properties, with a value for everything that was declared before and is no longer.
pub(super) fn with_resets(prior: &KnownMap, properties: &KnownMap) -> KnownMap {
    let is = |tree: &KnownMap, name: &str| {
        tree.get(name).is_some_and(|value| *value != KnownValue::Null)
    };
    let mut complete = properties.clone();
    for (name, value) in values() {
        if is(prior, name) && !is(properties, name) {
            complete.insert(name.to_owned(), KnownValue::from_json(value));
        }
    }
    if is(prior, "Tags") && !is(properties, "Tags") {
        complete.insert("Tags".to_owned(), KnownValue::List(Vec::new()));
    }
    complete
}
