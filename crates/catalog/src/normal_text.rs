//! Texts that a service takes for one though they are written in several ways.

use rstack_model::{PathSegment, PropertyPath, Value, ValueMap};

use crate::cidr::{canonical_range, protocol_name};

/// Properties that hold domain names of Route 53: type and the names on their paths.
///
/// Source: the properties `Name`, `HostedZoneName` and `DNSName` of these types, AWS CloudFormation User Guide,
/// and "DNS domain name format", Amazon Route 53 Developer Guide: case does not matter, and a name without a
/// dot at its end is taken as one with it.
const DOMAINS: [(&str, &[&str]); 7] = [
    ("AWS::Route53::HostedZone", &["Name"]),
    ("AWS::Route53::RecordSet", &["Name"]),
    ("AWS::Route53::RecordSet", &["HostedZoneName"]),
    ("AWS::Route53::RecordSet", &["AliasTarget", "DNSName"]),
    ("AWS::Route53::RecordSetGroup", &["HostedZoneName"]),
    ("AWS::Route53::RecordSetGroup", &["RecordSets", "Name"]),
    ("AWS::Route53::RecordSetGroup", &["RecordSets", "AliasTarget", "DNSName"]),
];

/// A function that makes the normal form of a text.
type Form = fn(&str) -> String;

/// The properties of a rule of a security group that EC2 keeps in a form of its own.
///
/// Source: Amazon EC2 API Reference, IpPermission (`IpProtocol`) and AuthorizeSecurityGroupIngress (a CIDR
/// block is modified to its canonical form).
const RULE_FORMS: [(&str, Form); 3] =
    [("CidrIp", canonical_range), ("CidrIpv6", canonical_range), ("IpProtocol", protocol_name)];

/// Where the properties of a rule of a security group are: type, and the list at its top with the rules.
const GROUP_RULES: [(&str, Option<&str>); 4] = [
    ("AWS::EC2::SecurityGroup", Some("SecurityGroupEgress")),
    ("AWS::EC2::SecurityGroup", Some("SecurityGroupIngress")),
    ("AWS::EC2::SecurityGroupEgress", None),
    ("AWS::EC2::SecurityGroupIngress", None),
];

/// The normal form of the text at a path of a type; `None` where every text stands for itself.
pub fn normal_text(type_name: &str, path: &PropertyPath, text: &str) -> Option<String> {
    let mut own = DOMAINS.iter().filter(|(name, _)| *name == type_name);
    if own.any(|(_, known)| known.iter().copied().eq(names(path))) {
        return Some(domain_name(text));
    }
    let property = rule_property(type_name, path)?;
    let (_, form) = RULE_FORMS.iter().find(|(known, _)| *known == property)?;
    Some(form(text))
}

/// True if a property means nothing beside the others of its map: the ports of a rule for all protocols.
///
/// Source: Amazon EC2 API Reference, IpPermission, `IpProtocol`.
pub fn is_meaningless(type_name: &str, path: &PropertyPath, map: &ValueMap) -> bool {
    let is_port = matches!(rule_property(type_name, path), Some("FromPort" | "ToPort"));
    let protocol = match map.get("IpProtocol").filter(|_| is_port) {
        Some(Value::String(text)) => protocol_name(text),
        Some(Value::Number(number)) => number.to_string(),
        _ => return false,
    };
    protocol == "-1"
}

/// The name of the property of a rule of a security group that a path leads to.
fn rule_property<'a>(type_name: &str, path: &'a PropertyPath) -> Option<&'a str> {
    let mut own = GROUP_RULES.iter().filter(|(name, _)| *name == type_name);
    own.find_map(|(_, list)| {
        let mut names = names(path);
        if list.is_some() && names.next() != *list {
            return None;
        }
        let property = names.next()?;
        names.next().is_none().then_some(property)
    })
}

fn names(path: &PropertyPath) -> impl Iterator<Item = &str> {
    path.segments().iter().filter_map(|segment| match segment {
        PathSegment::Name(name) => Some(name.as_str()),
        PathSegment::Index(_) => None,
    })
}

/// The normal form of a domain name: lower case, escapes such as `\052` as their characters, no dot at the
/// end.
pub fn domain_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let digits = rest.strip_prefix('\\').and_then(|rest| rest.get(..3));
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(code) => {
                out.push(char::from(code).to_ascii_lowercase());
                rest = rest.get(4..).unwrap_or_default();
            }
            None => {
                out.push(c.to_ascii_lowercase());
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out.truncate(out.trim_end_matches('.').len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_names_are_normal() {
        let group = "AWS::Route53::RecordSetGroup";
        let name = PropertyPath::root().name("RecordSets").index(1).name("Name");
        assert_eq!(normal_text(group, &name, "A.Example.com.").as_deref(), Some("a.example.com"));
        assert_eq!(normal_text(group, &name, "\\052.a").as_deref(), Some("*.a"));
        let comment = PropertyPath::root().name("Comment");
        assert_eq!(normal_text(group, &comment, "A."), None);
        let name = PropertyPath::root().name("Name");
        assert_eq!(normal_text("AWS::SSM::Parameter", &name, "A."), None);
    }

    #[test]
    fn rules_of_security_groups_are_normal() {
        let root = PropertyPath::root();
        let single = "AWS::EC2::SecurityGroupIngress";
        assert_eq!(normal_text(single, &root.name("IpProtocol"), "6").as_deref(), Some("tcp"));
        assert_eq!(normal_text(single, &root.name("IpProtocol"), "UDP").as_deref(), Some("udp"));
        let block = normal_text(single, &root.name("CidrIp"), "10.1.2.3/16");
        assert_eq!(block.as_deref(), Some("10.1.0.0/16"));
        assert_eq!(normal_text(single, &root.name("Description"), "TCP"), None);
        let group = "AWS::EC2::SecurityGroup";
        let inline = root.name("SecurityGroupEgress").index(1);
        let block = normal_text(group, &inline.name("CidrIpv6"), "2001:DB8::/32");
        assert_eq!(block.as_deref(), Some("2001:db8::/32"));
        assert_eq!(normal_text(group, &root.name("CidrIp"), "10.1.2.3/16"), None);
        let map = |protocol: &str| ValueMap::from([("IpProtocol".to_owned(), protocol.into())]);
        assert!(is_meaningless(group, &inline.name("FromPort"), &map("-1")));
        assert!(is_meaningless(single, &root.name("ToPort"), &map("ALL")));
        assert!(!is_meaningless(single, &root.name("ToPort"), &map("tcp")));
        assert!(!is_meaningless(single, &root.name("CidrIp"), &map("-1")));
    }
}
