//! The options for waiting: which objects are waited for, and how long.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rstack_apply::{Wait, Waiting};
use rstack_model::plan::Plan;
use rstack_model::{Address, ErrorCode};

use crate::error::CommandError;

/// `--timeout` names a resource that is not in the plan.
#[derive(Debug, thiserror::Error)]
#[error("`--timeout {0}=…`: the stack has no such resource")]
pub(crate) struct UnknownTimeout(Address);

impl From<UnknownTimeout> for CommandError {
    fn from(error: UnknownTimeout) -> Self {
        let hint = "give a logical ID from `Resources`";
        Self::of(ErrorCode::UnknownResource, &error).with_hint(Some(hint))
    }
}

/// Which objects are waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitFor {
    /// Every object until it is stable: a distribution is deployed at all edge locations.
    #[default]
    Full,
    /// Objects that others can use only when stable. Not distributions, whose domain name exists at once.
    Ready,
    /// Only the objects that another change of the plan needs.
    None,
}

/// A time, for one resource or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timeout {
    address: Option<Address>,
    time: Duration,
}

/// The options that choose the objects to wait for, and the time limit.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct WaitArguments {
    /// Choose the objects to wait for. Old objects are deleted only after all new ones are stable. An
    /// object that is not stable yet is recorded, and the next plan reports it without a change.
    #[arg(long, value_enum, value_name = "WHAT", default_value = "full")]
    wait: WaitFor,
    /// Set the time limit for an object to become stable or to be deleted, such as `30m`, or
    /// `Distribution=1h` for one resource. Defaults to the limit of its type (see `rstack docs TYPE`) or
    /// 2 hours. Can be repeated.
    #[arg(long, value_name = "[LOGICAL_ID=]TIME", value_parser = timeout)]
    timeout: Vec<Timeout>,
}

fn timeout(text: &str) -> Result<Timeout, String> {
    let (address, time) = match text.split_once('=') {
        Some((id, time)) => (Some(Address::new(id)), time),
        None => (None, text),
    };
    let time = time.parse::<jiff::SignedDuration>().ok();
    let time = time.and_then(|time| Duration::try_from(time).ok()).filter(|time| !time.is_zero());
    let time = time.ok_or("expected a time such as `90s`, `30m` or `1h 30m`")?;
    Ok(Timeout { address, time })
}

impl WaitArguments {
    /// True if a time limit is one of a resource.
    pub(crate) fn names_resource(&self) -> bool {
        self.timeout.iter().any(|given| given.address.is_some())
    }

    /// As the engine takes it.
    ///
    /// # Errors
    /// If a time is given for a resource that the plan does not know.
    pub(crate) fn of(&self, plan: &Plan) -> Result<Waiting, UnknownTimeout> {
        let wait = match self.wait {
            WaitFor::Full => Wait::Full,
            WaitFor::Ready => Wait::Ready,
            WaitFor::None => Wait::None,
        };
        let (mut timeout, mut timeouts) = (None, BTreeMap::new());
        for given in &self.timeout {
            match &given.address {
                Some(id) if !knows(plan, id) => return Err(UnknownTimeout(id.clone())),
                Some(id) => {
                    timeouts.insert(id.clone(), given.time);
                }
                None => timeout = Some(given.time),
            }
        }
        Ok(Waiting { wait, timeout, timeouts })
    }
}

fn knows(plan: &Plan, id: &Address) -> bool {
    plan.changes.contains_key(id) || plan.deposed.iter().any(|deposed| deposed.address == *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_for_one_resource_or_for_all() {
        let time = |id: Option<&str>, seconds| {
            Ok(Timeout { address: id.map(Into::into), time: Duration::from_secs(seconds) })
        };
        assert_eq!(timeout("90s"), time(None, 90));
        assert_eq!(timeout("CDN=1h 30m"), time(Some("CDN"), 5400));
        for wrong in ["", "soon", "30", "-5m", "0s", "CDN="] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
    }
}
