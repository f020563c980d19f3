//! The user: where a handler has not responded to a create, the user looks into the handler's log and tells
//! rstack what it has made.

use rstack_apply::Decision;
use rstack_journal::{Entry, IntentAction, fold};
use rstack_model::event::RunEnd;
use rstack_model::state::State;
use rstack_model::{Address, Identifier, Token};
use rstack_ops::Holder;

use crate::clock::Ended;
use crate::crash_injector::lock;
use crate::handlers::Handling;
use crate::simulation::{Conditions, Life, Simulation};
use crate::stack;

impl Simulation {
    /// Answers for handlers that have not responded. True if the command is to be run again.
    pub(crate) fn answer_for_handlers(&mut self, life: &Life) -> Result<bool, String> {
        if matches!(life.report, Some(Ok(RunEnd::Succeeded))) {
            return Ok(false);
        }
        let unanswered = self.unanswered()?;
        for (address, token) in &unanswered {
            let made = lock(&self.handlers).made_for(token.as_str());
            let decision = match made {
                Some(physical_id) => Decision::Ours(Identifier::from(physical_id)),
                None => Decision::NotOurs,
            };
            self.resolve(address, &decision)?;
        }
        let lost = matches!(lock(&self.handlers).handling, Handling::Loses(_));
        Ok(!unanswered.is_empty() || (lost && life.report.is_some()))
    }

    /// The creates of custom resources whose outcome is open.
    fn unanswered(&self) -> Result<Vec<(Address, Token)>, String> {
        let stored = self.read(&stack::name()?).map_err(|error| error.to_string())?;
        let entries = stored.journal.unwrap_or_default();
        let base = stored.state.or_else(|| match entries.first() {
            Some(Entry::Begin { base, stack, environment, .. }) => {
                Some(State::empty(base.lineage.clone(), stack.clone(), environment.clone()))
            }
            _ => None,
        });
        let Some(base) = base.filter(|_| !entries.is_empty()) else { return Ok(Vec::new()) };
        let folded = fold(&base, &entries).map_err(|error| error.to_string())?;
        let creates = folded.open.into_iter().filter(|open| {
            let creates = matches!(open.intent.action, IntentAction::Create { .. });
            creates && open.effect.is_none() && open.intent.resource_type.is_custom()
        });
        Ok(creates.map(|open| (open.intent.address, open.intent.token)).collect())
    }

    fn resolve(&mut self, address: &Address, decision: &Decision) -> Result<(), String> {
        let injector = self.start(None);
        let (ops, _) = self.operations(&injector, &Conditions::default())?;
        let (host, user) = ("host".to_owned(), "user".to_owned());
        let (command, since) = ("rstack resolve".to_owned(), "now".to_owned());
        let id = format!("{}", self.processes()).into();
        let holder = Holder { id, pid: 1, host, user, command, since };
        let stack = stack::name()?;
        match self.run(&injector, rstack_ops::resolve(&ops, &stack, address, decision, &holder)) {
            Ended::Done(Ok(())) => Ok(()),
            Ended::Done(Err(error)) => Err(format!("`{address}` cannot be resolved: {error}")),
            Ended::Died | Ended::Stuck => Err(format!("`{address}` is never resolved")),
        }
    }
}
