//! The states that objects of EC2 go through.

use rstack_model::KnownMap;

use crate::iam::text_in;

/// The states of a kind. A state that is not named here is stable; letters of both cases are equal.
pub(in crate::ec2) struct States {
    /// States that another one follows without a call.
    pub(in crate::ec2) passing: &'static [&'static str],
    /// States of an object that failed to become stable.
    pub(in crate::ec2) failed: &'static [&'static str],
    /// States of an object that is being deleted.
    pub(in crate::ec2) deleting: &'static [&'static str],
    /// States of an object that is described although it is deleted.
    pub(in crate::ec2) gone: &'static [&'static str],
}

impl States {
    /// The states of an object that is stable as soon as it is described, and gone when the call that
    /// deletes it is answered.
    pub(in crate::ec2) const NONE: Self =
        Self { passing: &[], failed: &[], deleting: &[], gone: &[] };

    /// The states of an object that takes a moment to be made.
    pub(in crate::ec2) const PENDING: Self =
        Self { passing: &["pending"], failed: &["failed"], deleting: &[], gone: &[] };

    /// The stage of the object of a description.
    pub(super) fn stage(&self, members: &KnownMap) -> Stage {
        let code = || members.get("Status")?.get("Code")?.as_str();
        let Some(state) = text_in(members, "State").or_else(code) else { return Stage::Stable };
        let is_one_of = |list: &[&str]| list.iter().any(|name| name.eq_ignore_ascii_case(state));
        if is_one_of(self.gone) {
            Stage::Gone
        } else if is_one_of(self.deleting) {
            Stage::Deleting
        } else if is_one_of(self.failed) {
            Stage::Failed(state.to_owned())
        } else if is_one_of(self.passing) {
            Stage::Passing(state.to_owned())
        } else {
            Stage::Stable
        }
    }

    /// True if a deletion goes on after its call was answered.
    pub(super) fn take_time_to_go(&self) -> bool {
        !self.deleting.is_empty()
    }
}

/// The stage of an object's life.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing happens to it without a call.
    Stable,
    /// Another state follows without a call.
    Passing(String),
    /// It failed to become stable.
    Failed(String),
    /// It is being deleted.
    Deleting,
    /// It is deleted and described nevertheless.
    Gone,
}
