//! Evaluating a template together with the answers of the cloud that it needs: Availability Zones,
//! parameters of the Parameter Store.

use rstack_driver::DriverError;
use rstack_model::value::Lookup;
use rstack_model::{Code, Diagnostic, Span};
use rstack_template::{Evaluation, Inputs, Outside, Template, evaluate};

use crate::error::{CliError, cloud_hint};
use crate::session::Session;

/// How often answers may lead to further questions.
const ROUNDS: usize = 16;

/// What came of evaluating a template, and the questions that have no answer.
pub(crate) struct Evaluated {
    pub(crate) evaluation: Evaluation,
    pub(crate) unanswered: Vec<Diagnostic>,
}

/// Evaluates a template, asks the cloud what it needs, and evaluates it again with the answers. A
/// template with mistakes is told before the cloud is asked.
///
/// # Errors
/// If the cloud cannot be asked at all.
pub(crate) async fn evaluate_with(
    session: &Session,
    template: &Template,
    inputs: &Inputs<'_>,
) -> Result<Evaluated, CliError> {
    let mut outside: Outside = inputs.outside.clone();
    for _ in 0..ROUNDS {
        let inputs = Inputs { outside: &outside, ..*inputs };
        let evaluation = evaluate(template, &inputs);
        if evaluation.lookups.is_empty() || evaluation.desired.is_none() {
            return Ok(Evaluated { evaluation, unanswered: Vec::new() });
        }
        let mut unanswered = Vec::new();
        for (lookup, answer) in session.engine.look_up(evaluation.lookups.keys()).await? {
            match answer {
                Ok(value) => {
                    outside.answers.insert(lookup, value);
                }
                Err(error) => {
                    let at = evaluation.lookups.get(&lookup).copied().unwrap_or_default();
                    unanswered.push(no_answer(&lookup, &error, at));
                }
            }
        }
        if !unanswered.is_empty() {
            return Ok(Evaluated { evaluation, unanswered });
        }
    }
    Err(CliError::Template(
        "what the template asks of the cloud leads to ever more questions".into(),
    ))
}

fn no_answer(lookup: &Lookup, error: &DriverError, at: Span) -> Diagnostic {
    let message = format!("the cloud does not give the {lookup}: {error}");
    let diagnostic = Diagnostic::error(Code::Lookup, message).at(at, "");
    match cloud_hint(error) {
        Some(hint) => diagnostic.help(hint),
        None => diagnostic,
    }
}
