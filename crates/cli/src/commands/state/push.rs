//! `rstack state push` and `rstack state restore`: another state in the place of a stack's own.

use std::path::{Path, PathBuf};

use clap::Args;
use rstack_journal::forgotten;
use rstack_model::Serial;
use rstack_model::state::State;
use rstack_ops::describe;
use rstack_store::{LockedStack, StoreError, parse_state};

use super::edit::{agreed, done, lock, object_words};
use super::error::RefusedEdit;
use crate::commands::known_stack::any_name;
use crate::context::Context;
use crate::error::{CommandError, unreadable_hint};
use crate::exit::Exit;
use crate::session::store;
use crate::terminal::Terminal;

/// The largest file that is read, in bytes.
const LIMIT: u64 = 256 << 20;

/// The arguments of `rstack state push`.
#[derive(Args, Debug)]
pub(crate) struct PushArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The file, as `state pull` writes it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    /// Replace a state of another lineage, or a newer one; takes the name of the stack.
    #[arg(long, value_name = "STACK")]
    force: Option<String>,
}

/// The arguments of `rstack state restore`.
#[derive(Args, Debug)]
pub(crate) struct RestoreArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// Its serial, as `state history` lists it.
    #[arg(value_name = "SERIAL")]
    serial: u64,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

/// Puts the state of a file in place.
pub(super) fn push(context: &Context, args: &PushArgs) -> Result<Exit, CommandError> {
    let (file, force) = (args.file.as_path(), args.force.as_deref());
    let store = store(context)?;
    // A stack whose state is lost has a name only.
    let stack = any_name(context, &store, &args.stack)?;
    let opened = context.env.path(file);
    let read = |source| {
        let error = CommandError::io(format!("cannot read `{}`", file.display()), &source);
        error.with_hint(unreadable_hint(&source))
    };
    let unusable = |source| RefusedEdit::Unusable { stack: stack.clone(), source };
    let size = std::fs::metadata(&opened).map_err(read)?.len();
    if size > LIMIT {
        let location = file.into();
        return Err(unusable(StoreError::TooLarge { location, size }).into());
    }
    let bytes = std::fs::read(&opened).map_err(read)?;
    let pushed = parse_state(file, &bytes, &stack).map_err(unusable)?;
    let locked = lock(context, &store, &stack, "push")?;
    let present = present(&locked)?;
    check_place(context, file, present.as_ref(), &pushed)?;
    if let Some(given) = force.filter(|given| *given != stack.as_str()) {
        return Err(RefusedEdit::Force { given: given.to_owned(), stack }.into());
    }
    if let (Some(present), None) = (&present, force) {
        check_line(file, present, &pushed)?;
    }
    put(&locked, present.as_ref(), pushed, args.yes, &context.terminal)
}

/// Puts a state that is kept in place.
pub(super) fn restore(context: &Context, args: &RestoreArgs) -> Result<Exit, CommandError> {
    let serial = Serial(args.serial);
    let store = store(context)?;
    let stack = any_name(context, &store, &args.stack)?;
    let locked = lock(context, &store, &stack, "restore")?;
    let present = present(&locked)?;
    let backup = store.backups(&stack)?.into_iter().find(|backup| backup.serial == serial);
    let backup = backup.ok_or_else(|| RefusedEdit::NoBackup { stack: stack.clone(), serial })?;
    let (kept, _) =
        backup.content.map_err(|source| RefusedEdit::Unusable { stack: stack.clone(), source })?;
    check_place(context, Path::new(backup.location.as_str()), present.as_ref(), &kept)?;
    put(&locked, present.as_ref(), kept, args.yes, &context.terminal)
}

/// The state that is there, if no run is open.
fn present(locked: &LockedStack) -> Result<Option<State>, StoreError> {
    let stored = locked.read()?;
    if stored.journal.is_some() {
        return Err(StoreError::OpenJournal { location: locked.journal_path().into() });
    }
    Ok(stored.state)
}

fn check_place(
    context: &Context,
    path: &Path,
    present: Option<&State>,
    pushed: &State,
) -> Result<(), RefusedEdit> {
    let theirs = describe(&pushed.environment);
    let (fits, ours) = match present {
        Some(present) => {
            (present.environment == pushed.environment, describe(&present.environment))
        }
        None if context.global.sandbox => (pushed.environment.sandbox, "the sandbox".to_owned()),
        None => (!pushed.environment.sandbox, "AWS accounts".to_owned()),
    };
    let path: PathBuf = path.to_owned();
    let sandbox = (pushed.environment.sandbox, context.global.sandbox);
    if fits { Ok(()) } else { Err(RefusedEdit::Place { sandbox, path, ours, theirs }) }
}

fn check_line(path: &Path, present: &State, pushed: &State) -> Result<(), RefusedEdit> {
    let (path, stack) = (path.to_owned(), present.stack.clone());
    if pushed.lineage != present.lineage {
        let (ours, theirs) = (present.lineage.to_string(), pushed.lineage.to_string());
        return Err(RefusedEdit::Lineage { path, stack, ours, theirs });
    }
    if pushed.serial < present.serial {
        let (ours, theirs) = (present.serial, pushed.serial);
        return Err(RefusedEdit::Older { path, stack, ours, theirs });
    }
    Ok(())
}

fn put(
    locked: &LockedStack,
    present: Option<&State>,
    new: State,
    yes: bool,
    terminal: &Terminal,
) -> Result<Exit, CommandError> {
    let (stack, serial, count) = (locked.stack(), new.serial, new.resources.len());
    for (id, object) in present.into_iter().flat_map(|present| forgotten(present, &new)) {
        terminal.note(&format!(
            "{} is known now and would be forgotten; it stays in the cloud.",
            object_words(id, object)
        ));
    }
    for (id, object) in present.into_iter().flat_map(|present| forgotten(&new, present)) {
        terminal.note(&format!("{} would be known again.", object_words(id, object)));
    }
    let question =
        format!("Put the state of serial {serial} ({count} resources) in the place of `{stack}`?");
    if !agreed(&question, yes, terminal)? {
        return Ok(Exit::Error);
    }
    let kept = if present.is_some() { " A copy of the former one is kept." } else { "" };
    let state = locked.replace(new)?;
    let what = format!("The state of serial {serial} is in place; plan the stack next.{kept}");
    done(&what, &state, terminal)
}
