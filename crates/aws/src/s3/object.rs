//! Objects: a look at one, and an upload, whole or in parts.

use std::io;

use rstack_driver::{AssetContent, DriverError, ErrorKind, ObjectSummary, Sent};

use super::{ANSWER, Bucket, Call, encoded, if_found, path_of};
use crate::client::RawAnswer;

/// The bytes of one request, which are in memory.
pub(super) const PART: u64 = 6 << 20;

const PUT: &str = "s3:PutObject";

/// The most versions of one object that are deleted.
const MOST_VERSIONS: usize = 100;

/// The error of content that cannot be read.
pub(super) fn unread(error: &io::Error) -> DriverError {
    let message = format!("the content cannot be read: {error}");
    DriverError::new(ErrorKind::Invalid { property: None }, PUT, message)
}

/// Some bytes of content, which must be as many as it says.
pub(super) async fn part(
    content: &dyn AssetContent,
    offset: u64,
    length: u64,
) -> Result<Vec<u8>, DriverError> {
    let rest = content.bytes().saturating_sub(offset);
    let wanted = usize::try_from(length.min(rest)).unwrap_or(usize::MAX);
    let part = content.read(offset, wanted).await.map_err(|error| unread(&error))?;
    match part.len() == wanted {
        true => Ok(part),
        false => Err(unread(&io::ErrorKind::UnexpectedEof.into())),
    }
}

/// The tag of an answer.
pub(super) fn tag(answer: &RawAnswer) -> Option<String> {
    answer.header("etag").map(str::to_owned)
}

impl Bucket {
    /// An object without its bytes, if there is one.
    pub(super) async fn head(&self, key: &str) -> Result<Option<ObjectSummary>, DriverError> {
        let call = Call::new("HeadObject", "HEAD", path_of(key));
        let Some(answer) = if_found(self.ask(call).await)? else { return Ok(None) };
        let bytes = answer.header("content-length").and_then(|length| length.parse().ok());
        let bytes = bytes.ok_or_else(|| {
            let message = "the answer does not have the length of the object";
            DriverError::new(ErrorKind::Transient, "s3:HeadObject", message)
        })?;
        Ok(Some(ObjectSummary { bytes, tag: tag(&answer) }))
    }

    /// Deletes an object version by version, so that none is left in a bucket that keeps versions. A caller who
    /// may not delete versions leaves them behind a delete marker.
    pub(super) async fn delete_object(&self, key: &str) -> Result<(), DriverError> {
        let call = |path: String| Call::new("DeleteObject", "DELETE", path);
        for _ in 0..MOST_VERSIONS {
            let head = Call::new("HeadObject", "HEAD", path_of(key));
            let Some(found) = if_found(self.ask(head).await)? else { return Ok(()) };
            let Some(version) = found.header("x-amz-version-id") else { break };
            let path = format!("{}?versionId={}", path_of(key), encoded(version, b""));
            match self.ask(call(path)).await {
                Err(error) if matches!(error.kind, ErrorKind::AccessDenied { .. }) => break,
                other => if_found(other)?,
            };
        }
        if_found(self.ask(call(path_of(key))).await).map(|_| ())
    }

    /// Makes an object, and looks at it: its length and tag are those of what was sent.
    pub(super) async fn put_object(
        &self,
        key: &str,
        content_type: &str,
        (content, sent): (&dyn AssetContent, Sent<'_>),
    ) -> Result<ObjectSummary, DriverError> {
        let bytes = content.bytes();
        let tag = match bytes <= PART {
            true => {
                let body = part(content, 0, bytes).await?;
                let call = Call::new("PutObject", "PUT", path_of(key));
                let headers = vec![("content-type", content_type.to_owned())];
                tag(&self.call(call, headers, (body, ANSWER)).await?)
            }
            false => self.put_in_parts(key, content_type, (content, sent)).await?,
        };
        sent(bytes);
        let found = self.head(key).await?;
        match found {
            Some(found) if found.bytes == bytes && (tag.is_none() || found.tag == tag) => Ok(found),
            Some(_) | None => {
                let message = format!(
                    "the object `{key}` is not what was sent: another one was put meanwhile"
                );
                Err(DriverError::new(ErrorKind::Conflict, PUT, message))
            }
        }
    }
}
