//! The stacks of which something is known, by the name that the user gives them.

use rstack_model::state::State;
use rstack_model::{ErrorCode, StackName};
use rstack_ops::{Backend, States};
use rstack_store::{StoreError, Stored};
use rstack_template::StackEnvironment;

use crate::context::Context;
use crate::error::{CommandError, Hint, state_code};
use crate::session;
use crate::stack::{self, StackError, StackFile};

/// Why it is not known which stack is meant, or what its state is.
#[derive(Debug, thiserror::Error)]
pub(super) enum KnownStackError {
    /// No stack was named, and several have a state.
    #[error("no stack was named, and several exist: {}", names(.0))]
    SeveralStacks(Vec<StackName>),
    /// There is no template of the name.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// There is no state of a stack.
    #[error("stack `{stack}` has no state")]
    NoState {
        /// The stack.
        stack: StackName,
        /// True if the sandbox knows it, and was not asked.
        in_sandbox: bool,
    },
    /// Something else than a stack was named.
    #[error("`{text}` is not a stack: {what}")]
    NotAStack {
        /// The text that was given as a stack.
        text: String,
        /// The kind of thing that it is instead.
        what: &'static str,
    },
    /// The states cannot be used.
    #[error(transparent)]
    State(#[from] StoreError),
}

fn names(stacks: &[StackName]) -> String {
    let names: Vec<String> = stacks.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

impl From<KnownStackError> for CommandError {
    fn from(error: KnownStackError) -> Self {
        let code = match &error {
            KnownStackError::SeveralStacks(_) => ErrorCode::StackNotNamed,
            KnownStackError::NoState { .. } => ErrorCode::NoState,
            KnownStackError::NotAStack { .. } => ErrorCode::NotAStack,
            KnownStackError::Stack(_) => ErrorCode::StackNotFound,
            KnownStackError::State(error) => state_code(error),
        };
        let hint = match error {
            KnownStackError::Stack(error) => return error.into(),
            KnownStackError::State(error) => return error.into(),
            KnownStackError::SeveralStacks(_) => Hint::from("name one of them"),
            KnownStackError::NoState { in_sandbox: true, .. } => {
                Hint::from("the sandbox knows it: add `--sandbox`")
            }
            KnownStackError::NotAStack { .. } => {
                Hint::from("name a stack or its template; ").command(&["ls"]).text(" lists them")
            }
            KnownStackError::NoState { in_sandbox: false, .. } => {
                Hint::begin_with(&["ls"]).text(" lists the stacks")
            }
        };
        Self::of(code, &error).with_hint(Some(hint))
    }
}

/// The name of a stack that is known already: that of a state, or that of a template.
///
/// # Errors
/// If it is neither.
pub(super) async fn name(
    context: &Context,
    backend: &dyn Backend,
    wanted: Option<&str>,
    stack_name: Option<&str>,
) -> Result<StackName, KnownStackError> {
    Ok(place(context, backend, wanted, stack_name).await?.0)
}

/// The name of a stack that is known already, and where its app says that it lives.
///
/// # Errors
/// As [`name`].
pub(super) async fn place(
    context: &Context,
    backend: &dyn Backend,
    wanted: Option<&str>,
    stack_name: Option<&str>,
) -> Result<(StackName, StackEnvironment), KnownStackError> {
    let anywhere = StackEnvironment::default;
    if let Some(name) = stack_name {
        return Ok((StackName::parse(name).map_err(StackError::Name)?, anywhere()));
    }
    let known = backend.stacks().await?;
    if let Some(text) = wanted
        && let Some(name) = known.iter().find(|name| name.as_str() == text)
    {
        return Ok((name.clone(), anywhere()));
    }
    match (wanted, known.as_slice()) {
        (None, [only]) => return Ok((only.clone(), anywhere())),
        (None, [_, _, ..]) => return Err(KnownStackError::SeveralStacks(known)),
        (None, []) | (Some(_), _) => {}
    }
    let found = stack::find(&context.env, wanted, None);
    let Some(text) = wanted else {
        let StackFile { name, settings, .. } = found?;
        return Ok((name, settings.environment));
    };
    let not_a_stack = |what| Err(KnownStackError::NotAStack { text: text.to_owned(), what });
    match (found, StackName::parse(text)) {
        (Ok(file), _)
            if stack::is_template_name(&file.template.shown()) || known.contains(&file.name) =>
        {
            Ok((file.name, file.settings.environment))
        }
        (Ok(_), _) => not_a_stack("the file is not a template"),
        // A name without a template and without a state: the state is what is missing.
        (Err(StackError::NoTemplate { .. }), Ok(name)) => Err(no_state(context, name).await),
        (Err(StackError::NoTemplate { .. }), Err(_)) if stack::is_path(text) => {
            not_a_stack("no such template and no stack of this name exists")
        }
        (Err(StackError::NoTemplate { .. }), Err(_)) => not_a_stack("no stack has such a name"),
        (Err(StackError::Folder { .. }), _) => not_a_stack("it is a folder"),
        (Err(StackError::SavedPlan { .. }), _) => not_a_stack("it is a saved plan"),
        (Err(error), _) => Err(error.into()),
    }
}

/// The name of a stack that need not be known: its state may be lost, or the stack be destroyed.
///
/// # Errors
/// If no stack can have the name.
pub(super) async fn any_name(
    context: &Context,
    backend: &dyn Backend,
    stack: &str,
) -> Result<StackName, StackError> {
    name(context, backend, Some(stack), None)
        .await
        .or_else(|_| StackName::parse(stack).map_err(StackError::Name))
}

/// The state of a stack, as it was published last.
///
/// # Errors
/// If there is none.
pub(super) async fn state(
    context: &Context,
    wanted: Option<&str>,
) -> Result<State, KnownStackError> {
    let backend = session::states(context)?.backend;
    let name = name(context, backend.as_ref(), wanted, None).await?;
    let stored = backend.read(&name).await?;
    note_open_run(context, &name, &stored);
    match stored.state {
        Some(state) => Ok(state),
        None => Err(no_state(context, name).await),
    }
}

/// The name of a stack whose state is going to be edited, which has one or an open run.
///
/// # Errors
/// If it has neither, or no stack has the name.
pub(super) async fn edited(
    context: &Context,
    states: &States,
    wanted: &str,
) -> Result<StackName, KnownStackError> {
    let backend = states.backend.as_ref();
    let name = name(context, backend, Some(wanted), None).await?;
    let stored = backend.read(&name).await?;
    if stored.state.is_none() && stored.journal.is_none() {
        return Err(no_state(context, name).await);
    }
    Ok(name)
}

/// Says that a run is open, if one is.
pub(super) fn note_open_run(context: &Context, name: &StackName, stored: &Stored) {
    if stored.journal.is_some() {
        context.terminal.note(&format!(
            "note: a run of `{name}` is under way or was interrupted; this is the state before it."
        ));
    }
}

/// There is no state; the sandbox may have one that was not asked for.
pub(super) async fn no_state(context: &Context, stack: StackName) -> KnownStackError {
    let in_sandbox = !context.global.sandbox
        && match session::states_of(context, true) {
            Ok(states) => {
                let stored = states.backend.read(&stack).await;
                stored.is_ok_and(|stored| stored.state.is_some())
            }
            Err(_) => false,
        };
    KnownStackError::NoState { stack, in_sandbox }
}
