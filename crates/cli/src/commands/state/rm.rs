//! `rstack state rm`: forgets resources without deleting their objects.

use std::collections::BTreeSet;

use rstack_journal::{dependants, take_out};
use rstack_model::Address;

use super::edit::{Editing, agreed, base, done, object_words, open};
use super::error::RefusedEdit;
use crate::args::Global;
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Forgets resources.
pub(super) fn run(
    global: &Global,
    stack: &str,
    addresses: &[String],
    yes: bool,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let ids: BTreeSet<Address> = addresses.iter().map(|id| Address::new(id.as_str())).collect();
    let Editing { locked, mut state } = open(global, stack, "rm", terminal)?;
    let before = base(&state);
    let mut told = Vec::new();
    for id in &ids {
        for other in dependants(&state, id).filter(|other| !ids.contains(*other)) {
            told.push(format!("`{other}` depends on `{id}` and stays in the state."));
        }
    }
    for id in &ids {
        let taken = take_out(&mut state, id).map_err(RefusedEdit::from)?;
        told.extend(taken.objects().map(|object| {
            format!("{} stays in the cloud and is forgotten.", object_words(id, object))
        }));
    }
    told.iter().for_each(|line| terminal.note(line));
    let count = ids.len();
    let noun = if count == 1 { "resource" } else { "resources" };
    if !agreed(&format!("Forget {count} {noun} of `{}`?", state.stack), yes, terminal)? {
        return Ok(Exit::Error);
    }
    let state = locked.revise(state, &before)?;
    let what =
        format!("Forgotten: {count} {noun}. A template that still has them makes new objects.");
    done(&what, &state, terminal)
}
