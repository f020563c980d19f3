//! The clock of a service, as its answers tell it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;

/// The seconds that a service's clock is ahead of this machine's, by its last answer. Clones share
/// it.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceClock(Arc<AtomicI64>);

impl ServiceClock {
    /// The time by the service's clock.
    pub(super) fn now(&self) -> SystemTime {
        let ahead = self.0.load(Ordering::Relaxed);
        let distance = Duration::from_secs(ahead.unsigned_abs());
        let now = SystemTime::now();
        let there = if ahead < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        there.unwrap_or(now)
    }

    fn hear(&self, date: &str) {
        if let Ok(there) = DateTime::from_str(date, Format::HttpDate) {
            let ahead = there.secs().saturating_sub(DateTime::from(SystemTime::now()).secs());
            self.0.store(ahead, Ordering::Relaxed);
        }
    }
}

#[dyn_dispatch_hint]
impl Intercept for ServiceClock {
    fn name(&self) -> &'static str {
        "ServiceClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.hear(date);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_goes_wrong_is_set_right_by_an_answer() {
        let clock = ServiceClock::default();
        clock.hear("nonsense");
        let year = |time: SystemTime| DateTime::from(time).secs() / (365 * 86_400) + 1970;
        assert!(year(clock.now()) > 2020);
        clock.hear("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(year(clock.now()), 1994);
        clock.hear("Tue, 06 Nov 2114 08:49:37 GMT");
        assert_eq!(year(clock.now()), 2114);
    }
}
