//! The makespan of a large run in virtual time, against lower bounds of every schedule.
//!
//! A run of a deploy, and one of a destroy, takes at most 1.05 times the bound of `lower_bound.rs`.
//! Where that is also the larger of longest chain and work divided by slots, the run takes at most 1.05
//! times that. For some graphs the stronger bound alone is more: all but one of the slots are idle while
//! the root of a tree is made, whatever the order, and at 32 slots that and the next level cost a tree
//! of 1,000 some 6 of 100. Dense graphs begin with few steps, too.
//!
//! The rest of the 1.05 is the end of a run: the slots that have nothing to do while the last steps
//! run. A schedule that knew every duration beforehand would begin the longest of them first; the engine
//! knows of a duration when the step has ended. Where a run ends with few steps that each wait for many,
//! as the destroy of a tree does, that costs more: the step waits for the longest of them. Such a run is
//! held to what every schedule keeps that leaves no slot idle while a step is ready. Every test prints
//! its ratios.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rstack_apply::{Engine, Events, TokioClock};
use rstack_model::event::{Event, RunEnd};
use rstack_model::plan::{Step, StepId};
use rstack_plan::CheckedPlan;
use rstack_sandbox::SandboxOptions;
use tokio::time::Instant;

use crate::bench::{Bench, Wanted, count, desired_of};
use crate::lower_bound::{Bounds, Job, bounds};

const SIZE: usize = 1000;
const LATENCY: Duration = Duration::from_secs(20);
/// The most that a run may take, as a multiple of its bound.
const MOST: f64 = 1.05;

/// When each step began and ended.
#[derive(Default)]
struct Times(Mutex<BTreeMap<StepId, (Instant, Instant)>>);

impl Events for Times {
    fn emit(&self, event: Event) {
        let now = Instant::now();
        let mut times = self.0.lock().unwrap();
        match event {
            Event::StepStarted { label } => drop(times.insert(label.step, (now, now))),
            Event::StepDone { label, .. } => times.get_mut(&label.step).unwrap().1 = now,
            _ => {}
        }
    }
}

/// Numbers that look random and are always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// A template whose resources depend on earlier ones. They are named: the sandbox draws the duration
/// of a call from the name.
fn template(mut depends_on: impl FnMut(usize) -> Vec<usize>) -> String {
    let mut text = "Resources:\n".to_owned();
    for i in 0..SIZE {
        let on: Vec<String> = depends_on(i).into_iter().map(|on| format!("T{on}")).collect();
        let on = on.join(", ");
        let named = format!("Properties: {{ TopicName: T{i} }}");
        writeln!(text, "  T{i}: {{ Type: AWS::SNS::Topic, {named}, DependsOn: [{on}] }}").unwrap();
    }
    text
}

/// The time that a run took, and its bounds.
#[derive(Clone, Copy, Debug)]
struct Measured {
    took: Duration,
    bounds: Bounds,
}

impl Measured {
    /// The time that a run of a plan took from the first beginning of a step to the last end.
    fn of(plan: &CheckedPlan, times: &Times, parallelism: u32) -> Self {
        let times = times.0.lock().unwrap();
        assert_eq!(times.len(), plan.steps.len());
        let at = |id: &StepId| plan.steps.iter().position(|step| step.id == *id).unwrap();
        let job = |step: &Step| {
            let (began, ended) = times[&step.id];
            Job { lasts: ended - began, after: step.after.iter().map(at).collect() }
        };
        let jobs: Vec<Job> = plan.steps.iter().map(job).collect();
        let began = times.values().map(|(began, _)| *began).min().unwrap();
        let ended = times.values().map(|(_, ended)| *ended).max().unwrap();
        Self { took: ended - began, bounds: bounds(&jobs, parallelism) }
    }

    /// Holds the time to the bounds that hold for every run, and prints its ratio to them.
    fn check(&self, what: &str) {
        let Self { took, bounds: Bounds { plain, strong, busy } } = *self;
        let (of_plain, of_strong) = (ratio(took, plain), ratio(took, strong));
        println!("{what}: {took:?}, {of_plain:.3} of {plain:?}, {of_strong:.3} of {strong:?}");
        assert!(took >= strong, "{what}: faster than can be");
        // The bound is rounded down, by a nanosecond for each slot at the most.
        assert!(took <= busy + Duration::from_micros(1), "{what}: a slot was idle for nothing");
    }

    /// Holds the time to 1.05 times the lower bounds, too.
    fn check_near(&self, what: &str) {
        self.check(what);
        let Self { took, bounds: Bounds { plain, strong, .. } } = *self;
        let (of_plain, of_strong) = (ratio(took, plain), ratio(took, strong));
        assert!(of_strong <= MOST, "{what}: {of_strong:.3} times the strong bound");
        let no_slot_is_idle = ratio(strong, plain) < 1.01;
        assert!(
            !no_slot_is_idle || of_plain <= MOST,
            "{what}: {of_plain:.3} times the plain bound"
        );
    }
}

fn ratio(time: Duration, bound: Duration) -> f64 {
    time.as_secs_f64() / bound.as_secs_f64()
}

/// The run of a deploy of a template, and the one of a destroy of what it has made.
fn measured(text: &str, parallelism: u32, options: SandboxOptions) -> [Measured; 2] {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let bench = Bench::with(options);
    [Wanted::from(desired_of(text, &[])), Wanted::Nothing].map(|wanted| {
        let times = Arc::new(Times::default());
        let plan = runtime.block_on(async {
            let (events, clock) = (times.clone(), Arc::new(TokioClock));
            let parallelism = count(parallelism as usize);
            let engine = Engine { events, clock, parallelism, ..bench.engine() };
            let locked = bench.lock();
            let state = bench.recovered(&engine, &locked).await;
            let plan = bench.planned(&engine, &state, &wanted).await;
            drop(locked);
            let outcome = bench.apply(&engine, &wanted, false).await;
            assert_eq!(outcome.end, RunEnd::Succeeded);
            plan
        });
        Measured::of(&plan, &times, parallelism)
    })
}

/// Deploys and destroys graphs of a kind, and holds their times to the bounds. The destroy of a graph
/// that `narrows` ends with few steps, each of which waits for many.
fn check(name: &str, narrows: bool, graph: fn(&mut Numbers, usize) -> Vec<usize>) {
    for (seed, parallelism) in [(1, 8), (2, 32), (3, 32)] {
        let mut numbers = Numbers(seed);
        let text = template(|i| graph(&mut numbers, i));
        let options = SandboxOptions { seed, latency: LATENCY, ..SandboxOptions::default() };
        let [deploy, destroy] = measured(&text, parallelism, options);
        deploy.check_near(&format!("{name}, {parallelism} slots, deploy"));
        let what = format!("{name}, {parallelism} slots, destroy");
        if narrows { destroy.check(&what) } else { destroy.check_near(&what) }
    }
}

fn some(numbers: &mut Numbers, most: usize, range: std::ops::Range<usize>) -> Vec<usize> {
    if range.is_empty() {
        return Vec::new();
    }
    let many = numbers.below(most + 1);
    (0..many).map(|_| range.start + numbers.below(range.len())).collect()
}

#[test]
fn trees() {
    check("tree", true, |_, i| if i == 0 { vec![] } else { vec![(i - 1) / 10] });
}

#[test]
fn random_graphs() {
    check("sparse", false, |numbers, i| some(numbers, 2, 0..i));
    check("recent", false, |numbers, i| some(numbers, 3, i.saturating_sub(100)..i));
}

#[test]
fn layers_and_chains() {
    check("layers", false, |numbers, i| {
        let layer = i / 250 * 250;
        some(numbers, 3, layer.saturating_sub(250)..layer)
    });
    check("chains", false, |_, i| if i.is_multiple_of(100) { vec![] } else { vec![i - 1] });
}

#[test]
fn dense_and_narrow_graphs() {
    check("narrow", false, |numbers, i| some(numbers, 4, i.saturating_sub(40)..i));
    check("dense", true, |numbers, i| some(numbers, 8, 0..i));
}

/// A distribution that nothing depends on takes as long as some 90 topics one after the other. Begun
/// last, as by the number of steps behind it, it would end long after all others.
#[test]
fn what_takes_long_is_begun_early() {
    let mut text = template(|i| if i.is_multiple_of(5) { vec![] } else { vec![i - 1] });
    text.push_str(DISTRIBUTION);
    let options = SandboxOptions {
        latency: LATENCY,
        deploy_polls: 60,
        ask_again_in: Duration::from_secs(30),
        ..SandboxOptions::default()
    };
    let [deploy, destroy] = measured(&text, 8, options);
    deploy.check_near("a distribution and topics, deploy");
    destroy.check_near("a distribution and topics, destroy");
}

const DISTRIBUTION: &str = "
  Z:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins:
          - { Id: a, DomainName: a.example.com, CustomOriginConfig: { OriginProtocolPolicy: https-only } }
        DefaultCacheBehavior:
          TargetOriginId: a
          ViewerProtocolPolicy: https-only
          CachePolicyId: 08627262-05a9-4f76-9ded-b50ca2e3a84f
";
