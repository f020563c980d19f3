//! A process that brings the app to a goal, as `rstack apply cdk.out` and `rstack destroy cdk.out` do.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;

use rstack_apply::{SecretParameters, Waiting};
use rstack_model::StackName;
use rstack_model::event::RunEnd;
use rstack_model::state::State;
use rstack_ops::{
    Applied, Deploy, Destroy, FrontEnd, Holder, Next, Operations, OpsError, Review, RunStack,
    Verdict, cross_stack_values, run_stacks,
};
use rstack_plan::{DestroyOptions, PlanOptions};
use rstack_template::{Inputs, Reading, evaluate, parse};

use super::{APP, AppStack};
use crate::clock::Ended;
use crate::crash_injector::lock;
use crate::crash_point::{Pending, RunStep};
use crate::invariant;
use crate::simulation::{Conditions, Simulation, message_of};
use crate::stack::Variant;

/// The end of a stack in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was at its goal already.
    Unchanged,
    /// It was changed to its goal.
    Done,
    /// It was not, for this reason.
    Failed(String),
}

/// The outcome of a process.
pub(super) struct AppLife {
    /// The ends of the stacks; `None` if the process died.
    pub(super) ends: Option<BTreeMap<&'static str, End>>,
    pub(super) steps: Vec<RunStep>,
    pub(super) left: Pending,
    pub(super) violations: Vec<String>,
}

/// A front end that agrees to every plan, and looks at what is known of its stack after recovery.
struct Agrees<'a> {
    simulation: &'a Simulation,
    stack: &'static str,
    violations: &'a Mutex<Vec<String>>,
}

impl FrontEnd for Agrees<'_> {
    type Error = OpsError;

    fn opened(&self, state: Option<&State>, _: bool) -> Result<(), OpsError> {
        if !self.simulation.is_quiet() {
            return Ok(());
        }
        let unknown = invariant::nothing_unknown_of(self.simulation, self.stack, state);
        lock(self.violations).extend(unknown.unwrap_or_else(|error| vec![error]));
        Ok(())
    }

    async fn review(&self, _: &Review<'_>) -> Result<Verdict, OpsError> {
        Ok(Verdict::Proceed { waiting: Waiting::default(), rollback: true })
    }
}

pub(super) fn name_of(stack: &AppStack) -> Result<StackName, String> {
    StackName::parse(stack.name).map_err(|error| error.to_string())
}

impl Simulation {
    /// Runs a process that brings the app to a goal, to its end or its death.
    pub(super) fn live_app(
        &mut self,
        goal: Option<Variant>,
        conditions: &Conditions,
    ) -> Result<AppLife, String> {
        let injector = self.start(conditions.point);
        let (ops, wire) = self.operations(&injector, conditions)?;
        let violations = Mutex::default();
        let ended = self.run(&injector, run(self, &ops, goal, conditions, &violations));
        let left = self.image.pending();
        let mut violations = violations.into_inner().unwrap_or_default();
        let reckless = std::mem::take(&mut *lock(&wire.reckless));
        let reckless = reckless.into_iter().filter(|_| conditions.parallelism == 1);
        violations.extend(reckless.map(|call| format!("called `{call}` on a failed disk")));
        let ends = match ended {
            Ended::Done(ends) => Some(ends?),
            Ended::Died => None,
            Ended::Stuck => {
                violations.push("the process waits for ever".to_owned());
                None
            }
        };
        self.bury(conditions.point, ends.is_none());
        Ok(AppLife { ends, steps: injector.met(), left, violations })
    }
}

/// All stacks, each when those that it needs are done; a deletion begins at the other end.
async fn run(
    simulation: &Simulation,
    ops: &Operations,
    goal: Option<Variant>,
    conditions: &Conditions,
    violations: &Mutex<Vec<String>>,
) -> Result<BTreeMap<&'static str, End>, String> {
    let stack = |it: &'static AppStack| {
        let needed_by = |other: &&AppStack| other.needs.contains(&it.name);
        let needs = match goal {
            Some(_) => it.needs.iter().map(|name| (*name).to_owned()).collect(),
            None => APP.iter().filter(needed_by).map(|other| other.name.to_owned()).collect(),
        };
        Ok(RunStack { stack: name_of(it)?, needs, work: it })
    };
    let stacks = APP.iter().map(stack).collect::<Result<Vec<_>, String>>()?;
    let most = NonZeroUsize::new(conditions.parallelism).unwrap_or(NonZeroUsize::MIN);
    let work = |name: StackName, it: &'static AppStack| async move {
        let front = Agrees { simulation, stack: it.name, violations };
        let end = match goal {
            Some(variant) => apply(ops, &front, &name, it, variant).await,
            None => destroy(ops, &front, &name).await,
        };
        match end {
            Ok(end @ (End::Unchanged | End::Done)) => (end, Next::Begin),
            Ok(end @ End::Failed(_)) => (end, Next::Withhold),
            Err(error) => (End::Failed(error), Next::Withhold),
        }
    };
    let ends = run_stacks(stacks, most, work).await;
    let named = APP.iter().zip(ends).map(|(stack, (_, end))| match end {
        rstack_ops::RunEnd::Ended(end) => (stack.name, end),
        rstack_ops::RunEnd::NotBegun { waits_for } => {
            (stack.name, End::Failed(format!("it waits for {waits_for}")))
        }
    });
    Ok(named.collect())
}

fn holder(simulation: &Simulation, stack: &StackName) -> Holder {
    let (host, user) = ("host".to_owned(), "user".to_owned());
    let (command, since) = ("rstack apply".to_owned(), "now".to_owned());
    let id = format!("{stack}-{}", simulation.processes()).into();
    Holder { id, pid: 1, host, user, command, since }
}

async fn apply(
    ops: &Operations,
    front: &Agrees<'_>,
    stack: &StackName,
    it: &AppStack,
    variant: Variant,
) -> Result<End, String> {
    let environment = &ops.environment;
    let external = cross_stack_values(ops.backend.as_ref(), stack, Some(environment)).await;
    let external = &external.map_err(message_of)?;
    let parameters = &variant.parameters();
    let parsed = parse(it.template, &Reading::with_parameters(parameters));
    let template = parsed.template.ok_or_else(|| format!("{:?}", parsed.diagnostics))?;
    let inputs = Inputs { stack, environment, parameters, external };
    let evaluation = evaluate(&template, &inputs);
    let desired = evaluation.desired.ok_or_else(|| format!("{:?}", evaluation.diagnostics))?;
    let (secrets, options) = (SecretParameters::default(), PlanOptions::default());
    let deploy = Deploy {
        desired: &desired,
        parameters: &secrets,
        options: &options,
        refresh: true,
        last_given: None,
        imported: Some(&external.exports),
    };
    let holder = holder(front.simulation, stack);
    end(rstack_ops::apply(ops, &deploy, &holder, front).await)
}

async fn destroy(ops: &Operations, front: &Agrees<'_>, stack: &StackName) -> Result<End, String> {
    let record = ops.backend.read(stack).await.map_err(message_of)?;
    if record.state.is_none() && record.journal.is_none() {
        return Ok(End::Unchanged);
    }
    let holder = holder(front.simulation, stack);
    let asked = Destroy { stack, secrets: &[], options: DestroyOptions::default() };
    end(rstack_ops::destroy(ops, &asked, &holder, front).await)
}

fn end(applied: Result<Applied, OpsError>) -> Result<End, String> {
    Ok(match applied.map_err(message_of)? {
        Applied::Unchanged(_) => End::Unchanged,
        Applied::Stopped => End::Failed("it was stopped".to_owned()),
        Applied::Ran(outcome) if outcome.end == RunEnd::Succeeded => End::Done,
        Applied::Ran(outcome) => End::Failed(format!("{:?}: {:?}", outcome.end, outcome.failures)),
    })
}
