//! What `plan` and `apply` share: from a template to a plan.

use std::collections::{BTreeMap, BTreeSet};

use rstack_apply::SecretParameters;
use rstack_model::LogicalId;
use rstack_model::desired::Desired;
use rstack_model::plan::Plan;
use rstack_model::state::State;
use rstack_plan::PlanOptions;
use rstack_template::Inputs;

use crate::args::{PlanArguments, StackArguments};
use crate::error::CliError;
use crate::session::Session;
use crate::stack::StackFile;
use crate::template::Loaded;
use crate::terminal::Terminal;

/// A template evaluated for the place it is going to live in.
pub(crate) struct Wanted {
    pub(crate) desired: Desired,
    pub(crate) parameters: SecretParameters,
}

/// Reads the template; mistakes that need no cloud are told before it is asked.
pub(crate) fn load(file: &StackFile, terminal: &Terminal) -> Result<Loaded, CliError> {
    let loaded = Loaded::read(&file.path)?;
    if loaded.failed() {
        loaded.checked(terminal)?;
    }
    Ok(loaded)
}

/// Evaluates the template.
pub(crate) fn evaluate(
    session: &Session,
    file: &StackFile,
    mut loaded: Loaded,
    arguments: &StackArguments,
    terminal: &Terminal,
) -> Result<Wanted, CliError> {
    let given: BTreeMap<String, String> = arguments.parameter.iter().cloned().collect();
    let inputs = Inputs {
        stack: &file.name,
        environment: &session.identity.environment,
        parameters: &given,
    };
    let evaluation = loaded.evaluate(&inputs);
    loaded.checked(terminal)?;
    let failed = || CliError::Template(format!("`{}` cannot be evaluated", loaded.name));
    let evaluation = evaluation.ok_or_else(failed)?;
    let parameters = session.secret_parameters(&evaluation)?;
    Ok(Wanted { desired: evaluation.desired.ok_or_else(failed)?, parameters })
}

/// Observes and plans.
pub(crate) async fn plan(
    session: &Session,
    wanted: &Wanted,
    state: &State,
    arguments: &PlanArguments,
) -> Result<Plan, CliError> {
    let mut delete_first = BTreeSet::new();
    for id in &arguments.delete_first {
        let id = LogicalId::new(id.as_str());
        if !wanted.desired.resources.contains_key(&id) {
            return Err(CliError::DeleteFirst(id.to_string()));
        }
        delete_first.insert(id);
    }
    let engine = &session.engine;
    let observations = if arguments.no_refresh {
        engine.observe_nothing(state)
    } else {
        let observing = engine.observe(Some(&wanted.desired), state, &wanted.parameters);
        session.display.during(observing).await?
    };
    Ok(engine.plan(&wanted.desired, state, &observations, &PlanOptions { delete_first })?)
}
