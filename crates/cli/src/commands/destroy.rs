//! `rstack destroy`: deletes what a stack made. The template is not needed.

use rstack_render::plan_text;

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

/// What to destroy, and whether to ask.
pub(crate) struct Options {
    pub(crate) stack: Option<String>,
    pub(crate) stack_name: Option<String>,
    pub(crate) parameter: Vec<(String, String)>,
    pub(crate) detail: DetailArguments,
    pub(crate) yes: bool,
    pub(crate) purge: bool,
    pub(crate) wait: WaitArguments,
}

/// Destroys a stack.
pub(crate) async fn run(
    global: &Global,
    options: &Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let store = crate::session::store(global)?;
    let stack = name(global, &store, options.stack.as_deref(), options.stack_name.as_deref())?;
    let stored = store.read(&stack)?;
    if stored.state.is_none() && stored.journal.is_none() {
        terminal.note(&format!("Nothing is known of the stack `{stack}`: nothing to destroy."));
        return Ok(Exit::Done);
    }
    let session = Session::open(global, Display::new(*terminal)).await?;
    let locked = session.lock(&stack, "destroy")?;
    let parameters = given_secrets(&session, &locked.read()?, &options.parameter)?;
    let state = session.state(&locked, &stack, &parameters, terminal).await?;
    let observing = session.engine.observe(None, &state, &parameters);
    let observations = session.display.during(observing).await?;
    let mut plan = session.engine.plan_destroy(&state, &observations)?;
    plan.purge = options.purge;
    options.wait.of(&plan)?;
    show_plan(&plan_text(&plan, &terminal.view(options.detail)), terminal)?;
    if !consent(&plan, options.yes, terminal)? {
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
