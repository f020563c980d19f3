//! Every point of a run of the app, and the runs after it.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::StackName;
use rstack_model::state::State;

use super::process::{AppLife, End, name_of};
use super::{APP, AppRun};
use crate::crash_point::{CrashPoint, Strike, points};
use crate::explore::{Findings, in_parallel};
use crate::invariant;
use crate::normalize::normalize_all;
use crate::simulation::{Conditions, Simulation, Store};
use crate::stack::Variant;

/// A run that is ready to be lived through.
struct Ready {
    run: AppRun,
    before: Simulation,
    /// The normalized states at the end that an undisturbed run reaches.
    goal: String,
}

fn names() -> Result<Vec<StackName>, String> {
    APP.iter().map(name_of).collect()
}

/// The states of all stacks, or what is wrong with their records.
fn states(simulation: &Simulation) -> Result<Result<Vec<State>, String>, String> {
    let mut states = Vec::new();
    for stack in names()? {
        match simulation.read(&stack) {
            Ok(stored) if stored.journal.is_some() => {
                return Ok(Err(format!("I2: a journal of `{stack}` is left")));
            }
            Ok(stored) => states.extend(stored.state),
            Err(error) => return Ok(Err(format!("I2: `{stack}` cannot be read: {error}"))),
        }
    }
    Ok(Ok(states))
}

/// The imports of every stack that no stack exports.
fn dangling(states: &[State]) -> Vec<String> {
    let exported = states.iter().flat_map(|state| state.outputs.values());
    let exported: BTreeSet<&str> = exported.filter_map(|it| it.export.as_deref()).collect();
    let imports = states.iter().flat_map(|it| it.imports.keys().map(move |name| (it, name)));
    let dangling = imports.filter(|(_, name)| !exported.contains(name.as_str()));
    dangling.map(|(it, name)| format!("`{}` imports `{name}`, which is gone", it.stack)).collect()
}

impl Ready {
    fn of(run: AppRun) -> Result<Self, String> {
        let mut before = Simulation::new(1, run.store, 0)?;
        if run.from.is_some() {
            reach(&mut before, run.from)?;
        }
        let mut undisturbed = before.fork()?;
        reach(&mut undisturbed, run.end)?;
        let states = states(&undisturbed)??;
        let expected = if run.end.is_some() { APP.len() } else { 0 };
        if states.len() != expected {
            return Err(format!("{} of {expected} stacks have a state", states.len()));
        }
        let goal = normalize_all(&states.iter().collect::<Vec<_>>())?;
        Ok(Self { run, before, goal })
    }

    fn conditions(&self, point: Option<CrashPoint>) -> Conditions {
        let AppRun { parallelism, refused, .. } = self.run;
        Conditions { parallelism, refused, point, ..Conditions::default() }
    }

    fn case(&self, points: &[CrashPoint]) -> String {
        let points: Vec<String> = points.iter().map(|point| format!(" --point {point}")).collect();
        let objects = if self.run.store == Store::Objects { " --objects" } else { "" };
        format!("--scenario {}{objects}{}", self.run.name, points.concat())
    }

    /// Runs a process that is struck, and checks what it leaves.
    fn strike(
        &self,
        simulation: &mut Simulation,
        goal: Option<Variant>,
        conditions: &Conditions,
    ) -> Result<(AppLife, Vec<String>), String> {
        let mut life = simulation.live_app(goal, conditions)?;
        let mut broken = std::mem::take(&mut life.violations);
        broken.extend(invariant::after_a_death_of(simulation, &names()?, self.run.limit())?);
        if let Some(CrashPoint { strike: Strike::Before(_) | Strike::After(_), step, .. }) =
            conditions.point
            && life.ends.is_some()
            && step < life.steps.len()
        {
            broken.push("it lived on".to_owned());
        }
        Ok((life, broken))
    }

    /// Lives through some points, each of them striking the next process, and then to the end.
    fn live(&self, struck: &[CrashPoint]) -> Result<(AppLife, Vec<String>), String> {
        let mut simulation = self.before.fork()?;
        let mut broken = Vec::new();
        let (first, later) = struck.split_first().map_or((None, &[][..]), |(f, l)| (Some(*f), l));
        let conditions = self.conditions(first);
        let (life, more) = self.strike(&mut simulation, self.run.to, &conditions)?;
        broken.extend(more);
        for point in later {
            let conditions = Conditions { point: Some(*point), ..Conditions::default() };
            broken.extend(self.strike(&mut simulation, self.run.end, &conditions)?.1);
        }
        broken.extend(end(&mut simulation, self.run.end, Some(&self.goal))?);
        Ok((life, broken))
    }
}

/// Runs undisturbed to a goal, and tells what is not as it should be there. Another run changes nothing.
fn end(
    simulation: &mut Simulation,
    goal: Option<Variant>,
    normalized: Option<&str>,
) -> Result<Vec<String>, String> {
    let mut broken = Vec::new();
    for again in [false, true] {
        let mut life = simulation.live_app(goal, &Conditions::default())?;
        broken.append(&mut life.violations);
        let Some(ends) = life.ends else {
            broken.push("I2: running again does not end".to_owned());
            return Ok(broken);
        };
        let wrong = |(stack, end): (&str, End)| match end {
            End::Failed(why) => Some(format!("I2: running again fails at `{stack}`: {why}")),
            End::Done if again => Some(format!("I2: another run changes `{stack}`")),
            End::Done | End::Unchanged => None,
        };
        broken.extend(ends.into_iter().filter_map(wrong));
    }
    let states = match states(simulation)? {
        Ok(states) => states,
        Err(problem) => {
            broken.push(problem);
            return Ok(broken);
        }
    };
    broken.extend(invariant::at_the_end_of(simulation, &states)?);
    broken.extend(dangling(&states));
    let states: Vec<&State> = states.iter().collect();
    if let Some(normalized) = normalized
        && normalize_all(&states)? != normalized
    {
        broken.push("I2: the end is not that of an undisturbed run".to_owned());
    }
    broken.extend(invariant::no_secret(simulation));
    Ok(broken)
}

fn reach(simulation: &mut Simulation, goal: Option<Variant>) -> Result<(), String> {
    let broken = end(simulation, goal, None)?;
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
}

/// The run fails where something of it is refused, and only there.
fn undisturbed(ready: &Ready) -> Result<AppLife, String> {
    let (life, broken) = ready.live(&[])?;
    if !broken.is_empty() {
        return Err(broken.join("; "));
    }
    let ends: &BTreeMap<_, _> = life.ends.as_ref().ok_or("it does not end")?;
    let fails = ends.values().any(|end| matches!(end, End::Failed(_)));
    match fails == ready.run.refused.is_some() {
        true => Ok(life),
        false => Err(format!("the undisturbed run ends {ends:?}")),
    }
}

/// Explores every point of a run, the faults of the disk among them. Of every `stride` points one is
/// taken.
///
/// # Errors
/// If the run cannot be lived through undisturbed.
pub fn app_runs(run: AppRun, stride: usize) -> Result<Findings, String> {
    let ready = Ready::of(run)?;
    let whole = undisturbed(&ready)?;
    // The steps of the runs after it are not struck.
    let all = points(&whole.steps, whole.left, run.store == Store::Files);
    let all: Vec<CrashPoint> = all.into_iter().step_by(stride.max(1)).collect();
    let explored = in_parallel(&all, |point| {
        let struck = [*point];
        Ok((ready.case(&struck), ready.live(&struck)?.1))
    })?;
    let mut findings = Findings { steps: whole.steps.len(), ..Findings::default() };
    explored.into_iter().for_each(|(case, broken)| findings.add(case, broken));
    Ok(findings)
}

/// Lives through some points of a run, each striking the next process, and then to the end.
///
/// # Errors
/// If the run cannot be lived through undisturbed.
pub fn one_app_run(run: AppRun, struck: &[CrashPoint]) -> Result<Findings, String> {
    let ready = Ready::of(run)?;
    let (life, broken) = ready.live(struck)?;
    let mut findings = Findings { steps: life.steps.len(), ..Findings::default() };
    findings.add(ready.case(struck), broken);
    Ok(findings)
}
