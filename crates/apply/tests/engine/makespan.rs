//! How long a large apply takes in virtual time, against what no schedule can do without: the
//! longest chain of steps, and all work divided by the number of steps that run at once.
//!
//! How long a step takes is not known before it was made, and here it is anything up to twice the
//! mean. No schedule is always within 1.05 of the larger of the two: at the root of a tree all but
//! one of the slots are idle, whatever is done, and in a dense graph whose longest chain is about as
//! long as the work divided, the chain is known too late. For these the worst that was seen is held,
//! for the others the bound of 1.05. Every test prints its ratios.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rstack_apply::{Engine, Events};
use rstack_model::event::{Event, RunEnd};
use rstack_model::plan::StepId;
use rstack_plan::CheckedPlan;
use rstack_sandbox::SandboxOptions;
use tokio::time::Instant;

use crate::bench::{Bench, Wanted, count, desired_of};

const SIZE: usize = 1000;
const LATENCY: Duration = Duration::from_secs(20);

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

/// A template whose resources depend on earlier ones.
fn template(mut depends_on: impl FnMut(usize) -> Vec<usize>) -> String {
    let mut text = "Resources:\n".to_owned();
    for i in 0..SIZE {
        let on: Vec<String> = depends_on(i).into_iter().map(|on| format!("T{on}")).collect();
        let on = on.join(", ");
        writeln!(text, "  T{i}: {{ Type: AWS::SNS::Topic, DependsOn: [{on}] }}").unwrap();
    }
    text
}

/// The time an apply took, the longest chain of its steps, and the sum of all.
fn measured(text: &str, parallelism: usize, seed: u64) -> [Duration; 3] {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true);
    let options = SandboxOptions { seed, latency: LATENCY, ..SandboxOptions::default() };
    let (bench, times) = (Bench::with(options), Arc::new(Times::default()));
    let wanted = Wanted::from(desired_of(text, &[]));
    let plan: CheckedPlan = runtime.build().unwrap().block_on(async {
        let events: Arc<dyn Events> = times.clone();
        let engine = Engine { events, parallelism: count(parallelism), ..bench.engine() };
        let locked = bench.lock();
        let state = bench.recovered(&engine, &locked).await;
        let plan = bench.planned(&engine, &state, &wanted).await;
        drop(locked);
        let outcome = bench.apply(&engine, &wanted, false).await;
        assert_eq!(outcome.end, RunEnd::Succeeded);
        plan
    });
    let times = times.0.lock().unwrap();
    assert_eq!((times.len(), plan.steps.len()), (SIZE, SIZE));
    let mut ends: BTreeMap<StepId, Duration> = BTreeMap::new();
    let mut work = Duration::ZERO;
    for step in &plan.steps {
        let (began, ended) = times[&step.id];
        let own = ended - began;
        work += own;
        let before = step.after.iter().map(|id| ends[id]).max().unwrap_or_default();
        ends.insert(step.id, before + own);
    }
    let began = times.values().map(|(began, _)| *began).min().unwrap();
    let ended = times.values().map(|(_, ended)| *ended).max().unwrap();
    [ended - began, ends.into_values().max().unwrap(), work]
}

/// The worst ratio of the time taken to what no schedule can do without, over several seeds.
fn worst(name: &str, graph: fn(&mut Numbers, usize) -> Vec<usize>) -> f64 {
    let mut worst: f64 = 0.0;
    for (seed, parallelism) in [(1, 8), (2, 32), (3, 32)] {
        let mut numbers = Numbers(seed);
        let text = template(|i| graph(&mut numbers, i));
        let [took, chain, work] = measured(&text, parallelism, seed);
        let least = chain.max(work / u32::try_from(parallelism).unwrap());
        let ratio = took.as_secs_f64() / least.as_secs_f64();
        println!("{name}: {took:?}, chain {chain:?}, work {work:?} / {parallelism}: {ratio:.3}");
        assert!(ratio >= 0.999, "faster than can be: {ratio}");
        worst = worst.max(ratio);
    }
    worst
}

fn some(numbers: &mut Numbers, most: usize, range: std::ops::Range<usize>) -> Vec<usize> {
    if range.is_empty() {
        return Vec::new();
    }
    let many = numbers.below(most + 1);
    (0..many).map(|_| range.start + numbers.below(range.len())).collect()
}

#[test]
fn a_tree_takes_little_longer_than_it_must() {
    let tree = |_: &mut Numbers, i: usize| if i == 0 { vec![] } else { vec![(i - 1) / 10] };
    assert!(worst("tree", tree) <= 1.10);
}

#[test]
fn random_graphs_take_no_longer_than_they_must() {
    assert!(worst("sparse", |numbers, i| some(numbers, 2, 0..i)) <= 1.05);
    let recent = |numbers: &mut Numbers, i: usize| some(numbers, 3, i.saturating_sub(100)..i);
    assert!(worst("recent", recent) <= 1.05);
}

#[test]
fn layers_and_chains_take_no_longer_than_they_must() {
    let layers = |numbers: &mut Numbers, i: usize| {
        let layer = i / 250 * 250;
        some(numbers, 3, layer.saturating_sub(250)..layer)
    };
    assert!(worst("layers", layers) <= 1.05);
    let chain =
        |_: &mut Numbers, i: usize| if i.is_multiple_of(100) { vec![] } else { vec![i - 1] };
    assert!(worst("chains", chain) <= 1.05);
}

#[test]
fn a_dense_graph_takes_little_longer_and_a_narrow_one_no_longer_than_it_must() {
    let narrow = |numbers: &mut Numbers, i: usize| some(numbers, 4, i.saturating_sub(40)..i);
    assert!(worst("narrow", narrow) <= 1.05);
    assert!(worst("dense", |numbers, i| some(numbers, 8, 0..i)) <= 1.10);
}
