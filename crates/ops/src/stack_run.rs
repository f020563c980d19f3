//! The order of the stacks of a run: each begins when all that it needs are done, and stacks that do not need
//! each other run at the same time. A failure stops the stacks that need the one that failed, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use futures_util::stream::{FuturesUnordered, StreamExt};
use rstack_model::StackName;

/// A stack of a run, and the names of those that it needs. Names of stacks that are not in the run are
/// passed over.
#[derive(Debug)]
pub struct RunStack<T> {
    /// The stack.
    pub stack: StackName,
    /// The stacks that it needs.
    pub needs: BTreeSet<String>,
    /// The work on it.
    pub work: T,
}

/// The effect of a stack's end on the stacks that have not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is as it was to be: those that need it may begin.
    Begin,
    /// It is not: those that need it do not begin.
    Withhold,
    /// The run was interrupted: none begins.
    Stop,
}

/// The end of a stack in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd<E> {
    /// The work on it ended like this.
    Ended(E),
    /// It was not begun, because this stack was not done, or was interrupted.
    NotBegun {
        /// The stack.
        waits_for: StackName,
    },
}

/// Works on the stacks of a run, on at most so many at the same time. Those that can begin do so in the order
/// in which they are given. The ends are in that order, too.
///
/// Stacks that need each other, which a run has none of, are not begun.
pub async fn run_stacks<T, E, W: Future<Output = (E, Next)>>(
    stacks: Vec<RunStack<T>>,
    most: NonZeroUsize,
    work: impl Fn(StackName, T) -> W,
) -> Vec<(StackName, RunEnd<E>)> {
    let order: Vec<StackName> = stacks.iter().map(|it| it.stack.clone()).collect();
    let names: BTreeSet<String> = order.iter().map(ToString::to_string).collect();
    let mut waiting: Vec<RunStack<T>> = stacks;
    let mut ends: BTreeMap<StackName, RunEnd<E>> = BTreeMap::new();
    let mut done: BTreeSet<String> = BTreeSet::new();
    // The stacks that are not as they were to be, each with the one that is the reason.
    let mut withheld: BTreeMap<String, StackName> = BTreeMap::new();
    let mut stopped: Option<StackName> = None;
    let mut running = FuturesUnordered::new();
    loop {
        let mut left = Vec::new();
        for stack in waiting {
            let reason = stack.needs.iter().find_map(|needed| withheld.get(needed));
            if let (None, Some(waits_for)) = (&stopped, reason.cloned()) {
                withheld.insert(stack.stack.to_string(), waits_for.clone());
                ends.insert(stack.stack, RunEnd::NotBegun { waits_for });
                continue;
            }
            let is_ready = stack.needs.iter().all(|it| done.contains(it) || !names.contains(it));
            if !is_ready || stopped.is_some() || running.len() >= most.get() {
                left.push(stack);
                continue;
            }
            let RunStack { stack, work: own, .. } = stack;
            let ending = work(stack.clone(), own);
            running.push(async move { (stack, ending.await) });
        }
        waiting = left;
        let Some((stack, (end, next))) = running.next().await else { break };
        match next {
            Next::Begin => drop(done.insert(stack.to_string())),
            Next::Withhold => drop(withheld.insert(stack.to_string(), stack.clone())),
            Next::Stop => {
                withheld.insert(stack.to_string(), stack.clone());
                stopped.get_or_insert_with(|| stack.clone());
            }
        }
        ends.insert(stack, RunEnd::Ended(end));
    }
    // What is left was not begun because the run was interrupted.
    for RunStack { stack, needs, .. } in waiting {
        let reason = needs.iter().find_map(|needed| withheld.get(needed));
        let waits_for = reason.or(stopped.as_ref()).unwrap_or(&stack).clone();
        withheld.insert(stack.to_string(), waits_for.clone());
        ends.insert(stack, RunEnd::NotBegun { waits_for });
    }
    order.into_iter().filter_map(|stack| ends.remove_entry(&stack)).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    /// The names of stacks that need others, such as `B: A`.
    fn stacks(text: &str) -> Vec<RunStack<()>> {
        let stack = |line: &str| {
            let (name, needs) = line.split_once(':').unwrap_or((line, ""));
            let needs = needs.split_whitespace().map(str::to_owned).collect();
            RunStack { stack: StackName::parse(name.trim()).unwrap(), needs, work: () }
        };
        text.split(',').map(stack).collect()
    }

    /// The events of a run: `+A` begins, `-A` ends. Each piece of work ends when it was asked twice.
    fn run(text: &str, most: usize, end: impl Fn(&str) -> Next) -> (String, Vec<String>) {
        let (events, end) = (&RefCell::new(Vec::new()), &end);
        let work = |stack: StackName, (): ()| async move {
            events.borrow_mut().push(format!("+{stack}"));
            let asked = Cell::new(0);
            poll_fn(|context| {
                asked.set(asked.get() + 1);
                context.waker().wake_by_ref();
                if asked.get() > 2 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            events.borrow_mut().push(format!("-{stack}"));
            ("ended", end(stack.as_str()))
        };
        let most = NonZeroUsize::new(most).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ends = runtime.block_on(run_stacks(stacks(text), most, work));
        let words = ends.into_iter().map(|(stack, end)| match end {
            RunEnd::Ended(end) => format!("{stack} {end}"),
            RunEnd::NotBegun { waits_for } => format!("{stack} waits for {waits_for}"),
        });
        (events.take().join(" "), words.collect())
    }

    #[test]
    fn stacks_that_do_not_need_each_other_run_at_the_same_time() {
        let (events, ends) = run("A, B, C: A B Elsewhere, D: C", 9, |_| Next::Begin);
        assert_eq!(events, "+A +B -A -B +C -C +D -D");
        assert_eq!(ends, ["A ended", "B ended", "C ended", "D ended"]);
        let (events, _) = run("A, B, C", 1, |_| Next::Begin);
        assert_eq!(events, "+A -A +B -B +C -C");
        let (events, _) = run("A, B, C", 2, |_| Next::Begin);
        assert_eq!(events, "+A +B -A -B +C -C");
    }

    #[test]
    fn a_failure_withholds_the_stacks_that_need_the_one_that_failed() {
        let fails = |name: &str| if name == "A" { Next::Withhold } else { Next::Begin };
        let (events, ends) = run("A, B, C: A, D: C A, E: B", 9, fails);
        assert_eq!(events, "+A +B -A -B +E -E");
        assert_eq!(ends, ["A ended", "B ended", "C waits for A", "D waits for A", "E ended"]);
    }

    #[test]
    fn an_interrupt_lets_the_running_stacks_end_and_begins_no_other() {
        let stops = |name: &str| if name == "A" { Next::Stop } else { Next::Begin };
        let (events, ends) = run("A, B, C: B, D", 2, stops);
        assert_eq!(events, "+A +B -A -B");
        assert_eq!(ends, ["A ended", "B ended", "C waits for A", "D waits for A"]);
    }

    /// Which no run has; it ends nevertheless.
    #[test]
    fn stacks_that_need_each_other_are_not_begun() {
        let (events, ends) = run("A: B, B: A, C", 9, |_| Next::Begin);
        assert_eq!(events, "+C -C");
        assert_eq!(ends, ["A waits for A", "B waits for A", "C ended"]);
    }
}
