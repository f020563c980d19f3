//! Texts that scripts read, which are never changed.

use std::process::Command;

use serde_json::Value;

use super::{INJECTIONS, assert_inert, commands, place};
use crate::harness::ran;

#[test]
fn the_value_of_an_output_is_exact_or_refused() {
    let place = place();
    place.sandbox(&["apply", "--yes"]).expect(0);
    let in_workflow = |line: &[&str]| {
        let mut command: Command = place.command(&[line, &["--sandbox"]].concat());
        command.env("GITHUB_ACTIONS", "true");
        ran(command)
    };
    let mut refused = 0;
    for (i, text) in INJECTIONS.iter().enumerate() {
        let line = ["output", "inj", &format!("O{i}")];
        assert_eq!(place.sandbox(&line).expect(0).out, format!("{text}\n"));
        let ran = in_workflow(&line);
        if ran.code == 0 {
            assert_eq!(ran.out, format!("{text}\n"));
            assert_eq!(commands(&ran.out), Vec::<String>::new());
            assert!(!ran.out.contains(['\u{1b}', '\u{9b}', '\r']), "{:?}", ran.out);
        } else {
            refused += 1;
            assert_eq!(ran.out, "");
            assert!(ran.err.contains(&format!("output inj O{i} --json")), "{}", ran.err);
            assert_inert("output", &ran);
        }
        let json = in_workflow(&[&line[..], &["--json"]].concat()).expect(0);
        assert_inert("output --json", &json);
        assert_eq!(serde_json::from_str::<Value>(&json.out).unwrap(), Value::from(*text));
    }
    assert!((12..INJECTIONS.len()).contains(&refused), "{refused} values are refused");

    let stored = place.read("state/sandbox/inj.json");
    assert_eq!(place.sandbox(&["state", "pull", "inj"]).expect(0).out, stored);
    let pulled = in_workflow(&["state", "pull", "inj"]).expect(1);
    assert_eq!(pulled.out, "");
    assert!(pulled.err.contains("state pull inj FILE"), "{}", pulled.err);
    in_workflow(&["state", "pull", "inj", "copy.json"]).expect(0);
    assert_eq!(place.read("copy.json"), stored);
}
