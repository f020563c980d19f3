//! A saved plan that awaits values of other stacks of its run: when these are applied, the values are filled
//! in, and the stack is planned again from what the saved plan says that it is to become.
//!
//! Nothing else is taken from anywhere: the template is not read, and the state and the objects are those that
//! the plan was made from. So the new plan differs from the saved one by what follows from the values, and the
//! front end decides if that is what was agreed to.

use std::collections::{BTreeMap, BTreeSet};

use rstack_apply::SecretParameters;
use rstack_model::desired::{Desired, DesiredOutput, DesiredResource};
use rstack_model::plan::{Action, Change, Plan, PlannedObject, Reason, ReplaceOrder};
use rstack_model::state::State;
use rstack_model::value::{
    Attribute, AttributeRef, Attributes, FunctionError, Lookup, Unresolvable, resolve_map,
};
use rstack_model::{Address, Digest, SecretString, StackName, Value};
use rstack_plan::{CheckedPlan, PlanError, PlanOptions};

use crate::apply::{carry_out, check_base, check_planned_environment, work_of};
use crate::open::open;
use crate::plan::{Deploy, plan_deploy};
use crate::planned_outputs::stack_of;
use crate::planned_parameters::parameter_of;
use crate::{
    Applied, FrontEnd, GivenSecrets, Held, Holder, Operations, OpsError, Review, verify_saved,
};

/// Carries out a saved plan that awaits outputs of other stacks, which are applied by now.
///
/// # Errors
/// As [`crate::apply_saved`]; if an output that it awaits is missing; and if the stack cannot be planned with
/// the values, or the front end refuses the plan that results.
pub async fn apply_awaiting<F: FrontEnd>(
    ops: &Operations,
    plan: &CheckedPlan,
    given: &[(String, SecretString)],
    holder: &Holder,
    front: &F,
) -> Result<Applied, F::Error> {
    check_planned_environment(ops, plan)?;
    let parameters = GivenSecrets(given).for_plan(ops, plan).await?;
    let apply = async |lease: &Held<'_>| apply_held(ops, lease, (plan, &parameters), front).await;
    ops.under_lease(&plan.stack, holder, apply).await
}

async fn apply_held<F: FrontEnd>(
    ops: &Operations,
    lease: &Held<'_>,
    (saved, parameters): (&CheckedPlan, &SecretParameters),
    front: &F,
) -> Result<Applied, F::Error> {
    let state = open(ops, lease, parameters, front).await?;
    check_base(saved, lease.read().await.map_err(OpsError::from)?.state.as_ref())?;
    let verified = verify_saved(ops, saved, &state, parameters);
    lease.unless_lost(verified).await.map_err(OpsError::from)??;
    let values = Filled::of(ops, saved).await?;
    let desired = desired_of(saved, &values)?;
    let (options, state) = (&options_of(saved), parameters.renewed(state));
    let deploy = Deploy {
        desired: &desired,
        parameters,
        options,
        refresh: true,
        last_given: None,
        imported: None,
    };
    let planned = lease.unless_lost(plan_deploy(ops, &deploy, &state, front)).await;
    let planned = planned.unwrap_or_else(|lost| Err(lost.into()));
    front.planned(planned.as_deref().ok())?;
    let plan = planned?;
    let work = work_of(&plan, &state);
    let review = Review { plan: &plan, state: &state, work, secrets: Default::default() };
    carry_out(ops, lease, &review, (parameters, None), front).await
}

/// The values that a plan awaits.
struct Filled(BTreeMap<AttributeRef, Value>);

impl Attributes for Filled {
    fn attribute(&self, reference: &AttributeRef) -> Option<Value> {
        self.0.get(reference).cloned()
    }
}

impl Filled {
    /// Reads the values out of the states of the stacks that have them, and parameters out of the
    /// Parameter Store.
    async fn of(ops: &Operations, plan: &Plan) -> Result<Self, OpsError> {
        let mut states: BTreeMap<StackName, Option<State>> = BTreeMap::new();
        let mut out = BTreeMap::new();
        for reference in awaited(plan) {
            let missing = || OpsError::AwaitedMissing {
                stack: plan.stack.clone(),
                value: reference.to_string(),
            };
            let stack = stack_of(&reference.address).ok_or_else(missing)?;
            let Attribute::Named(output) = &reference.attribute else { return Err(missing()) };
            if let Some(parameter) = parameter_of(output) {
                let lookup = Lookup::Parameter(parameter);
                let answers = ops.engine.look_up([&lookup]).await?;
                let answer = answers.into_iter().next().ok_or_else(missing)?.1?;
                out.insert(reference, answer);
                continue;
            }
            if !states.contains_key(&stack) {
                let state = ops.backend.read(&stack).await?.state;
                states.insert(stack.clone(), state);
            }
            let state = states.get(&stack).and_then(Option::as_ref);
            let found = state.and_then(|state| state.outputs.get(output)).ok_or_else(missing)?;
            out.insert(reference, found.value.clone());
        }
        Ok(Self(out))
    }
}

/// The values that a plan awaits, in its resources, outputs and parameters.
fn awaited(plan: &Plan) -> BTreeSet<AttributeRef> {
    let mut out = BTreeSet::new();
    let mut note = |reference: &AttributeRef| {
        if plan.awaits.contains(&reference.address) {
            out.insert(reference.clone());
        }
    };
    let objects = plan.changes.values().filter_map(|change| change.desired.as_ref());
    let outputs = plan.outputs.values().filter_map(|output| output.after.as_ref());
    let outputs = outputs.flat_map(|output| std::iter::once(&output.value).chain(&output.export));
    let properties = objects.flat_map(|object| object.properties.values());
    let values = properties.chain(outputs).chain(plan.parameters.values());
    values.for_each(|value| value.visit_attributes(&mut note));
    out
}

/// The stack as a plan says that it is to be, with the values that it awaits.
fn desired_of(plan: &Plan, values: &Filled) -> Result<Desired, OpsError> {
    let failed = |address: String, source: FunctionError| {
        OpsError::from(PlanError::Function { address, path: None, of: Vec::new(), source })
    };
    let mut resources = BTreeMap::new();
    for (address, change) in &plan.changes {
        let Some(object) = &change.desired else { continue };
        let resource = resource(change, object, values);
        let resource = resource.map_err(|Unresolvable { path, of, error: source }| {
            let (address, path) = (address.to_string(), Some(path));
            OpsError::from(PlanError::Function { address, path, of, source })
        })?;
        resources.insert(address.clone(), resource);
    }
    let mut outputs = BTreeMap::new();
    for (name, output) in &plan.outputs {
        let Some(after) = &output.after else { continue };
        let after = filled(after, values).map_err(|error| failed(name.clone(), error))?;
        outputs.insert(name.clone(), after);
    }
    let parameters = plan.parameters.iter().map(|(name, value)| {
        let value = value.resolve(values).map_err(|error| failed(name.clone(), error))?;
        Ok((name.clone(), value))
    });
    // Plans to deploy have one, which the checker sees to.
    let template_digest = plan.template_digest.clone().unwrap_or_else(|| Digest::of(&[]));
    Ok(Desired {
        stack: plan.stack.clone(),
        template_digest,
        parameters: parameters.collect::<Result<_, OpsError>>()?,
        given: plan.given.clone(),
        kept: plan.kept.clone(),
        resources,
        outputs,
        imports: plan.imports.clone(),
        awaits: BTreeSet::new(),
        assets: plan.assets.clone(),
        images: plan.images.clone(),
        templates: plan.templates.clone(),
        creation_limits: plan.creation_limits.clone(),
    })
}

fn resource(
    change: &Change,
    object: &PlannedObject,
    values: &Filled,
) -> Result<DesiredResource, Unresolvable> {
    Ok(DesiredResource {
        resource_type: change.resource_type.clone(),
        properties: resolve_map(&object.properties, values)?,
        dependencies: object.dependencies.clone(),
        deletion_policy: object.deletion_policy,
        update_replace_policy: object.update_replace_policy,
        delete_first: change.action == Action::Replace(ReplaceOrder::DeleteFirst),
    })
}

fn filled(output: &DesiredOutput, values: &Filled) -> Result<DesiredOutput, FunctionError> {
    Ok(DesiredOutput {
        value: output.value.resolve(values)?,
        description: output.description.clone(),
        export: output.export.as_ref().map(|export| export.resolve(values)).transpose()?,
    })
}

/// The options that lead to what a plan shows.
fn options_of(plan: &Plan) -> PlanOptions {
    let of = |is_it: &dyn Fn(&Change) -> bool| -> BTreeSet<Address> {
        let changes = plan.changes.iter().filter(|(_, change)| is_it(change));
        changes.map(|(address, _)| address.clone()).collect()
    };
    PlanOptions {
        delete_first: of(&|change| change.action == Action::Replace(ReplaceOrder::DeleteFirst)),
        replace: of(&|change| change.reasons.contains(&Reason::Requested)),
        termination_protection: Some(plan.termination_protection.after),
    }
}
