//! `rstack state history`: the states of a stack that are kept.

use clap::Args;
use rstack_model::{Serial, StackName};
use rstack_ops::EditError;
use rstack_render::{escape, state_json, state_text};
use rstack_store::Version;
use serde_json::json;

use crate::args::DetailArguments;
use crate::commands::known_stack::any_name;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::states;
use crate::terminal::Terminal;

/// The arguments of `rstack state history`.
#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    /// The stack.
    #[arg(value_name = "STACK")]
    stack: String,
    /// The serial of the state to show.
    #[arg(value_name = "SERIAL")]
    serial: Option<u64>,
}

/// Lists the states, or shows one.
pub(super) async fn run(context: &Context, args: &HistoryArgs) -> Result<Exit, CommandError> {
    let Context { global, terminal, .. } = context;
    let backend = states(context)?.backend;
    // A stack that was destroyed has a past, too.
    let stack = any_name(context, backend.as_ref(), &args.stack).await?;
    let backups = backend.history(&stack).await?;
    if let Some(serial) = args.serial {
        return one(&stack, Serial(serial), backups, terminal);
    }
    let present = backend.read(&stack).await.ok().and_then(|stored| stored.state);
    let is_present = |backup: &Version| {
        let content = backup.content.as_ref().ok();
        content.is_some_and(|(state, _)| Some(state) == present.as_ref())
    };
    if terminal.json {
        let list: Vec<_> = backups.iter().map(|b| json(b, is_present(b))).collect();
        terminal.line(&serde_json::Value::from(list).to_string())?;
        return Ok(Exit::Done);
    }
    if backups.is_empty() {
        terminal.note(&format!("No copy of a state of `{stack}` exists."));
        return Ok(Exit::Done);
    }
    for backup in &backups {
        terminal.line(&line(backup, is_present(backup)))?;
    }
    let restore = global.line(&["state", "restore", stack.as_str(), "SERIAL"]);
    terminal.note(&format!("To restore one: `{}`.", escape(&restore)));
    Ok(Exit::Done)
}

fn one(
    stack: &StackName,
    serial: Serial,
    backups: Vec<Version>,
    terminal: &Terminal,
) -> Result<Exit, CommandError> {
    let found = backups.into_iter().find(|backup| backup.serial == serial);
    let found = found.ok_or_else(|| EditError::NotKept { stack: stack.clone(), serial })?;
    let (state, _) =
        found.content.map_err(|source| EditError::Unusable { stack: stack.clone(), source })?;
    if terminal.json {
        terminal.text(&state_json(&state)?)?;
    } else {
        terminal.text(&state_text(&state, &terminal.view(DetailArguments::default())))?;
    }
    Ok(Exit::Done)
}

fn line(backup: &Version, present: bool) -> String {
    let (serial, file) = (backup.serial, &backup.location);
    let text = match &backup.content {
        Ok((state, written)) => {
            let (count, mark) = (state.resources.len(), if present { "  (present)" } else { "" });
            let noun = if count == 1 { "resource" } else { "resources" };
            let (at, command, by) = match written {
                Some(w) => (w.at.as_str(), w.command.as_str(), w.by.as_str()),
                None => ("-", "an older rstack", "-"),
            };
            format!("serial {serial}  {at}  {command}  {by}  {count} {noun}{mark}  {file}")
        }
        Err(error) => format!("serial {serial}  unreadable: {error}"),
    };
    escape(&text).into_owned()
}

fn json(backup: &Version, present: bool) -> serde_json::Value {
    let file = backup.location.as_str();
    match &backup.content {
        Ok((state, written)) => json!({
            "serial": backup.serial, "lineage": state.lineage, "resources": state.resources.len(),
            "written": written, "present": present, "file": file,
        }),
        Err(error) => {
            json!({"serial": backup.serial, "problem": error.to_string(), "file": file})
        }
    }
}
