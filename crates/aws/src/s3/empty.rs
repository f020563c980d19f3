//! A bucket that is emptied: all versions and delete markers of its objects are deleted, page by page.
//!
//! Source: Amazon S3 API Reference, ListObjectVersions, DeleteObjects, GetBucketTagging, GetBucketPolicy,
//! PutBucketPolicy.

use std::collections::BTreeMap;

use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::Partition;
use serde_json::{Value as Json, json};

use super::make::{POLICY, XMLNS};
use super::{ANSWER, Bucket, Call, if_found};

const DELETE: &str = "s3:DeleteObjects";

/// The versions of one page: as many as one call deletes.
const PAGE: usize = 1000;

/// The most bytes of a page: keys have up to 1,024 bytes, which may be escaped.
const LISTING: u64 = 16 << 20;

fn unread(operation: &str) -> DriverError {
    let message = "the answer does not have the form that S3 documents";
    DriverError::new(ErrorKind::Transient, operation, message)
}

/// The texts of these members of an element, in their order.
fn members<const N: usize>(
    element: &mut ScopedDecoder<'_, '_>,
    names: [&str; N],
) -> Option<[Option<String>; N]> {
    let mut out = [const { None }; N];
    while let Some(mut member) = element.next_tag() {
        let name = member.start_el().local().to_owned();
        let place = names.iter().position(|known| *known == name);
        if let Some(place) = place.and_then(|place| out.get_mut(place)) {
            *place = Some(try_data(&mut member).ok()?.into_owned());
        }
    }
    Some(out)
}

/// The keys and IDs of the versions and delete markers in an answer, and true if there are more.
fn versions(text: &str) -> Option<(Vec<(String, String)>, bool)> {
    let mut document = Document::try_from(text.as_bytes()).ok()?;
    let mut root = document.root_element().ok()?;
    if root.start_el().local() != "ListVersionsResult" {
        return None;
    }
    let (mut found, mut more) = (Vec::new(), false);
    while let Some(mut element) = root.next_tag() {
        match element.start_el().local() {
            "Version" | "DeleteMarker" => {
                let [key, id] = members(&mut element, ["Key", "VersionId"])?;
                found.push((key?, id?));
            }
            "IsTruncated" => more = try_data(&mut element).ok()?.trim() == "true",
            _ => {}
        }
    }
    Some((found, more))
}

/// The first object that was not deleted, by its key and the code of the reason; `None` if there is none.
fn not_deleted(text: &str) -> Result<Option<(String, String)>, DriverError> {
    let read = || {
        let mut document = Document::try_from(text.as_bytes()).ok()?;
        let mut root = document.root_element().ok()?;
        if root.start_el().local() != "DeleteResult" {
            return None;
        }
        let mut first = None;
        while let Some(mut element) = root.next_tag() {
            if element.start_el().local() == "Error" {
                let [key, code] = members(&mut element, ["Key", "Code"])?;
                first = first.or(Some((key.unwrap_or_default(), code.unwrap_or_default())));
            }
        }
        Some(first)
    };
    read().ok_or_else(|| unread(DELETE))
}

/// The tags in an answer.
fn tags(text: &str) -> Option<BTreeMap<String, String>> {
    let mut document = Document::try_from(text.as_bytes()).ok()?;
    let mut root = document.root_element().ok()?;
    let mut out = BTreeMap::new();
    while let Some(mut set) = root.next_tag() {
        if set.start_el().local() != "TagSet" {
            continue;
        }
        while let Some(mut tag) = set.next_tag() {
            let [key, value] = members(&mut tag, ["Key", "Value"])?;
            out.insert(key?, value.unwrap_or_default());
        }
    }
    Some(out)
}

/// Text as XML has it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Line ends and tabs would be read as others.
            c if c.is_control() => out.push_str(&format!("&#x{:X};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

impl Bucket {
    pub(super) async fn tags_of_bucket(
        &self,
    ) -> Result<Option<BTreeMap<String, String>>, DriverError> {
        let answer = self.ask(Call::new("GetBucketTagging", "GET", "/?tagging")).await;
        match answer {
            Ok(answer) => {
                let text = String::from_utf8_lossy(&answer.body);
                tags(&text).map(Some).ok_or_else(|| unread("s3:GetBucketTagging"))
            }
            Err(error) if error.has_code("NoSuchTagSet") => Ok(Some(BTreeMap::new())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The statement is that of the CDK's handler.
    pub(super) async fn deny_puts(&self) -> Result<(), DriverError> {
        let found = if_found(self.ask(POLICY.read()).await)?;
        let mut policy = match &found {
            Some(answer) => {
                serde_json::from_slice(&answer.body).map_err(|_| unread("s3:GetBucketPolicy"))?
            }
            None => json!({"Version": "2012-10-17", "Statement": []}),
        };
        let partition = Partition::of_region(&self.access.region);
        let denies = json!({
            "Principal": "*",
            "Effect": "Deny",
            "Action": ["s3:PutObject"],
            "Resource": [format!("arn:{partition}:s3:::{}/*", self.access.bucket)],
        });
        let statements = policy.get_mut("Statement").and_then(Json::as_array_mut);
        let statements = statements.ok_or_else(|| unread("s3:GetBucketPolicy"))?;
        if statements.contains(&denies) {
            return Ok(());
        }
        statements.push(denies);
        self.set(&POLICY, policy.to_string()).await
    }

    pub(super) async fn empty_page(&self) -> Result<bool, DriverError> {
        let path = format!("/?versions&max-keys={PAGE}");
        let call = Call::new("ListObjectVersions", "GET", path);
        let answer = self.call(call, Vec::new(), (Vec::new(), LISTING)).await;
        let Some(answer) = if_found(answer)? else { return Ok(false) };
        let text = String::from_utf8_lossy(&answer.body);
        let (found, more) = versions(&text).ok_or_else(|| unread("s3:ListObjectVersions"))?;
        if found.is_empty() {
            return Ok(false);
        }
        let objects = found.iter().map(|(key, id)| {
            let (key, id) = (escaped(key), escaped(id));
            format!("<Object><Key>{key}</Key><VersionId>{id}</VersionId></Object>")
        });
        let objects: String = objects.collect();
        let body = format!("<Delete {XMLNS}>{objects}<Quiet>true</Quiet></Delete>");
        let headers = vec![
            ("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()),
            ("x-amz-checksum-sha256", crate::client::digest(body.as_bytes())),
        ];
        let call = Call::new("DeleteObjects", "POST", "/?delete");
        let answer = self.call(call, headers, (body.into_bytes(), ANSWER)).await?;
        match not_deleted(&String::from_utf8_lossy(&answer.body))? {
            None => Ok(more),
            Some((key, code)) => {
                let kind = match code.as_str() {
                    "AccessDenied" => ErrorKind::AccessDenied {
                        action: Some("s3:DeleteObjectVersion".to_owned()),
                    },
                    "InternalError" | "SlowDown" | "ServiceUnavailable" => ErrorKind::Transient,
                    _ => ErrorKind::Conflict,
                };
                let message = format!(
                    "`{key}` of the bucket `{}` is not deleted: {code}",
                    self.access.bucket
                );
                Err(DriverError { code: Some(code), ..DriverError::new(kind, DELETE, message) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_markers_are_read_and_whether_there_are_more() {
        let text = "<ListVersionsResult><IsTruncated>true</IsTruncated><Version><Key>a&amp;b</Key>\
                    <VersionId>1</VersionId><Owner><ID>o</ID></Owner></Version><DeleteMarker><Key>c</Key>\
                    <VersionId>null</VersionId></DeleteMarker></ListVersionsResult>";
        let (found, more) = versions(text).unwrap();
        let found: Vec<(&str, &str)> =
            found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!((found, more), (vec![("a&b", "1"), ("c", "null")], true));
        assert_eq!(versions("<ListVersionsResult/>"), Some((Vec::new(), false)));
        assert_eq!(versions("<Other/>"), None);
    }

    #[test]
    fn an_object_that_stays_is_named() {
        let text = "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key>\
                    <Code>AccessDenied</Code></Error></DeleteResult>";
        let found = not_deleted(text).unwrap();
        assert_eq!(found, Some(("b".to_owned(), "AccessDenied".to_owned())));
        assert_eq!(not_deleted("<DeleteResult/>").unwrap(), None);
        assert!(not_deleted("<html/>").is_err());
    }

    #[test]
    fn tags_are_read_and_keys_are_written_as_xml() {
        let text = "<Tagging><TagSet><Tag><Key>aws-cdk:auto-delete-objects</Key><Value>true</Value></Tag>\
                    <Tag><Key>b</Key><Value></Value></Tag></TagSet></Tagging>";
        let tags = tags(text).unwrap();
        assert_eq!(tags["aws-cdk:auto-delete-objects"], "true");
        assert_eq!(tags["b"], "");
        assert_eq!(escaped("a<b>&\n\"c\""), "a&lt;b&gt;&amp;&#xA;\"c\"");
    }
}
