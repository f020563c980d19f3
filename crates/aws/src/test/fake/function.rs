//! CloudFront functions: a name that is unique, two stages, no token.

use serde_json::{Value, json};

use super::account::{ACCOUNT, Account, Reply, list, members, refuse, text};
use super::configured::matches;

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let name = text(input, "Name");
    if operation == "CreateFunction" {
        if account.functions.contains_key(&name) {
            return Err(refuse(409, "FunctionAlreadyExists", "the name is taken"));
        }
        let mut function = json!({
            "Arn": format!("arn:aws:cloudfront::{ACCOUNT}:function/{name}"),
            "development": members(input, &["FunctionConfig", "FunctionCode"]),
            "etag": account.id("ETV"),
            "changed": account.time(),
            "Tags": list(input["Tags"].get("Items")),
        });
        function["Name"] = name.as_str().into();
        let answer = summary(&function, "development");
        account.note("function", &name);
        account.functions.insert(name, function);
        return answer;
    }
    let (etag, time) = (account.id("ETV"), account.time());
    let missing = || refuse(404, "NoSuchFunctionExists", "it does not exist");
    let function = account.functions.get_mut(&name).ok_or_else(missing)?;
    let stage = if input["Stage"] == "LIVE" { "live" } else { "development" };
    match operation {
        "DescribeFunction" => summary(function, stage),
        "GetFunction" => match function.get(stage) {
            Some(content) => Ok(json!({
                "FunctionCode": content["FunctionCode"],
                "ETag": function["etag"],
                "ContentType": "application/octet-stream",
            })),
            None => Err(missing()),
        },
        "UpdateFunction" => {
            matches(input, function)?;
            function["development"] = members(input, &["FunctionConfig", "FunctionCode"]);
            function["etag"] = etag.into();
            function["changed"] = time.into();
            summary(function, "development")
        }
        "PublishFunction" => {
            matches(input, function)?;
            function["live"] = function["development"].clone();
            summary(function, "live")
        }
        "DeleteFunction" => {
            matches(input, function)?;
            let arn = text(function, "Arn");
            if account.distributions.values().any(|d| d["config"].to_string().contains(&arn)) {
                return Err(refuse(409, "FunctionInUse", "a distribution uses it"));
            }
            account.functions.remove(&name);
            Ok(json!({}))
        }
        other => panic!("cloudfront:{other}"),
    }
}

fn summary(function: &Value, stage: &str) -> Reply {
    let Some(content) = function.get(stage) else {
        return Err(refuse(404, "NoSuchFunctionExists", "it has no such stage"));
    };
    let metadata = json!({
        "FunctionARN": function["Arn"],
        "Stage": stage.to_uppercase(),
        "LastModifiedTime": function["changed"],
    });
    Ok(json!({
        "FunctionSummary": {
            "Name": function["Name"],
            "FunctionConfig": content["FunctionConfig"],
            "FunctionMetadata": metadata,
        },
        "ETag": function["etag"],
    }))
}
