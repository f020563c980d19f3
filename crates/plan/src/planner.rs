//! The planner: desired, prior and observed in, a plan out.

use std::collections::{BTreeMap, BTreeSet};

use rstack_model::desired::{Desired, DesiredOutput};
use rstack_model::plan::{Change, OutputChange, Plan, PlanBase, PlanMode, Protection, Reason};
use rstack_model::state::{DeposedObject, OutputState, ResourceState, State};
use rstack_model::value::{AttributeRef, FunctionError};
use rstack_model::{
    Address, Asset, Digest, FetchedTemplate, FormerParameters, GivenValues, Image, Imports, Value,
    ValueMap,
};

use crate::PlanError;
use crate::checked::CheckedPlan;
use crate::input::{DestroyOptions, Observations, PlanInput};
use crate::name_conflicts::check_names;
use crate::order::dependencies_first;
use crate::prediction::Predictions;
use crate::propagation::propagation_waits;
use crate::protection::check_protection;
use crate::readopt::Readopted;
use crate::replace_cascade::referrers_of_deleted_first;
use crate::resource_change::{declared, definition_of, unwanted};
use crate::steps::steps;
use crate::type_definition::Schemas;

/// Plans what makes the stack what its template says.
///
/// # Errors
/// [`PlanError`] if the resources depend on each other in a circle, a name stands in the way of a
/// replacement, or a function cannot take what an attribute is.
pub fn plan(input: &PlanInput<'_>) -> Result<CheckedPlan, PlanError> {
    let desired = input.desired;
    let readopted = Readopted::of(desired, input.state, input.schemas);
    let input = &PlanInput { state: readopted.state(), ..*input };
    let graph = desired.resources.iter().map(|(id, r)| (id, &r.dependencies)).collect();
    let mut predictions = Predictions::default();
    let mut blocked = Vec::new();
    let mut changes: BTreeMap<Address, Change> = BTreeMap::new();
    for id in dependencies_first(&graph)? {
        if let Some(resource) = desired.resources.get(id) {
            changes
                .insert(id.clone(), declared(input, id, resource, &mut predictions, &mut blocked)?);
        }
    }
    let gone = input.state.resources.iter().filter(|(id, _)| !desired.resources.contains_key(*id));
    for (id, prior) in gone {
        let definition = definition_of(input.schemas, prior);
        let observation = input.observations.objects.get(id);
        let change = unwanted(prior, id, observation, definition.as_ref(), Reason::NotInTemplate);
        changes.insert(id.clone(), change);
    }
    check_names(input, &mut changes, &mut blocked);
    if let Some(error) = PlanError::of(blocked) {
        return Err(error);
    }
    check_protection(input.state, input.observations, input.schemas, &changes)?;
    referrers_of_deleted_first(input, &mut changes)?;
    readopted.explain(&mut changes);
    let mut outputs = BTreeMap::new();
    for (name, output) in &desired.outputs {
        let (before, exported_before) = before(input.state.outputs.get(name));
        // An output is evaluated last, and one that fails stops nothing else.
        let (after, problem) = match evaluated(output, &predictions) {
            Ok(after) => (Some(after), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let change = OutputChange { before, exported_before, after, problem };
        outputs.insert(name.clone(), change);
    }
    drop(predictions);
    let purpose = Purpose {
        mode: PlanMode::Deploy,
        template_digest: Some(desired.template_digest.clone()),
        parameters: desired.parameters.clone(),
        given: desired.given.clone(),
        kept: desired.kept.clone(),
        imports: desired.imports.clone(),
        awaits: awaited(desired),
        assets: desired.assets.clone(),
        images: desired.images.clone(),
        templates: desired.templates.clone(),
        creation_limits: creation_limits(desired, input.state),
        protection: Protection {
            before: input.state.termination_protection,
            after: input
                .options
                .termination_protection
                .unwrap_or(input.state.termination_protection),
        },
        purge: false,
    };
    finish(input.state, input.schemas, purpose, changes, outputs, &BTreeMap::new())
}

/// The time limits of the nested stacks that are created. One is new as long as no complete apply has made a
/// resource of it.
fn creation_limits(desired: &Desired, state: &State) -> BTreeMap<Address, u32> {
    let complete = state.former.as_deref().unwrap_or(state);
    let has = |stack: &Address| complete.resources.keys().any(|id| id.is_in(stack));
    let limits = desired
        .creation_limits
        .iter()
        .filter(|(stack, _)| !has(stack) && desired.resources.keys().any(|id| id.is_in(stack)));
    limits.map(|(stack, minutes)| (stack.clone(), *minutes)).collect()
}

/// The placeholders for values of other stacks in the resources, outputs and parameters of a stack.
fn awaited(desired: &Desired) -> BTreeSet<Address> {
    let mut out = BTreeSet::new();
    let mut note = |attribute: &AttributeRef| {
        out.extend(desired.awaits.get(&attribute.address).cloned());
    };
    let properties = desired.resources.values().flat_map(|resource| resource.properties.values());
    let outputs =
        desired.outputs.values().flat_map(|it| std::iter::once(&it.value).chain(&it.export));
    let values = properties.chain(outputs).chain(desired.parameters.values());
    values.for_each(|value| value.visit_attributes(&mut note));
    out
}

/// The value of an output, and the name it is exported under.
pub(crate) fn before(output: Option<&OutputState>) -> (Option<Value>, Option<String>) {
    let value = output.map(|output| output.value.clone());
    (value, output.and_then(|output| output.export.clone()))
}

fn evaluated(
    output: &DesiredOutput,
    predictions: &Predictions<'_>,
) -> Result<DesiredOutput, FunctionError> {
    let export = output.export.as_ref().map(|value| value.resolve(&predictions.sure()));
    Ok(DesiredOutput {
        value: output.value.resolve(&predictions.sure())?,
        description: output.description.clone(),
        export: export.transpose()?,
    })
}

/// Plans the end of a stack.
///
/// # Errors
/// [`PlanError::Protected`] if an object protects itself from deletion; [`PlanError::Broken`] for a
/// defect of the planner.
pub fn plan_destroy(
    state: &State,
    observations: &Observations,
    schemas: &dyn Schemas,
    options: &DestroyOptions,
) -> Result<CheckedPlan, PlanError> {
    let changes: BTreeMap<Address, Change> = state
        .resources
        .iter()
        .map(|(id, prior)| {
            let definition = definition_of(schemas, prior);
            let observation = observations.objects.get(id);
            let change = unwanted(prior, id, observation, definition.as_ref(), Reason::Destroy);
            (id.clone(), change)
        })
        .collect();
    check_protection(state, observations, schemas, &changes)?;
    let (outputs, restores) = (BTreeMap::new(), BTreeMap::new());
    let purpose = Purpose {
        mode: PlanMode::Destroy,
        template_digest: None,
        parameters: ValueMap::new(),
        given: GivenValues::new(),
        kept: BTreeSet::new(),
        imports: Imports::new(),
        awaits: BTreeSet::new(),
        assets: Vec::new(),
        images: Vec::new(),
        templates: BTreeMap::new(),
        creation_limits: BTreeMap::new(),
        protection: Protection::default(),
        purge: options.purge,
    };
    finish(state, schemas, purpose, changes, outputs, &restores)
}

/// The purpose of a plan, and what of the stack as a whole it leads to.
pub(crate) struct Purpose {
    pub(crate) mode: PlanMode,
    pub(crate) template_digest: Option<Digest>,
    pub(crate) parameters: ValueMap,
    pub(crate) given: GivenValues,
    pub(crate) kept: BTreeSet<String>,
    pub(crate) imports: Imports,
    pub(crate) awaits: BTreeSet<Address>,
    pub(crate) assets: Vec<Asset>,
    pub(crate) images: Vec<Image>,
    pub(crate) templates: BTreeMap<Address, FetchedTemplate>,
    pub(crate) creation_limits: BTreeMap<Address, u32>,
    pub(crate) protection: Protection,
    pub(crate) purge: bool,
}

/// The parameters that a deploy compares its own with.
fn former_parameters(mode: PlanMode, state: &State) -> FormerParameters {
    match mode {
        PlanMode::Deploy => former(state),
        PlanMode::Destroy | PlanMode::Rollback => FormerParameters::default(),
    }
}

/// The parameters of a state.
pub(crate) fn former(state: &State) -> FormerParameters {
    FormerParameters { values: state.parameters.clone(), given: state.given.clone() }
}

/// Adds what all modes have in common, and checks the plan before it is shown. `restores` are
/// the deposed objects that become current again.
pub(crate) fn finish(
    state: &State,
    schemas: &dyn Schemas,
    purpose: Purpose,
    changes: BTreeMap<Address, Change>,
    mut outputs: BTreeMap<String, OutputChange>,
    restores: &BTreeMap<Address, ResourceState>,
) -> Result<CheckedPlan, PlanError> {
    let Purpose { mode, template_digest, parameters, given, kept, imports, .. } = purpose;
    let Purpose { awaits, assets, images, templates, creation_limits, protection, purge, .. } =
        purpose;
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
        given,
        kept,
        former_parameters: former_parameters(mode, state),
        steps: steps(&state.stack, &changes, &deposed, restores)?,
        deposed,
        propagation_waits: propagation_waits(&changes),
        changes,
        outputs,
        imports,
        termination_protection: protection,
        awaits,
        assets,
        images,
        templates,
        creation_limits,
        purge,
    };
    CheckedPlan::of(plan, schemas).map_err(|broken| {
        let texts: Vec<String> = broken.iter().map(ToString::to_string).collect();
        PlanError::Broken(texts.join("; "))
    })
}
