//! A run of several stacks of an app: planned as a whole, agreed to as a whole, and carried out with each
//! stack behind all that it needs, and those that do not need each other at the same time.
//!
//! Each stack has a session, a state, a lease and a journal of its own.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use rstack_apply::{CancellationToken, Slots};
use rstack_model::StackName;
use rstack_ops::{Next, RunEnd, RunStack, run_stacks};
use rstack_plan::CheckedPlan;
use rstack_render::{SavedPlanMetadata, escape, plan_json, plan_text, total_line};
use serde_json::{Value, json};

use crate::args::DetailArguments;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::Session;
use crate::terminal::{Terminal, no_terminal};

/// The end of one stack in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StackEnd {
    /// It is as it was to be.
    Done,
    /// It failed and is as it was before.
    RolledBack,
    /// It failed, and what was done stays.
    Partial,
    /// It was refused before anything of it was changed.
    Refused,
    /// It was interrupted.
    Interrupted,
    /// It was not begun, because this one was not done; `None` if the run was interrupted.
    NotBegun {
        /// The stack that it waits for.
        waits_for: Option<StackName>,
    },
}

impl StackEnd {
    /// The end of a stack whose operation has ended like this.
    pub(super) fn of(exit: Exit) -> Self {
        match exit {
            Exit::Done | Exit::Changes => Self::Done,
            Exit::RolledBack => Self::RolledBack,
            Exit::Partial => Self::Partial,
            Exit::Interrupted => Self::Interrupted,
            Exit::Error | Exit::Check => Self::Refused,
        }
    }

    fn words(&self, done: &str) -> String {
        match self {
            Self::Done => done.to_owned(),
            Self::RolledBack => "rolled back".to_owned(),
            Self::Partial => "failed: the completed steps are recorded".to_owned(),
            Self::Refused => "refused: nothing was changed".to_owned(),
            Self::Interrupted => "interrupted: the completed steps are recorded".to_owned(),
            Self::NotBegun { waits_for: Some(stack) } => {
                format!("not begun: `{stack}` is not done")
            }
            Self::NotBegun { waits_for: None } => "not begun: the run was interrupted".to_owned(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::RolledBack => "rolled-back",
            Self::Partial => "partial",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
            Self::NotBegun { .. } => "not-begun",
        }
    }

    /// The exit code of a run with this end, and its weight among others.
    fn exit(&self) -> (u8, Exit) {
        match self {
            Self::Done => (0, Exit::Done),
            Self::NotBegun { waits_for: Some(_) } => (1, Exit::Error),
            Self::Refused => (2, Exit::Error),
            Self::RolledBack => (3, Exit::RolledBack),
            Self::Partial => (4, Exit::Partial),
            Self::Interrupted | Self::NotBegun { waits_for: None } => (5, Exit::Interrupted),
        }
    }
}

/// The work on one stack of a run.
pub(super) struct StackWork<T> {
    pub(super) stack: StackName,
    /// The stacks that it needs, or that need it if stacks are destroyed.
    pub(super) needs: BTreeSet<String>,
    /// Its session, whose engine tells what happens under the name of the stack.
    pub(super) session: fn(&mut T) -> &mut Session,
    pub(super) work: T,
}

/// Works on the stacks of a run, those that do not need each other at the same time. Lines about a stack have
/// its name in front.
///
/// # Errors
/// If the output cannot be written. What runs is finished first.
pub(super) async fn run<T, W: Future<Output = Result<Exit, CommandError>>>(
    context: &Context,
    display: &Arc<Display>,
    stacks: Vec<StackWork<T>>,
    work: impl Fn(Context, T) -> W,
) -> Result<Ends, CommandError> {
    let Context { terminal, global, .. } = context;
    let width = stacks.iter().map(|it| it.stack.as_str().len()).max().unwrap_or(0);
    let prefix = |stack: &StackName| format!("{:<width$} | ", stack.as_str());
    let slots = Slots::shared(global.parallelism);
    let mut cancel = CancellationToken::new();
    let mut all = Vec::new();
    for StackWork { stack, needs, session, mut work } in stacks {
        let engine = &mut session(&mut work).ops.engine;
        engine.events = Arc::new(display.of_stack(stack.as_str(), &prefix(&stack)));
        engine.slots = slots.clone();
        cancel = engine.cancel.clone();
        all.push(RunStack { stack, needs, work });
    }
    let silent = RefCell::new(None);
    let (work, silent, cancel, prefix) = (&work, &silent, &cancel, &prefix);
    let ends = run_stacks(all, global.parallelism, |stack, own| async move {
        let terminal = terminal.with_prefix(&prefix(&stack));
        let context = Context { terminal, ..context.clone() };
        let ended = match begin(&stack, &context.terminal) {
            Ok(()) => work(context.clone(), own).await,
            Err(error) => Err(error),
        };
        let end = match ended {
            Ok(exit) => StackEnd::of(exit),
            Err(error) if error.is_silent() => {
                silent.borrow_mut().get_or_insert(error);
                return (StackEnd::Interrupted, Next::Stop);
            }
            Err(error) => {
                display.pause();
                context.terminal.error(&error, &|words| global.line(words));
                StackEnd::Refused
            }
        };
        let next = match &end {
            _ if cancel.is_cancelled() => Next::Stop,
            StackEnd::Done => Next::Begin,
            StackEnd::Interrupted => Next::Stop,
            StackEnd::RolledBack
            | StackEnd::Partial
            | StackEnd::Refused
            | StackEnd::NotBegun { .. } => Next::Withhold,
        };
        (end, next)
    });
    let ends = ends.await;
    if let Some(error) = silent.borrow_mut().take() {
        return Err(error);
    }
    let done: BTreeSet<StackName> = ends
        .iter()
        .filter(|(_, end)| *end == RunEnd::Ended(StackEnd::Done))
        .map(|(stack, _)| stack.clone())
        .collect();
    let order = ends.into_iter().map(|(stack, end)| match end {
        RunEnd::Ended(end) => (stack, end),
        // Nothing is begun behind a stack that is done only if the run was interrupted meanwhile.
        RunEnd::NotBegun { waits_for } => {
            let waits_for = Some(waits_for).filter(|stack| !done.contains(stack));
            (stack, StackEnd::NotBegun { waits_for })
        }
    });
    Ok(Ends { order: order.collect() })
}

/// The ends of the stacks of a run, in its order.
#[derive(Debug, Default)]
pub(super) struct Ends {
    order: Vec<(StackName, StackEnd)>,
}

impl Ends {
    /// Says how each stack ended, and gives the exit code of the run: that of the worst end. `done` is the
    /// word for a stack that is as it was to be.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub(super) fn tell(&self, terminal: &Terminal, done: &str) -> Result<Exit, CommandError> {
        if terminal.json {
            let ends = self
                .order
                .iter()
                .map(|(stack, end)| json!({"stack": stack.as_str(), "end": end.name()}));
            let line = json!({"event": "stacks", "stacks": ends.collect::<Vec<_>>()});
            terminal.line(&line.to_string())?;
        } else {
            let width = self.order.iter().map(|(stack, _)| stack.as_str().len()).max().unwrap_or(0);
            terminal.note("Stacks:");
            for (stack, end) in &self.order {
                let words = end.words(done);
                terminal.note(&format!("  {:<width$}  {}", stack.as_str(), escape(&words)));
            }
        }
        let worst = self.order.iter().map(|(_, end)| end.exit()).max_by_key(|(weight, _)| *weight);
        Ok(worst.map_or(Exit::Done, |(_, exit)| exit))
    }
}

/// Says in JSON that a stack begins. In text its lines have its name.
///
/// # Errors
/// If standard output cannot be written.
fn begin(stack: &StackName, terminal: &Terminal) -> Result<(), CommandError> {
    if terminal.json {
        terminal.line(&json!({"event": "stack", "stack": stack.as_str()}).to_string())?;
    }
    Ok(())
}

/// Shows the plans of a run: a section for each stack, and a total if there are several.
///
/// # Errors
/// If standard output cannot be written.
pub(super) fn show(
    plans: &[&CheckedPlan],
    detail: DetailArguments,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    let view = terminal.view(detail);
    let mut text: Vec<String> = plans.iter().map(|plan| plan_text(plan, &view)).collect();
    if plans.len() > 1 {
        text.push(total_line(plans.iter().map(|plan| &***plan), &view));
    }
    Ok(terminal.text(&text.join("\n"))?)
}

/// The plans of a run of several stacks as one JSON document: `{"format": 2, "plans": […]}`, and `saved` if
/// they are in a file.
///
/// # Errors
/// If the JSON cannot be written.
pub(super) fn json_of(
    plans: &[&CheckedPlan],
    saved: Option<&SavedPlanMetadata>,
) -> Result<String, CommandError> {
    let mut documents = Vec::new();
    for plan in plans {
        documents.push(serde_json::from_str::<Value>(&plan_json(plan, None)?)?);
    }
    let mut all = json!({"format": rstack_render::FORMAT, "plans": documents});
    if let (Some(saved), Some(all)) = (saved, all.as_object_mut()) {
        all.insert("saved".to_owned(), serde_json::to_value(saved)?);
    }
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

/// The user's consent to the plans of several stacks.
///
/// # Errors
/// If no user can be asked.
pub(super) async fn consent(
    question: &str,
    yes: bool,
    terminal: &Terminal,
) -> Result<bool, CommandError> {
    if yes {
        return Ok(true);
    }
    if !terminal.interactive || terminal.json {
        return Err(no_terminal());
    }
    let agreed = terminal.confirm(question).await?;
    if !agreed {
        terminal.note("Nothing was changed.");
    }
    Ok(agreed)
}

/// An error of one stack among several, which it names.
pub(super) fn of_stack(error: CommandError, stack: &StackName, several: bool) -> CommandError {
    match several && !error.is_silent() {
        true => CommandError { message: format!("stack `{stack}`: {}", error.message), ..error },
        false => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_end_decides_the_exit_code() {
        let exit = |ends: &[StackEnd]| {
            ends.iter().map(StackEnd::exit).max_by_key(|(weight, _)| *weight).map(|(_, exit)| exit)
        };
        let waits_for = StackName::parse("A").ok();
        let (not_begun, partial) = (StackEnd::NotBegun { waits_for }, StackEnd::Partial);
        assert_eq!(
            exit(&[StackEnd::Done, StackEnd::RolledBack, not_begun]),
            Some(Exit::RolledBack)
        );
        assert_eq!(exit(&[StackEnd::RolledBack, partial.clone()]), Some(Exit::Partial));
        assert_eq!(exit(&[partial, StackEnd::Interrupted]), Some(Exit::Interrupted));
        assert_eq!(exit(&[StackEnd::Done]), Some(Exit::Done));
        assert_eq!(exit(&[StackEnd::Refused]), Some(Exit::Error));
        let left = StackEnd::NotBegun { waits_for: None };
        assert_eq!(exit(&[StackEnd::Done, left]), Some(Exit::Interrupted));
    }
}
