//! The summary of a plan, in numbers and in one sentence.

use std::collections::BTreeSet;

use rstack_model::plan::{Action, Certainty, Change, Checked, Difference, Plan, PlanMode};
use serde::Serialize;

use crate::line::{Line, join};
use crate::removals::Removals;
use crate::style::{Role, View};
use crate::words::count;

/// The number of resources for each action of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// To create.
    pub create: usize,
    /// To update in place.
    pub update: usize,
    /// To replace.
    pub replace: usize,
    /// Objects to delete, but for those of replacements: also those that a rollback takes back, and
    /// deposed ones of earlier applies.
    pub delete: usize,
    /// Objects to keep in the cloud and manage no longer, but for those of replacements.
    pub retain: usize,
    /// Gone already, to leave the state.
    pub forget: usize,
    /// Of which only dependencies or policies change.
    pub record: usize,
    /// Whose replaced object is taken back.
    pub restore: usize,
    /// Unchanged.
    pub unchanged: usize,
    /// Of the updates and replacements, those that may turn out to be unnecessary.
    pub possible: usize,
    /// With an object that could not be compared with what was applied.
    pub unchecked: usize,
    /// Of the objects to delete, the deposed ones of earlier applies.
    #[serde(rename = "leftOver")]
    pub deposed: usize,
    /// Outputs that change.
    pub outputs: usize,
    /// Assets to upload.
    #[serde(skip_serializing_if = "is_zero")]
    pub assets: usize,
    /// Container images to build.
    #[serde(skip_serializing_if = "is_zero")]
    pub images: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Summary {
    /// Counts.
    pub fn of(plan: &Plan) -> Self {
        let mut summary = Self {
            outputs: plan.outputs.values().filter(|output| output.differs()).count(),
            assets: plan.assets.iter().filter(|asset| asset.upload.is_some()).count(),
            images: plan.images.iter().filter(|image| image.build.is_some()).count(),
            ..Self::default()
        };
        for change in plan.changes.values() {
            let counter = match change.action {
                Action::NoOp => &mut summary.unchanged,
                Action::Create => &mut summary.create,
                Action::Update => &mut summary.update,
                Action::Record => &mut summary.record,
                Action::Replace(_) => &mut summary.replace,
                Action::Delete => &mut summary.delete,
                Action::Retain => &mut summary.retain,
                Action::Forget => &mut summary.forget,
                Action::Restore => &mut summary.restore,
            };
            *counter += 1;
            summary.delete += usize::from(goes_for_another(change));
            summary.possible += usize::from(change.certainty == Certainty::Possible);
            summary.unchecked += usize::from(unchecked(plan.mode, change).is_some());
        }
        let removals = Removals::of(plan);
        for deposed in &plan.deposed {
            if removals.deletes(&deposed.address, &deposed.object) {
                summary.deposed += 1;
                summary.delete += 1;
            } else {
                summary.retain += 1;
            }
        }
        summary
    }
}

/// True if the object of a resource is deleted because the one that it had before comes back.
pub(crate) fn goes_for_another(change: &Change) -> bool {
    let there = change.prior.is_some() && change.checked != Checked::Absent;
    change.action == Action::Restore && there
}

/// Why an object was not compared with what was applied, if there is one and it was not. A
/// rollback follows the journal and reads no object, which is not worth a word.
pub(crate) fn unchecked(mode: PlanMode, change: &Change) -> Option<&str> {
    match (&change.checked, mode) {
        (_, PlanMode::Rollback) => None,
        (Checked::Unchecked(reason), PlanMode::Deploy | PlanMode::Destroy) => {
            change.prior.as_ref().map(|_| reason.as_str())
        }
        (Checked::Read(_) | Checked::Absent | Checked::Nothing, _) => None,
    }
}

/// The plan in one sentence: `Plan: 9 to create, 0 to update, …` or `No changes. …`.
pub fn summary_line(plan: &Plan) -> String {
    let summary = Summary::of(plan);
    if plan.is_noop() {
        return no_changes(plan, summary);
    }
    let word = match plan.mode {
        PlanMode::Deploy => "Plan",
        PlanMode::Destroy => "Destroy",
        PlanMode::Rollback => "Rollback",
    };
    let deposed = match summary.deposed {
        0 => String::new(),
        all if all == summary.delete => " (deposed by earlier applies)".to_owned(),
        some => format!(" ({some} deposed by earlier applies)"),
    };
    let delete = format!("to delete{deposed}");
    let actions = actions(&summary, &delete, plan.mode == PlanMode::Deploy);
    let mut line = format!("{word}: {actions}.");
    if summary.possible > 0 {
        let verb = if summary.possible == 1 { "change" } else { "changes" };
        line.push_str(&format!(" {} {verb} may turn out to be unnecessary.", summary.possible));
    }
    if summary.assets > 0 {
        line.push_str(&format!(" {} to upload.", count(summary.assets, "asset")));
    }
    if summary.images > 0 {
        line.push_str(&format!(" {} to build.", count(summary.images, "image")));
    }
    if plan.steps.is_empty() {
        match (summary.outputs > 0, plan.termination_protection.differs()) {
            (true, false) => line.push_str(" Only outputs change."),
            (false, true) => line.push_str(" Only the termination protection changes."),
            (true, true) | (false, false) => {}
        }
    }
    if summary.unchecked > 0 {
        line.push_str(&format!(" {} could not be checked.", count(summary.unchecked, "object")));
    }
    line
}

/// The number of resources for each action: `9 to create, 0 to update, …`. `delete` is the word for those to
/// delete; where nothing is deployed, only what is deleted is worth a zero.
fn actions(summary: &Summary, delete: &str, deploys: bool) -> String {
    let all: &[(usize, &str, bool)] = &[
        (summary.create, "to create", deploys),
        (summary.update, "to update", deploys),
        (summary.replace, "to replace", deploys),
        (summary.restore, "to restore", false),
        (summary.delete, delete, true),
        (summary.retain, "to retain", false),
        (summary.forget, "to forget", false),
        (summary.record, "to record", false),
        (summary.unchanged, "unchanged", deploys),
    ];
    let parts: Vec<String> = all
        .iter()
        .filter(|(number, _, always)| *always || *number > 0)
        .map(|(number, what, _)| format!("{number} {what}"))
        .collect();
    parts.join(", ")
}

/// True if an object differs from what was applied in a property that only a replacement sets back, and the
/// plan does not replace it.
pub(crate) fn stays_different(mode: PlanMode, change: &Change) -> bool {
    let stays = match change.action {
        Action::NoOp | Action::Update | Action::Record => mode == PlanMode::Deploy,
        Action::Create
        | Action::Replace(_)
        | Action::Delete
        | Action::Retain
        | Action::Forget
        | Action::Restore => false,
    };
    stays && change.drift.iter().any(Difference::forces_replacement)
}

/// The sum of several plans in one sentence: `Total of 3 stacks: 9 to create, …`.
pub fn total_line<'a>(plans: impl Iterator<Item = &'a Plan>, view: &View) -> String {
    let (mut total, mut stacks) = (Summary::default(), 0);
    let (mut changes, mut deploys) = (false, false);
    let (mut assets, mut images) = (BTreeSet::new(), BTreeSet::new());
    for plan in plans {
        let of = Summary::of(plan);
        total.create += of.create;
        total.update += of.update;
        total.replace += of.replace;
        total.delete += of.delete;
        total.restore += of.restore;
        total.retain += of.retain;
        total.forget += of.forget;
        total.record += of.record;
        total.unchanged += of.unchanged;
        stacks += 1;
        changes |= !plan.is_noop();
        deploys |= plan.mode == PlanMode::Deploy;
        // Stacks of an app may share an asset: it is uploaded once.
        let uploads = plan.assets.iter().filter(|asset| asset.upload.is_some());
        assets.extend(uploads.map(|asset| &asset.place));
        let builds = plan.images.iter().filter(|image| image.build.is_some());
        images.extend(builds.map(|image| &image.place));
    }
    let actions = actions(&total, "to delete", deploys);
    let stacks = count(stacks, "stack");
    let assets = match assets.len() {
        0 => String::new(),
        assets => format!(" {} to upload.", count(assets, "asset")),
    };
    let images = match images.len() {
        0 => String::new(),
        images => format!(" {} to build.", count(images, "image")),
    };
    let line = match changes {
        true => format!("Total of {stacks}: {actions}.{assets}{images}"),
        false => format!("Total of {stacks}: no changes."),
    };
    join(&Line::of(Role::Name, &line).wrap(view.columns()), view.palette)
}

fn no_changes(plan: &Plan, summary: Summary) -> String {
    let resources = count(plan.changes.len(), "resource");
    let verb = if plan.changes.len() == 1 { "is" } else { "are" };
    let different =
        plan.changes.values().filter(|change| stays_different(plan.mode, change)).count();
    let mut line = match plan.mode {
        PlanMode::Deploy if different > 0 => {
            let (verb, stay) =
                if different == 1 { ("differs", "stays") } else { ("differ", "stay") };
            format!(
                "No changes. {different} of {resources} {verb} from what was applied and {stay} so"
            )
        }
        PlanMode::Deploy => format!("No changes. {resources} {verb} as declared"),
        PlanMode::Destroy => "No changes. There is nothing to destroy".to_owned(),
        PlanMode::Rollback => "No changes. There is nothing to roll back".to_owned(),
    };
    if summary.unchecked > 0 {
        let of_which = if different > 0 { "; " } else { ", of which " };
        line.push_str(&format!("{of_which}{} could not be checked", summary.unchecked));
    }
    line.push('.');
    line
}
