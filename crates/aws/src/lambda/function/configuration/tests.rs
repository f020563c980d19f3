//! Configurations against what is declared.

use serde_json::Value;

use super::*;
use crate::test::scripted_api::known;

fn configuration() -> KnownMap {
    known(json!({
        "FunctionName": "f", "FunctionArn": "arn:aws:lambda:r:1:function:f", "Timeout": 3,
        "MemorySize": 256, "Role": "arn:r", "State": "Active",
        "Layers": [{"Arn": "arn:a", "CodeSize": 1}, {"Arn": "arn:b", "CodeSize": 2}],
        "VpcConfig": {"SubnetIds": ["s2", "s1"], "SecurityGroupIds": ["g"], "VpcId": "v"},
        "Environment": {"Variables": {"A": "1", "B": "{\"x\":2}"}},
        "ImageConfigResponse": {"ImageConfig": {"Command": ["a", "b"]}},
        "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG",
                          "SystemLogLevel": "INFO", "LogGroup": "/aws/lambda/f"},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    }))
}

fn changes(properties: Value, before: Value) -> Result<KnownMap, DriverError> {
    let (properties, before) = (known(properties), known(before));
    let wanted = wanted(Fields::new(&properties, UPDATE), Fields::new(&before, UPDATE), "f")?;
    Ok(lacking(&configuration(), &wanted, "f"))
}

#[test]
fn only_what_differs_is_changed() {
    let same = json!({
        "Timeout": "3", "MemorySize": 256, "Layers": ["arn:a", "arn:b"], "KmsKeyArn": "",
        "VpcConfig": {"SubnetIds": ["s1", "s2"], "SecurityGroupIds": ["g"]},
        "Environment": {"Variables": {"A": 1, "B": {"x": 2}}}, "TracingConfig": {"Mode": "PassThrough"},
        "ImageConfig": {"Command": ["a", "b"]}, "LoggingConfig": {"LogFormat": "JSON"},
        "SnapStart": {"ApplyOn": "None"}, "EphemeralStorage": {"Size": 512},
    });
    assert_eq!(changes(same, json!({})).unwrap(), KnownMap::new());
    let other = json!({
        "Timeout": 4, "Layers": ["arn:b", "arn:a"], "ImageConfig": {"Command": ["b", "a"]},
        "Environment": {"Variables": {"A": 1}}, "TracingConfig": {"Mode": "Active"},
    });
    let expected = json!({
        "Timeout": 4, "Layers": ["arn:b", "arn:a"], "ImageConfig": {"Command": ["b", "a"]},
        "Environment": {"Variables": {"A": "1"}}, "TracingConfig": {"Mode": "Active"},
    });
    assert_eq!(changes(other, json!({})).unwrap(), known(expected), "order and absence count");
}

#[test]
fn what_is_declared_no_longer_goes_back_to_its_default() {
    let before = json!({
        "MemorySize": 256, "Timeout": 3, "Layers": ["arn:a"], "Environment": {"Variables": {"A": "1"}},
        "VpcConfig": {"SubnetIds": ["s1"], "SecurityGroupIds": ["g"]},
        "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "LogGroup": "g"},
    });
    let expected = json!({
        "MemorySize": 128, "Layers": [], "Environment": {"Variables": {}},
        "VpcConfig": {"Ipv6AllowedForDualStack": false, "SecurityGroupIds": [], "SubnetIds": []},
        "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "INFO",
                          "LogGroup": "/aws/lambda/f"},
    });
    let now = json!({"LoggingConfig": {"LogFormat": "JSON"}});
    assert_eq!(changes(now, before.clone()).unwrap(), known(expected));
    let text = changes(json!({"LoggingConfig": {"LogFormat": "Text"}}), before).unwrap();
    assert_eq!(text["LoggingConfig"].get("ApplicationLogLevel"), None, "only JSON has levels");
    let error = changes(json!({}), json!({"Runtime": "python3.13"})).unwrap_err();
    assert!(error.message.contains("`Runtime` is declared no longer"), "{error}");
}

#[test]
fn what_says_the_same_is_shown_as_declared() {
    let declared = known(json!({
        "FunctionName": "f", "Timeout": "3", "Layers": ["arn:a", "arn:b"],
        "VpcConfig": {"SubnetIds": ["s1", "s2"], "SecurityGroupIds": ["g"]},
        "Environment": {"Variables": {"A": 1, "B": "other"}}, "SnapStart": {"ApplyOn": "None"},
        "ImageConfig": {"Command": ["b", "a"]},
    }));
    let shown = shown(&configuration(), &declared).unwrap();
    for name in ["FunctionName", "Timeout", "Layers", "VpcConfig"] {
        assert_eq!(shown[name], declared[name], "{name}");
    }
    let variables = shown["Environment"].get("Variables").unwrap();
    assert_eq!(variables.get("A"), Some(&1.into()));
    assert!(variables.get("B").unwrap().expose_str() != Some("other"));
    assert_eq!(shown["ImageConfig"], known(json!({"Command": ["a", "b"]})).into());
    assert_eq!(shown.get("SnapStart"), None, "it is written, and read as an attribute");
    let attributes = attributes(&configuration());
    assert_eq!(attributes["SnapStartResponse.ApplyOn"], "None".into());
    assert_eq!(attributes["Arn"], "arn:aws:lambda:r:1:function:f".into());
}
