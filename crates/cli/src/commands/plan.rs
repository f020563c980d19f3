//! `rstack plan`: what apply would change. Nothing is changed.

use std::cell::RefCell;
use std::path::PathBuf;

use rstack_ops::secret_names;
use rstack_render::{escape, plan_json, plan_text};

use super::front_end::{ReviewOptions, TerminalFrontEnd};
use super::prepare::{PreparedTemplate, plan_options};
use crate::args::{DetailArguments, Global, LintArguments, PlanArguments, StackArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::{Session, holder};
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
    let mut template = PreparedTemplate::load(&file, arguments, &options.lint, terminal)?;
    let display = if terminal.json { Display::silent(*terminal) } else { Display::new(*terminal) };
    let session = Session::open(global, display).await?;
    let wanted = template.evaluate(&session, &file, terminal).await?;
    let allowed = plan_options(&options.plan);
    let deploy = wanted.deploy(&allowed, &options.plan);
    let front = TerminalFrontEnd {
        session: &session,
        terminal,
        options: ReviewOptions::default(),
        template: Some(RefCell::new(&mut template)),
    };
    let holder = holder("plan");
    let planning = rstack_ops::plan(&session.ops, &deploy, &holder, &front);
    let plan = session.display.during(planning).await?;
    if terminal.json {
        terminal.text(&plan_json(&plan)?)?;
    } else {
        terminal.text(&plan_text(&plan, &terminal.view(options.detail)))?;
    }
    if let Some(path) = &options.out {
        plan_file::save(path, &plan)?;
        if !terminal.json {
            let path = path.to_string_lossy();
            let secrets = secret_names(&plan);
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
