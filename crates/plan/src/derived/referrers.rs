//! Derived changes of the referrers of resources whose old object is deleted first.

use std::collections::BTreeSet;

use rstack_model::Address;
use rstack_model::plan::{Action, Certainty, Plan, Reason, ReplaceOrder};

use super::{ByAddress, Derived};

/// Adds the changes that follow for referrers. A referrer that stays is updated because of each
/// resource that it refers to; one that is replaced is deleted first, too, and names one of those
/// that made it so.
pub(super) fn with_referrers(plan: &Plan, derived: &mut ByAddress<Derived>) {
    let mut first: BTreeSet<Address> = plan
        .changes
        .values()
        .filter(|it| it.action == Action::Replace(ReplaceOrder::DeleteFirst))
        .map(|it| it.address.clone())
        .collect();
    for reason in plan.changes.values().flat_map(|it| &it.reasons) {
        if let Reason::TakesPlace { of } = reason {
            first.insert(of.clone());
        }
    }
    for (id, own) in derived.iter_mut() {
        let Some(change) = plan.changes.get(id) else { continue };
        let Some(prior) = &change.prior else { continue };
        let used: BTreeSet<&Address> =
            prior.dependencies.iter().filter(|it| *it != id && first.contains(*it)).collect();
        if used.is_empty() {
            continue;
        }
        // The order in which several are named is that in which they were decided.
        let said: Vec<Reason> = change.reasons.iter().filter(|it| names(it)).cloned().collect();
        let all: Vec<Reason> = used.iter().map(|it| because_of(it)).collect();
        let same = said.len() == all.len() && all.iter().all(|it| said.contains(it));
        match own.action {
            Action::NoOp | Action::Record | Action::Update => {
                (own.action, own.certainty) = (Action::Update, Certainty::Certain);
                own.reasons.extend(if same { said } else { all });
            }
            Action::Replace(ReplaceOrder::CreateFirst) => {
                own.action = Action::Replace(ReplaceOrder::DeleteFirst);
                own.certainty = Certainty::Certain;
                own.reasons.extend(said.into_iter().find(|it| all.contains(it)));
            }
            Action::Replace(ReplaceOrder::DeleteFirst)
            | Action::Create
            | Action::Delete
            | Action::Retain
            | Action::Forget
            | Action::Restore => {}
        }
    }
}

fn names(reason: &Reason) -> bool {
    matches!(reason, Reason::DependencyReplaced { .. })
}

fn because_of(dependency: &Address) -> Reason {
    Reason::DependencyReplaced { dependency: dependency.clone() }
}
