//! The outputs and parameters that stacks of a run are going to have: a stack of the same run is planned with
//! them, before any of it is applied.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::plan::{OutputChange, Plan};
use rstack_model::state::Environment;
use rstack_model::value::AttributeRef;
use rstack_model::{Address, Region, StackName, Value};
use rstack_template::ExternalValues;

use crate::planned_parameters::{PlannedParameter, parameters_of};

/// The planned outputs of the stacks of a run.
#[derive(Clone, Debug, Default)]
pub struct PlannedOutputs {
    stacks: BTreeMap<StackName, PlannedStack>,
}

#[derive(Clone, Debug)]
struct PlannedStack {
    environment: Environment,
    /// By output.
    outputs: BTreeMap<String, Value>,
    /// By name of the export.
    exports: BTreeMap<String, Value>,
    /// The exports that the stack has now.
    before: BTreeSet<String>,
    /// The parameters of the Parameter Store that it makes or changes, by Region and name.
    parameters: BTreeMap<(Region, String), PlannedParameter>,
}

/// The beginning of the placeholder of a stack. No logical ID has a space.
const STACK: &str = "stack ";

/// The placeholder of a stack in a value that waits for one of its outputs.
pub(crate) fn placeholder(stack: &str) -> Address {
    Address::new(format!("{STACK}{stack}"))
}

/// The stack that a placeholder stands for.
pub(crate) fn stack_of(placeholder: &Address) -> Option<StackName> {
    StackName::parse(placeholder.as_str().strip_prefix(STACK)?).ok()
}

/// The value of an output of a stack that is known only after that stack is applied.
pub fn awaited_output(stack: &StackName, output: &str) -> Value {
    Value::attribute(AttributeRef::named(placeholder(stack.as_str()), output))
}

impl PlannedOutputs {
    /// Adds the outputs that a plan leads to.
    pub fn add(&mut self, plan: &Plan) {
        let (mut outputs, mut exports) = (BTreeMap::new(), BTreeMap::new());
        for (name, output) in &plan.outputs {
            let Some(after) = &output.after else { continue };
            let mut is_known = true;
            after.value.visit_attributes(&mut |_| is_known = false);
            let value = match is_known {
                true => after.value.clone(),
                false => awaited_output(&plan.stack, name),
            };
            let export = after.export.as_ref().and_then(Value::as_str);
            exports.extend(export.map(|export| (export.to_owned(), value.clone())));
            outputs.insert(name.clone(), value);
        }
        let before = plan.outputs.values();
        let before = before.filter_map(|output: &OutputChange| output.exported_before.clone());
        let (environment, before) = (plan.environment.clone(), before.collect());
        let parameters = parameters_of(plan, &placeholder(plan.stack.as_str()));
        let planned = PlannedStack { environment, outputs, exports, before, parameters };
        self.stacks.insert(plan.stack.clone(), planned);
    }

    /// Takes a stack out that is applied: its state has its outputs.
    pub fn remove(&mut self, stack: &StackName) {
        self.stacks.remove(stack);
    }

    /// Puts the planned outputs in the place of those that the states have, as they are seen from an
    /// environment.
    pub fn put_into(&self, external: &mut ExternalValues, here: &Environment) {
        for (stack, planned) in &self.stacks {
            let there = &planned.environment;
            let place = (there.account.clone(), stack.to_string(), there.region.clone());
            external.accounts.insert(place, planned.outputs.clone());
            if there.account == here.account {
                let key = (stack.to_string(), there.region.clone());
                external.outputs.insert(key, planned.outputs.clone());
                for ((region, name), parameter) in &planned.parameters {
                    if *region == here.region {
                        let Environment { account, region, partition, .. } = here;
                        let arn = format!("arn:{partition}:ssm:{region}:{account}:parameter");
                        external.answers.extend(parameter.answers(name, &arn));
                    }
                }
            }
            if there == here {
                external.exports.retain(|export, _| !planned.before.contains(export));
            }
        }
        // An export may have moved from one stack of the run to another.
        for planned in self.stacks.values().filter(|planned| planned.environment == *here) {
            external.exports.extend(planned.exports.clone());
        }
    }

    /// The placeholders for outputs that are not known yet.
    pub fn placeholders(&self) -> BTreeSet<Address> {
        self.stacks.keys().map(|stack| placeholder(stack.as_str())).collect()
    }
}
