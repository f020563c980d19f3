//! The options of a sandbox: its seed, its faults, its pace.

use std::time::Duration;

/// A rate: the number of times in a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PerMille(pub u16);

/// The faults a sandbox injects. All of them are drawn from the seed, the operation, the object
/// and the number of the attempt: the order in which concurrent calls arrive changes nothing.
/// Looking for the object of an open create (`find`) is never disturbed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The call is refused as one too many.
    pub throttle: PerMille,
    /// The call fails before it has an effect.
    pub server_error: PerMille,
    /// A call that changes something has its effect, and its answer is lost.
    pub lost_answer: PerMille,
    /// The first call that names a new object finds it not yet visible.
    pub late_visibility: PerMille,
}

impl Faults {
    /// No faults.
    pub fn none() -> Self {
        Self::default()
    }

    /// Every kind of fault, each in one of ten calls: `faults=stormy` of the command line.
    pub fn frequent() -> Self {
        let often = PerMille(100);
        Self { throttle: often, server_error: often, lost_answer: often, late_visibility: often }
    }
}

/// The options of a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SandboxOptions {
    /// The seed from which everything that looks random is derived.
    pub seed: u64,
    /// The faults it injects.
    pub faults: Faults,
    /// The longest a call takes; each takes a part of it, drawn from the seed.
    pub latency: Duration,
    /// The number of times that a distribution answers that it is still being deployed.
    pub deploy_polls: u32,
    /// The number of times that an API answers that it works on a request before it is complete, as
    /// Cloud Control does; with 0 it answers when the request has been carried out.
    pub api_polls: u32,
    /// The time after which a driver should ask again.
    pub ask_again_in: Duration,
    /// True if every account has the CDK's bootstrap bucket and the parameter with its version.
    pub bootstrapped: bool,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            faults: Faults::none(),
            latency: Duration::ZERO,
            deploy_polls: 2,
            api_polls: 0,
            ask_again_in: Duration::from_millis(400),
            bootstrapped: true,
        }
    }
}
