//! A run of several stacks of an app, one after the other, each behind all that it needs: planned as a
//! whole, agreed to as a whole, and carried out as long as what a stack needs is there.
//!
//! Each stack has a session, a state, a lease and a journal of its own.

use std::collections::BTreeSet;

use rstack_model::StackName;
use rstack_plan::CheckedPlan;
use rstack_render::{escape, plan_json, plan_text, total_line};
use serde_json::{Value, json};

use crate::args::DetailArguments;
use crate::error::CommandError;
use crate::exit::Exit;
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
    /// It was not begun, because this one was not done.
    NotBegun {
        /// The stack that it waits for.
        waits_for: String,
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
            Self::NotBegun { waits_for } => format!("not begun: `{waits_for}` is not done"),
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
            Self::NotBegun { .. } => (1, Exit::Error),
            Self::Refused => (2, Exit::Error),
            Self::RolledBack => (3, Exit::RolledBack),
            Self::Partial => (4, Exit::Partial),
            Self::Interrupted => (5, Exit::Interrupted),
        }
    }
}

/// The ends of the stacks of a run, in its order.
#[derive(Debug, Default)]
pub(super) struct Ends {
    order: Vec<(StackName, StackEnd)>,
    /// The stack whose interruption ends the run.
    interrupted: Option<String>,
}

impl Ends {
    /// The stack that keeps another one from being begun, if there is one: one of `needs` that was not
    /// done, or an interrupted one.
    pub(super) fn in_the_way(&self, needs: &BTreeSet<String>) -> Option<String> {
        let open = self
            .order
            .iter()
            .find(|(stack, end)| *end != StackEnd::Done && needs.contains(stack.as_str()));
        self.interrupted.clone().or_else(|| open.map(|(stack, _)| stack.to_string()))
    }

    /// Notes the end of a stack.
    pub(super) fn add(&mut self, stack: &StackName, end: StackEnd) {
        if end == StackEnd::Interrupted {
            self.interrupted = Some(stack.to_string());
        }
        self.order.push((stack.clone(), end));
    }

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

/// Says which stack is next.
///
/// # Errors
/// If standard output cannot be written.
pub(super) fn begin(stack: &StackName, terminal: &Terminal) -> Result<(), CommandError> {
    if terminal.json {
        terminal.line(&json!({"event": "stack", "stack": stack.as_str()}).to_string())?;
    } else {
        terminal.note(&format!("Stack {stack}:"));
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

/// The plans of a run of several stacks as one JSON document: `{"format": 2, "plans": […]}`.
///
/// # Errors
/// If the JSON cannot be written.
pub(super) fn json_of(plans: &[&CheckedPlan]) -> Result<String, CommandError> {
    let mut documents = Vec::new();
    for plan in plans {
        documents.push(serde_json::from_str::<Value>(&plan_json(plan, None)?)?);
    }
    let all = json!({"format": rstack_render::FORMAT, "plans": documents});
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

    fn stack(name: &str) -> StackName {
        StackName::parse(name).unwrap()
    }

    #[test]
    fn what_needs_a_stack_that_failed_is_not_begun_and_the_others_are() {
        let mut ends = Ends::default();
        ends.add(&stack("A"), StackEnd::Done);
        ends.add(&stack("B"), StackEnd::RolledBack);
        let needs = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(ends.in_the_way(&needs(&["A"])), None);
        assert_eq!(ends.in_the_way(&needs(&["A", "B"])), Some("B".to_owned()));
        assert_eq!(ends.in_the_way(&needs(&[])), None);
        ends.add(&stack("C"), StackEnd::Interrupted);
        assert_eq!(ends.in_the_way(&needs(&[])), Some("C".to_owned()), "an interrupt ends the run");
    }

    #[test]
    fn the_worst_end_decides_the_exit_code() {
        let exit = |ends: &[StackEnd]| {
            ends.iter().map(StackEnd::exit).max_by_key(|(weight, _)| *weight).map(|(_, exit)| exit)
        };
        let waits_for = "A".to_owned();
        let (not_begun, partial) = (StackEnd::NotBegun { waits_for }, StackEnd::Partial);
        assert_eq!(
            exit(&[StackEnd::Done, StackEnd::RolledBack, not_begun]),
            Some(Exit::RolledBack)
        );
        assert_eq!(exit(&[StackEnd::RolledBack, partial.clone()]), Some(Exit::Partial));
        assert_eq!(exit(&[partial, StackEnd::Interrupted]), Some(Exit::Interrupted));
        assert_eq!(exit(&[StackEnd::Done]), Some(Exit::Done));
        assert_eq!(exit(&[StackEnd::Refused]), Some(Exit::Error));
    }
}
