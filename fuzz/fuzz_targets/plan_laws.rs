//! Laws of every text that is taken for a saved plan.
//!
//! A text whose digest does not fit is refused before anything else of it counts. So the text is also
//! read with the digest that fits, as an attacker would write it.

use rstack_model::Digest;
use rstack_ops::{Saved, SavedPlanError, read_saved, write_plan, write_run};
use rstack_plan::{CheckedPlan, RegistrySchemas};
use rstack_render::{Detail, Graph, Palette, View, plan_json, plan_text};

/// The narrowest and the widest view that plans are rendered for, in columns.
const WIDTHS: [usize; 3] = [1, 80, 400];

/// Checks all of it; fails if something does not hold.
pub(crate) fn check(text: &str) {
    if let Ok(saved) = read_saved(text.as_bytes(), &RegistrySchemas) {
        holds(&saved);
    }
    let Some(sealed) = sealed(text) else { return };
    match read_saved(&sealed, &RegistrySchemas) {
        Ok(saved) => holds(&saved),
        Err(SavedPlanError::Unsound(violations)) => assert!(!violations.is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The text with the digest of its plan or plans: what is read of it is written anew, as the digest is one
/// of that. `None` if no plan can be read in it.
fn sealed(text: &str) -> Option<Vec<u8>> {
    let mut json: serde_json::Value = serde_json::from_str(text).ok()?;
    let digest = match (json.get("plan"), json.get("stacks")) {
        (Some(plan), _) => {
            let plan: rstack_model::plan::Plan = serde_json::from_value(plan.clone()).ok()?;
            Digest::of_json(&plan).ok()?
        }
        (None, Some(stacks)) => {
            let mut parts = Vec::new();
            for stack in stacks.as_array()? {
                let needs: std::collections::BTreeSet<String> =
                    serde_json::from_value(stack.get("needs")?.clone()).ok()?;
                let plan: rstack_model::plan::Plan =
                    serde_json::from_value(stack.get("plan")?.clone()).ok()?;
                let needs = serde_json::to_string(&needs).ok()?;
                let plan = serde_json::to_string(&plan).ok()?;
                parts.push(format!("{{\"needs\":{needs},\"plan\":{plan}}}"));
            }
            Digest::of(format!("[{}]", parts.join(",")).as_bytes())
        }
        (None, None) => return None,
    };
    json.as_object_mut()?.insert("digest".to_owned(), digest.as_str().into());
    serde_json::to_vec(&json).ok()
}

/// Plans that were accepted are read again as they were, and can be shown in every form.
fn holds(saved: &Saved) {
    let (written, plans) = match saved {
        Saved::Plan(one) => (write_plan(&one.plan, None), vec![&one.plan]),
        Saved::Run(run) => {
            assert!(run.stacks.len() > 1, "a run of one stack");
            (write_run(&run.stacks, None), run.stacks.iter().map(|stack| &stack.plan).collect())
        }
    };
    let written = written.unwrap_or_else(|e| panic!("not written: {e}"));
    let again = read_saved(&written, &RegistrySchemas);
    let again = again.unwrap_or_else(|e| panic!("accepted once, and not again: {e}"));
    assert_eq!(again.seal().digest, saved.seal().digest, "read again, with another digest");
    match (&again, saved) {
        (Saved::Plan(again), Saved::Plan(saved)) => assert!(again.plan == saved.plan),
        (Saved::Run(again), Saved::Run(saved)) => assert!(again.stacks == saved.stacks),
        (Saved::Plan(_), Saved::Run(_)) | (Saved::Run(_), Saved::Plan(_)) => {
            panic!("read again, in another format")
        }
    }
    plans.into_iter().for_each(can_be_shown);
}

fn can_be_shown(plan: &CheckedPlan) {
    for width in WIDTHS {
        for detail in [Detail::Compact, Detail::Normal, Detail::Full] {
            let text = plan_text(plan, &View { width, palette: Palette::Plain, detail });
            let acts = |c: char| c.is_control() && c != '\n';
            assert!(!text.contains(acts), "a control is shown: {text:?}");
        }
    }
    let json = plan_json(plan, None).unwrap_or_else(|e| panic!("not shown: {e}"));
    serde_json::from_str::<serde_json::Value>(&json).unwrap_or_else(|e| panic!("no JSON: {e}"));
    let graph = Graph::of_plan(plan);
    for text in [graph.dot(), graph.mermaid()] {
        assert!(!text.is_empty(), "an empty graph");
    }
}
