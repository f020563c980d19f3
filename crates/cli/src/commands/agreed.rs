//! A plan that was shown among those of other stacks and agreed to: what is carried out later, when the
//! stacks before it are applied, is that plan.

use rstack_model::plan::{Action, Certainty, Change, Plan};
use rstack_model::{Address, ErrorCode, StackName};

use crate::error::CommandError;

/// The plan of a stack is not the one that was shown.
#[derive(Debug, thiserror::Error)]
#[error("the plan of stack `{stack}` is not the one that was shown: {part}")]
pub(super) struct OtherPlan {
    stack: StackName,
    /// The part that differs, in words.
    part: String,
}

impl From<OtherPlan> for CommandError {
    fn from(error: OtherPlan) -> Self {
        let hint = "nothing of this stack was changed; plan again";
        Self::of(ErrorCode::PlanOutdated, &error).with_hint(Some(hint))
    }
}

/// Checks that a plan does no other than what was shown. Values that were known only after the apply of
/// other stacks are known now, and what might have been unnecessary may be.
///
/// # Errors
/// [`OtherPlan`] with the first part that differs.
pub(super) fn as_shown(shown: &Plan, now: &Plan) -> Result<(), OtherPlan> {
    let other = |part: String| Err(OtherPlan { stack: now.stack.clone(), part });
    if shown.termination_protection != now.termination_protection {
        return other("the termination protection differs".to_owned());
    }
    if shown.given != now.given || shown.kept != now.kept {
        return other("the values of parameters differ".to_owned());
    }
    if shown.deposed != now.deposed {
        return other("the objects that earlier applies left differ".to_owned());
    }
    let uploads = |plan: &Plan| {
        let assets = plan.assets.iter().filter(|asset| asset.upload.is_some());
        assets.cloned().collect::<Vec<_>>()
    };
    let shown_uploads = uploads(shown);
    if let Some(asset) = uploads(now).iter().find(|asset| !shown_uploads.contains(asset)) {
        return other(format!("the asset `{}` differs", asset.source));
    }
    let builds = |plan: &Plan| {
        let images = plan.images.iter().filter(|image| image.build.is_some());
        images.cloned().collect::<Vec<_>>()
    };
    let shown_builds = builds(shown);
    if let Some(image) = builds(now).iter().find(|image| !shown_builds.contains(image)) {
        return other(format!("the image `{}` differs", image.source));
    }
    let awaits = !shown.awaits.is_empty();
    for (address, change) in now.changes.iter().filter(|(_, it)| it.action != Action::NoOp) {
        let fits = shown.changes.get(address).is_some_and(|shown| fits(shown, change, awaits));
        if !fits {
            return other(differs(address, change.action));
        }
    }
    Ok(())
}

/// True if a change is the one that was shown, or less.
fn fits(shown: &Change, now: &Change, awaits: bool) -> bool {
    let less = shown.certainty == Certainty::Possible
        && matches!((shown.action, now.action), (Action::Replace(_), Action::Update));
    let same = shown.action == now.action && shown.prior.is_some() == now.prior.is_some();
    (same || less) && (awaits || shown.differences == now.differences)
}

fn differs(address: &Address, action: Action) -> String {
    let verb = match action {
        Action::NoOp => "would stay",
        Action::Create => "would be created",
        Action::Update => "would be updated",
        Action::Record => "would be recorded",
        Action::Replace(_) => "would be replaced",
        Action::Delete => "would be deleted",
        Action::Retain => "would be retained",
        Action::Forget => "would be forgotten",
        Action::Restore => "would be restored",
    };
    format!("`{address}` {verb} otherwise than shown")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A plan with one change of `A`.
    fn plan(action: Value, certainty: &str, after: &str, awaits: &[&str]) -> Plan {
        let environment =
            json!({"account": "1", "region": "eu-west-1", "partition": "aws", "sandbox": true});
        let difference =
            json!({"path": ["P"], "before": "a", "after": after, "update_kind": "in-place"});
        let change = json!({
            "address": "A", "resource_type": "T", "action": action, "reasons": [],
            "certainty": certainty, "differences": [difference], "drift": [], "checked": "nothing",
            "stateful": false, "prior": null, "desired": null,
        });
        let plan = json!({
            "mode": "deploy", "stack": "s", "environment": environment,
            "base": {"lineage": "l", "serial": 1}, "template_digest": null, "parameters": {},
            "changes": {"A": change}, "deposed": [], "steps": [], "outputs": {}, "purge": false,
            "awaits": awaits,
        });
        serde_json::from_value(plan).unwrap()
    }

    fn refused(shown: &Plan, now: &Plan) -> Option<String> {
        as_shown(shown, now).err().map(|error| error.part)
    }

    #[test]
    fn a_plan_does_what_was_shown_or_less() {
        let update = || plan(json!("update"), "certain", "b", &[]);
        assert_eq!(refused(&update(), &update()), None);
        let less = plan(json!("no-op"), "certain", "b", &[]);
        assert_eq!(refused(&update(), &less), None);
        let more = plan(json!({"replace": "create-first"}), "certain", "b", &[]);
        let expected = "`A` would be replaced otherwise than shown";
        assert_eq!(refused(&update(), &more).as_deref(), Some(expected));
        let other = plan(json!("update"), "certain", "c", &[]);
        let expected = "`A` would be updated otherwise than shown";
        assert_eq!(refused(&update(), &other).as_deref(), Some(expected));
        let perhaps = plan(json!({"replace": "create-first"}), "possible", "b", &[]);
        assert_eq!(refused(&perhaps, &update()), None);
        assert!(refused(&more, &update()).is_some());
        let mut protected = update();
        protected.termination_protection.after = true;
        assert!(refused(&update(), &protected).is_some());
        let mut another = update();
        let change = another.changes.remove(&Address::from("A")).unwrap();
        another.changes.insert("B".into(), change);
        assert!(refused(&update(), &another).is_some(), "a resource that was not shown");
    }

    #[test]
    fn a_value_that_was_not_known_may_be_any() {
        let shown = plan(json!("update"), "certain", "?", &["stack Net"]);
        assert_eq!(refused(&shown, &plan(json!("update"), "certain", "c", &[])), None);
        let replaced = plan(json!({"replace": "create-first"}), "certain", "c", &[]);
        assert!(refused(&shown, &replaced).is_some());
    }
}
