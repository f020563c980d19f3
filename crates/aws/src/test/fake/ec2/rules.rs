//! Security groups and their rules.

use serde_json::{Value, json};

use super::{ACCOUNT, Account, Reply, all, filter, found, refuse, text, texts, with_tags};
use crate::service_error::Refusal;

const GROUPS: &str = "AWS::EC2::SecurityGroup";
const RULES: &str = "rules";

/// A new group allows everything out. Its name is free in its VPC.
pub(super) fn new_group(account: &mut Account, group: &mut Value) -> Result<(), Refusal> {
    let (id, name) = (text(group, "GroupId"), text(group, "GroupName"));
    if group["VpcId"].is_null() {
        group["by name"] = true.into();
        group["VpcId"] = "vpc-default".into();
    }
    let same = |other: &Value| other["VpcId"] == group["VpcId"] && text(other, "GroupName") == name;
    if all(account, GROUPS).values().any(same) {
        return Err(refuse(400, "InvalidGroup.Duplicate", "there is a group of this name"));
    }
    let everything = json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]});
    let rule = flat(&id, true, &everything).pop().unwrap();
    add(account, rule);
    Ok(())
}

fn add(account: &mut Account, mut rule: Value) -> Value {
    let id = format!("sgr-{:017x}", account.next());
    rule["SecurityGroupRuleId"] = id.as_str().into();
    all(account, RULES).insert(id, rule.clone());
    rule
}

/// The rules of a permission.
fn flat(group: &str, egress: bool, permission: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    let kinds = [
        ("IpRanges", "CidrIp", "CidrIpv4"),
        ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
        ("PrefixListIds", "PrefixListId", "PrefixListId"),
        ("UserIdGroupPairs", "GroupId", "ReferencedGroupInfo"),
    ];
    for (list, name, shown) in kinds {
        for it in permission[list].as_array().into_iter().flatten() {
            let port = |name: &str| permission.get(name).cloned().unwrap_or(json!(-1));
            let mut rule = json!({
                "GroupId": group, "IsEgress": egress, "IpProtocol": permission["IpProtocol"],
                "FromPort": port("FromPort"), "ToPort": port("ToPort"),
                "Description": it["Description"], "Tags": [],
            });
            rule[shown] = match shown {
                "ReferencedGroupInfo" => {
                    let owner = it["UserId"].as_str().unwrap_or(ACCOUNT);
                    json!({"GroupId": it[name], "UserId": owner})
                }
                _ => it[name].clone(),
            };
            out.push(rule);
        }
    }
    out
}

fn is_same(one: &Value, other: &Value) -> bool {
    let names = [
        "GroupId",
        "IsEgress",
        "IpProtocol",
        "FromPort",
        "ToPort",
        "CidrIpv4",
        "CidrIpv6",
        "PrefixListId",
    ];
    names.iter().all(|name| one[*name] == other[*name])
        && one["ReferencedGroupInfo"]["GroupId"] == other["ReferencedGroupInfo"]["GroupId"]
}

/// Adds the rules of a group to its description.
pub(super) fn show(account: &mut Account, group: &mut Value) {
    let id = text(group, "GroupId");
    let of = |rules: &super::Objects, egress: bool| -> Value {
        let rules = rules.values().filter(|it| text(it, "GroupId") == id);
        rules.filter(|it| it["IsEgress"] == egress).map(permission).collect()
    };
    group["IpPermissions"] = of(all(account, RULES), false);
    group["IpPermissionsEgress"] = of(all(account, RULES), true);
}

fn permission(rule: &Value) -> Value {
    let mut out = json!({"IpProtocol": rule["IpProtocol"]});
    if rule["IpProtocol"] != "-1" {
        out["FromPort"] = rule["FromPort"].clone();
        out["ToPort"] = rule["ToPort"].clone();
    }
    let text = &rule["Description"];
    if rule["CidrIpv4"].is_string() {
        out["IpRanges"] = json!([{"CidrIp": rule["CidrIpv4"], "Description": text}]);
    } else if rule["CidrIpv6"].is_string() {
        out["Ipv6Ranges"] = json!([{"CidrIpv6": rule["CidrIpv6"], "Description": text}]);
    } else if rule["PrefixListId"].is_string() {
        out["PrefixListIds"] = json!([{"PrefixListId": rule["PrefixListId"], "Description": text}]);
    } else {
        let mut pair = rule["ReferencedGroupInfo"].clone();
        pair["Description"] = text.clone();
        out["UserIdGroupPairs"] = json!([pair]);
    }
    out
}

/// Carries out an operation on rules.
pub(super) fn carry_out(account: &mut Account, operation: &str, input: &Value) -> Reply {
    if operation == "DescribeSecurityGroupRules" {
        return describe(account, input);
    }
    let egress = operation.ends_with("Egress");
    let group = match input["GroupName"].as_str() {
        Some(name) => {
            let group = all(account, GROUPS).values().find(|it| text(it, "GroupName") == name);
            group.map(|group| text(group, "GroupId")).unwrap_or_default()
        }
        None => text(input, "GroupId"),
    };
    found(account, GROUPS, &group)?;
    let permissions = input["IpPermissions"].as_array().into_iter().flatten();
    let rules: Vec<Value> =
        permissions.flat_map(|permission| flat(&group, egress, permission)).collect();
    match operation {
        "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress" => {
            let there = all(account, RULES);
            if rules.iter().any(|rule| there.values().any(|it| is_same(it, rule))) {
                return Err(refuse(400, "InvalidPermission.Duplicate", "there is such a rule"));
            }
            let mut made = Vec::new();
            for rule in rules {
                account.note(RULES, &group);
                made.push(add(account, with_tags(rule, input)));
            }
            Ok(json!({"Return": true, "SecurityGroupRules": made}))
        }
        "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress" => {
            for id in texts(&input["SecurityGroupRuleIds"]) {
                let gone = all(account, RULES).remove(&id);
                let missing = || refuse(400, "InvalidSecurityGroupRuleId.NotFound", "no rule");
                assert_eq!(gone.ok_or_else(missing)?["IsEgress"], egress);
            }
            Ok(json!({"Return": true}))
        }
        "UpdateSecurityGroupRuleDescriptionsIngress"
        | "UpdateSecurityGroupRuleDescriptionsEgress" => {
            for rule in rules {
                let mut there = all(account, RULES).values_mut();
                let missing = || refuse(400, "InvalidPermission.NotFound", "no rule");
                let held = there.find(|it| is_same(it, &rule)).ok_or_else(missing)?;
                held["Description"] = rule["Description"].clone();
            }
            Ok(json!({"Return": true}))
        }
        _ => panic!("ec2:{operation}"),
    }
}

fn describe(account: &mut Account, input: &Value) -> Reply {
    let ids = texts(&input["SecurityGroupRuleIds"]);
    let there = all(account, RULES);
    if ids.iter().any(|id| !there.contains_key(id)) {
        return Err(refuse(400, "InvalidSecurityGroupRuleId.NotFound", "no rule"));
    }
    let group = filter(input, "group-id");
    let token = filter(input, "tag:rstack:operation");
    let wanted = |rule: &&Value| {
        let has_tag = |token: &Vec<&str>| {
            let mut tags = rule["Tags"].as_array().into_iter().flatten();
            tags.any(|tag| tag["Key"] == "rstack:operation" && tag["Value"] == token[0])
        };
        (ids.is_empty() || ids.contains(&text(rule, "SecurityGroupRuleId")))
            && group.as_ref().is_none_or(|group| text(rule, "GroupId") == group[0])
            && token.as_ref().is_none_or(has_tag)
    };
    let shown: Vec<&Value> = there.values().filter(wanted).collect();
    Ok(json!({"SecurityGroupRules": shown}))
}
