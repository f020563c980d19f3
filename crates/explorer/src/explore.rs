//! Every point of a scenario, and every pair of points.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::crash_injector::lock;
use crate::crash_point::{CrashPoint, Strike, points};
use crate::invariant;
use crate::scenario::{Ready, Scenario};
use crate::simulation::{Conditions, Life, Simulation, Store};
use crate::stack::{Size, Wanted};

/// The results of an exploration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The number of steps of the undisturbed run.
    pub steps: usize,
    /// The number of points (or pairs, or schedules) that were explored.
    pub explored: usize,
    /// Each failing case, as arguments of the explorer, with what it broke.
    pub violations: Vec<(String, Vec<String>)>,
}

impl Findings {
    pub(crate) fn add(&mut self, case: String, broken: Vec<String>) {
        self.explored += 1;
        if !broken.is_empty() {
            self.violations.push((case, broken));
        }
    }
}

/// The number of times that the user is asked about handlers, or runs a command again that they failed.
const ANSWERS: usize = 6;

impl Simulation {
    /// Runs undisturbed to the end, and tells what is not as it should be there.
    pub(crate) fn end(
        &mut self,
        wanted: &Wanted,
        goal: Option<&str>,
    ) -> Result<Vec<String>, String> {
        let mut life = self.live(wanted, &Conditions::default())?;
        let mut violations = std::mem::take(&mut life.violations);
        // Where a handler has not responded, the user looks into its log and says what it made.
        for _ in 0..ANSWERS {
            if !self.answer_for_handlers(&life)? {
                break;
            }
            life = self.live(wanted, &Conditions::default())?;
            violations.append(&mut life.violations);
        }
        match life.report {
            Some(Ok(rstack_model::event::RunEnd::Succeeded)) => {}
            Some(Ok(end)) => violations.push(format!("I2: running again ends {end:?}")),
            Some(Err(error)) => violations.push(format!("I2: running again fails: {error}")),
            None => violations.push("I2: running again does not end".to_owned()),
        }
        violations.extend(invariant::at_the_end(self, wanted, goal)?);
        violations.extend(invariant::no_secret(self));
        violations.extend(invariant::final_snapshots(self)?);
        violations.extend(invariant::assets(self, wanted)?);
        Ok(violations)
    }

    /// As [`Self::end`], where nothing may be wrong.
    pub(crate) fn reach(&mut self, wanted: &Wanted, goal: Option<&str>) -> Result<(), String> {
        let broken = self.end(wanted, goal)?;
        if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
    }

    /// The normalized state, if there is one.
    pub(crate) fn normalize(&self) -> Result<Option<String>, String> {
        let stored = self.read(&crate::stack::name()?);
        let state = stored.map_err(|error| error.to_string())?.state;
        state.as_ref().map(crate::normalize::normalize).transpose()
    }
}

/// Runs a process that is struck, and checks what it leaves.
pub(crate) fn strike(
    simulation: &mut Simulation,
    wanted: &Wanted,
    conditions: &Conditions,
    limit: usize,
) -> Result<(Life, Vec<String>), String> {
    let mut life = simulation.live(wanted, conditions)?;
    let mut broken = std::mem::take(&mut life.violations);
    broken.extend(invariant::after_a_death(simulation, limit)?);
    broken.extend(invariant::final_snapshots(simulation)?);
    broken.extend(invariant::assets(simulation, wanted)?);
    if let Some(CrashPoint { strike: Strike::Before(_) | Strike::After(_), step, .. }) =
        conditions.point
        && !life.died
        && step < life.steps.len()
    {
        broken.push("it lived on".to_owned());
    }
    Ok((life, broken))
}

fn case(ready: &Ready, size: Size, points: &[CrashPoint]) -> String {
    let points: Vec<String> = points.iter().map(|point| format!(" --point {point}")).collect();
    let small = if size == Size::Small { " --small" } else { "" };
    let objects = if ready.scenario.store() == Store::Objects { " --objects" } else { "" };
    format!("--scenario {}{small}{objects}{}", ready.scenario.name, points.concat())
}

/// The first process of a scenario, struck at a point, and the simulation after it.
fn first(
    ready: &Ready,
    point: Option<CrashPoint>,
) -> Result<(Simulation, Life, Vec<String>), String> {
    let mut simulation = ready.before.fork()?;
    let conditions = Conditions { point, ..ready.scenario.conditions() };
    let (life, broken) = strike(&mut simulation, &ready.to, &conditions, ready.scenario.limit())?;
    Ok((simulation, life, broken))
}

/// Lives through some points, each of them striking the next process, and then to the end.
///
/// # Errors
/// If the scenario cannot be lived through undisturbed.
pub fn one(scenario: Scenario, size: Size, struck: &[CrashPoint]) -> Result<Findings, String> {
    let ready = scenario.ready(size, 1)?;
    let (mut simulation, mut broken) = (ready.before.fork()?, Vec::new());
    let mut findings = Findings::default();
    for (number, point) in struck.iter().enumerate() {
        let (wanted, conditions) = if number == 0 {
            (&ready.to, scenario.conditions())
        } else {
            (&ready.end, Conditions::default())
        };
        let conditions = Conditions { point: Some(*point), ..conditions };
        let (life, more) = strike(&mut simulation, wanted, &conditions, scenario.limit())?;
        findings.steps = life.steps.len();
        broken.extend(more);
    }
    broken.extend(simulation.end(&ready.end, ready.goal.as_deref())?);
    findings.add(case(&ready, size, struck), broken);
    Ok(findings)
}

/// Explores every point of a scenario, the faults of the disk among them. Of every `stride` points
/// one is taken.
///
/// # Errors
/// If the scenario cannot be lived through undisturbed.
pub fn singles(scenario: Scenario, size: Size, stride: usize) -> Result<Findings, String> {
    let ready = scenario.ready(size, 1)?;
    let (_, undisturbed, broken) = first(&ready, None)?;
    let all = points(&undisturbed.steps, undisturbed.left, scenario.store() == Store::Files);
    let all: Vec<CrashPoint> = all.into_iter().step_by(stride.max(1)).collect();
    let explored = in_parallel(&all, |point| {
        let (mut simulation, _, mut broken) = first(&ready, Some(*point))?;
        broken.extend(simulation.end(&ready.end, ready.goal.as_deref())?);
        Ok((case(&ready, size, &[*point]), broken))
    })?;
    let mut findings = Findings { steps: undisturbed.steps.len(), ..Findings::default() };
    findings.add(case(&ready, size, &[]), broken);
    explored.into_iter().for_each(|(case, broken)| findings.add(case, broken));
    findings.explored -= 1;
    Ok(findings)
}

/// The remains of a death at a point: the disk, and the number of calls that had changed the cloud.
/// Deaths that leave the same are followed by the same.
fn remains(simulation: &Simulation, life: &Life, point: CrashPoint) -> (String, usize) {
    let met = life.steps.iter().enumerate();
    let had_effect = |number: usize| match point.strike {
        Strike::Before(_) => number < point.step,
        Strike::After(_) | Strike::Fail(_) => true,
    };
    let calls = met.filter(|(number, step)| step.act.changes_cloud() && had_effect(*number));
    (simulation.image.contents(), calls.count())
}

/// Explores every pair of points: a death, and another one during the recovery from it. Deaths
/// that leave the same are lived through once. Of every `stride` points one is taken.
///
/// # Errors
/// If the scenario cannot be lived through undisturbed.
pub fn pairs(scenario: Scenario, size: Size, stride: usize) -> Result<Findings, String> {
    let ready = scenario.ready(size, 1)?;
    let (_, undisturbed, _) = first(&ready, None)?;
    let all = points(&undisturbed.steps, undisturbed.left, false);
    let chosen: Vec<CrashPoint> = all.into_iter().step_by(stride.max(1)).collect();
    let left = in_parallel(&chosen, |point| {
        let (simulation, life, _) = first(&ready, Some(*point))?;
        Ok(remains(&simulation, &life, *point))
    })?;
    let mut classes: BTreeMap<(String, usize), (CrashPoint, usize)> = BTreeMap::new();
    for (point, left) in chosen.iter().zip(left) {
        classes.entry(left).or_insert((*point, 0)).1 += 1;
    }
    let classes: Vec<(CrashPoint, usize)> = classes.into_values().collect();
    let explored = in_parallel(&classes, |(point, deaths)| {
        Ok((after_first(&ready, size, *point, stride)?, *deaths))
    })?;
    let mut findings = Findings { steps: undisturbed.steps.len(), ..Findings::default() };
    for (found, deaths) in explored {
        findings.explored += found.explored * deaths;
        findings.violations.extend(found.violations);
    }
    Ok(findings)
}

/// Every second death after a first one.
fn after_first(
    ready: &Ready,
    size: Size,
    point: CrashPoint,
    stride: usize,
) -> Result<Findings, String> {
    let (simulation, _, _) = first(ready, Some(point))?;
    let life = simulation.fork()?.live(&ready.end, &Conditions::default())?;
    let mut seen = BTreeSet::new();
    let mut findings = Findings::default();
    for second in points(&life.steps, life.left, false).into_iter().step_by(stride.max(1)) {
        let mut simulation = simulation.fork()?;
        let conditions = Conditions { point: Some(second), ..Conditions::default() };
        let limit = ready.scenario.limit();
        let (life, mut broken) = strike(&mut simulation, &ready.end, &conditions, limit)?;
        if seen.insert(remains(&simulation, &life, second)) {
            broken.extend(simulation.end(&ready.end, ready.goal.as_deref())?);
        }
        findings.add(case(ready, size, &[point, second]), broken);
    }
    Ok(findings)
}

/// Does something with each of these on all cores; the results have their order.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    of: &[T],
    work: impl Fn(&T) -> Result<R, String> + Sync,
) -> Result<Vec<R>, String> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = of.get(number) else { break };
                    let result = work(item);
                    lock(&results).push((number, result));
                }
            });
        }
    });
    let mut results = std::mem::take(&mut *lock(&results));
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}
