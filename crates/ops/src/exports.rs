//! Exports in use: a plan that takes from another stack what that stack imports, or exports a name that
//! another stack exports, is refused before anything is changed.
//!
//! The stacks are those of the states, in the same account and Region, and those that CloudFormation
//! manages there. A run that is open counts with what it was to import, and with the outputs that it has
//! recorded. CloudFormation is asked only about exports that come, change or go.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rstack_journal::Entry;
use rstack_model::plan::{Action, Certainty, Checked, Plan, PlanMode};
use rstack_model::state::{Environment, OutputState};
use rstack_model::{Importer, Imports, StackName, Value, add_imports};

use crate::managed_exports::Managed;
use crate::{FrontEnd, Operations, OpsError, Record};

/// A stack that imports an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// A stack of the states.
    Stack {
        /// The stack.
        stack: StackName,
        /// The places in it that use the export.
        places: BTreeSet<Importer>,
    },
    /// A stack that CloudFormation manages, by name.
    Managed(String),
}

impl Consumer {
    /// The name of the stack.
    pub fn name(&self) -> &str {
        match self {
            Self::Stack { stack, .. } => stack.as_str(),
            Self::Managed(stack) => stack,
        }
    }
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stack { stack, places } => {
                let places: Vec<String> = places.iter().map(ToString::to_string).collect();
                write!(f, "stack `{stack}` ({})", places.join(", "))
            }
            Self::Managed(stack) => write!(f, "stack `{stack}`, which CloudFormation manages"),
        }
    }
}

/// The change of an export that other stacks import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportChange {
    /// The export goes, and the stack stays.
    Removed,
    /// Its value becomes another one.
    Changed,
    /// The stack is destroyed.
    Destroyed,
}

/// An export that a plan cannot change as it does, or cannot make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportConflict {
    /// Other stacks import it.
    InUse {
        /// The name of the export.
        export: String,
        /// The change.
        change: ExportChange,
        /// The stacks that import it.
        consumers: Vec<Consumer>,
    },
    /// Another stack exports the name.
    Taken {
        /// The name of the export.
        export: String,
        /// The output that is to be exported.
        output: String,
        /// The other stack.
        stack: StackName,
        /// The output of the other stack.
        of_output: String,
    },
    /// A stack that CloudFormation manages exports the name.
    TakenByManaged {
        /// The name of the export.
        export: String,
        /// The output that is to be exported.
        output: String,
        /// The other stack.
        stack: String,
    },
}

impl fmt::Display for ExportConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { export, change, consumers } => {
                let change = match change {
                    ExportChange::Removed => "would be removed",
                    ExportChange::Changed => "would get another value",
                    ExportChange::Destroyed => "would go with its stack",
                };
                let consumers: Vec<String> = consumers.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "the export `{export}` {change}, and it is imported by {}",
                    consumers.join(", ")
                )
            }
            Self::Taken { export, output, stack, of_output } => write!(
                f,
                "output `{output}` cannot be exported as `{export}`: stack `{stack}` exports its output \
                 `{of_output}` under this name"
            ),
            Self::TakenByManaged { export, output, stack } => write!(
                f,
                "output `{output}` cannot be exported as `{export}`: stack `{stack}`, which CloudFormation \
                 manages, exports this name"
            ),
        }
    }
}

/// The imports and exports of another stack.
#[derive(Debug)]
struct Neighbour {
    stack: StackName,
    imports: Imports,
    /// Outputs by the names that they are exported under.
    exports: BTreeMap<String, String>,
}

impl Neighbour {
    /// The neighbour that a record describes, if it lives in this environment.
    fn of(stack: StackName, record: Record, environment: &Environment) -> Option<Self> {
        let journal = record.journal.unwrap_or_default();
        let mut there = record.state.as_ref().map(|state| &state.environment);
        let (mut imports, mut exports) = (Imports::new(), BTreeMap::new());
        for entry in &journal {
            if let Entry::Begin { environment, imports: begun, .. } = entry {
                there = there.or(Some(environment));
                add_imports(&mut imports, begun);
            } else if let Entry::Outputs { outputs } = entry {
                export(&mut exports, outputs);
            }
        }
        if there != Some(environment) {
            return None;
        }
        if let Some(state) = &record.state {
            add_imports(&mut imports, &state.imports);
            export(&mut exports, &state.outputs);
        }
        Some(Self { stack, imports, exports })
    }
}

fn export(exports: &mut BTreeMap<String, String>, outputs: &BTreeMap<String, OutputState>) {
    let named = outputs.iter().filter_map(|(name, output)| Some((output.export.clone()?, name)));
    exports.extend(named.map(|(export, name)| (export, name.clone())));
}

/// Checks that a plan takes no export from a stack that imports it, and exports no name that another
/// stack exports. Stacks that are `gone` by then do not count. A rollback leads to what was there before,
/// and is not checked.
///
/// # Errors
/// [`OpsError::Exports`] with every conflict, or if a state cannot be read or CloudFormation cannot be
/// asked. A call that is denied is no error; the front end receives it.
pub(crate) async fn check_exports<F: FrontEnd>(
    ops: &Operations,
    plan: &Plan,
    gone: &BTreeSet<StackName>,
    front: &F,
) -> Result<(), OpsError> {
    let backend = ops.backend.as_ref();
    let lost = lost(plan);
    let gained = gained(plan);
    if plan.mode == PlanMode::Rollback || (lost.is_empty() && gained.is_empty()) {
        return Ok(());
    }
    let mut neighbours = Vec::new();
    let other = |stack: &StackName| *stack != plan.stack && !gone.contains(stack);
    for stack in backend.stacks().await?.into_iter().filter(other) {
        let record = backend.read(&stack).await?;
        neighbours.extend(Neighbour::of(stack, record, &plan.environment));
    }
    let managed = Managed::of(ops, plan, (&lost, &gained), front).await?;
    let conflicts = conflicts(lost, &gained, &neighbours, &managed);
    if conflicts.is_empty() { Ok(()) } else { Err(OpsError::Exports(conflicts)) }
}

/// Checks that a plan exports no name that another stack of the same run is to export. The states do not have
/// that yet.
///
/// # Errors
/// [`OpsError::Exports`] with every conflict.
pub fn check_exports_of_run<'a>(
    before: impl IntoIterator<Item = &'a Plan>,
    plan: &Plan,
) -> Result<(), OpsError> {
    let gained_here = gained(plan);
    let mut out = Vec::new();
    for other in before.into_iter().filter(|other| other.environment == plan.environment) {
        let there = gained(other);
        let taken = gained_here.iter().filter_map(|(export, output)| {
            Some(ExportConflict::Taken {
                export: export.clone(),
                output: (*output).to_owned(),
                stack: other.stack.clone(),
                of_output: (*there.get(export)?).to_owned(),
            })
        });
        out.extend(taken);
    }
    if out.is_empty() { Ok(()) } else { Err(OpsError::Exports(out)) }
}

fn conflicts(
    lost: BTreeMap<String, ExportChange>,
    gained: &BTreeMap<String, &str>,
    neighbours: &[Neighbour],
    managed: &Managed,
) -> Vec<ExportConflict> {
    let mut out = Vec::new();
    for (export, change) in lost {
        let of = |it: &Neighbour| {
            let places = it.imports.get(&export)?.clone();
            Some(Consumer::Stack { stack: it.stack.clone(), places })
        };
        let importers = managed.importers.get(&export).into_iter().flatten();
        let consumers = neighbours.iter().filter_map(of);
        let consumers: Vec<Consumer> =
            consumers.chain(importers.cloned().map(Consumer::Managed)).collect();
        if !consumers.is_empty() {
            out.push(ExportConflict::InUse { export, change, consumers });
        }
    }
    for (export, output) in gained {
        for neighbour in neighbours {
            let Some(of_output) = neighbour.exports.get(export) else { continue };
            out.push(ExportConflict::Taken {
                export: export.clone(),
                output: (*output).to_owned(),
                stack: neighbour.stack.clone(),
                of_output: of_output.clone(),
            });
        }
        if let Some(stack) = managed.exports.get(export) {
            let (export, output) = (export.clone(), (*output).to_owned());
            out.push(ExportConflict::TakenByManaged { export, output, stack: stack.clone() });
        }
    }
    out
}

/// The exports that the stack is to have, by name, with their outputs. A name that is known only after
/// apply is not among them.
fn gained(plan: &Plan) -> BTreeMap<String, &str> {
    let mut out = BTreeMap::new();
    for (name, output) in &plan.outputs {
        let export = output.after.as_ref().and_then(|after| after.export.as_ref());
        out.extend(export.and_then(name_of).map(|export| (export, name.as_str())));
    }
    out
}

fn name_of(export: &Value) -> Option<String> {
    match export {
        Value::Number(_) | Value::Bool(_) => Some(export.to_string()),
        export => export.as_str().map(str::to_owned),
    }
}

/// The exports that the stack has and that go or change.
fn lost(plan: &Plan) -> BTreeMap<String, ExportChange> {
    let mut after: BTreeMap<String, &Value> = BTreeMap::new();
    for output in plan.outputs.values().filter_map(|output| output.after.as_ref()) {
        after.extend(output.export.as_ref().and_then(name_of).map(|name| (name, &output.value)));
    }
    let mut lost = BTreeMap::new();
    for output in plan.outputs.values() {
        let (Some(export), Some(before)) = (&output.exported_before, &output.before) else {
            continue;
        };
        let change = match (plan.mode, after.get(export)) {
            (PlanMode::Destroy, _) => ExportChange::Destroyed,
            (_, None) => ExportChange::Removed,
            (_, Some(value)) if *value != before && changes(plan, value) => ExportChange::Changed,
            (_, Some(_)) => continue,
        };
        lost.insert(export.clone(), change);
    }
    lost
}

/// True if a value that is not as it was before is sure to be another one. An attribute of an object
/// that is changed in place may stay as it is, and of one that is gone nothing is left to import.
fn changes(plan: &Plan, value: &Value) -> bool {
    let (mut known, mut replaced) = (true, false);
    value.visit_attributes(&mut |attribute| {
        known = false;
        let change = plan.changes.get(&attribute.address);
        replaced |= change.is_some_and(|change| match change.action {
            Action::Create => change.prior.is_none(),
            Action::Replace(_) => {
                change.certainty == Certainty::Certain && change.checked != Checked::Absent
            }
            Action::NoOp
            | Action::Update
            | Action::Record
            | Action::Delete
            | Action::Retain
            | Action::Forget
            | Action::Restore => false,
        });
    });
    known || replaced
}
