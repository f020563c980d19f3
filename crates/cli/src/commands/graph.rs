//! `rstack graph`: which resource needs which. No cloud is asked.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use rstack_model::desired::Desired;
use rstack_model::{Address, ResourceType};
use rstack_ops::{LastParameters, cross_stack_values};
use rstack_render::Graph;
use rstack_template::{Inputs, Reading};
use serde_json::json;

use super::nowhere::nowhere;
use crate::args::StackArguments;
use crate::assembly::Beside;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::parameters::RunParameters;
use crate::stack::StackFile;
use crate::synth::synthesize;
use crate::template::{Loaded, Offline};
use crate::terminal::Terminal;
use crate::{session, stack};

/// The arguments of `rstack graph`.
#[derive(Args, Debug)]
pub(crate) struct GraphArgs {
    #[command(flatten)]
    stack: StackArguments,
    /// The language of the graph.
    #[arg(long, value_enum, default_value = "dot")]
    format: GraphFormat,
}

/// A language for graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    /// Graphviz.
    Dot,
    /// Mermaid.
    Mermaid,
}

/// The graph for programs: resources, and which needs which.
fn json(desired: &Desired) -> serde_json::Value {
    let resources: Vec<_> = desired
        .resources
        .iter()
        .map(|(id, resource)| {
            let needs: Vec<&str> = resource.dependencies.iter().map(Address::as_str).collect();
            let kind = resource.resource_type.as_str();
            json!({"address": id.as_str(), "type": kind, "needs": needs})
        })
        .collect();
    json!({"stack": desired.stack.as_str(), "resources": resources})
}

/// The stacks that a stack needs, but for those that it needs over others.
fn direct<'a>(file: &'a StackFile, files: &'a [StackFile]) -> impl Iterator<Item = &'a str> + 'a {
    let over_others = |name: &str| {
        let mut others = files.iter().filter(|other| file.needs.contains(other.name.as_str()));
        others.any(|other| other.needs.contains(name))
    };
    file.needs.iter().map(String::as_str).filter(move |name| !over_others(name))
}

/// Prints the graph of several stacks: which needs which.
fn of_stacks(
    files: &[StackFile],
    format: GraphFormat,
    terminal: &Terminal,
) -> Result<Exit, CommandError> {
    if terminal.json {
        let stacks = files.iter().map(|file| {
            let needs = direct(file, files).collect::<Vec<_>>();
            json!({"stack": file.name.as_str(), "needs": needs})
        });
        terminal.line(&json!({"stacks": stacks.collect::<Vec<_>>()}).to_string())?;
        return Ok(Exit::Done);
    }
    let kind = ResourceType::from("AWS::CloudFormation::Stack");
    let nodes: Vec<(Address, BTreeSet<Address>)> = files
        .iter()
        .map(|file| {
            let needs = direct(file, files).map(Address::new).collect();
            (Address::new(file.name.as_str()), needs)
        })
        .collect();
    let graph = Graph::new(nodes.iter().map(|(name, needs)| (name, &kind, needs)));
    terminal.text(&match format {
        GraphFormat::Dot => graph.dot(),
        GraphFormat::Mermaid => graph.mermaid(),
    })?;
    Ok(Exit::Done)
}

/// Prints the graph.
pub(crate) async fn run(context: &Context, args: &GraphArgs) -> Result<Exit, CommandError> {
    let Context { terminal, env, .. } = context;
    let StackArguments { app, stack_name, .. } = &args.stack;
    let (stack, name) = (app.stack(args.stack.stack.as_deref()), stack_name.as_deref());
    if let Some(exit) = synthesize(context, app).await? {
        return Ok(exit);
    }
    let files = stack::find_all(env, stack, name, Beside::Nothing)?;
    let [file] = files.as_slice() else { return of_stacks(&files, args.format, terminal) };
    let parameters = RunParameters::read(context, &args.stack.parameters)?;
    let names = file.names();
    parameters.check_stacks(&names)?;
    let stored = session::states(context)?.backend.read(&file.name).await?;
    let mut given = parameters.for_stack(&names, LastParameters::of(&stored), false);
    file.settings.check_app(&file.template)?;
    let environment = nowhere(context, &file.settings.environment);
    let place = Reading::place(&environment, &file.name);
    let mut loaded = Loaded::read(env, &file.template, &given.texts(), place)?;
    loaded.sources.set_assets(&file.settings.assets);
    given.complete_all(context, loaded.template.as_ref(), true)?;
    if let Some(template) = &loaded.template {
        given.fit(template, true)?;
    }
    let given = given.texts();
    let external =
        cross_stack_values(session::states(context)?.backend.as_ref(), &file.name, None).await?;
    let inputs = Inputs {
        stack: &file.name,
        environment: &environment,
        parameters: &given,
        external: &external,
    };
    let evaluation = loaded.evaluate(&inputs, Offline::Refuses("graph"));
    loaded.checked(terminal)?;
    if let Some(desired) = evaluation.and_then(|evaluation| evaluation.desired) {
        if terminal.json {
            terminal.line(&json(&desired).to_string())?;
            return Ok(Exit::Done);
        }
        let graph = Graph::of_desired(&desired);
        terminal.text(&match args.format {
            GraphFormat::Dot => graph.dot(),
            GraphFormat::Mermaid => graph.mermaid(),
        })?;
    }
    Ok(Exit::Done)
}
