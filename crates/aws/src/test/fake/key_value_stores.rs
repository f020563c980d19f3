//! CloudFront's key value stores: a unique name, a version, tags, and time until one is ready.

use serde_json::{Value, json};

use super::account::{ACCOUNT, Account, Reply, list, members, refuse, text};
use super::configured::matches;

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let name = text(input, "Name");
    if operation == "CreateKeyValueStore" {
        if account.stores.contains_key(&name) {
            return Err(refuse(409, "EntityAlreadyExists", "the name is taken"));
        }
        let id = format!("{:08x}-0000-4000-8000-000000000000", account.next());
        let store = json!({
            "Name": name,
            "Id": id,
            "Comment": text(input, "Comment"),
            "Arn": format!("arn:aws:cloudfront::{ACCOUNT}:key-value-store/{id}"),
            "Status": "PROVISIONING",
            "LastModifiedTime": account.time(),
            "etag": account.id("ETV"),
            "Tags": list(input["Tags"].get("Items")),
        });
        let answer = shown(&store);
        account.note("key value store", &name);
        account.stores.insert(name, store);
        return Ok(answer);
    }
    let (etag, time) = (account.id("ETV"), account.time());
    let missing = || refuse(404, "EntityNotFound", "it does not exist");
    let store = account.stores.get_mut(&name).ok_or_else(missing)?;
    match operation {
        "DescribeKeyValueStore" => {
            let answer = shown(store);
            // It is ready after it was seen once.
            store["Status"] = "READY".into();
            Ok(answer)
        }
        "UpdateKeyValueStore" => {
            matches(input, store)?;
            store["Comment"] = text(input, "Comment").into();
            store["etag"] = etag.into();
            store["LastModifiedTime"] = time.into();
            Ok(shown(store))
        }
        "DeleteKeyValueStore" => {
            matches(input, store)?;
            let arn = text(store, "Arn");
            if account.functions.values().any(|function| function.to_string().contains(&arn)) {
                return Err(refuse(409, "CannotDeleteEntityWhileInUse", "a function uses it"));
            }
            account.stores.remove(&name);
            Ok(json!({}))
        }
        other => panic!("cloudfront:{other}"),
    }
}

fn shown(store: &Value) -> Value {
    let mut shown = members(store, &["Name", "Id", "Comment", "Status", "LastModifiedTime"]);
    shown["ARN"] = store["Arn"].clone();
    json!({"KeyValueStore": shown, "ETag": store["etag"]})
}
