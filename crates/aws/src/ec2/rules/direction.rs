//! The two directions of rules of security groups, and the names that differ between them.

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ec2) enum Direction {
    Inbound,
    Outbound,
}

impl Direction {
    /// Both of them.
    pub(in crate::ec2) const ALL: [Self; 2] = [Self::Inbound, Self::Outbound];

    /// As messages have it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }

    /// The property of a group that lists its rules.
    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Inbound => "SecurityGroupIngress",
            Self::Outbound => "SecurityGroupEgress",
        }
    }

    /// The property of a rule that names another group.
    pub(super) fn group(self) -> &'static str {
        match self {
            Self::Inbound => "SourceSecurityGroupId",
            Self::Outbound => "DestinationSecurityGroupId",
        }
    }

    /// The property of a rule that names a prefix list.
    pub(super) fn prefix_list(self) -> &'static str {
        match self {
            Self::Inbound => "SourcePrefixListId",
            Self::Outbound => "DestinationPrefixListId",
        }
    }

    /// The operation that adds rules.
    pub(super) fn authorize(self) -> &'static str {
        match self {
            Self::Inbound => "AuthorizeSecurityGroupIngress",
            Self::Outbound => "AuthorizeSecurityGroupEgress",
        }
    }

    /// The operation that removes rules.
    pub(super) fn revoke(self) -> &'static str {
        match self {
            Self::Inbound => "RevokeSecurityGroupIngress",
            Self::Outbound => "RevokeSecurityGroupEgress",
        }
    }

    /// The operation that changes the descriptions of rules.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Inbound => "UpdateSecurityGroupRuleDescriptionsIngress",
            Self::Outbound => "UpdateSecurityGroupRuleDescriptionsEgress",
        }
    }

    /// [`Self::authorize`] with its service, as errors have it.
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Inbound => "ec2:AuthorizeSecurityGroupIngress",
            Self::Outbound => "ec2:AuthorizeSecurityGroupEgress",
        }
    }
}
