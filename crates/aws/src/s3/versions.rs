//! Versions of one object, which a bucket keeps when it is put again.

use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};
use rstack_driver::{DriverError, ErrorKind, ObjectVersion};

use super::{Bucket, Call, encoded, xml};

const LIST: &str = "s3:ListObjectVersions";

impl Bucket {
    /// True if versioning is on. Source: Amazon S3 API Reference, GetBucketVersioning.
    pub(super) async fn has_versioning(&self) -> Result<bool, DriverError> {
        let answer = self.ask(Call::new("GetBucketVersioning", "GET", "/?versioning")).await?;
        let text = String::from_utf8_lossy(&answer.body);
        Ok(xml::text_of(&text, "Status").as_deref() == Some("Enabled"))
    }

    /// The versions of an object, the oldest first. One page is read, which begins with the newest ones.
    ///
    /// Source: Amazon S3 API Reference, ListObjectVersions.
    pub(super) async fn versions_of(&self, key: &str) -> Result<Vec<ObjectVersion>, DriverError> {
        let path = format!("/?versions&prefix={}", encoded(key, b""));
        let answer = self.ask(Call::new("ListObjectVersions", "GET", path)).await?;
        let text = String::from_utf8_lossy(&answer.body);
        let mut found = read(&text, key).ok_or_else(|| {
            let message = "the answer is not a list of versions";
            DriverError::new(ErrorKind::Transient, LIST, message)
        })?;
        found.reverse();
        Ok(found)
    }
}

/// The versions of a key in an answer, in their order; `None` if it is none. Other keys may begin with it.
fn read(text: &str, key: &str) -> Option<Vec<ObjectVersion>> {
    let mut document = Document::try_from(text.as_bytes()).ok()?;
    let mut root = document.root_element().ok()?;
    if root.start_el().local() != "ListVersionsResult" {
        return None;
    }
    let mut out = Vec::new();
    while let Some(mut element) = root.next_tag() {
        if element.start_el().local() == "Version"
            && let (of, version) = one(&mut element)?
            && of == key
        {
            out.push(version);
        }
    }
    Some(out)
}

/// The key of a version, and the version.
fn one(element: &mut ScopedDecoder<'_, '_>) -> Option<(String, ObjectVersion)> {
    let (mut key, mut id, mut bytes) = (None, None, None);
    while let Some(mut member) = element.next_tag() {
        let name = member.start_el().local().to_owned();
        if !["Key", "VersionId", "Size"].contains(&name.as_str()) {
            continue;
        }
        let text = try_data(&mut member).ok()?.into_owned();
        match name.as_str() {
            "Key" => key = Some(text),
            "VersionId" => id = Some(text),
            _ => bytes = text.parse().ok(),
        }
    }
    Some((key?, ObjectVersion { id: id?, bytes: bytes? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_of_one_key_are_read_and_no_markers() {
        let version = |key: &str, id: &str, bytes: u64| {
            format!(
                "<Version><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>true</IsLatest>\
                 <Size>{bytes}</Size><Owner><ID>x</ID></Owner></Version>"
            )
        };
        let text = format!(
            "<?xml version=\"1.0\"?><ListVersionsResult xmlns=\"x\"><Name>b</Name>{}<DeleteMarker>\
             <Key>a</Key><VersionId>3</VersionId></DeleteMarker>{}{}</ListVersionsResult>",
            version("a", "2", 7),
            version("a", "null", 5),
            version("a.b", "1", 4)
        );
        let found = read(&text, "a").unwrap();
        let found: Vec<(&str, u64)> = found.iter().map(|it| (it.id.as_str(), it.bytes)).collect();
        assert_eq!(found, [("2", 7), ("null", 5)]);
        assert_eq!(read("<ListVersionsResult></ListVersionsResult>", "a"), Some(Vec::new()));
        for other in
            ["", "<Error><Code>x</Code></Error>", "<ListVersionsResult><Version></Version>"]
        {
            assert_eq!(read(other, "a"), None, "{other}");
        }
    }
}
