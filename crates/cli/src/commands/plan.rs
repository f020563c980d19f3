//! `rstack plan`: what apply would change. Nothing is changed.

use std::cell::RefCell;
use std::path::PathBuf;

use clap::Args;
use rstack_ops::secret_names;
use rstack_render::{escape, plan_json, plan_text};

use super::front_end::{ReviewOptions, TerminalFrontEnd};
use super::prepare::{PreparedTemplate, plan_options};
use crate::args::{DetailArguments, LintArguments, PlanArguments, StackArguments};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Display;
use crate::session::{Session, holder};
use crate::{plan_file, stack};

/// The arguments of `rstack plan`.
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    stack: StackArguments,
    #[command(flatten)]
    plan: PlanArguments,
    #[command(flatten)]
    detail: DetailArguments,
    #[command(flatten)]
    lint: LintArguments,
    /// Save the plan to this file, for `rstack apply FILE`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 2 if there are changes.
    #[arg(long)]
    detailed_exitcode: bool,
}

/// Plans a stack and shows the plan.
pub(crate) async fn run(context: &Context, args: &PlanArgs) -> Result<Exit, CommandError> {
    let Context { global, terminal, env } = context;
    let (stack, name) = (args.stack.stack.as_deref(), args.stack.stack_name.as_deref());
    let file = stack::find(env, stack, name)?;
    let mut template = PreparedTemplate::load(context, &file, &args.stack, &args.lint)?;
    let display = match terminal.json {
        true => Display::silent(terminal.clone()),
        false => Display::new(terminal.clone()),
    };
    let session = Session::open(context, display).await?;
    let wanted = template.evaluate(&session, &file, context).await?;
    let allowed = plan_options(&args.plan);
    let deploy = wanted.deploy(&allowed, &args.plan);
    let front = TerminalFrontEnd {
        context,
        session: &session,
        options: ReviewOptions::default(),
        may_replace: RefCell::default(),
        template: Some(RefCell::new(&mut template)),
    };
    let holder = holder(context, "plan");
    let planning = rstack_ops::plan(&session.ops, &deploy, &holder, &front);
    let plan = session.display.during(planning).await?;
    drop(front);
    drop((template, wanted));
    if terminal.json {
        terminal.text(&plan_json(&plan)?)?;
    } else {
        terminal.text(&plan_text(&plan, &terminal.view(args.detail)))?;
    }
    if let Some(path) = &args.out {
        plan_file::save(env, path, &plan)?;
        if !terminal.json {
            let path = path.to_string_lossy();
            let secrets = secret_names(&plan);
            let values: Vec<String> = secrets.iter().map(|name| format!("{name}=FILE")).collect();
            let mut apply = vec!["apply", &*path];
            apply.extend(values.iter().flat_map(|value| ["--parameter-from", value]));
            let apply = global.line(&apply);
            terminal.note(&format!("Saved. Carry it out with: {}", escape(&apply)));
        }
    }
    let changes = args.detailed_exitcode && !plan.is_noop();
    Ok(if changes { Exit::Changes } else { Exit::Done })
}
