//! A rule of a network ACL: as templates declare it, as calls take it, and as it is shown.

use rstack_catalog::same_range;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use crate::iam::{Fields, arguments, text_in};

/// The identity of a rule: a network ACL has one set of numbered rules for each direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleKey {
    pub(super) acl: String,
    pub(super) number: i64,
    pub(super) egress: bool,
}

impl RuleKey {
    /// # Errors
    /// If a property is missing or of another form.
    pub(super) fn parse(
        properties: &KnownMap,
        operation: &'static str,
    ) -> Result<Self, DriverError> {
        let fields = Fields::new(properties, operation);
        let number = fields.integer("RuleNumber")?;
        Ok(Self {
            acl: fields.required_name("NetworkAclId")?,
            number: number.ok_or_else(|| fields.invalid("RuleNumber", "is missing"))?,
            egress: fields.boolean("Egress")?.unwrap_or(false),
        })
    }

    /// The members that name the rule.
    pub(super) fn members(&self) -> KnownMap {
        arguments([
            ("NetworkAclId", self.acl.as_str().into()),
            ("RuleNumber", self.number.into()),
            ("Egress", self.egress.into()),
        ])
    }

    /// True if an entry of an answer is this rule.
    pub(super) fn is(&self, entry: &KnownMap) -> bool {
        let is = |name: &str, value: KnownValue| entry.get(name) == Some(&value);
        is("RuleNumber", self.number.into()) && is("Egress", self.egress.into())
    }
}

/// `inbound rule 100 of acl-1`.
impl std::fmt::Display for RuleKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let direction = if self.egress { "outbound" } else { "inbound" };
        write!(f, "{direction} rule {} of `{}`", self.number, self.acl)
    }
}

/// The input of the call that creates or replaces a rule. Equal rules have equal inputs.
///
/// # Errors
/// If a property is missing or of another form.
pub(super) fn input(
    properties: &KnownMap,
    operation: &'static str,
) -> Result<KnownMap, DriverError> {
    let fields = Fields::new(properties, operation);
    let mut input = RuleKey::parse(properties, operation)?.members();
    for name in ["Protocol", "RuleAction"] {
        input.insert(name.to_owned(), fields.required(name)?);
    }
    for name in ["CidrBlock", "Ipv6CidrBlock"] {
        if let Some(value) = fields.text(name)? {
            input.insert(name.to_owned(), value);
        }
    }
    let pairs =
        [("PortRange", "PortRange", ["From", "To"]), ("Icmp", "IcmpTypeCode", ["Code", "Type"])];
    for (property, member, names) in pairs {
        if let Some(pair) = integers(fields, property, names, operation)? {
            input.insert(member.to_owned(), pair.into());
        }
    }
    Ok(input)
}

/// A map of two integers.
fn integers(
    fields: Fields<'_>,
    property: &str,
    names: [&str; 2],
    operation: &'static str,
) -> Result<Option<KnownMap>, DriverError> {
    let Some(value) = fields.value(property) else { return Ok(None) };
    let map = value.as_map().ok_or_else(|| fields.invalid(property, "is not a map"))?;
    let mut pair = KnownMap::new();
    for name in names {
        let number = Fields::new(map, operation).integer(name).map_err(|error| {
            let path = PropertyPath::root().name(property).name(name);
            let kind = ErrorKind::Invalid { property: Some(path) };
            DriverError { kind, ..error }
        })?;
        if let Some(number) = number {
            pair.insert(name.to_owned(), number.into());
        }
    }
    Ok(Some(pair))
}

/// The properties of a rule, in the form in which they are declared where that means the same: EC2
/// keeps ranges in their canonical form, and drops ports and ICMP types that its protocol has not.
pub(super) fn shown(key: &RuleKey, entry: &KnownMap, declared: &KnownMap) -> KnownMap {
    let mut shown = key.members();
    let protocol = text_in(entry, "Protocol").unwrap_or_default();
    let number = protocol.parse::<i64>().map(KnownValue::from);
    shown.insert("Protocol".to_owned(), number.unwrap_or_else(|_| protocol.into()));
    for (property, member) in [
        ("RuleAction", "RuleAction"),
        ("CidrBlock", "CidrBlock"),
        ("Ipv6CidrBlock", "Ipv6CidrBlock"),
        ("PortRange", "PortRange"),
        ("Icmp", "IcmpTypeCode"),
    ] {
        let (found, wanted) = (entry.get(member), declared.get(property));
        let value = match (found, wanted) {
            (Some(found), Some(wanted)) if same(property, found, wanted) => Some(wanted),
            (None, Some(wanted)) if is_dropped(property, protocol) => Some(wanted),
            (found, _) => found,
        };
        if let Some(value) = value {
            shown.insert(property.to_owned(), value.clone());
        }
    }
    shown
}

fn same(property: &str, found: &KnownValue, wanted: &KnownValue) -> bool {
    let (Some(found), Some(wanted)) = (found.as_str(), wanted.as_str()) else { return false };
    match property {
        "RuleAction" => found.eq_ignore_ascii_case(wanted),
        _ => same_range(found, wanted),
    }
}

/// True if the rules of a protocol have no such property.
///
/// Source: EC2 API reference, CreateNetworkAclEntry, `Protocol`, `PortRange`, `IcmpTypeCode`.
fn is_dropped(property: &str, protocol: &str) -> bool {
    match property {
        "PortRange" => !matches!(protocol, "6" | "17" | "tcp" | "udp"),
        "Icmp" => !matches!(protocol, "1" | "58" | "icmp" | "icmpv6"),
        _ => false,
    }
}
