//! The trial of one template in an empty sandbox: plan, apply, plan again, destroy, look what is left.

use std::collections::BTreeSet;

use serde_json::Value;

use super::program::{Program, Ran, text};
use super::values;
use super::verdict::{Counts, Life, Planned, Verdict};

/// The verdict on a template.
pub(crate) fn trial(program: &Program<'_>) -> Verdict {
    planned(program).unwrap_or_else(Verdict::Broken)
}

fn planned(program: &Program<'_>) -> Result<Verdict, String> {
    let plan = values::plan(program)?;
    match plan.code {
        0 => {
            let actions = read_plan(&plan)?.actions;
            let put = program.run(&["sandbox", "ls"])?;
            // What this command cannot do is found by the same command at the end.
            let put = list(&put).unwrap_or_default();
            let life = life(program, &put)?;
            Ok(Verdict::Planned(Planned { actions, life }))
        }
        1 => Ok(Verdict::Refused(plan.error_codes())),
        code => Err(format!("plan: exit code {code}")),
    }
}

/// The outcome of carrying the plan out, in a sandbox that had these objects before.
///
/// # Errors
/// A text if the program crashes or writes what it does not promise.
fn life(program: &Program<'_>, put: &[Value]) -> Result<Life, String> {
    let apply = program.on_template("apply", &["--yes"])?;
    if apply.code != 0 {
        return Ok(Life::ApplyFailed(failures(&apply)));
    }
    let second = program.on_template("plan", &[])?;
    if second.code != 0 {
        return Ok(Life::SecondPlanRefused(second.error_codes()));
    }
    let second = read_plan(&second)?;
    if !second.noop {
        return Ok(Life::SecondPlanNotEmpty(second.actions));
    }
    let destroy = program.on_stack("destroy", &["--yes", "--purge"])?;
    if destroy.code != 0 {
        return Ok(Life::DestroyFailed(failures(&destroy)));
    }
    let retained: BTreeSet<String> = destroy
        .records()
        .filter(|record| text(record, "event") == "step-done")
        .filter(|record| text(record, "operation") == "forget")
        .map(|record| text(&record, "physicalId"))
        .collect();
    // A final snapshot is what its policy asks for.
    let snapshots: BTreeSet<String> = destroy
        .records()
        .filter(|record| text(record, "event") == "snapshot-taken")
        .map(|record| text(&record, "snapshot"))
        .collect();
    let objects = list(&program.run(&["sandbox", "ls"])?)?;
    let left = objects.iter().filter(|object| !put.contains(object));
    let kept = |id: &String| retained.contains(id) || snapshots.contains(id);
    let left = left.filter(|object| !kept(&text(object, "id")));
    let left = counts(left.map(|object| text(object, "type")));
    if !left.is_empty() {
        return Ok(Life::ObjectsLeft(left));
    }
    let stacks = list(&program.run(&["ls"])?)?;
    Ok(if stacks.is_empty() { Life::Complete } else { Life::StateLeft })
}

/// A plan, as far as a verdict has it.
struct Plan {
    /// The number of changes for each action that does something.
    actions: Counts,
    /// True if the plan changes nothing, outputs included.
    noop: bool,
}

fn read_plan(ran: &Ran) -> Result<Plan, String> {
    let document: Value =
        serde_json::from_str(&ran.out).map_err(|error| format!("plan: no JSON: {error}"))?;
    let changes = document.get("changes").and_then(Value::as_array).ok_or("plan: no `changes`")?;
    let noop = document.get("noop").and_then(Value::as_bool).ok_or("plan: no `noop`")?;
    let actions = changes.iter().map(|change| text(change, "action"));
    Ok(Plan { actions: counts(actions.filter(|action| action != "no-op")), noop })
}

fn list(ran: &Ran) -> Result<Vec<Value>, String> {
    match (ran.code, serde_json::from_str(&ran.out)) {
        (0, Ok(Value::Array(items))) => Ok(items),
        (code, _) => Err(format!("ls: exit code {code}, or no list")),
    }
}

/// The type and operation of each step that failed, or the codes of the errors where no step did.
fn failures(ran: &Ran) -> BTreeSet<String> {
    let failed = ran.records().filter(|record| text(record, "event") == "step-failed");
    let failed: BTreeSet<String> = failed
        .map(|record| format!("{} {}", text(&record, "type"), text(&record, "operation")))
        .collect();
    if failed.is_empty() { ran.error_codes() } else { failed }
}

fn counts(names: impl Iterator<Item = String>) -> Counts {
    let mut counts = Counts::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}
