//! `crash-explorer`: explores, prints what was explored and what was found, and fails if anything
//! was.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use rstack_explorer::{
    AppRun, CrashPoint, Edit, Findings, Mix, SCENARIOS, Scenario, Size, Store, app_runs, edits,
    generated_types, one, one_app_run, one_edit, pairs, schedule, schedules, singles,
};

/// The number of failing cases that are printed of each kind.
const SHOWN: usize = 5;

/// Explores every moment at which a run can die, and what comes after.
#[derive(Debug, Parser)]
#[command(name = "crash-explorer")]
struct Arguments {
    /// Explore this scenario alone
    #[arg(long)]
    scenario: Option<String>,
    /// Live through this point of the scenario alone; given twice, the second strikes the recovery
    #[arg(long, requires = "scenario")]
    point: Vec<CrashPoint>,
    /// Explore all pairs of points of the scenario
    #[arg(long, requires = "scenario")]
    pairs: bool,
    /// Explore random schedules alone
    #[arg(long, conflicts_with = "scenario")]
    random: bool,
    /// Make random schedules of the scenarios of custom resources
    #[arg(long, conflicts_with = "scenario")]
    custom: bool,
    /// The seed of the first random schedule
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Of so many points take one
    #[arg(long, default_value_t = 1)]
    stride: usize,
    /// Keep the states in an object store; points of scenarios and of edits are explored there
    #[arg(long, conflicts_with_all = ["pairs", "random", "seed"])]
    objects: bool,
    /// Stop at the first scenario in which something is found
    #[arg(long)]
    fail_fast: bool,
    /// Take a smaller stack than the streaming one
    #[arg(long)]
    small: bool,
    /// Live through the random schedule of this seed alone
    #[arg(long)]
    seed: Option<u64>,
    /// Explore this number of random schedules
    #[arg(long, default_value_t = 100_000)]
    schedules: usize,
}

struct Report {
    violations: usize,
    fail_fast: bool,
}

impl Report {
    fn line(&self, text: impl Display) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{text}")
    }

    fn add(
        &mut self,
        name: &str,
        kind: &str,
        explore: impl FnOnce() -> Result<Findings, String>,
    ) -> io::Result<()> {
        if self.fail_fast && self.violations > 0 {
            return Ok(());
        }
        let start = Instant::now();
        let findings = match explore() {
            Ok(findings) => findings,
            Err(error) => {
                self.violations += 1;
                return self.line(format!(
                    "    crash-explorer --scenario {name}\n        fails without an injected fault: {error}"
                ));
            }
        };
        let Findings { steps, explored, violations } = findings;
        let (count, seconds) = (violations.len(), start.elapsed().as_secs_f64());
        self.violations += count;
        self.line(format!(
            "{name:24} {steps:>5} crash points {explored:>8} {kind:10} {count:>5} violations {seconds:>7.1} s"
        ))?;
        for (case, broken) in violations.iter().take(SHOWN) {
            self.line(format!("    crash-explorer {case}\n        {}", broken.join("\n        ")))?;
        }
        if count > SHOWN {
            self.line(format!("    and {} more", count - SHOWN))?;
        }
        Ok(())
    }
}

fn explore(arguments: &Arguments) -> io::Result<usize> {
    let size = if arguments.small { Size::Small } else { Size::Streaming };
    let store = if arguments.objects { Store::Objects } else { Store::Files };
    let mix = if arguments.custom { Mix::Custom } else { Mix::Small };
    let mut report = Report { violations: 0, fail_fast: arguments.fail_fast };
    if let Some(seed) = arguments.seed {
        report.add("schedule", "schedule", || schedule(mix, seed))?;
        return Ok(report.violations);
    }
    if let Some(edit) = arguments.scenario.as_deref().and_then(Edit::named) {
        if arguments.objects && edit.is_of_files() {
            report.line(format!("`{}` repairs files: there are none", edit.name()))?;
            return Ok(1);
        }
        if arguments.point.is_empty() {
            report.add(edit.name(), "points", || edits(edit, store, size, arguments.stride))?;
        } else {
            report.add(edit.name(), "case", || one_edit(edit, store, size, &arguments.point))?;
        }
        return Ok(report.violations);
    }
    if let Some(run) = arguments.scenario.as_deref().and_then(AppRun::named) {
        let run = run.on(store);
        if arguments.point.is_empty() {
            report.add(run.name, "points", || app_runs(run, arguments.stride))?;
        } else {
            report.add(run.name, "case", || one_app_run(run, &arguments.point))?;
        }
        return Ok(report.violations);
    }
    if let Some(name) = &arguments.scenario {
        let Some(scenario) = Scenario::named(name) else {
            let names = Scenario::all().map(|scenario| scenario.name);
            let names = names.chain(AppRun::ALL.map(|run| run.name));
            let known: Vec<&str> = names.chain(Edit::ALL.map(Edit::name)).collect();
            report
                .line(format!("there is no scenario `{name}`; there are {}", known.join(", ")))?;
            return Ok(1);
        };
        let (scenario, stride) = (scenario.on(store), arguments.stride);
        if !arguments.point.is_empty() {
            report.add(name, "case", || one(scenario, size, &arguments.point))?;
        } else if arguments.pairs {
            report.add(name, "pairs", || pairs(scenario, size, stride))?;
        } else {
            report.add(name, "points", || singles(scenario, size, arguments.stride))?;
        }
        return Ok(report.violations);
    }
    if arguments.random {
        let Arguments { first, schedules: count, .. } = arguments;
        report.add("random", "schedules", || schedules(mix, *first, *count))?;
        return Ok(report.violations);
    }
    report.line(format!("generated stack: objects of {} types", generated_types()))?;
    for scenario in Scenario::all() {
        let scenario = scenario.on(store);
        report.add(scenario.name, "points", || singles(scenario, size, arguments.stride))?;
    }
    for run in AppRun::ALL {
        report.add(run.name, "points", || app_runs(run.on(store), arguments.stride))?;
    }
    for edit in Edit::ALL.into_iter().filter(|edit| !arguments.objects || !edit.is_of_files()) {
        report.add(edit.name(), "points", || edits(edit, store, size, arguments.stride))?;
    }
    if arguments.objects {
        report.line(format!("{} violations", report.violations))?;
        return Ok(report.violations);
    }
    if let Some(create) = SCENARIOS.first() {
        report.add(create.name, "pairs", || pairs(*create, size, arguments.stride))?;
    }
    for (name, mix) in [("random", Mix::Small), ("random-custom", Mix::Custom)] {
        let Arguments { first, schedules: count, .. } = arguments;
        report.add(name, "schedules", || schedules(mix, *first, *count))?;
    }
    report.line(format!("{} violations", report.violations))?;
    Ok(report.violations)
}

fn main() -> ExitCode {
    match explore(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) | Err(_) => ExitCode::FAILURE,
    }
}
