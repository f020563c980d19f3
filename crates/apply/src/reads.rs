//! Calls that change nothing: each ends within a minute, with all its retries, and when the user asks
//! to stop. Of a service that stays silent for that time nothing else is asked in the same look-up.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rstack_driver::{CallInFlight, Cloud, DriverError, ErrorKind};
use rstack_model::ResourceType;

use crate::{Clock, Engine};

/// The longest time that one read takes, with the retries of the engine and those of the driver.
pub(crate) const READ_LIMIT: Duration = Duration::from_secs(60);

/// The time that a read may go on when the user has asked to stop: it completes what is recorded of
/// a change that was made.
const GRACE: Duration = Duration::from_secs(5);

/// The services of the secrets that templates refer to.
pub(crate) const SECRETS_MANAGER: &str = "AWS::SecretsManager";
/// As [`SECRETS_MANAGER`], of parameters.
pub(crate) const PARAMETER_STORE: &str = "AWS::SSM";
/// The service that manages other stacks of the account.
pub(crate) const CLOUDFORMATION: &str = "AWS::CloudFormation";

/// The service of a resource type, such as `AWS::MediaPackage`.
pub(crate) fn service_of(resource_type: &ResourceType) -> &str {
    let name = resource_type.as_str();
    name.match_indices("::").nth(1).map_or(name, |(end, _)| name.get(..end).unwrap_or(name))
}

/// The reads of one look-up: of what a template asks, of the objects of a stack. When no read of a
/// service was answered for [`READ_LIMIT`], the service is not asked again; when none of all was,
/// none is. So a look-up in a cloud that hangs takes no longer than one read.
#[derive(Debug, Default)]
pub(crate) struct Lookups(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    /// The number of reads that were answered.
    all: u64,
    /// The same number by service.
    of: BTreeMap<String, u64>,
    /// The services that are silent, each with its first read that was given up.
    silent: BTreeMap<String, DriverError>,
    /// As `silent`, where no service at all has answered.
    all_silent: Option<DriverError>,
}

impl Answers {
    fn counts(&self, service: &str) -> (u64, u64) {
        (self.all, self.of.get(service).copied().unwrap_or_default())
    }
}

impl Lookups {
    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error of a read that is not made; `None` if the service is asked.
    fn refused(&self, service: &str) -> Option<DriverError> {
        let answers = self.answers();
        let silent = answers.silent.get(service).or(answers.all_silent.as_ref())?;
        let message = format!("not asked, as another call failed: {}", silent.message);
        Some(DriverError { message, ..silent.clone() })
    }

    fn answered(&self, service: &str) {
        let mut answers = self.answers();
        answers.all += 1;
        *answers.of.entry(service.to_owned()).or_default() += 1;
    }

    /// Notes a read that was given up, and that began when this many were answered.
    fn given_up(&self, service: &str, begun: (u64, u64), error: &DriverError) {
        let mut answers = self.answers();
        let now = answers.counts(service);
        if now.1 == begun.1 {
            answers.silent.entry(service.to_owned()).or_insert_with(|| error.clone());
        }
        if now.0 == begun.0 {
            answers.all_silent.get_or_insert_with(|| error.clone());
        }
    }
}

/// Why a read has no answer of its own.
enum Ended<T> {
    Answered(Result<T, DriverError>),
    Late(DriverError),
}

impl Engine {
    /// A read of a look-up, before anything has begun: a cloud that cannot be reached is reported at
    /// once, and a wish to stop ends it at once.
    pub(crate) async fn look<T, F>(
        &self,
        lookups: &Lookups,
        service: &str,
        mut call: impl FnMut() -> F,
    ) -> Result<T, DriverError>
    where
        F: Future<Output = Result<T, DriverError>>,
    {
        if let Some(error) = lookups.refused(service) {
            return Err(error);
        }
        let begun = lookups.answers().counts(service);
        // What is looked up after a wish to stop serves to record what was done.
        let grace = if self.cancel.is_cancelled() { GRACE } else { Duration::ZERO };
        let last = LastError::default();
        let asked = self.ask(
            || self.until_stopped(grace, call()),
            |error, attempt| {
                last.note(error);
                self.asking_again(error, attempt);
            },
        );
        match self.limited(asked, &last).await {
            Ended::Answered(answer) => {
                lookups.answered(service);
                answer
            }
            Ended::Late(error) => {
                lookups.given_up(service, begun, &error);
                Err(error)
            }
        }
    }

    /// A single read before anything has begun, or after it is complete; as [`Self::look`] otherwise.
    pub(crate) async fn ask_read<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T, DriverError>
    where
        F: Future<Output = Result<T, DriverError>>,
    {
        let last = LastError::default();
        let asked = self.ask(
            || self.until_stopped(GRACE, call()),
            |error, attempt| {
                last.note(error);
                self.asking_again(error, attempt);
            },
        );
        self.limited(asked, &last).await.answer()
    }

    /// A read within an operation that has begun: an error that may pass is one of this read alone.
    /// `failed` hears of every attempt that is followed by another.
    pub(crate) async fn persist_read<T, F>(
        &self,
        mut call: impl FnMut() -> F,
        failed: impl Fn(&DriverError, u32),
    ) -> Result<T, DriverError>
    where
        F: Future<Output = Result<T, DriverError>>,
    {
        let last = LastError::default();
        let asked = self.persist(
            || self.until_stopped(GRACE, call()),
            |error, attempt| {
                last.note(error);
                failed(error, attempt);
            },
        );
        self.limited(asked, &last).await.answer()
    }

    async fn limited<T>(
        &self,
        call: impl Future<Output = Result<T, DriverError>>,
        last: &LastError,
    ) -> Ended<T> {
        limited(self.cloud.as_ref(), self.clock.as_ref(), call, last).await
    }

    /// The answer of a call that changes nothing. It is cut off some time after the user asked to
    /// stop: whatever it is about stays as it is recorded, and the next command reads it.
    async fn until_stopped<T>(
        &self,
        grace: Duration,
        call: impl Future<Output = Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        let stopped = async {
            self.cancel.cancelled().await;
            if !grace.is_zero() {
                self.clock.sleep(grace).await;
            }
        };
        tokio::select! {
            biased;
            answer = call => answer,
            () = stopped => {
                let message = "the answer was not waited for: the run was asked to stop";
                Err(DriverError::new(ErrorKind::Transient, "read", message))
            }
        }
    }
}

/// The answer of a call that changes nothing, of a cloud on which no engine works yet.
///
/// # Errors
/// That of the call, or one that names its operation and host if it takes longer than a minute.
pub async fn read_once<T>(
    cloud: &dyn Cloud,
    clock: &dyn Clock,
    call: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, DriverError> {
    limited(cloud, clock, call, &LastError::default()).await.answer()
}

/// The answer of a call, if it comes within [`READ_LIMIT`].
async fn limited<T>(
    cloud: &dyn Cloud,
    clock: &dyn Clock,
    call: impl Future<Output = Result<T, DriverError>>,
    last: &LastError,
) -> Ended<T> {
    let mut call = Box::pin(call);
    tokio::select! {
        biased;
        answer = &mut call => return Ended::Answered(answer),
        () = clock.limit(READ_LIMIT) => {}
    }
    let before = cloud.in_flight();
    drop(call);
    let own = own_call(before, &cloud.in_flight());
    let within = READ_LIMIT.as_secs();
    let late = |operation: &str, whose: String| {
        let message = format!("no complete answer{whose} came within {within} s");
        DriverError::new(ErrorKind::Transient, operation, message)
    };
    Ended::Late(match (own, last.take()) {
        (Some(call), _) => late(&call.operation, format!(" of {}", call.host)),
        (None, Some(last)) => last,
        (None, None) => late("read", String::new()),
    })
}

impl<T> Ended<T> {
    fn answer(self) -> Result<T, DriverError> {
        match self {
            Self::Answered(answer) => answer,
            Self::Late(error) => Err(error),
        }
    }
}

/// The last error of a read that is tried again.
#[derive(Default)]
struct LastError(Mutex<Option<DriverError>>);

impl LastError {
    fn note(&self, error: &DriverError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
    }

    fn take(&self) -> Option<DriverError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The oldest call that was in flight before and is not any more.
fn own_call(before: Vec<CallInFlight>, after: &[CallInFlight]) -> Option<CallInFlight> {
    let mut left: Vec<_> = after.iter().map(|call| (&call.operation, &call.host)).collect();
    before.into_iter().find(|call| {
        let same = left.iter().position(|other| *other == (&call.operation, &call.host));
        same.map(|index| left.swap_remove(index)).is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str, host: &str) -> CallInFlight {
        let elapsed = Duration::from_secs(60);
        CallInFlight { operation: operation.to_owned(), host: host.to_owned(), elapsed }
    }

    #[test]
    fn the_service_of_a_type_is_its_first_two_parts() {
        let service = |name: &str| service_of(&ResourceType::new(name)).to_owned();
        assert_eq!(service("AWS::EC2::Subnet"), "AWS::EC2");
        assert_eq!(service("Custom::Thing"), "Custom::Thing");
        assert_eq!(service("A::B::C::MODULE"), "A::B");
    }

    #[test]
    fn the_call_that_a_read_has_made_is_the_one_that_ends_with_it() {
        let (a, b) = (call("iam:GetRole", "iam"), call("sns:GetTopic", "sns"));
        let (one, both) = ([b.clone()], [a.clone(), b.clone()]);
        assert_eq!(own_call(both.to_vec(), &one), Some(a.clone()));
        assert_eq!(own_call(vec![a.clone(), a.clone(), b], &both), Some(a));
        assert_eq!(own_call(Vec::new(), &[]), None);
    }
}
