//! Signals of wait conditions: a handle is a key in the bucket of responses, under which signals are put with a
//! signed URL. Each signal is a version of its object.

use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::custom::CustomTransport;
use rstack_driver::signals::{LONGEST_WAIT, MAX_SIGNAL, SignalTransport, Waiting};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{SecretString, Token};

use super::Handlers;

/// The folder of the signals in the bucket.
const FOLDER: &str = "rstack/wait-condition-signals";

/// The time for which a URL takes signals: an hour longer than a condition can wait.
const VALID: Duration = Duration::from_secs(LONGEST_WAIT + 3600);

/// The bucket and the key of a handle.
fn place<'a>(handle: &'a str, operation: &str) -> Result<(&'a str, &'a str), DriverError> {
    let place = handle.split_once('/').filter(|(bucket, key)| {
        !bucket.is_empty() && key.strip_prefix(FOLDER).is_some_and(|rest| rest.len() > 1)
    });
    place.ok_or_else(|| {
        let message = format!(
            "the wait condition handle `{handle}` has no place for signals: an earlier version made it; \
             declare another one under another logical ID"
        );
        DriverError::new(ErrorKind::Unsupported, operation, message)
    })
}

impl Handlers {
    /// Looks for the bucket of signals; with `several` it has to keep versions.
    ///
    /// # Errors
    /// As [`Handlers::response_bucket`]; [`ErrorKind::Invalid`] if it keeps none.
    pub(crate) async fn signal_bucket(&self, several: bool) -> Result<(), DriverError> {
        let bucket = self.response_bucket().await?;
        match several {
            true => self.check_versions(&bucket).await,
            false => Ok(()),
        }
    }

    async fn check_versions(&self, bucket: &str) -> Result<(), DriverError> {
        if self.store(bucket).await?.keeps_versions().await? {
            return Ok(());
        }
        let message = format!(
            "the bucket `{bucket}` does not keep versions, so that of several signals to a wait condition \
             only the last one would be seen"
        );
        let kind = ErrorKind::Invalid { property: None };
        Err(DriverError::new(kind, "s3:GetBucketVersioning", message))
    }

    /// The URL to which the signals of a handle are put.
    ///
    /// # Errors
    /// If it cannot be signed, or the handle has none.
    pub(crate) async fn signal_url(&self, handle: &str) -> Result<SecretString, DriverError> {
        let (bucket, key) = place(handle, "s3:PutObject")?;
        self.store(bucket).await?.put_url(key, VALID).await
    }
}

#[async_trait]
impl SignalTransport for Handlers {
    fn now(&self) -> u64 {
        CustomTransport::now(self)
    }

    async fn handle(&self, token: &Token) -> Result<String, DriverError> {
        Ok(format!("{}/{FOLDER}/{token}.json", self.response_bucket().await?))
    }

    async fn takes(&self, handle: &str, count: u64) -> Result<(), DriverError> {
        let (bucket, _) = place(handle, "s3:GetBucketVersioning")?;
        match count > 1 {
            true => self.check_versions(bucket).await,
            false => Ok(()),
        }
    }

    async fn signals(&self, waiting: &Waiting<'_>) -> Result<Vec<Vec<u8>>, DriverError> {
        let (bucket, key) = place(waiting.handle, "s3:ListObjectVersions")?;
        let store = self.store(bucket).await?;
        let most = u64::try_from(MAX_SIGNAL).unwrap_or(u64::MAX);
        let mut out = Vec::new();
        for version in store.versions(key).await? {
            let at = (waiting.handle.to_owned(), version.id);
            let known = self.signals.lock().await.get(&at).cloned();
            let bytes = match known {
                Some(bytes) => bytes,
                // What is too long is not read.
                None if version.bytes > most => vec![b' '; MAX_SIGNAL + 1],
                None => match store.get_version(key, &at.1, most).await? {
                    Some(bytes) => bytes,
                    None => continue,
                },
            };
            // What a version holds does not change; the object of a bucket without versions does.
            if at.1 != "null" {
                self.signals.lock().await.insert(at, bytes.clone());
            }
            out.push(bytes);
        }
        Ok(out)
    }

    async fn discard(&self, handle: &str) -> Result<(), DriverError> {
        // One that an earlier version made has no place.
        let Ok((bucket, key)) = place(handle, "s3:DeleteObject") else { return Ok(()) };
        self.signals.lock().await.retain(|(of, _), _| of != handle);
        self.store(bucket).await?.delete(key).await
    }
}
