//! The shared part of `rollback` and `destroy`: a stack that is known, and no template. They are
//! not rolled back themselves.

use std::cell::RefCell;
use std::sync::Arc;

use rstack_model::{SecretString, StackName};
use rstack_ops::{LastParameters, Record, secret_names_of_stack};
use rstack_template::StackEnvironment;

use super::front_end::{ReviewOptions, TerminalFrontEnd};
use super::known_stack::place;
use crate::args::ExistingStackArgs;
use crate::context::Context;
use crate::error::CommandError;
use crate::parameters::{GivenParameters, RunParameters};
use crate::progress::Display;
use crate::session::{self, Session};

/// A stack with a state or a journal, and the cloud that it lives in.
pub(super) struct ExistingStack {
    pub(super) session: Session,
    pub(super) stack: StackName,
    pub(super) secrets: Vec<(String, SecretString)>,
}

impl ExistingStack {
    /// Finds the stack for a command with this purpose, such as `destroy`; `None`, which is
    /// reported, if it has neither state nor journal.
    pub(super) async fn open(
        context: &Context,
        arguments: &ExistingStackArgs,
        parameters: &RunParameters,
        purpose: &str,
    ) -> Result<Option<Self>, CommandError> {
        let terminal = &context.terminal;
        let backend = session::states(context)?.backend;
        let (wanted, named) = (arguments.stack.as_deref(), arguments.stack_name.as_deref());
        let (stack, place) = place(context, backend.as_ref(), wanted, named).await?;
        let stored = backend.read(&stack).await?;
        if stored.state.is_none() && stored.journal.is_none() {
            terminal.note(&format!("Stack `{stack}` has no state: nothing to {purpose}."));
            return Ok(None);
        }
        let display = Arc::new(Display::new(terminal.clone()));
        let names = [stack.as_str()];
        parameters.check_stacks(&names)?;
        let given = parameters.for_stack(&names, LastParameters::default(), false);
        let known = (stack, place, &stored);
        Self::of_stored(context, given, known, &display).await.map(Some)
    }

    /// A stack of which something is stored.
    pub(super) async fn of_stored(
        context: &Context,
        mut given: GivenParameters,
        (stack, place, stored): (StackName, StackEnvironment, &Record),
        display: &Arc<Display>,
    ) -> Result<Self, CommandError> {
        let place = session::place_of_stored(context, place, stored);
        let session = Session::open(context, &place, Arc::clone(display)).await?;
        for name in secret_names_of_stack(stored) {
            // Whether the value is needed is known when the plan is.
            given.complete(context, &name, false)?;
        }
        Ok(Self { session, stack, secrets: given.secrets() })
    }

    /// The terminal as its front end.
    pub(super) fn front_end<'a>(
        &'a self,
        context: &'a Context,
        arguments: &ExistingStackArgs,
    ) -> TerminalFrontEnd<'a> {
        let ExistingStackArgs { detail, yes, ref wait, .. } = *arguments;
        let options = ReviewOptions { detail, yes, wait: wait.clone(), ..Default::default() };
        let (session, hinted) = (&self.session, RefCell::default());
        TerminalFrontEnd { context, session, options, hinted, template: None }
    }
}
