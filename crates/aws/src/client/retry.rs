//! When the SDK sends a request again by itself.
//!
//! A call that may have been carried out is sent again only if it reads: of any other the engine
//! finds out first whether it took effect.

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

use super::answer::ImproperAnswer;
use super::failure::{never_sent, source_of};
use crate::service_error::Refusal;

/// The rule for one operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryRule {
    /// True if it only reads.
    pub(super) reads: bool,
}

impl ClassifyRetry for RetryRule {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        if let Some(error) = error.as_operation_error() {
            return match error.downcast_ref::<Refusal>() {
                Some(refusal) if refusal.is_throttling() => RetryAction::throttling_error(),
                // A service that failed by itself may have done it nevertheless.
                Some(refusal) if refusal.is_transient() && self.reads => {
                    RetryAction::transient_error()
                }
                Some(_) | None => RetryAction::NoActionIndicated,
            };
        }
        // What is not AWS answers the same again, and gets the signed request again.
        if source_of::<ImproperAnswer>(error).is_some() {
            return RetryAction::RetryForbidden;
        }
        let passes = match error.as_connector_error() {
            Some(error) if error.is_user() => false,
            Some(error) => self.reads || never_sent(error),
            None => self.reads && (error.is_timeout_error() || error.is_response_error()),
        };
        if passes { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "rstack"
    }
}
