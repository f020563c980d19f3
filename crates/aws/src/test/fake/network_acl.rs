//! Rules of network ACLs. The ACLs themselves are those of Cloud Control.

use serde_json::{Value, json};

use super::account::{Account, Reply, refuse, text};

/// Carries out an operation. Names are those of the wire.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    let acl = match operation {
        "DescribeNetworkAcls" => text(&input["NetworkAclId"], "1"),
        _ => text(input, "NetworkAclId"),
    };
    let exists = ("AWS::EC2::NetworkAcl", acl.clone());
    if !account.cloud_control.objects.contains_key(&exists) {
        return Err(refuse(400, "InvalidNetworkAclID.NotFound", "there is no such network ACL"));
    }
    let (number, egress) = (text(input, "RuleNumber"), text(input, "Egress"));
    let key = format!("{acl}/{egress}/{number}");
    let taken = account.acl_rules.contains_key(&key);
    match operation {
        "DescribeNetworkAcls" => {
            let of_acl = account.acl_rules.iter().filter(|(key, _)| key.starts_with(&acl));
            let rules: Vec<&Value> = of_acl.map(|(_, rule)| rule).collect();
            let shown = json!({"networkAclId": acl, "entrySet": rules});
            return Ok(json!({"networkAclSet": [shown]}));
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
    Ok(json!({"return": true}))
}

/// A rule as it is shown: ports of the protocols that have them alone, and the ICMP type under
/// another name.
fn rule(input: &Value) -> Value {
    let mut rule = json!({});
    for (wire, shown) in [
        ("RuleNumber", "ruleNumber"),
        ("Egress", "egress"),
        ("Protocol", "protocol"),
        ("RuleAction", "ruleAction"),
        ("CidrBlock", "cidrBlock"),
        ("Ipv6CidrBlock", "ipv6CidrBlock"),
    ] {
        if let Some(value) = input.get(wire) {
            rule[shown] = value.clone();
        }
    }
    let has_ports = ["6", "17"].contains(&text(input, "Protocol").as_str());
    if let Some(ports) = input.get("PortRange").filter(|_| has_ports) {
        rule["portRange"] = json!({"from": ports["From"], "to": ports["To"]});
    }
    if let Some(icmp) = input.get("Icmp") {
        rule["icmpTypeCode"] = json!({"code": icmp["Code"], "type": icmp["Type"]});
    }
    rule
}
