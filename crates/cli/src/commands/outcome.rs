//! The outcome of an operation, in words and as an exit code.

use std::collections::BTreeMap;

use rstack_apply::{RecoverError, StepError};
use rstack_model::event::RunEnd;
use rstack_model::plan::{Change, PlanMode};
use rstack_model::state::{ResourceState, State};
use rstack_model::{Address, ErrorCode, StackName};
use rstack_ops::Applied;
use rstack_render::{escape, outputs_json, outputs_text};

use super::front_end::TerminalFrontEnd;
use crate::args::Global;
use crate::context::Context;
use crate::error::{CommandError, invented_hint, recover_hint, replace_hint, step_hint};
use crate::exit::Exit;
use crate::terminal::Terminal;

/// The end of an operation that failed before its first step: an interrupt is one of its own.
///
/// # Errors
/// The error, if it is no interrupt.
pub(super) fn not_begun(context: &Context, error: CommandError) -> Result<Exit, CommandError> {
    if error.code != ErrorCode::Interrupted {
        return Err(error);
    }
    context.terminal.error(&error, &|words| context.global.line(words));
    Ok(Exit::Interrupted)
}

/// Tells how an operation on a stack ended.
pub(super) fn tell(
    context: &Context,
    front: &TerminalFrontEnd<'_>,
    (stack, mode): (&StackName, PlanMode),
    applied: Applied,
) -> Result<Exit, CommandError> {
    let Context { global, terminal, .. } = context;
    let outcome = match applied {
        Applied::Stopped => return Ok(Exit::Error),
        Applied::Unchanged(state) => return finished(context, front, Some(&state)),
        Applied::Ran(outcome) => *outcome,
    };
    let none = BTreeMap::new();
    let tell_failures = |failures: &[_]| tell_failures(failures, &none, global, terminal);
    let ways_on = |mode| ways_on(mode, stack, global);
    self::tell_failures(&outcome.failures, &front.hinted.borrow(), global, terminal);
    if let Some(open) = outcome.open {
        tell_failures(&outcome.rollback.unwrap_or_default());
        return Ok(tell_open(&open, outcome.end, global, terminal));
    }
    match (outcome.end, &outcome.rollback) {
        (RunEnd::Succeeded, _) => return finished(context, front, outcome.state.as_ref()),
        (RunEnd::Interrupted, _) => {
            let how = match mode {
                PlanMode::Deploy if outcome.made => {
                    "apply again to delete the old objects".to_owned()
                }
                mode => ways_on(mode),
            };
            terminal.note(&format!("Interrupted. The completed steps are recorded; {how}."));
            return Ok(Exit::Interrupted);
        }
        (RunEnd::Failed, Some(failures)) if failures.is_empty() => {
            tell_rolled_back(&outcome.kept, terminal);
            return Ok(Exit::RolledBack);
        }
        (RunEnd::Failed, Some(failures)) => {
            tell_failures(failures);
            let how = ways_on(PlanMode::Rollback);
            if front.session.ops.engine.cancel.is_cancelled() {
                let text =
                    format!("The rollback was interrupted. The state records what exists; {how}.");
                terminal.note(&text);
                return Ok(Exit::Interrupted);
            }
            terminal.note(&format!(
                "The rollback failed as well. The state records what exists; {how}."
            ));
            tell_way_out(failures, stack, global, terminal);
        }
        (RunEnd::Failed, None) if outcome.made && mode == PlanMode::Deploy => terminal.note(
            "Everything new was created, but old objects remain. Apply again to delete them.",
        ),
        (RunEnd::Failed, None) => {
            let how = ways_on(mode);
            terminal.note(&format!("The completed steps are recorded and stay: {how}."));
            if mode == PlanMode::Destroy {
                tell_way_out(&outcome.failures, stack, global, terminal);
            }
        }
    }
    Ok(Exit::Partial)
}

/// Tells that an apply was rolled back, and the objects of it that stay.
fn tell_rolled_back(kept: &[(Address, ResourceState)], terminal: &Terminal) {
    if kept.is_empty() {
        terminal.note("The apply failed and was rolled back: the stack is as it was before.");
        return;
    }
    terminal.note(
        "The apply failed and was rolled back. These objects of it stay, as their DeletionPolicy says, and \
         are in no state any more:",
    );
    for (address, object) in kept {
        let parts = [object.resource_type.as_str(), address.as_str(), object.physical_id.as_str()];
        terminal.note(&format!("  {}", parts.map(|part| escape(part).into_owned()).join("  ")));
    }
    terminal.note(
        "Delete them before you apply again if their names are in the template: rstack cannot import \
         objects yet. With `DeletionPolicy: RetainExceptOnCreate` a rollback deletes what it has made.",
    );
}

/// Reports that the outcome of an operation is not yet known.
fn tell_open(open: &RecoverError, end: RunEnd, global: &Global, terminal: &Terminal) -> Exit {
    let why = std::error::Error::source(open).map(|why| format!(": {why}")).unwrap_or_default();
    terminal.note(&format!("error[{}]: {}", open.code(), escape(&format!("{open}{why}"))));
    if let Some(hint) = recover_hint(open) {
        terminal.note(&format!("  hint: {}", escape(&hint.show(&|words| global.line(words)))));
    }
    terminal.note("The completed steps are recorded; the next command asks the cloud again.");
    match end {
        RunEnd::Interrupted => Exit::Interrupted,
        RunEnd::Failed | RunEnd::Succeeded => Exit::Partial,
    }
}

/// Tells how a stack gets rid of what cannot be deleted, such as a custom resource whose handler fails.
fn tell_way_out(
    failures: &[(Address, StepError)],
    stack: &StackName,
    global: &Global,
    terminal: &Terminal,
) {
    let failed = failures.iter().filter(|(_, error)| !matches!(error, StepError::Interrupted(_)));
    let failed: Vec<&str> = failed.map(|(address, _)| address.as_str()).collect();
    if failed.is_empty() {
        return;
    }
    let remove = global.line(&[&["state", "rm", stack.as_str()], failed.as_slice()].concat());
    let text =
        format!("If it fails again, `{remove}` leaves in the account what cannot be deleted.");
    terminal.note(&escape(&text));
}

/// The next steps after an incomplete run.
fn ways_on(mode: PlanMode, stack: &StackName, global: &Global) -> String {
    let rollback = global.line(&["rollback", stack.as_str()]);
    let text = match mode {
        PlanMode::Deploy => format!("apply again to continue, or roll back with `{rollback}`"),
        PlanMode::Destroy => "destroy again to continue".to_owned(),
        PlanMode::Rollback => {
            format!("`{rollback}` continues it, and an apply follows the template instead")
        }
    };
    escape(&text).into_owned()
}

/// Reports failed steps; `changes` are those of the plan that they are of, if it is known.
fn tell_failures(
    failures: &[(Address, StepError)],
    changes: &BTreeMap<Address, Change>,
    global: &Global,
    terminal: &Terminal,
) {
    for (id, error) in failures {
        let interrupted = matches!(error, StepError::Interrupted(_));
        let kind = if interrupted { "note" } else { "error" };
        let (shown, text) = (escape(id.as_str()), error.to_string());
        let lines: Vec<_> = text.lines().map(escape).collect();
        let text = at_the_end(&lines, terminal.json);
        terminal.note(&format!("{kind}[{}]: `{shown}`: {text}", error.code()));
        let replace = changes.get(id).and_then(|change| replace_hint(change, error));
        let invented = || global.sandbox.then(|| invented_hint(changes, error)).flatten();
        if let Some(hint) = replace.or_else(invented).or_else(|| step_hint(error)) {
            terminal.note(&format!("  hint: {}", escape(&hint.show(&|words| global.line(words)))));
        }
    }
}

/// An error at the end of a run, in whose lines it was shown: further lines, such as the end of a handler's
/// log, are not repeated. With `--json` no line of the run is text.
fn at_the_end<T: AsRef<str>>(lines: &[T], json: bool) -> String {
    match lines {
        [first, _, ..] if !json => format!("{} (more of it is above)", first.as_ref()),
        lines => lines.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("\n  | "),
    }
}

/// Prints the outputs of a stack that is as declared.
fn finished(
    context: &Context,
    front: &TerminalFrontEnd<'_>,
    state: Option<&State>,
) -> Result<Exit, CommandError> {
    let Some(state) = state else { return Ok(Exit::Done) };
    let terminal = &context.terminal;
    if let Some(outputs) = &front.options.outputs {
        outputs.add(context, state);
    }
    if terminal.json {
        // The last of the lines that tell of the run.
        let outputs: serde_json::Value = serde_json::from_str(&outputs_json(state)?)?;
        let mut line = serde_json::json!({"event": "outputs", "outputs": outputs});
        if front.options.agreed.is_some()
            && let Some(line) = line.as_object_mut()
        {
            line.insert("stack".to_owned(), state.stack.as_str().into());
        }
        terminal.line(&line.to_string())?;
    } else if !state.outputs.is_empty() {
        terminal.text(&format!("\nOutputs:\n{}", outputs_text(state, terminal.palette())))?;
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_lines_of_an_error_are_shown_once() {
        assert_eq!(at_the_end(&["one"], false), "one");
        assert_eq!(at_the_end(&["one", "log", "end"], false), "one (more of it is above)");
        assert_eq!(at_the_end(&["one", "log"], true), "one\n  | log");
    }
}
