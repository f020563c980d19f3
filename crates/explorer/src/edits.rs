//! Every point of the commands that change a state: cut off there, and given again.

use std::path::Path;
use std::time::Duration;

use rstack_model::state::State;
use rstack_model::{ObjectKey, Serial};

use crate::clock::Ended;
use crate::edit::{Edit, Journal, other};
use crate::explore::{Findings, in_parallel};
use crate::invariant;
use crate::moment::{Act, Moment, Pending, Point, Strike, Survival, points};
use crate::picture::picture;
use crate::stack::{self, Size, Wanted};
use crate::world::{Conditions, DIRECTORY, Store, World};

/// What is on the disk of both stacks, as far as it can be read: what their states say, down to the
/// serial, and whether a run is open.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Refused,
    Is { states: [Option<String>; 2], serials: [Option<Serial>; 2], open: bool },
}

impl Seen {
    /// Whether this is that, but for serials: a command that is given again may use up some.
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
    before: World,
    origin: Seen,
    goal: Seen,
    /// How many objects nobody knows of any more, when it has come to its end.
    forgotten: usize,
}

fn states(world: &World) -> Result<[Result<Option<State>, String>; 2], String> {
    let read = |name| {
        let stored = world.read(name).map_err(|error| error.to_string())?;
        Ok::<_, String>(stored.state)
    };
    Ok([read(&stack::name()?), read(&other()?)])
}

fn seen(world: &World) -> Result<Seen, String> {
    let [Ok(own), Ok(others)] = states(world)? else { return Ok(Seen::Refused) };
    let serials = [own.as_ref().map(|own| own.serial), others.as_ref().map(|other| other.serial)];
    let words = |state: Option<State>| state.as_ref().map(words).transpose();
    let stored = world.read(&stack::name()?).map_err(|error| error.to_string())?;
    Ok(Seen::Is { states: [words(own)?, words(others)?], serials, open: stored.journal.is_some() })
}

/// A state in words: its picture, and what that leaves out.
fn words(state: &State) -> Result<String, String> {
    let State { lineage, deposed, former, .. } = state;
    let former = former.as_deref().map(picture).transpose()?;
    Ok(format!("{lineage} {deposed:?} {former:?} {}", picture(state)?))
}

/// How many objects are in neither state.
fn unknown(world: &World) -> Result<usize, String> {
    let states = states(world)?;
    let known: Vec<&State> = states.iter().flatten().flatten().collect();
    let objects = world.sandbox.list().map_err(|error| error.to_string())?;
    let is_known = |key: &ObjectKey| {
        known.iter().any(|state| {
            let mut all = state.resources.values();
            all.any(|known| known.is(key))
        })
    };
    Ok(objects.into_iter().filter(|(key, _)| !is_known(key)).count())
}

impl World {
    /// Runs the command once, struck or not.
    fn edit(&mut self, edit: Edit, point: Option<Point>) -> Result<Edited, String> {
        let fate = self.start(point);
        let (number, dead) = (self.processes(), || Err("the process is dead".to_owned()));
        let report = if edit.is_of_files() {
            edit.repair(&self.store_of(&fate)?, number)
        } else {
            let states = self.states(&fate)?;
            match self.run(&fate, edit.make(&states, number)) {
                Ended::Done(report) => report,
                Ended::Died => dead(),
                Ended::Stuck => return Err(format!("{edit:?} waits for ever")),
            }
        };
        let left = self.platter.pending();
        let died = fate.is_dead();
        self.bury(point, died);
        Ok(Edited { report, died, moments: fate.met(), left })
    }
}

struct Edited {
    report: Result<(), String>,
    died: bool,
    moments: Vec<Moment>,
    left: Pending,
}

/// Damages the middle of a file, as nothing that was made durable is damaged by a crash.
fn bend(world: &World, file: &str, work: impl FnOnce(&mut Vec<u8>)) -> Result<(), String> {
    let path = Path::new(DIRECTORY).join(file);
    if world.platter.rewrite(&path, work) { Ok(()) } else { Err(format!("there is no `{file}`")) }
}

/// Makes what the command is given for.
fn prepare(edit: Edit, world: &mut World, changed: &Wanted) -> Result<(), String> {
    if edit.journal() == Journal::LeftOver {
        leave_over(world, changed)?;
    }
    match edit {
        Edit::Rename | Edit::Move | Edit::Forget | Edit::Replace => Ok(()),
        Edit::AcceptEdit(_) => bend(world, "Live.json", |bytes| {
            let text = String::from_utf8_lossy(bytes).replace("https-only", "match-viewer");
            *bytes = text.into_bytes();
        }),
        Edit::Restore(_) => bend(world, "Live.json", |bytes| bytes.truncate(bytes.len() / 2)),
        Edit::CutJournal(journal) => {
            if journal == Journal::Usual {
                // A run that dies when its last call has had its effect leaves many records.
                let died = |act| matches!(act, Act::Call("update"));
                let moment = last(world, changed, died)?;
                let strike = Strike::After(Survival::ALL);
                let point = Some(Point { moment, strike, act: None });
                world.live(changed, &Conditions { point, ..Conditions::default() })?;
            }
            bend(world, "Live.journal", |bytes| {
                let middle = bytes.len() / 2;
                bytes.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 1);
            })
        }
    }
}

/// The last moment of an undisturbed run at which it does this.
fn last(world: &World, wanted: &Wanted, is_it: fn(Act) -> bool) -> Result<usize, String> {
    let whole = world.fork()?.live(wanted, &Conditions::default())?;
    let mut moments = whole.moments.iter().enumerate();
    let found = moments.rfind(|(_, moment)| is_it(moment.act));
    Ok(found.ok_or_else(|| "no run does this".to_owned())?.0)
}

/// A run that dies when its state is published and before its journal is removed.
fn leave_over(world: &mut World, wanted: &Wanted) -> Result<(), String> {
    let until = last(world, wanted, |act| act == Act::Remove)?;
    let published = |world: &World| {
        let stored = world.store()?.read(&stack::name()?).map_err(|error| error.to_string())?;
        let serial = stored.state.map(|state| state.serial);
        Ok::<_, String>(serial.filter(|_| stored.journal.is_none()))
    };
    let before = published(world)?;
    for moment in 0..=until {
        let strike = Strike::Before(Survival::ALL);
        let point = Some(Point { moment, strike, act: None });
        let mut struck = world.fork()?;
        struck.live(wanted, &Conditions { point, ..Conditions::default() })?;
        let journal = Path::new(DIRECTORY).join("Live.journal");
        if published(&struck)? > before && struck.platter.has(&journal) {
            *world = struck;
            return Ok(());
        }
    }
    Err("no run leaves a journal that is folded in".to_owned())
}

fn ready(edit: Edit, store: Store, size: Size) -> Result<Ready, String> {
    let mut before = World::new(1, store, 0)?;
    let environment = before.sandbox.environment().clone();
    let first = size.wanted(stack::Variant::First, &environment)?;
    let changed = size.wanted(stack::Variant::Changed, &environment)?;
    before.reach(&first, None)?;
    let over = edit.journal() == Journal::LeftOver;
    let wanted = match edit {
        Edit::CutJournal(_) => changed,
        Edit::AcceptEdit(_) | Edit::Restore(_) if over => changed,
        Edit::AcceptEdit(_) | Edit::Restore(_) => first,
        Edit::Rename | Edit::Move | Edit::Forget | Edit::Replace => first,
    };
    prepare(edit, &mut before, &wanted)?;
    // Whoever breaks something is not there any more.
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
    fn mends_a_journal(&self) -> bool {
        matches!(self.edit, Edit::CutJournal(_))
    }

    fn case(&self, points: &[Point]) -> String {
        let points: Vec<String> = points.iter().map(|point| format!(" --point {point}")).collect();
        let small = if self.size == Size::Small { " --small" } else { "" };
        let objects = if self.store == Store::Objects { " --objects" } else { "" };
        format!("--scenario {}{small}{objects}{}", self.edit.name(), points.concat())
    }

    /// What is wrong between the command that was cut off and the same one again.
    fn between(&self, world: &World) -> Result<Vec<String>, String> {
        let now = seen(world)?;
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
        if !self.mends_a_journal() && now != Seen::Refused {
            let unknown = unknown(world)?;
            let allowed = if now.reached(&self.goal) { self.forgotten } else { 0 };
            if unknown > allowed {
                broken.push(format!("I1: {unknown} objects are in no state"));
            }
        }
        if now == Seen::Refused && !self.edit.mends_the_state() && !self.mends_a_journal() {
            broken.push("the state cannot be read".to_owned());
        }
        Ok(broken)
    }

    /// Gives the command, struck at a point, and then again.
    fn live(&self, struck: &[Point]) -> Result<(Vec<String>, usize), String> {
        let (mut world, mut broken, mut moments) = (self.before.fork()?, Vec::new(), 0);
        for point in struck {
            let edited = world.edit(self.edit, Some(*point))?;
            moments = edited.moments.len();
            let deadly = matches!(point.strike, Strike::Before(_) | Strike::After(_));
            if deadly && !edited.died && point.moment < moments {
                broken.push("it lived on".to_owned());
            }
            broken.extend(self.between(&world)?);
        }
        if let Err(error) = world.edit(self.edit, None)?.report {
            broken.push(format!("I2: the same command again fails: {error}"));
        }
        if !seen(&world)?.reached(&self.goal) {
            broken.push("I2: the end is not that of an undisturbed command".to_owned());
        }
        if world.platter.temporary_files() > 0 {
            broken.push("I2: temporary files are left".to_owned());
        }
        broken.extend(invariant::no_secret(&world));
        // The cloud was not asked: what comes after an edit is a run like any other.
        match self.edit {
            Edit::CutJournal(_) | Edit::AcceptEdit(_) | Edit::Restore(_) => {
                broken.extend(world.end(&self.wanted, None)?);
            }
            Edit::Rename | Edit::Move | Edit::Forget | Edit::Replace => {}
        }
        Ok((broken, moments))
    }
}

/// Lives through some points of an edit, each striking the same command again, and then to the end.
///
/// # Errors
/// If the edit does not come to its end undisturbed.
pub fn one_edit(
    edit: Edit,
    store: Store,
    size: Size,
    struck: &[Point],
) -> Result<Findings, String> {
    let ready = ready(edit, store, size)?;
    let (broken, moments) = ready.live(struck)?;
    let mut findings = Findings { moments, ..Findings::default() };
    findings.add(ready.case(struck), broken);
    Ok(findings)
}

/// Explores every point of an edit, the faults of the disk among them. Of every `stride` points one
/// is taken.
///
/// # Errors
/// If the edit does not come to its end undisturbed.
pub fn edits(edit: Edit, store: Store, size: Size, stride: usize) -> Result<Findings, String> {
    let ready = ready(edit, store, size)?;
    let whole = ready.before.fork()?.edit(edit, None)?;
    let all = points(&whole.moments, whole.left, store == Store::Files);
    let all: Vec<Point> = all.into_iter().step_by(stride.max(1)).collect();
    let explored = in_parallel(&all, |point| {
        let struck = [*point];
        Ok((ready.case(&struck), ready.live(&struck)?.0))
    })?;
    let mut findings = Findings { moments: whole.moments.len(), ..Findings::default() };
    explored.into_iter().for_each(|(case, broken)| findings.add(case, broken));
    Ok(findings)
}
