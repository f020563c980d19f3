//! A rule of a security group: as templates declare it, as calls take it, and as EC2 shows it.

use rstack_catalog::{canonical_range, protocol_name};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::direction::Direction;
use crate::ec2::calls::{Ec2, list, maps};
use crate::iam::{Fields, arguments, text_in};

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ec2) enum Peer {
    V4(String),
    V6(String),
    PrefixList(String),
    /// A security group, by its ID.
    Group(String),
}

/// The other ends in a permission: the list, the member of an element that names one, and what it makes.
type PeerKind = (&'static str, &'static str, fn(String) -> Peer);

/// A rule in EC2's form.
#[derive(Clone, Debug)]
pub(in crate::ec2) struct Rule {
    protocol: String,
    from: Option<i64>,
    to: Option<i64>,
    peer: Peer,
    /// The account of the group that is the peer, where the template says it.
    owner: Option<String>,
    pub(super) description: Option<KnownValue>,
}

/// The protocols that have ports, or types and codes.
///
/// Source: EC2 API reference, IpPermission, `IpProtocol`: of all other protocols all ports are
/// allowed, whatever is given.
const WITH_PORTS: [&str; 4] = ["tcp", "udp", "icmp", "icmpv6"];

impl Rule {
    /// The declared rule. The name of a group is looked up: descriptions have its ID.
    ///
    /// # Errors
    /// If it does not say one other end, or the group of that name is not found.
    pub(in crate::ec2) async fn declared(
        ec2: &Ec2,
        direction: Direction,
        fields: Fields<'_>,
    ) -> Result<Self, DriverError> {
        let protocol = protocol_name(&fields.required_name("IpProtocol")?);
        let has_ports = WITH_PORTS.contains(&protocol.as_str());
        let port = |name| Ok::<_, DriverError>(fields.integer(name)?.filter(|_| has_ports));
        let mut peers = Vec::new();
        peers.extend(fields.name("CidrIp")?.map(|block| Peer::V4(canonical_range(&block))));
        peers.extend(fields.name("CidrIpv6")?.map(|block| Peer::V6(canonical_range(&block))));
        peers.extend(fields.name(direction.prefix_list())?.map(Peer::PrefixList));
        peers.extend(fields.name(direction.group())?.map(Peer::Group));
        let mut owner = None;
        if direction == Direction::Inbound {
            owner = fields.name("SourceSecurityGroupOwnerId")?;
            if let Some(name) = fields.name("SourceSecurityGroupName")? {
                peers.push(Peer::Group(group_named(ec2, &name).await?));
            }
        }
        let Ok([peer]) = <[Peer; 1]>::try_from(peers) else {
            let problem = format!(
                "or one of `CidrIpv6`, `{}` and `{}` has to be declared, and no other beside it",
                direction.prefix_list(),
                direction.group()
            );
            return Err(fields.invalid("CidrIp", problem));
        };
        let (from, to) = (port("FromPort")?, port("ToPort")?);
        Ok(Self { protocol, from, to, peer, owner, description: fields.text("Description")? })
    }

    /// The rule that DescribeSecurityGroupRules shows.
    pub(super) fn shown(members: &KnownMap) -> Option<Self> {
        let text = |name: &str| text_in(members, name).map(str::to_owned);
        let group = members.get("ReferencedGroupInfo").and_then(KnownValue::as_map);
        let peer = text("CidrIpv4")
            .map(Peer::V4)
            .or_else(|| text("CidrIpv6").map(Peer::V6))
            .or_else(|| text("PrefixListId").map(Peer::PrefixList))
            .or_else(|| Some(Peer::Group(text_in(group?, "GroupId")?.to_owned())))?;
        Some(Self::of(members, peer, group.and_then(|group| text_in(group, "UserId")), members))
    }

    /// The rules in a permission of DescribeSecurityGroups.
    pub(super) fn in_permission(permission: &KnownMap) -> Vec<Self> {
        let kinds: [PeerKind; 4] = [
            ("IpRanges", "CidrIp", Peer::V4),
            ("Ipv6Ranges", "CidrIpv6", Peer::V6),
            ("PrefixListIds", "PrefixListId", Peer::PrefixList),
            ("UserIdGroupPairs", "GroupId", Peer::Group),
        ];
        let mut rules = Vec::new();
        for (member, name, peer) in kinds {
            for it in maps(permission, member) {
                let Some(text) = text_in(it, name) else { continue };
                let owner = text_in(it, "UserId");
                rules.push(Self::of(permission, peer(text.to_owned()), owner, it));
            }
        }
        rules
    }

    fn of(members: &KnownMap, peer: Peer, owner: Option<&str>, described: &KnownMap) -> Self {
        let protocol = protocol_name(text_in(members, "IpProtocol").unwrap_or_default());
        let has_ports = WITH_PORTS.contains(&protocol.as_str());
        let port = |name| {
            let port = Fields::new(members, "ec2:DescribeSecurityGroupRules").integer(name);
            port.ok().flatten().filter(|_| has_ports)
        };
        let description = described.get("Description").cloned();
        let (from, to, owner) = (port("FromPort"), port("ToPort"), owner.map(str::to_owned));
        Self { protocol, from, to, peer, owner, description }
    }

    /// The rule that every new group of a VPC has.
    pub(super) fn everything_out() -> Self {
        let (protocol, peer) = ("-1".to_owned(), Peer::V4("0.0.0.0/0".to_owned()));
        Self { protocol, from: None, to: None, peer, owner: None, description: None }
    }

    /// True if it allows everything to everywhere, as the rule that EC2 makes with a group.
    pub(super) fn is_everything_out(&self) -> bool {
        let everywhere = match &self.peer {
            Peer::V4(block) => block == "0.0.0.0/0",
            Peer::V6(block) => block == "::/0",
            Peer::PrefixList(_) | Peer::Group(_) => false,
        };
        everywhere && self.protocol == "-1"
    }

    /// True if both are the same rule to EC2, whatever their descriptions.
    pub(in crate::ec2) fn is(&self, other: &Self) -> bool {
        let any = |port: Option<i64>| port.unwrap_or(-1);
        self.protocol == other.protocol
            && any(self.from) == any(other.from)
            && any(self.to) == any(other.to)
            && self.peer == other.peer
    }

    /// True if both have the same description.
    pub(super) fn reads_as(&self, other: &Self) -> bool {
        let text = |rule: &Self| -> String {
            let text = rule.description.as_ref().and_then(KnownValue::expose_str);
            text.unwrap_or_default().to_owned()
        };
        text(self) == text(other)
    }

    /// The rule as calls take it.
    pub(super) fn permission(&self) -> KnownValue {
        let mut permission = arguments([("IpProtocol", self.protocol.as_str().into())]);
        let ports = [("FromPort", self.from), ("ToPort", self.to)];
        for (name, port) in ports {
            permission.extend(port.map(|port| (name.to_owned(), port.into())));
        }
        let (member, name, value) = match &self.peer {
            Peer::V4(block) => ("IpRanges", "CidrIp", block),
            Peer::V6(block) => ("Ipv6Ranges", "CidrIpv6", block),
            Peer::PrefixList(id) => ("PrefixListIds", "PrefixListId", id),
            Peer::Group(id) => ("UserIdGroupPairs", "GroupId", id),
        };
        let mut one = arguments([(name, value.as_str().into())]);
        if let (Some(owner), Peer::Group(_)) = (&self.owner, &self.peer) {
            one.insert("UserId".to_owned(), owner.as_str().into());
        }
        let description = self.description.clone();
        one.extend(description.map(|text| ("Description".to_owned(), text)));
        permission.insert(member.to_owned(), KnownValue::List(vec![KnownValue::Map(one)]));
        KnownValue::Map(permission)
    }

    /// The properties of the rule.
    pub(super) fn properties(&self, direction: Direction) -> KnownMap {
        let number = self.protocol.parse::<i64>().is_ok();
        let protocol = self.protocol.as_str();
        let mut out = arguments([("IpProtocol", protocol.into())]);
        if !number {
            let ports = [("FromPort", self.from), ("ToPort", self.to)];
            let ports = ports.into_iter().filter_map(|(name, port)| Some((name, port?)));
            out.extend(ports.map(|(name, port)| (name.to_owned(), port.into())));
        }
        let (name, value) = match &self.peer {
            Peer::V4(block) => ("CidrIp", block),
            Peer::V6(block) => ("CidrIpv6", block),
            Peer::PrefixList(id) => (direction.prefix_list(), id),
            Peer::Group(id) => (direction.group(), id),
        };
        out.insert(name.to_owned(), value.as_str().into());
        if let (Some(owner), Direction::Inbound) = (&self.owner, direction) {
            out.insert("SourceSecurityGroupOwnerId".to_owned(), owner.as_str().into());
        }
        let text = self.description.clone();
        out.extend(text.map(|text| ("Description".to_owned(), text)));
        out
    }

    /// The properties of the rule that EC2 shows, in the form in which the same rule is declared.
    pub(super) fn as_declared(&self, declared: &KnownMap) -> KnownMap {
        let mut out = declared.clone();
        out.remove("Description");
        let text = self.description.clone();
        out.extend(text.map(|text| ("Description".to_owned(), text)));
        out
    }
}

/// The ID of a group of the default VPC.
///
/// Source: CloudFormation user guide, AWS::EC2::SecurityGroupIngress, `SourceSecurityGroupName`: for the
/// default VPC only.
async fn group_named(ec2: &Ec2, name: &str) -> Result<String, DriverError> {
    let input = arguments([("GroupNames", list([name]))]);
    let found = ec2.all("DescribeSecurityGroups", "SecurityGroups", input).await?;
    let id = found.first().and_then(|group| text_in(group, "GroupId"));
    id.map(str::to_owned).ok_or_else(|| {
        let message = format!(
            "the default VPC has no security group `{name}`; name the group by its ID instead"
        );
        DriverError::new(ErrorKind::DependencyNotReady, "ec2:DescribeSecurityGroups", message)
    })
}
