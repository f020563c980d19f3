//! The stacks that CloudFormation manages, beside those of the states: what they export and import of the
//! exports of a plan.

use std::collections::{BTreeMap, BTreeSet};

use rstack_driver::{DriverError, ManagedExport};
use rstack_model::plan::Plan;

use crate::evaluate::is_out_of_reach;
use crate::exports::ExportChange;
use crate::{FrontEnd, Operations, OpsError};

/// The stacks that CloudFormation manages, as far as exports of a plan are theirs, too.
#[derive(Debug, Default)]
pub(crate) struct Managed {
    /// The stacks that export a name that is new to the plan's stack, by name.
    pub(crate) exports: BTreeMap<String, String>,
    /// The stacks that import an export that goes or changes, by its name.
    pub(crate) importers: BTreeMap<String, Vec<String>>,
}

impl Managed {
    /// Asks about the exports of a plan that go or change, and about those that its stack does not have
    /// yet. Nothing is asked where nothing of it changes.
    ///
    /// # Errors
    /// If CloudFormation cannot be asked for another reason than a missing permission or a network without
    /// a way to it.
    pub(crate) async fn of<F: FrontEnd>(
        ops: &Operations,
        plan: &Plan,
        (lost, gained): (&BTreeMap<String, ExportChange>, &BTreeMap<String, &str>),
        front: &F,
    ) -> Result<Self, OpsError> {
        let mut out = Self::default();
        let has: BTreeSet<&String> =
            plan.outputs.values().filter_map(|output| output.exported_before.as_ref()).collect();
        if lost.is_empty() && gained.keys().all(|export| has.contains(export)) {
            return Ok(out);
        }
        let new = gained.keys().filter(|export| !has.contains(*export));
        let all: BTreeSet<&str> = lost.keys().chain(new).map(String::as_str).collect();
        let listed = ops.engine.managed_exports().await;
        let listed = in_reach(listed, front, &all)?.unwrap_or_default();
        // A stack of CloudFormation imports what another one of them exports, and nothing else.
        let there: BTreeSet<&str> = listed.iter().map(|it| it.name.as_str()).collect();
        let lost = lost.keys().map(String::as_str).filter(|export| there.contains(export));
        let asked = ops.engine.managed_importers(lost).await?;
        let new = |it: &&ManagedExport| gained.contains_key(&it.name) && !has.contains(&it.name);
        let taken = listed.iter().filter(new);
        out.exports.extend(taken.map(|it| (it.name.clone(), it.stack.clone())));
        let unread = |answer: &Result<_, DriverError>| answer.as_ref().is_err_and(is_out_of_reach);
        let not_read = asked.iter().filter(|(_, answer)| unread(answer));
        let not_read: BTreeSet<&str> = not_read.map(|(export, _)| *export).collect();
        let mut told = false;
        for (export, importers) in asked {
            let importers = match importers {
                // One call speaks for all.
                Err(error) if told && is_out_of_reach(&error) => continue,
                importers => in_reach(importers, front, &not_read)?,
            };
            told |= importers.is_none();
            out.importers.insert(export.to_owned(), importers.unwrap_or_default());
        }
        Ok(out)
    }
}

/// An answer about exports; `None` if the caller has no permission to ask or no way to, which is reported to
/// the front end.
fn in_reach<T, F: FrontEnd>(
    answer: Result<T, DriverError>,
    front: &F,
    exports: &BTreeSet<&str>,
) -> Result<Option<T>, OpsError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_out_of_reach(&error) => {
            front.managed_stacks_not_read(&error, exports);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
