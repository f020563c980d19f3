//! Rules of network ACLs. The ACLs themselves are those of Cloud Control.

use serde_json::{Value, json};

use super::account::{Account, Reply, refuse, text};

/// True if an operation is about the rules of an ACL that it names.
pub(super) fn concerns(operation: &str, input: &Value) -> bool {
    operation.contains("NetworkAcl") && input.get("Filters").is_none()
}

/// Carries out an operation.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let acl = match operation {
        "DescribeNetworkAcls" => input["NetworkAclIds"][0].as_str().unwrap().to_owned(),
        _ => text(input, "NetworkAclId"),
    };
    let exists = ("AWS::EC2::NetworkAcl", acl.clone());
    if !account.cloud_control.objects.contains_key(&exists) {
        return Err(refuse(400, "InvalidNetworkAclID.NotFound", "there is no such network ACL"));
    }
    let (number, egress) = (&input["RuleNumber"], &input["Egress"]);
    let key = format!("{acl}/{egress}/{number}");
    let taken = account.acl_rules.contains_key(&key);
    match operation {
        "DescribeNetworkAcls" => {
            let of_acl = account.acl_rules.iter().filter(|(key, _)| key.starts_with(&acl));
            let rules: Vec<&Value> = of_acl.map(|(_, rule)| rule).collect();
            let shown = json!({"NetworkAclId": acl, "Entries": rules});
            return Ok(json!({"NetworkAcls": [shown]}));
        }
        "CreateNetworkAclEntry" if taken => {
            let message = "The network acl entry exists.";
            return Err(refuse(400, "NetworkAclEntryAlreadyExists", message));
        }
        "DeleteNetworkAclEntry" | "ReplaceNetworkAclEntry" if !taken => {
            return Err(refuse(400, "InvalidNetworkAclEntry.NotFound", "there is no such entry"));
        }
        "DeleteNetworkAclEntry" => {
            account.acl_rules.remove(&key);
        }
        "CreateNetworkAclEntry" => {
            account.note("acl rule", &key);
            account.acl_rules.insert(key, rule(input));
        }
        "ReplaceNetworkAclEntry" => {
            account.acl_rules.insert(key, rule(input));
        }
        _ => panic!("ec2:{operation}"),
    }
    Ok(json!({}))
}

/// A rule as it is shown: ports of the protocols that have them alone.
fn rule(input: &Value) -> Value {
    let mut rule = input.clone();
    let members = rule.as_object_mut().unwrap();
    members.remove("NetworkAclId");
    if !["6", "17"].contains(&text(input, "Protocol").as_str()) {
        members.remove("PortRange");
    }
    rule
}
