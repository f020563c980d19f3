//! `rstack apply`: makes the stack what its template says. A saved plan has a file of its own.

use std::path::Path;

use rstack_apply::{ApplyOptions, Outcome, SecretParameters, StepError};
use rstack_model::LogicalId;
use rstack_model::event::RunEnd;
use rstack_model::plan::{Plan, PlanMode};
use rstack_render::{escape, outputs_json, outputs_text, plan_text};
use rstack_state::LockedStack;

use super::{deploy, saved};
use crate::args::{DetailArguments, Global, PlanArguments, StackArguments};
use crate::error::{CliError, step_hint};
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::Session;
use crate::terminal::Terminal;
use crate::{plan_file, signals, stack};

/// How to apply.
pub(crate) struct Options {
    pub(crate) plan: PlanArguments,
    pub(crate) detail: DetailArguments,
    pub(crate) yes: bool,
    pub(crate) no_rollback: bool,
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
    let loaded = deploy::load(&file, arguments, terminal)?;
    let session = Session::open(global, Display::new(*terminal)).await?;
    let wanted = deploy::evaluate(&session, &file, loaded, arguments, terminal)?;
    let locked = session.lock(&file.name, "apply")?;
    let state = session.state(&locked, &file.name, &wanted.parameters, terminal).await?;
    let plan = deploy::plan(&session, &wanted, &state, &options.plan).await?;
    if !terminal.json {
        terminal.text(&plan_text(&plan, &terminal.view(options.detail)))?;
    }
    // A stack that is applied for the first time gets its state even if it is empty.
    if plan.is_noop() && state.serial.0 > 0 {
        return finished(terminal, Some(&state));
    }
    if !consent(&plan, options.yes, terminal)? {
        return Ok(Exit::Error);
    }
    carry_out(&session, &locked, &plan, &wanted.parameters, options, terminal).await
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
        PlanMode::Deploy | PlanMode::Rollback => {
            format!("Apply these changes to `{}`?", plan.stack)
        }
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
    let applying = session.engine.apply(locked, plan, parameters, apply_options);
    let outcome = session.display.during(applying).await?;
    tell_failures(&outcome.failures, terminal);
    match (outcome.end, &outcome.rollback) {
        (RunEnd::Succeeded, _) => return finished(terminal, outcome.state.as_ref()),
        (RunEnd::Interrupted, _) => {
            terminal.note("Interrupted. What was done is recorded; apply again to go on.");
            return Ok(Exit::Interrupted);
        }
        (RunEnd::Failed, Some(failures)) if failures.is_empty() => {
            terminal.note("The apply failed and was rolled back: the stack is as it was before.");
            return Ok(Exit::RolledBack);
        }
        (RunEnd::Failed, Some(failures)) => {
            tell_failures(failures, terminal);
            terminal.note("The rollback failed, too. What exists is recorded; apply again.");
        }
        (RunEnd::Failed, None) => terminal.note(partial(&outcome)),
    }
    Ok(Exit::Partial)
}

fn partial(outcome: &Outcome) -> &'static str {
    if outcome.made {
        "Everything new was made, but old objects are left. Apply again to remove them."
    } else {
        "What was done is recorded and stays. Apply again to go on from here."
    }
}

fn tell_failures(failures: &[(LogicalId, StepError)], terminal: &Terminal) {
    for (id, error) in failures {
        terminal.note(&format!("error: `{}`: {}", escape(id.as_str()), escape(&error.to_string())));
        if let Some(hint) = step_hint(error) {
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
