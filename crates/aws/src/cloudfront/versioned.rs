//! Changes that name the version they are made to: read the ETag, send it as `If-Match`.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::UNORDERED_BY;
use super::service::{action, text};
use crate::api::Api;
use crate::mapping::equivalent;

/// An object whose changes need its ETag.
pub(super) struct Versioned<'a> {
    /// The service.
    pub(super) api: &'a dyn Api,
    /// The operation that reads it.
    pub(super) get: &'static str,
    /// The input of that operation.
    pub(super) get_input: KnownMap,
    /// The members that name the object in the changing operation.
    pub(super) key: KnownMap,
    /// Where what a change replaces stands in the answer: one member within the other.
    pub(super) content: [&'static str; 2],
}

impl Versioned<'_> {
    /// Reads the object.
    pub(super) async fn read(&self) -> Result<KnownMap, DriverError> {
        self.api.call(self.get, self.get_input.clone()).await
    }

    /// Calls the operation with the object's ETag. If the object has another one by then it is read
    /// once more: the call is made again only if nothing of its content changed, so that no other
    /// change is lost. If it holds by then what is wanted, that is the answer.
    pub(super) async fn change(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let first = self.read().await?;
        self.change_from(&first, operation, input).await
    }

    /// [`Self::change`] for an object that was just read.
    pub(super) async fn change_from(
        &self,
        read: &KnownMap,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        match self.attempt(read, operation, input.clone()).await {
            Err(error) if is_stale(&error) => {}
            result => return result,
        }
        let again = self.read().await?;
        if self.holds(&again, &input) {
            // The request arrived twice, and the first of both has done it.
            return Ok(again);
        }
        if self.content(read) != self.content(&again) {
            return Err(changed_meanwhile(operation));
        }
        self.attempt(&again, operation, input)
            .await
            .map_err(|error| if is_stale(&error) { changed_meanwhile(operation) } else { error })
    }

    fn content<'m>(&self, read: &'m KnownMap) -> Option<&'m KnownValue> {
        let [outer, inner] = self.content;
        read.get(outer)?.get(inner)
    }

    /// True if what was read holds what a change wants.
    fn holds(&self, read: &KnownMap, input: &KnownMap) -> bool {
        let [_, inner] = self.content;
        match (input.get(inner), self.content(read)) {
            (Some(wanted), Some(is)) => equivalent(wanted, is, UNORDERED_BY),
            (Some(_) | None, _) => false,
        }
    }

    /// One call with the ETag of what was read.
    pub(super) async fn attempt(
        &self,
        read: &KnownMap,
        operation: &'static str,
        mut input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let etag = text(read, "ETag", self.get)?.to_owned();
        input.extend(self.key.clone());
        input.insert("IfMatch".to_owned(), KnownValue::from(etag));
        self.api.call(operation, input).await
    }
}

/// True if the error says that the object has another version by now.
pub(super) fn is_stale(error: &DriverError) -> bool {
    error.has_code("PreconditionFailed") || error.has_code("InvalidIfMatchVersion")
}

fn changed_meanwhile(operation: &str) -> DriverError {
    let message = "another caller changed it between reading and writing, and that change was left \
                   alone; plan and apply again";
    DriverError::new(ErrorKind::Conflict, action(operation), message)
}

/// Deleting says that something still uses the object. What used it was changed or deleted before,
/// and CloudFront may need a moment to see that: worth trying again, for a bounded time.
pub(super) fn still_in_use(error: DriverError) -> DriverError {
    let in_use = error.code.as_deref().is_some_and(|code| code.ends_with("InUse"));
    let kind = if in_use { ErrorKind::DependencyNotReady } else { error.kind.clone() };
    DriverError { kind, ..error }
}
