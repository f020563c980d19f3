//! Laws of every text that is taken for a saved plan.
//!
//! A text whose digest does not fit is refused before anything else of it counts. So the text is also
//! read with the digest that fits, as an attacker would write it.

use rstack_model::Digest;
use rstack_ops::{SavedPlan, SavedPlanError, read_plan, write_plan};
use rstack_plan::RegistrySchemas;
use rstack_render::{Detail, Graph, Palette, View, plan_json, plan_text};

/// The narrowest and the widest view that plans are rendered for, in columns.
const WIDTHS: [usize; 3] = [1, 80, 400];

/// Checks all of it; fails if something does not hold.
pub(crate) fn check(text: &str) {
    if let Ok(saved) = read_plan(text.as_bytes(), &RegistrySchemas) {
        holds(&saved);
    }
    let Some(sealed) = sealed(text) else { return };
    match read_plan(&sealed, &RegistrySchemas) {
        Ok(saved) => holds(&saved),
        Err(SavedPlanError::Unsound(violations)) => assert!(!violations.is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The text with the digest of its plan: what is read of it is written anew, as the digest is one of
/// that. `None` if no plan can be read in it.
fn sealed(text: &str) -> Option<Vec<u8>> {
    let mut json: serde_json::Value = serde_json::from_str(text).ok()?;
    let plan: rstack_model::plan::Plan = serde_json::from_value(json.get("plan")?.clone()).ok()?;
    let digest = Digest::of_json(&plan).ok()?;
    json.as_object_mut()?.insert("digest".to_owned(), digest.as_str().into());
    serde_json::to_vec(&json).ok()
}

/// A plan that was accepted is read again as it was, and can be shown in every form.
fn holds(saved: &SavedPlan) {
    let written = write_plan(&saved.plan, None).unwrap_or_else(|e| panic!("not written: {e}"));
    let again = read_plan(&written, &RegistrySchemas);
    let again = again.unwrap_or_else(|e| panic!("accepted once, and not again: {e}"));
    assert!(again.plan == saved.plan, "read again, and another plan");
    assert_eq!(again.digest, saved.digest, "read again, with another digest");
    for width in WIDTHS {
        for detail in [Detail::Compact, Detail::Normal, Detail::Full] {
            let text = plan_text(&saved.plan, &View { width, palette: Palette::Plain, detail });
            let acts = |c: char| c.is_control() && c != '\n';
            assert!(!text.contains(acts), "a control is shown: {text:?}");
        }
    }
    let json = plan_json(&saved.plan, None).unwrap_or_else(|e| panic!("not shown: {e}"));
    serde_json::from_str::<serde_json::Value>(&json).unwrap_or_else(|e| panic!("no JSON: {e}"));
    let graph = Graph::of_plan(&saved.plan);
    for text in [graph.dot(), graph.mermaid()] {
        assert!(!text.is_empty(), "an empty graph");
    }
}
