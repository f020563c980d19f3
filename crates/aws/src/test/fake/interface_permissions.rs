//! Permissions of network interfaces. Those that are revoked are described for ever.

use serde_json::{Value, json};

use super::account::{Account, Reply, members, refuse, text};

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    match operation {
        "CreateNetworkInterfacePermission" => {
            let id = account.id("eni-perm-");
            let mut made = members(input, &["NetworkInterfaceId", "AwsAccountId", "Permission"]);
            made["NetworkInterfacePermissionId"] = id.as_str().into();
            made["PermissionState"] = json!({"State": "pending"});
            account.note("interface permission", &id);
            account.interface_permissions.insert(id, made.clone());
            Ok(json!({"InterfacePermission": made}))
        }
        "DescribeNetworkInterfacePermissions" => {
            let ids =
                input["NetworkInterfacePermissionIds"].as_array().cloned().unwrap_or_default();
            let filters = input["Filters"].as_array().cloned().unwrap_or_default();
            let fits = |id: &str, it: &Value| {
                let wanted = ids.is_empty() || ids.iter().any(|wanted| wanted == id);
                wanted
                    && filters.iter().all(|filter| {
                        let member = match filter["Name"].as_str().unwrap() {
                            "network-interface-permission.aws-account-id" => "AwsAccountId",
                            "network-interface-permission.network-interface-id" => {
                                "NetworkInterfaceId"
                            }
                            "network-interface-permission.permission" => "Permission",
                            other => panic!("{other}"),
                        };
                        filter["Values"].as_array().unwrap().contains(&it[member])
                    })
            };
            let found = account.interface_permissions.iter_mut();
            let found: Vec<&mut Value> =
                found.filter(|(id, it)| fits(id, it)).map(|(_, it)| it).collect();
            if !ids.is_empty() && found.is_empty() {
                return Err(refuse(400, "InvalidPermissionID.NotFound", "it does not exist"));
            }
            let shown: Vec<Value> = found.iter().map(|it| (**it).clone()).collect();
            // Each is granted when it has been looked at once.
            for it in found {
                if it["PermissionState"]["State"] == "pending" {
                    it["PermissionState"]["State"] = "granted".into();
                }
            }
            Ok(json!({"NetworkInterfacePermissions": shown}))
        }
        "DeleteNetworkInterfacePermission" => {
            let id = text(input, "NetworkInterfacePermissionId");
            let found = account.interface_permissions.get_mut(&id);
            let missing = || refuse(400, "InvalidPermissionID.NotFound", "it does not exist");
            let found = found.ok_or_else(missing)?;
            if found["PermissionState"]["State"] == "revoked" {
                return Err(missing());
            }
            found["PermissionState"]["State"] = "revoked".into();
            Ok(json!({"ReturnValue": true}))
        }
        other => panic!("ec2:{other}"),
    }
}
