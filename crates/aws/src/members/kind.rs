//! The facts in which types of additions differ.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rstack_driver::DriverError;
use rstack_model::KnownMap;

/// The names that a type has in messages.
pub(crate) struct Facts {
    /// The action that adds members.
    pub(crate) action: &'static str,
    /// The set in a sentence: `group`.
    pub(crate) noun: &'static str,
    /// A member in a sentence: `user`.
    pub(crate) member: &'static str,
    /// The most members that one call adds.
    pub(crate) batch: usize,
}

/// The members that properties declare.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Members {
    /// The properties that name the set.
    pub(crate) set: KnownMap,
    /// The set's name in messages.
    pub(crate) name: String,
    /// The members, each once, in the declared order.
    pub(crate) members: Vec<String>,
}

impl Members {
    /// The members of this set, each once.
    pub(crate) fn new(
        set: KnownMap,
        name: String,
        members: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut seen = BTreeSet::new();
        let members = members.into_iter().filter(|member| seen.insert(member.clone())).collect();
        Self { set, name, members }
    }
}

/// A type of additions.
#[async_trait]
pub(crate) trait Kind: Send + Sync {
    /// Its names.
    const FACTS: Facts;

    /// The members that these properties declare.
    ///
    /// # Errors
    /// If a property is missing or of another form.
    fn declared(&self, properties: &KnownMap) -> Result<Members, DriverError>;

    /// The properties that declare these members of the set.
    fn shown(&self, set: &KnownMap, members: &[&str]) -> KnownMap;

    /// The members of the set, at least those among them that are asked for; `None` if there is no such set.
    ///
    /// # Errors
    /// If they cannot be read.
    async fn held(&self, of: &Members) -> Result<Option<BTreeSet<String>>, DriverError>;

    /// Adds members to the set: at most [`Facts::batch`] of them.
    ///
    /// # Errors
    /// If the call failed. An error of what may have been made a moment ago is one that passes.
    async fn add(&self, set: &KnownMap, members: &[&str]) -> Result<(), DriverError>;

    /// Takes members out of the set: at most [`Facts::batch`] of them, which were in it a moment ago.
    ///
    /// # Errors
    /// If the call failed; not if the set, or a member of it, is gone.
    async fn remove(&self, set: &KnownMap, members: &[&str]) -> Result<(), DriverError>;
}
