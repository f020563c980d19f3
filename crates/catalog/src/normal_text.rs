//! Texts that a service takes for one though they are written in several ways.

use rstack_model::{PathSegment, PropertyPath};

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

/// The normal form of the text at a path of a type; `None` where every text stands for itself.
pub fn normal_text(type_name: &str, path: &PropertyPath, text: &str) -> Option<String> {
    let mut own = DOMAINS.iter().filter(|(name, _)| *name == type_name);
    let names = || {
        path.segments().iter().filter_map(|segment| match segment {
            PathSegment::Name(name) => Some(name.as_str()),
            PathSegment::Index(_) => None,
        })
    };
    let is_domain = own.any(|(_, known)| known.iter().copied().eq(names()));
    is_domain.then(|| domain_name(text))
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
}
