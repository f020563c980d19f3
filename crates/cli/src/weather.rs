//! `RSTACK_SANDBOX`: what the simulated cloud is to be like, for demos, rehearsals and tests.

use std::time::Duration;

use rstack_sandbox::{Faults, SandboxOptions};

use crate::error::CliError;

/// The environment variable.
pub(crate) const VARIABLE: &str = "RSTACK_SANDBOX";

/// What the variable can say.
pub(crate) const HELP: &str = "The environment variable RSTACK_SANDBOX makes the sandbox slow or \
    stormy, such as `faults=stormy,seed=7,latency-ms=200`:\n  \
    seed=N          what everything that looks random is derived from\n  \
    faults=KIND     `none` or `stormy`: calls fail, or their answers are lost\n  \
    latency-ms=N    the longest a call takes\n  \
    deploy-polls=N  how often a distribution answers that it is still being deployed\n  \
    poll-ms=N       how long it is waited between two such answers";

/// The options that the environment asks for.
///
/// # Errors
/// If it asks for something that there is not.
pub(crate) fn from_environment() -> Result<SandboxOptions, CliError> {
    parse(&std::env::var(VARIABLE).unwrap_or_default())
}

fn parse(text: &str) -> Result<SandboxOptions, CliError> {
    let mut options = SandboxOptions::default();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        set(&mut options, part).ok_or_else(|| CliError::Weather(part.to_owned()))?;
    }
    Ok(options)
}

fn set(options: &mut SandboxOptions, part: &str) -> Option<()> {
    let (key, value) = part.split_once('=')?;
    let milliseconds = || value.parse().ok().map(Duration::from_millis);
    match key {
        "seed" => options.seed = value.parse().ok()?,
        "faults" if value == "none" => options.faults = Faults::none(),
        "faults" if value == "stormy" => options.faults = Faults::stormy(),
        "latency-ms" => options.latency = milliseconds()?,
        "deploy-polls" => options.deploy_polls = value.parse().ok()?,
        "poll-ms" => options.ask_again_in = milliseconds()?,
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_sandbox_is_like() {
        assert_eq!(parse("").unwrap(), SandboxOptions::default());
        let options = parse("seed=7, faults=stormy,latency-ms=5,deploy-polls=0,poll-ms=9").unwrap();
        assert_eq!(
            options,
            SandboxOptions {
                seed: 7,
                faults: Faults::stormy(),
                latency: Duration::from_millis(5),
                deploy_polls: 0,
                ask_again_in: Duration::from_millis(9),
            }
        );
        for wrong in ["seed", "seed=x", "faults=bad", "speed=9"] {
            assert!(matches!(parse(wrong), Err(CliError::Weather(part)) if part == wrong));
        }
    }
}
