//! `rstack state push` and `rstack state restore`: another state in the place of a stack's own.

use std::path::{Path, PathBuf};

use rstack_model::Serial;
use rstack_model::state::State;
use rstack_ops::describe;
use rstack_state::{LockedStack, StateError, forgotten, parse_state};

use super::edit::{agreed, done, lock, object_words};
use super::error::RefusedEdit;
use super::name;
use crate::args::Global;
use crate::error::CliError;
use crate::exit::Exit;
use crate::session::store;
use crate::terminal::Terminal;

/// The largest file that is read, in bytes.
const LIMIT: u64 = 256 << 20;

/// Puts the state of a file in place.
pub(super) fn push(
    global: &Global,
    stack: &str,
    file: &Path,
    (yes, force): (bool, Option<&str>),
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let store = store(global)?;
    // A stack whose state is lost has a name only.
    let stack = name(global, &store, stack)?;
    let read = |source| CliError::Read { path: file.to_owned(), source };
    let unusable = |source| RefusedEdit::Unusable { stack: stack.clone(), source };
    let size = std::fs::metadata(file).map_err(read)?.len();
    if size > LIMIT {
        let path = file.to_owned();
        return Err(unusable(StateError::TooLarge { path, size }).into());
    }
    let bytes = std::fs::read(file).map_err(read)?;
    let pushed = parse_state(file, &bytes, &stack).map_err(unusable)?;
    let locked = lock(&store, &stack, "push", terminal)?;
    let present = present(&locked)?;
    check_place(global, file, present.as_ref(), &pushed)?;
    if let Some(given) = force.filter(|given| *given != stack.as_str()) {
        return Err(RefusedEdit::Force { given: given.to_owned(), stack }.into());
    }
    if let (Some(present), None) = (&present, force) {
        check_line(file, present, &pushed)?;
    }
    put(&locked, present.as_ref(), pushed, yes, terminal)
}

/// Puts a state that is kept in place.
pub(super) fn restore(
    global: &Global,
    stack: &str,
    serial: Serial,
    yes: bool,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let store = store(global)?;
    let stack = name(global, &store, stack)?;
    let locked = lock(&store, &stack, "restore", terminal)?;
    let present = present(&locked)?;
    let backup = store.backups(&stack)?.into_iter().find(|backup| backup.serial == serial);
    let backup = backup.ok_or_else(|| RefusedEdit::NoBackup { stack: stack.clone(), serial })?;
    let (kept, _) =
        backup.content.map_err(|source| RefusedEdit::Unusable { stack: stack.clone(), source })?;
    check_place(global, &backup.path, present.as_ref(), &kept)?;
    put(&locked, present.as_ref(), kept, yes, terminal)
}

/// The state that is there, if no run is open.
fn present(locked: &LockedStack) -> Result<Option<State>, CliError> {
    let stored = locked.read()?;
    if stored.journal.is_some() {
        return Err(StateError::OpenJournal { path: locked.journal_path().to_owned() }.into());
    }
    Ok(stored.state)
}

fn check_place(
    global: &Global,
    path: &Path,
    present: Option<&State>,
    pushed: &State,
) -> Result<(), CliError> {
    let theirs = describe(&pushed.environment);
    let (fits, ours) = match present {
        Some(present) => {
            (present.environment == pushed.environment, describe(&present.environment))
        }
        None if global.sandbox => (pushed.environment.sandbox, "the sandbox".to_owned()),
        None => (!pushed.environment.sandbox, "AWS accounts".to_owned()),
    };
    let path: PathBuf = path.to_owned();
    if fits { Ok(()) } else { Err(RefusedEdit::Place { path, ours, theirs }.into()) }
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
) -> Result<Exit, CliError> {
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
