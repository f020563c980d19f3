//! The invariants that hold at every crash point.

use std::collections::{BTreeMap, BTreeSet};

use rstack_driver::signals;
use rstack_journal::{Entry, IntentAction, fold};
use rstack_model::state::{ObjectStatus, ResourceState, State};
use rstack_model::{Address, ObjectKey, StackName, Token};

use crate::crash_injector::lock;
use crate::normalize::normalize;
use crate::simulation::Simulation;
use crate::stack::{self, Wanted};

type Objects = BTreeSet<ObjectKey>;

fn known(state: &State) -> Objects {
    let deposed = state.deposed.iter().map(|deposed| &deposed.object);
    let objects = state.resources.values().chain(deposed);
    // Wait conditions and their handles stand for no object.
    let objects = objects.filter(|object| !signals::serves(&object.resource_type));
    objects.map(ResourceState::key).collect()
}

/// The objects that exist and that a stack can have: not the final snapshots.
pub(crate) fn existing(simulation: &Simulation) -> Result<Objects, String> {
    let objects = simulation.sandbox.list().map_err(|error| error.to_string())?;
    let snapshots = simulation.sandbox.snapshots().map_err(|error| error.to_string())?;
    let snapshots: Objects = snapshots.into_iter().map(|snapshot| snapshot.key).collect();
    let objects = objects.into_iter().map(|(key, _)| key).filter(|key| !snapshots.contains(key));
    Ok(objects.chain(lock(&simulation.handlers).things().cloned()).collect())
}

/// I5, at any time: of every object that was ever made, whose template asks for a final snapshot and that
/// is gone, there is exactly one; of one that exists there is one at most, which is being taken.
pub(crate) fn final_snapshots(simulation: &Simulation) -> Result<Vec<String>, String> {
    let existing = existing(simulation)?;
    let snapshots = simulation.sandbox.snapshots().map_err(|error| error.to_string())?;
    let made = lock(&simulation.made);
    let mut violations = Vec::new();
    let asked = made.ever.iter().filter(|(key, _)| stack::leaves_snapshot(&key.resource_type));
    for (key, maker) in asked {
        let exists = existing.contains(key) && made.last.get(key) == Some(maker);
        let own = snapshots.iter().filter(|it| it.source == *key && it.source_token == maker.token);
        match (own.count(), exists) {
            (1, _) | (0, true) => {}
            (0, false) => violations.push(format!("I5: `{key}` is gone without a final snapshot")),
            (count, _) => violations.push(format!("I5: `{key}` has {count} final snapshots")),
        }
    }
    let unknown = snapshots.iter().filter(|it| {
        let of = |(key, maker): &(ObjectKey, _)| {
            let maker: &crate::cloud::Maker = maker;
            *key == it.source && maker.token == it.source_token
        };
        !made.ever.iter().any(of)
    });
    violations.extend(unknown.map(|it| format!("I5: `{}` is of no object", it.key)));
    Ok(violations)
}

/// I7, at any time: an asset in a bucket is whole, and before it is there the stack has no objects.
pub(crate) fn assets(simulation: &Simulation, wanted: &Wanted) -> Result<Vec<String>, String> {
    match wanted {
        Wanted::Stack(desired, _) if !desired.assets.is_empty() => {
            let has_objects = !existing(simulation)?.is_empty();
            crate::assets::violations(simulation, &desired.assets, has_objects)
        }
        Wanted::Stack(..) | Wanted::Nothing | Wanted::Back(_) => Ok(Vec::new()),
    }
}

/// I1 after a recovery: every object is in the state.
pub(crate) fn nothing_unknown(
    simulation: &Simulation,
    state: Option<&State>,
) -> Result<Vec<String>, String> {
    let known = state.map(known).unwrap_or_default();
    let unknown = existing(simulation)?.into_iter().filter(|object| !known.contains(object));
    Ok(unknown.map(|key| format!("I1: `{key}` exists and recovery forgot it")).collect())
}

/// As [`nothing_unknown`], of the objects of one of several stacks, whose logical IDs begin with its name.
pub(crate) fn nothing_unknown_of(
    simulation: &Simulation,
    stack: &str,
    state: Option<&State>,
) -> Result<Vec<String>, String> {
    let known = state.map(known).unwrap_or_default();
    let existing = existing(simulation)?;
    let made = lock(&simulation.made);
    let own = |key: &ObjectKey| {
        made.last.get(key).is_some_and(|maker| maker.address.as_str().starts_with(stack))
    };
    let unknown = existing.into_iter().filter(|key| own(key) && !known.contains(key));
    Ok(unknown.map(|key| format!("I1: `{key}` exists and recovery forgot it")).collect())
}

/// The objects that state and journal of a stack know, and the tokens of intents that may have made others.
///
/// # Errors
/// If the records cannot be read.
fn recorded(
    simulation: &Simulation,
    stack: &StackName,
) -> Result<(Objects, BTreeSet<Token>), String> {
    let stored = simulation.read(stack);
    let stored = stored.map_err(|error| format!("I1: the state cannot be read: {error}"))?;
    let entries = stored.journal.unwrap_or_default();
    let base = stored.state.or_else(|| match entries.first() {
        Some(Entry::Begin { base, stack, environment, .. }) => {
            Some(State::empty(base.lineage.clone(), stack.clone(), environment.clone()))
        }
        _ => None,
    });
    let Some(base) = base else { return Ok(Default::default()) };
    if entries.is_empty() {
        return Ok((known(&base), BTreeSet::new()));
    }
    let folded = fold(&base, &entries);
    let folded = folded.map_err(|error| format!("I1: the journal does not fit: {error}"))?;
    // An update may make another object, too.
    let makes = |action: &IntentAction| {
        matches!(action, IntentAction::Create { .. } | IntentAction::Update { .. })
    };
    let making = folded.open.iter().filter(|open| makes(&open.intent.action));
    let tokens = making.map(|open| open.intent.token.clone()).collect();
    Ok((known(&folded.state), tokens))
}

/// I1 and I3 at the death of a process: every object is in state or journal, or an open intent
/// there has the token that it was made with; and there are not more than `limit` for one resource.
pub(crate) fn after_a_death(simulation: &Simulation, limit: usize) -> Result<Vec<String>, String> {
    after_a_death_of(simulation, &[stack::name()?], limit)
}

/// As [`after_a_death`], of several stacks: each object is in the records of one of them.
pub(crate) fn after_a_death_of(
    simulation: &Simulation,
    stacks: &[StackName],
    limit: usize,
) -> Result<Vec<String>, String> {
    let (mut known_ones, mut tokens) = (Objects::new(), BTreeSet::new());
    let mut violations = lock(&simulation.handlers).violations(None);
    for stack in stacks {
        let (objects, making) = match recorded(simulation, stack) {
            Ok(recorded) => recorded,
            Err(problem) => return Ok(vec![problem]),
        };
        let twice = known_ones.intersection(&objects);
        violations.extend(twice.map(|key| format!("I1: `{key}` is of two stacks")));
        known_ones.extend(objects);
        tokens.extend(making);
    }
    let made = lock(&simulation.made);
    let mut live: BTreeMap<&Address, usize> = BTreeMap::new();
    for object in existing(simulation)? {
        let Some(maker) = made.last.get(&object) else {
            violations.push(format!("no operation created `{}`", object));
            continue;
        };
        *live.entry(&maker.address).or_default() += 1;
        if !known_ones.contains(&object) && !tokens.contains(&maker.token) {
            violations.push(format!("I1: `{}` is in neither state nor journal", object));
        }
    }
    let too_many = live.into_iter().filter(|(_, count)| *count > limit);
    violations.extend(too_many.map(|(id, count)| format!("I3: `{id}` has {count} objects")));
    Ok(violations)
}

/// The differences between the objects that are known and those that exist, and files that are left.
fn exactly(simulation: &Simulation, known: &Objects) -> Result<Vec<String>, String> {
    let mut violations = Vec::new();
    if simulation.image.temporary_files() > 0 {
        violations.push("I2: temporary files are left".to_owned());
    }
    let existing = existing(simulation)?;
    let unknown = existing.difference(known);
    violations.extend(unknown.map(|key| format!("I1: `{key}` exists and is not known")));
    let imagined = known.difference(&existing);
    violations.extend(imagined.map(|key| format!("I2: `{key}` is known and does not exist")));
    Ok(violations)
}

/// The signs in a state of a run that is not complete.
fn unsettled(state: &State) -> Vec<String> {
    let mut violations = Vec::new();
    if state.former.is_some() {
        violations.push("I2: something is left to roll back".to_owned());
    }
    if !state.deposed.is_empty() {
        violations.push("I3: old objects are left".to_owned());
    }
    let unready = state.resources.iter().filter(|(_, o)| o.status != ObjectStatus::Ready);
    violations.extend(unready.map(|(id, o)| format!("I2: `{id}` is {:?}", o.status)));
    violations
}

/// I1, I2 and I3 at the end of a run of several stacks, whose states these are.
pub(crate) fn at_the_end_of(
    simulation: &Simulation,
    states: &[State],
) -> Result<Vec<String>, String> {
    let known = states.iter().flat_map(known).collect();
    let mut violations = exactly(simulation, &known)?;
    violations.extend(states.iter().flat_map(unsettled));
    Ok(violations)
}

/// I2 and I3 at the end: the stack is as an undisturbed run leaves it, and nothing else exists.
pub(crate) fn at_the_end(
    simulation: &Simulation,
    wanted: &Wanted,
    goal: Option<&str>,
) -> Result<Vec<String>, String> {
    let stored = match simulation.read(&stack::name()?) {
        Ok(stored) => stored,
        Err(error) => return Ok(vec![format!("I2: the state cannot be read: {error}")]),
    };
    let mut violations = Vec::new();
    if stored.journal.is_some() {
        violations.push("I2: a journal is left".to_owned());
    }
    let known = stored.state.as_ref().map(known).unwrap_or_default();
    violations.extend(exactly(simulation, &known)?);
    violations.extend(lock(&simulation.handlers).violations(Some(&known)));
    let senders = lock(&simulation.senders);
    violations.extend(senders.violations(stored.state.as_ref(), simulation.elapsed()));
    let wanted = match wanted {
        Wanted::Back(to) => to.as_ref(),
        Wanted::Stack(..) | Wanted::Nothing => wanted,
    };
    match (&stored.state, wanted) {
        (None, Wanted::Nothing) => {}
        (Some(_), Wanted::Nothing) => violations.push("I2: a state is left".to_owned()),
        (None, Wanted::Stack(..) | Wanted::Back(_)) => {
            violations.push("I2: there is no state".to_owned());
        }
        (Some(state), Wanted::Stack(..) | Wanted::Back(_)) => {
            violations.extend(unsettled(state));
            if let Some(goal) = goal
                && normalize(state)? != goal
            {
                violations.push("I2: the end is not that of an undisturbed run".to_owned());
            }
        }
    }
    Ok(violations)
}

/// I4: none of the secrets that the cloud gave out was ever written.
pub(crate) fn no_secret(simulation: &Simulation) -> Vec<String> {
    let secrets = crate::secret::texts(simulation);
    let forms = secrets.iter().flat_map(|text| {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        [text.clone().into_bytes(), hex.into_bytes()]
    });
    let found = forms.filter(|form| simulation.holds(form)).count();
    (0..found).map(|_| "I4: a secret was written".to_owned()).collect()
}
