//! `rstack apply`: makes the stack what its template says, or carries out a saved plan.

use std::path::Path;

use rstack_apply::{ApplyError, ApplyOptions, Outcome, SecretParameters, StepError};
use rstack_model::LogicalId;
use rstack_model::SecretString;
use rstack_model::event::RunEnd;
use rstack_model::plan::{Plan, PlanMode};
use rstack_model::value::{ResolvedSecrets, SecretReference};
use rstack_render::{escape, outputs_json, outputs_text, plan_text};
use rstack_state::{LockedStack, keyed_digest};

use super::deploy;
use crate::args::{DetailArguments, Global, PlanArguments, StackArguments};
use crate::error::{CliError, step_hint};
use crate::exit::Exit;
use crate::session::{Session, place};
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
        Some(path) => run_saved(global, path, arguments, options, terminal).await,
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
    let loaded = deploy::load(&file, terminal)?;
    let session = Session::open(global, terminal).await?;
    let wanted = deploy::evaluate(&session, &file, loaded, arguments, terminal)?;
    signals::listen(session.engine.stop.clone(), *terminal);
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

async fn run_saved(
    global: &Global,
    path: &Path,
    arguments: &StackArguments,
    options: &Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    if options.plan.no_refresh {
        return Err(CliError::PlanFileOption("--no-refresh"));
    }
    if !options.plan.delete_first.is_empty() {
        return Err(CliError::PlanFileOption("--delete-first"));
    }
    if arguments.stack_name.is_some() {
        return Err(CliError::PlanFileOption("--stack-name"));
    }
    let plan = plan_file::load(path)?;
    let session = Session::open(global, terminal).await?;
    if plan.environment != session.identity.environment {
        let planned = place(&plan.environment);
        let found = place(&session.identity.environment);
        return Err(ApplyError::Environment { planned, found }.into());
    }
    let parameters = given_secrets(&session, &plan, &arguments.parameter)?;
    signals::listen(session.engine.stop.clone(), *terminal);
    let locked = session.lock(&plan.stack, "apply")?;
    session.state(&locked, &plan.stack, &parameters, terminal).await?;
    if !terminal.json {
        terminal.text(&plan_text(&plan, &terminal.view(options.detail)))?;
    }
    if !consent(&plan, options.yes, terminal)? {
        return Ok(Exit::Error);
    }
    let moved = session.engine.moved(&plan).await?;
    if !moved.is_empty() {
        return Err(ApplyError::ObjectsMoved(moved).into());
    }
    carry_out(&session, &locked, &plan, &parameters, options, terminal).await
}

/// A saved plan knows its secret parameters by name only; their values are given again.
fn given_secrets(
    session: &Session,
    plan: &Plan,
    given: &[(String, String)],
) -> Result<SecretParameters, CliError> {
    let mut out = SecretParameters {
        values: ResolvedSecrets::default(),
        versions: std::collections::BTreeMap::new(),
    };
    let mut names = Vec::new();
    for value in plan.parameters.values() {
        value.visit_secrets(&mut |reference| {
            if let SecretReference::Parameter(name) = reference {
                names.push(name.clone());
            }
        });
    }
    if names.is_empty() && !given.is_empty() {
        return Err(CliError::PlanFileOption("--parameter"));
    }
    for name in names {
        let Some((_, text)) = given.iter().find(|(key, _)| *key == name) else { continue };
        let reference = SecretReference::Parameter(name);
        let secret = SecretString::new(text.clone());
        let key = session.store.digest_key()?;
        out.versions.insert(reference.to_string(), keyed_digest(&key, &secret));
        out.values.insert(&reference, secret);
    }
    Ok(out)
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
        terminal.note(&format!("error: `{id}`: {}", escape(&error.to_string())));
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
        terminal.line(&outputs_json(state)?)?;
    } else if !state.outputs.is_empty() {
        terminal.text(&format!("\nOutputs:\n{}", outputs_text(state, terminal.palette())))?;
    }
    Ok(Exit::Done)
}
