//! The outputs and exports that the stacks of an app are going to have, for checks of its templates: a stack
//! may use what another one of the same app exports, applied or not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rstack_model::state::Environment;
use rstack_model::{Partition, StackName, Value};
use rstack_ops::{LastParameters, awaited_output};
use rstack_template::{
    Evaluation, Expression, ExpressionKind, ExternalValues, Inputs, Reading, Template, evaluate,
};

use crate::assembly::{self, AssemblyStack};
use crate::env::Env;
use crate::parameters::RunParameters;
use crate::stack::StackError;
use crate::template::Loaded;

/// Adds what the stacks of an assembly put out, each behind all that it needs. `nowhere` is the place of a
/// stack whose app says none.
///
/// # Errors
/// If the assembly cannot be read. Templates that cannot be read are reported when they are checked.
pub(super) fn add_app_values(
    env: &Env,
    folder: &Path,
    parameters: &RunParameters,
    nowhere: &Environment,
    external: &mut ExternalValues,
) -> Result<(), StackError> {
    let stacks = assembly::stacks(env, folder)?;
    if stacks.len() < 2 {
        return Ok(());
    }
    for stack in &stacks {
        add_stack(env, stack, parameters, nowhere, external);
    }
    Ok(())
}

fn add_stack(
    env: &Env,
    stack: &AssemblyStack,
    parameters: &RunParameters,
    nowhere: &Environment,
    external: &mut ExternalValues,
) {
    let Ok(name) = StackName::parse(&stack.name) else { return };
    let mut environment = nowhere.clone();
    if let Some(account) = &stack.settings.environment.account {
        environment.account = account.clone();
    }
    if let Some(region) = &stack.settings.environment.region {
        environment.partition = Partition::of_region(region);
        environment.region = region.clone();
    }
    let names = stack.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let given = parameters.for_stack(&names, LastParameters::default(), true);
    let place = Reading::place(&environment, &name);
    let Ok(loaded) = Loaded::read(env, &stack.template, &given.texts(), place) else { return };
    let Some(template) = &loaded.template else { return };
    let given: BTreeMap<String, String> = given
        .texts()
        .into_iter()
        .filter(|(name, _)| template.parameters.contains_key(name))
        .collect();
    let inputs = Inputs { stack: &name, environment: &environment, parameters: &given, external };
    let evaluation = evaluate(template, &inputs);
    let exports = exports(template, &evaluation);
    let value = |output: &String| awaited_output(&name, output);
    external.exports.extend(exports.into_iter().map(|(export, output)| (export, value(&output))));
    let outputs = template.outputs.keys().map(|output| (output.clone(), value(output)));
    external.outputs.insert((name.to_string(), environment.region), outputs.collect());
}

/// The names of exports with their outputs: as they are evaluated, or where a template cannot be evaluated
/// for want of values, as far as they are written as texts.
fn exports(template: &Template, evaluation: &Evaluation) -> BTreeSet<(String, String)> {
    let literal = |export: &Expression| match &export.kind {
        ExpressionKind::Literal(value) => value.as_str().map(str::to_owned),
        _ => None,
    };
    match &evaluation.desired {
        Some(desired) => {
            let of = |(output, it): (&String, &rstack_model::desired::DesiredOutput)| {
                let export = it.export.as_ref().and_then(Value::as_str)?;
                Some((export.to_owned(), output.clone()))
            };
            desired.outputs.iter().filter_map(of).collect()
        }
        None => {
            let outputs = template.outputs.iter();
            let of = outputs
                .filter_map(|(output, it)| Some((literal(it.export.as_ref()?)?, output.clone())));
            of.collect()
        }
    }
}
