//! `rstack apply FILE`: carries out a saved plan, or refuses it because something moved.

use std::collections::BTreeSet;
use std::path::Path;

use rstack_apply::{ApplyError, SecretParameters};
use rstack_model::SecretString;
use rstack_model::plan::Plan;
use rstack_model::state::State;
use rstack_model::value::SecretReference;
use rstack_render::plan_text;
use rstack_store::keyed_digest;

use super::apply::{Options, carry_out, consent, show_plan};
use crate::args::{Global, StackArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::plan_file;
use crate::progress::Display;
use crate::session::{Session, place};
use crate::terminal::Terminal;

/// Carries out the plan in a file.
pub(super) async fn run(
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
    if !options.plan.replace.is_empty() {
        return Err(CliError::PlanFileOption("--replace"));
    }
    if arguments.stack_name.is_some() {
        return Err(CliError::PlanFileOption("--stack-name"));
    }
    let plan = plan_file::load(path)?;
    options.wait.of(&plan)?;
    let session = Session::open(global, Display::new(*terminal)).await?;
    if plan.environment != session.identity.environment {
        let planned = place(&plan.environment);
        let found = place(&session.identity.environment);
        return Err(ApplyError::Environment { planned, found }.into());
    }
    let parameters = given_secrets(&session, &plan, &arguments.parameter)?;
    let locked = session.lock(&plan.stack, "apply")?;
    session.state(&locked, &plan.stack, &parameters, terminal).await?;
    check_base(&plan, locked.read()?.state.as_ref())?;
    show_plan(&plan_text(&plan, &terminal.view(options.detail)), terminal)?;
    if !consent(&plan, options.yes, terminal)? {
        return Ok(Exit::Error);
    }
    let moved = session.engine.moved(&plan).await?;
    if !moved.is_empty() {
        return Err(ApplyError::ObjectsMoved(moved).into());
    }
    carry_out(&session, &locked, &plan, &parameters, options, terminal).await
}

/// Refuses a plan whose state has moved, before anybody is asked anything.
fn check_base(plan: &Plan, state: Option<&State>) -> Result<(), CliError> {
    let moved = |found: String| ApplyError::BaseMoved {
        planned: plan.base.serial.0,
        lineage: plan.base.lineage.to_string(),
        found,
    };
    match state {
        Some(state) if state.lineage == plan.base.lineage && state.serial == plan.base.serial => {
            Ok(())
        }
        Some(state) => Err(moved(format!("serial {} of {}", state.serial, state.lineage)).into()),
        None if plan.base.serial.0 == 0 => Ok(()),
        None => Err(moved("no serial: the stack is gone".to_owned()).into()),
    }
}

/// The secret parameters of a plan, whose values are given when it is carried out.
pub(super) fn secret_parameters(plan: &Plan) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for value in plan.parameters.values() {
        value.visit_secrets(&mut |reference| {
            if let SecretReference::Parameter(name) = reference {
                names.insert(name.clone());
            }
        });
    }
    names
}

/// A saved plan knows its secret parameters by name only; their values are given again, and must
/// be the ones that the plan was made with.
fn given_secrets(
    session: &Session,
    plan: &Plan,
    given: &[(String, String)],
) -> Result<SecretParameters, CliError> {
    let names = secret_parameters(plan);
    if let Some((name, _)) = given.iter().find(|(name, _)| !names.contains(name)) {
        return Err(CliError::PlanFileParameter(name.clone()));
    }
    let mut out = SecretParameters::default();
    for name in names {
        let Some((_, text)) = given.iter().rfind(|(key, _)| *key == name) else {
            return Err(CliError::SecretParameter(name));
        };
        let secret = SecretString::new(text.clone());
        let version = keyed_digest(&session.store.digest_key()?, &secret);
        let reference = SecretReference::Parameter(name.clone());
        let shown = reference.to_string();
        let mut planned = plan.changes.values().filter_map(|change| change.desired.as_ref());
        if planned.any(|o| o.secret_versions.get(&shown).is_some_and(|known| *known != version)) {
            return Err(CliError::OtherSecret(name));
        }
        out.versions.insert(shown, version);
        out.values.insert(&reference, secret);
    }
    Ok(out)
}
