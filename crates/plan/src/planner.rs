//! The planner: desired, prior and observed in, a plan out.

use std::collections::BTreeMap;

use rstack_model::desired::DesiredOutput;
use rstack_model::plan::{Change, OutputChange, Plan, PlanBase, PlanMode, Reason};
use rstack_model::state::{DeposedObject, OutputState, ResourceState, State};
use rstack_model::value::FunctionError;
use rstack_model::{Address, Digest, Value, ValueMap};

use crate::PlanError;
use crate::check::check;
use crate::draft::{declared, facts_of, unwanted};
use crate::facts::Schemas;
use crate::input::{Observations, PlanInput};
use crate::order::dependencies_first;
use crate::outlook::Outlooks;
use crate::pick_up::pick_ups;
use crate::steps::steps;
use crate::together::{check_names, users_of_deleted_first};

/// Plans what makes the stack what its template says.
///
/// # Errors
/// [`PlanError`] if the resources depend on each other in a circle, a name stands in the way of a
/// replacement, or a function cannot take what an attribute is.
pub fn plan(input: &PlanInput<'_>) -> Result<Plan, PlanError> {
    let desired = input.desired;
    let graph = desired.resources.iter().map(|(id, r)| (id, &r.dependencies)).collect();
    let mut outlooks = Outlooks::default();
    let mut blocked = Vec::new();
    let mut changes: BTreeMap<Address, Change> = BTreeMap::new();
    for id in dependencies_first(&graph)? {
        if let Some(resource) = desired.resources.get(id) {
            changes.insert(id.clone(), declared(input, id, resource, &mut outlooks, &mut blocked)?);
        }
    }
    let gone = input.state.resources.iter().filter(|(id, _)| !desired.resources.contains_key(*id));
    for (id, prior) in gone {
        let facts = facts_of(input.schemas, prior);
        let observation = input.observations.objects.get(id);
        let change = unwanted(prior, id, observation, facts.as_ref(), Reason::NotInTemplate);
        changes.insert(id.clone(), change);
    }
    if let Some(error) = PlanError::of(blocked) {
        return Err(error);
    }
    check_names(input, &changes)?;
    users_of_deleted_first(input, &mut changes)?;
    let mut outputs = BTreeMap::new();
    for (name, output) in &desired.outputs {
        let (before, exported_before) = before(input.state.outputs.get(name));
        // An output is the last thing that may go wrong: it stands in nobody's way.
        let (after, problem) = match evaluated(output, &outlooks) {
            Ok(after) => (Some(after), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let change = OutputChange { before, exported_before, after, problem };
        outputs.insert(name.clone(), change);
    }
    drop(outlooks);
    finish(
        input.state,
        PlanMode::Deploy,
        Some(desired.template_digest.clone()),
        desired.parameters.clone(),
        changes,
        outputs,
        &BTreeMap::new(),
    )
}

/// The value of an output, and the name it is exported under.
pub(crate) fn before(output: Option<&OutputState>) -> (Option<Value>, Option<String>) {
    let value = output.map(|output| output.value.clone());
    (value, output.and_then(|output| output.export.clone()))
}

fn evaluated(output: &DesiredOutput, outlooks: &Outlooks) -> Result<DesiredOutput, FunctionError> {
    let export = output.export.as_ref().map(|value| value.resolve(&outlooks.sure()));
    Ok(DesiredOutput {
        value: output.value.resolve(&outlooks.sure())?,
        description: output.description.clone(),
        export: export.transpose()?,
    })
}

/// Plans the end of a stack.
///
/// # Errors
/// [`PlanError::Broken`] only: for a defect of the planner.
pub fn plan_destroy(
    state: &State,
    observations: &Observations,
    schemas: &dyn Schemas,
) -> Result<Plan, PlanError> {
    let changes = state
        .resources
        .iter()
        .map(|(id, prior)| {
            let facts = facts_of(schemas, prior);
            let observation = observations.objects.get(id);
            let change = unwanted(prior, id, observation, facts.as_ref(), Reason::Destroy);
            (id.clone(), change)
        })
        .collect();
    let (outputs, restores) = (BTreeMap::new(), BTreeMap::new());
    finish(state, PlanMode::Destroy, None, ValueMap::new(), changes, outputs, &restores)
}

/// Adds what all modes have in common, and checks the plan before anyone sees it. `restores` are
/// the deposed objects that become current again.
pub(crate) fn finish(
    state: &State,
    mode: PlanMode,
    template_digest: Option<Digest>,
    parameters: ValueMap,
    changes: BTreeMap<Address, Change>,
    mut outputs: BTreeMap<String, OutputChange>,
    restores: &BTreeMap<Address, ResourceState>,
) -> Result<Plan, PlanError> {
    for (name, output) in &state.outputs {
        outputs.entry(name.clone()).or_insert_with(|| {
            let (before, exported_before) = before(Some(output));
            OutputChange { before, exported_before, after: None, problem: None }
        });
    }
    let deposed: Vec<DeposedObject> = state
        .deposed
        .iter()
        .filter(|deposed| restores.get(&deposed.address) != Some(&deposed.object))
        .cloned()
        .collect();
    let plan = Plan {
        mode,
        stack: state.stack.clone(),
        environment: state.environment.clone(),
        base: PlanBase { lineage: state.lineage.clone(), serial: state.serial },
        template_digest,
        parameters,
        steps: steps(&changes, &deposed, restores)?,
        deposed,
        pick_ups: pick_ups(&changes),
        changes,
        outputs,
        purge: false,
    };
    match check(&plan).as_slice() {
        [] => Ok(plan),
        broken => {
            let texts: Vec<String> = broken.iter().map(ToString::to_string).collect();
            Err(PlanError::Broken(texts.join("; ")))
        }
    }
}
