//! `rstack plan`: what apply would change. Nothing is changed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use rstack_model::Digest;
use rstack_ops::{PlanSigner, SavedStack, secret_names};
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
use crate::stack::StackFile;
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
    /// Save the plan, or the plans of all stacks, to this file, for `rstack apply FILE`. Replaces an existing
    /// saved plan.
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

/// Plans stacks and shows the plans.
pub(crate) async fn run(context: &Context, args: &PlanArgs) -> Result<Exit, CommandError> {
    let Context { global, terminal, env, .. } = context;
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
    let display = match terminal.json {
        true => Display::silent(terminal.clone()),
        false => Display::new(terminal.clone()),
    };
    let PlanArgs { stack, plan, lint, .. } = args;
    let request = PlanRequest { context, stack, plan, lint, command: "plan" };
    let planned = Box::pin(plan_all(request, &files, &Arc::new(display))).await?;
    let stacks = planned.into_iter().map(|planned| SavedStack {
        needs: needs(planned.file, &files),
        plan: (*planned.plan).clone(),
    });
    let stacks: Vec<SavedStack> = stacks.collect();
    let plans: Vec<&CheckedPlan> = stacks.iter().map(|stack| &stack.plan).collect();
    let changes = args.detailed_exitcode && !plans.iter().all(|plan| plan.is_noop());
    let digest = match (&out, plans.as_slice()) {
        (None, _) => None,
        (Some(_), [plan]) => Some(plan.digest()?),
        (Some(out), _) => Some(plan_file::run_digest(out, &stacks)?),
    };
    let key = signer.as_ref().map(PlanSigner::id);
    let signed_by = key.as_ref().map(|key| (key, true));
    let metadata = digest.as_ref().map(|digest| SavedPlanMetadata::new(digest, signed_by));
    match (terminal.json, plans.as_slice()) {
        (true, [plan]) => terminal.text(&plan_json(plan, metadata.as_ref())?)?,
        (true, _) => terminal.text(&stacks_run::json_of(&plans, metadata.as_ref())?)?,
        (false, _) => stacks_run::show(&plans, args.detail, terminal)?,
    }
    if let (Some(out), Some(digest)) = (&out, &digest) {
        match plans.as_slice() {
            [plan] => plan_file::save(env, out, plan, signer.as_ref())?,
            _ => plan_file::save_run(env, out, &stacks, signer.as_ref())?,
        }
        if !terminal.json {
            tell_saved(context, out, (digest, signer.is_some()), &plans);
        }
    }
    Ok(if changes { Exit::Changes } else { Exit::Done })
}

/// The stacks of the run that a stack needs.
fn needs(file: &StackFile, files: &[StackFile]) -> BTreeSet<String> {
    let in_run = |name: &&String| files.iter().any(|other| other.name.as_str() == name.as_str());
    file.needs.iter().filter(in_run).cloned().collect()
}

/// Says that plans were saved, and how they are applied.
fn tell_saved(
    context: &Context,
    out: &NewFile<'_>,
    (digest, signed): (&Digest, bool),
    plans: &[&CheckedPlan],
) {
    let path = out.path.to_string_lossy();
    let mut values = Vec::new();
    for plan in plans {
        let of = if plans.len() > 1 { format!("{}:", plan.stack) } else { String::new() };
        values.extend(secret_names(plan).iter().map(|name| format!("{of}{name}=FILE")));
    }
    let mut apply = vec!["apply", &*path];
    apply.extend(values.iter().flat_map(|value| ["--parameter-from", value]));
    let apply = context.global.line(&apply);
    let signed = if signed { " and signed" } else { "" };
    context
        .terminal
        .note(&format!("Saved{signed}: sha256:{digest}. Apply it with: {}", escape(&apply)));
}
