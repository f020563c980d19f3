//! What is waited for, and how long at the most.

use std::collections::BTreeMap;
use std::time::Duration;

use rstack_model::{Address, ResourceType};

/// How long objects may take to settle or to go, where nobody says otherwise. CloudFront deploys in
/// minutes, seldom in half an hour.
const BY_TYPE: [(&str, u64); 1] = [("AWS::CloudFront::Distribution", 45)];
/// The same for all other types, in minutes.
const OTHERS: u64 = 20;

/// Which objects are waited for until they have settled. Before old objects are deleted, all that
/// was made is waited for in any case: what serves goes when its successor serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// Every object: a distribution is deployed at all edge locations.
    #[default]
    Full,
    /// Those that others cannot use before: not a distribution, whose domain name holds at once.
    Ready,
    /// Of these only those that another step of the plan uses.
    None,
}

/// What is waited for, and how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// What for.
    pub wait: Wait,
    /// How long for any object, if it is not the time of its type.
    pub timeout: Option<Duration>,
    /// How long for these, before all others.
    pub timeouts: BTreeMap<Address, Duration>,
}

impl Waiting {
    /// How long an operation on an object may take.
    pub(crate) fn limit(&self, id: &Address, resource_type: &ResourceType) -> Duration {
        let own = self.timeouts.get(id).copied().or(self.timeout);
        own.unwrap_or_else(|| {
            let of_type = BY_TYPE.iter().find(|(name, _)| *name == resource_type.as_str());
            Duration::from_secs(60 * of_type.map_or(OTHERS, |(_, minutes)| *minutes))
        })
    }
}
