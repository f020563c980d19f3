//! `rstack plan`: what apply would change. Nothing is changed.

use std::cell::RefCell;
use std::path::PathBuf;

use clap::Args;
use rstack_ops::{PlanSigner, secret_names};
use rstack_render::{SavedPlanMetadata, escape, plan_json, plan_text};

use super::front_end::{ReviewOptions, TerminalFrontEnd};
use super::prepare::{PreparedTemplate, plan_options};
use crate::approval::{KeySource, signer};
use crate::args::{DetailArguments, LintArguments, PlanArguments, StackArguments};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::files::{NewFile, Purpose};
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
    /// Save the plan to this file, for `rstack apply FILE`. Replaces an existing saved plan.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Sign the saved plan with this key: the PEM file of a private Ed25519 key, or `env:NAME` for an
    /// environment variable that holds it.
    #[arg(long, value_name = "KEY", requires = "out", value_parser = KeySource::parse)]
    sign: Option<KeySource>,
    /// Let `--out` replace a file that is not a saved plan. A template, state or journal is never
    /// replaced.
    #[arg(long, requires = "out")]
    force: bool,
    /// Exit with code 2 if there are changes.
    #[arg(long)]
    detailed_exitcode: bool,
}

/// Plans a stack and shows the plan.
pub(crate) async fn run(context: &Context, args: &PlanArgs) -> Result<Exit, CommandError> {
    let Context { global, terminal, env } = context;
    let (stack, name) = (args.stack.stack.as_deref(), args.stack.stack_name.as_deref());
    // A key that cannot be used is reported before anything is asked of the cloud.
    let signer = args.sign.as_ref().map(|key| signer(env, key)).transpose()?;
    let states = env.path(&global.state_dir);
    let out = args.out.as_deref().map(|path| {
        let (purpose, states) = (Purpose::Plan, states.as_path());
        NewFile { path, states, purpose, force: args.force }
    });
    if let Some(out) = &out {
        out.check(env)?;
    }
    let file = stack::find(env, stack, name)?;
    let mut template = PreparedTemplate::load(context, &file, &args.stack, &args.plan, &args.lint)?;
    let display = match terminal.json {
        true => Display::silent(terminal.clone()),
        false => Display::new(terminal.clone()),
    };
    let session = Session::open(context, &file.settings.environment, display).await?;
    let wanted = template.evaluate(&session, &file, context).await?;
    let allowed = plan_options(&args.plan, &file);
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
    let metadata = match &args.out {
        Some(_) => {
            let key = signer.as_ref().map(PlanSigner::id);
            Some(SavedPlanMetadata::new(&plan.digest()?, key.as_ref().map(|key| (key, true))))
        }
        None => None,
    };
    if terminal.json {
        terminal.text(&plan_json(&plan, metadata.as_ref())?)?;
    } else {
        terminal.text(&plan_text(&plan, &terminal.view(args.detail)))?;
    }
    if let Some(out) = &out {
        plan_file::save(env, out, &plan, signer.as_ref())?;
        if !terminal.json {
            let path = out.path.to_string_lossy();
            let secrets = secret_names(&plan);
            let values: Vec<String> = secrets.iter().map(|name| format!("{name}=FILE")).collect();
            let mut apply = vec!["apply", &*path];
            apply.extend(values.iter().flat_map(|value| ["--parameter-from", value]));
            let apply = global.line(&apply);
            let digest = plan.digest()?;
            let signed = if signer.is_some() { " and signed" } else { "" };
            terminal.note(&format!(
                "Saved{signed}: sha256:{digest}. Apply it with: {}",
                escape(&apply)
            ));
        }
    }
    let changes = args.detailed_exitcode && !plan.is_noop();
    Ok(if changes { Exit::Changes } else { Exit::Done })
}
