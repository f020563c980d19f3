//! `RSTACK_SANDBOX`: what the simulated cloud is to be like, for demos, rehearsals and tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rstack_sandbox::{Faults, SandboxOptions, Time};

use crate::env::Env;
use crate::error::CommandError;
use rstack_model::{AccountId, ErrorCode};

/// The environment variable.
pub(crate) const VARIABLE: &str = "RSTACK_SANDBOX";

/// The settings of the variable. The lines of the list fit into 80 columns: what breaks them does
/// not indent what follows.
pub(crate) const HELP: &str = "The environment variable RSTACK_SANDBOX makes the sandbox slow or \
    unreliable, such as `faults=stormy,seed=7,latency-ms=200`:\n  \
    account=ID      the caller's account, which is fixed then (any)\n  \
    seed=N          the seed of everything that looks random\n  \
    faults=KIND     `none`, or `stormy`: calls fail or their answers are lost\n  \
    latency-ms=N    the longest duration of a call\n  \
    deploy-polls=N  polls until a distribution is deployed\n  \
    api-polls=N     polls until a request of any API is complete (0)\n  \
    poll-ms=N       the pause between two polls\n  \
    bootstrap=none  no account has what `rstack bootstrap` makes\n  \
    speed=N         the speed of its clock, as a multiple of real time (60)";

/// The speed of the sandbox's clock: ten minutes are over in ten seconds.
const SPEED: u32 = 60;

/// The environment asks for a sandbox that there is not.
#[derive(Debug, thiserror::Error)]
#[error("invalid setting `{0}` in `RSTACK_SANDBOX`")]
pub(crate) struct UnknownCondition(String);

impl From<UnknownCondition> for CommandError {
    fn from(error: UnknownCondition) -> Self {
        let hint = "`rstack sandbox --help` lists the settings";
        Self::of(ErrorCode::SandboxSetting, &error).with_hint(Some(hint))
    }
}

/// The settings that the environment asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// The caller's account; `None` is whatever a stack says.
    pub(crate) account: Option<AccountId>,
    pub(crate) options: SandboxOptions,
    pub(crate) time: FastTime,
}

/// This machine's clock, and how many times as fast the sandbox's runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FastTime {
    speed: u32,
}

impl Time for FastTime {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn speed(&self) -> u32 {
        self.speed
    }
}

/// The conditions that the environment asks for.
///
/// # Errors
/// If it asks for something that there is not.
pub(crate) fn conditions(env: &Env) -> Result<Conditions, UnknownCondition> {
    parse(env.variable(VARIABLE).unwrap_or_default())
}

fn parse(text: &str) -> Result<Conditions, UnknownCondition> {
    let (options, time) = (SandboxOptions::default(), FastTime { speed: SPEED });
    let mut conditions = Conditions { account: None, options, time };
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        set(&mut conditions, part).ok_or_else(|| UnknownCondition(part.to_owned()))?;
    }
    Ok(conditions)
}

fn set(conditions: &mut Conditions, part: &str) -> Option<()> {
    let (key, value) = part.split_once('=')?;
    let options = &mut conditions.options;
    let milliseconds = || value.parse().ok().map(Duration::from_millis);
    match key {
        "account" => conditions.account = Some(account(value)?),
        "seed" => options.seed = value.parse().ok()?,
        "faults" if value == "none" => options.faults = Faults::none(),
        "faults" if value == "stormy" => options.faults = Faults::frequent(),
        "latency-ms" => options.latency = milliseconds()?,
        "deploy-polls" => options.deploy_polls = value.parse().ok()?,
        "api-polls" => options.api_polls = value.parse().ok()?,
        "poll-ms" => options.ask_again_in = milliseconds()?,
        "bootstrap" if value == "none" => options.bootstrapped = false,
        "speed" => conditions.time.speed = value.parse().ok().filter(|speed| *speed > 0)?,
        _ => return None,
    }
    Some(())
}

/// An account, which is twelve digits.
fn account(text: &str) -> Option<AccountId> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then(|| AccountId::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_fits_into_a_terminal() {
        assert!(HELP.lines().skip(1).all(|line| line.len() <= 80), "{HELP}");
    }

    #[test]
    fn says_what_the_sandbox_is_like() {
        assert_eq!(parse("").unwrap().options, SandboxOptions::default());
        let text =
            "seed=7, faults=stormy,latency-ms=5,deploy-polls=0,api-polls=4,poll-ms=9,speed=3";
        let conditions = parse(text).unwrap();
        assert_eq!(conditions.time.speed(), 3);
        assert_eq!(
            conditions.options,
            SandboxOptions {
                seed: 7,
                faults: Faults::frequent(),
                latency: Duration::from_millis(5),
                deploy_polls: 0,
                api_polls: 4,
                ask_again_in: Duration::from_millis(9),
                bootstrapped: true,
            }
        );
        assert!(!parse("bootstrap=none").unwrap().options.bootstrapped);
        let fixed = parse("account=123456789012").unwrap().account;
        assert_eq!(fixed.as_ref().map(AccountId::as_str), Some("123456789012"));
        for wrong in
            ["account=1", "account=12345678901x", "seed", "seed=x", "faults=bad", "speed=0"]
        {
            assert!(matches!(parse(wrong), Err(UnknownCondition(part)) if part == wrong));
        }
    }
}
