//! `rstack plan`: what apply would change. Nothing is changed.

use std::path::PathBuf;

use rstack_render::{escape, plan_json, plan_text};

use super::deploy::{self, Draft};
use super::saved::secret_parameters;
use crate::args::{DetailArguments, Global, LintArguments, PlanArguments, StackArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::Session;
use crate::terminal::Terminal;
use crate::{plan_file, stack};

/// How to plan and what to do with the plan.
pub(crate) struct Options {
    pub(crate) plan: PlanArguments,
    pub(crate) lint: LintArguments,
    pub(crate) detail: DetailArguments,
    pub(crate) out: Option<PathBuf>,
    pub(crate) detailed_exitcode: bool,
}

/// Plans a stack and shows the plan.
pub(crate) async fn run(
    global: &Global,
    arguments: &StackArguments,
    options: &Options,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let file = stack::find(arguments.stack.as_deref(), arguments.stack_name.as_deref())?;
    let mut draft = Draft::load(&file, arguments, &options.lint, terminal)?;
    let display = if terminal.json { Display::silent(*terminal) } else { Display::new(*terminal) };
    let session = Session::open(global, display).await?;
    let wanted = draft.evaluate(&session, &file, terminal).await?;
    let stored = session.store.read(&file.name)?;
    let state = if stored.journal.is_some() {
        // Only what holds the lock may settle what an interrupted run left open.
        let locked = session.lock(&file.name, "plan")?;
        session.state(&locked, &file.name, &wanted.parameters, terminal).await?
    } else {
        match stored.state {
            Some(state) => {
                session.check_place(&file.name, &state.environment)?;
                state
            }
            None => session.new_state(&file.name),
        }
    };
    let planned = deploy::plan(&session, &wanted, &state, &options.plan).await;
    draft.checked(terminal)?;
    let plan = planned?;
    drop((draft, wanted, state));
    if terminal.json {
        terminal.text(&plan_json(&plan)?)?;
    } else {
        terminal.text(&plan_text(&plan, &terminal.view(options.detail)))?;
    }
    if let Some(path) = &options.out {
        plan_file::save(path, &plan)?;
        if !terminal.json {
            let path = path.to_string_lossy();
            let secrets = secret_parameters(&plan);
            let values: Vec<String> = secrets.iter().map(|name| format!("{name}=VALUE")).collect();
            let mut apply = vec!["apply", &*path];
            apply.extend(values.iter().flat_map(|value| ["--parameter", value]));
            let apply = global.line(&apply);
            terminal.note(&format!("Saved. Carry it out with: {}", escape(&apply)));
        }
    }
    let changes = options.detailed_exitcode && !plan.is_noop();
    Ok(if changes { Exit::Changes } else { Exit::Done })
}
