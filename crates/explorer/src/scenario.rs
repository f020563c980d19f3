//! The scenarios: from which stack to which, what fails on the way, where it ends.

use crate::crash_injector::lock;
use crate::generated::LAST;
use crate::handlers::Handling;
use crate::signals::Sending;
use crate::simulation::{Conditions, Simulation, Store};
use crate::stack::{Size, Variant, Wanted};

const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";
const ENDPOINT: &str = "AWS::MediaPackage::OriginEndpoint";
const PARAMETER: &str = "AWS::SSM::Parameter";

/// Where a stack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nothing,
    Is(Variant),
    /// Where it was before an incomplete apply: nothing is applied, it is rolled
    /// back.
    Back,
}

/// A verb and a type that are refused.
type Refused = (&'static str, &'static str);

/// One scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    from: Place,
    to: Place,
    /// Where the commands after a disturbed one lead.
    end: Place,
    store: Store,
    /// The stack it has of its own.
    own: Option<Size>,
    /// The number of times that an API answers that it works on a request.
    polls: u32,
    /// The way in which the handlers of custom resources answer.
    handling: Handling,
    /// The way in which senders signal.
    sending: Sending,
    parallelism: usize,
    in_parts: bool,
    refused: Option<Refused>,
    /// True if a failed apply stays as it is, and is not rolled back.
    keeps: bool,
    /// Where an apply was to lead that failed before this begins, and stayed as it was.
    left_by: Option<(Place, Refused)>,
}

const FIRST: Place = Place::Is(Variant::First);

const fn plain(name: &'static str, from: Place, to: Place) -> Scenario {
    Scenario {
        name,
        from,
        to,
        end: to,
        store: Store::Files,
        own: None,
        polls: 0,
        handling: Handling::Prompt,
        sending: Sending::Prompt,
        parallelism: 1,
        in_parts: false,
        refused: None,
        keeps: false,
        left_by: None,
    }
}

const fn refused(
    name: &'static str,
    (from, to, end): (Place, Place, Place),
    refused: Refused,
) -> Scenario {
    Scenario { end, refused: Some(refused), ..plain(name, from, to) }
}

/// A scenario in which a failed apply is kept, and rolled back later.
const fn kept(name: &'static str, (from, to): (Place, Place), refused: Refused) -> Scenario {
    Scenario { keeps: true, ..self::refused(name, (from, to, Place::Back), refused) }
}

/// A rollback of what a failed apply has left.
const fn back(
    name: &'static str,
    (from, left, end): (Place, Place, Place),
    refused: Refused,
) -> Scenario {
    Scenario { end, left_by: Some((left, refused)), ..plain(name, from, Place::Back) }
}

/// The scenarios of the streaming stack. Those that are refused something fail and roll back; what comes after leads back
/// to where they began, or (`-on`) on to where they were going. `keep-` fails and stays as it is until
/// it is rolled back; `back-` begins there.
pub const SCENARIOS: [Scenario; 29] = [
    plain("create", Place::Nothing, FIRST),
    Scenario { in_parts: true, ..plain("create-in-parts", Place::Nothing, FIRST) },
    Scenario { parallelism: 4, ..plain("create-parallel", Place::Nothing, FIRST) },
    plain("update", FIRST, Place::Is(Variant::Changed)),
    // The process may not read an object, which is never taken for one that is gone.
    refused(
        "update-unread",
        (FIRST, Place::Is(Variant::Changed), Place::Is(Variant::Changed)),
        ("read", ENDPOINT),
    ),
    plain("replace", FIRST, Place::Is(Variant::Renamed)),
    plain("replace-delete-first", FIRST, Place::Is(Variant::Attached)),
    plain("delete", FIRST, Place::Nothing),
    refused("rollback-create", (Place::Nothing, FIRST, Place::Nothing), ("create", DISTRIBUTION)),
    refused("rollback-create-on", (Place::Nothing, FIRST, FIRST), ("create", DISTRIBUTION)),
    refused(
        "rollback-update",
        (FIRST, Place::Is(Variant::Changed), FIRST),
        ("stabilized", ENDPOINT),
    ),
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
    // The rollback is cut off, and the next command is a rollback, too.
    refused("rollback-create-back", (Place::Nothing, FIRST, Place::Back), ("create", DISTRIBUTION)),
    refused(
        "rollback-replace-back",
        (FIRST, Place::Is(Variant::Renamed), Place::Back),
        ("update", DISTRIBUTION),
    ),
    kept("keep-create", (Place::Nothing, FIRST), ("create", DISTRIBUTION)),
    kept("keep-update", (FIRST, Place::Is(Variant::Changed)), ("stabilized", ENDPOINT)),
    kept("keep-replace", (FIRST, Place::Is(Variant::Renamed)), ("update", DISTRIBUTION)),
    back("back-create", (Place::Nothing, FIRST, Place::Back), ("create", DISTRIBUTION)),
    back("back-create-on", (Place::Nothing, FIRST, FIRST), ("create", DISTRIBUTION)),
    back(
        "back-update",
        (FIRST, Place::Is(Variant::Changed), Place::Back),
        ("stabilized", ENDPOINT),
    ),
    back(
        "back-replace",
        (FIRST, Place::Is(Variant::Renamed), Place::Back),
        ("update", DISTRIBUTION),
    ),
    back(
        "back-replace-on",
        (FIRST, Place::Is(Variant::Renamed), Place::Is(Variant::Renamed)),
        ("update", DISTRIBUTION),
    ),
    // Objects that were deleted first are made anew, and their attributes are others: an apply is
    // the end.
    back(
        "back-delete-first",
        (FIRST, Place::Is(Variant::Attached), FIRST),
        ("update", DISTRIBUTION),
    ),
    back(
        "back-delete-first-on",
        (FIRST, Place::Is(Variant::Attached), Place::Is(Variant::Attached)),
        ("update", DISTRIBUTION),
    ),
    plain("rename-delete-first", FIRST, READDRESSED),
    refused("rollback-rename-delete-first", (FIRST, READDRESSED, FIRST), ("update", DISTRIBUTION)),
    back("back-rename-delete-first", (FIRST, READDRESSED, FIRST), ("update", DISTRIBUTION)),
];

const READDRESSED: Place = Place::Is(Variant::Readdressed);

const fn generated(scenario: Scenario) -> Scenario {
    Scenario { own: Some(Size::Generated), ..scenario }
}

const MOVED: Place = Place::Is(Variant::Renamed);

/// Objects of types of the catalog are moved from one scope to another. What is refused is the move
/// of the last one.
pub const GENERATED: [Scenario; 10] = [
    generated(plain("generated-create", Place::Nothing, FIRST)),
    generated(plain("generated-move", FIRST, MOVED)),
    generated(Scenario { parallelism: 4, ..plain("generated-move-parallel", FIRST, MOVED) }),
    generated(Scenario { in_parts: true, ..plain("generated-move-in-parts", FIRST, MOVED) }),
    generated(Scenario { polls: 2, ..plain("generated-move-polled", FIRST, MOVED) }),
    generated(plain("generated-update", MOVED, Place::Is(Variant::Changed))),
    generated(plain("generated-delete", MOVED, Place::Nothing)),
    generated(refused("generated-rollback-move", (FIRST, MOVED, FIRST), ("create", LAST))),
    generated(refused("generated-rollback-move-on", (FIRST, MOVED, MOVED), ("create", LAST))),
    generated(back("generated-back-move", (FIRST, MOVED, Place::Back), ("create", LAST))),
];

const fn polled(scenario: Scenario) -> Scenario {
    Scenario { polls: 2, ..scenario }
}

/// An API accepts requests and is asked whether they are complete.
pub const POLLED: [Scenario; 7] = [
    polled(plain("polled-create", Place::Nothing, FIRST)),
    polled(Scenario { parallelism: 4, ..plain("polled-create-parallel", Place::Nothing, FIRST) }),
    polled(plain("polled-update", FIRST, Place::Is(Variant::Changed))),
    polled(plain("polled-replace", FIRST, MOVED)),
    polled(plain("polled-replace-delete-first", FIRST, Place::Is(Variant::Attached))),
    polled(plain("polled-delete", FIRST, Place::Nothing)),
    polled(refused("polled-rollback-replace", (FIRST, MOVED, FIRST), ("update", DISTRIBUTION))),
];

const fn databases(scenario: Scenario) -> Scenario {
    Scenario { own: Some(Size::Databases), ..scenario }
}

const ATTACHED: Place = Place::Is(Variant::Attached);

/// Objects are deleted after their services have taken final snapshots of them.
pub const SNAPSHOTS: [Scenario; 9] = [
    databases(plain("snapshot-delete", FIRST, Place::Nothing)),
    databases(Scenario {
        parallelism: 4,
        ..plain("snapshot-delete-parallel", FIRST, Place::Nothing)
    }),
    databases(polled(plain("snapshot-delete-polled", FIRST, Place::Nothing))),
    databases(plain("snapshot-replace", FIRST, MOVED)),
    databases(plain("snapshot-delete-first", FIRST, ATTACHED)),
    databases(polled(plain("snapshot-delete-first-polled", FIRST, ATTACHED))),
    databases(refused(
        "snapshot-rollback-create",
        (Place::Nothing, FIRST, Place::Nothing),
        ("create", PARAMETER),
    )),
    databases(refused("snapshot-rollback-replace", (FIRST, MOVED, FIRST), ("update", PARAMETER))),
    databases(refused(
        "snapshot-rollback-delete-first",
        (FIRST, ATTACHED, FIRST),
        ("update", PARAMETER),
    )),
];

const fn nested(scenario: Scenario) -> Scenario {
    Scenario { own: Some(Size::Nested), ..scenario }
}

/// A stack whose resources are in three nested stacks.
pub const NESTED: [Scenario; 7] = [
    nested(plain("nested-create", Place::Nothing, FIRST)),
    nested(Scenario { parallelism: 4, ..plain("nested-create-parallel", Place::Nothing, FIRST) }),
    nested(plain("nested-update", FIRST, Place::Is(Variant::Changed))),
    nested(plain("nested-replace", FIRST, MOVED)),
    nested(plain("nested-delete", FIRST, Place::Nothing)),
    nested(refused(
        "nested-rollback-create",
        (Place::Nothing, FIRST, Place::Nothing),
        ("create", DISTRIBUTION),
    )),
    nested(refused("nested-rollback-replace", (FIRST, MOVED, FIRST), ("update", DISTRIBUTION))),
];

const fn custom(scenario: Scenario) -> Scenario {
    Scenario { own: Some(Size::Custom), ..scenario }
}

const fn handled(handling: Handling, scenario: Scenario) -> Scenario {
    Scenario { handling, ..custom(scenario) }
}

const THING: &str = "Custom::Thing";
const CHANGED: Place = Place::Is(Variant::Changed);

/// Handlers of the template's own make the objects. An update of one of them ends in another object
/// where the stack is `MOVED`.
pub const CUSTOM: [Scenario; 24] = [
    custom(plain("custom-create", Place::Nothing, FIRST)),
    custom(Scenario { parallelism: 4, ..plain("custom-create-parallel", Place::Nothing, FIRST) }),
    custom(plain("custom-update", FIRST, CHANGED)),
    custom(plain("custom-replace", FIRST, MOVED)),
    custom(plain("custom-delete", FIRST, Place::Nothing)),
    custom(refused(
        "custom-rollback-create",
        (Place::Nothing, FIRST, Place::Nothing),
        ("create", PARAMETER),
    )),
    custom(refused(
        "custom-rollback-create-on",
        (Place::Nothing, FIRST, FIRST),
        ("create", PARAMETER),
    )),
    custom(refused("custom-rollback-update", (FIRST, CHANGED, FIRST), ("update", PARAMETER))),
    custom(refused("custom-rollback-replace", (FIRST, MOVED, FIRST), ("update", PARAMETER))),
    custom(refused("custom-rollback-replace-on", (FIRST, MOVED, MOVED), ("update", PARAMETER))),
    custom(refused(
        "custom-rollback-replace-back",
        (FIRST, MOVED, Place::Back),
        ("update", PARAMETER),
    )),
    custom(kept("custom-keep-replace", (FIRST, MOVED), ("update", PARAMETER))),
    custom(back("custom-back-create", (Place::Nothing, FIRST, Place::Back), ("create", PARAMETER))),
    custom(back("custom-back-replace", (FIRST, MOVED, Place::Back), ("update", PARAMETER))),
    // The request is refused, and certainly not delivered.
    custom(refused(
        "custom-refused-create",
        (Place::Nothing, FIRST, Place::Nothing),
        ("deliver", THING),
    )),
    handled(
        Handling::FailsHalf,
        plain("custom-failed-create", Place::Nothing, FIRST).ending(Place::Nothing),
    ),
    handled(
        Handling::FailsUnnamed,
        plain("custom-failed-create-unnamed", Place::Nothing, FIRST).ending(Place::Nothing),
    ),
    handled(
        Handling::Babbles,
        plain("custom-failed-create-invalid", Place::Nothing, FIRST).ending(Place::Nothing),
    ),
    handled(Handling::Late, plain("custom-late-create", Place::Nothing, FIRST)),
    handled(Handling::Late, plain("custom-late-replace", FIRST, MOVED)),
    handled(Handling::Late, plain("custom-late-delete", FIRST, Place::Nothing)),
    handled(Handling::Loses("Create"), plain("custom-lost-create", Place::Nothing, FIRST)),
    handled(Handling::Loses("Update"), plain("custom-lost-update", FIRST, MOVED)),
    handled(Handling::Loses("Delete"), plain("custom-lost-delete", FIRST, Place::Nothing)),
];

const fn signalled(sending: Sending, scenario: Scenario) -> Scenario {
    Scenario { own: Some(Size::Signals), sending, ..scenario }
}

/// A condition waits for two signals of what has the URL of its handle.
pub const SIGNALS: [Scenario; 10] = [
    signalled(Sending::Prompt, plain("signal-create", Place::Nothing, FIRST)),
    signalled(
        Sending::Prompt,
        Scenario { parallelism: 4, ..plain("signal-create-parallel", Place::Nothing, FIRST) },
    ),
    signalled(Sending::Prompt, plain("signal-update", FIRST, CHANGED)),
    signalled(Sending::Prompt, plain("signal-update-sender", FIRST, MOVED)),
    signalled(Sending::Prompt, plain("signal-delete", FIRST, Place::Nothing)),
    signalled(
        Sending::Prompt,
        refused("signal-rollback-update", (FIRST, CHANGED, FIRST), ("update", PARAMETER)),
    ),
    signalled(Sending::Late, plain("signal-late-create", Place::Nothing, FIRST)),
    signalled(
        Sending::Absent,
        plain("signal-absent-create", Place::Nothing, FIRST).ending(Place::Nothing),
    ),
    signalled(
        Sending::Fails,
        plain("signal-failed-create", Place::Nothing, FIRST).ending(Place::Nothing),
    ),
    signalled(
        Sending::Late,
        Scenario { parallelism: 4, ..plain("signal-late-create-parallel", Place::Nothing, FIRST) },
    ),
];

const fn keyed(scenario: Scenario) -> Scenario {
    Scenario { own: Some(Size::Keys), ..scenario }
}

/// Resources take secrets that services show when they make an object. One that is lost with a run is
/// replaced by the next.
pub const KEYS: [Scenario; 8] = [
    keyed(plain("keys-create", Place::Nothing, FIRST)),
    keyed(Scenario { parallelism: 4, ..plain("keys-create-parallel", Place::Nothing, FIRST) }),
    keyed(plain("keys-replace", FIRST, CHANGED)),
    keyed(plain("keys-replace-both", FIRST, MOVED)),
    keyed(plain("keys-delete", FIRST, Place::Nothing)),
    keyed(refused(
        "keys-rollback-create",
        (Place::Nothing, FIRST, Place::Nothing),
        ("create", PARAMETER),
    )),
    keyed(refused(
        "keys-rollback-create-on",
        (Place::Nothing, FIRST, FIRST),
        ("create", PARAMETER),
    )),
    keyed(refused("keys-rollback-replace-on", (FIRST, CHANGED, CHANGED), ("update", PARAMETER))),
];

const fn published(scenario: Scenario) -> Scenario {
    Scenario { own: Some(Size::Published), ..scenario }
}

/// Assets are uploaded before the first change.
pub const PUBLISHED: [Scenario; 4] = [
    published(plain("published-create", Place::Nothing, FIRST)),
    published(Scenario {
        parallelism: 4,
        ..plain("published-create-parallel", Place::Nothing, FIRST)
    }),
    published(plain("published-update", FIRST, Place::Is(Variant::Changed))),
    published(refused(
        "published-rollback-update",
        (FIRST, Place::Is(Variant::Changed), FIRST),
        ("stabilized", ENDPOINT),
    )),
];

/// A scenario that is ready to be lived through.
pub(crate) struct Ready {
    pub(crate) scenario: Scenario,
    pub(crate) from: Wanted,
    pub(crate) to: Wanted,
    pub(crate) end: Wanted,
    /// The simulation before the run that is disturbed.
    pub(crate) before: Simulation,
    /// The normalized state at the end that an undisturbed run reaches.
    pub(crate) goal: Option<String>,
    /// The normalized state where it began.
    pub(crate) origin: Option<String>,
}

impl Scenario {
    /// All scenarios.
    pub fn all() -> impl Iterator<Item = Self> {
        SCENARIOS
            .into_iter()
            .chain(GENERATED)
            .chain(POLLED)
            .chain(SNAPSHOTS)
            .chain(NESTED)
            .chain(CUSTOM)
            .chain(SIGNALS)
            .chain(KEYS)
            .chain(PUBLISHED)
    }

    /// The scenario of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|scenario| scenario.name == name)
    }

    /// The scenario with its states in this kind of store.
    #[must_use]
    pub fn on(self, store: Store) -> Self {
        Self { store, ..self }
    }

    /// The scenario, with another end.
    const fn ending(self, end: Place) -> Self {
        Self { end, ..self }
    }

    /// The kind of store that its states are in.
    pub fn store(&self) -> Store {
        self.store
    }

    /// The number of objects that there may be of one resource at once.
    pub(crate) fn limit(&self) -> usize {
        let replaces =
            |place: Place| matches!(place, Place::Is(Variant::Renamed | Variant::Attached));
        let left = self.left_by.is_some_and(|(place, _)| replaces(place));
        // A key is replaced by every change, and once more where its secret is lost.
        let keys = if self.own == Some(Size::Keys) { 2 } else { 0 };
        1 + usize::from(replaces(self.to) || left).max(keys)
    }

    /// The conditions of the run that is disturbed.
    pub(crate) fn conditions(&self) -> Conditions {
        Conditions {
            parallelism: self.parallelism,
            in_parts: self.in_parts,
            refused: self.refused,
            rollback: !self.keeps,
            ..Conditions::default()
        }
    }

    /// Lives up to where the scenario begins, and once undisturbed to its end.
    ///
    /// # Errors
    /// If the undisturbed run does not complete.
    pub(crate) fn ready(self, size: Size, seed: u64) -> Result<Ready, String> {
        let size = self.own.unwrap_or(size);
        let mut before = Simulation::new(seed, self.store, self.polls)?;
        lock(&before.handlers).handling = self.handling;
        lock(&before.senders).sending = self.sending;
        let environment = before.sandbox.environment().clone();
        let wanted = |place| match place {
            Place::Nothing | Place::Back => Ok(Wanted::Nothing),
            Place::Is(variant) => size.wanted(variant, &environment),
        };
        let from = wanted(self.from)?;
        let wanted = |place| match place {
            Place::Back => Ok(Wanted::Back(Box::new(from.clone()))),
            Place::Nothing | Place::Is(_) => wanted(place),
        };
        let (to, end) = (wanted(self.to)?, wanted(self.end)?);
        if self.from != Place::Nothing {
            before.reach(&from, None)?;
        }
        let origin = before.normalize()?;
        if let Some((place, refused)) = self.left_by {
            let refused = Some(refused);
            let conditions = Conditions { refused, rollback: false, ..Conditions::default() };
            let life = before.live(&wanted(place)?, &conditions)?;
            if !matches!(life.report, Some(Ok(rstack_model::event::RunEnd::Failed))) {
                return Err(format!("what is to fail ends {:?}", life.report));
            }
        }
        let mut undisturbed = before.fork()?;
        let known = origin.as_deref().filter(|_| self.end == Place::Back);
        undisturbed.reach(&end, known)?;
        let goal = undisturbed.normalize()?;
        Ok(Ready { scenario: self, from, to, end, before, goal, origin })
    }
}
