//! `rstack output`: the outputs of a stack, for people and for scripts.

use clap::Args;
use rstack_model::state::State;
use rstack_model::{ErrorCode, StackName};
use rstack_render::{output_value, outputs_json, outputs_text};
use rstack_store::StoreError;

use super::known_stack::{KnownStackError, state};
use crate::context::Context;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::session::states;

/// The arguments of `rstack output`.
#[derive(Args, Debug)]
pub(crate) struct OutputArgs {
    /// The stack: its name or its template. Can be omitted if only one stack exists.
    #[arg(value_name = "STACK")]
    stack: Option<String>,
    /// Print only the value of this output: unchanged to a file or a pipe, with control characters
    /// escaped on a terminal. A value that a workflow runner would carry out as a command is refused;
    /// use `--json` for it.
    #[arg(value_name = "OUTPUT")]
    output: Option<String>,
}

/// There is no such output.
#[derive(Debug, thiserror::Error)]
#[error("the stack `{stack}` has no output `{output}`")]
struct NoOutput {
    stack: StackName,
    output: String,
    known: Vec<String>,
}

impl From<NoOutput> for CommandError {
    fn from(error: NoOutput) -> Self {
        let known = error.known.join(", ");
        let hint = if known.is_empty() {
            "the stack has no outputs; an output that is new in the template exists after an apply"
                .to_owned()
        } else {
            format!("its outputs are {known}")
        };
        Self::of(ErrorCode::UnknownOutput, &error).with_hint(Some(hint))
    }
}

/// Prints all outputs, or the bare value of one.
pub(crate) async fn run(context: &Context, args: &OutputArgs) -> Result<Exit, CommandError> {
    let terminal = &context.terminal;
    let (stack, output) = (args.stack.as_deref(), args.output.as_deref());
    let (state, output) = match (state(context, stack).await, stack, output) {
        // With only one stack, its name may be left out here, too.
        (Err(KnownStackError::NoState { .. }), Some(text), None) if only_stack(context).await? => {
            (state(context, None).await?, Some(text))
        }
        (state, _, output) => (state?, output),
    };
    match output {
        Some(name) => {
            let found = state.outputs.get(name).ok_or_else(|| NoOutput {
                stack: state.stack.clone(),
                output: name.to_owned(),
                known: state.outputs.keys().cloned().collect(),
            })?;
            if terminal.json {
                terminal.line(&output_json(&state, name)?)?;
            } else {
                let stack = state.stack.as_str();
                let hint = Hint::begin_with(&["output", stack, name, "--json"]);
                let hint = hint.text(" prints it as JSON, which no runner acts upon");
                terminal.exact(&format!("{}\n", output_value(found)), hint)?;
            }
        }
        None if terminal.json => terminal.text(&outputs_json(&state)?)?,
        None => terminal.text(&outputs_text(&state, terminal.palette()))?,
    }
    Ok(Exit::Done)
}

/// True if there is exactly one stack with a state.
async fn only_stack(context: &Context) -> Result<bool, StoreError> {
    Ok(states(context)?.backend.stacks().await?.len() == 1)
}

/// The value of one output as JSON.
fn output_json(state: &State, name: &str) -> Result<String, serde_json::Error> {
    let mut all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&outputs_json(state)?)?;
    Ok(all.remove(name).unwrap_or_default().to_string())
}
