//! The order of steps: of those that are ready, the one with the longest way to the end runs first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::stream::{FuturesUnordered, StreamExt};
use rstack_model::event::Event;
use rstack_model::plan::{Operation, Phase, Step, StepId};
use rstack_model::{Address, ResourceType};
use rstack_plan::Handler;

use crate::StepError;
use crate::creation_limits::CreationLimits;
use crate::step::Context;

/// The outcome of the steps of a plan.
#[derive(Default)]
pub(crate) struct Executed {
    pub(crate) failures: Vec<(Address, StepError)>,
    /// True if a step was not done, or not completely, because the user asked to stop.
    pub(crate) interrupted: bool,
    /// The resources of the steps that were not done.
    pub(crate) left: Vec<Address>,
    /// True if every forward step succeeded: all that the stack was to become is made, and only old
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

async fn run_phase<'a>(context: Context<'a>, steps: Vec<&'a Step>, out: &mut Executed) {
    let height = heights(&steps, Weights::of(context));
    let in_phase: BTreeSet<StepId> = steps.iter().map(|step| step.id).collect();
    let mut waiting: BTreeMap<StepId, BTreeSet<StepId>> = BTreeMap::new();
    let mut users: BTreeMap<StepId, Vec<StepId>> = BTreeMap::new();
    let mut ready: BTreeSet<(Reverse<u64>, StepId)> = BTreeSet::new();
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
    let mut limits = CreationLimits::of(context, &steps);
    // True from when no step begins any more.
    let ends = AtomicBool::new(false);
    let mut running = FuturesUnordered::new();
    let (mut failed, mut stopped) = (false, false);
    let slots = &context.engine.slots;
    // A slot that came free for the next step.
    let mut free = None;
    loop {
        let unfinished = !(running.is_empty() && ready.is_empty() && waiting.is_empty());
        if unfinished && !failed && !stopped && context.engine.cancel.is_cancelled() {
            stopped = true;
            ends.store(true, Ordering::Relaxed);
            let reason = "you asked to stop".to_owned();
            context.engine.events.emit(Event::Stopping { reason });
        }
        while !failed && !stopped && running.len() < context.engine.parallelism.get() {
            if ready.is_empty() {
                break;
            }
            let Some(slot) = free.take().or_else(|| slots.try_take()) else { break };
            let Some((_, id)) = ready.pop_first() else { break };
            let Some(step) = by_id.get(&id).copied() else { continue };
            limits.begin(&step.address);
            let ends = &ends;
            running.push(async move {
                // Another step that was ready with it may have failed meanwhile.
                let begins = !ends.load(Ordering::Relaxed);
                let result = if begins { Some(context.run(step).await) } else { None };
                drop(slot);
                (step, result)
            });
        }
        free = None;
        let wants = !failed
            && !stopped
            && !ready.is_empty()
            && running.len() < context.engine.parallelism.get();
        let ended = tokio::select! {
            biased;
            ended = running.next(), if !(wants && running.is_empty()) => ended,
            () = context.engine.cancel.cancelled(), if !failed && !stopped => continue,
            (stack, error) = limits.exceeded(), if !failed && !stopped => {
                let reason = format!("`{stack}` was not created in time");
                context.engine.events.emit(Event::Stopping { reason });
                failed = true;
                ends.store(true, Ordering::Relaxed);
                out.failures.push((stack, error));
                continue;
            }
            slot = slots.take(), if wants => {
                free = Some(slot);
                continue;
            }
        };
        let Some((step, result)) = ended else { break };
        match result {
            None => {
                out.interrupted |= stopped;
                out.left.push(step.address.clone());
            }
            Some(Ok(())) => {
                limits.done(&step.address);
                for user in users.remove(&step.id).unwrap_or_default() {
                    let Some(after) = waiting.get_mut(&user) else { continue };
                    after.remove(&step.id);
                    if after.is_empty() {
                        waiting.remove(&user);
                        ready.insert(rank(user));
                    }
                }
            }
            Some(Err(StepError::Interrupted(_))) => {
                out.interrupted = true;
                out.left.push(step.address.clone());
            }
            Some(Err(error)) => {
                if !failed && !stopped {
                    let reason = format!("`{}` failed", step.address);
                    context.engine.events.emit(Event::Stopping { reason });
                }
                failed = true;
                ends.store(true, Ordering::Relaxed);
                out.failures.push((step.address.clone(), error));
            }
        }
    }
    let left = ready.into_iter().map(|(_, id)| id).chain(waiting.into_keys());
    let left: Vec<Address> = left.filter_map(|id| Some(by_id.get(&id)?.address.clone())).collect();
    out.interrupted |= stopped && !left.is_empty();
    out.left.extend(left);
}

/// The expected durations of steps, relative to each other.
///
/// No catalog has the durations of operations. The longest that a provider says it takes tells the
/// types that are served in minutes and hours (databases, clusters, distributions) from all others, and
/// only the order of steps depends on it.
struct Weights<'a> {
    context: Context<'a>,
    known: BTreeMap<(&'a ResourceType, Handler), u64>,
}

impl<'a> Weights<'a> {
    fn of(context: Context<'a>) -> Self {
        Self { context, known: BTreeMap::new() }
    }

    /// The weight of a step: the minutes of the time limit that its provider names, or 1.
    fn weight(&mut self, step: &'a Step) -> u64 {
        let Context { plan, engine, .. } = self.context;
        let declared = || plan.changes.get(&step.address).map(|change| &change.resource_type);
        let (resource_type, operation) = match &step.operation {
            Operation::Create => (declared(), Handler::Create),
            Operation::Update => (declared(), Handler::Update),
            Operation::Delete(object) | Operation::DeleteWithSnapshot { object, .. } => {
                (Some(&object.resource_type), Handler::Delete)
            }
            // These make no call that changes something.
            Operation::Record | Operation::Forget(_) | Operation::Restore(_) => return 1,
        };
        let Some(resource_type) = resource_type else { return 1 };
        *self.known.entry((resource_type, operation)).or_insert_with(|| {
            let definition = engine.schemas.definition(resource_type);
            let limit = definition.and_then(|definition| definition.time_limit(operation));
            limit.map_or(1, |limit| (limit.as_secs() / 60).max(1))
        })
    }
}

/// For each step, the sum of weights on the longest way from it to the end.
fn heights<'a>(steps: &[&'a Step], mut weights: Weights<'a>) -> BTreeMap<StepId, u64> {
    let mut height: BTreeMap<StepId, u64> = BTreeMap::new();
    for step in steps.iter().rev() {
        let behind = height.get(&step.id).copied().unwrap_or(0);
        let own = behind.saturating_add(weights.weight(step));
        height.insert(step.id, own);
        for earlier in &step.after {
            let behind = height.entry(*earlier).or_insert(0);
            *behind = (*behind).max(own);
        }
    }
    height
}
