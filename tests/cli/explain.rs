//! The pages of `rstack explain`.

use crate::harness::{Place, snapshot};

#[test]
fn each_code_has_a_line_and_a_page() {
    let place = Place::empty();
    let list = place.run(&["explain"]).expect(0).out;
    for line in list.lines() {
        let (code, title) = line.split_once("  ").unwrap();
        let page = place.run(&["explain", code]).expect(0).out;
        assert!(page.starts_with(&format!("{code}: {}", title.trim())), "{page}");
        assert!(page.lines().all(|l| l.starts_with("    ") || l.chars().count() <= 100), "{page}");
    }
    let page = place.run(&["explain", "state-locked"]).expect(0).out;
    assert!(page.ends_with("Exit code: 1.\n"), "{page}");
    snapshot("explain", &place.run(&["explain", "error[Function-Arguments]"]).expect(0).out);
    let listed = place.run(&["explain", "--json"]).expect(0).out;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), list.lines().count());
    let page = place.run(&["explain", "rule", "--json"]).expect(0).out;
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page["examples"][0]["parameters"]["Stage"], "live");
}

#[test]
fn a_misspelt_code_is_met_with_the_right_one() {
    let place = Place::empty();
    let error = place.run(&["explain", "unkown-type"]).expect(1).err;
    assert!(error.contains("did you mean `unknown-type`?"), "{error}");
    let error = place.run(&["explain", "weather"]).expect(1).err;
    assert!(error.contains("`rstack explain` lists"), "{error}");
}
