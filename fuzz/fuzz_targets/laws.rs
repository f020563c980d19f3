//! The laws of every text that is read as a template, however wrong it is.

use std::collections::BTreeMap;

use rstack_model::state::Environment;
use rstack_model::{Code, Diagnostic, StackName, Value};
use rstack_template::{Evaluation, ExternalValues, Inputs, Parsed, Reading, evaluate, parse};

/// Checks all of it; fails if something does not hold.
pub(crate) fn check(text: &str) {
    let (parsed, all) = read(text);
    findings_are_in_place(&all, &parsed.diagnostics);
    let has_errors = parsed.diagnostics.iter().any(Diagnostic::is_error);
    assert!(parsed.template.is_some() || has_errors, "there is neither a template nor an error");
    let Some(evaluation) = evaluated(&parsed) else { return };
    findings_are_in_place(&all, &evaluation.diagnostics);
    // An error that the user may allow leaves the result as it is.
    let fails = |it: &Diagnostic| it.is_error() && it.code != Code::SecretInName;
    let failed = evaluation.diagnostics.iter().any(fails);
    assert_eq!(evaluation.desired.is_none(), has_errors || failed, "an error and a result");
    let unexplained = evaluation.diagnostics.iter().any(|d| d.code == Code::NotEvaluated);
    assert!(!unexplained, "something is missing, and nothing says why");
    let again = evaluated(&read(text).0);
    let again = again.unwrap_or_else(|| panic!("read once, and not again"));
    assert!(again.desired == evaluation.desired, "evaluated twice, with two results");
    assert_eq!(again.diagnostics, evaluation.diagnostics, "evaluated twice, told two things");
    if let Some(desired) = &evaluation.desired {
        let outputs = desired.outputs.values().map(|output| &output.value);
        let properties = desired.resources.values().flat_map(|r| r.properties.values());
        outputs.chain(properties).for_each(is_kept);
    }
    respelled(text, evaluation);
}

/// The text of every file that a template includes.
const INCLUDED: &str = "{DisplayName: included}\n";

/// The most times that a template is read again with the files and answers that it asked for.
const ROUNDS: usize = 8;

/// Reads a template with the files and the place that it asks for, as the command line does; and the
/// text of all files, which places are in.
fn read(text: &str) -> (Parsed, String) {
    let mut reading = Reading::default();
    for _ in 0..ROUNDS {
        let parsed = parse(text, &reading);
        if parsed.missing.is_empty() && !parsed.needs_place {
            let files = parsed.included.iter().map(|_| INCLUDED);
            let all = std::iter::once(text).chain(files).collect();
            return (parsed, all);
        }
        if parsed.needs_place {
            reading.pseudo = Reading::place(&environment(), &stack());
        }
        let missing = parsed.missing.into_iter().map(|file| (file.value, INCLUDED.to_owned()));
        reading.includes.extend(missing);
    }
    panic!("it asks again for what it was given: {:?}", reading.includes.keys());
}

fn environment() -> Environment {
    Environment {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: true,
    }
}

fn stack() -> StackName {
    StackName::parse("fuzz").unwrap_or_else(|e| panic!("{e}"))
}

fn evaluated(parsed: &Parsed) -> Option<Evaluation> {
    let (environment, stack) = (environment(), stack());
    let (parameters, external) = (BTreeMap::new(), ExternalValues::default());
    let inputs = Inputs {
        stack: &stack,
        environment: &environment,
        parameters: &parameters,
        external: &external,
    };
    parsed.template.as_ref().map(|template| evaluate(template, &inputs))
}

/// Labels are about parts of the text, and findings come in its order.
fn findings_are_in_place(text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        for label in &diagnostic.labels {
            let place = text.get(label.span.start..label.span.end);
            assert!(place.is_some(), "{diagnostic:?} is about no part of the text");
        }
    }
    let places = diagnostics.iter().filter(|d| d.code != Code::More);
    let places = places.map(|d| d.labels.first().map(|label| label.span));
    assert!(places.is_sorted(), "findings are not in the order of the text");
}

/// A state and a plan hold the value as it is.
fn is_kept(value: &Value) {
    let json = serde_json::to_string(value).unwrap_or_else(|e| panic!("not written: {e}"));
    let read: Value = serde_json::from_str(&json).unwrap_or_else(|e| panic!("not read: {e}"));
    assert!(*value == read, "a state would hold something else: {json}");
}

/// JSON means the same however it is spaced.
fn respelled(text: &str, evaluation: Evaluation) {
    let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else { return };
    let Some(desired) = evaluation.desired else { return };
    for spelled in [json.to_string(), format!("{json:#}")] {
        let other = evaluated(&read(&spelled).0).and_then(|e| e.desired);
        let Some(mut other) = other else {
            panic!("spelled in another way it is wrong: {spelled}")
        };
        other.template_digest = desired.template_digest.clone();
        assert!(other == desired, "spelled in another way it means something else: {spelled}");
    }
}
