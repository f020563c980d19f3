//! `rstack rollback`: goes back to what was there before an apply that did not come to its end.

use std::collections::BTreeSet;

use rstack_apply::{GivenSecret, SecretParameters, old_secrets};
use rstack_model::plan::Plan;
use rstack_render::{escape, plan_text};

use super::apply::{self, carry_out, consent, show_plan};
use super::given::given_secrets;
use super::show::name;
use crate::args::{DetailArguments, Global, LintArguments, PlanArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::Session;
use crate::terminal::Terminal;
use crate::waiting::WaitArguments;

/// What to roll back, and whether to ask.
pub(crate) struct Options {
    pub(crate) stack: Option<String>,
    pub(crate) stack_name: Option<String>,
    pub(crate) parameter: Vec<(String, String)>,
    pub(crate) detail: DetailArguments,
    pub(crate) yes: bool,
    pub(crate) wait: WaitArguments,
}

/// Rolls a stack back.
pub(crate) async fn run(
    global: &Global,
    options: &Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let store = crate::session::store(global)?;
    let stack = name(global, &store, options.stack.as_deref(), options.stack_name.as_deref())?;
    let stored = store.read(&stack)?;
    if stored.state.is_none() && stored.journal.is_none() {
        terminal.note(&format!("Nothing is known of the stack `{stack}`: nothing to roll back."));
        return Ok(Exit::Done);
    }
    let session = Session::open(global, Display::new(*terminal)).await?;
    let locked = session.lock(&stack, "rollback")?;
    let parameters = given_secrets(&session, &locked.read()?, &options.parameter)?;
    let state = session.state(&locked, &stack, &parameters, terminal).await?;
    if session.engine.forget_bare(&locked, &state)? {
        terminal.note(&format!("Nothing is left of the stack `{stack}`: nothing to roll back."));
        return Ok(Exit::Done);
    }
    let planning = session.engine.plan_rollback(&state);
    let Some(plan) = session.display.during(planning).await? else {
        return Err(CliError::NothingToRollBack(stack));
    };
    options.wait.of(&plan)?;
    show_plan(&plan_text(&plan, &terminal.view(options.detail)), terminal)?;
    tell_secrets(&plan, &parameters, terminal)?;
    // Without steps only what is known of the former state goes.
    if !plan.is_noop() && !consent(&plan, options.yes, terminal)? {
        return Ok(Exit::Error);
    }
    let apply = apply::Options {
        plan: PlanArguments::default(),
        lint: LintArguments::default(),
        detail: options.detail,
        yes: options.yes,
        no_rollback: true,
        wait: options.wait.clone(),
    };
    carry_out(&session, &locked, &plan, &parameters, &apply, terminal).await
}

/// Tells which objects will have another secret than before, and refuses if one would have none.
fn tell_secrets(
    plan: &Plan,
    parameters: &SecretParameters,
    terminal: &Terminal,
) -> Result<(), CliError> {
    let mut missing = BTreeSet::new();
    for old in old_secrets(plan, parameters) {
        let (id, name) = (escape(old.logical_id.as_str()), escape(&old.parameter));
        match old.given {
            GivenSecret::Same => {}
            GivenSecret::Other => terminal.note(&format!(
                "note: the value given for `{name}` is not the one that `{id}` had before: it will \
                 have the one that was given."
            )),
            GivenSecret::Missing => {
                terminal.note(&format!(
                    "`{id}` is made with the secret parameter `{name}`, whose value is kept nowhere."
                ));
                missing.insert(old.parameter);
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(CliError::OldSecrets(missing)) }
}
