//! `rstack graph`: which resource needs which. No cloud is asked.

use std::collections::BTreeMap;

use rstack_model::Partition;
use rstack_model::state::Environment;
use rstack_render::Graph;
use rstack_template::Inputs;

use crate::args::{Global, GraphFormat, StackArguments};
use crate::error::CliError;
use crate::exit::Exit;
use crate::template::Loaded;
use crate::terminal::Terminal;
use crate::{session, stack};

/// A place to evaluate templates for when no cloud is asked.
pub(crate) fn nowhere(global: &Global) -> Environment {
    let region = session::region(global);
    Environment {
        account: "000000000000".into(),
        partition: Partition::of_region(&region),
        region,
        sandbox: true,
    }
}

/// Prints the graph.
pub(crate) fn run(
    global: &Global,
    arguments: &StackArguments,
    format: GraphFormat,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let file = stack::find(arguments.stack.as_deref(), arguments.stack_name.as_deref())?;
    let mut loaded = Loaded::read(&file.path)?;
    let given: BTreeMap<String, String> = arguments.parameter.iter().cloned().collect();
    let environment = nowhere(global);
    let inputs = Inputs { stack: &file.name, environment: &environment, parameters: &given };
    let evaluation = loaded.evaluate(&inputs);
    loaded.checked(terminal)?;
    if let Some(desired) = evaluation.and_then(|evaluation| evaluation.desired) {
        let graph = Graph::of_desired(&desired);
        terminal.text(&match format {
            GraphFormat::Dot => graph.dot(),
            GraphFormat::Mermaid => graph.mermaid(),
        })?;
    }
    Ok(Exit::Done)
}
