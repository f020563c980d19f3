//! Random schedules: bad days on which several processes die one after the other.

use std::time::Duration;

use crate::crash_point::{CrashPoint, Data, Fault, Names, Strike, Survival};
use crate::explore::{Findings, in_parallel, strike};
use crate::fault_injection::{FaultRates, LATEST};
use crate::rng::Rng;
use crate::scenario::{CUSTOM, Ready, SCENARIOS, Scenario};
use crate::simulation::Conditions;
use crate::stack::{Size, Wanted};

/// More steps than most runs of the small stack have.
const STEPS: usize = 160;
/// The number of schedules that are explored at a time: findings are reported in between.
const AT_ONCE: usize = 1000;

fn rates(rng: &Rng) -> FaultRates {
    let often = |most: usize| if rng.happens(50) { rng.below(most) } else { 0 };
    FaultRates {
        throttle: often(60),
        server_error: often(20),
        lost_answer: often(20),
        late_effect: often(10),
        hang: often(5),
        longest: Duration::from_millis(often(2000) as u64),
    }
}

fn point(rng: &Rng) -> CrashPoint {
    let step = rng.below(STEPS);
    let data = rng.pick(&[Data::Kept, Data::Lost, Data::Torn, Data::Zeroed]);
    let names = rng.pick(&[Names::Kept, Names::Lost, Names::Last]);
    let left = match (data, names) {
        (Some(data), Some(names)) => Survival { data, names },
        (None, _) | (_, None) => Survival::ALL,
    };
    let strike = match rng.below(10) {
        0..4 => Strike::Before(left),
        4..9 => Strike::After(left),
        _ => Strike::Fail(
            rng.pick(&[Fault::Full, Fault::ReadOnly, Fault::Failing]).unwrap_or(Fault::Full),
        ),
    };
    CrashPoint { step, strike, act: None }
}

fn live(ready: &Ready, seed: u64) -> Result<Vec<String>, String> {
    let rng = Rng::new(seed);
    let (mut simulation, mut broken) = (ready.before.fork()?, Vec::new());
    let mut wanted = &ready.to;
    let back = |wanted: &Wanted| matches!(wanted, Wanted::Back(_));
    let mut applied = false;
    for _ in 0..=rng.below(3) {
        let conditions = Conditions {
            parallelism: 1 + rng.below(4),
            in_parts: rng.happens(30),
            rollback: rng.happens(70),
            refused: ready.scenario.conditions().refused.filter(|_| rng.happens(60)),
            rates: rates(&rng),
            seed: rng.below(usize::MAX) as u64,
            point: rng.happens(80).then(|| point(&rng)),
        };
        applied |= !back(wanted);
        let (_, more) = strike(&mut simulation, wanted, &conditions, 2)?;
        broken.extend(more);
        wanted = if rng.happens(70) { wanted } else { &ready.from };
    }
    // Whatever is still under way completes.
    simulation.pass(LATEST);
    // An apply that completed after all, but for old objects, is not rolled back.
    let may_be_whole = back(&ready.end) && applied;
    let (wanted, goal) = if rng.happens(50) || may_be_whole {
        (&ready.from, &ready.origin)
    } else {
        (&ready.end, &ready.goal)
    };
    broken.extend(simulation.end(wanted, goal.as_deref())?);
    Ok(broken)
}

/// The scenarios that schedules are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mix {
    /// Those of the smaller stack.
    #[default]
    Small,
    /// Those of custom resources.
    Custom,
}

fn all_ready(mix: Mix) -> Result<Vec<Ready>, String> {
    let scenarios: &[Scenario] = match mix {
        Mix::Small => &SCENARIOS,
        Mix::Custom => &CUSTOM,
    };
    scenarios.iter().map(|scenario| scenario.ready(Size::Small, 1)).collect()
}

fn of_seed(mix: Mix, ready: &[Ready], seed: u64) -> Result<(String, Vec<String>), String> {
    let index = usize::try_from(seed).unwrap_or_default().checked_rem(ready.len()).unwrap_or(0);
    let broken = ready.get(index).map_or_else(|| Ok(Vec::new()), |ready| live(ready, seed))?;
    let mix = match mix {
        Mix::Small => "",
        Mix::Custom => "--custom ",
    };
    Ok((format!("{mix}--seed {seed}"), broken))
}

/// Explores the schedule of one seed.
///
/// # Errors
/// If a scenario cannot be lived through undisturbed.
pub fn schedule(mix: Mix, seed: u64) -> Result<Findings, String> {
    let mut findings = Findings::default();
    let (case, broken) = of_seed(mix, &all_ready(mix)?, seed)?;
    findings.add(case, broken);
    Ok(findings)
}

/// Explores the schedules of this many seeds from `first` on.
///
/// # Errors
/// If a scenario cannot be lived through undisturbed.
pub fn schedules(mix: Mix, first: u64, count: usize) -> Result<Findings, String> {
    let ready = all_ready(mix)?;
    let mut findings = Findings::default();
    let seeds: Vec<u64> = (first..first.saturating_add(count as u64)).collect();
    for some in seeds.chunks(AT_ONCE) {
        let explored = in_parallel(some, |seed| of_seed(mix, &ready, *seed))?;
        explored.into_iter().for_each(|(case, broken)| findings.add(case, broken));
    }
    Ok(findings)
}
