//! Lambda: the policies of functions. Every function exists.

use serde_json::{Value, json};

use super::REGION;
use super::account::{ACCOUNT, Account, Reply, refuse, text};

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let (function, id) = (text(input, "FunctionName"), text(input, "StatementId"));
    let missing =
        || refuse(404, "ResourceNotFoundException", "The resource you requested does not exist.");
    let key = format!("{function}|{id}");
    match operation {
        "AddPermission" => {
            if account.permissions.contains_key(&key) {
                let message = format!("The statement id ({id}) provided already exists.");
                return Err(refuse(409, "ResourceConflictException", &message));
            }
            let statement = statement(&function, &id, input);
            account.note("AWS::Lambda::Permission", &key);
            account.permissions.insert(key, statement.clone());
            Ok(json!({"Statement": statement.to_string()}))
        }
        "RemovePermission" => {
            account.permissions.remove(&key).ok_or_else(missing)?;
            Ok(json!({}))
        }
        "GetPolicy" => {
            let of_function = account.permissions.iter();
            let of_function =
                of_function.filter(|(key, _)| key.starts_with(&format!("{function}|")));
            let all: Vec<&Value> = of_function.map(|(_, statement)| statement).collect();
            if all.is_empty() {
                return Err(missing());
            }
            let policy = json!({"Version": "2012-10-17", "Id": "default", "Statement": all});
            Ok(json!({"Policy": policy.to_string()}))
        }
        _ => panic!("lambda:{operation}"),
    }
}

fn statement(function: &str, id: &str, input: &Value) -> Value {
    let principal = text(input, "Principal");
    let account = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
    let principal = match principal.as_str() {
        "*" => json!("*"),
        _ if account => json!({"AWS": format!("arn:aws:iam::{principal}:root")}),
        arn if arn.starts_with("arn:") => json!({"AWS": arn}),
        service => json!({"Service": service}),
    };
    let mut condition = json!({});
    let keys = [
        ("SourceArn", "ArnLike", "AWS:SourceArn"),
        ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
        ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
        ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ];
    for (member, operator, key) in keys {
        if let Some(value) = input.get(member) {
            let value = value.as_bool().map_or(value.clone(), |flag| flag.to_string().into());
            condition[operator][key] = value;
        }
    }
    let resource = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}");
    json!({
        "Sid": id, "Effect": "Allow", "Principal": principal, "Action": input["Action"],
        "Resource": resource, "Condition": condition,
    })
}
