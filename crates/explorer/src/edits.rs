//! Every point of the commands that change a state: cut off there, and given again.

use std::path::Path;
use std::time::Duration;

use rstack_model::state::State;
use rstack_model::{ObjectKey, Serial};

use crate::clock::Ended;
use crate::crash_point::{Act, CrashPoint, Pending, RunStep, Strike, Survival, points};
use crate::edit::{Edit, Journal, other};
use crate::explore::{Findings, in_parallel};
use crate::invariant;
use crate::normalize::normalize;
use crate::simulation::{Conditions, DIRECTORY, Simulation, Store};
use crate::stack::{self, Size, Wanted};

/// The records of both stacks on the disk, as far as they can be read: their states, down to the
/// serial, and whether a run is open.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Refused,
    Is { states: [Option<String>; 2], serials: [Option<Serial>; 2], open: bool },
}

impl Seen {
    /// True if this is that, but for serials: a command that is given again may use up some.
    fn reached(&self, that: &Self) -> bool {
        match (self, that) {
            (
                Self::Is { states, serials, open },
                Self::Is { states: those, serials: least, open: wanted },
            ) => states == those && serials >= least && open == wanted,
            (Self::Refused, Self::Refused) => true,
            (Self::Refused, Self::Is { .. }) | (Self::Is { .. }, Self::Refused) => false,
        }
    }
}

/// An edit that is ready to be given.
struct Ready {
    edit: Edit,
    store: Store,
    size: Size,
    wanted: Wanted,
    before: Simulation,
    origin: Seen,
    goal: Seen,
    /// The number of objects that are in no state any more when it is complete.
    forgotten: usize,
}

fn states(simulation: &Simulation) -> Result<[Result<Option<State>, String>; 2], String> {
    let read = |name| {
        let stored = simulation.read(name).map_err(|error| error.to_string())?;
        Ok::<_, String>(stored.state)
    };
    Ok([read(&stack::name()?), read(&other()?)])
}

fn seen(simulation: &Simulation) -> Result<Seen, String> {
    let [Ok(own), Ok(others)] = states(simulation)? else { return Ok(Seen::Refused) };
    let serials = [own.as_ref().map(|own| own.serial), others.as_ref().map(|other| other.serial)];
    let words = |state: Option<State>| state.as_ref().map(words).transpose();
    let stored = simulation.read(&stack::name()?).map_err(|error| error.to_string())?;
    Ok(Seen::Is { states: [words(own)?, words(others)?], serials, open: stored.journal.is_some() })
}

/// A state in words: its normalized state, and what that leaves out.
fn words(state: &State) -> Result<String, String> {
    let State { lineage, deposed, former, .. } = state;
    let former = former.as_deref().map(normalize).transpose()?;
    Ok(format!("{lineage} {deposed:?} {former:?} {}", normalize(state)?))
}

/// The number of objects that are in neither state.
fn unknown(simulation: &Simulation) -> Result<usize, String> {
    let states = states(simulation)?;
    let known: Vec<&State> = states.iter().flatten().flatten().collect();
    let objects = simulation.sandbox.list().map_err(|error| error.to_string())?;
    let is_known = |key: &ObjectKey| {
        known.iter().any(|state| {
            let mut all = state.resources.values();
            all.any(|known| known.is(key))
        })
    };
    Ok(objects.into_iter().filter(|(key, _)| !is_known(key)).count())
}

impl Simulation {
    /// Runs the command once, struck or not.
    fn edit(&mut self, edit: Edit, point: Option<CrashPoint>) -> Result<Edited, String> {
        let injector = self.start(point);
        let (number, dead) = (self.processes(), || Err("the process is dead".to_owned()));
        let report = if edit.is_of_files() {
            edit.repair(&self.store_of(&injector)?, number)
        } else {
            let states = self.states(&injector)?;
            match self.run(&injector, edit.make(&states, number)) {
                Ended::Done(report) => report,
                Ended::Died => dead(),
                Ended::Stuck => return Err(format!("{edit:?} waits for ever")),
            }
        };
        let left = self.image.pending();
        let died = injector.is_dead();
        self.bury(point, died);
        Ok(Edited { report, died, steps: injector.met(), left })
    }
}

struct Edited {
    report: Result<(), String>,
    died: bool,
    steps: Vec<RunStep>,
    left: Pending,
}

/// Damages the middle of a file, as nothing that was made durable is damaged by a crash.
fn bend(
    simulation: &Simulation,
    file: &str,
    work: impl FnOnce(&mut Vec<u8>),
) -> Result<(), String> {
    let path = Path::new(DIRECTORY).join(file);
    if simulation.image.rewrite(&path, work) {
        Ok(())
    } else {
        Err(format!("there is no `{file}`"))
    }
}

/// Makes what the command is given for.
fn prepare(edit: Edit, simulation: &mut Simulation, changed: &Wanted) -> Result<(), String> {
    if edit.journal() == Journal::Stale {
        leave_over(simulation, changed)?;
    }
    match edit {
        Edit::Rename | Edit::Move | Edit::Forget | Edit::Replace => Ok(()),
        Edit::AcceptEdit(_) => bend(simulation, "Live.json", |bytes| {
            let text = String::from_utf8_lossy(bytes).replace("https-only", "match-viewer");
            *bytes = text.into_bytes();
        }),
        Edit::Restore(_) => bend(simulation, "Live.json", |bytes| bytes.truncate(bytes.len() / 2)),
        Edit::CutJournal(journal) => {
            if journal == Journal::Usual {
                // A run that dies when its last call has had its effect leaves many records.
                let died = |act| matches!(act, Act::Call("update"));
                let step = last(simulation, changed, died)?;
                let strike = Strike::After(Survival::ALL);
                let point = Some(CrashPoint { step, strike, act: None });
                simulation.live(changed, &Conditions { point, ..Conditions::default() })?;
            }
            bend(simulation, "Live.journal", |bytes| {
                let middle = bytes.len() / 2;
                bytes.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 1);
            })
        }
    }
}

/// The last step of an undisturbed run at which it does this.
fn last(simulation: &Simulation, wanted: &Wanted, is_it: fn(Act) -> bool) -> Result<usize, String> {
    let whole = simulation.fork()?.live(wanted, &Conditions::default())?;
    let mut steps = whole.steps.iter().enumerate();
    let found = steps.rfind(|(_, step)| is_it(step.act));
    Ok(found.ok_or_else(|| "no run does this".to_owned())?.0)
}

/// A run that dies when its state is published and before its journal is removed.
fn leave_over(simulation: &mut Simulation, wanted: &Wanted) -> Result<(), String> {
    let until = last(simulation, wanted, |act| act == Act::Remove)?;
    let published = |simulation: &Simulation| {
        let stored =
            simulation.store()?.read(&stack::name()?).map_err(|error| error.to_string())?;
        let serial = stored.state.map(|state| state.serial);
        Ok::<_, String>(serial.filter(|_| stored.journal.is_none()))
    };
    let before = published(simulation)?;
    for step in 0..=until {
        let strike = Strike::Before(Survival::ALL);
        let point = Some(CrashPoint { step, strike, act: None });
        let mut struck = simulation.fork()?;
        struck.live(wanted, &Conditions { point, ..Conditions::default() })?;
        let journal = Path::new(DIRECTORY).join("Live.journal");
        if published(&struck)? > before && struck.image.has(&journal) {
            *simulation = struck;
            return Ok(());
        }
    }
    Err("no run leaves a journal that is folded in".to_owned())
}

fn ready(edit: Edit, store: Store, size: Size) -> Result<Ready, String> {
    let mut before = Simulation::new(1, store, 0)?;
    let environment = before.sandbox.environment().clone();
    let first = size.wanted(stack::Variant::First, &environment)?;
    let changed = size.wanted(stack::Variant::Changed, &environment)?;
    before.reach(&first, None)?;
    let over = edit.journal() == Journal::Stale;
    let wanted = match edit {
        Edit::CutJournal(_) => changed,
        Edit::AcceptEdit(_) | Edit::Restore(_) if over => changed,
        Edit::AcceptEdit(_) | Edit::Restore(_) => first,
        Edit::Rename | Edit::Move | Edit::Forget | Edit::Replace => first,
    };
    prepare(edit, &mut before, &wanted)?;
    // A process that breaks something is not there any more.
    before.pass(Duration::from_secs(60));
    let origin = seen(&before)?;
    let mut undisturbed = before.fork()?;
    undisturbed.edit(edit, None)?.report?;
    let (goal, forgotten) = (seen(&undisturbed)?, unknown(&undisturbed)?);
    if goal == origin {
        return Err(format!("{edit:?} changes nothing: {goal:?}"));
    }
    Ok(Ready { edit, store, size, wanted, before, origin, goal, forgotten })
}

impl Ready {
    fn repairs_a_journal(&self) -> bool {
        matches!(self.edit, Edit::CutJournal(_))
    }

    fn case(&self, points: &[CrashPoint]) -> String {
        let points: Vec<String> = points.iter().map(|point| format!(" --point {point}")).collect();
        let small = if self.size == Size::Small { " --small" } else { "" };
        let objects = if self.store == Store::Objects { " --objects" } else { "" };
        format!("--scenario {}{small}{objects}{}", self.edit.name(), points.concat())
    }

    /// The invariants that are broken between the command that was cut off and the same one again.
    fn between(&self, simulation: &Simulation) -> Result<Vec<String>, String> {
        let now = seen(simulation)?;
        let mut broken = Vec::new();
        let half_moved = match (self.edit, &self.origin, &self.goal) {
            (
                Edit::Move,
                Seen::Is { states, serials, open },
                Seen::Is { states: then, serials: s, .. },
            ) => {
                let ([own, _], [_, others]) = (states.clone(), then.clone());
                let ([serial, _], [_, other]) = (*serials, *s);
                let (states, serials) = ([own, others], [serial, other]);
                now == Seen::Is { states, serials, open: *open }
            }
            _ => false,
        };
        if now != self.origin && !now.reached(&self.goal) && !half_moved {
            broken.push("the state is neither the old one nor the new one".to_owned());
        }
        if !self.repairs_a_journal() && now != Seen::Refused {
            let unknown = unknown(simulation)?;
            let allowed = if now.reached(&self.goal) { self.forgotten } else { 0 };
            if unknown > allowed {
                broken.push(format!("I1: {unknown} objects are in no state"));
            }
        }
        if now == Seen::Refused && !self.edit.repairs_the_state() && !self.repairs_a_journal() {
            broken.push("the state cannot be read".to_owned());
        }
        Ok(broken)
    }

    /// Gives the command, struck at a point, and then again.
    fn live(&self, struck: &[CrashPoint]) -> Result<(Vec<String>, usize), String> {
        let (mut simulation, mut broken, mut steps) = (self.before.fork()?, Vec::new(), 0);
        for point in struck {
            let edited = simulation.edit(self.edit, Some(*point))?;
            steps = edited.steps.len();
            let deadly = matches!(point.strike, Strike::Before(_) | Strike::After(_));
            if deadly && !edited.died && point.step < steps {
                broken.push("it lived on".to_owned());
            }
            broken.extend(self.between(&simulation)?);
        }
        if let Err(error) = simulation.edit(self.edit, None)?.report {
            broken.push(format!("I2: the same command again fails: {error}"));
        }
        if !seen(&simulation)?.reached(&self.goal) {
            broken.push("I2: the end is not that of an undisturbed command".to_owned());
        }
        if simulation.image.temporary_files() > 0 {
            broken.push("I2: temporary files are left".to_owned());
        }
        broken.extend(invariant::no_secret(&simulation));
        // The cloud was not asked: what comes after an edit is a run like any other.
        match self.edit {
            Edit::CutJournal(_) | Edit::AcceptEdit(_) | Edit::Restore(_) => {
                broken.extend(simulation.end(&self.wanted, None)?);
            }
            Edit::Rename | Edit::Move | Edit::Forget | Edit::Replace => {}
        }
        Ok((broken, steps))
    }
}

/// Lives through some points of an edit, each striking the same command again, and then to the end.
///
/// # Errors
/// If the edit does not complete undisturbed.
pub fn one_edit(
    edit: Edit,
    store: Store,
    size: Size,
    struck: &[CrashPoint],
) -> Result<Findings, String> {
    let ready = ready(edit, store, size)?;
    let (broken, steps) = ready.live(struck)?;
    let mut findings = Findings { steps, ..Findings::default() };
    findings.add(ready.case(struck), broken);
    Ok(findings)
}

/// Explores every point of an edit, the faults of the disk among them. Of every `stride` points one
/// is taken.
///
/// # Errors
/// If the edit does not complete undisturbed.
pub fn edits(edit: Edit, store: Store, size: Size, stride: usize) -> Result<Findings, String> {
    let ready = ready(edit, store, size)?;
    let whole = ready.before.fork()?.edit(edit, None)?;
    let all = points(&whole.steps, whole.left, store == Store::Files);
    let all: Vec<CrashPoint> = all.into_iter().step_by(stride.max(1)).collect();
    let explored = in_parallel(&all, |point| {
        let struck = [*point];
        Ok((ready.case(&struck), ready.live(&struck)?.0))
    })?;
    let mut findings = Findings { steps: whole.steps.len(), ..Findings::default() };
    explored.into_iter().for_each(|(case, broken)| findings.add(case, broken));
    Ok(findings)
}
