//! The principals of policies: users, groups and roles, and the operations for each.

use std::collections::BTreeSet;

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use super::fields::{Fields, arguments};

/// A kind of principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PrincipalKind {
    User,
    Group,
    Role,
}

/// The operations on the policies of one kind of principal.
#[derive(Clone, Copy)]
pub(super) struct Operations {
    pub(super) put: &'static str,
    pub(super) get: &'static str,
    pub(super) delete: &'static str,
    pub(super) attach: &'static str,
    pub(super) detach: &'static str,
    /// The operation that lists the inline policies.
    pub(super) inline: &'static str,
    /// The operation that lists the attached policies.
    pub(super) attached: &'static str,
}

impl PrincipalKind {
    pub(super) const ALL: [Self; 3] = [Self::User, Self::Group, Self::Role];

    /// The property that lists principals of this kind.
    pub(super) fn property(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
            Self::Role => "Roles",
        }
    }

    /// Its name in a sentence.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    /// The member of inputs and answers that names one.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::User => "UserName",
            Self::Group => "GroupName",
            Self::Role => "RoleName",
        }
    }

    /// The list of `ListEntitiesForPolicy`.
    pub(super) fn entities(self) -> &'static str {
        match self {
            Self::User => "PolicyUsers",
            Self::Group => "PolicyGroups",
            Self::Role => "PolicyRoles",
        }
    }

    pub(super) fn operations(self) -> Operations {
        match self {
            Self::User => Operations {
                put: "PutUserPolicy",
                get: "GetUserPolicy",
                delete: "DeleteUserPolicy",
                attach: "AttachUserPolicy",
                detach: "DetachUserPolicy",
                inline: "ListUserPolicies",
                attached: "ListAttachedUserPolicies",
            },
            Self::Group => Operations {
                put: "PutGroupPolicy",
                get: "GetGroupPolicy",
                delete: "DeleteGroupPolicy",
                attach: "AttachGroupPolicy",
                detach: "DetachGroupPolicy",
                inline: "ListGroupPolicies",
                attached: "ListAttachedGroupPolicies",
            },
            Self::Role => Operations {
                put: "PutRolePolicy",
                get: "GetRolePolicy",
                delete: "DeleteRolePolicy",
                attach: "AttachRolePolicy",
                detach: "DetachRolePolicy",
                inline: "ListRolePolicies",
                attached: "ListAttachedRolePolicies",
            },
        }
    }
}

/// One principal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Principal {
    pub(super) kind: PrincipalKind,
    pub(super) name: String,
}

impl Principal {
    /// The principals that a policy declares.
    pub(super) fn declared(fields: Fields<'_>) -> Result<BTreeSet<Self>, DriverError> {
        let mut all = BTreeSet::new();
        for kind in PrincipalKind::ALL {
            let names = fields.names(kind.property())?;
            all.extend(names.into_iter().map(|name| Self { kind, name }));
        }
        Ok(all)
    }

    /// The principal of a kind that has this name.
    pub(super) fn new(kind: PrincipalKind, name: &str) -> Self {
        Self { kind, name: name.to_owned() }
    }

    /// The input that names it.
    pub(super) fn named(&self) -> KnownMap {
        arguments([(self.kind.member(), self.name.as_str().into())])
    }

    /// The input that names it and an inline policy of it.
    pub(super) fn inline(&self, policy: &str) -> KnownMap {
        arguments([(self.kind.member(), self.name.as_str().into()), ("PolicyName", policy.into())])
    }

    /// The input that names it and a managed policy.
    pub(super) fn managed(&self, arn: &str) -> KnownMap {
        arguments([(self.kind.member(), self.name.as_str().into()), ("PolicyArn", arn.into())])
    }
}

/// Puts the principals that a policy was seen with into its properties: a list for each kind of
/// which any is declared.
pub(super) fn show_principals(
    properties: &mut KnownMap,
    declared: &BTreeSet<Principal>,
    seen: &BTreeSet<Principal>,
) {
    for kind in PrincipalKind::ALL {
        if declared.iter().any(|principal| principal.kind == kind) {
            let names = seen.iter().filter(|principal| principal.kind == kind);
            let names = names.map(|principal| principal.name.as_str().into()).collect();
            properties.insert(kind.property().to_owned(), KnownValue::List(names));
        }
    }
}
