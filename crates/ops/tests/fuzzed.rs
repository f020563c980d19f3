//! Saved plans, states and journals that fuzzing begins with or has found: the laws of the fuzz targets
//! hold for each, for each that was cut off, and for each with a changed character.
#![cfg(test)]

#[path = "../../../fuzz/fuzz_targets/plan_laws.rs"]
mod plan_laws;
#[path = "../../../fuzz/fuzz_targets/state_laws.rs"]
mod state_laws;

/// The number of places of a text that are changed.
const PLACES: usize = 6;

fn repeat(folder: &str, check: fn(&str)) {
    let folder = format!("{}/../../fuzz/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut seeds = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        check(&text);
        for place in (0..text.len()).step_by(text.len() / PLACES + 1) {
            let Some((before, after)) = text.split_at_checked(place) else { continue };
            check(before);
            let rest = after.get(1..).unwrap_or_default();
            for character in ["", "0", "\"", "é", "\u{1b}", "{", "\n--\n"] {
                check(&format!("{before}{character}{rest}"));
            }
        }
        seeds += 1;
    }
    assert!(seeds > 0, "{folder}");
}

#[test]
fn saved_plans_that_fuzzing_has_found_hold() {
    repeat("seeds-plan", plan_laws::check);
}

#[test]
fn states_and_journals_that_fuzzing_has_found_hold() {
    repeat("seeds-state", state_laws::check);
}
