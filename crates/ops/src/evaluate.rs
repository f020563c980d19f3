//! Evaluating a template together with the answers of the cloud that it needs: Availability Zones,
//! parameters of the Parameter Store.

use rstack_apply::Engine;
use rstack_driver::DriverError;
use rstack_model::Span;
use rstack_model::value::Lookup;
use rstack_template::{Evaluation, ExternalValues, Inputs, Template};

use crate::OpsError;

/// The number of rounds in which answers may lead to further questions, at most.
const ROUNDS: usize = 16;

/// An evaluated template, and the questions that have no answer.
#[derive(Debug)]
pub struct Evaluated {
    /// The evaluation.
    pub evaluation: Evaluation,
    /// The questions without an answer.
    pub unanswered: Vec<Unanswered>,
}

/// A question to which the cloud has no answer.
#[derive(Clone, Debug)]
pub struct Unanswered {
    /// The question.
    pub lookup: Lookup,
    /// Why there is no answer.
    pub error: DriverError,
    /// Where the template asks.
    pub at: Span,
}

/// Evaluates a template, asks the cloud what it needs, and evaluates it again with the answers. A
/// template with mistakes asks no cloud, and neither does one that lacks files of nested stacks.
///
/// # Errors
/// If the cloud cannot be asked at all.
pub async fn evaluate(
    engine: &Engine,
    template: &Template,
    inputs: &Inputs<'_>,
) -> Result<Evaluated, OpsError> {
    let mut external: ExternalValues = inputs.external.clone();
    for _ in 0..ROUNDS {
        let inputs = Inputs { external: &external, ..*inputs };
        let evaluation = rstack_template::evaluate(template, &inputs);
        if evaluation.lookups.is_empty()
            || evaluation.desired.is_none()
            || !evaluation.wanted.is_empty()
        {
            return Ok(Evaluated { evaluation, unanswered: Vec::new() });
        }
        let mut unanswered = Vec::new();
        for (lookup, answer) in engine.look_up(evaluation.lookups.keys()).await? {
            match answer {
                Ok(value) => {
                    external.answers.insert(lookup, value);
                }
                Err(error) => {
                    let at = evaluation.lookups.get(&lookup).copied().unwrap_or_default();
                    unanswered.push(Unanswered { lookup, error, at });
                }
            }
        }
        if !unanswered.is_empty() {
            return Ok(Evaluated { evaluation, unanswered });
        }
    }
    Err(OpsError::Questions)
}
