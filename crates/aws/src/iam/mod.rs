//! Drivers of IAM: roles, users, groups and their members, instance profiles, inline policies, managed
//! policies.
//!
//! IAM is one global service that becomes consistent within seconds: what was just made may still
//! be unknown to the next call. Errors that can mean this are passed on as such, so that the
//! engine tries again; nothing here waits.

mod access_key;
mod boundary;
#[cfg(test)]
mod conformance;
mod contents;
mod document;
mod fields;
mod group;
mod instance_profile;
mod login_profile;
mod managed_policy;
mod memberships;
mod policy;
mod principal;
mod role;
mod service;
mod tags;
mod user;
mod user_to_group_addition;

pub(crate) use access_key::AccessKey;
pub(crate) use document::{
    as_declared, decoded, is_partly_unknown, names_principal, required_document, same_document,
};
pub(crate) use fields::{Fields, arguments, journal_failed, part, text_in};
pub(crate) use group::Group;
pub(crate) use instance_profile::InstanceProfile;
pub(crate) use managed_policy::ManagedPolicy;
pub(crate) use policy::Policy;
pub(crate) use role::Role;
pub(crate) use tags::{
    TagChanges, Tags, add_own, create_tagged, declared_tags, nonce, tag_list, tag_of, visible_tags,
    with_nonce, with_token,
};
pub(crate) use user::User;
pub(crate) use user_to_group_addition::UsersOfGroup;
