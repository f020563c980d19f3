//! CloudFront's real-time log configurations: a unique name, no version, no tags.

use serde_json::{Value, json};

use super::account::{ACCOUNT, Account, Reply, members, refuse, text};

const OBJECT: &str = "RealtimeLogConfig";

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let content = ["EndPoints", "Fields", "SamplingRate"];
    if operation == "CreateRealtimeLogConfig" {
        let name = text(input, "Name");
        if account.log_configs.values().any(|found| text(found, "Name") == name) {
            return Err(refuse(409, "RealtimeLogConfigAlreadyExists", "the name is taken"));
        }
        let arn = format!("arn:aws:cloudfront::{ACCOUNT}:realtime-log-config/{name}");
        let mut found = members(input, &content);
        found["ARN"] = arn.as_str().into();
        found["Name"] = name.as_str().into();
        account.note("log configuration", &name);
        let shown = shown(&found);
        account.log_configs.insert(arn, found);
        return Ok(shown);
    }
    let named = |found: &Value| found["Name"] == input["Name"] || found["ARN"] == input["ARN"];
    let arn =
        account.log_configs.iter().find(|(_, found)| named(found)).map(|(arn, _)| arn.clone());
    let arn = arn.ok_or_else(|| refuse(404, "NoSuchRealtimeLogConfig", "it does not exist"))?;
    match operation {
        "GetRealtimeLogConfig" => Ok(shown(&account.log_configs[&arn])),
        "UpdateRealtimeLogConfig" => {
            let found = account.log_configs.get_mut(&arn).unwrap();
            for name in content {
                found[name] = input[name].clone();
            }
            Ok(shown(found))
        }
        "DeleteRealtimeLogConfig" => {
            if account.distributions.values().any(|d| d["config"].to_string().contains(&arn)) {
                return Err(refuse(400, "RealtimeLogConfigInUse", "a distribution uses it"));
            }
            account.log_configs.remove(&arn);
            Ok(json!({}))
        }
        other => panic!("cloudfront:{other}"),
    }
}

/// The answer about a configuration, its fields in the order of CloudFront.
fn shown(found: &Value) -> Value {
    let mut shown = found.clone();
    let fields = shown["Fields"].as_array_mut().unwrap();
    fields.sort_by_key(Value::to_string);
    json!({OBJECT: shown})
}
