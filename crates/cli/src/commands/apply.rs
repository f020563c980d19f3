//! `rstack apply`: makes the stack what its template says. A saved plan has a file of its own.

use std::path::Path;

use rstack_apply::{ApplyOptions, Engine, RecoverError, SecretParameters, StepError};
use rstack_model::Address;
use rstack_model::event::RunEnd;
use rstack_model::plan::{Plan, PlanMode};
use rstack_render::{escape, outputs_json, outputs_text, plan_text};
use rstack_store::LockedStack;

use super::deploy::{self, Draft};
use super::saved;
use crate::args::{DetailArguments, Global, LintArguments, PlanArguments, StackArguments};
use crate::error::{CliError, recover_hint, replace_hint, step_hint};
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::Session;
use crate::terminal::Terminal;
use crate::waiting::WaitArguments;
use crate::{plan_file, signals, stack};

/// How to apply.
pub(crate) struct Options {
    pub(crate) plan: PlanArguments,
    pub(crate) lint: LintArguments,
    pub(crate) detail: DetailArguments,
    pub(crate) yes: bool,
    pub(crate) no_rollback: bool,
    pub(crate) wait: WaitArguments,
}

/// Applies a template or a saved plan.
pub(crate) async fn run(
    global: &Global,
    arguments: &StackArguments,
    options: &Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let saved = arguments.stack.as_deref().map(Path::new).filter(|path| plan_file::is_plan(path));
    match saved {
        Some(path) => saved::run(global, path, arguments, options, terminal).await,
        None => run_template(global, arguments, options, terminal).await,
    }
}

async fn run_template(
    global: &Global,
    arguments: &StackArguments,
    options: &Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let file = stack::find(arguments.stack.as_deref(), arguments.stack_name.as_deref())?;
    let mut draft = Draft::load(&file, arguments, &options.lint, terminal)?;
    let session = Session::open(global, Display::new(*terminal)).await?;
    let wanted = draft.evaluate(&session, &file, terminal).await?;
    let locked = session.lock(&file.name, "apply")?;
    let state = session.state(&locked, &file.name, &wanted.parameters, terminal).await?;
    let state = if options.plan.no_refresh {
        state
    } else {
        session.display.during(session.engine.record_settled(&locked, state)).await?
    };
    let planned = deploy::plan(&session, &wanted, &state, &options.plan).await;
    draft.checked(terminal)?;
    let plan = planned?;
    options.wait.of(&plan)?;
    show_plan(&plan_text(&plan, &terminal.view(options.detail)), terminal)?;
    // A stack that is applied for the first time gets its state even if it is empty. One that an
    // earlier apply left half-way is whole now, which is recorded without a question.
    let known = plan.is_noop() && state.serial.0 > 0;
    if known && state.former.is_none() {
        return finished(terminal, Some(&state));
    }
    if !known && !consent(&plan, options.yes, terminal)? {
        return Ok(Exit::Error);
    }
    carry_out(&session, &locked, &plan, &wanted.parameters, options, terminal).await
}

/// Shows a plan that is going to be carried out. A reader that went away changes nothing: whoever
/// said `--yes` has said so, and everybody else is asked on a terminal.
pub(super) fn show_plan(text: &str, terminal: &Terminal) -> Result<(), CliError> {
    if terminal.json {
        return Ok(());
    }
    match terminal.text(text) {
        Err(error) if error.is_silent() => Ok(()),
        shown => shown,
    }
}

/// Whether the plan may be carried out.
pub(super) fn consent(plan: &Plan, yes: bool, terminal: &Terminal) -> Result<bool, CliError> {
    if yes {
        return Ok(true);
    }
    if !terminal.interactive || terminal.json {
        return Err(CliError::NoTerminal);
    }
    let question = match plan.mode {
        PlanMode::Deploy => format!("Apply these changes to `{}`?", plan.stack),
        PlanMode::Rollback => format!("Roll `{}` back?", plan.stack),
        PlanMode::Destroy => format!("Really destroy `{}`?", plan.stack),
    };
    let agreed = terminal.confirm(&question)?;
    if !agreed {
        terminal.note("Nothing was changed.");
    }
    Ok(agreed)
}

/// Carries out a plan and tells how it ended.
pub(super) async fn carry_out(
    session: &Session,
    locked: &LockedStack,
    plan: &Plan,
    parameters: &SecretParameters,
    options: &Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    signals::listen(&session.engine.stop, &session.display);
    let apply_options = ApplyOptions { rollback: !options.no_rollback };
    let engine = Engine { waiting: options.wait.of(plan)?, ..session.engine.clone() };
    let applying = engine.apply(locked, plan, parameters, apply_options);
    let outcome = session.display.during(applying).await?;
    let tell_failures = |failures: &[_]| tell_failures(failures, None, &session.global, terminal);
    let ways_on = |mode| ways_on(mode, plan, &session.global);
    self::tell_failures(&outcome.failures, Some(plan), &session.global, terminal);
    if let Some(open) = outcome.open {
        tell_failures(&outcome.rollback.unwrap_or_default());
        return Ok(tell_open(&open, outcome.end, &session.global, terminal));
    }
    match (outcome.end, &outcome.rollback) {
        (RunEnd::Succeeded, _) => return finished(terminal, outcome.state.as_ref()),
        (RunEnd::Interrupted, _) => {
            let how = match plan.mode {
                PlanMode::Deploy if outcome.made => {
                    "apply again to remove what is left over".to_owned()
                }
                mode => ways_on(mode),
            };
            terminal.note(&format!("Interrupted. What was done is recorded; {how}."));
            return Ok(Exit::Interrupted);
        }
        (RunEnd::Failed, Some(failures)) if failures.is_empty() => {
            terminal.note("The apply failed and was rolled back: the stack is as it was before.");
            return Ok(Exit::RolledBack);
        }
        (RunEnd::Failed, Some(failures)) => {
            tell_failures(failures);
            let how = ways_on(PlanMode::Rollback);
            if session.engine.stop.is_requested() {
                let text = format!("The rollback was interrupted. What exists is recorded; {how}.");
                terminal.note(&text);
                return Ok(Exit::Interrupted);
            }
            terminal.note(&format!("The rollback failed, too. What exists is recorded; {how}."));
        }
        (RunEnd::Failed, None) if outcome.made && plan.mode == PlanMode::Deploy => terminal
            .note("Everything new was made, but old objects are left. Apply again to remove them."),
        (RunEnd::Failed, None) => {
            let how = ways_on(plan.mode);
            terminal.note(&format!("What was done is recorded and stays: {how}."));
        }
    }
    Ok(Exit::Partial)
}

/// Tells that it is not known yet what came of an operation.
fn tell_open(open: &RecoverError, end: RunEnd, global: &Global, terminal: &Terminal) -> Exit {
    let why = std::error::Error::source(open).map(|why| format!(": {why}")).unwrap_or_default();
    terminal.note(&format!("error: {}", escape(&format!("{open}{why}"))));
    if let Some(hint) = recover_hint(open, global) {
        terminal.note(&format!("  hint: {}", escape(&hint)));
    }
    terminal.note("What was done is recorded, and the next command asks the cloud again.");
    match end {
        RunEnd::Interrupted => Exit::Interrupted,
        RunEnd::Failed | RunEnd::Succeeded => Exit::Partial,
    }
}

/// What leads on from a run that did not come to its end.
fn ways_on(mode: PlanMode, plan: &Plan, global: &Global) -> String {
    let rollback = global.line(&["rollback", plan.stack.as_str()]);
    let text = match mode {
        PlanMode::Deploy => format!("apply again to go on, or go back with `{rollback}`"),
        PlanMode::Destroy => "destroy again to go on".to_owned(),
        PlanMode::Rollback => {
            format!("`{rollback}` goes on with it, and an apply makes what the template says")
        }
    };
    escape(&text).into_owned()
}

/// Reports failed steps; `plan` is the plan that they are of, if it is not a rollback's.
fn tell_failures(
    failures: &[(Address, StepError)],
    plan: Option<&Plan>,
    global: &Global,
    terminal: &Terminal,
) {
    for (id, error) in failures {
        let interrupted = matches!(error, StepError::Interrupted(_));
        let kind = if interrupted { "note" } else { "error" };
        let (shown, text) = (escape(id.as_str()), error.to_string());
        terminal.note(&format!("{kind}: `{shown}`: {}", escape(&text)));
        let change = plan.and_then(|plan| plan.changes.get(id));
        let replace = change.and_then(|change| replace_hint(change, error));
        if let Some(hint) = replace.or_else(|| step_hint(error, global)) {
            terminal.note(&format!("  hint: {}", escape(&hint)));
        }
    }
}

/// Prints the outputs of a stack that is as declared.
fn finished(
    terminal: &Terminal,
    state: Option<&rstack_model::state::State>,
) -> Result<Exit, CliError> {
    let Some(state) = state else { return Ok(Exit::Done) };
    if terminal.json {
        // The last of the lines that tell of the run.
        let outputs: serde_json::Value = serde_json::from_str(&outputs_json(state)?)?;
        let line = serde_json::json!({"event": "outputs", "outputs": outputs});
        terminal.line(&line.to_string())?;
    } else if !state.outputs.is_empty() {
        terminal.text(&format!("\nOutputs:\n{}", outputs_text(state, terminal.palette())))?;
    }
    Ok(Exit::Done)
}
