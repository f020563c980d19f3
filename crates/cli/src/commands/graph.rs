//! `rstack graph`: which resource needs which. No cloud is asked.

use std::collections::BTreeMap;

use rstack_model::desired::Desired;
use rstack_model::state::Environment;
use rstack_model::{Address, Partition};
use rstack_ops::cross_stack_values;
use rstack_render::Graph;
use rstack_template::{Inputs, Reading};
use serde_json::json;

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

/// The graph for programs: resources, and which needs which.
fn json(desired: &Desired) -> serde_json::Value {
    let resources: Vec<_> = desired
        .resources
        .iter()
        .map(|(id, resource)| {
            let needs: Vec<&str> = resource.dependencies.iter().map(Address::as_str).collect();
            let kind = resource.resource_type.as_str();
            json!({"logicalId": id.as_str(), "type": kind, "needs": needs})
        })
        .collect();
    json!({"stack": desired.stack.as_str(), "resources": resources})
}

/// Prints the graph.
pub(crate) fn run(
    global: &Global,
    arguments: &StackArguments,
    format: GraphFormat,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let file = stack::find(arguments.stack.as_deref(), arguments.stack_name.as_deref())?;
    let given: BTreeMap<String, String> = arguments.parameter.iter().cloned().collect();
    let environment = nowhere(global);
    let place = Reading::place(&environment, &file.name);
    let mut loaded = Loaded::read(&file.path, &given, place)?;
    let outside = cross_stack_values(&session::store(global)?, &file.name, None)?;
    let inputs = Inputs {
        stack: &file.name,
        environment: &environment,
        parameters: &given,
        outside: &outside,
    };
    let evaluation = loaded.evaluate(&inputs);
    loaded.checked(terminal)?;
    if let Some(desired) = evaluation.and_then(|evaluation| evaluation.desired) {
        if terminal.json {
            terminal.line(&json(&desired).to_string())?;
            return Ok(Exit::Done);
        }
        let graph = Graph::of_desired(&desired);
        terminal.text(&match format {
            GraphFormat::Dot => graph.dot(),
            GraphFormat::Mermaid => graph.mermaid(),
        })?;
    }
    Ok(Exit::Done)
}
