//! `rstack show`: what the state knows of a stack, or what a saved plan, or those of a run, would change.

use std::path::Path;

use clap::Args;
use rstack_ops::Saved;
use rstack_plan::CheckedPlan;
use rstack_render::{SavedPlanMetadata, plan_json, plan_text, state_json, state_text};

use super::known_stack::state;
use super::stacks_run;
use crate::approval::VerifyArguments;
use crate::args::DetailArguments;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::plan_file;
use rstack_model::ErrorCode;

/// The arguments of `rstack show`.
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The stack (its name or its template), or the file of a saved plan.
    #[arg(value_name = "STACK")]
    stack: Option<String>,
    #[command(flatten)]
    detail: DetailArguments,
    #[command(flatten)]
    verify: VerifyArguments,
}

/// A key was given, and what is shown is no saved plan.
#[derive(Debug, thiserror::Error)]
#[error("`--verify` needs a saved plan")]
struct NoPlan;

impl From<NoPlan> for CommandError {
    fn from(error: NoPlan) -> Self {
        let hint = "give the file that `rstack plan --out FILE` wrote";
        Self::of(ErrorCode::OptionConflict, &error).with_hint(Some(hint))
    }
}

/// Shows a stack or a saved plan.
pub(crate) async fn run(context: &Context, args: &ShowArgs) -> Result<Exit, CommandError> {
    let Context { terminal, env, .. } = context;
    let named = args.stack.as_deref();
    if let Some(path) = named.map(Path::new).filter(|path| plan_file::names_plan(env, path)) {
        let saved = plan_file::load(env, path)?.saved;
        let seal = saved.seal();
        let verified = args.verify.check(env, seal)?;
        let signer = seal.signature.as_ref().map(|signature| (&signature.key, verified));
        let metadata = SavedPlanMetadata::new(&seal.digest, signer);
        show_saved(context, args.detail, &saved, &metadata)?;
        return Ok(Exit::Done);
    }
    if !args.verify.verify.is_empty() {
        return Err(NoPlan.into());
    }
    let state = state(context, named).await?;
    if terminal.json {
        terminal.text(&state_json(&state)?)?;
    } else {
        terminal.text(&state_text(&state, &terminal.view(args.detail)))?;
    }
    Ok(Exit::Done)
}

fn show_saved(
    context: &Context,
    detail: DetailArguments,
    saved: &Saved,
    metadata: &SavedPlanMetadata,
) -> Result<(), CommandError> {
    let terminal = &context.terminal;
    match (saved, terminal.json) {
        (Saved::Plan(saved), true) => {
            terminal.text(&plan_json(&saved.plan, Some(metadata))?)?;
        }
        (Saved::Plan(saved), false) => {
            let text = plan_text(&saved.plan, &terminal.view(detail));
            terminal.text(&format!("{text}\n{}", metadata.text()))?;
        }
        (Saved::Run(run), json) => {
            let plans: Vec<&CheckedPlan> = run.stacks.iter().map(|stack| &stack.plan).collect();
            if json {
                terminal.text(&stacks_run::json_of(&plans, Some(metadata))?)?;
            } else {
                stacks_run::show(&plans, detail, terminal)?;
                terminal.text(&format!("\n{}", metadata.text()))?;
            }
        }
    }
    Ok(())
}
