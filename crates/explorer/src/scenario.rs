//! What is lived through: from which stack to which, what fails on the way, where it ends.

use crate::stack::{Size, Variant, Wanted};
use crate::world::{Conditions, World};

const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";
const ENDPOINT: &str = "AWS::MediaPackage::OriginEndpoint";

/// Where a stack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nothing,
    Is(Variant),
}

/// One scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    from: Place,
    to: Place,
    /// Where the commands after a disturbed one lead.
    end: Place,
    parallelism: usize,
    in_parts: bool,
    refused: Option<(&'static str, &'static str)>,
}

const FIRST: Place = Place::Is(Variant::First);

const fn plain(name: &'static str, from: Place, to: Place) -> Scenario {
    Scenario { name, from, to, end: to, parallelism: 1, in_parts: false, refused: None }
}

const fn refused(
    name: &'static str,
    (from, to, end): (Place, Place, Place),
    refused: (&'static str, &'static str),
) -> Scenario {
    Scenario { end, refused: Some(refused), ..plain(name, from, to) }
}

/// All scenarios. Those that are refused something fail and roll back; what comes after leads back
/// to where they began, or (`-on`) on to where they were going.
pub const SCENARIOS: [Scenario; 13] = [
    plain("create", Place::Nothing, FIRST),
    Scenario { in_parts: true, ..plain("create-in-parts", Place::Nothing, FIRST) },
    Scenario { parallelism: 4, ..plain("create-parallel", Place::Nothing, FIRST) },
    plain("update", FIRST, Place::Is(Variant::Changed)),
    plain("replace", FIRST, Place::Is(Variant::Renamed)),
    plain("replace-delete-first", FIRST, Place::Is(Variant::Attached)),
    plain("delete", FIRST, Place::Nothing),
    refused("rollback-create", (Place::Nothing, FIRST, Place::Nothing), ("create", DISTRIBUTION)),
    refused("rollback-create-on", (Place::Nothing, FIRST, FIRST), ("create", DISTRIBUTION)),
    refused("rollback-update", (FIRST, Place::Is(Variant::Changed), FIRST), ("settled", ENDPOINT)),
    refused(
        "rollback-replace",
        (FIRST, Place::Is(Variant::Renamed), FIRST),
        ("update", DISTRIBUTION),
    ),
    refused(
        "rollback-replace-on",
        (FIRST, Place::Is(Variant::Renamed), Place::Is(Variant::Renamed)),
        ("update", DISTRIBUTION),
    ),
    refused(
        "rollback-delete-first",
        (FIRST, Place::Is(Variant::Attached), FIRST),
        ("update", DISTRIBUTION),
    ),
];

/// A scenario that is ready to be lived through.
pub(crate) struct Ready {
    pub(crate) scenario: Scenario,
    pub(crate) from: Wanted,
    pub(crate) to: Wanted,
    pub(crate) end: Wanted,
    /// The world before the run that is disturbed.
    pub(crate) before: World,
    /// The picture of the end that an undisturbed run reaches.
    pub(crate) goal: Option<String>,
    /// The picture of where it began.
    pub(crate) origin: Option<String>,
}

impl Scenario {
    /// The scenario of this name.
    pub fn named(name: &str) -> Option<Self> {
        SCENARIOS.into_iter().find(|scenario| scenario.name == name)
    }

    /// How many objects there may be of one resource at once.
    pub(crate) fn limit(&self) -> usize {
        let replaces = matches!(self.to, Place::Is(Variant::Renamed | Variant::Attached));
        1 + usize::from(replaces)
    }

    /// How the run that is disturbed works.
    pub(crate) fn conditions(&self) -> Conditions {
        Conditions {
            parallelism: self.parallelism,
            in_parts: self.in_parts,
            refused: self.refused,
            ..Conditions::default()
        }
    }

    /// Lives up to where the scenario begins, and once undisturbed to its end.
    ///
    /// # Errors
    /// If the undisturbed run does not come to its end.
    pub(crate) fn ready(self, size: Size, seed: u64) -> Result<Ready, String> {
        let mut before = World::new(seed)?;
        let environment = before.sandbox.environment().clone();
        let wanted = |place| match place {
            Place::Nothing => Ok(Wanted::Nothing),
            Place::Is(variant) => size.wanted(variant, &environment),
        };
        let (from, to, end) = (wanted(self.from)?, wanted(self.to)?, wanted(self.end)?);
        if self.from != Place::Nothing {
            before.reach(&from, None)?;
        }
        let origin = before.picture()?;
        let mut undisturbed = before.fork()?;
        undisturbed.reach(&end, None)?;
        let goal = undisturbed.picture()?;
        Ok(Ready { scenario: self, from, to, end, before, goal, origin })
    }
}
