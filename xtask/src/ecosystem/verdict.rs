//! The verdict on a template: data, and its form in the recorded file, one JSON object a line.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The number of things of each name.
pub(crate) type Counts = BTreeMap<String, usize>;

/// A line of the recorded file.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// The template's file name.
    pub(crate) template: String,
    /// The verdict of the program on it.
    pub(crate) verdict: Verdict,
}

/// The verdict of the program on a template in an empty sandbox.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// The plan is refused; the codes of its errors.
    Refused(BTreeSet<String>),
    /// It is planned.
    Planned(Planned),
    /// The program crashed, was killed after the time limit, or wrote something else than JSON. Never
    /// a verdict to be satisfied with.
    Broken(String),
}

/// A plan, and the outcome of carrying it out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Planned {
    /// The number of changes for each action.
    pub(crate) actions: Counts,
    /// The outcome of apply, a second plan, and destroy.
    pub(crate) life: Life,
}

/// The first step after the plan that did not do what it should.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Life {
    /// Applied, the second plan was empty, destroyed, and nothing was left but what a
    /// `DeletionPolicy` retains.
    Complete,
    /// Apply failed: the type and operation of each step that failed, or the codes of its errors.
    ApplyFailed(BTreeSet<String>),
    /// The second plan was refused, with these codes.
    SecondPlanRefused(BTreeSet<String>),
    /// The second plan had changes: their actions, none if only outputs change.
    SecondPlanNotEmpty(Counts),
    /// Destroy failed: the type and operation of each step that failed, or the codes of its errors.
    DestroyFailed(BTreeSet<String>),
    /// Destroy left objects of these types behind.
    ObjectsLeft(Counts),
    /// Destroy left the state behind.
    StateLeft,
}

/// The stage that a template reaches. A lower stage than the recorded one is a regression.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Stage {
    Broken,
    Refused,
    Planned,
    Complete,
}

impl Verdict {
    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::Broken(_) => Stage::Broken,
            Self::Refused(_) => Stage::Refused,
            Self::Planned(Planned { life: Life::Complete, .. }) => Stage::Complete,
            Self::Planned(_) => Stage::Planned,
        }
    }
}
