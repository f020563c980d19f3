//! `rstack plan`: what apply would change. Nothing is changed.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use rstack_model::ErrorCode;
use rstack_ops::{PlanSigner, secret_names};
use rstack_plan::CheckedPlan;
use rstack_render::{SavedPlanMetadata, escape, plan_json};

use super::empty_stacks;
use super::plan_request::PlanRequest;
use super::planned_stack::plan_all;
use super::stacks_run;
use crate::approval::{KeySource, signer};
use crate::args::{DetailArguments, LintArguments, PlanArguments, StackArguments};
use crate::assembly::Beside;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::files::{NewFile, Purpose};
use crate::progress::Display;
use crate::synth::synthesize;
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

/// Several plans would be saved.
#[derive(Debug, thiserror::Error)]
#[error("`--out {}`: the plans of {stacks} stacks cannot be saved yet", path.display())]
struct SeveralPlans {
    path: PathBuf,
    stacks: usize,
}

impl From<SeveralPlans> for CommandError {
    fn from(error: SeveralPlans) -> Self {
        let hint = "name one stack, and leave out those that it needs with `--exclusively`";
        Self::of(ErrorCode::OptionConflict, &error).with_hint(Some(hint))
    }
}

/// Plans stacks and shows the plans.
pub(crate) async fn run(context: &Context, args: &PlanArgs) -> Result<Exit, CommandError> {
    let Context { global, terminal, env } = context;
    let StackArguments { app, stack_name, .. } = &args.stack;
    let (stack, name) = (app.stack(args.stack.stack.as_deref()), stack_name.as_deref());
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
    if let Some(exit) = synthesize(context, app).await? {
        return Ok(exit);
    }
    let beside = if args.stack.exclusively { Beside::Nothing } else { Beside::Needed };
    let files = stack::find_all(env, stack, name, beside)?;
    let files = empty_stacks::leave_out(context, files).await?;
    if let (Some(out), [_, _, ..]) = (&out, files.as_slice()) {
        return Err(SeveralPlans { path: out.path.to_owned(), stacks: files.len() }.into());
    }
    let display = match terminal.json {
        true => Display::silent(terminal.clone()),
        false => Display::new(terminal.clone()),
    };
    let PlanArgs { stack, plan, lint, .. } = args;
    let request = PlanRequest { context, stack, plan, lint, command: "plan" };
    let planned = Box::pin(plan_all(request, &files, &Arc::new(display))).await?;
    let plans: Vec<Arc<CheckedPlan>> = planned.into_iter().map(|planned| planned.plan).collect();
    let plans: Vec<&CheckedPlan> = plans.iter().map(|plan| &**plan).collect();
    let changes = args.detailed_exitcode && !plans.iter().all(|plan| plan.is_noop());
    let [plan] = plans.as_slice() else {
        match terminal.json {
            true => terminal.text(&stacks_run::json_of(&plans)?)?,
            false => stacks_run::show(&plans, args.detail, terminal)?,
        }
        return Ok(if changes { Exit::Changes } else { Exit::Done });
    };
    let metadata = match &args.out {
        Some(_) => {
            let key = signer.as_ref().map(PlanSigner::id);
            Some(SavedPlanMetadata::new(&plan.digest()?, key.as_ref().map(|key| (key, true))))
        }
        None => None,
    };
    match terminal.json {
        true => terminal.text(&plan_json(plan, metadata.as_ref())?)?,
        false => stacks_run::show(&plans, args.detail, terminal)?,
    }
    if let Some(out) = &out {
        plan_file::save(env, out, plan, signer.as_ref())?;
        if !terminal.json {
            let path = out.path.to_string_lossy();
            let secrets = secret_names(plan);
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
    Ok(if changes { Exit::Changes } else { Exit::Done })
}
