//! Evaluating a template together with the answers of the cloud that it needs: Availability Zones,
//! parameters of the Parameter Store, exports and outputs of stacks that CloudFormation manages.

use rstack_apply::Engine;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::value::Lookup;
use rstack_model::{Span, Value, ValueMap};
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
    /// The calls by which stacks that CloudFormation manages are asked for, and which the caller has no
    /// permission for, or no way to. The template was evaluated as if there were no such stacks.
    pub not_read: Vec<DriverError>,
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
    let mut not_read = Vec::new();
    for _ in 0..ROUNDS {
        let inputs = Inputs { external: &external, ..*inputs };
        let evaluation = rstack_template::evaluate(template, &inputs);
        if evaluation.lookups.is_empty()
            || evaluation.desired.is_none()
            || !evaluation.wanted.is_empty()
        {
            return Ok(Evaluated { evaluation, unanswered: Vec::new(), not_read });
        }
        let mut unanswered = Vec::new();
        for (lookup, answer) in engine.look_up(evaluation.lookups.keys()).await? {
            match answer {
                Ok(value) => {
                    external.answers.insert(lookup, value);
                }
                Err(error) if lookup.is_of_managed_stacks() && is_out_of_reach(&error) => {
                    external.answers.insert(lookup.clone(), no_managed_stacks(&lookup));
                    not_read.push(error);
                }
                Err(error) => {
                    let at = evaluation.lookups.get(&lookup).copied().unwrap_or_default();
                    unanswered.push(Unanswered { lookup, error, at });
                }
            }
        }
        if !unanswered.is_empty() {
            return Ok(Evaluated { evaluation, unanswered, not_read });
        }
    }
    Err(OpsError::Questions)
}

/// True if the caller has no permission for a call, or the network has no way to the service.
pub(crate) fn is_out_of_reach(error: &DriverError) -> bool {
    matches!(error.kind, ErrorKind::AccessDenied { .. } | ErrorKind::Unreachable)
}

/// The answer of an account in which CloudFormation manages no stack.
fn no_managed_stacks(lookup: &Lookup) -> Value {
    match lookup {
        Lookup::Exports => Value::Map(ValueMap::new()),
        Lookup::StackOutputs { .. }
        | Lookup::Zones(_)
        | Lookup::Parameter(_)
        | Lookup::Attribute { .. } => Value::Null,
    }
}
