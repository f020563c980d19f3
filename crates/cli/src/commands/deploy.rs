//! What `plan` and `apply` share: from a template to a plan.

use std::collections::{BTreeMap, BTreeSet};

use rstack_apply::SecretParameters;
use rstack_model::Address;
use rstack_model::desired::Desired;
use rstack_model::plan::Plan;
use rstack_model::state::State;
use rstack_plan::PlanOptions;
use rstack_template::{Inputs, Reading};

use super::refusals::refusals;
use crate::args::{LintArguments, PlanArguments, StackArguments};
use crate::error::CliError;
use crate::lint::{Checks, Pending};
use crate::lookups::{Evaluated, evaluate_with};
use crate::outside::outside;
use crate::session::Session;
use crate::stack::StackFile;
use crate::template::Loaded;
use crate::terminal::Terminal;

/// A template evaluated for the place it is going to live in.
pub(crate) struct Wanted {
    pub(crate) desired: Desired,
    pub(crate) parameters: SecretParameters,
}

/// A template on its way to a plan, with the checks that run beside it.
pub(crate) struct Draft {
    loaded: Loaded,
    given: BTreeMap<String, String>,
    checks: Checks,
    pending: Option<Pending>,
}

impl Draft {
    /// Reads the template; mistakes that need no cloud are told before it is asked.
    pub(crate) fn load(
        file: &StackFile,
        arguments: &StackArguments,
        lint: &LintArguments,
        terminal: &Terminal,
    ) -> Result<Self, CliError> {
        let checks = Checks::new(lint, terminal)?;
        let given: BTreeMap<String, String> = arguments.parameter.iter().cloned().collect();
        let mut loaded = Loaded::read(&file.path, &given, BTreeMap::new())?;
        if loaded.failed() && !loaded.needs_place {
            checks.run(&mut loaded, &given, None)?;
            loaded.checked(terminal)?;
        }
        Ok(Self { loaded, given, checks, pending: None })
    }

    /// Evaluates the template, and starts what else is checked: beside all that follows.
    pub(crate) async fn evaluate(
        &mut self,
        session: &Session,
        file: &StackFile,
        terminal: &Terminal,
    ) -> Result<Wanted, CliError> {
        let parameters = &self.given;
        let environment = &session.identity.environment;
        if self.loaded.needs_place {
            let place = Reading::place(environment, &file.name);
            self.loaded = Loaded::read(&file.path, parameters, place)?;
        }
        let outside = outside(&session.store, &file.name, Some(environment))?;
        let inputs = Inputs { stack: &file.name, environment, parameters, outside: &outside };
        let mut evaluation = None;
        if let Some(template) = &self.loaded.template {
            let evaluated = evaluate_with(session, template, &inputs).await?;
            let Evaluated { evaluation: found, unanswered } = evaluated;
            self.loaded.add(found.diagnostics.iter().cloned().chain(unanswered));
            evaluation = Some(found);
        }
        // Not before: what evaluation finds too large is not given to the validator either.
        let region = session.chosen_region();
        self.pending = Some(self.checks.start(&self.loaded, parameters, region));
        if let Some(template) = &self.loaded.template
            && let Some(desired) = evaluation.as_mut().and_then(|e| e.desired.as_mut())
        {
            let refusals = refusals(session.engine.cloud.as_ref(), template, desired);
            self.loaded.diagnostics.extend(refusals);
        }
        if self.loaded.failed() {
            self.checked(terminal)?;
        }
        let name = self.loaded.sources.name().to_owned();
        let failed = || CliError::Template(format!("`{name}` cannot be evaluated"));
        let evaluation = evaluation.ok_or_else(failed)?;
        let parameters = session.secret_parameters(&evaluation)?;
        let desired = evaluation.desired.ok_or_else(failed)?;
        self.loaded.forget_template();
        Ok(Wanted { desired, parameters })
    }

    /// Waits for the checks and shows what all of them found.
    ///
    /// # Errors
    /// [`CliError::Template`] if there are errors.
    pub(crate) fn checked(&mut self, terminal: &Terminal) -> Result<(), CliError> {
        if let Some(pending) = self.pending.take() {
            self.checks.finish(pending, &mut self.loaded)?;
        }
        self.loaded.checked(terminal)
    }
}

/// Observes and plans.
pub(crate) async fn plan(
    session: &Session,
    wanted: &Wanted,
    state: &State,
    arguments: &PlanArguments,
) -> Result<Plan, CliError> {
    let declared = |option: &'static str, given: &[String]| {
        let mut addresses = BTreeSet::new();
        for address in given {
            let address = Address::new(address.as_str());
            if !wanted.desired.resources.contains_key(&address) {
                return Err(CliError::NoResource { option, address: address.to_string() });
            }
            addresses.insert(address);
        }
        Ok(addresses)
    };
    let options = PlanOptions {
        delete_first: declared("--delete-first", &arguments.delete_first)?,
        replace: declared("--replace", &arguments.replace)?,
    };
    let engine = &session.engine;
    let observations = if arguments.no_refresh {
        engine.observe_nothing(state, &wanted.parameters)
    } else {
        let observing = engine.observe(Some(&wanted.desired), state, &wanted.parameters);
        session.display.during(observing).await?
    };
    Ok(engine.plan(&wanted.desired, state, &observations, &options)?)
}
