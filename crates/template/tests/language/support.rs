//! Shared parts of the tests of this crate: reading and evaluating a template in a fixed place.

use std::collections::BTreeMap;

use rstack_model::state::Environment;
use rstack_model::{Diagnostic, StackName};
use rstack_template::{Evaluation, ExternalValues, Inputs, Parsed, Reading, evaluate, parse};

/// The findings about a template, and the outcome of its evaluation.
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) evaluation: Option<Evaluation>,
}

/// Reads and evaluates a template where nothing is exported.
pub(crate) fn outcome(text: &str, parameters: &[(&str, &str)]) -> Outcome {
    outcome_with(text, parameters, &[])
}

/// Reads and evaluates a template.
pub(crate) fn outcome_with(
    text: &str,
    parameters: &[(&str, &str)],
    exports: &[(&str, &str)],
) -> Outcome {
    let exports = exports.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
    outcome_in(text, parameters, &ExternalValues { exports, ..ExternalValues::default() })
}

/// Reads and evaluates a template among other stacks, with answers of the cloud.
pub(crate) fn outcome_in(
    text: &str,
    parameters: &[(&str, &str)],
    external: &ExternalValues,
) -> Outcome {
    let parameters: BTreeMap<String, String> =
        parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let parsed = parse(text, &Reading::with_parameters(&parameters));
    evaluated_in(text, parsed, &parameters, external)
}

/// Evaluates what was read.
pub(crate) fn evaluated(
    text: &str,
    parsed: Parsed,
    parameters: &BTreeMap<String, String>,
) -> Outcome {
    evaluated_in(text, parsed, parameters, &ExternalValues::default())
}

fn evaluated_in(
    text: &str,
    parsed: Parsed,
    parameters: &BTreeMap<String, String>,
    external: &ExternalValues,
) -> Outcome {
    let mut diagnostics = parsed.diagnostics;
    let environment = Environment {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        sandbox: false,
    };
    let stack = StackName::parse("Live").unwrap();
    let inputs = Inputs { stack: &stack, environment: &environment, parameters, external };
    let evaluation = parsed.template.map(|template| evaluate(&template, &inputs));
    diagnostics.extend(evaluation.iter().flat_map(|e| e.diagnostics.clone()));
    Outcome { text: text.to_owned(), diagnostics, evaluation }
}

impl Outcome {
    /// `code@text`: the code and the source text of the main place, of each finding.
    pub(crate) fn told(&self) -> Vec<String> {
        let place = |d: &Diagnostic| {
            d.labels.first().map_or("", |l| &self.text[l.span.start..l.span.end]).trim().to_owned()
        };
        self.diagnostics.iter().map(|d| format!("{}@{}", d.code, place(d))).collect()
    }

    /// The properties of a resource as a plan shows them; fails if there was an error.
    pub(crate) fn properties(&self, id: &str) -> String {
        let desired = self.evaluation.as_ref().and_then(|e| e.desired.as_ref());
        let desired = desired.unwrap_or_else(|| panic!("{:#?}", self.diagnostics));
        rstack_model::Value::Map(desired.resources[id].properties.clone()).to_string()
    }
}
