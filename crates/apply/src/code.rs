//! The codes of the engine's errors.

use rstack_model::ErrorCode;

use crate::error::{RecoverError, StepError};

impl StepError {
    /// The code that users look the failure up by.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Driver(error) | Self::Secret { source: error, .. } => error.error_code(),
            Self::NoDriver(_) => ErrorCode::DriverMissing,
            Self::Function { .. }
            | Self::NotKnown(_)
            | Self::SecretAttribute(_)
            | Self::SecretInName(_)
            | Self::NoAttribute(_)
            | Self::NotGiven(_)
            | Self::Reference(_)
            | Self::ParameterName(_) => ErrorCode::ValueNotEvaluated,
            Self::Parameter(_) | Self::OldParameter(_) => ErrorCode::SecretParameterMissing,
            Self::Ambiguous(_) => ErrorCode::CreateInDoubt,
            Self::NotStabilized { .. } => ErrorCode::WaitTimeout,
            Self::CreationTimeout { .. } => ErrorCode::CreationTimeout,
            Self::SecretLost(_) => ErrorCode::SecretLost,
            Self::KeepsRotating(_) => ErrorCode::SecretRotates,
            Self::Interrupted(_) => ErrorCode::Interrupted,
            Self::Digest(_) => ErrorCode::Internal,
            Self::Journal(_) => ErrorCode::StateNotWritten,
        }
    }
}

impl RecoverError {
    /// The code that users look the failure up by.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Ambiguous { .. } => ErrorCode::CreateInDoubt,
            Self::InputDigest { .. } => ErrorCode::StateDamaged,
            Self::Step { source, .. } => source.code(),
        }
    }
}
