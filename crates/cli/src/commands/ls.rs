//! `rstack ls`: the stacks there are, as templates and as states.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use rstack_model::StackName;
use rstack_ops::{Backend, describe};
use rstack_render::escape;
use serde_json::json;

use crate::assembly::{ASSEMBLY, is_assembly, stacks};
use crate::context::Context;
use crate::env::Env;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::session::states;
use crate::stack::{STACKS, StackError, find, templates_in};

/// The arguments of `rstack ls`.
#[derive(Args, Debug)]
pub(crate) struct LsArgs {
    /// A `cdk.out` folder: its stacks are listed, too. Defaults to `cdk.out` in the current directory.
    #[arg(value_name = "APP")]
    app: Option<PathBuf>,
}

/// One stack in the list.
#[derive(Default)]
struct Row {
    template: Option<String>,
    state: Option<String>,
    place: Option<String>,
}

/// Lists the stacks.
pub(crate) async fn run(context: &Context, args: &LsArgs) -> Result<Exit, CommandError> {
    let Context { terminal, env, .. } = context;
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for path in templates_in(env, Path::new(STACKS)) {
        let text = path.display().to_string();
        let name =
            find(env, Some(&text), None).map_or_else(|_| text.clone(), |f| f.name.to_string());
        rows.entry(name).or_default().template = Some(text);
    }
    for (name, template) in app(env, args.app.as_deref())? {
        rows.entry(name).or_default().template = Some(template);
    }
    let backend = states(context)?.backend;
    for name in backend.stacks().await? {
        let row = rows.entry(name.to_string()).or_default();
        (row.state, row.place) = state(backend.as_ref(), &name).await;
    }
    if terminal.json {
        let list: Vec<_> = rows
            .iter()
            .map(|(name, row)| {
                json!({"stack": name, "template": row.template, "state": row.state,
                       "place": row.place})
            })
            .collect();
        terminal.line(&serde_json::Value::from(list).to_string())?;
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        terminal.note("`stacks/` has no template, and no stack has a state.");
        return Ok(Exit::Done);
    }
    let none = || "-".to_owned();
    let mut table = vec![["STACK", "TEMPLATE", "STATE", "PLACE"].map(str::to_owned)];
    for (name, row) in rows {
        let state = row.state.unwrap_or_else(|| "not applied".to_owned());
        let template = row.template.unwrap_or_else(none);
        let cells = [name, template, state, row.place.unwrap_or_else(none)];
        table.push(cells.map(|cell| escape(&cell).into_owned()));
    }
    let width = |column: usize| {
        table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..4).map(|column| width(column).unwrap_or(0)).collect();
    for row in &table {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        terminal.line(cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(Exit::Done)
}

/// The stacks of an app by name, with their templates.
fn app(env: &Env, named: Option<&Path>) -> Result<Vec<(String, String)>, StackError> {
    let folder = named.unwrap_or(Path::new(ASSEMBLY));
    if !is_assembly(env, folder) {
        return match named {
            Some(path) => {
                let (path, templates) = (path.to_owned(), templates_in(env, folder));
                Err(StackError::Folder { path, templates })
            }
            None => Ok(Vec::new()),
        };
    }
    let stacks = stacks(env, folder)?.into_iter();
    Ok(stacks.map(|it| (it.name, it.template.shown().display().to_string())).collect())
}

/// A state in few words, and where its objects live.
async fn state(backend: &dyn Backend, name: &StackName) -> (Option<String>, Option<String>) {
    let stored = match backend.read(name).await {
        Ok(stored) => stored,
        Err(error) => return (Some(format!("unreadable: {error}")), None),
    };
    let running = if stored.journal.is_some() { ", a run is open" } else { "" };
    match stored.state {
        Some(state) => {
            let resources = state.resources.len();
            let unfinished = if state.former.is_some() { ", an apply is unfinished" } else { "" };
            let serial = state.serial;
            let noun = if resources == 1 { "resource" } else { "resources" };
            let text = format!("{resources} {noun}, serial {serial}{unfinished}{running}");
            (Some(text), Some(describe(&state.environment)))
        }
        None => (Some(format!("new{running}")), None),
    }
}
