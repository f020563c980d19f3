//! The terminal as the front end of an edit of a state, and the words that such commands share.

use rstack_journal::forgotten;
use rstack_model::Address;
use rstack_model::state::{ResourceState, State};
use rstack_ops::{EditFrontEnd, EditReview, Lease};
use rstack_render::escape;
use serde_json::json;

use super::error::RefusedEdit;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::note_dead_holder;
use crate::terminal::{Terminal, no_terminal};

/// The terminal while a state is edited.
pub(super) struct Editor<'a> {
    pub(super) context: &'a Context,
    /// True if the user has agreed beforehand.
    pub(super) yes: bool,
}

impl EditFrontEnd for Editor<'_> {
    type Error = CommandError;

    fn acquired(&self, lease: &dyn Lease) {
        note_dead_holder(lease, &self.context.terminal);
    }

    async fn confirm(&self, edit: &EditReview<'_>) -> Result<bool, CommandError> {
        let terminal = &self.context.terminal;
        consequences(edit).iter().for_each(|line| terminal.note(line));
        agreed(&question(edit), self.yes, terminal).await
    }
}

/// The consequences of an edit, one a line.
fn consequences(edit: &EditReview<'_>) -> Vec<String> {
    match edit {
        EditReview::Forget { taken, dependants, .. } => {
            let stays = dependants
                .iter()
                .map(|(other, id)| format!("`{other}` depends on `{id}` and stays in the state."));
            let objects = taken.iter().flat_map(|(id, taken)| {
                let words = move |object| object_words(id, object);
                taken.objects().map(move |object| {
                    format!("{} stays in the cloud; the state forgets it.", words(object))
                })
            });
            stays.chain(objects).collect()
        }
        EditReview::Move { moved, dependants } => {
            let names: Vec<String> = dependants.iter().map(|id| format!("`{id}`")).collect();
            vec![format!(
                "{} of `{}` depend on `{}`: their templates have to name it in another way.",
                names.join(", "),
                moved.from,
                moved.address,
            )]
        }
        EditReview::Replace { present, new, .. } => {
            let mut lines = Vec::new();
            for (id, object) in present.iter().flat_map(|present| forgotten(present, new)) {
                lines.push(format!(
                    "{} is not in the new state: it stays in the cloud, and the state forgets it.",
                    object_words(id, object)
                ));
            }
            for (id, object) in present.iter().flat_map(|present| forgotten(new, present)) {
                lines.push(format!("{} is in the new state again.", object_words(id, object)));
            }
            lines
        }
    }
}

fn question(edit: &EditReview<'_>) -> String {
    match edit {
        EditReview::Forget { stack, taken, .. } => {
            let (count, noun) = resources(taken.len());
            format!("Forget {count} {noun} of `{stack}`?")
        }
        EditReview::Move { moved, .. } => {
            format!("Move `{}` to `{}` nevertheless?", moved.address, moved.to)
        }
        EditReview::Replace { stack, new, .. } => format!(
            "Replace the state of `{stack}` by serial {} ({} resources)?",
            new.serial,
            new.resources.len()
        ),
    }
}

/// A number of resources, with its noun.
pub(super) fn resources(count: usize) -> (usize, &'static str) {
    (count, if count == 1 { "resource" } else { "resources" })
}

/// The user's consent.
pub(super) async fn agreed(
    question: &str,
    yes: bool,
    terminal: &Terminal,
) -> Result<bool, CommandError> {
    if yes {
        return Ok(true);
    }
    if !terminal.interactive || terminal.json {
        return Err(no_terminal());
    }
    let agreed = terminal.confirm(question).await?;
    if !agreed {
        terminal.note("Nothing was changed.");
    }
    Ok(agreed)
}

/// Says that a state was published.
pub(super) fn done(what: &str, state: &State, terminal: &Terminal) -> Result<Exit, CommandError> {
    terminal
        .note(&format!("{what} The state of `{}` has serial {} now.", state.stack, state.serial));
    if terminal.json {
        terminal.line(&json!({"stack": state.stack, "serial": state.serial}).to_string())?;
    }
    Ok(Exit::Done)
}

/// An object in words: resource, type, physical ID.
pub(super) fn object_words(id: &Address, object: &ResourceState) -> String {
    format!(
        "`{}`, {} {}",
        escape(id.as_str()),
        escape(object.resource_type.as_str()),
        escape(object.physical_id.as_str())
    )
}

/// The address of a resource that a template can hold: logical IDs, with those of nested stacks before.
pub(super) fn address(text: &str) -> Result<Address, RefusedEdit> {
    let fits =
        text.split('/').all(|id| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric()));
    if fits {
        return Ok(Address::new(text));
    }
    Err(RefusedEdit::Address(text.to_owned()))
}
