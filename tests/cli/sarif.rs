//! Findings as a SARIF log.

use serde_json::Value;

use crate::harness::{Place, snapshot};

const BAD: &str = "\
Resources:
  Tür:
    Type: AWS::SNS::Topic
  A:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: 'ä' # before
      Name: !Ref B
  B:
    Type: AWS::SNS::Topic
    DependsOn: A
    Properties: {Name: x}
";

/// The log of these templates, of which at least one is wrong.
fn log(place: &Place, templates: &[&str]) -> Value {
    let arguments = [&["validate", "--format", "sarif"], templates].concat();
    serde_json::from_str(&place.run(&arguments).expect(1).out).unwrap()
}

#[test]
fn the_log_is_one_run_whose_indexes_agree() {
    let place = Place::empty();
    place.write("a b.yaml", BAD);
    place.write("good.yaml", "Resources:\n  A:\n    Type: AWS::SNS::Topic\n");
    place.write("empty.yaml", "");
    let log = log(&place, &["a b.yaml", "good.yaml", "empty.yaml"]);
    assert_eq!(log["version"], "2.1.0");
    let [run] = log["runs"].as_array().unwrap().as_slice() else { panic!("{log}") };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "rstack");
    let (rules, artifacts) = (&driver["rules"], run["artifacts"].as_array().unwrap());
    assert_eq!(artifacts.len(), 3);
    assert_eq!(artifacts[0]["location"]["uri"], "a%20b.yaml");
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["help"]["text"].as_str().unwrap().len() > 20);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let related = result["relatedLocations"].as_array().unwrap();
        for place in result["locations"].as_array().unwrap().iter().chain(related) {
            let physical = &place["physicalLocation"];
            let file = &physical["artifactLocation"];
            let index = usize::try_from(file["index"].as_u64().unwrap()).unwrap();
            assert_eq!(artifacts[index]["location"]["uri"], file["uri"]);
            assert!(run["originalUriBaseIds"].get(file["uriBaseId"].as_str().unwrap()).is_some());
            assert!(physical["region"]["startLine"].as_u64().unwrap() >= 1);
        }
    }
    let ids: Vec<&str> =
        rules.as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len());
    snapshot("sarif", &serde_json::to_string_pretty(&run["results"]).unwrap());
}

#[test]
fn a_finding_is_the_same_when_lines_are_added_above_it() {
    let place = Place::empty();
    place.write("a.yaml", BAD);
    let prints = |place: &Place| -> Vec<Value> {
        let log = log(place, &["a.yaml"]);
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    let before = prints(&place);
    place.write("a.yaml", &format!("Description: more\n\n{BAD}"));
    assert_eq!(prints(&place), before);
    let mut unique = before.clone();
    unique.sort_by_key(Value::to_string);
    unique.dedup();
    assert_eq!(unique.len(), before.len());
}

#[test]
fn the_short_form_and_the_format_exclude_each_other() {
    let place = Place::empty();
    place.write("a.yaml", BAD);
    let short = place.run(&["validate", "a.yaml", "--json"]).expect(1).out;
    assert_eq!(place.run(&["validate", "a.yaml", "--format", "json"]).expect(1).out, short);
    place.run(&["validate", "a.yaml", "--format", "sarif", "--json"]).expect(1);
}
