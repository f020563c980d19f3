//! `rstack destroy` of several stacks of an app: those that need others go first. A failure stops the stacks
//! that the one that failed needs, and no others.

use std::collections::BTreeSet;
use std::sync::Arc;

use rstack_model::StackName;
use rstack_ops::{Destroy, LastParameters, plan_destroy, secret_names_of_stack};
use rstack_plan::CheckedPlan;

use super::destroy_stack::{DestroyRequest, destroy_stack};
use super::existing_stack::ExistingStack;
use super::planned_stack::OfOneStack;
use super::stacks_run::{self, StackWork, consent, of_stack, show};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::parameters::RunParameters;
use crate::progress::Display;
use crate::session::{self, holder};
use crate::stack::StackFile;

/// A stack of a run, with the plan of its end.
struct Doomed {
    existing: ExistingStack,
    plan: Arc<CheckedPlan>,
    /// The stacks that need it, which go first.
    needed_by: BTreeSet<String>,
}

/// Destroys those of the stacks that exist. `files` has each behind all that it needs.
pub(super) async fn run(
    request: DestroyRequest<'_>,
    files: Vec<StackFile>,
    parameters: RunParameters,
) -> Result<Exit, CommandError> {
    let DestroyRequest { context, stack: arguments, .. } = request;
    let Context { terminal, .. } = context;
    let display = Arc::new(Display::new(terminal.clone()));
    if arguments.wait.names_resource() {
        return Err(OfOneStack("--timeout").into());
    }
    let doomed = plan_all(request, files, parameters, &display).await?;
    if doomed.is_empty() {
        terminal.note("No stack of the app has a state: nothing to destroy.");
        return Ok(Exit::Done);
    }
    let plans: Vec<_> = doomed.iter().map(|doomed| &*doomed.plan).collect();
    display.pause();
    if !terminal.json {
        show(&plans, arguments.detail, terminal)?;
    }
    let question = match plans.len() {
        1 => "Really destroy this stack?".to_owned(),
        stacks => format!("Really destroy these {stacks} stacks?"),
    };
    if !consent(&question, arguments.yes, terminal).await? {
        return Ok(Exit::Error);
    }
    let stacks = doomed.into_iter().map(|doomed| StackWork {
        stack: doomed.existing.stack.clone(),
        needs: doomed.needed_by.clone(),
        session: |doomed: &mut Doomed| &mut doomed.existing.session,
        work: doomed,
    });
    let ends = stacks_run::run(context, &display, stacks.collect(), |context, doomed| async move {
        let Doomed { existing, plan, .. } = doomed;
        let request = DestroyRequest { context: &context, ..request };
        destroy_stack(request, &existing, Some(plan)).await
    });
    ends.await?.tell(terminal, "destroyed")
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Plans the ends of the stacks that exist, the last one first.
async fn plan_all(
    request: DestroyRequest<'_>,
    files: Vec<StackFile>,
    mut parameters: RunParameters,
    display: &Arc<Display>,
) -> Result<Vec<Doomed>, CommandError> {
    let DestroyRequest { context, stack: arguments, options } = request;
    let backend = session::states(context)?.backend;
    let needs: Vec<(StackName, BTreeSet<String>)> =
        files.iter().map(|file| (file.name.clone(), file.needs.clone())).collect();
    let mut out: Vec<Doomed> = Vec::new();
    let mut gone = BTreeSet::new();
    let names: Vec<Vec<String>> = files.iter().map(|file| owned(&file.names())).collect();
    let known: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
    parameters.check_stacks(&known)?;
    let mut stored = Vec::new();
    for (file, names) in files.into_iter().zip(&names).rev() {
        let record = backend.read(&file.name).await?;
        if record.state.is_none() && record.journal.is_none() {
            continue;
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let secrets = secret_names_of_stack(&record);
        parameters.note_taken(&names, |name| secrets.contains(name));
        let alone = parameters.of_stack_alone(&names);
        let mut given = parameters.for_stack(&names, LastParameters::default(), true);
        given.retain(|name| secrets.contains(name) || alone.contains(name));
        stored.push((file, record, given));
    }
    if !stored.is_empty() {
        parameters.all_taken(&known)?;
    }
    for (StackFile { name, settings, .. }, stored, given) in stored {
        let known = (name.clone(), settings.environment, &stored);
        let existing = ExistingStack::of_stored(context, given, known, display).await;
        let mut existing = existing.map_err(|error| of_stack(error, &name, true))?;
        out.iter().take(1).for_each(|first| existing.session.end_with(&first.existing.session));
        let front = existing.front_end(context, arguments);
        let asked = Destroy { stack: &name, secrets: &existing.secrets, options };
        let holder = holder(context, "destroy");
        let planning = plan_destroy(&existing.session.ops, &asked, &gone, &holder, &front);
        let plan = display.during(planning).await.map_err(|error| of_stack(error, &name, true))?;
        drop(front);
        let users = needs.iter().filter(|(_, needs)| needs.contains(name.as_str()));
        let needed_by = users.map(|(user, _)| user.to_string()).collect();
        gone.insert(name);
        out.push(Doomed { existing, plan: Arc::new(plan), needed_by });
    }
    Ok(out)
}
