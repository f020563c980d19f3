//! What `rollback` and `destroy` share: they need no template, and are not rolled back themselves.

use rstack_apply::SecretParameters;
use rstack_model::plan::Plan;
use rstack_model::state::State;
use rstack_render::plan_text;
use rstack_store::LockedStack;

use super::apply::{self, carry_out, show_plan};
use super::given::given_secrets;
use super::show::name;
use crate::args::{Global, LintArguments, PlanArguments, UndoArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::Session;
use crate::terminal::Terminal;

/// A stack of which something is known, locked, and with what an interrupted run left settled.
pub(super) struct Known {
    pub(super) session: Session,
    pub(super) locked: LockedStack,
    pub(super) parameters: SecretParameters,
    pub(super) state: State,
}

impl Known {
    /// Opens the stack for a command that is there to do this, such as `destroy`; `None`, which is
    /// told, if nothing is known of it.
    pub(super) async fn open(
        global: &Global,
        arguments: &UndoArguments,
        (command, purpose): (&str, &str),
        terminal: &Terminal,
    ) -> Result<Option<Self>, CliError> {
        let store = crate::session::store(global)?;
        let (wanted, named) = (arguments.stack.as_deref(), arguments.stack_name.as_deref());
        let stack = name(global, &store, wanted, named)?;
        let stored = store.read(&stack)?;
        if stored.state.is_none() && stored.journal.is_none() {
            terminal
                .note(&format!("Nothing is known of the stack `{stack}`: nothing to {purpose}."));
            return Ok(None);
        }
        let session = Session::open(global, Display::new(*terminal)).await?;
        let locked = session.lock(&stack, command)?;
        let parameters = given_secrets(&session, &locked.read()?, &arguments.parameter)?;
        let state = session.state(&locked, &stack, &parameters, terminal).await?;
        Ok(Some(Self { session, locked, parameters, state }))
    }

    /// Shows the plan, after what is to be waited for has been found to fit it.
    pub(super) fn show(
        plan: &Plan,
        arguments: &UndoArguments,
        terminal: &Terminal,
    ) -> Result<(), CliError> {
        arguments.wait.of(plan)?;
        show_plan(&plan_text(plan, &terminal.view(arguments.detail)), terminal)
    }

    /// Carries the plan out.
    pub(super) async fn carry_out(
        &self,
        plan: &Plan,
        arguments: &UndoArguments,
        terminal: &Terminal,
    ) -> Result<Exit, CliError> {
        let options = apply::Options {
            plan: PlanArguments::default(),
            lint: LintArguments::default(),
            detail: arguments.detail,
            yes: arguments.yes,
            no_rollback: true,
            wait: arguments.wait.clone(),
        };
        carry_out(&self.session, &self.locked, plan, &self.parameters, &options, terminal).await
    }
}
