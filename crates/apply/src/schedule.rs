//! Which step runs when: those that are ready, longest way to the end first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{FuturesUnordered, StreamExt};
use rstack_model::Address;
use rstack_model::event::Event;
use rstack_model::plan::{Phase, Step, StepId};

use crate::StepError;
use crate::step::Context;

/// What came of the steps of a plan.
#[derive(Default)]
pub(crate) struct Executed {
    pub(crate) failures: Vec<(Address, StepError)>,
    /// Whether a step was not done, or not to its end, because the user asked to stop.
    pub(crate) interrupted: bool,
    /// The resources of the steps that were not done.
    pub(crate) left: Vec<Address>,
    /// Whether every forward step succeeded: what the stack was to become is made, and only old
    /// objects may be left. There is nothing to roll back then.
    pub(crate) made: bool,
}

/// Runs the steps of one phase of a plan. After a failure, or when the user asks to stop, nothing new
/// is started and what runs is finished; then no later phase is begun.
pub(crate) async fn execute(context: Context<'_>, phase: Phase, out: &mut Executed) {
    let steps: Vec<&Step> = context.plan.steps.iter().filter(|step| step.phase == phase).collect();
    if !out.failures.is_empty() || out.interrupted {
        out.left.extend(steps.iter().map(|step| step.address.clone()));
        return;
    }
    run_phase(context, steps, out).await;
    if phase == Phase::Forward {
        out.made = out.failures.is_empty() && !out.interrupted;
    }
}

async fn run_phase(context: Context<'_>, steps: Vec<&Step>, out: &mut Executed) {
    let height = heights(&steps);
    let in_phase: BTreeSet<StepId> = steps.iter().map(|step| step.id).collect();
    let mut waiting: BTreeMap<StepId, BTreeSet<StepId>> = BTreeMap::new();
    let mut users: BTreeMap<StepId, Vec<StepId>> = BTreeMap::new();
    let mut ready: BTreeSet<(Reverse<u32>, StepId)> = BTreeSet::new();
    let by_id: BTreeMap<StepId, &Step> = steps.iter().map(|step| (step.id, *step)).collect();
    let rank = |id: StepId| (Reverse(height.get(&id).copied().unwrap_or(0)), id);
    for step in &steps {
        let after: BTreeSet<StepId> = step.after.intersection(&in_phase).copied().collect();
        for earlier in &after {
            users.entry(*earlier).or_default().push(step.id);
        }
        if after.is_empty() {
            ready.insert(rank(step.id));
        } else {
            waiting.insert(step.id, after);
        }
    }
    let mut running = FuturesUnordered::new();
    let (mut failed, mut stopped) = (false, false);
    loop {
        let unfinished = !(running.is_empty() && ready.is_empty() && waiting.is_empty());
        if unfinished && !failed && !stopped && context.engine.stop.is_requested() {
            stopped = true;
            let reason = "you asked to stop".to_owned();
            context.engine.events.emit(Event::Stopping { reason });
        }
        while !failed && !stopped && running.len() < context.engine.parallelism.get() {
            let Some((_, id)) = ready.pop_first() else { break };
            let Some(step) = by_id.get(&id).copied() else { continue };
            running.push(async move { (step, context.run(step).await) });
        }
        let ended = tokio::select! {
            biased;
            ended = running.next() => ended,
            () = context.engine.stop.requested(), if !failed && !stopped => continue,
        };
        let Some((step, result)) = ended else { break };
        match result {
            Ok(()) => {
                for user in users.remove(&step.id).unwrap_or_default() {
                    let Some(after) = waiting.get_mut(&user) else { continue };
                    after.remove(&step.id);
                    if after.is_empty() {
                        waiting.remove(&user);
                        ready.insert(rank(user));
                    }
                }
            }
            Err(StepError::Interrupted(_)) => {
                out.interrupted = true;
                out.left.push(step.address.clone());
            }
            Err(error) => {
                if !failed && !stopped {
                    let reason = format!("`{}` failed", step.address);
                    context.engine.events.emit(Event::Stopping { reason });
                }
                failed = true;
                out.failures.push((step.address.clone(), error));
            }
        }
    }
    let left = ready.into_iter().map(|(_, id)| id).chain(waiting.into_keys());
    let left: Vec<Address> = left.filter_map(|id| Some(by_id.get(&id)?.address.clone())).collect();
    out.interrupted |= stopped && !left.is_empty();
    out.left.extend(left);
}

/// For each step, how many steps the longest way to the end has.
fn heights(steps: &[&Step]) -> BTreeMap<StepId, u32> {
    let mut height: BTreeMap<StepId, u32> = BTreeMap::new();
    for step in steps.iter().rev() {
        let own = *height.entry(step.id).or_insert(1);
        for earlier in &step.after {
            let above = height.entry(*earlier).or_insert(1);
            *above = (*above).max(own.saturating_add(1));
        }
    }
    height
}
