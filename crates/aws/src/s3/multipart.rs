//! An upload in parts, of which one is in memory at a time. Parts of an upload that fails are removed;
//! those of a process that dies, by the rule that bootstrapping gives the bucket.

use rstack_driver::{AssetContent, DriverError, ErrorKind, Sent};

use super::object::{PART, part, tag};
use super::{ANSWER, Bucket, Call, encoded, path_of, xml};

/// The most parts. Source: "Amazon S3 multipart upload limits", Amazon S3 User Guide.
const MAX_PARTS: u64 = 10_000;

const COMPLETE: &str = "s3:CompleteMultipartUpload";

/// The bytes of each part but the last of an object of this length.
fn part_size(bytes: u64) -> u64 {
    let needed = bytes.div_ceil(MAX_PARTS);
    PART.max(needed.div_ceil(1 << 20).saturating_mul(1 << 20))
}

impl Bucket {
    /// Uploads content in parts; the tag of the object.
    pub(super) async fn put_in_parts(
        &self,
        key: &str,
        content_type: &str,
        (content, sent): (&dyn AssetContent, Sent<'_>),
    ) -> Result<Option<String>, DriverError> {
        let path = path_of(key);
        let mut call = Call::new("CreateMultipartUpload", "POST", format!("{path}?uploads"));
        call.repeatable = false;
        let headers = vec![("content-type", content_type.to_owned())];
        let begun = self.call(call, headers, (Vec::new(), ANSWER)).await?;
        let id = xml::text_of(&String::from_utf8_lossy(&begun.body), "UploadId");
        let id = id.filter(|id| !id.is_empty()).ok_or_else(|| {
            let message = "the answer does not have the ID of the upload";
            DriverError::new(ErrorKind::Transient, "s3:CreateMultipartUpload", message)
        })?;
        let upload = format!("uploadId={}", encoded(&id, b""));
        let done = self.send_parts((&path, &upload), content, sent).await;
        if done.is_err() {
            let path = format!("{path}?{upload}");
            let abort = self.ask(Call::new("AbortMultipartUpload", "DELETE", path)).await;
            if let Err(error) = abort {
                tracing::warn!(%error, "an upload that failed could not be removed");
            }
        }
        done
    }

    async fn send_parts(
        &self,
        (path, upload): (&str, &str),
        content: &dyn AssetContent,
        sent: Sent<'_>,
    ) -> Result<Option<String>, DriverError> {
        let bytes = content.bytes();
        let size = part_size(bytes);
        let (mut offset, mut number) = (0_u64, 1_u64);
        let mut list = String::from("<CompleteMultipartUpload>");
        while offset < bytes {
            let body = part(content, offset, size).await?;
            offset = offset.saturating_add(u64::try_from(body.len()).unwrap_or(u64::MAX));
            let path = format!("{path}?partNumber={number}&{upload}");
            let call = Call::new("UploadPart", "PUT", path);
            let answer = self.call(call, Vec::new(), (body, ANSWER)).await?;
            let tag = tag(&answer).ok_or_else(|| {
                let message = "the answer does not have the tag of the part";
                DriverError::new(ErrorKind::Transient, "s3:UploadPart", message)
            })?;
            let tag = tag.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            list.push_str(&format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
            ));
            number += 1;
            sent(offset);
        }
        list.push_str("</CompleteMultipartUpload>");
        let mut call = Call::new("CompleteMultipartUpload", "POST", format!("{path}?{upload}"));
        // A second one finds no upload: the object is looked at instead.
        call.repeatable = false;
        let headers = vec![("content-type", "application/xml".to_owned())];
        let answer = match self.call(call, headers, (list.into_bytes(), ANSWER)).await {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::UnknownOutcome => return Ok(None),
            Err(error) => return Err(error),
        };
        let text = String::from_utf8_lossy(&answer.body);
        // The service may find out that it failed when it has begun to answer with a success.
        if let Some(code) = xml::text_of(&text, "Code") {
            let message = xml::text_of(&text, "Message").unwrap_or_else(|| code.clone());
            let error = DriverError::new(ErrorKind::Transient, COMPLETE, message);
            return Err(DriverError { code: Some(code), ..error });
        }
        Ok(xml::text_of(&text, "ETag"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_few_enough() {
        assert_eq!(part_size(PART + 1), PART);
        for bytes in [200 << 20, PART * MAX_PARTS, PART * MAX_PARTS + 1, 5 << 40] {
            let size = part_size(bytes);
            assert!(bytes.div_ceil(size) <= MAX_PARTS, "{bytes}: {size}");
        }
    }
}
